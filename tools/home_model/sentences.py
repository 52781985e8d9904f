# SPDX-License-Identifier: Apache-2.0
"""What is measured on: a fixture home, and sentences with what is right to do about each of them.

A case is a JSON object: `text` and `intent` with `slots` (the form of Home Assistant's intents repository), or `text`
with `accept` (a list of alternatives, each a list of calls {`intent`, `slots`}; any one of them is right) or `expect`
(one or several of EXPECTED). `context_area` is the room where the microphone stands, `history` the turns before. A
slot of a call may be a range of numbers, {"from": 10, "to": 40}.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appliance.home.registry import Area, Device, Floor, Registry
from appliance.speech.recognizer import Hypothesis

Slots = Mapping[str, Any]

EXPECTED = ("calls", "clarify", "confirm", "refuse", "answer", "none")
"""What may be right to do: make the accepted calls, ask what is meant, ask whether really, say that it cannot be done,
answer without touching anything, or whatever else touches nothing.
"""

# These take the room where the microphone stands when no other place is said; the executor does the same.
_OF_THE_ROOM = ("HassMedia", "HassSetVolume")
_NUMERIC = ("position", "brightness", "percentage", "volume_level", "temperature", "current_temperature")


@dataclass(frozen=True)
class Span:
    """A range of numbers, each of which is right."""

    least: float
    most: float

    def holds(self, value: Any) -> bool:
        """Whether the value is a number of this range."""
        with contextlib.suppress(ValueError):
            return self.least <= float(str(value)) <= self.most
        return False


@dataclass(frozen=True)
class Wanted:
    """A call that is right: a tool and its slots, some of them perhaps a Span."""

    intent: str
    slots: Slots

    def near(self, calls: list[tuple[str, Slots]]) -> tuple[str, Slots]:
        """The call with each range narrowed to the value that was chosen for it, if that is of the range."""
        slots = {}
        for slot, value in self.slots.items():
            if isinstance(value, Span):
                chosen = [made[slot] for tool, made in calls if tool == self.intent and value.holds(made.get(slot))]
                value = chosen[0] if chosen else value.least
            slots[slot] = value
        return self.intent, slots


Calls = tuple[Wanted, ...]


@dataclass(frozen=True)
class Said:
    """A turn before: what was said, and what came of it if that is given."""

    text: str
    calls: Calls | None = None
    answer: str | None = None


@dataclass(frozen=True)
class Case:
    """One sentence and what is right to do about it."""

    text: str
    expect: tuple[str, ...]
    accept: tuple[Calls, ...]
    """Alternatives. Where `expect` is confirm, the calls that are to be confirmed before they are made."""
    area: str | None = None
    history: tuple[Said, ...] = ()
    kind: str = ""
    """What it is counted under: its intent, its group, or what is expected."""
    hypotheses: tuple[Hypothesis, ...] = ()
    """Of a sentence that was spoken: what the recognizer offers, the text first."""


@dataclass(frozen=True)
class Fixture:
    """The home that the cases speak of."""

    areas: tuple[Area, ...]
    floors: tuple[Floor, ...]
    devices: tuple[Device, ...]
    timers: tuple[tuple[int, str | None, str | None], ...] = ()
    """Timers that run: seconds, name, area."""
    speakers: tuple[str, ...] = ()
    """Where announcements are said."""

    def registry(self) -> Registry:
        """The home as it is before anything was said."""
        return Registry(self.devices, self.areas, self.floors)


def read_home(path: Path) -> Fixture:
    """A fixture home: `areas`, `floors`, `entities` and `timers` as in Home Assistant's intents repository, and perhaps
    `speakers`, a list of names.
    """
    raw = json.loads(path.read_text(encoding="utf-8"))
    floors = {each["id"]: Floor(each["name"], _aliases(each)) for each in raw.get("floors", [])}
    areas = {}
    for each in raw.get("areas", []):
        floor = floors.get(each.get("floor"))
        areas[each["id"]] = Area(each["name"], floor.name if floor else None, _aliases(each))
    timers = []
    for each in raw.get("timers", []):
        spans = (("start_hours", 3600), ("start_minutes", 60), ("start_seconds", 1))
        area = areas.get(each.get("area"))
        seconds = sum(int(each.get(slot, 0)) * size for slot, size in spans)
        timers.append((seconds, each.get("name"), area.name if area else None))
    devices = tuple(_device(each, areas.get(each.get("area"))) for each in raw["entities"])
    return Fixture(
        tuple(areas.values()), tuple(floors.values()), devices, tuple(timers), tuple(raw.get("speakers", ["Speaker"]))
    )


def _state(given: Any) -> str:
    """A state, or of Home Assistant's fixtures {in: what is said, out: what is reported} the second."""
    return str(given.get("out", "unknown") if isinstance(given, dict) else given)


def _device(raw: Mapping[str, Any], area: Area | None) -> Device:
    attributes = dict(raw.get("attributes", {}))
    device_class = attributes.pop("device_class", None)
    units = [attributes.pop(key, None) for key in ("unit_of_measurement", "temperature_unit")]
    for slot in _NUMERIC:
        if slot in attributes:
            attributes[slot] = float(attributes[slot])
    return Device(
        entity_id=raw["id"],
        name=_plain(raw["name"]),
        domain=raw["id"].partition(".")[0],
        area=area.name if area else None,
        floor=area.floor if area else None,
        aliases=_aliases(raw),
        device_class=device_class,
        state=_state(raw.get("state", "unknown")),
        attributes=attributes,
        unit=units[0] or units[1],
    )


def _aliases(raw: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_plain(alias) for alias in raw.get("aliases", ()))


def _plain(name: str) -> str:
    return re.sub(r"\[[^\]]*\]", "", name)  # there a name may be a template: what is in brackets may be left out


def read_cases(path: Path) -> list[Case]:
    """One JSON object a line; ValueError names the line that is no case."""
    cases = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                cases.append(case_of(json.loads(line)))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path}:{number}: this is no case: {error!r}") from error
    return cases


def case_of(raw: Mapping[str, Any]) -> Case:
    """A case from its JSON object."""
    accept = tuple(_calls(each) for each in raw.get("accept", ()))
    if "intent" in raw:
        accept = (_calls(raw), *accept)
    given = raw.get("expect", "calls")
    expect = (given,) if isinstance(given, str) else tuple(given)
    unknown = [each for each in expect if each not in EXPECTED]
    if unknown or not expect:
        raise ValueError(f"expect is {given!r}; allowed: {', '.join(EXPECTED)}")
    if "calls" in expect and not accept:
        raise ValueError("calls are expected, but there is neither intent nor accept")
    return Case(
        text=raw["text"],
        expect=expect,
        accept=accept,
        area=raw.get("context_area") or (raw.get("context") or {}).get("area"),
        history=_history(raw.get("history", ())),
        kind=raw.get("intent") or raw.get("kind") or " or ".join(expect),
    )


def _calls(raw: Any) -> Calls:
    calls = [raw] if isinstance(raw, Mapping) else raw
    return tuple(Wanted(each["intent"], {k: _value(v) for k, v in each.get("slots", {}).items()}) for each in calls)


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Span(float(value["from"]), float(value["to"]))
    return value[0] if isinstance(value, list) else value


def _history(raw: Iterable[Any]) -> tuple[Said, ...]:
    """The turns before: texts, objects with `text` and perhaps `calls` (or `intent`, `slots`) and `answer`, or chat
    messages with `role` and `content`.
    """
    turns: list[Said] = []
    for each in raw:
        if isinstance(each, str):
            turns.append(Said(each))
        elif each.get("role") == "assistant":
            if each.get("content") and turns:
                turns[-1] = replace(turns[-1], answer=each["content"])
        elif each.get("role", "user") == "user":
            calls = _calls(each["calls"]) if "calls" in each else _calls(each) if "intent" in each else None
            text = each.get("text") or each.get("user") or each["content"]
            turns.append(Said(text, calls, each.get("answer") or each.get("response") or each.get("assistant")))
    return tuple(turns)


def normal(tool: str, slots: Slots, area: str | None) -> dict[str, str]:
    """Slots as they are compared: letter case, number form, Home Assistant's `name: all` and `area: here` aside."""
    made = {}
    for key, value in slots.items():
        text = str(value).strip().lower()
        if key == "area" and text == "here":
            text = (area or "").lower()
        with contextlib.suppress(ValueError):
            text = f"{float(text):g}"
        if text and not (key == "name" and text == "all"):
            made[key] = text
    if area and tool.startswith(_OF_THE_ROOM) and not made.keys() & {"name", "area", "floor"}:
        made["area"] = area.lower()
    return made
