# SPDX-License-Identifier: Apache-2.0
"""The real Whisper on real speech, on what is no speech, and with models that are broken."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from appliance.audio import wav
from appliance.audio.format import RATE_HZ, Samples
from appliance.settings import RecognizerSettings
from appliance.speech.recognizer import Recognizer, RecognizerError, resolve_model
from tests.audio_fixtures import PEOPLE, in_a_room, noise, say, tone

SETTINGS = RecognizerSettings(beam_size=5)
NAMES = ["Velux", "Sonos", "Larder", "Kitchen Light", "Bedroom Lamp"]


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(SETTINGS)


@pytest.fixture(scope="module")
def hinted() -> Recognizer:
    return Recognizer(SETTINGS, NAMES)


def said(text: str) -> Samples:
    return in_a_room(0.3, say(text), 0.3)


def words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9%']+", text.lower()))


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("Turn on the kitchen light", "turn on the kitchen light"),
        ("Set the bedroom lamp to forty percent", "set the bedroom lamp to 40%"),
        ("What is the temperature in the bedroom?", "what is the temperature in the bedroom"),
        ("Set a timer for ten minutes", "set a timer for 10 minutes"),
        ("Yes", "yes"),
        ("Never mind", "never mind"),
    ],
)
def test_command_is_understood_and_said_once(recognizer: Recognizer, spoken: str, written: str) -> None:
    heard = recognizer.recognize(said(spoken))
    assert words(heard.text) == written
    assert heard.rejected is None


@pytest.mark.skipif(not PEOPLE, reason="needs Debian's pocketsphinx-testdata")
def test_people_are_understood(recognizer: Recognizer) -> None:
    digits = {"10": "ten", "7": "seven"}
    for path, expected in PEOPLE.items():
        heard = words(recognizer.recognize(wav.read(path)).text)
        assert " ".join(digits.get(word, word) for word in heard.split()) == expected


@pytest.mark.parametrize("clauses", [4, 6, 8], ids=["8 s", "12 s", "16 s"])
def test_long_utterance_is_heard_to_its_end(recognizer: Recognizer, clauses: int) -> None:
    things = ["blinds", "windows", "curtains", "garage door", "oven", "gate", "fridge", "front door"]
    middle = [f"close the {things[i % 8]} in room number {i + 2}" for i in range(clauses - 2)]
    sound = np.concatenate([say(clause) for clause in ["Turn on the light", *middle, "and lock the front door"]])
    heard = recognizer.recognize(sound)
    assert words(heard.text).startswith("turn on the light")
    assert words(heard.text).endswith("lock the front door")
    assert heard.rejected is None


def test_utterance_longer_than_whispers_window_is_heard_as_far_as_it_goes(recognizer: Recognizer) -> None:
    sound = np.concatenate([said("Turn on the kitchen light"), in_a_room(31.0)])
    assert words(recognizer.recognize(sound).text) == "turn on the kitchen light"


@pytest.mark.parametrize("name", ["Velux", "Sonos", "Larder"])
def test_name_of_a_device_is_heard_better_when_it_is_expected(
    recognizer: Recognizer, hinted: Recognizer, name: str
) -> None:
    sound = said(f"Turn on the {name}")
    assert name.lower() not in words(recognizer.recognize(sound).text)
    assert name.lower() in words(hinted.recognize(sound).text)


def test_name_that_is_expected_is_not_heard_where_nobody_said_it(hinted: Recognizer) -> None:
    assert words(hinted.recognize(said("Play some jazz on the flux capacitor")).text).endswith("on the flux capacitor")


def test_more_names_than_whisper_takes_are_no_fault() -> None:
    recognizer = Recognizer(SETTINGS, [f"{name} {number}" for number in range(100) for name in NAMES])
    assert words(recognizer.recognize(said("Turn on the kitchen light")).text).endswith("kitchen light")


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(0, np.int16),
        np.zeros(500, np.int16),
        np.zeros(2 * RATE_HZ, np.int16),
        noise(2.0, -60),
        noise(2.0, -20),
        tone(2.0),
        tone(2.0, hz=1000, dbfs=-23),
        tone(2.0, hz=50, dbfs=-10),
        noise(15.0, -30),
    ],
    ids=["nothing", "31 ms", "silence", "quiet noise", "loud noise", "tone", "high tone", "mains hum", "long noise"],
)
def test_what_is_no_speech_is_rejected_and_the_next_command_is_heard(hinted: Recognizer, sound: Samples) -> None:
    assert hinted.recognize(sound).rejected
    assert hinted.recognize(said("Turn on the kitchen light")).rejected is None


def test_reasons_of_a_rejection_follow_the_settings() -> None:
    strict = Recognizer(SETTINGS.model_copy(update={"max_no_speech": 0.0}))
    assert "nobody" in (strict.recognize(said("Lock the front door")).rejected or "")
    strict = Recognizer(SETTINGS.model_copy(update={"max_compression": 0.1}))
    assert "repeated" in (strict.recognize(said("Lock the front door")).rejected or "")


def test_packaged_model_and_a_folder_are_found(tmp_path: Path) -> None:
    packaged = resolve_model("tiny.en")
    copied = shutil.copytree(packaged, tmp_path / "model")
    assert resolve_model(str(copied)) == copied


def test_model_that_is_none_is_told_with_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(RecognizerError, match=r"lacks model\.bin, tokenizer\.json.*\n.*Allowed: tiny\.en"):
        resolve_model(str(tmp_path))


def test_damaged_model_is_told(tmp_path: Path) -> None:
    folder = shutil.copytree(resolve_model("tiny.en"), tmp_path / "model")
    with (folder / "model.bin").open("r+b") as file:
        file.truncate(1_000_000)
    with pytest.raises(RecognizerError, match="cannot be loaded"):
        Recognizer(SETTINGS.model_copy(update={"model": str(folder)}))


def test_arithmetic_that_the_machine_lacks_is_told_with_what_it_has() -> None:
    with pytest.raises(RecognizerError, match=r"as float16(.|\n)*computes in: .*int8"):
        Recognizer(SETTINGS.model_copy(update={"compute_type": "float16"}))


def test_language_that_the_model_lacks_is_told() -> None:
    with pytest.raises(RecognizerError, match=r"found de, but the model tiny\.en understands only English"):
        Recognizer(SETTINGS.model_copy(update={"language": "de"}))


def test_network_is_never_touched() -> None:
    program = """
import sys

def forbid(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print(event, arguments)
        sys.exit(1)

sys.addaudithook(forbid)
from appliance.settings import RecognizerSettings
from appliance.speech.recognizer import Recognizer
Recognizer(RecognizerSettings())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_names_that_are_expected_do_not_make_a_siren_sound_like_speech(
    recognizer: Recognizer, hinted: Recognizer
) -> None:
    pitch_hz = 900 + 300 * np.sin(2 * np.pi * np.arange(2 * RATE_HZ) / RATE_HZ)
    siren = (8000 * np.sin(2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ)).astype(np.int16)
    alone = recognizer.recognize(siren).no_speech
    assert hinted.recognize(siren).no_speech == pytest.approx(alone, abs=0.02)


def test_every_wording_is_offered_once_and_the_likeliest_first(recognizer: Recognizer) -> None:
    for text in ("Set the bedroom lamp to forty percent", "Telly off, hall light off, night night"):
        heard = recognizer.recognize(said(text))
        offered = heard.hypotheses
        assert offered[0].text == heard.text and 1 <= len(offered) <= SETTINGS.beam_size
        wordings = [
            words(each.text.replace("forty", "40").replace("percent", "%").replace(" %", "%")) for each in offered
        ]
        assert len(set(wordings)) == len(wordings)
        assert all(each.log_probability < 0 for each in offered)


@pytest.mark.parametrize("beam", [1, 3])
def test_no_more_is_offered_than_was_looked_for(beam: int) -> None:
    heard = Recognizer(RecognizerSettings(beam_size=beam)).recognize(said("Whack it on the shopping list"))
    assert 1 <= len(heard.hypotheses) <= beam and heard.hypotheses[0].text == heard.text
