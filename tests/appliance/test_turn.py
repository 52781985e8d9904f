# SPDX-License-Identifier: Apache-2.0
"""Spoken turns through the whole pipeline, on the models that ship: what is heard, done and answered; and bad input."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from appliance.assemble import Appliance, assemble
from appliance.audio import wav
from appliance.audio.format import RATE_HZ, Samples
from appliance.audio.recording import Recording
from appliance.audio.wav import AudioFileError
from appliance.cli import RECORDINGS
from appliance.home.registry import Device
from appliance.settings import Settings
from appliance.speech.recognizer import Hypothesis
from appliance.speech.voice import MAX_TEXT
from appliance.speech.wording import spoken
from appliance.turn import TurnReport
from tests.audio_fixtures import in_a_room, noise, say

Hear = Callable[[Path], list[TurnReport]]


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


@pytest.fixture(scope="module")
def appliance(loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    made = loop.run_until_complete(assemble(Settings(), hears=True, answers=tmp_path_factory.mktemp("answers")))
    yield made
    loop.run_until_complete(made.close())


@pytest.fixture
def hear(loop: asyncio.AbstractEventLoop, appliance: Appliance) -> Hear:
    async def listen(path: Path) -> list[TurnReport]:
        return [r async for r in appliance.turns.listen(Recording(path), appliance.endpoint(), path.stem)]

    return lambda path: loop.run_until_complete(listen(path))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Samples], Path]:
    def recorded(samples: Samples) -> Path:
        path = tmp_path / "recording.wav"
        wav.write(path, samples, RATE_HZ)
        return path

    return recorded


def devices(appliance: Appliance) -> tuple[Device, ...]:
    return tuple(appliance.home.registry.devices)


def test_a_spoken_command_is_heard_done_and_answered(hear: Hear, appliance: Appliance) -> None:
    (report,) = hear(next(RECORDINGS.glob("01-*.wav")))
    assert report.heard.lower().strip(".!") == "turn on the kitchen light"
    assert [called.call.name for called in report.called] == ["HassTurnOn"]
    assert [change.entity_id for change in report.changed] == ["light.kitchen"]
    assert appliance.home.registry.get("light.kitchen").state == "on"
    assert "kitchen light is on" in report.answer.lower()
    assert report.answer_wav is not None
    assert len(wav.read(report.answer_wav)) > RATE_HZ // 2
    assert report.ms["voice_to_voice"] >= report.ms["silence"] > 400


def next_turn_works(hear: Hear) -> None:
    (report,) = hear(next(RECORDINGS.glob("01-*.wav")))
    assert report.called[0].result.success and "kitchen light is on" in report.answer.lower()


def test_two_turns_in_one_recording_are_two_turns(hear: Hear, write: Callable[[Samples], Path]) -> None:
    spoken = in_a_room(0.4, say("Turn on the kitchen light."), 1.2, say("Turn off the kitchen light."), 1.0)
    first, second = hear(write(spoken))
    assert [c.call.name for r in (first, second) for c in r.called] == ["HassTurnOn", "HassTurnOff"]
    assert first.answer_wav != second.answer_wav


def test_speech_that_ends_with_the_recording_is_answered(hear: Hear, write: Callable[[Samples], Path]) -> None:
    (report,) = hear(write(in_a_room(0.3, say("Turn off the kitchen light."), 0.1)))
    assert report.called and report.answer


@pytest.mark.parametrize(
    ("sentence", "refusal"),
    [
        ("Turn on the flux capacitor.", "do not know"),
        ("Set the thermostat to five hundred degrees.", ""),
        ("Order me a pizza.", ""),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(
    sentence: str, refusal: str, hear: Hear, write: Callable[[Samples], Path], appliance: Appliance
) -> None:
    before = devices(appliance)
    (report,) = hear(write(in_a_room(0.3, say(sentence), 0.8)))
    assert report.answer and refusal in report.answer
    assert not report.changed and devices(appliance) == before
    next_turn_works(hear)


@pytest.mark.parametrize(
    "quiet",
    [
        pytest.param(lambda: noise(3.0, dbfs=-20), id="white noise"),
        pytest.param(lambda: say("Oh.")[: RATE_HZ // 10], id="a click of speech"),
    ],
)
def test_what_is_no_speech_is_ignored_without_an_answer(
    quiet: Callable[[], Samples], hear: Hear, write: Callable[[Samples], Path], appliance: Appliance
) -> None:
    before = devices(appliance)
    for report in hear(write(quiet())):
        assert report.ignored and not report.answer and not report.called
    assert devices(appliance) == before
    next_turn_works(hear)


def test_what_was_said_is_decided_by_recognizer_and_agent(
    hear: Hear, write: Callable[[Samples], Path], appliance: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    async def understood(offered: Sequence[Hypothesis]) -> str:
        asked.append([each.text for each in offered])
        return "turn on the bedroom lamp"

    agent = appliance.turns._agent
    monkeypatch.setattr(agent, "understood", understood)
    assert all(report.ignored for report in hear(write(noise(3.0, dbfs=-20)))) and not asked
    (report,) = hear(next(RECORDINGS.glob("01-*.wav")))
    assert asked and asked[-1][0].lower().strip(".!") == "turn on the kitchen light"
    assert report.heard == "turn on the bedroom lamp"
    assert [change.entity_id for change in report.changed] == ["light.bedroom_lamp"]
    monkeypatch.undo()
    next_turn_works(hear)


def test_an_hour_of_silence_takes_no_hour(hear: Hear, tmp_path: Path, appliance: Appliance) -> None:
    path = tmp_path / "hour.wav"
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_16") as file:
        for _ in range(60):
            file.write(np.zeros(60 * RATE_HZ, np.int16))
        file.write(wav.read(next(RECORDINGS.glob("01-*.wav"))))
    (report,) = hear(path)
    assert report.answer


@pytest.mark.parametrize(
    ("rate_hz", "channels", "subtype"),
    [(8000, 1, "PCM_16"), (44100, 2, "PCM_24"), (48000, 1, "FLOAT"), (22050, 2, "PCM_U8")],
)
def test_recordings_of_other_formats_are_heard(
    rate_hz: int, channels: int, subtype: str, hear: Hear, tmp_path: Path
) -> None:
    import soxr

    samples = wav.read(next(RECORDINGS.glob("01-*.wav"))).astype(np.float32) / 32768
    resampled = soxr.resample(samples, RATE_HZ, rate_hz)
    path = tmp_path / "other.wav"
    soundfile.write(path, np.column_stack([resampled] * channels), rate_hz, subtype)
    (report,) = hear(path)
    assert "kitchen light" in report.heard.lower()


def test_a_file_that_is_no_audio_is_refused_by_name(hear: Hear, tmp_path: Path) -> None:
    path = tmp_path / "letter.wav"
    path.write_text("Dear appliance, please turn on the light.")
    with pytest.raises(AudioFileError, match=r"letter\.wav"):
        hear(path)


def test_a_file_without_a_sample_is_refused_by_name(hear: Hear, write: Callable[[Samples], Path]) -> None:
    with pytest.raises(AudioFileError, match=r"recording\.wav holds no audio"):
        hear(write(np.zeros(0, np.int16)))


def test_samples_that_are_no_numbers_are_refused(hear: Hear, tmp_path: Path) -> None:
    path = tmp_path / "nan.wav"
    soundfile.write(path, np.full(RATE_HZ, np.nan, np.float32), RATE_HZ, "FLOAT")
    with pytest.raises(AudioFileError, match=r"nan\.wav"):
        hear(path)


def test_a_voice_that_dies_leaves_the_call_done_and_the_next_turn_works(
    loop: asyncio.AbstractEventLoop, appliance: Appliance
) -> None:
    import os
    import signal

    assert appliance.voice is not None and appliance.voice.pid is not None
    os.kill(appliance.voice.pid, signal.SIGKILL)
    report = loop.run_until_complete(appliance.turns.say("turn off the kitchen light"))
    assert report.changed or report.called[0].result.success
    report = loop.run_until_complete(appliance.turns.say("turn on the kitchen light"))
    assert report.answer_wav is not None


def test_an_answer_longer_than_the_voice_takes_at_once_is_spoken_whole(
    loop: asyncio.AbstractEventLoop, appliance: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = appliance.voice
    assert voice is not None
    synthesize, made = voice.synthesize, list[tuple[str, int]]()

    async def watched(text: str) -> AsyncIterator[Samples]:
        chunks = [chunk async for chunk in synthesize(text)]
        made.append((text, sum(map(len, chunks))))
        for chunk in chunks:
            yield chunk

    monkeypatch.setattr(voice, "synthesize", watched)
    text = "On 21 and 22 May 1999 the dentist saw 36 people, " + "then there was lunch, " * 21 + "and that is all."
    assert len(text) > MAX_TEXT
    loop.run_until_complete(appliance.turns.announce(text))
    assert " ".join(piece for piece, _ in made) == spoken(text)
    assert max(len(piece) for piece, _ in made) <= MAX_TEXT and all(samples for _, samples in made)


def test_an_answer_that_cannot_be_kept_is_spoken_all_the_same(
    loop: asyncio.AbstractEventLoop, appliance: Appliance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(appliance.turns, "_answers", tmp_path / "file" / "answers")
    report = loop.run_until_complete(appliance.turns.say("turn on the kitchen light"))
    assert report.answer and report.called[0].result.success
    assert report.answer_wav is None and report.fault and "cannot be written" in report.fault


def test_what_the_appliance_announces_is_not_heard_as_a_command(
    loop: asyncio.AbstractEventLoop, appliance: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sorted(RECORDINGS.glob("*.wav"))[0]

    async def scenario() -> tuple[list[TurnReport], list[TurnReport]]:
        said = asyncio.Event()

        async def speak(*_: object) -> None:
            await said.wait()

        async def listen() -> list[TurnReport]:
            return [report async for report in appliance.turns.listen(Recording(path), appliance.endpoint(), "own")]

        monkeypatch.setattr(appliance.turns, "_speak", speak)
        announcing = asyncio.create_task(appliance.turns.announce("Turn on the kitchen light."))
        await asyncio.sleep(0)
        during = await listen()
        said.set()
        await announcing
        monkeypatch.undo()
        return during, await listen()

    during, after = loop.run_until_complete(scenario())
    assert [report for report in during if not report.ignored] == []
    assert [report for report in after if report.heard]
