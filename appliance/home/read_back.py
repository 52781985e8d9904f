# SPDX-License-Identifier: Apache-2.0
"""Whether a Zigbee device did what it was told, asked of the device itself.

After a `/set` Zigbee2MQTT publishes what was asked for as soon as the device has acknowledged it, for a group as soon
as it was sent, and repeats it in what it publishes later for other reasons (2.14.1: publish.js, groups.js, receive.js).
No field tells such a report from one of the device. So what agrees with a command is held back until it comes as the
answer to a `/get`, which makes the device send its attribute and Zigbee2MQTT publish it:

1. the first report that agrees is the optimistic one; only a question sent after it counts,
2. one property is asked for at a time, and a report that came before the question had reached the broker, or that
   brings something else (power, battery), is no answer to it,
3. a command of somebody else meanwhile (an app's, heard on the same topics) spoils the question, and it is asked anew,
4. a report that does not agree can only be the device's own: it is believed at once, and the device is asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.home.exposes import Entity, Feature

AT_ONCE = 4
"""Questions on their way at a time. A radio of 250 kbit/s carries some tens of messages with their answers a second, so
the next one is asked when one has been answered: a network that is slow is asked slowly."""
_ACKNOWLEDGED_S = 0.4
_ANSWER_S, _LATE_S = 0.4, 0.8  # how long a question keeps its place among those on their way, and then is waited for
_PAUSES_S = (0.15, 0.3, 0.6, 1.0, 2.0, 4.0, 8.0)
_SPOILED_S = 1.0  # within which a bridge publishes what somebody else's command was
_ARRIVED_S = 0.05  # after which a question is taken to have reached the broker where it is not heard
_PASSING = frozenset(("linkquality", "last_seen", "elapsed", "update", "update_available", "device", "color_mode"))
_XY = 0.03

Ask = Callable[[str, str], Awaitable[None]]


@dataclass
class Doubt:
    """One device that was told something and has not said yet that it is so."""

    entity: Entity
    wanted: Mapping[str, Any]
    """Property -> value, as sent."""
    keys: tuple[str, ...]
    """Properties to ask for, all of `wanted`; none: the device cannot be asked."""
    trusted: bool = False
    """The bridge is set not to report for this device (`optimistic: false`): every report is its own."""
    acknowledged: bool = False
    """The optimistic report has come: what the bridge repeats with other reports is no longer what was before."""
    contradicted: bool = False
    """The device has said that it is otherwise."""
    proven: set[str] = field(default_factory=set)
    """What the device has said to be as wanted."""
    honest: set[str] = field(default_factory=set)
    """What it has said to be otherwise since: if the bridge now publishes what was wanted, then the device says so."""
    asked: str | None = None
    asked_at: float = 0.0
    arrived: bool = False
    """The broker has passed the question on."""
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def spoke(self) -> bool:
        """Whether the device has said anything of it, though otherwise."""
        return self.contradicted or bool(self.honest)


async def came(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event; False if it did not come in time."""
    waiting = asyncio.ensure_future(event.wait())
    try:
        # Not wait_for, which before Python 3.12 may lose a cancellation.
        return bool((await asyncio.wait((waiting,), timeout=seconds))[0])
    finally:
        waiting.cancel()


class ReadBack:
    """What was told to devices and is not confirmed yet."""

    def __init__(self, ask: Ask) -> None:
        """`ask(topic, key)` sends one question."""
        self._ask = ask
        self._doubts: dict[str, Doubt] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._spoiled: dict[str, float] = {}

    def watch(self, entity: Entity, wanted: Mapping[str, Any], *, trusted: bool = False) -> Doubt:
        """Believe no report of `wanted` from now on until the device itself has said it."""
        wanted = _targets(entity, wanted)
        askable = {feature.key for feature in entity.features.values() if feature.can_get}
        keys = tuple(sorted(wanted, key=lambda key: not key.startswith("state"))) if askable.issuperset(wanted) else ()
        doubt = self._doubts[entity.device.entity_id] = Doubt(entity, wanted, keys, trusted)
        return doubt

    def drop(self, doubt: Doubt) -> None:
        """Believe again whatever is reported."""
        if self._doubts.get(doubt.entity.device.entity_id) is doubt:
            del self._doubts[doubt.entity.device.entity_id]

    def settle(self, doubt: Doubt) -> None:
        """It is so: nothing more is asked."""
        doubt.settled.set()
        doubt.woken.set()
        self.drop(doubt)

    def find(self, entity_id: str) -> Doubt | None:
        """What is in doubt of a device."""
        return self._doubts.get(entity_id)

    def in_doubt(self) -> list[str]:
        """The devices that were told something and have not confirmed it."""
        return list(self._doubts)

    def spoil(self, topic: str) -> None:
        """Somebody else has told the device something: what is published next may be that."""
        if self._doubts:
            self._spoiled[topic] = asyncio.get_running_loop().time()

    def overhear(self, topic: str) -> None:
        """A question to a device, of ours most likely, has come past."""
        for doubt in self._doubts.values():
            doubt.arrived |= doubt.entity.topic == topic

    def hear(self, entity: Entity, report: Mapping[str, Any], before: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the part of a report that can be believed; `before`: the last one on the topic, for what is new."""
        doubt = self._doubts.get(entity.device.entity_id)
        said = [] if doubt is None else [key for key in doubt.wanted if report.get(key) is not None]
        if doubt is None or not said:
            return report
        agreeing = {key for key in said if self._agrees(doubt, key, report[key])}
        if agreeing < set(said):
            return self._contradict(doubt, report, agreeing)
        if doubt.trusted:
            doubt.proven |= agreeing
        elif not doubt.acknowledged:
            doubt.acknowledged = True
        elif not self._is_spoiled(doubt):
            doubt.proven |= doubt.honest & agreeing
            if doubt.asked in agreeing and self._has_arrived(doubt) and not _is_stray(entity, report, before):
                doubt.proven.add(doubt.asked)
        doubt.woken.set()
        if doubt.proven.issuperset(doubt.wanted):
            self.settle(doubt)
            return report
        own = {feature.key for feature in entity.features.values()}
        return {key: value for key, value in report.items() if key not in own}

    async def confirm(self, doubt: Doubt) -> bool:
        """Ask until the device says that it is so; False where it cannot be asked, or has not said so for long."""
        await came(doubt.woken, _ACKNOWLEDGED_S)
        if not doubt.keys:
            return doubt.trusted and await came(doubt.settled, sum(_PAUSES_S))
        for pause_s in _PAUSES_S:
            await self._round(doubt)
            if await came(doubt.settled, pause_s):
                return True
        self.drop(doubt)
        return False

    async def _round(self, doubt: Doubt) -> None:
        """Ask for each property in turn, and again where only the bridge's own report came."""
        doubt.contradicted = False
        for key in (*doubt.keys, *doubt.keys):
            if doubt.settled.is_set() or key in doubt.proven:
                continue
            async with self._slots:
                doubt.asked, doubt.asked_at, doubt.arrived = key, asyncio.get_running_loop().time(), False
                doubt.woken.clear()
                await self._ask(doubt.entity.topic, key)
                heard = await came(doubt.woken, _ANSWER_S)
            if doubt.contradicted or not (heard or await came(doubt.woken, _LATE_S)):
                return

    def _agrees(self, doubt: Doubt, key: str, reported: object) -> bool:
        """Whether a report says what was wanted. What color a lamp can show is its own affair: an answer is enough."""
        wanted = doubt.wanted[key]
        free = isinstance(wanted, Mapping) and key == doubt.asked
        return free or alike(_feature(doubt.entity, key), reported, wanted)

    def _contradict(self, doubt: Doubt, report: Mapping[str, Any], agreeing: set[str]) -> Mapping[str, Any]:
        otherwise = {key for key in doubt.wanted if report.get(key) is not None} - agreeing
        if doubt.acknowledged:
            doubt.honest |= otherwise
        doubt.proven -= otherwise
        doubt.contradicted = True
        doubt.woken.set()
        return {key: value for key, value in report.items() if key not in agreeing or key in doubt.proven}

    def _has_arrived(self, doubt: Doubt) -> bool:
        return doubt.arrived or asyncio.get_running_loop().time() - doubt.asked_at > _ARRIVED_S

    def _is_spoiled(self, doubt: Doubt) -> bool:
        """Whether somebody else's command may be what the bridge publishes."""
        return doubt.asked_at < self._spoiled.get(doubt.entity.topic, -_SPOILED_S) + _SPOILED_S


def _is_stray(entity: Entity, report: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether something other than a question about the entity made the bridge publish."""
    own = {feature.key for feature in entity.features.values()} | _PASSING
    return any(value != before.get(key) for key, value in report.items() if key not in own)


def _targets(entity: Entity, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the device is to report: a cover that was told OPEN, its position where it can be asked for that."""
    place = entity.features.get("position")
    ends = {"OPEN": 100, "CLOSE": 0}
    if entity.device.domain == "cover" and place is not None and place.can_get:
        return {place.key: next((ends.get(value, value) for value in wanted.values()), 0)}
    return dict(wanted)


def _feature(entity: Entity, key: str) -> Feature | None:
    return next((feature for feature in entity.features.values() if feature.key == key), None)


def alike(feature: Feature | None, reported: object, wanted: object) -> bool:
    """Whether a device reports what was wanted, as nearly as its steps allow."""
    if isinstance(wanted, Mapping):
        return isinstance(reported, Mapping) and all(
            alike(None, reported.get(name), value) for name, value in wanted.items()
        )
    if isinstance(wanted, bool) or isinstance(reported, bool):
        return wanted is reported
    if isinstance(wanted, int | float) and isinstance(reported, int | float):
        step = 0.01 * (feature.most - feature.least) if feature is not None else _XY if 0 < wanted < 1 else 2
        return abs(reported - wanted) <= step
    if isinstance(wanted, str) and isinstance(reported, str):
        return reported.casefold() == wanted.casefold()
    return reported == wanted
