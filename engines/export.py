# SPDX-License-Identifier: Apache-2.0
"""From a checkpoint to a bundle: graphs, weights in the forms of a scheme, tokenizer, manifest.

Where the checkpoint's own tensors serve, the graphs point into the checkpoint's files and nothing is copied; converted
ones are written, as a stream, to `weights.safetensors`. Two files hold the same graph (`engines/graph.py`): in
`model.onnx` the operators' bodies are standard ONNX, in `model.fused.onnx` they are onnxruntime's own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import onnx
from numpy.typing import NDArray

from engines import quantize, recipe, scales
from engines.bundle import FUSED_GRAPH, GRAPH, member_folder, members, write_manifest
from engines.errors import EngineError
from engines.graph import Graph
from engines.nemotron_h.checkpoint import Checkpoint
from engines.ssm import functions
from engines.tensor_file import Tensor, Writer, row_pieces

WEIGHTS = "weights.safetensors"
_BESIDE = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")

Progress = Callable[[int, int], None]
"""Called with the bytes of weights done and to do."""


def export(
    folder: Path,
    out: Path | None = None,
    scheme: str | int | None = None,
    progress: Progress = lambda done, total: None,
    *,
    scales_file: Path | None = None,
) -> Path:
    """Make of a checkpoint `folder`, and of its members, a bundle that runtimes load; returns where it is.

    Args:
        folder: the checkpoint.
        out: where the bundle goes; by default into the same folder.
        scheme: one of `recipe.SCHEMES`; None keeps the weights as they are.
        progress: told how far it is.
        scales_file: for fp8, what `engines.calibrate` made; by default `scales.json` in `folder`. A checkpoint that is
            FP8 already has its own.

    Memory: a piece of one tensor at a time. Raises EngineError for a checkpoint that does not fit, or scales that are
    not its own; then nothing that was there before has changed.
    """
    scheme = None if scheme is None else str(scheme)
    if scheme is not None and scheme not in recipe.SCHEMES:
        raise EngineError(f"weights are not made as {scheme!r} here; allowed are {', '.join(recipe.SCHEMES)}, or none.")
    checkpoint = Checkpoint(folder)
    out = out or folder
    for number, member in enumerate(members(folder)[1:], 1):
        export(member, member_folder(out, number), scheme, progress)
    stored = {name: tensor.dtype for name, tensor in checkpoint.tensors.items()}
    forms = recipe.forms(checkpoint.config, scheme, stored)
    known, calibration = _scales(checkpoint, forms, scheme, scales_file)
    graph = Graph(checkpoint, forms, known, quantized_inputs=scheme == "fp8")
    # Built before anything is written, so that a checkpoint that does not fit leaves nothing behind.
    graph.build()
    out.mkdir(parents=True, exist_ok=True)
    converted = {name: form for name, form in forms.items() if _converts(form, stored[name])}
    copied: set[str] = set()
    if out.resolve() != folder.resolve():
        for name in _BESIDE:
            if (folder / name).is_file():
                shutil.copyfile(folder / name, out / name)
        copied = set(stored) - set(converted)
    if copied or converted:
        graph.places = _write_weights(checkpoint, converted, copied, known, out / WEIGHTS, progress)
    for file, bodies in ((GRAPH, functions.standard), (FUSED_GRAPH, functions.fused)):
        new = out / (file + ".new")
        new.write_bytes(graph.model(bodies(checkpoint.config)).SerializeToString())
        if bodies is functions.standard:  # the checker knows no operators but ONNX's own
            onnx.checker.check_model(str(new))  # by path, so that the weights it points to are found
        new.replace(out / file)
    made = {
        "scheme": scheme or "none",
        "matrices": recipe.SCHEMES[scheme] if scheme else "as in the checkpoint",
        "forms": {
            name.removesuffix(".weight"): _told(form, stored[name])
            for name, form in forms.items()
            if name in converted or len(checkpoint.tensors[name].shape) > 1
        },
        "cache": quantize.E4M3 if graph.rounds_cache else "as computed",
        "graph": "ONNX with function bodies",
        **calibration,
    }
    write_manifest(out, {"source": folder.resolve().name, "recipe": made, "runs_on": {"runtime": "onnxruntime"}})
    return out


def _scales(
    checkpoint: Checkpoint, forms: Mapping[str, str], scheme: str | None, file: Path | None
) -> tuple[dict[str, float], dict[str, Any]]:
    """The scales that the graph needs, and what the manifest tells of where they come from."""
    if scheme != "fp8":
        return checkpoint.scales, {}
    if all(
        not _converts(form, checkpoint.tensors[name].dtype) for name, form in forms.items() if form == quantize.E4M3
    ):
        names = [name.removesuffix("weight") + "input_scale" for name, form in forms.items() if form == quantize.E4M3]
        missing = [name for name in names if name not in checkpoint.scales]
        if missing:
            raise EngineError(
                f"{checkpoint.folder} is FP8 in its weights alone: it lacks {len(missing)} scales of inputs, first "
                f"{missing[0]}. Without --quantize its weights are taken as they are."
            )
        return checkpoint.scales, {"calibration": "the checkpoint's own"}
    known, about = scales.read(file or checkpoint.folder / scales.SCALES, checkpoint)
    return known, {"calibration": about}


def _converts(form: str, stored: str) -> bool:
    """Whether a weight has to be written anew."""
    return form != quantize.STORED and not (form == quantize.E4M3 and stored == "F8_E4M3")


def _told(form: str, stored: str) -> str:
    return {"F8_E4M3": quantize.E4M3}.get(stored, stored) if form == quantize.STORED else form


def _write_weights(
    checkpoint: Checkpoint,
    converted: Mapping[str, str],
    copied: set[str],
    known: Mapping[str, float],
    path: Path,
    progress: Progress,
) -> dict[str, Tensor]:
    """Convert or copy what the graph points to, tensor by tensor; returns where each lies."""
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {}
    for name, tensor in checkpoint.tensors.items():
        if form := converted.get(name):
            shapes |= {f"{name}.{part}": stored for part, stored in quantize.parts(form, tensor.shape).items()}
        elif name in copied:
            shapes[name] = (tensor.dtype, tensor.shape)
    writer = Writer(path, shapes)
    done = 0
    try:
        for name, tensor in checkpoint.tensors.items():
            if form := converted.get(name):
                kept: list[NDArray[Any]] = []
                values, *scales_of = quantize.parts(form, tensor.shape)
                writer.write(f"{name}.{values}", _convert(checkpoint, name, form, known.get(f"{name}_scale"), kept))
                if scales_of:
                    writer.write(f"{name}.{scales_of[0]}", kept)
            elif name in copied:
                writer.write(name, (tensor.raw()[rows] for rows in row_pieces(tensor.shape)))
            done += tensor.nbytes
            progress(done, checkpoint.nbytes)
        writer.close()
    except BaseException:
        writer.abandon()
        raise
    return writer.tensors


def _convert(
    checkpoint: Checkpoint, name: str, form: str, scale: float | None, kept: list[NDArray[Any]]
) -> Iterator[NDArray[Any]]:
    """The stored values, piece by piece; the scales of blocks, a small part, are kept for the tensor that follows."""
    for rows in row_pieces(checkpoint.tensors[name].shape):
        values, *scales_of = quantize.convert(form, checkpoint.float32(name, rows), scale)
        kept += scales_of
        yield values
