# SPDX-License-Identifier: Apache-2.0
"""Run a Python file under the system call filter of systemd/appliance.service, without systemd as PID 1.

    python unit_sandbox.py FILE.py     (test_systemd.py runs it so)

The unit's SystemCallFilter is put into the kernel with the library that systemd uses for it, libseccomp.
"""

from __future__ import annotations

import ctypes
import errno
import os
import runpy
import subprocess
import sys
from pathlib import Path

UNIT = Path(__file__).parents[2] / "systemd" / "appliance.service"
ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM


def unit_values(key: str) -> list[str]:
    """All values of a key of the unit, in order."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]


def group(name: str) -> set[str]:
    """The system calls of one of systemd's groups, such as @system-service."""
    if not name.startswith("@"):
        return {name}
    command = ["systemd-analyze", "syscall-filter", name]
    text = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "SYSTEMD_COLORS": "0"}
    )
    members = [
        line.strip() for line in text.stdout.splitlines()[1:] if line.strip() and not line.strip().startswith("#")
    ]
    return set().union(*(group(member) for member in members))


def allowed_calls() -> set[str]:
    """What the unit's SystemCallFilter lines add up to."""
    calls: set[str] = group("@default")  # systemd always allows these
    for value in unit_values("SystemCallFilter"):
        named = set().union(*(group(name) for name in value.removeprefix("~").split()))
        calls = calls - named if value.startswith("~") else calls | named
    return calls


def enter(calls: set[str]) -> None:
    """From now on this process and its children can make only `calls`; others fail with EPERM, as the unit says."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(REFUSE))
    for name in sorted(calls):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # below: not a call of this processor
            assert seccomp.seccomp_rule_add(context, ALLOW, number, 0) == 0, name
    assert seccomp.seccomp_load(context) == 0


if __name__ == "__main__":
    enter(allowed_calls())
    runpy.run_path(sys.argv[1], run_name="__main__")
