# SPDX-License-Identifier: Apache-2.0
"""Audio files: whatever libsndfile reads (WAV, FLAC, OGG, MP3) becomes 16 kHz mono int16, streamed or whole."""

from __future__ import annotations

import contextlib
import io
import os
import struct
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from appliance.audio.format import FRAME_SAMPLES, RATE_HZ, Samples
from appliance.errors import ApplianceError

RATES_HZ = (4000, 384000)
"""Lowest and highest rate that is read; outside of it the header is damaged rather than meant."""

_BLOCK_SAMPLES = 1 << 15  # over all channels: what is in memory at a time
_UNKNOWN_LENGTH = 0x7FFF0000  # from here on: recorders that cannot go back to the header write a huge length (or 0)


class AudioFileError(ApplianceError):
    """A file that cannot be heard or written: says which, what was found and what would do."""


def read(path: Path) -> Samples:
    """The whole file, int16 [samples] at RATE_HZ. For files of unknown length use `frames`.

    Raises:
        AudioFileError: there is no such file, it is not audio, empty, cut off (which an OGG or AIFF does not show), or
            holds NaN or infinity.
    """
    return np.concatenate(list(_blocks(path)))


def frames(path: Path) -> Iterator[Samples]:
    """The same, streamed in bounded memory: int16 [FRAME_SAMPLES] each, the last one filled up with zeros.

    Raises:
        AudioFileError: as `read`; for damage late in the file, after the frames before it.
    """
    rest: Samples = np.zeros(0, np.int16)
    for block in _blocks(path):
        rest = np.concatenate([rest, block])
        whole = len(rest) - len(rest) % FRAME_SAMPLES
        yield from rest[:whole].reshape(-1, FRAME_SAMPLES)
        rest = rest[whole:]
    if len(rest):
        yield np.pad(rest, (0, FRAME_SAMPLES - len(rest)))


def write(path: Path, samples: Samples, rate_hz: int) -> None:
    """Write int16 [samples] as a 16-bit mono WAV, in a folder that is made where there is none.

    Raises:
        AudioFileError: the file cannot be written.
    """
    made = io.BytesIO()  # libsndfile takes a full disk for a fault of the program
    soundfile.write(made, samples, rate_hz, subtype="PCM_16", format="WAV")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made.getvalue())
    except OSError as error:
        raise AudioFileError(f"{path} cannot be written: {error.strerror or error}.") from error


def _blocks(path: Path) -> Iterator[Samples]:
    try:
        # A descriptor has no name: soundfile would take one that ends in .raw for headerless audio, whatever is inside.
        with path.open("rb", buffering=0) as stream:
            _refuse_cut(path, stream)
            with soundfile.SoundFile(stream.fileno(), closefd=False) as sound:
                yield from _resampled(path, sound)
    except OSError as error:
        raise AudioFileError(
            f"{path} cannot be read: {error.strerror or error}. Give the path of an audio file."
        ) from error
    except soundfile.LibsndfileError as error:
        raise AudioFileError(
            f"{path} is not audio that can be read: {error.error_string} Allowed: WAV, FLAC, OGG or MP3; "
            "convert it, for example with: ffmpeg -i FILE -ar 16000 -ac 1 NEW.wav"
        ) from error


def _resampled(path: Path, sound: soundfile.SoundFile) -> Iterator[Samples]:
    if not RATES_HZ[0] <= sound.samplerate <= RATES_HZ[1]:
        raise AudioFileError(
            f"{path} says that it has {sound.samplerate} samples a second; allowed: {RATES_HZ[0]} to {RATES_HZ[1]}."
        )
    resampler = soxr.ResampleStream(sound.samplerate, RATE_HZ, 1, dtype="float32")
    heard = 0
    while True:
        block = sound.read(max(1, _BLOCK_SAMPLES // sound.channels), dtype="float32", always_2d=True)
        if not np.isfinite(block).all():
            where = (heard + int(np.argmin(np.isfinite(block).all(axis=1)))) / sound.samplerate
            raise AudioFileError(f"{path} holds a sample that is not a number, {where:.3f} s in. Export it again.")
        heard += len(block)
        mono = block.mean(axis=1, dtype=np.float32)
        ended = len(block) == 0
        yield _int16(mono if sound.samplerate == RATE_HZ else resampler.resample_chunk(mono, last=ended))
        if ended:
            break
    if heard == 0:
        raise AudioFileError(f"{path} holds no audio: its header is followed by no samples. Record it again.")
    if heard < sound.frames:  # FLAC's header knows better than its rest
        raise _cut(path, f"{heard} of {sound.frames} samples")


def _int16(samples: NDArray[np.float32]) -> Samples:
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype(np.int16)


def _refuse_cut(path: Path, stream: FileIO) -> None:
    """Raise AudioFileError for a WAV that is shorter than its header says: libsndfile would read what is left, and half
    a command is a different command.
    """
    size = os.fstat(stream.fileno()).st_size
    with contextlib.suppress(struct.error):  # a header that ends early is libsndfile's to refuse
        kind, _, form = struct.unpack("<4sI4s", stream.read(12))
        while (kind, form) == (b"RIFF", b"WAVE"):
            chunk, length = struct.unpack("<4sI", stream.read(8))
            if chunk == b"data":
                left = size - stream.tell()
                if left < length < _UNKNOWN_LENGTH:
                    raise _cut(path, f"{left} of {length} bytes of sound")
                break
            stream.seek(length + length % 2, os.SEEK_CUR)
    stream.seek(0)


def _cut(path: Path, found: str) -> AudioFileError:
    return AudioFileError(f"{path} is cut off: {found} are there. Copy it again.")
