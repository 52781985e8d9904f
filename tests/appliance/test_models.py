# SPDX-License-Identifier: Apache-2.0
"""The model files: those of the pinned packages are whole; what is missing or damaged is told with its remedy."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from appliance import models
from appliance.models import Model, ModelError, ModelFile, check
from appliance.settings import Settings

MEND = "Copy it again."


def one_file(tmp_path: Path, content: bytes = b"weights") -> Model:
    (tmp_path / "model.bin").write_bytes(content)
    file = ModelFile("model.bin", 7, hashlib.sha256(b"weights").hexdigest())
    return Model("recognizer", tmp_path, (file,), MEND)


def bundle(tmp_path: Path, manifest: object) -> Settings:
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return Settings.model_validate({"language_model": {"model": str(tmp_path)}})


@pytest.mark.parametrize("find", [lambda settings: models.voice_activity(), models.recognizer, models.voice])
def test_the_models_of_the_pinned_packages_are_whole(find: models.Finder) -> None:
    check(find(Settings()))


def test_a_whole_file_passes(tmp_path: Path) -> None:
    check(one_file(tmp_path))


def test_a_file_of_another_size_is_told_with_both_sizes(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as error:
        check(one_file(tmp_path, b"weigh"), contents=False)
    assert str(error.value).splitlines() == [
        "The recognizer is damaged:",
        f"{tmp_path / 'model.bin'} has 5 bytes; expected 7.",
        MEND,
    ]


def test_a_flipped_bit_is_found_by_the_contents_only(tmp_path: Path) -> None:
    model = one_file(tmp_path, b"veights")
    check(model, contents=False)
    with pytest.raises(ModelError, match=r"has the SHA-256 [0-9a-f]{64}; expected [0-9a-f]{64}"):
        check(model)


def test_all_files_that_are_missing_are_told_at_once(tmp_path: Path) -> None:
    model = Model("voice", tmp_path, (ModelFile("a.onnx", 1, ""), ModelFile("a.onnx.json", 1, "")), MEND)
    with pytest.raises(ModelError, match=r"a\.onnx: No such file or directory\.\n.*a\.onnx\.json: No such file"):
        check(model)


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "model.bin").mkdir()
    with pytest.raises(ModelError, match=r"model\.bin is not a file"):
        check(Model("recognizer", tmp_path, (ModelFile("model.bin"),), MEND))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    model = one_file(tmp_path)
    (tmp_path / "model.bin").chmod(0)
    with pytest.raises(ModelError, match="Permission denied"):
        check(model)


def test_of_a_users_own_model_the_files_must_exist_and_not_be_empty(tmp_path: Path) -> None:
    settings = Settings.model_validate({"speech": {"recognizer": {"model": str(tmp_path)}}})
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "model.bin").touch()
    with pytest.raises(
        ModelError, match=r"model\.bin has 0 bytes; expected at least one\.\nGive speech\.recognizer\.model"
    ):
        check(models.recognizer(settings))
    (tmp_path / "model.bin").write_bytes(b"x")
    check(models.recognizer(settings))


def test_a_users_own_voice_needs_its_configuration_beside_it(tmp_path: Path) -> None:
    (tmp_path / "amy.onnx").write_bytes(b"x")
    settings = Settings.model_validate({"speech": {"voice": {"model": str(tmp_path / "amy.onnx")}}})
    with pytest.raises(ModelError, match=r"amy\.onnx\.json: No such file"):
        check(models.voice(settings))


@pytest.mark.parametrize(
    ("section", "find", "message"),
    [
        (
            {"speech": {"recognizer": {"model": "huge"}}},
            models.recognizer,
            r"speech\.recognizer\.model: .*'huge'.* tiny\.en",
        ),
        ({"speech": {"voice": {"model": "amy"}}}, models.voice, r"speech\.voice\.model: .*'amy'.* en_US-joe-medium"),
        ({"language_model": {"model": "nano"}}, models.language_model, r"language_model\.model: .*'nano'.* home"),
    ],
)
def test_a_name_that_is_not_known_is_answered_with_the_one_that_is(
    section: dict[str, object], find: models.Finder, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        find(Settings.model_validate(section))


def test_a_bundle_is_checked_against_its_own_manifest(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"weights")
    facts = {"size_bytes": 7, "sha256": hashlib.sha256(b"weights").hexdigest()}
    settings = bundle(tmp_path, {"files": {"model.onnx": facts}})
    check(models.language_model(settings))
    (tmp_path / "model.onnx").write_bytes(b"veights")
    with pytest.raises(ModelError, match="has the SHA-256"):
        check(models.language_model(settings))


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ([], "is not a manifest"),
        ({"files": {"model.onnx": 7}}, "is not a manifest"),
        ({"files": {"model.onnx": {"size_bytes": "many", "sha256": ""}}}, "is not a manifest"),
        ({"files": {}}, "must list at least one file"),
        ({"files": {"../model.onnx": {"size_bytes": 1, "sha256": ""}}}, "only files of its own folder"),
        ({"files": {"/etc/passwd": {"size_bytes": 1, "sha256": ""}}}, "only files of its own folder"),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, manifest: object, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        models.language_model(bundle(tmp_path, manifest))


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path) -> None:
    settings = Settings.model_validate({"language_model": {"model": str(tmp_path)}})
    with pytest.raises(
        ModelError, match=r"manifest\.json: No such file or directory\.\nBuild or copy the bundle again"
    ):
        models.language_model(settings)
