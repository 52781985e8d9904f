# SPDX-License-Identifier: Apache-2.0
"""The Triton kernels against fp64 NumPy: in Triton's interpreter, on a GPU if there is one, and compiled for GPUs that
are not there.

Triton decides when it is imported whether it interprets, so a process of its own does that: this file,
run as a program.
"""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from engines.plan import NANO_4B
from engines.ssm import reference

if __name__ != "__main__":
    pytest.importorskip("triton")

ROOT = Path(__file__).parents[2]
SMS = (87, 89, 110, 120, 121)
ARGUMENTS = {"causal_conv": 7, "causal_conv_token": 7, "selective_scan": 11, "selective_scan_token": 10}

# Largest error, in parts of the largest number of its kind. One 16-bit factor would be wrong by 2e-3 (bf16) or 2e-4.
ROUNDING = {"bfloat16": 4e-5, "float16": 3e-6}  # an H100: 2.3e-6
EXACT = 2e-6  # what has no products of matrices and no 16-bit factor
NARROW = {"bfloat16": 2**-7, "float16": 2**-10}  # y in that type; the interpreter cuts where hardware rounds


@dataclass(frozen=True)
class Scan:
    """One run of the scan; A reaches from -1 to -16 over the heads, as Mamba-2 starts."""

    length: int
    dtype: str = "bfloat16"
    heads: int = 2
    head_dim: int = 80
    groups: int = 1
    state: int = 128
    batch: int = 1
    dt: str = "usual"
    empty: bool = False
    """No initial state."""
    token: bool = False
    """By the form for T = 1."""
    pieces: tuple[int, ...] = ()
    """Lengths it is read in, the state handed on in place."""
    narrow: bool = False
    """y in the type of x; else in fp32, so that its own rounding hides nothing."""

    def tensors(self) -> list[Tensor]:
        random = torch.Generator().manual_seed(self.length)
        normal = functools.partial(torch.randn, generator=random)
        dtype = getattr(torch, self.dtype)
        dt = normal(self.batch, self.length, self.heads)
        dt = {
            "usual": dt - 4,
            "tiny": dt - 30,  # softplus is 1e-13
            "huge": dt + 300,  # dt A reaches -4800
            "wild": 30 * dt,
            "forgets": torch.where(torch.arange(self.length)[None, :, None] % 32 == 3, 1000, dt - 6),
        }[self.dt]
        ssm = normal(self.batch, self.heads, self.state, self.head_dim)
        return [
            normal(self.batch, self.length, self.heads, self.head_dim).to(dtype),
            dt.to(dtype),
            normal(self.heads) / 10,
            torch.linspace(1, 16, self.heads).log(),
            normal(self.batch, self.length, self.groups, self.state).to(dtype),
            normal(self.batch, self.length, self.groups, self.state).to(dtype),
            normal(self.heads),
            torch.zeros_like(ssm) if self.empty else ssm,
        ]

    def measure(self, device: str) -> dict[str, float]:
        """Errors of y and of the state."""
        from engines.ssm import kernels

        given = self.tensors()
        want_y, want_ssm = reference.selective_scan(*(t.double().numpy() for t in given))
        *given, ssm = (t.to(device) for t in given)
        ys, start = [], 0
        for length in self.pieces or (self.length,):
            piece = [t[:, start : start + length].contiguous() if t.dim() > 1 else t for t in given]
            y = torch.full(piece[0].shape, torch.nan, dtype=piece[0].dtype if self.narrow else None, device=device)
            kernels.run_selective_scan(*piece, ssm, y, ssm, token=self.token)
            ys.append(y)
            start += length
        return {"y": error(torch.cat(ys, 1), want_y), "state": error(ssm, want_ssm)}


@dataclass(frozen=True)
class Conv:
    """One run of the conv, the window written over where it was read."""

    length: int
    dtype: str = "bfloat16"
    channels: int = 200
    taps: int = 4
    batch: int = 1
    narrow: bool = False

    def measure(self, device: str) -> dict[str, float]:
        from engines.ssm import kernels

        normal = functools.partial(torch.randn, generator=torch.Generator().manual_seed(self.length))
        given = [
            normal(self.batch, self.length, self.channels),
            normal(self.batch, self.taps - 1, self.channels),
            normal(self.channels, 1, self.taps),
            normal(self.channels) * 5,
        ]
        given = [t.to(getattr(torch, self.dtype)) for t in given]
        want_y, want_window = reference.causal_conv(*(t.double().numpy() for t in given))
        given = [t.to(device) for t in given]
        y = torch.full(given[0].shape, torch.nan, dtype=given[0].dtype if self.narrow else None, device=device)
        kernels.run_causal_conv(*given, y, given[1])
        return {"y": error(y, want_y), "window": error(given[1], want_window)}


def error(found: Tensor, wanted: np.ndarray) -> float:
    return float(np.abs(found.cpu().double().numpy() - wanted).max() / np.abs(wanted).max())


LENGTHS = (1, 2, 63, 64, 65, 200)
DTYPES = ("bfloat16", "float16")
CONVS = [Conv(length) for length in (1, 2, 3, 4, 5, 63, 64, 65, 200)]
CONVS += [Conv(5, "float16"), Conv(1, batch=2), Conv(20, channels=128, batch=2), Conv(1, taps=2), Conv(9, taps=5)]
OF_ANY_LENGTH = [Scan(length, dtype) for dtype in DTYPES for length in LENGTHS]
OF_ANY_SIZE = [
    Scan(33, dtype, heads, head_dim, groups, state, batch)
    for dtype in DTYPES
    for heads, head_dim, groups, state, batch in [(4, 80, 2, 128, 1), (2, 64, 2, 64, 2), (3, 16, 1, 16, 1)]
]
OF_ANY_DT = [
    Scan(40, dtype, dt=dt, empty=empty)
    for dtype in DTYPES
    for dt, empty in [("tiny", False), ("tiny", True), ("huge", False), ("wild", False), ("forgets", False)]
]
IN_PIECES = [Scan(100, dtype, pieces=pieces) for dtype in DTYPES for pieces in [(37, 63), (1, 98, 1)]]
OF_ONE_TOKEN = [
    Scan(1, dtype, heads, head_dim, groups, state, batch, dt, empty, token=True)
    for dtype in DTYPES
    for heads, head_dim, groups, state, batch, dt, empty in [
        (4, 80, 2, 128, 1, "usual", False),
        (2, 64, 2, 64, 2, "usual", False),
        (2, 80, 1, 128, 1, "tiny", True),
        (2, 80, 1, 128, 1, "huge", False),
    ]
]
OF_ONE_TOKEN += [replace(Scan(5, token=True), pieces=(1,) * 5)]
NARROWED = [Scan(33, dtype, narrow=True) for dtype in DTYPES] + [Scan(1, token=True, narrow=True)]
NARROWED += [Conv(5, dtype, narrow=True) for dtype in DTYPES]
CASES = [*CONVS, *OF_ANY_LENGTH, *OF_ANY_SIZE, *OF_ANY_DT, *IN_PIECES, *OF_ONE_TOKEN, *NARROWED]
Errors = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def interpreted() -> Errors:
    """Errors of every case, measured in a process in which Triton interprets."""
    environment = {**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, __file__], env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    errors: Errors = json.loads(done.stdout)
    return errors


def holds(case: Scan | Conv, errors: dict[str, float]) -> bool:
    """Whether the errors are those of rounding; what the conv keeps is copied."""
    exact = isinstance(case, Conv) or case.token
    limits = dict.fromkeys(errors, EXACT if exact else ROUNDING[case.dtype]) | {"window": 0}
    if case.narrow:
        limits["y"] = NARROW[case.dtype]
    return all(errors[name] <= limits[name] for name in errors)


@pytest.mark.parametrize("case", CONVS, ids=repr)
def test_the_conv_is_exact_and_keeps_the_last_inputs(case: Conv, interpreted: Errors) -> None:
    assert holds(case, interpreted[repr(case)]), interpreted[repr(case)]


@pytest.mark.parametrize("case", OF_ANY_LENGTH, ids=repr)
def test_the_scan_reads_any_number_of_tokens(case: Scan, interpreted: Errors) -> None:
    assert holds(case, interpreted[repr(case)]), interpreted[repr(case)]


@pytest.mark.parametrize("case", OF_ANY_SIZE, ids=repr)
def test_the_scan_knows_groups_batches_and_sizes(case: Scan, interpreted: Errors) -> None:
    assert holds(case, interpreted[repr(case)]), interpreted[repr(case)]


@pytest.mark.parametrize("case", OF_ANY_DT, ids=repr)
def test_the_scan_stays_exact_when_dt_is_extreme(case: Scan, interpreted: Errors) -> None:
    assert holds(case, interpreted[repr(case)]), interpreted[repr(case)]


@pytest.mark.parametrize("case", IN_PIECES, ids=repr)
def test_the_scan_may_be_read_in_pieces(case: Scan, interpreted: Errors) -> None:
    assert holds(case, interpreted[repr(case)]), interpreted[repr(case)]


@pytest.mark.parametrize("case", OF_ONE_TOKEN, ids=repr)
def test_the_scan_of_one_token_is_that_of_fp32(case: Scan, interpreted: Errors) -> None:
    assert holds(case, interpreted[repr(case)]), interpreted[repr(case)]


@pytest.mark.parametrize("case", NARROWED, ids=repr)
def test_y_is_written_in_16_bits(case: Scan | Conv, interpreted: Errors) -> None:
    assert holds(case, interpreted[repr(case)]), interpreted[repr(case)]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a gpu")
def test_all_of_it_holds_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISABLE_MMA_V5", "1")  # as ahead.py compiles them
    found = {case: case.measure("cuda") for case in CASES}
    assert {case: errors for case, errors in found.items() if not holds(case, errors)} == {}


@pytest.mark.parametrize("sm", SMS)
def test_compiled_ahead_no_kernel_spills(sm: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engines.ssm import ahead

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    small = replace(NANO_4B, mamba_num_heads=8, mamba_head_dim=64, ssm_state_size=64)
    wanted = [(kernel, NANO_4B, dtype) for kernel in ahead.KERNELS for dtype in ahead.DTYPES]
    for kernel, sizes, dtype in [*wanted, ("selective_scan", small, "bf16")]:
        made = ahead.assemble(kernel, ahead.constants(kernel, sizes), dtype, sm)
        assert made.spilled == 0, made
        assert made.shared < 48 * 1024
        assert f".version {'8.5' if sm < 100 else '9.0'}\n" in made.ptx
        assert f".target sm_{sm}" in made.ptx
        assert f".visible .entry {made.entry}(" in made.ptx
        assert len(re.findall(r"^\s*\.param ", made.ptx, re.M)) == ARGUMENTS[kernel]
        assert ("mma.sync" in made.ptx) == (kernel == "selective_scan")
        assert "tcgen05" not in made.ptx
        assert "fma.rn.f32" not in made.ptx, "fused, the interpreter's digits are not the GPU's"


def test_what_the_kernels_cannot_do_is_refused_by_name() -> None:
    from engines.ssm import ahead, kernels

    for changes, word in [
        ({"mamba_head_dim": 72}, "head dim 72"),
        ({"ssm_state_size": 96}, "state size 96"),
        ({"n_groups": 7}, "96 heads do not divide into 7"),
    ]:
        with pytest.raises(kernels.KernelError, match=word):
            ahead.constants("selective_scan", replace(NANO_4B, **changes))
    with pytest.raises(kernels.KernelError, match=r"SM 75.* 87, 89, 110, 120, 121"):
        ahead.assemble("causal_conv", ahead.constants("causal_conv", NANO_4B), "bf16", 75)


def multiply_as_tensor_cores_do() -> None:
    """Mend the interpreter's `tl.dot`: it multiplies the bit patterns of bf16, and does not cut fp32 to tf32."""
    import triton.language as tl
    from triton.runtime.interpreter import InterpreterBuilder, TensorHandle

    plain = InterpreterBuilder.create_dot

    def read(factor: TensorHandle) -> TensorHandle:
        data = np.ascontiguousarray(factor.data)
        if factor.dtype.scalar == tl.bfloat16:
            data = (data.astype(np.uint32) << 16).view(np.float32)
        elif factor.dtype.scalar == tl.float32:
            data = (data.view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32)
        return TensorHandle(data.astype(np.float32), tl.float32)

    InterpreterBuilder.create_dot = lambda self, a, b, *rest: plain(self, read(a), read(b), *rest)


if __name__ == "__main__":
    torch.set_num_threads(1)
    multiply_as_tensor_cores_do()
    json.dump({repr(case): case.measure("cpu") for case in CASES}, sys.stdout)
