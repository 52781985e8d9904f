# SPDX-License-Identifier: Apache-2.0
"""Calls that name what nobody named, or pass by what was: whether it was meant all the same, may be asked about, or is
refused.

"Start the vacuum" means the only vacuum, whatever it is called. What could open the house is never taken so.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from typing import Any

from appliance.dialogue.grounding import unspoken
from appliance.home.acts import ACTS
from appliance.home.errors import HomeError
from appliance.home.kinds import KINDS
from appliance.home.naming import Words, words
from appliance.home.places import is_here
from appliance.home.registry import Device, Registry
from appliance.home.resolver import guarded, resolve
from appliance.home.synonyms import synonyms
from appliance.home.tools import ToolCall

_PLACES = ("name", "area", "floor")
_ALL = re.compile(
    r"\b(?:all|every\w*|each|both|whole|house|home|place|any|anything|anywhere|lot|throughout|around|across|over)\b"
)
_NOTHING_TO_DO = ("person", "sensor", "binary_sensor", "weather")
_THIS_FLOOR = re.compile(r"\b(?:this|our|same) floor\b")
_SHADES = ("blind", "curtain", "shade", "shutter", "window")
_FINDING = (*_PLACES, "domain", "device_class", "except")


class Meant(enum.Enum):
    """How sure it is that a call speaks of what the person spoke of."""

    YES = enum.auto()
    PERHAPS = enum.auto()
    NO = enum.auto()


def meant(call: ToolCall, said: Sequence[str], registry: Registry, area: str | None) -> Meant:
    """Whether the things of an acting call were spoken of; `said` is what was said and reported, the sentence last."""
    invented = [slot for slot in _PLACES if unspoken({slot: call.arguments.get(slot)}, said)]
    renamed = {
        slot for slot in invented if slot == "name" and _by_another_name(str(call.arguments[slot]), said, registry)
    }
    invented = [slot for slot in invented if slot not in renamed]
    rest = {slot: value for slot, value in call.arguments.items() if slot not in invented}
    if unspoken({slot: value for slot, value in rest.items() if slot not in renamed}, said) is not None:
        return Meant.NO
    if not invented:
        return Meant.YES
    found = _reached(call, call.arguments, registry, area) if call.name in ACTS else []
    if not found or any(map(guarded, found)):
        return Meant.NO
    known = synonyms(registry)
    heard = known.spoken(words(said[-1]))
    otherwise = all(_holds(heard, known.read(str(call.arguments[slot]))) for slot in invented)
    if otherwise or _reached(call, rest, registry, area) == found:
        return Meant.YES  # it was said in other words, or what was added says nothing
    return Meant.YES if len(found) == 1 and _only_one_of_its_kind(found[0], heard, registry) else Meant.PERHAPS


def _by_another_name(name: str, said: Sequence[str], registry: Registry) -> bool:
    """Whether the device of this name was spoken of by another of its names: the extractor fan as "the hood"."""
    called = name.casefold()
    names = [(device.name, *device.aliases) for device in registry.devices]
    others = [each for one in names if called in map(str.casefold, one) for each in one if each.casefold() != called]
    heard = set(words(said[-1]))
    return any(heard.intersection(words(each)) and unspoken({"name": each}, said) is None for each in others)


def beside(call: ToolCall, text: str, registry: Registry, area: str | None) -> bool:
    """Whether a call acts on something else than what `text` names: on more than the places that it names, or on a
    device of which it says only a part of the name, while it says another's whole.
    """
    if call.name not in ACTS:
        return False
    heard = words(text)
    found = _reached(call, call.arguments, registry, area)
    spared = words(str(call.arguments.get("except") or ""))
    if name := call.arguments.get("name"):
        return (
            not spared
            and not _holds(heard, words(str(name)))
            and any(
                (part := words(each)) not in KINDS and _holds(heard, part)
                for device in registry.devices
                if device not in found and device.domain not in _NOTHING_TO_DO
                for each in (device.name, *device.aliases)
            )
        )
    if call.arguments.get("area"):
        return False
    named: set[str | None] = {
        place.name
        for place in registry.places
        if any(_holds(heard, words(each)) and not _holds(spared, words(each)) for each in (place.name, *place.aliases))
    }
    if _THIS_FLOOR.search(text.casefold()):
        named |= {each.floor for each in registry.areas if each.name == area and each.floor}
    if not named and not call.arguments.get("floor"):
        many = len({device.area for device in found}) > 1
        return many and area is not None and not _ALL.search(text.casefold())
    return bool(named) and any(device.area not in named and device.floor not in named for device in found)


def anywhere(call: ToolCall, registry: Registry, area: str | None) -> ToolCall | None:
    """The call for the one thing at home that fits, where it says "here" and nobody knows which room that is."""
    if area is not None or call.name not in ACTS or not is_here(str(call.arguments.get("area") or "")):
        return None
    arguments = {slot: value for slot, value in call.arguments.items() if slot != "area"}
    return ToolCall(call.name, arguments) if len(_reached(call, arguments, registry, None)) == 1 else None


def where_it_was(call: ToolCall, before: Sequence[ToolCall], area: str | None) -> list[ToolCall]:
    """A call that says nothing of where, on what each call of the turn before spoke of, the last one first: "make it
    15" after the heating of the lounge was asked about.
    """
    nowhere = area is None and is_here(str(call.arguments.get("area") or ""))
    rest = {slot: value for slot, value in call.arguments.items() if slot != "area" or not nowhere}
    if not ACTS.get(call.name) or not rest.keys().isdisjoint(_FINDING):
        return []
    slots = [slot for slot in _FINDING if slot != "domain"]
    places = [{slot: each.arguments[slot] for slot in slots if slot in each.arguments} for each in reversed(before)]
    return [ToolCall(call.name, {**rest, **where}) for where in places if where]


def at_the_window(call: ToolCall, text: str, registry: Registry, area: str | None) -> ToolCall | None:
    """The call for what hangs before a room's windows, where it names a kind that nobody spoke of and that is not
    there: "let some daylight in" means the shutter of a room without blinds.
    """
    kind = str(call.arguments.get("device_class") or "")
    if kind not in _SHADES or _holds(words(text), words(kind)):
        return None
    arguments = {slot: value for slot, value in call.arguments.items() if slot != "device_class"}
    found = [] if _reached(call, call.arguments, registry, area) else _reached(call, arguments, registry, area)
    return ToolCall(call.name, arguments) if found and all(each.device_class in _SHADES for each in found) else None


def _reached(call: ToolCall, arguments: Mapping[str, Any], registry: Registry, area: str | None) -> list[Device]:
    slots = {slot: value for slot, value in arguments.items() if slot in _FINDING}
    try:
        return resolve(registry, slots, area, domains=ACTS.get(call.name))
    except HomeError:
        return []


def _only_one_of_its_kind(device: Device, said: Words, registry: Registry) -> bool:
    """Whether a kind of device was said, of which there is only this one, at home or in a room that was said."""
    rooms = {area.name for area in registry.areas if f"@{area.name}" in said}
    for kind, (domain, device_class) in KINDS.items():
        if domain == device.domain and device_class in (None, device.device_class) and _holds(said, kind):
            alike = [
                each
                for each in registry.devices
                if each.domain == domain
                and device_class in (None, each.device_class)
                and (not rooms or each.area in rooms)
            ]
            return alike == [device]
    return False


def _holds(said: Words, part: Words) -> bool:
    return bool(part) and any(said[at : at + len(part)] == part for at in range(len(said) - len(part) + 1))
