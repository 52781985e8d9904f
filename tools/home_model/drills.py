# SPDX-License-Identifier: Apache-2.0
"""Copying drills: what the network learns before it hears its first sentence.

A call repeats a name that stands in the device list and in what was said. Left alone, the attention that finds "what followed this
token before" takes millions of tokens to appear; on lines of made-up names that recur, first short ones out of few tokens, then long
ones out of all, it appears within minutes, and sentences are learned on top of it.
"""

from __future__ import annotations

import random

import numpy as np

from tools.home_model.batch import Batch

TOKENS = 1024
"""Tokens a drill step."""


class Drills:
    """Lines of names, one token to six each, that recur at random; they grow as the network masters them."""

    def __init__(self, seed: int, first: int, vocab_size: int, separator: int) -> None:
        self._rng = random.Random(seed)
        self._first, self._most, self._separator = first, vocab_size - first, separator
        self.words, self.length = 100, 64
        self._mean: float | None = None
        self._patience = 15

    @property
    def mastered(self) -> bool:
        """Whether names of all tokens are copied over the longest lines."""
        return self.words == self._most and self.length > 400

    def batch(self) -> Batch:
        """Lines at the present size; what counts is every token of a name that was there before, but the first."""
        rng, length = self._rng, self.length
        rows = max(2, TOKENS // length)
        tokens = np.zeros((rows, length + 1), np.int64)
        weights = np.zeros((rows, length + 1), np.float32)
        for row in range(rows):
            count = rng.randrange(4, max(6, length // 12))
            names = [
                [self._first + rng.randrange(self.words) for _ in range(rng.choice((1, 2, 2, 3, 3, 4, 6)))]
                for _ in range(count)
            ]
            seen: set[int] = set()
            at = 0
            while at <= length:
                pick = rng.randrange(count)
                line = [*names[pick], self._separator][: length + 1 - at]
                tokens[row, at : at + len(line)] = line
                if pick in seen:
                    weights[row, at + 1 : at + len(line)] = 1.0
                seen.add(pick)
                at += len(line)
        return Batch(tokens, weights[:, 1:])

    def learned(self, loss: float) -> None:
        """Grow when the loss of late is low enough."""
        self._mean = loss if self._mean is None else 0.9 * self._mean + 0.1 * loss
        self._patience -= 1
        if self._mean < 1.2 and self._patience <= 0:
            self._patience = 15
            if self.words < self._most:
                self.words = min(self._most, int(self.words * 1.6))
            else:
                self.length = int(self.length * 1.4)
