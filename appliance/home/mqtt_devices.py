# SPDX-License-Identifier: Apache-2.0
"""The driver of devices that speak MQTT of their own: those of the settings, and those that announce themselves."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance.home.discovery import (
    MOST_DEVICES,
    NotUnderstood,
    Report,
    Thing,
    Where,
    as_text,
    commands,
    read,
    spelled_out,
    thing,
    value_at,
)
from appliance.home.drivers import Health, lost
from appliance.home.errors import DriverError
from appliance.home.mqtt import Broker, Connection, parse
from appliance.home.registry import UNAVAILABLE, Area, Registry
from appliance.home.states import UNKNOWN
from appliance.text import clean

_LOG = logging.getLogger(__name__)


class Mqtt:
    """The driver: the devices of the settings first, then those that announce themselves."""

    source = "mqtt"

    def __init__(
        self,
        broker: Broker,
        devices: Mapping[str, tuple[str, Mapping[str, Any]]] | None = None,
        *,
        prefix: str | None = "homeassistant",
        not_from: tuple[str, ...] = ("Zigbee2MQTT", "appliance"),
    ) -> None:
        """`devices`: component and description by any key; `prefix` None: listen to no announcements; `not_from`:
        names of origins that are not listened to, for their devices come another way.
        """
        self._prefix, self._not_from = prefix, {name.casefold() for name in not_from}
        self._things: dict[str, Thing] = {}
        self._by_topic: dict[str, set[str]] = {}
        for key, (component, config) in (devices or {}).items():
            self._keep(key, thing(component, spelled_out(config)))
        topics = list(self._by_topic)
        self._connection = Connection(
            broker,
            [*topics, *([f"{prefix}/+/+/config", f"{prefix}/+/+/+/config"] if prefix else [])],
            on_message=self._hear,
            on_up=self._show_all,
            on_down=self._gone,
        )
        self._registry = Registry([])
        self._ids: dict[str, str] = {}
        self._known: dict[str, Report] = {}
        self._heard_from: dict[tuple[str, Where], bool] = {}
        self._colors: dict[str, str] = {}

    async def start(self, registry: Registry) -> None:
        """Connect and announce; devices that announce themselves with retained messages follow within moments."""
        self._registry = registry
        for key in self._things:
            self._show(key)
        await self._connection.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._connection.stop()

    def health(self) -> Health:
        """Whether the broker is there."""
        return self._connection.health()

    async def act(self, entity_id: str, service: str, data: Mapping[str, Any]) -> None:
        """Publish what the service call means."""
        key = next((key for key, known in self._ids.items() if known == entity_id), None)
        if key is None:
            raise DriverError(f"there is no device {entity_id}")
        if not self._is_reachable(key):
            raise DriverError(f"{self._things[key].device.name} cannot be reached")
        if "color" in data:
            self._colors[key] = data["color"]
        for topic, payload in commands(self._things[key], service, data):
            await self._connection.publish(topic, payload)

    def _hear(self, topic: str, payload: bytes) -> None:
        if self._prefix and topic.startswith(f"{self._prefix}/") and topic.endswith("/config"):
            self._announced(topic, payload)
            return
        for key in self._by_topic.get(topic, ()):
            one = self._things.get(key)
            if one is None:
                continue
            for where, (yes, no) in one.available.items():
                if where.topic == topic and (word := as_text(value_at(where, payload))) in (yes, no):
                    self._heard_from[key, where] = word == yes
                    if word == no and one.device.domain != "sensor":
                        self._known.pop(key, None)
                    self._show(key)
            report = read(one, topic, payload, self._colors.get(key))
            if report is not None:
                state, attributes = self._known.get(key, (None, {}))
                self._known[key] = report[0] or state, {**attributes, **report[1]}
                if self._is_reachable(key):
                    self._registry.update(self._ids[key], report[0] or state or UNKNOWN, report[1])

    def _announced(self, topic: str, payload: bytes) -> None:
        component, config = topic.split("/")[self._prefix.count("/") + 1 if self._prefix else 0], parse(payload)
        if not isinstance(config, dict):
            if not payload:
                self._remove(topic)
            return
        config = spelled_out(config)
        origin = config.get("origin")
        if isinstance(origin, dict) and clean(origin.get("name")).casefold() in self._not_from:
            return
        try:
            one = thing(component, config)
        except NotUnderstood as error:
            _LOG.info("%s announces a device that is left out: %s", clean(topic, 200), error)
            self._remove(topic)
            return
        if topic not in self._things and len(self._things) >= MOST_DEVICES:
            _LOG.warning("there are %s devices already; %s is left out", MOST_DEVICES, clean(topic, 200))
            return
        if topic in self._things and self._things[topic].device.entity_id != one.device.entity_id:
            self._remove(topic)
        self._keep(topic, one)
        self._show(topic)
        self._connection.subscribe(_topics(one))

    def _keep(self, key: str, one: Thing) -> None:
        self._things[key] = one
        for topic in _topics(one):
            self._by_topic.setdefault(topic, set()).add(key)

    def _remove(self, key: str) -> None:
        if self._things.pop(key, None) is not None:
            self._known.pop(key, None)
            self._registry.remove(self._ids.pop(key, ""))

    def _gone(self) -> None:
        lost(self._registry, self.source)
        self._heard_from.clear()
        for key, one in self._things.items():
            if one.device.domain != "sensor":
                self._known.pop(key, None)

    def _is_reachable(self, key: str) -> bool:
        ways = self._things[key].available
        heard = [self._heard_from[key, where] for where in ways if (key, where) in self._heard_from]
        mode = self._things[key].config.get("availability_mode")
        if not self.health().well or not ways:
            return self.health().well
        return (
            any(heard) if mode == "any" else bool(heard) and all(heard) and (mode != "all" or len(heard) == len(ways))
        )

    def _show_all(self) -> None:
        for key in self._things:
            self._show(key)

    def _show(self, key: str) -> None:
        device = self._things[key].device
        if key not in self._ids:
            others = {known.entity_id for known in self._registry.devices if known.source != self.source}
            taken = others | set(self._ids.values())  # what is known from the last run is taken over
            names = (device.entity_id, *(f"{device.entity_id}_{count}" for count in range(2, len(taken) + 3)))
            self._ids[key] = next(name for name in names if name not in taken)
        if device.area:
            self._registry.place([Area(device.area)])
        area = next((a for a in self._registry.areas if a.name.casefold() == (device.area or "").casefold()), None)
        state, attributes = self._known.get(key, (None, {}))
        shown = replace(
            device,
            entity_id=self._ids[key],
            area=None if area is None else area.name,
            floor=None if area is None else area.floor,
            state=(state or UNKNOWN) if self._is_reachable(key) else UNAVAILABLE,
            attributes={**device.attributes, **{name: v for name, v in attributes.items() if v is not None}},
        )
        self._registry.put(shown)


def _topics(one: Thing) -> list[str]:
    return [where.topic for where in (*one.heard.values(), *one.available)]
