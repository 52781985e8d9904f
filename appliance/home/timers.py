# SPDX-License-Identifier: Apache-2.0
"""Timers: several at once, named or not, each of them rings exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from appliance.home.clock import Clock

_INSTANT_S = 0.001  # less is no time at all: rounding of the clock must not keep a timer alive


@dataclass(frozen=True)
class Timer:
    """One timer as of now; all times in seconds."""

    id: int
    name: str | None
    area: str | None
    started_with_s: int
    """What it was set to; people speak of "the 5 minute timer" even after time was added."""
    remaining_s: float
    paused: bool


@dataclass(frozen=True)
class _Entry:
    timer: Timer  # its remaining_s holds as of `since`
    since: float

    def remaining(self, now: float) -> float:
        return self.timer.remaining_s - (0 if self.timer.paused else now - self.since)


class Timers:
    """All timers, in the order in which they were started. They live in memory, on the clock that is handed in.

    A timer that has run out is gone from `running` at that moment, whether or not somebody already took it from
    `expired`: it can neither be revived nor ring twice.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[int, _Entry] = {}
        self._next_id = 1
        self._changed = asyncio.Event()

    def running(self) -> list[Timer]:
        """Return the timers that have time left, the paused ones too."""
        now = self._clock.monotonic()
        return [
            replace(entry.timer, remaining_s=entry.remaining(now))
            for entry in self._entries.values()
            if entry.remaining(now) > _INSTANT_S
        ]

    def start(self, seconds: int, name: str | None = None, area: str | None = None) -> Timer:
        """Start a timer; ValueError if it would not run at all."""
        if seconds <= 0:
            raise ValueError(f"a timer needs at least a second, not {seconds}")
        timer = Timer(self._next_id, name, area, seconds, seconds, paused=False)
        self._next_id += 1
        self._put(timer)
        return timer

    def cancel(self, timer_id: int) -> None:
        """Forget a timer; KeyError if it is not running."""
        self._live(timer_id)
        del self._entries[timer_id]
        self._changed.set()

    def pause(self, timer_id: int) -> Timer:
        """Stop the time of a timer; KeyError if it is not running."""
        return self._put(replace(self._live(timer_id), paused=True))

    def resume(self, timer_id: int) -> Timer:
        """Let a paused timer go on; KeyError if it is not running."""
        return self._put(replace(self._live(timer_id), paused=False))

    def add(self, timer_id: int, seconds: int) -> Timer:
        """Add time, or take it off (negative); KeyError if it is not running, ValueError if no time would be left."""
        timer = self._live(timer_id)
        if timer.remaining_s + seconds <= _INSTANT_S:
            raise ValueError(f"only {timer.remaining_s} s are left")
        return self._put(replace(timer, remaining_s=timer.remaining_s + seconds))

    async def expired(self) -> AsyncIterator[Timer]:
        """Yield each timer as it runs out, the earliest first; for one reader at a time."""
        while True:
            due = self._take_due()
            if due is not None:
                yield due
                continue
            self._changed.clear()
            await self._wait_for_change(self._next_due_s())

    def _live(self, timer_id: int) -> Timer:
        timer = next((timer for timer in self.running() if timer.id == timer_id), None)
        if timer is None:
            raise KeyError(timer_id)
        return timer

    def _put(self, timer: Timer) -> Timer:
        self._entries[timer.id] = _Entry(timer, self._clock.monotonic())
        self._changed.set()
        return timer

    def _take_due(self) -> Timer | None:
        now = self._clock.monotonic()
        due = [entry for entry in self._entries.values() if entry.remaining(now) <= _INSTANT_S]
        if not due:
            return None
        first = min(due, key=lambda entry: entry.remaining(now))
        del self._entries[first.timer.id]
        return replace(first.timer, remaining_s=0)

    def _next_due_s(self) -> float | None:
        now = self._clock.monotonic()
        ahead = [entry.remaining(now) for entry in self._entries.values() if not entry.timer.paused]
        return min(ahead, default=None)

    async def _wait_for_change(self, seconds: float | None) -> None:
        waits: list[asyncio.Task[object]] = [asyncio.create_task(self._changed.wait())]
        if seconds is not None:
            waits.append(asyncio.create_task(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
