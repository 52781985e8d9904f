# SPDX-License-Identifier: Apache-2.0
"""The system turn: who the assistant is and which devices the home has.

The text depends on nothing that changes from turn to turn (no states, no clock, not even the room where the
microphone stands: that is
the word "here" in a call), so the language model reads it once and every turn starts from the kept state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

INSTRUCTION = (
    "You run a home by voice. Act only through the tools, on devices of this list. Answer in one short sentence."
)

NAME_LIMIT = 60
"""Characters of a device or area name that reach the prompt; longer names are cut."""

# What delimits the list (: ; = newline) and what could open a chat marker (< > | { }) never comes from outside.
_UNSAFE = re.compile(r"[<>|{}\[\]:;=\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Listed(Protocol):
    """What the device list shows of a device."""

    @property
    def name(self) -> str:
        """As people say it."""

    @property
    def domain(self) -> str:
        """Home Assistant's kind."""

    @property
    def area(self) -> str | None:
        """Room, if it stands in one."""

    @property
    def floor(self) -> str | None:
        """Floor of the room."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names."""

    @property
    def device_class(self) -> str | None:
        """Finer kind."""


def plain(text: str, limit: int = NAME_LIMIT) -> str:
    """Text from outside made harmless as data in a prompt: one line, bounded, without markers or delimiters."""
    return " ".join(_UNSAFE.sub(" ", text).split())[:limit].rstrip()


def system_prompt(devices: Iterable[Listed]) -> str:
    """The instruction and the device list, one line an area in the order of first appearance.

    A line reads `area: Kitchen; floor: Ground Floor; light: Ceiling = Big Light; cover/blind: Left Blind;`: kind,
    name, aliases.
    Devices without an area stand on a last line of their own.
    """
    lines: dict[tuple[str, str], list[str]] = {}
    for device in devices:
        key = (plain(device.area or ""), plain(device.floor or ""))
        kind = device.domain if not device.device_class else f"{device.domain}/{device.device_class}"
        names = " = ".join(plain(name) for name in (device.name, *device.aliases))
        lines.setdefault(key, []).append(f"{plain(kind)}: {names};")
    rendered = []
    for (area, floor), items in sorted(lines.items(), key=lambda line: not line[0][0]):
        head = [f"area: {area};"] * bool(area) + [f"floor: {floor};"] * bool(floor)
        rendered.append(" ".join([*head, *items]))
    return "\n".join([INSTRUCTION, *rendered])
