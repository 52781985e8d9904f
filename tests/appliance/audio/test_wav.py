# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import resource
import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from appliance.audio import wav
from appliance.audio.format import FRAME_SAMPLES, RATE_HZ, Samples
from appliance.audio.wav import AudioFileError
from tests.audio_fixtures import noise, say, tone


@pytest.fixture
def spoken() -> Samples:
    return say("Turn on the kitchen light")


def likeness(heard: Samples, said: Samples) -> float:
    """Correlation of two sounds that begin at the same time."""
    length = min(len(heard), len(said))
    a, b = heard[:length].astype(np.float64), said[:length].astype(np.float64)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def test_what_was_written_is_read_unchanged(tmp_path: Path, spoken: Samples) -> None:
    wav.write(tmp_path / "a.wav", spoken, RATE_HZ)
    assert np.array_equal(wav.read(tmp_path / "a.wav"), spoken)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 22050, 44100, 48000, 96000])
def test_every_rate_becomes_16_khz(tmp_path: Path, spoken: Samples, rate_hz: int) -> None:
    # 8 kHz carries sound up to 4 kHz, so what is compared holds no more than that.
    narrow = soxr.resample(soxr.resample(spoken, RATE_HZ, 7000), 7000, RATE_HZ)
    soundfile.write(tmp_path / "a.wav", soxr.resample(narrow, RATE_HZ, rate_hz), rate_hz)
    heard = wav.read(tmp_path / "a.wav")
    assert abs(len(heard) - len(narrow)) <= 2
    assert likeness(heard, narrow) > 0.999


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_every_sample_format_is_heard(tmp_path: Path, spoken: Samples, subtype: str) -> None:
    soundfile.write(tmp_path / "a.wav", spoken / 32768, RATE_HZ, subtype=subtype)
    assert likeness(wav.read(tmp_path / "a.wav"), spoken) > 0.98


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.mp3", "a.aiff"])
def test_other_containers_are_heard(tmp_path: Path, spoken: Samples, name: str) -> None:
    soundfile.write(tmp_path / name, spoken, RATE_HZ)
    assert likeness(wav.read(tmp_path / name), spoken) > 0.98


def test_the_content_counts_and_not_the_name(tmp_path: Path, spoken: Samples) -> None:
    wav.write(tmp_path / "a.raw", spoken, RATE_HZ)
    assert np.array_equal(wav.read(tmp_path / "a.raw"), spoken)


def test_channels_are_mixed(tmp_path: Path) -> None:
    left, right = tone(0.5, 300), tone(0.5, 500)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], axis=1), RATE_HZ)
    expected = (left.astype(np.int32) + right) / 2
    assert np.abs(wav.read(tmp_path / "a.wav") - expected).max() <= 1


def test_float_samples_beyond_full_scale_are_clipped(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.0, 2.0, -2.0, 0.5]), RATE_HZ, subtype="FLOAT")
    assert wav.read(tmp_path / "a.wav").tolist() == [0, 32767, -32768, 16384]


def test_frames_are_the_file_in_pieces_and_the_last_is_filled_with_silence(tmp_path: Path, spoken: Samples) -> None:
    wav.write(tmp_path / "a.wav", spoken, RATE_HZ)
    frames = list(wav.frames(tmp_path / "a.wav"))
    assert all(frame.shape == (FRAME_SAMPLES,) and frame.dtype == np.int16 for frame in frames)
    joined = np.concatenate(frames)
    assert len(joined) - len(spoken) < FRAME_SAMPLES
    assert np.array_equal(joined[: len(spoken)], spoken)
    assert not joined[len(spoken) :].any()


def test_an_hour_is_streamed_in_little_memory_and_time(tmp_path: Path) -> None:
    hour = tmp_path / "hour.wav"
    with soundfile.SoundFile(hour, "w", 44100, 2, "PCM_16") as file:
        for _ in range(60):
            file.write(np.zeros((60 * 44100, 2), np.int16))
    began = time.monotonic()
    tracemalloc.start()
    count = sum(1 for _ in wav.frames(hour))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    hour.unlink()
    assert count == pytest.approx(3600 * RATE_HZ / FRAME_SAMPLES, abs=1)
    assert peak_bytes < 5_000_000  # the file has 635 MB
    assert time.monotonic() - began < 120  # it takes 3 s; this only tells that nothing is quadratic


def test_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"nothing\.wav cannot be read: No such file"):
        wav.read(tmp_path / "nothing.wav")


def test_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="Is a directory"):
        wav.read(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"RIFF\x24\0\0\0WAVE", b"This is a letter and not a sound.\n" * 100, bytes(5000)]
)
def test_what_is_not_audio_is_told_with_what_is_allowed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(AudioFileError, match=r"a\.wav is not audio that can be read.*Allowed: WAV"):
        wav.read(tmp_path / "a.wav")


def test_audio_without_samples_is_told(tmp_path: Path) -> None:
    wav.write(tmp_path / "a.wav", np.zeros(0, np.int16), RATE_HZ)
    with pytest.raises(AudioFileError, match="holds no audio"):
        wav.read(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_cut_file_is_told_and_not_half_understood(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / name, noise(2.0, -20), RATE_HZ)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AudioFileError):
        wav.read(tmp_path / name)


def test_cut_file_is_told_before_any_frame(tmp_path: Path, spoken: Samples) -> None:
    wav.write(tmp_path / "a.wav", spoken, RATE_HZ)
    whole = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(whole[:-1000])
    with pytest.raises(AudioFileError, match=r"is cut off: \d+ of \d+ bytes"):
        next(wav.frames(tmp_path / "a.wav"))


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF])
def test_recording_of_unknown_length_from_a_pipe_is_heard(tmp_path: Path, spoken: Samples, length: int) -> None:
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", length, b"WAVE", b"fmt ", 16, 1, 1, 16000, 32000, 2, 16, b"data", length
    )
    (tmp_path / "a.wav").write_bytes(header + spoken.tobytes())
    assert np.array_equal(wav.read(tmp_path / "a.wav"), spoken)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_sample_that_is_no_number_is_told_with_its_place(tmp_path: Path, wrong: float) -> None:
    samples = np.zeros(2 * RATE_HZ, np.float32)
    samples[RATE_HZ] = wrong
    soundfile.write(tmp_path / "a.wav", samples, RATE_HZ, subtype="FLOAT")
    with pytest.raises(AudioFileError, match=r"not a number, 1\.000 s in"):
        wav.read(tmp_path / "a.wav")


@pytest.mark.parametrize("rate_hz", [1, 2_000_000_000])
def test_absurd_rate_is_told(tmp_path: Path, rate_hz: int) -> None:
    wav.write(tmp_path / "a.wav", tone(0.1), rate_hz)
    with pytest.raises(AudioFileError, match="allowed: 4000 to 384000"):
        wav.read(tmp_path / "a.wav")


def test_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AudioFileError, match=r"a\.wav cannot be written: "):
        wav.write(tmp_path / "file" / "a.wav", tone(0.1), RATE_HZ)


def test_a_disk_with_room_for_a_part_is_told(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(AudioFileError, match=r"a\.wav cannot be written: File too large"):
            wav.write(tmp_path / "a.wav", tone(1.0), RATE_HZ)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
