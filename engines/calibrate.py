# SPDX-License-Identifier: Apache-2.0
"""The scales of selective FP8, measured on text: NVIDIA's modelopt watches the PyTorch reference while it reads.

A scale is the largest value seen over 448, the largest E4M3 number ("max" calibration, as the published checkpoints').
The largest value of some samples and of some more is the larger of the two, so the work is done in groups, kept after
each, and gone on with after a stop: the result is the same to the last bit.
"""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import modelopt.torch.quantization as mtq
import torch

from engines import samples, scales
from engines.bundle import sha256
from engines.errors import EngineError
from engines.nemotron_h import weights
from engines.nemotron_h.checkpoint import Checkpoint
from engines.nemotron_h.model import NemotronH
from engines.quantize import E4M3_MAX
from engines.recipe import scale_names

GROUP = 16
"""Samples between two states on disk."""
_QUANTIZER = {
    "weight": "weight_quantizer",
    "input": "input_quantizer",
    "k": "output_quantizer",
    "v": "output_quantizer",
}
"""What modelopt calls the place where a scale applies; keys and values are what k_proj and v_proj give out."""

Progress = Callable[[int, int], None]
"""Called with the samples read and to read."""


def calibrate(
    folder: Path,
    text: Path,
    out: Path | None = None,
    *,
    count: int = 1000,
    length: int = 512,
    threads: int = 1,
    progress: Progress = lambda done, total: None,
) -> Path:
    """Measure the scales of the checkpoint `folder` on `text` and write them to `out`, by default `scales.json` in it.

    Args:
        folder: checkpoint in BF16, FP16 or FP32, with tokenizer and, for conversations, chat template.
        text: as `engines.samples` reads it.
        out: the file to write. While it is being made, `OUT.part` keeps what is done; a call with the same checkpoint,
            text and lengths goes on from there, any other begins anew.
        count: samples to read at most.
        length: tokens to read of each at most.
        threads: of the CPU. More than there are idle cores make it many times slower, not faster.
        progress: told after each sample.

    Returns `out`. Raises EngineError for text that cannot be read, and for an input that stays zero or overflows.
    """
    checkpoint = Checkpoint(folder)
    if any(tensor.dtype == "F8_E4M3" for tensor in checkpoint.tensors.values()):
        raise EngineError(f"{folder} is FP8 already and carries its scales; there is nothing to calibrate.")
    out = out or folder / scales.SCALES
    read = samples.read(text, folder, length, count)
    settings = {"weights": checkpoint.sha256(), "text": sha256(text), "samples": len(read), "length": length}
    part = out.with_name(out.name + ".part")
    done, largest = _resume(part, settings)
    progress(done, len(read))
    names = scale_names(checkpoint.config)
    if done < len(read):
        torch.set_num_threads(threads)
        model = _watched(weights.load(folder), names)
        while done < len(read):
            group = read[done : done + GROUP]
            _read(model, group, lambda n, before=done: progress(before + n, len(read)))  # type: ignore[misc]
            seen = _seen(model, names)
            largest = {name: max(seen[name], largest.get(name, 0.0)) for name in names}
            done += len(group)
            scales.write_sealed(part, {"settings": settings, "done": done, "largest": largest})
    about = {
        "by": f"nvidia-modelopt {version('nvidia-modelopt')}, max",
        "text_sha256": settings["text"],
        "samples": len(read),
        "tokens": sum(map(len, read)),
    }
    scales.write(out, checkpoint, {name: _scale(name, value) for name, value in largest.items()}, about)
    part.unlink(missing_ok=True)
    return out


def _resume(part: Path, settings: dict[str, Any]) -> tuple[int, dict[str, float]]:
    """How many samples are done, and the largest values seen in them."""
    if not part.is_file():
        return 0, {}
    kept = scales.read_sealed(part)
    return (kept["done"], kept["largest"]) if kept.get("settings") == settings else (0, {})


def _watched(model: NemotronH, names: Sequence[str]) -> Any:
    """The model with modelopt's quantizers where the recipe wants a scale, and nowhere else."""
    e4m3 = {"num_bits": (4, 3), "axis": None}
    places = [{"quantizer_name": _place(name), "cfg": e4m3} for name in names]
    with contextlib.redirect_stdout(sys.stderr):  # modelopt prints how many it has put in
        return mtq.quantize(
            model, {"quant_cfg": [{"quantizer_name": "*", "enable": False}, *places], "algorithm": None}
        )


def _place(name: str) -> str:
    """`….in_proj.input_scale` -> modelopt's `….in_proj.input_quantizer`."""
    module, _, scale = name.rpartition(".")
    return f"{module}.{_QUANTIZER[scale.removesuffix('_scale')]}"


def _read(model: Any, group: Sequence[Sequence[int]], progress: Callable[[int], None]) -> None:
    def forward(watched: Any) -> None:
        with torch.inference_mode():
            for n, tokens in enumerate(group, 1):
                watched.step(torch.tensor([tokens]), watched.empty_state())
                progress(n)

    mtq.calibrate(model, "max", forward)


def _seen(model: Any, names: Sequence[str]) -> dict[str, float]:
    return {name: float(model.get_submodule(_place(name)).amax) for name in names}


def _scale(name: str, largest: float) -> float:
    if not (math.isfinite(largest) and largest > 0):
        raise EngineError(
            f"the largest value for {name} is {largest}: "
            + ("the weights are damaged." if largest else "nothing went through there. Calibrate with more text.")
        )
    return largest / E4M3_MAX
