# SPDX-License-Identifier: Apache-2.0
"""How the evaluation judges: what is right, what is a wrong action, and how a model and a matcher are asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.speech.recognizer import Hypothesis
from tests.scripted_model import ScriptedModel, call
from tools.home_model import report
from tools.home_model.matchers import Hassil
from tools.home_model.scoring import Outcome, Verdict, judge
from tools.home_model.sentences import Case, Fixture, Said, case_of, read_cases, read_home
from tools.home_model.subjects import BareModel, ThroughAgent

HOME = {
    "floors": [{"id": "up", "name": "Upstairs"}],
    "areas": [{"id": "k", "name": "Kitchen", "floor": "up"}, {"id": "l", "name": "Lounge"}],
    "entities": [
        {"id": "light.ceiling", "name": "Ceiling Light", "area": "k", "state": "off"},
        {"id": "light.shelf", "name": "Shelf Light", "area": "k", "state": "on", "aliases": ["board"]},
        {"id": "light.sofa", "name": "Sofa Lamp", "area": "l", "state": "off"},
        {"id": "lock.front", "name": "Front Door", "state": "locked"},
        {"id": "binary_sensor.gas", "name": "Gas", "area": "k", "state": {"in": "normal", "out": "off"}},
        {"id": "switch.oven", "name": "Oven", "area": "k", "state": "off", "attributes": {"guarded": True}},
        {"id": "todo.shopping_list", "name": "Shopping List", "state": "0"},
    ],
    "timers": [{"name": "pasta", "start_minutes": 12}],
}


@pytest.fixture
def home(tmp_path: Path) -> Fixture:
    path = tmp_path / "home.json"
    path.write_text(json.dumps(HOME))
    return read_home(path)


def one(intent: str, **slots: Any) -> dict[str, Any]:
    return {"intent": intent, "slots": slots}


def verdict(home: Fixture, raw: dict[str, Any], *calls: tuple[str, dict[str, Any]], answer: str = "") -> Verdict:
    return judge(case_of({"text": "x", **raw}), Outcome(calls, answer), home.registry())


ON_CEILING = ("HassTurnOn", {"name": "ceiling light"})
OFF_FRONT = ("HassTurnOff", {"name": "front door"})


def test_of_a_state_said_and_reported_the_reported_is_kept(home: Fixture) -> None:
    assert [each.state for each in home.registry().devices if each.name == "Gas"] == ["off"]


def test_the_same_call_is_exact_whatever_its_letters_and_numbers_look_like(home: Fixture) -> None:
    raw = one("HassLightSet", name="Ceiling Light", brightness=50)
    found = verdict(home, raw, ("HassLightSet", {"name": "ceiling light", "brightness": "50.0"}))
    assert found.exact and found.right and found.did == "acted"


def test_here_is_the_room_of_the_microphone(home: Fixture) -> None:
    raw = one("HassTurnOn", area="Kitchen", domain="light") | {"context_area": "Kitchen"}
    assert verdict(home, raw, ("HassTurnOn", {"area": "here", "domain": "light"})).exact


@pytest.mark.parametrize(
    ("wanted", "made", "right"),
    [
        ({"area": "Lounge", "minutes": 5}, {"area": "living room", "minutes": 5}, True),
        ({"area": "Kitchen", "minutes": 5}, {"area": "kitchen", "minutes": "5"}, True),
        ({"name": "pasta", "minutes": 5}, {"name": "pasta's", "minutes": 5}, True),
        ({"name": "pasta", "minutes": 5}, {"name": "the pasta timer", "minutes": 5}, True),
        ({"area": "Lounge", "minutes": 5}, {"area": "kitchen", "minutes": 5}, False),
        ({"name": "pasta", "minutes": 5}, {"name": "eggs", "minutes": 5}, False),
        ({"name": "pasta", "minutes": 5}, {"name": "pasta", "minutes": 6}, False),
    ],
)
def test_a_timer_may_be_called_otherwise(
    home: Fixture, wanted: dict[str, Any], made: dict[str, Any], right: bool
) -> None:
    found = verdict(home, one("HassIncreaseTimer", **wanted), ("HassIncreaseTimer", made))
    assert (found.right, bool(found.wrong)) == (right, not right)


def test_another_call_with_the_same_effect_is_right_but_not_exact(home: Fixture) -> None:
    raw = one("HassTurnOn", area="Kitchen", domain="light")
    found = verdict(home, raw, ON_CEILING, ("HassTurnOn", {"name": "shelf light"}))
    assert found.right and not found.exact and not found.wrong


def test_any_alternative_is_right_in_any_order(home: Fixture) -> None:
    both = [one("HassTurnOn", name="Ceiling Light"), one("HassTurnOff", name="Sofa Lamp")]
    raw = {"accept": [[one("HassTurnOn", name="Sofa Lamp")], both]}
    assert verdict(home, raw, ("HassTurnOff", {"name": "sofa lamp"}), ON_CEILING).exact
    assert verdict(home, raw, ("HassTurnOn", {"name": "sofa lamp"})).exact


def test_an_alternative_may_be_a_single_call(home: Fixture) -> None:
    assert verdict(home, {"accept": [one("HassTurnOn", name="Ceiling Light")]}, ON_CEILING).exact


@pytest.mark.parametrize(("brightness", "right"), [(29, False), (30, True), (45, True), (61, False)])
def test_a_value_may_be_a_range(home: Fixture, brightness: int, right: bool) -> None:
    raw = {"accept": [[one("HassLightSet", name="Ceiling Light", brightness={"from": 30, "to": 60})]]}
    found = verdict(home, raw, ("HassLightSet", {"name": "ceiling light", "brightness": brightness}))
    assert found.right == right and bool(found.wrong) != right


def test_a_call_that_no_alternative_contains_is_a_wrong_action(home: Fixture) -> None:
    found = verdict(home, one("HassTurnOn", name="Ceiling Light"), ON_CEILING, ("HassTurnOn", {"name": "sofa lamp"}))
    assert not found.right and found.wrong == ("HassTurnOn(name=sofa lamp)",)


def test_doing_a_part_is_neither_right_nor_wrong(home: Fixture) -> None:
    found = verdict(home, one("HassTurnOn", area="Kitchen", domain="light"), ON_CEILING)
    assert not found.right and not found.wrong


def test_asking_tools_are_no_actions(home: Fixture) -> None:
    found = verdict(home, {"expect": "none"}, ("HassGetState", {"name": "oven"}))
    assert found.right and not found.wrong and found.did == "looked up"


def test_a_question_looked_up_wrongly_is_not_right(home: Fixture) -> None:
    raw = one("HassGetState", name="Oven", state="on")
    assert not verdict(home, raw, ("HassGetState", {"name": "front door"})).right
    assert verdict(home, raw, ("HassGetState", {"name": "oven", "domain": "switch", "state": "on"})).right


def test_a_call_that_reaches_nothing_is_no_action(home: Fixture) -> None:
    sauna = ("HassTurnOn", {"name": "sauna"})
    assert verdict(home, {"expect": "refuse"}, sauna).right
    found = verdict(home, one("HassTurnOn", name="Ceiling Light"), sauna)
    assert not found.right and not found.wrong and found.did == "refused"


def test_a_timer_is_an_action(home: Fixture) -> None:
    assert verdict(home, {"expect": "none"}, ("HassStartTimer", {"minutes": "5"})).wrong
    assert verdict(home, one("HassStartTimer", minutes=5), ("HassStartTimer", {"minutes": "5"})).exact


@pytest.mark.parametrize("expect", ["clarify", "confirm", "refuse", "answer", "none"])
def test_an_action_is_wrong_where_nothing_may_be_done(home: Fixture, expect: str) -> None:
    found = verdict(home, {"expect": expect}, ON_CEILING)
    assert not found.right and found.wrong and not found.unconfirmed


@pytest.mark.parametrize(
    ("answer", "did", "right_for"),
    [
        ("Which lamp do you mean?", "asked back", {"clarify", "confirm", "none"}),
        ("I cannot do that.", "refused", {"refuse", "none"}),
        ("Good morning!", "answered", {"answer", "refuse", "none"}),
        ("", "nothing", {"none"}),
    ],
)
def test_what_was_said_meets_what_was_expected(home: Fixture, answer: str, did: str, right_for: set[str]) -> None:
    for expect in ("clarify", "confirm", "refuse", "answer", "none"):
        found = verdict(home, {"expect": expect}, answer=answer)
        assert found.did == did and found.right == (expect in right_for), expect


def test_a_dangerous_call_without_asking_is_a_wrong_action_and_unconfirmed(home: Fixture) -> None:
    raw = {"expect": "confirm", "accept": [[one("HassTurnOff", name="Front Door")]]}
    found = verdict(home, raw, OFF_FRONT)
    assert found.wrong and found.unconfirmed and not found.right
    assert verdict(home, raw, answer="Shall I unlock the front door?").right


def test_where_calls_or_a_question_are_expected_both_are_right(home: Fixture) -> None:
    raw = {"expect": ["calls", "clarify"], "accept": [[one("HassTurnOn", name="Ceiling Light")]]}
    assert verdict(home, raw, ON_CEILING).right
    assert verdict(home, raw, answer="Which one?").right
    assert verdict(home, raw, ("HassTurnOn", {"name": "oven"})).wrong


@pytest.mark.parametrize("raw", [{"expect": "dance"}, {"expect": "calls"}, {}, {"expect": []}])
def test_a_case_that_expects_nothing_known_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expect"):
        case_of({"text": "x", **raw})


def test_a_faulty_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"text": "hello", "expect": "answer"}\n\n{"text": "hello"}\n')
    with pytest.raises(ValueError, match=r"cases\.jsonl:3"):
        read_cases(path)


@pytest.mark.parametrize(
    "history",
    [
        [{"text": "hello", "answer": "Hi."}],
        [{"user": "hello", "assistant": "Hi."}],
        [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "Hi."}],
    ],
)
def test_turns_before_are_read_in_several_forms(history: list[dict[str, str]]) -> None:
    assert case_of({"text": "x", "expect": "none", "history": history}).history == (Said("hello", None, "Hi."),)


def test_a_bare_model_is_asked_with_the_turns_before(home: Fixture) -> None:
    model = ScriptedModel(call("HassTurnOff", name="sofa lamp"))
    before = {"text": "turn on the sofa lamp", "calls": [one("HassTurnOn", name="Sofa Lamp")]}
    case = case_of({"text": "off again", **one("HassTurnOff", name="Sofa Lamp"), "history": [before]})
    outcome = BareModel(model, home).hear(case)  # type: ignore[arg-type]
    assert [message["role"] for message in model.read[-1]] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ]
    assert "Sofa Lamp is on" in model.read[-1][3]["content"]
    assert judge(case, outcome, home.registry()).exact


def test_turns_before_without_calls_are_answered_by_the_model_itself(home: Fixture) -> None:
    model = ScriptedModel(call("HassTurnOn", name="sofa lamp"), call("HassTurnOff", name="sofa lamp"))
    case = case_of({"text": "off", **one("HassTurnOff", name="Sofa Lamp"), "history": ["turn on the sofa lamp"]})
    outcome = BareModel(model, home).hear(case)  # type: ignore[arg-type]
    assert judge(case, outcome, home.registry()).exact


class Knowing(ScriptedModel):
    """Thinks the last wording by far the likeliest."""

    def likelihoods(self, messages: Sequence[Any], texts: Sequence[str], tools: Any = ()) -> list[float]:
        return [-100.0] * (len(texts) - 1) + [0.0]


def test_of_what_was_spoken_everybody_hears_what_the_model_thinks_likely(home: Fixture) -> None:
    case = case_of({"text": "Turn on the so for lamp", **one("HassTurnOn", name="Sofa Lamp")})
    offered = (Hypothesis(case.text, -1.0), Hypothesis("Turn on the sofa lamp", -2.0))
    for subject in (BareModel, ThroughAgent):
        for hypotheses in ((), offered):
            model = Knowing(call("HassTurnOn", name="sofa lamp"), "ok")
            subject(model, home).hear(replace(case, hypotheses=hypotheses))  # type: ignore[arg-type]
            (said,) = [message["content"] for message in model.read[0] if message["role"] == "user"]
            assert said == (offered[1].text if hypotheses else case.text)


def through_agent(home: Fixture, case: Case, *replies: str) -> Verdict:
    subject = ThroughAgent(ScriptedModel(*replies), home)  # type: ignore[arg-type]
    return judge(case, subject.hear(case), home.registry())


def test_through_the_agent_what_its_guards_refuse_is_not_done(home: Fixture) -> None:
    case = case_of({"text": "what a lovely evening", "expect": "none"})
    found = through_agent(home, case, call("HassTurnOn", name="sofa lamp"), "okay")
    assert not found.wrong and found.right


def test_through_the_agent_what_it_does_is_judged_by_its_effect(home: Fixture) -> None:
    case = case_of({"text": "kitchen lights on", **one("HassTurnOn", area="Kitchen", domain="light")})
    found = through_agent(home, case, call("HassTurnOn", name="kitchen lights"), "2 lights are on")
    assert found.right and not found.wrong
    case = case_of({"text": "start a timer of 5 minutes", **one("HassStartTimer", minutes=5)})
    assert through_agent(home, case, call("HassStartTimer", minutes="5"), "ok").exact


def test_through_the_agent_a_call_that_was_refused_is_not_right(home: Fixture) -> None:
    case = case_of({"text": "make it cosy", **one("HassTurnOn", name="Sofa Lamp")})
    found = through_agent(home, case, call("HassTurnOn", name="sofa lamp"), "ok")
    assert found.did in ("asked back", "refused") and not found.exact and not found.right


def test_things_of_the_shopping_list_are_the_same_said_together_or_apart(home: Fixture) -> None:
    both, eggs, ham = (one("HassShoppingListAddItem", item=each) for each in ("eggs and ham", "eggs", "ham"))
    for raw in (both, {"accept": [[eggs, ham]]}):
        case = case_of({"text": "eggs and ham on the shopping list", **raw})
        assert through_agent(home, case, call("HassShoppingListAddItem", item="eggs and ham"), "ok").right
        assert verdict(home, raw, ("HassShoppingListAddItem", {"item": "eggs and ham"})).right
    assert not verdict(home, both, ("HassShoppingListAddItem", {"item": "eggs"})).right


def test_what_the_home_has_no_device_for_is_judged_by_the_call(home: Fixture) -> None:
    case = case_of({"text": "turn on the lounge fans", **one("HassTurnOn", area="Lounge", domain="fan")})
    found = through_agent(home, case, call("HassTurnOn", area="lounge", domain="fan"), "ok")
    assert found.exact and found.right


def test_the_kind_that_a_tool_is_for_anyway_changes_nothing(home: Fixture) -> None:
    raw = one("HassLightSet", name="Ceiling Light", brightness=50)
    found = verdict(home, raw, ("HassLightSet", {"name": "ceiling light", "brightness": 50, "domain": "light"}))
    assert found.right and not found.exact


def test_through_the_agent_turns_before_leave_the_home_as_they_say(home: Fixture) -> None:
    before = {"text": "turn on the sofa lamp", "calls": [one("HassTurnOn", name="Sofa Lamp")]}
    case = case_of({"text": "and off", **one("HassTurnOff", name="Sofa Lamp"), "history": [before]})
    found = through_agent(home, case, call("HassTurnOff", name="sofa lamp"), "sofa lamp is off")
    assert found.exact and not found.wrong


def test_through_the_agent_a_step_goes_from_where_the_turn_before_left_it(home: Fixture) -> None:
    before = {"text": "sofa lamp to 60", **one("HassLightSet", name="Sofa Lamp", brightness=60)}
    dimmer = one("HassLightSet", name="Sofa Lamp", brightness_step="down")
    case = case_of({"text": "still too bright", **dimmer, "history": [before]})
    assert through_agent(home, case, call("HassLightSet", name="sofa lamp", brightness_step="down"), "Done.").right


def test_hassil_matches_names_aliases_and_rooms(home: Fixture) -> None:
    hassil = Hassil(home)
    assert hassil.calls("turn on the board", None) == [("HassTurnOn", {"name": "Shelf Light"})]
    case = case_of({"text": "turn off the lights", **one("HassTurnOff", area="Kitchen", domain="light")})
    here = case_of({"text": "turn off the lights", "context_area": "Kitchen", "accept": []} | {"expect": "none"})
    assert hassil.hear(here).calls == (("HassTurnOff", {"domain": "light", "area": "Kitchen"}),)
    assert not judge(case, hassil.hear(case), home.registry()).right
    assert hassil.hear(case_of({"text": "it is rather gloomy", "expect": "none"})).calls == ()


def test_the_report_counts_wrong_actions_apart(home: Fixture) -> None:
    cases = [
        case_of({"text": "turn on the sofa lamp", **one("HassTurnOn", name="Sofa Lamp")}),
        case_of({"text": "turn off the sofa lamp", "expect": "none"}),
        case_of({"text": "good evening", "expect": "answer"}),
    ]
    measured = report.measure(Hassil(home), cases, home)
    found = measured.as_json()
    assert (found["right"], found["exact"], found["wrong_actions"], found["must_act"]) == (1, 1, 1, 1)
    assert found["wrong_actions_must_not_act"] == 1
    assert [error["did"] for error in found["errors"]] == ["acted", "refused"]
    assert any("WRONG ACTIONS" in line for line in report.table([measured]))


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert report.percentile([5, 1, 4, 2, 3], 0.5) == 3
    assert report.percentile(list(range(1, 101)), 0.95) == 95
