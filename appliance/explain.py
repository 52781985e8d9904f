# SPDX-License-Identifier: Apache-2.0
"""Say what pydantic found wrong in a file in the words of a person who can mend it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError

from appliance.yaml_file import Place

SHOWN_CHARACTERS = 60
"""Longer texts are cut where a message quotes them."""


def explain(error: ValidationError, model: type[BaseModel], where: Callable[[Place], str]) -> list[str]:
    """One line a fault: where it stands, the dotted key, what was found, what is allowed.

    `where` tells the place of a key as `file:line` (`Document.where`), or as whatever else the value came from.
    """
    schema = model.model_json_schema()
    return [f"{where(fault['loc'])}: {_fault(dict(fault), schema)}" for fault in error.errors(include_url=False)]


def _fault(fault: dict[str, Any], schema: dict[str, Any]) -> str:
    place: Place = fault["loc"]
    dotted = ".".join(map(str, place)) or "the file"
    if fault["type"] == "extra_forbidden":
        return f"{dotted}: this key is not known. {_known(str(place[-1]), _at(schema, place[:-1]))}"
    if fault["type"] == "missing":
        return f"{dotted}: this key is missing; allowed: {_allowed(_at(schema, place), fault)}."
    if fault["type"] == "value_error":  # raised by a validator of ours, as a whole sentence
        return f"{dotted}: {fault['ctx']['error']}."
    return f"{dotted}: found {found(fault['input'])}; allowed: {_allowed(_at(schema, place), fault)}."


def found(value: Any) -> str:
    """A value as a message may quote it: short, on one line, and of a section or a list only that it is one."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + '…"'


def nearest(word: str, words: list[str]) -> str | None:
    """The one of `words` that `word` was most likely meant to be, or None when none is near."""
    return next(iter(difflib.get_close_matches(word, words, n=1, cutoff=0.6)), None)


def _known(key: str, section: dict[str, Any]) -> str:
    keys = list(section.get("properties", {}))
    near = nearest(key, keys)
    return f"Did you mean {near}?" if near else f"Allowed here: {', '.join(keys)}."


def _at(schema: dict[str, Any], place: Place) -> dict[str, Any]:
    """The part of a JSON schema that describes the value at `place`; empty where the schema does not say."""
    node = _resolved(schema, schema)
    for step in place:
        inner = (
            node.get("items")
            if isinstance(step, int)
            else node.get("properties", {}).get(step, node.get("additionalProperties"))
        )
        node = _resolved(inner, schema) if isinstance(inner, dict) else {}
    return node


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in node.get("anyOf", []) if choice.get("type") != "null"]
    if len(choices) == 1:
        node = choices[0]
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node


def _allowed(node: dict[str, Any], fault: dict[str, Any]) -> str:
    if "enum" in node:
        return "one of " + ", ".join(map(str, node["enum"]))
    kind = node.get("type")
    if kind in ("integer", "number"):
        return ("a whole number" if kind == "integer" else "a number") + _range(node)
    if kind == "string" and "pattern" not in node:
        return (
            "a path"
            if node.get("format") == "path"
            else "text that is not empty"
            if node.get("minLength") == 1
            else "text"
        )
    plain = {
        "boolean": "true or false",
        "array": "a list",
        "object": f"a section with the keys {', '.join(node.get('properties', {}))}",
    }
    if kind in plain:
        return plain[kind]
    if "pattern" in node:
        return f"text that matches {node['pattern']}"
    return str(fault["msg"]).removeprefix("Input should be ")


def _range(node: dict[str, Any]) -> str:
    least, most = node.get("minimum"), node.get("maximum")
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    if least is not None and most is not None:
        return f" from {least} to {most}"
    limits = ((least, "at least"), (above, "above"), (most, "at most"), (below, "below"))
    words = [f"{word} {limit}" for limit, word in limits if limit is not None]
    return " " + " and ".join(words) if words else ""
