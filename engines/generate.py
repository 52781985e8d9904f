# SPDX-License-Identifier: Apache-2.0
"""Reading a prompt in chunks and writing tokens one by one, for any runtime with the step interface."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engines.grammar import Copied
from engines.nemotron_h.config import NemotronHConfig
from engines.prefix import PrefixCache
from engines.snapshot import Snapshot

REASONING_GRACE = 500
"""Tokens that a reasoning trace may take beyond its budget to come to the end of a line."""


class Runtime(Protocol):
    """What generation needs of a runtime. A state belongs to the runtime that made it."""

    config: NemotronHConfig
    name: str
    """Of runtime and version: states of another are not used."""
    weighs: bool
    """Whether the logits of many tokens cost no more than those of the last."""

    def empty_state(self) -> Any:
        """The state before the first token."""

    def resume(self, snapshot: Snapshot) -> Any:
        """A state that goes on from a snapshot."""

    def snapshot(self, state: Any) -> Snapshot:
        """The state as a value."""

    def step(self, tokens: Sequence[int], state: Any, keep: int = 1) -> NDArray[np.float32]:
        """Read tokens, moving the state on, and return the logits [keep, vocab] of the last `keep`."""


class Cancelled(Exception):
    """The caller asked to stop between two steps."""


def never() -> bool:
    """For `cancelled`: nobody asks to stop."""
    return False


class Context:
    """The tokens that have been read, and the state after them. It can branch, and return to any of its tokens."""

    def __init__(self, runtime: Runtime, prefixes: PrefixCache | None = None) -> None:
        """Start before the first token; states are kept in, and returned to from, `prefixes`."""
        self.runtime, self.prefixes = runtime, prefixes or PrefixCache()
        self.tokens: list[int] = []
        self._state = runtime.empty_state()

    def extend(self, tokens: Sequence[int], cancelled: Callable[[], bool] = never) -> NDArray[np.float32]:
        """Read 1 or more tokens in chunks -> logits fp32 [vocab] after the last.

        Raises Cancelled between two chunks, and then holds what was read; whatever the runtime raises leaves it empty.
        """
        if not tokens:
            raise ValueError("nothing to read: give at least one token")
        logits = np.empty((0, 0), np.float32)
        for start in range(0, len(tokens), self.runtime.config.chunk_size):
            if cancelled():
                raise Cancelled
            logits = self._step(tokens[start : start + self.runtime.config.chunk_size])
        last: NDArray[np.float32] = logits[-1]
        return last

    def weigh(self, tokens: Sequence[int], logits: NDArray[np.float32]) -> float:
        """Read `tokens` after `logits` [vocab] -> the natural logarithm of how likely just they were to come."""
        total = 0.0
        for start in range(0, len(tokens), self.runtime.config.chunk_size):
            part = tokens[start : start + self.runtime.config.chunk_size]
            after = self._step(part, len(part))
            before = np.concatenate([logits[None], after[:-1]])
            total += float((before[np.arange(len(part)), part] - np.logaddexp.reduce(before, -1)).sum())
            logits = after[-1]
        return total

    def _step(self, tokens: Sequence[int], keep: int = 1) -> NDArray[np.float32]:
        try:
            logits = self.runtime.step(list(tokens), self._state, keep)
        except BaseException:
            self.tokens, self._state = [], self.runtime.empty_state()  # a failed step leaves nothing to rely on
            raise
        self.tokens += tokens
        return logits

    def read_to(self, tokens: Sequence[int], cancelled: Callable[[], bool] = never) -> NDArray[np.float32]:
        """Make `tokens` what has been read, reading only what differs -> logits fp32 [vocab] after the last."""
        wanted = list(tokens)
        here = len(self.tokens)
        kept = self.prefixes.longest(wanted)
        if here >= len(wanted) or wanted[:here] != self.tokens or (kept and kept.length > here):
            self._return_to(kept, wanted)
        return self.extend(wanted[len(self.tokens) :], cancelled)

    def roll_back(self, length: int) -> None:
        """Forget all but the first `length` tokens; what lies between there and the last kept state is read again."""
        if not 0 <= length <= len(self.tokens):
            raise ValueError(f"cannot roll back to token {length} of {len(self.tokens)}")
        wanted = self.tokens[:length]
        if length < len(self.tokens):
            # One token more than wanted: a state after exactly these tokens serves here.
            self._return_to(self.prefixes.longest(self.tokens[: length + 1]), wanted)
            if wanted[len(self.tokens) :]:
                self.extend(wanted[len(self.tokens) :])

    def branch(self) -> Context:
        """A second context that goes its own way from here."""
        other = Context(self.runtime, self.prefixes)
        other._return_to(self.runtime.snapshot(self._state), self.tokens)
        return other

    def keep(self, *, pin: bool = False) -> None:
        """Keep the state after these tokens; a pinned one stays and is written to disk if the cache has a folder."""
        self.prefixes.keep(self.tokens, self.runtime.snapshot(self._state), pin=pin)

    def _return_to(self, kept: Snapshot | None, tokens: Sequence[int]) -> None:
        self._state = self.runtime.resume(kept) if kept else self.runtime.empty_state()
        self.tokens = list(tokens[: kept.length if kept else 0])


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen; temperature 0 takes the likeliest."""

    temperature: float = 0.0
    top_p: float = 0.95
    seed: int | None = None
    max_tokens: int = 256
    """Of the answer; reasoning has a budget of its own."""


def choose(logits: NDArray[np.float32], sampling: Sampling, rng: np.random.Generator) -> int:
    """The next token by greedy choice, or by temperature within the smallest set whose probability reaches top_p."""
    if sampling.temperature <= 0:
        return int(logits.argmax())
    scaled = (logits - logits.max()).astype(np.float64) / sampling.temperature
    probabilities = np.exp(scaled)
    probabilities /= probabilities.sum()
    top = np.arange(len(probabilities))
    if len(top) > 256:  # sorting a whole vocabulary takes longer than everything else here
        likeliest = np.argpartition(-probabilities, 256)[:256]
        if probabilities[likeliest].sum() >= sampling.top_p:
            top = likeliest
    order = top[np.argsort(-probabilities[top], kind="stable")]
    ranked = probabilities[order]
    kept = max(1, int(np.searchsorted(ranked.cumsum(), sampling.top_p)) + 1)
    return int(rng.choice(order[:kept], p=ranked[:kept] / ranked[:kept].sum()))


def probability(logits: NDArray[np.float32], token: int) -> float:
    """Of one token among all, at temperature 1."""
    return float(1 / np.exp(logits - logits[token]).sum(dtype=np.float64))


class Constraint(Protocol):
    """What may stand in one call."""

    finished: bool

    def mask(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits with -inf for every token that may not come next."""

    def accept(self, token: int) -> None:
        """Move on by the token that was chosen."""


class Grammar(Protocol):
    """What calls may say."""

    begins: frozenset[int]
    """Tokens that open a call."""
    refused: frozenset[int]
    """Tokens that would open one that is not allowed."""

    def constrain(self, begin: int, copied: Copied | None = None) -> Constraint:
        """The constraint of the call that `begin` has opened."""


@dataclass(frozen=True)
class Choice:
    """A token of a call, and the likeliest of those that could have stood in its place."""

    token: int
    probability: float = 1.0
    second: int | None = None
    """None where hardly any other could stand."""
    second_probability: float = 0.0


@dataclass(frozen=True)
class WrittenCall:
    """A call, token by token, from the one that opens it."""

    start: int
    """Tokens of the answer before it."""
    choices: list[Choice] = field(default_factory=list)

    @property
    def probability(self) -> float:
        """Of the whole call, as the network saw it before any grammar."""
        return math.prod(choice.probability for choice in self.choices)


_CERTAIN = 0.98
"""Beside a token that is likelier no other is looked for."""


class Steering:
    """What stands between logits and choice: the reasoning budget, and the grammar inside calls."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        open_reasoning: bool = False,
        budget: int | None = None,
        grammar: Grammar | None = None,
        copied: Copied | None = None,
    ) -> None:
        """Follow one turn.

        Args:
            tokenizer: knows `<think>`, `</think>` and where lines end.
            open_reasoning: the prompt ends inside a trace.
            budget: tokens of reasoning, closed at the next newline and at the latest REASONING_GRACE later; None is
                no limit.
            grammar: holds calls to it; text outside them is free.
            copied: what names in calls may say, if not everything.
        """
        self._tokenizer, self._budget = tokenizer, budget
        self._think, self._unthink = (tokenizer.token_to_id(marker) for marker in ("<think>", "</think>"))
        self._grammar, self._copied = grammar, copied
        self._constraint: Constraint | None = None
        self.reasoning = open_reasoning
        self.reasoned = 0
        """Tokens of reasoning so far."""
        self._line_ended = False
        self.calls: list[WrittenCall] = []
        """Each call so far; the last may not be whole."""
        self._accepted = 0
        self._weighed: Choice | None = None
        """What the last choice was between, if it was one of a call."""

    @property
    def in_call(self) -> bool:
        """A call has been opened and is not closed."""
        return self._constraint is not None

    def choose(self, logits: NDArray[np.float32], sampling: Sampling, rng: np.random.Generator) -> int:
        """The next token."""
        if self.reasoning and self._budget is not None and self.reasoned >= self._budget and self._unthink is not None:
            over = self.reasoned - self._budget
            if self._line_ended or self._budget == 0 or over >= REASONING_GRACE:
                return int(self._unthink)
        free = logits
        if self._constraint:
            logits = self._constraint.mask(logits)
        elif self._grammar and self._grammar.refused and not self.reasoning:
            logits = logits.copy()
            logits[list(self._grammar.refused)] = -np.inf
        token = choose(logits, sampling, rng)
        if self._constraint or (self._grammar and token in self._grammar.begins and not self.reasoning):
            self._weighed = _weighed(free, logits, token)
        return token

    def accept(self, token: int) -> None:
        """Follow the token that was chosen, or one that stands already."""
        choice, self._weighed = self._weighed or Choice(token), None
        self._accepted += 1
        if self._constraint:
            self.calls[-1].choices.append(choice)
            self._constraint.accept(token)
            if self._constraint.finished:
                self._constraint = None
        elif self.reasoning:
            self.reasoned += 1
            self.reasoning = token != self._unthink
            self._line_ended = self.reasoning and "\n" in self._tokenizer.decode([token], skip_special_tokens=False)
        elif token == self._think:
            self.reasoning = True
        elif self._grammar and token in self._grammar.begins:
            self._constraint = self._grammar.constrain(token, self._copied)
            self.calls.append(WrittenCall(self._accepted - 1, [choice]))


def _weighed(free: NDArray[np.float32], allowed: NDArray[np.float32], token: int) -> Choice:
    of_all = probability(free, token)
    if of_all > _CERTAIN:
        return Choice(token, of_all)
    others = allowed.copy()
    others[token] = -np.inf
    second = int(others.argmax())
    if not np.isfinite(others[second]):
        return Choice(token, of_all)
    return Choice(token, of_all, second, probability(free, second))


def write(
    context: Context,
    logits: NDArray[np.float32],
    sampling: Sampling,
    steering: Steering,
    stop: Sequence[int] = (),
    cancelled: Callable[[], bool] = never,
) -> Iterator[int]:
    """Tokens one by one, each read into `context` before it is given out.

    Ends before a token of `stop` or of the configuration's end tokens, after max_tokens beside the reasoning, or at
    the network's longest context. Raises Cancelled between two steps.
    """
    rng = np.random.default_rng(sampling.seed)
    ends = {*context.runtime.config.eos_token_ids, *stop}
    written = 0
    while written < sampling.max_tokens and len(context.tokens) < context.runtime.config.max_position_embeddings:
        token = steering.choose(logits, sampling, rng)
        if token in ends:
            return
        steering.accept(token)
        written += not steering.reasoning
        logits = context.extend([token], cancelled)
        yield token


class Detokenizer:
    """Tokens to text as a stream; a character whose bytes are not all there yet is held back."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._tokens: list[int] = []
        self._given = 0
        """Tokens whose text was given out; they stay as what comes before, since a decoder may look back."""

    def feed(self, token: int) -> str:
        """The text that `token` completes."""
        self._tokens.append(token)
        before = self._decode(self._tokens[: self._given])
        text = self._decode(self._tokens)
        # Four bytes make the longest character: after more the bytes are simply wrong.
        if text.endswith("\ufffd") and len(self._tokens) - self._given < 4:
            return ""
        self._tokens, self._given = self._tokens[self._given :], len(self._tokens) - self._given
        return text[len(before) :]

    def _decode(self, tokens: list[int]) -> str:
        text: str = self._tokenizer.decode(tokens, skip_special_tokens=False)
        return text
