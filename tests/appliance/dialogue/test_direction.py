# SPDX-License-Identifier: Apache-2.0
"""A call that does the opposite of what was said is asked about first."""

from __future__ import annotations

import random

import pytest

from appliance.dialogue.direction import contrary, makes_worse, turns_part_round
from tests.appliance.dialogue.test_agent import Table
from tests.scripted_model import call
from tools.home_model import noise
from tools.home_model.homes import random_home
from tools.home_model.turns import sample


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("I'm locked outside, would you open the front", "lock"),
        ("let the plumber in at the back", "lock"),
        ("she locked herself out of the house", "lock"),
        ("bolt the back door", "unlock"),
        ("leave the front door on the latch for the kids", "lock"),
        ("shopping in both hands, can you get the front door", "lock"),
        ("lower the shutters", "open"),
        ("open up the shutters", "close"),
        ("raise the blinds", "close"),
        ("lights out", "on"),
        ("everything off in here", "on"),
        ("stop the fan", "on"),
        ("Switch the big light on", "off"),
        ("start the fan", "off"),
    ],
)
def test_the_opposite_is_noticed(text: str, action: str) -> None:
    opposite = {"lock": "unlock", "open": "close", "on": "off"}
    opposite |= {other: one for one, other in opposite.items()}
    assert contrary(text, [action])
    assert not contrary(text, [opposite[action]]), "it tells to do just that"


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("the garage is still open", "close"),
        ("don't leave the gate open", "close"),
        ("why is the door not locked", "lock"),
        ("off with the lamp, then on with the fan", "on"),
        ("the window's open, close it", "close"),
        ("some light please", "on"),
        ("some light please", "off"),
        ("", "on"),
        ("open the blinds", "set"),
        ("get the front door locked", "lock"),
    ],
)
def test_what_says_neither_or_both_is_left_alone(text: str, action: str) -> None:
    assert not contrary(text, [action])


@pytest.mark.parametrize(
    ("text", "kind", "done"),
    [
        ("I am freezing", "climate", "down"),
        ("I can see my own breath in here", "fan", "on"),
        ("I'm melting on this sofa", "climate", "up"),
        ("can't see what I'm chopping", "light", "off"),
        ("sun's right in my eyes on the sofa", "light", "on"),
        ("can't see the telly for the sun", "cover", "open"),
        ("I want it pitch black in the bedroom", "light", "on"),
        ("her across the way is gawping at us, blinds", "cover", "open"),
        ("the sun's straight on the telly", "cover", "open"),
        ("I can't hear the match over the dishwasher", "media_player", "down"),
        ("I can't hear myself think", "media_player", "up"),
    ],
)
def test_what_would_make_it_worse_is_noticed(text: str, kind: str, done: str) -> None:
    assert makes_worse(text, {(kind, done)})
    opposite = {"up": "down", "on": "off", "open": "close"}
    opposite |= {other: one for one, other in opposite.items()}
    assert not makes_worse(text, {(kind, opposite[done])})


@pytest.mark.parametrize(
    ("text", "position", "turned"),
    [
        ("bring the blind down a quarter of the way", 25, True),
        ("bring the blind down a quarter of the way", 75, False),
        ("close the shutters two thirds", 66, True),
        ("shut it three quarters", 75, True),
        ("open the blind a quarter", 25, False),
        ("the blind to a third", 33, False),
        ("close the blind", 0, False),
    ],
)
def test_a_part_of_the_way_down_is_not_a_part_of_the_way_up(text: str, position: int, turned: bool) -> None:
    assert turns_part_round(text, position) is turned


def test_where_something_is_to_be_unlocked_a_lock_is_among_what_is_touched() -> None:
    assert makes_worse("unlock everything, the sofa goes out", {("light", "off"), ("switch", "off")})
    assert not makes_worse("unlock everything, the sofa goes out", {("lock", "unlock")})


@pytest.mark.parametrize(
    ("text", "kind", "done"),
    [
        ("I can't hear you over the radio", "media_player", "down"),
        ("it's pitch black outside, close the curtains", "cover", "close"),
        ("I'm freezing, turn the fan off", "fan", "off"),
        ("too hot in here, turn the fan up", "fan", "up"),
        ("can't see the screen, dim the lights", "light", "down"),
        ("unlock the front door", "lock", "unlock"),
        ("the lamp please", "light", "on"),
    ],
)
def test_what_helps_or_is_asked_for_is_left_alone(text: str, kind: str, done: str) -> None:
    assert not makes_worse(text, {(kind, done)})


def test_commands_of_the_generator_are_hardly_ever_doubted() -> None:
    rng, told, doubted, noticed = random.Random(5), 0, 0, 0
    for _ in range(500):
        with noise.typed():
            turn = sample(rng, random_home(rng, "train"), "train", None)
        for each in turn.calls if len(turn.calls) == 1 else ():
            if each.tool in ("HassTurnOn", "HassTurnOff") and each.arguments.get("domain") == "light":
                told += 1
                on = each.tool == "HassTurnOn"
                doubted += contrary(turn.user, ["on" if on else "off"])
                noticed += contrary(turn.user, ["off" if on else "on"])
    assert told > 30 and doubted <= 0.06 * told and noticed >= 0.3 * told, (told, doubted, noticed)


def test_a_call_against_the_words_is_asked_about() -> None:
    table = Table(call("HassTurnOff", name="kitchen light"), "")
    table.registry.update("light.kitchen", "on")
    assert table.say("switch the kitchen light on")[0] == "Should I turn off Kitchen Light?"
    assert table.state("light.kitchen") == "on"


def test_ending_a_timer_that_is_not_to_be_touched_is_asked_about() -> None:
    table = Table(call("HassCancelTimer", name="pasta"), call("HassCancelTimer", name="pasta"), "")
    table.home.timers.start(600, "pasta", None)
    assert table.say("keep your mitts off my pasta timer")[0].startswith("Should I cancel the pasta timer")
    assert len(table.home.timers.running()) == 1
    table.say("no")
    table.say("cancel the pasta timer")
    assert not table.home.timers.running()


def test_a_call_beside_what_was_named_is_asked_about_where_it_stands_alone() -> None:
    alone = Table(call("HassTurnOn", domain="light"), "")
    assert alone.say("lights on in the kitchen")[0].startswith("Should I turn on")
    assert alone.state("light.bedroom_lamp") == "off"
    two = Table(call("HassTurnOff", domain="light") + call("HassTurnOn", name="kitchen light"), "")
    assert not two.say("turn all lights off, then switch the light in the kitchen on")[0].startswith("Should I")
    assert two.state("light.bedroom_lamp") == "off" and two.state("light.kitchen") == "on"


def test_what_would_make_it_worse_is_asked_about() -> None:
    table = Table(call("HassTurnOn", name="kitchen light"), "")
    assert table.say("the sun is right in my eyes in the kitchen, the light")[0] == "Should I turn on Kitchen Light?"
    assert table.state("light.kitchen") == "off"


def test_a_part_of_the_way_that_is_turned_round_is_asked_about() -> None:
    table = Table(call("HassSetPosition", name="living room blinds", position=25), "")
    assert table.say("bring the living room blinds down a quarter")[0].startswith("Should I")
