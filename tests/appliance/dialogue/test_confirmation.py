# SPDX-License-Identifier: Apache-2.0
"""Asking before what is dangerous: nothing happens before a yes, and only a yes to this very question counts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dialogue.confirmation import Answer, read_answer
from appliance.home.policy import Policy
from appliance.settings import PolicySettings
from engines.nemotron_h.chat import ToolCallRequest
from tests.appliance.dialogue.test_agent import Table
from tests.scripted_model import AnythingIsAsked, call

QUESTION = "Should I unlock Front Door?"
UNLOCK = call("HassTurnOff", name="front door")


@pytest.mark.parametrize(
    "text",
    ["yes", "Yes, please.", "yeah do it", "okay go ahead", "sure", "yes unlock the front door", "Do it!", "I'm sure"],
)
def test_a_plain_yes_is_one(text: str) -> None:
    assert read_answer(text, QUESTION) is Answer.YES


@pytest.mark.parametrize(
    "text", ["no", "No thanks", "cancel", "stop", "never mind", "don't", "yes no wait", "leave it"]
)
def test_a_no_is_one(text: str) -> None:
    assert read_answer(text, QUESTION) is Answer.NO


@pytest.mark.parametrize(
    "text",
    [
        "yes unlock the back door",
        "yes and turn on the light",
        "turn on the kitchen light",
        "is it locked",
        "yesterday",
        "unlock the front door",
        "okay but only the garage and not the front door, I think, and later",
        "",
    ],
)
def test_all_else_is_no_answer(text: str) -> None:
    assert read_answer(text, QUESTION) is Answer.ELSE


WORDS = ("yes", "yeah", "ok", "okay", "sure", "right", "please", "do", "it", "go", "thanks", "am", "the", "now", "you")
NEW = (
    "lock",
    "open",
    "back",
    "garage",
    "all",
    "lights",
    "every",
    "off",
    "on",
    "too",
    "also",
    "door",
    "front",
    "unlock",
)


@given(st.lists(st.sampled_from(WORDS + NEW), min_size=1, max_size=7))
def test_a_yes_says_nothing_that_the_question_did_not(said: list[str]) -> None:
    allowed = {*WORDS, "should", "i", "unlock", "front", "door"}
    if read_answer(" ".join(said), QUESTION) is Answer.YES:
        assert set(said) <= allowed, said
        assert said[0] in WORDS


def unlocking(*then: str) -> Table:
    table = Table(UNLOCK, *then)
    assert table.state("lock.front_door") == "locked"
    answer, called = table.say("unlock the front door")
    assert answer == "Should I unlock Front Door?" and not called[0].result.success
    assert table.state("lock.front_door") == "locked"
    return table


def test_a_door_is_unlocked_only_after_a_yes_of_its_own_turn() -> None:
    table = unlocking()
    answer, called = table.say("yes")
    assert table.state("lock.front_door") == "unlocked" and called[0].result.success
    assert answer == "Front Door is unlocked." and len(table.model.read) == 1, "the model was asked"


def test_the_same_breath_confirms_nothing() -> None:
    table = Table(UNLOCK)
    table.say("unlock the front door yes do it I confirm")
    assert table.state("lock.front_door") == "locked"


def test_a_model_that_calls_again_gains_nothing() -> None:
    table = Table(UNLOCK + UNLOCK)
    table.say("unlock the front door")
    assert table.state("lock.front_door") == "locked"


@pytest.mark.parametrize("text", ["no", "never mind"])
def test_a_no_does_nothing_and_says_so(text: str) -> None:
    table = unlocking("Hello.")
    answer, called = table.say(text)
    assert answer == "Okay, I did nothing." and not called
    table.say("yes")
    assert table.state("lock.front_door") == "locked"


def test_another_command_drops_the_question() -> None:
    table = unlocking(call("HassTurnOn", name="kitchen light"), "kitchen light is on.", "Hello.")
    answer, _ = table.say("turn on the kitchen light")
    assert answer == "Kitchen Light is on."
    table.say("yes")
    assert table.state("lock.front_door") == "locked"


def test_the_question_does_not_wait_for_ever() -> None:
    table = unlocking("Hello.")
    asyncio.run(table.clock.advance(31))
    table.say("yes")
    assert table.state("lock.front_door") == "locked"


def test_a_yes_twice_acts_once() -> None:
    table = unlocking("Hello.")
    table.say("yes")
    table.registry.update("lock.front_door", "locked")
    table.say("yes")
    assert table.state("lock.front_door") == "locked"


def with_pin(monkeypatch: pytest.MonkeyPatch, *then: str) -> Table:
    monkeypatch.setenv("HOUSE_PIN", "4711")
    table = Table(UNLOCK, *then)
    rules = {"rules": [{"do": "pin", "domain": "lock"}], "pin": {"env": "HOUSE_PIN"}}
    table.home.policy = Policy(PolicySettings.model_validate(rules))
    answer, _ = table.say("unlock the front door")
    assert answer == "To unlock Front Door I need the PIN."
    return table


@pytest.mark.parametrize("spoken", ["4711", "four seven one one", "4 7 1 1", "it is 47 11"])
def test_the_pin_opens_however_it_is_said(monkeypatch: pytest.MonkeyPatch, spoken: str) -> None:
    table = with_pin(monkeypatch)
    table.say(spoken)
    assert table.state("lock.front_door") == "unlocked"
    assert "4711" not in str(table.conversation.messages()) and "47 11" not in str(table.conversation.messages())
    assert table.agent.secret


def test_a_yes_is_no_pin_and_three_wrong_ones_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    table = with_pin(monkeypatch, "Hello.")
    assert table.say("yes")[0] == "To unlock Front Door I need the PIN."
    for _ in range(3):
        assert table.say("1234")[0] == "That is not the PIN."
    table.say("4711")
    assert table.state("lock.front_door") == "locked"


def test_rules_that_tighten_meanwhile_count() -> None:
    table = unlocking()
    table.home.policy = Policy(PolicySettings.model_validate({"rules": [{"do": "never", "domain": "lock"}]}))
    answer, _ = table.say("yes")
    assert table.state("lock.front_door") == "locked" and "may not" in answer


def test_never_is_never_even_when_asked_with_others() -> None:
    table = Table(call("HassTurnOff", name="all", domain="light", area="kitchen"), "done")
    table.registry.update("light.kitchen", "on")
    table.home.policy = Policy(PolicySettings.model_validate({"rules": [{"do": "never", "device": "Kitchen Light"}]}))
    answer, _ = table.say("turn off all the lights in the kitchen")
    assert table.state("light.kitchen") == "on" and "may not be changed" in answer


def test_a_call_that_the_model_is_not_sure_of_is_asked_about_first() -> None:
    table = Table(call("HassTurnOn", name="kitchen light"), "", intents=AnythingIsAsked(), probability=0.3)
    answer, _ = table.say("make it nice in the kitchen, the light maybe")
    assert (answer, table.state("light.kitchen")) == ("Should I turn on Kitchen Light?", "off")
    answer, _ = table.say("yes")
    assert (answer, table.state("light.kitchen")) == ("Kitchen Light is on.", "on")


@pytest.mark.parametrize(
    ("other", "asked"),
    [
        (("HassTurnOn", {"name": "kitchen light", "area": "kitchen", "domain": "light"}), False),
        (("HassTurnOn", {"area": "kitchen", "domain": "light"}), True),  # there are two
        (("HassTurnOn", {"name": "light", "area": "kitchen"}), False),
        (("HassTurnOff", {"name": "kitchen light"}), True),
        (("HassLightSet", {"name": "kitchen light", "brightness": 40}), True),
        (("HassTurnOn", {"name": "hall light"}), True),
        (("HassTurnOn", {"name": "no such light"}), True),
        (("HassTurnOn", {}), True),
        (("HassStartTimer", {"minutes": 5}), True),
        (("NoSuchTool", {}), True),
    ],
)
def test_calls_that_come_to_the_same_are_one_answer(other: tuple[str, dict[str, Any]], asked: bool) -> None:
    others = (ToolCallRequest(*other, probability=0.45),)
    table = Table(
        call("HassTurnOn", name="kitchen light"), "", intents=AnythingIsAsked(), probability=0.5, others=others
    )
    table.say("make it nice in the kitchen, the light maybe")
    assert (table.state("light.kitchen") == "off") == asked


def test_a_thermostat_that_is_named_is_meant_though_the_call_might_have_left_that_out() -> None:
    others = (ToolCallRequest("HassClimateSetTemperature", {"temperature": 23}, probability=0.5),)
    named = call("HassClimateSetTemperature", name="thermostat", temperature=23)
    table = Table(named, "", probability=0.5, others=others)
    table.say("set the thermostat to 23 degrees")  # there is a radiator too
    assert table.registry.get("climate.thermostat").attributes["temperature"] == 23


def test_how_long_a_timer_runs_is_told_however_else_it_might_have_been_asked() -> None:
    others = (
        ToolCallRequest("HassTimerStatus", {}, probability=0.3),
        ToolCallRequest("HassCancelTimer", {}, probability=0.3),
    )
    table = Table(call("HassTimerStatus", name="pasta"), "", intents=AnythingIsAsked(), probability=0.3, others=others)
    table.home.timers.start(600, "pasta", None)
    assert "10 minutes" in table.say("what's the pasta got left")[0]


def test_timers_that_come_to_the_same_are_one_answer() -> None:
    others = (ToolCallRequest("HassStartTimer", {"hours": 1, "minutes": 30}, probability=0.45),)
    table = Table(call("HassStartTimer", minutes=90), "", intents=AnythingIsAsked(), probability=0.5, others=others)
    table.say("an hour and a half, that is 90 minutes")
    assert [timer.started_with_s for timer in table.home.timers.running()] == [5400]


@pytest.mark.parametrize(
    ("tool", "slots", "question"),
    [
        ("HassLightSet", {"name": "kitchen light", "brightness": 40}, "Should I set Kitchen Light to 40 percent?"),
        ("HassClimateSetTemperature", {"name": "thermostat", "temperature": 21}, "Should I set Thermostat to 21 °C?"),
        ("HassShoppingListAddItem", {"item": "nappies"}, "Should I put nappies on Shopping List?"),
    ],
)
def test_the_question_says_what_would_be_set(tool: str, slots: dict[str, object], question: str) -> None:
    table = Table(call(tool, **slots), "", intents=AnythingIsAsked(), probability=0.3)
    assert table.say("40 or 21, the kitchen light, thermostat, nappies")[0] == question


def test_a_call_that_the_model_is_sure_of_is_made() -> None:
    table = Table(call("HassTurnOn", name="kitchen light"), "Kitchen Light is on.", probability=0.99)
    assert table.say("turn on the kitchen light")[0] == "Kitchen Light is on."


def test_what_cannot_be_asked_about_is_not_guessed_at() -> None:
    table = Table(call("HassTurnOn", name="kitchen light"), "", probability=0.2)
    assert table.say("turn on the kitchen light in 10 minutes")[0] == "Sorry, I did not understand that."
    assert table.home.timers.running() == []


def test_the_only_thing_at_home_is_asked_about_where_nobody_knows_the_room() -> None:
    table = Table(call("HassTurnOff", area="here", domain="cover", device_class="garage"), "")
    assert table.say("close the garage door here")[0] == "Should I close Garage Door?"


def test_a_timer_that_the_model_is_not_sure_of_is_asked_about() -> None:
    table = Table(call("HassStartTimer", minutes=10), "", intents=AnythingIsAsked(), probability=0.3)
    assert table.say("something about 10 minutes")[0] == "Should I set a timer for 10 minutes?"
    assert table.home.timers.running() == []
    assert table.say("yes")[0] == "A timer is set for 10 minutes."
    assert [timer.started_with_s for timer in table.home.timers.running()] == [600]


@pytest.mark.parametrize(
    ("tool", "slots", "question"),
    [
        ("HassCancelTimer", {}, "Should I cancel the pasta timer?"),
        ("HassCancelAllTimers", {}, "Should I cancel the pasta timer?"),
        ("HassPauseTimer", {"name": "pasta's"}, "Should I pause the pasta timer?"),
        ("HassIncreaseTimer", {"minutes": 2}, "Should I add 2 minutes to the pasta timer?"),
        ("HassDecreaseTimer", {"minutes": 2}, "Should I take 2 minutes off the pasta timer?"),
    ],
)
def test_what_is_asked_about_a_timer_names_it(tool: str, slots: dict[str, object], question: str) -> None:
    table = Table(call(tool, **slots), "", intents=AnythingIsAsked(), probability=0.3)
    table.home.timers.start(600, "pasta")
    assert table.say("the pasta's something, 2 minutes")[0] == question
    assert [timer.remaining_s for timer in table.home.timers.running()] == [600]


def test_a_yes_to_another_timer_than_was_asked_about_does_nothing() -> None:
    table = Table(call("HassCancelTimer"), "", intents=AnythingIsAsked(), probability=0.3)
    pasta = table.home.timers.start(600, "pasta")
    table.say("the pasta one maybe")
    table.home.timers.cancel(pasta.id)
    table.home.timers.start(600, "eggs")
    assert table.say("yes")[0] == "The timers have changed meanwhile, so I did nothing."
    assert [timer.name for timer in table.home.timers.running()] == ["eggs"]
