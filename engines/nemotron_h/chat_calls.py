# SPDX-License-Identifier: Apache-2.0
"""The text of a call -> tool name and typed arguments, in the two styles that Nemotron writes.

Nemotron 3 writes one call a pair of markers, every value as text:

    <tool_call>
    <function=HassTurnOn>
    <parameter=name>
    kitchen light
    </parameter>
    </function>
    </tool_call>

Nano 9B v2 writes a JSON list of calls:

    <TOOLCALL>[{"name": "HassTurnOn", "arguments": {"name": "kitchen light"}}]</TOOLCALL>

A call that is not wholly clear is a MalformedCall: nothing is guessed that somebody's house would then do.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

Schemas: TypeAlias = Mapping[str, Any]
"""Tool name -> JSON schema of its arguments."""


@dataclass(frozen=True)
class ToolCallRequest:
    """A whole call, its arguments typed by the tool's schema where they fit it, else left as text."""

    name: str
    arguments: dict[str, Any]
    probability: float | None = field(default=None, compare=False)
    """Of the whole call, as the network saw it before any grammar; None where the runtime does not tell."""
    others: tuple[ToolCallRequest, ...] = field(default=(), compare=False)
    """What might have been written in its place, each with its probability, where that was looked for."""


@dataclass(frozen=True)
class MalformedCall:
    """A call that cannot be read; nothing may be done for it."""

    text: str


@dataclass(frozen=True)
class CallStyle:
    """How a model writes calls, and the token text that ends its turn."""

    opens: str
    closes: str
    turn_end: str
    read: Callable[[str, Schemas], list[ToolCallRequest | MalformedCall]]
    """What stands between `opens` and `closes` -> its calls."""


_FUNCTION, _FUNCTION_END = "<function=", "</function>"
_PARAMETER, _PARAMETER_END = "<parameter=", "</parameter>"


def read_tagged(body: str, schemas: Schemas) -> list[ToolCallRequest | MalformedCall]:
    """The one call of Nemotron 3's style.

    A `</parameter>` that is missing before the next parameter or the end, and a missing `</function>`, are tolerated;
    any other text between the tags, a second function and a parameter given twice are not. White space around a value
    is format.
    """
    malformed: list[ToolCallRequest | MalformedCall] = [MalformedCall(body)]
    inside = body.strip().removesuffix(_FUNCTION_END)
    name, rest = _tag(inside, _FUNCTION)
    if not name or any(marker in rest for marker in (_FUNCTION, _FUNCTION_END, XML_CALLS.opens)):
        return malformed
    slots = _properties(schemas.get(name))
    arguments: dict[str, Any] = {}
    while rest := rest.lstrip():
        key, rest = _tag(rest, _PARAMETER)
        if not key or key in arguments:
            return malformed
        end, following = rest.find(_PARAMETER_END), rest.find(_PARAMETER)
        closed = end >= 0 and not 0 <= following < end
        if not closed:
            end = following if following >= 0 else len(rest)
        text = rest[:end].strip()
        arguments[key] = _typed((_reading(text), text), slots.get(key))
        rest = rest[end + len(_PARAMETER_END) * closed :]
    return [ToolCallRequest(name, arguments)]


def _tag(text: str, opening: str) -> tuple[str, str]:
    """The name in a tag such as `<function=NAME>` that `text` starts with ("" where it does not), and what follows."""
    name, closing, rest = text.removeprefix(opening).partition(">")
    if not text.startswith(opening) or not closing or "<" in name or "\n" in name.strip():
        return "", text
    return name.strip(), rest


def read_listed(body: str, schemas: Schemas) -> list[ToolCallRequest | MalformedCall]:
    """The calls of Nano 9B v2's style: a JSON list; one object alone is taken as a list of one."""
    try:
        calls = read_json(body)
    except (ValueError, RecursionError):
        return [MalformedCall(body)]
    if isinstance(calls, dict):
        calls = [calls]
    if not isinstance(calls, list) or not calls:
        return [MalformedCall(body)]
    return [_listed_call(call, schemas) for call in calls]


def _listed_call(call: Any, schemas: Schemas) -> ToolCallRequest | MalformedCall:
    malformed = MalformedCall(json.dumps(call, ensure_ascii=False))
    if not isinstance(call, dict) or not call.keys() <= {"name", "arguments"}:
        return malformed
    name, arguments = call.get("name"), call.get("arguments", {})
    if isinstance(arguments, str):  # the template's own example shows them as a string
        arguments = _reading(arguments)
    if not isinstance(name, str) or not name.strip() or not isinstance(arguments, dict):
        return malformed
    slots = _properties(schemas.get(name.strip()))
    return ToolCallRequest(
        name.strip(),
        {
            key: _typed((value, _reading(value)) if isinstance(value, str) else (value,), slots.get(key))
            for key, value in arguments.items()
        },
    )


XML_CALLS = CallStyle("<tool_call>", "</tool_call>", "<|im_end|>", read_tagged)
"""Nemotron 3 Nano."""

JSON_CALLS = CallStyle("<TOOLCALL>", "</TOOLCALL>", "<SPECIAL_12>", read_listed)
"""Nemotron Nano 9B v2."""


def read_json(text: str) -> Any:
    """JSON in which nothing is ambiguous or cannot be passed on; raises ValueError (or RecursionError) on the rest: a
    key given twice, a number that is not finite, half a surrogate pair.
    """
    value = json.loads(text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse)
    json.dumps(value, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is too large")
    return number


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


_WORDS: dict[str, Any] = {"null": None, "None": None}
for _value in (True, False):
    _WORDS |= dict.fromkeys((str(_value), str(_value).lower(), str(_value).upper()), _value)


def _reading(text: str) -> Any:
    """`text` as the JSON value it spells (or Python's True, False, None), else the text itself."""
    text = text.strip()
    if text in _WORDS:
        return _WORDS[text]
    try:
        value = read_json(text)
    except (ValueError, RecursionError):
        return text
    return text if isinstance(value, str) else value  # quotes that a model writes in a text belong to it


def _properties(schema: Any) -> Mapping[str, Any]:
    found = schema.get("properties") if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}


_NOTHING = object()


def _typed(readings: tuple[Any, ...], schema: Any) -> Any:
    """The first of `readings` whose type the schema takes, in the order of its alternatives; where none fits, the text
    (or whatever the model wrote), for validation to refuse with its own words. Only types, `enum` and `const` are
    looked at: a number out of its range is still that number. `$ref` is not followed.
    """
    for alternative in _alternatives(schema if isinstance(schema, Mapping) else {}):
        for reading in readings:
            if (value := _fit(reading, alternative)) is not _NOTHING:
                return value
    return next((reading for reading in readings if isinstance(reading, str)), readings[0])


def _alternatives(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """`schema` without anyOf, oneOf, allOf and nullable: the plain schemas that it allows."""
    if "allOf" in schema:
        schema = {key: value for part in (schema, *schema["allOf"]) for key, value in part.items() if key != "allOf"}
    parts = [part for word in ("anyOf", "oneOf") for part in schema.get(word, ()) if isinstance(part, Mapping)]
    for part in parts:
        yield from _alternatives(part)
    if not parts:
        yield schema
    if schema.get("nullable") is True:
        yield {"type": "null"}


def _fit(value: Any, schema: Mapping[str, Any]) -> Any:
    """`value` as the plain schema has it, or _NOTHING."""
    options = [schema["const"]] if "const" in schema else schema.get("enum")
    if options is not None:
        # In Python 1 == True; in JSON it is not.
        same = (option for option in options if option == value and isinstance(option, bool) is isinstance(value, bool))
        return next(same, _NOTHING)
    kinds = schema.get("type") or ("object" if "properties" in schema else "array" if "items" in schema else "string")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    kind = _kind(value)
    if kind == "number" and "integer" in kinds and "number" not in kinds and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value if kind in kinds or (kind == "integer" and "number" in kinds) else _NOTHING


_KINDS = {bool: "boolean", int: "integer", float: "number", list: "array", dict: "object", str: "string"}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "null")
