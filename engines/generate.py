# SPDX-License-Identifier: Apache-2.0
"""Reading a prompt in chunks and writing tokens one by one, for any runtime with the step interface."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engines.nemotron_h.config import NemotronHConfig
from engines.runtimes.onnxruntime import State


class Runtime(Protocol):
    """What generation needs of a runtime."""

    config: NemotronHConfig

    def empty_state(self) -> State:
        """The state before the first token."""

    def step(self, tokens: Sequence[int], state: State, keep: int = 1) -> tuple[NDArray[np.float32], State]:
        """Read tokens, return the logits of the last `keep` and the state after."""


class Cancelled(Exception):
    """The caller asked to stop between two steps."""


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen; temperature 0 takes the likeliest."""

    temperature: float = 0.0
    top_p: float = 0.95
    seed: int | None = None
    max_tokens: int = 256


def read(
    runtime: Runtime, tokens: Sequence[int], state: State, cancelled: Callable[[], bool] = lambda: False
) -> tuple[NDArray[np.float32], State]:
    """Read `tokens` (1 or more) in chunks -> logits fp32 [vocab] after the last, and the state. Raises Cancelled."""
    if not tokens:
        raise ValueError("nothing to read: give at least one token")
    logits = np.empty((0, 0), np.float32)
    for start in range(0, len(tokens), runtime.config.chunk_size):
        if cancelled():
            raise Cancelled
        logits, state = runtime.step(tokens[start : start + runtime.config.chunk_size], state)
    return logits[-1], state


def choose(logits: NDArray[np.float32], sampling: Sampling, rng: np.random.Generator) -> int:
    """The next token by greedy choice, or by temperature within the smallest set whose probability reaches top_p."""
    if sampling.temperature <= 0:
        return int(logits.argmax())
    scaled = (logits - logits.max()).astype(np.float64) / sampling.temperature
    probabilities = np.exp(scaled)
    probabilities /= probabilities.sum()
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    kept = max(1, int(np.searchsorted(ranked.cumsum(), sampling.top_p)) + 1)
    return int(rng.choice(order[:kept], p=ranked[:kept] / ranked[:kept].sum()))


def write(
    runtime: Runtime,
    logits: NDArray[np.float32],
    state: State,
    sampling: Sampling,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[int, State]]:
    """Tokens one by one, each with the state that has read it; ends before a stop token or after max_tokens. Raises
    Cancelled.
    """
    rng = np.random.default_rng(sampling.seed)
    for _ in range(sampling.max_tokens):
        token = choose(logits, sampling, rng)
        if token in runtime.config.eos_token_ids:
            return
        if cancelled():
            raise Cancelled
        step, state = runtime.step([token], state)
        logits = step[-1]
        yield token, state


class Detokenizer:
    """Tokens to text as a stream; a character whose bytes are not all there yet is held back."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._tokens: list[int] = []
        self._given = 0

    def feed(self, token: int) -> str:
        """The text that `token` completes."""
        self._tokens.append(token)
        text: str = self._tokenizer.decode(self._tokens, skip_special_tokens=False)
        if text.endswith("\ufffd"):
            return ""
        new = text[self._given :]
        # Text restarts after whole characters, so that a long answer is not decoded anew for every token.
        self._given = len(text)
        if len(self._tokens) > 64:
            self._tokens, self._given = [], 0
        return new
