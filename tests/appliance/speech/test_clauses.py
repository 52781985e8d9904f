# SPDX-License-Identifier: Apache-2.0
"""An answer that is still being written is cut where a reader would breathe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.speech.clauses import MAX_CHARACTERS, ClauseSplitter


def cut(*deltas: str) -> list[str]:
    splitter = ClauseSplitter()
    return [clause for delta in deltas for clause in splitter.feed(delta)] + splitter.flush()


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Okay. The light is on.", ["Okay.", "The light is on."]),
        (
            "Done! What else? I wait; or not: you say…  now",
            ["Done!", "What else?", "I wait;", "or not:", "you say…", "now"],
        ),
        ("Wait... what?", ["Wait...", "what?"]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("**Done.** The light is on.", ["**Done.**", "The light is on."]),
        ("First line\nsecond line\n\nthird", ["First line", "second line", "third"]),
        # a comma and "and" count once the clause is long enough
        ("Yes, the kitchen light is on, sir", ["Yes, the kitchen light is on,", "sir"]),
        ("The kitchen light is on and the lamp is off", ["The kitchen light is on", "and the lamp is off"]),
        ("Salt and pepper", ["Salt and pepper"]),
        ("It is now somewhere between 20 and 25 degrees", ["It is now somewhere between 20 and 25 degrees"]),
        ("It may be between twenty and 25 degrees", ["It may be between twenty and 25 degrees"]),
        # what only looks like an end
        ("It is 20.5 degrees at 7:05 now.", ["It is 20.5 degrees at 7:05 now."]),
        ("It uses 1,000 watts right now", ["It uses 1,000 watts right now"]),
        ("Ask Dr. Smith at 7 a.m. tomorrow", ["Ask Dr. Smith at 7 a.m. tomorrow"]),
        ("1. Kitchen\n2. Bedroom", ["1. Kitchen", "2. Bedroom"]),
        ("No. It is 20 °C. Good.", ["No.", "It is 20 °C.", "Good."]),
        ("See example.com/a for light.kitchen", ["See example.com/a for light.kitchen"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_where_it_is_cut(text: str, clauses: list[str]) -> None:
    assert cut(text) == clauses


def test_a_clause_comes_as_soon_as_it_is_complete() -> None:
    splitter = ClauseSplitter()
    assert splitter.feed("Okay") == []
    assert splitter.feed(".") == []  # it may go on as "Okay.com"
    assert splitter.feed(" The") == ["Okay."]
    assert splitter.feed(" light is on") == []
    assert splitter.feed(" and t") == ["The light is on"]
    assert splitter.flush() == ["and t"]


def test_a_clause_without_an_end_is_cut_after_the_last_word_that_fits() -> None:
    words = ["kitchen"] * 60
    first, *_ = clauses = cut(" ".join(words) + " .")
    assert " ".join(clauses).split() == [*words, "."]
    assert MAX_CHARACTERS - len(" kitchen") < len(first) <= MAX_CHARACTERS


def test_it_can_be_used_again_after_the_end() -> None:
    splitter = ClauseSplitter()
    splitter.feed("One answer")
    assert splitter.flush() == ["One answer"]
    assert splitter.flush() == []
    assert splitter.feed("Another. One") == ["Another."]


_PIECES = """the lamp is on and but then or so , . ! ? ; : … ... " ) ** Dr. a.m. e.g. 1. 20 20.5 1,000 7:05 % °C and20
aaaaaaaa"""


def _joined(pieces: list[tuple[str, str]]) -> str:
    return "".join(word + gap for word, gap in pieces)


_gaps = st.sampled_from(["", " ", "  ", "\n", "\u00a0"])
_texts = st.one_of(
    st.text(),
    st.lists(st.tuples(st.sampled_from(_PIECES.split()), _gaps)).map(_joined),
    # Cut by length, with an "and" near that place, which is known as a cut only some characters later.
    st.integers(30, 60).map(lambda size: f"one {'a' * (130 + size)} three four and then five or six {'b' * 200}."),
)


@st.composite
def _texts_and_deltas(draw: st.DrawFn) -> tuple[str, list[str]]:
    text = draw(_texts)
    ends = sorted(draw(st.lists(st.integers(0, len(text)))))
    return text, [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


@given(_texts_and_deltas())
def test_no_word_is_lost_or_moved_or_split(example: tuple[str, list[str]]) -> None:
    text, deltas = example
    assert " ".join(cut(*deltas)).split() == text.split()


@given(_texts_and_deltas())
def test_the_clauses_do_not_depend_on_the_deltas(example: tuple[str, list[str]]) -> None:
    text, deltas = example
    assert cut(*deltas) == cut(text) == cut(*text)


@given(_texts)
def test_clauses_are_bounded_and_never_blank(text: str) -> None:
    longest_word = max(map(len, text.split()), default=0)
    for clause in cut(text):
        assert clause == clause.strip() != ""
        assert len(clause) <= max(MAX_CHARACTERS, longest_word)
