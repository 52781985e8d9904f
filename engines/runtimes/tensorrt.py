# SPDX-License-Identifier: Apache-2.0
"""The step of a `nemotron_h` network in TensorRT, with the state on the GPU.

All buffers are allocated once. The state is updated in place: past and next of each part are bound to one address, as
the plugins and TensorRT's cache update want it. There is one set of buffers; a state that another one pushes out is
kept as a snapshot in the CPU's memory until it is stepped again. One token is a CUDA graph: copies and kernels in one
launch.

Sampling stays on the CPU: logits are half a megabyte a token at the 4B's vocabulary, thousands of times less than the
weights that the token reads, and the grammar of calls needs all of them.
"""
# mypy: disable-error-code="import-untyped,import-not-found,no-untyped-call,unused-ignore"

from __future__ import annotations

import logging
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorrt as trt
from numpy.typing import NDArray

from engines import bundle
from engines.errors import EngineError
from engines.nemotron_h.config import NemotronHConfig
from engines.runtimes.cuda import Gpu
from engines.snapshot import Snapshot
from engines.store import check_machine
from engines.tensorrt_engine import CACHES, DECODE, PREFILL, EngineShape, logger, release, state_parts

log = logging.getLogger(__name__)


class State:
    """The memory of one conversation: on the GPU while it is the last that was stepped, else a snapshot."""

    def __init__(self, kept: Snapshot | None) -> None:
        self.kept = kept
        """None before the first token, and while the state is on the GPU."""
        self.length = kept.length if kept else 0
        self.lost = False
        """A step with it failed."""


class TensorRT:
    """A bundle folder that `engines.build` made, ready to step. For one thread at a time."""

    weighs = False  # the engine gives the last token's logits alone

    def __init__(self, folder: Path) -> None:
        """Load `folder`; raises EngineError for one of another GPU or TensorRT, with the command that builds the right
        one, and CudaError that names the call.
        """
        self.gpu = Gpu()
        try:
            self._load(folder)
        except BaseException:
            self.close()
            raise

    def _load(self, folder: Path) -> None:
        manifest = bundle.read_manifest(folder)
        version, sm = release(trt), self.gpu.sm
        check_machine(folder, manifest, {"runtime": "tensorrt", "sm": str(sm), "tensorrt": version})
        self.shape = EngineShape.from_manifest(folder, manifest)
        config = NemotronHConfig.from_folder(folder)
        self.name = f"tensorrt {version} sm{sm} {self.shape.dtype}"
        longest = min(self.shape.context, config.max_position_embeddings)
        self.config = replace(config, chunk_size=self.shape.chunk, max_position_embeddings=longest)
        self._parts = state_parts(config, self.shape)
        self._said: list[str] = []
        self._logger = logger(trt, self._said)
        self._runtime = trt.Runtime(self._logger)
        path = folder / bundle.ENGINE
        # Mapped: on a Jetson a copy of the file in memory would be missing where the weights go.
        self._engine = self._runtime.deserialize_cuda_engine(np.memmap(path, np.uint8, mode="r"))
        if self._engine is None:
            raise EngineError(f"{path} cannot be loaded: {self._told()}")
        self._check_engine(path)
        self._allocate()
        self._contexts = [self._new_context(profile) for profile in (DECODE, PREFILL)]
        self._resident: weakref.ref[State] | None = None
        self._graph: Any = None
        self._decoded = self._no_graph = False

    def empty_state(self) -> State:
        """The state before the first token."""
        return State(None)

    def resume(self, snapshot: Snapshot) -> State:
        """A state of its own that goes on from the snapshot; raises EngineError for one of another network."""
        for name, (shape, _) in self._parts.items():
            expected = (*shape[:2], snapshot.length, shape[3]) if name.startswith(CACHES) else shape
            found = snapshot.arrays.get(name)
            if found is None or found.shape != expected or found.dtype != np.float32:
                had = "nothing" if found is None else f"{found.dtype} {list(found.shape)}"
                raise EngineError(
                    f"this snapshot is of another network: {name} is {had}, expected fp32 {list(expected)}."
                )
        if snapshot.length > self.shape.context:
            raise EngineError(
                f"this snapshot has {snapshot.length} tokens, the engine has room for {self.shape.context}."
            )
        return State(snapshot)

    def snapshot(self, state: State) -> Snapshot:
        """The state as a value, fp32; the caches are cut to what is filled."""
        _check(state)
        if self._is_resident(state):
            self.gpu.use()
            return self._download(state.length)
        return state.kept or self._zeros()

    def step(self, tokens: Sequence[int], state: State, keep: int = 1) -> NDArray[np.float32]:
        """Read 1 to `chunk_size` tokens after `state`, which moves on -> logits fp32 [keep, vocab] of the last `keep`.

        The engine gives the last token's logits: of more, the others are read one by one. Raises EngineError for more
        tokens than the engine was built for, CudaError that names the call. A state whose step failed is lost.
        """
        if keep > 1:
            first = [tokens[: len(tokens) - keep + 1]] if len(tokens) >= keep else []
            rows = [self.step(part, state) for part in [*first, *([t] for t in tokens[len(tokens) - keep + 1 :])]]
            return np.concatenate(rows)
        total = state.length + len(tokens)
        if not 1 <= len(tokens) <= self.shape.chunk:
            raise EngineError(f"{len(tokens)} tokens in one step; this engine reads 1 to {self.shape.chunk}.")
        if total > self.shape.context:
            raise EngineError(
                f"{total} tokens; this engine has room for {self.shape.context}. Build one with a longer --context."
            )
        _check(state)
        self.gpu.use()
        try:
            self._enter(state)
            self._tokens[: len(tokens)] = tokens
            self._total[0] = total
            if len(tokens) == 1:
                self._decode()
            else:
                self._run(PREFILL, len(tokens))
            self.gpu.wait()
        except BaseException:
            state.lost, self._resident = True, None
            raise
        state.length = total
        logits: NDArray[np.float32] = self._logits.copy()
        return logits

    def close(self) -> None:
        """Give back the GPU's memory."""
        if self.__dict__.get("_graph") is not None:
            self.gpu.forget(self._graph)
        # TensorRT's objects go before the memory that they point to.
        for name in ("_graph", "_contexts", "_engine", "_runtime"):
            self.__dict__.pop(name, None)
        self.gpu.close()

    def _decode(self) -> None:
        """One token. TensorRT needs a run of its own before its work can be recorded."""
        if self._graph is None and self._decoded and not self._no_graph:
            try:
                self._graph = self.gpu.record(lambda: self._run(DECODE, 1))
            except EngineError as error:
                log.warning("tokens are written without a CUDA graph: %s", error)
                self._no_graph = True
        if self._graph is not None:
            self.gpu.launch(self._graph)
        else:
            self._run(DECODE, 1)
            self._decoded = True

    def _run(self, profile: int, count: int) -> None:
        """Put one step on the stream: inputs in, network, logits out."""
        context, gpu = self._contexts[profile], self.gpu
        gpu.upload(self._addresses["tokens"], self._tokens[:count])
        gpu.upload(self._addresses["total"], self._total)
        if profile == PREFILL and not context.set_input_shape("tokens", (count,)):
            raise EngineError(f"TensorRT does not take {count} tokens: {self._told()}")
        if not context.execute_async_v3(int(gpu.stream)):
            raise EngineError(f"TensorRT failed while reading {count} tokens: {self._told()}")
        gpu.download(self._logits, self._addresses["logits"])

    def _check_engine(self, path: Path) -> None:
        """The engine's tensors are those of the bundle's network; raises EngineError that names one that is not."""
        kinds = {"bf16": trt.DataType.BF16, "fp16": trt.DataType.HALF}
        half = kinds[self.shape.dtype]
        wanted: dict[str, tuple[tuple[int, ...], Any]] = {"tokens": ((-1,), trt.DataType.INT64)}
        wanted["total"] = ((1,), trt.DataType.INT64)
        wanted["logits"] = ((1, self.config.vocab_size), trt.DataType.FLOAT)
        for name, (shape, dtype) in self._parts.items():
            kind = trt.DataType.FLOAT if dtype == np.float32 else half
            wanted[name] = wanted[f"next.{name}"] = (shape, kind)
        names = [self._engine.get_tensor_name(i) for i in range(self._engine.num_io_tensors)]
        found = {n: (tuple(self._engine.get_tensor_shape(n)), self._engine.get_tensor_dtype(n)) for n in names}
        for name in sorted(wanted | found):
            if wanted.get(name) != found.get(name):
                raise EngineError(
                    f"{path} is not of this bundle: {name} is {found.get(name)}, expected {wanted.get(name)}."
                )
        for profile, longest in ((DECODE, 1), (PREFILL, self.shape.chunk)):
            least, _, most = self._engine.get_tensor_profile_shape("tokens", profile)
            if (tuple(least), tuple(most)) != ((1,), (longest,)):
                raise EngineError(f"{path}: profile {profile} reads {least} to {most} tokens, expected 1 to {longest}.")

    def _allocate(self) -> None:
        """Every buffer there will be, on the GPU and pinned; the state's are zeros, since what is masked counts too."""
        gpu = self.gpu
        self._tokens = gpu.pinned((self.shape.chunk,), np.int64)
        self._total = gpu.pinned((1,), np.int64)
        self._logits: NDArray[np.float32] = gpu.pinned((1, self.config.vocab_size), np.float32)
        ours = {"tokens": self._tokens, "total": self._total, "logits": self._logits}
        self._addresses = {name: gpu.allocate(array.nbytes) for name, array in ours.items()}
        self._staging = {name: gpu.pinned(shape, dtype) for name, (shape, dtype) in self._parts.items()}
        for name, array in self._staging.items():
            self._addresses[name] = self._addresses[f"next.{name}"] = gpu.allocate(array.nbytes)
            gpu.clear(self._addresses[name], array.nbytes)
        # The two contexts never run at once, and share what they work in.
        self._scratch_bytes = max(self._engine.get_device_memory_size_for_profile_v2(p) for p in (DECODE, PREFILL))
        self._scratch = gpu.allocate(self._scratch_bytes)
        gpu.wait()

    def _new_context(self, profile: int) -> Any:
        context = self._engine.create_execution_context(trt.ExecutionContextAllocationStrategy.USER_MANAGED)
        if context is None or not context.set_optimization_profile_async(profile, int(self.gpu.stream)):
            raise EngineError(f"TensorRT cannot prepare profile {profile}: {self._told()}")
        self.gpu.wait()
        context.set_device_memory(self._scratch, self._scratch_bytes)
        for name, address in self._addresses.items():
            if not context.set_tensor_address(name, address):
                raise EngineError(f"TensorRT does not take the address of {name}: {self._told()}")
        if not context.set_input_shape("tokens", (1,)):
            raise EngineError(f"TensorRT does not take one token in profile {profile}: {self._told()}")
        return context

    def _is_resident(self, state: State) -> bool:
        return self._resident is not None and self._resident() is state

    def _enter(self, state: State) -> None:
        """Bring a state to the GPU; the one that is there is kept, if somebody still has it."""
        if self._is_resident(state):
            return
        before = self._resident() if self._resident is not None else None
        if before is not None:
            before.lost = True  # until it is here
            before.kept = self._download(before.length)
            before.lost = False
        self._resident = None
        for name, (_, dtype) in self._parts.items():
            if state.kept is not None:
                staged = self._staged(name, state.length)
                staged[:] = _narrow(state.kept.arrays[name], dtype, self.shape.dtype)
            for place, part in self._filled(name, state.length):
                if state.kept is None:
                    self.gpu.clear(place, part.nbytes)
                else:
                    self.gpu.upload(place, part)
        self.gpu.wait()
        state.kept, self._resident = None, weakref.ref(state)

    def _download(self, length: int) -> Snapshot:
        for name in self._parts:
            for place, part in self._filled(name, length):
                self.gpu.download(part, place)
        self.gpu.wait()
        arrays = {}
        for name in self._parts:
            arrays[name] = _widen(self._staged(name, length), self.shape.dtype)
            arrays[name].flags.writeable = False
        return Snapshot(arrays, length)

    def _staged(self, name: str, length: int) -> NDArray[Any]:
        """The pinned room of a part of the state, cut to what is filled and without gaps."""
        shape, _ = self._parts[name]
        if name.startswith(CACHES):
            shape = (*shape[:2], length, shape[3])
        count = int(np.prod(shape))
        return self._staging[name].reshape(-1)[:count].reshape(shape)

    def _filled(self, name: str, length: int) -> list[tuple[int, NDArray[Any]]]:
        """Where each filled piece of a part of the state lies: address on the GPU, pinned array."""
        staged, address = self._staged(name, length), self._addresses[name]
        if not name.startswith(CACHES):
            return [(address, staged)]
        a_head = self.shape.context * staged.shape[3] * staged.itemsize
        return [(address + head * a_head, staged[0, head]) for head in range(staged.shape[1]) if length]

    def _zeros(self) -> Snapshot:
        arrays = {}
        for name, (shape, _) in self._parts.items():
            arrays[name] = np.zeros((*shape[:2], 0, shape[3]) if name.startswith(CACHES) else shape, np.float32)
        return Snapshot(arrays, 0)

    def _told(self) -> str:
        """What TensorRT said last."""
        return self._said[-1] if self._said else "it gave no reason"


def _check(state: State) -> None:
    if state.lost:
        raise EngineError("a step with this state failed; start from a snapshot or read anew.")


def _narrow(array: NDArray[np.float32], dtype: Any, half: str) -> NDArray[Any]:
    """fp32 as the GPU keeps it; bf16 rounds to the nearest, ties to even."""
    if dtype == np.float32 or half == "fp16":
        return array.astype(dtype)
    bits = np.ascontiguousarray(array).view(np.uint32)
    rounded: NDArray[Any] = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return rounded


def _widen(array: NDArray[Any], half: str) -> NDArray[np.float32]:
    """A copy in fp32 of what the GPU keeps."""
    if array.dtype == np.uint16 and half == "bf16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float32)
