# SPDX-License-Identifier: Apache-2.0
"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta


class FakeClock:
    """Time as a number; `advance` wakes whoever sleeps, in order, as if the time had passed."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 19, 5)) -> None:
        self._start = now
        self._elapsed_s = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        return self._elapsed_s

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed_s)

    def set_wall(self, now: datetime) -> None:
        """Put the clock on the wall to another time; the other one does not notice."""
        self._start = now - timedelta(seconds=self._elapsed_s)

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sleeper = (self._elapsed_s + seconds, woken)
        self._sleepers.append(sleeper)
        try:
            await woken
        finally:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass, stopping at every sleeper's time so that what it does next happens then."""
        end = self._elapsed_s + seconds
        await self._settle()
        while due := [sleeper for sleeper in self._sleepers if sleeper[0] <= end]:
            sleeper = min(due, key=lambda waiting: waiting[0])
            self._sleepers.remove(sleeper)
            self._elapsed_s = max(self._elapsed_s, sleeper[0])
            if not sleeper[1].done():
                sleeper[1].set_result(None)
            await self._settle()
        self._elapsed_s = end
        await self._settle()

    async def _settle(self) -> None:
        for _ in range(10):  # a task needs a few rounds of the loop to act upon having been woken
            await asyncio.sleep(0)
