# SPDX-License-Identifier: Apache-2.0
"""Where timers survive a restart, a reboot and a clock that is set: one small JSON file, written whole or not at all.

The file says how much time each timer had left at one moment, and gives that moment on two clocks. In the same boot
(same boot id) the kernel's CLOCK_BOOTTIME tells how much time went by since, which nobody can set; after a reboot only
the wall clock is left, in UTC. It may have been set back meanwhile, or stand still while the machine is off: then no
time went by, for a timer never gets time by itself.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.home.timers import Timer, TimerKind
from appliance.home.tools import ToolCall

_LOG = logging.getLogger(__name__)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MOST_BYTES = 1 << 20  # a thousand timers and more; what is larger was not written here
_FROZEN = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Moment:
    """One moment on the clocks that outlive a process."""

    boot_id: str
    """Names the boot that `boottime_s` counts from; empty where the kernel does not tell."""
    boottime_s: float
    """Seconds since the boot, those in suspend too."""
    utc_s: float
    """Seconds since 1970 on the wall clock, which can be set."""

    def until(self, later: Moment) -> float:
        """Seconds from here to `later`, never less than none."""
        if self.boot_id and self.boot_id == later.boot_id:
            return max(0.0, later.boottime_s - self.boottime_s)
        return max(0.0, later.utc_s - self.utc_s)


def present() -> Moment:
    """The present moment on the machine's own clocks."""
    try:
        boot_id = _BOOT_ID.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        boot_id = ""
    return Moment(boot_id, time.clock_gettime(time.CLOCK_BOOTTIME), time.time())


class _Moment(BaseModel):
    model_config = _FROZEN
    boot_id: str
    boottime_s: float
    utc_s: float


class _Order(BaseModel):
    model_config = _FROZEN
    name: str
    arguments: dict[str, str | int | float | bool]


class _Timer(BaseModel):
    model_config = _FROZEN
    id: Annotated[int, Field(ge=1)]
    name: str | None
    area: str | None
    started_with_s: Annotated[int, Field(ge=1)]
    remaining_s: float  # less than none: it ran out that long before
    paused: bool
    rings: Annotated[int, Field(ge=0)]
    kind: TimerKind = "timer"
    text: str = ""
    due_utc: float | None = None
    order: _Order | None = None


class _File(BaseModel):
    model_config = _FROZEN
    version: Literal[1]
    next_id: Annotated[int, Field(ge=1)]
    saved: _Moment
    timers: list[_Timer]


class Keep:
    """Keeps timers in the file `path`. Nothing here raises: a disk that is full or broken must not stop a timer."""

    def __init__(self, path: Path, present: Callable[[], Moment] = present) -> None:
        self._path = path
        self._present = present
        self._failing = False

    def load(self) -> tuple[int, list[Timer]]:
        """Return the next free id, and the timers with the time that is left to them now, also less than none.

        A file that cannot be used is renamed to `….damaged`, and there are no timers.
        """
        try:
            with self._path.open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
            if len(content) > _MOST_BYTES:
                raise ValueError(f"it has more than {_MOST_BYTES} bytes")
            kept = _File.model_validate_json(content)
            if len({timer.id for timer in kept.timers}) < len(kept.timers):
                raise ValueError("two timers have the same id")
        except FileNotFoundError:
            return 1, []
        except (OSError, ValueError) as error:
            self._set_aside(error)
            return 1, []
        gone_s = Moment(**kept.saved.model_dump()).until(self._present())
        timers = [
            Timer(
                **timer.model_dump(exclude={"remaining_s", "order"}),
                remaining_s=timer.remaining_s - (0 if timer.paused else gone_s),
                order=ToolCall(timer.order.name, timer.order.arguments) if timer.order else None,
            )
            for timer in kept.timers
        ]
        return max([kept.next_id, *(timer.id + 1 for timer in timers)]), timers

    def save(self, next_id: int, timers: Sequence[Timer]) -> bool:
        """Write the timers with the time that is left to them now; True when they are on the disk.

        Where that fails the file stays as it was, which is logged once, until it succeeds again.
        """
        saved = _Moment(**asdict(self._present()))
        kept = _File(version=1, next_id=next_id, saved=saved, timers=[_record(timer) for timer in timers])
        try:
            replace_file(self._path, kept.model_dump_json(indent=1).encode())
        except OSError as error:
            if not self._failing:
                _LOG.warning(
                    "%s cannot be written (%s): timers go on, and a restart forgets them or what was done to them. "
                    "Make room, or let this user write there.",
                    *(self._path, error.strerror or error),
                )
            self._failing = True
            return False
        if self._failing:
            _LOG.info("%s can be written again", self._path)
        self._failing = False
        return True

    def _set_aside(self, error: OSError | ValueError) -> None:
        aside = self._path.with_name(f"{self._path.name}.damaged")
        what = f"{error.error_count()} faults" if isinstance(error, ValidationError) else str(error)
        try:
            self._path.replace(aside)
            done = f"kept as {aside.name} for who wants to look"
        except OSError as stays:
            done = f"and it cannot be set aside ({stays.strerror or stays})"
        _LOG.error("%s is damaged (%s): there are no timers from before; it is %s", self._path, what, done)


def _record(timer: Timer) -> _Timer:
    # Half a surrogate pair, as JSON from a model may hold, has no place in UTF-8.
    name, area, text = (
        text and text.encode("utf-8", "replace").decode() for text in (timer.name, timer.area, timer.text)
    )
    order = _Order(name=timer.order.name, arguments=dict(timer.order.arguments)) if timer.order else None
    return _Timer(
        id=timer.id,
        name=name,
        area=area,
        started_with_s=timer.started_with_s,
        remaining_s=timer.remaining_s,
        paused=timer.paused,
        rings=timer.rings,
        kind=timer.kind,
        text=text or "",
        due_utc=timer.due_utc,
        order=order,
    )


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file by a rename, so that a power cut leaves the old one or the new one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)  # left by a crash, with whatever mode
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)  # half a file on a full disk
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the rename itself
    finally:
        os.close(folder)
