# SPDX-License-Identifier: Apache-2.0
"""The chat format, both ways."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.models import HOME_MODEL
from engines.nemotron_h.chat import (
    ChatEvent,
    ChatFormat,
    ChatFormatError,
    ChatParser,
    MalformedCall,
    ReasoningDelta,
    TextDelta,
    ToolCallRequest,
)

TOOLS = [
    {
        "name": "set",
        "parameters": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "level": {"type": "integer"},
                "degrees": {"type": "number"},
                "fast": {"type": "boolean"},
            },
        },
    }
]
CALL = (
    "<tool_call>\n<function=set>\n<parameter=name>\nlamp 2\n</parameter>\n"
    "<parameter=level>\n40\n</parameter>\n</function>\n</tool_call>"
)


def parse(text: str, *, reasoning: bool = False, cuts: list[int] | None = None) -> list[ChatEvent]:
    """Events of a text, fed in pieces, with neighbouring deltas joined."""
    parser = ChatParser(TOOLS, reasoning=reasoning)
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts or [])})
    found = [event for a, b in pairwise(places) for event in parser.feed(text[a:b])]
    joined: list[ChatEvent] = []
    for event in found + parser.finish():
        last = joined[-1] if joined else None
        if isinstance(event, TextDelta) and isinstance(last, TextDelta):
            joined[-1] = TextDelta(last.text + event.text)
        elif isinstance(event, ReasoningDelta) and isinstance(last, ReasoningDelta):
            joined[-1] = ReasoningDelta(last.text + event.text)
        else:
            joined.append(event)
    return joined


def test_a_call_has_its_arguments_typed_by_the_schema() -> None:
    assert parse(CALL) == [ToolCallRequest("set", {"name": "lamp 2", "level": 40})]


@pytest.mark.parametrize(
    ("text", "value"), [("21.5", 21.5), ("7", 7), ("warm", "warm"), ("1e999", "1e999"), ("[" * 9999, "[" * 9999)]
)
def test_what_does_not_fit_its_type_stays_text_for_validation_to_refuse(text: str, value: object) -> None:
    (event,) = parse(f"<tool_call><function=set><parameter=degrees>{text}</parameter></function></tool_call>")
    assert event == ToolCallRequest("set", {"degrees": value})


def test_calls_follow_one_another_with_text_around() -> None:
    events = parse(f"One moment.{CALL}{CALL} Bye")
    assert [type(event) for event in events] == [TextDelta, ToolCallRequest, ToolCallRequest, TextDelta]


def test_a_missing_end_of_the_last_parameter_is_tolerated() -> None:
    body = "<tool_call>\n<function=set>\n<parameter=name>\nlamp\n</function>\n</tool_call>"
    assert parse(body) == [ToolCallRequest("set", {"name": "lamp"})]


@pytest.mark.parametrize(
    "body", ["", "turn on", "<function=set", "<function=set>stray</function>", "<function=a><function=b></function>"]
)
def test_what_cannot_be_read_is_malformed_and_no_call(body: str) -> None:
    assert all(isinstance(event, MalformedCall) for event in parse(f"<tool_call>{body}</tool_call>"))


def test_a_call_that_never_ends_is_no_call() -> None:
    assert parse(CALL.removesuffix("</tool_call>")) == [MalformedCall(CALL[len("<tool_call>") : -len("</tool_call>")])]
    assert isinstance(parse("<tool_call>" + "x" * 20_000)[0], MalformedCall)


def test_reasoning_is_kept_apart() -> None:
    events = parse("I think</think>Hello", reasoning=True)
    assert events == [ReasoningDelta("I think"), TextDelta("Hello")]


PIECES = st.sampled_from(
    [
        *("<tool_call>", "</tool_call>", "<function=set>", "</function>", "<parameter=name>", "</parameter>"),
        *("<think>", "</think>", "\n", "<", "lamp", "40", "é", "<tool"),
    ]
)


@given(st.lists(PIECES, max_size=20).map("".join), st.lists(st.integers(0, 400), max_size=6), st.booleans())
def test_events_do_not_depend_on_how_the_stream_was_cut(text: str, cuts: list[int], reasoning: bool) -> None:
    assert parse(text, cuts=cuts, reasoning=reasoning) == parse(text, reasoning=reasoning)


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    parse(text)
    parse(f"<tool_call>{text}</tool_call>")


def test_history_renders_append_only_so_that_a_kept_prefix_stays_one() -> None:
    chat = ChatFormat(HOME_MODEL)
    messages = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "set", "arguments": {"level": 4}}}]},
        {"role": "tool", "content": '{"success": true}'},
        {"role": "assistant", "content": "Done."},
        {"role": "user", "content": "again"},
    ]
    whole = chat.render(messages)
    for count in (1, 2, 4):
        assert whole.startswith(chat.render(messages[:count], generate=count > 1))
    assert whole.endswith("<|im_start|>assistant\n<think></think>")


def test_a_template_cannot_reach_out_of_its_sandbox(tmp_path: Path) -> None:
    (tmp_path / "chat_template.jinja").write_text("{{ messages.__class__.__mro__[1].__subclasses__() }}")
    with pytest.raises(ChatFormatError, match="unsafe"):
        ChatFormat(tmp_path).render([])
