# SPDX-License-Identifier: Apache-2.0
"""The step of a `nemotron_h` network in onnxruntime, on the CPU, with the whole state explicit and bound in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engines.bundle import FUSED_GRAPH, GRAPH, read_manifest
from engines.errors import EngineError
from engines.nemotron_h.config import NemotronHConfig
from engines.quantize import E4M3
from engines.snapshot import Snapshot

_CACHES = ("key.", "value.")
_FIRST_CAPACITY = 256
_FUSED_SINCE = (1, 31)
"""The first onnxruntime whose CPU has LinearAttention and CausalConvWithState."""


class State:
    """The memory of one conversation while it is read and written: buffers that every step writes over."""

    def __init__(self, binding: onnxruntime.IOBinding, arrays: dict[str, NDArray[np.float32]], length: int) -> None:
        self.binding, self.arrays, self.length = binding, arrays, length
        self.spare: dict[str, NDArray[np.float32]] = {}
        """Where the next state is written, when it cannot be written in place."""
        self.capacity = 0
        """Tokens that the caches have room for."""
        self.moved = True
        """The buffers are not those that are bound."""
        self.bound: tuple[int, int] | None = None
        """Tokens and kept tokens of the step that is bound now."""
        self.numbers: dict[str, NDArray[np.int64]] = {}
        self.logits: NDArray[np.float32] = np.empty((0, 0), np.float32)


class OnnxRuntime:
    """A bundle folder, ready to step.

    Threads: several conversations may be stepped at once, each with a State of its own.
    """

    weighs = True

    def __init__(self, folder: Path, threads: int = 1, *, fused: bool | None = None, spinning: bool = False) -> None:
        """Load `folder`.

        Args:
            folder: as `engines.export` makes it.
            threads: for the products of large matrices.
            fused: use onnxruntime's fused operators; None takes them where this onnxruntime has them.
            spinning: let waiting threads burn their core, which is faster where nobody else needs it.
        """
        self.config = NemotronHConfig.from_folder(folder)
        version = tuple(int(part) for part in onnxruntime.__version__.split(".")[:2])
        self.fused = version >= _FUSED_SINCE if fused is None else fused
        path = folder / (FUSED_GRAPH if self.fused else GRAPH)
        if not path.is_file():
            raise EngineError(
                f"{folder} has no {path.name}. `python -m engines export {folder}` makes it from the checkpoint."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # A waiting thread must not burn the core that the recognizer or the voice needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
        if version < _FUSED_SINCE and E4M3 in read_manifest(folder).get("recipe", {}).get("forms", {}).values():
            # With any optimization these versions compute something else, or refuse the nodes that they made.
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises its own unrelated types here
            raise EngineError(f"{path} cannot be loaded: {error}") from None
        self.name = f"onnxruntime {onnxruntime.__version__} {'fused' if self.fused else 'standard'}"
        self._shapes = {
            value.name: [size if isinstance(size, int) else 0 for size in value.shape]
            for value in self._session.get_inputs()
            if value.name not in ("tokens", "total", "keep")
        }

    def empty_state(self) -> State:
        """The state before the first token."""
        return self.resume(Snapshot({name: np.zeros(shape, np.float32) for name, shape in self._shapes.items()}, 0))

    def resume(self, snapshot: Snapshot) -> State:
        """A state of its own that goes on from the snapshot; raises EngineError for one of another network."""
        for name, shape in self._shapes.items():
            expected = [*shape[:2], snapshot.length, *shape[3:]] if name.startswith(_CACHES) else shape
            found = snapshot.arrays.get(name)
            if found is None or list(found.shape) != expected or found.dtype != np.float32:
                had = "nothing" if found is None else f"{found.dtype} {list(found.shape)}"
                raise EngineError(f"this snapshot is of another network: {name} is {had}, expected fp32 {expected}.")
        state = State(self._session.io_binding(), {}, snapshot.length)
        self._allocate(state, snapshot.arrays, snapshot.length + self.config.chunk_size)
        return state

    def snapshot(self, state: State) -> Snapshot:
        """The state as a value; the caches are cut to what is filled."""
        arrays = {}
        for name, array in state.arrays.items():
            arrays[name] = array[:, :, : state.length].copy() if name.startswith(_CACHES) else array.copy()
            arrays[name].flags.writeable = False
        return Snapshot(arrays, state.length)

    def step(self, tokens: Sequence[int], state: State, keep: int = 1) -> NDArray[np.float32]:
        """Read `tokens` (1 or more) after `state`, which moves on -> logits fp32 [keep, vocab] of the last `keep`.

        Long text is read in chunks with `engines.generate.read`. A state whose step failed must not be used again.
        """
        total = state.length + len(tokens)
        if total > state.capacity:
            self._allocate(state, state.arrays, total)
        if state.bound != (len(tokens), keep):
            self._bind_call(state, len(tokens), keep)
        state.numbers["tokens"][:] = tokens
        state.numbers["total"][0] = total
        if state.moved or not self.fused:
            self._bind_state(state)
        try:
            self._session.run_with_iobinding(state.binding)
        except Exception as error:  # onnxruntime raises its own unrelated types here
            raise EngineError(f"onnxruntime failed while reading {len(tokens)} tokens: {error}") from None
        if not self.fused:
            state.arrays, state.spare = state.spare, state.arrays
        state.length = total
        logits: NDArray[np.float32] = state.logits.copy()
        return logits

    def _allocate(self, state: State, arrays: Mapping[str, NDArray[np.float32]], total: int) -> None:
        """Buffers of the state's own with the values of `arrays`, and room for `total` tokens: a power of two."""
        capacity = max(_FIRST_CAPACITY, 1 << (total - 1).bit_length())
        state.arrays = {}
        for name, shape in self._shapes.items():
            if name.startswith(_CACHES):
                state.arrays[name] = np.empty([*shape[:2], capacity, *shape[3:]], np.float32)
                state.arrays[name][:, :, : state.length] = arrays[name][:, :, : state.length]
            else:
                state.arrays[name] = np.array(arrays[name])
        if not self.fused:
            state.spare = {name: np.empty_like(array) for name, array in state.arrays.items()}
        state.capacity, state.moved = capacity, True

    def _bind_call(self, state: State, count: int, keep: int) -> None:
        state.numbers = {
            "tokens": np.empty(count, np.int64),
            "total": np.empty(1, np.int64),
            "keep": np.array([keep], np.int64),
        }
        for name, array in state.numbers.items():
            state.binding.bind_input(name, "cpu", 0, np.int64, array.shape, array.ctypes.data)
        state.logits = np.empty((keep, self.config.vocab_size), np.float32)
        state.binding.bind_output("logits", "cpu", 0, np.float32, state.logits.shape, state.logits.ctypes.data)
        state.bound = (count, keep)

    def _bind_state(self, state: State) -> None:
        after = state.arrays if self.fused else state.spare
        for name, array in state.arrays.items():
            state.binding.bind_input(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
            place = after[name]
            state.binding.bind_output(f"next.{name}", "cpu", 0, np.float32, place.shape, place.ctypes.data)
        state.moved = False
