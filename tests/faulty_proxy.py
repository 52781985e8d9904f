# SPDX-License-Identifier: Apache-2.0
"""A way to a server that goes wrong: it knows where packets of MQTT or frames of a WebSocket end, and can lose, delay,
swap and halve them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum
from random import Random

PUBLISH = 3
"""The packet type of a message, in the upper half of the first byte."""


class Fault(Enum):
    """What becomes of a packet."""

    NONE = "passed on"
    DROP = "lost"
    LATE = "passed on behind the next one"
    STALL = "passed on after `stall_s`, and what follows it too"
    CUT = "broken off in the middle, and the connection with it"


Choice = Callable[[bool, bytes], Fault]
"""What becomes of a packet, by its direction (True: towards the server) and its bytes."""


def fair(up: bool, packet: bytes) -> Fault:
    """Nothing goes wrong."""
    return Fault.NONE


def seeded(seed: int, share: float) -> Choice:
    """Something happens to a share of the messages, and now and then to any other packet."""
    random = Random(seed)

    def choose(up: bool, packet: bytes) -> Fault:
        if is_message(packet):
            return random.choice(list(Fault)[1:]) if random.random() < share else Fault.NONE
        return random.choice((Fault.STALL, Fault.CUT)) if random.random() < share / 5 else Fault.NONE

    return choose


def is_message(packet: bytes, topic: str = "") -> bool:
    """Whether a packet is a message, on a topic that ends so."""
    if packet[0] >> 4 != PUBLISH:
        return False
    at = 1
    while packet[at] & 0x80:
        at += 1
    length = int.from_bytes(packet[at + 1 : at + 3], "big")
    return packet[at + 3 : at + 3 + length].decode().endswith(topic)


Read = Callable[[asyncio.StreamReader], Awaitable[bytes]]


class Proxy:
    """Stands before the server at `upstream`; a test may change at any time what `choose` lets happen."""

    def __init__(self, upstream: int, *, stall_s: float = 0.7, read: Read | None = None) -> None:
        """`read` reads one packet: mqtt_packet, or websocket_frame."""
        self.choose: Choice = fair
        self.happened: list[Fault] = []
        self.port = 0
        self._upstream, self._stall_s, self._read = upstream, stall_s, read or mqtt_packet
        self._links: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._link, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._links, return_exceptions=True)

    def end_faults(self) -> None:
        """All is well from now on. A way that lost packets has died of it, as TCP does: only a new one is whole."""
        self.choose = fair
        self.cut()

    def cut(self) -> None:
        """Every connection that there is breaks."""
        for writers in self._links.values():
            _abort(writers)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._upstream)
        except OSError:
            writer.close()
            return
        task, writers = asyncio.current_task(), [writer, to_server]
        assert task is not None
        self._links[task] = writers
        pumps = [self._pump(reader, writer, to_server, True), self._pump(from_server, to_server, writer, False)]
        running = [asyncio.ensure_future(pump) for pump in pumps]
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in running:
                pump.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            _abort(writers)
            del self._links[task]

    async def _pump(
        self, reader: asyncio.StreamReader, sender: asyncio.StreamWriter, writer: asyncio.StreamWriter, up: bool
    ) -> None:
        late = b""
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                packet = await self._read(reader)
                fault = self.choose(up, packet)
                if fault is not Fault.NONE:
                    self.happened.append(fault)
                if fault is Fault.DROP:
                    continue
                if fault is Fault.LATE and not late:
                    late = packet
                    continue
                if fault is Fault.CUT:
                    writer.write(packet[: len(packet) // 2])
                    await writer.drain()
                    return
                if fault is Fault.STALL:
                    await asyncio.sleep(self._stall_s)
                    if sender.is_closing():  # what a network holds up lies on the sender's machine, and goes with it
                        return
                writer.write(packet + late)
                late = b""
                await writer.drain()


def _abort(writers: list[asyncio.StreamWriter]) -> None:
    for writer in writers:
        writer.transport.abort()


async def mqtt_packet(reader: asyncio.StreamReader) -> bytes:
    """One packet: type and flags, the length in seven bits a byte, and so many bytes."""
    head, length, shift = await reader.readexactly(1), 0, 0
    while True:
        byte = await reader.readexactly(1)
        head += byte
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if not byte[0] & 0x80:
            return head + await reader.readexactly(length)


async def websocket_frame(reader: asyncio.StreamReader) -> bytes:
    """One frame (RFC 6455, 5.2), or the request and the answer before the first."""
    head = await reader.readexactly(2)
    if head in (b"GE", b"HT"):
        return head + await reader.readuntil(b"\r\n\r\n")
    length = head[1] & 0x7F
    if length > 125:
        more = await reader.readexactly(2 if length == 126 else 8)
        head, length = head + more, int.from_bytes(more, "big")
    if head[1] & 0x80:
        head += await reader.readexactly(4)
    return head + await reader.readexactly(length)


def text_of(frame: bytes) -> str:
    """What a text frame says; nothing for any other."""
    if frame[0] & 0x0F != 1:
        return ""
    at = 2 + {126: 2, 127: 8}.get(frame[1] & 0x7F, 0)
    if not frame[1] & 0x80:
        return frame[at:].decode()
    mask, data = frame[at : at + 4], frame[at + 4 :]
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(data)).decode()
