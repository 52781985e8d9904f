# SPDX-License-Identifier: Apache-2.0
"""The calls that the model asks for: held against what was said, then made, asked about, or refused."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace

from appliance.dialogue.conversation import Conversation
from appliance.dialogue.exchange import NOT_UNDERSTOOD, Exchange, asked
from appliance.dialogue.grounding import of_everything, without_leftover
from appliance.dialogue.intents import EXCEPT, IntentClassifier, intent
from appliance.dialogue.items import one_each
from appliance.dialogue.pointing import Meant, anywhere, at_the_window, beside, meant, where_it_was
from appliance.home.acts import ACTS
from appliance.home.execute import NOT_LATER, CallContext, Home
from appliance.home.naming import without, words
from appliance.home.registry import Device
from appliance.home.speakers import BROADCAST
from appliance.home.timer_tools import TIMER_TOOLS
from appliance.home.tools import TOOLS, ToolCall, ToolResult, coerce
from engines.nemotron_h.chat import ToolCallRequest

_LOG = logging.getLogger(__name__)

UNASKED = 0.03
CERTAIN = 0.9
"""A call of which the classifier gives less than UNASKED is refused; where the model is CERTAIN of it, it is asked."""

NOT_NOW = "That did not sound like something to do now, so I changed nothing"
OF_OTHERS = "I have just read what others wrote, so please ask me for that once more."

_FORBIDS = re.compile(r"(?:please |no,? |hey,? )*(?:don['\u2019]?t|do not|never)\b", re.IGNORECASE)
"""What is plainly forbidden reaches no tool of a server: the classifier does not know them."""
_OF_TIME = re.compile(
    r"(?:^|_)(?:time|date|datetime|when|day|start|due|deadline|at)(?:$|_|[A-Z])|(?:Time|Date|Day|At)$"
)
"""Names of arguments such as due_date and startTime."""
_OWN = frozenset(str(tool["name"]) for tool in TOOLS)
_CHANGING = frozenset(ACTS) | TIMER_TOOLS - {"HassTimerStatus"} | {BROADCAST}


@dataclass(frozen=True)
class Called:
    """A call that was made, or refused before it was made, and what came of it."""

    call: ToolCall
    result: ToolResult


class Caller:
    """Makes the calls that the language model writes, each only so far as model and classifier are sure of it."""

    def __init__(self, intents: IntentClassifier, home: Home, conversation: Conversation, ask_below: float) -> None:
        self._intents, self._home, self._conversation, self._ask_below = intents, home, conversation, ask_below

    async def make(
        self, requests: Sequence[ToolCallRequest], turn: Exchange, context: CallContext
    ) -> AsyncIterator[Called]:
        """Make the calls that the model asks for in one round; each is noted in the turn with what came of it."""
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
            elif turn.whole and turn.when is None and call.name in _CHANGING:
                refused = NOT_UNDERSTOOD  # it was to be done later
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

    def takes_its_time(self, requests: Sequence[ToolCallRequest]) -> bool:
        """Whether a server's tool is asked for that takes a time itself, such as a calendar's."""
        slots = {str(tool["name"]): tool["parameters"].get("properties", {}) for tool in self._home.tools}
        return any(each.name not in _OWN and any(map(_OF_TIME.search, slots.get(each.name, ()))) for each in requests)

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
            if turn.when is not None:
                return ToolResult(False, error=NOT_LATER)
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
