# SPDX-License-Identifier: Apache-2.0
"""A command to a Zigbee device or group, from the message to what the devices themselves say of it.

Only one command at a time is on its way to a device, alone or as a member of a group: else the bridge's report of one
would be taken for the answer to the other (read_back.py). An act ends when all is confirmed, refused or waited for long
enough; the asking goes on for a while, so that what is late is still known.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, Protocol

from appliance.home.errors import DriverError, Partly
from appliance.home.exposes import Entity, Report, command
from appliance.home.naming import be, listing
from appliance.home.read_back import Doubt, ReadBack
from appliance.home.states import UNKNOWN
from appliance.home.travel import Travel

_MEMBERS_S, _MEMBER_S = 1.4, 0.06  # how long the members of a group may take to tell, and each of them more
_FOLLOW_EVERY_S, _FOLLOW_S = 1.0, 120.0


class Bridge(Protocol):
    """What an act needs of the driver (zigbee2mqtt.py)."""

    def members(self, entity: Entity) -> list[Entity]:
        """The devices of a group; of a device itself."""

    def is_reachable(self, entity: Entity) -> bool:
        """Whether a command to it can arrive."""

    def known(self, entity: Entity) -> Report:
        """What a device has said of itself."""

    def write(self, entity: Entity, state: str | None, attributes: Mapping[str, Any]) -> None:
        """Take down what a device is."""

    async def publish(self, topic: str, payload: str, *, question: bool = False) -> None:
        """Tell or ask something; raises DriverError."""


class Acts:
    """The commands that are on their way, and what is asked after them."""

    def __init__(self, bridge: Bridge, answer_s: float) -> None:
        """`answer_s`: how long a refusal is waited for of what cannot be asked and reports nothing."""
        self._bridge, self._answer_s = bridge, answer_s
        self.read_back = ReadBack(self._get)
        self._travel = Travel()
        self._lanes: dict[str, asyncio.Lock] = {}
        self._tasks: dict[str, asyncio.Task[Any]] = {}
        """What goes on after an act has ended: asking of a device whether it is so, following a cover."""
        self._waiting: dict[str, list[tuple[str, asyncio.Future[None]]]] = {}
        self._sent: deque[tuple[str, str]] = deque(maxlen=200)

    async def act(self, entity: Entity, service: str, data: Mapping[str, Any], plain: Mapping[str, bool]) -> None:
        """Tell a device or a group, and return when each has said that it is so; DriverError: what is wrong with whom.

        `plain` (exposes.py): by address, whether the bridge reports only what the device does.
        """
        payload = json.dumps(command(entity, service, data))
        parts = [part for part in self._bridge.members(entity) if self._bridge.is_reachable(part)]
        wanted = [command(part, service, data) for part in parts]
        async with AsyncExitStack() as held:
            # What the bridge says of a group's members while the group is told something is no answer of theirs.
            for topic in sorted({part.topic for part in parts}):
                await held.enter_async_context(self._lanes.setdefault(topic, asyncio.Lock()))
            doubts = [self._doubt(part, told, plain) for part, told in zip(parts, wanted, strict=True)]
            try:
                await self._told(entity, payload, doubts)
            finally:
                for doubt in doubts:
                    self._leave(doubt)

    async def stop(self) -> None:
        """Nothing is asked any more; no task is left."""
        left = list(self._tasks.values())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def heard(self, entity: Entity, state: str | None, attributes: Mapping[str, Any]) -> str | None:
        """Return the state that a report of a device means: that of a cover may be that it moves, and follow it."""
        if entity.device.domain != "cover":
            return state
        entity_id, now = entity.device.entity_id, asyncio.get_running_loop().time()
        state = self._travel.hear(entity_id, state, attributes, now)
        if self._travel.moves(entity_id) and (doubt := self.read_back.find(entity_id)):
            self.read_back.settle(doubt)
            self._start(f"follow {entity_id}", self._follow(entity))
        return state

    def refused(self, complaint: str) -> None:
        """The bridge complains of something in its log; it quotes the name of whom it is about."""
        for topic, waiting in self._waiting.items():
            for name, answer in waiting if f"'{topic}'" in complaint else ():
                if not answer.done():
                    answer.set_exception(DriverError(f"{name} refused the command"))

    def was_ours(self, topic: str, payload: str) -> bool:
        """Whether a command that came past was sent here; told once of each."""
        with suppress(ValueError):
            self._sent.remove((topic, payload))
            return True
        return False

    def end_all(self) -> None:
        """The way is lost: nobody waits any more, and whoever does is told."""
        for entity_id in [*self._tasks, *self.read_back.in_doubt()]:
            self.end(entity_id.removeprefix("follow "))
        for _, answer in [one for waiting in self._waiting.values() for one in waiting]:
            if not answer.done():
                answer.set_exception(DriverError("Zigbee2MQTT cannot be reached"))

    def _doubt(self, entity: Entity, wanted: Mapping[str, Any], plain: Mapping[str, bool]) -> Doubt:
        """Believe no report of what is about to be told to a device."""
        entity_id = entity.device.entity_id
        self.end(entity_id)
        doubt = self.read_back.watch(entity, wanted, trusted=plain.get(entity.ieee, plain.get("", False)))
        if entity.device.domain == "cover" and doubt.keys:
            at = self._bridge.known(entity)[1].get("position")
            self._travel.begin(entity_id, at, next(iter(doubt.wanted.values())), asyncio.get_running_loop().time())
        return doubt

    async def _told(self, entity: Entity, payload: str, doubts: Sequence[Doubt]) -> None:
        """Send a command to a device or group, and wait until all who were told have answered. DriverError: what is
        wrong with whom.
        """
        refusal: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(entity.topic, [])
        waiting.append((entity.device.name, refusal))
        try:
            self._sent.append((entity.topic, payload))
            await self._bridge.publish(f"{entity.topic}/set", payload)
            asked = [self._start(doubt.entity.device.entity_id, self.read_back.confirm(doubt)) for doubt in doubts]
            answers = asyncio.gather(*(asyncio.shield(task) for task in asked), return_exceptions=True)
            within_s = _MEMBERS_S + _MEMBER_S * len(doubts) if entity.members else None
            await asyncio.wait((answers, refusal), timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
            if not refusal.done() and not entity.members and not (doubts[0].keys or doubts[0].acknowledged):
                await asyncio.wait((refusal,), timeout=self._answer_s)
            answers.cancel()
            if refusal.done():
                refusal.result()
        except DriverError:
            for doubt in doubts:
                self._cancel(doubt.entity.device.entity_id)
                self.read_back.drop(doubt)
            raise
        finally:
            waiting.remove((entity.device.name, refusal))
            if not waiting:
                del self._waiting[entity.topic]
            if refusal.done() and not refusal.cancelled():
                refusal.exception()  # told already, or the publishing failed first
        self._judge(entity, doubts)

    def _judge(self, entity: Entity, doubts: Sequence[Doubt]) -> None:
        """Say of whom among those that were told it is not known to be so; raises Partly."""
        wrong = [] if not entity.members else self._without_power(entity)
        for doubt in doubts:
            name = doubt.entity.device.name
            if doubt.settled.is_set():
                continue
            if not doubt.keys and doubt.acknowledged:
                wrong.append(f"{name} was told, but cannot confirm it")
            elif entity.members and doubt.spoke:
                wrong.append(f"{name} {be(name)} {self._bridge.known(doubt.entity)[0]} instead")
            elif entity.members:
                wrong.append(f"{name} did not answer")
        if wrong:
            raise Partly(listing(wrong))

    def _without_power(self, group: Entity) -> list[str]:
        away = [member.device.name for member in self._bridge.members(group) if not self._bridge.is_reachable(member)]
        return [f"{listing(away)} {'is' if len(away) == 1 else 'are'} not available"] if away else []

    def _leave(self, doubt: Doubt) -> None:
        """An act has ended: of a device that took the command and has said nothing, nothing is known."""
        entity_id = doubt.entity.device.entity_id
        if doubt.settled.is_set() or self.read_back.find(entity_id) is not doubt:
            return
        if not self._travel.moves(entity_id):
            self._travel.end(entity_id)
        if doubt.acknowledged and not doubt.spoke:
            self._bridge.write(doubt.entity, UNKNOWN, {})
        if not doubt.keys:
            self.read_back.drop(doubt)  # what is reported from now on may be its own word, and there is no better

    def _start(self, name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        self._cancel(name)
        task = self._tasks[name] = asyncio.create_task(work, name=f"zigbee2mqtt {name}")
        task.add_done_callback(lambda done: self._tasks.pop(name) if self._tasks.get(name) is done else None)
        return task

    def _cancel(self, name: str) -> None:
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()

    def end(self, entity_id: str) -> None:
        """Whatever was told to a device, nobody waits for its answer any more."""
        self._cancel(entity_id)
        self._cancel(f"follow {entity_id}")
        self._travel.end(entity_id)
        if doubt := self.read_back.find(entity_id):
            self.read_back.drop(doubt)

    async def _get(self, topic: str, key: str) -> None:
        with suppress(DriverError):
            await self._bridge.publish(f"{topic}/get", json.dumps({key: ""}), question=True)

    async def _follow(self, entity: Entity) -> None:
        """Ask a cover where it is until it has arrived or stands."""
        entity_id, until = entity.device.entity_id, asyncio.get_running_loop().time() + _FOLLOW_S
        while self._travel.moves(entity_id) and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(_FOLLOW_EVERY_S)
            await self._get(entity.topic, entity.features["position"].key)
        if self._travel.moves(entity_id):
            self._travel.end(entity_id)
            self._bridge.write(entity, UNKNOWN, {})
