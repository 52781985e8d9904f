# SPDX-License-Identifier: Apache-2.0
"""Kinds of sentences that hold a command without giving it, and the commands that look like them."""

from __future__ import annotations

import pytest

from appliance.dialogue.mood import why_not


@pytest.mark.parametrize(
    "text",
    [
        "the physio wants me to turn off the lamp",
        "my wife's doctor said I should turn off the lamp",
        "some fella in the play shouted at his phone to turn off the lamp",
        "in the film some fella shouted at his phone to turn off the lamp",
        "I asked our Anna to turn off the lamp",
        "she begged the lodger to turn off the lamp, long story",
        "the advert keeps saying turn off the lamp",
        "is it within your powers to turn off the lamp",
        "have you got the wherewithal to turn off the lamp",
        "were you built to turn off the lamp",
        "out of interest, could you turn off the lamp",
        "is it safe to leave the lamp on overnight",
        "am I allowed to leave the lamp on all night",
        "would it be mad to turn off the lamp",
        "just wondering, does it save money to turn off the lamp",
        "could a burglar climb through the window",
        "what happens when the fuse goes on the lamp",
        "how would people turn off the lamp without an app",
        "I had the lamp off the night the baby came",
        "the bloke next door turned off the lamp last summer, long story",
        "that was the cleaner who turned off the lamp",
        "I could've sworn we'd left the lamp on but I hadn't",
        "yesterday I had to turn off the lamp in the dark",
        "I'll turn off the lamp when I get up, no help needed",
        "I'm aware the lamp is on, that's how I want it",
        "no, leave the lamp on, we need it",
        "the wife prefers the lamp off, so I'm told",
        "my gran hates turning off the lamp",
        "gran wants to know what the lamp is",
        "the lamp cost us a fortune",
        "our kate got something like the lamp",
        "not a soul asked for the lamp",
        "one fine day I'll have to sort out the lamp",
        "it'd be nice to have the lamp off some day",
        "then my boss shouts, turn off the lamp, and everybody laughed",
        "kindly desist from turning off the lamp",
        "the milk smells off",
        "before turning off the lamp people go to bed, normally",
    ],
)
def test_what_is_told_wondered_or_meant_so_is_not_acted_upon(text: str) -> None:
    assert why_not(text, "HassTurnOff") is not None
    assert why_not(text, "HassTurnOn") is not None


@pytest.mark.parametrize(
    "text",
    [
        "the physio is here, turn off the lamp",
        "my wife wants you to turn off the lamp",
        "I asked Anna to and she won't, so turn off the lamp",
        "the advert is too loud, turn it off",
        "quick question, could you turn off the lamp",
        "sorry but could you turn off the lamp",
        "no rush but turn off the lamp",
        "is it possible to turn off the lamp",
        "is it too much to ask to turn off the lamp",
        "is it safe in the dark, no, turn off the lamp",
        "could anybody turn off the lamp",
        "can I get you to turn off the lamp",
        "how do you turn off the lamp, just do it for me",
        "I left the lamp on last night, turn it off",
        "I had to go out, turn off the lamp",
        "I'll be in bed by myself, turn off the lamp",
        "I'm off to work, turn off the lamp",
        "dim the lamp, I like it like that",
        "my gran hates sleeping with a light, turn it off",
        "turn off the lamp, mother in law is coming in ten minutes",
        "turn off the lamp, my in-laws roll in, they're here in half an hour",
        "I've got an early start tomorrow, turn off the lamp",
        "same as every night, turn off the lamp",
        "once you close the blind turn off the lamp next",
        "it'd be nicer if you turned off the lamp",
        "if somebody turned off the lamp the baby would settle",
        "the lamp shouldn't be left on at this hour",
        "the lamp mustn't stay on tonight, turn it off",
        "isn't it time to turn off the lamp",
        "turn off the lamp, off it goes",
        "turn off the lamp so I can see what I'm doing on the screen",
        "pull the curtains apart",
        "I don't care which, turn off the lamp",
    ],
)
def test_the_commands_that_look_like_them_pass(text: str) -> None:
    assert why_not(text, "HassTurnOff") is None


@pytest.mark.parametrize(
    ("text", "spared", "passes"),
    [
        ("the hall light is to stay on, all the rest off", "hall light", True),
        ("the hall light stays as it is, but turn off all the other lights", "hall light", True),
        ("the hall light is to stay on, all the rest off", "desk lamp", False),
        ("everything off the desk lamp not though", "desk lamp", True),
        ("turn off all the lights, the hall can stay", "hall", True),
        ("turn off all the lights, the hall can stay", "desk", False),
    ],
)
def test_what_stays_may_be_named_first_or_last(text: str, spared: str, passes: bool) -> None:
    assert (why_not(text, "HassTurnOff", spared) is None) == passes


def test_part_of_the_way_closed_is_no_state_to_leave() -> None:
    assert why_not("keep the window 3 quarters closed", "HassSetPosition") is None
    assert why_not("keep the window closed", "HassSetPosition") is not None


def test_no_lamp_is_left_out_by_curtains_that_are_pulled_apart() -> None:
    assert why_not("pull the curtains apart", "HassTurnOn") is None
    assert why_not("turn off all the lights, the hall apart", "HassTurnOff") is not None
