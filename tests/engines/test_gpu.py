# SPDX-License-Identifier: Apache-2.0
"""On a real GPU: the driver layer, and the kernels as an engine launches them, compiled ahead, in a recorded graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from engines.plan import NANO_4B
from engines.ssm import reference

if TYPE_CHECKING:
    from engines.runtimes.cuda import Gpu
    from engines.ssm.ahead import Assembled

ahead = pytest.importorskip("engines.ssm.ahead", exc_type=ImportError)  # needs Triton
driver = pytest.importorskip("cuda.bindings.driver")
ml_dtypes = pytest.importorskip("ml_dtypes")

SMALL = {"mamba_num_heads": 8, "mamba_head_dim": 64, "ssm_state_size": 64, "n_groups": 2}
DTYPES = {"bf16": ml_dtypes.bfloat16, "fp16": np.float16}
ROUNDING = {"bf16": 2**-7, "fp16": 2**-10}  # of y, which is written in that type


def usable() -> bool:
    try:
        return bool(driver.cuInit(0)[0] == driver.CUresult.CUDA_SUCCESS)
    except RuntimeError:
        return False


pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not usable(), reason="needs a gpu")]


@pytest.fixture
def gpu() -> Iterator[Gpu]:
    from engines.runtimes.cuda import Gpu

    made = Gpu()
    yield made
    made.close()


class Launch:
    """A kernel of a compiled text, and its arguments as TensorRT gives them: addresses and numbers in a row."""

    def __init__(self, gpu: Gpu, made: Assembled) -> None:
        from engines.runtimes.cuda import call

        self._call, self._gpu, self._made = call, gpu, made
        self._module = call("cuModuleLoadData", made.ptx.encode() + b"\0")
        self._function = call("cuModuleGetFunction", self._module, made.entry.encode())

    def __call__(self, grid: tuple[int, int, int], *arguments: int) -> None:
        # Addresses have 64 bits, lengths 32; an array of pointers to them is what the driver takes.
        held = [np.array([each], np.uint64 if each > 2**31 else np.int32) for each in arguments]
        pointers = np.array([each.ctypes.data for each in held], np.uint64)
        block = (self._made.warps * 32, 1, 1)
        shared = self._made.shared
        self._call("cuLaunchKernel", self._function, *grid, *block, shared, self._gpu.stream, pointers.ctypes.data, 0)


def up(gpu: Gpu, array: Any) -> int:
    pinned = gpu.pinned(array.shape, array.dtype)
    pinned[...] = array
    address = gpu.allocate(array.nbytes)
    gpu.upload(address, pinned)
    return address


def down(gpu: Gpu, address: int, like: Any) -> Any:
    pinned = gpu.pinned(like.shape, like.dtype)
    gpu.download(pinned, address)
    gpu.wait()
    return np.array(pinned)


def near(found: Any, wanted: Any, allowed: float) -> bool:
    return bool(np.abs(np.asarray(found, np.float64) - wanted).max() <= allowed * np.abs(wanted).max())


def test_memory_goes_there_and_back(gpu: Gpu) -> None:
    numbers = np.random.default_rng(1).standard_normal(100_000).astype(np.float32)
    address = up(gpu, numbers)
    assert (down(gpu, address, numbers) == numbers).all()
    gpu.clear(address, numbers.nbytes // 2)
    assert (down(gpu, address, numbers) == np.concatenate([np.zeros(50_000, np.float32), numbers[50_000:]])).all()
    assert gpu.sm >= 75
    assert 0 < gpu.free_bytes <= gpu.total_bytes


def test_what_does_not_fit_is_refused_and_the_next_fits(gpu: Gpu) -> None:
    from engines.runtimes.cuda import CudaError

    with pytest.raises(CudaError, match="cuMemAlloc failed: CUDA_ERROR_OUT_OF_MEMORY"):
        gpu.allocate(2 * gpu.total_bytes)
    assert gpu.allocate(1024)


# Text for an older SM runs on a newer one; what is compiled for 110 and above needs such a GPU.
@pytest.mark.parametrize("sm", [87, 89])
@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize("small", [False, True], ids=["4B", "small"])
def test_the_compiled_scan_reads_a_prompt_and_then_tokens_in_a_graph(
    gpu: Gpu, sm: int, dtype: str, small: bool
) -> None:
    c = replace(NANO_4B, **SMALL) if small else NANO_4B
    heads, size, groups, state = c.mamba_num_heads, c.mamba_head_dim, c.n_groups, c.ssm_state_size
    rng = np.random.default_rng(sm)

    def drawn(*shape: int, scale: float = 1.0) -> Any:
        return (rng.standard_normal(shape) * scale).astype(DTYPES[dtype])

    prompt, tokens = 150, 3
    x, dt = drawn(1, prompt + tokens, heads, size), drawn(1, prompt + tokens, heads)
    b, c_ = drawn(1, prompt + tokens, groups, state), drawn(1, prompt + tokens, groups, state)
    dt_bias, a_log, d = drawn(heads) - DTYPES[dtype](3), np.abs(drawn(heads)), drawn(heads)
    ssm = rng.standard_normal((1, heads, state, size)).astype(np.float32)
    given = [t.astype(np.float64) for t in (x, dt, dt_bias, a_log, b, c_, d, ssm)]
    want_y, want_ssm = reference.selective_scan(*given)

    held = up(gpu, ssm)
    weights = [up(gpu, each) for each in (dt_bias, a_log, d)]

    def moving(start: int, end: int) -> tuple[list[int], int, Any]:
        parts = [np.ascontiguousarray(each[:, start:end]) for each in (x, dt, b, c_)]
        out = np.full(parts[0].shape, np.nan, DTYPES[dtype])
        xs, dts, bs, cs = (up(gpu, each) for each in parts)
        return [xs, dts, *weights[:2], bs, cs, weights[2], held], up(gpu, out), out

    sizes = {name: ahead.constants(name, c) for name in ("selective_scan", "selective_scan_token")}
    read = Launch(gpu, ahead.assemble("selective_scan", sizes["selective_scan"], dtype, sm))
    write = Launch(gpu, ahead.assemble("selective_scan_token", sizes["selective_scan_token"], dtype, sm))
    grid = (size // sizes["selective_scan"]["columns"], heads, 1)

    inputs, y, out = moving(0, prompt)
    read(grid, *inputs, prompt, y, held)
    assert near(down(gpu, y, out), want_y[:, :prompt], ROUNDING[dtype])
    for at in range(prompt, prompt + tokens):
        inputs, y, out = moving(at, at + 1)
        gpu.wait()
        graph = gpu.record(lambda: write(grid, *inputs, y, held))  # noqa: B023  called at once
        gpu.launch(graph)
        assert near(down(gpu, y, out), want_y[:, at : at + 1], ROUNDING[dtype])
        gpu.forget(graph)
    assert near(down(gpu, held, ssm), want_ssm, 4e-5)


@pytest.mark.parametrize("sm", [87, 89])
@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
def test_the_compiled_conv_hands_its_window_on(gpu: Gpu, sm: int, dtype: str) -> None:
    channels, taps = NANO_4B.conv_size, NANO_4B.conv_kernel
    rng = np.random.default_rng(sm)
    prompt, tokens = 70, 3
    x, window, weight, bias = (
        rng.standard_normal(shape).astype(DTYPES[dtype])
        for shape in [(1, prompt + tokens, channels), (1, taps - 1, channels), (channels, 1, taps), (channels,)]
    )
    want_y, want_window = reference.causal_conv(*(t.astype(np.float64) for t in (x, window, weight, bias)))
    held, weights = up(gpu, window), [up(gpu, weight), up(gpu, bias)]
    found = []
    for name, start, end in [("causal_conv", 0, prompt)] + [
        ("causal_conv_token", at, at + 1) for at in range(prompt, prompt + tokens)
    ]:
        sizes = ahead.constants(name, NANO_4B)
        launch = Launch(gpu, ahead.assemble(name, sizes, dtype, sm))
        piece = np.ascontiguousarray(x[:, start:end])
        out = np.full(piece.shape, np.nan, DTYPES[dtype])
        y = up(gpu, out)
        grid = (-(-(end - start) // sizes["tokens"]), -(-channels // sizes["columns"]), 1)
        launch(grid, up(gpu, piece), held, *weights, end - start, y, held)
        found.append(down(gpu, y, out))
    assert near(np.concatenate([each.astype(np.float64) for each in found], 1), want_y, ROUNDING[dtype])
    assert (down(gpu, held, window) == want_window.astype(DTYPES[dtype])).all()
