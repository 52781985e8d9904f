# SPDX-License-Identifier: Apache-2.0
"""The package as a user gets it: a wheel that has everything, and pins that fit the ranges on every Python."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.10", "3.11", "3.12")
MACHINES = ("x86_64", "aarch64")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def run(*command: str | Path, **variables: str) -> str:
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, cwd="/", env={**os.environ, **variables}
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    run(*pip, "--wheel-dir", folder, ROOT)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the wheel; the libraries are borrowed from the one that runs the tests."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel)
    return python


def borrowed() -> str:
    return sysconfig.get_paths()["purelib"]


def test_the_wheel_has_every_file_of_the_packages_and_the_configuration(wheel: Path) -> None:
    tracked = run("git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "appliance", "engines")
    there = {name for name in tracked.split("\n") if name and (ROOT / name).is_file()}
    there |= {f"appliance/config/{path.name}" for path in (ROOT / "config").iterdir()}
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == there
    assert {"appliance/config/appliance.yaml", "appliance/config/home.yaml", "appliance/py.typed"} <= packed


def test_the_installed_package_finds_its_own_configuration(python: Path) -> None:
    show = "from appliance.settings import load; from appliance.paths import config_file"
    show += "; print(load().simulated, config_file('appliance.yaml'))"
    home, settings = (Path(word) for word in run(python, "-c", show, PYTHONPATH=borrowed()).split())
    installed = next(python.parents[1].glob("lib/python3*/site-packages/appliance/config"))
    assert home == installed / "home.yaml"
    assert settings == installed / "appliance.yaml"
    assert home.is_file()


def test_the_installed_package_has_its_commands(python: Path) -> None:
    assert "doctor" in run(python.with_name("appliance"), "--help", PYTHONPATH=borrowed())
    assert "doctor" in run(python.with_name("nemotron"), "--help", PYTHONPATH=borrowed())


def environment(python: str, machine: str) -> dict[str, str]:
    versions = {"python_version": python, "python_full_version": f"{python}.9"}
    return {**default_environment(), **versions, "platform_machine": machine}  # type: ignore[dict-item]


def lines(name: str) -> list[Requirement]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return [Requirement(line) for line in text.splitlines() if line and line[0] not in "#-"]


def pins(names: tuple[str, ...], python: str, machine: str) -> dict[str, str]:
    """Name and version of what pip installs there; a package that is pinned to two versions fails the test."""
    found: dict[str, str] = {}
    for requirement in (requirement for name in names for requirement in lines(name)):
        if requirement.marker is None or requirement.marker.evaluate(environment(python, machine)):
            (specifier,) = requirement.specifier
            assert specifier.operator == "==", requirement
            assert found.setdefault(plain(requirement.name), specifier.version) == specifier.version, requirement
    return found


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("python_version", PYTHONS)
def test_the_pins_lie_in_the_ranges_of_the_package(python_version: str, machine: str) -> None:
    run_pins = pins(("run",), python_version, machine)
    test_pins = pins(("run", "test"), python_version, machine)
    wanted = [(line, run_pins) for line in PROJECT["dependencies"]]
    wanted += [(line, test_pins) for line in PROJECT["optional-dependencies"]["test"]]
    for line, given in wanted:
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate(environment(python_version, machine)):
            continue
        version = given.get(plain(requirement.name))
        assert version is not None, f"{line} is not pinned"
        assert requirement.specifier.contains(version), f"{line}: pinned to {version}"


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("python_version", PYTHONS)
def test_running_the_appliance_needs_neither_torch_nor_cuda(python_version: str, machine: str) -> None:
    heavy = re.compile(r"torch|triton|nvidia|cuda|tensorrt|transformers|onnx$")
    assert [name for name in pins(("run",), python_version, machine) if heavy.match(name)] == []


def test_the_supported_pythons_are_those_of_the_pins() -> None:
    assert PROJECT["requires-python"] == ">=3.10,<3.13"
