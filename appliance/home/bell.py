# SPDX-License-Identifier: Apache-2.0
"""What has run out is told: timers and alarms ring until somebody stops them, reminders come twice, and delayed
commands are carried out and reported.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from appliance.errors import ApplianceError
from appliance.home.clock import Clock
from appliance.home.execute import Home
from appliance.home.timer_tools import ring_text
from appliance.home.timers import Timer, TimerKind, Timers

_LOG = logging.getLogger(__name__)

EVERY_S = 8.0
"""From the end of one ring to the next."""
RINGS: dict[TimerKind, int] = {"timer": 12, "alarm": 60, "reminder": 2}
"""How often each rings if nobody stops it: what rings for ever is pulled out of the wall."""


@dataclass
class _Ringing:
    timer: Timer
    left: int


class Bell:
    """Rings what runs out. `quiet` and `snooze` are for the person; both are heard between two rings."""

    def __init__(self, timers: Timers, home: Home, clock: Clock, announce: Callable[[str], Awaitable[None]]) -> None:
        self._timers, self._home, self._clock, self._announce = timers, home, clock, announce
        self._now: list[_Ringing] = []

    @property
    def ringing(self) -> list[Timer]:
        """What rings now."""
        return [each.timer for each in self._now]

    def quiet(self) -> list[Timer]:
        """Stop all that rings, and return it."""
        stopped, self._now = self.ringing, []
        self._timers.poke()
        return stopped

    def snooze(self, seconds: int) -> list[Timer]:
        """Let all that rings be quiet and ring again after so many seconds; returns it."""
        stopped = self.quiet()
        for timer in stopped:
            self._timers.start(seconds, timer.name, timer.area, kind=timer.kind, text=timer.text)
        return stopped

    async def run(self) -> None:
        """Ring for ever, as timers run out; for one task."""
        async for timer in self._timers.expired():
            _LOG.info("%s %d has run out", timer.kind, timer.id)
            if timer.kind == "command":
                result = await self._home.run_order(timer)
                await self._tell(result.result or result.error or "")
            else:
                self._now.append(_Ringing(timer, RINGS[timer.kind]))
            # The next one that runs out is taken at once, and rings together with those that ring already.
            while self._now:
                for each in self._now:
                    each.left -= 1
                await self._tell(" ".join(ring_text(each.timer) for each in self._now))
                self._now = [each for each in self._now if each.left > 0]
                if self._timers.due or not await self._pause():
                    break

    async def _pause(self) -> bool:
        """Wait for the next ring; False where something else has run out meanwhile."""
        end = self._clock.monotonic() + EVERY_S
        while self._now and (left := end - self._clock.monotonic()) > 0:
            await self._timers.wait(left)
            if self._timers.due:
                return False
        return True

    async def _tell(self, text: str) -> None:
        try:
            await self._announce(text if text.endswith((".", "!", "?")) else f"{text}.")
        except ApplianceError as error:
            _LOG.error("something has run out and could not be told: %s", error)
