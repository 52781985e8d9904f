# SPDX-License-Identifier: Apache-2.0
"""The microphone: frames of 16 kHz mono from a sound card, as they are heard."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from types import TracebackType

import numpy as np
import soxr
from numpy.typing import NDArray

from appliance.audio.format import FRAME_SAMPLES, RATE_HZ, Frame
from appliance.audio.sound_card import AudioDeviceError, Stream, find_device

__all__ = ["Framer", "Microphone", "find_device"]

_LOG = logging.getLogger(__name__)

QUEUE_FRAMES = 64
"""Frames that wait for the reader, 2 s; when it is later than that the oldest are dropped."""

SILENT_S = 2.0
"""A card that gives no frame for so long has gone: also silence comes in frames."""


class Framer:
    """Makes frames from what a card gives: blocks of any length, at its rate, of one or more channels."""

    def __init__(self, rate_hz: int) -> None:
        self._resampler = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="int16") if rate_hz != RATE_HZ else None
        self._rest = np.zeros(0, np.int16)
        self._index = 0

    def feed(self, block: NDArray[np.int16]) -> list[Frame]:
        """Add int16 [samples, channels]; gives the frames that are full. The first channel counts: microphone arrays
        put their clean mix there, and the average of several microphones is a filter.
        """
        mono = block[:, 0]
        if self._resampler is not None:
            mono = self._resampler.resample_chunk(np.ascontiguousarray(mono))
        sound = np.concatenate([self._rest, mono])
        whole = len(sound) - len(sound) % FRAME_SAMPLES
        first, self._index, self._rest = self._index, self._index + whole, sound[whole:]
        return [Frame(first + start, sound[start : start + FRAME_SAMPLES]) for start in range(0, whole, FRAME_SAMPLES)]


class Microphone:
    """`async with Microphone("default") as microphone: async for frame in microphone: ...`, from one task.

    Frames wait in a queue of QUEUE_FRAMES. A full queue drops the oldest frame, and the indices show the gap.

    Raises AudioDeviceError on entering when there is no such card, and while iterating when it has gone.
    """

    def __init__(self, name: str = "default") -> None:
        """`name` is the card's, a part of it, or "default"."""
        self._name = name
        self._frames: deque[Frame] = deque(maxlen=QUEUE_FRAMES)
        self._heard = asyncio.Event()
        self._ended = False
        self._next: int | None = None
        self.dropped = 0
        """Frames that were lost because the reader was late."""

    async def __aenter__(self) -> Microphone:
        self._loop = asyncio.get_running_loop()
        self._stream = await Stream.open(self._name, "input", RATE_HZ, self._hear, self._end)
        self._framer = Framer(self._stream.rate_hz)
        starting = asyncio.ensure_future(asyncio.to_thread(self._stream.start))
        try:
            await asyncio.shield(starting)
        except BaseException:  # also where nobody waits for it any more
            await asyncio.wait([starting])  # PortAudio does not close what it is starting
            await asyncio.to_thread(self._stream.close)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._stream.close)

    def __aiter__(self) -> Microphone:
        return self

    async def __anext__(self) -> Frame:
        while True:
            self._heard.clear()  # before the look at the queue, or a frame could come unnoticed between the two
            if self._frames:
                break
            if self._ended:
                raise AudioDeviceError(
                    f"The microphone {self._stream.name!r} has gone: no sound comes from it any more."
                )
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._heard.wait(), SILENT_S)
            self._ended = self._ended or not self._heard.is_set()
        frame = self._frames.popleft()
        if self._next is not None and frame.index > self._next:
            lost = (frame.index - self._next) // FRAME_SAMPLES
            self.dropped += lost
            _LOG.warning("%d frames of the microphone were dropped: their reader was late", lost)
        self._next = frame.index + FRAME_SAMPLES
        return frame

    def resume(self) -> None:
        """Listen again from now on: what was heard since the last frame was read is thrown away."""
        self._frames.clear()
        self._next = None

    def _hear(self, block: NDArray[np.int16], at: float) -> None:
        """Take a block, on PortAudio's thread."""
        frames = self._framer.feed(block)
        self._frames.extend(frames)
        if frames and not self._heard.is_set():
            self._loop.call_soon_threadsafe(self._heard.set)

    def _end(self) -> None:
        self._ended = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._heard.set)
