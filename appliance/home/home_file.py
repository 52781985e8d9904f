# SPDX-License-Identifier: Apache-2.0
"""The file that describes a simulated home: its schema, and what must agree within it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from appliance.errors import ApplianceError
from appliance.explain import explain, found
from appliance.home.naming import words
from appliance.home.registry import UNAVAILABLE
from appliance.home.states import STATES, UNKNOWN
from appliance.home.tools import BINARY_SENSOR_CLASSES, COVER_CLASSES, DOMAINS, SENSOR_CLASSES
from appliance.yaml_file import Place, read

_CLASSES: dict[str, tuple[str, ...]] = {
    "cover": COVER_CLASSES,
    "binary_sensor": BINARY_SENSOR_CLASSES,
    "sensor": SENSOR_CLASSES,
    "switch": ("outlet", "switch"),
    "media_player": ("tv", "speaker", "receiver"),
    "valve": ("water", "gas"),
}


class HomeFileError(ApplianceError):
    """The file cannot be used; the message has a line for each fault, which begins with file:line."""


def _as_text(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


Name = Annotated[str, Field(min_length=1, max_length=60)]
State = Annotated[str, BeforeValidator(_as_text), Field(min_length=1, max_length=60)]
Percent = Annotated[int, Field(ge=0, le=100)]
Kelvin = Annotated[int, Field(ge=1000, le=10000)]
Degrees = Annotated[float, Field(ge=-100, le=1000)]
Feature = Literal["brightness", "color", "color_temperature", "position", "speed", "volume", "search"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AttributesEntry(_Entry):
    """What a device reports beside its state; registry.py explains the words."""

    brightness: Percent | None = None
    color: Name | None = None
    color_temperature: Kelvin | None = None
    min_color_temperature: Kelvin | None = None
    max_color_temperature: Kelvin | None = None
    percentage: Percent | None = None
    position: Percent | None = None
    temperature: Degrees | None = None
    current_temperature: Degrees | None = None
    min_temp: Degrees | None = None
    max_temp: Degrees | None = None
    volume_level: Percent | None = None
    muted: bool | None = None
    media_title: Name | None = None
    items: tuple[Name, ...] | None = None
    features: tuple[Feature, ...] | None = None
    guarded: bool | None = None


class TargetEntry(AttributesEntry):
    """The state that a scene or script puts one device in."""

    state: State


class NamedEntry(_Entry):
    """Anything that people call by a name."""

    name: Name
    aliases: tuple[Name, ...] = ()


class FloorEntry(NamedEntry):
    """One floor."""


class AreaEntry(NamedEntry):
    """One room."""

    floor: Name | None = None


class DeviceEntry(NamedEntry):
    """One device."""

    entity_id: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")]
    area: Name | None = None
    device_class: Name | None = None
    state: State = UNKNOWN
    unit: Name | None = None
    attributes: AttributesEntry = AttributesEntry()
    sets: dict[str, TargetEntry] = Field(default_factory=dict)
    """Of a scene or script: what it does."""
    fault: Literal["stuck", "unavailable"] | None = None
    """To try out what is said of broken devices: one that ignores commands, one that cannot be reached."""

    @property
    def domain(self) -> str:
        """The kind of device, with which its id begins."""
        return self.entity_id.partition(".")[0]


class HomeFile(_Entry):
    """The whole file."""

    floors: tuple[FloorEntry, ...] = ()
    areas: tuple[AreaEntry, ...] = ()
    devices: Annotated[tuple[DeviceEntry, ...], Field(min_length=1)]
    speakers: tuple[Name, ...] = ()
    """Where announcements are said."""


def read_home_file(path: Path) -> HomeFile:
    """Read and check a home file.

    Raises:
        YamlError: the file cannot be read as YAML.
        HomeFileError: it is YAML, but no home; the message has every fault that was found.
    """
    document = read(path)
    try:
        home = HomeFile.model_validate(document.data if document.data is not None else {})
    except ValidationError as error:
        raise HomeFileError("\n".join(explain(error, HomeFile, document.where))) from error
    faults = [
        f"{document.where(place)}: {'.'.join(map(str, place))}: {text}."
        for check in (_places, _kinds, _names, _targets)
        for place, text in check(home)
    ]
    if faults:
        raise HomeFileError("\n".join(faults))
    return home


Faults = Iterator[tuple[Place, str]]


def _places(home: HomeFile) -> Faults:
    floors, areas = [floor.name for floor in home.floors], [area.name for area in home.areas]
    for index, area in enumerate(home.areas):
        if area.floor is not None and area.floor not in floors:
            yield ("areas", index, "floor"), _not_one_of(area.floor, floors)
    for index, device in enumerate(home.devices):
        if device.area is not None and device.area not in areas:
            yield ("devices", index, "area"), _not_one_of(device.area, areas)


def _kinds(home: HomeFile) -> Faults:
    for index, device in enumerate(home.devices):
        if device.domain not in DOMAINS:
            text = f"found the kind of device {found(device.domain)} before the dot; allowed: {', '.join(DOMAINS)}"
            yield ("devices", index, "entity_id"), text
            continue
        states = STATES.get(device.domain)
        if states is not None and device.state not in (*states, UNKNOWN, UNAVAILABLE):
            yield ("devices", index, "state"), _not_one_of(device.state, (*states, UNKNOWN, UNAVAILABLE))
        classes = _CLASSES.get(device.domain, ())
        if device.device_class is not None and device.device_class not in classes:
            yield ("devices", index, "device_class"), _not_one_of(device.device_class, classes or ("no class here",))


def _names(home: HomeFile) -> Faults:
    """Find ids given twice, and names that nobody could tell apart by saying them."""
    taken: dict[object, Place] = {}
    sections: dict[str, tuple[NamedEntry, ...]] = {"floors": home.floors, "areas": home.areas, "devices": home.devices}
    for section, entries in sections.items():
        for index, entry in enumerate(entries):
            said: list[tuple[str, object, str]] = []
            kind: tuple[str | None, ...] = (section,)
            if isinstance(entry, DeviceEntry):
                said.append(("entity_id", entry.entity_id, entry.entity_id))
                # A lock and its contact may both be the front door, and two rooms may have a ceiling light.
                kind = (section, entry.domain, entry.device_class, entry.area)
            said += [("name", (kind, words(entry.name)), entry.name)]
            said += [("aliases", (kind, words(alias)), alias) for alias in entry.aliases]
            for key, identity, text in said:
                place: Place = (section, index, key)
                other = taken.setdefault(identity, place)
                if other != place:
                    yield place, f"found {found(text)}, which {'.'.join(map(str, other))} is called already"


def _targets(home: HomeFile) -> Faults:
    known = {device.entity_id: device for device in home.devices}
    for index, device in enumerate(home.devices):
        if device.sets and device.domain not in ("scene", "script"):
            yield ("devices", index, "sets"), f"only a scene or script sets others, and this is a {device.domain}"
        for entity_id, target in device.sets.items():
            place = ("devices", index, "sets", entity_id)
            if entity_id not in known:
                yield place, "no device has this entity_id"
                continue
            states = STATES.get(known[entity_id].domain, ())
            if target.state not in states:
                yield (*place, "state"), _not_one_of(target.state, states)


def _not_one_of(value: str, allowed: Iterable[str]) -> str:
    return f"found {found(value)}; allowed: {', '.join(allowed)}"
