# SPDX-License-Identifier: Apache-2.0
"""The devices of the last run, in a small JSON file: known from the first moment, in the same order, and unavailable
until their driver hears of them. So a slow broker neither empties the home nor changes the prompt that was read.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.home.keep import replace_file
from appliance.home.registry import UNAVAILABLE, Area, Device, Floor, Registry

_LOG = logging.getLogger(__name__)
DEVICES_AT_MOST = 2000
_MOST_BYTES = 4 << 20
_FROZEN = ConfigDict(extra="forbid", strict=True, frozen=True)
_Text = Annotated[str, Field(max_length=200)]


class _Device(BaseModel):
    model_config = _FROZEN
    entity_id: _Text
    name: _Text
    domain: _Text
    area: _Text | None
    floor: _Text | None
    aliases: Annotated[list[_Text], Field(max_length=50)]
    device_class: _Text | None
    unit: _Text | None
    source: _Text


class _Place(BaseModel):
    model_config = _FROZEN
    name: _Text
    floor: _Text | None = None
    aliases: Annotated[list[_Text], Field(max_length=50)] = []


class _File(BaseModel):
    model_config = _FROZEN
    version: Literal[1]
    areas: Annotated[list[_Place], Field(max_length=500)]
    floors: Annotated[list[_Place], Field(max_length=100)]
    devices: Annotated[list[_Device], Field(max_length=DEVICES_AT_MOST)]


class Known:
    """Keeps what is in the home in the file `path`. Nothing here raises: without it the home is only found later."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._saved: bytes | None = None
        self._waiting: set[str] = set()

    def fill(self, registry: Registry, sources: Collection[str]) -> None:
        """Announce the devices of the last run that came from one of these drivers, unavailable as yet."""
        try:
            content = self._path.read_bytes()
            if len(content) > _MOST_BYTES:
                raise ValueError(f"it has more than {_MOST_BYTES} bytes")
            kept = _File.model_validate_json(content)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            told = f"{error.error_count()} faults" if isinstance(error, ValidationError) else error
            _LOG.warning("%s cannot be used (%s): devices are found anew", self._path, told)
            return
        if not any(device.source in sources for device in kept.devices):
            return
        registry.place(
            [Area(area.name, area.floor, tuple(area.aliases)) for area in kept.areas],
            [Floor(floor.name, tuple(floor.aliases)) for floor in kept.floors],
        )
        present = {device.entity_id for device in registry.devices}
        for device in kept.devices:
            if device.source in sources and device.entity_id not in present:
                registry.put(
                    Device(**device.model_dump(exclude={"aliases"}), aliases=tuple(device.aliases), state=UNAVAILABLE)
                )
                self._waiting.add(device.entity_id)
        registry.subscribe(lambda _, device: self._waiting.discard(device.entity_id))

    def forget(self, registry: Registry, sources: Collection[str]) -> None:
        """Take away what came from these drivers, which are well, and was not heard of since the start."""
        for device in registry.devices:
            if device.entity_id in self._waiting and device.source in sources:
                self._waiting.discard(device.entity_id)
                registry.remove(device.entity_id)

    def save(self, registry: Registry) -> None:
        """Write down what is in the home now, if that differs from what was written last."""
        kept = _File.model_construct(
            version=1,
            areas=[_Place.model_construct(name=a.name, floor=a.floor, aliases=list(a.aliases)) for a in registry.areas],
            floors=[_Place.model_construct(name=f.name, floor=None, aliases=list(f.aliases)) for f in registry.floors],
            devices=[_record(device) for device in registry.devices if device.source != "simulated"][:DEVICES_AT_MOST],
        )
        content = kept.model_dump_json(indent=1).encode("utf-8", "replace")
        if content == self._saved or (not kept.devices and not self._path.exists()):
            return
        try:
            replace_file(self._path, content)
            self._saved = content
        except OSError as error:
            _LOG.warning("%s cannot be written: %s", self._path, error.strerror or error)


def _record(device: Device) -> _Device:
    return _Device.model_construct(
        entity_id=device.entity_id,
        name=device.name,
        domain=device.domain,
        area=device.area,
        floor=device.floor,
        aliases=list(device.aliases),
        device_class=device.device_class,
        unit=device.unit,
        source=device.source,
    )
