# SPDX-License-Identifier: Apache-2.0
"""The command as people and programs use it, in processes of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.cli import RECORDINGS
from appliance.models import HOME_MODEL
from engines.bundle import members

FIRST = next(iter(sorted(RECORDINGS.glob("*.wav"))), Path())


def appliance(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | environment,
        check=False,
    )


def test_hear_prints_one_object_a_turn(tmp_path: Path) -> None:
    done = appliance("hear", FIRST, "--json", "--answers", tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    turn = json.loads(line)
    assert turn["calls"][0]["tool"] == "HassTurnOn" and turn["calls"][0]["success"] is True
    assert turn["changed"] == [{"entity_id": "light.kitchen", "before": "off", "after": "on, brightness 80 percent"}]
    assert Path(turn["answer_wav"]).is_relative_to(tmp_path) and Path(turn["answer_wav"]).stat().st_size > 1000
    assert turn["ms"]["voice_to_voice"] > 0


def test_say_holds_a_conversation_and_prints_it() -> None:
    done = appliance("say", "--print", "turn on the kitchen light", "is the kitchen light on")
    assert done.returncode == 0, done.stderr
    assert "light.kitchen: off -> on" in done.stdout
    assert "answer" in done.stdout


def test_a_file_that_cannot_be_heard_does_not_stop_the_others(tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"RIFF")
    done = appliance("hear", bad, FIRST, "--json", "--answers", tmp_path)
    assert done.returncode == 1 and "bad.wav" in done.stderr
    error, turn = map(json.loads, done.stdout.splitlines())
    assert error["file"] == "bad.wav" and turn["calls"]


def test_devices_lists_the_home() -> None:
    listed = json.loads(appliance("devices", "--json").stdout)
    assert {"entity_id": "light.kitchen", "state": "off"}.items() <= listed[0].items()
    assert "light.kitchen" in appliance("devices").stdout


def test_check_config_names_line_key_and_what_is_allowed(tmp_path: Path) -> None:
    config = tmp_path / "my.yaml"
    config.write_text("speech:\n  end_silence_ms: soon\n")
    done = appliance("check-config", config)
    assert done.returncode == 2
    assert "my.yaml:2" in done.stderr and "speech.end_silence_ms" in done.stderr and "soon" in done.stderr
    assert appliance("check-config").returncode == 0


@pytest.mark.parametrize("setting", ["APPLIANCE__LANGUAGE_MODEL__MODEL", "APPLIANCE__SPEECH__VOICE__MODEL"])
def test_a_missing_model_is_told_with_what_to_do(setting: str, tmp_path: Path) -> None:
    done = appliance("say", "hello", **{setting: str(tmp_path / "nothing.onnx")})
    assert done.returncode == 2 and "nothing" in done.stderr and "Traceback" not in done.stderr


def test_a_model_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    shutil.copytree(HOME_MODEL, folder)
    path = members(folder)[-1] / "model.safetensors"
    weights = bytearray(path.read_bytes())
    weights[-1] ^= 1
    path.write_bytes(weights)
    done = appliance("say", "--print", "hello", APPLIANCE__LANGUAGE_MODEL__MODEL=str(folder))
    assert done.returncode == 2 and str(path) in done.stderr


def test_every_verb_explains_itself() -> None:
    for verb in ("run", "hear", "say", "devices", "check-config", "doctor"):
        assert "usage: appliance " + verb in appliance(verb, "--help").stdout
