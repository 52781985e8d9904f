# SPDX-License-Identifier: Apache-2.0
"""Configuration of a `nemotron_h` network, read from a Hugging Face `config.json`.

Only the dense members of the family are covered (Mamba-2, attention and MLP layers: Nemotron 3 Nano 4B, Nemotron Nano
9B v2, the home
model); a mixture-of-experts layer is refused by name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.errors import EngineError

MAMBA, ATTENTION, MLP = "M", "*", "-"

_BLOCK_LETTER = {
    "linear_attention": MAMBA,
    "mamba": MAMBA,
    "full_attention": ATTENTION,
    "attention": ATTENTION,
    "mlp": MLP,
}


class ConfigError(EngineError):
    """A config.json that is missing, unreadable, or describes a network outside the family."""


@dataclass(frozen=True)
class NemotronHConfig:
    """Sizes of the network; names follow NVIDIA's config.json where it has one."""

    pattern: str
    """One letter a layer: M Mamba-2, * attention, - MLP."""
    hidden_size: int
    intermediate_size: int
    vocab_size: int
    mamba_num_heads: int
    mamba_head_dim: int
    n_groups: int
    ssm_state_size: int
    conv_kernel: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    layer_norm_epsilon: float = 1e-5
    chunk_size: int = 128
    max_position_embeddings: int = 262144
    eos_token_ids: tuple[int, ...] = (2,)

    @property
    def mamba_size(self) -> int:
        """Channels of the Mamba mixer: heads x head dim."""
        return self.mamba_num_heads * self.mamba_head_dim

    @property
    def conv_size(self) -> int:
        """Channels that pass the causal conv: x, B and C."""
        return self.mamba_size + 2 * self.n_groups * self.ssm_state_size

    @property
    def in_proj_size(self) -> int:
        """Rows of a Mamba in_proj: gate, conv channels, dt."""
        return self.mamba_size + self.conv_size + self.mamba_num_heads

    def layers(self, kind: str) -> list[int]:
        """Indices of the layers of one kind."""
        return [i for i, letter in enumerate(self.pattern) if letter == kind]

    @classmethod
    def from_folder(cls, folder: Path) -> NemotronHConfig:
        """Read `folder/config.json`; raises ConfigError with the key, what was found and what is allowed."""
        path = folder / "config.json"
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(f"{folder} is no checkpoint folder: it has no config.json.") from None
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ConfigError(f"{path} cannot be read as JSON: {error}.") from None
        if not isinstance(raw, dict):
            raise ConfigError(f"{path} holds {type(raw).__name__}, expected an object.")
        return cls.from_dict(raw, str(path))

    @classmethod
    def from_dict(cls, raw: dict[str, Any], where: str = "config.json") -> NemotronHConfig:
        """Check and take over the keys that matter; `where` names the source in errors."""
        if raw.get("model_type") != "nemotron_h":
            raise ConfigError(f"{where}: model_type is {raw.get('model_type')!r}, expected 'nemotron_h'.")
        sizes = {}
        for key in [
            "hidden_size",
            "intermediate_size",
            "vocab_size",
            "mamba_num_heads",
            "mamba_head_dim",
            "n_groups",
            "ssm_state_size",
            "conv_kernel",
            "num_attention_heads",
            "num_key_value_heads",
            "head_dim",
        ]:
            value = raw.get(key)
            if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
                raise ConfigError(f"{where}: {key} is {value!r}, expected a positive whole number.")
            sizes[key] = value
        config = cls(
            pattern=_pattern(raw, where),
            **sizes,
            layer_norm_epsilon=float(raw.get("layer_norm_epsilon", raw.get("rms_norm_eps", 1e-5))),
            chunk_size=int(raw.get("chunk_size", 128)),
            max_position_embeddings=int(raw.get("max_position_embeddings", 262144)),
            eos_token_ids=_eos(raw.get("eos_token_id", 2)),
        )
        if config.mamba_num_heads % config.n_groups or config.num_attention_heads % config.num_key_value_heads:
            raise ConfigError(
                f"{where}: heads must divide into groups, found mamba {config.mamba_num_heads}/{config.n_groups}, "
                f"attention {config.num_attention_heads}/{config.num_key_value_heads}."
            )
        for flag in ("use_bias", "attention_bias", "mlp_bias", "mamba_proj_bias", "tie_word_embeddings"):
            if raw.get(flag):
                raise ConfigError(
                    f"{where}: {flag} is set; this engine covers the published models, which leave it off."
                )
        if raw.get("mlp_hidden_act", "relu2") != "relu2" or raw.get("mamba_hidden_act", "silu") != "silu":
            raise ConfigError(f"{where}: activations must be relu2 (MLP) and silu (Mamba).")
        return config

    def to_dict(self) -> dict[str, Any]:
        """The config.json that NVIDIA's tools and `transformers` read."""
        out = {k: v for k, v in self.__dict__.items() if k not in ("pattern", "eos_token_ids")}
        return out | {
            "model_type": "nemotron_h",
            "architectures": ["NemotronHForCausalLM"],
            "hybrid_override_pattern": self.pattern,
            "num_hidden_layers": len(self.pattern),
            "eos_token_id": list(self.eos_token_ids),
            "use_conv_bias": True,
            "mlp_hidden_act": "relu2",
            "mamba_hidden_act": "silu",
            "tie_word_embeddings": False,
        }


def _pattern(raw: dict[str, Any], where: str) -> str:
    pattern = raw.get("hybrid_override_pattern")
    if pattern is None:
        blocks = raw.get("layers_block_type") or []
        pattern = "".join(_BLOCK_LETTER.get(str(block), "?") for block in blocks)
    if not isinstance(pattern, str) or not pattern or set(pattern) - {MAMBA, ATTENTION, MLP}:
        raise ConfigError(
            f"{where}: layer pattern is {pattern!r}, expected letters M (Mamba-2), * (attention), - (MLP)."
        )
    return pattern


def _eos(value: Any) -> tuple[int, ...]:
    return tuple(int(v) for v in value) if isinstance(value, list) else (int(value),)
