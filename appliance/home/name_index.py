# SPDX-License-Identifier: Apache-2.0
"""The names of a registry, made ready once for each of its versions, so that a home of 500 devices is searched in time.

The index only narrows down: whoever asks gets every device that may be meant, and decides by the names themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Set
from weakref import WeakKeyDictionary

from rapidfuzz import fuzz, process

from appliance.home.kinds import kindless
from appliance.home.naming import Words, alike, without, words
from appliance.home.registry import Registry

Ids = Set[str]


class NameIndex:
    """The words of all names and aliases as of one version of a registry. Devices are told by their entity ids."""

    def __init__(self, registry: Registry, read: Callable[[str], Words] = words) -> None:
        """`read` makes words of a name; those of synonyms.py find what is called by another word."""
        self.read = read
        self.names: dict[str, tuple[Words, ...]] = {}
        """By entity id, the name and the aliases."""
        self._whole: defaultdict[Words, set[str]] = defaultdict(set)
        self._short: defaultdict[Words, set[str]] = defaultdict(set)
        self._holding: defaultdict[str, set[str]] = defaultdict(set)
        self._domains = {device.domain for device in registry.devices}
        self._rooms = {read(device.area) for device in registry.devices if device.area}
        self._joined: list[str] = []
        self._owners: list[tuple[str, Words]] = []
        for device in registry.devices:
            self.names[device.entity_id] = names = tuple(read(name) for name in (device.name, *device.aliases))
            for name in names:
                self._whole[name].add(device.entity_id)
                for form in _forms(name, read(device.area) if device.area else (), device.domain):
                    self._short[form].add(device.entity_id)
                for word in name:
                    self._holding[word].add(device.entity_id)
                self._joined.append("".join(name))
                self._owners.append((device.entity_id, name))

    def named(self, heard: Words) -> Ids:
        """Devices of exactly this name."""
        return self._whole.get(heard, frozenset())

    def nearly_named(self, heard: Words) -> Ids:
        """All devices of this name but for words of room and kind, in name or in what was heard; and others."""
        rooms = (room for room in self._rooms if without(heard, room) is not None)
        forms = {form for room in ((), *rooms) for domain in self._domains for form in _forms(heard, room, domain)}
        return set().union(*(self._short[form] for form in forms if form in self._short))

    def holding(self, heard: Words) -> Ids:
        """All devices whose name holds these words, those of a kind aside; and others."""
        found: set[str] = set()
        for said in {kindless(heard, domain) or heard for domain in self._domains}:
            with_each = [self._holding.get(word, frozenset[str]()) for word in said]
            found |= frozenset[str].intersection(*map(frozenset, with_each)) if with_each else self.names.keys()
        return found

    def sounding(self, heard: Words, least: float) -> Iterator[tuple[str, float]]:
        """Devices with a name like this one and their likeness (naming.py) if it is `least` or more, highest first."""
        joined = "".join(heard)
        if heard:
            # The spelling of all names is compared at once; the sounds of the few that are left, one by one.
            for _, score, index in process.extract(
                joined, self._joined, scorer=fuzz.ratio, score_cutoff=least, limit=None
            ):
                entity_id, name = self._owners[index]
                if alike(heard, name):
                    yield entity_id, score


def _forms(name: Words, room: Words, domain: str) -> set[Words]:
    """The name as it is, without its room, without its kind, and without both."""
    roomless = (without(name, room) or name) if room else name
    return {name, roomless, kindless(name, domain), kindless(roomless, domain)}


_KEPT: WeakKeyDictionary[Registry, tuple[int, dict[bool, NameIndex]]] = WeakKeyDictionary()


def name_index(registry: Registry, read: Callable[[str], Words] = words) -> NameIndex:
    """The index of the registry as it is now; made anew when names, rooms or devices changed. `read` is that of the
    registry's synonyms, or none.
    """
    version, kept = _KEPT.get(registry, (None, None))
    if kept is None or version != registry.version:
        kept = {}
        _KEPT[registry] = registry.version, kept
    plain = read is words
    if plain not in kept:
        kept[plain] = NameIndex(registry, read)
    return kept[plain]
