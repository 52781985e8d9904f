# SPDX-License-Identifier: Apache-2.0
"""The hand-written sets: they speak of their own home, there are enough of them, and nothing is trained on them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rapidfuzz import fuzz, process

import tools.home_model
from appliance.home.tools import ToolCall, coerce, validate
from appliance.speech.numbers import digits
from tools.home_model.scoring import effects
from tools.home_model.sentences import Case, Wanted, read_cases, read_home
from tools.home_model.turns import conversation

TOOLS = Path(tools.home_model.__file__).parent
FOLDER = TOOLS / "evaluation"
HOME = read_home(FOLDER / "home.json")
KINDS = ("paraphrases", "dangerous")
SETS = {f"{folder}{kind}": read_cases(FOLDER / f"{folder}{kind}.jsonl") for folder in ("", "second/") for kind in KINDS}
SETS["broadcast"] = read_cases(FOLDER / "broadcast.jsonl")
DEVELOPMENT = {kind: read_cases(FOLDER / "development" / f"{kind}.jsonl") for kind in KINDS}
TIMERS = {name.lower() for _, name, _ in HOME.timers if name}


def wanted(case: Case) -> Iterator[Wanted]:
    for calls in (*case.accept, *(said.calls or () for said in case.history)):
        yield from calls


def normalised(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", digits(text).lower().replace("'", "")))


def test_there_are_enough_of_every_kind() -> None:
    for folder in ("", "second/"):
        free, dangerous = SETS[f"{folder}paraphrases"], SETS[f"{folder}dangerous"]
        acting = [case for case in free if "calls" in case.expect]
        assert len(acting) >= 100 and len(free) - len(acting) >= 35
        assert len(free) >= 160 and len(dangerous) >= 110
    assert len(SETS["broadcast"]) >= 110
    domains = {device.domain for device in HOME.devices}
    assert {"light", "switch", "fan", "cover", "lock", "climate", "media_player", "vacuum", "sensor"} <= domains
    assert {"binary_sensor", "scene", "script", "todo", "weather"} <= domains


def test_no_sentence_comes_twice() -> None:
    texts = [(normalised(case.text), case.area, len(case.history)) for cases in SETS.values() for case in cases]
    assert len(set(texts)) == len(texts)


def test_the_development_set_has_no_sentence_of_the_measured_ones() -> None:
    measured = [normalised(case.text) for cases in SETS.values() for case in cases]
    developed = [normalised(case.text) for cases in DEVELOPMENT.values() for case in cases]
    nearest = process.cdist(developed, measured, scorer=fuzz.ratio).max()
    assert nearest <= 85, "one of the development set is too near to one that is measured with"


@pytest.mark.parametrize("name", SETS)
def test_every_slot_names_things_of_the_home(name: str) -> None:
    names = {said for device in HOME.devices for said in (device.name, *device.aliases)}
    areas, floors = {area.name for area in HOME.areas}, {floor.name for floor in HOME.floors}
    for case in SETS[name]:
        assert case.area is None or case.area in areas, case
        for each in wanted(case):
            if "name" in each.slots and "StartTimer" not in each.intent:
                known = TIMERS if "Timer" in each.intent else names
                assert each.slots["name"] in known, (case.text, each)
            assert each.slots.get("area") in (None, *areas), (case.text, each)
            assert each.slots.get("floor") in (None, *floors), (case.text, each)


@pytest.mark.parametrize("name", SETS)
def test_every_accepted_call_is_valid_and_reaches_something(name: str) -> None:
    for case in SETS[name]:
        for calls in case.accept:
            for each in calls:
                tool, slots = each.near([])
                validate(coerce(ToolCall(tool, {key: str(value) for key, value in slots.items()})))
                reached = effects(tool, slots, HOME.registry(), case.area)
                assert reached, (case.text, each)
                assert ("call", "HassGetState") not in {one[:2] for one in reached}, (case.text, each)


def test_the_home_is_not_the_one_of_home_assistants_repository() -> None:
    shared = TOOLS.parent.parent.parent / "shared" / "data" / "ha_home.json"
    if not shared.exists():
        pytest.skip("the shared data are not here")
    theirs = {entity["name"].lower() for entity in json.loads(shared.read_text(encoding="utf-8"))["entities"]}
    ours = {device.name.lower() for device in HOME.devices}
    assert len(ours & theirs) <= len(ours) / 10, ours & theirs


def test_the_generator_makes_none_of_these_sentences() -> None:
    ours = {normalised(case.text) for cases in SETS.values() for case in cases}
    rng = random.Random(31)
    made: list[str] = []
    while len(made) < 3000:
        split = "train" if len(made) < 2000 else "test"
        made += [normalised(turn.user) for turn in conversation(rng, split, split, 10)[1]]
    assert ours.isdisjoint(made), ours.intersection(made)


def test_nothing_that_makes_training_data_reads_these_files() -> None:
    measuring = {"sentences.py", "scoring.py", "subjects.py", "matchers.py", "report.py"}
    checked = 0
    for path in TOOLS.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and path.parent != FOLDER and path.name not in measuring:
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not re.search(r"paraphrases|dangerous\.jsonl|home_model/evaluation|\bread_cases\b", text), path
            checked += 1
    assert checked > 20
