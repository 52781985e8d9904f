# SPDX-License-Identifier: Apache-2.0
"""Announcements: a message said on the other speakers of the house, and where it was really said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from appliance.home.errors import CannotDo
from appliance.home.naming import listing
from appliance.home.tools import ToolResult

BROADCAST = "HassBroadcast"
"""The tool."""


@dataclass(frozen=True)
class Announced:
    """What became of an announcement: names of speakers."""

    on: tuple[str, ...] = ()
    """Those that reported that they say it."""
    silent: tuple[str, ...] = ()
    """Those that did not."""


@runtime_checkable
class Speakers(Protocol):
    """Whoever has speakers: a driver, or all of them together."""

    async def announce(self, message: str) -> Announced:
        """Have every speaker say the message, and return once they say it or had long enough; nothing is kept for
        later. Raises DriverError with a sentence when it cannot be sent or was refused by all.
        """


def told(announced: Announced) -> ToolResult:
    """The result of an announcement; raises CannotDo where nobody could say it."""
    if not announced.on and not announced.silent:
        raise CannotDo("There is no other speaker that I could say it on")
    missing = f"{listing(announced.silent)} did not answer" if announced.silent else ""
    if not announced.on:
        return ToolResult(False, error=missing)
    said = f"Announced on {listing(announced.on)}"
    return ToolResult(True, result=f"{said}, but {missing}" if missing else said, complete=not missing)
