# SPDX-License-Identifier: Apache-2.0
"""A checkpoint folder as Hugging Face lays it out: config.json and one or many safetensors files, checked whole before
the first tensor is taken, and read by memory map.

FP8 checkpoints (NVIDIA's modelopt) keep a linear weight in E4M3 with `NAME.weight_scale` (weight = E4M3 x scale), and
beside it `NAME.input_scale` and, for an FP8 cache, `k_proj.k_scale` and `v_proj.v_scale`, which only FP8 graphs use.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines import tensor_file
from engines.bundle import sha256
from engines.errors import EngineError
from engines.nemotron_h.config import ATTENTION, MAMBA, NemotronHConfig
from engines.tensor_file import Tensor, TensorFileError

_SCALES = ("weight_scale", "input_scale", "k_scale", "v_scale", "output_scale")
_FLOATS = ("F32", "BF16", "F16")


class CheckpointError(EngineError):
    """A checkpoint whose tensors are missing, cut, of another shape or type, or unknown."""


def expected_tensors(config: NemotronHConfig) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every weight of the network, in the order of its layers."""
    c = config
    query, kv = c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim
    mixers: dict[str, dict[str, tuple[int, ...]]] = {
        MAMBA: {
            "dt_bias": (c.mamba_num_heads,),
            "A_log": (c.mamba_num_heads,),
            "D": (c.mamba_num_heads,),
            "in_proj.weight": (c.in_proj_size, c.hidden_size),
            "conv1d.weight": (c.conv_size, 1, c.conv_kernel),
            "conv1d.bias": (c.conv_size,),
            "norm.weight": (c.mamba_size,),
            "out_proj.weight": (c.hidden_size, c.mamba_size),
        },
        ATTENTION: {
            "q_proj.weight": (query, c.hidden_size),
            "k_proj.weight": (kv, c.hidden_size),
            "v_proj.weight": (kv, c.hidden_size),
            "o_proj.weight": (c.hidden_size, query),
        },
    }
    mlp = {
        "up_proj.weight": (c.intermediate_size, c.hidden_size),
        "down_proj.weight": (c.hidden_size, c.intermediate_size),
    }
    out: dict[str, tuple[int, ...]] = {"backbone.embeddings.weight": (c.vocab_size, c.hidden_size)}
    for i, kind in enumerate(c.pattern):
        out[f"backbone.layers.{i}.norm.weight"] = (c.hidden_size,)
        for name, shape in mixers.get(kind, mlp).items():
            out[f"backbone.layers.{i}.mixer.{name}"] = shape
    out["backbone.norm_f.weight"] = (c.hidden_size,)
    out["lm_head.weight"] = (c.vocab_size, c.hidden_size)
    return out


class Checkpoint:
    """The tensors of a folder by name; opening it reads headers only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = NemotronHConfig.from_folder(folder)
        expected = expected_tensors(self.config)
        self.tensors: dict[str, Tensor] = {}
        self.scales: dict[str, float] = {}
        """Of FP8 checkpoints: the scale tensor's name -> its value."""
        for path in _files(folder):
            try:
                found, _ = tensor_file.read(path)
            except TensorFileError as error:
                raise CheckpointError(str(error)) from None
            for name, tensor in found.items():
                if name in self.tensors or name in self.scales:
                    raise CheckpointError(f"{path} holds {name} again.")
                if name in expected:
                    _check(tensor, expected[name])
                    self.tensors[name] = tensor
                elif name.startswith("backbone.layers.") and name.rpartition(".")[2] in _SCALES:
                    self.scales[name] = _scale(tensor)
                else:
                    raise CheckpointError(
                        f"{path} holds {name} {list(tensor.shape)}, which this network does not have."
                    )
        missing = [name for name in expected if name not in self.tensors]
        if missing:
            raise CheckpointError(
                f"{folder} lacks {len(missing)} of {len(expected)} tensors, first {missing[0]} "
                f"{list(expected[missing[0]])}."
            )
        for tensor in self.tensors.values():
            if tensor.dtype == "F8_E4M3" and f"{tensor.name}_scale" not in self.scales:
                raise CheckpointError(f"{tensor.path}: {tensor.name} is FP8 without its {tensor.name}_scale.")

    @property
    def nbytes(self) -> int:
        """Bytes of all weights as stored."""
        return sum(tensor.nbytes for tensor in self.tensors.values())

    def sha256(self) -> str:
        """What tells this network from every other: hexadecimal, over the configuration and the files of weights."""
        digest = hashlib.sha256(json.dumps(self.config.to_dict(), sort_keys=True).encode())
        for path in _files(self.folder):
            digest.update(sha256(path).encode())
        return digest.hexdigest()

    def float32(self, name: str, rows: slice = slice(None)) -> NDArray[np.float32]:
        """Rows of a weight as fp32, its FP8 scale applied; only they take memory."""
        values = self.tensors[name].float32(rows)
        scale = self.scales.get(f"{name}_scale")
        return values if scale is None else values * np.float32(scale)


def _check(tensor: Tensor, shape: tuple[int, ...]) -> None:
    where = f"{tensor.path}: {tensor.name}"
    if tensor.shape != shape:
        raise CheckpointError(f"{where} has shape {list(tensor.shape)}, expected {list(shape)}.")
    linear = len(shape) == 2 and ".mixer." in tensor.name
    allowed = (*_FLOATS, "F8_E4M3") if linear else _FLOATS
    if tensor.dtype not in allowed:
        raise CheckpointError(f"{where} {list(shape)} is {tensor.dtype}, expected {' or '.join(allowed)}.")


def _scale(tensor: Tensor) -> float:
    if np.prod(tensor.shape) != 1 or tensor.dtype not in _FLOATS:
        raise CheckpointError(
            f"{tensor.path}: {tensor.name} is {tensor.dtype} {list(tensor.shape)}, expected one floating-point number: "
            "scales a channel or a block are not read."
        )
    value = float(tensor.float32().reshape(()))
    if not (np.isfinite(value) and value > 0):
        raise CheckpointError(f"{tensor.path}: {tensor.name} is {value}, expected a positive number.")
    return value


def _files(folder: Path) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        return [folder / "model.safetensors"]
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        if any(Path(name).name != name for name in names):
            raise CheckpointError(f"{index} points outside its folder.")
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{index} cannot be read: {error}.") from None
    return [folder / name for name in names]
