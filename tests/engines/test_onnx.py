# SPDX-License-Identifier: Apache-2.0
"""The exported step in onnxruntime against the PyTorch reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engines.errors import EngineError
from engines.export import export
from engines.generate import Sampling, choose, read, write
from engines.nemotron_h.model import NemotronH
from engines.prefix import PrefixCache
from engines.runtimes.onnxruntime import OnnxRuntime
from tests.engines import small


@pytest.fixture(scope="module")
def reference() -> NemotronH:
    return small.model(small.config())


@pytest.fixture(scope="module")
def runtime(reference: NemotronH, tmp_path_factory: pytest.TempPathFactory) -> OnnxRuntime:
    folder = small.folder(tmp_path_factory.mktemp("checkpoint"), reference)
    export(folder)
    return OnnxRuntime(folder)


@pytest.mark.parametrize("split", [1, 3, 16, 50])
def test_the_step_is_the_references(reference: NemotronH, runtime: OnnxRuntime, split: int) -> None:
    tokens = torch.randint(0, 211, (1, 50))
    with torch.no_grad():
        expected = reference.step(tokens, reference.empty_state())[0][0].numpy()
    state, pieces = runtime.empty_state(), []
    for start in range(0, 50, split):
        part = tokens[0, start : start + split].tolist()
        logits, state = runtime.step(part, state, keep=len(part))
        pieces.append(logits)
    assert np.abs(np.concatenate(pieces) - expected).max() <= 1e-5 * np.abs(expected).max()
    assert state.length == 50


def test_a_state_is_a_value_that_can_be_returned_to(runtime: OnnxRuntime) -> None:
    _, state = read(runtime, list(range(20)), runtime.empty_state())
    once, _ = runtime.step([5, 6], state)
    runtime.step([7] * 16, state)
    again, _ = runtime.step([5, 6], state)
    assert np.array_equal(once, again)


def test_a_kept_prefix_gives_the_logits_of_reading_it_anew(runtime: OnnxRuntime) -> None:
    tokens = [*range(32), 3, 1, 4]
    cache = PrefixCache()
    _, state = read(runtime, tokens[:32], runtime.empty_state())
    cache.keep(tokens[:32], state)
    cache.keep([9, 9], runtime.empty_state())
    kept = cache.longest(tokens)
    assert kept is not None and kept.length == 32
    warm, _ = read(runtime, tokens[32:], kept)
    cold, _ = read(runtime, tokens, runtime.empty_state())
    assert np.array_equal(warm, cold)


def test_the_cache_drops_the_least_recently_used_but_never_the_pinned(runtime: OnnxRuntime) -> None:
    state = runtime.empty_state()
    cache = PrefixCache(max_bytes=2 * state.nbytes)
    cache.keep([1], state, pin=True)
    cache.keep([2], state)
    cache.keep([3], state)
    assert cache.longest([1, 0]) and cache.longest([3, 0]) and not cache.longest([2, 0])


def test_writing_stops_at_the_limit_and_a_seed_repeats(runtime: OnnxRuntime) -> None:
    logits, state = read(runtime, [1, 2, 3], runtime.empty_state())
    sampling = Sampling(temperature=1.5, top_p=0.9, seed=4, max_tokens=12)
    first, second = ([token for token, _ in write(runtime, logits, state, sampling)] for _ in range(2))
    assert first == second and 0 < len(first) <= 12


def test_top_p_takes_the_fewest_tokens_that_reach_it() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05], np.float32))
    rng = np.random.default_rng(0)
    drawn = {choose(logits, Sampling(temperature=1.0, top_p=0.7), rng) for _ in range(200)}
    assert drawn == {0, 1}


def test_a_folder_without_a_graph_says_how_to_make_it(reference: NemotronH, tmp_path: Path) -> None:
    small.folder(tmp_path, reference)
    with pytest.raises(EngineError, match="python -m engines export"):
        OnnxRuntime(tmp_path)
