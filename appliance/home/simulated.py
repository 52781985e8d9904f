# SPDX-License-Identifier: Apache-2.0
"""A home that exists only in a file, and whose devices really change their state when they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from appliance.home.drivers import Health
from appliance.home.errors import DriverError
from appliance.home.home_file import DeviceEntry, TargetEntry, read_home_file
from appliance.home.registry import UNAVAILABLE, Area, Device, Floor, Registry
from appliance.home.speakers import Announced

Report = tuple[str | None, Mapping[str, Any]]

# service: the state that a device reports after it; None leaves the state as it is
_STATES: dict[str, str | None] = {
    "turn_on": "on",
    "turn_off": "off",
    "open_cover": "open",
    "close_cover": "closed",
    "open_valve": "open",
    "close_valve": "closed",
    "lock": "locked",
    "unlock": "unlocked",
    "set_percentage": "on",
    "set_temperature": None,
    "media_pause": "paused",
    "media_play": "playing",
    "media_next_track": None,
    "media_previous_track": None,
    "play_media": "playing",
    "volume_mute": None,
    "volume_set": None,
    "start": "cleaning",
    "return_to_base": "docked",
}


def load_home(path: Path) -> Registry:
    """Read a home file into a registry; raises YamlError or HomeFileError, with file and line of every fault."""
    home = read_home_file(path)
    floor_of = {area.name: area.floor for area in home.areas}
    return Registry(
        devices=[_device(entry, floor_of.get(entry.area or "")) for entry in home.devices],
        areas=[Area(area.name, area.floor, area.aliases) for area in home.areas],
        floors=[Floor(floor.name, floor.aliases) for floor in home.floors],
    )


def _device(entry: DeviceEntry, floor: str | None) -> Device:
    attributes = entry.attributes.model_dump(exclude_none=True)
    if entry.sets:
        attributes["sets"] = {entity_id: _report(target) for entity_id, target in entry.sets.items()}
    if entry.fault is not None:
        attributes["fault"] = entry.fault
    return Device(
        entity_id=entry.entity_id,
        name=entry.name,
        domain=entry.domain,
        area=entry.area,
        floor=floor,
        aliases=entry.aliases,
        device_class=entry.device_class,
        state=UNAVAILABLE if entry.fault == "unavailable" else entry.state,
        attributes=attributes,
        unit=entry.unit,
    )


def _report(target: TargetEntry) -> Report:
    return target.state, target.model_dump(exclude_none=True, exclude={"state"})


class SimulatedHome:
    """The driver of such a home: a device reports its new state a moment after the command, as a real one does.

    A device with the attribute `fault` "stuck" accepts commands and does nothing; an unavailable one stays silent.
    """

    source = "simulated"

    def __init__(self, registry: Registry, *, delay_s: float = 0.005, speakers: Sequence[str] = ()) -> None:
        """`speakers`: names of those that say announcements."""
        self._registry = registry
        self._delay_s = delay_s
        self._speakers = tuple(speakers)

    async def act(self, entity_id: str, service: str, data: Mapping[str, Any]) -> None:
        """Send one service; it takes effect a moment later. Raises DriverError for an unknown device or service."""
        try:
            device = self._registry.get(entity_id)
        except KeyError as error:
            raise DriverError(f"there is no device {entity_id}") from error
        _after(device, service, data)
        asyncio.get_running_loop().call_later(self._delay_s, self._report, entity_id, service, data)

    async def announce(self, message: str) -> Announced:
        """Say a message on every speaker."""
        return Announced(on=self._speakers)

    async def start(self, registry: Registry) -> None:
        """Nothing to do: `load_home` has made the registry."""

    def health(self) -> Health:
        """Always well."""
        return Health(True)

    async def stop(self) -> None:
        """Nothing to do."""

    def _report(self, entity_id: str, service: str, data: Mapping[str, Any]) -> None:
        device = self._registry.get(entity_id)
        if not _works(device):
            return
        for target, (state, attributes) in device.attributes.get("sets", {}).items():
            if _works(self._registry.get(target)):
                self._registry.update(target, state, attributes)
        state, attributes = _after(device, service, data)
        self._registry.update(entity_id, state, attributes)


def _works(device: Device) -> bool:
    return device.available and "fault" not in device.attributes


def _after(device: Device, service: str, data: Mapping[str, Any]) -> Report:
    if device.domain == "scene":
        return "activated", {}
    if device.domain == "script":
        return "off", {}
    if device.domain == "climate" and service == "turn_on":
        return "heat", {}
    if service in ("set_cover_position", "set_valve_position"):
        return ("open" if data["position"] else "closed"), {"position": data["position"]}
    if service in ("add_item", "update_item"):
        return _list_after(device, service, data["item"])
    if service not in _STATES:
        raise DriverError(f"{device.entity_id} has no service {service}")
    state = _STATES[service]
    if service == "play_media":
        return state, {"media_title": data["search_query"]}
    if state in ("open", "closed") and "position" in device.attributes:
        return state, {"position": 100 if state == "open" else 0}
    return state, _exclusive(data)


def _exclusive(data: Mapping[str, Any]) -> Mapping[str, Any]:
    # A light is either colored or white.
    if "color" in data:
        return {"color_temperature": None, **data}
    if "color_temperature" in data:
        return {"color": None, **data}
    return data


def _list_after(device: Device, service: str, item: str) -> Report:
    items = tuple(device.attributes.get("items", ()))
    left = (*items, item) if service == "add_item" else tuple(other for other in items if other != item)
    return str(len(left)), {"items": left}
