# SPDX-License-Identifier: Apache-2.0
"""What people say at home, written down line by line with the kinds of calls that each line asks for.

The intent classifier learns from these beside the generator's sentences; the language model does not, for they name no
home. A line of intents/*.txt is

    HassTurnOff/power, except | all the lights off in the {room} but not the {light}
    - | i said i'd turn off the {light} myself
    HassTurnOff/power | and the {room} << turn off the {light} => The light is off.

"-" asks for nothing; behind "<<" stands the turn before, behind "=>" its answer. Names come into the braces. The lines of
heard.txt alone were not written by hand: they were spoken and heard (heard_lines.py).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.home.tools import COLORS
from appliance.speech.numbers import digits
from tools.home_model import household, noise, spans, titles, words
from tools.home_model.grammar import Split, is_reserved
from tools.home_model.homes import Home, random_home

FOLDER = Path(__file__).parent / "intents"
_SLOT = re.compile(r"\{(\w+)\}")
_DOMAINS = {
    "light": ("light",), "fan": ("fan",), "switch": ("switch",), "cover": ("cover",), "lock": ("lock",), "player": ("media_player",),
    "climate": ("climate",), "vacuum": ("vacuum",), "scene": ("scene", "script"), "valve": ("valve",),
}  # fmt: skip
_HOMES = 150
"""Homes that names are taken from."""


def _number(rng: random.Random) -> str:
    return str(rng.choice((rng.randrange(5, 101, 5), rng.randint(16, 25), rng.randint(1, 100))))


def _time(rng: random.Random) -> str:
    hour = rng.randint(1, 12)
    minute = rng.randint(10, 59)
    return rng.choice((f"half past {hour}", f"{hour} o'clock", f"{hour} pm", f"quarter to {hour}", f"{hour}:{minute}"))


_MADE: dict[str, Callable[[random.Random, Split], str]] = {
    "person": lambda rng, split: words.any_word(rng, split, (words.FIRST_NAMES,)),
    "number": lambda rng, split: _number(rng),
    "duration": lambda rng, split: spans.span(rng).text,
    "time": lambda rng, split: _time(rng),
    "colour": lambda rng, split: rng.choice(COLORS),
    "item": household.ware,
    "title": titles.title,
}
SLOTS = frozenset((*_DOMAINS, "room", "floor", *_MADE))


@dataclass(frozen=True)
class Utterance:
    """A line: the sentence with its slots, the turn before likewise ("" where none is needed), and what it asks for."""

    text: str
    before: str
    intents: tuple[str, ...]


def utterances(split: Split, folder: Path = FOLDER, but: str = "") -> list[Utterance]:
    """All lines of a split, but those of one file; an eighth is kept for testing, by a hash of the sentence.

    Raises:
        ValueError: a line that cannot be read; the message says where and what.
    """
    found = []
    for path in sorted(path for path in folder.glob("*.txt") if path.stem != but):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line and not line.startswith("#"):
                one = _line(line, f"{path.name}:{number}")
                if is_reserved(one.text) == (split == "test"):
                    found.append(one)
    return found


def _line(line: str, place: str) -> Utterance:
    labels, bar, said = line.partition(" | ")
    text, _, before = said.partition(" << ")
    if not bar or not text.strip():
        raise ValueError(f"{place}: {line!r} is not of the form 'intents | sentence'.")
    if unknown := set(_SLOT.findall(said)) - SLOTS:
        raise ValueError(f"{place}: no name is known for {sorted(unknown)}; there are {sorted(SLOTS)}.")
    names = sorted({each.strip() for each in labels.split(",")} - {"-"})
    return Utterance(text.strip(), before.replace(" => ", " | ").strip(), tuple(names))


class Names:
    """Names of devices, rooms and floors, of random homes or of those that are given."""

    def __init__(self, rng: random.Random, split: Split, homes: Sequence[Home] = ()) -> None:
        self._split = split
        homes = homes or [random_home(rng, split) for _ in range(_HOMES)]
        self._known = {slot: list(_named(homes, domains)) for slot, domains in _DOMAINS.items()}
        self._known["room"] = [area for home in homes for area in home.areas]
        self._known["floor"] = [floor for home in homes for floor in home.floors]

    def has(self, one: Utterance) -> bool:
        """Whether there is a name for every slot of the sentence."""
        return all(self._known.get(slot, ("",)) for slot in _SLOT.findall(one.text))

    def said(self, rng: random.Random, one: Utterance) -> tuple[str, str]:
        """The sentence and the turn before, with names in the braces, as a recognizer may write them."""
        names: list[str] = []

        def named(match: re.Match[str]) -> str:
            slot = match[1]
            name = rng.choice(self._known[slot]) if slot in self._known else _MADE[slot](rng, self._split)
            names.append(name.lower())
            return names[-1]

        before = digits(_SLOT.sub(named, one.before))
        names.clear()
        return noise.written(rng, _SLOT.sub(named, one.text), tuple(names)), before


def _named(homes: Sequence[Home], domains: tuple[str, ...]) -> Iterator[str]:
    for home in homes:
        for device in home.devices:
            if device.domain in domains:
                yield from (device.name, *device.aliases)
