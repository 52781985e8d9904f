# SPDX-License-Identifier: Apache-2.0
"""MCP servers, as `doctor`, `check-config` and `devices` look at them: what is wrong, and what to do about it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from appliance.doctor import Check, checks
from appliance.home.mcp_check import check_servers, missing_programs
from appliance.settings import Settings, SettingsError
from tests.mosquitto import free_port

SERVER = str(Path(__file__).parents[2] / "mcp_server.py")


def chosen(folder: Path, **servers: dict[str, Any]) -> Settings:
    return Settings.model_validate({"state_dir": str(folder / "state"), "mcp": {"servers": servers}})


def real(folder: Path, **tools: str) -> dict[str, Any]:
    return {"command": [sys.executable, SERVER, str(folder / "calls")], "tools": tools}


def test_a_server_that_answers_is_told_with_its_tools_and_ended_again_uncalled(tmp_path: Path) -> None:
    (found,) = check_servers(chosen(tmp_path, notes=real(tmp_path, weather="allow", delete="confirm")))
    assert (found.ok, found.mend) == (True, "")
    assert found.detail == "answers; may be called: notes_weather, notes_delete"
    assert found.tools == (("notes_weather", "allow"), ("notes_delete", "confirm"))
    assert not (tmp_path / "calls").exists()
    assert not [child for child in psutil.Process().children(recursive=True) if SERVER in child.cmdline()]


def test_a_tool_that_the_server_does_not_have_is_told_with_those_that_it_has(tmp_path: Path) -> None:
    (found,) = check_servers(chosen(tmp_path, notes=real(tmp_path, weather="allow", wether="allow")))
    assert not found.ok and "not offered: wether (the server does not have it)" in found.detail
    assert "notes_weather" in found.detail
    assert found.mend.startswith("Correct mcp.servers.notes.tools; the server has: ") and "weather" in found.mend


def test_each_way_not_to_be_there_is_told_with_its_own_remedy(tmp_path: Path) -> None:
    port = free_port()
    found = check_servers(
        chosen(
            tmp_path,
            gone={"command": ["no-such-program-here", "--all"]},
            dies={"command": [sys.executable, "-c", "raise SystemExit(3)"]},
            web={"url": f"http://127.0.0.1:{port}/mcp"},
            notes=real(tmp_path, weather="allow"),
        )
    )
    told = {one.name: (one.ok, one.detail, one.mend) for one in found}
    assert list(told) == ["gone", "dies", "web", "notes"]
    assert told["gone"] == (
        False,
        "there is no program 'no-such-program-here' here",
        "Install it, or give its whole path in mcp.servers.gone.command.",
    )
    assert not told["dies"][0] and "the dies server cannot be reached" in told["dies"][1]
    assert told["dies"][2] == f"Run it by hand to see what it says: {sys.executable} -c raise SystemExit(3)"
    assert not told["web"][0] and told["web"][2].startswith("See that it runs, and correct mcp.servers.web.url")
    assert told["notes"][0]


def test_looking_for_programs_starts_none(tmp_path: Path) -> None:
    touch = {"command": ["touch", str(tmp_path / "started")]}
    assert [one.name for one in missing_programs(chosen(tmp_path, a=touch, b={"command": ["no-such-program"]}))] == [
        "b"
    ]
    assert not (tmp_path / "started").exists()


def test_doctor_has_a_line_for_each_server(tmp_path: Path) -> None:
    settings = chosen(tmp_path, notes=real(tmp_path, weather="allow"), gone={"command": ["no-such-program"]})
    found = {item.name: item for item in checks(settings) if isinstance(item, Check)}
    assert found["MCP server notes"].ok
    assert not found["MCP server gone"].ok and "mcp.servers.gone.command" in found["MCP server gone"].mend


@pytest.mark.parametrize("verb", ["check-config", "devices"])
def test_the_command_tells_of_servers(tmp_path: Path, verb: str) -> None:
    servers = {"notes": real(tmp_path, weather="allow"), "gone": {"command": ["no-such-program"]}}
    config = tmp_path / "my.yaml"
    config.write_text(yaml.safe_dump({"state_dir": str(tmp_path / "state"), "mcp": {"servers": servers}}))
    arguments = [verb, str(config)] if verb == "check-config" else [verb, "--config", str(config)]
    done = subprocess.run(
        [sys.executable, "-m", "appliance", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert "no-such-program" in done.stderr and "mcp.servers.gone.command" in done.stderr
    if verb == "check-config":
        assert done.returncode == 2
    else:
        assert done.returncode == 0 and "tool of notes: notes_weather (allow)" in done.stdout


def test_a_pin_that_is_not_set_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"policy\.pin"):
        check_servers(chosen(tmp_path, notes=real(tmp_path, weather="pin")))
