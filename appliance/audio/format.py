# SPDX-License-Identifier: Apache-2.0
"""The one audio format inside the appliance: 16 kHz, mono, 16-bit, in frames of 32 ms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16000
FRAME_SAMPLES = 512  # the chunk that Silero VAD was trained on at 16 kHz

Samples: TypeAlias = NDArray[np.int16]


@dataclass(frozen=True)
class Frame:
    """One frame from a source, stamped with its place on the source's sample clock."""

    index: int
    """Index of the first sample since the source was opened; grows by FRAME_SAMPLES, or more where frames were lost."""

    samples: Samples
    """int16 [FRAME_SAMPLES]"""
