# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.home.errors import HomeError
from appliance.home.registry import Area, Registry
from appliance.home.timer_tools import TIMERS_AT_MOST, duration, ring_text, run_timer_tool
from appliance.home.timers import Timer, Timers
from appliance.home.tools import ToolCall
from tests.clock import FakeClock

HOME = Registry((), [Area("Kitchen"), Area("Bedroom")])
Scenario = Callable[[FakeClock, Timers, list[Timer]], Awaitable[None]]


def play(scenario: Scenario) -> list[Timer]:
    """Run a scenario with somebody listening to `expired`, and return what rang."""
    rung: list[Timer] = []

    async def run() -> None:
        clock = FakeClock()
        timers = Timers(clock)

        async def listen() -> None:
            async for timer in timers.expired():
                rung.append(timer)

        listening = asyncio.create_task(listen())
        await scenario(clock, timers, rung)
        listening.cancel()

    asyncio.run(run())
    return rung


def test_a_timer_rings_once_when_its_time_is_over() -> None:
    async def scenario(clock: FakeClock, timers: Timers, rung: list[Timer]) -> None:
        timers.start(300, "pizza", "Kitchen")
        await clock.advance(299)
        assert not rung
        await clock.advance(1)
        assert timers.running() == []
        await clock.advance(10_000)

    assert [(timer.name, timer.area, timer.started_with_s) for timer in play(scenario)] == [("pizza", "Kitchen", 300)]


def test_timers_ring_in_the_order_in_which_they_run_out() -> None:
    async def scenario(clock: FakeClock, timers: Timers, rung: list[Timer]) -> None:
        timers.start(30, "slow")
        timers.start(10, "quick")
        await clock.advance(5)
        timers.start(1, "sudden")
        await clock.advance(60)

    assert [timer.name for timer in play(scenario)] == ["sudden", "quick", "slow"]


def test_a_paused_timer_keeps_its_time() -> None:
    async def scenario(clock: FakeClock, timers: Timers, rung: list[Timer]) -> None:
        timer = timers.start(60)
        await clock.advance(20)
        assert timers.pause(timer.id).remaining_s == 40
        await clock.advance(1000)
        assert timers.resume(timer.id).remaining_s == 40
        await clock.advance(39)
        assert not rung
        await clock.advance(1)
        assert len(rung) == 1

    play(scenario)


def test_what_waits_for_a_time_of_the_day_is_paused_and_moved_like_any_other() -> None:
    async def scenario(clock: FakeClock, timers: Timers, rung: list[Timer]) -> None:
        paused = timers.start(60, "paused", at=clock.now() + timedelta(seconds=60))
        moved = timers.start(60, "moved", at=clock.now() + timedelta(seconds=60))
        assert timers.pause(paused.id).remaining_s == 60
        assert timers.add(moved.id, 30).remaining_s == 90
        await clock.advance(80)
        assert not rung
        await clock.advance(10)
        assert [timer.name for timer in rung] == ["moved"]
        assert timers.resume(paused.id).remaining_s == 60
        await clock.advance(60)

    assert [timer.name for timer in play(scenario)] == ["moved", "paused"]


def test_pausing_twice_or_resuming_what_runs_changes_nothing() -> None:
    async def scenario(clock: FakeClock, timers: Timers, rung: list[Timer]) -> None:
        timer = timers.start(60)
        await clock.advance(10)
        assert timers.resume(timer.id).remaining_s == 50
        timers.pause(timer.id)
        await clock.advance(10)
        assert timers.pause(timer.id).remaining_s == 50

    assert play(scenario) == []


def test_a_canceled_timer_never_rings() -> None:
    async def scenario(clock: FakeClock, timers: Timers, rung: list[Timer]) -> None:
        timers.cancel(timers.start(60).id)
        await clock.advance(100)

    assert play(scenario) == []


def test_added_time_moves_the_end_and_not_what_the_timer_is_called() -> None:
    async def scenario(clock: FakeClock, timers: Timers, rung: list[Timer]) -> None:
        timer = timers.start(60)
        await clock.advance(50)
        assert timers.add(timer.id, 30).started_with_s == 60
        await clock.advance(39)
        assert not rung
        with pytest.raises(ValueError, match="are left"):
            timers.add(timer.id, -1)
        await clock.advance(1)
        assert len(rung) == 1

    play(scenario)


def test_a_timer_that_ran_out_cannot_be_revived_before_it_was_heard() -> None:
    async def run() -> None:
        clock = FakeClock()
        timers = Timers(clock)
        timer = timers.start(10)
        await clock.advance(10)
        for revive in (timers.pause, timers.resume, timers.cancel):
            with pytest.raises(KeyError):
                revive(timer.id)
        assert (await timers.expired().__anext__()).id == timer.id

    asyncio.run(run())


def test_no_time_at_all_is_no_timer() -> None:
    with pytest.raises(ValueError, match="at least a second"):
        Timers(FakeClock()).start(0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["start", "advance", "pause", "resume", "cancel", "add"]),
        st.integers(1, 100),
        st.integers(0, 5),
    ),
    max_size=30,
)


@given(steps=STEPS)
def test_whatever_is_done_each_timer_rings_once_or_was_canceled(steps: list[tuple[str, int, int]]) -> None:
    started: set[int] = set()
    canceled: set[int] = set()

    async def scenario(clock: FakeClock, timers: Timers, rung: list[Timer]) -> None:
        for step, seconds, which in steps:
            running = timers.running()
            if step == "start":
                started.add(timers.start(seconds).id)
            elif step == "advance":
                await clock.advance(seconds / 7)
            elif running:
                timer_id = running[which % len(running)].id
                if step == "cancel":
                    timers.cancel(timer_id)
                    canceled.add(timer_id)
                elif step == "add":
                    timers.add(timer_id, seconds)
                else:
                    (timers.pause if step == "pause" else timers.resume)(timer_id)
        for timer in timers.running():
            timers.resume(timer.id)
        await clock.advance(10_000)

    times = Counter(timer.id for timer in play(scenario))
    assert set(times) == started - canceled
    assert all(count == 1 for count in times.values())


def say(timers: Timers, tool: str, area: str | None = None, /, **slots: object) -> str:
    try:
        return run_timer_tool(timers, HOME, ToolCall(tool, slots), area)
    except HomeError as error:
        return f"{error}!"


def test_a_duration_is_said_in_hours_minutes_and_seconds() -> None:
    assert duration(4530) == "1 hour, 15 minutes and 30 seconds"
    assert duration(60) == "1 minute"
    assert duration(0.2) == "1 second"
    assert duration(0) == "0 seconds"


def test_a_timer_is_found_by_name_start_room_or_because_it_is_the_only_one() -> None:
    timers = Timers(FakeClock())
    assert say(timers, "HassCancelTimer") == "There is no timer!"
    assert say(timers, "HassStartTimer", "Kitchen", minutes=5) == "A timer is set for 5 minutes"
    assert say(timers, "HassTimerStatus") == "The 5 minute timer in the Kitchen has 5 minutes left"
    assert say(timers, "HassStartTimer", minutes=25, name="pizza") == "The pizza timer is set for 25 minutes"
    assert say(timers, "HassStartTimer", "Bedroom", hours=1) == "A timer is set for 1 hour"
    assert say(timers, "HassPauseTimer", name="pitsa timer") == "The pizza timer is paused with 25 minutes left"
    assert say(timers, "HassUnpauseTimer") == "The pizza timer goes on with 25 minutes left"
    assert say(timers, "HassIncreaseTimer", start_hours=1, minutes=30) == (
        "The 1 hour timer in the Bedroom has 1 hour and 30 minutes left"
    )
    assert say(timers, "HassCancelTimer") == (
        "Which timer do you mean, the 5 minute timer in the Kitchen, the pizza timer "
        "or the 1 hour timer in the Bedroom?!"
    )
    assert say(timers, "HassCancelTimer", "Bedroom") == "The 1 hour timer in the Bedroom is canceled"
    assert say(timers, "HassCancelTimer", area="kitchen") == "The 5 minute timer in the Kitchen is canceled"
    assert say(timers, "HassCancelTimer", name="pasta") == "There is no such timer!"
    assert say(timers, "HassCancelAllTimers") == "The pizza timer is canceled"


def test_a_timer_that_has_run_out_is_told_by_its_name_and_a_late_one_by_how_late() -> None:
    pasta = Timer(1, "pasta", None, 300, 0, paused=False)
    assert ring_text(pasta) == "The pasta timer is done."
    assert ring_text(replace(pasta, name=None)) == "A timer is done."
    assert ring_text(replace(pasta, late_s=59.9)) == "The pasta timer is done."
    assert ring_text(replace(pasta, late_s=119)) == "Your pasta timer ran out 1 minute ago."
    assert ring_text(replace(pasta, name=None, late_s=3600)) == "Your 5 minute timer ran out 1 hour ago."


def test_there_is_an_end_to_how_many_timers_there_are() -> None:
    timers = Timers(FakeClock())
    for _ in range(TIMERS_AT_MOST):
        assert say(timers, "HassStartTimer", minutes=5) == "A timer is set for 5 minutes"
    assert say(timers, "HassStartTimer", minutes=5) == "There are already 100 timers!"
    assert len(timers.running()) == TIMERS_AT_MOST


def test_a_refused_change_leaves_the_timer_alone() -> None:
    timers = Timers(FakeClock())
    assert say(timers, "HassStartTimer") == "How long should the timer run?!"
    timers.start(60, "egg")
    before = timers.running()
    assert say(timers, "HassStartTimer", name="egg", minutes=1) == "There is already a timer called egg!"
    assert say(timers, "HassDecreaseTimer", minutes=1) == "The egg timer has only 1 minute left!"
    assert say(timers, "HassIncreaseTimer") == "By how much should I change the timer?!"
    assert timers.running() == before
