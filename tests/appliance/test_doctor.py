# SPDX-License-Identifier: Apache-2.0
"""`appliance doctor`: every check is a line, well or with its remedy, and none of them can end the report."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from appliance.doctor import Check, Running, checks, report
from appliance.errors import ApplianceError
from appliance.settings import Settings
from engines.errors import EngineError


def settings(tmp_path: Path, **sections: object) -> Settings:
    return Settings.model_validate({"state_dir": str(tmp_path / "state"), **sections})


def results(chosen: Settings) -> dict[str, Check]:
    return {item.name: item for item in checks(chosen) if isinstance(item, Check)}


def test_every_part_of_the_appliance_has_a_line(tmp_path: Path) -> None:
    assert list(results(settings(tmp_path))) == [
        "Python",
        "microphone",
        "speaker",
        "voice activity model",
        "recognizer model",
        "voice model",
        "language model files",
        "intent classifier",
        "broker",
        "home",
        "disk",
        "memory",
    ]


def test_the_packages_models_and_the_home_are_well(tmp_path: Path) -> None:
    found = results(settings(tmp_path))
    for name in ("Python", "voice activity model", "recognizer model", "voice model", "broker", "home", "disk"):
        assert found[name].ok, found[name]


def test_a_card_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    found = results(settings(tmp_path, audio={"input": "no such card", "output": "no such card"}))
    assert not found["microphone"].ok
    assert not found["speaker"].ok


def test_a_model_that_is_not_there_is_a_fault_with_its_remedy(tmp_path: Path) -> None:
    found = results(settings(tmp_path, speech={"voice": {"model": str(tmp_path / "amy.onnx")}}))["voice model"]
    assert not found.ok
    assert "Give speech.voice.model the path" in found.mend


def test_a_home_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    found = results(settings(tmp_path, home={"file": str(tmp_path / "nowhere.yaml")}))["home"]
    assert not found.ok
    assert "nowhere.yaml" in found.detail


def test_a_state_folder_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = results(settings(tmp_path, state_dir=str(tmp_path / "file" / "state")))["disk"]
    assert not found.ok
    assert found.detail.startswith("cannot write into")
    assert f"chown {os.getuid()}" in found.mend


def test_the_disk_check_leaves_nothing_behind(tmp_path: Path) -> None:
    results(settings(tmp_path))
    assert list((tmp_path / "state").iterdir()) == []


def test_the_engine_is_loaded_when_somebody_can(tmp_path: Path) -> None:
    items = list(checks(settings(tmp_path), lambda chosen: "3.4 M parameters, 9 ms a reply"))
    place = items.index(Running("language model engine"))
    assert items[place + 1] == Check("language model engine", True, "3.4 M parameters, 9 ms a reply")


@pytest.mark.parametrize(
    ("error", "detail", "mend"),
    [
        (
            ApplianceError("The graph is of version 9.\nBuild it again."),
            "The graph is of version 9.",
            "Build it again.",
        ),
        (EngineError("There is no graph; export it."), "There is no graph; export it.", ""),
        (
            RuntimeError("bad protobuf"),
            "RuntimeError: bad protobuf",
            "This is unexpected; please report it with this line.",
        ),
    ],
)
def test_a_check_that_raises_is_a_line_and_the_others_follow(
    tmp_path: Path, error: Exception, detail: str, mend: str
) -> None:
    def broken(chosen: Settings) -> str:
        raise error

    items = list(checks(settings(tmp_path), broken))
    assert Check("language model engine", False, detail, mend) in items
    assert isinstance(items[-1], Check)
    assert items[-1].name == "memory"


def test_the_report_has_a_line_a_check_and_says_whether_all_is_well(tmp_path: Path) -> None:
    out = io.StringIO()
    chosen = settings(tmp_path, speech={"voice": {"model": str(tmp_path / "amy.onnx")}})
    assert not report(chosen, out)
    lines = out.getvalue().splitlines()
    assert [line for line in lines if line.startswith("ok    Python: 3.")]
    fault = next(place for place, line in enumerate(lines) if line.startswith("FAULT voice model: "))
    assert lines[fault + 1] == f"      {tmp_path / 'amy.onnx'}: No such file or directory."
    assert lines[fault + 3].startswith("      -> Give speech.voice.model the path")
    assert "..." not in out.getvalue()


def test_a_terminal_is_told_which_check_is_running(tmp_path: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    report(settings(tmp_path), out)
    assert "...   recognizer model\r" in out.getvalue()
