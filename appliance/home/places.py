# SPDX-License-Identifier: Apache-2.0
"""Rooms and floors: which one is meant, and whether a device stands there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from appliance.home.errors import Ambiguous, NotFound
from appliance.home.naming import Words, likeness, listing, unowned, without, words
from appliance.home.registry import Area, Device, Floor, Registry
from appliance.home.states import place
from appliance.home.synonyms import synonyms

_HERE = {
    words(text)
    for text in ("here", "this room", "the room", "current room", "up here", "down here", "over here", "out here")
}
# Beneath this two names are not taken for each other; nearer than the lead, nobody can tell which was meant. The first
# is what tools/fit_likeness finds in names that were spoken and heard, in homes of 100 devices: 0.2 % of those that are
# not at home are taken for another by sound, and lower nothing more is found. To the lead these data are indifferent.
LIKENESS_AT_LEAST = 55.0
LIKENESS_LEAD = 5.0

Known = TypeVar("Known", Area, Floor)


@dataclass(frozen=True)
class Place:
    """A room, a floor, both, or (with neither) the whole home."""

    area: str | None = None
    floor: str | None = None
    by_synonym: bool = field(default=False, compare=False)
    """Whether it was called by a word that the home does not use for it."""

    @property
    def everywhere(self) -> bool:
        """Whether this is the whole home."""
        return self.area is None and self.floor is None

    def holds(self, device: Device) -> bool:
        """Whether the device stands there. A scene or script that stands nowhere is at hand everywhere."""
        if device.area is None and device.domain in ("scene", "script"):
            return True
        return self.area in (None, device.area) and self.floor in (None, device.floor)

    def __str__(self) -> str:
        name = self.area or self.floor
        return place(name) if name else "at home"


def is_here(area: str | None) -> bool:
    """Whether this is the room of the speaker, whichever that is."""
    return bool(area) and words(area or "") in _HERE


def find_place(registry: Registry, area: str | None, floor: str | None, context_area: str | None) -> Place:
    """Find where the slots `area` and `floor` point; "here" is `context_area`, the room of the speaker.

    People mix the two up, so a floor's name in `area` counts, and the other way round. Raises NotFound or Ambiguous.
    """
    where = Place()
    if is_here(area):
        if context_area is None:
            raise Ambiguous("Which room do you mean?")
        where = Place(area=context_area)
    elif area:
        where = _known(registry, area) or _room(registry, area) or _storey(registry, area) or where
        if where.everywhere and (bare := unowned(area)):
            return find_place(registry, bare, floor, context_area)
        if where.everywhere:
            raise NotFound(f"I do not know a room called {area}")
    if floor:
        other = _known(registry, floor) or _storey(registry, floor) or _room(registry, floor)
        if other is None:
            raise NotFound(f"I do not know a floor called {floor}")
        by_synonym = where.by_synonym or other.by_synonym
        where = Place(where.area or other.area, where.floor or other.floor, by_synonym)
    return where


def spoken_place(registry: Registry, heard: Words, read: Callable[[str], Words] = words) -> tuple[Place, Words]:
    """Find a room or floor within a name ("kitchen light"), names read as `read` does; returns it with the words that
    are left over.
    """
    found, left = Place(), heard
    for known in registry.places:
        for name in (known.name, *known.aliases):
            rest = without(heard, read(name))
            if rest is not None and len(rest) < len(left):
                found = Place(area=known.name) if isinstance(known, Area) else Place(floor=known.name)
                left = rest
    return found, left


def _known(registry: Registry, text: str) -> Place | None:
    """The room or floor of just this name, or else the one that is also called so. Two of those are asked about."""
    heard = words(text)
    if any(heard == words(name) for known in registry.places for name in (known.name, *known.aliases)):
        return None  # whoever asks knows whether a room or a floor is meant first
    meant = synonyms(registry).rooms(heard)
    if len(meant) > 1:
        raise Ambiguous(f"Which room do you mean, {listing(meant, 'or')}?")
    for known in registry.places:
        if meant == (known.name,):
            area, floor = (known.name, None) if isinstance(known, Area) else (None, known.name)
            return Place(area, floor, by_synonym=True)
    return None


def _room(registry: Registry, text: str) -> Place | None:
    area = _closest(registry.areas, words(text))
    return Place(area=area.name) if area else None


def _storey(registry: Registry, text: str) -> Place | None:
    floor = _closest(registry.floors, words(text))
    return Place(floor=floor.name) if floor else None


def _closest(places: Sequence[Known], heard: Words) -> Known | None:
    scores = [_score(known, heard) for known in places]
    best = max(scores, default=0.0)
    rivals = sum(score > best - LIKENESS_LEAD for score in scores) > 1
    if best < LIKENESS_AT_LEAST or (rivals and best < 100.0):
        return None
    return places[scores.index(best)]


def _score(known: Area | Floor, heard: Words) -> float:
    return max(likeness(heard, words(name)) for name in (known.name, *known.aliases))
