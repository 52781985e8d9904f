# SPDX-License-Identifier: Apache-2.0
"""Rooms and devices called by other words than the device list has: the lounge as the front room, a sofa as a couch."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace

from appliance.home.errors import HomeError
from appliance.home.naming import words as words_of
from appliance.home.places import find_place
from appliance.home.query import SWITCHABLE
from appliance.home.registry import Area, Device, Floor, Registry
from appliance.home.resolver import resolve
from appliance.home.synonyms import ALONE, ROOM_GROUPS, THING_GROUPS
from tools.home_model.calls import Call, Turn
from tools.home_model.homes import Home

OTHERWISE = 0.35
"""How many of the rooms and devices that have a synonym are called by it, all through a conversation: some 7 % of sentences."""

# What stays a word for a room beside others: "Anna's study" is her office, but nobody has a wine basement.
_BESIDE_OTHERS = (("toilet", "loo", "wc"), ("bathroom", "washroom"), ("hall", "hallway"), ("study", "office"))
_NAMED = frozenset(("name", "area", "except"))
_NEVER_NAMES = frozenset(("out the back", "out back"))  # said of the garden, and never "in the out the back"


def called_otherwise(rng: random.Random, home: Home, share: float = OTHERWISE) -> Home:
    """The home as its people speak of it: some rooms and devices by other words than the device list has.

    Only where the appliance itself understands the word as that one thing. Sentences are made from this home, the
    device list from the other; so the calls hold what was said.
    """
    registry = registry_of(home)
    areas = {area: _room_otherwise(rng, registry, area) if rng.random() < share else area for area in home.areas}
    devices = []
    for index, device in enumerate(home.devices):
        area = areas.get(device.area or "", device.area)
        name = device.name
        if device.area and area and area != device.area and re.search(rf"\b{re.escape(device.area)}\b", name, re.I):
            # Who says "front room" for the lounge says it in names as well.
            options = [area.join(re.split(rf"\b{re.escape(device.area)}\b", name, flags=re.I))]
        else:
            options = _things_otherwise(name, device.area or "") if rng.random() < share else []
        if options:
            said = rng.choice(options)
            name = said if _is_device(registry, said, index) and home.find(said) is None else name
        devices.append(replace(device, name=name, area=area))
    return Home(tuple(devices), tuple(areas.values()), home.floors, home.split)


def as_listed(turn: Turn, called: Home, home: Home) -> Turn:
    """A turn in a home that is called otherwise: the appliance tells of it in the words of its device list, and a call
    holds those too unless the other word was said.
    """
    pairs = [(said.name, real.name) for said, real in zip(called.devices, home.devices, strict=True)]
    changed = {said: real for said, real in (*zip(called.areas, home.areas, strict=True), *pairs) if said != real}
    if not changed:
        return turn
    unsaid = {said.lower(): real.lower() for said, real in changed.items() if said.lower() not in turn.user.lower()}

    def called_so(each: Call) -> Call:
        spoken = {
            slot: ", ".join(unsaid.get(part, part) for part in value.split(", ")) if slot in _NAMED else value
            for slot, value in each.arguments.items()
        }
        return replace(each, arguments=spoken)

    return replace(
        turn,
        calls=tuple(map(called_so, turn.calls)),
        results=tuple(replace(result, text=_exchanged(result.text, changed)) for result in turn.results),
        answer=_exchanged(turn.answer, changed),
        waiting=called_so(turn.waiting) if turn.waiting else None,
    )


def _exchanged(text: str, changed: dict[str, str]) -> str:
    either = "|".join(re.escape(said) for said in sorted(changed, key=len, reverse=True))
    return re.sub(rf"\b(?:{either})\b", lambda found: changed[found[0]], text)


def registry_of(home: Home) -> Registry:
    """The devices and rooms as the appliance keeps them."""
    devices = (
        Device(str(index), one.name, one.domain, one.area, one.floor, one.aliases, one.device_class)
        for index, one in enumerate(home.devices)
    )
    return Registry(devices, map(Area, home.areas), map(Floor, home.floors))


def _things_otherwise(name: str, area: str) -> list[str]:
    """The name of a device with one word said otherwise: "Corner Sofa Lamp" is the corner couch lamp."""
    found = [said for group in THING_GROUPS for said in _others(name, group)]
    for said, thing in ALONE.items():
        if words_of(name) in (words_of(said), words_of(thing)):
            found.append(_titled(thing if words_of(name) == words_of(said) else said))
    kitchen = "kitchen" in f"{area} {name}".lower()
    return [said for said in found if kitchen or "hood" not in said.lower() or "hood" in name.lower()]


def _others(name: str, group: tuple[str, ...]) -> Iterator[str]:
    for word in group:
        found = re.search(rf"\b{re.escape(word)}(s?)\b", name, re.IGNORECASE)
        if found:
            for other in group:
                if words_of(other) != words_of(word):
                    plural = "" if other.endswith("s") else found[1]
                    yield name[: found.start()] + _titled(other) + plural + name[found.end() :]


def _titled(name: str) -> str:
    return name.title().replace("'S", "'s")


def _room_otherwise(rng: random.Random, registry: Registry, area: str) -> str:
    whole = [group for group in ROOM_GROUPS if words_of(area) in map(words_of, group)]
    options = [_titled(other) for group in whole for other in group if other not in _NEVER_NAMES]
    said = rng.choice(options or [other for group in _BESIDE_OTHERS for other in _others(area, group)] or [area])
    try:
        return said if find_place(registry, said, None, None).area == area else area
    except HomeError:
        return area


def _is_device(registry: Registry, name: str, index: int) -> bool:
    device = registry.devices[index]
    try:
        return resolve(registry, {"name": name}, None, acting=device.domain in SWITCHABLE) == [device]
    except HomeError:
        return False
