# SPDX-License-Identifier: Apache-2.0
"""The operators of a `nemotron_h` step as ONNX functions of domain `nemotron_ssm`, each with two bodies.

`standard` bodies are written in ONNX's own operators and run everywhere; `fused` ones in onnxruntime's
(`com.microsoft`, from 1.31 on the CPU). A runtime with a better form of its own replaces the node. Names, order and
shapes of what goes in and out are the same for all. One conversation, T tokens, all fp32:

    Linear(x [1, T, n], weight [m, n]) -> [1, T, m]
    CausalConv(x [1, T, C], window [1, K-1, C], weight [C, 1, K], bias [C]) -> y as x, after SiLU; the next window
    SelectiveScan(x [1, T, H*P], dt [1, T, H], dt_bias [H], A_log [H], B [1, T, G*N], C as B, D [H],
        ssm [1, H, N, P]) -> y as x, the next ssm
    CachedAttention(query [1, T, Hq*d], key [1, T, Hkv*d], value as key, keys [1, Hkv, capacity, d], values as keys,
        total int64 [1]) -> y as query, the next keys, the next values; `total` counts tokens read with these T
    RMSNorm(x [1, T, n], weight [n]) -> as x
    SkipRMSNorm(x [1, T, n], skip as x, weight [n]) -> norm of the sum, the sum
    GatedRMSNorm(x [1, T, n], gate as x, weight [n]) -> norm over groups of x * silu(gate)
"""

from __future__ import annotations

from onnx import FunctionProto, helper, parser

from engines.nemotron_h.config import NemotronHConfig

DOMAIN = "nemotron_ssm"
OPSET = 19


def standard(c: NemotronHConfig) -> list[FunctionProto]:
    """Bodies in standard operators."""
    heads, groups, state, size = c.mamba_num_heads, c.n_groups, c.ssm_state_size, c.mamba_head_dim
    kv, per, head_dim = c.num_key_value_heads, c.num_attention_heads // c.num_key_value_heads, c.head_dim
    return _functions(
        """
        Linear (x, weight) => (y) {
            turned = Transpose <perm = [1, 0]> (weight)
            y = MatMul (x, turned)
        }""",
        f"""
        CausalConv (x, window, weight, bias) => (y, next) {{
            longer = Concat <axis = 1> (window, x)
            columns = Transpose <perm = [0, 2, 1]> (longer)
            mixed = Conv <group = {c.conv_size}> (columns, weight, bias)
            rows = Transpose <perm = [0, 2, 1]> (mixed)
            gate = Sigmoid (rows)
            y = Mul (rows, gate)
            from = Constant <value_ints = [{1 - c.conv_kernel}]> ()
            to = Constant <value_ints = [9223372036854775807]> ()
            axis = Constant <value_ints = [1]> ()
            next = Slice (longer, from, to, axis)
        }}""",
        # One chunk of the state-space dual form ("Transformers are SSMs", section 6): work grows with T squared, so
        # callers read in chunks.
        f"""
        SelectiveScan (x, dt, dt_bias, A_log, B, C, D, ssm) => (y, next) {{
            zero = Constant <value_ints = [0]> ()
            one = Constant <value_ints = [1]> ()
            two = Constant <value_ints = [2]> ()
            last = Constant <value_ints = [-1]> ()
            axis1 = Constant <value_int = 1> ()
            headed = Constant <value_ints = [-1, {heads}, {size}]> ()
            flat = Constant <value_ints = [1, -1, {heads * size}]> ()
            grouped = Constant <value_ints = [-1, {groups}, 1, {state}]> ()
            repeats = Constant <value_ints = [1, 1, {heads // groups}, 1]> ()
            per_head = Constant <value_ints = [0, {heads}, {state}]> ()
            B4 = Reshape (B, grouped)
            Bt = Tile (B4, repeats)
            B3 = Reshape (Bt, per_head)
            b = Transpose <perm = [1, 0, 2]> (B3)
            bT = Transpose <perm = [1, 2, 0]> (B3)
            C4 = Reshape (C, grouped)
            Ct = Tile (C4, repeats)
            C3 = Reshape (Ct, per_head)
            c = Transpose <perm = [1, 0, 2]> (C3)
            rows2 = Squeeze (dt, zero)
            biased = Add (rows2, dt_bias)
            step = Softplus (biased)
            rate = Exp (A_log)
            A = Neg (rate)
            x3 = Reshape (x, headed)
            step3 = Unsqueeze (step, two)
            xdt = Mul (x3, step3)
            dx = Transpose <perm = [1, 0, 2]> (xdt)
            dA = Mul (step, A)
            dAt = Transpose <perm = [1, 0]> (dA)
            decay = CumSum (dAt, axis1)
            later = Unsqueeze (decay, two)
            earlier = Unsqueeze (decay, one)
            span = Sub (later, earlier)
            lower = Trilu <upper = 0> (span)
            grown = Exp (lower)
            kept = Trilu <upper = 0> (grown)
            scores = MatMul (c, bT)
            weights = Mul (scores, kept)
            inside = MatMul (weights, dx)
            held = Squeeze (ssm, zero)
            read = MatMul (c, held)
            fade = Exp (later)
            before = Mul (read, fade)
            both = Add (inside, before)
            total = Gather <axis = 1> (decay, last)
            rest = Sub (total, decay)
            left = Exp (rest)
            left3 = Unsqueeze (left, two)
            dxl = Mul (dx, left3)
            added = MatMul (bT, dxl)
            faded = Exp (total)
            faded3 = Unsqueeze (faded, two)
            old = Mul (held, faded3)
            new = Add (old, added)
            next = Unsqueeze (new, zero)
            rows = Transpose <perm = [1, 0, 2]> (both)
            D2 = Unsqueeze (D, one)
            skip = Mul (x3, D2)
            y3 = Add (rows, skip)
            y = Reshape (y3, flat)
        }}""",
        # [kv, per, T, d]: the query heads of one key/value head stand together.
        f"""
        CachedAttention (query, key, value, keys, values, total) => (y, next_keys, next_values) {{
            zero = Constant <value_ints = [0]> ()
            one = Constant <value_ints = [1]> ()
            two = Constant <value_ints = [2]> ()
            end = Constant <value_ints = [9223372036854775807]> ()
            never = Constant <value_float = -1e30> ()
            scale = Constant <value_float = {head_dim**-0.5}> ()
            few = Constant <value_ints = [-1, {kv}, {head_dim}]> ()
            many = Constant <value_ints = [-1, {kv}, {per}, {head_dim}]> ()
            flat = Constant <value_ints = [1, -1, {kv * per * head_dim}]> ()
            count = Shape <start = 1, end = 2> (query)
            before = Sub (total, count)
            k3 = Reshape (key, few)
            k = Transpose <perm = [1, 0, 2]> (k3)
            v3 = Reshape (value, few)
            v = Transpose <perm = [1, 0, 2]> (v3)
            new_k = Unsqueeze (k, zero)
            new_v = Unsqueeze (v, zero)
            past_k = Slice (keys, zero, before, two)
            past_v = Slice (values, zero, before, two)
            rest_k = Slice (keys, total, end, two)
            rest_v = Slice (values, total, end, two)
            all_k = Concat <axis = 2> (past_k, new_k)
            all_v = Concat <axis = 2> (past_v, new_v)
            next_keys = Concat <axis = 2> (all_k, rest_k)
            next_values = Concat <axis = 2> (all_v, rest_v)
            q4 = Reshape (query, many)
            qt = Transpose <perm = [1, 2, 0, 3]> (q4)
            q = Mul (qt, scale)
            kT = Transpose <perm = [1, 0, 3, 2]> (all_k)
            vt = Transpose <perm = [1, 0, 2, 3]> (all_v)
            looked = MatMul (q, kT)
            shape = Concat <axis = 0> (count, total)
            blocked = Expand (never, shape)
            reach = Add (before, one)
            diagonal = Squeeze (reach, zero)
            mask = Trilu <upper = 1> (blocked, diagonal)
            scores = Add (looked, mask)
            weights = Softmax <axis = -1> (scores)
            mixed = MatMul (weights, vt)
            rows = Transpose <perm = [2, 0, 1, 3]> (mixed)
            y = Reshape (rows, flat)
        }}""",
        f"RMSNorm (x, weight) => (y) {{ {_rms_norm(c, 'x', 'weight', 'y')} }}",
        f"SkipRMSNorm (x, skip, weight) => (y, sum) {{ sum = Add (x, skip)\n {_rms_norm(c, 'sum', 'weight', 'y')} }}",
        f"""
        GatedRMSNorm (x, gate, weight) => (y) {{
            sigmoid = Sigmoid (gate)
            silu = Mul (gate, sigmoid)
            gated = Mul (x, silu)
            {_grouped_norm(c, "gated", "y")}
        }}""",
    )


def fused(c: NemotronHConfig) -> list[FunctionProto]:
    """Bodies in onnxruntime's fused operators; the state may be written over where it was read."""
    heads, groups, size = c.mamba_num_heads, c.n_groups, c.mamba_head_dim
    eps = c.layer_norm_epsilon
    return _functions(
        "Linear (x, weight) => (y) { y = com.microsoft.FusedMatMul <transB = 1> (x, weight) }",
        """
        CausalConv (x, window, weight, bias) => (y, next) {
            y, next = com.microsoft.CausalConvWithState <activation = "silu", channels_last = 1>
                (x, weight, bias, window)
        }""",
        # Mamba-2 is gated linear attention: query C, key B, value dt x, and a decay a head.
        f"""
        SelectiveScan (x, dt, dt_bias, A_log, B, C, D, ssm) => (y, next) {{
            one = Constant <value_ints = [1]> ()
            three = Constant <value_ints = [3]> ()
            headed = Constant <value_ints = [1, -1, {heads}, {size}]> ()
            packed = Constant <value_ints = [1, -1, {heads * size}]> ()
            wide = Constant <value_ints = [{heads}, {size}]> ()
            flat = Constant <value_ints = [-1]> ()
            biased = Add (dt, dt_bias)
            step = Softplus (biased)
            rate = Exp (A_log)
            A = Neg (rate)
            decay = Mul (step, A)
            x4 = Reshape (x, headed)
            step4 = Unsqueeze (step, three)
            xdt = Mul (x4, step4)
            v = Reshape (xdt, packed)
            mixed, next = com.microsoft.LinearAttention
                <update_rule = "gated", q_num_heads = {groups}, kv_num_heads = {heads}, scale = 1.0>
                (C, B, v, ssm, decay)
            D2 = Unsqueeze (D, one)
            D_wide = Expand (D2, wide)
            D_flat = Reshape (D_wide, flat)
            skip = Mul (x, D_flat)
            y = Add (mixed, skip)
        }}""",
        f"""
        CachedAttention (query, key, value, keys, values, total) => (y, next_keys, next_values) {{
            zero = Constant <value_ints = [0]> ()
            one = Constant <value_ints = [1]> ()
            last = Sub (total, one)
            seqlens = Cast <to = 6> (last)
            total32 = Cast <to = 6> (total)
            count = Squeeze (total32, zero)
            y, next_keys, next_values = com.microsoft.GroupQueryAttention
                <num_heads = {c.num_attention_heads}, kv_num_heads = {c.num_key_value_heads}>
                (query, key, value, keys, values, seqlens, count)
        }}""",
        f"RMSNorm (x, weight) => (y) {{ {_rms_norm(c, 'x', 'weight', 'y')} }}",
        f"""
        SkipRMSNorm (x, skip, weight) => (y, sum) {{
            y, none, never, sum = com.microsoft.SkipSimplifiedLayerNormalization <epsilon = {eps}> (x, skip, weight)
        }}""",
        f"""
        GatedRMSNorm (x, gate, weight) => (y) {{
            silu = com.microsoft.QuickGelu <alpha = 1.0> (gate)
            gated = Mul (x, silu)
            {_grouped_norm(c, "gated", "y")}
        }}""",
    )


def _rms_norm(c: NemotronHConfig, x: str, weight: str, y: str) -> str:
    """In the very nodes that onnxruntime knows to fuse: its own operator cannot stand in a function (1.31 crashes)."""
    return f"""
            square_by = Constant <value_float = 2.0> ()
            eps = Constant <value_float = {c.layer_norm_epsilon}> ()
            axes = Constant <value_ints = [-1]> ()
            squared = Pow ({x}, square_by)
            mean = ReduceMean (squared, axes)
            safe = Add (mean, eps)
            rms = Sqrt (safe)
            unit = Div ({x}, rms)
            {y} = Mul ({weight}, unit)"""


def _grouped_norm(c: NemotronHConfig, x: str, y: str) -> str:
    """RMSNorm over groups of channels with one weight a channel. The fused norm has one a column: it gets ones."""
    size = c.mamba_size // c.n_groups
    if c.n_groups == 1:
        return _rms_norm(c, x, "weight", y)
    return f"""
            groups = Constant <value_ints = [1, -1, {c.n_groups}, {size}]> ()
            flat = Constant <value_ints = [1, -1, {c.mamba_size}]> ()
            ones = Constant <value = float[{size}] {{{",".join(["1"] * size)}}}> ()
            grouped = Reshape ({x}, groups)
            {_rms_norm(c, "grouped", "ones", "normed")}
            flattened = Reshape (normed, flat)
            {y} = Mul (flattened, weight)"""


def _functions(*texts: str) -> list[FunctionProto]:
    imports = f'<opset_import: ["" : {OPSET}, "com.microsoft" : 1], domain: "{DOMAIN}">'
    return [parser.parse_function(imports + text) for text in texts]


def opsets(version: int = OPSET) -> list[object]:
    """What a graph with these nodes imports, `version` being that of ONNX's own."""
    return [helper.make_opsetid(*pair) for pair in (("", version), (DOMAIN, 1), ("com.microsoft", 1))]
