# SPDX-License-Identifier: Apache-2.0
"""The way to the devices: one small interface, a file a driver, and the router that finds the driver of a device."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from appliance.home.errors import DriverError
from appliance.home.registry import UNAVAILABLE, Registry
from appliance.home.speakers import Announced, Speakers

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Health:
    """Whether a driver has its way to the devices; `reason` is a sentence that can be spoken."""

    well: bool
    reason: str = ""


class Driver(Protocol):
    """Devices of one source. It writes to the registry what they are and what they report, and nobody else does."""

    source: str
    """The `source` of every device that it announces: "mqtt", "zigbee2mqtt", …"""

    async def start(self, registry: Registry) -> None:
        """Connect, announce the devices (`registry.put`, in an order that does not change from start to start) with
        their states, and keep both current from now on, reconnecting for ever. Returns when the first picture is
        complete, or after a few seconds with what there is; a server that is away raises nothing, health tells it.
        """

    async def act(self, entity_id: str, service: str, data: Mapping[str, Any]) -> None:
        """Send one service call, now or never: nothing is kept for later. That it returns says nothing about the
        device: its report does. Raises DriverError with a sentence when it cannot be sent or was refused.
        """

    def health(self) -> Health:
        """How the way to the devices is at this moment."""

    async def stop(self) -> None:
        """Disconnect; no task of the driver is left."""


class Router:
    """Sends each act to the driver of the device's source."""

    def __init__(self, registry: Registry, drivers: Sequence[Driver]) -> None:
        self._registry = registry
        self._drivers = {driver.source: driver for driver in drivers}

    async def start(self) -> None:
        """Start all drivers side by side; one that fails is logged and its devices are missing until it is well."""
        started = await asyncio.gather(
            *(driver.start(self._registry) for driver in self._drivers.values()), return_exceptions=True
        )
        for driver, fault in zip(self._drivers.values(), started, strict=True):
            if isinstance(fault, BaseException):
                _LOG.error("%s did not start: %s", driver.source, fault)

    async def act(self, entity_id: str, service: str, data: Mapping[str, Any]) -> None:
        """Send one service call to where the device is; raises DriverError."""
        try:
            device = self._registry.get(entity_id)
        except KeyError:
            raise DriverError(f"there is no device {entity_id}") from None
        driver = self._drivers.get(device.source)
        if driver is None:
            raise DriverError(f"{device.name} has no way to be reached")
        health = driver.health()
        if not health.well:
            raise DriverError(health.reason)
        await driver.act(entity_id, service, data)

    async def announce(self, message: str) -> Announced:
        """Say a message on the speakers of all drivers that have some; raises DriverError where none could."""
        ways = [driver for driver in self._drivers.values() if isinstance(driver, Speakers)]
        said: list[Announced] = []
        faults: list[DriverError] = []
        for each in await asyncio.gather(*(way.announce(message) for way in ways), return_exceptions=True):
            if isinstance(each, Announced):
                said.append(each)
            elif isinstance(each, DriverError):
                faults.append(each)
            else:
                raise each
        if faults and not any(each.on for each in said):
            raise faults[0]
        on, silent = (tuple(chain.from_iterable(getattr(each, part) for each in said)) for part in ("on", "silent"))
        return Announced(on, silent)

    def well(self) -> list[str]:
        """The sources whose way is there at this moment."""
        return [source for source, driver in self._drivers.items() if driver.health().well]

    def faults(self) -> list[str]:
        """What is wrong with the ways to the devices, a sentence each."""
        return [health.reason for driver in self._drivers.values() if not (health := driver.health()).well]

    async def stop(self) -> None:
        """Stop all drivers."""
        await asyncio.gather(*(driver.stop() for driver in self._drivers.values()), return_exceptions=True)


def lost(registry: Registry, source: str) -> None:
    """Mark every device of a source as unavailable: its way is gone, and what was last known may no longer be true."""
    for device in registry.devices:
        if device.source == source and device.available:
            registry.update(device.entity_id, UNAVAILABLE)
