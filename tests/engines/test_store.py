# SPDX-License-Identifier: Apache-2.0
"""Bundles are used only as they were made, switched whole, and taken back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from appliance.models import HOME_MODEL
from engines import store
from engines.bundle import MANIFEST, identity, write_manifest
from engines.cli import main
from engines.errors import EngineError
from engines.language_model import load_tokenizer
from engines.runtimes.onnxruntime import OnnxRuntime


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    shutil.copytree(HOME_MODEL, folder)
    store.write_reference(folder, OnnxRuntime(folder), load_tokenizer(folder))
    return folder


class Wrong(OnnxRuntime):
    """Computes something else: a little, or what is no number."""

    def __init__(self, folder: Path, by: float) -> None:
        super().__init__(folder)
        self._by = by

    def step(self, tokens, state, keep=1):  # type: ignore[no-untyped-def]
        logits = super().step(tokens, state, keep).copy()
        logits[:, ::2] += self._by
        return logits


def test_a_bundle_computes_what_it_computed_where_it_was_made(bundle: Path) -> None:
    for fused in (True, False):
        parity = store.verify(bundle, OnnxRuntime(bundle, fused=fused))
        assert parity.agreement == 1 and parity.difference < 1e-4


@pytest.mark.parametrize(("by", "words"), [(0.5, "must not be used here: logits differ"), (np.nan, "no numbers")])
def test_one_that_computes_something_else_is_refused(bundle: Path, by: float, words: str) -> None:
    with pytest.raises(EngineError, match=words):
        store.verify(bundle, Wrong(bundle, by))


def test_every_damaged_byte_is_found(bundle: Path) -> None:
    weights = bundle / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(EngineError, match=r"model\.safetensors is damaged"):
        store.check_files(bundle)


def test_a_manifest_names_no_file_elsewhere(bundle: Path) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    manifest["files"]["../bundle/config.json"] = manifest["files"]["config.json"]
    (bundle / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(EngineError, match="no file of the folder"):
        store.check_files(bundle)


def test_a_bundle_for_another_machine_is_refused_with_the_command_that_makes_the_right_one(tmp_path: Path) -> None:
    manifest = {"source": "nano", "runs_on": {"runtime": "tensorrt", "sm": "87", "tensorrt": "10.16"}}
    store.check_machine(tmp_path, manifest, manifest["runs_on"] | {"driver": "580"})  # type: ignore[operator,arg-type]
    other = {"runtime": "tensorrt", "sm": "110", "tensorrt": "10.16"}
    words = r"made for sm 87 \(here: 110\)\. Make one here, of nano: python -m engines build"
    with pytest.raises(EngineError, match=words):
        store.check_machine(tmp_path, manifest, other)
    words = r"made for runtime onnxruntime \(here: tensorrt\)\. Make one here: python -m engines export"
    with pytest.raises(EngineError, match=words):
        store.check_machine(tmp_path, {"runs_on": {"runtime": "onnxruntime"}}, other)
    store.check_machine(tmp_path, {}, {})


def test_a_bundle_for_a_runtime_that_is_not_here_is_not_verified(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(bundle, {"runs_on": {"runtime": "abacus"}})
    assert main(["verify", str(bundle)]) == 2
    assert "was made for runtime abacus (here: onnxruntime)" in capsys.readouterr().err


def other(bundle: Path, folder: Path) -> Path:
    shutil.copytree(bundle, folder)
    (folder / "notes.txt").write_text(folder.name)
    write_manifest(folder)
    return folder


def test_bundles_are_switched_and_taken_back_and_two_are_kept(bundle: Path, tmp_path: Path) -> None:
    place, second, third = tmp_path / "store", other(bundle, tmp_path / "second"), other(bundle, tmp_path / "third")
    for folder in (bundle, second, third):
        store.install(folder, place)
        assert store.current(place) == place / "bundles" / identity(folder)
    assert len(list((place / "bundles").iterdir())) == 2
    assert store.rollback(place).name == identity(second)
    assert store.rollback(place).name == identity(third)
    store.install(third, place)
    assert (place / "previous").resolve().name == identity(second)


def test_what_stops_an_installation_leaves_the_old_one(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, second = tmp_path / "store", other(bundle, tmp_path / "second")
    store.install(bundle, place)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.shutil, "copytree", full)
    with pytest.raises(OSError, match="No space"):
        store.install(second, place)
    monkeypatch.undo()
    assert store.current(place) == place / "bundles" / identity(bundle)
    store.install(second, place)  # what was left of the first attempt is no obstacle
    assert (place / "previous").resolve().name == identity(bundle)


def test_a_bundle_that_was_damaged_in_the_store_is_not_gone_back_to(bundle: Path, tmp_path: Path) -> None:
    place = tmp_path / "store"
    first = store.install(bundle, place)
    store.install(other(bundle, tmp_path / "second"), place)
    (first / "config.json").write_text("{}")
    with pytest.raises(EngineError, match="changed since"):
        store.rollback(place)
    assert store.current(place) != first


def test_installing_a_bundle_again_mends_its_damaged_copy(bundle: Path, tmp_path: Path) -> None:
    place = tmp_path / "store"
    first = store.install(bundle, place)
    for damage in (lambda: (first / "config.json").write_text("{}"), lambda: (first / "config.json").unlink()):
        damage()
        assert store.install(bundle, place) == first == store.current(place)
        store.check_files(first)
        assert [each.name for each in (place / "bundles").iterdir()] == [first.name]


def test_the_verbs(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reference", str(bundle)]) == 0
    assert main(["verify", str(bundle)]) == 0
    assert "the likeliest token agrees at 100%" in capsys.readouterr().out
    assert main(["rollback", "--store", str(tmp_path / "store")]) == 2
    assert "no bundle from before" in capsys.readouterr().err
    assert main(["install", str(bundle), "--store", str(tmp_path / "store")]) == 0
    assert main(["install", str(other(bundle, tmp_path / "second")), "--store", str(tmp_path / "store")]) == 0
    assert main(["rollback", "--store", str(tmp_path / "store")]) == 0
    assert store.current(tmp_path / "store") == tmp_path / "store" / "bundles" / identity(bundle)
