# SPDX-License-Identifier: Apache-2.0
"""`doctor` tells of a bundle on this machine what computes as it should, what does not, and how fast it is."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines import doctor, store, tensor_file
from engines.bundle import write_manifest
from engines.cli import main
from engines.errors import EngineError
from engines.runtimes import load
from engines.runtimes.onnxruntime import OnnxRuntime
from engines.snapshot import Snapshot

pytest.importorskip("cuda.bindings.driver")
from tests.tensorrt_stub.gpu import Gpu
from tests.tensorrt_stub.machine import home_bundle, machine


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return home_bundle(tmp_path_factory.mktemp("bundle") / "home")


@pytest.fixture
def orin() -> Iterator[Gpu]:
    with machine() as made:
        yield made


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "READ", 100)
    monkeypatch.setattr(doctor, "WRITTEN", 5)
    monkeypatch.setattr(doctor, "_TIMES", 1)


def test_an_onnxruntime_bundle_is_examined_and_told_in_one_file(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--engine", str(bundle), "--json", str(tmp_path / "report.json")]) == 0
    printed, report = capsys.readouterr().out, json.loads((tmp_path / "report.json").read_text())
    assert report["parity"]["passed"] and report["parity"]["agreement"] == 1
    assert [row["kind"] for row in report["parity"]["layers"]] == [
        *("Mamba, convolution window", "Mamba, scan state", "attention, keys", "attention, values"),
    ]
    assert all(row["worst"] < 1e-6 and row["first_beyond"] is None for row in report["parity"]["layers"])
    assert report["speed"]["read_tokens_s"] > 0 and report["speed"]["written_tokens_s"] > 0
    assert report["memory_bytes"]["process_peak"] > 50_000_000
    assert "attention, keys" in printed and "tokens/s (100 tokens)" in printed and "report.json holds all" in printed
    assert max(map(len, printed.splitlines())) <= max(80, len(str(tmp_path)) + 30)


class Wrong(OnnxRuntime):
    """The scan of one layer is off, as a wrong kernel has it."""

    def step(self, tokens: Any, state: Any, keep: int = 1) -> Any:
        logits = super().step(tokens, state, keep)
        state.arrays["ssm.2"] *= np.float32(1.2)
        return logits


def test_the_kind_and_the_layer_that_are_wrong_are_named(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "load_runtime", Wrong)
    report = doctor.examine(bundle)
    rows = {row["kind"]: row for row in report["parity"]["layers"]}
    assert not report["parity"]["passed"] and "must not be used here" in report["parity"]["fault"]
    assert (rows["Mamba, scan state"]["layer"], rows["Mamba, scan state"]["first_beyond"]) == (2, 2)
    assert rows["attention, keys"]["first_beyond"] == 3  # what comes behind it
    assert "beyond from layer 2" in doctor.render(report)


def test_a_bundle_that_must_not_be_used_ends_with_an_error_and_a_report(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "load_runtime", Wrong)
    assert main(["doctor", "--engine", str(bundle), "--json", str(tmp_path / "report.json")]) == 2
    assert not json.loads((tmp_path / "report.json").read_text())["parity"]["passed"]


def test_what_is_no_number_is_never_within_what_is_allowed(bundle: Path) -> None:
    class Broken(OnnxRuntime):
        def snapshot(self, state: Any) -> Snapshot:
            good = super().snapshot(state)
            return Snapshot({**good.arrays, "key.3": np.full_like(good.arrays["key.3"], np.nan)}, good.length)

    found = store.state_differences(bundle, Broken(bundle))
    assert [name for name, value in found.items() if value > 1e-6] == ["key.3"]
    assert found["key.3"] == np.inf


def test_a_reference_of_another_network_is_refused(bundle: Path) -> None:
    class Other(OnnxRuntime):
        def snapshot(self, state: Any) -> Snapshot:
            good = super().snapshot(state)
            return Snapshot({name: array for name, array in good.arrays.items() if name != "ssm.2"}, good.length)

    with pytest.raises(EngineError, match=r"of another network: ssm\.2 is not in this one"):
        store.state_differences(bundle, Other(bundle))


def test_the_power_mode_of_a_jetson_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvpmodel"
    tool.write_text("#!/bin/sh\n[ \"$1\" = -q ] && printf 'NV Power Mode: MAXN_SUPER\\n2\\n'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert doctor._power_mode() == "MAXN_SUPER"
    tool.write_text("#!/bin/sh\nexit 1\n")
    assert doctor._power_mode() is None


def test_an_engine_is_built_verified_examined_and_installed_by_the_verbs(
    bundle: Path, orin: Gpu, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, place = tmp_path / "engine", tmp_path / "store"
    assert main(["build", str(bundle), "--out", str(out), "--context", "256", "--device", "orin-nano"]) == 0
    assert "engine is built; logits differ by" in capsys.readouterr().out
    assert main(["verify", str(out)]) == 0
    assert main(["doctor", "--engine", str(out), "--json", str(tmp_path / "report.json")]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["runtime"] == "tensorrt 10.16 sm87 fp16" and report["machine"]["sm"] == 87
    assert all(0 < row["worst"] < report["parity"]["allowed"] for row in report["parity"]["layers"])
    assert report["memory_bytes"]["gpu_taken"] > 0
    assert main(["install", str(out), "--store", str(place)]) == 0
    with machine(Gpu(sm=110)):
        assert main(["verify", str(out)]) == 2
    assert "python -m engines build" in capsys.readouterr().err


def test_a_reference_without_states_is_compared_by_its_logits(bundle: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(bundle, old)
    kept = {name: t for name, t in tensor_file.read(old / store.REFERENCE)[0].items() if ".state." not in name}
    writer = tensor_file.Writer(tmp_path / "reference", {name: (t.dtype, t.shape) for name, t in kept.items()})
    for name, tensor in kept.items():
        writer.write(name, [tensor.raw()])
    writer.close()
    (tmp_path / "reference").replace(old / store.REFERENCE)
    write_manifest(old)
    report = doctor.examine(old)
    assert report["parity"]["passed"] and report["parity"]["layers"] == []
    assert "the reference has no states; `python -m engines reference`" in doctor.render(report)
