# SPDX-License-Identifier: Apache-2.0
"""Sentences that command nothing must not be acted upon, and those that do must not be stopped."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dialogue.mood import ASKED, EXCEPTED, FORBIDDEN, PUT_OFF, SUPPOSED, why_not
from appliance.home.acts import ACTS
from tests.appliance.dialogue.test_agent import Table
from tests.scripted_model import call
from tools.home_model import measure, refusals
from tools.home_model.grammar import GRAMMAR
from tools.home_model.homes import random_home
from tools.home_model.turns import sample


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
        ("my husband said to turn off the lights", SUPPOSED),
        ("I already turned off the lamp", SUPPOSED),
        ("I might turn off the lamp", SUPPOSED),
        ("turn off the lamp tomorrow", PUT_OFF),
        ("turn off the lamp in 10 minutes", PUT_OFF),
        ("when I leave turn off the lamp", PUT_OFF),
        ("turn off the lamp at 10 pm", PUT_OFF),
        ("don't let me forget the lamp's on", FORBIDDEN),
        ("turn off the lamp before I get home", PUT_OFF),
        ("the lamps may go off upstairs, though I am still working in the study", EXCEPTED),
        ("would turning the lamp off wake her", ASKED),
        ("just asking, is that lamp one of those that do purple", ASKED),
        ("would've been nice to come home to the lamp off", SUPPOSED),
        # Forbidden without "not", and what stays as it is
        ("mitts off the lamp", FORBIDDEN),
        ("we are not going out, so forget the leaving home thing", FORBIDDEN),
        ("keep off the lamp", FORBIDDEN),
        ("quit messing with the lamp", FORBIDDEN),
        ("I forbid you to turn off the lamp", FORBIDDEN),
        ("since when do you turn off the lamp", FORBIDDEN),
        ("I'll be cross if you turn off the lamp", FORBIDDEN),
        ("the blind can stay closed", FORBIDDEN),
        ("the lamp is staying the way I left it", FORBIDDEN),
        ("not theo's lamp", FORBIDDEN),
        # Others' words, also where they hold a command
        ("my sister told me to turn off the lamp yesterday, and I laughed", SUPPOSED),
        ("the man on TV said turn it off, funny", SUPPOSED),
        ("my neighbor swears she left the lamp on, can you believe it", SUPPOSED),
        ("my uncle texted that the lamp was on", SUPPOSED),
        ("remember when I told you to turn off the lamp", SUPPOSED),
        ("I told the kids to turn off the tablet", SUPPOSED),
        ("in the film this guy turned off the lamp", SUPPOSED),
        # Past
        ("the cleaner unlocked the side door last night", SUPPOSED),
        ("I put the lamp off on the way out", SUPPOSED),
        ("we've only just sorted the lamp, so no worries", SUPPOSED),
        ("I used to turn off the lamp by hand", SUPPOSED),
        ("sorry about turning off the lamp earlier", SUPPOSED),
        # Given up, and done by others
        ("I was about to turn off the lamp, but I've thought better of it", SUPPOSED),
        ("I nearly asked you to turn off the lamp, but it's done", SUPPOSED),
        ("the plumber will look after the pump", SUPPOSED),
        # Whether it can at all
        ("can you control the lamp", ASKED),
        ("have you got access to the lamp", ASKED),
        ("could I work the lamp from here", ASKED),
        ("do you know how to turn off the lamp", ASKED),
        # Said to somebody else
        ("Max, close your book", SUPPOSED),
        ("kids, come down here", SUPPOSED),
        ("hang on, I'm on the phone", SUPPOSED),
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
        # Asked for by a question or a wish
        "any chance of turning off the lamp",
        "is there any way you could turn off the lamp",
        "what would you say to turning off the lamp",
        "what I'd like is the lamp off",
        "how do you feel about turning off the lamp",
        "are you going to turn off the lamp or not",
        "love, could you turn off the lamp",
        "I'd be glad if the lamp were turned off",
        "I wouldn't say no to the lamp being off",
        "what about 4700 kelvin for the lamp",
        # Only polite
        "turn off the lamp if it's no bother",
        "if you'd be so kind, turn off the lamp",
        "if you ask me, turn off the lamp",
        "turn off the lamp before we go",
        "turn off the lamp before I fall asleep",
        "don't let me forget to turn off the lamp",
        "is it okay if I have the lamp off",
        # What will be is a reason, and so is what is not so
        "turn the lamp off, we're leaving in ten minutes",
        "we have an early start tomorrow, turn off the lamp",
        "no heating in the bedroom overnight, switch that radiator off",
        "I can barely see, turn off the lamp, but not much else",
        "I can't see what I'm typing, turn off the lamp",
        # Something is wrong, and a command follows
        "nobody is using the lamp, turn it off",
        "I can't be bothered to get up, just turn off the lamp",
        "why is the lamp on at all shut it off",
        "who turned the lamp on, turn it off",
        "there's no sense in having the lamp on, turn it off",
        "my wife says it's late. Turn off the lamp.",
        "I left the lamp on, turn it off",
        # Left to the house
        "I guess I should turn off the lamp, could you do it",
        "I forgot to turn off the lamp, do it for me",
        "I was meaning to turn off the lamp but my hands are full, you do it",
        "my wife asks you to turn off the lamp",
        "turn off the lamp so I don't have to get up",
        "stop the fan",
    ],
)
def test_a_command_is_not_stopped(text: str) -> None:
    assert why_not(text, "HassTurnOff") is None


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("don't shut the blinds completely, half will do", "HassSetPosition"),
        ("just leave a tiny glimmer", "HassLightSet"),
        ("get the fan going gently, I don't want my papers flying", "HassFanSetSpeed"),
        ("a touch more from the lamp, not much", "HassLightSet"),
    ],
)
def test_how_far_a_level_is_not_to_go_is_no_prohibition(text: str, tool: str) -> None:
    assert why_not(text, tool) is None


def test_a_title_may_hold_any_words() -> None:
    assert why_not("play don't stop me now", "HassMediaSearchAndPlay") is None


def test_the_agent_does_not_act_on_a_prohibition_whatever_the_model_writes() -> None:
    table = Table(call("HassTurnOff", name="bedroom lamp"), "bedroom lamp is off.")
    table.registry.update("light.bedroom_lamp", "on")
    answer, called = table.say("don't turn off the bedroom lamp")
    assert table.state("light.bedroom_lamp") == "on" and not called[0].result.success
    assert answer == f"{FORBIDDEN}."


# "I'm selling kettles", "mum says put the lamp on", "let the song play": their text alone does not tell them from
# wishes like "kettle, 40 minutes", or they are of no switch. The model learns them; here prohibitions count.
_REMARKS = frozenset(
    template.text
    for section, lines in GRAMMAR.sections.items()
    if section.startswith(("aside.", "still", "letbe"))
    for line in lines
    for template in (*line.train, *line.test)
)


def test_commands_of_the_generator_are_seldom_stopped() -> None:
    stopped = acting = 0
    for case in measure.cases("known", 400):
        calls, text = [each for each in case.expected if each[0] in ACTS], str(case.messages[-1]["content"])
        acting += bool(calls)
        stopped += any(why_not(text, name, slots.get("except", "")) for name, slots in calls)
    assert acting > 150 and stopped <= 0.12 * acting, (stopped, acting)


def test_the_rates_over_the_generator_stay_low() -> None:
    """What must not act and passes, and what is a right call and is stopped, over sentences that nobody tuned on.

    The words alone let pass what they do not know, where the model has learned it; how often both together act is
    measured by tools/eval_home_model.
    """
    rng = random.Random(20_261_122)
    still = passed = calls = stopped = 0
    for _ in range(400):
        home = random_home(rng, "train")
        for split in ("train", "test"):
            turn = refusals.negation(rng, home, split, None)
            if turn is not None and not turn.calls and turn.template not in _REMARKS:
                still += 1
                passed += any(why_not(turn.user, tool) is None for tool in ("HassTurnOn", "HassTurnOff"))
        for _ in range(4):
            turn = sample(rng, home, rng.choice(("train", "test")), None)
            for each in turn.calls:
                if each.tool in _SWITCHING:
                    calls += 1
                    stopped += why_not(turn.user, each.tool, str(each.arguments.get("except") or "")) is not None
    assert still > 150 and passed <= 0.35 * still, (passed, still)
    assert calls > 200 and stopped <= 0.12 * calls, (stopped, calls)


_SWITCHING = ("HassTurnOn", "HassTurnOff", "HassLightSet", "HassSetPosition", "HassToggle", "HassClimateSetTemperature")


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
        ("turn off all the lights and skip the hall", "hall", True),
        ("turn off the lights barring the hall", "hall", True),
        ("turn off all the lights, the hall aside", "hall", True),
        ("turn off all the lights, the desk lamp and the hall aside", "hall", False),
        ("turn off all the lights leaving the hall as is", "hall", True),
        ("turn off everything not including the hall, do it for me", "hall", True),
        ("turn off everything bar the hall and but not the tv", "tv", False),
        ("is everything off except the hall", "hall", False),
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


@pytest.mark.parametrize(
    "piece",
    [
        *("leave ", "but ", "no ", "um ", "so that i ", "stop, ", "can you ", ", so ", "in a ", "aside ", "what i "),
        *(
            "the light and ",
            "my sister said ",
            "all the lights not ",
            "i've had the ",
            "keep the light ",
            "lights but ",
        ),
        *(
            "it is the way ",
            "not , ",
            "never mind , ",
            "told you to ",
            "no need for the ",
            "the kids turned ",
            "x",
            ".",
        ),
    ],
)
def test_hostile_text_does_not_make_it_search_forever(piece: str) -> None:
    """Twice the text may take four times as long, and a few times that by chance, but not hundreds of times."""

    def took_s(length: int) -> float:
        text, times = (piece * length)[:length], []
        for _ in range(3):
            start = time.process_time()
            why_not(text, "HassTurnOff", "hall lamp")
            why_not(text, "HassTurnOff")
            times.append(time.process_time() - start)
        return min(times)

    assert took_s(1600) < 40 * took_s(400)


@given(st.text(max_size=300))
def test_any_text_is_read_in_no_time(text: str) -> None:
    why_not(text, "HassTurnOn")
    why_not(text * 20, "HassTurnOff")
