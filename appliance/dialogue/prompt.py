# SPDX-License-Identifier: Apache-2.0
"""The system turn: who the assistant is and which devices the home has.

The text depends on nothing that changes from turn to turn (no states, no clock, not even the room where the
microphone stands: that is
the word "here" in a call), so the language model reads it once and every turn starts from the kept state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from appliance.home.tools import COPIED
from appliance.text import MARKERS, clean
from engines.grammar import Copied
from engines.nemotron_h.chat import Message

INSTRUCTION = (
    "You run a home by voice. Act only through the tools, on devices of this list. Answer in one short sentence."
)

_TURNS = 8
_POSSESSIVE = re.compile(r"(?<=\w)['\u2019]s\b")

_DELIMITERS = MARKERS + "[]:;="
"""What delimits the list or could open a chat marker never comes from outside."""


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


def system_prompt(devices: Iterable[Listed]) -> str:
    """The instruction and the device list, one line an area in the order of first appearance.

    A line reads `area: Kitchen; floor: Ground Floor; light: Ceiling = Big Light; cover/blind: Left Blind;`: kind,
    name, aliases.
    Devices without an area stand on a last line of their own.
    """
    lines: dict[tuple[str, str], list[str]] = {}
    for device in devices:
        key = (_listed(device.area or ""), _listed(device.floor or ""))
        kind = device.domain if not device.device_class else f"{device.domain}/{device.device_class}"
        names = " = ".join(_listed(name) for name in (device.name, *device.aliases))
        lines.setdefault(key, []).append(f"{_listed(kind)}: {names};")
    rendered = []
    for (area, floor), items in sorted(lines.items(), key=lambda line: not line[0][0]):
        head = [f"area: {area};"] * bool(area) + [f"floor: {floor};"] * bool(floor)
        rendered.append(" ".join([*head, *items]))
    return "\n".join([INSTRUCTION, *rendered])


def copied(devices: Iterable[Listed], messages: Sequence[Message]) -> Copied:
    """What names in the calls of a turn may be: those of the home, or words that a person said in the last turns."""
    names = [name for each in devices for name in (each.name, *each.aliases, each.area or "", each.floor or "")]
    said = [str(message["content"]) for message in messages if message["role"] == "user"][-_TURNS:]
    bare = [_POSSESSIVE.sub("", text) for text in said if _POSSESSIVE.search(text)]  # "the pasta's done"
    return Copied(COPIED, (*dict.fromkeys(map(_listed, names)), "all", "here"), "\n".join([*said, *bare]))


def _listed(text: str) -> str:
    return clean(text, without=_DELIMITERS)
