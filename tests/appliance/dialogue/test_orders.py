# SPDX-License-Identifier: Apache-2.0
"""Alarms, reminders and commands that are put off, from the words to the timer."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dialogue.orders import Order, read_order
from appliance.dialogue.when import When, read
from appliance.home.bell import Bell
from tests.appliance.dialogue.test_agent import Asks, Table
from tests.scripted_model import call

NOW = datetime(2026, 11, 22, 14, 20, tzinfo=timezone.utc)
"""A Sunday afternoon."""


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "rest", "when"),
    [
        ("turn off the lamp in 10 minutes", "turn off the lamp", 600),
        ("In half an hour, turn off the lamp", "turn off the lamp", 1800),
        ("in an hour and a half open the blinds", "open the blinds", 5400),
        ("turn off the tv in 1 hour and 30 minutes", "turn off the tv", 5400),
        ("turn off the lamp 20 minutes from now", "turn off the lamp", 1200),
        ("turn on the porch light at 10 pm", "turn on the porch light", at(22, 22)),
        ("at quarter to 8 turn on the heating", "turn on the heating", at(22, 19, 45)),
        ("turn it on at noon", "turn it on", at(23, 12)),
        ("turn off the heat tonight at 11", "turn off the heat", at(22, 23)),
        ("open the blinds tomorrow morning at 8", "open the blinds", at(23, 8)),
        ("open the blinds tomorrow at 8", "open the blinds", at(23, 8)),
        ("close the blinds at 5 in the afternoon", "close the blinds", at(22, 17)),
        ("at half past seven turn on the heating", "turn on the heating", at(22, 19, 30)),
        ("turn off the heating at quarter to ten pm", "turn off the heating", at(22, 21, 45)),
        ("turn off the heating in 2 and a half hours", "turn off the heating", 9000),
        ("turn off the heating in one and a quarter hours", "turn off the heating", 4500),
        ("at 0 30 turn off the tv", "turn off the tv", at(23, 0, 30)),
    ],
)
def test_a_time_is_read_and_the_rest_is_left(text: str, rest: str, when: int | datetime) -> None:
    seconds = when if isinstance(when, int) else round((when - NOW).total_seconds())
    assert read(text, NOW) == (rest, When(seconds, None if isinstance(when, int) else when))


@pytest.mark.parametrize(
    "text",
    [
        *("turn off the lamp", "set volume at 7 percent", "turn on 2 lamps at 25:00", "in 10 minutes and at 7 do it"),
        *("turn on the lamp for 10 minutes", "increase the brightness by 10", "in 0 minutes", "at 13 pm do it"),
    ],
)
def test_what_is_no_time_is_not_taken_for_one(text: str) -> None:
    assert read(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("Wake me up at 7.", Order("alarm", when=When(60000, at(23, 7), bare=True), about="alarm")),
        ("Wake me at half past seven", Order("alarm", when=When(61800, at(23, 7, 30)), about="alarm")),
        ("set an alarm for tomorrow at 7 am", Order("alarm", when=When(60000, at(23, 7)), about="alarm")),
        ("Set an alarm for 10 minutes", Order("alarm", when=When(600), about="alarm")),
        ("Remind me in 20 minutes to turn the roast", Order("reminder", "turn the roast", When(1200), "reminder")),
        ("in 10 minutes remind me that the tea is ready", Order("reminder", "the tea is ready", When(600), "reminder")),
        ("turn off the heating in 2 hours", Order("command", "turn off the heating", When(7200), "command")),
        ("cancel my alarm", Order("cancel", about="alarm")),
        ("delete all reminders please", Order("cancel", about="reminder")),
        ("what alarms do I have?", Order("status", about="alarm")),
        ("set the thermostat at 20", None),
        ("set the fan at 3", None),
        ("set a timer for 10 minutes", None),
        ("set a pizza timer in 5 minutes", None),
        ("turn off the lamp every day at 7", None),
        ("stop", None),
        ("turn off the lamp", None),
        ("announce that we leave in 10 minutes", None),
        ("please tell all the kids the bus goes at quarter to 8", None),
        ("let the rest of the family know I'll be home at 6 pm", None),
        ("make an announcement that the oven is free in an hour", None),
        ("in 10 minutes tell everyone we leave", Order("command", "tell everyone we leave", When(600), "command")),
    ],
)
def test_orders_are_told_from_what_is_none(text: str, order: Order | None) -> None:
    assert read_order(text, NOW) == order


@pytest.mark.parametrize("text", ["stop", "Okay, thanks.", "turn it off", "stop the alarm please", "I'm up"])
def test_what_rings_is_stopped_in_many_words(text: str) -> None:
    assert read_order(text, NOW, ringing=True) == Order("quiet")


@pytest.mark.parametrize("text", ["stop the vacuum", "turn off the lamp", "is the stove off"])
def test_other_commands_are_heard_while_something_rings(text: str) -> None:
    assert read_order(text, NOW, ringing=True) is None


@given(st.text(max_size=200), st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))
def test_any_text_is_read_and_a_time_is_always_to_come(text: str, now: datetime) -> None:
    found = read(text, now.replace(tzinfo=timezone.utc), alarm=True)
    assert found is None or (1 <= found[1].seconds <= 366 * 86400)


@given(st.integers(0, 23), st.integers(0, 59), st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))
def test_a_clock_time_is_the_next_one(hour: int, minute: int, now: datetime) -> None:
    now = now.replace(tzinfo=timezone.utc)
    found = read(f"wake me at {hour}:{minute:02}", now)
    assert found is not None and found[1].at is not None
    assert now < found[1].at <= now + timedelta(days=2)
    assert (found[1].at.hour % 12, found[1].at.minute) == (hour % 12, minute)


def test_a_command_is_put_off_and_the_model_never_sees_its_time() -> None:
    table = Table(call("HassTurnOn", name="kitchen light"), "")
    answer, called = table.say("Turn on the kitchen light in 10 minutes.")
    assert answer == "I will turn on Kitchen Light in 10 minutes."
    assert called[0].result.success and table.state("light.kitchen") == "off"
    (timer,) = table.home.timers.running()
    assert (timer.kind, timer.started_with_s) == ("command", 600)


def test_what_may_not_be_done_now_may_not_be_put_off() -> None:
    table = Table(call("HassTurnOff", name="front door", domain="lock"), "")
    table.registry.update("lock.front_door", "locked")
    answer, _ = table.say("unlock the front door in 10 minutes")
    assert answer == "That needs your word when it is done, so I cannot do it later."
    assert table.home.timers.running() == []


def test_an_announcement_is_not_put_off_but_its_time_is_passed_on() -> None:
    table = Table(call("HassBroadcast", message="dinner is ready"), "", speakers=["Hall"])
    answer, _ = table.say("in 10 minutes announce that dinner is ready")
    assert answer == "I can only put off what switches or sets something."
    assert table.home.timers.running() == []
    table = Table(call("HassBroadcast", message="we leave in 10 minutes"), "", speakers=["Hall"], intents=Asks())
    assert table.say("announce that we leave in 10 minutes")[0] == "Announced on Hall."
    assert table.said == ["we leave in 10 minutes"]


def test_an_alarm_and_a_reminder_need_no_model() -> None:
    table = Table()
    assert table.say("wake me at 6 30 am")[0] == "The alarm rings at 6:30 AM tomorrow."
    assert table.say("remind me in 20 minutes to turn the roast")[0] == "I will remind you in 20 minutes."
    assert table.say("what reminders do I have")[0] == "I will remind you of turn the roast in 20 minutes."
    assert table.say("cancel the alarm")[0] == "The alarm for 6:30 AM is canceled."
    assert [timer.kind for timer in table.home.timers.running()] == ["reminder"]


class Ringing(Bell):
    def __init__(self) -> None:
        self.stopped = 0

    @property
    def ringing(self) -> list[object]:  # type: ignore[override]
        return [] if self.stopped else [object()]

    def quiet(self) -> list[object]:  # type: ignore[override]
        self.stopped += 1
        return []


def test_stop_stops_what_rings() -> None:
    table = Table()
    table.home.bell = bell = Ringing()
    assert table.say("stop")[0] == "Okay."
    assert bell.stopped == 1


@pytest.mark.parametrize("text", ["okay", "thanks", "yes", "okay stop it"])
def test_a_word_to_what_rings_is_a_yes_to_no_question(text: str) -> None:
    table = Table(call("HassTurnOff", name="front door", domain="lock"))
    assert table.say("unlock the front door")[0] == "Should I unlock Front Door?"
    table.home.bell = bell = Ringing()
    assert table.say(text)[0] == "Okay." and bell.stopped == 1
    table.say("yes")
    assert table.state("lock.front_door") == "locked", "the question is gone"


def test_to_be_told_in_a_while_is_left_to_the_model_and_so_is_a_reason() -> None:
    for text in (
        "give me a nudge in 20 minutes, the casserole wants stirring",
        "shout me in 4 minutes",
        "guests are coming in 10 minutes, vacuum please",
        "video call in 2 minutes and I look like a ghost, warm that lamp up",
        "guests in 5 minutes, so dinner party mode if you please",
        "guests in 5 minutes, do the dinner party thing",
    ):
        assert read_order(text, NOW) is None
    for text in (
        "shout me in 10 minutes to turn off the oven",
        "turn off the lamp in 20 minutes and give me a shout",
        "vacuum in 10 minutes please",
    ):
        order = read_order(text, NOW)
        assert order is not None and order.kind == "command"
