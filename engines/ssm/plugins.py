# SPDX-License-Identifier: Apache-2.0
"""The kernels as TensorRT plugins `nemotron_ssm::CausalConv` and `nemotron_ssm::SelectiveScan`, with compiled kernels
that go into the engine: what runs the engine needs neither this file nor Triton.

The nodes are those of `functions.py`; sizes come from the shapes of what goes in, so there are no attributes (with
numpy >= 2.4 TensorRT's plugin layer cannot read scalar ones). States are ordinary inputs and outputs: bind the past
and the next one to the same address and they are updated in place. TensorRT's own way of saying so, an aliased output,
makes its compiler keep a copy.

Each plugin has two tactics, the form for any T and the one for T = 1; the second is offered only where the profile
allows no other T.
"""
# TensorRT reads the annotations as types: no `from __future__ import annotations` here.
# mypy: disable-error-code="import-untyped,import-not-found,untyped-decorator"

import functools
from typing import Any

import tensorrt as trt
import tensorrt.plugin as trtp
from tensorrt.plugin import TensorDesc as Desc

from engines.ssm import ahead, kernels
from engines.ssm.functions import DOMAIN

ANY_LENGTH, ONE_TOKEN = 1, 2
"""Tactics."""

_TYPES = {trt.DataType.BF16: "BF16", trt.DataType.HALF: "FP16", trt.DataType.FLOAT: "FP32"}
_Outputs = tuple[Desc, Desc]
_Kernel = tuple[str, str, trtp.KernelLaunchParams, trtp.SymExprs]


@functools.cache  # TensorRT takes a name once
def register(sm: int) -> None:
    """Register both plugins with TensorRT, to be compiled for SM `sm`, the only one of this process.

    Raises KernelError for an SM that the kernels are not compiled for.
    """
    if sm not in ahead.PTX_VERSION:
        raise kernels.KernelError(f"SM {sm}: the plugins are compiled for {', '.join(map(str, ahead.PTX_VERSION))}.")
    _register_causal_conv(sm)
    _register_selective_scan(sm)


def _register_causal_conv(sm: int) -> None:
    name = f"{DOMAIN}::CausalConv"

    @trtp.register(name)
    def describe(x: Desc, window: Desc, weight: Desc, bias: Desc) -> _Outputs:
        return x.like(), window.like()

    @trtp.autotune(name)
    def tactics(x: Desc, window: Desc, weight: Desc, bias: Desc, outputs: _Outputs) -> list[trtp.AutoTuneCombination]:
        return _tactics([x, window, weight, bias, x, window])

    @trtp.aot_impl(name)
    def implement(x: Desc, window: Desc, weight: Desc, bias: Desc, outputs: _Outputs, tactic: int) -> _Kernel:
        batch, length, channels = x.shape_expr
        one = tactic == ONE_TOKEN
        taps = weight.shape_expr[2].constant_value()
        sizes = kernels.conv_sizes(channels.constant_value(), taps, 1 if one else kernels.CONV_TOKENS)
        given = {"x": x, "window": window, "weight": weight, "bias": bias}
        made = _assemble("causal_conv_token" if one else "causal_conv", sizes, given, sm)
        blocks = 1 if one else trtp.cdiv(length, sizes["tokens"])
        return _launch(made, (blocks, -(-sizes["channels"] // sizes["columns"]), batch), [length])


def _register_selective_scan(sm: int) -> None:
    name = f"{DOMAIN}::SelectiveScan"

    @trtp.register(name)
    def describe(x: Desc, dt: Desc, dt_bias: Desc, a_log: Desc, b: Desc, c: Desc, d: Desc, ssm: Desc) -> _Outputs:
        return x.like(), ssm.like()

    @trtp.autotune(name)
    def tactics(
        x: Desc, dt: Desc, dt_bias: Desc, a_log: Desc, b: Desc, c: Desc, d: Desc, ssm: Desc, outputs: _Outputs
    ) -> list[trtp.AutoTuneCombination]:
        return _tactics([x, dt, dt_bias, a_log, b, c, d, ssm, x, ssm])

    @trtp.aot_impl(name)
    def implement(
        x: Desc,
        dt: Desc,
        dt_bias: Desc,
        a_log: Desc,
        b: Desc,
        c: Desc,
        d: Desc,
        ssm: Desc,
        outputs: _Outputs,
        tactic: int,
    ) -> _Kernel:
        one = tactic == ONE_TOKEN
        heads, state, head_dim = (size.constant_value() for size in list(ssm.shape_expr)[1:])
        sizes = kernels.scan_sizes(heads, head_dim, b.shape_expr[2].constant_value() // state, state)
        given = {"x": x, "dt": dt, "dt_bias": dt_bias, "a_log": a_log, "b": b, "c": c, "d": d, "ssm": ssm}
        if not one:
            sizes["chunk"] = kernels.CHUNK
        made = _assemble("selective_scan_token" if one else "selective_scan", sizes, given, sm)
        batch, length, _ = x.shape_expr
        return _launch(made, (head_dim // sizes["columns"], heads, batch), [] if one else [length])


def _tactics(tensors: list[Any]) -> list[Any]:
    """The tensors' own types, and the tactics that the profile allows; the first tensor is [batch, T, …]."""
    shape = tensors[0].shape
    longest = shape.max[1] if shape.is_dynamic else shape[1]
    found = ANY_LENGTH if longest > 1 else ONE_TOKEN
    return [trtp.AutoTuneCombination(", ".join(_type(t) for t in tensors), "LINEAR", [found])]


def _type(tensor: Any) -> str:
    """TensorRT's name for the type of a tensor."""
    if tensor.dtype not in _TYPES:
        raise kernels.KernelError(f"{tensor.dtype}: the plugins take {', '.join(_TYPES.values())} tensors.")
    return _TYPES[tensor.dtype]


def _assemble(kernel: str, sizes: dict[str, int], given: dict[str, Any], sm: int) -> ahead.Assembled:
    """Compile a kernel for the types of its inputs."""
    types = {name: _type(tensor) for name, tensor in given.items()}
    dtype = types["x"]
    if dtype == "FP32":
        raise kernels.KernelError("x is FP32: the plugins take activations in BF16 or FP16.")
    for name, found in types.items():
        weight = name in ("dt_bias", "a_log", "d", "weight", "bias")
        allowed = ("FP32",) if name == "ssm" else (dtype, "FP32") if weight else (dtype,)
        if found not in allowed:
            raise kernels.KernelError(f"{name} is {found}; beside {dtype} activations it is {' or '.join(allowed)}.")
    single = tuple(name for name, found in types.items() if found == "FP32")
    return _assembled(kernel, tuple(sizes.items()), dtype.lower(), sm, single)


@functools.cache
def _assembled(
    kernel: str, sizes: tuple[tuple[str, int], ...], dtype: str, sm: int, single: tuple[str, ...]
) -> ahead.Assembled:
    """The layers of a network share their kernels, and TensorRT asks more than once."""
    return ahead.assemble(kernel, dict(sizes), dtype, sm, single)


def _launch(made: ahead.Assembled, grid: tuple[Any, Any, Any], extra: list[Any]) -> tuple[str, str, Any, Any]:
    """What TensorRT is told: entry, PTX, how to launch it, and the numbers between inputs and outputs."""
    launch = trtp.KernelLaunchParams()
    launch.grid_x, launch.grid_y, launch.grid_z = grid
    launch.block_x, launch.shared_mem = made.warps * 32, made.shared
    numbers = trtp.SymIntExprs(len(extra))
    for i, number in enumerate(extra):
        numbers[i] = trtp.SymInt32(number)
    return made.entry, made.ptx, launch, numbers
