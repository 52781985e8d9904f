# SPDX-License-Identifier: Apache-2.0
"""Bundles in use: checked before they may be, switched whole, and taken back.

    STORE/bundles/IDENTITY/     each bundle that was installed; the present one and the one before are kept
    STORE/current               a link to the one that runs
    STORE/previous              a link to the one before

A bundle is checked in three steps: every file is what its manifest says (SHA-256), it was made for this machine, and it
computes here what it computed where it was made: the logits of a few prompts, which lie in it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engines import tensor_file
from engines.bundle import MANIFEST, identity, sha256, write_manifest
from engines.errors import EngineError
from engines.generate import Runtime

REFERENCE = "reference.safetensors"
PROMPTS = (
    "turn on the kitchen light and set it to 40 percent",
    "How warm is it in the bedroom? Please answer in one sentence.",
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n",
)
TOP = 64
"""Logits that are kept of each prompt's last token, the largest ones."""
STEPS = 4
"""Tokens that are read one by one after each prompt, so that the state is checked too."""
ALLOWED = {"onnxruntime": 2e-3}
ALLOWED_ELSEWHERE = 5e-2
"""Root mean square of what the logits may differ by, in parts of their own spread."""


@dataclass(frozen=True)
class Parity:
    """How near a runtime came to the reference."""

    difference: float
    """The worst prompt's root mean square difference, in parts of the logits' spread."""
    agreement: float
    """Share of positions whose likeliest token is the same."""
    allowed: float

    def __str__(self) -> str:
        return (
            f"logits differ by {self.difference:.2g} of their spread (allowed {self.allowed:g}), "
            f"the likeliest token agrees at {self.agreement:.0%}"
        )


def write_reference(folder: Path, runtime: Runtime, tokenizer: Tokenizer) -> None:
    """Keep in a bundle what `runtime` computes for PROMPTS, and list it in the manifest."""
    tensors: dict[str, NDArray[Any]] = {}
    for number, text in enumerate(PROMPTS):
        tokens = tokenizer.encode(text, add_special_tokens=False).ids
        if len(tokens) <= STEPS:
            raise EngineError(f"{folder}: the tokenizer makes {len(tokens)} tokens of {text!r}; that is no reference.")
        logits = _read(runtime, tokens)
        top = np.argsort(-logits, axis=-1, kind="stable")[:, :TOP].astype(np.int64)
        tensors[f"{number}.tokens"] = np.asarray(tokens, np.int64)
        tensors[f"{number}.top"] = top
        tensors[f"{number}.logits"] = np.take_along_axis(logits, top, axis=-1).astype(np.float32)
    kinds = {np.dtype(np.int64): "I64", np.dtype(np.float32): "F32"}
    shapes = {name: (kinds[value.dtype], value.shape) for name, value in tensors.items()}
    writer = tensor_file.Writer(folder / REFERENCE, shapes)
    try:
        for name, value in tensors.items():
            writer.write(name, [value])
        writer.close()
    except BaseException:
        writer.abandon()
        raise
    write_manifest(folder)


def check_files(folder: Path) -> dict[str, Any]:
    """The manifest, if every file is what it says; raises EngineError that names those that are not."""
    identity(folder)
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    for name, entry in manifest["files"].items():
        if Path(name).name != name:
            raise EngineError(f"{folder / MANIFEST} names {name!r}, which is no file of the folder.")
        if sha256(folder / name) != entry["sha256"]:
            raise EngineError(f"{folder / name} is damaged: its SHA-256 is not the manifest's. Copy it again.")
    return manifest


def check_machine(folder: Path, manifest: Mapping[str, Any], machine: Mapping[str, str]) -> None:
    """Whether a bundle was made for a machine, as `{"sm": "87", "tensorrt": "10.16"}`; raises EngineError that says how
    to make the right one. A bundle that names nothing runs everywhere.
    """
    wanted = manifest.get("runs_on", {})
    other = [f"{key} {value} (here: {machine.get(key, 'none')})" for key, value in wanted.items() if
             machine.get(key) != value]  # fmt: skip
    if other:
        raise EngineError(
            f"{folder} was made for {', '.join(other)}. Make one here: python -m engines export CHECKPOINT --out FOLDER"
        )


def verify(folder: Path, runtime: Runtime, *, name: str = "onnxruntime") -> Parity:
    """Compare what `runtime` computes here with the reference in the bundle; raises EngineError if it is too far."""
    path = folder / REFERENCE
    if not path.is_file():
        raise EngineError(f"{folder} has no {REFERENCE}; where it was made: python -m engines reference {folder}")
    tensors, _ = tensor_file.read(path)
    worst, same, positions = 0.0, 0, 0
    for number in range(len(PROMPTS)):
        try:
            tokens, top, kept = (tensors[f"{number}.{part}"].raw() for part in ("tokens", "top", "logits"))
        except KeyError as error:
            raise EngineError(f"{path} has no {error}; make it again: python -m engines reference {folder}") from None
        logits = _read(runtime, [int(token) for token in tokens])
        here = np.take_along_axis(logits, np.asarray(top), axis=-1)
        if not np.isfinite(logits).all():
            raise EngineError(f"{folder} computes values here that are no numbers; it must not be used.")
        difference = np.sqrt(np.mean((here - kept) ** 2)) / max(float(np.std(kept)), 1e-12)
        worst = max(worst, float(difference))
        same += int((logits.argmax(-1) == np.asarray(top)[:, 0]).sum())
        positions += len(logits)
    parity = Parity(worst, same / positions, ALLOWED.get(name, ALLOWED_ELSEWHERE))
    if parity.difference > parity.allowed:
        raise EngineError(f"{folder} must not be used here: {parity}.")
    return parity


def _read(runtime: Runtime, tokens: Sequence[int]) -> NDArray[np.float32]:
    """Logits [1 + STEPS, vocab]: after the prompt without its last tokens, and after each of those, read alone."""
    state = runtime.empty_state()
    rows = [runtime.step(tokens[:-STEPS], state)[-1]]
    rows += [runtime.step([token], state)[-1] for token in tokens[-STEPS:]]
    return np.stack(rows)


def install(folder: Path, store: Path) -> Path:
    """Copy a bundle that was verified into the store and make it the current one; returns where it lies.

    Whole or not at all: whatever stops it, `current` is the old one or the new one.
    """
    check_files(folder)
    name = identity(folder)
    place = store / "bundles" / name
    if not place.is_dir():
        new = store / "bundles" / f".{name}.new"
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(folder, new)
        check_files(new)
        for file in new.iterdir():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
        new.replace(place)
    before = current(store)
    if before is not None and before != place:
        _point(store / "previous", before)
    _point(store / "current", place)
    _clear(store)
    return place


def rollback(store: Path) -> Path:
    """Make the bundle before the current one again, and the other way round; returns it. Raises EngineError."""
    now, before = current(store), _target(store / "previous")
    if before is None:
        raise EngineError(f"{store} has no bundle from before.")
    check_files(before)
    _point(store / "current", before)
    if now is not None:
        _point(store / "previous", now)
    return before


def current(store: Path) -> Path | None:
    """The bundle in use, if there is one."""
    return _target(store / "current")


def _target(link: Path) -> Path | None:
    if not link.is_symlink():
        return None
    place = link.parent / link.readlink()
    return place if place.is_dir() else None


def _point(link: Path, place: Path) -> None:
    """Let a link point to a bundle, in one step."""
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(place.relative_to(link.parent))
    new.replace(link)


def _clear(store: Path) -> None:
    """Remove what is neither the current bundle nor the one before."""
    kept = {current(store), _target(store / "previous")}
    for place in (store / "bundles").iterdir():
        if place not in kept:
            shutil.rmtree(place, ignore_errors=True)
