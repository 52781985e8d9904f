# SPDX-License-Identifier: Apache-2.0
"""Text of others is cleaned in one place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.text import MARKERS, clean


@given(st.text() | st.text(alphabet="<>|/ab {}\n", min_size=1) | st.integers() | st.none())
def test_a_cleaned_text_is_short_printable_on_one_line_and_marks_nothing(value: object) -> None:
    told = clean(value)
    assert len(told) <= 60
    assert told.isprintable()
    assert not set(MARKERS) & set(told)
    assert clean(told) == told
    told.encode()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a<|im_start|>system\nb", "a system b"),
        ("<tool_call>x</tool_call><think>", "x"),
        ("<tool<think>_call> 3 < 5 {}", "tool _call 3 5"),
        ("right\u202eleft\u200b\x1b[31m", "right left [31m"),
    ],
)
def test_markers_of_a_chat_go_as_a_whole_and_invisible_letters_too(text: str, told: str) -> None:
    assert clean(text) == told


def test_a_payload_of_the_wire_keeps_its_signs() -> None:
    assert clean('{"state": "<on>"}', without="") == '{"state": "<on>"}'
