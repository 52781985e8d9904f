# SPDX-License-Identifier: Apache-2.0
"""Calibration with the real modelopt: the largest values that a text brings, the same after a stop, and bound to it."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("modelopt", reason="nvidia-modelopt is not installed")

from appliance.models import HOME_MODEL
from engines import calibrate, samples, scales
from engines.cli import main
from engines.errors import EngineError
from engines.nemotron_h import weights
from engines.nemotron_h.checkpoint import Checkpoint
from engines.recipe import fp8_modules, scale_names
from tests.engines import small

SENTENCE = "turn on the kitchen light and tell me how warm it is in the bedroom please"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network with the home model's tokenizer and chat template."""
    where = tmp_path_factory.mktemp("checkpoint")
    small.folder(where, small.model(small.config(vocab_size=3072)), torch.bfloat16)
    for name in ("tokenizer.json", "chat_template.jinja"):
        shutil.copyfile(HOME_MODEL / name, where / name)
    return where


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("text") / "paragraphs.txt"
    path.write_text("\n\n".join(" ".join(rng.choice(SENTENCE.split(), 12)) for _ in range(40)))
    return path


@pytest.fixture(scope="module")
def whole(folder: Path, text: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """The scales of a calibration that nothing stopped."""
    out = calibrate.calibrate(folder, text, tmp_path_factory.mktemp("whole") / "scales.json")
    return scales.read(out, Checkpoint(folder))[0]


def test_scales_are_the_largest_values_over_448(folder: Path, text: Path, whole: dict[str, float]) -> None:
    """Against hooks of our own on the same network, and the weights themselves."""
    model = weights.load(folder)
    largest: dict[str, float] = {}

    def watch(name: str, place: int) -> None:
        def see(_: object, x: tuple[torch.Tensor], y: torch.Tensor) -> None:
            value = float((x[0], y)[place].abs().max())
            largest[name] = max(largest.get(name, 0.0), value)

        model.get_submodule(name.rpartition(".")[0]).register_forward_hook(see)

    for name in scale_names(model.config):
        if name.endswith("weight_scale"):
            largest[name] = float(model.get_parameter(name.removesuffix("_scale")).abs().max())
        else:
            watch(name, 0 if name.endswith("input_scale") else 1)
    with torch.inference_mode():
        for tokens in samples.read(text, folder, 512):
            model.step(torch.tensor([tokens]), model.empty_state())
    assert whole == {name: value / 448 for name, value in largest.items()}
    assert len(whole) == 2 * len(fp8_modules(model.config)) + 4


def test_a_calibration_that_was_killed_goes_on_where_it_was(
    folder: Path, text: Path, whole: dict[str, float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed with SIGKILL as soon as the first state is on disk; gone on with in this process."""
    out = tmp_path / "scales.json"
    part = tmp_path / "scales.json.part"
    command = [sys.executable, "-m", "engines", "calibrate", str(folder), "--text", str(text), "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not part.exists():
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"ended by itself with {process.wait(0.005)}")
    process.kill()
    process.wait()
    done = scales.read_sealed(part)["done"]
    assert 0 < done < 40 and not out.exists()
    read: list[int] = []
    original = calibrate._read
    monkeypatch.setattr(calibrate, "_read", lambda m, group, p: (read.append(len(group)), original(m, group, p))[1])
    calibrate.calibrate(folder, text, out)
    assert sum(read) == 40 - done
    assert scales.read(out, Checkpoint(folder))[0] == whole and not part.exists()


def test_a_state_of_another_text_or_a_damaged_one_is_not_gone_on_with(
    folder: Path, text: Path, whole: dict[str, float], tmp_path: Path
) -> None:
    out, part = tmp_path / "scales.json", tmp_path / "scales.json.part"
    huge = dict.fromkeys(whole, 1e6)
    scales.write_sealed(part, {"settings": {"text": "another"}, "done": 40, "largest": huge})
    calibrate.calibrate(folder, text, out)
    assert scales.read(out, Checkpoint(folder))[0] == whole
    part.write_text("{")
    with pytest.raises(EngineError, match=r"part is damaged: .* Delete it"):
        calibrate.calibrate(folder, text, out)


def test_calibrate_and_export_on_the_command_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    messages = [
        {"role": "user", "content": SENTENCE},
        {"role": "assistant", "content": "Done, the light is on."},
    ]
    tools = [{"name": "HassTurnOn", "description": "", "parameters": {"type": "object", "properties": {}}}]
    text = tmp_path / "conversations.jsonl"
    text.write_text(json.dumps(messages) + "\n\n" + json.dumps({"messages": messages, "tools": tools}) + "\n")
    out = tmp_path / "scales.json"
    assert main(["calibrate", str(folder), "--text", str(text), "--out", str(out), "--samples", "9"]) == 0
    captured = capsys.readouterr()
    assert "reading: 2 of 2 samples" in captured.err and "--quantize fp8" in captured.out
    about = json.loads(out.read_text())["calibration"]
    assert about["samples"] == 2 and about["by"].startswith("nvidia-modelopt 0.")
    bundle = tmp_path / "fp8"
    assert main(["export", str(folder), "--out", str(bundle), "--quantize", "fp8", "--scales", str(out)]) == 0
    assert json.loads((bundle / "manifest.json").read_text())["recipe"]["calibration"] == about


def test_what_stays_zero_is_named(text: Path, tmp_path: Path) -> None:
    made = small.model(small.config(vocab_size=3072))
    with torch.no_grad():
        made.get_parameter("backbone.layers.1.mixer.up_proj.weight").zero_()
    folder = small.folder(tmp_path, made)
    shutil.copyfile(HOME_MODEL / "tokenizer.json", folder / "tokenizer.json")
    with pytest.raises(EngineError, match=r"layers\.1\.mixer\.up_proj\.weight_scale is 0.*Calibrate with more text"):
        calibrate.calibrate(folder, text, count=1)
    assert not (folder / scales.SCALES).exists()


def test_an_fp8_checkpoint_has_nothing_to_calibrate(text: Path, tmp_path: Path) -> None:
    folder, _ = small.fp8_folder(tmp_path, small.model(small.config()))
    with pytest.raises(EngineError, match="is FP8 already"):
        calibrate.calibrate(folder, text)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "holds no text"),
        ('[{"role": "user", "content": "a b"}]\n[{"role": ', r"text:2 is no conversation"),
        ('{"message": []}', r"text:1 is no conversation: 'messages'"),
    ],
)
def test_text_that_cannot_be_read_is_told_with_its_line(folder: Path, tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "text").write_text(content)
    with pytest.raises(EngineError, match=words):
        calibrate.calibrate(folder, tmp_path / "text", tmp_path / "out")


def test_samples_are_cut_and_counted(folder: Path, text: Path) -> None:
    read = samples.read(text, folder, 5, 3)
    assert [len(tokens) for tokens in read] == [5, 5, 5]
