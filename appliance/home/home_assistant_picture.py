# SPDX-License-Identifier: Apache-2.0
"""The home that Home Assistant knows: which of its entities are spoken of, what they are called and where they stand.

Home Assistant keeps that apart, in a registry each of entities, their devices, areas and floors, and joins it when it
shows it; so it is joined here. As with states, all of it is data of others, and nothing raises on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.home.home_assistant_states import aliases, class_of, domain_of, mapping, name_of, named
from appliance.home.registry import Area, Device, Floor
from appliance.text import clean

SOURCE = "home_assistant"
ENTITY_LIMIT = 2000

Rows = Iterable[Mapping[str, Any]]

# What Home Assistant shows to a voice assistant as long as nobody has decided (exposed_entities.py).
_SHOWN_DOMAINS = frozenset(
    ("climate", "cover", "fan", "light", "lock", "media_player", "scene", "script", "switch", "todo", "vacuum")
)
_SHOWN_CLASSES = {
    "binary_sensor": frozenset(("door", "garage_door", "lock", "motion", "opening", "presence", "window")),
    "sensor": frozenset(
        (
            *("aqi", "carbon_monoxide", "carbon_dioxide", "humidity", "pm10", "pm25", "temperature"),
            "volatile_organic_compounds",
        )
    ),
}


@dataclass(frozen=True)
class Sources:
    """What Home Assistant answered to each question; rows are mappings, their values anything."""

    areas: Rows = ()
    floors: Rows = ()
    devices: Rows = ()
    entities: Rows = ()
    details: Mapping[str, Any] | None = None
    """Of some entities, by id, the entry with its aliases."""
    exposed: Mapping[str, Any] | None = None
    """By entity id and assistant whether it is shown; None: not known, so all are."""
    expose_new: bool = True
    degrees: str | None = None
    """The unit of temperatures that tell none of their own."""


@dataclass(frozen=True)
class Picture:
    """The home as it stands, without states: devices by id in a stable order, rooms and floors."""

    devices: Mapping[str, Device]
    areas: tuple[Area, ...]
    floors: tuple[Floor, ...]


def sources(rows: Mapping[str, Rows], exposed: object, expose_new: object, config: object) -> Sources:
    """What Home Assistant answered, each answer of any type: the registries' rows by their kind, and the rest."""
    shown = mapping(exposed).get("exposed_entities")
    return Sources(
        areas=rows["area"],
        floors=rows["floor"],
        devices=rows["device"],
        entities=rows["entity"],
        exposed=shown if isinstance(shown, dict) else None,
        expose_new=mapping(expose_new).get("expose_new") is not False,
        degrees=clean(mapping(mapping(config).get("unit_system")).get("temperature"), 10) or None,
    )


def wanted(sources: Sources, states: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The ids of the devices to be spoken of: of a known kind, neither hidden nor disabled, and shown; sorted."""
    entries = {entry.get("entity_id"): entry for entry in sources.entities if isinstance(entry.get("entity_id"), str)}
    return sorted(
        entity_id
        for entity_id, state in states.items()
        if domain_of(entity_id) is not None and _shown(entity_id, entries.get(entity_id, {}), state, sources)
    )[:ENTITY_LIMIT]


def _shown(entity_id: str, entry: Mapping[str, Any], state: Mapping[str, Any], sources: Sources) -> bool:
    if entry.get("hidden_by") is not None or entry.get("disabled_by") is not None:
        return False
    if sources.exposed is None:
        return entry.get("entity_category") is None
    assistants = sources.exposed.get(entity_id)
    decided = assistants.get("conversation") if isinstance(assistants, dict) else None
    if isinstance(decided, bool):
        return decided
    domain = entity_id.partition(".")[0]
    by_class = mapping(state.get("attributes")).get("device_class")
    by_default = domain in _SHOWN_DOMAINS or (isinstance(by_class, str) and by_class in _SHOWN_CLASSES.get(domain, ()))
    return sources.expose_new and entry.get("entity_category") is None and by_default


def join(sources: Sources, states: Mapping[str, Mapping[str, Any]]) -> Picture:
    """Join entities, their devices, areas and floors. An entity stands in its own area, else in its device's."""
    floors = _named(sources.floors, "floor_id", lambda row: Floor(named(row.get("name")), aliases(row)))
    areas = _named(
        sources.areas,
        "area_id",
        lambda row: Area(named(row.get("name")), _name_in(floors, row.get("floor_id")), aliases(row)),
    )
    entries = {entry.get("entity_id"): entry for entry in sources.entities if isinstance(entry.get("entity_id"), str)}
    hosts = {row["id"]: row for row in sources.devices if isinstance(row.get("id"), str)}
    devices = {}
    for entity_id in wanted(sources, states):
        entry = entries.get(entity_id, {})
        host_id = entry.get("device_id")
        host = hosts.get(host_id, {}) if isinstance(host_id, str) else {}
        area = _name_in(areas, entry.get("area_id")) or _name_in(areas, host.get("area_id"))
        place = next((known for known in areas.values() if known.name == area), None)
        name = name_of(states[entity_id]) or named(entry.get("name")) or named(entry.get("original_name"))
        devices[entity_id] = Device(
            entity_id,
            name or clean(entity_id.partition(".")[2].replace("_", " ").title()),
            entity_id.partition(".")[0],
            area=area,
            floor=place.floor if place else None,
            aliases=tuple(alias for alias in aliases(mapping((sources.details or {}).get(entity_id))) if alias != name),
            device_class=class_of(states[entity_id]),
            unit=sources.degrees if entity_id.startswith(("climate.", "weather.")) else None,
            source=SOURCE,
        )
    return Picture(devices, tuple(areas.values()), tuple(floors.values()))


def _named(source: Rows, key: str, make: Callable[[Mapping[str, Any]], Any]) -> dict[str, Any]:
    made = {row[key]: make(row) for row in source if isinstance(row.get(key), str)}
    return {ident: thing for ident, thing in sorted(made.items()) if thing.name}


def _name_in(things: Mapping[str, Area | Floor], ident: object) -> str | None:
    thing = things.get(ident) if isinstance(ident, str) else None
    return thing.name if thing else None
