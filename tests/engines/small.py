# SPDX-License-Identifier: Apache-2.0
"""Small random networks of the family, for the tests of this folder."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from engines.nemotron_h.config import NemotronHConfig
from engines.nemotron_h.model import NemotronH


def config(**changes: object) -> NemotronHConfig:
    """Every layer kind, head dim 80 as the 4B has it, groups, and a short chunk."""
    sizes: dict[str, object] = {
        "pattern": "M-M*-M*-",
        "hidden_size": 96,
        "intermediate_size": 160,
        "vocab_size": 211,
        "mamba_num_heads": 4,
        "mamba_head_dim": 80,
        "n_groups": 2,
        "ssm_state_size": 16,
        "conv_kernel": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 24,
        "chunk_size": 16,
    }
    return NemotronHConfig(**(sizes | changes))  # type: ignore[arg-type]


def model(shape: NemotronHConfig, seed: int = 0) -> NemotronH:
    """Random weights with lively dt, decay, skip and conv bias, so that no term hides."""
    torch.manual_seed(seed)
    made = NemotronH(shape).eval()
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if weight.dim() == 1 and "norm" not in name:
                weight.normal_(-1 if "dt_bias" in name else 0, 1)
    return made


def folder(where: Path, made: NemotronH) -> Path:
    """A checkpoint folder with config and weights."""
    save_file({k: v.contiguous() for k, v in made.state_dict().items()}, where / "model.safetensors")
    (where / "config.json").write_text(json.dumps(made.config.to_dict()))
    return where
