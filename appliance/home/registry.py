# SPDX-License-Identifier: Apache-2.0
"""What is in the home and what state it is in, as last reported by the devices themselves.

A driver writes what devices report, in the words below whatever its own protocol calls them; everybody else reads.

    light         brightness (percent), color (a name), color_temperature (kelvin)
    fan           percentage
    cover, valve  position (percent open)
    climate       temperature (target), current_temperature, min_temp, max_temp
    media_player  volume_level (percent), muted, media_title
    todo          items (open ones, a tuple of text)
    weather       temperature
    any           features: the abilities it has (brightness, color, color_temperature, position, speed, volume,
                  search); where it is missing nothing is known, and reading back shows what the device could do

`state` holds Home Assistant's words ("on", "locked", "heat", "unavailable", a sensor's reading as text).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Floor:
    """A floor of the house."""

    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Area:
    """A room, or a part of the home that people speak of as of a room; `floor` is a floor's name."""

    name: str
    floor: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Device:
    """One thing in the home, as of its last report; `area` and `floor` are names."""

    entity_id: str
    name: str
    domain: str
    area: str | None = None
    floor: str | None = None
    aliases: tuple[str, ...] = ()
    device_class: str | None = None
    state: str = "unknown"
    attributes: Mapping[str, Any] = field(default_factory=dict)
    unit: str | None = None
    source: str = "simulated"
    """The driver that it came from."""

    @property
    def available(self) -> bool:
        """Whether the device can be reached at all."""
        return self.state != UNAVAILABLE

    def can(self, feature: str) -> bool:
        """Whether the device has this ability, as far as is known."""
        features = self.attributes.get("features")
        return features is None or feature in features


Listener = Callable[[Device, Device], None]


class Registry:
    """All devices, in the order in which they were given. To be used from one event loop."""

    def __init__(self, devices: Iterable[Device], areas: Iterable[Area] = (), floors: Iterable[Floor] = ()) -> None:
        self.areas = tuple(areas)
        self.floors = tuple(floors)
        self._devices = {device.entity_id: device for device in devices}
        self._listeners: list[Listener] = []
        self.version = 0
        """Counts changes of what there is, not of states: what was made from names and rooms is old when it differs."""

    @property
    def devices(self) -> tuple[Device, ...]:
        """Every device with its present state."""
        return tuple(self._devices.values())

    @property
    def places(self) -> tuple[Area | Floor, ...]:
        """Every room, then every floor."""
        return *self.areas, *self.floors

    def get(self, entity_id: str) -> Device:
        """Return the device with its present state; KeyError if there is none of that id."""
        return self._devices[entity_id]

    def update(self, entity_id: str, state: str | None = None, attributes: Mapping[str, Any] | None = None) -> Device:
        """Write down what a device reports; attributes that are not named stay, those given as None go.

        Listeners hear of every report, even of one that repeats the last: that is how an answer is told from silence.
        """
        before = self._devices[entity_id]
        merged = {**before.attributes, **(attributes or {})}
        kept = {name: value for name, value in merged.items() if value is not None}
        after = replace(before, state=before.state if state is None else state, attributes=kept)
        self._devices[entity_id] = after
        for listener in tuple(self._listeners):
            listener(before, after)
        return after

    def put(self, device: Device) -> None:
        """Announce a device, or announce it anew. A new one comes last; one that is known keeps its place, and its
        state is what `device` says. Listeners hear of it as of a report.
        """
        before = self._devices.get(device.entity_id)
        self._devices[device.entity_id] = device
        if before is None or _standing(before) != _standing(device):
            self.version += 1
        for listener in tuple(self._listeners):
            listener(before or device, device)

    def remove(self, entity_id: str) -> None:
        """Forget a device that is no more; one that is not known is no error."""
        if self._devices.pop(entity_id, None) is not None:
            self.version += 1

    def place(self, areas: Iterable[Area], floors: Iterable[Floor] = ()) -> None:
        """Add rooms and floors that are not known yet by name; those that are stay as they are."""
        for area in areas:
            if all(area.name.casefold() != known.name.casefold() for known in self.areas):
                self.areas, self.version = (*self.areas, area), self.version + 1
        for floor in floors:
            if all(floor.name.casefold() != known.name.casefold() for known in self.floors):
                self.floors, self.version = (*self.floors, floor), self.version + 1

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(before, after)` at every report; returns the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)


def _standing(device: Device) -> Device:
    """What of a device does not change by itself."""
    return replace(device, state="", attributes={}, unit=None)
