# SPDX-License-Identifier: Apache-2.0
"""Engines step as onnxruntime does, and refuse what they were not made for.

TensorRT and the GPU are stubs (`tests/tensorrt_stub`), which compute with onnxruntime what the graph for TensorRT says.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from appliance.models import HOME_MODEL
from engines import build as building
from engines import snapshot as files
from engines import tensor_file
from engines.bundle import GRAPH, write_manifest
from engines.errors import EngineError
from engines.generate import Context, Runtime, Sampling, Steering, write
from engines.language_model import load_tokenizer
from engines.open import open_model
from engines.runtimes.onnxruntime import OnnxRuntime
from engines.tensorrt_graph import tensorrt_model

driver = pytest.importorskip("cuda.bindings.driver")
from tests.tensorrt_stub import trt  # noqa: E402
from tests.tensorrt_stub.gpu import Gpu  # noqa: E402
from tests.tensorrt_stub.machine import CONTEXT, load, machine  # noqa: E402

KINDS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64}
PROMPT = "<|im_start|>user\nturn on the kitchen light and set it to 40 percent<|im_end|>\n<|im_start|>assistant\n" * 5


@pytest.fixture
def runtime(gpu: Gpu, made: Path) -> Iterator[Any]:
    loaded = load(made)
    trt.IExecutionContext.executed.clear()
    yield loaded
    loaded.close()
    assert not gpu.allocated and not gpu.pinned and not gpu.graphs


def written(runtime: Runtime, count: int) -> list[int]:
    tokenizer = load_tokenizer(HOME_MODEL)
    context = Context(runtime)
    # Without the closed reasoning, which every prompt of the home model ends with, a model may write nothing.
    logits = context.extend(tokenizer.encode(f"{PROMPT}<think></think>", add_special_tokens=False).ids)
    return list(write(context, logits, Sampling(max_tokens=count), Steering(tokenizer), cancelled=lambda: False))


def near(a: Any, b: Any, allowed: float = 0.02) -> bool:
    return bool(np.sqrt(np.mean((a - b) ** 2)) < allowed * np.std(b))


# Stepping


def test_it_writes_what_onnxruntime_writes(runtime: Any) -> None:
    tokens = written(runtime, 24)
    assert tokens == written(OnnxRuntime(HOME_MODEL, fused=False), 24)
    assert len(tokens) > 4


def test_an_engine_bundle_is_opened_and_talks_as_the_one_it_was_made_of(
    gpu: Gpu, made: Path, source: Path, tmp_path: Path
) -> None:
    messages = [{"role": "system", "content": "You help."}, {"role": "user", "content": "turn on the kitchen light"}]
    answers = []
    for folder in (made, source):
        model = open_model(str(folder), prefix_folder=tmp_path / folder.name)
        model.warm(messages[:1])
        answers.append(list(model.chat(messages, sampling=Sampling(max_tokens=12))))
        model.close()
    assert answers[0] == answers[1] and answers[0]
    assert len(list((tmp_path / made.name).glob("*.state"))) == 1
    assert not gpu.allocated


def test_prefill_and_decode_use_their_profiles_and_decode_becomes_a_graph(runtime: Any, gpu: Gpu) -> None:
    state = runtime.empty_state()
    runtime.step(range(20), state)
    rows = [runtime.step([token], state)[0] for token in range(100, 106)]
    # The first token runs plainly, the second is recorded, the others are that record.
    assert trt.IExecutionContext.executed == [(1, 20), (0, 1), (0, 1)]
    assert gpu.calls.count("cuGraphLaunch") == 5 and gpu.calls.count("cuGraphInstantiate") == 1
    reference = OnnxRuntime(HOME_MODEL, fused=False)
    other = reference.empty_state()
    reference.step(range(20), other)
    assert all(near(row, reference.step([token], other)[0]) for row, token in zip(rows, range(100, 106), strict=True))


def test_nothing_is_allocated_after_loading(runtime: Any, gpu: Gpu) -> None:
    before = set(gpu.allocated) | set(gpu.pinned)
    states = [runtime.empty_state() for _ in range(3)]
    for state in states * 2:
        runtime.step([1, 2, 3], state)
        runtime.step([4], state)
        runtime.snapshot(state)
    assert set(gpu.allocated) | set(gpu.pinned) == before


def test_states_take_turns_and_a_snapshot_is_returned_to_exactly(runtime: Any, tmp_path: Path) -> None:
    a, b = runtime.empty_state(), runtime.empty_state()
    runtime.step([5, 6, 7, 8], a)
    runtime.step([9, 10], b)
    kept = runtime.snapshot(a)
    assert kept.length == 4 and kept.arrays["key.3"].shape[2] == 4
    files.write(tmp_path / "state", kept, [5, 6, 7, 8], runtime.name)
    _, read = files.read(tmp_path / "state", runtime.name)
    wanted = runtime.step([11, 12], a)
    runtime.step([13], b)
    for way in (kept, read):
        assert np.array_equal(runtime.step([11, 12], runtime.resume(way)), wanted)
    reference = OnnxRuntime(HOME_MODEL, fused=False)
    other = reference.empty_state()
    reference.step([9, 10], other)
    assert near(runtime.step([14], b), [reference.step([t], other) for t in (13, 14)][1])


def test_an_empty_state_starts_anew_whatever_was_there(runtime: Any) -> None:
    first = runtime.step([5, 6, 7], runtime.empty_state())
    assert np.array_equal(runtime.step([5, 6, 7], runtime.empty_state()), first)
    empty = runtime.snapshot(runtime.empty_state())
    assert empty.length == 0 and not any(array.any() for array in empty.arrays.values())
    assert np.array_equal(runtime.step([5, 6, 7], runtime.resume(empty)), first)


def test_logits_of_several_tokens_are_those_of_each(runtime: Any) -> None:
    together = runtime.step([5, 6, 7, 8], runtime.empty_state(), keep=3)
    state = runtime.empty_state()
    apart = [runtime.step(part, state)[0] for part in ([5, 6], [7], [8])]
    assert together.shape[0] == 3 and np.array_equal(together, apart)


def test_too_many_tokens_are_refused_before_anything_happens(runtime: Any) -> None:
    state = runtime.empty_state()
    with pytest.raises(EngineError, match="65 tokens in one step; this engine reads 1 to 64"):
        runtime.step(range(65), state)
    for _ in range(CONTEXT // 64):
        runtime.step(range(64), state)
    with pytest.raises(EngineError, match=r"257 tokens; this engine has room for 256\..*--context"):
        runtime.step([1], state)
    assert runtime.snapshot(state).length == CONTEXT
    assert runtime.config.max_position_embeddings == CONTEXT


def test_a_snapshot_of_another_network_is_refused(runtime: Any) -> None:
    snapshot = runtime.snapshot(runtime.empty_state())
    wrong = files.Snapshot({**snapshot.arrays, "ssm.0": np.zeros((1, 2, 3, 4), np.float32)}, 0)
    with pytest.raises(EngineError, match=r"another network: ssm\.0 is float32 \[1, 2, 3, 4\], expected"):
        runtime.resume(wrong)


def test_bf16_is_rounded_as_elsewhere(gpu: Gpu) -> None:
    from engines.runtimes.tensorrt import _narrow, _widen

    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    values = (rng.standard_normal(10_000) * 10.0 ** rng.integers(-30, 30, 10_000)).astype(np.float32)
    values[:4] = [0.0, -0.0, 1.00390625, 1.01171875]  # the last two lie in the middle between two
    there = torch.from_numpy(values).to(torch.bfloat16)
    assert np.array_equal(_narrow(values, np.uint16, "bf16"), there.view(torch.uint16).numpy())
    assert np.array_equal(_widen(_narrow(values, np.uint16, "bf16"), "bf16"), there.float().numpy())


# What goes wrong


@pytest.mark.parametrize(
    ("sm", "version", "words"),
    [
        (110, trt.VERSION, r"made for sm 87 \(here: 110\)\. Make one here, of home_model: python -m engines build"),
        (87, "11.4.0.106", r"made for tensorrt 10\.16 \(here: 11\.4\)"),
    ],
)
def test_an_engine_of_another_machine_is_refused_with_the_command(
    made: Path, sm: int, version: str, words: str
) -> None:
    with machine(Gpu(sm=sm), version) as gpu:
        with pytest.raises(EngineError, match=words):
            load(made)
        assert not gpu.streams


def damaged(made: Path, folder: Path, change: Callable[[bytes], bytes]) -> Path:
    shutil.copytree(made, folder)
    (folder / "model.engine").write_bytes(change((made / "model.engine").read_bytes()))
    write_manifest(folder)
    return folder


def test_an_engine_that_tensorrt_cannot_read_is_told(gpu: Gpu, made: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"model\.engine cannot be loaded: .*kSERIALIZATION_VERSION"):
        load(damaged(made, tmp_path / "cut", lambda content: content[:40]))
    shorter = damaged(made, tmp_path / "other", lambda old: old.replace(b"[[1], [64], [64]]", b"[[1], [32], [32]]"))
    with pytest.raises(EngineError, match=r"profile 1 reads \(1,\) to \(32,\) tokens, expected 1 to 64"):
        load(shorter)
    assert not gpu.allocated


@pytest.mark.parametrize("call", ["cuStreamCreate", "cuMemAlloc", "cuMemHostAlloc", "cuStreamSynchronize"])
def test_a_failure_while_loading_names_the_call_and_leaves_nothing(gpu: Gpu, made: Path, call: str) -> None:
    gpu.fail[call] = driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY
    with pytest.raises(EngineError, match=rf"{call} failed: CUDA_ERROR_OUT_OF_MEMORY \(told of 2\)"):
        load(made)
    assert not gpu.allocated and not gpu.pinned and not gpu.streams


@pytest.mark.parametrize("call", ["cuMemcpyHtoDAsync", "cuStreamSynchronize", "cuGraphLaunch", None])
def test_a_step_that_fails_loses_its_state_and_no_other(runtime: Any, gpu: Gpu, call: str | None) -> None:
    other, state = runtime.empty_state(), runtime.empty_state()
    runtime.step([1, 2], other)
    for token in (1, 2, 3):
        runtime.step([token], state)
    if call:
        gpu.fail[call] = driver.CUresult.CUDA_ERROR_LAUNCH_FAILED
        words = f"{call} failed: CUDA_ERROR_LAUNCH_FAILED"
    else:
        trt.IExecutionContext.fail, words = True, "TensorRT failed while reading 2 tokens: Error Code 1: Cask"
    with pytest.raises(EngineError, match=words):
        runtime.step([4] if call == "cuGraphLaunch" else [4, 5], state)
    trt.IExecutionContext.fail = False
    for use_again in (lambda: runtime.step([4], state), lambda: runtime.snapshot(state)):
        with pytest.raises(EngineError, match="a step with this state failed"):
            use_again()
    reference = OnnxRuntime(HOME_MODEL, fused=False)
    expected = reference.step([1, 2, 3], reference.empty_state())
    assert near(runtime.step([3], other), expected)


def test_a_state_that_could_not_be_saved_is_not_taken_for_an_empty_one(runtime: Any, gpu: Gpu) -> None:
    first, second = runtime.empty_state(), runtime.empty_state()
    runtime.step([1, 2], first)
    gpu.fail["cuMemcpyDtoHAsync"] = driver.CUresult.CUDA_ERROR_ILLEGAL_ADDRESS
    with pytest.raises(EngineError, match="cuMemcpyDtoHAsync failed: CUDA_ERROR_ILLEGAL_ADDRESS"):
        runtime.step([3], second)
    with pytest.raises(EngineError, match="a step with this state failed"):
        runtime.step([3], first)


def test_what_cannot_be_recorded_runs_without_a_graph(runtime: Any, gpu: Gpu, caplog: pytest.LogCaptureFixture) -> None:
    gpu.fail["cuGraphInstantiate"] = driver.CUresult.CUDA_ERROR_NOT_SUPPORTED
    assert written(runtime, 6) == written(OnnxRuntime(HOME_MODEL, fused=False), 6)
    assert "without a CUDA graph: cuGraphInstantiate failed: CUDA_ERROR_NOT_SUPPORTED" in caplog.text
    assert "cuGraphLaunch" not in gpu.calls


def test_without_a_driver_the_call_is_named() -> None:
    found = importlib.import_module("engines.runtimes.cuda")
    if usable():
        pytest.skip("there is a GPU")
    with pytest.raises(found.CudaError, match=r"cuInit (cannot be called|failed): "):
        found.Gpu()


def test_the_stub_has_nothing_that_the_real_bindings_lack() -> None:
    real = pytest.importorskip("tensorrt_rtx")
    for kind in trt.KINDS_OF_THINGS:
        own = {n for n in vars(kind) if not n.startswith("_")} - {"fail", "executed", "broken", "scratch", "endless"}
        if not issubclass(kind, trt.enum.Enum):
            own = {name for name in own if callable(getattr(kind, name)) or isinstance(vars(kind)[name], property)}
        missing = own - set(dir(getattr(real, kind.__name__)))
        assert not missing, f"{kind.__name__} has no {missing}"


# On a GPU


def usable() -> bool:
    """Whether there are a GPU with a driver and TensorRT."""
    try:
        return driver.cuInit(0)[0] == driver.CUresult.CUDA_SUCCESS and bool(importlib.util.find_spec("tensorrt"))
    except RuntimeError:
        return False


@pytest.mark.gpu
@pytest.mark.skipif(not usable(), reason="needs a gpu")
def test_an_engine_is_built_and_computes_the_reference(source: Path, tmp_path: Path) -> None:
    parity = building.build(source, tmp_path / "engine", context=CONTEXT)
    assert parity.difference < parity.allowed
    runtime = load(tmp_path / "engine")
    try:
        assert written(runtime, 24) == written(OnnxRuntime(HOME_MODEL, fused=False), 24)
    finally:
        runtime.close()


def test_what_is_beyond_fp16_becomes_no_infinity(tmp_path: Path) -> None:
    shutil.copytree(HOME_MODEL, tmp_path / "loud")
    tensors, _ = tensor_file.read(weights := tmp_path / "loud" / "model.safetensors")
    loud = next(each for name, each in tensors.items() if name.endswith("up_proj.weight"))
    values = np.memmap(weights, np.float32, "r+", loud.offset, loud.shape)
    values *= 1000
    values.flush()
    path = tmp_path / "loud" / GRAPH
    model = tensorrt_model(tmp_path / "loud", "fp16", CONTEXT, plugins=False)
    # Looked at before the product: onnxruntime has none in 16 bits, and computes what stands between two casts in fp32.
    casts = [node.output[0] for node in model.graph.node if node.op_type == "Cast"]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in casts)
    onnx.save(model, path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    feeds = {
        each.name: np.zeros([size if isinstance(size, int) else 1 for size in each.shape], KINDS[each.type])
        for each in session.get_inputs()
    }
    found = session.run(casts, feeds | {"tokens": np.asarray([50]), "total": np.asarray([1])})
    assert max(np.abs(each).max() for each in found) > 60000
    assert all(np.isfinite(each).all() for each in found)
