# SPDX-License-Identifier: Apache-2.0
"""Networks asked together: their mean, their state as one value, and a bundle that holds several."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from engines import store
from engines.bundle import MANIFEST, identity, member_folder, members
from engines.errors import EngineError
from engines.export import export
from engines.generate import Context
from engines.language_model import load_tokenizer
from engines.prefix import PrefixCache
from engines.runtimes.ensemble import Ensemble
from engines.runtimes.load import load_runtime
from tests.engines import small

TOKENS = [int(t) for t in np.random.default_rng(3).integers(0, 211, 40)]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small networks of one vocabulary and different shapes."""
    folder = tmp_path_factory.mktemp("two")
    small.folder(folder, small.model(small.config(), seed=1))
    member_folder(folder, 1).mkdir()
    small.folder(member_folder(folder, 1), small.model(small.config(pattern="M*-"), seed=2))
    return export(folder)


@pytest.fixture(scope="module")
def runtime(bundle: Path) -> Ensemble:
    made = load_runtime(bundle)
    assert isinstance(made, Ensemble)
    return made


def test_its_probabilities_are_the_mean_of_the_references(runtime: Ensemble) -> None:
    each = []
    for pattern, seed in (("M-M*-M*-", 1), ("M*-", 2)):
        model = small.model(small.config(pattern=pattern), seed=seed)
        logits = model.step(torch.tensor([TOKENS]), model.empty_state())[0][0, -3:]
        each.append(logits.softmax(-1).detach().numpy())
    assert abs(each[0] - each[1]).max() > 0.01, "two networks that think alike would hide a fault"
    found = runtime.step(TOKENS, runtime.empty_state(), keep=3)
    assert found.dtype == np.float32 and found.shape == (3, 211)
    assert np.exp(found) == pytest.approx((each[0] + each[1]) / 2, abs=1e-5)


def test_its_state_is_a_value_that_can_be_returned_to(runtime: Ensemble, tmp_path: Path) -> None:
    cache = PrefixCache(folder=tmp_path, model="two")
    context = Context(runtime, cache)
    context.extend(TOKENS[:20])
    context.keep(pin=True)
    straight = context.extend(TOKENS[20:])
    again = Context(runtime, PrefixCache(folder=tmp_path, model="two"))  # from the file, as after a restart
    assert np.array_equal(again.read_to(TOKENS), straight)
    kept = cache.longest(TOKENS)
    assert kept is not None
    assert kept.length == 20 and {"ssm.0", "ssm.0.2", "key.3", "key.1.2"} <= set(kept.arrays)
    with pytest.raises(EngineError, match="of another network"):
        runtime._members[1].resume(kept)


def test_a_bundle_of_two_is_checked_whole(bundle: Path, tmp_path: Path) -> None:
    assert members(bundle) == [bundle, bundle / "member-2"]
    before = identity(bundle)
    assert {"model.safetensors", "member-2/model.safetensors"} <= set(store.check_files(bundle)["files"])
    place = store.install(bundle, tmp_path / "store")
    assert isinstance(load_runtime(place), Ensemble) and identity(place) == before
    weights = place / "member-2/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"oops")
    with pytest.raises(EngineError, match=r"member-2/model.safetensors is damaged"):
        store.check_files(place)
    (place / MANIFEST).write_text((place / MANIFEST).read_text().replace("member-2/model.s", "../two/model.s"))
    with pytest.raises(EngineError):  # what lies outside is none of its files
        store.check_files(place)


def test_what_was_not_trained_together_is_refused(bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(bundle, folder)
    small.folder(member_folder(folder, 1), small.model(small.config(vocab_size=97)))
    with pytest.raises(EngineError, match="member 2 has 97 tokens, the first 211"):
        load_runtime(export(folder))


def test_an_engine_is_not_built_of_several(bundle: Path, tmp_path: Path) -> None:
    from engines.build import build

    with pytest.raises(EngineError, match=r"ensemble of 2 networks.*without member-2"):
        build(bundle, tmp_path / "engine", context=64)


def test_the_reference_of_a_bundle_of_two_is_what_both_compute(bundle: Path, tmp_path: Path) -> None:
    from appliance.models import HOME_MODEL

    folder = tmp_path / "home"
    shutil.copytree(HOME_MODEL, folder, ignore=shutil.ignore_patterns("member-*", store.REFERENCE))
    shutil.copytree(folder, member_folder(folder, 1))
    both = load_runtime(folder)
    store.write_reference(folder, both, load_tokenizer(folder))
    assert store.verify(folder, both).difference < 1e-6
    assert {"ssm.0", "ssm.0.2"} <= set(store.state_differences(folder, both))
