# SPDX-License-Identifier: Apache-2.0
"""The connection, and devices that speak MQTT of their own, against the real Mosquitto."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from appliance.home.colors import RGB, color_name, xy_of
from appliance.home.discovery import COMPONENTS, NotUnderstood, Thing, commands, read, spelled_out, template, thing
from appliance.home.errors import DriverError
from appliance.home.execute import Home
from appliance.home.mqtt import LIMIT_BYTES, Broker, Connection, number, parse, slug, title
from appliance.home.mqtt_devices import Mqtt
from appliance.home.policy import Policy
from appliance.home.registry import Registry
from appliance.home.timers import Timers
from appliance.home.tools import ToolCall
from appliance.settings import PolicySettings
from tests.clock import FakeClock
from tests.mosquitto import MISSING, PASSWORDS, Mosquitto, free_port

real_broker = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


class Line:
    """A connection that keeps what it hears."""

    def __init__(self, port: int, host: str = "127.0.0.1", **options: Any) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.ups = self.downs = 0
        user = {"user": "appliance", "password": SecretStr(PASSWORDS["appliance"]), "retry_s": (0.05, 0.2)}
        self.connection = Connection(
            Broker(host, port, **user | options),  # type: ignore[arg-type]
            ["home/#"],
            on_message=self._hear,
            on_up=self._up,
            on_down=self._down,
            large=["home/large"],
        )

    def _hear(self, topic: str, payload: bytes) -> None:
        if payload == b"explode":
            raise KeyError(topic)
        self.heard.append((topic, payload))

    def _up(self) -> None:
        self.ups += 1

    def _down(self) -> None:
        self.downs += 1

    async def until_heard(self, count: int) -> None:
        async def wait() -> None:
            while len(self.heard) < count:
                await asyncio.sleep(0.01)

        await asyncio.wait_for(wait(), 5)


@real_broker
def test_one_bad_message_does_not_end_the_hearing(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)

    async def run() -> None:
        line = Line(broker.port)
        await line.connection.start()
        await line.connection.publish("home/x", "explode")
        await line.connection.publish("home/x", "a" * (LIMIT_BYTES + 1))
        await line.connection.publish("home/large", "b" * (LIMIT_BYTES + 1))
        await line.connection.publish("home/x", "after")
        await line.until_heard(2)
        assert [payload[:5] for _, payload in line.heard] == [b"bbbbb", b"after"]
        line.connection.subscribe(["other", "other"])
        await asyncio.sleep(0.1)
        await line.connection.publish("other", "too")
        await line.until_heard(3)
        await line.connection.stop()
        assert (line.ups, line.downs) == (1, 1)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    try:
        asyncio.run(run())
    finally:
        broker.kill()


@real_broker
def test_tls_trusts_only_the_given_authority(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path, tls=True)

    async def run() -> None:
        trusting = Line(broker.port, "localhost", tls=True, ca_file=tmp_path / "ca.pem")
        await trusting.connection.start()
        await trusting.connection.publish("home/x", "over TLS")
        await trusting.until_heard(1)
        wary, plain = Line(broker.port, "localhost", tls=True), Line(broker.port, timeout_s=0.3)
        await wary.connection.start()
        assert wary.connection.health().reason == "the MQTT broker has no certificate that is trusted"
        await plain.connection.start()
        assert not plain.connection.health().well
        for line in (trusting, wary, plain):
            await line.connection.stop()

    try:
        asyncio.run(run())
    finally:
        broker.kill()


@real_broker
def test_what_is_published_while_the_broker_is_away_is_refused_and_not_sent_later(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)

    async def run() -> None:
        line = Line(broker.port)
        await line.connection.start()
        broker.kill()
        while line.connection.health().well:
            await asyncio.sleep(0.01)
        with pytest.raises(DriverError, match="cannot be reached"):
            await line.connection.publish("home/x", "old")
        broker.start()
        while not line.connection.health().well:
            await asyncio.sleep(0.01)
        await line.connection.publish("home/x", "new")
        await line.until_heard(1)
        assert line.heard == [("home/x", b"new")]
        assert (line.ups, line.downs) == (2, 1)
        await line.connection.stop()

    try:
        asyncio.run(asyncio.wait_for(run(), 15))
    finally:
        broker.kill()


def test_without_a_broker_start_returns_and_health_tells() -> None:
    async def run() -> None:
        line = Line(free_port())
        await line.connection.start()
        assert line.connection.health().reason == "the MQTT broker cannot be reached"
        assert (line.ups, line.downs) == (0, 0)
        await line.connection.stop()

    asyncio.run(run())


def test_a_server_that_does_not_speak_mqtt_is_a_broker_out_of_reach() -> None:
    async def run() -> None:
        async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(babble, "127.0.0.1", 0)
        line = Line(server.sockets[0].getsockname()[1], timeout_s=0.3)
        await line.connection.start()
        assert line.connection.health().reason == "the MQTT broker cannot be reached"
        await asyncio.sleep(0.5)
        assert line.connection._task is not None
        assert not line.connection._task.done()
        await line.connection.stop()
        server.close()

    asyncio.run(run())


def test_a_file_of_certificates_that_is_none_is_only_a_broker_out_of_reach(tmp_path: Path) -> None:
    async def run() -> None:
        line = Line(free_port(), tls=True, ca_file=tmp_path / "missing.pem")
        await line.connection.start()
        assert not line.connection.health().well
        await line.connection.stop()

    asyncio.run(run())


@pytest.mark.parametrize(
    "payload",
    [b"\xff\xfe", b"", b"[" * 200_000, b'{"a":' * 100_000, b"9" * 10_000, b"{'a': 1}", b"\x00"],
    ids=["not UTF-8", "empty", "deep list", "deep object", "long number", "not JSON", "NUL"],
)
def test_what_is_no_json_is_nothing(payload: bytes) -> None:
    assert parse(payload) is None


def test_numbers_that_json_does_not_have_are_nothing() -> None:
    assert parse(b'{"a": NaN, "b": Infinity}') == {"a": None, "b": None}
    assert number(parse(b"1e999")) is None
    assert number(10**400) is None
    assert number(True) is None
    assert number("5") is None
    assert number(5) == 5


def test_names_are_told_as_people_say_them() -> None:
    assert title("kitchen_ceiling lamp") == "Kitchen Ceiling Lamp"
    assert title("TV\u202e\nlamp\x00\ud800") == "TV lamp"
    assert slug("Küche/Lämpchen 2") == "kuche_lampchen_2"
    assert slug("灯") == "device"


def test_each_color_is_known_by_its_own_name_but_for_those_that_look_the_same() -> None:
    same = {"magenta": "purple", "teal": "cyan", "lime": "green"}
    assert {name: color_name(xy_of(rgb)) for name, rgb in RGB.items()} == {name: same.get(name, name) for name in RGB}
    assert color_name(xy_of(RGB["teal"]), "teal") == "teal"
    assert color_name(xy_of(RGB["red"]), "teal") == "red"


LAMP = {
    "name": "Desk Lamp",
    "stat_t": "~/state",
    "cmd_t": "~/set",
    "~": "lamp",
    "avty_t": "~/alive",
    "dev": {"sa": "Office"},
}
LIGHT = {
    "name": "Shelf",
    "schema": "json",
    "state_topic": "shelf",
    "command_topic": "shelf/set",
    "brightness": True,
    "supported_color_modes": ["xy", "color_temp"],
}
DIMMER = {
    "name": "Spot",
    "state_topic": "spot",
    "command_topic": "spot/set",
    "brightness_state_topic": "spot/level",
    "brightness_command_topic": "spot/level/set",
    "brightness_scale": 100,
}
BLIND = {
    "name": "Blind",
    "dev_cla": "blind",
    "cmd_t": "blind/set",
    "pos_t": "blind/at",
    "set_pos_t": "blind/to",
    "pos_open": 0,
    "pos_clsd": 100,
}
LOCK = {
    "name": "Gate",
    "stat_t": "gate",
    "cmd_t": "gate/set",
    "stat_locked": "1",
    "stat_unlocked": "0",
    "pl_unlk": "open",
}
METER = {
    "name": "Temperature",
    "dev": {"name": "Garden", "ids": ["x"]},
    "stat_t": "garden",
    "val_tpl": "{{ value_json.air['temp'] | float | round(1) }}",
    "dev_cla": "temperature",
    "unit_of_meas": "°C",
}
DOOR = {
    "name": "Door",
    "stat_t": "door",
    "val_tpl": "{{ value_json.open }}",
    "pl_on": True,
    "pl_off": False,
    "dev_cla": "door",
}


def made(component: str, config: dict[str, Any]) -> Thing:
    return thing(component, spelled_out(config))


def test_an_announcement_becomes_a_device_in_the_registrys_words() -> None:
    light = made("light", LIGHT).device
    assert (light.entity_id, light.attributes) == (
        "light.shelf",
        {"features": ("brightness", "color_temperature", "color")},
    )
    meter = made("sensor", METER).device
    assert (meter.entity_id, meter.name, meter.device_class, meter.unit) == (
        "sensor.garden_temperature",
        "Garden Temperature",
        "temperature",
        "°C",
    )
    blind = made("cover", BLIND).device
    assert (blind.device_class, blind.attributes) == ("blind", {"features": ("position",)})
    assert made("switch", LAMP).device.area == "Office"


@pytest.mark.parametrize(
    ("component", "config", "topic", "payload", "told"),
    [
        ("switch", LAMP, "lamp/state", b"ON", ("on", {})),
        ("switch", LAMP, "lamp/state", b"\xff", None),
        ("switch", LAMP, "else", b"ON", None),
        ("switch", {"name": "A", "state_topic": "a", "value": "x.y"}, "a", b'{"x": {"y": "OFF"}}', ("off", {})),
        ("light", LIGHT, "shelf", b'{"state": "ON", "brightness": 102}', ("on", {"brightness": 40})),
        (
            "light",
            LIGHT,
            "shelf",
            b'{"color_mode": "xy", "color": {"x": 0.64, "y": 0.33}}',
            (None, {"color": "red", "color_temperature": None}),
        ),
        ("light", DIMMER, "spot/level", b"40", (None, {"brightness": 40})),
        ("cover", BLIND, "blind/at", b"30", ("open", {"position": 70})),
        ("cover", BLIND, "blind/at", b"100", ("closed", {"position": 0})),
        ("cover", BLIND, "blind/at", b"up", None),
        ("lock", LOCK, "gate", b"1", ("locked", {})),
        ("sensor", METER, "garden", b'{"air": {"temp": 21.456}}', ("21.46", {})),
        ("sensor", METER, "garden", b'{"air": [1]}', None),
        ("binary_sensor", DOOR, "door", b'{"open": true}', ("on", {})),
    ],
)
def test_a_message_is_told_in_the_registrys_words(
    component: str, config: dict[str, Any], topic: str, payload: bytes, told: object
) -> None:
    assert read(made(component, config), topic, payload) == told


@pytest.mark.parametrize(
    ("component", "config", "service", "data", "sent"),
    [
        ("switch", LAMP, "turn_off", {}, [("lamp/set", "OFF")]),
        ("light", LIGHT, "turn_on", {"brightness": 40}, [("shelf/set", '{"state": "ON", "brightness": 102}')]),
        ("light", DIMMER, "turn_on", {"brightness": 40}, [("spot/set", "ON"), ("spot/level/set", "40")]),
        ("cover", BLIND, "set_cover_position", {"position": 70}, [("blind/to", "30")]),
        ("cover", BLIND, "close_cover", {}, [("blind/set", "CLOSE")]),
        ("lock", LOCK, "unlock", {}, [("gate/set", "open")]),
    ],
)
def test_a_service_becomes_messages(
    component: str, config: dict[str, Any], service: str, data: dict[str, Any], sent: object
) -> None:
    assert commands(made(component, config), service, data) == sent


def test_what_a_device_cannot_do_is_refused() -> None:
    for one, service, data in (
        (made("sensor", METER), "turn_on", {}),
        (made("light", DIMMER), "turn_on", {"color": "red"}),
        (made("light", LIGHT), "turn_on", {"color": "black"}),
        (made("lock", LOCK), "turn_on", {}),
    ):
        with pytest.raises(DriverError, match="cannot do that"):
            commands(one, service, data)


@pytest.mark.parametrize(
    "text", ["{{ now() }}", "{{ value_json.a + 1 }}", "{% if value %}1{% endif %}", "{{ value.a }}", "x" * 300, 7]
)
def test_no_template_from_the_network_is_run(text: object) -> None:
    with pytest.raises(NotUnderstood, match="more than a path"):
        template(text)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = sorted({key for config in (LAMP, LIGHT, DIMMER, BLIND, LOCK, METER, DOOR) for key in config} | {"avty", "o"})


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(COMPONENTS),
    st.sampled_from([LAMP, LIGHT, DIMMER, BLIND, LOCK, METER, DOOR]),
    st.dictionaries(st.sampled_from(KEYS), ANY, max_size=4),
    st.binary(max_size=40) | ANY.map(lambda data: json.dumps(data).encode()),
)
def test_no_announcement_and_no_message_stops_the_driver(
    component: str, config: dict[str, Any], changes: dict[str, Any], payload: bytes
) -> None:
    async def run() -> None:
        driver = Mqtt(Broker())
        driver._hear(f"homeassistant/{component}/x/config", json.dumps({**config, **changes}).encode())
        for topic in ("lamp/state", "lamp/alive", "shelf", "spot", "spot/level", "blind/at", "gate", "garden", "door"):
            driver._hear(topic, payload)
        driver._hear("homeassistant/light/y/config", payload)
        for one in driver._things.values():
            for service in ("turn_on", "open_cover", "unlock"):
                with suppress(DriverError):
                    commands(one, service, {"brightness": 40, "color": "red", "color_temperature": 2700})
            assert len(one.device.name) <= 60
            assert one.device.name.isprintable()

    asyncio.run(run())


@real_broker
def test_devices_announce_themselves_act_report_and_leave(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)

    async def until(true: Callable[[], object]) -> None:
        async def wait() -> None:
            while not true():
                await asyncio.sleep(0.01)

        await asyncio.wait_for(wait(), 5)

    async def lamp(client: aiomqtt.Client) -> None:
        """A lamp that does as it is told."""
        await client.subscribe("lamp/set")
        await client.publish("homeassistant/switch/desk/config", json.dumps(LAMP), retain=True)
        for name in ("Temperature", "Humidity"):  # two that share a topic with a retained message
            config = METER | {"name": name, "val_tpl": f"{{{{ value_json.{name} }}}}"}
            await client.publish(f"homeassistant/sensor/garden/{name}/config", json.dumps(config), retain=True)
        await client.publish("garden", '{"Temperature": 21.5, "Humidity": 60}', retain=True)
        await client.publish("lamp/state", "OFF", retain=True)
        await client.publish("lamp/alive", "online", retain=True)
        async for message in client.messages:
            await client.publish("lamp/state", message.payload, retain=True)

    async def run() -> None:
        user = {"user": "appliance", "password": SecretStr(PASSWORDS["appliance"]), "retry_s": (0.05, 0.2)}
        given = {"spot": ("light", {**DIMMER, "name": "Spot", "area": "Hall"})}
        driver, registry = Mqtt(Broker("127.0.0.1", broker.port, **user), given), Registry([])  # type: ignore[arg-type]
        policy, clock = Policy(PolicySettings(defaults=False)), FakeClock()
        home = Home(registry, driver, Timers(clock), clock, policy=policy, read_back_s=0.5)

        def state(entity_id: str) -> str | None:
            return next((device.state for device in registry.devices if device.entity_id == entity_id), None)

        async with aiomqtt.Client("127.0.0.1", broker.port, username="bridge", password=PASSWORDS["bridge"]) as client:
            living = asyncio.create_task(lamp(client))
            await driver.start(registry)
            await until(lambda: state("switch.desk_lamp") == "off")
            await until(lambda: (state("sensor.garden_temperature"), state("sensor.garden_humidity")) == ("21.5", "60"))
            assert registry.get("light.spot").area == "Hall"
            result = await home.call(ToolCall("HassTurnOn", {"name": "desk lamp"}))
            assert result.result == "Desk Lamp is on"
            result = await home.call(ToolCall("HassTurnOn", {"name": "spot"}))
            assert not result.success  # nobody is there to report
            await client.publish("lamp/alive", "offline", retain=True)
            await until(lambda: state("switch.desk_lamp") == "unavailable")
            with pytest.raises(DriverError, match="Desk Lamp cannot be reached"):
                await driver.act("switch.desk_lamp", "turn_on", {})
            await client.publish("homeassistant/switch/desk/config", b"", retain=True)
            await until(lambda: state("switch.desk_lamp") is None)
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
        broker.kill()
        await until(lambda: state("light.spot") == "unavailable")
        with pytest.raises(DriverError, match="cannot be reached"):
            await driver.act("light.spot", "turn_on", {})
        await driver.stop()

    try:
        asyncio.run(run())
    finally:
        broker.kill()


@pytest.mark.parametrize("topic", ["lamp/#", "lamp/+/set", "$SYS/x", "", "a\x00b", 7])
def test_a_topic_that_cannot_be_written_to_is_told(topic: object) -> None:
    with pytest.raises(NotUnderstood, match="command_topic is no topic"):
        thing("switch", {"name": "Lamp", "command_topic": topic, "state_topic": "lamp/state"})
