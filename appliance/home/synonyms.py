# SPDX-License-Identifier: Apache-2.0
"""Other words for the same thing: a telly is a television, and whoever has one lounge has one sitting room.

A word belongs to a group if in a home that has only one thing of the group everybody would know what is meant by it.
What tells one thing from another (left, desk, a brand) never does, nor does what is merely alike: an oven is no stove.
All of it is asked only after exact names, aliases and rooms; a word that is itself the name of a room of this home
means that room and no other. Two that fit are asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from weakref import WeakKeyDictionary

from appliance.home.naming import Words, words
from appliance.home.registry import Registry

# The first of a group is what all of it is read as; where kinds.py knows a word for the kind, it is that.
THING_GROUPS: tuple[tuple[str, ...], ...] = (
    ("tv", "television", "telly", "tele", "goggle box", "tv set", "television set"),
    ("radio", "radio set", "wireless radio"),
    ("speaker", "stereo", "hi-fi", "hifi", "amplifier", "amp", "sound system", "music system", "loudspeaker"),
    ("vacuum", "vacuum cleaner", "robot vacuum", "robot vacuum cleaner", "hoover", "robot hoover", "vac", "robovac"),
    ("thermostat", "heating", "radiator", "rad", "rads", "central heating"),
    ("air conditioner", "air conditioning", "air con", "aircon", "ac", "a/c"),
    ("washing machine", "washer", "clothes washer"),
    ("dryer", "drier", "tumble dryer", "tumble drier", "clothes dryer"),
    ("fridge", "refrigerator"),
    ("extractor fan", "extractor", "cooker hood", "extractor hood", "range hood", "hood fan", "exhaust fan"),
    ("blind", "shade", "window blind", "window shade"),
    ("curtain", "drape", "drapery"),
    ("tap", "faucet"),
    ("sofa", "couch", "settee"),
    ("worktop", "counter", "countertop", "kitchen counter"),
    ("ceiling light", "ceiling lamp", "main light", "big light", "overhead light"),
    ("fairy light", "string light", "twinkle light", "twinkly light"),
    ("computer", "pc"),
    ("coffee machine", "coffee maker"),
    ("fish tank", "aquarium"),
    ("lawn mower", "lawnmower", "mower", "robot mower"),
)

# Said of a thing only where nothing else is said with it: "the box" is a television, a Music Box is none.
ALONE: Mapping[str, str] = {
    "box": "tv",
    "tube": "tv",
    "wireless": "radio",
    "robot": "vacuum",
    "hood": "extractor fan",
}

ROOM_GROUPS: tuple[tuple[str, ...], ...] = (
    ("living room", "lounge", "sitting room", "front room", "family room", "den"),
    ("hall", "hallway", "entrance hall", "entrance", "entry", "entryway", "front hall", "foyer", "corridor"),
    ("toilet", "loo", "wc", "lavatory", "powder room"),
    ("bathroom", "washroom", "restroom"),
    ("nursery", "baby's room", "baby room", "baby's bedroom"),
    ("kids' room", "children's room", "kids' bedroom", "children's bedroom"),
    ("study", "office", "home office", "den"),
    ("garden", "yard", "back garden", "backyard", "back yard", "out the back", "out back"),
    ("utility room", "utility", "laundry room", "laundry"),
    ("master bedroom", "main bedroom"),
    ("spare room", "guest room", "guest bedroom", "spare bedroom"),
    ("attic", "loft"),
    ("basement", "cellar"),
    ("stairs", "staircase", "stairway"),
    ("patio", "terrace"),
)

# What a word may mean besides, where the home has no room of the word's own group.
WIDER: Mapping[str, tuple[str, ...]] = {
    "toilet": ("bathroom",),
    "bathroom": ("toilet",),
    "nursery": ("kids' room",),
    "kids' room": ("nursery",),
    "outside": ("garden", "patio", "balcony", "porch", "driveway", "deck", "front garden", "front yard"),
}


def _group(name: str) -> tuple[str, ...]:
    return next((group for group in ROOM_GROUPS if group[0] == name), (name,))


def _meanings() -> dict[Words, tuple[frozenset[Words], ...]]:
    """By what is said, the rooms that it may mean: those of its own groups first, then those further off."""
    near: dict[Words, set[Words]] = {}
    far: dict[Words, set[Words]] = {}
    for group in ROOM_GROUPS:
        for name in group:
            near.setdefault(words(name), set()).update(map(words, group))
            for other in WIDER.get(group[0], ()):
                far.setdefault(words(name), set()).update(map(words, _group(other)))
    for other in WIDER["outside"]:
        far.setdefault(words("outside"), set()).update(map(words, _group(other)))
    return {said: (frozenset(near.get(said, ())), frozenset(far.get(said, ()))) for said in {*near, *far}}


_ROOMS = _meanings()
_ROOM_WORDS = {words(name): words(group[0]) for group in reversed(ROOM_GROUPS) for name in group}
_THINGS = {words(name): words(group[0]) for group in THING_GROUPS for name in group}
_ALONE = {words(said): words(thing) for said, thing in ALONE.items()}


class Synonyms:
    """The words of one home: names brought to those of their group, and its rooms by what else they are called."""

    def __init__(self, places: Iterable[tuple[str, tuple[str, ...]]]) -> None:
        """`places` are the names of rooms and floors, each with its aliases."""
        self._own: dict[Words, str] = {}
        for place, aliases in places:
            for name in (place, *aliases):
                self._own.setdefault(words(name), place)
        meant: dict[Words, dict[str, None]] = {}
        for heard, place in (*self._whole(), *self._within()):
            meant.setdefault(heard, {})[place] = None
        own = {heard: (place,) for heard, place in self._own.items()}
        self._rooms = {heard: tuple(places) for heard, places in meant.items()} | own
        self._longest = max(map(len, (*self._rooms, *_ROOM_WORDS, *_THINGS)))

    def rooms(self, heard: Words) -> tuple[str, ...]:
        """The rooms (or floors) of the home that may be meant; its own name means one, and what is none gives none."""
        return self._rooms.get(heard, ())

    def read(self, name: str) -> Words:
        """A name with each of its words brought to its group's word, and rooms to the home's own."""
        heard = words(name)
        return _ALONE.get(heard) or self._readings(heard)[0]

    def readings(self, heard: Words) -> list[Words]:
        """What was heard in the words of its groups: several where a word in it may mean several rooms."""
        return [_alone(reading) for reading in self._readings(heard)]

    def spoken(self, heard: Words) -> Words:
        """What was heard in the words of its groups, for whole sentences; a word that may mean several rooms stays."""
        found: list[str] = []
        at = 0
        while at < len(heard):
            taken, meant = self._at(heard, at)
            found.extend(meant[0] if len(meant) == 1 else heard[at : at + taken])
            at += taken
        return tuple(found)

    def _readings(self, heard: Words) -> list[Words]:
        found: list[Words] = [()]
        at = 0
        while at < len(heard):
            taken, meant = self._at(heard, at)
            found = [(*before, *each) for before in found for each in meant]
            at += taken
        return found

    def _at(self, heard: Words, at: int) -> tuple[int, list[Words]]:
        """The longest group of words that begins here: how many words it has and what it may mean."""
        for length in range(min(self._longest, len(heard) - at), 0, -1):
            said = heard[at : at + length]
            if rooms := self._rooms.get(said):
                return length, [(f"@{room}",) for room in rooms]  # nobody says such a word, so it is this room's alone
            if said in _ROOM_WORDS:
                return length, [_ROOM_WORDS[said]]
            if said in _THINGS:
                return length, [_THINGS[said]]
        return 1, [heard[at : at + 1]]

    def _whole(self) -> Iterator[tuple[Words, str]]:
        """What is said for a room, with the rooms of this home that it may mean, the near ones or else the far."""
        for heard, (near, far) in _ROOMS.items():
            for others in (near, far):
                found = [place for own, place in self._own.items() if own in others]
                if found:
                    yield from ((heard, place) for place in found)
                    break

    def _within(self) -> Iterator[tuple[Words, str]]:
        """The same of a part of the name: who has a Downstairs Toilet has a downstairs loo."""
        for own, place in self._own.items():
            for start in range(len(own)):
                for end in range(start + 1, len(own) + 1):
                    if end - start < len(own):
                        near, _ = _ROOMS.get(own[start:end], (frozenset(), frozenset()))
                        yield from (((*own[:start], *other, *own[end:]), place) for other in near)


def _alone(reading: Words) -> Words:
    """With a word that means a thing only alone brought to its group, a room beside it or not."""
    thing = _ALONE.get(tuple(word for word in reading if word[0] != "@"))
    return (*thing, *(word for word in reading if word[0] == "@")) if thing else reading


_KEPT: WeakKeyDictionary[Registry, tuple[int, Synonyms]] = WeakKeyDictionary()


def synonyms(registry: Registry) -> Synonyms:
    """The synonyms of the home as it is now; made anew when its rooms changed."""
    version, known = _KEPT.get(registry, (None, None))
    if known is None or version != registry.version:
        known = Synonyms((place.name, place.aliases) for place in registry.places)
        _KEPT[registry] = registry.version, known
    return known
