# SPDX-License-Identifier: Apache-2.0
"""`appliance run` as systemd sees it: ready when warm, SIGHUP reads the settings again, SIGTERM ends it within 5 s."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from appliance.cli import RECORDINGS
from appliance.home.clock import SystemClock
from appliance.home.keep import Keep
from appliance.home.timers import Timers
from tests.sound_server import MISSING, SoundServer


class Daemon:
    """The daemon in a process of its own, with a socket where systemd would listen."""

    def __init__(self, folder: Path, config: str, **environment: str) -> None:
        self.config = folder / "appliance.yaml"
        self.config.write_text(config)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self.log = folder / "log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "appliance", "run", "--config", str(self.config)],
                env=os.environ
                | {"NOTIFY_SOCKET": str(folder / "notify"), "STATE_DIRECTORY": str(folder)}
                | environment,
                stderr=log,
            )

    def told(self, wanted: str, timeout_s: float = 60) -> str:
        """Wait for a message to systemd that holds `wanted`."""
        end = time.monotonic() + timeout_s
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            message = self._socket.recv(4096).decode()
            if wanted in message:
                return message
        raise TimeoutError(f"{wanted} was not told; the log:\n{self.log.read_text()}")

    def logged(self, wanted: str, timeout_s: float = 30) -> str:
        """Wait for the log to hold `wanted`; returns all of it."""
        end = time.monotonic() + timeout_s
        while wanted not in (log := self.log.read_text()):
            assert time.monotonic() < end, f"{wanted!r} was not logged:\n{log}"
            time.sleep(0.05)
        return log

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._socket.close()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(tmp_path, "audio:\n  input: no such microphone\n")
    yield made
    made.close()


def test_it_is_ready_without_a_microphone_and_ends_within_five_seconds(daemon: Daemon) -> None:
    daemon.told("READY=1")
    daemon.logged("no such microphone")
    began = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    daemon.told("STOPPING=1")
    assert daemon.process.wait(5) == 0
    assert time.monotonic() - began < 5
    assert "Traceback" not in daemon.log.read_text()


def test_sigterm_while_it_loads_ends_it_too(daemon: Daemon) -> None:
    daemon.told("loading")
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(5) == 0


def test_sighup_reads_the_settings_again_and_wrong_ones_change_nothing(daemon: Daemon) -> None:
    daemon.told("READY=1")
    daemon.config.write_text("audio:\n  input: another microphone\n")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.told("RELOADING=1")
    assert "another microphone" in daemon.told("READY=1")
    daemon.config.write_text("audio:\n  input: 3.5\n  volume: loud\n")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.told("RELOADING=1")
    assert "another microphone" in daemon.told("READY=1")
    daemon.logged("audio.volume")
    assert daemon.process.poll() is None


def test_a_bundle_that_does_not_load_at_sighup_leaves_what_runs_and_what_is_told(
    daemon: Daemon, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "manifest.json").write_text('{"files": {}}')  # whole by its own manifest, and without a network
    daemon.told("READY=1")
    daemon.config.write_text(f"audio: {{input: another}}\nlanguage_model: {{model: {bundle}/}}\n")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.told("RELOADING=1")
    assert "no such microphone" in daemon.told("READY=1")
    daemon.logged("the settings stay as they were")
    assert daemon.process.poll() is None


def test_wrong_settings_at_the_start_exit_with_2(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, "speech: loud\n")
    assert daemon.process.wait(30) == 2
    assert "appliance.yaml:1" in daemon.log.read_text()
    daemon.close()


@pytest.mark.skipif(bool(MISSING), reason=f"missing: {', '.join(MISSING)}")
def test_it_hears_a_command_through_the_microphone_and_answers_through_the_speaker(tmp_path: Path) -> None:
    server = SoundServer(tmp_path)
    daemon = Daemon(tmp_path, "audio:\n  input: headset\n  output: loudspeaker\n", **server.environment)
    try:
        daemon.told("READY=1")
        daemon.logged("the microphone is open")
        time.sleep(0.5)
        recorder = server.record_speaker(tmp_path / "answer.raw")
        server.into_the_microphone(sorted(RECORDINGS.glob("*.wav"))[0]).wait()
        daemon.logged("HassTurnOn ok")
        time.sleep(0.5)
        recorder.terminate()
        recorder.wait()
        played = np.fromfile(tmp_path / "answer.raw", np.int16)
        assert np.abs(played).max() > 3000
    finally:
        daemon.close()
        server.kill()


def test_a_timer_that_ran_out_meanwhile_rings_after_the_start(tmp_path: Path) -> None:
    Timers(SystemClock(), Keep(tmp_path / "timers.json")).start(1, "pasta")
    time.sleep(1.1)
    daemon = Daemon(tmp_path, "audio:\n  input: no such microphone\n")
    try:
        daemon.told("READY=1")
        daemon.logged("timer 1 has run out")
        time.sleep(1)
        assert daemon.process.poll() is None and "Traceback" not in daemon.log.read_text()
    finally:
        daemon.close()
