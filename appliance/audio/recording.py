# SPDX-License-Identifier: Apache-2.0
"""A recording as a source of frames, at the pace of real time wherever somebody may be speaking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np

from appliance.audio import wav
from appliance.audio.format import FRAME_SAMPLES, RATE_HZ, Frame

QUIET_RMS = 100.0
"""Frames below this (-50 dB of full scale) hold no speech."""

QUIET_S = 2.0
"""Quiet that lasts longer is passed over as fast as it can be read: nobody waits an hour for an hour of silence."""


class Recording:
    """Frames of an audio file; raises AudioFileError when the file is opened, or where it turns out to be broken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._behind = False

    async def __aiter__(self) -> AsyncIterator[Frame]:
        """Give every frame when its last sample would have been recorded."""
        due = time.monotonic()
        quiet_s = 0.0
        for number, samples in enumerate(wav.frames(self._path)):
            quiet = float(np.sqrt(np.mean(np.square(samples, dtype=np.float32)))) < QUIET_RMS
            quiet_s = quiet_s + FRAME_SAMPLES / RATE_HZ if quiet else 0.0
            if self._behind or quiet_s > QUIET_S:
                due, self._behind = time.monotonic(), False
                await asyncio.sleep(0)
            else:
                due += FRAME_SAMPLES / RATE_HZ
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            yield Frame(number * FRAME_SAMPLES, samples)

    def resume(self) -> None:
        """Go on after an answer from where the recording stopped."""
        self._behind = True
