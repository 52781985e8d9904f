# SPDX-License-Identifier: Apache-2.0
"""Amounts come out in one form whoever wrote them; words that only look like amounts stay words."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from num2words import num2words  # type: ignore[import-untyped]

from appliance.speech.numbers import digits


@pytest.mark.parametrize(
    ("heard", "canonical"),
    [
        ("Set the bedroom lamp to twenty-five percent.", "Set the bedroom lamp to 25 percent."),
        ("Set it to 50%.", "Set it to 50 percent."),
        ("Set it to 50 %.", "Set it to 50 percent."),
        ("Set it to fifty per cent", "Set it to 50 percent"),
        ("a hundred percent", "100 percent"),
        ("50%of it", "50 percent of it"),
        ("twenty one degrees", "21 degrees"),
        ("twenty point five degrees", "20.5 degrees"),
        ("20.5°", "20.5 degrees"),
        ("20.5 degrees", "20.5 degrees"),
        ("20.5°C", "20.5 degrees Celsius"),
        ("Heat to 70 °F.", "Heat to 70 degrees Fahrenheit."),
        ("minus five degrees", "-5 degrees"),
        ("−5°", "-5 degrees"),
        ("zero point zero five", "0.05"),
        ("2,700K", "2700 kelvin"),
        ("two thousand seven hundred kelvin", "2700 kelvin"),
        ("twenty-seven hundred kelvin", "2700 kelvin"),
        ("one hundred and five", "105"),
        ("one thousand and one", "1001"),
        ("a 5-minute timer", "a 5 minute timer"),
        ("a five-minute timer", "a 5 minute timer"),
        ("a twenty second timer", "a 20 second timer"),
        ("one hour and twenty minutes", "1 hour and 20 minutes"),
        ("five minutes thirty seconds", "5 minutes 30 seconds"),
        ("the one hour timer", "the 1 hour timer"),
        ("two and a half hours", "2 and a half hours"),
        ("nineteen and a half in the den", "19.5 in the den"),
        ("twelve and a half minutes", "12 and a half minutes"),
        ("twenty, thirty and forty", "20, 30 and 40"),
        ("turn on one light", "turn on 1 light"),
        ("set the fan to one", "set the fan to 1"),
        ("turn on lamp one", "turn on lamp 1"),
        ("TWENTY Percent", "20 Percent"),
    ],
)
def test_an_amount_is_written_in_digits(heard: str, canonical: str) -> None:
    assert digits(heard) == canonical


@pytest.mark.parametrize(
    "heard",
    [
        "Turn off the other one.",
        "that one",
        "this one please",
        "the big red one",
        "which one",
        "no one",
        "one of the lights",
        "the five-pointed one",
        "the first floor",
        "wait a second",
        "the twenty-first of May",
        "the twenty second of May",
        "the one hundred and first",
        "two thirds",
        "a one-way street",
        "One's enough",
        "half past seven",
        "quarter to nine",
        "an hour and a half",
        "go to bed too, for me",
        "10-15 minutes",
        "at 7:30",
        "version 1.2.3",
        "Turn on the TV, please!",
        "ſix",
    ],
)
def test_everything_else_is_left_alone(heard: str) -> None:
    assert digits(heard) == heard


@given(st.integers(0, 99_999))
def test_every_spelled_cardinal_is_read(number: int) -> None:
    spelled = num2words(number)
    assert digits(spelled.replace(",", "")) == str(number)
    assert digits(spelled.replace(",", "").replace("-", " ").replace(" and ", " ")) == str(number)


@given(st.decimals(0, 999, places=2).filter(lambda d: d != d.to_integral_value()))
def test_every_spelled_decimal_is_read(number: object) -> None:
    assert float(digits(f"{num2words(number)} degrees").removesuffix(" degrees")) == float(str(number))


_NUMBERS = """one two nine twelve twenty thirty five hundred thousand a the and point minus other second minute hours
percent per cent degrees first third third's of to half past zero 5 20 2,700 20.5 0 K % ° °C - − , . ' ’ ſix İ lamp"""


@given(st.lists(st.tuples(st.sampled_from(_NUMBERS.split()), st.sampled_from(["", " ", "-", "\n", "\u00a0"]))))
@example([("the", " "), ("five", "-"), ("minute", " "), ("lamp", " "), ("one", "")])
def test_once_is_enough_for_texts_full_of_numbers(pieces: list[tuple[str, str]]) -> None:
    once = digits("".join(word + gap for word, gap in pieces))
    assert digits(once) == once


@given(st.text())
def test_once_is_enough_for_any_text(text: str) -> None:
    assert digits(digits(text)) == digits(text)


_WORDS = "Turn off the Kitchen lamp, too; for a second! first half past to oh hall-way it's an hour"


@given(st.lists(st.sampled_from(_WORDS.split())))
def test_a_text_without_amounts_is_untouched(words: list[str]) -> None:
    text = " ".join(words)
    assert digits(text) == text
