# SPDX-License-Identifier: Apache-2.0
"""Where a spoken turn begins, pauses and ends.

Silero VAD says in which frames somebody speaks; it goes on for about 90 ms after the last sound. So silence is counted
from the last audible sample, which is looked for in 10 ms windows: a person waits for the answer from there on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from appliance.audio.format import FRAME_SAMPLES, RATE_HZ, Frame, Samples
from appliance.settings import SpeechSettings
from appliance.speech.vad import SileroVad

PRE_ROLL_FRAMES = 10
"""Frames kept from before the onset, 320 ms: Silero is about 40 ms late, and Whisper hears a first word better that
does not begin at once.
"""

_WINDOW = RATE_HZ // 100  # 10 ms
_LATE_WINDOWS = 5  # Silero may find the onset so late: no measure of the noise before it
_TAIL_WINDOWS = 32  # how far back from the end of the VAD's segment the last sound is looked for, 320 ms
_HYSTERESIS = 0.15  # once somebody speaks, this much less probability still counts as speech (Silero's own value)
_BELOW_PEAK = 10 ** (-40 / 20)  # 40 dB below the loudest window is silence: the "s" of "lights" is 30 dB below
_ABOVE_FLOOR = 10 ** (6 / 20)  # and so is what is not 6 dB above the noise from before the onset


@dataclass(frozen=True)
class Utterance:
    """What was said in a turn, with a little silence before and behind."""

    samples: Samples
    """int16 [samples]"""

    start: int
    """Index of the first of the samples on the source's clock."""

    last_speech: int
    """Index just past the last audible sample of speech."""


@dataclass(frozen=True)
class SpeechStarted:
    """Somebody began to speak."""

    index: int
    """Index of the first sample of the frame in which speech was found."""


@dataclass(frozen=True)
class Pause:
    """A short silence: perhaps the end of the turn, so recognition may start ahead."""

    utterance: Utterance


@dataclass(frozen=True)
class Resumed:
    """The turn goes on after a Pause."""

    index: int


@dataclass(frozen=True)
class TurnEnded:
    """The turn is over."""

    utterance: Utterance


@dataclass(frozen=True)
class Ignored:
    """What had started is no turn."""

    reason: str
    index: int


Event: TypeAlias = SpeechStarted | Pause | Resumed | TurnEnded | Ignored


class Endpoint:
    """Follows one source frame by frame. Holds the turn of the moment and PRE_ROLL_FRAMES, never more."""

    def __init__(self, vad: SileroVad, settings: SpeechSettings) -> None:
        self._vad = vad
        self._settings = settings
        self._early = settings.early_silence_ms * RATE_HZ // 1000
        self._end = settings.end_silence_ms * RATE_HZ // 1000
        self._shortest = settings.min_speech_ms * RATE_HZ // 1000
        self._longest = int(settings.max_turn_s * RATE_HZ)
        self._next = 0  # index that the next frame has when none is lost
        self._before: deque[Frame] = deque(maxlen=PRE_ROLL_FRAMES)
        self._turn: _Turn | None = None
        self._quiet: int | None = None  # samples of silence since a turn that was too long, whose end is waited for

    def feed(self, frame: Frame) -> list[Event]:
        """Hear the next frame. A gap in the indices drops an open turn, and speech without a pause for longer than one
        may last is none, to its end: half a command is a different command.
        """
        events: list[Event] = []
        if frame.index != self._next:
            if self._turn is not None:
                events.append(Ignored("a part of the sound was lost", self._turn.onset))
            self._reset()
        self._next = frame.index + FRAME_SAMPLES
        probability = self._vad.probability(frame.samples)
        speech = probability >= self._settings.vad_threshold - _HYSTERESIS
        if self._quiet is not None:
            self._quiet = 0 if speech else self._quiet + FRAME_SAMPLES
            if self._quiet >= self._end:
                self._quiet = None
            return events
        if self._turn is not None:
            return events + self._continue(self._turn, frame, speech)
        if probability >= self._settings.vad_threshold:
            self._turn = _Turn([*self._before], frame)
            self._before.clear()
            return [*events, SpeechStarted(frame.index)]
        self._before.append(frame)
        return events

    def flush(self) -> list[Event]:
        """The source has ended, and with it an open turn."""
        turn = self._turn
        self._reset()
        return [self._conclude(turn)] if turn is not None else []

    def _continue(self, turn: _Turn, frame: Frame, speech: bool) -> list[Event]:
        events: list[Event] = []
        turn.add(frame, speech)
        if speech and turn.paused:
            events.append(Resumed(frame.index))
            turn.paused = False
        if turn.silence >= self._end:
            events.append(self._conclude(turn))
            self._turn = None
        elif turn.length >= self._longest and not turn.silence:
            events.append(Ignored(f"no pause in {self._settings.max_turn_s:g} s", turn.onset))
            self._turn, self._quiet = None, 0
        elif turn.silence >= self._early and not turn.paused and turn.speech >= self._shortest:
            events.append(Pause(turn.utterance()))
            turn.paused = True
        return events

    def _conclude(self, turn: _Turn) -> TurnEnded | Ignored:
        if turn.speech < self._shortest:
            return Ignored(f"shorter than {self._settings.min_speech_ms} ms", turn.onset)
        return TurnEnded(turn.utterance())

    def _reset(self) -> None:
        self._vad.reset()
        self._before.clear()
        self._turn = self._quiet = None


class _Turn:
    """The frames of an open turn, and what is known of them so far."""

    def __init__(self, before: list[Frame], first: Frame) -> None:
        self._frames = [*before, first]
        self.onset = first.index
        self.last_speech = first.index + FRAME_SAMPLES
        self.speech = FRAME_SAMPLES  # samples in frames of speech
        self.silence = 0  # samples since last_speech; 0 while somebody speaks
        self.paused = False
        quiet = _loudness(before)[:-_LATE_WINDOWS]
        self._floor = float(np.median(quiet)) if len(quiet) else 0.0

    @property
    def length(self) -> int:
        """Samples since the onset."""
        return self._frames[-1].index + FRAME_SAMPLES - self.onset

    def add(self, frame: Frame, speech: bool) -> None:
        self._frames.append(frame)
        if speech:
            self.speech += FRAME_SAMPLES
            self.silence = 0
            return
        if self.silence == 0:
            self.last_speech = self._last_audible()
        self.silence = frame.index + FRAME_SAMPLES - self.last_speech

    def utterance(self) -> Utterance:
        end = self._frames[-1].index + FRAME_SAMPLES
        last_speech = self.last_speech if self.silence else end
        samples = np.concatenate([frame.samples for frame in self._frames])
        return Utterance(samples, self._frames[0].index, last_speech)

    def _last_audible(self) -> int:
        """Index just past the last window that is louder than the silence, in the frames before the newest one."""
        spoken = self._frames[:-1]
        loudness = _loudness(spoken)
        audible = loudness > max(loudness.max() * _BELOW_PEAK, self._floor * _ABOVE_FLOOR)
        quiet = int(np.argmax(audible[-_TAIL_WINDOWS:][::-1])) if audible[-_TAIL_WINDOWS:].any() else 0
        return spoken[-1].index + FRAME_SAMPLES - quiet * _WINDOW


def _loudness(frames: list[Frame]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Root mean square of each 10 ms, counted from the end; [windows]."""
    sound = np.concatenate([frame.samples for frame in frames] or [np.zeros(0, np.int16)]).astype(np.float32)
    windows = sound[len(sound) % _WINDOW :].reshape(-1, _WINDOW)
    return np.sqrt(np.mean(windows**2, axis=1, dtype=np.float32))
