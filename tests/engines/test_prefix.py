# SPDX-License-Identifier: Apache-2.0
"""Kept states: in memory, on disk, and files that are not what they should be."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines import snapshot as files
from engines.prefix import PrefixCache
from engines.snapshot import Snapshot, SnapshotError


def state(length: int, value: float = 0.5) -> Snapshot:
    return Snapshot(
        {"ssm.0": np.full((1, 2, 3, 4), value, np.float32), "key.1": np.full((1, 2, length, 3), value, np.float32)},
        length,
    )


def test_the_longest_prefix_that_leaves_something_to_read_is_found() -> None:
    cache = PrefixCache()
    for length in (1, 3, 5):
        cache.keep(range(length), state(length))
    cache.keep([7, 7], state(2))
    found = [cache.longest(range(length)) for length in (1, 2, 3, 4, 5, 9)]
    assert [kept.length if kept else None for kept in found] == [None, 1, 1, 3, 3, 5]


def test_the_least_recently_used_goes_first_but_never_the_pinned() -> None:
    size = state(1).nbytes
    cache = PrefixCache(max_bytes=3 * size)
    cache.keep([1], state(1), pin=True)
    cache.keep([2], state(1))
    cache.keep([3], state(1))
    assert cache.longest([2, 0])
    cache.keep([4], state(1))
    assert cache.nbytes == 3 * size
    assert cache.longest([1, 0]) and cache.longest([2, 0]) and cache.longest([4, 0]) and not cache.longest([3, 0])
    cache.keep([5], state(1), pin=True)  # takes the pin of [1]
    cache.keep([6], state(1))
    cache.keep([7], state(1))
    assert not cache.longest([1, 0]) and cache.longest([5, 0])


def test_a_restart_finds_the_pinned_one_to_the_last_bit(tmp_path: Path) -> None:
    kept = state(3, 1 / 3)
    PrefixCache(folder=tmp_path, model="m").keep([1, 2, 3], kept, pin=True)
    found = PrefixCache(folder=tmp_path, model="m").longest([1, 2, 3, 4])
    assert found and found.length == 3
    assert all(np.array_equal(found.arrays[name], kept.arrays[name]) for name in kept.arrays)
    assert not any(array.flags.writeable for array in found.arrays.values())


def test_a_file_of_another_model_is_refused_and_removed(tmp_path: Path) -> None:
    PrefixCache(folder=tmp_path, model="m").keep([1], state(1), pin=True)
    assert PrefixCache(folder=tmp_path, model="other").longest([1, 2]) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("at", [0, 20, 150, -1])
def test_a_flipped_bit_is_noticed(tmp_path: Path, at: int) -> None:
    PrefixCache(folder=tmp_path, model="m").keep([1], state(1), pin=True)
    (path,) = tmp_path.iterdir()
    data = bytearray(path.read_bytes())
    data[at] ^= 16
    path.write_bytes(data)
    cache = PrefixCache(folder=tmp_path, model="m")
    assert cache.longest([1, 2]) is None and not path.exists()
    cache.keep([1], state(1), pin=True)
    assert cache.longest([1, 2])


def test_the_folder_is_bounded_and_the_oldest_goes(tmp_path: Path) -> None:
    size = 0
    for i in range(4):
        PrefixCache(folder=tmp_path, model="m", max_disk_bytes=2 * size or 10**9).keep([i], state(1), pin=True)
        size = size or next(tmp_path.iterdir()).stat().st_size
        for path in tmp_path.iterdir():
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 10))
    cache = PrefixCache(folder=tmp_path, model="m")
    assert [bool(cache.longest([i, 9])) for i in range(4)] == [False, False, True, True]


def test_a_full_disk_costs_only_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write", full)
    cache = PrefixCache(folder=tmp_path, model="m")
    cache.keep([1], state(1), pin=True)
    assert cache.longest([1, 2])


def test_a_folder_that_cannot_be_used_costs_only_the_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = PrefixCache(folder=tmp_path / "file" / "prefixes", model="m")
    cache.keep([1], state(1), pin=True)
    assert cache.longest([1, 2])


def test_a_disk_that_can_only_be_read_still_gives_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    first = PrefixCache(folder=tmp_path, model="m")
    first.keep([1], state(1), pin=True)
    first.keep([5], state(1), pin=True)
    min(tmp_path.iterdir()).write_bytes(b"damaged")
    cache = PrefixCache(folder=tmp_path, model="m")
    monkeypatch.setattr(Path, "touch", read_only)
    monkeypatch.setattr(Path, "unlink", read_only)
    assert [bool(cache.longest([key, 9])) for key in (1, 5)].count(True) == 1


def test_what_a_cut_write_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "a.state.new").write_bytes(b"half")
    PrefixCache(folder=tmp_path, model="m")
    assert not list(tmp_path.iterdir())


def test_a_write_that_breaks_off_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    with pytest.raises(OSError, match="Input/output"):
        files.write(tmp_path / "a.state", state(1), [1], "m")
    assert not list(tmp_path.iterdir())


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_file_crashes_the_reader_or_is_half_believed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.state"
    files.write(path, state(2), [1, 2], "m")
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    junk = data.draw(st.binary(max_size=40))
    path.write_bytes(whole[:cut] + junk + whole[cut + data.draw(st.integers(0, 40)) :])
    if path.read_bytes() == whole:
        return
    try:
        tokens, found = files.read(path, "m")
    except SnapshotError:
        return
    # Only bytes that say the same (white space in the header) may pass.
    assert tokens == (1, 2) and all(np.array_equal(found.arrays[n], a) for n, a in state(2).arrays.items())
