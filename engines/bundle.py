# SPDX-License-Identifier: Apache-2.0
"""A bundle is a folder that a runtime can load as it stands; its manifest says what belongs to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines.errors import EngineError

MANIFEST = "manifest.json"
GRAPH = "model.onnx"
FUSED_GRAPH = "model.fused.onnx"
ENGINE = "model.engine"
"""Of TensorRT, for one GPU architecture and one TensorRT release."""
_MEMBER = "member-{}"


def member_folder(folder: Path, number: int) -> Path:
    """Where network `number` (from 0) of a bundle of several lies: the first in the folder itself."""
    return folder / _MEMBER.format(number + 1) if number else folder


def members(folder: Path) -> list[Path]:
    """The folders of a bundle's networks, of which there is most often one. Several are an ensemble: they read the same
    tokens and are asked together.
    """
    found = [folder]
    while (more := member_folder(folder, len(found))).is_dir():
        found.append(more)
    return found


def write_manifest(folder: Path, about: Mapping[str, Any] | None = None) -> Path:
    """List size and SHA-256 of every file of `folder` and its members in its manifest.json, replaced whole or not.

    `about` says how the bundle was made and what it runs on; without it, what stands there stays.
    """
    files = {
        path.relative_to(folder).as_posix(): {"size_bytes": path.stat().st_size, "sha256": sha256(path)}
        for member in members(folder)
        for path in sorted(member.iterdir())
        if path.is_file() and path != folder / MANIFEST and not path.name.endswith(".new")
    }
    path = folder / MANIFEST
    if about is None:
        kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        about = {key: value for key, value in kept.items() if key != "files"}
    new = path.with_suffix(".new")
    new.write_text(json.dumps({**about, "files": files}, indent=2) + "\n", encoding="utf-8")
    new.replace(path)
    return path


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a bundle says of itself; raises EngineError for a folder that is none."""
    path = folder / MANIFEST
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError(f"{folder} is no bundle: {error}. `python -m engines export` makes one.") from None
    if not isinstance(found, dict):
        raise EngineError(f"{path} holds {type(found).__name__}, expected an object.")
    return found


def sha256(path: Path) -> str:
    """Hexadecimal, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 22):
            digest.update(piece)
    return digest.hexdigest()


def identity(folder: Path) -> str:
    """What tells this model from every other: the SHA-256 of its manifest, whose sizes must be those of the files.

    Raises EngineError for a folder without a manifest, or one that was changed since.
    """
    path = folder / MANIFEST
    try:
        text = path.read_bytes()
        files = json.loads(text)["files"]
        changed = [n for n, entry in files.items() if (folder / n).stat().st_size != entry["size_bytes"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(
            f"{path} does not describe this folder: {error}. `python -m engines export` writes it."
        ) from None
    if changed:
        raise EngineError(f"{folder}: {', '.join(changed)} changed since the manifest was written; export it again.")
    return hashlib.sha256(text).hexdigest()
