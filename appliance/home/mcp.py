# SPDX-License-Identifier: Apache-2.0
"""Servers of the Model Context Protocol: each connected for as long as it can be, and called now or never.

What a server answers is data of somebody else: cleaned, bounded, told, and never a reason to do anything. A call that
broke off is not made again, for nobody knows what came of it.
https://modelcontextprotocol.io/specification/2025-11-25
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

from mcp import Client, ClientSession, MCPError
from mcp_types import CONNECTION_CLOSED, CallToolRequest, CallToolRequestParams, CallToolResult, Implementation

from appliance.home import mcp_transport
from appliance.home.drivers import Health
from appliance.home.mcp_tools import McpTool, offered
from appliance.home.tools import Schema, ToolResult
from appliance.settings import McpServer
from appliance.text import clean

_LOG = logging.getLogger(__name__)

RESULT_LIMIT = 500
"""Characters of an answer; the agent shows the language model no more of any tool's."""
_FIRST_LIST_S = 5.0  # waited for at the start; what comes later is offered later
_ANSWER_S = 30.0  # to the greeting: a server may first have to be installed
_CHECK_S = 3.0
_WATCH_S = 30.0  # over HTTP there is no line whose loss could be heard, and a list of tools may change
_MOST_PAGES = 20


class Server:
    """One server, and its tools that may be called; they stay known while it is away, so that the prompt does too."""

    def __init__(self, name: str, settings: McpServer, *, retry_s: tuple[float, float] = (1.0, 30.0)) -> None:
        self.name = name
        self.tools: dict[str, McpTool] = {}
        self.listed: tuple[str, ...] = ()
        """All that the server has, by its own names."""
        self.fault = ""
        """Why it was lost last, for whoever sets it up."""
        self._spoken = f"the {name.replace('_', ' ')} server"
        self._away = f"{self._spoken} cannot be reached"
        self._settings = settings
        self._retry_s = retry_s
        self._session: ClientSession | None = None
        self._reason = self._away
        self._status = 0
        self._unfit: dict[str, str] = {}
        self._tried = asyncio.Event()
        self._doubt = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, within_s: float = _FIRST_LIST_S) -> None:
        """Begin, and wait for so long for the first list of tools, or until it is known that there will be none."""
        self._task = asyncio.create_task(self._run(), name=f"mcp {self.name}")
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._tried.wait(), within_s)

    async def stop(self) -> None:
        """Disconnect; no process and no task is left."""
        task, self._task = self._task, None
        while task is not None and not task.done():
            task.cancel()  # again where the goodbye to a server that hangs takes too long
            await asyncio.wait({task}, timeout=1)

    def health(self) -> Health:
        """Whether it is connected at this moment."""
        return Health(True) if self._session is not None else Health(False, self._reason)

    @property
    def unfit(self) -> Mapping[str, str]:
        """The tools of the settings that are not offered, by the server's own names, and why."""
        return self._unfit

    async def call(self, tool: McpTool, arguments: Mapping[str, Any]) -> ToolResult:
        """Have a tool run and tell what it says. Does not raise."""
        session = self._session
        if session is None:
            return ToolResult(False, error=self._reason)
        request = CallToolRequest(params=CallToolRequestParams(name=tool.own_name, arguments=dict(arguments)))
        try:
            # Not `call_tool`, which checks the answer against a schema, and so may run a server's regular expressions.
            asked = session.send_request(request, CallToolResult)
            return _told(tool, await asyncio.wait_for(asked, self._settings.timeout_s))
        except asyncio.TimeoutError:
            error = f"{self._spoken} did not answer in time, so I do not know whether it was done"
        except MCPError as refusal:
            if refusal.code != CONNECTION_CLOSED:
                self._doubt.set()  # over HTTP also a session that is over is told so
                said = clean(refusal.message, RESULT_LIMIT // 4)
                return ToolResult(False, error=f"{self._spoken} refused: {said}", foreign=True)
            error = f"{self._spoken} was lost before it answered, so I do not know whether it was done"
        except Exception as fault:  # whatever the answer was, it was none
            _LOG.warning("%s was not understood: %s", self._spoken, _shown(fault))
            error = f"{self._spoken} did not answer as it should, so I do not know whether it was done"
        self._doubt.set()
        _LOG.warning("%s: %s", tool.name, error)
        return ToolResult(False, error=error)

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        wait_s, longest_s = self._retry_s
        while True:
            began_s, fault = clock(), ""
            try:
                us = Implementation(name="appliance", version="1")
                opened = self._open()
                async with Client(opened, cache=None, read_timeout_seconds=_ANSWER_S, client_info=us) as client:  # type: ignore[arg-type]
                    await self._attend(client)
            except Exception as error:
                fault = _shown(error)
            except asyncio.CancelledError:
                if self._task is None:
                    raise
                fault = "the connection broke"  # anyio cancels whoever waits inside when a part of it fails
            self._reason = f"{self._spoken} does not accept the token" if self._status in (401, 403) else self._away
            self.fault = fault
            _LOG.warning("%s: %s", self._reason, fault)
            self._tried.set()
            wait_s = self._retry_s[0] if clock() - began_s > longest_s else wait_s
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, longest_s)

    def _open(self) -> AbstractAsyncContextManager[object]:
        settings = self._settings
        if settings.command:
            return mcp_transport.process(self.name, settings.command, settings.environment, self._ended)
        assert settings.url is not None
        return mcp_transport.http(settings.url, settings.token, settings.timeout_s, self._answered)

    def _ended(self) -> None:
        self._session = None
        self._doubt.set()

    def _answered(self, status: int) -> None:
        self._status = status

    async def _attend(self, client: Client) -> None:
        """List the tools, and be there for calls until the server no longer is; raises what went wrong."""
        within_s = _ANSWER_S
        try:
            while True:
                self._doubt.clear()
                await asyncio.wait_for(self._list(client), within_s)
                if self._session is None:
                    _LOG.info("%s is connected and offers %s", self._spoken, ", ".join(self.tools) or "nothing")
                self._session, within_s = client.session, _CHECK_S
                self._tried.set()
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._doubt.wait(), _WATCH_S)
        finally:
            self._session = None  # before the goodbye, which may take a moment

    async def _list(self, client: Client) -> None:
        listed, cursor = [], None
        for _ in range(_MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            listed += [(tool.name, tool.description, tool.input_schema) for tool in page.tools]
            cursor = page.next_cursor
            if cursor is None:
                break
        self.listed = tuple(name for name, *_ in listed)
        tools, unfit = offered(self.name, self._settings.tools, listed)
        if unfit != self._unfit:
            self._unfit = unfit
            names = ", ".join(clean(name, 64) for name, *_ in listed[:50])
            for name, reason in unfit.items():
                _LOG.warning("%s: the tool %s is not offered: %s; found: %s", self._spoken, name, reason, names)
        if tools != self.tools:
            self.tools = tools


class Servers:
    """All servers of the settings: `ToolServers` for the home."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = {server.name: server for server in servers}

    async def start(self, within_s: float = _FIRST_LIST_S) -> None:
        """Connect all side by side."""
        await asyncio.gather(*(server.start(within_s) for server in self._servers.values()))

    async def stop(self) -> None:
        """Disconnect all."""
        await asyncio.gather(*(server.stop() for server in self._servers.values()))

    @property
    def servers(self) -> tuple[Server, ...]:
        """Each, in the order of the settings."""
        return tuple(self._servers.values())

    @property
    def tools(self) -> tuple[Schema, ...]:
        """As the language model is shown them."""
        return tuple(tool.schema for tool in self._all().values())

    def find(self, name: str) -> McpTool | None:
        """The tool that the language model calls so."""
        return self._all().get(name)

    async def call(self, tool: McpTool, arguments: Mapping[str, Any]) -> ToolResult:
        """Have it run, now or never."""
        return await self._servers[tool.server].call(tool, arguments)

    def faults(self) -> list[str]:
        """What is wrong with the ways to the servers, a sentence each."""
        return [health.reason for server in self._servers.values() if not (health := server.health()).well]

    def _all(self) -> dict[str, McpTool]:
        """Of two tools of one name (`a` with `b_c`, `a_b` with `c`) that of the server that stands first."""
        found: dict[str, McpTool] = {}
        for server in self._servers.values():
            found = server.tools | found
        return found


def _told(tool: McpTool, answer: CallToolResult) -> ToolResult:
    parts = [getattr(block, "resource", block) for block in answer.content]
    texts = [str(getattr(part, "text", "")) for part in parts]  # a picture or a sound has none
    said = clean(" ".join(texts)[: 8 * RESULT_LIMIT], RESULT_LIMIT)
    if not said and answer.structured_content is not None:
        said = clean(json.dumps(answer.structured_content, ensure_ascii=False), RESULT_LIMIT)
    if answer.is_error:
        return ToolResult(False, error=said or f"{tool.spoken} failed", foreign=True)
    return ToolResult(True, result=said or "Done", foreign=True)


def _shown(error: BaseException) -> str:
    """What went wrong first, for the log."""
    while getattr(error, "exceptions", None):
        error = error.exceptions[0]  # type: ignore[attr-defined]
    return f"{type(error).__name__}: {clean(str(error), 200)}"
