# SPDX-License-Identifier: Apache-2.0
"""One turn of the dialogue: text in; calls made, read back and told; sentences out."""

from __future__ import annotations

import asyncio
import logging
import math
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeAlias

from appliance.dialogue.announcements import WHAT_TO_ANNOUNCE, Announcement, asked_announcement
from appliance.dialogue.confirmation import Answer, read_answer, read_pin
from appliance.dialogue.conversation import Conversation, Message
from appliance.dialogue.exchange import MAX_TEXT, NOT_UNDERSTOOD, Exchange, asked
from appliance.dialogue.grounding import finished, of_everything, without_leftover
from appliance.dialogue.hearing import understood
from appliance.dialogue.intents import EXCEPT, IntentClassifier, intent
from appliance.dialogue.items import one_each
from appliance.dialogue.orders import read_order
from appliance.dialogue.pointing import Meant, anywhere, at_the_window, beside, meant, where_it_was
from appliance.dialogue.prompt import copied, system_prompt
from appliance.home.acts import ACTS
from appliance.home.execute import CallContext, Home
from appliance.home.naming import without, words
from appliance.home.registry import Device
from appliance.home.speakers import BROADCAST
from appliance.home.timer_tools import TIMER_TOOLS
from appliance.home.tools import TOOLS, ToolCall, ToolResult, coerce
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
UNASKED = 0.03
CERTAIN = 0.9
"""A call of which the classifier gives less than UNASKED is refused; where the model is CERTAIN of it, it is asked."""

NOTHING_DONE = "Okay, I did nothing."
WRONG_PIN = "That is not the PIN."
NOT_NOW = "That did not sound like something to do now, so I changed nothing"
OF_OTHERS = "I have just read what others wrote, so please ask me for that once more."

_FORBIDS = re.compile(r"(?:please |no,? |hey,? )*(?:don['\u2019]?t|do not|never)\b", re.IGNORECASE)
"""What is plainly forbidden reaches no tool of a server: the classifier does not know them."""
_OWN = frozenset(str(tool["name"]) for tool in TOOLS)
_CHANGING = frozenset(ACTS) | TIMER_TOOLS - {"HassTimerStatus"} | {BROADCAST}


@dataclass(frozen=True)
class Clause:
    """A piece of the answer that may be spoken now."""

    text: str


@dataclass(frozen=True)
class Called:
    """A call that was made, or refused before it was made, and what came of it."""

    call: ToolCall
    result: ToolResult


AgentEvent: TypeAlias = Clause | Called


@dataclass
class AgentTimes:
    """Where the time of a turn went, in seconds."""

    first_token_s: float = 0.0
    """From the turn's text to the first token, prompt read."""
    model_s: float = 0.0
    tools_s: float = 0.0


class Agent:
    """Drives the language model; the only place that makes calls to the home.

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
                async for called in self._call_all(calls, turn, context):
                    yield called
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
        if not waiting:
            return
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

    async def _call_all(
        self, requests: list[ToolCallRequest], turn: Exchange, context: CallContext
    ) -> AsyncIterator[Called]:
        began = time.monotonic()
        requests = [each for request in requests for each in one_each(request, self._home.registry)]
        has_read = any(result.foreign for result in turn.called)
        turn.messages.append({"role": "assistant", "content": "", "tool_calls": [asked(r) for r in requests]})
        said = self._intents.probabilities(turn.text, self._conversation.before())
        left_out = said[EXCEPT] < 0.5 or any("except" in request.arguments for request in requests)
        for request in requests:
            call, refused = ToolCall(request.name, request.arguments), None
            written = self._written(request, context.area)
            asked_for = self._asked_for(call, said, context.area) if call.name in _CHANGING else None
            if has_read and call.name in _CHANGING:
                refused = OF_OTHERS
            elif asked_for is not None and asked_for < UNASKED and written < CERTAIN:
                refused = NOT_NOW
            if refused is not None:
                _LOG.warning("a call was refused: %s", refused)
                result = ToolResult(False, error=refused)
            else:
                sure = certainty(written, asked_for) >= self._ask_below and (left_out or asked_for is None)
                result = await self._call(call, turn, replace(context, sure=sure), alone=len(requests) == 1)
            turn.note(result, foreign=result.foreign or self._quotes(result))
            yield Called(call, result)
        self.times.tools_s += time.monotonic() - began

    def _written(self, request: ToolCallRequest, area: str | None) -> float:
        """How sure the language model is, from 0 to 1, of a call and of others that it might have written and that come
        to the same; one that does not tell is taken at its word, 1.
        """
        if request.probability is None:
            return 1.0
        call, others = ToolCall(request.name, request.arguments), request.others
        same = [each for each in others if self._home.same(call, ToolCall(each.name, each.arguments), area)]
        return request.probability + sum(each.probability or 0 for each in same)

    def _asked_for(self, call: ToolCall, said: Mapping[str, float], area: str | None) -> float | None:
        """How likely what was said asks for a call of this kind, or of any of the tool's where the classifier does not
        know this one; None where it does not know the tool.
        """
        arguments = coerce(call).arguments
        kinds = {kind for kind, _ in self._home.moves(call, area)} or {str(arguments.get("domain"))}
        of_the_tool = [likely for name, likely in said.items() if name.split("/")[0] == call.name]
        return said.get(intent(call.name, arguments, kinds), max(of_the_tool, default=None))

    def _quotes(self, result: ToolResult) -> bool:
        """Whether a result repeats free text, which is no word on the home: a name in it was not spoken of."""
        told = words(result.result or "")
        texts = (text for device in self._home.registry.devices for text in _free_text(device))
        return any(without(told, words(text)) is not None for text in texts if words(text))

    async def _call(self, call: ToolCall, turn: Exchange, context: CallContext, *, alone: bool) -> ToolResult:
        if call.name not in _OWN:  # what its arguments mean only its server knows
            if _FORBIDS.match(turn.text):
                return ToolResult(False, error=NOT_NOW)
            return await self._home.call(call, context)
        spoken = meant(call, [*turn.before, turn.text], self._home.registry, context.area)
        if spoken is Meant.NO or (spoken is Meant.PERHAPS and not context.sure):
            _LOG.warning("a call was refused: nobody spoke of what it names")
            return ToolResult(False, error=NOT_UNDERSTOOD)
        call = of_everything(without_leftover(call, turn.text), turn.text)
        call = at_the_window(call, turn.text, self._home.registry, context.area) or call
        only = anywhere(call, self._home.registry, context.area)
        call = only or self._where_it_was(call, context.area)
        elsewhere = alone and beside(call, turn.text, self._home.registry, context.area)
        sure = context.sure and spoken is Meant.YES and only is None and not elsewhere
        context = replace(context, sure=sure)
        if not context.sure and turn.when is not None:
            return ToolResult(False, error=NOT_UNDERSTOOD)  # what cannot be asked about is not guessed at
        if turn.when is not None:
            return self._home.later(call, context, turn.when)
        return await self._home.call(call, context)

    def _where_it_was(self, call: ToolCall, area: str | None) -> ToolCall:
        """The call, on what the turn before was about where it names nothing and no other thing is meant."""
        followed = where_it_was(call, self._conversation.called(), area)
        if not followed or self._home.moves(call, area):
            return call
        return next((each for each in followed if self._home.moves(each, area)), call)

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


def certainty(*opinions: float | None) -> float:
    """What several opinions from 0 to 1 come to, those that are None left out: the mean of their log odds, since two
    that know different things make each other sure or unsure. None of them counts for more than 99 to 1; 1 where there
    are none.
    """
    held = [min(max(each, 0.01), 0.99) for each in opinions if each is not None]
    if not held:
        return 1.0
    return 1 / (1 + math.exp(-sum(math.log(each / (1 - each)) for each in held) / len(held)))


def _free_text(device: Device) -> list[str]:
    """What a device reports that anybody may have written: titles, items of lists, a sensor's sentences."""
    texts = [*device.attributes.get("items", ()), device.attributes.get("media_title")]
    texts += [device.state] if device.domain == "sensor" and len(words(device.state)) > 1 else []
    return [text for text in texts if isinstance(text, str)]
