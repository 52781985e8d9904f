# SPDX-License-Identifier: Apache-2.0
"""The names that were spoken and heard, and what the likeness of names is learned from."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from appliance.home.places import LIKENESS_AT_LEAST, LIKENESS_LEAD
from appliance.home.registry import Device, Registry
from tools.home_model import likeness_fit as fit
from tools.home_model import misheard
from tools.home_model.misheard import Pair, cut_out

PAIRS = Path(__file__).parents[2] / "tools" / "home_model" / "misheard.json"


@pytest.mark.parametrize(
    ("command", "name", "heard", "cut"),
    [
        ("turn on the {}", "Bed Lamp", "Turn on the bed lamp.", "bed lamp"),
        ("turn on the {}", "Bed Lamp", "Turn on the badlamp.", "badlamp"),
        ("turn the {} off", "Bed Lamp", "Turn the bad lamb off.", "bad lamb"),
        ("turn on the {}", "Sofa", "Turn on a sofa.", "sofa"),
        ("is the {} on", "Fan 2", "Is the fan two on?", "fan 2"),
        ("turn on the {}", "Sofa", "", ""),
    ],
)
def test_the_name_is_cut_out_of_what_was_heard(command: str, name: str, heard: str, cut: str) -> None:
    assert cut_out(command, name, heard) == cut


def test_pairs_are_read_as_they_were_written(tmp_path: Path) -> None:
    pairs = [Pair("Löwe's Lamp", "lion", "light", True), Pair("Fan", "", "fan", False)]
    misheard.write(tmp_path / "pairs.json", pairs, "this test")
    assert misheard.read(tmp_path / "pairs.json") == pairs
    assert json.loads((tmp_path / "pairs.json").read_text())["made_by"] == "this test"


def test_the_outcome_tells_right_from_wrong_and_from_a_question() -> None:
    home = Registry([Device("meant", "Cairo Lamp", "light"), Device("light.1", "Desk Lamp", "light")])
    heard = {
        "cairo lamp": "right",
        "desk lamp": "wrong",
        "lamp": "asked",
        "zebra": "unknown",
        "": "unknown",
    }
    assert {text: fit.outcome(home, Pair("Cairo Lamp", text, "light", True)) for text in heard} == heard


def test_a_stricter_likeness_finds_less_and_never_by_sound_finds_least() -> None:
    pairs = misheard.read(PAIRS)[::5]
    settings = [(LIKENESS_AT_LEAST, LIKENESS_LEAD), (95.0, LIKENESS_LEAD), (fit.NEVER, LIKENESS_LEAD)]
    found = [point.there["right"] for point in fit.measure(pairs, 1, 30, settings)]
    assert found[0] > found[1] >= found[2]


def test_the_best_setting_finds_most_with_few_wrong_ones() -> None:
    def point(at_least: float, right: float, wrong: float) -> fit.Point:
        shares = {"right": right, "wrong": wrong, "asked": 0.0, "unknown": 0.0}
        return fit.Point(at_least, LIKENESS_LEAD, shares, {**shares, "right": 0.0})

    points = [point(40, 0.9, 0.03), point(50, 0.8, 0.014), point(60, 0.8, 0.012), point(fit.NEVER, 0.7, 0.01)]
    assert fit.best(points, 0.005).at_least == 60
    assert fit.best(points, 0.05).at_least == 40


def test_a_home_has_as_many_devices_as_wanted_each_with_its_own_id() -> None:
    home = fit.home_of(random.Random(1), 80)
    assert len(home.devices) >= 80
    assert {device.area for device in home.devices} <= {None, *(area.name for area in home.areas)}
    assert {device.floor for device in home.devices} <= {None, *(floor.name for floor in home.floors)}
