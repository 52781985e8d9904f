# SPDX-License-Identifier: Apache-2.0
"""States kept by the tokens they have read, so that a prompt is read only from where it differs."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engines import snapshot as files
from engines.snapshot import Snapshot, SnapshotError

log = logging.getLogger(__name__)
_SUFFIX = ".state"


class PrefixCache:
    """Token prefix -> snapshot; least recently used out first once `max_bytes` is passed.

    With a folder, pinned snapshots are written there and found again after a restart. The folder is a cache: files
    that are damaged or of another model are refused and removed, and a full disk is only logged.
    """

    def __init__(
        self,
        max_bytes: int = 512_000_000,
        folder: Path | None = None,
        model: str = "",
        max_disk_bytes: int = 1_000_000_000,
    ) -> None:
        """Keep up to `max_bytes` in memory; `model` is the identity that files in `folder` must have."""
        self._kept: OrderedDict[tuple[int, ...], Snapshot] = OrderedDict()
        self._pinned: tuple[int, ...] | None = None
        self._on_disk: dict[tuple[int, ...], Path] = {}
        self._max_bytes, self._max_disk_bytes = max_bytes, max_disk_bytes
        self._folder, self._model = folder, model
        if folder is not None:
            try:
                self._open(folder)
            except OSError as error:
                log.warning("kept prefixes are not used: %s", error)
                self._folder = None

    def _open(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*" + _SUFFIX):
            try:
                self._on_disk[files.read_tokens(path, self._model)] = path
            except SnapshotError as error:
                log.info("kept prefix refused: %s", error)
                path.unlink(missing_ok=True)
        for path in folder.glob("*" + _SUFFIX + ".new"):  # of a write that was cut off
            path.unlink(missing_ok=True)

    @property
    def nbytes(self) -> int:
        """Memory of all that is kept."""
        return sum(kept.nbytes for kept in self._kept.values())

    def keep(self, tokens: Sequence[int], snapshot: Snapshot, *, pin: bool = False) -> None:
        """Keep the state after `tokens`; a pinned one is never dropped, and takes the place of the one before it."""
        key = tuple(tokens)
        self._kept[key] = snapshot
        self._kept.move_to_end(key)
        if pin:
            self._pinned = key
            self._write(key, snapshot)
        total = self.nbytes
        for old in list(self._kept):
            if total <= self._max_bytes:
                break
            if old not in (self._pinned, key):
                total -= self._kept.pop(old).nbytes

    def longest(self, tokens: Sequence[int]) -> Snapshot | None:
        """The state that has read most of `tokens` and nothing else, leaving at least one token to read."""
        wanted = tuple(tokens)

        def fits(key: tuple[int, ...]) -> bool:
            return len(key) < len(wanted) and wanted[: len(key)] == key

        while found := max(filter(fits, {**self._kept, **self._on_disk}), key=len, default=None):
            if found not in self._kept:
                path = self._on_disk[found]
                try:
                    _, self._kept[found] = files.read(path, self._model)
                except (SnapshotError, OSError) as error:
                    log.warning("kept prefix refused: %s", error)
                    del self._on_disk[found]
                    with contextlib.suppress(OSError):
                        path.unlink()
                    continue
                with contextlib.suppress(OSError):  # a disk that can only be read
                    path.touch()  # used now
            self._kept.move_to_end(found)
            return self._kept[found]
        return None

    def _write(self, key: tuple[int, ...], snapshot: Snapshot) -> None:
        if self._folder is None or key in self._on_disk:
            return
        path = self._folder / (hashlib.sha256(np.asarray(key, np.int32).tobytes()).hexdigest()[:32] + _SUFFIX)
        try:
            files.write(path, snapshot, key, self._model)
            self._on_disk[key] = path
            aged = sorted(self._on_disk.items(), key=lambda item: (item[0] == key, item[1].stat().st_mtime))
            total = sum(old.stat().st_size for _, old in aged)
            for tokens, old in aged[:-1]:
                if total <= self._max_disk_bytes:
                    break
                total -= old.stat().st_size
                old.unlink()
                del self._on_disk[tokens]
        except OSError as error:
            log.warning("the prompt's state was not written to %s: %s", path, error)
