# SPDX-License-Identifier: Apache-2.0
"""What is written for the eye is said for the ear."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.speech.numbers import digits
from appliance.speech.wording import spoken


@pytest.mark.parametrize(
    ("written", "said"),
    [
        # numbers
        ("105 of 21", "one hundred and five of twenty-one"),
        ("1,234.5", "one thousand two hundred and thirty-four point five"),
        ("0.05", "zero point zero five"),
        ("-5", "minus five"),
        ("−5 to 5", "minus five to five"),
        ("1st, 22nd, 3rd", "first, twenty-second, third"),
        ("007", "zero zero seven"),
        ("1234567890123", "one two three four five six seven eight nine zero one two three"),
        ("version 1.2.3", "version one point two point three"),
        ("house.5 .5", "house. five zero point five"),
        ("WPA2 on lamp-3", "WPA two on lamp three"),
        ("1/2, 3/4, 2/3", "one half, three quarters, two thirds"),
        ("5/100 lights", "five out of one hundred lights"),
        ("2½ hours", "two and one half hours"),
        ("٣ and ２", "three and two"),
        # ranges
        ("10-15 minutes", "ten to fifteen minutes"),
        ("20–25 °C", "twenty to twenty-five degrees Celsius"),
        ("20 – 25%", "twenty to twenty-five percent"),
        ("10:30-11:30", "ten thirty to eleven thirty"),
        # units
        ("20.5 °C", "twenty point five degrees Celsius"),
        ("-1.5°F", "minus one point five degrees Fahrenheit"),
        ("1 °C", "one degree Celsius"),
        ("21.0 ℃", "twenty-one degrees Celsius"),
        ("20°", "twenty degrees"),
        ("50%", "fifty percent"),
        ("50%of it", "fifty percent of it"),
        ("90 km/h", "ninety kilometers per hour"),
        ("60 W", "sixty watts"),
        ("1 kWh", "one kilowatt hour"),
        ("450 lx", "four hundred and fifty lux"),
        ("1013 hPa", "one thousand and thirteen hectopascals"),
        ("12 µg/m³", "twelve micrograms per cubic meter"),
        ("800 ppm", "eight hundred parts per million"),
        ("2700 K", "two thousand seven hundred kelvin"),
        ("20 m²", "twenty square meters"),
        ("6 ft", "six feet"),
        ("5 min 30 s", "five minutes thirty seconds"),
        ("a 5-minute timer", "a five minute timer"),
        ("measured in kWh", "measured in kilowatt hours"),
        ("$5.50, 1 € and £2.01", "five dollars and fifty cents, one euro and two pounds and one penny"),
        ("0.30 €/kWh", "thirty cents per kilowatt hour"),
        # times and dates
        ("It is 7:05.", "It is seven oh five."),
        ("7:00", "seven o'clock"),
        ("19:30", "nineteen thirty"),
        ("19:00", "nineteen hundred"),
        ("00:00", "midnight"),
        ("00:05", "twelve oh five AM"),
        ("7:05 PM", "seven oh five PM"),
        ("7pm", "seven PM"),
        ("It is 5 p.m. The light is on.", "It is five PM. The light is on."),
        ("7:05:30", "seven oh five and thirty seconds"),
        ("2026-03-14", "March fourteenth, twenty twenty-six"),
        ("2026-03-14T07:05", "March fourteenth, twenty twenty-six at seven oh five"),
        ("3/14/2026", "March fourteenth, twenty twenty-six"),
        ("14/3/2026", "March fourteenth, twenty twenty-six"),
        ("Saturday, March 14", "Saturday, March fourteenth"),
        ("Mar. 14th, 2026", "March fourteenth, twenty twenty-six"),
        ("14 March 2026", "March fourteenth, twenty twenty-six"),
        ("in 2025", "in twenty twenty-five"),
        ("in 2025 steps", "in two thousand and twenty-five steps"),
        # Markdown
        ("**Kitchen** _Light_ is *on*", "Kitchen Light is on"),
        ("# Lights\n- Kitchen\n- Bedroom", "Lights, Kitchen, Bedroom"),
        ("> quoted `code`", "quoted code"),
        ("see [the manual](https://example.org/a_b)", "see the manual"),
        ("see https://example.org/a?b=1", "see a link"),
        ("```yaml\nlight: on\n```", "light: on"),
        ("| Light | State |\n|---|---|\n| Lamp | on |", "Light State, Lamp on"),
        ("~~off~~ on", "off on"),
        ("light.kitchen_lamp", "light.kitchen lamp"),
        # symbols
        ("A & B", "A and B"),
        ("~5 lamps", "about five lamps"),
        ("<5 and >=6", "less than five and at least six"),
        ("#1", "number one"),
        ("5 * 3 = 15", "five times three equals fifteen"),
        ("Done — the lamp is on", "Done, the lamp is on"),
        ("Kitchen (downstairs) is on.", "Kitchen, downstairs, is on."),
        ("Okay! 🙂👍🏽", "Okay!"),
    ],
)
def test_it_is_said_as_a_person_would(written: str, said: str) -> None:
    assert spoken(written) == said


@pytest.mark.parametrize(
    "text",
    [
        "Okay.",
        "It's the bedroom's well-known lamp, isn't it?",
        "Wait: the blind; it is closed!",
        "Dr. Smith's Wi-Fi",
        "Café",
    ],
)
def test_plain_words_come_back_as_they_are(text: str) -> None:
    assert spoken(text) == text


@given(st.lists(st.text("abcdefgh", min_size=1), min_size=1), st.sampled_from([".", "!", "?", ""]))
def test_words_are_never_changed(words: list[str], end: str) -> None:
    text = " ".join(words) + end
    assert spoken(text) == text


@given(st.integers(0, 99_999))
def test_a_number_is_read_back_as_the_same_number(number: int) -> None:
    assert digits(spoken(str(number)).replace(" thousand and ", " thousand ")) == str(number)


_WRITTEN = """5 20.5 1,000 007 -5 − – - 1st 7:05 25:99 2026-03-14 3/4 ½ ² °C °F % km/h kWh $ € # ** * _ ` ``` ~~
[a](b) [ ] ( ) | --- > < = + & @ / \\ ^ { } ~ 🙂 www.x.y http://x.y PM a.m. March in . , ; : ! ?
light x m s h K ٣ ① Ⅷ ❶ 一"""


@given(
    st.one_of(
        st.text(),
        st.lists(st.tuples(st.sampled_from(_WRITTEN.split()), st.sampled_from(["", " ", "\n"]))).map(
            lambda pieces: "".join(word + gap for word, gap in pieces)
        ),
    )
)
def test_no_figure_and_no_markdown_is_ever_left(text: str) -> None:
    said = spoken(text)
    assert not [c for c in said if unicodedata.category(c) in ("Nd", "No", "Nl", "So", "Cc", "Cs")]
    assert not set(said) & set("*_`#~|[]{}<>\\^%°$€£")
    assert said == said.strip()
    assert "  " not in said
