# SPDX-License-Identifier: Apache-2.0
"""FP8 and INT4 graphs in onnxruntime against what their stored bytes mean in NumPy, and the file of scales."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from engines import quantize, recipe, scales, tensor_file
from engines.bundle import FUSED_GRAPH, GRAPH, MANIFEST
from engines.errors import EngineError
from engines.export import export
from engines.nemotron_h.checkpoint import Checkpoint
from engines.nemotron_h.config import NemotronHConfig
from engines.nemotron_h.model import NemotronH
from engines.runtimes.onnxruntime import OnnxRuntime
from tests.engines import small

FUSED = tuple(map(int, onnxruntime.__version__.split(".")[:2])) >= (1, 31)
INPUT_SCALE, KEY_SCALE, VALUE_SCALE = 0.01, 0.003, 0.002


def checkpoint(where: Path, **changes: object) -> Path:
    """A BF16 checkpoint of 96 and 160 columns, which 32 divides, with a file of scales beside it."""
    where.mkdir()
    made = small.model(small.config(**changes))
    folder = small.folder(where, small.rounded(made, torch.bfloat16), torch.bfloat16)
    read = Checkpoint(folder)
    values = {}
    for name in recipe.scale_names(read.config):
        fixed = {"input_scale": INPUT_SCALE, "k_scale": KEY_SCALE, "v_scale": VALUE_SCALE}
        weight = name.removesuffix("_scale")
        values[name] = fixed.get(name.rpartition(".")[2]) or float(np.abs(read.float32(weight)).max()) / 448
    scales.write(folder / scales.SCALES, read, values, {"by": "the test"})
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("quantize") / "checkpoint")


def meant(bundle: Path) -> dict[str, NDArray[np.float32]]:
    """The weights that a bundle's bytes stand for, decoded here and not by the code under test."""
    stored = tensor_file.read(bundle / "weights.safetensors")[0]
    graph = onnx.load(bundle / GRAPH, load_external_data=False).graph
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer if not t.external_data}
    scale_of = {n.input[0]: n.input[1] for n in graph.node if n.op_type == "DequantizeLinear"}
    out = {}
    for name, tensor in stored.items():
        base, _, form = name.rpartition(".")
        raw = np.asarray(tensor.raw())
        if form == "int4":
            codes = np.stack([raw & 15, raw >> 4], -1).reshape(len(raw), -1).astype(np.int32)
            codes = np.where(codes > 7, codes - 16, codes)
            factor = np.asarray(stored[f"{base}.scales"].raw())
            factor = np.repeat(factor, codes.shape[1] // factor.shape[1], axis=1)
            out[base] = (codes.astype(np.float16) * factor).astype(np.float32)
        elif form == "e4m3":
            values = torch.from_numpy(raw.copy()).view(torch.float8_e4m3fn).float().numpy()
            out[base] = values * constants[scale_of[name]]
        elif form != "scales":
            out[name.removesuffix(".bf16")] = tensor.float32()
    return out


def e4m3(x: NDArray[Any], scale: float) -> NDArray[np.float32]:
    """Rounded as the graph rounds."""
    nearest = torch.from_numpy(np.clip(np.asarray(x, np.float32) / np.float32(scale), -448, 448))
    return nearest.to(torch.float8_e4m3fn).float().numpy() * np.float32(scale)


def logits(bundle: Path, tokens: list[int], *, fused: bool | None = None) -> NDArray[np.float32]:
    runtime = OnnxRuntime(bundle, fused=fused)
    state = runtime.empty_state()
    return np.concatenate(
        [runtime.step(tokens[:9], state, keep=9), runtime.step(tokens[9:], state, keep=len(tokens) - 9)]
    )


@pytest.mark.parametrize("scheme", ["fp8", "int4g", "bf16"])
def test_a_graph_of_mlps_is_its_formula_in_numpy(tmp_path: Path, scheme: str) -> None:
    bundle = export(checkpoint(tmp_path / "checkpoint", pattern="--"), tmp_path / scheme, scheme)
    w, eps, tokens = meant(bundle), 1e-5, np.arange(40, 60)

    def norm(x: NDArray[Any], weight: str) -> NDArray[Any]:
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) * w[weight]

    def rounded(x: NDArray[Any]) -> NDArray[Any]:
        return e4m3(x, INPUT_SCALE) if scheme == "fp8" else x

    x = w["backbone.embeddings.weight"][tokens]
    for i in (0, 1):
        at = f"backbone.layers.{i}"
        up = np.maximum(rounded(norm(x, f"{at}.norm.weight")) @ w[f"{at}.mixer.up_proj.weight"].T, 0)
        x = x + rounded(up**2) @ w[f"{at}.mixer.down_proj.weight"].T
    want = norm(x, "backbone.norm_f.weight") @ w["lm_head.weight"].T
    got = logits(bundle, tokens.tolist(), fused=False)
    # A value at the border of two E4M3 numbers may fall to either side.
    assert np.abs(got - want).max() <= (2e-3 if scheme == "fp8" else 1e-5) * np.abs(want).max()
    assert np.abs(got - want).mean() <= 1e-4 * np.abs(want).mean()


def network(bundle: Path, scheme: str) -> NemotronH:
    """The PyTorch reference with the stored weights and, for fp8, with rounded inputs, keys and values."""
    made = NemotronH(NemotronHConfig.from_folder(bundle)).eval()
    made.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in meant(bundle).items()})
    if scheme != "fp8":
        return made

    def through(scale: float) -> Any:
        return lambda x: torch.from_numpy(e4m3(x.detach().numpy(), scale))

    for name in recipe.fp8_modules(made.config):
        made.get_submodule(name).register_forward_pre_hook(lambda _, x: through(INPUT_SCALE)(x[0]))
    for i in made.config.layers("*"):
        for one, scale in (("k_proj", KEY_SCALE), ("v_proj", VALUE_SCALE)):
            module = made.get_submodule(f"backbone.layers.{i}.mixer.{one}")
            module.register_forward_hook(lambda _, __, y, to=scale: through(to)(y))
    return made


@pytest.mark.parametrize("fused", [False, pytest.param(True, marks=pytest.mark.skipif(not FUSED, reason="not here"))])
@pytest.mark.parametrize("scheme", ["fp8", "int4g", "bf16"])
def test_the_whole_network_is_the_reference_with_the_stored_weights(
    tmp_path: Path, source: Path, scheme: str, fused: bool
) -> None:
    bundle = export(source, tmp_path / scheme, scheme)
    reference, tokens = network(bundle, scheme), torch.randint(0, 211, (25,)).tolist()
    with torch.no_grad():
        want = reference.step(torch.tensor([tokens]), reference.empty_state())[0][0].numpy()
    got = logits(bundle, tokens, fused=fused)
    off = np.abs(got - want) / np.abs(want).max()
    assert off.max() <= (2e-2 if scheme == "fp8" else 1e-5) and off.mean() <= (1e-3 if scheme == "fp8" else 1e-6)


@pytest.mark.parametrize("file", [GRAPH, FUSED_GRAPH])
@pytest.mark.parametrize("scheme", ["fp8", "int4g"])
def test_onnxruntimes_optimizations_do_not_change_a_quantized_graph(
    tmp_path: Path, source: Path, scheme: str, file: str
) -> None:
    """They take such nodes for 8-bit integers wherever the graph lets them."""
    if not FUSED and (file == FUSED_GRAPH or scheme == "fp8"):
        pytest.skip("this onnxruntime has no fused operators, and reads FP8 right without optimizations alone")
    bundle = export(source, tmp_path / scheme, scheme)
    feeds: dict[str, NDArray[Any]] = {"tokens": np.arange(7), "total": np.array([7]), "keep": np.array([7])}
    outputs = []
    for level in ("ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_ALL"):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        session = onnxruntime.InferenceSession(bundle / file, options)
        state = {
            value.name: np.zeros([size if isinstance(size, int) else 16 for size in value.shape], np.float32)
            for value in session.get_inputs()
            if value.name not in feeds
        }
        outputs.append(session.run(["logits"], feeds | state)[0])
    # A value at the border of two E4M3 numbers may fall to either side.
    assert all(np.abs(other - outputs[0]).mean() <= 2e-3 * np.abs(outputs[0]).mean() for other in outputs[1:])


def test_what_the_cache_keeps_are_e4m3_numbers(tmp_path: Path, source: Path) -> None:
    runtime = OnnxRuntime(export(source, tmp_path / "fp8", "fp8"))
    state = runtime.empty_state()
    runtime.step(list(range(20)), state)
    arrays = runtime.snapshot(state).arrays
    for name, array in arrays.items():
        if name.startswith(("key.", "value.")):
            assert np.array_equal(array, e4m3(array, KEY_SCALE if name.startswith("key.") else VALUE_SCALE))
            assert len(np.unique(array)) > 50
    assert sum(name.startswith("key.") for name in arrays) == 2


def test_the_manifest_names_the_recipe(tmp_path: Path, source: Path) -> None:
    made = json.loads((export(source, tmp_path / "fp8", "fp8") / MANIFEST).read_text())["recipe"]
    assert (made["scheme"], made["cache"], made["calibration"]) == ("fp8", "E4M3", {"by": "the test"})
    fp8 = {name for name, form in made["forms"].items() if form == "E4M3"}
    assert fp8 == set(recipe.fp8_modules(NemotronHConfig.from_folder(source)))
    assert {made["forms"][name] for name in recipe.excluded(NemotronHConfig.from_folder(source))} == {"BF16"}


def test_a_published_fp8_checkpoint_is_taken_as_it_is(tmp_path: Path) -> None:
    """Its bytes are pointed to, its input scales stand in the graph, and there is nothing to calibrate."""
    folder, _ = small.fp8_folder(tmp_path, small.model(small.config()))
    export(folder, scheme="fp8")
    assert not (folder / "weights.safetensors").exists()
    graph = onnx.load(folder / GRAPH, load_external_data=False).graph
    places = {t.name: t.data_location for t in graph.initializer}
    assert places["backbone.layers.0.mixer.in_proj.weight"] == onnx.TensorProto.EXTERNAL
    quantized = [node for node in graph.node if node.op_type == "QuantizeLinear"]
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer if not t.external_data}
    assert len(quantized) == 2 * (3 + 3) and {float(constants[n.input[1]]) for n in quantized} == {np.float32(0.1)}
    assert np.isfinite(logits(folder, list(range(20)))).all()


def test_a_checkpoint_that_is_fp8_in_its_weights_alone_is_told(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder, _ = small.fp8_folder(tmp_path, small.model(small.config()))
    for path in folder.glob("model-*.safetensors"):
        save_file({k: v for k, v in load_file(path).items() if not k.endswith("input_scale")}, path)
    with pytest.raises(EngineError, match=r"lacks 12 scales of inputs, first backbone\.layers\.0\.mixer"):
        export(folder, tmp_path / "out", "fp8")


@pytest.mark.parametrize("group", [32, 64])
def test_int4_is_off_by_half_a_step_but_where_an_outlier_is_cut_off(group: int) -> None:
    weight = np.random.default_rng(0).normal(size=(9, 192)).astype(np.float32)
    packed, factors = quantize.quantize_groups(weight, group)
    form = quantize.INT4[group]
    assert [packed.shape, factors.shape] == [shape for _, shape in quantize.parts(form, weight.shape).values()]
    off = np.abs(quantize.dequantize_groups(packed, factors) - weight)
    steps = np.repeat(factors.astype(np.float32), group, axis=1)
    assert (off <= 0.5001 * steps).mean() > 0.95 and (factors > 0).all()
    # No worse than without cutting anything off.
    plain = np.repeat(np.abs(weight.reshape(9, -1, group)).max(2) / 7, group, axis=1)
    assert (off**2).mean() < ((np.rint(weight / plain) * plain - weight) ** 2).mean()


def test_int4_of_nothing_and_of_very_little_is_zero_and_no_scale_is() -> None:
    weight = np.zeros((2, 128), np.float32)
    weight[1] = 1e-12
    packed, factors = quantize.quantize_groups(weight, 64)
    assert not packed.any() and (factors == 1).all()


def test_e4m3_rounds_as_pytorch_does_and_stops_at_448() -> None:
    values = np.concatenate([np.linspace(-600, 600, 40001), np.geomspace(1e-5, 1, 20000)]).astype(np.float32)
    want = torch.from_numpy(np.clip(values / np.float32(0.7), -448, 448)).to(torch.float8_e4m3fn)
    assert np.array_equal(quantize.to_e4m3(values, 0.7), want.view(torch.uint8).numpy())


def damaged(folder: Path) -> None:
    path = folder / scales.SCALES
    path.write_text(path.read_text().replace('input_scale": 0.0', 'input_scale": 0.1', 1))


def cut(folder: Path) -> None:
    path = folder / scales.SCALES
    path.write_bytes(path.read_bytes()[:-200])


def other_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def one_missing(folder: Path) -> None:
    path = folder / scales.SCALES
    content = scales.read_sealed(path)
    del content["scales"]["backbone.layers.3.mixer.k_proj.k_scale"]
    scales.write_sealed(path, content)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (damaged, r"scales\.json is damaged: it is not what was written"),
        (cut, r"scales\.json is damaged"),
        (other_weights, r"was calibrated for other weights \(a checkpoint named 'checkpoint'\) than those of"),
        (one_missing, r"lacks 1 of \d+ scales, first backbone\.layers\.3\.mixer\.k_proj\.k_scale"),
        (lambda folder: (folder / scales.SCALES).unlink(), r"is not there, .* python -m engines calibrate"),
    ],
)
def test_scales_that_are_not_the_checkpoints_own_are_refused(tmp_path: Path, fault: Any, words: str) -> None:
    folder = checkpoint(tmp_path / "checkpoint", pattern="-M*")
    if fault is one_missing:
        folder = checkpoint(tmp_path / "another", pattern="-M-*")
    fault(folder)
    with pytest.raises(EngineError, match=words):
        export(folder, tmp_path / "out", "fp8")
    assert not (tmp_path / "out").exists()


def test_a_scheme_that_does_not_exist_is_told_with_those_that_do(tmp_path: Path, source: Path) -> None:
    with pytest.raises(EngineError, match="'fp4' here; allowed are 8, 4, bf16, fp8, int4g"):
        export(source, tmp_path / "out", "fp4")
