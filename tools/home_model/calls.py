# SPDX-License-Identifier: Apache-2.0
"""What a turn of training data consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Form: TypeAlias = Literal["do", "say", "ask"]
"""A sentence that starts with its verb, a statement, or a question: which words may be put around it."""

# Every call lists its arguments in this order, so that the model has one thing less to learn.
ORDER = (
    *("name", "area", "floor", "domain", "device_class", "except", "search_query", "media_class", "item", "message"),
    *("brightness", "color", "temperature", "position", "percentage", "volume_level"),
    *("brightness_step", "temperature_step", "position_step", "percentage_step", "volume_step"),
    *("hours", "minutes", "seconds", "start_hours", "start_minutes", "start_seconds", "state"),
)


@dataclass(frozen=True)
class Call:
    """A tool call; all values are text, as a model writes them."""

    tool: str
    arguments: dict[str, str]


@dataclass(frozen=True)
class Result:
    """What the tool answers."""

    success: bool
    text: str


@dataclass(frozen=True)
class Turn:
    """One turn of a conversation, from what was said to what is answered."""

    user: str
    calls: tuple[Call, ...]
    results: tuple[Result, ...]
    answer: str
    kind: str
    template: str
    waiting: Call | None = None
    """What was asked back about: the call as far as it is known."""


@dataclass(frozen=True)
class Draft:
    """A sentence and the calls that it asks for, before it is wrapped, joined with others, and misheard."""

    text: str
    form: Form
    calls: tuple[Call, ...]
    results: tuple[Result, ...]
    template: str
    names: tuple[str, ...] = ()
    """Device names in the text, which may be misheard."""


def call(tool: str, arguments: Mapping[str, object]) -> Call:
    """A call with its arguments as text and in order."""
    return Call(tool, {slot: str(arguments[slot]) for slot in ORDER if slot in arguments})


def sentence(text: str) -> str:
    """A result as it is said: with a capital and a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else text + "."
