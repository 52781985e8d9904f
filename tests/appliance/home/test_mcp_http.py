# SPDX-License-Identifier: Apache-2.0
"""The MCP server of test_mcp.py over streamable HTTP, and what only HTTP has."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.appliance.home.test_mcp import SERVER, Bench, with_server
from tests.mosquitto import free_port


class HttpServer:
    """The same server over streamable HTTP."""

    def __init__(self, folder: Path) -> None:
        self.calls, self.port, self.log = folder / "calls", free_port(), folder / "log"
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self.start()

    def start(self) -> None:
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, SERVER, self.calls, str(self.port)], stdout=log, stderr=log
            )
        while "running on" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[HttpServer]:
    server = HttpServer(tmp_path)
    yield server
    server.kill()


def test_over_http_the_same_holds(web: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.home.mcp._CHECK_S", 0.3)

    async def visit(bench: Bench) -> None:
        assert (await bench.do("say_it", text="hi")).result == "You said hi"
        os.kill(web.process.pid, signal.SIGSTOP)
        result = await bench.do("say_it", text="while it hangs")
        assert result.error == "the my notes server did not answer in time, so I do not know whether it was done"
        await bench.until(well=False)
        web.kill()
        assert (await bench.do("say_it", text="while it is away")).error == "the my notes server cannot be reached"
        await asyncio.to_thread(web.start)
        await bench.until(well=True)
        assert (await bench.do("say_it", text="again")).success
        texts = [arguments["text"] for tool, arguments in bench.seen() if tool == "say-it"]
        assert texts == ["hi", "again"]

    with_server(tmp_path, visit, url=web.url, timeout_s=1)


@pytest.mark.parametrize("over_http", [False, True])
def test_an_answer_without_end_is_not_taken_and_the_next_one_is(
    tmp_path: Path, request: pytest.FixtureRequest, over_http: bool
) -> None:
    async def visit(bench: Bench) -> None:
        result = await bench.do("hostile", megabytes=5)
        assert not result.success and 20 < len(result.error or "") < 200
        await bench.until(well=True)
        assert (await bench.do("say_it", text="hi")).success

    with_server(tmp_path, visit, **({"url": request.getfixturevalue("web").url} if over_http else {}))


def test_a_token_is_shown_and_one_that_is_refused_is_told(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async def run() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as listener:
            token = tmp_path / "token"
            token.write_text("s3cret")
            token.chmod(0o600)
            port = listener.sockets[0].getsockname()[1]
            bench = Bench(tmp_path, url=f"http://127.0.0.1:{port}/mcp", token={"file": str(token)})
            await bench.servers.start()
            await bench.servers.stop()
            assert bench.servers.faults() == ["the my notes server does not accept the token"]
            assert "s3cret" not in repr(bench.server._settings)

    asyncio.run(run())
    assert heard and all(b"authorization: bearer s3cret\r\n" in one.lower() for one in heard)
