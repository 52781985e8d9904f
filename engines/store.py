# SPDX-License-Identifier: Apache-2.0
"""Bundles in use: checked before they may be, switched whole, and taken back.

    STORE/bundles/IDENTITY/     each bundle that was installed; the present one and the one before are kept
    STORE/current               a link to the one that runs
    STORE/previous              a link to the one before

A bundle is checked in three steps: every file is what its manifest says (SHA-256), it was made for this machine, and it
computes here what it computed where it was made: the logits of a few prompts, which lie in it, with numbers from the
state after them that tell which layer is to blame.
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
from engines.bundle import MANIFEST, identity, members, read_manifest, sha256, write_manifest
from engines.errors import EngineError
from engines.generate import Runtime
from engines.snapshot import Snapshot

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
SAMPLES = 256
"""Numbers that are kept of each part of the state after each prompt: the 4B's whole state has 82 MB."""
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
        logits, after = _read(runtime, tokens)
        top = np.argsort(-logits, axis=-1, kind="stable")[:, :TOP].astype(np.int64)
        tensors[f"{number}.tokens"] = np.asarray(tokens, np.int64)
        tensors[f"{number}.top"] = top
        tensors[f"{number}.logits"] = np.take_along_axis(logits, top, axis=-1).astype(np.float32)
        for name, array in after.arrays.items():
            tensors[f"{number}.state.{name}"] = _sample(array)
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
        if folder / name not in (member / Path(name).name for member in members(folder)):
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
        verb = "export CHECKPOINT" if wanted.get("runtime") == "onnxruntime" else "build BUNDLE"
        of = f", of {manifest['source']}" if "source" in manifest else ""
        raise EngineError(
            f"{folder} was made for {', '.join(other)}. Make one here{of}: python -m engines {verb} --out FOLDER"
        )


def allowed(folder: Path) -> float:
    """What the runtime that a bundle was made for may differ by from its reference."""
    return ALLOWED.get(read_manifest(folder).get("runs_on", {}).get("runtime", "onnxruntime"), ALLOWED_ELSEWHERE)


def verify(folder: Path, runtime: Runtime) -> Parity:
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
        logits, _ = _read(runtime, [int(token) for token in tokens])
        here = np.take_along_axis(logits, np.asarray(top), axis=-1)
        if not np.isfinite(logits).all():
            raise EngineError(f"{folder} computes values here that are no numbers; it must not be used.")
        difference = np.sqrt(np.mean((here - kept) ** 2)) / max(float(np.std(kept)), 1e-12)
        worst = max(worst, float(difference))
        same += int((logits.argmax(-1) == np.asarray(top)[:, 0]).sum())
        positions += len(logits)
    parity = Parity(worst, same / positions, allowed(folder))
    if parity.difference > parity.allowed:
        raise EngineError(f"{folder} must not be used here: {parity}.")
    return parity


def state_differences(folder: Path, runtime: Runtime) -> dict[str, float]:
    """How far each part of the state is from the reference in a bundle: `conv.0` and the like -> the worst prompt's
    root mean square difference, in parts of the values' own size. Empty for a reference that was made without states.

    Raises EngineError for a bundle without a reference.
    """
    path = folder / REFERENCE
    if not path.is_file():
        raise EngineError(f"{folder} has no {REFERENCE}; where it was made: python -m engines reference {folder}")
    tensors, _ = tensor_file.read(path)
    worst: dict[str, float] = {}
    for number in range(len(PROMPTS)):
        kept = {
            name.split(".", 2)[2]: tensor for name, tensor in tensors.items() if name.startswith(f"{number}.state.")
        }
        if not kept:
            continue
        _, after = _read(runtime, [int(token) for token in tensors[f"{number}.tokens"].raw()])
        for name, tensor in kept.items():
            there = tensor.float32()
            if name not in after.arrays or (here := _sample(after.arrays[name])).shape != there.shape:
                raise EngineError(f"{path} is of another network: {name} is not in this one, or of another size.")
            size = max(float(np.sqrt(np.mean(there**2))), 1e-12)
            difference = float(np.sqrt(np.mean((here - there) ** 2))) / size
            # What is no number is the worst there can be.
            worst[name] = max(worst.get(name, 0.0), difference if np.isfinite(difference) else np.inf)
    return worst


def _read(runtime: Runtime, tokens: Sequence[int]) -> tuple[NDArray[np.float32], Snapshot]:
    """Logits [1 + STEPS, vocab]: after the prompt without its last tokens, and after each of those, read alone; and the
    state after all of them.
    """
    state = runtime.empty_state()
    rows = [runtime.step(tokens[:-STEPS], state)[-1]]
    rows += [runtime.step([token], state)[-1] for token in tokens[-STEPS:]]
    return np.stack(rows), runtime.snapshot(state)


def _sample(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """SAMPLES numbers from all over a part of the state."""
    places = np.linspace(0, array.size - 1, min(SAMPLES, array.size)).astype(np.int64)
    return array.reshape(-1)[places].astype(np.float32)


def install(folder: Path, store: Path) -> Path:
    """Copy a bundle that was verified into the store and make it the current one; returns where it lies.

    Whole or not at all: whatever stops it, `current` is the old one or the new one.
    """
    check_files(folder)
    name = identity(folder)
    place = store / "bundles" / name
    if not _whole(place):
        new = store / "bundles" / f".{name}.new"
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(folder, new)
        check_files(new)
        for file in (path for path in new.rglob("*") if path.is_file()):
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
        damaged = store / "bundles" / f".{name}.old"
        shutil.rmtree(damaged, ignore_errors=True)
        if place.exists():
            place.rename(damaged)
        new.replace(place)
        shutil.rmtree(damaged, ignore_errors=True)
    before = current(store)
    if before is not None and before != place:
        _point(store / "previous", before)
    _point(store / "current", place)
    _clear(store)
    return place


def _whole(place: Path) -> bool:
    """Whether a bundle lies there as it was installed."""
    try:
        check_files(place)
        return identity(place) == place.name
    except (EngineError, OSError, ValueError):
        return False


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
