# SPDX-License-Identifier: Apache-2.0
"""Processes that make batches beside the training: a GPU reads faster than one process writes."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Full
from typing import Any

from tokenizers import Tokenizer
from torch import multiprocessing

from engines.nemotron_h.chat import ChatFormat
from tools.home_model import dataset
from tools.home_model.batch import Batch

AHEAD = 256
"""Batches that a reader keeps ready for each who trains: while these drill and compile, it goes on."""
PATIENCE_S = 300
"""How long a batch may take: a reader that has died makes none, and nobody would know."""


class ReaderError(RuntimeError):
    """A process that makes batches has failed; the message holds its traceback."""


@dataclass(frozen=True)
class Feed:
    """What one who trains is given, from any process."""

    queues: Sequence[Any]
    """Of multiprocessing, one of each reader."""
    left: Any
    """Its event: set when no more is wanted, or readers would wait for ever for room in its queues."""


@contextmanager
def reading(
    count: int, folder: Path, chat: Path, seed: str, rows: int, length: int, takers: int = 1
) -> Iterator[list[Feed]]:
    """Start `count` readers that make batches of `rows` rows for `takers` who train, all of whom get every batch until
    they leave: the feed of each. The same batches from the same seed and count. `folder` has the tokenizer, `chat` the
    template.
    """
    context = multiprocessing.get_context("spawn")
    feeds = [Feed([context.Queue(AHEAD) for _ in range(count)], context.Event()) for _ in range(takers)]
    processes = [
        context.Process(
            target=_read,
            args=([(feed.queues[k], feed.left) for feed in feeds], folder, chat, f"{seed} {k}", rows, length),
            daemon=True,
        )
        for k in range(count)
    ]
    for process in processes:
        process.start()
    try:
        yield feeds
    finally:
        for process in processes:
            process.terminate()
            process.join()


def in_turn(feed: Feed) -> Iterator[Batch]:
    """A batch of each reader in turn, endlessly. Raises ReaderError where one has failed, queue.Empty where one makes no
    more.
    """
    while True:
        for queue in feed.queues:
            got = queue.get(timeout=PATIENCE_S)
            if isinstance(got, str):
                raise ReaderError(got)
            yield Batch(*got)


def _read(takers: Sequence[tuple[Any, Any]], folder: Path, chat: Path, seed: str, rows: int, length: int) -> None:
    try:
        encoder = dataset.Encoder(Tokenizer.from_file(str(folder / "tokenizer.json")), ChatFormat.from_folder(chat))
        for batch in dataset.batches(encoder, seed, rows, length):
            for taker in takers:
                _give(*taker, (batch.tokens, batch.weights))
    except Exception:  # whatever a sentence may come to: who waits for batches is to know at once
        for taker in takers:
            _give(*taker, f"the reader of seed {seed!r} failed:\n{traceback.format_exc()}")


def _give(queue: Any, left: Any, item: object) -> None:
    while not left.is_set():
        try:
            return queue.put(item, timeout=1)
        except Full:
            continue
