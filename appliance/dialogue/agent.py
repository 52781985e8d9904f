# SPDX-License-Identifier: Apache-2.0
"""One turn of the dialogue: text in; calls made, read back and told; sentences out."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeAlias

from appliance.dialogue.announcements import WHAT_TO_ANNOUNCE, Announcement, asked_announcement
from appliance.dialogue.caller import Called, Caller
from appliance.dialogue.confirmation import Answer, read_answer, read_pin
from appliance.dialogue.conversation import Conversation, Message
from appliance.dialogue.exchange import MAX_TEXT, Exchange
from appliance.dialogue.grounding import finished
from appliance.dialogue.hearing import understood
from appliance.dialogue.intents import IntentClassifier
from appliance.dialogue.orders import read_order
from appliance.dialogue.prompt import copied, system_prompt
from appliance.home.execute import CallContext, Home
from appliance.home.speakers import BROADCAST
from appliance.home.tools import ToolCall
from appliance.settings import LanguageModelSettings
from appliance.speech.clauses import MIN_WORDS, ClauseSplitter
from appliance.speech.numbers import digits
from appliance.speech.recognizer import Hypothesis
from appliance.text import clean
from engines.generate import Cancelled, Sampling
from engines.language_model import ChatModel
from engines.nemotron_h.chat import ChatEvent, MalformedCall, TextDelta, ToolCallRequest

_LOG = logging.getLogger(__name__)

NOWHERE = CallContext()
"""A microphone that stands in no room."""

MAX_ROUNDS = 4
"""Times that the model may ask for tools within one turn."""

MAX_PIN_TRIES = 3
"""Wrong PINs after which the question is dropped."""

RECONSIDERED = 0.9
"""A call that the language model gives less comes with what it might have written instead."""

NOTHING_DONE = "Okay, I did nothing."
WRONG_PIN = "That is not the PIN."


@dataclass(frozen=True)
class Clause:
    """A piece of the answer that may be spoken now."""

    text: str


AgentEvent: TypeAlias = Clause | Called


@dataclass
class AgentTimes:
    """Where the time of a turn went, in seconds."""

    first_token_s: float = 0.0
    """From the turn's text to the first token, prompt read."""
    model_s: float = 0.0
    tools_s: float = 0.0


class Agent:
    """Drives the language model and gives what it writes to be called and told.

    The model lives on one thread of its own; what it writes crosses to the event loop through a queue that cannot
    grow beyond max_tokens.
    """

    def __init__(
        self,
        model: ChatModel,
        intents: IntentClassifier,
        home: Home,
        conversation: Conversation,
        settings: LanguageModelSettings,
    ) -> None:
        self._model, self._intents, self._home, self._conversation = model, intents, home, conversation
        self._sampling = Sampling(settings.temperature, settings.top_p, settings.seed, settings.max_tokens)
        self._ask_below = settings.ask_below
        self._caller = Caller(intents, home, conversation, settings.ask_below)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="language-model")
        self._version, self._tools = home.registry.version, home.tools
        self._busy = False
        self.times = AgentTimes()
        self.secret = False
        """The last turn was a PIN, or meant as one: its text is to be kept nowhere."""

    async def warm(self) -> int:
        """Read the system turn once; returns its tokens."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._model.warm, self._conversation.opening, self._tools
        )

    async def refresh(self) -> None:
        """Read the device list anew if the home has changed; a turn that runs has seen to it itself."""
        if not self._busy:
            await self._follow_the_home()

    async def _follow_the_home(self) -> None:
        if (self._home.registry.version, self._home.tools) != (self._version, self._tools):
            self._version, self._tools = self._home.registry.version, self._home.tools
            self._conversation.renew(system_prompt(self._home.registry.devices))
            _LOG.info("the home has changed: its device list of %d tokens is read", await self.warm())

    async def understood(self, offered: Sequence[Hypothesis]) -> str:
        """Which of the wordings that the recognizer offers, its likeliest first, was said in this conversation.

        The answer to a question of the home is taken as it was heard: no model is asked what a yes may have been.
        """
        if self._home.asks:
            return offered[0].text
        asked = (self._model, self._conversation.messages(), self._tools)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, understood, offered, *asked)
        except Exception:  # the recognizer's own choice is as good as it was
            _LOG.exception("the language model could not say what is likely to have been said")
            return offered[0].text

    async def turn(self, text: str, context: CallContext = NOWHERE) -> AsyncGenerator[AgentEvent, None]:
        """Answer what a person said. Always ends with at least one Clause; a fault is told in one and changes
        nothing.
        """
        self.times, self.secret = AgentTimes(), False
        turn = Exchange(clean(digits(text), MAX_TEXT), self._conversation.said())
        self._busy = True
        try:
            await self._follow_the_home()
            answered = False
            async for answer in self._confirm(turn):
                answered = True
                yield answer
            if not answered and (told := self._order(turn, context)) is not None:
                answered = True
                yield Clause(turn.tell(finished(told)))
            announcement, likely = (None, 0.0) if answered else self._announcement(turn)
            if announcement and announcement.rest:
                turn.read_only(announcement.rest)
            for _ in range(0 if answered or (announcement and not announcement.rest) else MAX_ROUNDS):
                calls: list[ToolCallRequest] = []
                async for event in self._round(turn, calls):
                    yield event
                if not calls:
                    break
                if turn.when is not None and self._caller.takes_its_time(calls):
                    turn.read_whole()
                    continue
                began = time.monotonic()
                async for called in self._caller.make(calls, turn, context):
                    yield called
                self.times.tools_s += time.monotonic() - began
                if any(result.asks for result in turn.called):
                    break  # what comes next is for the person to say
            if announcement is None or announcement.rest:
                for clause in turn.closing():
                    yield Clause(clause)
            if announcement is not None:
                async for answer in self._announce(announcement.message, likely, turn, context):
                    yield answer
        except Exception:  # whatever a model or a tool does, the next turn must work
            _LOG.exception("the turn failed")
            for clause in turn.failed():
                yield Clause(clause)
        finally:
            self._busy = False
        # Names and states of devices are in it.
        turn.messages.append({"role": "assistant", "content": clean(" ".join(turn.spoken), MAX_TEXT)})
        self._conversation.keep(turn.messages)

    def close(self) -> None:
        """Let the model's thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _confirm(self, turn: Exchange) -> AsyncIterator[AgentEvent]:
        """Take the turn as the answer to questions that wait for one; yields nothing where it is none.

        No model is asked: a yes, a no and a PIN are read in code, and only from a turn after the question.
        """
        waiting = self._home.take_pending()
        ringing = self._home.rings() and read_order(turn.text, self._home.now(), ringing=True)
        if not waiting or (ringing and ringing.kind in ("quiet", "snooze")):
            return  # "okay" to what rings is a yes to nothing: who wants the other thing says so again
        needs_pin = any(pending.needs_pin for pending in waiting)
        given = read_pin(turn.text) if needs_pin else ""
        right_pin = self._home.policy.is_pin(given)
        answer = read_answer(turn.text, " ".join(pending.question for pending in waiting))
        if given:
            turn.hide()
            self.secret = True
        if answer is Answer.NO:
            yield Clause(turn.tell(NOTHING_DONE))
        elif given and not right_pin:
            again = [replace(pending, tries=pending.tries + 1) for pending in waiting]
            if again[0].tries < MAX_PIN_TRIES:
                self._home.wait_again(again)
            yield Clause(turn.tell(WRONG_PIN))
        elif answer is Answer.YES and needs_pin:
            self._home.wait_again(waiting)
            for pending in waiting:
                yield Clause(turn.tell(finished(pending.question)))
        elif right_pin or answer is Answer.YES:
            began = time.monotonic()
            for pending in waiting:
                result = await self._home.confirmed(pending, with_pin=right_pin)
                turn.record(pending.call, result)
                yield Called(pending.call, result)
            self.times.tools_s += time.monotonic() - began

    def _order(self, turn: Exchange, context: CallContext) -> str | None:
        """Take an alarm, a reminder, or a word about what rings, and say what came of it; None where it is none.

        Of a command that is put off the time is taken off, and the model reads the rest.
        """
        order = read_order(turn.text, self._home.now(), ringing=self._home.rings())
        if order is None:
            return None
        if order.kind == "command":
            turn.put_off(order)
            return None
        return self._home.order(order, context)

    def _announcement(self, turn: Exchange) -> tuple[Announcement | None, float]:
        """What is to be announced, if anything, and how likely an announcement is asked for."""
        before = self._conversation.before()
        said = self._intents.probabilities(turn.text, before)
        return asked_announcement(turn.text, said, before), said.get(BROADCAST, 0.0)

    async def _announce(
        self, message: str, likely: float, turn: Exchange, context: CallContext
    ) -> AsyncIterator[AgentEvent]:
        """Announce in the words that were said; asked about where it is not likely enough that this was meant."""
        if not message:
            yield Clause(turn.tell(WHAT_TO_ANNOUNCE))
            return
        began, call = time.monotonic(), ToolCall(BROADCAST, {"message": message})
        if turn.when is not None:
            result = self._home.later(call, context, turn.when)
        else:
            result = await self._home.call(call, replace(context, sure=likely >= self._ask_below))
        turn.record(call, result)
        self.times.tools_s += time.monotonic() - began
        yield Called(call, result)
        yield Clause(turn.tell(finished(result.result or result.error or "")))

    async def _round(self, turn: Exchange, calls: list[ToolCallRequest]) -> AsyncIterator[Clause]:
        """Let the model write once: calls are collected, text is checked and given out clause by clause."""
        splitter = ClauseSplitter()
        began, first = time.monotonic(), not turn.called
        messages = [*self._conversation.messages(), *turn.messages]
        written: set[str] = set()
        async with aclosing(self._stream(messages)) as events:
            async for event in events:
                if isinstance(event, ToolCallRequest):
                    if event not in calls:  # a step that is written twice is one step
                        calls.append(event)
                elif isinstance(event, MalformedCall):
                    _LOG.warning("a malformed call was dropped: %.200r", event.text)
                elif isinstance(event, TextDelta) and not calls:
                    clauses = splitter.feed(event.text)
                    if not written.isdisjoint(clauses):
                        _LOG.warning("an answer that began to repeat itself was cut short")
                        splitter = ClauseSplitter()
                        break
                    written.update(clause for clause in clauses if len(clause.split()) >= MIN_WORDS)
                    for clause in clauses:
                        if allowed := turn.say(clause):
                            yield Clause(allowed)
        for clause in [] if calls else splitter.flush():
            if allowed := turn.say(clause):
                yield Clause(allowed)
        self.times.model_s += time.monotonic() - began
        if first:
            self.times.first_token_s = self._model.first_token_s

    async def _stream(self, messages: list[Message]) -> AsyncGenerator[ChatEvent, None]:
        """The model's events, written on its own thread; leaving the loop early stops it between two tokens."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[ChatEvent | None] = asyncio.Queue()
        stopped = False

        def write() -> None:
            try:
                events: Iterator[ChatEvent] = self._model.chat(
                    messages,
                    self._tools,
                    self._sampling,
                    copied=copied(self._home.registry.devices, messages),
                    reconsider=RECONSIDERED,
                    cancelled=lambda: stopped,
                )
                for event in events:
                    loop.call_soon_threadsafe(queue.put_nowait, event)
            except Cancelled:
                pass
            finally:
                loop.call_soon_threadsafe(queue.put_nowait, None)

        written = loop.run_in_executor(self._thread, write)
        try:
            while (event := await queue.get()) is not None:
                yield event
            await written
        finally:
            stopped = True
