# SPDX-License-Identifier: Apache-2.0
"""Networks that were trained apart and are asked together: the probabilities of the next token are their mean.

Where they do not agree, no token is likely. That says more about whether a call is right than what one network thinks
of itself, which can be as sure of a mistake as of anything (Lakshminarayanan et al., "Simple and Scalable Predictive
Uncertainty Estimation using Deep Ensembles", 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from engines.errors import EngineError
from engines.runtimes.onnxruntime import OnnxRuntime, State
from engines.snapshot import Snapshot


class Ensemble:
    """Several networks over the same tokens as one Runtime; its state is one of each."""

    weighs = True

    def __init__(self, members: Sequence[OnnxRuntime]) -> None:
        """Take two or more; raises EngineError if they do not have the same vocabulary."""
        self._members = members
        self.config = members[0].config
        for number, member in enumerate(members[1:], 2):
            if member.config.vocab_size != self.config.vocab_size:
                raise EngineError(
                    f"member {number} has {member.config.vocab_size} tokens, the first {self.config.vocab_size}: what "
                    "is asked together must have the same vocabulary. Train and export them together."
                )
        self.name = f"{members[0].name} x{len(members)}"

    def empty_state(self) -> list[State]:
        """The state before the first token."""
        return [member.empty_state() for member in self._members]

    def resume(self, snapshot: Snapshot) -> list[State]:
        """A state of its own that goes on from the snapshot; raises EngineError for one of another network."""
        return [
            member.resume(Snapshot({_alone(name): array for name, array in snapshot.arrays.items() if
                                    _owner(name) == number}, snapshot.length))
            for number, member in enumerate(self._members, 1)
        ]  # fmt: skip

    def snapshot(self, state: list[State]) -> Snapshot:
        """The state as a value: `conv.0` of the first, `conv.0.2` of the second, and so on."""
        arrays = {}
        for number, (member, own) in enumerate(zip(self._members, state, strict=True), 1):
            for name, array in member.snapshot(own).arrays.items():
                arrays[name if number == 1 else f"{name}.{number}"] = array
        return Snapshot(arrays, state[0].length)

    def step(self, tokens: Sequence[int], state: list[State], keep: int = 1) -> NDArray[np.float32]:
        """Read `tokens` (1 or more) after `state`, which moves on -> logarithms of the mean probabilities, fp32
        [keep, vocab]. A state whose step failed must not be used again.
        """
        steps = zip(self._members, state, strict=True)
        each = [_log_probabilities(member.step(tokens, own, keep)) for member, own in steps]
        mean: NDArray[np.float32] = reduce(np.logaddexp, each) - np.float32(np.log(len(each)))
        return mean


def _log_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = logits - logits.max(-1, keepdims=True)
    found: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return found


def _owner(name: str) -> int:
    _, _, *number = name.split(".")
    return int(number[0]) if number else 1


def _alone(name: str) -> str:
    return ".".join(name.split(".")[:2])
