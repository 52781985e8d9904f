# SPDX-License-Identifier: Apache-2.0
"""Weights of a checkpoint folder into the PyTorch reference, by memory map, every tensor checked before the first is
taken.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from engines.errors import EngineError
from engines.nemotron_h.config import NemotronHConfig
from engines.nemotron_h.model import NemotronH


class WeightsError(EngineError):
    """A checkpoint whose tensors are missing, cut, of another shape, or unknown."""


def load(folder: Path) -> NemotronH:
    """The reference model with the weights of `folder`: config.json and model.safetensors, or shards with their
    index.
    """
    config = NemotronHConfig.from_folder(folder)
    with torch.device("meta"):
        model = NemotronH(config)
    expected = {name: list(weight.shape) for name, weight in model.state_dict().items()}
    state: dict[str, torch.Tensor] = {}
    for path in _files(folder):
        try:
            with safe_open(path, framework="pt") as file:
                for name in file.keys():  # noqa: SIM118 - not a mapping
                    if name not in expected:
                        raise WeightsError(f"{path} holds {name}, which this network does not have.")
                    shape = list(file.get_slice(name).get_shape())
                    if shape != expected[name]:
                        raise WeightsError(f"{path}: {name} has shape {shape}, expected {expected[name]}.")
                    state[name] = file.get_tensor(name)
        except (OSError, SafetensorError) as error:
            raise WeightsError(
                f"{path} cannot be read as safetensors, it may be cut or no checkpoint: {error}."
            ) from None
    missing = sorted(expected.keys() - state.keys())
    if missing:
        raise WeightsError(
            f"{folder} lacks {len(missing)} of {len(expected)} tensors, first {missing[0]} {expected[missing[0]]}."
        )
    model.load_state_dict(state, assign=True)
    return model.eval()


def _files(folder: Path) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        return [folder / "model.safetensors"]
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise WeightsError(f"{index} cannot be read: {error}.") from None
    if any(Path(name).name != name for name in names):
        raise WeightsError(f"{index} points outside its folder.")
    return [folder / name for name in names]
