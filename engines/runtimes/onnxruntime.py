# SPDX-License-Identifier: Apache-2.0
"""The step of a `nemotron_h` network in onnxruntime, on the CPU, with the whole state explicit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engines.errors import EngineError
from engines.nemotron_h.config import NemotronHConfig


@dataclass(frozen=True)
class State:
    """What the network remembers after `length` tokens: a value that may be kept, shared and returned to.

    The arrays are fp32 and never written again: `conv.i`, `ssm.i` of Mamba layers, `key.i`, `value.i` of attention
    layers.
    """

    arrays: Mapping[str, NDArray[np.float32]]
    length: int

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        return sum(array.nbytes for array in self.arrays.values())


class OnnxRuntime:
    """`folder/model.onnx` with its weights, ready to step."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self.config = NemotronHConfig.from_folder(folder)
        path = folder / "model.onnx"
        if not path.is_file():
            raise EngineError(
                f"{folder} has no model.onnx. `python -m engines export {folder}` makes it from the checkpoint."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # A waiting thread must not burn the core that the recognizer or the voice needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises its own unrelated types here
            raise EngineError(f"{path} cannot be loaded: {error}") from None
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._empty = {
            value.name: np.zeros([size if isinstance(size, int) else 0 for size in value.shape], np.float32)
            for value in self._session.get_inputs()
            if value.name not in ("tokens", "keep")
        }

    def empty_state(self) -> State:
        """The state before the first token."""
        return State(self._empty, 0)

    def step(self, tokens: Sequence[int], state: State, keep: int = 1) -> tuple[NDArray[np.float32], State]:
        """Read `tokens` (1 or more) after `state` -> logits fp32 [keep, vocab] of the last `keep` tokens, and the
        state after them.

        Work inside one call grows with the square of the tokens: read long text with `read`.
        """
        feed = {"tokens": np.asarray(tokens, np.int64), "keep": np.array([keep], np.int64), **state.arrays}
        results = dict(zip(self._outputs, self._session.run(self._outputs, feed), strict=True))
        logits = results.pop("logits")
        after = State(
            {name.removeprefix("next."): array for name, array in results.items()}, state.length + len(tokens)
        )
        return logits, after
