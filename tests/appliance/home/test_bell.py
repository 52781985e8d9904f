# SPDX-License-Identifier: Apache-2.0
"""What runs out rings until it is stopped; delayed commands are judged again when they run. Time is virtual."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.dialogue.when import When
from appliance.home.bell import EVERY_S, RINGS, Bell
from appliance.home.execute import CallContext, Home
from appliance.home.policy import Policy
from appliance.home.simulated import SimulatedHome, load_home
from appliance.home.timers import Timers
from appliance.home.tools import ToolCall, ToolResult
from appliance.paths import config_file
from appliance.settings import PolicySettings
from tests.clock import FakeClock


class House:
    """A packaged home with a bell that writes down what it says, and when."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.timers = Timers(self.clock)
        self.registry = load_home(config_file("home.yaml"))
        self.home = Home(self.registry, SimulatedHome(self.registry, delay_s=0), self.timers, self.clock)
        self.said: list[tuple[float, str]] = []
        self.bell = Bell(self.timers, self.home, self.clock, self._say)
        self._began = self.clock.monotonic()

    async def _say(self, text: str) -> None:
        self.said.append((self.clock.monotonic() - self._began, text))

    def later(self, seconds: int, tool: str, **slots: str) -> ToolResult:
        return self.home.later(ToolCall(tool, slots), CallContext("Kitchen"), When(seconds))


def play(scenario: Callable[[House], Awaitable[None]]) -> House:
    async def run() -> House:
        house = House()
        running = asyncio.create_task(house.bell.run())
        await scenario(house)
        running.cancel()
        return house

    return asyncio.run(run())


def test_a_timer_rings_until_it_is_stopped() -> None:
    async def scenario(house: House) -> None:
        house.timers.start(60, "egg")
        await house.clock.advance(60 + 2.5 * EVERY_S)
        assert [timer.name for timer in house.bell.ringing] == ["egg"]
        assert [timer.name for timer in house.bell.quiet()] == ["egg"]
        await house.clock.advance(600)

    house = play(scenario)
    assert house.said == [(60 + n * EVERY_S, "The egg timer is done.") for n in range(3)]
    assert house.bell.ringing == []


def test_nothing_rings_for_ever() -> None:
    async def scenario(house: House) -> None:
        house.timers.start(1, kind="alarm")
        house.timers.start(2000, kind="reminder", text="turn the roast.")
        await house.clock.advance(5000)

    texts = [text for _, text in play(scenario).said]
    assert len(texts) == RINGS["alarm"] + RINGS["reminder"]
    assert texts[-1] == "I remind you: turn the roast."


def test_two_that_run_out_ring_together_and_the_second_does_not_wait() -> None:
    async def scenario(house: House) -> None:
        house.timers.start(10, "egg")
        house.timers.start(13, "tea")
        await house.clock.advance(13 + EVERY_S)
        house.bell.quiet()

    said = play(scenario).said
    assert said[0] == (10, "The egg timer is done.")
    assert said[1] == (13, "The egg timer is done. The tea timer is done.")


def test_a_command_that_is_due_silences_no_alarm() -> None:
    async def scenario(house: House) -> None:
        house.timers.start(600, kind="alarm")
        house.later(600, "HassTurnOn", name="kitchen light")
        await house.clock.advance(600)
        for _ in range(20):
            await asyncio.sleep(0)
        await house.clock.advance(3.5 * EVERY_S)
        assert [timer.kind for timer in house.bell.quiet()] == ["alarm"]

    said = [text for _, text in play(scenario).said]
    assert said.count("Kitchen Light is on.") == 1 and len(said) == 6


def test_snooze_is_quiet_and_rings_again() -> None:
    async def scenario(house: House) -> None:
        house.timers.start(10, kind="alarm")
        await house.clock.advance(11)
        house.bell.snooze(540)
        await house.clock.advance(538)
        assert len(house.said) == 1
        await house.clock.advance(5)
        house.bell.quiet()

    assert [at for at, _ in play(scenario).said] == [10, 551]


def test_a_delayed_command_is_done_and_told_when_its_time_has_come() -> None:
    async def scenario(house: House) -> None:
        result = house.later(600, "HassTurnOn", name="kitchen light")
        assert result.result == "I will turn on Kitchen Light in 10 minutes"
        assert house.registry.get("light.kitchen").state == "off"
        await house.clock.advance(599)
        assert house.registry.get("light.kitchen").state == "off"
        await house.clock.advance(1)
        for _ in range(20):
            await asyncio.sleep(0)
        assert house.registry.get("light.kitchen").state == "on"

    assert [text for _, text in play(scenario).said] == ["Kitchen Light is on."]


@pytest.mark.parametrize(
    ("slots", "error"),
    [
        ({"name": "front door", "domain": "lock"}, "That needs your word when it is done, so I cannot do it later"),
        ({"name": "bathtub"}, "I do not know a device called bathtub"),
    ],
)
def test_what_needs_a_word_or_is_not_there_is_not_put_off(slots: dict[str, str], error: str) -> None:
    async def scenario(house: House) -> None:
        assert house.later(60, "HassTurnOff", **slots) == ToolResult(False, error=error)
        assert house.timers.running() == []

    play(scenario)


def test_the_policy_is_asked_again_when_the_time_has_come() -> None:
    async def scenario(house: House) -> None:
        house.later(60, "HassTurnOn", name="kitchen light")
        house.home.policy = Policy(
            PolicySettings.model_validate({"rules": [{"do": "never", "device": "light.kitchen"}]})
        )
        await house.clock.advance(61)
        for _ in range(20):
            await asyncio.sleep(0)
        assert house.registry.get("light.kitchen").state == "off"

    assert [text for _, text in play(scenario).said] == ["Kitchen Light may not be changed so by voice."]


def test_a_command_that_comes_much_too_late_is_not_carried_out() -> None:
    async def scenario(house: House) -> None:
        house.later(60, "HassTurnOn", name="kitchen light")
        (timer,) = house.timers.running()
        late = await house.home.run_order(replace(timer, late_s=600.0))
        assert late.error == "I was off when I was to turn on Kitchen Light, so I did not"

    play(scenario)


def test_an_alarm_follows_the_wall_clock_when_it_is_put_right() -> None:
    async def scenario(house: House) -> None:
        house.timers.start(3600, kind="alarm", at=house.clock.now() + timedelta(hours=1))
        house.clock.set_wall(house.clock.now() + timedelta(minutes=50))
        await house.clock.advance(11 * 60)
        assert house.said, "the alarm did not follow the clock"
        house.bell.quiet()

    play(scenario)
