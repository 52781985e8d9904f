# SPDX-License-Identifier: Apache-2.0
"""Nemotron's chat format, both ways: messages -> prompt text by the checkpoint's own template, and a stream of text
-> events.

A call in the stream reads (NVIDIA's model card; all values are text, typed here from the tool's JSON schema):

    <tool_call>
    <function=HassTurnOn>
    <parameter=name>
    kitchen light
    </parameter>
    </function>
    </tool_call>
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engines.errors import EngineError

Message: TypeAlias = Mapping[str, Any]
"""OpenAI's form: role, content, and for the assistant tool_calls [{"function": {"name", "arguments": {}}}]."""

Tool: TypeAlias = Mapping[str, Any]
"""{"name", "description", "parameters": JSON schema}"""


class ChatFormatError(EngineError):
    """A template that is missing, cannot be read, or fails on the messages."""


@dataclass(frozen=True)
class TextDelta:
    """A piece of the answer, to be shown or spoken."""

    text: str


@dataclass(frozen=True)
class ReasoningDelta:
    """A piece of the reasoning trace; never spoken."""

    text: str


@dataclass(frozen=True)
class ToolCallRequest:
    """A whole call, its arguments typed by the tool's schema where they fit it, else left as text."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class MalformedCall:
    """A call that cannot be read; nothing may be done for it."""

    text: str


ChatEvent: TypeAlias = TextDelta | ReasoningDelta | ToolCallRequest | MalformedCall


class ChatFormat:
    """Renders messages with the template `chat_template.jinja` of a checkpoint folder, in Jinja's sandbox."""

    def __init__(self, folder: Path) -> None:
        path = folder / "chat_template.jinja"
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
        try:
            self._template = environment.from_string(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ChatFormatError(
                f"{folder} has no chat_template.jinja; the chat format comes from the checkpoint."
            ) from None
        except (OSError, UnicodeDecodeError, jinja2.TemplateSyntaxError) as error:
            raise ChatFormatError(f"{path} cannot be used: {error}.") from None
        self._path = path

    def render(
        self, messages: Sequence[Message], tools: Sequence[Tool] = (), *, reasoning: bool = False, generate: bool = True
    ) -> str:
        """The prompt text; with `generate` it ends where the assistant is to go on."""
        try:
            return self._template.render(
                messages=messages, tools=list(tools), add_generation_prompt=generate, enable_thinking=reasoning
            )
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            raise ChatFormatError(f"{self._path} failed on these messages: {error}.") from None


_CALL, _CALL_END = "<tool_call>", "</tool_call>"
_THINK, _THINK_END = "<think>", "</think>"
_MAX_CALL_CHARS = 16_384
_FUNCTION = re.compile(r"\s*<function=([^<>\n]+)>(.*?)(?:</function>\s*)?\s*", re.DOTALL)
_PARAMETER = re.compile(
    r"\s*<parameter=([^<>\n]+)>(.*?)(?=</parameter>|<parameter=|</function>|\Z)(?:</parameter>)?\s*", re.DOTALL
)


class ChatParser:
    """Reads generated text piece by piece; what is not certain yet (half a marker, an open call) is held back."""

    def __init__(self, tools: Sequence[Tool] = (), *, reasoning: bool = False) -> None:
        self._schemas = {str(tool["name"]): tool["parameters"] for tool in tools}
        self._held = ""
        self._mode = "think" if reasoning else "text"

    def feed(self, text: str) -> list[ChatEvent]:
        """The events that `text` completes."""
        self._held += text
        events: list[ChatEvent] = []
        while self._advance(events):
            pass
        return events

    def finish(self) -> list[ChatEvent]:
        """The events left at the end of the stream; an open call is malformed, not guessed at."""
        held, self._held = self._held, ""
        if not held:
            return []
        if self._mode == "call":
            return [MalformedCall(held)]
        return [ReasoningDelta(held) if self._mode == "think" else TextDelta(held)]

    def _advance(self, events: list[ChatEvent]) -> bool:
        """Take one piece off what is held; False when more text is needed."""
        if self._mode == "call":
            body, found, rest = self._held.partition(_CALL_END)
            if not found:
                if len(self._held) <= _MAX_CALL_CHARS:
                    return False
                body, rest = self._held, ""
            events.append(parse_call(body, self._schemas) if found else MalformedCall(body))
            self._held, self._mode = rest, "text"
            return True
        markers = (
            {_THINK_END: "text"} if self._mode == "think" else {_CALL: "call", _THINK: "think", _THINK_END: "text"}
        )
        at = {marker: self._held.find(marker) for marker in markers}
        first = min((marker for marker in markers if at[marker] >= 0), key=lambda marker: at[marker], default=None)
        cut = at[first] if first else len(self._held) - _partial(self._held, tuple(markers))
        if cut > 0:
            piece = self._held[:cut]
            events.append(ReasoningDelta(piece) if self._mode == "think" else TextDelta(piece))
        self._held = self._held[cut + len(first or "") :]
        if first:
            self._mode = markers[first]
        return first is not None


def parse_call(body: str, schemas: Mapping[str, Any]) -> ToolCallRequest | MalformedCall:
    """The inside of `<tool_call>…</tool_call>`; a missing `</parameter>` or `</function>` is tolerated, other text is
    not.
    """
    function = _FUNCTION.fullmatch(body)
    if not function:
        return MalformedCall(body)
    name, rest = function[1].strip(), function[2]
    properties = schemas.get(name, {}).get("properties", {})
    arguments: dict[str, Any] = {}
    position = 0
    while parameter := _PARAMETER.match(rest, position):
        key = parameter[1].strip()
        if key in arguments:
            return MalformedCall(body)
        arguments[key] = typed(parameter[2].strip(), properties.get(key, {}))
        position = parameter.end()
    return MalformedCall(body) if rest[position:].strip() else ToolCallRequest(name, arguments)


def typed(value: str, schema: Mapping[str, Any]) -> Any:
    """`value` as the schema's type where it can be read so, else the text itself, for validation to refuse with its
    own words.
    """
    kinds = schema.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if any(kind != "string" for kind in kinds):
        try:
            parsed = json.loads(value.lower() if value.lower() in ("true", "false", "null") else value)
        except (ValueError, RecursionError):
            return value
        if isinstance(parsed, float) and not math.isfinite(parsed):
            return value
        if isinstance(parsed, float) and "integer" in kinds and "number" not in kinds and parsed.is_integer():
            parsed = int(parsed)
        if _kind(parsed) in kinds or (_kind(parsed) == "integer" and "number" in kinds):
            return parsed
    return value


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    kinds = {int: "integer", float: "number", list: "array", dict: "object", str: "string", type(None): "null"}
    return kinds[type(value)]


def _partial(text: str, markers: tuple[str, ...]) -> int:
    """Length of the longest end of `text` that could be the start of a marker."""
    for size in range(min(len(text), max(map(len, markers)) - 1), 0, -1):
        if any(marker.startswith(text[-size:]) for marker in markers):
            return size
    return 0
