# SPDX-License-Identifier: Apache-2.0
"""Microphone and speaker against a real sound server without hardware."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr

from appliance.audio import sound_card, wav
from appliance.audio.format import FRAME_SAMPLES, RATE_HZ, Frame, Samples
from appliance.audio.microphone import QUEUE_FRAMES, Framer, Microphone
from appliance.audio.sound_card import AudioDeviceError, find_device
from appliance.audio.speaker import Played, Speaker
from tests.audio_fixtures import say, tone
from tests.sound_server import ASOUND, MISSING, SoundServer

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"missing: {', '.join(MISSING)}; apt install pulseaudio libportaudio2 libasound2-plugins"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    server = SoundServer(tmp_path_factory.mktemp("sound_server"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server
    server.kill()


async def chunked(samples: Samples, length: int = 3000) -> AsyncIterator[Samples]:
    for start in range(0, len(samples), length):
        yield samples[start : start + length]


async def hear(microphone: Microphone, seconds: float) -> Samples:
    heard: list[Samples] = []
    async for frame in microphone:
        heard.append(frame.samples)
        if len(heard) * FRAME_SAMPLES >= seconds * RATE_HZ:
            break
    return np.concatenate(heard)


def recorded(path: Path, recorder: subprocess.Popen[bytes]) -> Samples:
    time.sleep(0.3)  # what is on its way
    recorder.terminate()
    recorder.wait()
    return np.fromfile(path, "<i2")


def best_match(whole: Samples, part: Samples) -> tuple[int, float]:
    """Where `part` fits best in `whole`, and their correlation there."""
    a, b = whole.astype(np.float64), part.astype(np.float64)
    size = 1 << (len(a) + len(b)).bit_length()
    product = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)))[: len(a)]
    at = int(np.argmax(product))
    there = np.pad(a, (0, len(b)))[at : at + len(b)]
    return at, float(there @ b / max(1.0, np.linalg.norm(there) * np.linalg.norm(b)))


def test_microphone_hears_every_sample_of_what_is_said(server: SoundServer, tmp_path: Path) -> None:
    said = say("Turn on the kitchen light")
    wav.write(tmp_path / "said.wav", said, RATE_HZ)

    async def scenario() -> Samples:
        async with Microphone("headset") as microphone:
            await anext(microphone)
            player = server.into_the_microphone(tmp_path / "said.wav")
            heard = await hear(microphone, len(said) / RATE_HZ + 1)
            player.wait()
            return heard

    heard = asyncio.run(scenario())
    at, _ = best_match(heard, said)
    assert np.array_equal(heard[at : at + len(said)], said)


def test_frames_of_a_microphone_follow_on_each_other(server: SoundServer) -> None:
    async def scenario() -> list[Frame]:
        async with Microphone("headset") as microphone:
            return [await anext(microphone) for _ in range(20)]

    frames = asyncio.run(scenario())
    assert [frame.index for frame in frames] == list(range(0, 20 * FRAME_SAMPLES, FRAME_SAMPLES))
    assert all(frame.samples.shape == (FRAME_SAMPLES,) and frame.samples.dtype == np.int16 for frame in frames)


def test_late_reader_loses_the_oldest_frames_and_sees_the_gap(server: SoundServer) -> None:
    async def scenario() -> tuple[Frame, Frame, int]:
        async with Microphone("headset") as microphone:
            before = await anext(microphone)
            await asyncio.sleep((QUEUE_FRAMES + 10) * FRAME_SAMPLES / RATE_HZ)
            after = await anext(microphone)
            return before, after, microphone.dropped

    before, after, dropped = asyncio.run(scenario())
    assert dropped > 0
    assert after.index == before.index + (1 + dropped) * FRAME_SAMPLES


def test_reader_that_blocks_the_event_loop_loses_frames_but_not_memory(server: SoundServer) -> None:
    async def scenario() -> tuple[int, int]:
        async with Microphone("headset") as microphone:
            await anext(microphone)
            time.sleep((QUEUE_FRAMES + 10) * FRAME_SAMPLES / RATE_HZ)
            frames = [await anext(microphone) for _ in range(QUEUE_FRAMES)]
            return microphone.dropped, frames[-1].index - frames[0].index

    dropped, span = asyncio.run(scenario())
    assert dropped > 0
    assert span == (QUEUE_FRAMES - 1) * FRAME_SAMPLES


def test_resumed_microphone_has_forgotten_what_it_heard_meanwhile(server: SoundServer) -> None:
    async def scenario() -> tuple[int, int, int]:
        async with Microphone("headset") as microphone:
            before = await anext(microphone)
            await asyncio.sleep(0.5)
            microphone.resume()
            after = await anext(microphone)
            return before.index, after.index, microphone.dropped

    before, after, dropped = asyncio.run(scenario())
    assert after - before > 0.4 * RATE_HZ
    assert dropped == 0


def test_card_is_found_by_a_part_of_its_name_in_any_case(server: SoundServer) -> None:
    assert find_device("HEADS", "input").name == "headset"
    assert find_device("default", "output").name == "default"


def test_a_card_that_nobody_waits_for_any_more_is_closed(server: SoundServer) -> None:
    async def give_up() -> None:
        for turns in range(1, 4):
            for opening in (Microphone().__aenter__(), Speaker().play(chunked(tone(0.1)), RATE_HZ)):
                task = asyncio.ensure_future(opening)
                for _ in range(turns):
                    await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    asyncio.run(give_up())
    assert sound_card._open_streams == 0


def test_unknown_card_is_told_with_the_cards_that_there_are(server: SoundServer) -> None:
    with pytest.raises(AudioDeviceError) as told:
        find_device("Jabra", "input")
    assert "no microphone called 'Jabra'" in str(told.value)
    assert "headset" in str(told.value)
    assert "audio.input" in str(told.value)


def test_name_that_fits_several_cards_is_told_with_those_cards(server: SoundServer) -> None:
    with pytest.raises(AudioDeviceError) as told:
        find_device("se", "output")
    assert "Several speakers" in str(told.value)
    assert "headset" in str(told.value)
    assert "loudspeaker" not in str(told.value)


def test_card_that_is_plugged_in_later_is_found(server: SoundServer) -> None:
    with pytest.raises(AudioDeviceError):
        find_device("Plantronics", "output")
    server.asound.write_text(ASOUND + 'pcm.Plantronics { type pulse hint { show on description "new" } }\n')
    assert find_device("Plantronics", "output").name == "Plantronics"


@pytest.mark.parametrize("rate_hz", [22050, 500_000])
def test_speaker_plays_what_it_is_given(server: SoundServer, tmp_path: Path, rate_hz: int) -> None:
    """No card knows 500 kHz, so there the speaker has to resample."""
    said = np.concatenate([say("The kitchen light is on."), tone(0.2)])  # to be heard until the very end
    given = soxr.resample(said, RATE_HZ, rate_hz)
    recorder = server.record_speaker(tmp_path / "heard.raw")
    began = time.monotonic()
    played = asyncio.run(Speaker("loudspeaker").play(chunked(given), rate_hz))
    took = time.monotonic() - began
    heard = recorded(tmp_path / "heard.raw", recorder)
    at, alike = best_match(heard, said)
    assert alike > 0.98
    assert np.abs(heard[at:][len(said) - 500 : len(said)]).max() > 2000
    assert played.samples == pytest.approx(len(given), rel=1e-3)
    assert played.first_sample_at is not None
    assert 0 <= played.first_sample_at - began < 0.5
    assert len(said) / RATE_HZ <= took < len(said) / RATE_HZ + 1


def test_stopped_speaker_is_silent_at_once_and_tells_what_was_heard(server: SoundServer, tmp_path: Path) -> None:
    async def scenario() -> tuple[Played, float]:
        speaker = Speaker("loudspeaker")
        playing = asyncio.create_task(speaker.play(chunked(tone(10.0)), RATE_HZ))
        await asyncio.sleep(1.0)
        stopped = time.monotonic()
        speaker.stop()
        return await playing, time.monotonic() - stopped

    recorder = server.record_speaker(tmp_path / "heard.raw")
    played, took = asyncio.run(scenario())
    heard = recorded(tmp_path / "heard.raw", recorder)
    sounding = np.count_nonzero(np.abs(heard) > 100) / RATE_HZ
    assert took < 0.5
    assert played.samples / RATE_HZ == pytest.approx(1.0, abs=0.3)
    assert sounding == pytest.approx(played.samples / RATE_HZ, abs=0.3)


def test_speaker_waits_in_silence_for_a_late_chunk(server: SoundServer, tmp_path: Path) -> None:
    async def late() -> AsyncIterator[Samples]:
        yield tone(0.3)
        await asyncio.sleep(0.6)
        yield tone(0.3)

    recorder = server.record_speaker(tmp_path / "heard.raw")
    played = asyncio.run(Speaker("loudspeaker").play(late(), RATE_HZ))
    heard = recorded(tmp_path / "heard.raw", recorder)
    sounding = np.flatnonzero(np.abs(heard) > 100)
    assert played.samples == 2 * 0.3 * RATE_HZ
    assert (sounding[-1] - sounding[0]) / RATE_HZ == pytest.approx(0.9, abs=0.2)


def test_speaker_asks_for_chunks_only_as_it_plays_them(server: SoundServer) -> None:
    asked = 0

    async def endless() -> AsyncIterator[Samples]:
        nonlocal asked
        while True:
            asked += 1
            yield tone(0.5)

    async def scenario() -> None:
        speaker = Speaker("loudspeaker")
        playing = asyncio.create_task(speaker.play(endless(), RATE_HZ))
        await asyncio.sleep(1.0)
        speaker.stop()
        await playing

    asyncio.run(scenario())
    assert 5 <= asked <= 8


def test_nothing_to_play_was_not_heard(server: SoundServer) -> None:
    assert asyncio.run(Speaker("loudspeaker").play(chunked(tone(0.0)), RATE_HZ)) == Played(0, None)


def test_error_of_the_chunks_is_raised_and_the_speaker_plays_again(server: SoundServer) -> None:
    async def broken() -> AsyncIterator[Samples]:
        yield tone(0.2)
        raise RuntimeError("the voice has died")

    async def scenario() -> Played:
        speaker = Speaker("loudspeaker")
        with pytest.raises(RuntimeError, match="the voice has died"):
            await speaker.play(broken(), RATE_HZ)
        return await speaker.play(chunked(tone(0.2)), RATE_HZ)

    assert asyncio.run(scenario()).samples == 0.2 * RATE_HZ


def test_speaker_that_is_not_there_is_told_before_anything_plays(server: SoundServer) -> None:
    with pytest.raises(AudioDeviceError, match="no speaker called 'Jabra'"):
        asyncio.run(Speaker("Jabra").play(chunked(tone(0.2)), RATE_HZ))


def test_frames_of_a_stereo_card_at_48_khz_are_its_first_channel_at_16_khz() -> None:
    times = np.arange(48000) / 48000
    left = np.round(8000 * np.sin(2 * np.pi * 300 * times)).astype(np.int16)
    framer = Framer(48000)
    frames = [
        frame
        for start in range(0, 48000, 500)
        for frame in framer.feed(np.stack([left, np.zeros_like(left)], axis=1)[start : start + 500])
    ]
    heard = np.concatenate([frame.samples for frame in frames])
    expected = 8000 * np.sin(2 * np.pi * 300 * np.arange(len(heard)) / RATE_HZ)
    assert [frame.index for frame in frames] == list(range(0, len(heard), FRAME_SAMPLES))
    assert len(heard) > 0.95 * RATE_HZ
    assert np.abs(heard[500:] - expected[500:]).max() < 80


def test_microphone_that_goes_away_is_told_and_can_be_opened_again(server: SoundServer) -> None:
    async def scenario() -> None:
        async with Microphone("headset") as microphone:
            await anext(microphone)
            server.kill()
            with pytest.raises(AudioDeviceError, match="'headset' has gone"):
                async for _ in microphone:
                    pass
        server.start()
        async with Microphone("headset") as microphone:
            assert (await anext(microphone)).index == 0

    asyncio.run(scenario())


def test_speaker_that_goes_away_is_told(server: SoundServer) -> None:
    async def scenario() -> None:
        playing = asyncio.create_task(Speaker("loudspeaker").play(chunked(tone(30.0)), RATE_HZ))
        await asyncio.sleep(0.5)
        server.kill()
        with pytest.raises(AudioDeviceError, match="'loudspeaker' has gone"):
            await asyncio.wait_for(playing, 10)

    asyncio.run(scenario())
    server.start()
