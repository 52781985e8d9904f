# SPDX-License-Identifier: Apache-2.0
"""What the words of a call ask for, made ready to be looked up, and whether a device is called so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from appliance.home.kinds import kindless
from appliance.home.name_index import NameIndex, name_index
from appliance.home.naming import Words, without
from appliance.home.places import Place
from appliance.home.registry import Device, Registry
from appliance.home.states import noun
from appliance.home.synonyms import synonyms

SWITCHABLE = frozenset(
    ("light", "switch", "fan", "cover", "lock", "valve", "climate", "media_player", "vacuum", "scene", "script")
)


@dataclass(frozen=True)
class Query:
    """What is looked for: a name, a place, kinds of device, and for what."""

    registry: Registry
    index: NameIndex
    text: str
    heard: Words
    where: Place
    domain: str | None
    device_class: str | None
    domains: Collection[str] | None
    acting: bool
    context_area: str | None

    @property
    def kind_said(self) -> bool:
        """Whether a kind of device is named."""
        return self.domain is not None or self.device_class is not None

    @property
    def kind(self) -> str:
        """The kind in words."""
        if self.kind_said or self.domains is None or len(self.domains) > 2:
            return noun(self.domain, self.device_class)
        return " or ".join(noun(domain, None) for domain in sorted(self.domains))

    def has_kind(self, device: Device) -> bool:
        """Whether the device is of the kind that is looked for."""
        return (
            (self.domain is None or device.domain == self.domain)
            and (self.device_class is None or device.device_class == self.device_class)
            and (self.domains is None or device.domain in self.domains)
            and (not self.acting or device.domain in SWITCHABLE)
        )

    @property
    def pool(self) -> list[Device]:
        """The devices of this kind and place, whatever they are called."""
        return [device for device in self.registry.devices if self.has_kind(device) and self.where.holds(device)]


def by_synonyms(query: Query) -> list[Query]:
    """The same with what was heard, and all names, in the words of their groups (synonyms.py)."""
    known = synonyms(query.registry)
    index = name_index(query.registry, known.read)
    return [replace(query, heard=heard, index=index) for heard in known.readings(query.heard)]


def same_but_for_place_and_kind(query: Query, device: Device, area: str | None) -> bool:
    """Whether "lamp" in the bedroom, or "bedroom reading light", is the device Bedroom Reading Lamp in that room."""
    room = query.index.read(device.area) if device.area else ()
    in_room = device.area is not None and (area == device.area or without(query.heard, room) is not None)

    def roomless(name: Words) -> Words:
        return (without(name, room) or name) if in_room and room else name

    heard, bare = roomless(query.heard), kindless(roomless(query.heard), device.domain)
    # With nothing but the room left, "kitchen light" would be any one of the kitchen's lights.
    said_enough = bare not in ((), room)
    for name in map(roomless, query.index.names[device.entity_id]):
        if heard == name or (said_enough and bare == kindless(name, device.domain)):
            return True
    return False
