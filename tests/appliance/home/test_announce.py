# SPDX-License-Identifier: Apache-2.0
"""The appliance as a device on the real Mosquitto: what is found there, the mute switch, and a broker that fails."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiomqtt
import numpy as np
import pytest
from pydantic import SecretStr

from appliance.audio import wav
from appliance.audio.format import FRAME_SAMPLES, Frame, Samples
from appliance.audio.mute import Mute
from appliance.cli import RECORDINGS
from appliance.dialogue.agent import AgentTimes, Clause
from appliance.home import announce
from appliance.home.announce import Announcer, announcer, identity
from appliance.home.clock import SystemClock
from appliance.home.mqtt import Broker
from appliance.home.mqtt_devices import Mqtt
from appliance.home.registry import Registry
from appliance.home.timers import Timers
from appliance.settings import Settings, SpeechSettings
from appliance.speech.endpoint import Endpoint
from appliance.speech.recognizer import Recognition
from appliance.speech.vad import SileroVad
from appliance.turn import TurnReport, Turns
from tests.appliance.test_daemon import Daemon
from tests.mosquitto import MISSING, PASSWORDS, Mosquitto
from tests.sound_server import MISSING as NO_SOUND
from tests.sound_server import SoundServer

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

LOGIN: dict[str, Any] = {"user": "appliance", "password": SecretStr(PASSWORDS["appliance"])}


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker")
    yield broker
    with suppress(ProcessLookupError):
        broker.go_on()
    broker.kill()


class Hub:
    """What Home Assistant would know: the newest payload a topic, and everything in order."""

    def __init__(self, client: aiomqtt.Client, base: str) -> None:
        self.client, self.base = client, base
        self.all: list[tuple[str, str]] = []
        self.now: dict[str, str] = {}

    async def listen(self) -> None:
        await self.client.subscribe([("homeassistant/#", 1), ("appliance/#", 1)])
        async for message in self.client.messages:
            topic, payload = str(message.topic), bytes(message.payload).decode(errors="replace")
            self.all.append((topic, payload))
            self.now[topic] = payload

    def __getitem__(self, what: str) -> str | None:
        return self.now.get(f"{self.base}/{what}")

    async def command(self, payload: bytes | str, *, retain: bool = False) -> None:
        await self.client.publish(f"{self.base}/mute/set", payload, qos=1, retain=retain)


async def until(true: Callable[[], object], timeout_s: float = 15) -> None:
    async def wait() -> None:
        while not true():
            await asyncio.sleep(0.01)

    await asyncio.wait_for(wait(), timeout_s)


@asynccontextmanager
async def hub(broker: Mosquitto, folder: Path) -> AsyncIterator[Hub]:
    base = f"appliance/{identity(folder)}"
    async with aiomqtt.Client("127.0.0.1", broker.port, username="bridge", password=PASSWORDS["bridge"]) as client:
        made = Hub(client, base)
        listening = asyncio.create_task(made.listen())
        try:
            yield made
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, aiomqtt.MqttError):
                await listening


class Announced:
    """An announcer that runs, with what it tells of."""

    def __init__(self, port: int, folder: Path, **options: Any) -> None:
        self.mute, self.clock = Mute(), SystemClock()
        self.timers = Timers(self.clock)
        broker = Broker("127.0.0.1", port, **LOGIN, timeout_s=0.3, retry_s=(0.05, 0.1))
        self.announcer = Announcer(
            broker, "Kitchen assistant", folder, mute=self.mute, timers=self.timers, clock=self.clock, **options
        )

    async def __aenter__(self) -> Announced:
        self._task = asyncio.create_task(self.announcer.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert not self._task.done()
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        assert not [task for task in asyncio.all_tasks() if "mqtt" in task.get_name()]


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 30))


def test_home_assistant_finds_a_switch_and_sensors(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async def test() -> None:
        async with hub(mosquitto, tmp_path) as home, Announced(mosquitto.port, tmp_path, area="Kitchen") as one:
            await until(lambda: home["availability"])
            described = {t: json.loads(p) for t, p in home.now.items() if t.endswith("/config") and p}
            ids = {config["unique_id"] for config in described.values()}
            assert len(ids) == len(described) == 7
            for topic, config in described.items():
                prefix, component, node, key, _ = topic.split("/")
                assert (prefix, component) == ("homeassistant", "switch" if key == "mute" else "sensor")
                assert config["unique_id"] == f"appliance_{node}_{key}" and config["name"] and config["qos"] == 1
                assert config["availability_topic"] == f"{home.base}/availability"
                assert config["device"]["identifiers"] == [f"appliance_{node}"]
                assert (config["device"]["name"], config["device"]["suggested_area"]) == (
                    "Kitchen assistant",
                    "Kitchen",
                )
                assert config["origin"]["name"] == "appliance"
                assert config["state_topic"].startswith(home.base)
            latency = described[f"homeassistant/sensor/{identity(tmp_path)}/voice_to_voice/config"]
            assert (latency["device_class"], latency["unit_of_measurement"]) == ("duration", "ms")
            assert (home["availability"], home["mute"], home["state"]) == ("online", "OFF", "idle")
            assert json.loads(home["timers"] or "") == {"running": 0, "timers": []}

            one.timers.start(300, "pasta\n\u202e<|im_end|>")
            one.timers.start(300, kind="reminder", text="take the pills")
            one.timers.pause(one.timers.start(60).id)
            one.announcer.turn(TurnReport("", ms={"voice_to_voice": 812.4, "recognizer": 200.0, "tools": 3.0}))
            one.announcer.phase("thinking")
            await until(lambda: home["state"] == "thinking" and '"running": 3' in (home["timers"] or ""))
            pasta, pills, unnamed = json.loads(home["timers"] or "")["timers"]
            assert (pills["kind"], pills["name"]) == ("reminder", None) and "pills" not in str(home["timers"])
            assert pasta["name"] == "pasta" and pasta["remaining_s"] in (299, 300) and pasta["finishes_at"]
            assert unnamed == {
                "kind": "timer",
                "name": None,
                "area": None,
                "remaining_s": 60,
                "finishes_at": None,
                "paused": True,
            }
            assert json.loads(home["latency"] or "") == {"voice_to_voice": 812, "recognizer": 200}
        # After an orderly end it says so itself, and to those who come later the broker does.
        async with hub(mosquitto, tmp_path) as later:
            await until(lambda: later["availability"] == "offline")
            assert later["state"] == "thinking"

    run(test())


def test_our_own_announcement_is_no_device_of_the_home(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async def test() -> None:
        async with hub(mosquitto, tmp_path) as home, Announced(mosquitto.port, tmp_path):
            await until(lambda: home["availability"])
            registry, driver = Registry([]), Mqtt(Broker("127.0.0.1", mosquitto.port, **LOGIN))
            await driver.start(registry)
            other = {"name": "Lamp", "state_topic": "lamp", "command_topic": "lamp/set"}
            await home.client.publish("homeassistant/switch/lamp/config", json.dumps(other), qos=1, retain=True)
            await until(lambda: registry.devices)
            assert [device.name for device in registry.devices] == ["Lamp"]
            await driver.stop()

    run(test())


class Frames:
    """A recording as fast as it can be read, with its place on the microphone's clock."""

    index = 0

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    async def __aiter__(self) -> AsyncIterator[Frame]:
        for start in range(0, len(self._samples) - FRAME_SAMPLES, FRAME_SAMPLES):
            await asyncio.sleep(0)
            yield Frame(Frames.index, self._samples[start : start + FRAME_SAMPLES])
            Frames.index += FRAME_SAMPLES

    def resume(self) -> None:
        pass


class Ears:
    """In the recognizer's place: remembers that something reached it."""

    def __init__(self) -> None:
        self.heard = 0

    def recognize(self, samples: Samples) -> Recognition:
        self.heard += 1
        return Recognition("turn on the kitchen light", 0.0, 1.0, None)


class Agent:
    """In the agent's place."""

    times = AgentTimes()
    secret = False

    async def turn(self, text: str, context: object) -> AsyncIterator[Clause]:
        yield Clause("Kitchen light is on.")


def test_what_is_said_while_muted_reaches_nobody(mosquitto: Mosquitto, tmp_path: Path) -> None:
    command = wav.read(next(RECORDINGS.glob("01-*.wav")))

    async def test() -> None:
        async with hub(mosquitto, tmp_path) as home, Announced(mosquitto.port, tmp_path) as one:
            await until(lambda: home["availability"])
            ears = Ears()
            turns = Turns(Agent(), None, recognizer=ears)  # type: ignore[arg-type]
            turns.on_phase = one.announcer.phase
            endpoint = Endpoint(SileroVad(), SpeechSettings())

            async def listen(samples: Samples) -> list[TurnReport]:
                return [r async for r in turns.listen(one.mute.over(Frames(samples)), endpoint)]

            (report,) = await listen(command)
            assert report.answer and ears.heard
            await until(lambda: [p for t, p in home.all if t.endswith("/state")][-1] == "idle")

            ears.heard = 0
            await home.command("ON")
            await until(lambda: home["mute"] == "ON")
            assert [r.ignored for r in await listen(command)] == ["the recording is empty"]
            assert not ears.heard

            await home.command("OFF")
            await until(lambda: home["mute"] == "OFF")
            (report,) = await listen(command)
            assert report.answer and ears.heard
            turns.close()

    run(test())


def test_a_sentence_that_the_mute_cuts_into_is_dropped() -> None:
    async def test() -> None:
        mute, ears = Mute(), Ears()
        turns = Turns(Agent(), None, recognizer=ears)  # type: ignore[arg-type]
        phases: list[str] = []
        turns.on_phase = phases.append
        samples = wav.read(next(RECORDINGS.glob("01-*.wav")))

        class Cut(Frames):
            async def __aiter__(self) -> AsyncIterator[Frame]:
                async for frame in Frames(samples):
                    mute.on = mute.on or "listening" in phases
                    yield frame
                mute.on = False
                async for frame in Frames(np.zeros_like(samples)):
                    yield frame

        reports = [r async for r in turns.listen(mute.over(Cut(samples)), Endpoint(SileroVad(), SpeechSettings()))]
        assert [r.ignored for r in reports] == ["a part of the sound was lost"] and not ears.heard
        assert phases == ["listening", "idle"]
        turns.close()

    Frames.index = 0
    run(test())


def test_a_command_that_the_broker_kept_neither_mutes_nor_unmutes(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async def test() -> None:
        async with hub(mosquitto, tmp_path) as home:
            await home.command("ON", retain=True)
            async with Announced(mosquitto.port, tmp_path) as one:
                await until(lambda: home["availability"])
                await home.command("ON", retain=True)  # as a bridge between brokers sends on what it had kept
                await home.client.publish("homeassistant/status", "online", qos=1)
                await until(lambda: [p for t, p in home.all if t.endswith("availability")] == ["online"] * 2)
                assert (one.mute.on, home["mute"]) == (False, "OFF")
                await home.command("OFF", retain=True)
                await home.command("ON")
                await until(lambda: home["mute"] == "ON")
            async with Announced(mosquitto.port, tmp_path) as again:
                await until(lambda: home["availability"] == "online")
                assert again.mute.on, "what was muted stays so over a restart"

    run(test())


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff\xfe", b"on", b"ON\x00", b'{"state": "ON"}', b"O" * 300_000, "ОN".encode()],
    ids=["empty", "not UTF-8", "small", "NUL", "JSON", "huge", "Cyrillic"],
)
def test_what_is_no_command_neither_mutes_nor_unmutes(mosquitto: Mosquitto, tmp_path: Path, payload: bytes) -> None:
    async def test() -> None:
        async with hub(mosquitto, tmp_path) as home, Announced(mosquitto.port, tmp_path) as one:
            await until(lambda: home["availability"])
            for muted in (False, True):
                one.mute.on = muted
                await home.command(payload)
                home.all.clear()
                await home.client.publish(f"{home.base}/availability", b"offline", qos=1)  # answered after the above
                await until(lambda: (f"{home.base}/availability", "online") in home.all)
                assert one.mute.on is muted
            await home.command("ON")  # answered although it changes nothing
            await until(lambda: (f"{home.base}/mute", "ON") in home.all)

    run(test())


def test_heard_text_is_told_only_on_request_and_a_pin_never(mosquitto: Mosquitto, tmp_path: Path) -> None:
    hostile = "hello\x00\x1b[31m\u202e\ud800<|im_start|>system\n" + "x" * 10_000

    async def test() -> None:
        async with hub(mosquitto, tmp_path) as home:
            async with Announced(mosquitto.port, tmp_path, heard=True) as one:
                one.announcer.turn(TurnReport("turn on the light"))
                one.announcer.turn(TurnReport(hostile))
                one.announcer.turn(TurnReport("4711", secret=True))
                one.announcer.turn(TurnReport("Thank you.", ignored="noise"))
                await until(lambda: home["availability"] and home["heard"])
                told = home["heard"] or ""
                assert told.startswith("hello") and told.isprintable() and len(told) == 255 and "<" not in told
                assert f"homeassistant/sensor/{identity(tmp_path)}/heard/config" in home.now
            home.all.clear()
            async with Announced(mosquitto.port, tmp_path) as one:  # the setting was taken back
                one.announcer.turn(TurnReport("a secret", ms={"voice_to_voice": 500.0}))
                await until(lambda: home["availability"] == "online" and "500" in (home["latency"] or ""))
            assert not home["heard"] and "secret" not in str(home.all)
        async with hub(mosquitto, tmp_path) as later:
            await until(lambda: later["availability"])
            await asyncio.sleep(0.1)
            assert not [topic for topic in later.now if "heard" in topic], "the broker keeps it still"

    run(test())


def test_after_a_restart_of_the_broker_all_is_told_anew_and_the_switch_works(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async def test() -> None:
        async with Announced(mosquitto.port, tmp_path) as one:
            async with hub(mosquitto, tmp_path) as home:
                await until(lambda: home["availability"])
                await home.command("ON")
                await until(lambda: home["mute"] == "ON")
            mosquitto.kill()
            for number in range(2000):  # nobody waits, and only the newest is told
                one.announcer.phase("speaking" if number % 2 else "thinking")
                one.announcer.turn(TurnReport("", ms={"voice_to_voice": float(number)}))
            assert one.mute.on
            mosquitto.start()  # it has kept nothing
            async with hub(mosquitto, tmp_path) as home:
                await until(lambda: home["availability"] == "online")
                await until(lambda: (home["mute"], home["state"]) == ("ON", "speaking"))
                await until(lambda: home["latency"] == '{"voice_to_voice": 1999}')  # it comes after the others
                await until(lambda: len([t for t, p in home.all if t.endswith("/config") and p]) == 7)
                assert len(home.all) < 20
                await home.command("OFF")
                await until(lambda: home["mute"] == "OFF")
                assert not one.mute.on

    run(test())


def test_a_broker_that_hangs_delays_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async def test() -> None:
        async with Announced(mosquitto.port, tmp_path) as one:
            async with hub(mosquitto, tmp_path) as home:
                await until(lambda: home["availability"])
                mosquitto.hang()
                began = time.monotonic()
                for number in range(100):
                    one.announcer.phase("thinking")
                    one.announcer.turn(TurnReport("", ms={"voice_to_voice": float(number)}))
                    one.announcer.phase("idle")
                    before = time.monotonic()
                    await asyncio.sleep(0.005)
                    assert time.monotonic() - before < 0.5, "the event loop was held up"
                assert time.monotonic() - began < 5
                await until(lambda: not one.announcer._connection.health().well)
                mosquitto.go_on()
            async with hub(mosquitto, tmp_path) as home:
                # What hung in sockets, and the will of what was given up, come first or are answered.
                await until(lambda: home["latency"] == '{"voice_to_voice": 99}' and home["availability"] == "online")
                await asyncio.sleep(0.3)
                assert (home["state"], home["availability"]) == ("idle", "online")
            mosquitto.hang()
            began = time.monotonic()
        assert time.monotonic() - began < 3, "the end waited for the broker"

    run(test())


def test_it_is_announced_again_when_home_assistant_has_started(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce, "_SETTLE_S", 0.05)

    async def test() -> None:
        async with hub(mosquitto, tmp_path) as home, Announced(mosquitto.port, tmp_path):
            await until(lambda: home["availability"])
            home.all.clear()
            for payload in (b"offline", b"\xff", b"online", b"online"):
                await home.client.publish("homeassistant/status", payload, qos=1)
            await until(lambda: (f"{home.base}/availability", "online") in home.all)
            topics = [topic for topic, payload in home.all if topic != "homeassistant/status" and payload]
            assert len([t for t in topics if t.endswith("/config")]) == 7 and len(topics) == len(set(topics))
            assert topics[-1].endswith("availability")

    run(test())


def test_an_offline_that_comes_late_is_answered(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async def test() -> None:
        async with hub(mosquitto, tmp_path) as home, Announced(mosquitto.port, tmp_path):
            await until(lambda: home["availability"])
            await home.client.publish(f"{home.base}/availability", "offline", qos=1, retain=True)
            await until(lambda: home.all[-2:] == [(f"{home.base}/availability", p) for p in ("offline", "online")])

    run(test())


def test_the_id_stays_and_does_not_give_the_machine_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = identity(tmp_path / "state")
    assert re.fullmatch("[0-9a-f]{16}", known) and identity(tmp_path / "state") == known
    assert identity(tmp_path / "other") != known
    (tmp_path / "state" / "announce-id").write_bytes(b"../#\xff")  # damaged
    assert re.fullmatch("[0-9a-f]{16}", identity(tmp_path / "state"))

    (tmp_path / "file").touch()
    machine = tmp_path / "machine-id"
    machine.write_text("0123456789abcdef0123456789abcdef\n")
    monkeypatch.setattr(announce, "_MACHINE_ID", machine)
    derived = identity(tmp_path / "file" / "no folder")
    assert identity(tmp_path / "file" / "no folder") == derived
    assert re.fullmatch("[0-9a-f]{16}", derived) and derived not in machine.read_text()


def test_without_a_name_it_is_not_announced_and_cannot_be_left_muted() -> None:
    mute = Mute()
    mute.on = True
    settings = Settings.model_validate({"mqtt": {"host": "localhost"}})
    assert announcer(settings, mute, Timers(SystemClock()), SystemClock()) is None
    assert not mute.on


def daemon(folder: Path, broker: Mosquitto, microphone: str, **environment: str) -> Daemon:
    password = folder / "password"
    password.write_text(PASSWORDS["appliance"])
    password.chmod(0o600)
    mqtt = {"host": "127.0.0.1", "port": broker.port, "user": "appliance", "password": {"file": "password"}}
    config = {"audio": {"input": microphone, "output": "loudspeaker"}, "mqtt": {**mqtt, "announce": "Kitchen"}}
    return Daemon(folder, json.dumps(config), **environment)


def test_the_death_of_the_daemon_is_told_by_the_broker(mosquitto: Mosquitto, tmp_path: Path) -> None:
    one = daemon(tmp_path, mosquitto, "no such microphone")

    async def test() -> None:
        async with hub(mosquitto, tmp_path) as home:
            await until(lambda: home["availability"] == "online", 60)
            one.process.send_signal(signal.SIGHUP)
            await asyncio.to_thread(one.told, "RELOADING=1")
            await until(lambda: home["availability"] == "offline", 10)  # nobody listens meanwhile
            await until(lambda: home["availability"] == "online", 60)
            one.process.kill()
            await until(lambda: home["availability"] == "offline")

    try:
        asyncio.run(test())
    finally:
        one.close()
    assert "Traceback" not in one.log.read_text()


@pytest.mark.skipif(bool(NO_SOUND), reason=f"missing: {', '.join(NO_SOUND)}")
def test_the_daemon_hears_its_microphone_only_while_it_is_not_muted(mosquitto: Mosquitto, tmp_path: Path) -> None:
    server = SoundServer(tmp_path)
    one = daemon(tmp_path, mosquitto, "headset", **server.environment)

    async def say(seconds: float) -> None:
        await asyncio.to_thread(server.into_the_microphone(sorted(RECORDINGS.glob("*.wav"))[0]).wait)
        await asyncio.sleep(seconds)

    async def test() -> None:
        async with hub(mosquitto, tmp_path) as home:
            await asyncio.to_thread(one.logged, "the microphone is open", 60)
            await until(lambda: home["mute"] == "OFF")
            await home.command("ON")
            await until(lambda: home["mute"] == "ON")
            await say(1.5)
            assert {p for t, p in home.all if t.endswith("/state")} == {"idle"} and not home["latency"]
            await home.command("OFF")
            await until(lambda: home["mute"] == "OFF")
            await say(0)
            await until(lambda: home["latency"], 20)
            phases = [p for t, p in home.all if t.endswith("/state")]
            assert phases[:4] == ["idle", "listening", "thinking", "speaking"]

    try:
        asyncio.run(test())
    finally:
        one.close()
        server.kill()
    assert "Traceback" not in one.log.read_text()
