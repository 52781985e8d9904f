# SPDX-License-Identifier: Apache-2.0
"""The driver against the real Zigbee2MQTT, whose radio alone is made of software."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import aiomqtt
import pytest
from pydantic import SecretStr

from appliance.home.errors import DriverError
from appliance.home.mqtt import Broker
from appliance.home.mqtt_devices import Mqtt
from appliance.home.registry import Registry
from appliance.home.tools import ToolResult
from tests.mosquitto import PASSWORDS
from tests.zigbee2mqtt_site import BLIND, CEILING, COUNTER, DIMMER, DOOR, PLUG, SPOTS, WHY, Site, sites
from tests.zigbee_bridge import House, until

pytestmark = pytest.mark.skipif(WHY is not None, reason=WHY or "")

LIFT = "currentPositionLiftPercentage"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from sites(tmp_path_factory)


def test_devices_are_found_with_what_they_can(site: Site) -> None:
    async def story(house: House) -> None:
        told = {
            device.entity_id: (device.name, device.area, device.device_class, device.attributes.get("features"))
            for device in house.registry.devices
        }
        light = ("brightness", "color", "color_temperature")
        assert told == {
            CEILING: ("Ceiling Light", "Kitchen", None, light),
            COUNTER: ("Counter Light", "Kitchen", None, light),
            SPOTS: ("Spotlights", "Kitchen", None, light),
            PLUG: ("Coffee Machine", None, "outlet", None),
            DIMMER: ("Dimmer", "Hall", None, ("brightness",)),
            BLIND: ("Blind", "Bedroom", "blind", ("position",)),
            "sensor.bedroom_blind_battery": ("Blind Battery", "Bedroom", "battery", None),
            DOOR: ("Front Door", "Hall", "door", None),
            "sensor.hall_front_door_battery": ("Front Door Battery", "Hall", "battery", None),
        }
        assert (house.state(CEILING), house.state(BLIND)) == ("off", "closed")

    site.run(story)


def test_a_light_is_switched_dimmed_and_colored_and_says_so_itself(site: Site) -> None:
    async def story(house: House) -> None:
        for tool, slots, answer in (
            ("HassTurnOn", {}, "Ceiling Light is on"),
            ("HassLightSet", {"brightness": 40}, "Ceiling Light is on, brightness 40 percent"),
            ("HassLightSet", {"color": "teal"}, "Ceiling Light is on, color teal"),
            ("HassLightSet", {"temperature": 2700}, "Ceiling Light is on, color temperature 2703 kelvin"),
            ("HassLightSet", {"color": "red"}, "Ceiling Light is on, color red"),
        ):
            result = await house.do(tool, name="ceiling light", **slots)
            assert result.success and result.result == answer
        assert site.bridge.attributes("Kitchen/Ceiling Light", "genLevelCtrl") == {"currentLevel": 102}
        color = site.bridge.attributes("Kitchen/Ceiling Light", "lightingColorCtrl")
        assert round(color["currentX"] / 65535, 2) == 0.64 and color["colorMode"] == 1
        assert (await house.do("HassTurnOff", name="ceiling light")).result == "Ceiling Light is off"
        assert site.bridge.attributes("Kitchen/Ceiling Light", "genOnOff") == {"onOff": 0}

    site.run(story)


def test_what_is_done_by_hand_is_seen(site: Site) -> None:
    async def story(house: House) -> None:
        site.bridge.tell("Kitchen/Counter Light", cluster="genOnOff", report={"onOff": 1})
        site.bridge.tell("Hall/Front Door", alarm=1)
        await until(lambda: (house.state(COUNTER), house.state(DOOR)) == ("on", "on"))
        site.bridge.tell("Kitchen/Counter Light", cluster="genOnOff", report={"onOff": 0})
        site.bridge.tell("Hall/Front Door", alarm=0)
        await until(lambda: (house.state(COUNTER), house.state(DOOR)) == ("off", "off"))

    site.run(story)


def test_a_blind_goes_where_it_is_told_and_is_followed_on_its_way(site: Site) -> None:
    async def story(house: House) -> None:
        seen: list[Any] = []
        house.registry.subscribe(
            lambda _, after: after.entity_id == BLIND and seen.append(after.attributes["position"])
        )
        assert (await house.do("HassSetPosition", name="blind", position=40)).success
        await until(lambda: site.bridge.attributes("Bedroom/Blind", "closuresWindowCovering")[LIFT] == 60)
        await until(lambda: seen[-1] == 40)
        assert set(seen) >= {10, 20, 30, 40}
        assert (await house.do("HassTurnOff", name="blind")).success
        await until(lambda: (house.state(BLIND), seen[-1]) == ("closed", 0))

    site.run(story)


def test_a_group_is_switched_as_one_and_its_members_tell_for_themselves(site: Site) -> None:
    async def story(house: House) -> None:
        before = site.bridge.frames("Kitchen/Ceiling Light")
        assert (await house.do("HassTurnOn", name="spotlights")).result == "Spotlights are on"
        await until(lambda: {house.state(one) for one in (CEILING, COUNTER, SPOTS)} == {"on"})
        assert site.bridge.frames(1)[-1] == "genOnOff.on"
        assert site.bridge.frames("Kitchen/Ceiling Light") == before
        assert (await house.do("HassTurnOff", name="spotlights")).result == "Spotlights are off"
        await until(lambda: {house.state(one) for one in (CEILING, COUNTER, SPOTS)} == {"off"})

    site.run(story)


def test_a_device_without_power_is_told_as_not_done_then_as_not_available_and_comes_back(site: Site) -> None:
    async def story(house: House) -> None:
        assert (await house.do("HassTurnOff", name="coffee machine")).success
        site.bridge.tell("coffee_machine", off=True)
        result = await house.do("HassTurnOn", name="coffee machine")
        assert result == ToolResult(
            False, error="Coffee Machine could not be reached: Coffee Machine refused the command"
        )
        assert house.state(PLUG) == "off"
        await until(lambda: house.state(PLUG) == "unavailable", 15)
        before = site.bridge.frames("coffee_machine")
        assert await house.do("HassTurnOn", name="coffee machine") == ToolResult(
            False, error="Coffee Machine is not available"
        )
        site.bridge.tell("coffee_machine", off=False)
        await until(lambda: house.state(PLUG) == "off", 15)
        assert site.bridge.frames("coffee_machine") == before, "an old command was carried out"
        assert (await house.do("HassTurnOn", name="coffee machine")).result == "Coffee Machine is on"

    site.run(story)


def test_a_device_with_a_new_name_is_known_by_it_at_once(site: Site) -> None:
    async def story(house: House) -> None:
        version = house.registry.version
        await site.request("device/rename", **{"from": "coffee_machine", "to": "Upstairs/Kids Room/Night Light"})
        renamed = "switch.upstairs_kids_room_night_light"
        await until(lambda: any(device.entity_id == renamed for device in house.registry.devices))
        await until(lambda: house.state(renamed) in ("on", "off"))
        assert house.registry.version > version
        device = house.registry.get(renamed)
        assert (device.name, device.area) == ("Night Light", "Upstairs")
        assert all(device.entity_id != PLUG for device in house.registry.devices)
        for tool, state in (("HassTurnOn", "on"), ("HassTurnOff", "off")):
            assert (await house.do(tool, name="night light")).result == f"Night Light is {state}"
        await site.request("device/rename", **{"from": "Upstairs/Kids Room/Night Light", "to": "coffee_machine"})
        await until(lambda: any(device.entity_id == PLUG for device in house.registry.devices))
        await until(lambda: house.state(PLUG) == "off")

    site.run(story)


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
def test_a_bridge_that_starts_anew_is_found_again_and_told_nothing_old(site: Site, kill: bool) -> None:
    async def story(house: House) -> None:
        assert (await house.do("HassTurnOn", name="ceiling light")).success
        before = site.bridge.frames("Kitchen/Ceiling Light")
        await asyncio.to_thread(site.bridge.stop, kill=kill)
        await until(lambda: house.state(CEILING) == "unavailable")
        assert house.driver.health().reason == "Zigbee2MQTT is not running"
        with pytest.raises(DriverError, match="not running"):
            await house.driver.act(CEILING, "turn_off", {})
        site.bridge.start()
        await until(lambda: house.driver.health().well and site.all_known(), 20)
        assert house.state(CEILING) == "on"
        assert site.bridge.frames("Kitchen/Ceiling Light") == before
        assert (await house.do("HassTurnOff", name="ceiling light")).result == "Ceiling Light is off"

    site.run(story)


def test_what_the_bridge_announces_to_home_assistant_is_no_second_device(site: Site) -> None:
    async def run() -> None:
        password = SecretStr(PASSWORDS["appliance"])
        driver = Mqtt(Broker("127.0.0.1", site.broker.port, user="appliance", password=password))
        registry, heard = Registry([]), 0
        await driver.start(registry)
        async with aiomqtt.Client(
            "127.0.0.1", site.broker.port, username="bridge", password=PASSWORDS["bridge"]
        ) as client:
            await client.subscribe("homeassistant/#")

            async def listen() -> None:
                nonlocal heard
                async for _ in client.messages:
                    heard += 1
                    if heard == 10:
                        return

            await asyncio.wait_for(listen(), 5)
        assert heard == 10 and registry.devices == ()
        await driver.stop()

    asyncio.run(run())
