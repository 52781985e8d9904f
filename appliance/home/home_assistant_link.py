# SPDX-License-Identifier: Apache-2.0
"""One connection to Home Assistant's WebSocket API, from signing in to its end.

https://developers.home-assistant.io/docs/api/websocket
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect

from appliance.home.home_assistant_states import mapping
from appliance.text import clean

_LOG = logging.getLogger(__name__)
_FRAMES = logging.getLogger(f"{__name__}.frames")
_FRAMES.setLevel(logging.INFO)  # below that websockets logs every frame, and one of them holds the token
MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024
_WORDS_LIMIT = 120
_SETTLE_S = 1.0

Heard = Callable[[dict[str, Any]], None]


class Away(Exception):
    """The connection cannot be made or is over; the message is a sentence that can be spoken."""


class Unwelcome(Away):
    """Home Assistant does not let us in, and will not when asked again soon."""


class Refused(Exception):
    """Home Assistant answered that it does not do this; `code` and the message are its own, the message bounded."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def socket_url(url: str) -> str:
    """The address of the WebSocket API of the Home Assistant at `url` (http, https, ws or wss).

    Raises ValueError, fit for a settings error.
    """
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if scheme is None or not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise ValueError(
            "found no address of a Home Assistant; allowed: as http://homeassistant.local:8123 or https://…"
        )
    if parts.port == 0:
        raise ValueError("found port 0; allowed: 1 to 65535")
    path = parts.path.rstrip("/").removesuffix("/api/websocket")
    return f"{scheme}://{parts.netloc}{path}/api/websocket"


def at_home(address: str) -> bool:
    """Whether an IP address is one of this machine or of a private network, which the internet does not route."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return not (mapped or ip).is_global and not (mapped or ip).is_multicast


class Link:
    """Asks Home Assistant and hears its events. `read` must run while anything is asked."""

    def __init__(self, connection: ClientConnection, heard: Heard, answer_s: float) -> None:
        self._connection, self._heard, self._answer_s = connection, heard, answer_s
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._last_id = 0
        self._told = self._hangs = False
        self.last_heard_s = asyncio.get_running_loop().time()

    @classmethod
    async def open(cls, url: str, token: SecretStr, tls: ssl.SSLContext | None, heard: Heard, answer_s: float) -> Link:
        """Connect and sign in; `url` is that of the socket.

        Raises Away, OSError, asyncio.TimeoutError or WebSocketException. The token goes out over TLS, whose certificate
        was verified, or else only to an address of the home network; and never to where a redirect points.
        """
        parts = urlsplit(url)
        secure = parts.scheme == "wss"
        try:
            connection = await connect(
                url,
                ssl=tls if secure else None,
                host=parts.hostname,  # given once more, so that a redirect to another host is refused
                port=parts.port or (443 if secure else 80),
                proxy=None,
                compression=None,
                open_timeout=answer_s,
                close_timeout=1,
                ping_interval=None,  # Link.watch asks Home Assistant itself, and not only its web server
                max_size=MESSAGE_LIMIT_BYTES,
                logger=_FRAMES,
            )
        except ssl.SSLCertVerificationError as error:
            raise Away("The certificate of Home Assistant is not trusted") from error
        except ValueError as error:  # websockets: "cannot follow cross-origin redirect to …"
            raise Away("What answers at the address of Home Assistant is something else") from error
        try:
            if not secure and not at_home(str(connection.remote_address[0])):
                raise Unwelcome(
                    "Home Assistant is outside of the home network, and its connection is not encrypted: use https"
                )
            link = cls(connection, heard, answer_s)
            await asyncio.wait_for(link._sign_in(token), answer_s)
        except BaseException:
            await connection.close()
            raise
        return link

    async def _sign_in(self, token: SecretStr) -> None:
        if (await self._next()).get("type") != "auth_required":
            raise Away("What answers at the address of Home Assistant is something else")
        await self._connection.send(json.dumps({"type": "auth", "access_token": token.get_secret_value()}))
        answer = await self._next()
        if answer.get("type") == "auth_invalid":
            raise Unwelcome("Home Assistant does not accept the token")
        if answer.get("type") != "auth_ok":
            raise Away("What answers at the address of Home Assistant is something else")
        _LOG.info("connected to Home Assistant %s", clean(answer.get("ha_version"), 20))

    async def _next(self) -> dict[str, Any]:
        while True:
            message = self._message(await self._connection.recv())
            if message is not None:
                return message

    def _message(self, data: str | bytes) -> dict[str, Any] | None:
        try:
            message = json.loads(data)
        except (ValueError, RecursionError):
            message = None
        if isinstance(message, dict):
            return message
        if not self._told:
            self._told = True
            _LOG.warning("Home Assistant sent what is no message; such things are skipped")
        return None

    async def read(self) -> None:
        """Hand out answers and events until the connection ends, which raises ConnectionClosed."""
        try:
            while True:
                message = self._message(await self._connection.recv())
                if message is None:
                    continue
                self.last_heard_s = asyncio.get_running_loop().time()
                if message.get("type") == "event":
                    self._heard(mapping(message.get("event")))  # type: ignore[arg-type]
                else:
                    self._answered(message)
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(Away("The connection to Home Assistant broke before it answered"))
            self._waiting.clear()

    def _answered(self, message: dict[str, Any]) -> None:
        ident = message.get("id")
        waiting = self._waiting.get(ident) if isinstance(ident, int) else None
        if waiting is None or waiting.done():
            return
        if message.get("type") == "pong" or message.get("success") is True:
            waiting.set_result(message.get("result"))
            return
        error = mapping(message.get("error"))
        words = clean(error.get("message"), _WORDS_LIMIT) or "it gave no reason"
        waiting.set_exception(Refused(clean(error.get("code")), words))

    async def ask(self, kind: str, *, wait_s: float | None = None, **fields: Any) -> Any:
        """Send one command and return its result; raises Refused, Away, ConnectionClosed or asyncio.TimeoutError.

        It waits for `wait_s` where an answer takes its time.
        """
        self._last_id += 1
        ident = self._last_id
        self._waiting[ident] = answer = asyncio.get_running_loop().create_future()
        try:
            await self._connection.send(json.dumps({"id": ident, "type": kind, **fields}))
            return await asyncio.wait_for(answer, wait_s or self._answer_s)
        finally:
            self._waiting.pop(ident, None)

    async def awake(self) -> None:
        """Return if Home Assistant answers at this moment; else raises as `ask` does."""
        await self.ask("ping")

    async def settle(self) -> None:
        """Return if what was sent has arrived, which an answer to a later question shows; else break the connection."""
        try:
            await self.ask("ping", wait_s=min(_SETTLE_S, self._answer_s))
        except asyncio.TimeoutError:
            _LOG.warning("Home Assistant hangs: the connection is given up")
            self._break()

    def _break(self) -> None:
        """End the connection without a goodbye: what of it lies on this machine must not be delivered later."""
        endpoint = self._connection.transport.get_extra_info("socket")
        with suppress(OSError):
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.transport.abort()

    async def watch(self, quiet_s: float) -> None:
        """Ask for a sign of life whenever nothing was heard for `quiet_s`; raises Away when none comes."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(max(0.0, self.last_heard_s + quiet_s - clock()))
            if clock() - self.last_heard_s < quiet_s:
                continue
            asked_s = clock()
            try:
                await self.ask("ping")
            except asyncio.TimeoutError:
                if self.last_heard_s < asked_s:
                    self._hangs = True
                    raise Away("Home Assistant does not answer") from None

    async def close(self) -> None:
        """End the connection."""
        if self._hangs:
            self._break()
        await self._connection.close()
