# SPDX-License-Identifier: Apache-2.0
"""The speaker: plays chunks as they come, knows when the first sample was heard, and falls silent at once."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from appliance.audio.format import Samples
from appliance.audio.sound_card import AudioDeviceError, Stream

AHEAD_S = 2.0
"""Sound that waits for the card; while there is more, the next chunk is not asked for."""

STUCK_S = 3.0
"""A card that asks for no sound for so long has gone. (A PulseAudio sink without hardware may take 2 s at a time.)"""


LONGEST_BUFFER_S = 1.0
"""No card is believed that says that its sound comes later than that."""


@dataclass(frozen=True)
class Played:
    """What was really heard."""

    samples: int
    """How many of the samples, at the rate at which they were given."""

    first_sample_at: float | None
    """When the first of them left the card, on the clock of time.monotonic(); None if none did."""


class Speaker:
    """Plays one thing at a time. The card is open only while it plays, so it may be unplugged in between."""

    def __init__(self, name: str = "default") -> None:
        """`name` is the card's, a part of it, or "default"."""
        self._name = name
        self._playback: _Playback | None = None

    async def play(self, chunks: AsyncIterator[Samples], rate_hz: int) -> Played:
        """Play int16 [samples] chunks at `rate_hz`; returns when the last sample has been heard, or after `stop()`.

        The first chunk is asked for while the card opens. An error of the chunks ends the playing and is raised.

        Raises:
            AudioDeviceError: there is no such card, it does not open, or it stops while playing.
        """
        if self._playback is not None:
            raise RuntimeError("the speaker is already playing")
        playback = self._playback = _Playback(rate_hz)
        first = asyncio.create_task(_next(chunks))
        tasks: list[asyncio.Task[None]] = []
        stream = None
        try:
            stream = await Stream.open(self._name, "output", rate_hz, playback.fill, playback.end)
            feeding = asyncio.create_task(playback.feed(stream, first, chunks))
            watching = asyncio.create_task(playback.watch(stream.name))
            tasks += [feeding, watching]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if feeding.done():
                feeding.result()  # raises what went wrong with the chunks
            await watching
            return Played(playback.heard(), playback.first_sample_at)
        finally:
            self._playback = None
            for task in (first, *tasks):
                task.cancel()
            await asyncio.gather(first, *tasks, return_exceptions=True)
            if stream is not None:
                await asyncio.to_thread(stream.close)

    def stop(self) -> None:
        """Fall silent at once; `play` returns what was heard until now. Does nothing when nothing plays."""
        if self._playback is not None:
            self._playback.stop()


class _Playback:
    """The chunks on their way to the card. PortAudio calls `fill` and `end` on its thread; the loop calls the rest."""

    def __init__(self, rate_hz: int) -> None:
        self.first_sample_at: float | None = None
        self._rate_hz = self._card_hz = rate_hz
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Event()
        self._over = asyncio.Event()  # everything is handed to the card, or it has gone, or was told to stop
        self._gone = False
        self._stopped = asyncio.Event()
        self._stopped_at = 0.0
        self._asked_at: float | None = None  # when the card last wanted sound
        self._lock = threading.Lock()  # for what follows
        self._waiting: deque[Samples] = deque()
        self._complete = False  # no more chunks come
        self._handed = 0  # samples that the card has
        self._block = (0, 0.0)  # how many of them it had before the newest block, and when that is heard

    async def feed(self, stream: Stream, first: asyncio.Task[Samples | None], chunks: AsyncIterator[Samples]) -> None:
        """Queue the chunks, and start the card with the first one."""
        self._card_hz = stream.rate_hz
        same = self._card_hz == self._rate_hz
        resampler = None if same else soxr.ResampleStream(self._rate_hz, self._card_hz, 1, dtype="int16")
        chunk = await first
        if chunk is None:
            self._complete = True
            self._over.set()
            return
        while chunk is not None:
            self._add(chunk if resampler is None else resampler.resample_chunk(chunk))
            if self._asked_at is None:
                self._asked_at = time.monotonic()
                await asyncio.to_thread(stream.start)
            await self._room.wait()
            chunk = await _next(chunks)
        if resampler is not None:
            self._add(resampler.resample_chunk(np.zeros(0, np.int16), last=True))
        self._complete = True

    async def watch(self, name: str) -> None:
        """Wait until the last sample has been heard. Raises AudioDeviceError when the card ends it before."""
        while not self._over.is_set() and (self._asked_at is None or time.monotonic() - self._asked_at < STUCK_S):
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._over.wait(), STUCK_S / 4)
        if self._stopped.is_set():
            return
        if self._gone or not self._over.is_set():
            raise AudioDeviceError(f"The speaker {name!r} has gone: it takes no sound any more.")
        # What is in the card's buffer. PortAudio can wait for that too, but over PulseAudio it cuts off the last 0.1 s.
        before, heard_at = self._block
        left_s = heard_at + (self._handed - before) / self._card_hz - time.monotonic()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), min(left_s, LONGEST_BUFFER_S))

    def stop(self) -> None:
        self._stopped_at = time.monotonic()
        self._stopped.set()
        self._over.set()

    def heard(self) -> int:
        """Samples that have left the card, at the rate of the chunks."""
        heard = self._handed
        if self._stopped.is_set():
            before, heard_at = self._block
            heard = min(max(0, before + int((self._stopped_at - heard_at) * self._card_hz)), heard)
        return round(heard * self._rate_hz / self._card_hz)

    def fill(self, block: NDArray[np.int16], at: float) -> None:
        """Fill a block, [samples, channels], that is heard from `at` on; where the chunks are late, with silence."""
        filled = 0
        with self._lock:
            while self._waiting and filled < len(block):
                chunk = self._waiting.popleft()
                taken = chunk[: len(block) - filled]
                block[filled : filled + len(taken)] = taken[:, np.newaxis]
                filled += len(taken)
                if len(taken) < len(chunk):
                    self._waiting.appendleft(chunk[len(taken) :])
            if filled:
                self._block = (self._handed, at)
                self._handed += filled
            has_room = self._has_room()
            last = self._complete and not self._waiting
        block[filled:] = 0
        if filled and self.first_sample_at is None:
            self.first_sample_at = at
        self._asked_at = time.monotonic()
        if has_room and not self._room.is_set():
            self._loop.call_soon_threadsafe(self._room.set)
        if last and not self._over.is_set():
            self._loop.call_soon_threadsafe(self._over.set)

    def end(self) -> None:
        """The card has gone."""
        self._gone = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._over.set)

    def _add(self, samples: Samples) -> None:
        with self._lock:
            if len(samples):
                self._waiting.append(samples)
            if self._has_room():
                self._room.set()
            else:
                self._room.clear()

    def _has_room(self) -> bool:
        return sum(map(len, self._waiting)) <= AHEAD_S * self._card_hz


async def _next(chunks: AsyncIterator[Samples]) -> Samples | None:
    async for chunk in chunks:
        return chunk
    return None
