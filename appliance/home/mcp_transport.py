# SPDX-License-Identifier: Apache-2.0
"""The two ways to an MCP server, a process of ours or HTTP, each with an end to what it may send and how long it lasts.

The process is not that of the package `mcp`: that one passes on more of the environment, reads lines of any length, and
takes four seconds and more to end a process that hangs.
https://modelcontextprotocol.io/specification/2025-11-25/basic/transports
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import anyio
import httpx2
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter
from pydantic import SecretStr

from appliance.text import clean

_LOG = logging.getLogger(__name__)
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # below that they log every request, with its headers
logging.getLogger("mcp").setLevel(logging.CRITICAL)  # what it warns of is explained in mcp.py, without a traceback

LIMIT_BYTES = 4 * 1024 * 1024
"""Of one message; a server that sends a longer one is given up."""
CONNECT_S = 5.0
GOODBYE_S = 0.4
"""After its input was closed, and again after SIGTERM; then it is killed."""

Streams = tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]


@asynccontextmanager
async def process(
    name: str, command: Sequence[str], environment: Mapping[str, SecretStr], ended: Callable[[], None]
) -> AsyncGenerator[Streams, None]:
    """Run a server as a process, without a shell, with PATH, HOME, LANG and `environment` as all that it is told.

    `ended` is called when it says no more. At the end nothing of its process group is left. Raises OSError.
    """
    inherited = {"PATH": os.defpath, "HOME": "/", "LANG": "C.UTF-8"}
    variables = {key: os.environ.get(key, value) for key, value in inherited.items()}
    variables |= {key: value.get_secret_value() for key, value in environment.items()}
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=pipe, env=variables, limit=LIMIT_BYTES, start_new_session=True
    )
    heard, reading = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    writing, said = anyio.create_memory_object_stream[SessionMessage](0)

    async def listen() -> None:
        try:
            async for line in _lines(server.stdout):
                try:
                    message = jsonrpc_message_adapter.validate_json(line, by_name=False)
                except ValueError:
                    _LOG.warning("%s wrote what is no message: %s", name, clean(line.decode(errors="replace"), 100))
                    continue
                await heard.send(SessionMessage(message))
        except ValueError:
            _LOG.warning("%s sent a message of more than %d bytes", name, LIMIT_BYTES)
        finally:
            heard.close()
            ended()

    async def speak() -> None:
        assert server.stdin is not None
        try:
            async for message in said:
                text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                server.stdin.write(text.encode() + b"\n")
                await server.stdin.drain()
        finally:
            heard.close()  # whoever waits for an answer need not wait on

    async def complain() -> None:
        with suppress(ValueError):
            async for line in _lines(server.stderr):
                _LOG.debug("%s says: %s", name, clean(line.decode(errors="replace"), 300))
        assert server.stderr is not None
        while await server.stderr.read(65536):  # a full pipe would stop it
            pass

    tasks = [asyncio.create_task(work(), name=f"mcp {name}") for work in (listen, speak, complain)]
    try:
        yield reading, writing
    finally:
        try:
            await _end(server)
        finally:
            _signal(server, signal.SIGKILL)  # also the children that it left behind, and where a stop has no patience
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for stream in (heard, reading, writing, said):
                stream.close()
            await _gone(server, GOODBYE_S)
            # A process that left the group may hold the pipes open; asyncio has no public way to let go of them.
            server._transport.close()  # type: ignore[attr-defined]


async def _lines(stream: asyncio.StreamReader | None) -> AsyncIterator[bytes]:
    assert stream is not None
    while line := await stream.readline():
        yield line


async def _end(server: asyncio.subprocess.Process) -> None:
    assert server.stdin is not None
    server.stdin.close()
    if not await _gone(server, GOODBYE_S):
        _signal(server, signal.SIGTERM)
        await _gone(server, GOODBYE_S)


async def _gone(server: asyncio.subprocess.Process, within_s: float) -> bool:
    """Whether it ends in time. Not `wait()`, which also waits for whoever holds its pipes."""
    clock = asyncio.get_running_loop().time
    until = clock() + within_s
    while server.returncode is None and clock() < until:
        await asyncio.sleep(0.01)
    return server.returncode is not None


def _signal(server: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, number)  # its own group, see start_new_session


@asynccontextmanager
async def http(
    url: str, token: SecretStr | None, timeout_s: float, answered: Callable[[int], None]
) -> AsyncGenerator[object, None]:
    """Reach a server over streamable HTTP; `answered` is told the status of every answer.

    No proxy of the environment gets to see the token, and the package follows no redirect to elsewhere.
    """

    async def check(response: httpx2.Response) -> None:
        answered(response.status_code)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise httpx2.DecodingError("the answer is compressed, which nobody asked for")
        if not response.headers.get("content-type", "").startswith("text/event-stream"):  # there an event is bounded
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            response.stream = _Bounded(response.stream)

    headers = {"Accept-Encoding": "identity"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token.get_secret_value()}"
    timeout = httpx2.Timeout(timeout_s + 1, connect=CONNECT_S)
    hooks = {"response": [check]}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=timeout, trust_env=False, event_hooks=hooks) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        length = 0
        async for chunk in self._stream:
            length += len(chunk)
            if length > LIMIT_BYTES:
                raise httpx2.StreamError(f"the answer is longer than {LIMIT_BYTES} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
