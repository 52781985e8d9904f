# SPDX-License-Identifier: Apache-2.0
"""Which matrix is stored how: the schemes, each found from the order of the layers and never from a list of numbers.

`fp8` is the recipe of NVIDIA's published Nemotron 3 checkpoints: attention layers, the Mamba layer directly in front of
each, every conv1d, embedding and lm_head stay in 16 bits; every other linear layer is E4M3, weights and inputs, with a
calibrated scale a tensor; keys and values are E4M3 too. `int4g`, for GPUs without FP8 (Jetson Orin): all linear layers
in 4 bits, in groups. In every scheme norms, conv1d and the parameters of the scan (A_log, D, dt_bias) stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engines.nemotron_h.checkpoint import expected_tensors
from engines.nemotron_h.config import ATTENTION, MAMBA, NemotronHConfig
from engines.plan import kept_layers
from engines.quantize import BF16, BITS_4, BITS_8, E4M3, INT4, STORED

SCHEMES = {
    "8": "8 bits in blocks, for onnxruntime",
    "4": "4 bits in blocks, for onnxruntime",
    "bf16": "16 bits, what other schemes are compared with",
    "fp8": "selective FP8 (E4M3), for TensorRT",
    "int4g": "4 bits in groups, for TensorRT on Orin",
}
_LAYER = "backbone.layers."


def forms(config: NemotronHConfig, scheme: str | None, stored: Mapping[str, str]) -> dict[str, str]:
    """How each weight is stored: name -> a form of `engines/quantize.py`.

    Args:
        config: of the network.
        scheme: one of SCHEMES; None leaves everything as it is.
        stored: name -> dtype in the checkpoint. A checkpoint that is FP8 already keeps its own choice of layers.
    """
    published = "F8_E4M3" in stored.values()
    chosen = set(fp8_modules(config)) if scheme == "fp8" else set()
    out = {}
    for name, shape in expected_tensors(config).items():
        module = name.removesuffix(".weight")
        linear = len(shape) == 2 and not name.startswith("backbone.embeddings")
        form = STORED
        if linear and scheme in ("8", "4"):
            form = {"8": BITS_8, "4": BITS_4}[scheme]
        elif linear and scheme == "int4g" and group(shape[1]):
            form = INT4[group(shape[1])]
        elif scheme == "fp8" and (stored[name] == "F8_E4M3" if published else module in chosen):
            form = E4M3
        elif scheme in ("bf16", "fp8", "int4g") and len(shape) == 2 and stored[name] in ("F32", "F8_E4M3"):
            form = BF16
        out[name] = form
    return out


def group(columns: int) -> int:
    """Values of a row that share a scale in INT4: 64, or 32 where 64 does not divide; 0 where neither does."""
    return next((size for size in INT4 if columns % size == 0), 0)


def fp8_modules(config: NemotronHConfig) -> list[str]:
    """The linear layers that selective FP8 quantizes, as `backbone.layers.0.mixer.in_proj`."""
    kept = {f"{_LAYER}{i}.mixer" for i in kept_layers(config)}
    return [name for name in _linears(config) if name != "lm_head" and name.rpartition(".")[0] not in kept]


def excluded(config: NemotronHConfig) -> list[str]:
    """What selective FP8 leaves alone, in the form of `exclude_modules` in a published `hf_quant_config.json`."""
    quantized = set(fp8_modules(config))
    convolutions = [f"{_LAYER}{i}.mixer.conv1d" for i in config.layers(MAMBA)]
    return [name for name in _linears(config) if name not in quantized] + convolutions


def scale_names(config: NemotronHConfig) -> list[str]:
    """The scales that selective FP8 needs, as published checkpoints name them."""
    names = [f"{module}.{kind}_scale" for module in fp8_modules(config) for kind in ("weight", "input")]
    return names + [f"{_LAYER}{i}.mixer.{one}_proj.{one}_scale" for i in config.layers(ATTENTION) for one in "kv"]


def told(chosen: Mapping[str, str]) -> list[str]:
    """Who got what, for people: `E4M3: in_proj, out_proj of 0, 2, 4; up_proj of 1, 3`, a line a form."""
    lines: dict[str, dict[str, list[int]]] = {}
    for name, form in chosen.items():
        module = name.removesuffix(".weight")
        inside = module.startswith(_LAYER)
        number, leaf = (module.removeprefix(_LAYER).partition(".mixer.")[::2]) if inside else ("-1", module)
        lines.setdefault(form, {}).setdefault(leaf, []).append(int(number))
    out = []
    for form, leaves in lines.items():
        together: dict[tuple[int, ...], list[str]] = {}
        for leaf, numbers in leaves.items():
            together.setdefault(tuple(numbers), []).append(leaf)
        words = [
            ", ".join(names) + ("" if numbers == (-1,) else f" of {_ranges(numbers)}")
            for numbers, names in together.items()
        ]
        out.append(f"{form}: {'; '.join(words)}")
    return out


def _linears(config: NemotronHConfig) -> list[str]:
    return [
        name.removesuffix(".weight")
        for name, shape in expected_tensors(config).items()
        if len(shape) == 2 and not name.startswith("backbone.embeddings")
    ]


def _ranges(numbers: Iterable[int]) -> str:
    """0, 1, 2, 5 -> `0-2, 5`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
