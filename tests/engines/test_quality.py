# SPDX-License-Identifier: Apache-2.0
"""The distance of two bundles: zero from itself, the formula's elsewhere, and a table that fits."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from appliance.models import HOME_MODEL
from engines import quality
from engines.cli import main
from engines.errors import EngineError
from engines.export import export
from engines.runtimes.onnxruntime import OnnxRuntime
from tests.engines import small

SAMPLES = [[5, 9, 200, 3, 77, 12, 8, 1, 1, 2, 3, 9, 4, 100, 33, 21, 7, 7, 6, 90], [1, 2, 3]]


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("bundles")
    (where / "checkpoint").mkdir()
    small.folder(where / "checkpoint", small.model(small.config()), torch.bfloat16)
    for scheme in ("bf16", "int4g", "8"):
        export(where / "checkpoint", where / scheme, scheme)
    return where


def logits(bundle: Path, sample: list[int]) -> np.ndarray:
    runtime = OnnxRuntime(bundle)
    return runtime.step(sample, runtime.empty_state(), keep=len(sample)).astype(np.float64)


def test_the_figures_are_those_of_the_formulas(bundles: Path) -> None:
    """Computed anew from the logits of one step over each sample; the code under test reads in chunks."""
    rows = quality.measure([bundles / "int4g"], bundles / "bf16", SAMPLES)
    kl, same, surprise = [], [], []
    for sample in SAMPLES:
        p, q = (torch.log_softmax(torch.tensor(logits(bundles / name, sample)), -1) for name in ("bf16", "int4g"))
        kl += torch.nn.functional.kl_div(q, p, log_target=True, reduction="none").sum(-1).tolist()
        same += (p.argmax(-1) == q.argmax(-1)).tolist()
        surprise += torch.nn.functional.nll_loss(q[:-1], torch.tensor(sample[1:]), reduction="none").tolist()
    assert rows[1]["kl_mean"] == pytest.approx(np.mean(kl), rel=1e-3) and rows[1]["kl_mean"] > 1e-4
    assert rows[1]["same_top1"] == pytest.approx(np.mean(same))
    assert rows[1]["perplexity"] == pytest.approx(np.exp(np.mean(surprise)), rel=1e-4)
    assert rows[1]["tokens"] == 23


def test_a_bundle_is_no_distance_from_itself(bundles: Path) -> None:
    row = quality.measure([bundles / "bf16"], bundles / "bf16", SAMPLES)[1]
    assert (row["kl_mean"], row["kl_p99"], row["same_top1"]) == (0.0, 0.0, 1.0)


def test_more_bits_are_nearer_and_fewer_are_smaller(bundles: Path) -> None:
    base, eight, four = quality.measure([bundles / "8", bundles / "int4g"], bundles / "bf16", SAMPLES)
    assert 0 < eight["kl_mean"] < four["kl_mean"]
    assert four["weight_bytes"] < eight["weight_bytes"] < base["weight_bytes"]
    assert base["weight_bytes"] == sum(2 * np.prod(s) for s in _shapes(bundles))
    assert four["forms"]["backbone.layers.0.mixer.in_proj"] == "INT4/32" and four["scheme"] == "int4g"


def _shapes(bundles: Path) -> list[tuple[int, ...]]:
    from engines.nemotron_h.checkpoint import Checkpoint

    return [tensor.shape for tensor in Checkpoint(bundles / "checkpoint").tensors.values()]


def test_other_networks_are_not_compared(bundles: Path, tmp_path: Path) -> None:
    other = export(small.folder(tmp_path, small.model(small.config(vocab_size=300))))
    with pytest.raises(EngineError, match=r"different networks: vocabularies of \[211, 300\]"):
        quality.measure([other], bundles / "bf16", SAMPLES)


def test_the_verb_prints_a_table_that_fits_and_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for scheme in ("bf16", "int4g"):
        export(HOME_MODEL, tmp_path / f"home model with a long name {scheme}", scheme)
    text = tmp_path / "text"
    text.write_text("turn on the kitchen light\n\nhow warm is it in the bedroom")
    against, other = sorted(path for path in tmp_path.iterdir() if path.is_dir())
    assert main(["quality", str(other), "--against", str(against), "--text", str(text), "--json", f"{text}.json"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 100
    assert "INT4/64: in_proj, out_proj of 0, 2, 5; up_proj, down_proj of 1, 4, 7" in out
    rows = json.loads(Path(f"{text}.json").read_text())
    assert [row["scheme"] for row in rows] == ["bf16", "int4g"] and rows[1]["kl_mean"] > 0
    shutil.rmtree(against)
    assert main(["quality", str(other), "--against", str(against), "--text", str(text)]) == 2
