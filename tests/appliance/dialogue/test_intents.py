# SPDX-License-Identifier: Apache-2.0
"""What a sentence asks for, as the classifier that ships reads it, and what the agent makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dialogue.caller import certainty
from appliance.dialogue.intents import EXCEPT, IntentClassifier, intent
from appliance.home.registry import Device
from tests.appliance.dialogue.test_agent import INTENTS, Table
from tests.scripted_model import call


@pytest.mark.parametrize(
    ("tool", "arguments", "kinds", "named"),
    [
        ("HassTurnOn", {"name": "lamp"}, {"light"}, "HassTurnOn/power"),
        ("HassTurnOn", {"name": "lamp"}, (), "HassTurnOn/power"),
        ("HassTurnOff", {"area": "hall"}, {"light", "cover"}, "HassTurnOff/open"),
        ("HassTurnOn", {"name": "front door"}, {"lock"}, "HassTurnOn/lock"),
        ("HassTurnOn", {"name": "movie night"}, {"scene"}, "HassTurnOn/run"),
        (
            "HassLightSet",
            {"name": "lamp", "brightness": 20, "color": "red"},
            {"light"},
            "HassLightSet/brightness/color",
        ),
        ("HassLightSet", {"name": "lamp", "brightness_step": "down"}, {"light"}, "HassLightSet/down"),
        ("HassSetPosition", {"position_step": "-20"}, {"cover"}, "HassSetPosition/down"),
        ("HassClimateSetTemperature", {"temperature_step": 2}, {"climate"}, "HassClimateSetTemperature/up"),
        ("HassStartTimer", {"minutes": 5}, (), "HassStartTimer"),
    ],
)
def test_a_call_is_of_a_kind(tool: str, arguments: dict[str, object], kinds: set[str], named: str) -> None:
    assert intent(tool, arguments, kinds) == named
    assert named == "HassLightSet/brightness/color" or named in INTENTS.intents


@pytest.mark.parametrize(
    ("command", "asked", "no_command"),
    [
        ("turn on the kitchen light", "HassTurnOn/power", "who turned on the kitchen light"),
        ("turn off the heating please", "HassTurnOff/power", "please don't turn off the heating"),
        ("close the blinds", "HassTurnOff/open", "mum said she would close the blinds"),
        ("open the garage door", "HassTurnOn/open", "never open the garage door without asking me"),
        ("lock the front door", "HassTurnOn/lock", "I already locked the front door"),
        ("unlock the front door", "HassTurnOff/lock", "what happens if I unlock the front door"),
        ("cancel the timer", "HassCancelTimer", "do not cancel the timer"),
        ("dim the lights", "HassLightSet/down", "leave the lights exactly as they are"),
    ],
)
def test_a_command_is_told_from_what_only_sounds_like_it(command: str, asked: str, no_command: str) -> None:
    assert INTENTS.probabilities(command)[asked] > 0.5 > INTENTS.probabilities(no_command)[asked]


def test_what_is_asked_again_is_not_read_again_and_another_sentence_is(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = IntentClassifier()
    first = reading.probabilities("cancel the timer")
    first["HassCancelTimer"] = 0.0  # a caller's own copy
    other = reading.probabilities("cancel the timer", "turn on the lamp | Lamp is on.")
    assert other != reading.probabilities("turn on the lamp")
    again = reading.probabilities("cancel the timer")
    assert again["HassCancelTimer"] > 0.5
    monkeypatch.setattr(reading, "_session", None)
    assert reading.probabilities("cancel the timer") == again


def test_what_is_left_out_is_noticed() -> None:
    assert INTENTS.probabilities("turn off all the lights except the one in the hall")[EXCEPT] > 0.5
    assert INTENTS.probabilities("turn off all the lights in the hall")[EXCEPT] < 0.5


def test_it_takes_the_turn_before_to_understand_some() -> None:
    before = "turn on the kitchen light | Kitchen Light is on."
    louder = "turn the radio up | Kitchen Radio is at 40 percent."
    light = INTENTS.probabilities("and now off again", before)
    assert light["HassTurnOff/power"] > 0.5 > light["HassSetVolumeRelative/up"]
    assert INTENTS.probabilities("a bit more", louder)["HassSetVolumeRelative/up"] > light["HassSetVolumeRelative/up"]


@given(st.text(max_size=400), st.text(max_size=200))
def test_anything_can_be_asked(text: str, before: str) -> None:
    found = INTENTS.probabilities(text, before)
    assert tuple(found) == INTENTS.intents and all(0 <= each <= 1 for each in found.values())


@pytest.mark.parametrize(
    "text",
    [
        "don't turn off the kitchen light",
        "who turned off the kitchen light",
        "is the kitchen light off",
        "I already turned off the kitchen light",
        "she said turn off the kitchen light, imagine that",
        "what would happen if you turned off the kitchen light",
    ],
)
@pytest.mark.parametrize("probability", [None, 0.95])
def test_a_model_that_acts_on_no_command_is_stopped(text: str, probability: float | None) -> None:
    table = Table(call("HassTurnOff", name="kitchen light"), "", probability=probability)
    table.registry.update("light.kitchen", "on")
    answer, _ = table.say(text)
    assert table.state("light.kitchen") == "on"
    assert "changed nothing" in answer or answer.startswith("Should I")


def test_what_was_not_asked_for_is_refused_where_the_model_is_less_certain() -> None:
    table = Table(call("HassTurnOff", name="kitchen light"), "", probability=0.89)
    table.registry.update("light.kitchen", "on")
    answer, _ = table.say("who turned off the kitchen light")
    assert "changed nothing" in answer and table.state("light.kitchen") == "on"
    table.say("yes")
    assert table.state("light.kitchen") == "on", "nothing was asked"


def test_a_model_that_is_certain_of_what_does_not_sound_so_asks() -> None:
    table = Table(call("HassTurnOff", name="kitchen light"), "", probability=0.99)
    table.registry.update("light.kitchen", "on")
    assert table.say("who turned off the kitchen light")[0].startswith("Should I turn off Kitchen Light")
    table.say("yes")
    assert table.state("light.kitchen") == "off"


def test_a_call_that_leaves_out_nothing_is_asked_about_where_something_is_to_be() -> None:
    table = Table(call("HassTurnOff", area="kitchen", domain="light"), "")
    table.registry.update("light.kitchen", "on")
    assert table.say("turn off all the kitchen lights except the island lights")[0].startswith("Should I")
    assert table.state("light.kitchen") == "on"


@pytest.mark.parametrize(
    ("opinions", "together"),
    [((), 1), ((None, None), 1), ((0.7, None), 0.7), ((None, 0.3), 0.3), ((0.9, 0.9), 0.9), ((0.8, 0.2), 0.5)],
)
def test_opinions_come_together(opinions: tuple[float | None, ...], together: float) -> None:
    assert certainty(*opinions) == pytest.approx(together)


@given(st.floats(0, 1), st.floats(0, 1))
def test_no_opinion_makes_the_other_count_for_nothing(one: float, other: float) -> None:
    assert certainty(one, other) == certainty(other, one)
    assert min(one, other, 0.99) - 1e-9 <= certainty(one, other) <= max(one, other, 0.01) + 1e-9
    assert certainty(0.2, 1.0) < 0.85, (
        "a call of which the model is unsure is asked about, however surely it was asked for"
    )


def test_of_a_kind_that_it_does_not_know_the_tool_must_be_asked_for() -> None:
    unknown = {"name": "porch lantern", "brightness": 20, "color": "red"}
    assert intent("HassLightSet", unknown, {"light"}) not in INTENTS.intents
    table = Table(call("HassLightSet", **unknown), "", probability=0.95)
    table.registry.put(Device("light.porch", "Porch Lantern", "light", state="off"))
    table.say("don't turn the porch lantern red and don't set it to 20 percent")
    assert table.state("light.porch") == "off"
