# SPDX-License-Identifier: Apache-2.0
"""The two SSM operators as ONNX functions of domain `nemotron_ssm`, their bodies in standard operators.

A runtime that has a better form of its own replaces the node; every other one inlines the body. Shapes are for one
conversation.
"""

from __future__ import annotations

from onnx import FunctionProto, helper, parser

DOMAIN = "nemotron_ssm"
OPSET = 18


def causal_conv(kernel: int, channels: int) -> FunctionProto:
    """CausalConv(x [T, C], window [C, kernel-1], weight [C, 1, kernel], bias [C]) -> y [T, C] after SiLU, the next
    window.
    """
    return _function(
        f"""
        CausalConv (x, window, weight, bias) => (y, next) {{
            columns = Transpose <perm = [1, 0]> (x)
            longer = Concat <axis = 1> (window, columns)
            zero = Constant <value_ints = [0]> ()
            batched = Unsqueeze (longer, zero)
            mixed = Conv <group = {channels}> (batched, weight, bias)
            flat = Squeeze (mixed, zero)
            rows = Transpose <perm = [1, 0]> (flat)
            gate = Sigmoid (rows)
            y = Mul (rows, gate)
            from = Constant <value_ints = [{1 - kernel}]> ()
            to = Constant <value_ints = [9223372036854775807]> ()
            axis = Constant <value_ints = [1]> ()
            next = Slice (longer, from, to, axis)
        }}"""
    )


def selective_scan(heads: int, groups: int, state: int) -> FunctionProto:
    """SelectiveScan(x [T, H, P], dt [T, H] after softplus, A [H] < 0, B, C [T, G*N], D [H], ssm [H, P, N]) -> y [T,
    H, P], next ssm.

    One chunk of the state-space dual form ("Transformers are SSMs", section 6): work grows with T squared, so callers
    read in chunks.
    """
    return _function(
        f"""
        SelectiveScan (x, dt, A, B, C, D, ssm) => (y, next) {{
            zero = Constant <value_ints = [0]> ()
            one = Constant <value_ints = [1]> ()
            two = Constant <value_ints = [2]> ()
            last = Constant <value_ints = [-1]> ()
            grouped = Constant <value_ints = [0, {groups}, 1, {state}]> ()
            repeats = Constant <value_ints = [1, 1, {heads // groups}, 1]> ()
            per_head = Constant <value_ints = [0, {heads}, {state}]> ()
            B4 = Reshape (B, grouped)
            Bt = Tile (B4, repeats)
            B3 = Reshape (Bt, per_head)
            b = Transpose <perm = [1, 0, 2]> (B3)
            C4 = Reshape (C, grouped)
            Ct = Tile (C4, repeats)
            C3 = Reshape (Ct, per_head)
            c = Transpose <perm = [1, 0, 2]> (C3)
            dt3 = Unsqueeze (dt, two)
            xdt = Mul (x, dt3)
            dx = Transpose <perm = [1, 0, 2]> (xdt)
            dA = Mul (dt, A)
            dAt = Transpose <perm = [1, 0]> (dA)
            axis1 = Constant <value_int = 1> ()
            decay = CumSum (dAt, axis1)
            later = Unsqueeze (decay, two)
            earlier = Unsqueeze (decay, one)
            span = Sub (later, earlier)
            lower = Trilu <upper = 0> (span)
            grown = Exp (lower)
            kept = Trilu <upper = 0> (grown)
            bT = Transpose <perm = [0, 2, 1]> (b)
            scores = MatMul (c, bT)
            weights = Mul (scores, kept)
            inside = MatMul (weights, dx)
            stateT = Transpose <perm = [0, 2, 1]> (ssm)
            read = MatMul (c, stateT)
            fade = Exp (later)
            before = Mul (read, fade)
            both = Add (inside, before)
            total = Gather <axis = 1> (decay, last)
            rest = Sub (total, decay)
            left = Exp (rest)
            left3 = Unsqueeze (left, two)
            dxl = Mul (dx, left3)
            dxT = Transpose <perm = [0, 2, 1]> (dxl)
            added = MatMul (dxT, b)
            faded = Exp (total)
            faded3 = Unsqueeze (faded, two)
            held = Mul (ssm, faded3)
            next = Add (held, added)
            rows = Transpose <perm = [1, 0, 2]> (both)
            D2 = Unsqueeze (D, one)
            skip = Mul (x, D2)
            y = Add (rows, skip)
        }}"""
    )


def _function(text: str) -> FunctionProto:
    function = parser.parse_function(f'<opset_import: ["" : {OPSET}], domain: "{DOMAIN}">' + text)
    assert isinstance(function, FunctionProto)
    return function


def opsets() -> list[object]:
    """What a graph with these nodes imports."""
    return [helper.make_opsetid("", OPSET), helper.make_opsetid(DOMAIN, 1)]
