# SPDX-License-Identifier: Apache-2.0
"""What a call leaves out: "all the lights except the hall", "everywhere but here", "bar the ceiling one"."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from appliance.home.errors import Ambiguous, CannotDo, NotFound
from appliance.home.kinds import KINDS, kindless
from appliance.home.naming import Words, be, words
from appliance.home.places import is_here, spoken_place
from appliance.home.query import Query, by_synonyms, same_but_for_place_and_kind
from appliance.home.registry import Device


def left_over(query: Query, found: list[Device], spared: str) -> list[Device]:
    """What is left of `found` without the devices, rooms and floors named in `spared`, each of which is at home.

    What is none of `found`, not even by a word of its name, would not have been touched anyway.
    """
    whole = found
    for text in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", spared):
        if is_here(text):
            if query.context_area is None:
                raise Ambiguous("Which room do you mean?")
            text = query.context_area
        alone = replace(query, text="", heard=words(text))
        only = _called_so(alone, text, whole)
        kept = [device for device in whole if device not in only] if only else _others(alone, whole)
        if len(kept) == len(whole) and len(meant := by_synonyms(alone)) == 1:
            kept = _others(meant[0], whole)
        if len(kept) == len(whole):
            kept = _others_in_part(alone, whole)
        if len(kept) == len(whole) and not _stands_elsewhere(alone, whole):
            raise NotFound(f"I do not know what you mean by {text}, so I changed nothing")
        found = [device for device in found if device in kept]
    if not found:
        raise CannotDo("With those left out there is nothing to change")
    return found


def _called_so(query: Query, text: str, found: list[Device]) -> list[Device]:
    """Those of exactly this name, which is none of a place: beside the Lounge Curtains there may be blinds, which are
    curtains too. "The bedroom lights" are more than the Bedroom Light.
    """
    if any(query.heard == words(name) for place in query.registry.places for name in (place.name, *place.aliases)):
        return []
    named = query.index.named(query.heard)
    return [device for device in found if device.entity_id in named and be(device.name) == be(text.strip())]


def _others(query: Query, found: list[Device]) -> list[Device]:
    """Those that are not what was named, by their own name or by that of their room or floor."""
    places: dict[str | None, list[Words]] = {}
    for place in query.registry.places:
        places.setdefault(place.name, []).extend(query.index.read(name) for name in (place.name, *place.aliases))
    nearly = query.index.nearly_named(query.heard)
    return [
        device
        for device in found
        if not _stands_in(query.heard, device, places)
        and not (device.entity_id in nearly and same_but_for_place_and_kind(query, device, device.area))
    ]


def _others_in_part(query: Query, found: list[Device]) -> list[Device]:
    """Those of which no part of the name was said: "the ceiling one" of some lights. What fits more than one of them,
    and not all, is all left alone.
    """
    said = {word for word in query.heard if (word,) not in KINDS} - {"one"}
    return [
        device
        for device in found
        if not said or not any(said <= set(name) for name in query.index.names[device.entity_id])
    ]


def _stands_elsewhere(query: Query, found: list[Device]) -> bool:
    """Whether this is a room, or another thing of the kind, that has no word in common with what is to be changed."""
    where, rest = spoken_place(query.registry, query.heard)
    if not where.everywhere and (not rest or rest in KINDS):
        return query.where.area is None and not any(where.holds(device) for device in found)
    nearly = query.index.nearly_named(query.heard)
    called_so = [
        device
        for device in query.registry.devices
        if device.entity_id in nearly and same_but_for_place_and_kind(query, device, device.area)
    ]
    told = {word for word in query.heard if (word,) not in KINDS}
    common = {word for device in found for name in query.index.names[device.entity_id] for word in name}
    of_kind = {device.domain for device in called_so} == {device.domain for device in found}
    return bool(told) and of_kind and not told & common


def _stands_in(heard: Words, device: Device, places: Mapping[str | None, Collection[Words]]) -> bool:
    """Whether what was said is the device's room or its floor, the kind of device said or not."""
    known = (*places.get(device.area, ()), *places.get(device.floor, ()))
    return heard in known or kindless(heard, device.domain) in known
