# SPDX-License-Identifier: Apache-2.0
"""The connection to an MQTT broker, and how what arrives over it is read: by anybody who may publish, so as data only.

An acknowledgement of the broker is never taken for success: it also comes where an ACL drops the message, or where
nobody listens. Commands are sent now or never: nothing waits for a connection, nothing is repeated after one, and each
expires in the broker after `EXPIRY_S`. As a broker that hangs would find a command in its socket when it goes on, long
after it was said that it failed, each waits for the answer to a question without effect before it is written; and
what the network has not taken in time is thrown away on this machine.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import ssl
import unicodedata
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions
from pydantic import SecretStr

from appliance.home.drivers import Health
from appliance.home.errors import DriverError
from appliance.text import NAME_LIMIT, clean

_LOG = logging.getLogger(__name__)
_QUIET = logging.getLogger(f"{__name__}.aiomqtt")
_QUIET.setLevel(logging.ERROR)  # what it warns of is explained here

LIMIT_BYTES = 256 * 1024
"""A longer message is not looked at; the driver may name topics for which `LARGE_BYTES` holds."""
LARGE_BYTES = 8 * 1024 * 1024
"""Longer ones the broker is asked not to send at all."""
_TOPICS_AT_ONCE = 50
_QUESTION = "appliance/are/you/there"  # a subscription that is not: to end it does nothing, and is answered
EXPIRY_S = 2
_TAKEN_SHARE = 0.8  # of the broker's time to acknowledge: within it the network must have taken a command

_GOODBYE_S = 0.1
_FIRST_PICTURE_S = 5.0
_NO_BROKER = "the MQTT broker cannot be reached"
_NEAR = 0.02  # of chromaticity: steps of bulbs are finer, and no two names that differ lie so close
_REFUSED = (4, 5, 134, 135)  # CONNACK of MQTT 3 and 5: bad user name or password, not authorized


@dataclass(frozen=True)
class Broker:
    """Where a broker is and how to log in."""

    host: str = "localhost"
    port: int = 1883
    user: str | None = None
    password: SecretStr | None = None
    tls: bool = False
    ca_file: Path | None = None
    """Certificates to trust; None: those of the system."""
    cert_file: Path | None = None
    """The appliance's own certificate, where the broker asks for one, with its key in `key_file`."""
    key_file: Path | None = None
    timeout_s: float = 1.5
    """How long the broker may take for a connection or an acknowledgement; less than is waited for devices."""
    keepalive_s: int = 10
    retry_s: tuple[float, float] = (1.0, 30.0)
    """First and longest wait between two attempts to connect; it doubles between them."""


class Connection:
    """One connection that comes back by itself: subscribes to `topics` and hands on what arrives, in order.

    `on_up` is called after each successful connection and subscription, `on_down` once after each loss.
    """

    def __init__(
        self,
        broker: Broker,
        topics: Sequence[str],
        *,
        on_message: Callable[[str, bytes], None],
        on_up: Callable[[], None],
        on_down: Callable[[], None],
        large: Sequence[str] = (),
        live: Sequence[str] = (),
        will: aiomqtt.Will | None = None,
    ) -> None:
        """`live`: topics of which retained messages are dropped, for a command that was kept is an old one; also where
        a bridge between brokers sends one on. `will`: what the broker publishes when the connection breaks.
        """
        self._broker = broker
        self._topics = dict.fromkeys(topics)
        self._on_message, self._on_up, self._on_down = on_message, on_up, on_down
        self._large, self._live, self._will = frozenset(large), frozenset(live), will
        self._client: aiomqtt.Client | None = None
        self._reason = _NO_BROKER
        self._tried = asyncio.Event()
        self._hanging = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._name = f"appliance-{token_hex(8)}"
        self._subscribing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin, and wait until the first attempt has ended one way or the other."""
        self._task = asyncio.create_task(self._run(), name="mqtt")
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._tried.wait(), _FIRST_PICTURE_S)

    async def stop(self) -> None:
        """Disconnect; nothing is left running."""
        tasks = {*self._subscribing, *([self._task] if self._task is not None else [])}
        while tasks:  # again, for in Python before 3.12 a wait_for (aiomqtt has many) may lose the cancellation
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=2 * self._broker.timeout_s + 1)
        self._task = None

    def health(self) -> Health:
        """Whether the broker is connected at this moment."""
        return Health(True) if self._client is not None else Health(False, self._reason)

    def subscribe(self, topics: Sequence[str]) -> None:
        """Subscribe to more, now and after each reconnection; a topic that is known too: what it retains comes anew."""
        new = list(dict.fromkeys(topics))
        self._topics.update(dict.fromkeys(new))
        if new and self._client is not None:
            task = asyncio.create_task(self._subscribe_more(self._client, new), name="mqtt subscribe")
            self._subscribing.add(task)
            task.add_done_callback(self._subscribing.discard)

    async def publish(
        self, topic: str, payload: str, *, qos: int = 1, retain: bool = False, harmless: bool = False
    ) -> None:
        """Send a message now; DriverError where there is no connection or the broker does not take it in time.

        A broker that does not acknowledge hangs: the connection is given up, and built anew. What the broker is to
        `retain` is a state and no command: it does not expire. `harmless`: nothing is wrong if it arrives late, so that
        the broker need not be asked before.
        """
        client = self._client
        if client is None:
            raise DriverError(self._reason)
        expiry = None
        if not retain:
            expiry = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            expiry.MessageExpiryInterval = EXPIRY_S
        timeout_s = self._broker.timeout_s
        try:
            if not harmless:
                await client.unsubscribe(_QUESTION, timeout=timeout_s)
            await client.publish(topic, payload.encode(), qos, retain, expiry, timeout=timeout_s)
        except (aiomqtt.MqttError, ValueError) as error:  # ValueError: a topic that is none
            if client is self._client and isinstance(error, aiomqtt.MqttError):
                self._hanging.set()
            _LOG.warning("nothing was published to %s: %s", topic, error)
            raise DriverError("the MQTT broker did not take the command") from error

    async def _run(self) -> None:
        wait_s, longest_s = self._broker.retry_s
        while True:
            try:
                async with self._connected() as client:
                    await self._subscribe(client, list(self._topics))
                    self._up(client)
                    wait_s = self._broker.retry_s[0]
                    await self._listen(client)
            except Exception as error:  # on a server that does not speak MQTT paho raises whatever comes
                self._explain(error)
            finally:
                self._down()
            self._tried.set()
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, longest_s)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiomqtt.Client]:
        client = self._open()
        try:
            async with client:
                yield client
        finally:
            # Where the broker does not answer at all aiomqtt 2.5.1 leaves the socket open and a task to tend it.
            with suppress(aiomqtt.MqttError, asyncio.TimeoutError):
                await asyncio.wait_for(client.__aexit__(None, None, None), _GOODBYE_S)

    def _open(self) -> aiomqtt.Client:
        broker = self._broker
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = LARGE_BYTES
        return aiomqtt.Client(
            broker.host,
            broker.port,
            # The same each time: the broker then ends the connection before, with whatever is still on its way there.
            identifier=self._name,
            username=broker.user,
            password=None if broker.password is None else broker.password.get_secret_value(),
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            properties=properties,
            timeout=broker.timeout_s,
            keepalive=broker.keepalive_s,
            will=self._will,
            tls_context=_tls(broker) if broker.tls else None,
            logger=_QUIET,
            socket_options=_socket_options(broker),
        )

    async def _subscribe(self, client: aiomqtt.Client, topics: Sequence[str]) -> None:
        for at in range(0, len(topics), _TOPICS_AT_ONCE):
            part = topics[at : at + _TOPICS_AT_ONCE]
            wanted = [(topic, SubscribeOptions(qos=1, retainAsPublished=topic in self._live)) for topic in part]
            for topic, code in zip(part, await client.subscribe(wanted), strict=True):
                failed: Any = getattr(code, "value", code)
                if failed >= 128:
                    _LOG.warning("the broker refuses the subscription to %s: %s", clean(topic), code)

    async def _subscribe_more(self, client: aiomqtt.Client, topics: Sequence[str]) -> None:
        try:
            await self._subscribe(client, topics)
        except aiomqtt.MqttError as error:
            _LOG.warning("could not subscribe: %s", error)
            if client is self._client:
                self._hanging.set()

    def _up(self, client: aiomqtt.Client) -> None:
        _LOG.info("connected to the MQTT broker %s:%s", self._broker.host, self._broker.port)
        self._hanging.clear()
        self._client, self._reason = client, _NO_BROKER
        self._on_up()
        self._tried.set()

    def _down(self) -> None:
        if self._client is not None:
            self._client = None
            self._on_down()

    async def _listen(self, client: aiomqtt.Client) -> None:
        tasks = [asyncio.ensure_future(self._hand_on(client)), asyncio.ensure_future(self._hanging.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._down()  # before the goodbye, for which a hanging broker is waited for
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        if isinstance(ended[0], aiomqtt.MqttError):
            raise ended[0]
        raise aiomqtt.MqttError("the broker hangs")

    async def _hand_on(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            topic, payload = str(message.topic), message.payload
            if message.retain and topic in self._live:
                _LOG.info("a retained message on %s was dropped", clean(topic))
                continue
            limit = LARGE_BYTES if topic in self._large else LIMIT_BYTES
            if not isinstance(payload, bytes) or len(payload) > limit:
                _LOG.warning("a message on %s is longer than %s bytes and was dropped", clean(topic), limit)
                continue
            try:
                self._on_message(topic, payload)
            except Exception:  # whatever one message does to us, the next one must still be heard
                _LOG.exception("a message on %s could not be read", clean(topic))

    def _explain(self, error: Exception) -> None:
        code = getattr(error, "rc", None)
        refused = getattr(code, "value", code) in _REFUSED
        reason = "the MQTT broker refuses the user name or the password" if refused else _NO_BROKER
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            reason = "the MQTT broker has no certificate that is trusted"
        _LOG.warning("%s (%s:%s): %s", reason, self._broker.host, self._broker.port, error)
        self._reason = reason


def _socket_options(broker: Broker) -> list[tuple[int, int, int]]:
    """No delay; and where the network takes nothing any more, what still lies here is thrown away (TCP_USER_TIMEOUT,
    RFC 5482, tcp(7)) before its sender is told that it failed: the kernel would go on sending it for minutes.
    """
    options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * _TAKEN_SHARE * broker.timeout_s)))
    return options


def _tls(broker: Broker) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if broker.ca_file is None else str(broker.ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if broker.cert_file is not None:
        context.load_cert_chain(broker.cert_file, broker.key_file)
    return context


def parse(payload: bytes) -> Any:
    """What a payload says as JSON; None where it is none: not UTF-8, nested too deeply, a number out of range."""
    try:
        return json.loads(payload, parse_constant=lambda name: None)
    except (ValueError, RecursionError):
        return None


def number(value: object, least: float = -1e9, most: float = 1e9) -> float | None:
    """A number within its bounds, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        return None
    return float(value)


def percent(value: object, most: float) -> int | None:
    """A level from 0 to `most` in percent; a light that shines a little is not at 0."""
    level = number(value, 0, most)
    return None if level is None else max(round(100 * level / most), int(level > 0))


def level(percentage: float, most: float) -> int:
    """A percentage as a level from 0 to `most`."""
    return max(round(percentage * most / 100), int(percentage > 0))


def title(text: str) -> str:
    """A name of somebody else as it is said: "kitchen_lamp" is the Kitchen Lamp; capitals that are there stay."""
    said = clean(text.replace("_", " "))
    return said if said != said.lower() else " ".join(word[:1].upper() + word[1:] for word in said.split())


def slug(text: str) -> str:
    """The part of an entity id that a name gives, as Home Assistant makes it."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")[:NAME_LIMIT] or "device"
