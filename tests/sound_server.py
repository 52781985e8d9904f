# SPDX-License-Identifier: Apache-2.0
"""A sound card without hardware: PulseAudio whose wires are null sinks.

`mic_wire` is what the microphone hears, `spk` is what the speaker plays.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import time
from pathlib import Path

MISSING = [tool for tool in ("pulseaudio", "paplay", "parec", "pactl") if shutil.which(tool) is None]
MISSING += [] if ctypes.util.find_library("portaudio") else ["libportaudio2"]
ASOUND = """
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
pcm.headset { type pulse device "vmic" hint { show on description "a headset" } }
pcm.loudspeaker { type pulse device "spk" hint { show on description "a loudspeaker" } }
"""


class SoundServer:
    """PulseAudio in a folder of its own, and the tools to plug wires into it."""

    def __init__(self, folder: Path) -> None:
        self.asound = folder / "asound.conf"
        self.asound.write_text(ASOUND)
        self._socket = folder / "native"
        self.environment = {
            "ALSA_CONFIG_PATH": str(self.asound),
            "PULSE_SERVER": f"unix:{self._socket}",
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_COOKIE": str(folder / "cookie"),
        }
        self.start()

    def start(self) -> None:
        modules = [
            f"module-native-protocol-unix auth-anonymous=1 socket={self._socket}",
            "module-null-sink sink_name=mic_wire rate=16000 channels=1",
            "module-remap-source source_name=vmic master=mic_wire.monitor",
            "module-null-sink sink_name=spk rate=48000",
        ]
        self._server = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", *(f"-L{module}" for module in modules)],
            env=os.environ | self.environment,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(100):
            if b"spk" in self.run("pactl", "list", "short", "sinks").stdout:
                break
            time.sleep(0.05)
        # A null sink takes its sound 2 s at a time. When somebody listens who wants it sooner it is like a card.
        listen = ["parec", "--latency-msec=10", "/dev/null", "-d"]
        self._listeners = [
            subprocess.Popen([*listen, f"{sink}.monitor"], env=os.environ | self.environment, stderr=subprocess.DEVNULL)
            for sink in ("mic_wire", "spk")
        ]

    def kill(self) -> None:
        for process in (self._server, *self._listeners):
            process.kill()
            process.wait()
        self._socket.unlink(missing_ok=True)

    def run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, env=os.environ | self.environment, capture_output=True, timeout=30)

    def into_the_microphone(self, path: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["paplay", "-d", "mic_wire", str(path)], env=os.environ | self.environment)

    def record_speaker(self, path: Path) -> subprocess.Popen[bytes]:
        """Records what the speaker plays from the moment when this returns."""
        recorder = subprocess.Popen(
            ["parec", "-d", "spk.monitor", "--rate=16000", "--channels=1", "--format=s16le", "--raw", str(path)],
            env=os.environ | self.environment,
        )
        while not path.exists() or path.stat().st_size == 0:
            time.sleep(0.01)
        return recorder
