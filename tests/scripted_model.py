# SPDX-License-Identifier: Apache-2.0
"""A language model that writes what a test tells it to: lies, malformed calls, crashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from appliance.dialogue.intents import EXCEPT
from engines.generate import Cancelled, Sampling
from engines.grammar import Copied
from engines.nemotron_h.chat import ChatEvent, ChatParser, Message, Tool, ToolCallRequest


def call(tool: str, **arguments: object) -> str:
    """A call as Nemotron writes it."""
    slots = "".join(f"<parameter={name}>\n{value}\n</parameter>\n" for name, value in arguments.items())
    return f"<tool_call>\n<function={tool}>\n{slots}</function>\n</tool_call>"


class ScriptedModel:
    """Gives one reply after the other; an exception in the list is raised. Every prompt is kept in `read`. A call has
    `probability`, and `others` that might have been written.
    """

    def __init__(
        self,
        *replies: str | Exception,
        probability: float | None = None,
        others: tuple[ToolCallRequest, ...] = (),
    ) -> None:
        self._replies: Iterator[Any] = iter(replies)
        self.probability, self.others = probability, others
        self.read: list[list[Message]] = []
        self.first_token_s = 0.0

    def warm(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        return 0

    def likelihoods(
        self, messages: Sequence[Message], texts: Sequence[str], tools: Sequence[Tool] = ()
    ) -> list[float] | None:
        return None

    def close(self) -> None:
        pass

    def chat(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool] = (),
        sampling: Sampling | None = None,
        *,
        reasoning: int | None = 0,
        copied: Copied | None = None,
        reconsider: float = 0.0,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[ChatEvent]:
        self.read.append(list(messages))
        reply = next(self._replies)
        if isinstance(reply, Exception):
            raise reply
        parser = ChatParser(tools)
        for letter in reply:
            if cancelled():
                raise Cancelled
            for event in parser.feed(letter):
                if isinstance(event, ToolCallRequest):
                    unsure = self.probability is not None and self.probability < reconsider
                    event = replace(event, probability=self.probability, others=self.others if unsure else ())
                yield event
        yield from parser.finish()


class AnythingIsAsked:
    """Stands for the intent classifier where what is said is not the point: it knows no kind of call."""

    def probabilities(self, text: str, before: str = "") -> dict[str, float]:
        return {EXCEPT: 0.0}
