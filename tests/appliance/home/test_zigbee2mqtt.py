# SPDX-License-Identifier: Apache-2.0
"""The driver against the real Mosquitto. The bridge is written by hand, so that it can misbehave; the real one is in
test_zigbee2mqtt_real.py.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from appliance.home.errors import DriverError
from appliance.home.exposes import Options, command, parse_devices, parse_groups, read
from appliance.home.mqtt import Broker
from appliance.home.tools import ToolResult
from appliance.home.zigbee2mqtt import Zigbee2Mqtt
from tests.mosquitto import MISSING, Mosquitto
from tests.zigbee_bridge import DEVICES, GROUPS, Bridge, House, living, until

real_broker = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


ENTITIES = parse_devices(DEVICES, Options(areas={"Radiator": "Living Room"}))
BY_ID = {entity.device.entity_id: entity for entity in ENTITIES}


def test_what_devices_expose_becomes_devices_in_the_registrys_words() -> None:
    told = {
        entity_id: (e.device.name, e.device.area, e.device.device_class, e.device.unit)
        for entity_id, e in BY_ID.items()
    }
    assert told == {
        "light.kitchen_ceiling_light": ("Ceiling Light", "Kitchen", None, None),
        "lock.hall_front_door": ("Front Door", "Hall", None, None),
        "cover.bedroom_blind": ("Bedroom Blind", None, "blind", None),
        "climate.radiator": ("Radiator", "Living Room", None, "°C"),
        "fan.fan": ("Fan", None, None, None),
        "switch.office_strip_1": ("Strip 1", "Office", None, None),
        "switch.office_strip_2": ("Strip 2", "Office", None, None),
        "binary_sensor.patio_window": ("Patio Window", None, "window", None),
        "sensor.patio_window_battery": ("Patio Window Battery", None, "battery", "%"),
        "sensor.climate_sensor_temperature": ("Climate Sensor Temperature", None, "temperature", "°C"),
        "sensor.climate_sensor_humidity": ("Climate Sensor Humidity", None, "humidity", "%"),
        "binary_sensor.cellar_leak": ("Leak", "Cellar", "moisture", None),
        "light.kitchen_counter_light": ("Counter Light", "Kitchen", None, None),
    }
    assert BY_ID["light.kitchen_ceiling_light"].device.attributes == {
        "features": ("brightness", "color", "color_temperature"),
        "min_color_temperature": 2000,
        "max_color_temperature": 6536,
    }
    assert BY_ID["climate.radiator"].device.attributes == {"min_temp": 5, "max_temp": 30}


def test_the_order_of_the_announcement_does_not_matter() -> None:
    assert parse_devices(DEVICES[::-1], Options()) == parse_devices(DEVICES, Options())


def test_a_group_can_what_all_its_members_can() -> None:
    (group,) = parse_groups(GROUPS, ENTITIES, Options())
    assert (group.device.entity_id, group.device.name, group.device.area) == (
        "light.kitchen_lights",
        "Lights",
        "Kitchen",
    )
    assert group.device.attributes == {"features": ("brightness",)}
    mixed = [{"id": 2, "friendly_name": "Mixed", "members": [{"ieee_address": "0x01"}, {"ieee_address": "0x02"}]}]
    assert parse_groups(mixed, ENTITIES, Options()) == []


@pytest.mark.parametrize(
    ("entity_id", "payload", "told"),
    [
        ("light.kitchen_counter_light", {"state": "ON", "brightness": 102}, ("on", {"brightness": 40})),
        ("light.kitchen_counter_light", {"brightness": 1}, (None, {"brightness": 1})),
        (
            "light.kitchen_ceiling_light",
            {"state": "ON", "color_mode": "color_temp", "color_temp": 370, "color": {"x": 0.46, "y": 0.41}},
            ("on", {"color_temperature": 2703, "color": None}),
        ),
        (
            "light.kitchen_ceiling_light",
            {"state": "ON", "color_mode": "xy", "color_temp": 370, "color": {"x": 0.64, "y": 0.33}},
            ("on", {"color": "red", "color_temperature": None}),
        ),
        ("lock.hall_front_door", {"state": "LOCK"}, ("locked", {})),
        ("lock.hall_front_door", {"state": "LOCK", "lock_state": "not_fully_locked"}, ("jammed", {})),
        ("cover.bedroom_blind", {"state": "OPEN", "position": 0}, ("closed", {"position": 0})),
        ("cover.bedroom_blind", {"state": "OPEN", "position": 30, "moving": "UP"}, ("opening", {"position": 30})),
        (
            "climate.radiator",
            {"occupied_heating_setpoint": 21.5, "local_temperature": 19, "system_mode": "heat"},
            ("heat", {"temperature": 21.5, "current_temperature": 19}),
        ),
        ("fan.fan", {"fan_state": "ON", "fan_mode": "medium"}, ("on", {"percentage": 67})),
        ("switch.office_strip_2", {"state_l1": "ON", "state_l2": "OFF"}, ("off", {})),
        ("binary_sensor.patio_window", {"contact": False}, ("on", {})),
        ("binary_sensor.cellar_leak", {"water_leak": 1}, None),
        ("sensor.climate_sensor_temperature", {"temperature": 21.456}, ("21.46", {})),
        ("sensor.climate_sensor_temperature", {"temperature": "hot"}, None),
        ("sensor.climate_sensor_temperature", {"humidity": 40}, None),
    ],
)
def test_a_report_is_told_in_the_registrys_words(entity_id: str, payload: dict[str, Any], told: object) -> None:
    assert read(BY_ID[entity_id], payload) == told


@pytest.mark.parametrize(
    ("entity_id", "service", "data", "payload"),
    [
        ("light.kitchen_ceiling_light", "turn_on", {"brightness": 40}, {"state": "ON", "brightness": 102}),
        (
            "light.kitchen_ceiling_light",
            "turn_on",
            {"color": "red"},
            {"state": "ON", "color": {"x": 0.6401, "y": 0.33}},
        ),
        ("light.kitchen_ceiling_light", "turn_on", {"color_temperature": 2700}, {"state": "ON", "color_temp": 370}),
        ("switch.office_strip_2", "turn_off", {}, {"state_l2": "OFF"}),
        ("lock.hall_front_door", "unlock", {}, {"state": "UNLOCK"}),
        ("cover.bedroom_blind", "open_cover", {}, {"state": "OPEN"}),
        ("cover.bedroom_blind", "set_cover_position", {"position": 30}, {"position": 30}),
        ("climate.radiator", "set_temperature", {"temperature": 20.5}, {"occupied_heating_setpoint": 20.5}),
        ("climate.radiator", "turn_on", {}, {"system_mode": "heat"}),
        ("climate.radiator", "turn_off", {}, {"system_mode": "off"}),
        ("fan.fan", "set_percentage", {"percentage": 100}, {"fan_mode": "high"}),
        ("fan.fan", "turn_off", {}, {"fan_state": "OFF"}),
    ],
)
def test_a_service_becomes_a_set(entity_id: str, service: str, data: dict[str, Any], payload: object) -> None:
    assert command(BY_ID[entity_id], service, data) == payload


@pytest.mark.parametrize(
    ("entity_id", "service", "data"),
    [
        ("light.kitchen_ceiling_light", "turn_on", {"color": "black"}),
        ("light.kitchen_counter_light", "turn_on", {"color": "red"}),
        ("sensor.climate_sensor_humidity", "turn_on", {}),
        ("lock.hall_front_door", "explode", {}),
    ],
)
def test_what_a_device_cannot_do_is_refused(entity_id: str, service: str, data: dict[str, Any]) -> None:
    with pytest.raises(DriverError, match="cannot do that"):
        command(BY_ID[entity_id], service, data)


@pytest.mark.parametrize(
    "color", ["red", "green", "lime", "blue", "teal", "cyan", "purple", "magenta", "white", "brown"]
)
def test_a_color_that_was_told_is_known_again(color: str) -> None:
    entity = BY_ID["light.kitchen_ceiling_light"]
    sent = command(entity, "turn_on", {"color": color})
    assert read(entity, {**sent, "color_mode": "xy"}, color) == ("on", {"color": color, "color_temperature": None})


@given(st.integers(0, 100))
def test_every_brightness_that_was_told_is_known_again(brightness: int) -> None:
    entity = BY_ID["light.kitchen_counter_light"]
    sent = command(entity, "turn_on", {"brightness": brightness})
    assert read(entity, sent) == ("on", {"brightness": brightness})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["ON", "light"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def mangled(draw: st.DrawFn) -> object:
    """The announcement with some value in it replaced by anything."""
    data: Any = json.loads(json.dumps(DEVICES))
    at = data
    for _ in range(draw(st.integers(1, 7))):
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            break
        key = draw(st.sampled_from(keys))
        if not isinstance(at[key], dict | list) or draw(st.integers(0, 3)) == 0:
            at[key] = draw(JSON)
            break
        at = at[key]
    return data


@settings(max_examples=300, deadline=None)
@given(mangled() | JSON, JSON | st.dictionaries(st.sampled_from(["state", "color", "position", "contact"]), JSON))
def test_no_announcement_and_no_report_stops_the_driver(announced: object, report: object) -> None:
    for entity in [*(found := parse_devices(announced, Options())), *parse_groups(announced, found, Options())]:
        assert len(entity.device.name) <= 60
        assert entity.device.name.isprintable()
        if isinstance(report, dict):
            read(entity, report)


TOPICS = ["bridge/state", "bridge/devices", "bridge/groups", "bridge/logging", "Radiator", "Radiator/availability", "x"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(TOPICS), st.binary(max_size=60) | JSON.map(lambda data: json.dumps(data).encode()))
    )
)
def test_no_message_whatsoever_stops_the_driver(messages: list[tuple[str, bytes]]) -> None:
    async def run() -> None:
        driver = Zigbee2Mqtt(Broker())
        for topic, payload in [
            ("bridge/state", b"online"),
            ("bridge/devices", json.dumps(DEVICES).encode()),
            *messages,
        ]:
            driver._hear(f"zigbee2mqtt/{topic}", payload)
        driver._hear("zigbee2mqtt/x", b"[" * 100_000)
        driver._hear("zigbee2mqtt/x", b'{"a": ' + b"9" * 10_000 + b"}")
        await driver.stop()

    asyncio.run(run())


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    yield broker
    broker.kill()


def run(broker: Mosquitto, story: Callable[[House, Bridge], Awaitable[None]], **options: Any) -> None:
    async def told() -> None:
        async with living(broker, **options) as (house, bridge):
            await until(lambda: house.registry.devices and house.state("lock.hall_front_door") == "locked")
            await story(house, bridge)

    asyncio.run(told())


@real_broker
def test_devices_are_found_acted_on_and_read_back(broker: Mosquitto) -> None:
    async def story(house: House, bridge: Bridge) -> None:
        kitchen = house.registry.get("light.kitchen_ceiling_light")
        assert (kitchen.area, kitchen.floor, kitchen.source) == ("Kitchen", "Ground Floor", "zigbee2mqtt")
        assert {area.name for area in house.registry.areas} == {"Kitchen", "Hall", "Office", "Cellar"}
        result = await house.do("HassLightSet", name="ceiling light", brightness=40)
        assert result.result == "Ceiling Light is on, brightness 40 percent"
        result = await house.do("HassLightSet", name="ceiling light", color="teal")
        assert result.result == "Ceiling Light is on, color teal"
        result = await house.do("HassClimateSetTemperature", name="radiator", temperature=22.5)
        assert result.result == "Radiator is set to 22.5 °C"
        result = await house.do("HassTurnOff", name="front door")
        assert result.result == "Front Door is unlocked"
        assert len(bridge.sets) == 4

    run(broker, story)


def test_a_name_that_looks_like_a_command_is_none() -> None:
    async def run() -> None:
        driver = Zigbee2Mqtt(Broker())
        lamp = {"ieee_address": "0x01", "friendly_name": "Den/settee", "type": "Router", "supported": True}
        exposes = [{"type": "light", "features": [{"name": "state", "property": "state", "access": 7}]}]
        for topic, payload in (
            ("bridge/state", {"state": "online"}),
            ("bridge/devices", [{**lamp, "definition": {"exposes": exposes}}]),
            ("bridge/groups", []),
            ("Den/settee/set", {"state": "OFF"}),
            ("Den/settee", {"state": "ON"}),
        ):
            driver._hear(f"zigbee2mqtt/{topic}", json.dumps(payload).encode())
        assert driver._registry.get("light.den_settee").state == "on"
        await driver.stop()

    asyncio.run(run())


@real_broker
def test_a_device_that_does_not_report_is_never_said_to_have_acted(broker: Mosquitto) -> None:
    async def story(house: House, bridge: Bridge) -> None:
        bridge.deaf.add("Kitchen/Ceiling Light")
        result = await house.do("HassTurnOn", name="ceiling light")
        assert result == ToolResult(False, error="Ceiling Light did not answer and is still off")

    run(broker, story)


@real_broker
def test_a_refusal_on_the_bridges_log_is_told_within_the_act(broker: Mosquitto) -> None:
    async def story(house: House, bridge: Bridge) -> None:
        bridge.broken.add("Hall/Front Door")
        with pytest.raises(DriverError, match="Front Door refused the command"):
            await house.driver.act("lock.hall_front_door", "unlock", {})
        assert house.state("lock.hall_front_door") == "locked"

    run(broker, story)


@real_broker
def test_a_device_or_the_whole_bridge_offline_is_unavailable_and_sent_nothing(broker: Mosquitto) -> None:
    async def story(house: House, bridge: Bridge) -> None:
        async with bridge.client() as radio:
            await radio.publish("zigbee2mqtt/Hall/Front Door/availability", '{"state": "offline"}', retain=True)
            await until(lambda: house.state("lock.hall_front_door") == "unavailable")
            assert house.state("light.kitchen_ceiling_light") == "off"
            with pytest.raises(DriverError, match="Front Door cannot be reached"):
                await house.driver.act("lock.hall_front_door", "unlock", {})
            await radio.publish("zigbee2mqtt/Hall/Front Door/availability", "online", retain=True)
            await until(lambda: house.state("lock.hall_front_door") == "locked")
            await radio.publish("zigbee2mqtt/bridge/state", "offline", retain=True)
            await until(lambda: house.state("light.kitchen_ceiling_light") == "unavailable")
            assert house.driver.health().reason == "Zigbee2MQTT is not running"
            with pytest.raises(DriverError, match="not running"):
                await house.driver.act("light.kitchen_ceiling_light", "turn_on", {})
            await radio.publish("zigbee2mqtt/bridge/state", '{"state": "online"}', retain=True)
            await until(lambda: house.state("light.kitchen_ceiling_light") == "off")
        assert bridge.sets == []

    run(broker, story)


@real_broker
def test_after_a_killed_broker_devices_come_back_and_no_command_is_repeated(broker: Mosquitto) -> None:
    async def story(house: House, bridge: Bridge) -> None:
        assert (await house.do("HassTurnOn", name="ceiling light")).success
        broker.kill()
        await until(lambda: house.state("light.kitchen_ceiling_light") == "unavailable")
        assert house.driver.health().reason == "the MQTT broker cannot be reached"
        with pytest.raises(DriverError, match="cannot be reached"):
            await house.driver.act("light.kitchen_ceiling_light", "turn_off", {})
        broker.start()
        await until(lambda: house.state("light.kitchen_ceiling_light") == "on")
        await asyncio.sleep(0.3)
        assert bridge.sets == [("Kitchen/Ceiling Light/set", {"state": "ON"})]
        assert house.driver.health().well

    run(broker, story)


@real_broker
def test_a_hanging_broker_holds_no_act_for_long_and_does_not_deliver_it_later(broker: Mosquitto) -> None:
    async def story(house: House, bridge: Bridge) -> None:
        broker.hang()
        began = asyncio.get_running_loop().time()
        try:
            with pytest.raises(DriverError, match="did not take the command"):
                await house.driver.act("light.kitchen_ceiling_light", "turn_on", {})
            assert asyncio.get_running_loop().time() - began < 1.5
            await until(lambda: house.state("light.kitchen_ceiling_light") == "unavailable")
            await asyncio.sleep(1.5)  # it tries to connect meanwhile
        finally:
            broker.go_on()
        await until(lambda: house.driver.health().well, 10)
        await until(lambda: house.state("lock.hall_front_door") == "locked", 10)
        assert bridge.sets == []

    run(broker, story, timeout_s=0.5)


@real_broker
def test_where_the_acl_drops_commands_no_success_is_claimed(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path, acl="user appliance\ntopic read #\ntopic write +/+/+/get\nuser bridge\ntopic #\n")

    async def story(house: House, bridge: Bridge) -> None:
        result = await house.do("HassTurnOff", name="front door")
        assert result == ToolResult(False, error="Front Door is locked instead")
        assert bridge.sets == []

    try:
        run(broker, story)
    finally:
        broker.kill()


@real_broker
def test_reports_that_come_twice_and_late_leave_the_last_one_standing(broker: Mosquitto) -> None:
    async def story(house: House, bridge: Bridge) -> None:
        bridge.repeats = 3
        assert (await house.do("HassTurnOn", name="ceiling light")).success
        async with bridge.client() as radio:
            for said, brightness in (("OFF", 127), ("OFF", 127), ("ON", 64)):
                report = json.dumps({"state": said, "brightness": brightness})
                await radio.publish("zigbee2mqtt/Kitchen/Ceiling Light", report)
            await until(lambda: house.registry.get("light.kitchen_ceiling_light").attributes["brightness"] == 25)
            assert house.state("light.kitchen_ceiling_light") == "on"

    run(broker, story)


@real_broker
def test_a_wrong_password_is_told_and_start_raises_nothing(broker: Mosquitto) -> None:
    async def told() -> None:
        house = House(broker.port, password=SecretStr("guess"))
        await house.driver.start(house.registry)
        assert house.driver.health().reason == "the MQTT broker refuses the user name or the password"
        await house.driver.stop()

    asyncio.run(told())
