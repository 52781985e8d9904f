# SPDX-License-Identifier: Apache-2.0
"""Engines are built whole or not at all. TensorRT and the GPU are stubs (`tests/tensorrt_stub`)."""

from __future__ import annotations

import _thread
import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines import build as building
from engines import store
from engines.bundle import GRAPH, read_manifest, write_manifest
from engines.errors import EngineError
from engines.nemotron_h.config import NemotronHConfig
from engines.plan import GIB, MIB, NANO_4B
from engines.tensorrt_graph import tensorrt_model

pytest.importorskip("cuda.bindings.driver")
from tests.tensorrt_stub import trt
from tests.tensorrt_stub.gpu import Gpu
from tests.tensorrt_stub.machine import CONTEXT


def test_an_engine_bundle_holds_what_it_needs_and_no_weights(made: Path, source: Path) -> None:
    assert {path.name for path in made.iterdir()} == {
        *("model.engine", "manifest.json", "config.json", "tokenizer.json", "chat_template.jinja"),
        "reference.safetensors",
    }
    manifest = store.check_files(made)
    assert manifest["runs_on"] == {"runtime": "tensorrt", "sm": "87", "tensorrt": "10.16"}
    assert {key: manifest["recipe"][key] for key in ("dtype", "context", "chunk")} == {
        "dtype": "fp16",
        "context": CONTEXT,
        "chunk": NemotronHConfig.from_folder(source).chunk_size,
    }
    assert (made.parent / "timing.sm87.tensorrt10.16.cache").read_bytes() == b"measured"
    assert sorted(path.name for path in made.parent.iterdir()) == ["engine", "timing.sm87.tensorrt10.16.cache"]


def test_a_timing_cache_of_another_gpu_is_told_and_replaced(
    gpu: Gpu, source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = tmp_path / "timing.sm87.tensorrt10.16.cache"
    cache.write_bytes(b"of another GPU")
    steps: list[tuple[str, int, int]] = []
    building.build(source, tmp_path / "out", context=CONTEXT, progress=lambda *step: steps.append(step))
    assert "of another TensorRT or GPU" in caplog.text
    assert cache.read_bytes() == b"measured"
    assert steps == [("Building engine", 0, 2), ("Building engine", 2, 2), ("Building engine", 2, 2)]


def test_a_layer_that_cannot_be_built_is_named_and_nothing_is_left(gpu: Gpu, source: Path, tmp_path: Path) -> None:
    nodes = tensorrt_model(source, "fp16", CONTEXT).graph.node
    broken = [node.name for node in nodes if node.op_type == "SelectiveScan"][1]
    trt.INetworkDefinition.broken = broken
    words = rf"at layer {re.escape(broken)}: Error Code 10: no implementation for node {re.escape(broken)}\.$"
    with pytest.raises(building.BuildError, match=words):
        building.build(source, tmp_path / "out", context=CONTEXT)
    assert not list(tmp_path.iterdir())


def test_an_engine_that_computes_something_else_never_comes_into_being(
    gpu: Gpu, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = trt.IExecutionContext._compute

    def wrong(self: Any, count: int, addresses: dict[str, int]) -> None:
        right(self, count, addresses)
        name = "ssm.0"  # one layer's state a little off, as a miscompiled kernel would have it
        gpu.view(addresses[name], 4 * 64 * 64 * 8).view(np.float32)[:] *= 1.5

    monkeypatch.setattr(trt.IExecutionContext, "_compute", wrong)
    with pytest.raises(EngineError, match="must not be used here: logits differ"):
        building.build(source, tmp_path / "out", context=CONTEXT)
    assert [path.name for path in tmp_path.iterdir()] == ["timing.sm87.tensorrt10.16.cache"]
    assert not gpu.allocated


def test_ctrl_c_ends_a_build_that_would_not_end_and_nothing_is_left(
    gpu: Gpu, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trt.Builder, "endless", True)
    pressed = False

    def press(what: str, done: int, total: int) -> None:
        nonlocal pressed
        if not pressed:
            pressed = True
            _thread.interrupt_main()

    with pytest.raises(KeyboardInterrupt):
        building.build(source, tmp_path / "out", context=CONTEXT, progress=press)
    assert not list(tmp_path.iterdir())


def test_a_terminal_that_is_gone_ends_the_build_and_not_the_process(gpu: Gpu, source: Path, tmp_path: Path) -> None:
    def gone(what: str, done: int, total: int) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        building.build(source, tmp_path / "out", context=CONTEXT, progress=gone)
    assert not list(tmp_path.iterdir())


def test_a_source_without_reference_and_a_folder_in_use_are_refused(gpu: Gpu, source: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(source, bare)
    (bare / store.REFERENCE).unlink()
    with pytest.raises(EngineError, match=r"no engine of it can be checked: python -m engines reference"):
        building.build(bare, tmp_path / "out", context=CONTEXT)
    with pytest.raises(EngineError, match="is there already"):
        building.build(source, bare, context=CONTEXT)


def test_fp8_is_refused_on_orin_with_what_to_do(gpu: Gpu, source: Path, tmp_path: Path) -> None:
    fp8 = tmp_path / "fp8"
    shutil.copytree(source, fp8)
    write_manifest(fp8, {**read_manifest(fp8), "recipe": {"scheme": "fp8"}})
    with pytest.raises(EngineError, match=r"FP8, which SM 87 does not have\..*--quantize int4g"):
        building.build(fp8, tmp_path / "out", context=CONTEXT)


def test_the_workspace_is_bounded_by_what_plan_says_is_free() -> None:
    weights = 2_200_000_000
    on_orin = building.workspace_bytes(NANO_4B, weights, 8192, 7 * GIB, "orin-nano")
    assert building.MIN_WORKSPACE <= on_orin < building.workspace_bytes(NANO_4B, weights, 8192, 7 * GIB)
    assert building.workspace_bytes(NANO_4B, weights, 8192, 120 * GIB, "thor") == building.MAX_WORKSPACE
    assert building.workspace_bytes(NANO_4B, weights, 8192, 2 * weights + 600 * MIB) < 300 * MIB
    with pytest.raises(EngineError, match=r"weights twice \(8\.00 GB\).*7\.52 GB are free\. Stop other programs"):
        building.workspace_bytes(NANO_4B, 4_000_000_000, 8192, 7 * GIB, "orin-nano")


def test_the_workaround_for_sm_110_joins_what_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("__LUNOWUD", "-other")
    building.guard_against_miscompile(87)
    assert os.environ["__LUNOWUD"] == "-other"
    for _ in range(2):
        building.guard_against_miscompile(110)
        assert os.environ["__LUNOWUD"] == "-other -peep:fc_h_fusion=off"


@pytest.mark.parametrize("width", [30, 80])
def test_the_progress_line_fits_the_terminal(width: int) -> None:
    what = "Tactic selection of {ForeignNode[a...backbone.layers.12.norm.weight]}"
    line = building.progress_line(what, 7, 1200, 83, width)
    assert len(line) < width
    assert line.startswith("building: Tac") and line.endswith(" 7/1200, 83 s")


def test_operators_that_only_onnxruntime_has_are_refused_with_what_to_do(source: Path, tmp_path: Path) -> None:
    import onnx

    shutil.copy(source / "config.json", tmp_path)
    model = onnx.load(source / GRAPH, load_external_data=False)
    next(node for node in model.graph.node if node.op_type == "Linear").domain = "com.microsoft"
    (tmp_path / GRAPH).write_bytes(model.SerializeToString())
    words = r"operators that only onnxruntime knows: Linear\..*--quantize bf16, fp8 or int4g"
    with pytest.raises(EngineError, match=words):
        tensorrt_model(tmp_path, "fp16", CONTEXT)
    (tmp_path / GRAPH).unlink()
    with pytest.raises(EngineError, match=r"has no model\.onnx\. `python -m engines export"):
        tensorrt_model(tmp_path, "fp16", CONTEXT)
