# SPDX-License-Identifier: Apache-2.0
"""A language model by where it is: a bundle folder, a GGUF file, or a server's address."""

from __future__ import annotations

from pathlib import Path

from engines.errors import EngineError
from engines.language_model import ChatModel, LanguageModel


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
    return LanguageModel(path, threads, prefix_folder=prefix_folder)
