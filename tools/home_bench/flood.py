# SPDX-License-Identifier: Apache-2.0
"""Many devices that change by themselves: what that costs, and whether the last state of each arrives."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from appliance.home.drivers import Driver
from appliance.home.registry import Device, Registry
from appliance.home.tools import ToolCall
from tools.home_bench.houses import Worker, home_of, started

_ARRIVE_S = 5.0
_COMMAND_EVERY_S = 0.5


def resident_mb() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak_mb() -> float:
    """The most memory since `forget_peak`."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1e3


def forget_peak() -> None:
    """Let the peak count from now, where the kernel lets us (proc(5), clear_refs)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


async def flood(
    drivers: Sequence[Driver],
    worker: Worker,
    count: int,
    names: Sequence[str],
    rate: float,
    seconds: float,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """`rate` changes a second for so long of `count` devices over the drivers in one registry, with a command now and
    then to those of these names, which do not change by themselves.
    """
    registry = Registry([])
    home, heard = home_of(registry, drivers), [0]

    def listen(_: Device, after: Device) -> None:
        heard[0] += 1

    try:
        await started(drivers, registry, count)
        registry.subscribe(listen)
        gc.collect()
        forget_peak()
        memory, began, cpu = [resident_mb()], time.monotonic(), time.process_time()
        worker.tell(f"flood {rate:g} {seconds:g}")
        told = asyncio.create_task(worker.line())
        command_ms: list[float] = []
        failed = 0
        while not told.done():
            await asyncio.wait([told], timeout=min(_COMMAND_EVERY_S, seconds / 2))
            began_ms = time.perf_counter()
            tool = "HassTurnOn" if len(command_ms) // len(names) % 2 == 0 else "HassTurnOff"
            result = await home.call(ToolCall(tool, {"name": names[len(command_ms) % len(names)]}))
            command_ms.append(1e3 * (time.perf_counter() - began_ms))
            failed += not result.success
            memory.append(resident_mb())
            if len(command_ms) % 20 == 0:
                progress(f"{time.monotonic() - began:4.0f} s, {heard[0]} reports heard, {memory[-1]:.1f} MB")
        wall, cpu = time.monotonic() - began, time.process_time() - cpu
        last = json.loads(told.result())
        wrong = await _missing(registry, {name: said for name, said in last["states"].items() if name not in names})
    finally:
        await asyncio.gather(*(driver.stop() for driver in drivers))
    return {
        "devices": count,
        "sent": last["sent"],
        "rate": last["sent"] / wall,
        "wall_s": wall,
        "cpu_share": cpu / wall,
        "cpu_ms_a_change": 1e3 * cpu / last["sent"],
        "rss_start_mb": memory[0],
        "rss_end_mb": memory[-1],
        "rss_peak_mb": max(peak_mb(), *memory),
        "last_states_missing": wrong,
        "command_ms": command_ms,
        "commands_failed": failed,
    }


async def _missing(registry: Registry, states: dict[str, str]) -> list[str]:
    """Devices whose state is not the last that was sent, after a moment for it to arrive."""
    until = time.monotonic() + _ARRIVE_S
    while True:
        known = {device.name: device.state for device in registry.devices}
        wrong = [name for name, said in states.items() if known.get(name) != said]
        if not wrong or time.monotonic() > until:
            return wrong
        await asyncio.sleep(0.05)
