# SPDX-License-Identifier: Apache-2.0
"""A call that does not fit what else was said is asked about first, and one that fits is made."""

from __future__ import annotations

import pytest

from appliance.dialogue.direction import contrary
from appliance.dialogue.doubt import (
    is_of_the_turn_before,
    locks_unasked,
    means_something_else,
    of_another_kind,
    plays_unasked,
    says_more,
    says_the_opposite,
    takes_a_step_for_a_level,
    writes_down,
)
from appliance.dialogue.grounding import without_leftover
from appliance.dialogue.mood import why_not
from appliance.dialogue.orders import read_order
from appliance.home.tools import ToolCall
from tests.appliance.dialogue.test_agent import Table
from tests.appliance.dialogue.test_orders import NOW
from tests.scripted_model import call


@pytest.mark.parametrize(
    ("text", "level", "doubted"),
    [
        ("knock a third off it", 33, True),
        ("turn the lamp down by 20 percent", 20, True),
        ("turn the lamp down by half", 50, True),
        ("turn the lamp down to half", 50, False),
        ("another 10 on the blind", 10, True),
        ("make it 30 percent brighter", 30, True),
        ("turn the lamp down to 20 percent", 20, False),
        ("knock it down to a third", 33, False),
        ("hall off and the lamp 5 percent", 5, False),
        ("turn the lamp up by 20 percent, to 60", 60, False),
    ],
)
def test_how_much_to_change_is_no_level(text: str, level: int, doubted: bool) -> None:
    assert takes_a_step_for_a_level(text, {"brightness": level}) is doubted
    assert not takes_a_step_for_a_level(text, {"name": "lamp"})


@pytest.mark.parametrize(
    ("text", "doubted"),
    [
        ("light me a way to the front door", True),
        ("pop the lock on the front", True),
        ("front door please", True),
        ("lock the front door", False),
        ("put the lock on the front door", False),
        ("bolt the side gate", False),
        ("is the front secured? make sure", False),
        ("the back door's unlocked, see to it", False),
        ("get the deadbolt on", False),
    ],
)
def test_nothing_is_locked_of_which_locking_was_not_said(text: str, doubted: bool) -> None:
    assert locks_unasked(text, {("lock", "lock")}) is doubted
    assert not locks_unasked(text, {("lock", "unlock")})


@pytest.mark.parametrize(
    ("text", "kind", "doubted"),
    [
        ("slats down a smidge", "light", True),
        ("quarter speed on the one in the lounge", "light", True),
        ("make that thing on the ceiling spin", "light", True),
        ("the onions make the whole downstairs reek, whack it up", "light", True),
        ("it stinks in here, light the candle lamp", "light", False),
        ("I'm freezing my toes off up here", "light", True),
        ("there's cold it is by the window", "light", True),
        ("it's chilly and dark, lamp please", "light", False),
        ("garage up for the van", "light", True),
        ("garage light up a bit", "light", False),
        ("dim it a bit, the blinds are up", "light", False),
        ("slats down a smidge", "cover", False),
        ("quarter speed in the lounge", "fan", False),
        ("downstairs off", "light", False),
        ("heating down a touch", "fan", True),
        ("heating down a touch", "climate", False),
    ],
)
def test_another_kind_of_device_is_noticed(text: str, kind: str, doubted: bool) -> None:
    assert of_another_kind(text, {(kind, "on")}) is doubted
    assert not of_another_kind(text, {(kind, "on"), ("switch", "on")})


def test_what_is_in_the_way_or_to_be_emptied_is_not_started() -> None:
    start, dock = {("vacuum", "on")}, {("vacuum", "off")}
    assert means_something_else("get that hoover out from under my feet", start)
    assert not means_something_else("get that hoover out from under my feet", dock)
    assert not means_something_else("get the hoover out, the floor's a mess", start)
    assert means_something_else("empty Rosie's dustbin", dock)
    assert not means_something_else("dock Rosie, her bin's to be emptied", dock)


def test_minutes_are_taken_off_no_device_and_what_is_to_be_hot_is_bought_by_nobody() -> None:
    assert means_something_else("knock 5 off the washing one", {("switch", "off")})
    assert means_something_else("take another 10 minutes off the dryer one", {("switch", "off")})
    assert not means_something_else("knock the dryer off in the utility", {("switch", "off")})
    assert means_something_else("preheat, I'm doing fish fingers", set())
    assert not means_something_else("preheat the oven", {("switch", "on")})


@pytest.mark.parametrize(
    ("text", "arguments", "doubted"),
    [
        ("put another log in, so to speak", {}, True),
        ("there's tumbleweed by the rug", {"area": "here"}, True),
        ("skip this one", {}, False),
        ("carry on", {}, False),
        ("Bertha please", {"name": "bertha"}, False),
    ],
)
def test_players_that_nobody_spoke_of_are_left_alone(text: str, arguments: dict[str, str], doubted: bool) -> None:
    assert plays_unasked(text, "HassMediaUnpause", arguments) is doubted


def test_what_broke_off_or_says_how_much_is_asked_about() -> None:
    assert says_more("could you move the curtains to the, um", "HassTurnOff", {"area": "here"})
    assert says_more("turn on the", "HassTurnOn", {"area": "here"})
    assert says_more("I need the switch off for the, hang on", "HassTurnOff", {"area": "here"})
    assert says_more("set the corner lamp to", "HassTurnOn", {"name": "corner lamp"})
    assert not says_more("pull the curtains to", "HassTurnOff", {"area": "here"})
    assert says_more("left bedside 50, right bedside off", "HassTurnOff", {"name": "left bedside lamp"})
    assert not says_more("left bedside off, right bedside 50", "HassTurnOff", {"name": "left bedside lamp"})
    assert says_more("fan on, night light at 10", "HassTurnOff", {"name": "night light"})
    assert not says_more("fan on, night light at 10", "HassTurnOn", {"name": "fan"})
    assert not says_more("fan on, night light at 10", "HassLightSet", {"name": "night light", "brightness": 10})
    assert says_more("leave the blinds just a sliver open", "HassSetPosition", {"position_step": "up"})
    assert not says_more("leave the blinds just a sliver open", "HassSetPosition", {"position": 10})


def test_on_the_list_is_not_on() -> None:
    assert writes_down("printer ink on the shopping list", "HassTurnOn")
    assert not writes_down("printer ink on the shopping list and the printer on", "HassTurnOn")
    assert not writes_down("printer ink on the shopping list", "HassShoppingListAddItem")


def test_the_lot_is_what_was_spoken_of() -> None:
    assert is_of_the_turn_before("kill the lot", "all", ["which lights are on upstairs"])
    assert not is_of_the_turn_before("kill the lot", "all", [])
    assert not is_of_the_turn_before("kill the lot, the whole house", "all", ["which lights are on upstairs"])
    assert not is_of_the_turn_before("kill the lot", "hall", ["which lights are on upstairs"])


def test_who_is_let_in_and_what_is_put_to() -> None:
    assert contrary("buzz my brother-in-law in through the gate", ["close"])
    assert contrary("curtains to, and the lamp on", ["open"])
    assert not contrary("curtains to half", ["open"])


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


def test_a_step_for_a_level_is_asked_about() -> None:
    table = Table(call("HassLightSet", name="kitchen light", brightness=30), "")
    table.registry.update("light.kitchen", "on")
    assert table.say("kitchen light down by 30 percent")[0].startswith("Should I set Kitchen Light")


def test_to_be_told_in_a_while_is_left_to_the_model_and_so_is_a_reason() -> None:
    for text in (
        "give me a nudge in 20 minutes, the casserole wants stirring",
        "shout me in 4 minutes",
        "guests are coming in 10 minutes, vacuum please",
        "video call in 2 minutes and I look like a ghost, warm that lamp up",
    ):
        assert read_order(text, NOW) is None
    for text in (
        "shout me in 10 minutes to turn off the oven",
        "turn off the lamp in 20 minutes and give me a shout",
        "vacuum in 10 minutes please",
    ):
        order = read_order(text, NOW)
        assert order is not None and order.kind == "command"
    assert why_not("shut the gate in 10 minutes", "HassTurnOff") is not None


@pytest.mark.parametrize(
    ("text", "tool", "doubted"),
    [
        ("curtains shut, corner lamp on, big light off", "HassTurnOff", True),
        ("corner lamp off please, telly on", "HassTurnOn", True),
        ("corner lamp on, big light off", "HassTurnOn", False),
        ("turn the corner lamp off", "HassTurnOff", False),
        ("put the corner lamp on the desk off", "HassTurnOff", False),
    ],
)
def test_the_other_way_right_behind_the_name_is_noticed(text: str, tool: str, doubted: bool) -> None:
    assert says_the_opposite(text, tool, {"name": "corner lamp"}) is doubted
