# SPDX-License-Identifier: Apache-2.0
"""The causal conv and the selective scan in fp64 NumPy, token by token: what the kernels are held against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def causal_conv(x: Array, window: Array, weight: Array, bias: Array) -> tuple[Array, Array]:
    """Mix every channel with its last inputs, then SiLU.

    Args:
        x: [batch, T, channels].
        window: [batch, taps - 1, channels], the inputs before the first token.
        weight: [channels, 1, taps], the newest input's last.
        bias: [channels].

    Returns y as x and the window after the last token.
    """
    ys = []
    for t in range(x.shape[1]):
        seen = np.concatenate([window, x[:, t : t + 1]], axis=1)
        mixed = bias + np.einsum("bkc,ck->bc", seen, weight[:, 0])
        ys.append(mixed / (1 + np.exp(-mixed)))
        window = seen[:, 1:]
    return np.stack(ys, axis=1), window


def selective_scan(
    x: Array, dt: Array, dt_bias: Array, a_log: Array, b: Array, c: Array, d: Array, ssm: Array
) -> tuple[Array, Array]:
    """`h = exp(dt A) h + B (dt x)^T; y = C^T h + D x` with dt = softplus(dt + dt_bias), A = -exp(a_log).

    Args:
        x: [batch, T, heads, head_dim].
        dt: [batch, T, heads], before softplus.
        dt_bias: [heads].
        a_log: [heads].
        b: [batch, T, groups, state]; heads / groups heads after one another share a group.
        c: as b.
        d: [heads].
        ssm: [batch, heads, state, head_dim], the state before the first token.

    Returns y as x and the state after the last token.
    """
    per_group = x.shape[2] // b.shape[2]
    ys = []
    for t in range(x.shape[1]):
        step = np.logaddexp(0, dt[:, t] + dt_bias)
        b_t, c_t = (np.repeat(r[:, t], per_group, axis=1) for r in (b, c))
        added = b_t[..., :, None] * (step[..., None] * x[:, t])[..., None, :]
        ssm = np.exp(step * -np.exp(a_log))[..., None, None] * ssm + added
        ys.append(np.einsum("bhn,bhnp->bhp", c_t, ssm) + d[:, None] * x[:, t])
    return np.stack(ys, axis=1), ssm
