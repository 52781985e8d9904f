# SPDX-License-Identifier: Apache-2.0
"""What counts as spoken of, as a claim, and as supported by what the tools reported."""

from __future__ import annotations

import pytest

from appliance.dialogue.grounding import as_reported, claims, of_everything, supported, unspoken, without_leftover
from appliance.dialogue.prompt import copied
from appliance.home.tools import ToolCall


@pytest.mark.parametrize(
    ("arguments", "said", "invented"),
    [
        ({"name": "kitchen light"}, "turn on the kitchen light", None),
        ({"name": "Kitchen Light"}, "turn on the kitchen lights", None),
        ({"name": "kitchen ceiling"}, "turn on the kitchen sealing", None),
        ({"name": "Play Corner"}, "playcorner light off", None),
        ({"name": "garage door"}, "turn on the kitchen light", "garage door"),
        ({"name": "burglar alarm"}, "would you disarm the house", None),
        ({"name": "burglar alarm"}, "how quiet the house is", "burglar alarm"),
        ({"area": "here", "domain": "light"}, "turn on the lights", None),
        ({"area": "Bedroom", "domain": "light"}, "turn on the lights", "Bedroom"),
        ({"name": "lamp", "brightness": 40}, "set the lamp to 40 percent", None),
        ({"name": "lamp", "brightness": 50}, "set the lamp to half", None),
        ({"name": "lamp", "brightness": 14}, "set the lamp to 40 percent", "14"),
        ({"name": "lamp 2", "brightness": 50}, "set lamp 2 to half", None),
        ({"temperature": 20.5}, "set temperature to 20.5 degrees", None),
    ],
)
def test_only_what_was_spoken_of_may_be_acted_upon(
    arguments: dict[str, object], said: str, invented: str | None
) -> None:
    assert unspoken(arguments, [said]) == invented


@pytest.mark.parametrize("text", ["The lamp is on.", "I turned it off", "Done!", "Both doors are now locked."])
def test_claims_are_seen(text: str) -> None:
    assert claims(text)


@pytest.mark.parametrize(
    "text", ["Hello.", "Which lamp do you mean?", "I cannot order food.", "I will leave it as it is."]
)
def test_other_sentences_are_no_claims(text: str) -> None:
    assert not claims(text)


def test_an_answer_may_use_the_words_of_reports_and_of_the_person_only() -> None:
    assert supported("Okay, the kitchen light is on.", ["Kitchen Light is on"])
    assert not supported("The kitchen light and the oven are on.", ["Kitchen Light is on"])
    assert not supported("The bedroom is 22 degrees.", ["Bedroom is 20.5 degrees"])


def test_what_repeats_a_report_takes_its_letters() -> None:
    facts = ["It is 18.5 °C in the Bedroom", "2 lights are on: TV Lamp and Desk"]
    assert as_reported("it is 18.5 °c in the bedroom.", facts) == "It is 18.5 °C in the Bedroom."
    assert as_reported("tv lamp and desk", facts) == "TV Lamp and Desk"
    assert as_reported("okay then.", facts) == "okay then."


def test_a_call_may_hold_what_was_said_without_its_possessive() -> None:
    text = copied([], [{"role": "user", "content": "the pasta's done"}]).text
    assert text.splitlines() == ["the pasta's done", "the pasta done"]
    assert copied([], [{"role": "user", "content": "pasta done"}]).text == "pasta done"


@pytest.mark.parametrize(
    ("text", "slots", "name"),
    [
        ("everything in the study off but the printer", {"area": "study", "except": "printer"}, "all"),
        ("switch everything off in the study", {"area": "study"}, "all"),
        ("everything downstairs can go dark", {"floor": "downstairs"}, None),
        ("turn off the study", {"area": "study"}, None),
        ("everything off in the study", {"area": "study", "domain": "light"}, None),
    ],
)
def test_everything_in_a_place_is_all_of_it(text: str, slots: dict[str, str], name: str | None) -> None:
    assert of_everything(ToolCall("HassTurnOff", slots), text).arguments.get("name") == name


@pytest.mark.parametrize(
    ("text", "item", "left"),
    [
        ("used the last 3 eggs, we'll want more", "3 eggs", "eggs"),
        ("there is 0 toilet paper left", "0 toilet paper", "toilet paper"),
        ("only 2 rolls of foil left", "2 rolls", "rolls"),
        ("we need 3 eggs", "3 eggs", "3 eggs"),
        ("used up the milk, get 3 eggs", "3 eggs", "3 eggs"),
    ],
)
def test_how_many_are_left_is_not_how_many_to_buy(text: str, item: str, left: str) -> None:
    assert without_leftover(ToolCall("HassShoppingListAddItem", {"item": item}), text).arguments == {"item": left}
