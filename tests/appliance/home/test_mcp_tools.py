# SPDX-License-Identifier: Apache-2.0
"""What of a server's tools reaches the language model: names, words and schemas that it can keep to, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from appliance.home.mcp_tools import SCHEMA_LIMIT, Unfit, offered, parameters
from appliance.home.tools import TOOLS
from appliance.models import HOME_MODEL
from engines.grammar import CallGrammar
from engines.language_model import load_tokenizer


def of(**slots: Any) -> dict[str, Any]:
    return {"type": "object", "properties": slots}


def test_names_are_letters_digits_and_underscores_and_each_is_given_once() -> None:
    words = dict.fromkeys(("a.b/c", "a_b_c", "x" * 90), "allow")
    tools, unfit = offered("srv", words, [(name, None, of()) for name in words])
    assert list(tools) == ["srv_a_b_c", "srv_" + "x" * 60]
    assert tools["srv_a_b_c"].own_name == "a.b/c"
    assert unfit == {"a_b_c": "it would be called srv_a_b_c as a.b/c is"}


def test_what_is_never_to_be_called_or_not_named_is_not_looked_at() -> None:
    assert offered("srv", {"a": "never"}, [("a", None, of()), ("b", None, of())]) == ({}, {})
    assert offered("srv", {"a": "allow"}, []) == ({}, {"a": "the server does not have it"})


LOOP = {"$defs": {"n": of(next={"$ref": "#/$defs/n"})}, **of(n={"$ref": "#/$defs/n"})}
WIDE: dict[str, Any] = {
    "$defs": {f"d{i}": of(**{f"a{k}": {"$ref": f"#/$defs/d{i + 1}"} for k in range(5)}) for i in range(3)} | {"d3": {}}
}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (None, "has no schema"),
        ({"type": "string"}, "does not take arguments by name"),
        (of(a={"$ref": "https://example.org/schema.json"}), "has a schema that lies elsewhere"),
        (of(a={"$ref": "#/$defs/missing"}), "has a schema with a part that is missing"),
        (LOOP, "nested too deeply or without end"),
        ({**WIDE, **of(a={"$ref": "#/$defs/d0"})}, "more than 100 parts"),
        (of(**{f"a{i}": {} for i in range(40)}), "has more than 32 parameters"),
        (of(**{"<tool_call>": {}}), "has a parameter of an odd name"),
        (of(a={"enum": ["<think>", "a\nb"]}), "has a parameter of 0 possible values"),
        (of(a={"enum": list(range(51))}), "has a parameter of 51 possible values"),
        (of(a={"type": "integer", "minimum": 5, "maximum": 3}), "has a parameter that nothing can be"),
        (of(a={"type": "integer", "exclusiveMinimum": 1, "maximum": 1.8}), "has a parameter that nothing can be"),
        (of(a={"anyOf": []}), "has a parameter that nothing can be"),
        (of(a={"allOf": [{}, {}]}), "has a schema with allOf"),
        (of(a={"type": "date"}), "has a schema with a type that is none"),
    ],
)
def test_a_schema_that_cannot_be_kept_to_drops_the_tool(schema: Any, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        parameters(schema)


def test_a_schema_that_fills_the_prompt_drops_the_tool() -> None:
    long = of(**{f"a{i}": {"type": "string", "description": "word " * 50} for i in range(32)})
    _, unfit = offered("srv", {"a": "allow"}, [("a", None, long)])
    assert unfit == {"a": f"it has a schema of more than {SCHEMA_LIMIT} characters"}


def test_references_are_put_in_their_place_and_what_is_not_understood_is_left_to_the_server() -> None:
    schema = {
        "$defs": {"day": {"enum": ["today", "<|im_end|>"], "description": "<think>A day"}},
        "required": ["day", "more"],
        **of(day={"$ref": "#/$defs/day"}, count={"type": "integer", "minimum": 1, "pattern": "(a+)+$", "default": 7}),
    }
    assert parameters(schema) == {
        "type": "object",
        "properties": {
            "more": {"type": "string"},
            "day": {"enum": ["today"], "description": "A day"},
            "count": {"type": "integer", "minimum": 1},
        },
        "required": ["day", "more"],
        "additionalProperties": False,
    }


KEYS = st.sampled_from(
    [
        *("type", "properties", "required", "items", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "minimum"),
        *(
            "maximum",
            "exclusiveMinimum",
            "minLength",
            "maxItems",
            "description",
            "a",
            "b",
            "string",
            "object",
            "#",
            "#/a",
        ),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(KEYS, JSON, max_size=4).map(lambda slot: of(a=slot)) | JSON)
def test_whatever_a_server_lists_gives_a_schema_or_nothing(schema: Any) -> None:
    tools, unfit = offered("srv", {"a": "allow"}, [("a", "<think>", schema)])
    assert len(tools) + len(unfit) == 1
    for tool in tools.values():
        Draft202012Validator.check_schema(tool.schema["parameters"])
        assert not set("<>\n") & set(json.dumps(tool.schema))


def test_calls_of_such_tools_are_held_to_the_grammar_too() -> None:
    tokenizer = load_tokenizer(HOME_MODEL)
    slots: dict[str, Any] = {
        "place": of(city={"type": "string"}, zip={"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        "days": {"type": "array", "items": {"enum": ["today", 3]}, "maxItems": 3},
        "any": {"type": ["string", "number"]},
        "free": {"type": "object"},
        "count": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9},
    }
    tools, _ = offered("srv", {"a": "allow"}, [("a", "", {**of(**slots), "required": ["place"]})])
    made = [tool.schema for tool in tools.values()]
    assert made
    CallGrammar(tokenizer, tokenizer.get_vocab_size(), [*TOOLS, *made])
