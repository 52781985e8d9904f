# SPDX-License-Identifier: Apache-2.0
"""The two operators with a memory as Triton kernels: the causal conv and the selective scan, one launch each.

They compute what `CausalConv` and `SelectiveScan` of `functions.py` say, from the same inputs in the same order, for
activations in bf16 or fp16; the scan's state is fp32. Both have a form for any T >= 1 and one for T = 1. The state may
be written over where it was read: a program reads its own part of it before it writes, and no other's.

The scan is the chunked form of "Transformers are SSMs" (Dao & Gu, 2024), section 6, but one launch: each program
follows one head through all tokens, with the state in registers, and only the products inside a chunk need tensor
cores. Three things keep its error near that of fp32 although tensor cores multiply 16-bit numbers:

- x, B and C come in 16 bits and go in as they are. The other factor of each product (state, weights, dt x) is split
  into two numbers of the tensor cores' type whose sum has 16 bits of mantissa (bf16) or 21 (tf32, for fp16).
- The log of the decay is summed as a pair of floats. A token that forgets everything (dt A = -1000) else takes from
  all that follow in its chunk what their decays have behind the point.
- dt = softplus(v) keeps its digits where it is nearly zero.

Needs Triton (any machine; without a GPU in its interpreter, `TRITON_INTERPRET=1`). `ahead.py` compiles for a GPU that
is not there.
"""
# Triton reads the arguments' names; only `constexpr` is a type it knows.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator,import-untyped,import-not-found"

from __future__ import annotations

from typing import TYPE_CHECKING

import triton
import triton.language as tl

from engines.errors import EngineError

if TYPE_CHECKING:
    from torch import Tensor

CONV_TOKENS, CONV_CHANNELS = 16, 128
"""Tokens and channels of one program of the conv."""
CHUNK, COLUMNS = 32, 16
"""Tokens of the scan that one round of matrix products takes, and columns of head_dim that one program follows: few,
so that the state, both its halves and the products fit into the registers. The programs of a head all compute C B^T;
with longer chunks that would be most of their work."""
OPTIONS = {"num_warps": 4, "num_stages": 1, "enable_fp_fusion": False}
"""What Triton is told for every kernel. Fused, dt A would go into some sums rounded and into others not, and the pairs
of floats that make up for rounding would be wrong by that."""


class KernelError(EngineError):
    """Sizes or tensors that the kernels cannot do."""


@triton.jit
def causal_conv(
    x,
    window,
    weight,
    bias,
    length,
    y,
    next_window,
    channels: tl.constexpr,
    taps: tl.constexpr,
    rows: tl.constexpr,
    tokens: tl.constexpr,
    columns: tl.constexpr,
):
    """Mix every channel with its last `taps` inputs, then SiLU.

    x, y: [batch, length, channels]; window, next_window: [batch, taps - 1, channels]; weight: [channels, 1, taps];
    bias: [channels]. `rows`: the power of two not below taps - 1. `tokens` >= taps - 1.
    Grid: (length / tokens, channels / columns, batch), rounded up.
    """
    block, batch = tl.program_id(0), tl.program_id(2).to(tl.int64)
    t = block * tokens + tl.arange(0, tokens)
    channel = tl.program_id(1) * columns + tl.arange(0, columns)
    inside = channel < channels
    x += batch * length * channels + channel[None, :]
    y += batch * length * channels + channel[None, :]
    window += batch * (taps - 1) * channels + channel[None, :]
    next_window += batch * (taps - 1) * channels + channel[None, :]
    mixed = tl.zeros([tokens, columns], tl.float32) + tl.load(bias + channel, inside, other=0.0).to(tl.float32)[None, :]
    for tap in tl.static_range(taps):
        at = t[:, None] + (tap - taps + 1)
        new = tl.load(x + at * channels, (at >= 0) & (at < length) & inside[None, :], other=0.0)
        old = tl.load(window + (at + taps - 1) * channels, (at < 0) & inside[None, :], other=0.0)
        factor = tl.load(weight + channel * taps + tap, inside, other=0.0).to(tl.float32)
        mixed += factor[None, :] * tl.where(at < 0, old, new).to(tl.float32)
    mixed = mixed / (1.0 + tl.exp(-mixed))
    tl.store(y + t[:, None] * channels, mixed.to(y.dtype.element_ty), (t < length)[:, None] & inside[None, :])
    if block == 0:  # the only program of these channels that reads the window, so it alone may write it
        row = tl.arange(0, rows)[:, None]
        last = row + length - taps + 1
        kept = (row < taps - 1) & inside[None, :]
        newer = tl.load(x + last * channels, kept & (last >= 0), other=0.0)
        older = tl.load(window + (last + taps - 1) * channels, kept & (last < 0), other=0.0)
        tl.debug_barrier()  # other threads of this program may still have to read what is written over
        tl.store(next_window + row * channels, tl.where(last < 0, older, newer), kept)


@triton.jit
def selective_scan(
    x,
    dt,
    dt_bias,
    a_log,
    b,
    c,
    d,
    ssm,
    length,
    y,
    next_ssm,
    heads: tl.constexpr,
    head_dim: tl.constexpr,
    groups: tl.constexpr,
    state: tl.constexpr,
    columns: tl.constexpr,
    chunk: tl.constexpr,
):
    """`h = exp(dt A) h + B (dt x)^T; y = C^T h + D x` with dt = softplus(dt + dt_bias), A = -exp(a_log).

    x, y: [batch, length, heads, head_dim]; dt: [batch, length, heads]; dt_bias, a_log, d: [heads];
    b, c: [batch, length, groups, state]; ssm, next_ssm: fp32 [batch, heads, state, head_dim].
    Grid: (head_dim / columns, heads, batch): neighbours share B, C and lines of the state.
    """
    head, batch = tl.program_id(1), tl.program_id(2).to(tl.int64)
    n, row = tl.arange(0, state), tl.arange(0, chunk)
    p = tl.program_id(0) * columns + tl.arange(0, columns)
    x += (batch * length * heads + head) * head_dim
    y += (batch * length * heads + head) * head_dim
    dt += batch * length * heads + head
    b += (batch * length * groups + head // (heads // groups)) * state
    c += (batch * length * groups + head // (heads // groups)) * state
    state_at = (batch * heads + head) * state * head_dim + n[:, None] * head_dim + p[None, :]
    bias, skip = tl.load(dt_bias + head).to(tl.float32), tl.load(d + head).to(tl.float32)
    rate = -tl.exp(tl.load(a_log + head).to(tl.float32))
    held = tl.load(ssm + state_at)
    for start in range(0, length, chunk):
        t = start + row
        here = t < length  # a token past the end has dt = 0: it decays nothing and adds nothing
        step = tl.where(here, _softplus(tl.load(dt + t * heads, here, other=0.0).to(tl.float32) + bias), 0.0)
        # The log of the decay since the chunk's start, each token's own included.
        decay, behind = tl.associative_scan((step * rate, tl.zeros([chunk], tl.float32)), 0, _add_pairs)
        end = tl.sum(tl.where(row == chunk - 1, decay, 0.0), 0)  # out of this very sum: another would round otherwise
        end_behind = tl.sum(tl.where(row == chunk - 1, behind, 0.0), 0)
        b_columns = tl.load(b + t[None, :] * (groups * state) + n[:, None], here[None, :], other=0.0)
        c_rows = tl.load(c + t[:, None] * (groups * state) + n[None, :], here[:, None], other=0.0)
        x_at = t[:, None] * (heads * head_dim) + p[None, :]
        x_rows = tl.load(x + x_at, here[:, None], other=0.0)
        x_wide = x_rows.to(tl.float32)
        # From before the chunk: y_t = exp(decay_t) c_t . h
        out = _dot_right(c_rows, held) * tl.exp(decay + behind)[:, None]
        # Inside the chunk: y_t = sum over s <= t of exp(decay_t - decay_s) (c_t . b_s) dt_s x_s
        span = (decay[:, None] - decay[None, :]) + (behind[:, None] - behind[None, :])
        span = tl.where(row[:, None] >= row[None, :], span, float("-inf"))
        out += _dot_left(tl.dot(c_rows, b_columns) * (tl.exp(span) * step[None, :]), x_rows)
        tl.store(y + x_at, (out + skip * x_wide).to(y.dtype.element_ty), here[:, None])
        left = step * tl.exp((end - decay) + (end_behind - behind))
        held = held * tl.exp(end + end_behind) + _dot_right(b_columns, x_wide * left[:, None])
    tl.debug_barrier()  # other threads of this program may still have to read what is written over
    tl.store(next_ssm + state_at, held)


@triton.jit
def _dot_left(left, right):
    """Left @ right for fp32 `left` and 16-bit `right`."""
    if right.dtype == tl.bfloat16:
        high = left.to(tl.bfloat16)
        return tl.dot((left - high.to(tl.float32)).to(tl.bfloat16), right, tl.dot(high, right))
    right = right.to(tl.float32)  # which tf32 holds exactly
    high = _as_tf32(left)
    return tl.dot(left - high, right, tl.dot(high, right, input_precision="tf32"), input_precision="tf32")


@triton.jit
def _dot_right(left, right):
    """Left @ right for 16-bit `left` and fp32 `right`."""
    if left.dtype == tl.bfloat16:
        high = right.to(tl.bfloat16)
        return tl.dot(left, (right - high.to(tl.float32)).to(tl.bfloat16), tl.dot(left, high))
    left = left.to(tl.float32)
    high = _as_tf32(right)
    return tl.dot(left, right - high, tl.dot(left, high, input_precision="tf32"), input_precision="tf32")


@triton.jit
def _as_tf32(x):
    """fp32 `x` with the 13 bits of its mantissa cleared that tf32 lacks."""
    return (x.to(tl.int32, bitcast=True) & -8192).to(tl.float32, bitcast=True)


@triton.jit
def _add_pairs(a, a_behind, b, b_behind):
    """The sum of two numbers, each kept as a float and what the float left out (Knuth's TwoSum)."""
    total = a + b
    part = total - a
    return total, ((a - (total - part)) + (b - part)) + (a_behind + b_behind)


@triton.jit
def _softplus(v):
    """log(1 + exp(v)), to fp32's last bits for every v: log(1 + e) = 2 artanh(e / (2 + e)), here to the 15th power."""
    e = tl.exp(-tl.abs(v))
    s = e / (2.0 + e)
    q = s * s
    series = 1 / 9 + q * (1 / 11 + q * (1 / 13 + q * (1 / 15)))
    series = 1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * series)))
    return tl.maximum(v, 0.0) + 2.0 * s * series


@triton.jit
def selective_scan_token(
    x,
    dt,
    dt_bias,
    a_log,
    b,
    c,
    d,
    ssm,
    y,
    next_ssm,
    heads: tl.constexpr,
    head_dim: tl.constexpr,
    groups: tl.constexpr,
    state: tl.constexpr,
    columns: tl.constexpr,
):
    """`selective_scan` for one token: no products of matrices, the state read once and written once.

    Shapes as there with length 1. Grid: (head_dim / columns, heads, batch): neighbours share lines of the state.
    """
    head, batch = tl.program_id(1), tl.program_id(2).to(tl.int64)
    n, p = tl.arange(0, state), tl.program_id(0) * columns + tl.arange(0, columns)
    at = (batch * heads + head) * state * head_dim + n[:, None] * head_dim + p[None, :]
    held = tl.load(ssm + at)
    shared = (batch * groups + head // (heads // groups)) * state + n
    b_row, c_row = tl.load(b + shared).to(tl.float32), tl.load(c + shared).to(tl.float32)
    x_row = tl.load(x + (batch * heads + head) * head_dim + p).to(tl.float32)
    step = _softplus(tl.load(dt + batch * heads + head).to(tl.float32) + tl.load(dt_bias + head).to(tl.float32))
    decay = tl.exp(-step * tl.exp(tl.load(a_log + head).to(tl.float32)))
    held = held * decay + b_row[:, None] * (step * x_row)[None, :]
    out = tl.sum(held * c_row[:, None], 0) + tl.load(d + head).to(tl.float32) * x_row
    tl.store(y + (batch * heads + head) * head_dim + p, out.to(y.dtype.element_ty))
    tl.store(next_ssm + at, held)


def run_causal_conv(x: Tensor, window: Tensor, weight: Tensor, bias: Tensor, y: Tensor, next_window: Tensor) -> None:
    """Launch `causal_conv` on contiguous tensors; `next_window` may be `window`."""
    _check_contiguous(x, window, weight, bias, y, next_window)
    batch, length, channels = x.shape
    _check_length(length, channels)
    sizes = conv_sizes(channels, weight.shape[-1], length)
    grid = (triton.cdiv(length, sizes["tokens"]), triton.cdiv(channels, sizes["columns"]), batch)
    causal_conv[grid](x, window, weight, bias, length, y, next_window, **sizes, **OPTIONS)


def conv_sizes(channels: int, taps: int, length: int) -> dict[str, int]:
    """What `causal_conv` is compiled with for `length` tokens; from `CONV_TOKENS` on it is the same for all."""
    rows: int = triton.next_power_of_2(taps - 1)
    tokens = rows if length <= rows else max(rows, CONV_TOKENS)  # the first program has all that need the window
    return {"channels": channels, "taps": taps, "rows": rows, "tokens": tokens, "columns": CONV_CHANNELS}


def run_selective_scan(
    x: Tensor,
    dt: Tensor,
    dt_bias: Tensor,
    a_log: Tensor,
    b: Tensor,
    c: Tensor,
    d: Tensor,
    ssm: Tensor,
    y: Tensor,
    next_ssm: Tensor,
    token: bool = False,
) -> None:
    """Launch `selective_scan`, or with `token` its form for T = 1, on contiguous tensors shaped as there says.

    `next_ssm` may be `ssm`. Raises KernelError for sizes that the kernels cannot do.
    """
    given = (x, dt, dt_bias, a_log, b, c, d, ssm)
    _check_contiguous(*given, y, next_ssm)
    batch, length, heads, head_dim = x.shape
    _check_length(length, max(heads * head_dim, b.shape[2] * b.shape[3]))
    sizes = scan_sizes(heads, head_dim, *b.shape[2:])
    grid = (head_dim // COLUMNS, heads, batch)
    if not token:
        selective_scan[grid](*given, length, y, next_ssm, **sizes, chunk=CHUNK, **OPTIONS)
    elif length == 1:
        selective_scan_token[grid](*given, y, next_ssm, **sizes, **OPTIONS)
    else:
        raise KernelError(f"the scan of one token was given {length}.")


def scan_sizes(heads: int, head_dim: int, groups: int, state: int) -> dict[str, int]:
    """What both scans are compiled with. Raises KernelError for sizes that they cannot do."""
    if head_dim % COLUMNS:
        raise KernelError(f"head dim {head_dim}: the kernels of the scan need a multiple of {COLUMNS}.")
    if state < 16 or state & (state - 1):
        raise KernelError(f"state size {state}: the kernels of the scan need a power of two, 16 or more.")
    if heads % groups:
        raise KernelError(f"{heads} heads do not divide into {groups} groups.")
    return {"heads": heads, "head_dim": head_dim, "groups": groups, "state": state, "columns": COLUMNS}


def _check_length(length: int, each: int) -> None:
    """The kernels count the numbers of one conversation in 32 bits: for the 4B's conv that ends at 220,752 tokens."""
    if not 0 < length < 2**31 // each:
        raise KernelError(f"{length} tokens of {each} numbers: give 1 to {2**31 // each - 1} tokens at a time.")


def _check_contiguous(*tensors: Tensor) -> None:
    if not all(tensor.is_contiguous() for tensor in tensors):
        raise KernelError("the kernels take contiguous tensors only: call contiguous() on what is a view.")
