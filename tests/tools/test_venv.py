# SPDX-License-Identifier: Apache-2.0
"""What tools/demo does before it starts: install once, go on after an interruption, say what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Stands for the programs of .venv: writes down what it is asked for, and cannot install while the file `broken` exists.
PYTHON = """#!/bin/sh
echo "$*" >>"{log}"
case "$*" in *install*) [ ! -e "{broken}" ] || { echo "connection lost"; exit 1; } ;; esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the scripts read, below a folder with a space in its name, with a Python that only writes down."""
    root = tmp_path / "my checkout"
    shutil.copytree(ROOT / "tools", root / "tools", ignore=shutil.ignore_patterns("home_model"))
    shutil.copytree(ROOT / "requirements", root / "requirements")
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / ".venv" / "bin").mkdir(parents=True)
    text = PYTHON.replace("{log}", str(tmp_path / "log")).replace("{broken}", str(tmp_path / "broken"))
    for name in ("python", "appliance"):
        program = root / ".venv" / "bin" / name
        program.write_text(text.replace("$*", f"{name} $*", 1), encoding="utf-8")
        program.chmod(0o755)
    return root


def demo(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "tools" / "demo", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd="/",
        env={**os.environ, **variables},
    )


def asked(checkout: Path) -> list[str]:
    """What the programs of .venv were asked for since the last question."""
    log = checkout.parent / "log"
    text = log.read_text(encoding="utf-8") if log.exists() else ""
    log.unlink(missing_ok=True)
    return text.splitlines()


def test_the_first_run_installs_the_pinned_packages_and_the_appliance(checkout: Path) -> None:
    result = demo(checkout)
    assert result.returncode == 0, result.stderr
    installs = [line for line in asked(checkout) if "install" in line]
    assert f"-r {checkout}/requirements/run.txt" in installs[0]
    assert installs[1].endswith(f"--no-deps -e {checkout}")


def test_a_second_run_installs_nothing(checkout: Path) -> None:
    demo(checkout)
    asked(checkout)
    demo(checkout)
    assert asked(checkout) == ["appliance hear --demo"]


def test_arguments_reach_the_appliance_unchanged(checkout: Path) -> None:
    demo(checkout, "--mic")
    demo(checkout, "my file.wav", "b.wav")
    assert [line for line in asked(checkout) if line.startswith("appliance")] == [
        "appliance hear --mic",
        "appliance hear my file.wav b.wav",
    ]


def test_an_installation_that_failed_is_told_and_done_again(checkout: Path) -> None:
    (checkout.parent / "broken").touch()
    result = demo(checkout)
    assert result.returncode == 1
    assert "connection lost" in result.stderr
    assert "Is this machine online?" in result.stderr
    assert not [line for line in asked(checkout) if line.startswith("appliance")]
    (checkout.parent / "broken").unlink()
    assert demo(checkout).returncode == 0
    assert "appliance hear --demo" in asked(checkout)


@pytest.mark.parametrize("changed", ["requirements/run.txt", "pyproject.toml"])
def test_changed_requirements_are_installed(checkout: Path, changed: str) -> None:
    demo(checkout)
    asked(checkout)
    with (checkout / changed).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    demo(checkout)
    assert any("install" in line for line in asked(checkout))


def test_a_checkout_that_was_moved_is_installed_anew(checkout: Path) -> None:
    demo(checkout)
    asked(checkout)
    moved = checkout.rename(checkout.with_name("moved"))
    demo(moved)
    assert any(line.endswith(f"--no-deps -e {moved}") for line in asked(moved))


def test_without_a_python_that_fits_it_says_which_is_needed(checkout: Path, tmp_path: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "env", "dirname", "sha256sum", "cat"):
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    result = demo(checkout, PATH=str(tools))
    assert result.returncode == 1
    assert "Python 3.10, 3.11 or 3.12 is needed, and none was found." in result.stderr
