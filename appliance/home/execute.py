# SPDX-License-Identifier: Apache-2.0
"""One tool call from its arguments to one true sentence: check, find, act, read back, tell."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from appliance.home import questions
from appliance.home.acts import ACTS, Act, rises
from appliance.home.clock import Clock
from appliance.home.errors import CannotDo, DriverError, HomeError, Partly
from appliance.home.lanes import Lanes
from appliance.home.mcp_tools import McpTool, ToolServers
from appliance.home.naming import listing
from appliance.home.planning import Plan, plan_call
from appliance.home.policy import STRICTNESS, Policy, action
from appliance.home.registry import Device, Registry
from appliance.home.report import Outcome, report, to_do
from appliance.home.speakers import BROADCAST, Announced, told
from appliance.home.timer_tools import (
    TIMER_TOOLS,
    Moment,
    cancel_of_kind,
    duration,
    run_timer_tool,
    set_for_later,
    status_of_kind,
    timer_in_words,
)
from appliance.home.timers import Timer, TimerKind, Timers
from appliance.home.titles import without_place
from appliance.home.tools import TOOLS, Schema, ToolCall, ToolResult, coerce, validate

_LOG = logging.getLogger(__name__)
_CROWD_S = 0.06  # more time for each of several devices at once: they may share a radio
_PATIENCE = {"lock": 4, "cover": 2.5, "valve": 2.5}  # things that move take longer to report
NOT_LATER = "I can only put off what switches or sets something"
ORDER_LATE_S = 120.0
"""A delayed command that comes later than this, since the appliance was off, is not carried out."""
# What slides: of several such commands only the latest counts.
_SETTINGS = frozenset(
    ("brightness", "color", "color_temperature", "position", "percentage", "temperature", "volume_level")
)


class Way(Protocol):
    """The way to the devices (drivers.py). What they report is written to the registry, by whoever hears it."""

    async def act(self, entity_id: str, service: str, data: Mapping[str, Any]) -> None:
        """Send a service call; that it returns says nothing about the device. Raises DriverError."""

    async def announce(self, message: str) -> Announced:
        """Have a message said on every speaker; tells on which it was. Raises DriverError."""


class Rings(Protocol):
    """What rings (bell.py)."""

    @property
    def ringing(self) -> list[Timer]:
        """What rings now."""

    def quiet(self) -> list[Timer]:
        """Stop all that rings, and return it."""

    def snooze(self, seconds: int) -> list[Timer]:
        """Let all that rings be quiet for so many seconds, and return it."""


class Order(Protocol):
    """An order for later (dialogue/orders.py)."""

    @property
    def kind(self) -> str:
        """alarm, reminder, command, cancel, status, quiet or snooze."""

    @property
    def about(self) -> TimerKind:
        """Which of what waits."""

    @property
    def text(self) -> str:
        """What to be reminded of."""

    @property
    def when(self) -> Moment | None:
        """When."""


@dataclass(frozen=True)
class CallContext:
    """Who asks: `area` is the room where the microphone stands."""

    area: str | None = None
    sure: bool = True
    """Whether the call is surely what was meant; if not, the person is asked before anything is done."""


@dataclass(frozen=True)
class Pending:
    """A call that waits for a person's word: nothing of it has been done."""

    call: ToolCall
    acts: tuple[tuple[str, Act], ...]
    """What would be done: entity id and act; nothing for a tool of a server."""
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
        servers: ToolServers | None = None,
        read_back_s: float = 2.0,
    ) -> None:
        self.registry = registry
        self.timers = timers
        self._driver = driver
        self._clock = clock
        self.policy = policy or Policy()
        self._servers = servers
        self._pending: list[Pending] = []
        self._lanes = Lanes()
        self.bell: Rings | None = None
        self._read_back_s = read_back_s

    @property
    def tools(self) -> tuple[Schema, ...]:
        """What the language model may call: the tools of the home, then those of servers."""
        return TOOLS if self._servers is None else (*TOOLS, *self._servers.tools)

    async def call(self, call: ToolCall, context: CallContext = CallContext()) -> ToolResult:
        """Carry out one call; success means that at least one device reports what was asked of it.

        Everything is checked before the first device is touched, so an error of the call changes nothing.
        """
        try:
            if tool := self._of_server(call.name):
                return await self._run(tool, call, "allow", context.area)
            typed = coerce(call)
            validate(typed)
            if typed.name in ACTS:
                return await self._act(typed, context)
            if typed.name in TIMER_TOOLS and typed.name != "HassTimerStatus" and not context.sure:
                return self._ask(typed, (), self._timer_in_words(typed, context.area), False, context.area)
            if typed.name == BROADCAST:
                return await self._announce(typed, context)
            return ToolResult(True, result=self._answer(typed, context.area))
        except HomeError as error:
            return ToolResult(False, error=str(error))

    def moves(self, call: ToolCall, area: str | None) -> set[tuple[str, str]]:
        """The kinds of devices a call would touch, with what is done to each: the policy's word, up, or down."""
        if call.name not in ACTS:
            return set()
        try:
            typed = coerce(call)
            validate(typed)
            planned, _, _ = self._plan(without_place(self.registry, typed), area)
        except HomeError:
            return set()
        way = next(
            ("up" if rises(by) else "down" for slot, by in typed.arguments.items() if slot.endswith("_step")), ""
        )
        return {(device.domain, way or action(act)) for device, act in planned}

    def same(self, one: ToolCall, other: ToolCall, area: str | None) -> bool:
        """Whether two calls would do the same now; or the other, to a tool for one kind of device, does not name the
        device, and says too little to be done.
        """
        try:
            effect = self._effect(one, area)
        except HomeError:
            return False
        try:
            return effect == self._effect(other, area)
        except HomeError:
            said, kinds = one.arguments, ACTS.get(one.name)
            less = all(said.get(slot) == value for slot, value in other.arguments.items())
            return one.name == other.name and kinds is not None and len(kinds) == 1 and less and "name" in said

    def _effect(self, call: ToolCall, area: str | None) -> tuple[object, ...]:
        """What a call comes down to; raises HomeError for one that does nothing."""
        typed = coerce(call)
        validate(typed)
        if typed.name in TIMER_TOOLS and typed.name != "HassTimerStatus":
            return self._timer_in_words(typed, area), typed.arguments.get("area")
        if typed.name not in ACTS:
            raise CannotDo("It changes nothing")
        planned, refused, _ = self._plan(without_place(self.registry, typed), area)
        if not planned:
            raise CannotDo(refused[0])
        # What is played counts, not in which words a player was found for it.
        acts = {d.entity_id: act.data["search_query"] if act.service == "play_media" else act for d, act in planned}
        return tuple(sorted(acts.items(), key=lambda item: item[0]))

    def later(self, call: ToolCall, context: CallContext, when: Moment) -> ToolResult:
        """Put a call off, if it could be made now without a question; it is judged again when its time has come."""
        try:
            typed = coerce(call)
            validate(typed)
            if typed.name not in ACTS:
                raise CannotDo(NOT_LATER)
            planned, refused, strictest = self._plan(typed, context.area)
            if not planned:
                raise CannotDo(refused[0])
            if strictest != "allow":
                raise CannotDo("That needs your word when it is done, so I cannot do it later")
            done = listing([to_do(device, act) for device, act in planned])
            told = set_for_later(self.timers, "command", when, self._clock.now(), done, context.area, typed)
            return ToolResult(True, result=told)
        except HomeError as error:
            return ToolResult(False, error=str(error))

    def order(self, order: Order, context: CallContext) -> str:
        """Set an alarm or a reminder, tell of those that are set, cancel them, or quiet what rings; a sentence."""
        try:
            if order.kind == "quiet" and self.bell is not None:
                self.bell.quiet()
                return "Okay"
            if order.kind == "snooze" and self.bell is not None and order.when is not None:
                self.bell.snooze(order.when.seconds)
                return f"Again in {duration(order.when.seconds)}"
            if order.kind == "cancel":
                return cancel_of_kind(self.timers, order.about)
            if order.kind == "status":
                return status_of_kind(self.timers, order.about)
            if order.kind == "reminder" and not order.text:
                raise CannotDo("What should I remind you of?")
            if order.when is None:
                raise CannotDo("When should that be?")
            return set_for_later(self.timers, order.about, order.when, self._clock.now(), order.text, context.area)
        except HomeError as error:
            return str(error)

    def now(self) -> datetime:
        """The time on the wall."""
        return self._clock.now()

    def rings(self) -> bool:
        """Whether something rings now."""
        return self.bell is not None and bool(self.bell.ringing)

    async def run_order(self, timer: Timer) -> ToolResult:
        """Carry out a delayed command whose time has come; nobody is there to be asked, so what needs a word is not
        done, nor what comes too late.
        """
        if timer.order is None or timer.late_s > ORDER_LATE_S:
            return ToolResult(False, error=f"I was off when I was to {timer.text}, so I did not")
        try:
            planned, refused, strictest = self._plan(timer.order, timer.area)
            if not planned:
                raise CannotDo(refused[0])
            if strictest != "allow":
                raise CannotDo(f"I did not {timer.text}, for that needs your word now")
        except HomeError as error:
            return ToolResult(False, error=str(error))
        outcomes = await self._carry_out_all(planned)
        return report(timer.order, outcomes, refused)

    @property
    def asks(self) -> bool:
        """A question waits for its answer."""
        return any(self._clock.monotonic() < pending.until for pending in self._pending)

    def take_pending(self) -> list[Pending]:
        """What waits for an answer; the questions are taken back with it, and those that waited too long are gone."""
        taken, self._pending = self._pending, []
        return [pending for pending in taken if self._clock.monotonic() < pending.until]

    def wait_again(self, pending: list[Pending]) -> None:
        """Put questions back, to wait for another answer until the same time."""
        self._pending = [*pending]

    async def confirmed(self, pending: Pending, *, with_pin: bool) -> ToolResult:
        """Carry out what a person has confirmed, if the rules still allow it at this moment."""
        word = "pin" if with_pin else "confirm"
        allowed = STRICTNESS.index(word)
        try:
            if tool := self._of_server(pending.call.name):
                return await self._run(tool, pending.call, word, pending.area)
            if pending.call.name == BROADCAST:
                return await self._announce(pending.call, CallContext(pending.area))
            if pending.call.name in TIMER_TOOLS:
                if self._timer_in_words(pending.call, pending.area) not in pending.question:
                    raise CannotDo("The timers have changed meanwhile, so I did nothing")
                return ToolResult(True, result=self._answer(pending.call, pending.area))
            for entity_id, act in pending.acts:
                device = self.registry.get(entity_id)
                verdict = self.policy.judge(pending.call.name, device, act, self._clock.now())
                if STRICTNESS.index(verdict) > allowed:
                    raise CannotDo(f"{device.name} may not be changed so by voice now")
        except (HomeError, KeyError) as error:
            return ToolResult(False, error=str(error))
        planned = [(self.registry.get(entity_id), act) for entity_id, act in pending.acts]
        outcomes = await self._carry_out_all(planned)
        return report(pending.call, outcomes, [])

    def _timer_in_words(self, call: ToolCall, area: str | None) -> str:
        return timer_in_words(self.timers, self.registry, call, area)

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

    def _plan(self, call: ToolCall, area: str | None) -> Plan:
        return plan_call(call, area, self.registry, self.policy, self._clock.now())

    async def _act(self, call: ToolCall, context: CallContext) -> ToolResult:
        call = without_place(self.registry, call)
        planned, refused, strictest = self._plan(call, context.area)
        if not planned:
            raise CannotDo(refused[0])
        if strictest != "allow" or not context.sure:
            done = listing([to_do(device, act) for device, act in planned])
            acts = tuple((device.entity_id, act) for device, act in planned)
            return self._ask(call, acts, done, strictest == "pin", context.area)
        outcomes = await self._carry_out_all(planned)
        return report(call, outcomes, refused)

    async def _announce(self, call: ToolCall, context: CallContext) -> ToolResult:
        message = str(call.arguments["message"])
        if not context.sure:
            return self._ask(call, (), f"announce: {message}", False, context.area)
        return told(await self._driver.announce(message))

    def _of_server(self, name: str) -> McpTool | None:
        return self._servers.find(name) if self._servers is not None else None

    async def _run(self, tool: McpTool, call: ToolCall, given: str, area: str | None) -> ToolResult:
        """Have a server run its tool if the word that was `given` is enough for it, or else ask for it."""
        assert self._servers is not None
        arguments = tool.check(call.arguments)
        if STRICTNESS.index(tool.word) <= STRICTNESS.index(given):
            return await self._servers.call(tool, arguments)
        if given != "allow":
            raise CannotDo(f"{tool.spoken} may not be run so by voice now")
        return self._ask(call, (), f"run {tool.spoken}", tool.word == "pin", area)

    def _ask(
        self, call: ToolCall, acts: tuple[tuple[str, Act], ...], done: str, needs_pin: bool, area: str | None
    ) -> ToolResult:
        """Do nothing yet: the answer can only come with another turn of the person."""
        question = f"Should I {done}?" if not needs_pin else f"To {done} I need the PIN"
        until = self._clock.monotonic() + self.policy.confirm_s
        self._pending.append(Pending(call, acts, question, needs_pin, until, area))
        return ToolResult(False, error=question, asks=True)

    async def _carry_out_all(self, acts: Sequence[tuple[Device, Act]]) -> list[Outcome]:
        return await asyncio.gather(*(self._carry_out(*act, _CROWD_S * (len(acts) - 1)) for act in acts))

    async def _carry_out(self, device: Device, act: Act, more_s: float) -> Outcome:
        """Carry out one act when its turn on the device has come; a later one on the same setting takes its place."""
        setting = " ".join(sorted(act.data)) if act.data and _SETTINGS.issuperset(act.data) else None
        done = await self._lanes.run(device.entity_id, setting, lambda: self._send(device, act, more_s))
        return done or Outcome(device, self._present(device), answered=False, reached=False, superseded=True)

    def _present(self, device: Device) -> Device:
        try:
            return self.registry.get(device.entity_id)
        except KeyError:  # it went away while it was acted upon
            return device

    async def _send(self, device: Device, act: Act, more_s: float) -> Outcome:
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

        fault = but = ""
        stop_listening = self.registry.subscribe(listen)
        try:
            await asyncio.wait_for(send_and_wait(), self._read_back_s * _PATIENCE.get(device.domain, 1) + more_s)
        except asyncio.TimeoutError:
            _LOG.warning("%s did not report %s within %s s", device.entity_id, act, self._read_back_s)
        except Partly as error:
            but = str(error)
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
        return Outcome(device, after, bool(reports), reached() and (not fault or bool(reports)), fault, but)
