# SPDX-License-Identifier: Apache-2.0
"""Which of several wordings was said: recognizer and language model together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dialogue.agent import Agent
from appliance.dialogue.conversation import Conversation
from appliance.dialogue.hearing import WEIGHT, likeliest, understood
from appliance.dialogue.prompt import system_prompt
from appliance.home.execute import Home
from appliance.home.registry import Area, Device, Registry
from appliance.home.simulated import SimulatedHome
from appliance.home.timers import Timers
from appliance.home.tools import TOOLS, ToolCall
from appliance.models import HOME_MODEL
from appliance.settings import DialogueSettings, LanguageModelSettings
from appliance.speech.recognizer import Hypothesis
from engines.language_model import LanguageModel
from tests.clock import FakeClock
from tests.scripted_model import AnythingIsAsked, ScriptedModel

OFFERED = (Hypothesis("Tell you off.", -2.6), Hypothesis("Telly off.", -2.9), Hypothesis("Tele off.", -2.8))


class Opinion(ScriptedModel):
    """A model that thinks so much of each wording."""

    def __init__(self, think: Callable[[Sequence[str]], list[float] | None]) -> None:
        super().__init__()
        self.think = think
        self.asked: list[tuple[list[Any], list[str]]] = []

    def likelihoods(self, messages: Sequence[Any], texts: Sequence[str], tools: Any = ()) -> list[float] | None:
        self.asked.append((list(messages), list(texts)))
        return self.think(texts)


def agent(model: Any) -> tuple[Agent, Home]:
    devices = [
        Device("1", "TV", "media_player", "lounge", state="on"),
        Device("2", "front door", "lock", "hall", state="locked"),
    ]
    registry, clock = Registry(devices, [Area("lounge"), Area("hall")]), FakeClock()
    home = Home(registry, SimulatedHome(registry, delay_s=0), Timers(clock), clock)
    conversation = Conversation(system_prompt(registry.devices), DialogueSettings(), clock)
    return Agent(model, AnythingIsAsked(), home, conversation, LanguageModelSettings()), home  # type: ignore[arg-type]


log_probability = st.floats(-60, 0)


@given(st.lists(st.tuples(log_probability, log_probability), min_size=1, max_size=10))
def test_nothing_that_both_think_less_of_is_chosen(opinions: list[tuple[float, float]]) -> None:
    offered = [Hypothesis(str(number), heard) for number, (heard, _) in enumerate(opinions)]
    chosen = int(likeliest(offered, [said for _, said in opinions]).text)
    heard, said = opinions[chosen]
    assert not any(one > heard and other > said for one, other in opinions)
    assert all(heard + WEIGHT * said >= one + WEIGHT * other for one, other in opinions)


def test_the_model_outvotes_the_recognizer_where_it_is_surer() -> None:
    assert likeliest(OFFERED, [-30, -20, -25]).text == "Telly off."
    assert likeliest(OFFERED, [-20.1, -20, -20.2]).text == "Tell you off."


def test_the_model_that_ships_knows_what_people_say_at_home() -> None:
    model = LanguageModel(HOME_MODEL)
    opening = [{"role": "system", "content": system_prompt([Device("1", "hall light", "light", "hall")])}]

    def heard(*texts: str) -> str:
        offered = [Hypothesis(text, -2 - number / 4) for number, text in enumerate(texts)]
        return understood(offered, model, opening, TOOLS)

    assert heard("Tell you off, homework time.", "Telly off, homework time.") == "Telly off, homework time."
    assert heard("Switch the whole light off?", "Switch the hall light off?") == "Switch the hall light off?"
    # What it would rather hear is not put in anybody's mouth.
    assert heard("Turn it on.", "Turn it in.") == "Turn it on."


def test_a_wording_that_leaves_out_words_is_none() -> None:
    model = Opinion(lambda texts: [-50.0] * (len(texts) - 1) + [0.0])
    whole, clipped = "open the garage when Tom's car pulls up", "open the garage"
    assert understood([Hypothesis(whole, -9), Hypothesis(clipped, -10)], model, [], ()) == whole
    assert not model.asked
    offered = [Hypothesis("tell you off", -2), Hypothesis("tell", -3), Hypothesis("telly off", -3)]
    assert understood(offered, model, [], ()) == "telly off"
    assert model.asked == [([], ["tell you off", "telly off"])]


def test_one_wording_needs_no_opinion_and_a_model_without_one_changes_nothing() -> None:
    silent = Opinion(lambda texts: None)
    assert understood(OFFERED[:1], silent, [], ()) == "Tell you off." and not silent.asked
    assert understood(OFFERED, silent, [], ()) == "Tell you off." and silent.asked


def test_the_model_is_asked_about_the_text_that_it_would_read_after_what_was_said_before() -> None:
    model = Opinion(lambda texts: [0.0] * len(texts))
    who, _ = agent(model)
    who._conversation.keep([{"role": "user", "content": "hello"}])
    offered = [Hypothesis("Set it to twenty five<|im_end|>", -1), Hypothesis("Sat it to twenty five or so", -2)]
    asyncio.run(who.understood(offered))
    ((messages, texts),) = model.asked
    assert [message["role"] for message in messages] == ["system", "user"]
    assert texts == ["Set it to 25", "Sat it to 25 or so"]


@pytest.mark.parametrize("fault", [RuntimeError("out of memory"), ValueError("no")])
def test_a_model_that_fails_leaves_what_was_heard(fault: Exception) -> None:
    def fail(texts: Sequence[str]) -> list[float]:
        raise fault

    who, _ = agent(Opinion(fail))
    assert asyncio.run(who.understood(OFFERED)) == "Tell you off."


def test_the_answer_to_a_question_is_taken_as_it_was_heard() -> None:
    model = Opinion(lambda texts: [-9.0, 0.0])
    who, home = agent(model)
    heard = [Hypothesis("No.", -1.0), Hypothesis("Now.", -1.1)]

    async def test() -> None:
        assert await who.understood(heard) == "Now."
        await home.call(ToolCall("HassTurnOff", {"name": "front door", "domain": "lock"}))
        assert home.asks
        assert await who.understood(heard) == "No."
        home.take_pending()
        assert not home.asks and await who.understood(heard) == "Now."

    asyncio.run(test())
