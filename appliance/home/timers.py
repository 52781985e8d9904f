# SPDX-License-Identifier: Apache-2.0
"""Timers, alarms, reminders and delayed commands: several at once, each of them runs out exactly once.

What was set for so many minutes runs on a clock that nobody can set; what was set for a time of the day follows the
clock on the wall, also when that is put right or changes to summer time.

A ring is written down before it begins and again when it is over. So the one case in which a timer rings a second time
is a process that ended in between, where nobody knows whether the person heard it: a kitchen timer that is lost is
worse than one that is heard twice. It rings again once, and not a third time, whatever ends the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from appliance.home.clock import Clock
from appliance.home.tools import ToolCall

if TYPE_CHECKING:
    from appliance.home.keep import Keep

_LOG = logging.getLogger(__name__)

KEEP_EVERY_S = 60.0
"""How often the file is written anew while there are timers. Where the wall clock starts in the past after a reboot, as
on a board without a battery, a timer rings that much too late at most, and as much as the power was off."""
LATE_AT_MOST_S = 3600.0
"""A timer that ran out longer than this before the start does not ring any more."""
RINGS_AT_MOST = 2
"""With the second one after a process that ended while it rang."""

WALL_EVERY_S = 30.0
"""How often the wall clock is looked at while something waits for a time of the day."""

TimerKind: TypeAlias = Literal["timer", "alarm", "reminder", "command"]

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
    rings: int = 0
    """How often it was handed out to ring, this time included."""
    late_s: float = 0.0
    """For a timer that rings: how long ago it ran out, as when the appliance was off at that time."""
    kind: TimerKind = "timer"
    text: str = ""
    """What a reminder reminds of, or what a delayed command will do."""
    due_utc: float | None = None
    """Seconds since 1970 on the wall clock, where it was set for a time of the day."""
    order: ToolCall | None = None
    """The call of a delayed command."""


@dataclass(frozen=True)
class _Entry:
    timer: Timer  # its remaining_s holds as of `since`
    since: float

    def remaining(self, clock: Clock) -> float:
        if self.timer.due_utc is not None:
            return self.timer.due_utc - clock.now().timestamp()
        return self.timer.remaining_s - (0 if self.timer.paused else clock.monotonic() - self.since)


class Timers:
    """All timers, in the order in which they were started, on the clock that is handed in.

    A timer that has run out is gone from `running` at that moment, whether or not somebody already took it from
    `expired`: it can neither be revived nor ring twice. With a `keep` every change is on the disk before the method
    returns, and the timers from before are there at once; only one process may use the same file.
    """

    def __init__(self, clock: Clock, keep: Keep | None = None) -> None:
        self._clock = clock
        self._keep = keep
        self._entries: dict[int, _Entry] = {}
        self._next_id = 1
        self._changed = asyncio.Event()
        self._saved_at = clock.monotonic()
        self._saved = True
        if keep is not None:
            self._restore(keep)

    def running(self) -> list[Timer]:
        """Return the timers that have time left, the paused ones too."""
        left = [(entry.timer, entry.remaining(self._clock)) for entry in self._entries.values()]
        return [replace(timer, remaining_s=remaining) for timer, remaining in left if remaining > _INSTANT_S]

    def start(
        self,
        seconds: int,
        name: str | None = None,
        area: str | None = None,
        *,
        kind: TimerKind = "timer",
        text: str = "",
        at: datetime | None = None,
        order: ToolCall | None = None,
    ) -> Timer:
        """Start a timer of `seconds`, or (`at`) one for a time of the day that is so far off.

        Raises ValueError if it would not run at all.
        """
        if seconds <= 0:
            raise ValueError(f"a timer needs at least a second, not {seconds}")
        due = at.timestamp() if at is not None else None
        timer = Timer(self._next_id, name, area, seconds, seconds, False, 0, 0.0, kind, text, due, order)
        self._next_id += 1
        self._put(timer)
        return timer

    def cancel(self, timer_id: int) -> None:
        """Forget a timer; KeyError if it is not running."""
        self._live(timer_id)
        del self._entries[timer_id]
        self._save()
        self._changed.set()

    def pause(self, timer_id: int) -> Timer:
        """Stop the time of a timer; KeyError if it is not running. One for a time of the day is then for as long as was
        left.
        """
        return self._put(replace(self._live(timer_id), paused=True, due_utc=None))

    def resume(self, timer_id: int) -> Timer:
        """Let a paused timer go on; KeyError if it is not running."""
        return self._put(replace(self._live(timer_id), paused=False))

    def add(self, timer_id: int, seconds: int) -> Timer:
        """Add time, or take it off (negative); KeyError if it is not running, ValueError if no time would be left."""
        timer = self._live(timer_id)
        if timer.remaining_s + seconds <= _INSTANT_S:
            raise ValueError(f"only {timer.remaining_s} s are left")
        due = timer.due_utc + seconds if timer.due_utc is not None else None
        return self._put(replace(timer, remaining_s=timer.remaining_s + seconds, due_utc=due))

    @property
    def due(self) -> bool:
        """Whether one has run out that nobody took yet."""
        return any(e.remaining(self._clock) <= _INSTANT_S and not e.timer.rings for e in self._entries.values())

    def poke(self) -> None:
        """End a `wait`."""
        self._changed.set()

    async def wait(self, seconds: float) -> None:
        """Until so much time has passed, or one may have run out or was changed."""
        ahead = [e.remaining(self._clock) for e in self._entries.values() if not e.timer.paused and not e.timer.rings]
        self._changed.clear()
        await self._wait_for_change(max(0.0, min([seconds, *ahead])))

    async def expired(self) -> AsyncIterator[Timer]:
        """Yield each timer as it runs out, the earliest first; for one reader at a time.

        A timer counts as heard when the reader asks for the next one. If it never does, the next reader is handed the
        same timer again, in this process or after a restart, but RINGS_AT_MOST times in all.
        """
        while True:
            due = self._take_due()
            if due is not None:
                yield due
                self._entries.pop(due.id, None)
                self._save()
                continue
            self._changed.clear()
            await self._wait_for_change(self._next_wake_s())
            if self._keep is not None and self._clock.monotonic() - self._saved_at >= KEEP_EVERY_S - _INSTANT_S:
                self._save()

    def _live(self, timer_id: int) -> Timer:
        timer = next((timer for timer in self.running() if timer.id == timer_id), None)
        if timer is None:
            raise KeyError(timer_id)
        return timer

    def _put(self, timer: Timer) -> Timer:
        self._entries[timer.id] = _Entry(timer, self._clock.monotonic())
        self._save()
        self._changed.set()
        return timer

    def _restore(self, keep: Keep) -> None:
        now = self._clock.monotonic()
        self._next_id, timers = keep.load()
        for timer in timers:
            entry = _Entry(timer, now)
            late = -entry.remaining(self._clock)
            if late > LATE_AT_MOST_S:
                _LOG.warning("%s ran out %.0f s ago: it does not ring any more", _logged(timer), late)
            else:
                self._entries[timer.id] = entry
        if len(self._entries) < len(timers):
            self._save()

    def _save(self) -> None:
        if self._keep is None:
            return
        self._saved_at = self._clock.monotonic()
        kept = [replace(entry.timer, remaining_s=entry.remaining(self._clock)) for entry in self._entries.values()]
        self._saved = self._keep.save(self._next_id, kept)

    def _take_due(self) -> Timer | None:
        """Hand out the timer that has run out first, which is written down before."""
        due = [entry for entry in self._entries.values() if entry.remaining(self._clock) <= _INSTANT_S]
        cut_off = [entry.timer for entry in due if entry.timer.rings >= RINGS_AT_MOST]
        for timer in cut_off:
            _LOG.warning("%s was cut off %d times while it rang: it does not again", _logged(timer), timer.rings)
            del self._entries[timer.id]
        due = [entry for entry in due if entry.timer not in cut_off]
        if cut_off and not due:
            self._save()
        if not due:
            return None
        first = min(due, key=lambda entry: entry.remaining(self._clock))
        ringing = replace(first.timer, rings=first.timer.rings + 1)
        self._entries[ringing.id] = _Entry(ringing, first.since)
        self._save()
        return replace(ringing, remaining_s=0, late_s=max(0.0, -first.remaining(self._clock)))

    def _next_wake_s(self) -> float | None:
        now = self._clock.monotonic()
        ahead = [
            min(
                entry.remaining(self._clock),
                WALL_EVERY_S if entry.timer.due_utc is not None else entry.timer.remaining_s,
            )
            for entry in self._entries.values()
            if not entry.timer.paused
        ]
        if self._keep is not None and (self._entries or not self._saved):
            ahead.append(max(0.0, self._saved_at + KEEP_EVERY_S - now))
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


def _logged(timer: Timer) -> str:
    return (
        f"{timer.kind} {timer.id} of {timer.started_with_s} s"  # not its name: what people say is no matter of the log
    )
