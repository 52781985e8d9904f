# SPDX-License-Identifier: Apache-2.0
"""How servers of tools are configured, and what is refused before anything is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from appliance.home.sources import tool_servers
from appliance.settings import Settings, SettingsError, load


def settings(folder: Path, text: str) -> Settings:
    path = folder / "appliance.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_a_server_is_a_command_or_a_url(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    (tmp_path / "key").chmod(0o600)
    text = """
mcp:
  servers:
    notes: {command: [notes, --all], environment: {PLAIN: text, KEY: {file: key}}, tools: {find: allow, wipe: pin}}
    web: {url: "https://example.org/mcp", token: {file: key}, timeout_s: 3}
    near: {url: "http://localhost:8000/mcp"}
    far: {url: "http://10.0.0.2/mcp", plain_http: true}
policy: {pin: {file: pin}}
"""
    (tmp_path / "pin").write_text("1234")
    (tmp_path / "pin").chmod(0o600)
    found = settings(tmp_path, text)
    notes = found.mcp.servers["notes"]
    assert notes.environment["KEY"].get_secret_value() == "s3cret" and "s3cret" not in repr(found)
    assert notes.tools == {"find": "allow", "wipe": "pin"} and notes.timeout_s == 10
    servers = tool_servers(found)
    assert servers is not None and servers.tools == () and len(servers.faults()) == 4


@pytest.mark.parametrize(
    ("server", "fault"),
    [
        ("x: {}", "mcp.servers.x: a server needs either a command or a url."),
        ("x: {command: [a], url: 'https://b'}", "mcp.servers.x: a server needs either a command or a url."),
        ("x: {url: 'http://10.0.0.2/mcp'}", "mcp.servers.x: its url cannot be used; allowed: https://…"),
        ("x: {url: 'https://me:pw@b/mcp'}", "mcp.servers.x: its url cannot be used"),
        ("x: {url: 'https://b', environment: {A: b}}", "mcp.servers.x: environment belongs to a command"),
        ("x: {command: [a], token: {env: PATH}}", "mcp.servers.x: environment belongs to a command, token to a url."),
        ("x: {url: 'https://b', token: s3cret}", "mcp.servers.x.token: a secret is not written here"),
        ("x: {command: [a], tols: {}}", "mcp.servers.x.tols: this key is not known. Did you mean tools?"),
        (
            "x: {command: [a], tools: {b: yes please}}",
            'mcp.servers.x.tools.b: found "yes please"; allowed: one of allow',
        ),
        ("a b: {command: [a]}", "mcp.servers: found a server called 'a b'; allowed: a letter, then up to 19 letters"),
    ],
)
def test_a_wrong_server_is_told_with_its_key(tmp_path: Path, server: str, fault: str) -> None:
    with pytest.raises(SettingsError) as error:
        settings(tmp_path, f"mcp: {{servers: {{{server}}}}}\n")
    assert fault in str(error.value) and "s3cret" not in str(error.value) and "me:pw" not in str(error.value)


def test_a_tool_behind_a_pin_needs_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"mcp\.servers\.x\.tools: a tool with `pin` needs policy\.pin"):
        tool_servers(settings(tmp_path, "mcp: {servers: {x: {command: [a], tools: {b: pin}}}}\n"))


def test_the_package_is_loaded_only_where_it_is_used() -> None:
    code = "import sys, appliance.assemble, appliance.home.sources as s; from appliance.settings import Settings"
    code += "; assert s.tool_servers(Settings()) is None; print('mcp' in sys.modules, 'httpx2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split()[0] == "False"


def test_a_package_that_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(tmp_path, "mcp: {servers: {x: {command: [a]}}}\n")
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.delitem(sys.modules, "appliance.home.mcp", raising=False)
    monkeypatch.delitem(sys.modules, "appliance.home.mcp_transport", raising=False)
    with pytest.raises(SettingsError, match=r"pip install 'mcp>=2\.3,<3'"):
        tool_servers(found)
