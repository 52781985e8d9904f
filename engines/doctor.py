# SPDX-License-Identifier: Apache-2.0
"""Is a bundle well on this machine: does each kind of layer compute the reference, how fast, in how much memory.

Everything goes into one JSON file that can be attached to a report.
"""

from __future__ import annotations

import json
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engines import store
from engines.bundle import identity
from engines.errors import EngineError
from engines.generate import Context, Runtime
from engines.language_model import load_tokenizer
from engines.runtimes.load import opened

READ, WRITTEN = 512, 64
"""Tokens that are read, and written after them, to be timed."""
_KINDS = {
    "conv": "Mamba, convolution window",
    "ssm": "Mamba, scan state",
    "key": "attention, keys",
    "value": "attention, values",
}
_TIMES = 3


def examine(folder: Path, threads: int = 1, say: Callable[[str], None] = lambda words: None) -> dict[str, Any]:
    """Look at a bundle in the runtime that it is for.

    Args:
        folder: bundle with a reference.
        threads: of the CPU, where that computes.
        say: told what is done now.

    Returns what `render` prints; `parity.passed` says whether the bundle may be used. Raises EngineError for one that
    cannot be loaded at all.
    """
    say("checking files")
    manifest = store.check_files(folder)
    say("loading")
    began = time.perf_counter()
    with opened(folder, threads) as runtime:
        loaded = time.perf_counter() - began
        say("comparing with the reference")
        parity = _parity(folder, runtime)
        say("timing")
        speed = {"load_s": round(loaded, 2), **_speed(folder, runtime)}
        gpu = getattr(runtime, "gpu", None)
        return {
            "bundle": {key: manifest.get(key) for key in ("source", "recipe", "runs_on")} | {"id": identity(folder)},
            "runtime": getattr(runtime, "name", type(runtime).__name__),
            "machine": _machine() | ({"gpu": gpu.name, "sm": gpu.sm} if gpu is not None else {}),
            "parity": parity,
            "speed": speed,
            "memory_bytes": _memory(runtime),
        }


def _parity(folder: Path, runtime: Runtime) -> dict[str, Any]:
    """By kind of layer, the worst difference from the reference and the layer that has it."""
    allowed = store.allowed(folder)
    try:
        logits = store.verify(folder, runtime)
        fault = None
    except EngineError as error:
        logits, fault = None, str(error)
    differences = store.state_differences(folder, runtime)
    rows = []
    for part, kind in _KINDS.items():
        found = {int(key.split(".")[1]): value for key, value in differences.items() if key.startswith(part + ".")}
        if found:
            layer = max(found, key=lambda i: found[i])
            beyond = sorted(i for i, value in found.items() if value > allowed)
            rows.append({"kind": kind, "worst": found[layer], "layer": layer, "first_beyond": next(iter(beyond), None)})
    return {
        "passed": fault is None,
        "fault": fault,
        "allowed": allowed,
        "pattern": runtime.config.pattern,
        "logits": None if logits is None else logits.difference,
        "agreement": None if logits is None else logits.agreement,
        "layers": rows,
    }


def _speed(folder: Path, runtime: Runtime) -> dict[str, float]:
    """Tokens a second, the median of a few; the first run, which warms up, does not count."""
    tokens = load_tokenizer(folder).encode(" ".join(store.PROMPTS) * 40, add_special_tokens=False).ids
    longest = runtime.config.max_position_embeddings
    read = min(READ, len(tokens), max(1, longest - WRITTEN))
    written = min(WRITTEN, longest - read)
    reading, writing = [], []
    for _ in range(_TIMES + 1):
        context = Context(runtime)
        began = time.perf_counter()
        logits = context.extend(tokens[:read])
        middle = time.perf_counter()
        for _ in range(written):
            logits = context.extend([int(logits.argmax())])
        reading.append(middle - began)
        writing.append(time.perf_counter() - middle)
    return {
        "read_tokens": read,
        "read_tokens_s": round(read / float(np.median(reading[1:])), 1),
        "written_tokens": written,
        "written_tokens_s": round(written / float(np.median(writing[1:])), 1),
    }


def _memory(runtime: Runtime) -> dict[str, int]:
    """Bytes: the most this process took, what is left, and on a GPU how much of it is taken by all programs."""
    found = {"process_peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
    for line in _text("/proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            found["available"] = int(line.split()[1]) * 1024
    gpu = getattr(runtime, "gpu", None)
    if gpu is not None:
        found |= {"gpu_total": gpu.total_bytes, "gpu_taken": gpu.total_bytes - gpu.free_bytes}
    return found


def _machine() -> dict[str, Any]:
    """What it is and how fast it is allowed to be."""
    found: dict[str, Any] = {
        "cpu": platform.machine(),
        "system": platform.release(),
        "python": platform.python_version(),
    }
    # Jetson: the board, and the release of its drivers.
    found["board"] = _text("/proc/device-tree/model").strip("\0\n ") or None
    found["l4t"] = _text("/etc/nv_tegra_release").splitlines()[0] if _text("/etc/nv_tegra_release") else None
    found["power_mode"] = _power_mode()
    found["governor"] = _text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip() or None
    return found


def _power_mode() -> str | None:
    """What nvpmodel says on a Jetson, as `NV Power Mode: MAXN`; None where there is none."""
    tool = shutil.which("nvpmodel")
    if tool is None:
        return None
    try:
        said = subprocess.run([tool, "-q"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"nvpmodel -q failed: {error}"
    return next((line.split(":", 1)[1].strip() for line in said.splitlines() if "Power Mode:" in line), None)


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def render(report: dict[str, Any]) -> str:
    """The report for people."""
    machine, parity, speed, memory = (report[key] for key in ("machine", "parity", "speed", "memory_bytes"))
    lines = [
        f"bundle    {report['bundle']['source']}, in {report['runtime']}",
        f"machine   {machine['board'] or machine['cpu']}" + (f", {machine['gpu']}" if "gpu" in machine else ""),
        f"power     {machine['power_mode'] or 'no nvpmodel here'}, governor {machine['governor'] or 'unknown'}",
        "",
        f"parity    difference from the reference (allowed {parity['allowed']:g})",
    ]
    for row in parity["layers"]:
        more = f", beyond from layer {row['first_beyond']}" if row["first_beyond"] is not None else ""
        lines.append(f"  {row['kind']:<28}{row['worst']:>10.2g}  at layer {row['layer']}{more}")
    if "-" in parity["pattern"] and parity["layers"]:
        lines.append("  an MLP has no state; it shows in the layer behind it")
    if not parity["layers"]:
        lines.append("  the reference has no states; `python -m engines reference` where it was made adds them")
    if parity["passed"]:
        agreed = f"the likeliest token agrees at {parity['agreement']:.0%}"
        lines.append(f"  {'logits':<28}{parity['logits']:>10.2g}  {agreed}")
    else:
        lines.append(f"  {parity['fault']}")
    taken = (
        f", GPU {memory['gpu_taken'] / 1e9:.2f} of {memory['gpu_total'] / 1e9:.2f} GB" if "gpu_taken" in memory else ""
    )
    lines += [
        "",
        f"read      {speed['read_tokens_s']:,.1f} tokens/s ({speed['read_tokens']} tokens)",
        f"written   {speed['written_tokens_s']:,.1f} tokens/s ({speed['written_tokens']} tokens)",
        f"memory    {memory['process_peak'] / 1e9:.2f} GB at most in this process{taken}",
    ]
    return "\n".join(lines)


def run(folder: Path, threads: int, out: Path) -> None:
    """Print the report and write it to `out`; raises EngineError if the bundle must not be used here."""
    report = examine(folder, threads, lambda words: print(f"{words} …", file=sys.stderr, flush=True))
    out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(render(report))
    print(f"\n{out} holds all of it")
    if not report["parity"]["passed"]:
        raise EngineError("This bundle must not be used here.")
