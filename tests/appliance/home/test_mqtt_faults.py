# SPDX-License-Identifier: Apache-2.0
"""Both drivers over a way to Mosquitto that loses, delays, swaps and breaks: what is done and told stays true."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import aiomqtt
import pytest
from pydantic import SecretStr

from appliance.home.drivers import Driver
from appliance.home.errors import DriverError
from appliance.home.execute import Home
from appliance.home.mqtt import Broker
from appliance.home.mqtt_devices import Mqtt
from appliance.home.policy import Policy
from appliance.home.registry import Device, Registry
from appliance.home.timers import Timers
from appliance.home.tools import ToolCall
from appliance.settings import PolicySettings
from tests.clock import FakeClock
from tests.faulty_proxy import Fault, Proxy, is_message, seeded
from tests.mosquitto import MISSING, PASSWORDS, Mosquitto
from tests.zigbee_bridge import Bridge, House, until

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

QUICK: dict[str, Any] = {"timeout_s": 0.5, "retry_s": (0.05, 0.2)}
SEEDS = range(8)


class World(Protocol):
    """A dimmable lamp, the driver that reaches it, and what it was really told."""

    home: Home
    driver: Driver
    lamp: str
    name: str

    def told(self) -> list[int]:
        """The levels in percent that the lamp was told, in order."""

    def really(self) -> tuple[str, int]:
        """State and brightness in percent of the lamp itself."""


class Zigbee:
    """The lamp behind a bridge."""

    lamp, name = "light.kitchen_counter_light", "counter light"

    def __init__(self, broker_port: int, way_port: int) -> None:
        self._bridge, house = Bridge(broker_port), House(way_port, read_back_s=0.6, **QUICK)
        self.home, self.driver = house.home, house.driver
        self.run = self._bridge.run

    def told(self) -> list[int]:
        return [round(100 * said["brightness"] / 254) for _, said in self._bridge.sets]

    def really(self) -> tuple[str, int]:
        state = self._bridge.states["Kitchen/Counter Light"]
        return state["state"].lower(), round(100 * state["brightness"] / 254)


SHELF = {
    "name": "Shelf",
    "schema": "json",
    "state_topic": "shelf",
    "command_topic": "shelf/set",
    "brightness": True,
    "brightness_scale": 100,
    "availability_topic": "shelf/alive",
}


class Own:
    """A lamp that speaks MQTT itself, and announces itself."""

    lamp, name = "light.shelf", "shelf"

    def __init__(self, broker_port: int, way_port: int) -> None:
        user = {"user": "appliance", "password": SecretStr(PASSWORDS["appliance"])}
        self.driver = Mqtt(Broker("127.0.0.1", way_port, **user, **QUICK))  # type: ignore[arg-type]
        policy, clock = Policy(PolicySettings(defaults=False)), FakeClock()
        self.home = Home(Registry([]), self.driver, Timers(clock), clock, policy=policy, read_back_s=0.6)
        self._port, self._sets = broker_port, list[int]()
        self._state: dict[str, Any] = {"state": "OFF", "brightness": 100}

    async def run(self) -> None:
        login = {"username": "bridge", "password": PASSWORDS["bridge"]}
        async with aiomqtt.Client("127.0.0.1", self._port, **login) as client:  # type: ignore[arg-type]
            await client.subscribe("shelf/set")
            await client.publish("homeassistant/light/shelf/config", json.dumps(SHELF), retain=True)
            await client.publish("shelf/alive", "online", retain=True)
            await client.publish("shelf", json.dumps(self._state), retain=True)
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                self._state |= json.loads(message.payload)
                self._sets.append(self._state["brightness"])
                await client.publish("shelf", json.dumps(self._state), retain=True)

    def told(self) -> list[int]:
        return self._sets

    def really(self) -> tuple[str, int]:
        return self._state["state"].lower(), self._state["brightness"]


Kind = Callable[[int, int], Zigbee | Own]
both = pytest.mark.parametrize("kind", [Zigbee, Own], ids=["zigbee2mqtt", "mqtt"])


@asynccontextmanager
async def living(broker: Mosquitto, kind: Kind) -> AsyncIterator[tuple[World, Proxy]]:
    before, proxy = asyncio.all_tasks(), Proxy(broker.port)
    await proxy.start()
    world = kind(broker.port, proxy.port)
    running = asyncio.create_task(world.run())
    await world.driver.start(world.home.registry)
    try:
        await until(lambda: as_known(world) == world.really())
        yield world, proxy
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await world.driver.stop()
        await proxy.stop()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


def as_known(world: World) -> tuple[str, int] | None:
    known = {device.entity_id: device for device in world.home.registry.devices}.get(world.lamp)
    return known and (known.state, known.attributes.get("brightness", -1))


def run(
    folder: Path,
    kind: Kind,
    story: Callable[[World, Proxy], Awaitable[None]],
    **options: Any,
) -> None:
    broker = Mosquitto(folder, **options)

    async def told() -> None:
        async with living(broker, kind) as (world, proxy):
            await story(world, proxy)

    try:
        asyncio.run(asyncio.wait_for(told(), 60))
    finally:
        broker.kill()


@both
@pytest.mark.parametrize("seed", SEEDS)
def test_over_a_bad_way_nothing_is_done_twice_nothing_untrue_is_told_and_all_is_right_again_after_it(
    tmp_path: Path, kind: Kind, seed: int
) -> None:
    async def story(world: World, proxy: Proxy) -> None:
        reported: list[int] = []

        def hear(_: Device, after: Device) -> None:
            if after.entity_id == world.lamp:
                reported.append(after.attributes.get("brightness", -1))

        world.home.registry.subscribe(hear)
        proxy.choose = seeded(seed, 0.3)
        asked = [10 + 7 * count for count in range(8)]
        for brightness in asked:
            reported.clear()
            result = await world.home.call(ToolCall("HassLightSet", {"name": world.name, "brightness": brightness}))
            if result.success:
                assert world.told()[-1] == brightness and brightness in reported
                assert result.result is not None and f"brightness {brightness} percent" in result.result
            else:
                assert result.error
        proxy.end_faults()
        await until(lambda: as_known(world) == world.really(), 5)
        await asyncio.sleep(0.2)
        assert as_known(world) == world.really()
        done = world.told()
        assert done == [brightness for brightness in asked if brightness in done], "twice, or out of order"
        last = await world.home.call(ToolCall("HassLightSet", {"name": world.name, "brightness": 90}))
        assert last.success and world.really() == ("on", 90)
        assert proxy.happened, "a seed under which nothing goes wrong shows nothing"

    run(tmp_path, kind, story)


@both
@pytest.mark.parametrize("fault", [Fault.DROP, Fault.CUT, Fault.STALL])
def test_a_command_that_got_stuck_on_its_way_is_told_so_and_not_carried_out_later(
    tmp_path: Path, kind: Kind, fault: Fault
) -> None:
    async def story(world: World, proxy: Proxy) -> None:
        proxy._stall_s = 1.5
        proxy.choose = lambda up, packet: fault if up and is_message(packet, "/set") else Fault.NONE
        with pytest.raises(DriverError):
            await world.driver.act(world.lamp, "turn_on", {"brightness": 42})
        proxy.choose = lambda up, packet: Fault.NONE
        await until(lambda: world.driver.health().well and as_known(world) == world.really())
        await asyncio.sleep(2)
        assert world.told() == []
        assert as_known(world) == world.really() == ("off", 100)

    run(tmp_path, kind, story)


@both
def test_a_report_that_is_lost_is_no_success_and_is_asked_for_again(tmp_path: Path, kind: Kind) -> None:
    async def story(world: World, proxy: Proxy) -> None:
        proxy.choose = lambda up, packet: Fault.DROP if not up and is_message(packet) else Fault.NONE
        result = await world.home.call(ToolCall("HassLightSet", {"name": world.name, "brightness": 42}))
        assert not result.success and "did not answer" in str(result.error)
        assert world.told() == [42]
        proxy.end_faults()
        await until(lambda: as_known(world) == ("on", 42))
        assert world.told() == [42]

    run(tmp_path, kind, story)


@both
def test_where_the_broker_lets_no_command_through_it_is_told_as_not_done(tmp_path: Path, kind: Kind) -> None:
    async def story(world: World, proxy: Proxy) -> None:
        result = await world.home.call(ToolCall("HassLightSet", {"name": world.name, "brightness": 42}))
        assert not result.success
        assert any(words in str(result.error) for words in ("did not answer and is still off", "is off instead"))
        assert world.told() == [] and world.driver.health().well

    acl = "user appliance\ntopic read #\ntopic write +/+/+/get\nuser bridge\ntopic #\n"
    run(tmp_path, kind, story, acl=acl)
