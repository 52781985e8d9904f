# SPDX-License-Identifier: Apache-2.0
"""Sentences spoken by the voice and heard by the recognizer: what is written in the end, and which words are confused.

The sound goes the way of a spoken turn (appliance/turn.py): the noise of a quiet room around it, voice activity, end of
the turn, Whisper with the names of the home, and what it rejects reaches nobody. Piper draws its intonation anew each
time, so recordings are kept: by text and voice; what was heard by all that has a part in hearing, its code included.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import soxr
from rapidfuzz.distance import Levenshtein

from appliance.audio import wav
from appliance.audio.format import FRAME_SAMPLES, RATE_HZ, Frame, Samples
from appliance.dialogue.agent import AgentTimes
from appliance.home.execute import CallContext
from appliance.settings import RecognizerSettings, SpeechSettings, VoiceSettings
from appliance.speech import endpoint, recognizer, vad
from appliance.speech.numbers import digits
from appliance.speech.recognizer import Hypothesis
from appliance.speech.voice import Voice
from appliance.speech.wording import spoken
from appliance.turn import Turns
from tools.home_model.sentences import Case

Progress = Callable[[str, int, int], None]
Confusion = tuple[str, str]
"""What was said, what was written instead; "" where a word was dropped or added."""

LEAD_S, TAIL_S = 0.3, 1.0
ROOM_DBFS = -65.0  # the room of tools/make_recordings
GAIN = 0.7
SENTENCES_A_HOME = 10

_WORD = re.compile(r"(?<![^\W_])-?\d+(?:\.\d+)?(?:(?:st|nd|rd|th)\b)?|[^\W_]+(?:'[^\W_]+)*")
_HALF_DAY = re.compile(r"\b([ap])\.\s?m\b\.?")


@dataclass(frozen=True)
class Heard:
    """What became of a sentence that was spoken."""

    said: str
    text: str
    """As the recognizer wrote it; "" where nothing reaches the agent."""
    turns: int
    """Turns that it was taken for: more than one where a pause seemed to be its end."""
    ignored: tuple[str, ...] = ()
    """Why a turn of it was not answered."""
    hypotheses: tuple[Hypothesis, ...] = ()
    """What else the recognizer offers, the text first; none of a sentence that was cut."""

    @property
    def word_for_word(self) -> bool:
        """Whether every word was heard, whatever the letter case, the punctuation and the form of numbers."""
        return words(self.said) == words(self.text)


class _Silent:
    """In the agent's place: answers nothing, and remembers what it was offered."""

    times = AgentTimes()
    secret = False

    def __init__(self) -> None:
        self.offered: dict[str, tuple[Hypothesis, ...]] = {}

    async def understood(self, offered: tuple[Hypothesis, ...]) -> str:
        self.offered[offered[0].text] = offered
        return offered[0].text

    async def turn(self, text: str, context: CallContext) -> AsyncIterator[Any]:
        events: tuple[Any, ...] = ()
        for event in events:
            yield event


class _Sound:
    """A recording as fast as it can be read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def __aiter__(self) -> AsyncIterator[Frame]:
        for number, samples in enumerate(wav.frames(self._path)):
            yield Frame(number * FRAME_SAMPLES, samples)

    def resume(self) -> None:
        pass


def settings(threads: int = 1) -> SpeechSettings:
    """The appliance's own, on so many threads."""
    return SpeechSettings(recognizer=RecognizerSettings(threads=threads))


def speak(texts: Iterable[str], cache: Path, how: SpeechSettings, progress: Progress | None = None) -> None:
    """Record what is not recorded yet. Raises VoiceError without a voice."""
    missing = [text for text in dict.fromkeys(texts) if not _recording(text, cache, how.voice).exists()]
    if missing:
        asyncio.run(_speak(missing, cache, how.voice, progress))


async def _speak(texts: Sequence[str], cache: Path, how: VoiceSettings, progress: Progress | None) -> None:
    voice = Voice(how)
    try:
        await voice.start()
        for number, text in enumerate(texts, 1):
            path = _recording(text, cache, how)
            path.parent.mkdir(parents=True, exist_ok=True)
            chunks = [chunk async for chunk in voice.synthesize(spoken(text))]
            sound = soxr.resample(np.concatenate([np.zeros(1, np.int16), *chunks]) / 32768, voice.rate_hz, RATE_HZ)
            part = path.with_suffix(".part")  # one that is interrupted is not taken for the whole
            wav.write(part, _in_a_room(sound, int(path.stem, 16)), RATE_HZ)
            part.replace(path)
            if progress:
                progress("spoken", number, len(texts))
    finally:
        await voice.close()


def _in_a_room(sound: np.ndarray, seed: int) -> Samples:
    whole = np.pad(sound * GAIN, (round(LEAD_S * RATE_HZ), round(TAIL_S * RATE_HZ)))
    whole += np.random.default_rng(seed).normal(0, 10 ** (ROOM_DBFS / 20), len(whole))
    return np.clip(np.rint(whole * 32768), -32768, 32767).astype(np.int16)


def hear(
    texts: Sequence[str], names: Sequence[str], cache: Path, how: SpeechSettings, progress: Progress | None = None
) -> list[Heard]:
    """What is heard of each text, which is spoken first where it is not recorded yet.

    Args:
        texts: as they would be typed.
        names: of the home's devices, which the recognizer is told as appliance/assemble.py tells them.
        cache: folder of recordings and of what was heard.
        how: voice, recognizer, end of turn.
        progress: told what is done, how many, of how many.
    """
    speak(texts, cache, how, progress)
    ears = _ears(names, how)
    files = {text: _recording(text, cache, how.voice).with_suffix(f".{ears}.json") for text in texts}
    missing = [text for text, file in files.items() if not file.exists()]
    if missing:
        asyncio.run(_hear({text: files[text] for text in missing}, names, cache, how, progress))
    kept = {text: json.loads(file.read_text(encoding="utf-8")) for text, file in files.items()}
    return [_restored(kept[text]) for text in texts]


def _restored(kept: Mapping[str, Any]) -> Heard:
    offered = tuple(Hypothesis(**each) for each in kept["hypotheses"])
    return Heard(kept["said"], kept["text"], kept["turns"], tuple(kept["ignored"]), offered)


async def _hear(
    files: Mapping[str, Path], names: Sequence[str], cache: Path, how: SpeechSettings, progress: Progress | None
) -> None:
    ears = recognizer.Recognizer(how.recognizer, names)
    silent = _Silent()
    turns = Turns(silent, None, recognizer=ears)  # type: ignore[arg-type]
    detector = endpoint.Endpoint(vad.SileroVad(), how)
    try:
        for number, (text, file) in enumerate(files.items(), 1):
            reports = [each async for each in turns.listen(_Sound(_recording(text, cache, how.voice)), detector)]
            # A sentence that was cut is two turns of one conversation; here its halves are put together again.
            written = " ".join(each.heard for each in reports if not each.ignored)
            ignored = tuple(each.ignored for each in reports if each.ignored)
            kept = asdict(Heard(text, written, len(reports), ignored, silent.offered.get(written, ())))
            part = file.with_suffix(".part")
            part.write_text(json.dumps(kept, ensure_ascii=False) + "\n", encoding="utf-8")
            part.replace(file)
            if progress:
                progress("heard", number, len(files))
    finally:
        turns.close()


def _recording(text: str, cache: Path, voice: VoiceSettings) -> Path:
    room = [LEAD_S, TAIL_S, ROOM_DBFS, GAIN]
    return cache / Path(voice.model).stem / f"{_hash([voice.model, voice.speed, spoken(text), room, text])}.wav"


def _ears(names: Sequence[str], how: SpeechSettings) -> str:
    code = [Path(str(module.__file__)).read_text(encoding="utf-8") for module in (recognizer, endpoint, vad)]
    settled = how.model_dump(mode="json", exclude={"voice": True, "recognizer": {"threads"}})
    return _hash([settled, list(names), code])


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def said_aloud(
    cases: Sequence[Case], hearing: Callable[[Sequence[str]], list[Heard]]
) -> tuple[list[Case], list[Heard]]:
    """The cases with what was heard in place of what was typed, and what was heard of each case's own sentence; who
    knows better than the recognizer what people say finds in a case what else it offers.

    Turns before are spoken too; one that was not heard at all is taken to have been said again until it was.
    """
    texts = [text for case in cases for text in (case.text, *(said.text for said in case.history))]
    heard = dict(zip(texts, hearing(texts), strict=True))
    made = [
        replace(
            case,
            text=heard[case.text].text,
            hypotheses=heard[case.text].hypotheses,
            history=tuple(replace(said, text=heard[said.text].text or said.text) for said in case.history),
        )
        for case in cases
    ]
    return made, [heard[case.text] for case in cases]


def words(text: str) -> list[str]:
    """The words as they are compared: numbers in digits, units in words, small letters, no punctuation."""
    plain = digits(text.replace("’", "'")).casefold().replace("&", " and ")
    return _WORD.findall(_HALF_DAY.sub(r"\1m", plain))


def differences(said: Sequence[str], heard: Sequence[str]) -> Iterator[Confusion]:
    """What was written for what was said: word for word where a stretch has as many words, else the whole stretch."""
    before: list[str] = []
    after: list[str] = []
    for part in [*Levenshtein.opcodes(said, heard), None]:
        if part is not None and part.tag != "equal":
            before += said[part.src_start : part.src_end]
            after += heard[part.dest_start : part.dest_end]
        elif before or after:
            alike = len(before) == len(after)
            yield from zip(before, after, strict=True) if alike else [(" ".join(before), " ".join(after))]
            before, after = [], []


@dataclass(frozen=True)
class Listening:
    """How well a number of sentences was heard."""

    heard: tuple[Heard, ...]

    @property
    def pairs(self) -> list[tuple[list[str], list[str]]]:
        """The words said and the words heard."""
        return [(words(each.said), words(each.text)) for each in self.heard]

    @property
    def word_error_rate(self) -> float:
        """Words replaced, dropped and added, a word said."""
        said = sum(len(said) for said, _ in self.pairs)
        return sum(Levenshtein.distance(*pair) for pair in self.pairs) / said if said else 0.0

    def confusions(self) -> Counter[Confusion]:
        """How often what was written for what."""
        return Counter(confusion for pair in self.pairs for confusion in differences(*pair))

    def as_json(self) -> dict[str, Any]:
        """The figures, and every confusion with its count and how often what was said there was said at all (for a
        word that was added: all words).
        """
        said = [f" {' '.join(said)} " for said, _ in self.pairs]
        confused = [
            {"said": one, "heard": other, "count": count, "of": sum(_times(one, text) for text in said)}
            for (one, other), count in self.confusions().most_common()
        ]
        return {
            "sentences": len(self.heard),
            "words": sum(len(said) for said, _ in self.pairs),
            "word_error_rate": self.word_error_rate,
            "word_for_word": sum(each.word_for_word for each in self.heard),
            "not_heard": sum(not each.text for each in self.heard),
            "cut": sum(each.turns > 1 for each in self.heard),
            "confusions": confused,
        }

    def lines(self, most: int = 20) -> list[str]:
        """The figures and the most frequent confusions, to print."""
        told = self.as_json()
        how_well = f"{told['word_for_word']} word for word, {told['not_heard']} not heard, {told['cut']} cut by a pause"
        rate = f"{told['word_error_rate']:.1%} of {told['words']} words"
        lines = [f"word errors {rate}; of {told['sentences']} sentences {how_well}"]
        if told["confusions"]:
            lines.append(f"{'said':<28}{'heard':<28}{'times':>6}{'of':>6}")
        for each in told["confusions"][:most]:
            lines.append(f"{each['said'] or '-':<28}{each['heard'] or '-':<28}{each['count']:>6}{each['of']:>6}")
        return lines


def _times(words_said: str, text: str) -> int:
    return text.count(f" {words_said} ") if words_said else len(text.split())


def training_sentences(count: int, seed: int = 1) -> list[tuple[tuple[str, ...], list[str]]]:
    """`count` sentences of the generator's training split, as they are said: a home's device names, its sentences."""
    from tools.home_model import noise, turns  # the generator is needed for these alone

    rng = random.Random(f"spoken {seed}")
    homes = []
    # The real recognizer errs here; errors that the generator makes up would only be read aloud.
    with mock.patch.object(noise, "written", lambda rng, text, *names, **kinds: text):
        for left in range(count, 0, -SENTENCES_A_HOME):
            home, made = turns.conversation(rng, "train", "train", min(left, SENTENCES_A_HOME))
            homes.append((tuple(device.name for device in home.devices), [turn.user for turn in made]))
    return homes


def generated(count: int, cache: Path, how: SpeechSettings, progress: Progress | None = None) -> Listening:
    """What is heard of `count` training sentences, each with the names of its own home."""
    homes = training_sentences(count)
    speak([text for _, texts in homes for text in texts], cache, how, progress)
    heard: list[Heard] = []
    for names, texts in homes:
        heard += hear(texts, names, cache, how)
        if progress:
            progress("heard", len(heard), count)
    return Listening(tuple(heard))
