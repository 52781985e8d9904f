# SPDX-License-Identifier: Apache-2.0
"""The real Piper in its real process, hurt by real signals."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.settings import VoiceSettings
from appliance.speech.voice import MAX_TEXT, Voice, VoiceError, resolve_voice

THREE_SENTENCES = "The kitchen light is on. The bedroom is dark. The front door is locked."
Run = Callable[[Coroutine[Any, Any, Any]], Any]


def workers(parent: int) -> list[int]:
    """Process ids of the voice processes whose parent this is."""
    return [child.pid for child in psutil.Process(parent).children() if "piper_worker" in " ".join(child.cmdline())]


async def heard(voice: Voice, text: str) -> list[int]:
    """Lengths of the chunks of an utterance."""
    return [len(chunk) async for chunk in voice.synthesize(text)]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """One event loop for the module, because a voice takes seconds to load and belongs to its loop."""
    loop = asyncio.new_event_loop()
    yield loop.run_until_complete
    loop.close()


@pytest.fixture(scope="module")
def voice(run: Run) -> Iterator[Voice]:
    async def started() -> Voice:
        voice = Voice(VoiceSettings(), timeout_s=5.0)
        await voice.start()
        return voice

    voice = run(started())
    yield voice
    run(voice.close())
    assert workers(os.getpid()) == []


def test_a_text_becomes_sound_at_the_rate_of_the_voice(run: Run, voice: Voice) -> None:
    async def spoken() -> np.ndarray[Any, np.dtype[np.int16]]:
        return np.concatenate([chunk async for chunk in voice.synthesize("The kitchen ceiling light is on.")])

    samples = run(spoken())
    assert voice.rate_hz == 22050
    assert samples.dtype == np.int16
    assert 1.0 < len(samples) / voice.rate_hz < 4.0
    assert np.abs(samples).max() > 8000


def test_each_sentence_is_a_chunk(run: Run, voice: Voice) -> None:
    assert len(run(heard(voice, THREE_SENTENCES))) == 3


def test_utterances_asked_for_together_are_made_in_order(run: Run, voice: Voice) -> None:
    ended: list[str] = []

    async def speak(text: str) -> None:
        assert await heard(voice, text)
        ended.append(text)

    async def together() -> None:
        await asyncio.gather(*(speak(text) for text in (THREE_SENTENCES, "Okay.", "Good night.")))

    run(together())
    assert ended == [THREE_SENTENCES, "Okay.", "Good night."]


@pytest.mark.parametrize("text", ["", "  \n", "..."])
def test_nothing_to_say_is_silence(run: Run, voice: Voice, text: str) -> None:
    assert run(heard(voice, text)) == []


def test_too_long_a_text_is_refused(run: Run, voice: Voice) -> None:
    with pytest.raises(VoiceError, match=f"{MAX_TEXT + 1} characters is too long.*{MAX_TEXT}"):
        run(heard(voice, "a" * (MAX_TEXT + 1)))


def test_what_piper_takes_for_phonemes_is_spoken_as_text(run: Run, voice: Voice) -> None:
    plain, bracketed = run(heard(voice, "kitchen kitchen")), run(heard(voice, "[[kitchen kitchen]]"))
    assert bracketed[0] == pytest.approx(plain[0], rel=0.35)


@settings(max_examples=15, deadline=None)
@given(text=st.text(st.characters(categories=["L", "N", "P", "S", "Z", "Cc", "Cs"]), max_size=12))
def test_no_text_ends_the_process(run: Run, voice: Voice, text: str) -> None:
    before = workers(os.getpid())
    with contextlib.suppress(VoiceError):
        run(heard(voice, text))
    assert run(heard(voice, "Okay."))
    assert workers(os.getpid()) == before


def test_stop_ends_what_was_asked_for_and_nothing_after_it(run: Run, voice: Voice) -> None:
    async def stopped() -> tuple[list[int], list[int], list[int]]:
        chunks, waiting = [], asyncio.create_task(heard(voice, "This one waits."))
        async for chunk in voice.synthesize(THREE_SENTENCES):
            chunks.append(len(chunk))
            voice.stop()
        return chunks, await waiting, await heard(voice, "Okay.")

    before_stop, waiting, after_stop = run(stopped())
    assert len(before_stop) == 1
    assert len(waiting) <= 1  # it was asked for first, and may have been made by then
    assert len(after_stop) == 1


def test_stop_frees_a_process_that_is_deep_in_a_sentence(run: Run, voice: Voice) -> None:
    sentence = "the lights in the kitchen are on and " * 13

    async def seconds(text: str) -> float:
        began = time.monotonic()
        await heard(voice, text)
        return time.monotonic() - began

    async def stopped() -> float:
        speaking = asyncio.create_task(heard(voice, sentence))
        await asyncio.sleep(0.1)
        voice.stop()
        assert await speaking == []
        return await seconds("Okay.")

    assert run(stopped()) < run(seconds(sentence)) / 2


def test_a_killed_process_is_started_again_and_goes_on_at_the_next_sentence(
    run: Run, voice: Voice, caplog: pytest.LogCaptureFixture
) -> None:
    async def killed() -> int:
        chunks = 0
        async for _ in voice.synthesize(THREE_SENTENCES):
            chunks += 1
            if chunks == 1:
                os.kill(workers(os.getpid())[0], signal.SIGKILL)
        return chunks

    with caplog.at_level(logging.WARNING):
        assert run(killed()) == 3
    assert "was killed by SIGKILL while it spoke. It is started again." in caplog.text


def test_a_process_that_dies_twice_fails_the_utterance_and_not_the_next(run: Run, voice: Voice) -> None:
    async def kill_whatever_runs() -> None:
        while True:
            for pid in workers(os.getpid()):
                os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.05)

    async def killed() -> None:
        killer = asyncio.create_task(kill_whatever_runs())
        try:
            await heard(voice, THREE_SENTENCES)
        finally:
            killer.cancel()

    with pytest.raises(VoiceError, match="was killed by SIGKILL"):
        run(killed())
    assert run(heard(voice, "Okay."))


def test_a_hung_process_is_killed_and_the_next_utterance_starts_another(run: Run) -> None:
    async def hung() -> None:
        others = set(workers(os.getpid()))
        voice = Voice(VoiceSettings(), timeout_s=0.3)
        await voice.start()
        (pid,) = set(workers(os.getpid())) - others
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(VoiceError, match=r"said nothing for 0\.3 s and was killed"):
            await heard(voice, "Okay.")
        assert await heard(voice, "Okay.")
        assert pid not in workers(os.getpid())
        await voice.close()

    run(hung())


def test_closing_ends_utterances_and_refuses_new_ones(run: Run) -> None:
    async def closed() -> None:
        voice = Voice(VoiceSettings(), timeout_s=30)
        await voice.start()
        speaking = asyncio.create_task(heard(voice, THREE_SENTENCES))
        await asyncio.sleep(0)
        await voice.close()
        assert len(await speaking) < 3
        with pytest.raises(VoiceError, match="closed"):
            await heard(voice, "Okay.")

    run(closed())


_PARENT = """
import asyncio, os, sys
from appliance.settings import VoiceSettings
from appliance.speech.voice import Voice

async def main():
    await Voice(VoiceSettings(), timeout_s=30).start()
    print("piper" in sys.modules, "onnxruntime" in sys.modules, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_the_process_dies_with_its_parent_and_shares_neither_piper_nor_secrets_with_it() -> None:
    environment = os.environ | {"BROKER_PASSWORD": "hunter2"}
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "False False\n"
    (worker,) = workers(parent.pid)
    assert "hunter2" not in Path(f"/proc/{worker}/environ").read_text()

    os.kill(worker, signal.SIGSTOP)  # so that the end of stdin alone cannot be what ends it
    parent.kill()
    parent.communicate()
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(worker)
        deadline = time.monotonic() + 10
        while process.status() != psutil.STATUS_ZOMBIE:  # dead, but not yet collected by whoever inherited it
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_the_speed_is_that_of_the_settings(run: Run, voice: Voice) -> None:
    async def twice_as_fast() -> int:
        fast = Voice(VoiceSettings(speed=2.0))
        try:
            return sum(await heard(fast, THREE_SENTENCES))
        finally:
            await fast.close()

    assert run(twice_as_fast()) < 0.7 * sum(run(heard(voice, THREE_SENTENCES)))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A voice of the user's own."""
    packaged = resolve_voice("en_US-joe-medium")
    for file in (packaged, Path(f"{packaged}.json")):
        shutil.copy(file, tmp_path)
    return tmp_path / packaged.name


def refusal(run: Run, model: str) -> str:
    with pytest.raises(VoiceError) as caught:
        run(Voice(VoiceSettings(model=model)).start())
    return str(caught.value)


def test_a_voice_of_ones_own_is_given_by_its_path(copied: Path) -> None:
    assert resolve_voice(str(copied)) == copied


def test_an_unknown_name_is_answered_with_what_is_allowed(run: Run) -> None:
    message = refusal(run, "en_US-nobody-high")
    assert "'en_US-nobody-high'" in message
    assert "Allowed: en_US-joe-medium, or the path of" in message
    assert "piper.download_voices" in message


@pytest.mark.parametrize("suffix", ["", ".json"])
def test_a_missing_file_is_named(run: Run, copied: Path, suffix: str) -> None:
    Path(f"{copied}{suffix}").unlink()
    assert f"lacks the file {copied}{suffix}. " in refusal(run, str(copied))


def test_a_model_that_was_cut_off_is_told(run: Run, copied: Path) -> None:
    os.truncate(copied, 1_000_000)
    message = refusal(run, str(copied))
    assert f"{copied} and {copied.name}.json are not a whole Piper voice" in message
    assert "Next: copy both files anew" in message


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is not JSON"),
        ("{}", "KeyError: 'num_symbols'"),
        ("[]", "not a whole Piper voice"),
    ],
)
def test_a_wrong_configuration_is_told(run: Run, copied: Path, content: str, told: str) -> None:
    Path(f"{copied}.json").write_text(content)
    assert told in refusal(run, str(copied))


def test_a_voice_that_would_need_the_network_is_refused(run: Run, copied: Path) -> None:
    config = Path(f"{copied}.json")
    config.write_text(json.dumps(json.loads(config.read_text()) | {"phoneme_type": "pinyin"}))
    assert "phoneme_type is 'pinyin'; allowed: 'espeak', 'text'" in refusal(run, str(copied))
