# SPDX-License-Identifier: Apache-2.0
"""A bundle folder in the runtime that it was made for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engines.bundle import MANIFEST, members, read_manifest
from engines.errors import EngineError
from engines.generate import Runtime
from engines.runtimes.ensemble import Ensemble
from engines.runtimes.onnxruntime import OnnxRuntime
from engines.store import check_machine


@contextmanager
def opened(folder: Path, threads: int = 1) -> Iterator[Runtime]:
    """`load_runtime`, and what it took given back at the end."""
    runtime = load_runtime(folder, threads)
    try:
        yield runtime
    finally:
        if hasattr(runtime, "close"):  # onnxruntime's memory is Python's
            runtime.close()


def load_runtime(folder: Path, threads: int = 1) -> Runtime:
    """A bundle folder in the runtime that it was made for; `threads` of the CPU where that computes.

    Raises EngineError with what is missing and what to do.
    """
    manifest = read_manifest(folder) if (folder / MANIFEST).is_file() else {}
    if manifest.get("runs_on", {}).get("runtime") == "tensorrt":
        try:
            from engines.runtimes.tensorrt import TensorRT
        except ImportError as error:
            raise EngineError(
                f"{folder} is a TensorRT engine, and {error}. It runs where it was built; there is needed "
                "JetPack 7.2's TensorRT or `pip install 'appliance[tensorrt]'`."
            ) from None
        return TensorRT(folder)
    check_machine(folder, manifest, {"runtime": "onnxruntime"})
    found = [OnnxRuntime(each, threads) for each in members(folder)]
    return Ensemble(found) if len(found) > 1 else found[0]
