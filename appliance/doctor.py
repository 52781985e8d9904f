# SPDX-License-Identifier: Apache-2.0
"""Is this machine fit to run the appliance? One check after the other, each with what was found or how to mend it.

Nothing here raises: a check that fails, for whatever reason, is a line of the report.
"""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, TextIO

from appliance import models
from appliance.errors import ApplianceError
from appliance.settings import Settings
from engines.errors import EngineError

PYTHONS = ((3, 10), (3, 12))
"""Oldest and newest Python that every dependency has a wheel for."""

FREE_DISK_BYTES = 1 << 30
AVAILABLE_MEMORY_BYTES = 3 << 29  # 1.5 GiB: recognizer, voice and language model with room to work

AUDIO_LIBRARY = "Install PortAudio: sudo apt install libportaudio2. Without it, WAV files still work."


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    name: str
    ok: bool
    detail: str
    """What was found."""

    mend: str = ""
    """What to do about it; empty where all is well, or where the detail says it."""


@dataclass(frozen=True)
class Running:
    """A check that takes a moment has begun; its `Check` follows."""

    name: str


class _Fault(Exception):
    """What a check found wrong, and the way to mend it."""

    def __init__(self, detail: str, mend: str) -> None:
        super().__init__(detail)
        self.mend = mend


def checks(settings: Settings, load_engine: Callable[[Settings], str] | None = None) -> Iterator[Check | Running]:
    """Check this machine against the settings, one result after the other as it is known.

    `load_engine` loads the language model and returns a line about it; it raises EngineError where it cannot.
    Left out, only the model's files are checked.
    """
    yield _checked("Python", _python)
    yield _checked("microphone", lambda: _sound_card(settings.audio.input, "input"))
    yield _checked("speaker", lambda: _sound_card(settings.audio.output, "output"))
    for name, find in _MODELS:
        yield Running(name)
        yield _checked(name, partial(_model, find, settings))
    if load_engine is not None:
        yield Running("language model engine")
        yield _checked("language model engine", lambda: load_engine(settings))
    yield _checked("broker", lambda: "none is configured; the devices are those of the simulated home")
    yield _checked("home", lambda: _home(settings))
    yield from _servers(settings)
    yield _checked("disk", lambda: _disk(settings.state_dir))
    yield _checked("memory", _memory)


_MODELS: tuple[tuple[str, models.Finder], ...] = (
    ("voice activity model", lambda settings: models.voice_activity()),
    ("recognizer model", models.recognizer),
    ("voice model", models.voice),
    ("language model files", models.language_model),
    ("intent classifier", lambda settings: models.intents()),
)


def _checked(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except _Fault as fault:
        return Check(name, False, str(fault), fault.mend)
    except (ApplianceError, EngineError) as error:  # says itself how to mend it, if it has several lines in the last
        *detail, last = str(error).splitlines() or [type(error).__name__]
        return Check(name, False, "\n".join(detail), last) if detail else Check(name, False, last)
    except Exception as error:  # a defect in a library or in a check: still a line, and the other checks go on
        return Check(
            name, False, f"{type(error).__name__}: {error}", "This is unexpected; please report it with this line."
        )


def _python() -> str:
    found = sys.version_info[:2]
    if not PYTHONS[0] <= found <= PYTHONS[1]:
        raise _Fault(f"{platform.python_version()} is not supported", "Use Python 3.10, 3.11 or 3.12.")
    return f"{platform.python_version()} on {platform.machine()}"


def _sound_card(name: str, kind: Literal["input", "output"]) -> str:
    try:
        from appliance.audio.microphone import find_device  # here, since PortAudio may be what is missing
    except OSError as error:
        raise _Fault(str(error), AUDIO_LIBRARY) from error
    return str(find_device(name, kind))


def _model(find: models.Finder, settings: Settings) -> str:
    model = find(settings)
    models.check(model)
    return f"{model.name}, every file whole, in {model.folder}"


def _home(settings: Settings) -> str:
    from appliance.home.sources import find_devices

    async def look() -> tuple[int, list[str]]:
        registry, router = await find_devices(settings)
        faults = router.faults()
        await router.stop()
        return len(registry.devices), faults

    try:
        count, faults = asyncio.run(look())
    except ApplianceError as error:
        raise _Fault(str(error), "Mend this file, or leave home.file out for the home that comes along.") from error
    if faults:
        raise _Fault("; ".join(faults), "Check address, user and token in the settings, and that the server runs.")
    return f"{count} devices in {settings.simulated}" if settings.simulated else f"{count} devices"


def _servers(settings: Settings) -> Iterator[Check | Running]:
    if not settings.mcp.servers:
        return
    from appliance.home.mcp_check import check_servers

    yield Running("MCP servers")
    try:
        for found in check_servers(settings):
            yield Check(f"MCP server {found.name}", found.ok, found.detail, found.mend)
    except ApplianceError as error:
        yield Check("MCP servers", False, str(error))


def _disk(state_dir: Path) -> str:
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=state_dir):
            pass
        free = shutil.disk_usage(state_dir).free
    except OSError as error:
        detail = f"cannot write into {state_dir}: {error.strerror or error}"
        raise _Fault(
            detail, f"Give the folder to this user, or set state_dir: sudo chown {os.getuid()} {state_dir}"
        ) from error
    if free < FREE_DISK_BYTES:
        raise _Fault(
            f"{_gigabytes(free)} free in {state_dir}",
            f"Free at least {_gigabytes(FREE_DISK_BYTES)} there, or set state_dir.",
        )
    return f"{_gigabytes(free)} free in {state_dir}, which can be written"


def _memory() -> str:
    facts = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    available = next(int(line.split()[1]) * 1024 for line in facts if line.startswith("MemAvailable:"))
    if available < AVAILABLE_MEMORY_BYTES:
        raise _Fault(
            f"{_gigabytes(available)} available",
            f"End other programs until {_gigabytes(AVAILABLE_MEMORY_BYTES)} are available.",
        )
    return f"{_gigabytes(available)} available"


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"


def report(settings: Settings, out: TextIO, load_engine: Callable[[Settings], str] | None = None) -> bool:
    """Print the checks as they are made; on a terminal also which one is running. Returns whether all are well."""
    well = True
    for item in checks(settings, load_engine):
        if isinstance(item, Running):
            if out.isatty():
                out.write(f"...   {item.name}\r")
                out.flush()
            continue
        well = well and item.ok
        detail = item.detail.replace("\n", "\n      ")
        out.write(f"{'ok' if item.ok else 'FAULT':5} {item.name}: {detail}\n")
        if item.mend:
            out.write(f"      -> {item.mend}\n")
        out.flush()
    return well
