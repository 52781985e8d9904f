# SPDX-License-Identifier: Apache-2.0
"""Zigbee devices, over the topics of Zigbee2MQTT.

https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html: `bridge/devices` tells what each device exposes;
from that come the registry's devices. States are what devices report, and the bridge reports much that no device has
said: what was told to one as soon as it acknowledged (read_back.py), the position of a blind before it moves
(travel.py), a group's state (which is here that of its members), and retained ones that may be old. Once the way was
lost, readings stay, and every other state is unknown until it is reported again or was asked for.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from appliance.home.drivers import Health, lost
from appliance.home.errors import DriverError
from appliance.home.exposes import (
    MOST_DEVICES,
    SOURCE,
    Entity,
    Options,
    Report,
    parse_devices,
    parse_groups,
    plain_devices,
    read,
    together,
)
from appliance.home.mqtt import Broker, Connection, parse
from appliance.home.registry import UNAVAILABLE, Area, Registry
from appliance.home.states import UNKNOWN
from appliance.home.zigbee_acts import Acts
from appliance.text import clean

_LOG = logging.getLogger(__name__)

_MOST_EARLY = 1000
_LONGEST_REPORT = 32 * 1024
_FIRST_PICTURE_S = 3.0
_ASK_AFTER_S, _ASK_EVERY_S = 0.3, 0.05  # a radio carries few messages a second, and what is retained comes by itself
_SET = re.compile(r"(.+?)/set(?:/.+)?")
_LARGE = ("info", "devices", "groups", "definitions")  # the last is not read


class Zigbee2Mqtt:
    """The driver: announces what the bridge announces, and keeps its states current."""

    source = SOURCE

    def __init__(self, broker: Broker, options: Options | None = None, *, answer_s: float = 1.0) -> None:
        self._options = options or Options()
        base = self._options.base
        self._connection = Connection(
            broker,
            [f"{base}/#"],
            on_message=self._hear,
            on_up=lambda: None,  # what is retained comes by itself
            on_down=self._gone,
            large=[f"{base}/bridge/{what}" for what in _LARGE],
        )
        self._acts = Acts(self, answer_s)
        self._plain: dict[str, bool] = {}
        """Address -> whether the bridge reports only what the device does; "": where none is named."""
        self._last: dict[str, Mapping[str, Any]] = {}
        self._stale: set[str] = set()
        self._registry = Registry([])
        self._online = False
        self._announced: dict[str, Any] = {}
        self._entities: dict[str, Entity] = {}
        self._known: dict[str, Report] = {}
        self._reachable: dict[str, bool] = {}
        self._early: dict[str, Mapping[str, Any]] = {}
        self._colors: dict[str, str] = {}
        self._asking: asyncio.Task[None] | None = None
        self._pictured = asyncio.Event()

    async def start(self, registry: Registry) -> None:
        """Connect and announce; returns without devices where broker or bridge are away, which `health` tells."""
        self._registry = registry
        await self._connection.start()
        if self._connection.health().well:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._pictured.wait(), _FIRST_PICTURE_S)

    async def stop(self) -> None:
        """Disconnect."""
        await self._connection.stop()
        await self._acts.stop()
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def health(self) -> Health:
        """Whether broker and bridge are there."""
        health = self._connection.health()
        return health if not health.well or self._online else Health(False, "Zigbee2MQTT is not running")

    async def act(self, entity_id: str, service: str, data: Mapping[str, Any]) -> None:
        """Send one service call, and return when the device itself has said that it is so (zigbee_acts.py)."""
        entity = self._entities.get(entity_id)
        if entity is None:
            raise DriverError(f"there is no device {entity_id}")
        if not (health := self.health()).well:
            raise DriverError(health.reason)
        if not self._reachable.get(entity.topic, True):
            raise DriverError(f"{entity.device.name} cannot be reached")
        if "color" in data:
            self._colors |= {part.device.entity_id: data["color"] for part in self.members(entity)}
        await self._acts.act(entity, service, data, self._plain)

    def _hear(self, topic: str, payload: bytes) -> None:
        rest = topic.removeprefix(f"{self._options.base}/")
        if rest == "bridge/state":
            self._bridge(_word(payload) == "online")
        elif rest in ("bridge/devices", "bridge/groups"):
            announced = parse(payload)
            if isinstance(announced, list):
                self._announced[rest] = announced
                self._announce()
        elif rest == "bridge/logging":
            self._logged(parse(payload))
        elif rest == "bridge/info":
            self._plain = plain_devices(parse(payload))
        elif rest.endswith("/get"):
            self._acts.read_back.overhear(rest.removesuffix("/get"))
        elif told := _SET.fullmatch(rest):
            self._overheard(told[1], payload)
        elif rest.endswith("/availability") and not rest.startswith("bridge/"):
            self._availability(rest.removesuffix("/availability"), _word(payload) != "offline")
        elif not rest.startswith("bridge/") and len(payload) <= _LONGEST_REPORT:
            report = parse(payload)
            if isinstance(report, dict):
                self._reported(rest, report)

    def _bridge(self, online: bool) -> None:
        if online and not self._online:
            self._online = True
            self._show_all()
            self._ask()
        elif not online:
            self._gone()

    def _gone(self) -> None:
        """The way is lost: what devices do from now on is not heard."""
        self._online = False
        if self._asking is not None:
            self._asking.cancel()
        self._acts.end_all()
        lost(self._registry, self.source)
        self._forget(list(self._entities.values()))

    def _forget(self, entities: list[Entity]) -> None:
        for entity in entities:
            if entity.device.domain != "sensor":
                self._known.pop(entity.device.entity_id, None)

    def _announce(self) -> None:
        devices = parse_devices(self._announced.get("bridge/devices"), self._options)
        found = [*devices, *parse_groups(self._announced.get("bridge/groups"), devices, self._options)]
        others = {device.entity_id for device in self._registry.devices if device.source != self.source}
        before, self._entities = self._entities, {}
        for entity in found:
            entity_id = entity.device.entity_id
            entity_id += f"_{self.source}" if entity_id in others else ""
            self._entities[entity_id] = replace(entity, device=replace(entity.device, entity_id=entity_id))
        for entity_id, entity in before.items():
            now = self._entities.get(entity_id)
            if now is None or now.ieee != entity.ieee:
                self._acts.end(entity_id)
                self._known.pop(entity_id, None)
            if now is None:
                self._registry.remove(entity_id)
        self._registry.place([Area(entity.device.area) for entity in found if entity.device.area])
        for name, report in self._early.items():
            self._reported(name, report, show=False)
        if len(self._announced) == 2:
            self._early.clear()
            self._pictured.set()
        self._show_all()
        self._ask()

    def _show_all(self) -> None:
        for entity in self._entities.values():
            if entity.members:
                self._derive(entity)
            self._show(entity)

    def _show(self, entity: Entity) -> None:
        device = entity.device
        state, attributes = self._known.get(device.entity_id, (None, {}))
        area = next((a for a in self._registry.areas if a.name.casefold() == (device.area or "").casefold()), None)
        shown = replace(
            device,
            area=device.area if area is None else area.name,
            floor=None if area is None else area.floor,
            state=(state or UNKNOWN) if self.is_reachable(entity) else UNAVAILABLE,
            attributes={**device.attributes, **{name: v for name, v in attributes.items() if v is not None}},
        )
        self._registry.put(shown)

    def is_reachable(self, entity: Entity) -> bool:
        """Whether a command to it can arrive."""
        return self._online and self._reachable.get(entity.topic, True)

    def _availability(self, topic: str, online: bool) -> None:
        before = self._reachable.get(topic, True)
        if topic in self._reachable or len(self._reachable) < 2 * MOST_DEVICES:
            self._reachable[topic] = online
        mine = [entity for entity in self._entities.values() if entity.topic == topic]
        if not mine or online == before:
            return
        if not online:
            self._forget(mine)
        for entity in mine:
            self._show(entity)
        if online:
            self._ask()

    def _reported(self, topic: str, report: Mapping[str, Any], *, show: bool = True) -> None:
        mine = [entity for entity in self._entities.values() if entity.topic == topic and not entity.members]
        if not mine and show and len(self._announced) < 2 and len(self._early) < _MOST_EARLY:
            self._early[topic] = report  # retained, and sent before what it belongs to
        if not mine:
            return
        before, self._last[topic] = self._last.get(topic, {}), report
        for entity in mine:
            believed = self._acts.read_back.hear(entity, report, before)
            said = read(entity, believed, self._colors.get(entity.device.entity_id))
            if said is not None:
                self.write(entity, self._acts.heard(entity, *said), said[1], show=show)

    def write(self, entity: Entity, state: str | None, attributes: Mapping[str, Any], *, show: bool = True) -> None:
        """Take down what a device is, and with it the groups that it belongs to."""
        entity_id = entity.device.entity_id
        before, known = self._known.get(entity_id, (None, {}))
        self._known[entity_id] = state or before, {**known, **attributes}
        if not show:
            return
        if self.is_reachable(entity):
            self._registry.update(entity_id, state or before or UNKNOWN, attributes)
        for group in [group for group in self._entities.values() if entity.ieee in group.members]:
            if self._derive(group) and self.is_reachable(group):
                self._registry.update(group.device.entity_id, *self._known[group.device.entity_id])

    def members(self, entity: Entity) -> list[Entity]:
        """The devices of a group; of a device itself."""
        domain = entity.device.domain
        mine = [one for one in self._entities.values() if one.ieee in entity.members and one.device.domain == domain]
        return mine if entity.members else [entity]

    def known(self, entity: Entity) -> Report:
        """What a device has said of itself."""
        return self._known.get(entity.device.entity_id, (None, {}))

    async def publish(self, topic: str, payload: str, *, question: bool = False) -> None:
        """Tell or ask something; raises DriverError."""
        await self._connection.publish(
            f"{self._options.base}/{topic}", payload, qos=0 if question else 1, harmless=question
        )

    def _derive(self, group: Entity) -> bool:
        """Take down what a group is, from its members; False where nothing is known of them."""
        told = together([self.known(one) for one in self.members(group)], group.device.domain)
        if told is not None:
            self._known[group.device.entity_id] = told
        return told is not None

    def _overheard(self, topic: str, payload: bytes) -> None:
        """Somebody tells a device or a group something: if it was not us, what is reported next may be that."""
        if self._acts.was_ours(topic, payload.decode(errors="replace")):
            return
        named = [entity for entity in self._entities.values() if entity.topic == topic]
        told = [member for entity in named for member in self.members(entity)]
        for entity in told:
            self._acts.read_back.spoil(entity.topic)
            self._stale.add(entity.device.entity_id)
        if named:
            self._ask()

    def _logged(self, entry: object) -> None:
        """`{"level": "error", "message": "z2m: Publish 'set' 'state' to 'Lamp' failed: …"}`."""
        if not isinstance(entry, dict) or entry.get("level") != "error":
            return
        text = entry.get("message")
        if not isinstance(text, str) or "'get'" in text:
            return
        _LOG.warning("Zigbee2MQTT says: %s", clean(text, 300))
        self._acts.refused(text)

    def _ask(self) -> None:
        """Ask devices that can be asked for what is not known of them, or may be otherwise than the bridge reports."""
        if self._asking is not None:
            self._asking.cancel()  # it begins anew, and leaves out who has answered
        self._asking = asyncio.create_task(self._ask_all(), name="zigbee2mqtt get")

    async def _ask_all(self) -> None:
        await asyncio.sleep(_ASK_AFTER_S)
        asked: set[str] = set()
        for entity in list(self._entities.values()):
            keys = [feature.key for feature in entity.features.values() if feature.can_get]
            entity_id = entity.device.entity_id
            wanted = entity_id not in self._known or entity_id in self._stale
            self._stale.discard(entity_id)
            if not keys or not wanted or not self.is_reachable(entity) or entity.topic in asked:
                continue
            asked.add(entity.topic)
            with suppress(DriverError):
                await self.publish(f"{entity.topic}/get", json.dumps(dict.fromkeys(keys, "")), question=True)
            await asyncio.sleep(_ASK_EVERY_S)


def _word(payload: bytes) -> str:
    """`{"state": "online"}`, or as older versions say it: `online`."""
    said = parse(payload)
    return clean(said.get("state")) if isinstance(said, dict) else clean(payload[:20].decode(errors="replace"))
