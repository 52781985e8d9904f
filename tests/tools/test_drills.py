# SPDX-License-Identifier: Apache-2.0
"""Copying drills: what counts can be copied, and they grow only when mastered."""

from __future__ import annotations

from tools.home_model.drills import Drills


def test_only_repeated_names_count_and_each_was_there_before() -> None:
    drills = Drills(seed=3, first=50, vocab_size=300, separator=7)
    batch = drills.batch()
    for row, weights in zip(batch.tokens.tolist(), batch.weights.tolist(), strict=True):
        text = " ".join(map(str, row))
        for at in (i for i, weight in enumerate(weights) if weight):
            start = at
            while start > 0 and row[start - 1] != 7:
                start -= 1
            so_far = " ".join(map(str, row[start : at + 2]))
            assert text.index(so_far) < len(" ".join(map(str, row[:start])))


def test_they_grow_when_the_loss_has_fallen_and_end() -> None:
    drills = Drills(seed=3, first=50, vocab_size=3000, separator=7)
    for _ in range(100):
        drills.learned(5.0)
    assert drills.words == 100
    while not drills.mastered:
        drills.learned(0.1)
    assert drills.words == 2950
    assert drills.batch().tokens.shape[1] == drills.length + 1
