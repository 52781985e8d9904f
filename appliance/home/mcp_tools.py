# SPDX-License-Identifier: Apache-2.0
"""Tools of MCP servers as the language model is shown them: allowed by name, bounded, and made of known words only.

What a server says of a tool is text of somebody else that ends in the prompt and in the grammar of calls. So a schema
is not passed on but built anew from what is understood in it; a limit that is not (a pattern, a condition) is left to
the server, which checks its arguments itself.
https://modelcontextprotocol.io/specification/2025-11-25/server/tools
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from appliance.home.errors import ToolInputError
from appliance.home.tools import Schema, ToolResult
from appliance.text import clean

NAME_LIMIT = 64
DESCRIPTION_LIMIT = 200
SCHEMA_LIMIT = 4000
"""Characters of a whole tool as JSON; the prompt has to hold it at every turn."""
ARGUMENTS_LIMIT = 4000
MOST_DEPTH = 8
MOST_PARTS = 100
MOST_PARAMETERS = 32
MOST_WORDS = 50

_PARAMETER = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_TYPES = frozenset(("string", "integer", "number", "boolean", "null", "array", "object"))
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


class Unfit(Exception):
    """A tool that cannot be offered; the message goes on with "it"."""


@dataclass(frozen=True)
class McpTool:
    """A tool of an MCP server that may be called."""

    server: str
    own_name: str
    """What the server calls it."""
    word: str
    """What must come before: allow, confirm or pin."""
    schema: Schema
    """As the language model is shown it, under a name of letters, digits and underscores."""

    @property
    def name(self) -> str:
        """What the language model calls it."""
        return str(self.schema["name"])

    @property
    def spoken(self) -> str:
        """Its name in words."""
        return " ".join(self.name.replace("_", " ").split())

    def check(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments, if they fit the schema; raises ToolInputError with a sentence that can be spoken."""
        given = dict(arguments)
        errors = Draft202012Validator(self.schema["parameters"]).iter_errors(given)
        for error in sorted(errors, key=lambda error: ([str(part) for part in error.path], error.message)):
            raise ToolInputError(_explain(error))
        try:
            long = len(json.dumps(given, allow_nan=False)) > ARGUMENTS_LIMIT
        except ValueError:  # NaN keeps every limit, for all comparisons with it are false
            raise ToolInputError(f"a number for {self.spoken} is none") from None
        if long:
            raise ToolInputError(f"that is too long for {self.spoken}")
        return given


class ToolServers(Protocol):
    """The servers whose tools are offered beside those of the home."""

    @property
    def tools(self) -> tuple[Schema, ...]:
        """As the language model is shown them."""

    def find(self, name: str) -> McpTool | None:
        """The tool that the language model calls so."""

    async def call(self, tool: McpTool, arguments: Mapping[str, Any]) -> ToolResult:
        """Have it run, now or never. Does not raise: what goes wrong is told in the result."""


def offered(
    server: str, words: Mapping[str, str], listed: Iterable[tuple[str, str | None, Any]]
) -> tuple[dict[str, McpTool], dict[str, str]]:
    """Of the tools that a server lists (name, description, schema): those that may be called, and why not the others.

    `words` says by a tool's own name what must come before; what is not in it, or is `never`, is not offered.
    """
    tools: dict[str, McpTool] = {}
    unfit = {name: "the server does not have it" for name, word in words.items() if word != "never"}
    for own_name, description, schema in listed:
        if own_name not in unfit:
            continue
        name = re.sub(r"[^A-Za-z0-9_]+", "_", f"{server}_{own_name}")[:NAME_LIMIT]
        try:
            if name in tools:
                raise Unfit(f"would be called {name} as {tools[name].own_name} is")
            shown = {
                "name": name,
                "description": clean(description, DESCRIPTION_LIMIT),
                "parameters": parameters(schema),
            }
            if len(json.dumps(shown)) > SCHEMA_LIMIT:
                raise Unfit(f"has a schema of more than {SCHEMA_LIMIT} characters")
        except Unfit as reason:
            unfit[own_name] = f"it {reason}"
            continue
        del unfit[own_name]
        tools[name] = McpTool(server, own_name, words[own_name], shown)
    return tools, unfit


def parameters(schema: Any) -> Schema:
    """The schema of a tool's arguments, built anew; raises Unfit."""
    if not isinstance(schema, Mapping):
        raise Unfit("has no schema")
    built = _Builder(schema).part(schema, 0)
    if built.get("type", "object") != "object" or "anyOf" in built or "enum" in built:
        raise Unfit("does not take arguments by name")
    return {"type": "object", "properties": {}, "required": []} | built | {"additionalProperties": False}


class _Builder:
    """Builds one schema anew, with all references put in their places: nothing else reads them."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._parts = 0

    def part(self, given: Any, depth: int) -> Schema:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise Unfit(f"has a schema of more than {MOST_PARTS} parts")
        if depth > MOST_DEPTH:
            raise Unfit("has a schema that is nested too deeply or without end")
        if given is True:
            return {}
        if not isinstance(given, Mapping):
            raise Unfit("has a schema that is none")
        if "$ref" in given:
            rest = {key: value for key, value in given.items() if key != "$ref"}
            return self.part({**self._referred(given["$ref"]), **rest}, depth + 1)
        if "allOf" in given:
            if not isinstance(given["allOf"], list) or len(given["allOf"]) != 1:
                raise Unfit("has a schema with allOf")
            rest = {key: value for key, value in given.items() if key != "allOf"}
            return self.part({**self._mapping(given["allOf"][0]), **rest}, depth + 1)
        built: Schema = {}
        if text := clean(given.get("description"), DESCRIPTION_LIMIT // 2):
            built["description"] = text
        if "const" in given or "enum" in given:
            return built | {"enum": _words(given["enum"] if "enum" in given else [given["const"]])}
        for key in ("anyOf", "oneOf"):
            if key in given:
                if not _listed(given[key]):
                    raise Unfit("has a parameter that nothing can be")
                return built | {"anyOf": [self.part(one, depth + 1) for one in given[key]]}
        kinds = given.get("type", "object" if "properties" in given else "array" if "items" in given else "string")
        if any(
            not isinstance(kind, str) or kind not in _TYPES for kind in (kinds if isinstance(kinds, list) else [kinds])
        ):
            raise Unfit("has a schema with a type that is none")
        if not isinstance(kinds, str):
            kinds = list(dict.fromkeys(kinds)) or "string"
        built |= {"type": kinds} | _limits(given, whole="integer" in kinds)
        if "object" in kinds:
            built |= self._object(given, depth)
        if "array" in kinds and "items" in given:
            built["items"] = self.part(given["items"], depth + 1)
        return built

    def _object(self, given: Mapping[str, Any], depth: int) -> Schema:
        slots = self._mapping(given.get("properties", {}))
        required = list(dict.fromkeys(key for key in _listed(given.get("required", [])) if isinstance(key, str)))
        slots = {**{key: {} for key in required if key not in slots}, **slots}
        if len(slots) > MOST_PARAMETERS:
            raise Unfit(f"has more than {MOST_PARAMETERS} parameters")
        for key in slots:
            if not isinstance(key, str) or not _PARAMETER.fullmatch(key):
                raise Unfit(f"has a parameter of an odd name ({clean(str(key), 40)})")
        built = {key: self.part(slot, depth + 1) for key, slot in slots.items()}
        # An object without properties is one with any keys; what has some takes no others.
        return {"properties": built, "required": required, "additionalProperties": False} if slots else {}

    def _referred(self, reference: Any) -> Mapping[str, Any]:
        found: Any = self._root
        steps = reference.split("/") if isinstance(reference, str) else []
        if steps[:1] != ["#"]:
            raise Unfit("has a schema that lies elsewhere ($ref)")
        for step in steps[1:]:
            found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
        return self._mapping(found)

    def _mapping(self, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise Unfit("has a schema with a part that is missing or of another type")
        return value


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Unfit("has a schema with a list that is none")
    return value


def _words(values: Any) -> list[Any]:
    """The values that can be said; a text that would have to be cleaned would no longer be the server's word."""
    kept = [
        value
        for value in _listed(values)
        if (isinstance(value, str) and value and clean(value) == value)
        or isinstance(value, bool | int | None)
        or (isinstance(value, float) and math.isfinite(value))
    ]
    if not kept or len(kept) > MOST_WORDS:
        raise Unfit(f"has a parameter of {len(kept)} possible values, not 1 to {MOST_WORDS}")
    return kept


def _limits(given: Mapping[str, Any], *, whole: bool) -> Schema:
    """Bounds that leave something between them; a bound that is of no use is left out."""
    found: Schema = {}
    for key, value in given.items():
        if isinstance(value, bool):
            continue
        if key in _BOUNDS and isinstance(value, int | float) and abs(value) <= 1e15:
            found[key] = value
        if key in _COUNTS and isinstance(value, int) and 0 <= value <= 1000:
            found[key] = value
    least = max(found.get("minimum", -math.inf), found.get("exclusiveMinimum", -math.inf))
    most = min(found.get("maximum", math.inf), found.get("exclusiveMaximum", math.inf))
    open_ends = "exclusiveMinimum" in found or "exclusiveMaximum" in found
    empty = least > most or (least == most and open_ends)
    if whole and not empty and -math.inf < least and most < math.inf:
        first = math.floor(least) + 1 if least == found.get("exclusiveMinimum") else math.ceil(least)
        last = math.ceil(most) - 1 if most == found.get("exclusiveMaximum") else math.floor(most)
        empty = first > last
    for low, high in (("minLength", "maxLength"), ("minItems", "maxItems")):
        empty = empty or found.get(low, 0) > found.get(high, 1000)
    if empty:
        raise Unfit("has a parameter that nothing can be")
    return found


def _explain(error: ValidationError) -> str:
    schema, given = cast(Schema, error.schema), cast(Any, error.instance)
    if error.validator == "required":
        return f"{_spoken(next(slot for slot in schema['required'] if slot not in given))} is missing"
    if error.validator == "additionalProperties":
        return f"{_spoken(next(slot for slot in given if slot not in schema['properties']))} cannot be given here"
    return f"{_spoken(error.path[0]) if error.path else 'that'} cannot be {clean(str(given), 40) or 'nothing'}"


def _spoken(slot: str | int) -> str:
    return clean(str(slot), 40).replace("_", " ")
