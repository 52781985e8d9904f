# SPDX-License-Identifier: Apache-2.0
"""States kept by the tokens they have read, so that a prompt is read only from where it differs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from engines.runtimes.onnxruntime import State


class PrefixCache:
    """Token prefix -> state; least recently used out first once `max_bytes` is passed, pinned ones never."""

    def __init__(self, max_bytes: int = 256_000_000) -> None:
        self._states: OrderedDict[tuple[int, ...], State] = OrderedDict()
        self._pinned: set[tuple[int, ...]] = set()
        self._max_bytes = max_bytes

    def keep(self, tokens: Sequence[int], state: State, *, pin: bool = False) -> None:
        """Keep the state after `tokens`; a pinned one takes the place of the one pinned before."""
        key = tuple(tokens)
        self._states[key] = state
        self._states.move_to_end(key)
        if pin:
            self._pinned = {key}
        total = sum(kept.nbytes for kept in self._states.values())
        for old in list(self._states):
            if total <= self._max_bytes:
                break
            if old not in self._pinned and old != key:
                total -= self._states.pop(old).nbytes

    def longest(self, tokens: Sequence[int]) -> State | None:
        """The state that has read most of `tokens` and nothing else, leaving at least one token to read."""
        wanted = tuple(tokens)
        best: tuple[int, ...] | None = None
        for key in self._states:
            if len(key) < len(wanted) and wanted[: len(key)] == key and (best is None or len(key) > len(best)):
                best = key
        if best is None:
            return None
        self._states.move_to_end(best)
        return self._states[best]
