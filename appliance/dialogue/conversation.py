# SPDX-License-Identifier: Apache-2.0
"""What is remembered of the turns so far, and for how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from appliance.home.clock import Clock
from appliance.home.tools import ToolCall
from appliance.settings import DialogueSettings

Message = Mapping[str, Any]


class Foreign(str):
    """The words of somebody's server in a message: a name in them is not one that was spoken of."""


class Conversation:
    """The system turn and the last whole turns, as chat messages; forgotten after a while of silence."""

    def __init__(self, system: str, settings: DialogueSettings, clock: Clock) -> None:
        self._system: Message = {"role": "system", "content": system}
        self._turns: list[list[Message]] = []
        self._settings = settings
        self._clock = clock
        self._last = clock.monotonic()

    @property
    def opening(self) -> list[Message]:
        """The messages that every turn starts with."""
        return [self._system]

    def renew(self, system: str) -> None:
        """Another system turn, as the home has changed; what was said stays."""
        self._system = {"role": "system", "content": system}

    def messages(self) -> list[Message]:
        """Everything that the next turn builds on."""
        if self._clock.monotonic() - self._last > self._settings.forget_after_s:
            self._turns.clear()
        return [self._system, *(message for turn in self._turns for message in turn)]

    def said(self) -> list[str]:
        """What was said and reported of the home in the turns that are remembered, oldest first."""
        told = [message for message in self.messages()[1:] if message["role"] in ("user", "tool")]
        return [str(message["content"]) for message in told if not isinstance(message["content"], Foreign)]

    def before(self) -> str:
        """The turn before as one text, what was said and what was answered; "" where there is none."""
        self.messages()  # forgets what is too old
        last = self._turns[-1] if self._turns else []
        return " | ".join(str(each["content"]) for each in last if each["role"] != "tool" and each["content"])

    def called(self) -> list[ToolCall]:
        """The calls of the turn before."""
        self.messages()
        last = self._turns[-1] if self._turns else []
        made = [each["function"] for message in last for each in message.get("tool_calls", ())]
        return [ToolCall(each["name"], dict(each["arguments"])) for each in made]

    def keep(self, turn: Sequence[Message]) -> None:
        """Remember a turn that is over.

        Of too many the older half falls out at once: after each loss the language model must read anew what is left.
        """
        self._turns.append(list(turn))
        if len(self._turns) > self._settings.max_turns:
            del self._turns[: (len(self._turns) + 1) // 2]
        self._last = self._clock.monotonic()

    def forget(self) -> None:
        """Start anew."""
        self._turns.clear()
