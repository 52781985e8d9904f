# SPDX-License-Identifier: Apache-2.0
"""A language model by where it is: a bundle folder, a GGUF file, or a server's address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engines.bundle import MANIFEST, read_manifest
from engines.errors import EngineError
from engines.generate import Runtime
from engines.language_model import ChatModel, LanguageModel
from engines.store import check_machine


def open_model(
    where: str,
    *,
    threads: int = 1,
    model: str = "",
    api_key_file: Path | None = None,
    prefix_folder: Path | None = None,
) -> ChatModel:
    """Load or reach a model.

    Args:
        where: a bundle folder (this engine), a file ending in .gguf (llama.cpp), or http(s)://… of a server that
            speaks OpenAI's chat completions.
        threads: of the CPU, where it runs here.
        model: the name by which a server knows it.
        api_key_file: a file with the server's key.
        prefix_folder: where this engine keeps the state of the opening messages over restarts.

    Raises EngineError with what is missing and what to do.
    """
    if where.startswith(("http://", "https://")):
        from engines.runtimes.openai import OpenAIServer

        return OpenAIServer(where, model, api_key_file)
    path = Path(where)
    if path.suffix == ".gguf":
        from engines.runtimes.llama_cpp import LlamaCpp

        return LlamaCpp(path, threads=threads)
    if not path.is_dir():
        raise EngineError(f"{where} is neither a bundle folder, nor a .gguf file, nor an address http(s)://…")
    return LanguageModel(path, threads, prefix_folder=prefix_folder, runtime=load_runtime(path, threads))


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
    from engines.runtimes.onnxruntime import OnnxRuntime

    check_machine(folder, manifest, {"runtime": "onnxruntime"})
    return OnnxRuntime(folder, threads)
