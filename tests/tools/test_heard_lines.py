# SPDX-License-Identifier: Apache-2.0
"""Lines for the intent classifier out of the recognizer: which sentences are spoken, and what is kept of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.home_model.heard_lines import heard_otherwise, sentences
from tools.home_model.spoken import Heard
from tools.home_model.utterances import utterances

ROOT = Path(__file__).parents[2]


def test_the_same_seed_has_the_same_sentences_spoken_with_the_names_of_one_home() -> None:
    found = list(sentences(120, 1))
    assert found == list(sentences(120, 1)) and found != list(sentences(120, 2))
    assert sum(len(made) for _, made in found) == 120
    for names, made in found:
        assert names and all(intents for _, intents in made)
        assert not any("{" in text for text, _ in made)
    plain = {line.text for line in utterances("test") if "{" not in line.text}
    assert not any(text.lower().rstrip(".") in plain for _, made in found for text, _ in made)


def test_what_was_heard_as_it_was_said_or_not_at_all_is_left_out() -> None:
    said = [("Dim the lamp.", ("a",)), ("lamp off", ("b",)), ("stop it", ("c",)), ("pull the blind", ("d",))]
    heard = ["dim the lamp", "lamb of", "", "pool the blind."]
    kept = heard_otherwise(said, [Heard(text, each, 1) for (text, _), each in zip(said, heard, strict=True)])
    assert list(kept) == [("lamb of", ("b",)), ("pool the blind.", ("d",))]


def test_lines_are_spoken_and_heard_and_can_be_read_again(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.home_model.heard_lines", "--count", "8", "--out", tmp_path / "heard.txt"]
    done = subprocess.run(
        [*map(str, command), "--audio-cache", str(tmp_path / "audio")], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "spoken" in done.stdout
    lines = utterances("train", tmp_path) + utterances("test", tmp_path)
    assert all(line.text and line.intents for line in lines)
    assert (tmp_path / "heard.txt").read_text(encoding="utf-8").count("\n") == len(lines) + 2
