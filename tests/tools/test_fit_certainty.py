# SPDX-License-Identifier: Apache-2.0
"""`tools/fit_certainty`: what a threshold costs and saves, on a few sentences."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_asking_about_everything_does_nothing_wrong_and_nothing_right(tmp_path: Path) -> None:
    said, figures = tmp_path / "said.jsonl", tmp_path / "figures.json"
    lines = [
        {
            "text": "turn on the kitchen ceiling light",
            "intent": "HassTurnOn",
            "slots": {"name": "kitchen ceiling light"},
        },
        {"text": "turn off the ceiling fan", "intent": "HassTurnOn", "slots": {"name": "ceiling fan"}},
        {"text": "don't touch the lights", "expect": ["none", "answer", "refuse"]},
    ]
    said.write_text("".join(json.dumps(line) + "\n" for line in lines))
    command = [
        sys.executable,
        ROOT / "tools/fit_certainty",
        "--said",
        said,
        "--thresholds",
        "0",
        "1",
        "--json",
        figures,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "wrong actions" in done.stdout
    acting, asking = json.loads(figures.read_text())
    # The second sentence is judged by what it is said to mean: turning the fan off is a wrong action then.
    assert acting == {"ask below": 0.0, "to act": "1 of 2", "not to act": "1 of 1", "wrong": "1 of 3"}
    assert asking == {"ask below": 1.0, "to act": "0 of 2", "not to act": "1 of 1", "wrong": "0 of 3"}
