# SPDX-License-Identifier: Apache-2.0
"""Are the MCP servers of the settings there: is the program found, does it answer, does it have the tools that are
allowed? For `appliance doctor`, `check-config` and `devices`; each fault with what to do about it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass

from appliance.home.sources import tool_servers
from appliance.settings import McpServer, Settings
from appliance.text import clean

_MOST_NAMES = 12
_NAME_LIMIT = 64
_ANSWER_S = 15.0  # a program may take its time to start


@dataclass(frozen=True)
class ServerCheck:
    """One server: what was found, and what to do where `ok` is false."""

    name: str
    ok: bool
    detail: str
    mend: str = ""
    tools: tuple[tuple[str, str], ...] = ()
    """What may be called, as the language model is told it, and what must come before (allow, confirm, pin)."""


def missing_programs(settings: Settings) -> list[ServerCheck]:
    """The servers whose program is not on this machine; nothing is started."""
    found = []
    for name, server in settings.mcp.servers.items():
        program = server.command[0] if server.command else None
        if program is not None and shutil.which(program, path=os.environ.get("PATH", os.defpath)) is None:
            mend = f"Install it, or give its whole path in mcp.servers.{name}.command."
            found.append(ServerCheck(name, False, f"there is no program {clean(program, 200)!r} here", mend))
    return found


def check_servers(settings: Settings) -> list[ServerCheck]:
    """Start or connect each server, list its tools and end it again, all side by side; no tool is called. Takes
    `_ANSWER_S` where one does not answer. Raises SettingsError where the settings cannot be carried out at all.
    """
    missing = {check.name: check for check in missing_programs(settings)}
    told = asyncio.run(_look(settings)) if missing.keys() != settings.mcp.servers.keys() else {}
    return [missing.get(name) or told[name] for name in settings.mcp.servers]


async def _look(settings: Settings) -> dict[str, ServerCheck]:
    servers = tool_servers(settings)
    if servers is None:
        return {}
    try:
        await servers.start(_ANSWER_S)
        found = {}
        for server in servers.servers:
            wanted = settings.mcp.servers[server.name]
            if not server.health().well:
                found[server.name] = _away(server.name, wanted, server.health().reason, server.fault)
                continue
            tools = tuple((tool.name, tool.word) for tool in server.tools.values())
            lacking = [f"{clean(name, _NAME_LIMIT)} ({reason})" for name, reason in server.unfit.items()]
            detail = f"answers; may be called: {', '.join(name for name, _ in tools) or 'nothing'}"
            mend = ""
            if lacking:
                has = [clean(name, _NAME_LIMIT) for name in server.listed[:_MOST_NAMES]]
                detail += f"\nnot offered: {', '.join(lacking)}"
                mend = f"Correct mcp.servers.{server.name}.tools; the server has: {', '.join(has) or 'none'}."
            found[server.name] = ServerCheck(server.name, not lacking, detail, mend, tools)
        return found
    finally:
        await servers.stop()


def _away(name: str, server: McpServer, reason: str, fault: str) -> ServerCheck:
    mend = (
        f"Run it by hand to see what it says: {' '.join(server.command)}"
        if server.command
        else f"See that it runs, and correct mcp.servers.{name}.url and token."
    )
    return ServerCheck(name, False, f"{reason}: {fault or 'no answer within some seconds'}", mend)
