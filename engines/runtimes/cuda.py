# SPDX-License-Identifier: Apache-2.0
"""What the engine asks of NVIDIA's driver: one GPU, memory on it, a stream, and graphs of what was put on the stream.

Through `cuda.bindings.driver` (cuda-python), without a toolkit. Every failure names the call.
"""
# mypy: disable-error-code="import-untyped,import-not-found,unused-ignore"

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from cuda.bindings import driver
from numpy.typing import NDArray

from engines.errors import EngineError

Array = NDArray[Any]


class CudaError(EngineError):
    """A driver call that failed: which, with which error of CUDA's."""


def call(name: str, *arguments: Any) -> Any:
    """Call the driver's function `name`; returns what it gives beside the error: nothing, a value, or several.

    Raises CudaError that names the call, also where there is no driver.
    """
    try:
        error, *found = getattr(driver, name)(*arguments)
    except (RuntimeError, OSError) as fault:  # cuda-python's own, when the driver or the function is missing
        raise CudaError(f"{name} cannot be called: {fault}") from None
    if error != driver.CUresult.CUDA_SUCCESS:
        raise CudaError(f"{name} failed: {error.name} ({_explained(error)})")
    return found[0] if len(found) == 1 else tuple(found) or None


def _explained(error: Any) -> str:
    known, text = driver.cuGetErrorString(error)
    return text.decode() if known == driver.CUresult.CUDA_SUCCESS and text else "unknown to this driver"


class Gpu:
    """The first GPU, current for the thread that makes this; memory and stream are its own and go with `close`."""

    def __init__(self) -> None:
        """Open it; raises CudaError where there is none."""
        call("cuInit", 0)
        self._device = call("cuDeviceGet", 0)
        self._context = call("cuDevicePrimaryCtxRetain", self._device)
        self._buffers: list[int] = []
        self._pinned: list[int] = []
        self.stream: Any = None
        self.use()
        self.stream = call("cuStreamCreate", driver.CUstream_flags.CU_STREAM_NON_BLOCKING)

    def use(self) -> None:
        """Make it current for the calling thread; nothing else here works on a thread that has not."""
        call("cuCtxSetCurrent", self._context)

    @property
    def sm(self) -> int:
        """Of its multiprocessors, as 87."""
        attributes = driver.CUdevice_attribute
        major = call("cuDeviceGetAttribute", attributes.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, self._device)
        minor = call("cuDeviceGetAttribute", attributes.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, self._device)
        return int(10 * major + minor)

    @property
    def name(self) -> str:
        """As the driver calls it."""
        return bytes(call("cuDeviceGetName", 256, self._device)).split(b"\0")[0].decode()

    @property
    def free_bytes(self) -> int:
        """Of its memory now; on a Jetson the memory of the CPU too."""
        return int(call("cuMemGetInfo")[0])

    @property
    def total_bytes(self) -> int:
        """Of its memory."""
        return int(call("cuMemGetInfo")[1])

    def allocate(self, size: int) -> int:
        """The address of `size` bytes on the GPU."""
        address = int(call("cuMemAlloc", max(1, size)))
        self._buffers.append(address)
        return address

    def pinned(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array in memory of the CPU that the GPU copies from and to without the CPU's help."""
        count = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        address = int(call("cuMemHostAlloc", max(1, count), 0))
        self._pinned.append(address)
        memory = (ctypes.c_uint8 * max(1, count)).from_address(address)
        array: Array = np.frombuffer(memory, np.uint8, count).view(dtype).reshape(shape)
        return array

    def upload(self, address: int, array: Array) -> None:
        """Copy a pinned array to the GPU, on the stream."""
        call("cuMemcpyHtoDAsync", address, array.ctypes.data, array.nbytes, self.stream)

    def download(self, array: Array, address: int) -> None:
        """Copy from the GPU into a pinned array, on the stream: filled after `wait`."""
        call("cuMemcpyDtoHAsync", array.ctypes.data, address, array.nbytes, self.stream)

    def clear(self, address: int, size: int) -> None:
        """Zeros, on the stream."""
        call("cuMemsetD8Async", address, 0, size, self.stream)

    def wait(self) -> None:
        """Until all that is on the stream is done; what failed there is told here."""
        call("cuStreamSynchronize", self.stream)

    def record(self, work: Callable[[], None]) -> Any:
        """What `work` puts on the stream as a graph, without doing it; raises CudaError if it cannot be recorded."""
        call("cuStreamBeginCapture", self.stream, driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)
        try:
            work()
        except BaseException:
            driver.cuStreamEndCapture(self.stream)  # else the stream takes no other work
            raise
        graph = call("cuStreamEndCapture", self.stream)
        try:
            return call("cuGraphInstantiate", graph, 0)
        finally:
            call("cuGraphDestroy", graph)

    def launch(self, graph: Any) -> None:
        """Put a recorded graph on the stream."""
        call("cuGraphLaunch", graph, self.stream)

    def forget(self, graph: Any) -> None:
        """Free a recorded graph."""
        call("cuGraphExecDestroy", graph)

    def close(self) -> None:
        """Free everything. Arrays from `pinned` must not be touched after it."""
        if self._context is None:
            return
        self.use()
        if self.stream is not None:
            self.wait()
            call("cuStreamDestroy", self.stream)
        for address in self._buffers:
            call("cuMemFree", address)
        for address in self._pinned:
            call("cuMemFreeHost", address)
        self._buffers, self._pinned, self.stream = [], [], None
        call("cuDevicePrimaryCtxRelease", self._device)
        self._context = None
