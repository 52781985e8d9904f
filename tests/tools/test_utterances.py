# SPDX-License-Identifier: Apache-2.0
"""Lines written by hand for the intent classifier: every one can be read, and none is one that is measured with."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from rapidfuzz import fuzz, process

from appliance.models import INTENTS
from tests.tools.test_evaluation_sets import DEVELOPMENT, SETS, normalised
from tools.home_model.utterances import SLOTS, Names, Utterance, utterances

LINES = utterances("train") + utterances("test")


def test_every_line_asks_for_what_the_classifier_knows() -> None:
    known = set(json.loads((INTENTS / "intents.json").read_text(encoding="utf-8")))
    assert len(LINES) > 8000
    assert {name for line in LINES for name in line.intents} <= known
    for name in known:
        assert sum(name in line.intents for line in LINES) >= 20, name
    assert 0.25 < sum(not line.intents for line in LINES) / len(LINES) < 0.6


def test_no_line_comes_twice_and_an_eighth_is_kept_for_testing() -> None:
    assert len({(line.text, line.before) for line in LINES}) == len(LINES)
    train, test = ({line.text for line in utterances(split)} for split in ("train", "test"))
    assert train.isdisjoint(test) and 0.09 < len(test) / len(LINES) < 0.15


def test_no_line_is_like_one_that_is_measured_with() -> None:
    cases = [case for each in (*SETS.values(), *DEVELOPMENT.values()) for case in each]
    measured = sorted({normalised(case.text) for case in cases})
    for line in LINES:
        if not line.before:
            text = normalised(re.sub("[{}]", "", line.text))
            near = process.extractOne(text, measured, scorer=fuzz.ratio, score_cutoff=85.01)
            assert near is None, "a line is too near to a sentence that is measured with"


def test_names_of_homes_come_into_every_slot() -> None:
    rng = random.Random(4)
    names = Names(rng, "train")
    for slot in SLOTS:
        text, before = names.said(rng, Utterance(f"one {{{slot}}} two", f"{{{slot}}} | yes", ()))
        assert "{" not in text + before and len(before) > len(" | yes")


@pytest.mark.parametrize(
    ("line", "told"),
    [("turn it off", "not of the form"), ("- | ", "not of the form"), ("- | the {lamp} is on", "no name is known for")],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "some.txt").write_text(f"# a remark\n\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"some\.txt:3: .*{told}"):
        utterances("train", tmp_path)
