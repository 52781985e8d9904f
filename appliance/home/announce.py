# SPDX-License-Identifier: Apache-2.0
"""The appliance as a device on MQTT: a mute switch and sensors that Home Assistant finds by itself.

What is told is a picture, one retained payload a topic: who changes it never waits, and only the newest is sent. After
a lost connection, and when Home Assistant has started, the whole picture is sent anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import platform
import re
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import aiomqtt

from appliance.audio.mute import Mute
from appliance.home.announced import HEARD_LIMIT, LATENCIES, descriptions, timers_told
from appliance.home.clock import Clock
from appliance.home.errors import DriverError
from appliance.home.mqtt import Broker, Connection
from appliance.home.sources import mqtt_broker
from appliance.home.timers import Timer, Timers
from appliance.settings import Settings
from appliance.text import clean
from appliance.turn import Phase, TurnReport

_LOG = logging.getLogger(__name__)

_LOOK_S = 1.0  # how often timers are looked at; they tell no one of a change
_SETTLE_S = 0.5  # so long is waited after Home Assistant's birth, which may come several times
_GOODBYE_S = 0.5
_SAME_S = 0.6  # a timer's end, reckoned twice, differs by less
_MACHINE_ID = Path("/etc/machine-id")


class Announcer:
    """Keeps the picture and sends it while `run` runs; the other methods only change it, at once and without fail."""

    def __init__(
        self,
        broker: Broker,
        name: str,
        folder: Path,
        *,
        mute: Mute,
        timers: Timers,
        clock: Clock,
        prefix: str = "homeassistant",
        area: str | None = None,
        heard: bool = False,
    ) -> None:
        """`folder` keeps the id and, as long as it is muted, the file `muted`; `prefix` is that of the discovery;
        `heard`: also what was heard last.
        """
        self._mute, self._timers, self._clock, self._heard = mute, timers, clock, heard
        self._muted_file = folder / "muted"
        self._kept = self._muted_file.exists()
        if self._kept:
            mute.on = True
            _LOG.warning("muted since before the start; the mute switch, or to remove %s, ends it", self._muted_file)
        self._id = identity(folder)
        self._base = f"appliance/{self._id}"
        self._availability, self._command = f"{self._base}/availability", f"{self._base}/mute/set"
        self._hub = f"{prefix}/status"
        self._picture = descriptions(prefix, self._base, self._id, name, area, heard)
        self._due: dict[str, None] = {}
        self._changed = asyncio.Event()
        self._phase: Phase = "idle"
        self._ends: list[tuple[Timer, datetime]] | None = None
        self._soon: asyncio.TimerHandle | None = None
        self._leaving = False
        if not heard:
            self._tell(f"{self._base}/heard", "")  # what the broker kept from before, it forgets
        self._look()
        self._tell(self._availability, "online")  # the last one: when it comes, the rest is there
        self._connection = Connection(
            broker,
            [self._command, self._availability, self._hub],
            on_message=self._hear,
            on_up=self._all,
            on_down=lambda: None,
            live=[self._command],
            will=aiomqtt.Will(self._availability, "offline", qos=1, retain=True),
        )

    def phase(self, phase: Phase) -> None:
        """Tell where the turn is."""
        self._phase = phase
        self._tell_phase()

    def turn(self, report: TurnReport) -> None:
        """Tell what came of a turn; of an ignored one nothing, and never a PIN."""
        if report.ignored:
            return
        ms = {stage: round(report.ms[stage]) for stage in LATENCIES if stage in report.ms}
        self._tell(f"{self._base}/latency", json.dumps(ms))
        if self._heard and not report.secret and (text := clean(report.heard, HEARD_LIMIT)):
            self._tell(f"{self._base}/heard", text)

    async def run(self) -> None:
        """Announce until cancelled, and then say goodbye. A broker that is away or hangs is no fault."""
        work = asyncio.create_task(self._work(), name="mqtt announcer")
        try:
            await asyncio.wait({work})
        finally:
            self._leaving = True
            self._changed.set()
            # What is being sent may end: aiomqtt 2.5.1 stumbles over an answer to what was cancelled.
            _, hanging = await asyncio.wait({work}, timeout=_GOODBYE_S)
            if hanging:
                work.cancel()
                await asyncio.wait(hanging)
            if self._soon is not None:
                self._soon.cancel()
            with suppress(DriverError, asyncio.TimeoutError):
                await asyncio.wait_for(self._connection.publish(self._availability, "offline", retain=True), _GOODBYE_S)
            await self._connection.stop()
            await self._keep()

    async def _work(self) -> None:
        await self._connection.start()
        while not self._leaving:
            try:
                self._changed.clear()
                self._look()
                await self._keep()
                await self._send()
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), _LOOK_S)
            except Exception:  # whatever is wrong here, turns go on
                _LOG.exception("could not announce")
                await asyncio.sleep(_LOOK_S)

    def _tell(self, topic: str, payload: str) -> None:
        if self._picture.get(topic) != payload:
            self._picture[topic] = payload
            self._now(topic)

    def _now(self, topic: str) -> None:
        self._due[topic] = None  # no more than the topics there are
        self._changed.set()

    def _all(self) -> None:
        self._soon = None
        self._due = dict.fromkeys(self._picture)
        self._changed.set()

    async def _send(self) -> None:
        while self._due and self._connection.health().well and not self._leaving:
            topic = next(iter(self._due))
            del self._due[topic]
            try:
                await self._connection.publish(topic, self._picture[topic], retain=True)
            except DriverError:
                return  # the connection is given up; on the next one everything is due

    def _hear(self, topic: str, payload: bytes) -> None:
        if topic == self._command:
            if payload not in (b"ON", b"OFF"):
                _LOG.info("a message to the mute switch is neither ON nor OFF")
                return
            self._mute.on = payload == b"ON"
            _LOG.info("the microphone is muted" if self._mute.on else "the microphone is no longer muted")
            self._look()
            self._now(f"{self._base}/mute")  # also where nothing changed: whoever asked waits for a report
        elif topic == self._hub and payload == b"online" and self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(_SETTLE_S, self._all)
        elif topic == self._availability and payload != b"online" and not self._leaving:
            self._now(topic)  # the will of a connection before this one came late

    def _tell_phase(self) -> None:
        deaf = self._mute.on and self._phase == "listening"  # the rest of that turn is not heard any more
        self._tell(f"{self._base}/state", "idle" if deaf else self._phase)

    def _look(self) -> None:
        """Bring into the picture what others change."""
        self._tell(f"{self._base}/mute", "ON" if self._mute.on else "OFF")
        self._tell_phase()
        now = self._clock.now()
        timers = self._timers.running()
        ends = [(timer, now + timedelta(seconds=timer.remaining_s)) for timer in timers]
        if self._ends is None or not _same(ends, self._ends):
            self._ends = ends
            self._tell(f"{self._base}/timers", timers_told(ends))

    async def _keep(self) -> None:
        if self._mute.on != self._kept:
            self._kept = self._mute.on
            await asyncio.to_thread(_keep, self._muted_file, self._kept)


def announcer(settings: Settings, mute: Mute, timers: Timers, clock: Clock) -> Announcer | None:
    """What the settings ask for; None where the appliance is not announced, and then it is not muted either."""
    broker, name = mqtt_broker(settings.mqtt), settings.mqtt.announce
    if broker is None or name is None:
        mute.on = False  # nobody could end it
        return None
    return Announcer(
        broker,
        name,
        settings.state_dir,
        mute=mute,
        timers=timers,
        clock=clock,
        prefix=settings.mqtt.discovery or "homeassistant",
        area=settings.home.area,
        heard=settings.mqtt.announce_heard,
    )


def identity(folder: Path) -> str:
    """The id of this appliance, 16 hex digits kept in `folder`. Where nothing can be kept it comes from the machine's
    own id, which it does not give away.
    """
    file = folder / "announce-id"
    with suppress(OSError, UnicodeDecodeError):
        if re.fullmatch(r"[0-9a-f]{16}\n", known := file.read_text("ascii")):
            return known.strip()
    made, fresh = secrets.token_hex(8), file.with_name("announce-id.new")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.write_text(f"{made}\n", "ascii")
        fresh.replace(file)
        return made
    except OSError as error:
        _LOG.warning("%s cannot be written (%s): the id on MQTT is the machine's", file, error.strerror or error)
    try:
        machine = _MACHINE_ID.read_bytes()
    except OSError:
        machine = platform.node().encode()
    return hashlib.blake2s(machine, key=b"appliance on MQTT", digest_size=8).hexdigest()


def _keep(file: Path, muted: bool) -> None:
    try:
        if muted:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(0o600)
        else:
            file.unlink(missing_ok=True)
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # a power cut does not unmute
        finally:
            os.close(folder)
    except OSError as error:
        _LOG.warning("%s: after a restart the mute switch is as before (%s)", file, error.strerror or error)


def _same(ends: list[tuple[Timer, datetime]], before: list[tuple[Timer, datetime]]) -> bool:
    def known(all_of_them: list[tuple[Timer, datetime]]) -> list[tuple[object, ...]]:
        return [(t.id, t.name, t.area, t.paused, t.paused and round(t.remaining_s)) for t, _ in all_of_them]

    return known(ends) == known(before) and all(
        timer.paused or abs((end - old).total_seconds()) < _SAME_S
        for (timer, end), (_, old) in zip(ends, before, strict=True)
    )
