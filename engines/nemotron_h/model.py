# SPDX-License-Identifier: Apache-2.0
"""The `nemotron_h` network in PyTorch: the readable reference that every runtime is held against, and what training
uses.

One function reads and writes: `NemotronH.step(tokens [batch, T], state) -> (logits [batch, T, vocab], state)` for any
T >= 1. The state
is a value; nothing in the model remembers.

Sources: Mamba-2 is "Transformers are SSMs" (Dao & Gu, 2024), section 6 (the chunked form of the scan); the layer
order, the gate
before the grouped norm, ReLU squared, and attention without positions are NVIDIA's Nemotron-H report (2025).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.nemotron_h.config import ATTENTION, MAMBA, NemotronHConfig


@dataclass(frozen=True)
class MambaState:
    """What a Mamba-2 layer remembers."""

    conv: Tensor
    """[batch, conv_kernel - 1, conv_size]: the last inputs of the causal conv."""
    ssm: Tensor
    """fp32 [batch, heads, ssm_state, head_dim]"""


@dataclass(frozen=True)
class AttentionState:
    """What an attention layer remembers: everything."""

    keys: Tensor
    """[batch, kv_heads, past, head_dim]"""
    values: Tensor
    """[batch, kv_heads, past, head_dim]"""


State = tuple[MambaState | AttentionState | None, ...]
"""One entry a layer; None for an MLP."""


class RMSNorm(nn.Module):
    """x / rms(x) * weight, the mean square taken in fp32 over groups of the last axis."""

    def __init__(self, size: int, eps: float, groups: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps, self.groups = eps, groups

    def forward(self, x: Tensor) -> Tensor:
        """Scale `x` [..., size] -> the same shape and type."""
        grouped = x.float().reshape(*x.shape[:-1], self.groups, -1)
        normed = grouped * torch.rsqrt(grouped.square().mean(-1, keepdim=True) + self.eps)
        out: Tensor = self.weight * normed.flatten(-2)
        return out.to(x.dtype)


def selective_scan(
    x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, ssm: Tensor, chunk: int
) -> tuple[Tensor, Tensor]:
    """The Mamba-2 recurrence `h = exp(dt a) h + b (dt x)^T; y = c^T h`, in chunks of matrix products.

    Args:
        x: [batch, T, heads, head_dim].
        dt: [batch, T, heads], after softplus.
        a: [heads], negative.
        b: [batch, T, groups, state]; heads / groups heads after one another share a group.
        c: as b.
        ssm: fp32 [batch, heads, state, head_dim], the state before the first token.
        chunk: tokens a chunk; the result depends on it only by rounding.

    Returns y [batch, T, heads, head_dim] in fp32 and the state after the last token.
    """
    length, groups = x.shape[1], b.shape[2]
    size = min(chunk, length)
    # A padded token has dt = 0: it decays nothing and adds nothing.
    x, dt, b, c = (_chunks(t, size, groups) for t in (x, dt[..., None], b[..., None, :], c[..., None, :]))
    decay = (dt[..., 0] * a.reshape(groups, -1, 1)).cumsum(-1)  # its log, since the chunk's start [..., heads, L]
    dx = x * dt
    # Inside a chunk: y_t = sum over s <= t of exp(decay_t - decay_s) (c_t . b_s) dx_s
    causal = torch.ones(size, size, dtype=torch.bool, device=x.device).tril()
    span = (decay[..., :, None] - decay[..., None, :]).masked_fill(~causal, -torch.inf)
    y = (c @ b.mT * span.exp()) @ dx
    # What each chunk adds to the state by its end, and the states at every chunk's start: the heads of a group side by
    # side, [batch, chunks, groups, 1, state, heads x head_dim], since they share b and c.
    added = b.mT @ _side_by_side(dx * (decay[..., -1:] - decay).exp()[..., None])
    total = _side_by_side(decay[..., -1:, None].exp().expand(*dx.shape[:-2], 1, dx.shape[-1]))
    state = _side_by_side(ssm.reshape(ssm.shape[0], groups, -1, *ssm.shape[2:]))
    starts = []
    for k in range(x.shape[1]):
        starts.append(state)
        state = total[:, k] * state + added[:, k]
    y = y + _apart(c @ torch.stack(starts, 1), x.shape[-1]) * decay.exp()[..., None]
    y = y.flatten(2, 3).transpose(2, 3).flatten(1, 2)[:, :length]
    return y, _apart(state, x.shape[-1]).flatten(1, 2)


def _chunks(t: Tensor, size: int, groups: int) -> Tensor:
    """[batch, T, heads or groups (, 1), n] -> fp32 [batch, chunks, groups, heads each, size, n], zeros at the end."""
    t = t.float().reshape(*t.shape[:2], groups, -1, t.shape[-1])
    padded = functional.pad(t, (0, 0, 0, 0, 0, 0, 0, -t.shape[1] % size))
    return padded.reshape(t.shape[0], -1, size, *t.shape[2:]).movedim(2, -2)


def _side_by_side(t: Tensor) -> Tensor:
    """[..., heads, rows, n] -> [..., 1, rows, heads x n]."""
    return t.movedim(-3, -2).flatten(-2)[..., None, :, :]


def _apart(t: Tensor, size: int) -> Tensor:
    """[..., 1, rows, heads x size] -> [..., heads, rows, size]."""
    return t.reshape(*t.shape[:-3], t.shape[-2], -1, size).movedim(-2, -3)


class Mamba(nn.Module):
    """Mamba-2 mixer: project, causal conv, selective scan, gate, grouped norm, project."""

    def __init__(self, config: NemotronHConfig) -> None:
        super().__init__()
        self.config = config
        heads = config.mamba_num_heads
        self.in_proj = nn.Linear(config.hidden_size, config.in_proj_size, bias=False)
        self.conv1d = nn.Conv1d(config.conv_size, config.conv_size, config.conv_kernel, groups=config.conv_size)
        self.dt_bias = nn.Parameter(torch.zeros(heads))
        self.A_log = nn.Parameter(torch.zeros(heads))
        self.D = nn.Parameter(torch.ones(heads))
        self.norm = RMSNorm(config.mamba_size, config.layer_norm_epsilon, config.n_groups)
        self.out_proj = nn.Linear(config.mamba_size, config.hidden_size, bias=False)

    def empty_state(self, batch: int, like: Tensor) -> MambaState:
        """What there is to remember before the first token: made on the device of `like`, and of its type."""
        c = self.config
        return MambaState(
            like.new_zeros(batch, c.conv_kernel - 1, c.conv_size),
            like.new_zeros(batch, c.mamba_num_heads, c.ssm_state_size, c.mamba_head_dim, dtype=torch.float32),
        )

    def forward(self, u: Tensor, state: MambaState) -> tuple[Tensor, MambaState]:
        """Mix `u` [batch, T, hidden] -> the same shape, and the state after the last token."""
        c = self.config
        gate, xbc, dt = torch.split(self.in_proj(u), [c.mamba_size, c.conv_size, c.mamba_num_heads], dim=-1)
        window = torch.cat([state.conv, xbc], dim=1)
        xbc = cast(Tensor, self.conv1d.bias)
        for k, tap in enumerate(self.conv1d.weight[:, 0].unbind(-1)):  # quicker than a depthwise conv, forth and back
            xbc = xbc + window[:, k : k + u.shape[1]] * tap
        xbc = functional.silu(xbc)
        bc_size = c.n_groups * c.ssm_state_size
        x, b, c_ = torch.split(xbc, [c.mamba_size, bc_size, bc_size], dim=-1)
        x = x.reshape(*u.shape[:2], c.mamba_num_heads, c.mamba_head_dim)
        b, c_ = (t.reshape(*u.shape[:2], c.n_groups, -1) for t in (b, c_))
        dt = functional.softplus(dt.float() + self.dt_bias.float())
        y, ssm = selective_scan(x, dt, -self.A_log.float().exp(), b, c_, state.ssm, c.chunk_size)
        y = y + self.D.float()[:, None] * x.float()
        y = self.norm(y.flatten(2).to(u.dtype) * functional.silu(gate))
        return self.out_proj(y), MambaState(window[:, window.shape[1] - c.conv_kernel + 1 :], ssm)


class Attention(nn.Module):
    """Grouped-query attention without positions: order comes from the Mamba layers."""

    def __init__(self, config: NemotronHConfig) -> None:
        super().__init__()
        self.config = config
        query, kv = config.num_attention_heads * config.head_dim, config.num_key_value_heads * config.head_dim
        self.q_proj = nn.Linear(config.hidden_size, query, bias=False)
        self.k_proj = nn.Linear(config.hidden_size, kv, bias=False)
        self.v_proj = nn.Linear(config.hidden_size, kv, bias=False)
        self.o_proj = nn.Linear(query, config.hidden_size, bias=False)

    def empty_state(self, batch: int, like: Tensor) -> AttentionState:
        """What there is to remember before the first token: made on the device of `like`, and of its type."""
        none = like.new_zeros(batch, self.config.num_key_value_heads, 0, self.config.head_dim)
        return AttentionState(none, none)

    def forward(self, u: Tensor, state: AttentionState) -> tuple[Tensor, AttentionState]:
        """Mix `u` [batch, T, hidden] -> the same shape, and the state after the last token."""
        query, keys, values = (
            proj(u).reshape(*u.shape[:2], -1, self.config.head_dim).transpose(1, 2)
            for proj in (self.q_proj, self.k_proj, self.v_proj)
        )
        keys, values = torch.cat([state.keys, keys], 2), torch.cat([state.values, values], 2)
        new, past = query.shape[2], keys.shape[2] - query.shape[2]
        causal = torch.ones(new, past + new, dtype=torch.bool, device=u.device).tril(past) if past else None
        y = functional.scaled_dot_product_attention(query, keys, values, causal, is_causal=not past, enable_gqa=True)
        return self.o_proj(y.transpose(1, 2).flatten(2)), AttentionState(keys, values)


class MLP(nn.Module):
    """up, ReLU squared, down."""

    def __init__(self, config: NemotronHConfig) -> None:
        super().__init__()
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def empty_state(self, batch: int, like: Tensor) -> None:
        """What there is to remember before the first token: made on the device of `like`, and of its type."""
        return None

    def forward(self, u: Tensor, state: None) -> tuple[Tensor, None]:
        """Mix `u` [batch, T, hidden] -> the same shape, and the state after the last token."""
        return self.down_proj(functional.relu(self.up_proj(u)).square()), None


class Layer(nn.Module):
    """x + mixer(norm(x)), the residual kept in the stream's type."""

    def __init__(self, config: NemotronHConfig, kind: str) -> None:
        super().__init__()
        self.norm = RMSNorm(config.hidden_size, config.layer_norm_epsilon)
        self.mixer: Mamba | Attention | MLP = (
            Mamba(config) if kind == MAMBA else Attention(config) if kind == ATTENTION else MLP(config)
        )


class Backbone(nn.Module):
    """Embedding, layers, last norm."""

    def __init__(self, config: NemotronHConfig) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config, kind) for kind in config.pattern)
        self.norm_f = RMSNorm(config.hidden_size, config.layer_norm_epsilon)

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read `tokens` int64 [batch, T] -> the last hidden states [batch, T, hidden] and the state after them."""
        x = self.embeddings(tokens)
        after = []
        for layer, before in zip(cast("Iterable[Layer]", self.layers), state, strict=True):
            y, new = layer.mixer(layer.norm(x), before)
            x = x + y
            after.append(new)
        return self.norm_f(x), tuple(after)


class NemotronH(nn.Module):
    """The whole network; parameter names are the checkpoint's."""

    def __init__(self, config: NemotronHConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)

    def empty_state(self, batch: int = 1) -> State:
        """What the network remembers before the first token."""
        like = self.lm_head.weight
        layers = cast("Iterable[Layer]", self.backbone.layers)
        return tuple(layer.mixer.empty_state(batch, like) for layer in layers)

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read `tokens` int64 [batch, T >= 1] -> logits [batch, T, vocab] and the state after the last token."""
        x, state = self.backbone(tokens, state)
        return self.lm_head(x), state
