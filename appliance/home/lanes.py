# SPDX-License-Identifier: Apache-2.0
"""One action at a time on each device: in the order in which they came, and of the settings of one thing the latest.

Two commands to one device may meet: an answer is interrupted and corrected, a delayed order is due while somebody
speaks, two rooms speak at once. Sent side by side they could arrive in any order, and each would take the other's
report for its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass
class _Lane:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    newest: dict[str, int] = field(default_factory=dict)
    """Setting -> number of the latest work on it."""
    yielding: tuple[str, asyncio.Event] | None = None
    """The setting that is being worked on, and what tells that a later one has come."""
    users: int = 0


class Lanes:
    """Who may act on which device now."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}
        self._number = 0

    async def run(self, device: str, setting: str | None, work: Callable[[], Awaitable[T]]) -> T | None:
        """Do `work` when all that came before it on the device is done.

        `setting` names what is set (a level, of which only the latest counts); work on the same setting that is still
        waiting or waits for its report then gives way, and returns None. Without one nothing gives way.
        """
        lane = self._lanes.setdefault(device, _Lane())
        self._number = number = self._number + 1
        lane.users += 1
        if setting is not None:
            lane.newest[setting] = number
            if lane.yielding is not None and lane.yielding[0] == setting:
                lane.yielding[1].set()
        try:
            async with lane.lock:
                if setting is None:
                    return await work()
                if lane.newest[setting] != number:
                    return None
                return await self._until_superseded(lane, setting, work)
        finally:
            lane.users -= 1
            if not lane.users:
                self._lanes.pop(device, None)

    async def _until_superseded(self, lane: _Lane, setting: str, work: Callable[[], Awaitable[T]]) -> T | None:
        later = asyncio.Event()
        lane.yielding = (setting, later)
        tasks = (asyncio.ensure_future(work()), asyncio.ensure_future(later.wait()))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return tasks[0].result() if tasks[0].done() else None
        finally:
            lane.yielding = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
