# SPDX-License-Identifier: Apache-2.0
"""What tools/test does with its own options: help, and the environment with a real Home Assistant."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Stands for every program that is started: writes down what it is asked for and where Home Assistant is to be.
PROGRAM = """#!/bin/sh
echo "$* HOME_ASSISTANT_VENV=${HOME_ASSISTANT_VENV:-}" >>"{log}"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the script reads, with programs that only write down. Node.js seems too old for Zigbee2MQTT."""
    root = tmp_path / "my checkout"
    shutil.copytree(ROOT / "tools", root / "tools", ignore=shutil.ignore_patterns("home_model"))
    shutil.copytree(ROOT / "requirements", root / "requirements")
    shutil.copytree(ROOT / "tests" / "zigbee2mqtt", root / "tests" / "zigbee2mqtt")
    shutil.copy(ROOT / "pyproject.toml", root)
    of_venvs = (root / ".venv" / "bin" / "python", home(root) / "bin" / "python", home(root) / "bin" / "hass")
    for program in (*of_venvs, tmp_path / "bin" / "dpkg", tmp_path / "bin" / "node"):
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(PROGRAM.replace("{log}", str(tmp_path / "log")), encoding="utf-8")
        program.chmod(0o755)
    return root


def home(root: Path) -> Path:
    return root / "build" / "home-assistant" / f"python-{platform.python_version()}"


def run(root: Path, *arguments: str) -> list[str]:
    """What was started, in order; the path's own dpkg says that every system package is there."""
    log = root.parent / "log"
    log.unlink(missing_ok=True)
    path = f"{root.parent / 'bin'}:{os.environ['PATH']}"
    environment = {name: value for name, value in os.environ.items() if name != "HOME_ASSISTANT_VENV"}
    environment |= {"PATH": path, "HOME_ASSISTANT_PYTHON": sys.executable}
    command = [str(root / "tools" / "test"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return log.read_text(encoding="utf-8").splitlines()


def test_help_tells_the_options_and_starts_nothing() -> None:
    done = subprocess.run([ROOT / "tools" / "test", "--help"], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0
    assert "--with-home-assistant" in done.stdout
    assert "pytest" in done.stdout


def test_arguments_go_to_pytest_and_home_assistant_is_not_made_unasked(checkout: Path) -> None:
    started = run(checkout, "-k", "a b", "tests/x.py")
    assert started[-1] == "-m pytest -k a b tests/x.py HOME_ASSISTANT_VENV="
    assert not [line for line in started if "home-assistant.txt" in line]


def test_home_assistant_is_made_once_and_named_to_the_tests(checkout: Path) -> None:
    started = run(checkout, "--with-home-assistant", "tests/x.py")
    assert [line for line in started if "pip install" in line and "home-assistant.txt" in line and "parts.txt" in line]
    assert started[-1] == f"-m pytest tests/x.py HOME_ASSISTANT_VENV={home(checkout)}"
    again = run(checkout, "--with-home-assistant")
    assert not [line for line in again if "home-assistant.txt" in line]
    assert again[-1] == f"-m pytest HOME_ASSISTANT_VENV={home(checkout)}"


def test_another_list_is_installed_anew(checkout: Path) -> None:
    run(checkout, "--with-home-assistant")
    with (checkout / "requirements" / "home-assistant.txt").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert [line for line in run(checkout, "--with-home-assistant") if "home-assistant.txt" in line]
