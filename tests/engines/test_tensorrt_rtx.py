# SPDX-License-Identifier: Apache-2.0
"""The graphs in a real builder of NVIDIA's: TensorRT for RTX, which comes from its package and builds without a GPU.

It takes no plugins, so the operators keep their bodies here, and it cannot run what it builds without a driver.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from appliance.models import HOME_MODEL
from engines.build import BuildError, Session
from engines.bundle import GRAPH
from engines.export import export
from engines.nemotron_h.checkpoint import expected_tensors
from engines.nemotron_h.config import NemotronHConfig
from engines.plan import MIB, NANO_4B
from engines.tensor_file import Writer
from engines.tensorrt_engine import EngineShape
from engines.tensorrt_graph import tensorrt_model
from tests.engines.small import config, fp8_folder, model

trt = pytest.importorskip("tensorrt_rtx")
TARGETS = ["SM89", "SM120", "SM121"]
CONTEXT = 256


def for_gpu(settings: Any, sm: str) -> Any:
    settings.num_compute_capabilities = 1
    assert settings.set_compute_capability(getattr(trt.ComputeCapability, sm), 0)
    return settings


def built(folder: Path, dtype: str, sm: str, chunk: int, out: Path, context: int = CONTEXT) -> int:
    """Bytes of the engine that this project's own build makes, with both profiles."""
    with Session(trt) as session:
        session.parse(tensorrt_model(folder, dtype, context, plugins=False), folder / GRAPH)
        session.build(for_gpu(session.settings(EngineShape(dtype, context, chunk), 512 * MIB), sm), out)
    return out.stat().st_size


def matrices(c: NemotronHConfig, bytes_each: int) -> int:
    return bytes_each * sum(int(np.prod(shape)) for shape in expected_tensors(c).values() if len(shape) == 2)


@pytest.mark.parametrize(("sm", "length"), [("SM89", 1), ("SM120", 64), ("SM121", 1)])
def test_the_exported_graph_with_its_function_bodies_builds_at_fixed_lengths(sm: str, length: int) -> None:
    with Session(trt) as session:
        parser = trt.OnnxParser(session._network, session._logger)
        assert parser.parse_from_file(str(HOME_MODEL / GRAPH))
        settings = for_gpu(session._builder.create_builder_config(), sm)
        profile = session._builder.create_optimization_profile()
        profile.set_shape("tokens", *[(length,)] * 3)
        profile.set_shape_input("total", *[(length,)] * 3)
        profile.set_shape_input("keep", *[(1,)] * 3)
        for i in range(session._network.num_inputs):
            tensor = session._network.get_input(i)
            if tensor.name.startswith(("key.", "value.")):
                profile.set_shape(tensor.name, *[tuple(CONTEXT if n < 0 else n for n in tensor.shape)] * 3)
        assert settings.add_optimization_profile(profile) == 0
        assert session._builder.build_serialized_network(session._network, settings), session.said


@pytest.mark.parametrize(("sm", "dtype"), [("SM89", "fp16"), ("SM120", "bf16"), ("SM121", "bf16")])
def test_the_home_model_builds_with_a_profile_for_one_token_and_one_for_many(
    sm: str, dtype: str, tmp_path: Path
) -> None:
    c = NemotronHConfig.from_folder(HOME_MODEL)
    size = built(HOME_MODEL, dtype, sm, c.chunk_size, tmp_path / "engine")
    assert matrices(c, 2) < size < 2 * matrices(c, 4)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four layers of every kind at the 4B's widths, random, with a small vocabulary."""
    folder = tmp_path_factory.mktemp("wide")
    c = replace(NANO_4B, pattern="M-*-", vocab_size=512, max_position_embeddings=8192)
    shapes = {name: ("BF16", shape) for name, shape in expected_tensors(c).items()}
    writer, rng = Writer(folder / "model.safetensors", shapes), np.random.default_rng(0)
    some = (rng.standard_normal(1 << 20).astype(np.float32) * 0.02).view(np.uint32) >> 16
    for name, (_, shape) in shapes.items():
        # Equal tensors would be stored once.
        writer.write(name, [np.resize(np.roll(some.astype(np.uint16), int(rng.integers(1 << 20))), shape)])
    writer.close()
    (folder / "config.json").write_text(json.dumps(c.to_dict()))
    return export(folder)


@pytest.mark.parametrize("sm", TARGETS)
def test_four_layers_at_the_4bs_widths_build(sm: str, wide: Path, tmp_path: Path) -> None:
    c = NemotronHConfig.from_folder(wide)
    size = built(wide, "bf16", sm, c.chunk_size, tmp_path / "engine", context=8192)
    # Both profiles share the weights, and these stay in 16 bits.
    assert matrices(c, 2) < size < 1.2 * matrices(c, 2)


@pytest.fixture(scope="module")
def quantized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network exported as selective FP8 and as INT4 in groups."""
    folder = tmp_path_factory.mktemp("quantized")
    (folder / "checkpoint").mkdir()
    sizes = config(pattern="M-M*-M-", hidden_size=128, intermediate_size=256, head_dim=32, vocab_size=256)
    fp8_folder(folder / "checkpoint", model(sizes))
    for scheme in ("fp8", "int4g"):
        export(folder / "checkpoint", folder / scheme, scheme)
    return folder


@pytest.mark.parametrize("sm", TARGETS)
def test_fp8_builds(sm: str, quantized: Path, tmp_path: Path) -> None:
    assert built(quantized / "fp8", "bf16", sm, 16, tmp_path / "engine")


def test_fp8_is_refused_by_name_on_a_gpu_without_it_and_int4_builds_there(quantized: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"could not build the engine.*sm86.*fp8_e4m3"):
        built(quantized / "fp8", "fp16", "SM86", 16, tmp_path / "engine")
    assert not (tmp_path / "engine").exists()
    assert built(quantized / "int4g", "fp16", "SM86", 16, tmp_path / "engine")


def test_a_layer_that_cannot_be_taken_is_named() -> None:
    with (
        Session(trt) as session,
        pytest.raises(BuildError, match=r"layer CausalConv_\d+\S* \(CausalConv\): .*Plugin not found"),
    ):
        session.parse(tensorrt_model(HOME_MODEL, "bf16", CONTEXT), HOME_MODEL / GRAPH)


@pytest.mark.parametrize("kind", ["BFLOAT16", "FLOAT8E4M3FN"])
def test_a_cache_of_fp8_is_refused_which_is_why_it_is_kept_in_16_bits(kind: str) -> None:
    cache, new, at, after = (
        helper.make_tensor_value_info(name, getattr(TensorProto, of), shape)
        for name, of, shape in (
            ("cache", kind, [1, 2, 64, 64]),
            ("new", kind, [1, 2, 1, 64]),
            ("at", "INT64", [1]),
            ("after", kind, [1, 2, 64, 64]),
        )
    )
    node = helper.make_node("TensorScatter", ["cache", "new", "at"], ["after"], axis=-2, mode="linear")
    graph = helper.make_graph([node], "cache", [cache, new, at], [after])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 24)], ir_version=11)
    refusal = pytest.raises(BuildError, match="cache has type FP8 but must have type Float, Half, or BFloat16")
    with Session(trt) as session, nullcontext() if kind == "BFLOAT16" else refusal:
        session.parse(made, Path("cache.onnx"))


def test_a_build_tells_how_far_it_is_and_stays_small_where_memory_is(tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    with Session(trt, lambda *step: steps.append(step)) as session:
        session.parse(tensorrt_model(HOME_MODEL, "fp16", CONTEXT, plugins=False), HOME_MODEL / GRAPH)
        settings = for_gpu(session.settings(EngineShape("fp16", CONTEXT, 64), 64 * MIB, small=True), "SM89")
        assert settings.get_memory_pool_limit(trt.MemoryPoolType.WORKSPACE) == 64 * MIB
        assert (settings.max_aux_streams, session._builder.max_threads) == (0, 1)
        session.build(settings, tmp_path / "engine")
    assert ("Building engine", 0, 6) in steps and ("Building engine", 6, 6) in steps
    assert all(0 <= done <= total for _, done, total in steps)


def test_a_real_build_ends_when_it_is_told_to(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def stop(what: str, done: int, total: int) -> None:
        raise Enough

    with Session(trt, stop) as session:
        session.parse(tensorrt_model(HOME_MODEL, "fp16", CONTEXT, plugins=False), HOME_MODEL / GRAPH)
        settings = for_gpu(session.settings(EngineShape("fp16", CONTEXT, 64), 64 * MIB), "SM89")
        with pytest.raises(Enough):
            session.build(settings, tmp_path / "engine")
    assert not (tmp_path / "engine").exists()
