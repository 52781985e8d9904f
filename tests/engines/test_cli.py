# SPDX-License-Identifier: Apache-2.0
"""`python -m engines`, verb by verb, on real small checkpoints and the home model."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.models import HOME_MODEL
from engines import bench
from engines.bundle import identity
from engines.cli import main
from engines.export import export
from tests.engines import small


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    (tmp_path / "checkpoint").mkdir()
    return small.folder(tmp_path / "checkpoint", small.model(small.config()))


def test_inspect_tells_what_a_checkpoint_holds(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(checkpoint)]) == 0
    out = capsys.readouterr().out
    assert "3 Mamba-2, 2 attention, 3 MLP" in out and "49 tensors: F32" in out and "makes one" in out
    assert "2,048 tokens" in out and max(map(len, out.splitlines())) <= 110


def test_export_makes_a_bundle_whose_manifest_fits(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = checkpoint.parent / "bundle"
    assert main(["export", str(checkpoint), "--out", str(bundle), "--quantize", "8"]) == 0
    captured = capsys.readouterr()
    assert "weights.safetensors" in captured.out and "of 2 MB" in captured.err
    listed = json.loads((bundle / "manifest.json").read_text())["files"]
    assert set(listed) == {path.name for path in bundle.iterdir()} - {"manifest.json"}
    assert len(identity(bundle)) == 64
    assert main(["inspect", str(bundle)]) == 0
    assert "model.fused.onnx" in capsys.readouterr().out


def test_chat_takes_turns_and_shows_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tools = tmp_path / "tools.json"
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    tools.write_text(json.dumps([{"name": "HassTurnOn", "description": "", "parameters": schema}]))
    command = ["chat", str(HOME_MODEL), "--tools", str(tools), "--system", "Devices:\n- desk lamp (light) in study"]
    assert main([*command, "--say", "turn on the desk lamp", "--say", "thanks"]) == 0
    assert 'call HassTurnOn({"name": "desk lamp"})' in capsys.readouterr().out


def test_generate_goes_on_with_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", str(HOME_MODEL), "turn on the", "--max-tokens", "3"]) == 0
    assert capsys.readouterr().out.startswith("turn on the")


def test_bench_prints_its_table_and_writes_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "READ", (8, 40))
    monkeypatch.setattr(bench, "WRITTEN", 4)
    assert main(["bench", str(HOME_MODEL), "--json", str(tmp_path / "figures.json")]) == 0
    out = capsys.readouterr().out
    assert "onnxruntime" in out and max(map(len, out.splitlines())) <= 100
    (row,) = json.loads((tmp_path / "figures.json").read_text())["results"]
    assert row["write_tokens_s"] > 0 and len(row["seconds"]["resume"]) == row["rounds"]


def test_bench_reads_the_weights_that_a_scheme_stores(tmp_path: Path) -> None:
    stored = {scheme: bench._weight_bytes(export(HOME_MODEL, tmp_path / scheme, scheme)) for scheme in ("int4g", "8")}
    plain = bench._weight_bytes(HOME_MODEL)
    assert stored["int4g"] < 0.2 * plain and stored["8"] < 0.3 * plain


def test_plan_answers_for_the_4b_and_for_any_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--device", "orin-nano"]) == 0
    assert "fp8 is not on this device" in capsys.readouterr().out
    assert main(["plan", "--device", "thor", "--model", str(HOME_MODEL)]) == 0
    assert "home_model" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["inspect", "/no/such"], "is no checkpoint folder"),
        (["export", "/no/such"], "is no checkpoint folder"),
        (["generate", str(HOME_MODEL), ""], "no text to go on with"),
        (["chat", str(HOME_MODEL), "--reasoning", "perhaps"], "allowed are off, on, or a number"),
        (["chat", str(HOME_MODEL), "--tools", "/no/such.json"], "holds no tools"),
        (["bench", "/no/such"], "is no checkpoint folder"),
    ],
)
def test_a_fault_is_told_in_one_line_and_exits_with_2(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    err = capsys.readouterr().err
    assert told in err and "Traceback" not in err


def test_a_reader_that_has_enough_is_no_error() -> None:
    code = f"{sys.executable} -m engines plan --device thor | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("Nano 4B") and "Traceback" not in done.stderr


def test_help_shows_how_each_verb_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert all(
        f"python -m engines {verb}" in out for verb in ("plan", "inspect", "export", "generate", "chat", "bench")
    )


def test_an_export_that_fails_keeps_the_bundle_that_was_there(checkpoint: Path) -> None:
    bundle = checkpoint.parent / "bundle"
    assert main(["export", str(checkpoint), "--out", str(bundle)]) == 0
    before = {path.name: path.read_bytes() for path in bundle.iterdir()}
    (checkpoint / "model.safetensors").write_bytes(b"cut")
    assert main(["export", str(checkpoint), "--out", str(bundle), "--quantize", "4"]) == 2
    assert {path.name: path.read_bytes() for path in bundle.iterdir()} == before
    shutil.rmtree(bundle)
