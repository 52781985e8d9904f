# SPDX-License-Identifier: Apache-2.0
"""Sentences that command nothing must not be acted upon, and those that do must not be stopped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dialogue.mood import ASKED, EXCEPTED, FORBIDDEN, PUT_OFF, SUPPOSED, why_not
from appliance.home.acts import ACTS
from tests.appliance.dialogue.test_agent import Table
from tests.scripted_model import call
from tools.home_model import measure


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("don't turn off the kitchen lights", FORBIDDEN),
        ("Please do not open the garage", FORBIDDEN),
        ("under no circumstances unlock the door", FORBIDDEN),
        ("you must not touch the thermostat", FORBIDDEN),
        ("leave the lamp alone", FORBIDDEN),
        ("leave the hall light on", FORBIDDEN),
        ("turn off all the lights except the hall", EXCEPTED),
        ("everything off but the fridge", EXCEPTED),
        ("all the lights off, just not the hall", EXCEPTED),
        ("close all blinds but leave the left one", EXCEPTED),
        ("turn off every lamp minus the one in the hall", EXCEPTED),
        ("is the lamp off", ASKED),
        ("who turned off the lamp", ASKED),
        ("what happens if I turn off the heating", SUPPOSED),
        ("mom said turn off the lights", SUPPOSED),
        ("I already turned off the lamp", SUPPOSED),
        ("I might turn off the lamp", SUPPOSED),
        ("turn off the lamp tomorrow", PUT_OFF),
        ("turn off the lamp in 10 minutes", PUT_OFF),
        ("when I leave turn off the lamp", PUT_OFF),
        ("turn off the lamp at 10 pm", PUT_OFF),
    ],
)
def test_what_commands_nothing_is_told_apart(text: str, reason: str) -> None:
    assert why_not(text, "HassTurnOff") == reason


@pytest.mark.parametrize(
    "text",
    [
        "turn off the lamp",
        "don't forget to turn off the lamp",
        "why don't you turn off the lamp",
        "could you turn off the lamp please",
        "can't you turn off the lamp",
        "would you mind turning off the lamp",
        "I was wondering if you could turn off the lamp",
        "I would like the lamp turned off",
        "turn off the lamp when you get a chance",
        "if you don't mind, turn off the lamp",
        "turn off the lamp before I forget",
        "why is the lamp on, turn it off",
        "set the lamp to 50 percent",
        "kill the lights in the hall but first close the blinds",
        "how about turning off the lamp",
        "leave the lamp off",
        "I'm going to bed, turn off the lamp",
    ],
)
def test_a_command_is_not_stopped(text: str) -> None:
    assert why_not(text, "HassTurnOff") is None


def test_a_title_may_hold_any_words() -> None:
    assert why_not("play don't stop me now", "HassMediaSearchAndPlay") is None


def test_the_agent_does_not_act_on_a_prohibition_whatever_the_model_writes() -> None:
    table = Table(call("HassTurnOff", name="bedroom lamp"), "bedroom lamp is off.")
    table.registry.update("light.bedroom_lamp", "on")
    answer, called = table.say("don't turn off the bedroom lamp")
    assert table.state("light.bedroom_lamp") == "on" and not called[0].result.success
    assert answer == f"{FORBIDDEN}."


def test_commands_of_the_generator_are_hardly_ever_stopped_and_prohibitions_always() -> None:
    stopped = acting = passed = forbidden = 0
    for case in measure.cases("known", 400):
        calls, text = [each for each in case.expected if each[0] in ACTS], str(case.messages[-1]["content"])
        if calls:
            acting += 1
            stopped += any(why_not(text, name, slots.get("except", "")) for name, slots in calls)
        elif case.turn.kind == "negation":
            forbidden += 1
            passed += why_not(text, "HassTurnOff") is None and why_not(text, "HassTurnOn") is None
    assert acting > 150 and stopped <= 0.04 * acting
    assert forbidden > 8 and passed == 0


@pytest.mark.parametrize(
    ("text", "spared", "passes"),
    [
        ("turn off all the lights except the hall", "hall", True),
        ("turn off all the lights but the hall lamp please", "hall lamp", True),
        ("turn off everything but not the tv", "tv", True),
        ("turn off everything except the tv and the desk lamp", "tv, desk lamp", True),
        ("turn off everything except the tv and the desk lamp", "tv", False),
        ("turn off all the lights except the hall and downstairs", "hall", False),
        ("close all the blinds apart from the one in the office", "office", True),
        ("all lights off but leave the kitchen on", "kitchen", True),
        ("turn off all lights other than the kitchen", "bedroom", False),
        ("turn off all the lights", "hall", False),
        ("don't turn off all the lights except the hall", "hall", False),
        ("turn off all the lights in an hour except the hall", "hall", False),
    ],
)
def test_a_call_leaves_out_all_that_was_said_to_be_left_out_and_nothing_else(
    text: str, spared: str, passes: bool
) -> None:
    assert (why_not(text, "HassTurnOff", spared) is None) == passes


def test_what_is_left_out_stays_as_it_is() -> None:
    turn_off = call("HassTurnOff", area="kitchen", domain="light", **{"except": "island"})
    table = Table([turn_off], [])
    for light in ("light.kitchen", "light.kitchen_island"):
        table.home.registry.update(light, "on")
    table.say("turn off the lights in the kitchen except the island")
    assert (table.state("light.kitchen"), table.state("light.kitchen_island")) == ("off", "on")


@given(st.text(max_size=300))
def test_any_text_is_read_in_no_time(text: str) -> None:
    why_not(text, "HassTurnOn")
    why_not(text * 20, "HassTurnOff")
