# SPDX-License-Identifier: Apache-2.0
"""How sentences are spoken and heard for the evaluation: word errors, confusions, and what is kept."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.speech import recognizer
from appliance.speech.recognizer import Hypothesis
from tools.home_model import noise, report, spoken
from tools.home_model.scoring import Outcome
from tools.home_model.sentences import Case, Fixture, case_of, read_home
from tools.home_model.spoken import Heard, Listening, differences, words

ROOT = Path(__file__).parents[2]
KITCHEN = "turn on the kitchen light"
NAMES = ["kitchen light", "sofa lamp"]


def heard(said: str, text: str) -> Heard:
    return Heard(said, text, turns=1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("set it to twenty-one degrees", "Set it to 21°."),
        ("dim the lamp to fifty percent", "Dim the lamp to 50%!"),
        ("wake me at seven thirty a.m.", "Wake me at 7:30 AM"),
        ("living-room lights, please", "living room lights please"),
        ("don't lock Ada’s door", "Don’t lock Ada's door?"),
        ("minus five", "-5"),
        ("salt & pepper", "salt and pepper"),
    ],
)
def test_spellings_that_the_model_reads_alike_are_no_word_error(one: str, other: str) -> None:
    assert words(one) == words(other)


@pytest.mark.parametrize(("one", "other"), [("lights", "light's"), ("to", "two"), ("20.5", "25"), ("5", "-5")])
def test_other_words_are(one: str, other: str) -> None:
    assert words(one) != words(other)


@pytest.mark.parametrize(
    ("said", "text", "found"),
    [
        ("turn off the lamp", "Turn of the lamp.", [("off", "of")]),
        ("set a timer", "Set a time her.", [("timer", "time her")]),
        ("turn on the any things", "turn on the anything", [("any things", "anything")]),
        ("turn on the lamp", "turn on lamp", [("the", "")]),
        ("turn on lamp", "turn on the lamp", [("", "the")]),
        ("lock doors now", "luck doors know", [("lock", "luck"), ("now", "know")]),
        ("lock doors", "luck dorsal", [("lock", "luck"), ("doors", "dorsal")]),
        ("lock the door", "", [("lock the door", "")]),
        ("lock the door", "Lock the door!", []),
    ],
)
def test_what_was_written_for_what(said: str, text: str, found: list[tuple[str, str]]) -> None:
    assert list(differences(words(said), words(text))) == found


def test_word_errors_are_counted_over_all_words() -> None:
    listening = Listening(
        (heard("turn off the lamp", "turn of lamp"), heard("is it on", "Is it on?"), heard("yes", ""))
    )
    assert listening.word_error_rate == pytest.approx(3 / 8)
    told = listening.as_json()
    assert (told["sentences"], told["word_for_word"], told["not_heard"]) == (3, 1, 1)


def test_a_confusion_is_counted_beside_how_often_its_words_were_said() -> None:
    off = heard("turn off the lamp", "turn of the lamp")
    right = heard("all off", "all off")
    added = heard("stop", "oh stop")
    confusions = Listening((off, off, right, added)).as_json()["confusions"]
    assert confusions == [
        {"said": "off", "heard": "of", "count": 2, "of": 3},
        {"said": "", "heard": "oh", "count": 1, "of": 11},
    ]
    assert any("off" in line and "of" in line for line in Listening((off,)).lines())


def test_nothing_heard_and_nothing_said_is_no_error() -> None:
    assert Listening(()).word_error_rate == 0 and "0 sentences" in Listening(()).lines()[0]


def test_a_sentence_is_spoken_and_heard_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    how = spoken.settings()
    for take in range(4):  # the voice draws its intonation anew each time, and not every one is heard word for word
        tmp_path = tmp_path / str(take)
        (first,) = spoken.hear([KITCHEN], NAMES, tmp_path, how)
        if first.word_for_word:
            break
    assert first.word_for_word and first.turns == 1 and not first.ignored and first.text != KITCHEN
    assert first.hypotheses[0].text == first.text and all(each.log_probability < 0 for each in first.hypotheses)
    (recording,) = tmp_path.rglob("*.wav")
    sound = recording.read_bytes()

    def broken(*_: Any) -> None:
        raise AssertionError("this is known already")

    with monkeypatch.context() as patch:
        patch.setattr(spoken, "Voice", broken)
        patch.setattr(recognizer, "Recognizer", broken)
        assert spoken.hear([KITCHEN, KITCHEN], NAMES, tmp_path, how) == [first, first]
        with pytest.raises(AssertionError, match="known already"):  # with other names other words are likely
            spoken.hear([KITCHEN], ["chicken light"], tmp_path, how)
        faster = how.model_copy(update={"voice": how.voice.model_copy(update={"speed": 1.1})})
        with pytest.raises(AssertionError, match="known already"):
            spoken.speak([KITCHEN], tmp_path, faster)
    assert [path.read_bytes() for path in tmp_path.rglob("*.wav")] == [sound]


def test_a_text_without_words_reaches_nobody(tmp_path: Path) -> None:
    (nothing,) = spoken.hear(["…"], NAMES, tmp_path, spoken.settings())
    assert nothing.text == "" and nothing.turns <= 1


def test_turns_before_are_heard_too_and_said_again_where_they_were_not() -> None:
    case = case_of({"text": "and off", "expect": "none", "history": ["turn on the lamp", "hm"]})
    ears = {"and off": "an off", "turn on the lamp": "Turn on the lamb.", "hm": ""}

    def hearing(texts: Sequence[str]) -> list[Heard]:
        return [replace(heard(text, ears[text]), hypotheses=offered(ears[text])) for text in texts]

    def offered(text: str) -> tuple[Hypothesis, ...]:
        return (Hypothesis(text, -1.0), Hypothesis("and of", -2.0))

    (made,), (own,) = spoken.said_aloud([case], hearing)
    assert made.hypotheses == own.hypotheses == offered("an off")
    assert made.text == "an off" and [said.text for said in made.history] == ["Turn on the lamb.", "hm"]
    assert replace(own, hypotheses=()) == heard("and off", "an off")


class Obedient:
    """Turns on whatever lamp it reads of."""

    name = "obedient"

    def hear(self, case: Case) -> Outcome:
        assert case.text, "nobody hears nothing"
        lamps = [word for word in words(case.text) if word in ("lamp", "light")]
        return Outcome(tuple(("HassTurnOn", {"name": lamp}) for lamp in lamps))


@pytest.fixture
def home(tmp_path: Path) -> Fixture:
    entities = [{"id": f"light.{name}", "name": name, "state": "off"} for name in ("Lamp", "Light")]
    path = tmp_path / "home.json"
    path.write_text(json.dumps({"entities": entities}))
    return read_home(path)


def test_typed_and_spoken_stand_side_by_side(home: Fixture) -> None:
    ears = {"the lamp please": "the lamb please", "the light": "the lamp", "lamp": "", "light now": "Light now."}
    cases = [
        case_of({"text": text, "intent": "HassTurnOn", "slots": {"name": "Lamp" if "lamp" in text else "Light"}})
        for text in ears
    ]
    made, listened = spoken.said_aloud(cases, lambda texts: [heard(text, ears[text]) for text in texts])
    typed, aloud = (report.measure(Obedient(), each, home) for each in (cases, made))
    found = report.contrast(typed, aloud, listened)
    assert found["right"] == {"typed": 1, "spoken": 0.25, "points": -75}
    assert found["exact"] == found["right"] and found["wrong_actions"]["points"] == 25
    assert [(case["said"], case["text"], case["word_for_word"]) for case in found["lost"]] == [
        ("the lamp please", "the lamb please", False),
        ("the light", "the lamp", False),
        ("lamp", "", False),
    ]
    lines = report.side_by_side([found])
    assert "-75.0" in lines[1] and "right only when typed 3" in lines[2] and "1 not heard" in lines[2]


def test_training_sentences_are_said_as_the_generator_means_them() -> None:
    homes = spoken.training_sentences(12)
    assert homes == spoken.training_sentences(12)
    assert [len(texts) for _, texts in homes] == [10, 2] and all(names for names, _ in homes)
    assert noise.written.__module__ == noise.__name__  # its noise is there again


def test_the_tool_learns_confusions_from_training_sentences(tmp_path: Path) -> None:
    confusions = tmp_path / "new" / "confusions.json"
    command = [sys.executable, "tools/eval_home_model", "--from-generator", "1", "--confusions", str(confusions)]
    done = subprocess.run([*command, "--audio-cache", str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(confusions.read_text())
    assert told["source"] == "training sentences" and told["sentences"] == 1 and "word errors" in done.stdout
