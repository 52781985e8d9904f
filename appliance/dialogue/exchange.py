# SPDX-License-Identifier: Apache-2.0
"""What passes in one turn: what the person said, what was called, and what may be told of it."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field

from appliance.dialogue.conversation import Foreign, Message
from appliance.dialogue.grounding import as_reported, claims, finished, supported
from appliance.dialogue.orders import Order
from appliance.dialogue.when import When
from appliance.home.tools import ToolCall, ToolResult
from appliance.text import clean
from engines.nemotron_h.chat import ToolCallRequest

_LOG = logging.getLogger(__name__)

MAX_TEXT = 500
"""Characters of a person's turn or a tool's result that reach the prompt."""

NOT_UNDERSTOOD = "Sorry, I did not understand that."
FAILED = "Sorry, something went wrong, and nothing was done."


@dataclass
class Exchange:
    """What one turn has gathered so far, and what of it may be said."""

    text: str
    before: list[str]
    """What was said and reported in the turns before."""
    called: list[ToolResult] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    when: When | None = None
    """What is to be done is to be done then."""
    whole: str = ""
    """What was said, with that time in it."""
    untrue: bool = False
    """A clause was held back: what the tools reported is told instead."""
    messages: list[Message] = field(init=False)

    def __post_init__(self) -> None:
        self.messages = [{"role": "user", "content": self.text}]

    def note(self, result: ToolResult, *, foreign: bool = False) -> None:
        """Remember what came of a call; `foreign`: in words of others."""
        self.called.append(result)
        told = (
            {"success": True, "result": result.result} if result.success else {"success": False, "error": result.error}
        )
        content = json.dumps(
            {key: clean(v, MAX_TEXT) if isinstance(v, str) else v for key, v in told.items()}, ensure_ascii=False
        )
        self.messages.append({"role": "tool", "content": Foreign(content) if foreign else content})

    def record(self, call: ToolCall, result: ToolResult) -> None:
        """Remember a call that the person's yes has made, as if the model had written it."""
        self.messages.append({"role": "assistant", "content": "", "tool_calls": [asked(call)]})
        self.note(result, foreign=result.foreign)

    def tell(self, sentence: str) -> str:
        """A sentence that the code says itself; it is remembered, and given back to be said."""
        self.spoken.append(sentence)
        return sentence

    def put_off(self, order: Order) -> None:
        """Read the command without its time, which is kept."""
        self.when, self.whole = order.when, self.text
        self.read_only(order.text)

    def read_whole(self) -> None:
        """Let the model read the time, too: it is a server's, and nothing is put off here."""
        self.when = None
        self.read_only(self.whole)

    def read_only(self, text: str) -> None:
        """Let the model read this part of what was said."""
        self.text = text
        self.messages = [{"role": "user", "content": text}]

    def hide(self) -> None:
        """Keep a PIN out of the conversation."""
        self.messages[0] = {"role": "user", "content": "(a PIN)"}

    def reports(self) -> list[str]:
        """What the tools told."""
        return [result.result or result.error or "" for result in self.called]

    def say(self, clause: str) -> str | None:
        """The clause as it may be spoken, or None; it is remembered if it may."""
        clause = clause.strip()
        if not clause or self.untrue:
            return None
        if any(result.error or not result.complete for result in self.called):
            self.untrue = True  # what went wrong is told in the tool's own words, all of it
            return None
        true = supported(clause, [*self.reports(), self.text]) if self.called else not claims(clause)
        if not true:
            _LOG.warning("an answer was held back: %.200r", clause)
            self.untrue = True
            return None
        clause = as_reported(clause, self.reports())
        if not self.spoken or self.spoken[-1].endswith((".", "!", "?")):
            clause = clause[:1].upper() + clause[1:]
        self.spoken.append(clause)
        return clause

    def closing(self) -> list[str]:
        """What has to be said at the end so that the person knows what happened."""
        if self.untrue or not self.spoken:
            return self._remember(self.reports() or [NOT_UNDERSTOOD])
        # Said before the call: a question that waits and what went wrong were not in it.
        untold = [each for each in self.called if each.error or not each.complete]
        return self._remember([each.result or each.error or "" for each in untold])

    def failed(self) -> list[str]:
        """What is said after a fault inside."""
        return self._remember(self.reports() or [FAILED])

    def _remember(self, sentences: list[str]) -> list[str]:
        new = [finished(sentence) for sentence in dict.fromkeys(sentences) if sentence]
        self.spoken += new
        return new


def asked(call: ToolCall | ToolCallRequest) -> Message:
    """A call as a message has it."""
    return {"function": {"name": call.name, "arguments": dict(call.arguments)}}
