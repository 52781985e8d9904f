# SPDX-License-Identifier: Apache-2.0
"""Processes that make batches beside the training: a GPU reads faster than one process writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer
from torch import multiprocessing

from engines.nemotron_h.chat import ChatFormat
from tools.home_model import dataset
from tools.home_model.batch import Batch

AHEAD = 4
"""Batches that a reader keeps ready."""
PATIENCE_S = 300
"""How long a batch may take: a reader that has died makes none, and nobody would know."""


@contextmanager
def reading(count: int, folder: Path, chat: Path, seed: str, rows: int, length: int) -> Iterator[Iterator[Batch]]:
    """Endless batches of `rows` rows out of `count` readers in turn, `rows / count` rows of each: the same from the same
    seed and count. `folder` has the tokenizer, `chat` the template. Raises queue.Empty when a reader makes no more.
    """
    context = multiprocessing.get_context("spawn")
    queues = [context.Queue(AHEAD) for _ in range(count)]
    processes = [
        context.Process(target=_read, args=(queue, folder, chat, f"{seed} {k}", rows // count, length), daemon=True)
        for k, queue in enumerate(queues)
    ]
    for process in processes:
        process.start()
    try:
        yield _joined(queues)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _joined(queues: list[Any]) -> Iterator[Batch]:
    while True:
        parts = [queue.get(timeout=PATIENCE_S) for queue in queues]
        yield Batch(np.concatenate([tokens for tokens, _ in parts]), np.concatenate([weights for _, weights in parts]))


def _read(queue: Any, folder: Path, chat: Path, seed: str, rows: int, length: int) -> None:
    encoder = dataset.Encoder(Tokenizer.from_file(str(folder / "tokenizer.json")), ChatFormat.from_folder(chat))
    for batch in dataset.batches(encoder, seed, rows, length):
        queue.put((batch.tokens, batch.weights))
