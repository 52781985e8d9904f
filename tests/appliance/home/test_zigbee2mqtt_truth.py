# SPDX-License-Identifier: Apache-2.0
"""The real Zigbee2MQTT tells what was asked for before it is so: what is said of devices is true nevertheless."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiomqtt
import pytest

from appliance.home.tools import ToolResult
from tests.mosquitto import PASSWORDS
from tests.zigbee2mqtt_site import BLIND, CEILING, COUNTER, DIMMER, SPOTS, WHY, Site, sites
from tests.zigbee_bridge import House, until

pytestmark = pytest.mark.skipif(WHY is not None, reason=WHY or "")

LAMP, OTHER, ROLLER = "Kitchen/Ceiling Light", "Kitchen/Counter Light", "Bedroom/Blind"
LIFT = "currentPositionLiftPercentage"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from sites(tmp_path_factory)


@asynccontextmanager
async def so(site: Site, name: str, **traits: Any) -> AsyncIterator[None]:
    """A device is so for a while."""
    site.bridge.tell(name, **traits)
    try:
        yield
    finally:
        site.bridge.tell(name, **dict.fromkeys(traits))


@asynccontextmanager
async def client(site: Site) -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client(
        "127.0.0.1", site.broker.port, username="bridge", password=PASSWORDS["bridge"]
    ) as connected:
        yield connected


async def dark(house: House) -> None:
    """Both lamps are off, and the house knows."""
    for name in ("ceiling light", "counter light"):
        await house.do("HassTurnOff", name=name)
    await until(lambda: (house.state(CEILING), house.state(COUNTER)) == ("off", "off"))


def test_a_lamp_that_acknowledges_and_does_nothing_is_told_as_off(site: Site) -> None:
    async def story(house: House) -> None:
        await dark(house)
        async with client(site) as ear, so(site, LAMP, idle=True):
            await ear.subscribe(f"zigbee2mqtt/{LAMP}")
            result = await house.do("HassTurnOn", name="ceiling light")
            assert result == ToolResult(False, error="Ceiling Light is off instead")
            assert house.state(CEILING) == "off"

            async def claimed() -> None:
                async for message in ear.messages:
                    if json.loads(message.payload)["state"] == "ON":
                        return

            await asyncio.wait_for(claimed(), 5)  # else the bridge did not claim it, and nothing was tested
        assert (await house.do("HassTurnOn", name="ceiling light")).result == "Ceiling Light is on"

    site.run(story)


def test_a_level_that_a_lamp_does_not_take_is_told_as_it_is(site: Site) -> None:
    async def story(house: House) -> None:
        assert (await house.do("HassLightSet", name="ceiling light", brightness=80)).success
        async with so(site, LAMP, idle=True):
            result = await house.do("HassLightSet", name="ceiling light", brightness=10)
            assert result == ToolResult(
                False, error="Ceiling Light is on, brightness 80 percent, color temperature 2703 kelvin instead"
            )
        await dark(house)
        async with so(site, LAMP, idle=True):
            result = await house.do("HassLightSet", name="ceiling light", brightness=10)
            assert result == ToolResult(False, error="Ceiling Light is off instead")

    site.run(story)


def test_a_lamp_that_acknowledges_and_answers_no_question_is_not_claimed_until_it_does(site: Site) -> None:
    async def story(house: House) -> None:
        await dark(house)
        async with so(site, LAMP, mute=True, quiet=True):
            result = await house.do("HassTurnOn", name="ceiling light")
            assert result == ToolResult(
                False, error="Ceiling Light was told, but did not confirm it", changed=result.changed
            )
            assert house.state(CEILING) == "unknown"
        await until(lambda: house.state(CEILING) == "on", 15)

    site.run(story)


def test_a_device_that_cannot_be_asked_is_never_claimed(site: Site) -> None:
    async def story(house: House) -> None:
        result = await house.do("HassTurnOn", name="dimmer")
        assert (result.success, result.error) == (False, "Dimmer was told, but cannot confirm it")
        assert house.state(DIMMER) == "unknown"
        assert site.bridge.frames("Hall/Dimmer")[-1] == "manuSpecificTuya.dataRequest"

    site.run(story)


def test_where_the_bridge_is_set_not_to_be_optimistic_a_report_is_enough(site: Site) -> None:
    async def story(house: House) -> None:
        await site.request("device/options", id="Hall/Dimmer", options={"optimistic": False})
        await until(lambda: house.driver._plain.get("0x00124b0000000006"))
        result = await house.do("HassTurnOn", name="dimmer")
        assert (result.success, house.state(DIMMER)) == (False, "unknown")
        asyncio.get_running_loop().call_later(
            0.2, lambda: site.bridge.tell("Hall/Dimmer", tuya={"dp": 1, "datatype": 1, "data": [1]})
        )
        assert (await house.do("HassTurnOn", name="dimmer")).result == "Dimmer is on"

    site.run(story)


@pytest.mark.parametrize(
    ("trait", "on", "off"),
    [
        ("off", "on, but Counter Light did not answer", "off, but Counter Light did not answer"),
        ("idle", "on, but Counter Light is off instead", "off"),
    ],
)
def test_of_a_group_the_member_that_did_not_follow_is_told_by_name(site: Site, trait: str, on: str, off: str) -> None:
    async def story(house: House) -> None:
        await dark(house)
        async with so(site, OTHER, **{trait: True}):
            assert (await house.do("HassTurnOn", name="spotlights")).result == f"Spotlights are {on}"
            other = {"off": "unknown", "idle": "off"}[trait]
            assert [house.state(one) for one in (CEILING, COUNTER, SPOTS)] == ["on", other, "on"]
            assert (await house.do("HassTurnOff", name="spotlights")).result == f"Spotlights are {off}"
            assert [house.state(one) for one in (CEILING, COUNTER, SPOTS)] == ["off", other, "off"]
        await until(lambda: house.state(COUNTER) == "off", 15)

    site.run(story)


def test_a_member_that_stays_on_keeps_its_group_on(site: Site) -> None:
    async def story(house: House) -> None:
        assert (await house.do("HassTurnOn", name="spotlights")).result == "Spotlights are on"
        async with so(site, OTHER, idle=True):
            result = await house.do("HassTurnOff", name="spotlights")
            assert (result.success, result.error) == (False, "Counter Light is on instead")
            assert [house.state(one) for one in (CEILING, COUNTER, SPOTS)] == ["off", "on", "on"]

    site.run(story)


@pytest.mark.parametrize("quiet", [False, True], ids=["it reports", "it only answers"])
def test_a_slow_blind_is_opening_until_it_is_open(site: Site, quiet: bool) -> None:
    async def story(house: House) -> None:
        assert (await house.do("HassTurnOff", name="blind")).success
        await until(lambda: house.state(BLIND) == "closed", 15)
        seen: list[tuple[str, int]] = []
        house.registry.subscribe(
            lambda _, now: now.entity_id == BLIND and seen.append((now.state, now.attributes["position"]))
        )
        async with so(site, ROLLER, stepMs=150, quiet=quiet):
            assert (await house.do("HassTurnOn", name="blind")).result == "Blind is opening"
            assert 100 - site.bridge.attributes(ROLLER, "closuresWindowCovering")[LIFT] < 100, "it was open already"
            await until(lambda: house.state(BLIND) == "open", 15)
            assert site.bridge.attributes(ROLLER, "closuresWindowCovering")[LIFT] == 0
        assert all(state != "open" or position == 100 for state, position in seen), seen
        assert [state for state, position in seen if position == 0] in ([], ["closed"] * sum(p == 0 for _, p in seen))

    site.run(story)


def test_a_blind_that_is_stuck_is_told_as_closed(site: Site) -> None:
    async def story(house: House) -> None:
        assert (await house.do("HassTurnOff", name="blind")).success
        await until(lambda: house.state(BLIND) == "closed", 15)
        async with so(site, ROLLER, idle=True):
            result = await house.do("HassSetPosition", name="blind", position=60)
            assert result == ToolResult(False, error="Blind is closed instead")

    site.run(story)


def test_what_somebody_else_tells_a_lamp_is_asked_after(site: Site) -> None:
    async def story(house: House) -> None:
        await dark(house)
        async with client(site) as app, so(site, LAMP, idle=True):
            before = site.bridge.questions(LAMP)
            await app.publish(f"zigbee2mqtt/{LAMP}/set", '{"state": "ON"}')
            await until(lambda: house.state(CEILING) == "on")
            await until(lambda: house.state(CEILING) == "off")
            assert site.bridge.questions(LAMP) > before

    site.run(story)


def test_a_lamp_that_does_it_is_not_asked_over_and_over(site: Site) -> None:
    async def story(house: House) -> None:
        await dark(house)
        before = site.bridge.questions(LAMP)
        for tool, slots in (("HassTurnOn", {}), ("HassLightSet", {"brightness": 40}), ("HassTurnOff", {})):
            assert (await house.do(tool, name="ceiling light", **slots)).success
        await until(lambda: site.bridge.questions(LAMP) > before)
        assert site.bridge.questions(LAMP) <= before + 8  # 4 where nothing else reports meanwhile

    site.run(story)
