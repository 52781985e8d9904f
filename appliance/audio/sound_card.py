# SPDX-License-Identifier: Apache-2.0
"""Sound cards through PortAudio: finding one by name, and opening a stream in a format that it knows.

PortAudio is a system library. It is loaded when a card is first asked for, so that WAV files work without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from appliance.errors import ApplianceError

Kind: TypeAlias = Literal["input", "output"]

Callback: TypeAlias = Callable[[NDArray[np.int16], float], None]
"""Given a block, int16 [samples, channels], and when its first sample passes the card, on the clock of
time.monotonic().
"""

BUFFER_S = 0.1
"""Sound in the card's buffer: what Python may be late by. It does not delay the first sample that is played, and what
is heard comes a third of it at a time.
"""

CLOSE_S = 2.0
"""Time that a stream is given to close."""

_LOG = logging.getLogger(__name__)
_WORD = {"input": "microphone", "output": "speaker"}
_lock = threading.Lock()  # PortAudio looks for cards and opens streams from one thread at a time
_open_streams = 0


class AudioDeviceError(ApplianceError):
    """A microphone or speaker is missing, refuses to open, or has stopped; the message says which and what is there."""


@dataclass(frozen=True)
class Card:
    """A microphone or a speaker as PortAudio lists it."""

    index: int
    name: str
    rate_hz: int
    """The rate that it likes best."""

    channels: int
    """Most channels in the direction asked for."""

    def __str__(self) -> str:
        return f"{self.name} ({self.channels} channels, {self.rate_hz} Hz)"


def find_device(name: str, kind: Kind) -> Card:
    """The card of exactly this name, else the only one with this text in its name in capitals or not; or "default".

    Cards that were plugged in since are seen unless a stream is open, for PortAudio would close it to look again.

    Raises:
        AudioDeviceError: no such card, or several; lists those that there are.
    """
    with _lock:
        return _find(_portaudio(), name, kind)


class Stream:
    """An open stream to or from a card, mono where the card can, int16 [samples, channels]."""

    def __init__(self, name: str, kind: Kind, rate_hz: int, callback: Callback, ended: Callable[[], None]) -> None:
        """Open, but do not start.

        Args:
            name: as for `find_device`.
            kind: input or output.
            rate_hz: the rate that is wanted; `self.rate_hz` is what the card can do.
            callback: takes or fills each block, on a thread of PortAudio; it must be quick.
            ended: called there too when the card has gone, and after `close`.

        Raises:
            AudioDeviceError: no such card, or it does not open.
        """
        global _open_streams
        with _lock:
            self._portaudio = portaudio = _portaudio()
            card = _find(portaudio, name, kind)
            self.name = card.name
            self._kind, self._callback = kind, callback
            self.rate_hz, self.channels = _format(portaudio, card, kind, rate_hz)
            make = portaudio.InputStream if kind == "input" else portaudio.OutputStream
            with _told(portaudio, f"The {_WORD[kind]} {card.name!r} cannot be opened"):
                self._stream: Any = make(
                    device=card.index,
                    samplerate=self.rate_hz,
                    channels=self.channels,
                    dtype="int16",
                    blocksize=0,
                    latency=BUFFER_S,
                    callback=self._hand_over,
                    finished_callback=ended,
                )
                _open_streams += 1

    @classmethod
    async def open(cls, name: str, kind: Kind, rate_hz: int, callback: Callback, ended: Callable[[], None]) -> Stream:
        """A stream, opened on a thread; closed again where nobody waits for it any more. Raises AudioDeviceError."""
        opening = asyncio.ensure_future(asyncio.to_thread(cls, name, kind, rate_hz, callback, ended))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            with contextlib.suppress(AudioDeviceError):
                await asyncio.to_thread((await opening).close)
            raise

    def start(self) -> None:
        """Let the sound flow. Raises AudioDeviceError."""
        with _told(self._portaudio, f"{self.name!r} cannot be started"):
            self._stream.start()

    def _hand_over(self, block: NDArray[np.int16], samples: int, times: Any, status: Any) -> None:
        at = times.inputBufferAdcTime if self._kind == "input" else times.outputBufferDacTime
        self._callback(block, time.monotonic() + at - times.currentTime)

    def close(self) -> None:
        """Stop at once and drop what is in the card's buffer.

        PortAudio waits for a card that has gone, sometimes for ever: after CLOSE_S the stream is left to itself.
        """
        global _open_streams
        with _lock:
            closing = threading.Thread(target=self._stream.close, args=(True,), daemon=True)  # True: ignore errors
            closing.start()
            closing.join(CLOSE_S)
            if closing.is_alive():
                _LOG.warning("%r does not close; it is left open", self.name)
            else:
                _open_streams -= 1


def _portaudio() -> Any:
    try:
        import sounddevice
    except OSError as error:  # the Python package is there, the library is not
        raise AudioDeviceError(
            "Sound cards need the PortAudio library, which is missing; install it: sudo apt install libportaudio2\n"
            "WAV files work without it."
        ) from error
    return sounddevice


def _find(portaudio: Any, name: str, kind: Kind) -> Card:
    if _open_streams == 0:  # PortAudio lists cards only when it starts
        portaudio._terminate()
        portaudio._initialize()
    facts = [(index, fact) for index, fact in enumerate(portaudio.query_devices()) if fact[f"max_{kind}_channels"]]
    cards = [Card(i, f["name"], int(f["default_samplerate"]), f[f"max_{kind}_channels"]) for i, f in facts]
    default = portaudio.default.device[kind]
    found = [card for card in cards if card.name == name]
    if not found and name == "default":
        found = [card for card in cards if card.index == default]
    if not found:
        found = [card for card in cards if name.lower() in card.name.lower()]
    if len(found) == 1:
        return found[0]
    problem = f"Several {_WORD[kind]}s are called {name!r}" if found else f"There is no {_WORD[kind]} called {name!r}"
    there = "\n".join(f"  {card}" for card in found or cards)
    raise AudioDeviceError(
        f"{problem}; there {'are' if there else 'is none at all.'}{':' if there else ''}\n"
        + (f"{there}\nSet audio.{kind} to one of these names or a part of it." if there else "Plug one in.")
    )


def _format(portaudio: Any, card: Card, kind: Kind, rate_hz: int) -> tuple[int, int]:
    """Rate and channels that the card accepts: as wanted if it can, else as near as may be. A bare ALSA card converts
    nothing: many know only 48 kHz, or only stereo.
    """
    check = portaudio.check_input_settings if kind == "input" else portaudio.check_output_settings
    for rate, channels in itertools.product((rate_hz, card.rate_hz), (1, 2, card.channels)):
        with contextlib.suppress(portaudio.PortAudioError):
            check(device=card.index, samplerate=rate, channels=channels, dtype="int16")
            return rate, channels
    raise AudioDeviceError(
        f"The {_WORD[kind]} {card} does not open for 16-bit sound. Another program may hold it: try fuser -v /dev/snd/*"
    )


@contextlib.contextmanager
def _told(portaudio: Any, what: str) -> Iterator[None]:
    try:
        yield
    except portaudio.PortAudioError as error:
        raise AudioDeviceError(f"{what}: {error}. Is it plugged in, and does no other program hold it?") from error
