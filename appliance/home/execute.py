# SPDX-License-Identifier: Apache-2.0
"""One tool call from its arguments to one true sentence: check, find, act, read back, tell."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from appliance.home import questions
from appliance.home.acts import ACTS, Act, plan
from appliance.home.clock import Clock
from appliance.home.errors import Ambiguous, CannotDo, DriverError, HomeError
from appliance.home.lanes import Lanes
from appliance.home.naming import listing
from appliance.home.policy import STRICTNESS, Policy, in_words
from appliance.home.registry import Device, Registry
from appliance.home.report import Outcome, report
from appliance.home.resolver import resolve
from appliance.home.states import which
from appliance.home.timer_tools import TIMER_TOOLS, run_timer_tool
from appliance.home.timers import Timers
from appliance.home.tools import ToolCall, ToolResult, coerce, validate

_LOG = logging.getLogger(__name__)
_LISTS = frozenset(("todo",))
_PATIENCE = {"lock": 4, "cover": 2.5, "valve": 2.5}  # things that move take longer to report
_PLAYERS = frozenset(("media_player",))
# What slides: of several such commands only the latest counts.
_SETTINGS = frozenset(
    ("brightness", "color", "color_temperature", "position", "percentage", "temperature", "volume_level")
)


class Way(Protocol):
    """The way to the devices (drivers.py). What they then report is written to the registry, by whoever hears it."""

    async def act(self, entity_id: str, service: str, data: Mapping[str, Any]) -> None:
        """Send a service call; that it returns says nothing about the device. Raises DriverError."""


@dataclass(frozen=True)
class CallContext:
    """Who asks: `area` is the room where the microphone stands."""

    area: str | None = None


@dataclass(frozen=True)
class Pending:
    """A call that waits for a person's word: nothing of it has been done."""

    call: ToolCall
    acts: tuple[tuple[str, Act], ...]
    """What would be done: entity id and act."""
    question: str
    needs_pin: bool
    until: float
    """On the monotonic clock."""
    area: str | None = None
    tries: int = 0
    """Wrong PINs so far."""


class Home:
    """What the agent's tools do. Calls never raise: whatever cannot be done is told in the result."""

    def __init__(
        self,
        registry: Registry,
        driver: Way,
        timers: Timers,
        clock: Clock,
        *,
        policy: Policy | None = None,
        read_back_s: float = 2.0,
    ) -> None:
        self.registry = registry
        self.timers = timers
        self._driver = driver
        self._clock = clock
        self.policy = policy or Policy()
        self._pending: list[Pending] = []
        self._lanes = Lanes()
        self._read_back_s = read_back_s

    async def call(self, call: ToolCall, context: CallContext = CallContext()) -> ToolResult:
        """Carry out one call; success means that at least one device reports what was asked of it.

        Everything is checked before the first device is touched, so an error of the call changes nothing.
        """
        try:
            typed = coerce(call)
            validate(typed)
            if typed.name in ACTS:
                return await self._act(typed, context.area)
            return ToolResult(True, result=self._answer(typed, context.area))
        except HomeError as error:
            return ToolResult(False, error=str(error))

    def take_pending(self) -> list[Pending]:
        """What waits for an answer; the questions are taken back with it, and those that waited too long are gone."""
        taken, self._pending = self._pending, []
        return [pending for pending in taken if self._clock.monotonic() < pending.until]

    def wait_again(self, pending: list[Pending]) -> None:
        """Put questions back, to wait for another answer until the same time."""
        self._pending = [*pending]

    async def confirmed(self, pending: Pending, *, with_pin: bool) -> ToolResult:
        """Carry out what a person has confirmed, if the rules still allow it at this moment."""
        allowed = STRICTNESS.index("pin" if with_pin else "confirm")
        try:
            for entity_id, act in pending.acts:
                device = self.registry.get(entity_id)
                verdict = self.policy.judge(pending.call.name, device, act, self._clock.now())
                if STRICTNESS.index(verdict) > allowed:
                    raise CannotDo(f"{device.name} may not be changed so by voice now")
        except (HomeError, KeyError) as error:
            return ToolResult(False, error=str(error))
        planned = [(self.registry.get(entity_id), act) for entity_id, act in pending.acts]
        outcomes = await asyncio.gather(*(self._carry_out(device, act) for device, act in planned))
        return report(pending.call, outcomes, [])

    def _answer(self, call: ToolCall, area: str | None) -> str:
        if call.name in TIMER_TOOLS:
            return run_timer_tool(self.timers, self.registry, call, area)
        if call.name == "HassGetState":
            return questions.get_state(self.registry, call, area)
        if call.name == "HassClimateGetTemperature":
            return questions.get_temperature(self.registry, call, area)
        if call.name == "HassGetWeather":
            return questions.get_weather(self.registry, call)
        if call.name == "HassGetCurrentTime":
            return questions.get_time(self._clock.now())
        if call.name == "HassGetCurrentDate":
            return questions.get_date(self._clock.now())
        return "Nothing was changed"  # HassNevermind

    async def _act(self, call: ToolCall, area: str | None) -> ToolResult:
        planned: list[tuple[Device, Act]] = []
        refused: list[str] = []
        strictest = "allow"
        for device in _targets(self.registry, call, area):
            try:
                act = plan(call, device)
                verdict = self.policy.judge(call.name, device, act, self._clock.now())
                if verdict == "never":
                    raise CannotDo(f"{device.name} may not be changed so by voice")
                planned.append((device, act))
                strictest = max(strictest, verdict, key=STRICTNESS.index)
            except CannotDo as error:
                refused.append(str(error))
        if not planned:
            raise CannotDo(refused[0])
        if strictest != "allow":
            return self._ask(call, planned, strictest == "pin", area)
        outcomes = await asyncio.gather(*(self._carry_out(device, act) for device, act in planned))
        return report(call, outcomes, refused)

    def _ask(self, call: ToolCall, planned: list[tuple[Device, Act]], needs_pin: bool, area: str | None) -> ToolResult:
        """Do nothing yet: the answer can only come with another turn of the person."""
        done = listing([f"{in_words(act)} {device.name}" for device, act in planned])
        question = f"Should I {done}?" if not needs_pin else f"To {done} I need the PIN"
        acts = tuple((device.entity_id, act) for device, act in planned)
        until = self._clock.monotonic() + self.policy.confirm_s
        self._pending.append(Pending(call, acts, question, needs_pin, until, area))
        return ToolResult(False, error=question, asks=True)

    async def _carry_out(self, device: Device, act: Act) -> Outcome:
        """Carry out one act when its turn on the device has come; a later one on the same setting takes its place."""
        setting = " ".join(sorted(act.data)) if act.data and _SETTINGS.issuperset(act.data) else None
        done = await self._lanes.run(device.entity_id, setting, lambda: self._send(device, act))
        return done or Outcome(device, self._present(device), answered=False, reached=False, superseded=True)

    def _present(self, device: Device) -> Device:
        try:
            return self.registry.get(device.entity_id)
        except KeyError:  # it went away while it was acted upon
            return device

    async def _send(self, device: Device, act: Act) -> Outcome:
        """Send one act and wait until the device itself reports it, or until it had long enough."""
        device = self._present(device)
        if not device.available:
            return Outcome(device, device, answered=False, reached=False)
        reports: list[Device] = []
        reported = asyncio.Event()

        def listen(_: Device, after: Device) -> None:
            if after.entity_id == device.entity_id:
                reports.append(after)
                reported.set()

        def reached() -> bool:
            return act.reached(self.registry.get(device.entity_id)) and (bool(reports) or not act.momentary)

        async def send_and_wait() -> None:
            await self._driver.act(device.entity_id, act.service, act.data)
            while not reached():
                reported.clear()
                await reported.wait()

        fault = ""
        stop_listening = self.registry.subscribe(listen)
        try:
            await asyncio.wait_for(send_and_wait(), self._read_back_s * _PATIENCE.get(device.domain, 1))
        except asyncio.TimeoutError:
            _LOG.warning("%s did not report %s within %s s", device.entity_id, act, self._read_back_s)
        except DriverError as error:
            _LOG.warning("%s was not sent to %s: %s", act, device.entity_id, error)
            fault = str(error)
        finally:
            stop_listening()
        try:
            after = self.registry.get(device.entity_id)
        except KeyError:  # it went away while it was acted upon
            return Outcome(device, device, answered=False, reached=False)
        # What was so before proves nothing about a command that could not be sent.
        return Outcome(device, after, bool(reports), reached() and (not fault or bool(reports)), fault)


def _targets(registry: Registry, call: ToolCall, area: str | None) -> list[Device]:
    domains = ACTS[call.name]
    if domains == _LISTS:
        name = {"name": call.arguments.get("name", "Shopping List")}
        return _one_of(resolve(registry, name, None, domains=domains, acting=False))
    if domains == _PLAYERS and "name" not in call.arguments:
        return _player(registry, call, area)
    return resolve(registry, call.arguments, area, domains=domains)


def _player(registry: Registry, call: ToolCall, area: str | None) -> list[Device]:
    """Find the player that is meant when none was named: the one that plays, or else the one in the room."""
    wanted = "paused" if call.name == "HassMediaUnpause" else "playing"
    busy = [device for device in registry.devices if device.domain == "media_player" and device.state == wanted]
    if "area" not in call.arguments and call.name != "HassMediaSearchAndPlay" and len(busy) == 1:
        return busy
    found = resolve(registry, call.arguments, area, domains=_PLAYERS)
    return _one_of([device for device in found if device in busy] or found)


def _one_of(devices: list[Device]) -> list[Device]:
    if len(devices) > 1:
        raise Ambiguous(which(devices), devices)
    return devices
