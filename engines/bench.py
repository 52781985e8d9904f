# SPDX-License-Identifier: Apache-2.0
"""How fast a model reads, writes and returns to a state on this machine, and how far that is from the limit.

Writing one token reads every weight once, so tokens a second cannot pass the memory's bandwidth over their bytes;
reading many tokens at once is bound by arithmetic instead.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from engines import tensor_file
from engines.generate import Context
from engines.nemotron_h.checkpoint import expected_tensors
from engines.nemotron_h.config import NemotronHConfig
from engines.prefix import PrefixCache
from engines.runtimes.onnxruntime import OnnxRuntime

READ = (128, 2048)
"""Tokens of the two prompts."""
WRITTEN = 64
"""Tokens written after the shorter prompt."""


class Subject(Protocol):
    """An engine with a model, to be timed. All times in seconds."""

    name: str
    weight_bytes: int
    """Of what is read for every token: all but the embedding."""

    def read(self, count: int) -> float:
        """From nothing: read so many tokens and choose the next."""

    def write(self, count: int) -> float:
        """Go on by so many tokens, each the likeliest."""

    def resume(self, count: int) -> float | None:
        """Return to the kept state after count - 1 tokens, read one and choose the next; None where it cannot."""

    def peak_bytes(self) -> int:
        """Largest memory of the process so far."""


class OnnxSubject:
    """A bundle in this engine."""

    def __init__(
        self, folder: Path, threads: int, prefix_folder: Path | None = None, *, fused: bool | None = None
    ) -> None:
        """Load it; with `prefix_folder` states come back from disk, as after a restart, and not from memory."""
        self.runtime = OnnxRuntime(folder, threads, spinning=threads > 1, fused=fused)
        self.name, self._prefix_folder = self.runtime.name, prefix_folder
        self.weight_bytes = _weight_bytes(folder)
        self._tokens = prompt(max(READ), self.runtime.config.vocab_size)
        self._context, self._logits = Context(self.runtime), np.empty(0, np.float32)
        self._prefixes = PrefixCache(folder=prefix_folder)
        self._kept = 0

    def read(self, count: int) -> float:
        """As Subject says."""
        self._context = Context(self.runtime)
        began = time.perf_counter()
        self._logits = self._context.extend(self._tokens[:count])
        int(self._logits.argmax())
        return time.perf_counter() - began

    def write(self, count: int) -> float:
        """As Subject says."""
        began = time.perf_counter()
        for _ in range(count):
            self._logits = self._context.extend([int(self._logits.argmax())])
        return time.perf_counter() - began

    def resume(self, count: int) -> float:
        """As Subject says; the first call reads and keeps the state."""
        if self._kept != count:
            reader = Context(self.runtime, self._prefixes)
            reader.extend(self._tokens[: count - 1])
            reader.keep(pin=True)
            self._kept = count
        began = time.perf_counter()
        prefixes = PrefixCache(folder=self._prefix_folder) if self._prefix_folder else self._prefixes
        int(Context(self.runtime, prefixes).read_to(self._tokens[:count]).argmax())
        return time.perf_counter() - began

    def peak_bytes(self) -> int:
        """As Subject says."""
        return peak_bytes()


def prompt(count: int, vocab_size: int) -> list[int]:
    """The same random tokens for every engine."""
    tokens: list[int] = np.random.default_rng(0).integers(100, vocab_size, count).tolist()
    return tokens


def peak_bytes() -> int:
    """Largest resident memory of this process so far. Not getrusage's: that begins with the parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def measure(
    subjects: Sequence[Subject], rounds: int = 3, progress: Callable[[str], None] = lambda words: None
) -> list[dict[str, Any]]:
    """Time all subjects in turn, round after round, so that what disturbs the machine disturbs all; medians."""
    short, long = READ
    times: list[dict[str, list[float]]] = [{} for _ in subjects]
    for round_ in range(-1, rounds):  # one round to warm up, not counted
        for subject, kept in zip(subjects, times, strict=True):
            progress(f"round {round_ + 1} of {rounds}: {subject.name}")
            seconds = {"read short": subject.read(short), "write": subject.write(WRITTEN)}
            if round_ >= 0:
                seconds |= {"read long": subject.read(long)}
            if (resumed := subject.resume(long)) is not None:
                seconds["resume"] = resumed
            if round_ >= 0:
                for name, value in seconds.items():
                    kept.setdefault(name, []).append(value)
    results = []
    for subject, kept in zip(subjects, times, strict=True):
        median = {name: statistics.median(values) for name, values in kept.items()}
        results.append(
            {
                "engine": subject.name,
                "write_tokens_s": WRITTEN / median["write"],
                f"read_{short}_tokens_s": short / median["read short"],
                f"read_{long}_tokens_s": long / median["read long"],
                "cold_start_s": median["read long"],
                "resume_s": median.get("resume"),
                "peak_bytes": subject.peak_bytes(),
                "weight_bytes": subject.weight_bytes,
                "rounds": rounds,
                "seconds": kept,
            }
        )
    return results


def show(results: Sequence[dict[str, Any]], bandwidth: float) -> str:
    """The table of results, at most 100 columns; bandwidth in bytes a second."""
    short, long = READ
    lines = [
        f"{'':<34} {'write':>8} {'share of':>9} {'read, tokens/s':>15} {'first token, ms':>18} {'peak':>7}",
        f"{'':<34} {'tokens/s':>8} {'bandwidth':>9} {short:>7} {long:>7} {'cold':>8} {'kept':>9} {'MB':>7}",
    ]
    for row in results:
        share = row["write_tokens_s"] * row["weight_bytes"] / bandwidth
        kept = "-" if row["resume_s"] is None else f"{1e3 * row['resume_s']:.1f}"
        lines.append(
            f"{row['engine']:<34} {row['write_tokens_s']:>8.1f} {share:>9.0%} {row[f'read_{short}_tokens_s']:>7.0f} "
            f"{row[f'read_{long}_tokens_s']:>7.0f} {1e3 * row['cold_start_s']:>8.0f} {kept:>9} "
            f"{row['peak_bytes'] / 1e6:>7.0f}"
        )
    return "\n".join(lines)


def memory_bandwidth(threads: int, size: int = 1 << 29) -> float:
    """Bytes a second that `threads` threads together read from memory: the best of five passes over `size` bytes."""
    parts = np.array_split(np.ones(size // 8, np.int64), threads)

    def seconds() -> float:
        readers = [threading.Thread(target=np.bitwise_or.reduce, args=(part,)) for part in parts]
        began = time.perf_counter()
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        return time.perf_counter() - began

    return size / min(seconds() for _ in range(5))


def _weight_bytes(folder: Path) -> int:
    """Bytes that a step reads of the bundle's weights: the quantized form where there is one, and no embedding."""
    stored: dict[str, tensor_file.Tensor] = {}
    for path in folder.glob("*.safetensors"):
        stored |= tensor_file.read(path)[0]
    total = 0
    for name in expected_tensors(NemotronHConfig.from_folder(folder)):
        if not name.startswith("backbone.embeddings"):
            parts = [part for part in stored if part.startswith(f"{name}.")] or [name]
            total += sum(stored[part].nbytes for part in parts)
    return total
