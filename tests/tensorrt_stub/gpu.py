# SPDX-License-Identifier: Apache-2.0
"""NVIDIA's driver as `cuda.bindings.driver` offers it, with an SM 87 whose memory lies in arrays.

Arguments and enumerations are those of the real package. Work on the stream is done when somebody waits for it and not
before, as on a GPU that is slow: what is read too early or overwritten too early shows.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from cuda.bindings import driver as real

TAG = 1 << 60
"""Set in addresses on the GPU, so that one of the CPU is never taken for one."""
Work = Callable[[], None]


class GpuFault(AssertionError):
    """Something a real GPU would crash on, or silently get wrong."""


class Gpu:
    """Module and machine in one: attributes are the driver's functions and enumerations."""

    def __init__(self, sm: int = 87, memory: int = 8 << 30) -> None:
        self.sm, self.memory = sm, memory
        self.allocated: dict[int, np.ndarray[Any, Any]] = {}
        self.pinned: dict[int, np.ndarray[Any, Any]] = {}
        self.queue: list[Work] = []
        self.recording: list[Work] | None = None
        self.graphs: dict[int, list[Work]] = {}
        self.streams: set[int] = set()
        self.calls: list[str] = []
        self.fail: dict[str, Any] = {}
        """By call: the error it gives next."""

    def __getattr__(self, name: str) -> Any:
        own = type(self).__dict__.get(f"_{name}")
        if own is None:
            return getattr(real, name)
        signature = inspect.signature(getattr(real, name))

        def function(*arguments: Any) -> Any:
            signature.bind(*arguments)  # the real function takes just these
            self.calls.append(name)
            if name in self.fail:
                return (self.fail.pop(name), *[0] * 3)[: 1 + _RESULTS.get(name, 0)]
            found = own(self, *arguments)
            if isinstance(found, real.CUresult):
                return (found,)
            results = () if found is None else found if isinstance(found, tuple) else (found,)
            return (real.CUresult.CUDA_SUCCESS, *results)

        return function

    # The machine, as the stub of TensorRT uses it.

    def view(self, address: int, size: int) -> np.ndarray[Any, Any]:
        """Bytes on the GPU."""
        for start, memory in self.allocated.items():
            if start <= address and address + size <= start + len(memory):
                return memory[address - start : address - start + size]
        raise GpuFault(f"{size} bytes at {address:#x} are not memory of the GPU that somebody allocated")

    def put(self, stream: Any, work: Work) -> None:
        """Work on a stream."""
        if int(stream) not in self.streams:
            raise GpuFault("no stream of this GPU")
        (self.queue if self.recording is None else self.recording).append(work)

    def _host(self, address: int, size: int) -> np.ndarray[Any, Any]:
        for start, memory in self.pinned.items():
            if start <= address and address + size <= start + len(memory):
                return memory[address - start : address - start + size]
        raise GpuFault(f"{size} bytes at {address:#x} are not pinned: the copy would wait for the GPU")

    # The driver.

    def _cuInit(self, flags: int) -> None:  # noqa: N802
        assert flags == 0

    def _cuGetErrorString(self, error: Any) -> bytes:  # noqa: N802
        return f"told of {int(error)}".encode()

    def _cuDeviceGet(self, number: int) -> int:  # noqa: N802
        return number

    def _cuDeviceGetName(self, length: int, device: int) -> bytes:  # noqa: N802
        return b"a stub".ljust(length, b"\0")

    def _cuDevicePrimaryCtxRetain(self, device: int) -> int:  # noqa: N802
        return 1

    def _cuDevicePrimaryCtxRelease(self, device: int) -> None:  # noqa: N802
        assert not self.allocated and not self.pinned and not self.streams and not self.graphs, "something is left"

    def _cuCtxSetCurrent(self, context: int) -> None:  # noqa: N802
        assert context == 1

    def _cuDeviceGetAttribute(self, attribute: Any, device: int) -> int:  # noqa: N802
        major = real.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
        return self.sm // 10 if attribute == major else self.sm % 10

    def _cuMemGetInfo(self) -> tuple[int, int]:  # noqa: N802
        return self.memory - sum(map(len, self.allocated.values())), self.memory

    def _cuMemAlloc(self, size: int) -> int:  # noqa: N802
        assert size > 0
        # What was in it before is still there, and is no number.
        memory = np.full(size, 0xFF, np.uint8)
        address = memory.ctypes.data | TAG
        self.allocated[address] = memory
        return address

    def _cuMemFree(self, address: int) -> None:  # noqa: N802
        del self.allocated[address]

    def _cuMemHostAlloc(self, size: int, flags: int) -> int:  # noqa: N802
        memory = np.full(size, 0xFF, np.uint8)
        self.pinned[memory.ctypes.data] = memory
        return memory.ctypes.data

    def _cuMemFreeHost(self, address: int) -> None:  # noqa: N802
        del self.pinned[address]

    def _cuMemcpyHtoDAsync(self, to: int, source: int, size: int, stream: Any) -> None:  # noqa: N802
        there, here = self.view(to, size), self._host(source, size)
        self.put(stream, lambda: np.copyto(there, here))

    def _cuMemcpyDtoHAsync(self, to: int, source: int, size: int, stream: Any) -> None:  # noqa: N802
        here, there = self._host(to, size), self.view(source, size)
        self.put(stream, lambda: np.copyto(here, there))

    def _cuMemsetD8Async(self, to: int, value: int, size: int, stream: Any) -> None:  # noqa: N802
        there = self.view(to, size)
        self.put(stream, lambda: there.fill(value))

    def _cuStreamCreate(self, flags: Any) -> int:  # noqa: N802
        self.streams.add(77)
        return 77

    def _cuStreamDestroy(self, stream: int) -> None:  # noqa: N802
        assert not self.queue
        self.streams.remove(stream)

    def _cuStreamSynchronize(self, stream: int) -> Any:  # noqa: N802
        if self.recording is not None:
            return real.CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED
        work, self.queue = self.queue, []
        for piece in work:
            piece()
        return None

    def _cuStreamBeginCapture(self, stream: int, mode: Any) -> None:  # noqa: N802
        assert self.recording is None
        self.recording = []

    def _cuStreamEndCapture(self, stream: int) -> int:  # noqa: N802
        assert self.recording is not None
        number = len(self.graphs) + 1
        self.graphs[number], self.recording = self.recording, None
        return number

    def _cuGraphInstantiate(self, graph: int, flags: int) -> int:  # noqa: N802
        self.graphs[graph + 1000] = self.graphs[graph]
        return graph + 1000

    def _cuGraphDestroy(self, graph: int) -> None:  # noqa: N802
        del self.graphs[graph]

    def _cuGraphExecDestroy(self, graph: int) -> None:  # noqa: N802
        del self.graphs[graph]

    def _cuGraphLaunch(self, graph: int, stream: int) -> None:  # noqa: N802
        for work in self.graphs[graph]:
            self.put(stream, work)


_RESULTS = {"cuMemAlloc": 1, "cuMemHostAlloc": 1, "cuStreamCreate": 1, "cuGraphInstantiate": 1, "cuDeviceGet": 1}
"""Values beside the error, of calls that tests let fail."""
