# SPDX-License-Identifier: Apache-2.0
"""What is said beside a command is no prohibition, and what forbids the command itself still is."""

from __future__ import annotations

import pytest

from appliance.dialogue.mood import EXCEPTED, why_not
from appliance.dialogue.reasons import without_reasons


@pytest.mark.parametrize(
    ("text", "tool", "thing"),
    [
        ("could we have pink on the night light, she won't stop asking for it", "HassLightSet", "night light"),
        ("we never sleep well when it's hot, so knock the radiator down", "HassClimateSetTemperature", "radiator"),
        ("don't just stand there, shut the water main", "HassTurnOff", "water main"),
        ("turn the lamp off and then let me be", "HassTurnOff", "lamp"),
        ("close the curtains, leave the blinds up", "HassTurnOff", "curtain"),
        ("shut the blinds, not the curtains", "HassTurnOff", "blind"),
        ("turn the ceiling light off but hands off the telly", "HassTurnOff", "ceiling light"),
        ("you can't leave the curtains open at this hour, close them", "HassTurnOff", "curtains"),
        ("no need for the desk lamp any more, I'm done in there", "HassTurnOff", "desk lamp"),
        ("don't let the fountain run any longer", "HassTurnOff", "fountain"),
        ("mute the telly for a minute", "HassMediaPlayerMute", "telly"),
        ("forget the pasta timer, we're ordering a takeaway", "HassCancelTimer", "pasta"),
    ],
)
def test_a_reason_or_another_thing_is_no_prohibition(text: str, tool: str, thing: str) -> None:
    assert why_not(text, tool, named=thing, thing=thing) is None


@pytest.mark.parametrize(
    ("text", "tool", "thing"),
    [
        ("we're not cold, so don't turn the heating on", "HassTurnOn", "heating"),
        ("I don't want the lamp on, leave it", "HassTurnOn", "lamp"),
        ("leave the curtains open, close nothing", "HassTurnOff", "curtains"),
        ("close nothing, leave the blinds up", "HassTurnOff", "blinds"),
        ("no need to light up the garden, kill it", "HassTurnOn", "garden lights"),
        ("leave home? we aren't leaving, we're hiding", "HassTurnOn", "leaving home"),
        ("don't turn the lamp off, I'm not done", "HassTurnOff", "lamp"),
        ("by no means switch the lamp off", "HassTurnOff", "lamp"),
        ("I wish you wouldn't turn the radio off", "HassTurnOff", "radio"),
        ("start that dryer and there'll be trouble", "HassTurnOn", "dryer"),
        ("let's say half 9 for the blind to come down", "HassTurnOff", "blind"),
        ("lock the back door? absolutely not", "HassTurnOn", "back door"),
        ("mute the telly, joking, joking", "HassMediaPlayerMute", "telly"),
    ],
)
def test_what_forbids_the_command_itself_still_does(text: str, tool: str, thing: str) -> None:
    assert why_not(text, tool, named=thing, thing=thing) is not None


def test_of_all_of_a_place_another_thing_is_an_exception() -> None:
    assert why_not("shut them all in the lounge, not the curtains", "HassTurnOff", named="lounge") == EXCEPTED


def test_a_remark_behind_what_is_spared_names_nothing_at_home() -> None:
    names = {"hall", "garage", "lounge", "lamp"}
    text = "all the lights on downstairs, just not the garage one, the wire is loose"
    assert why_not(text, "HassTurnOn", "garage", names=names) is None
    assert why_not(text.replace("wire", "hall"), "HassTurnOn", "garage", names=names) == EXCEPTED
    frozen = "the lounge to 21, everything but my nose is frozen"
    assert why_not(frozen, "HassClimateSetTemperature", named="lounge", names=names) is None


def test_where_nothing_would_be_left_the_sentence_stays_whole() -> None:
    assert without_reasons("we never sleep well", "HassTurnOff", "lamp") == "we never sleep well"
