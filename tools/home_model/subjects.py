# SPDX-License-Identifier: Apache-2.0
"""A language model as the evaluation asks it: bare (the calls that it writes), or through the appliance's agent in a
simulated home, so that guards, resolver, policy and asking back count.
"""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from appliance.dialogue.agent import Agent
from appliance.dialogue.caller import Called
from appliance.dialogue.conversation import Conversation
from appliance.dialogue.hearing import understood
from appliance.dialogue.intents import IntentClassifier
from appliance.dialogue.prompt import copied, system_prompt
from appliance.home.execute import CallContext, Home
from appliance.home.registry import Registry
from appliance.home.simulated import SimulatedHome
from appliance.home.speakers import BROADCAST
from appliance.home.timers import Timers
from appliance.home.tools import TOOLS, ToolCall, ToolResult
from appliance.settings import DialogueSettings, LanguageModelSettings
from appliance.speech.numbers import digits
from engines.language_model import ChatModel
from engines.nemotron_h.chat import Message, TextDelta, ToolCallRequest
from tools.home_model.scoring import Effect, Outcome, acts_on, call_effect, effect
from tools.home_model.sentences import Case, Fixture, Said, Slots


class Subject(Protocol):
    """Somebody who is measured."""

    name: str

    def hear(self, case: Case) -> Outcome:
        """What is made of a case in the fixture home, which nobody has changed yet."""


class _StillClock:
    """A quarter past seven in the evening, for ever."""

    def monotonic(self) -> float:
        return 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 19, 15)

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


class _Recording(SimulatedHome):
    """A simulated home that remembers what it was told to do."""

    def __init__(self, registry: Registry, speakers: Sequence[str]) -> None:
        super().__init__(registry, delay_s=0, speakers=speakers)
        self.acts: set[Effect] = set()

    async def act(self, entity_id: str, service: str, data: Mapping[str, Any]) -> None:
        self.acts.add(effect(entity_id, service, data))
        await super().act(entity_id, service, data)


class _Place:
    """The fixture home as it is before a case."""

    def __init__(self, fixture: Fixture) -> None:
        self.clock = _StillClock()
        self.registry = fixture.registry()
        self.driver = _Recording(self.registry, fixture.speakers)
        timers = Timers(self.clock)
        for seconds, name, area in fixture.timers:
            timers.start(seconds, name, area)
        self.home = Home(self.registry, self.driver, timers, self.clock, read_back_s=0.2)

    async def replay(self, said: Said, context: CallContext) -> list[Message]:
        """The messages of a turn before, whose calls are given; they are carried out."""
        messages: list[Message] = [{"role": "user", "content": digits(said.text)}]
        results = []
        calls = [(wanted.intent, {k: str(v) for k, v in wanted.slots.items()}) for wanted in said.calls or ()]
        if calls:
            asked = [{"function": {"name": tool, "arguments": slots}} for tool, slots in calls]
            messages.append({"role": "assistant", "content": "", "tool_calls": asked})
        for tool, slots in calls:
            results.append(await self.home.call(ToolCall(tool, slots), context))
            messages.append({"role": "tool", "content": _told(results[-1])})
        answer = said.answer or " ".join(f"{result.result or result.error}." for result in results)
        return [*messages, {"role": "assistant", "content": answer}]


def _told(result: ToolResult) -> str:
    told = {"success": result.success, "result" if result.success else "error": result.result or result.error}
    return json.dumps(told, ensure_ascii=False)


class BareModel:
    """The calls that a model writes, whoever carries them out."""

    def __init__(self, model: ChatModel, fixture: Fixture, name: str = "model") -> None:
        self.name = name
        self._model, self._fixture = model, fixture
        self._opening: list[Message] = [{"role": "system", "content": system_prompt(fixture.devices)}]
        model.warm(self._opening, TOOLS)

    def hear(self, case: Case) -> Outcome:
        """Its calls and its text; turns before whose calls are not given it answers itself."""
        messages = list(self._opening)
        if case.history:
            messages += asyncio.run(self._before(case))
        text = understood(case.hypotheses, self._model, messages, TOOLS) if case.hypotheses else case.text
        messages.append({"role": "user", "content": digits(text)})
        began = time.perf_counter()
        calls, text = self._write(messages)
        whole = 1e3 * (time.perf_counter() - began)
        return Outcome(tuple(calls), text, first_ms=1e3 * self._model.first_token_s, whole_ms=whole)

    async def _before(self, case: Case) -> list[Message]:
        place, context = _Place(self._fixture), CallContext(case.area)
        messages: list[Message] = []
        for said in case.history:
            turn = await place.replay(said, context)
            if said.calls is None and said.answer is None:
                turn = turn[:1]
                calls, text = self._write([*self._opening, *messages, *turn])
                if calls:
                    asked = [{"function": {"name": tool, "arguments": dict(slots)}} for tool, slots in calls]
                    turn.append({"role": "assistant", "content": "", "tool_calls": asked})
                    results = [await place.home.call(ToolCall(tool, slots), context) for tool, slots in calls]
                    turn += [{"role": "tool", "content": _told(result)} for result in results]
                    text = " ".join(f"{result.result or result.error}." for result in results)
                turn.append({"role": "assistant", "content": text})
            messages += turn
        return messages

    def _write(self, messages: list[Message]) -> tuple[list[tuple[str, Slots]], str]:
        calls, text = [], []
        for event in self._model.chat(messages, TOOLS, copied=copied(self._fixture.devices, messages)):
            if isinstance(event, ToolCallRequest):
                calls.append((event.name, event.arguments))
            elif isinstance(event, TextDelta):
                text.append(event.text)
        return calls, "".join(text).strip()


class ThroughAgent:
    """What the appliance does and says: the model behind its agent, in a simulated home that is new for every case."""

    def __init__(
        self,
        model: ChatModel,
        fixture: Fixture,
        name: str = "agent",
        settings: LanguageModelSettings = LanguageModelSettings(),  # noqa: B008  frozen
    ) -> None:
        self.name, self._settings = name, settings
        self._model, self._intents, self._fixture = model, IntentClassifier(), fixture
        model.warm([{"role": "system", "content": system_prompt(fixture.devices)}], TOOLS)
        logging.getLogger("appliance").setLevel(logging.CRITICAL)  # what it refuses is counted here

    def hear(self, case: Case) -> Outcome:
        """What was done in the home and what was said."""
        return asyncio.run(self._hear(case))

    async def _hear(self, case: Case) -> Outcome:
        place, context = _Place(self._fixture), CallContext(case.area)
        conversation = Conversation(system_prompt(self._fixture.devices), DialogueSettings(), place.clock)
        agent = Agent(self._model, self._intents, place.home, conversation, self._settings)
        try:
            for said in case.history:
                if said.calls is None and said.answer is None:
                    await _turn(agent, said.text, context)
                else:
                    conversation.keep(await place.replay(said, context))
            place.driver.acts.clear()
            before = copy.deepcopy(place.registry) if case.history else None
            began = time.perf_counter()
            text = await agent.understood(case.hypotheses) if case.hypotheses else case.text
            called, spoken = await _turn(agent, text, context)
            whole = 1e3 * (time.perf_counter() - began)
            first = 1e3 * agent.times.first_token_s
        finally:
            agent.close()
        # Timers, and whatever else is no device, are done where the call succeeded.
        calls = [(each.call.name, each.call.arguments) for each in called]
        others = {
            call_effect(each.call.name, each.call.arguments, place.registry, case.area)
            for each in called
            if each.result.success and acts_on(each.call.name) and not each.result.changed
            and ("Timer" in each.call.name or each.call.name == BROADCAST)
        }  # fmt: skip
        return Outcome(tuple(calls), spoken, frozenset(place.driver.acts | others), first, whole, before)


async def _turn(agent: Agent, text: str, context: CallContext) -> tuple[list[Called], str]:
    called, spoken = [], []
    async for event in agent.turn(text, context):
        if isinstance(event, Called):
            called.append(event)
        else:
            spoken.append(event.text)
    return called, " ".join(spoken)
