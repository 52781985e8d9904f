# SPDX-License-Identifier: Apache-2.0
"""What is to be announced, found in the words of the person."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dialogue.announcements import (
    WHAT_TO_ANNOUNCE,
    Announcement,
    asked_announcement,
    read_announcement,
)
from appliance.dialogue.intents import EXCEPT
from appliance.home.speakers import BROADCAST
from tools.home_model.announcing import message
from tools.home_model.grammar import GRAMMAR
from tools.home_model.homes import random_home


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("announce that dinner is ready", "dinner is ready"),
        ("Announce dinner!", "dinner"),
        ("hey, could you please tell all the kids to come down", "come down"),
        ("tell everyone downstairs we leave in 10 minutes, shoes on", "we leave in 10 minutes, shoes on"),
        ("let my mum and dad know the soup's getting cold please", "the soup's getting cold"),
        ("make a quick announcement to the whole house: who has my keys?", "who has my keys?"),
        ("broadcast good night to everybody", "good night"),
        ("announce that the bus stops in the house", "the bus stops in the house"),
        ("dinner's on the table, tell everyone", "dinner's on the table"),
        ("It's ten to eight. Can you let the boys know that please?", "It's ten to eight"),
        ("say time for bed on all the speakers", "time for bed"),
        ("say to the girls that grandma is on the phone", "grandma is on the phone"),
        ("get on the speakers and say the wifi is back", "the wifi is back"),
        ("everybody needs to know that the stairs are wet", "the stairs are wet"),
        ("ask the others if they could turn the music down", "turn the music down"),
        ("make an announcement", ""),
        ("please announce something", ""),
    ],
)
def test_a_message_is_found_word_for_word(text: str, message: str) -> None:
    assert read_announcement(text) == Announcement(message)


@pytest.mark.parametrize("text", ["turn off the lamp", "what's the time", "play the news", "is everyone home", ""])
def test_where_nothing_introduces_one_there_is_none(text: str) -> None:
    assert read_announcement(text) is None


def test_what_stands_before_is_kept_apart() -> None:
    text = "turn the telly off and tell everyone dinner is on the table"
    assert read_announcement(text) == Announcement("dinner is on the table", "turn the telly off")


@given(st.text())
def test_any_text_can_be_read_and_nothing_is_made_up(text: str) -> None:
    found = read_announcement(text)
    plain = " ".join(text.replace("\u2019", "'").split())
    assert found is None or (found.message in plain and found.rest in plain)


@pytest.mark.parametrize(
    "part", ["a", "a ", "please ", "tell the all of ", "to the house ", "announce ", "and now, ", "let it "]
)
def test_long_texts_are_read_quickly(part: str) -> None:
    began = time.process_time()
    for end in ("", "x", " that"):
        read_announcement((part * 500)[:500] + end)
    assert time.process_time() - began < 1  # a pattern that tries all ways takes for ever


def test_most_ways_to_ask_that_the_generator_knows_are_read_whatever_is_announced() -> None:
    rng = random.Random(3)
    home = random_home(rng, "train")
    right = read = 0
    for line in GRAMMAR.sections["broadcast"]:
        for template in (*line.train, *line.test):
            (kind,) = template.slots
            what = message(rng, home, "train", kind)
            found = read_announcement(GRAMMAR.say(rng, template.node, {kind: what}))
            read += 1
            # "everybody has to come down" is as good as "come down".
            right += found is not None and found.message.endswith(what) and len(found.message) < len(what) + 30
    assert right / read > 0.85


@pytest.mark.parametrize(
    ("text", "likely", "other", "before", "found"),
    [
        ("announce that dinner is ready", 0.6, 0.0, "", Announcement("dinner is ready")),
        ("announce that dinner is ready", 0.4, 0.0, "", None),
        ("make an announcement", 0.1, 0.0, "", Announcement("")),
        ("dinner is ready", 0.6, 0.0, "", None),
        ("dinner is ready", 0.6, 0.0, f"make an announcement | {WHAT_TO_ANNOUNCE}", Announcement("dinner is ready")),
        ("dinner is ready", 0.4, 0.0, f"make an announcement | {WHAT_TO_ANNOUNCE}", None),
        ("lamp off and tell everyone good night", 0.9, 0.6, "", Announcement("good night", "lamp off")),
        ("lamp off and tell everyone good night", 0.9, 0.4, "", Announcement("good night")),
    ],
)
def test_what_is_announced_must_be_asked_for(
    text: str, likely: float, other: float, before: str, found: Announcement | None
) -> None:
    said = {BROADCAST: likely, "HassTurnOff/power": other, EXCEPT: 1.0}
    assert asked_announcement(text, said, before) == found
