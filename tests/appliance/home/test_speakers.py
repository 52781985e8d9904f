# SPDX-License-Identifier: Apache-2.0
"""Announcements: where they are said, what is told of those that do not, and that nothing else is claimed."""

from __future__ import annotations

import asyncio

from appliance.home.drivers import Health, Router
from appliance.home.errors import DriverError
from appliance.home.execute import CallContext, Home
from appliance.home.home_assistant_speakers import Satellites
from appliance.home.registry import Registry
from appliance.home.simulated import SimulatedHome
from appliance.home.speakers import Announced
from appliance.home.timers import Timers
from appliance.home.tools import ToolCall, ToolResult
from tests.clock import FakeClock
from tests.home_assistant_house import House, at

DINNER = ToolCall("HassBroadcast", {"message": "dinner is ready"})


def test_the_satellites_of_home_assistant_say_it_whether_shown_to_voice_assistants_or_not() -> None:
    async def visit(house: House) -> None:
        result = await house.do("HassBroadcast", message="dinner is ready")
        assert result == ToolResult(True, result="Announced on Kitchen and Landing")
        # Not the one that cannot, and no telephone.
        said = ("assist_satellite.kitchen assist_satellite.landing", "announce", {"message": "dinner is ready"})
        assert house.server.calls == [said]
        assert not any("satellite" in device.entity_id for device in house.registry.devices)

    at(visit)


def test_it_is_told_once_all_say_it_and_not_only_when_they_are_done() -> None:
    async def visit(house: House) -> None:
        began = asyncio.get_running_loop().time()
        assert (await house.do("HassBroadcast", message="dinner is ready")).success
        assert asyncio.get_running_loop().time() - began < 1

    at(visit, speech_s=30)


def test_a_satellite_that_says_nothing_is_named() -> None:
    async def visit(house: House) -> None:
        result = await house.do("HassBroadcast", message="dinner is ready")
        assert result == ToolResult(True, result="Announced on Kitchen, but Landing did not answer", complete=False)
        house.server.stuck.add("assist_satellite.kitchen")
        again = await house.do("HassBroadcast", message="dinner is ready")
        assert again == ToolResult(False, error="Home Assistant did not answer")

    at(visit, stuck={"assist_satellite.landing"})


def test_a_satellite_that_is_away_is_not_asked_and_is_heard_of_when_it_comes_back() -> None:
    async def visit(house: House) -> None:
        await house.server.report("assist_satellite.landing", "unavailable")
        await house.server.report("light.ceiling", "on")  # the reports come in order
        await house.until(lambda: house.get("light.ceiling").state == "on")
        result = await house.do("HassBroadcast", message="dinner is ready")
        assert result.result == "Announced on Kitchen, but Landing did not answer"
        assert house.server.calls[-1][0] == "assist_satellite.kitchen"
        await house.server.report("assist_satellite.landing", "idle")
        await house.server.report("assist_satellite.cellar", "idle", supported_features=1)  # a new one
        names = ("Kitchen", "Landing", "Cellar")
        for _ in range(20):
            await asyncio.sleep(3 * house.server.speech_s)  # until the last one has been said
            result = await house.do("HassBroadcast", message="dinner is ready")
            if all(name in str(result.result) for name in names):
                break
        assert result == ToolResult(True, result="Announced on Kitchen, Landing and Cellar")

    at(visit)


def test_a_refusal_is_told_unless_it_was_said_all_the_same() -> None:
    async def visit(house: House) -> None:
        result = await house.do("HassBroadcast", message="dinner is ready")
        assert result.result == "Announced on Kitchen and Landing"  # both were heard to begin
        house.server.stuck = {"assist_satellite.kitchen", "assist_satellite.landing"}
        result = await house.do("HassBroadcast", message="dinner is ready")
        assert result == ToolResult(False, error="Home Assistant refused: no voice is set up")

    at(visit, refusals={"announce": "no voice is set up"})


def test_a_home_assistant_that_hangs_or_goes_says_nothing() -> None:
    async def visit(house: House) -> None:
        house.server.mute = True
        result = await house.do("HassBroadcast", message="dinner is ready")
        assert result == ToolResult(False, error="Home Assistant did not answer")
        assert house.server.calls == []
        house.server.mute = False
        house.server.stuck = {"assist_satellite.kitchen", "assist_satellite.landing"}
        asking = asyncio.create_task(house.do("HassBroadcast", message="dinner is ready"))
        await house.until(lambda: len(house.server.calls) == 1)
        house.server.drop()
        assert await asking == ToolResult(False, error="Home Assistant was lost before it answered")

    at(visit)


def test_a_satellite_that_is_disabled_and_a_telephone_say_nothing() -> None:
    satellites, ids = Satellites(), [f"assist_satellite.{name}" for name in ("hall", "attic", "telephone")]
    states = [{"entity_id": each, "state": "idle", "attributes": {"supported_features": 1}} for each in ids]
    entries = [{"entity_id": ids[1], "disabled_by": "user"}, {"entity_id": ids[2], "platform": "voip"}]
    satellites.know(states, [])
    assert [satellites.heard(each, {"state": "idle"}) for each in ids] == [True, True, True]
    satellites.know(states, entries)
    assert [satellites.heard(each, {"state": "idle"}) for each in ids] == [True, False, False]


class _Broken:
    """A driver with speakers that cannot be reached."""

    source = "broken"

    async def start(self, registry: Registry) -> None:
        pass

    async def act(self, entity_id: str, service: str, data: object) -> None:
        pass

    async def announce(self, message: str) -> Announced:
        raise DriverError("it is away")

    def health(self) -> Health:
        return Health(True)

    async def stop(self) -> None:
        pass


def call(*drivers: object, sure: bool = True) -> tuple[ToolResult, Home]:
    registry = Registry([])
    clock = FakeClock()
    home = Home(registry, Router(registry, drivers), Timers(clock), clock)  # type: ignore[arg-type]
    return asyncio.run(home.call(DINNER, CallContext(sure=sure))), home


def test_a_house_without_speakers_says_so() -> None:
    result, _ = call(SimulatedHome(Registry([])))
    assert result == ToolResult(False, error="There is no other speaker that I could say it on")


def test_one_way_that_is_broken_does_not_silence_the_other() -> None:
    speakers = SimulatedHome(Registry([]), speakers=["Hall", "Attic"])
    assert call(speakers, _Broken())[0] == ToolResult(True, result="Announced on Hall and Attic")
    assert call(_Broken())[0] == ToolResult(False, error="it is away")
    assert call(_Broken(), SimulatedHome(Registry([])))[0] == ToolResult(False, error="it is away")


def test_who_is_not_sure_asks_and_a_yes_says_it() -> None:
    result, home = call(SimulatedHome(Registry([]), speakers=["Hall"]), sure=False)
    assert result == ToolResult(False, error="Should I announce: dinner is ready?", asks=True)
    (pending,) = home.take_pending()
    done = asyncio.run(home.confirmed(pending, with_pin=False))
    assert done == ToolResult(True, result="Announced on Hall")


def test_a_message_is_bounded() -> None:
    registry = Registry([])
    home = Home(registry, SimulatedHome(registry, speakers=["Hall"]), Timers(FakeClock()), FakeClock())
    for message in ("", "a" * 301):
        assert not asyncio.run(home.call(ToolCall("HassBroadcast", {"message": message}))).success
