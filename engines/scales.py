# SPDX-License-Identifier: Apache-2.0
"""The scales of a calibration in a file: bound to its checkpoint by SHA-256, and sealed, so that what was cut, changed
or calibrated for another model is refused.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines.errors import EngineError
from engines.nemotron_h.checkpoint import Checkpoint
from engines.recipe import scale_names

SCALES = "scales.json"
"""Its name in a checkpoint's folder, where `export` looks for it."""
_AGAIN = "python -m engines calibrate CHECKPOINT --text FILE"


def write(path: Path, checkpoint: Checkpoint, scales: Mapping[str, float], about: Mapping[str, Any]) -> None:
    """Keep `scales` (name as in published checkpoints -> value) for `checkpoint`; `about` tells how they came about."""
    source = {"name": checkpoint.folder.resolve().name, "sha256": checkpoint.sha256()}
    write_sealed(path, {"checkpoint": source, "calibration": dict(about), "scales": dict(scales)})


def read(path: Path, checkpoint: Checkpoint) -> tuple[dict[str, float], dict[str, Any]]:
    """The scales for `checkpoint`, and what the file tells of their calibration.

    Raises EngineError for a file that is not there, damaged, of another checkpoint, or without a scale that is needed.
    """
    if not path.is_file():
        raise EngineError(f"{path} is not there, and FP8 needs the scales of its inputs. Make it: {_AGAIN}")
    content = read_sealed(path)
    try:
        source, about, found = content["checkpoint"], dict(content["calibration"]), dict(content["scales"])
        name, digest = source["name"], source["sha256"]
    except (KeyError, TypeError, ValueError):
        raise EngineError(f"{path} holds no scales. Make it again: {_AGAIN}") from None
    if digest != checkpoint.sha256():
        raise EngineError(
            f"{path} was calibrated for other weights (a checkpoint named {name!r}) than those of {checkpoint.folder}. "
            f"Make it for these: {_AGAIN}"
        )
    wanted = scale_names(checkpoint.config)
    bad = [n for n in wanted if not (isinstance(found.get(n), float) and math.isfinite(found[n]) and found[n] > 0)]
    if bad:
        raise EngineError(f"{path} lacks {len(bad)} of {len(wanted)} scales, first {bad[0]}. Make it again: {_AGAIN}")
    return {name: found[name] for name in wanted}, about


def write_sealed(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON with its own SHA-256 in it, whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps({**content, "sha256": _seal(content)}, indent=1) + "\n", encoding="utf-8")
    new.replace(path)


def read_sealed(path: Path) -> dict[str, Any]:
    """What `write_sealed` wrote; raises EngineError for a file that is not whole."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        seal = content.pop("sha256")
        whole = seal == _seal(content)
    except (OSError, ValueError, RecursionError, KeyError, AttributeError, TypeError):
        whole = False
    if not whole:
        raise EngineError(f"{path} is damaged: it is not what was written. Delete it and make it again: {_AGAIN}")
    return dict(content)


def _seal(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
