# SPDX-License-Identifier: Apache-2.0
"""A bundle is a checkpoint folder that a runtime can load as it stands; its manifest says what belongs to it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

MANIFEST = "manifest.json"


def write_manifest(folder: Path) -> Path:
    """List size and SHA-256 of every file of `folder` in its manifest.json, replaced whole or not at all."""
    files = {
        path.name: {"size_bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != MANIFEST
    }
    path = folder / MANIFEST
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"files": files}, indent=2) + "\n", encoding="utf-8")
    new.replace(path)
    return path
