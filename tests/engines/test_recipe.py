# SPDX-License-Identifier: Apache-2.0
"""Which layer gets what: the published list for the 4B, and the rule for every other order of layers."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from engines import quantize, recipe
from engines.nemotron_h.checkpoint import expected_tensors
from engines.nemotron_h.config import NemotronHConfig
from engines.plan import NANO_4B, weight_bytes
from tests.engines import small

PATTERNS = st.text("M*-", min_size=1, max_size=12)
SIZES = st.sampled_from([24, 32, 64, 96, 160])


def all_bf16(config: NemotronHConfig) -> dict[str, str]:
    return dict.fromkeys(expected_tensors(config), "BF16")


def test_the_4b_gets_the_published_exclude_list() -> None:
    """Attention is at 12, 17, 24 and 32, a Mamba layer in front of each; in the list's form."""
    conv = [0, 2, 4, 6, 7, 9, 11, 14, 16, 19, 21, 23, 26, 28, 30, 31, 34, 35, 36, 38, 40]
    expected = {f"backbone.layers.{i}.mixer.{one}_proj" for i in (12, 17, 24, 32) for one in "qkvo"}
    expected |= {f"backbone.layers.{i}.mixer.{one}_proj" for i in (11, 16, 23, 31) for one in ("in", "out")}
    expected |= {f"backbone.layers.{i}.mixer.conv1d" for i in conv} | {"lm_head"}
    found = recipe.excluded(NANO_4B)
    assert set(found) == expected and len(found) == len(expected)


def test_the_4b_in_fp8_has_the_size_of_the_published_checkpoint() -> None:
    """5.3 GB; and what `plan` reckons, which counts two fp32 scales a matrix."""
    forms = recipe.forms(NANO_4B, "fp8", all_bf16(NANO_4B))
    size = sum(
        math.prod(shape) * (1 if forms[name] == quantize.E4M3 else 2)
        for name, shape in expected_tensors(NANO_4B).items()
    )
    assert round(size / 1e9, 1) == 5.3
    assert size + 8 * len(recipe.fp8_modules(NANO_4B)) == weight_bytes(NANO_4B, "fp8")[0]


def test_all_of_the_4b_divides_into_groups_of_64() -> None:
    forms = recipe.forms(NANO_4B, "int4g", all_bf16(NANO_4B))
    assert set(forms.values()) == {quantize.INT4[64], quantize.STORED}
    assert forms["lm_head.weight"] == quantize.INT4[64]


@settings(deadline=None)
@given(PATTERNS, SIZES, SIZES)
def test_fp8_leaves_attention_and_the_mamba_layer_before_it_alone(pattern: str, hidden: int, ffn: int) -> None:
    config = small.config(pattern=pattern, hidden_size=hidden, intermediate_size=ffn)
    forms = recipe.forms(config, "fp8", all_bf16(config))
    for i, kind in enumerate(pattern):
        kept = kind == "*" or (kind == "M" and pattern[i + 1 : i + 2] == "*")
        for name in (name for name in forms if name.startswith(f"backbone.layers.{i}.")):
            small_part = any(part in name for part in ("norm", "conv1d", "A_log", "dt_bias", ".D"))
            assert forms[name] == (quantize.STORED if kept or small_part else quantize.E4M3)
    assert forms["lm_head.weight"] == forms["backbone.embeddings.weight"] == quantize.STORED


@settings(deadline=None)
@given(PATTERNS, SIZES, SIZES)
def test_what_is_quantized_and_what_is_excluded_are_all_linear_layers(pattern: str, hidden: int, ffn: int) -> None:
    config = small.config(pattern=pattern, hidden_size=hidden, intermediate_size=ffn)
    quantized, excluded = recipe.fp8_modules(config), recipe.excluded(config)
    assert not set(quantized) & set(excluded)
    weights = {name.removesuffix(".weight") for name, shape in expected_tensors(config).items() if len(shape) > 1}
    assert set(quantized) | set(excluded) == weights - {"backbone.embeddings"}
    assert len(recipe.scale_names(config)) == 2 * len(quantized) + 2 * pattern.count("*")


@settings(deadline=None)
@given(PATTERNS, SIZES, SIZES, st.sampled_from(["BF16", "F16", "F32"]))
def test_int4_groups_divide_their_rows_and_touch_linear_layers_alone(
    pattern: str, hidden: int, ffn: int, dtype: str
) -> None:
    config = small.config(pattern=pattern, hidden_size=hidden, intermediate_size=ffn)
    shapes = expected_tensors(config)
    for name, form in recipe.forms(config, "int4g", dict.fromkeys(shapes, dtype)).items():
        columns = shapes[name][-1]
        if len(shapes[name]) != 2:
            assert form == quantize.STORED
        elif name != "backbone.embeddings.weight" and columns % 32 == 0:
            assert form == quantize.INT4[64 if columns % 64 == 0 else 32]
        else:  # fp32 becomes 16 bits where nothing smaller fits
            assert form == (quantize.BF16 if dtype == "F32" else quantize.STORED)


def test_an_fp8_checkpoint_keeps_its_own_choice_of_layers() -> None:
    config = small.config()
    stored = all_bf16(config) | {"backbone.layers.1.mixer.up_proj.weight": "F8_E4M3"}
    forms = recipe.forms(config, "fp8", stored)
    assert [name for name, form in forms.items() if form == quantize.E4M3] == ["backbone.layers.1.mixer.up_proj.weight"]


def test_who_got_what_is_told_a_line_a_form() -> None:
    forms = recipe.forms(NANO_4B, "fp8", all_bf16(NANO_4B))
    lines = recipe.told({name: form for name, form in forms.items() if name.endswith("_proj.weight")})
    assert len(lines) == 2
    assert lines[0].startswith(
        "E4M3: in_proj, out_proj of 0, 2, 4, 6-7, 9, 14, 19, 21, 26, 28, 30, 34-36, 38, 40; up_proj"
    )
    assert (
        lines[1] == "as stored: in_proj, out_proj of 11, 16, 23, 31; q_proj, k_proj, v_proj, o_proj of 12, 17, 24, 32"
    )
