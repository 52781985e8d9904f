# SPDX-License-Identifier: Apache-2.0
"""Time as a thing that is handed in, so that tests can drive it."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What the home needs to know of time."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never go back; timers run on these."""

    def now(self) -> datetime:
        """Return the date and time on the wall, in local time."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never go back."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the local date and time."""
        return datetime.now().astimezone()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)
