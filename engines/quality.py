# SPDX-License-Identifier: Apache-2.0
"""How far a scheme moves what a model says: every token of a text is predicted by two bundles, and the predictions are
compared.

KL is the Kullback-Leibler divergence of the bundle's distribution from the reference's, in nats a token: 0 where
nothing changed. "Same" is how often the likeliest token is the same. Perplexity is that of the text.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from engines.bundle import GRAPH, read_manifest
from engines.errors import EngineError
from engines.recipe import told
from engines.runtimes.load import load_runtime

Progress = Callable[[int, int], None]
"""Called with the samples measured and to measure."""


def measure(
    bundles: Sequence[Path],
    against: Path,
    samples: Sequence[Sequence[int]],
    threads: int = 1,
    progress: Progress = lambda done, total: None,
) -> list[dict[str, Any]]:
    """One row for the reference bundle `against` and one for each of `bundles`: bytes, who got what, and the distance.

    `samples` are tokens (`engines.samples`), read from the beginning each. Raises EngineError for bundles that do not
    load, or are of networks with other vocabularies.
    """
    folders = [against, *bundles]
    runtimes = [load_runtime(folder, threads) for folder in folders]
    sizes = {runtime.config.vocab_size for runtime in runtimes}
    if len(sizes) > 1:
        raise EngineError(f"these bundles are of different networks: vocabularies of {sorted(sizes)} tokens.")
    chunk = runtimes[0].config.chunk_size
    divergences: list[list[NDArray[np.float64]]] = [[] for _ in folders]
    same, surprise = np.zeros(len(folders)), np.zeros(len(folders))
    tokens = predicted = 0
    for number, sample in enumerate(samples):
        states = [runtime.empty_state() for runtime in runtimes]
        for start in range(0, len(sample), chunk):
            part = list(sample[start : start + chunk])
            next_ = np.asarray(sample[start + 1 : start + 1 + len(part)])
            reference = _log_probabilities(runtimes[0].step(part, states[0], keep=len(part)))
            for i, runtime in enumerate(runtimes):
                logs = reference if i == 0 else _log_probabilities(runtime.step(part, states[i], keep=len(part)))
                divergences[i].append((np.exp(reference) * (reference - logs)).sum(axis=1))
                same[i] += (logs.argmax(axis=1) == reference.argmax(axis=1)).sum()
                surprise[i] -= np.take_along_axis(logs[: len(next_)], next_[:, None], axis=1).sum()
            tokens, predicted = tokens + len(part), predicted + len(next_)
        progress(number + 1, len(samples))
    rows = []
    for i, folder in enumerate(folders):
        kl = np.concatenate(divergences[i])
        manifest = read_manifest(folder).get("recipe", {})
        rows.append(
            {
                "bundle": folder.resolve().name,
                "scheme": manifest.get("scheme", "none"),
                "weight_bytes": weight_bytes(folder),
                "kl_mean": float(kl.mean()),
                "kl_p99": float(np.quantile(kl, 0.99)),
                "same_top1": float(same[i] / tokens),
                "perplexity": math.exp(surprise[i] / predicted),
                "tokens": tokens,
                "samples": len(samples),
                "forms": manifest.get("forms", {}),
                "cache": manifest.get("cache", "as computed"),
                "calibration": manifest.get("calibration"),
            }
        )
    return rows


def show(rows: Sequence[dict[str, Any]]) -> str:
    """The table, the reference first, at most 100 columns; below it who got what."""
    base = rows[0]["weight_bytes"]
    lines = [
        f"{'':<28} {'weights':>12} {'of':>6} {'KL, nats a token':>20} {'same':>9} {'perplexity':>12}",
        f"{'scheme (bundle)':<28} {'MB':>12} {'first':>6} {'mean':>10} {'99 %':>9} {'top-1':>9} {'':>12}",
    ]
    for row in rows:
        name = f"{row['scheme']} ({row['bundle']})"
        lines.append(
            f"{name[:28]:<28} {row['weight_bytes'] / 1e6:>12,.2f} {row['weight_bytes'] / base:>6.1%} "
            f"{row['kl_mean']:>10.5f} {row['kl_p99']:>9.4f} {row['same_top1']:>9.2%} {row['perplexity']:>12.3f}"
        )
    for row in rows:
        lines += [f"\n{row['scheme']} ({row['bundle']}); key/value cache {row['cache']}"]
        lines += [
            textwrap.fill(line, 100, initial_indent="  ", subsequent_indent="    ") for line in told(row["forms"])
        ]
    lines.append(f"\n{rows[0]['tokens']:,} tokens in {rows[0]['samples']} samples")
    return "\n".join(lines)


def weight_bytes(folder: Path) -> int:
    """Bytes of the weights that a bundle's graph points to."""
    graph = onnx.load(str(folder / GRAPH), load_external_data=False).graph
    return sum(
        int(entry.value) for tensor in graph.initializer for entry in tensor.external_data if entry.key == "length"
    )


def _log_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    out: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return out
