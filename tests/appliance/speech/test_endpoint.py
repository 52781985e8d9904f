# SPDX-License-Identifier: Apache-2.0
"""Turns in real speech and in what is none; and the order of the events for any speech that there may be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.audio import wav
from appliance.audio.format import FRAME_SAMPLES, RATE_HZ, Frame, Samples
from appliance.settings import SpeechSettings
from appliance.speech.endpoint import (
    PRE_ROLL_FRAMES,
    Endpoint,
    Event,
    Ignored,
    Pause,
    Resumed,
    SpeechStarted,
    TurnEnded,
    Utterance,
)
from appliance.speech.vad import SileroVad
from tests.audio_fixtures import PEOPLE, frames_of, in_a_room, noise, say, tone

DEFAULT = SpeechSettings()


def events_of(frames: Iterable[Frame], settings: SpeechSettings = DEFAULT) -> list[Event]:
    endpoint = Endpoint(SileroVad(), settings)
    return [*(event for frame in frames for event in endpoint.feed(frame)), *endpoint.flush()]


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def turns(events: list[Event]) -> list[Utterance]:
    return [event.utterance for event in events if isinstance(event, TurnEnded)]


def last_loud(samples: Samples) -> int:
    """Index just past the last sample that is louder than a quiet room."""
    return int(np.flatnonzero(np.abs(samples) > 100)[-1]) + 1


def test_command_is_one_turn_with_a_pause_before_its_end() -> None:
    events = events_of(frames_of(in_a_room(0.5, say("Turn on the kitchen light"), 1.0)))
    assert kinds(events) == ["SpeechStarted", "Pause", "TurnEnded"]


def test_utterance_is_the_sound_of_the_source_from_before_the_onset_on() -> None:
    room = in_a_room(0.5, said := say("Turn on the kitchen light"), 1.0)
    (turn,) = turns(events_of(frames_of(room)))
    first_loud = RATE_HZ // 2 + int(np.flatnonzero(np.abs(said) > 100)[0])
    assert 0.1 * RATE_HZ < first_loud - turn.start < 0.5 * RATE_HZ
    assert np.array_equal(turn.samples, room[turn.start : turn.start + len(turn.samples)])


@pytest.mark.parametrize("text", ["Turn on the kitchen light", "Turn off the lights", "Stop", "Open the window"])
def test_last_speech_is_where_the_sound_ends(text: str) -> None:
    room = in_a_room(0.5, said := say(text), 1.0)
    (turn,) = turns(events_of(frames_of(room)))
    assert turn.last_speech == pytest.approx(RATE_HZ // 2 + last_loud(said), abs=0.06 * RATE_HZ)


def test_last_speech_is_found_in_a_noisy_room() -> None:
    said = say("Turn on the kitchen light")
    loud = noise(10.0, -40)[: RATE_HZ * 2 + len(said)]
    room = loud + np.pad(said, (RATE_HZ, RATE_HZ))
    (turn,) = turns(events_of(frames_of(room)))
    assert turn.last_speech == pytest.approx(RATE_HZ + last_loud(said), abs=0.12 * RATE_HZ)


def test_turn_ends_when_it_has_been_silent_for_as_long_as_the_settings_say() -> None:
    endpoint = Endpoint(SileroVad(), SpeechSettings(early_silence_ms=160, end_silence_ms=500))
    waits_ms = {}
    for frame in frames_of(in_a_room(0.5, say("Lock the front door"), 1.0)):
        for event in endpoint.feed(frame):
            if isinstance(event, Pause | TurnEnded):
                silence = frame.index + FRAME_SAMPLES - event.utterance.last_speech
                waits_ms[type(event)] = 1000 * silence / RATE_HZ
    assert 160 <= waits_ms[Pause] < 160 + 32
    assert 500 <= waits_ms[TurnEnded] < 500 + 32


def test_short_pause_inside_a_sentence_does_not_end_the_turn() -> None:
    room = in_a_room(0.5, say("Turn on the kitchen light"), 0.05, say("and close the blinds"), 1.0)
    events = events_of(frames_of(room))
    assert kinds(events) == ["SpeechStarted", "Pause", "Resumed", "Pause", "TurnEnded"]
    assert len(turns(events)[0].samples) > len(say("Turn on the kitchen light")) + len(say("and close the blinds"))


def test_two_commands_with_a_silence_between_are_two_turns() -> None:
    room = in_a_room(0.5, say("Turn on the kitchen light"), 1.0, say("Close the blinds"), 1.0)
    assert len(turns(events_of(frames_of(room)))) == 2


def test_pause_gives_the_utterance_that_the_turn_ends_with() -> None:
    events = events_of(frames_of(in_a_room(0.5, say("Lock the front door"), 1.0)))
    early = [event.utterance for event in events if isinstance(event, Pause)][-1]
    (final,) = turns(events)
    assert (early.start, early.last_speech) == (final.start, final.last_speech)
    assert np.array_equal(early.samples, final.samples[: len(early.samples)])


def test_speech_that_does_not_pause_is_no_turn_to_its_end_and_the_next_one_is() -> None:
    endless = np.concatenate([say("the lights and the blinds and the doors and the windows and") for _ in range(4)])
    room = in_a_room(0.5, endless, 1.0, say("Turn on the kitchen light"), 1.0)
    events = events_of(frames_of(room), SpeechSettings(max_turn_s=3))
    assert [event.reason for event in events if isinstance(event, Ignored)] == ["no pause in 3 s"]
    (turn,) = turns(events)
    assert turn.start > len(endless) and turn.last_speech > turn.start + RATE_HZ // 2
    assert not turns(events_of(frames_of(endless), SpeechSettings(max_turn_s=3))), "nor where the source ends in it"


def test_end_of_the_source_ends_an_open_turn() -> None:
    said = say("Turn on the kitchen light")
    events = events_of(frames_of(said[: last_loud(said)]))
    assert kinds(events)[-1] == "TurnEnded"


def test_sound_shorter_than_the_shortest_speech_is_ignored_with_the_reason() -> None:
    events = events_of(frames_of(in_a_room(0.5, say("Yes"), 1.0)), SpeechSettings(min_speech_ms=1500))
    assert kinds(events) == ["SpeechStarted", "Ignored"]
    assert cast(Ignored, events[1]).reason == "shorter than 1500 ms"


@pytest.mark.parametrize("word", ["Yes", "Stop", "No"])
def test_one_word_is_a_turn(word: str) -> None:
    assert len(turns(events_of(frames_of(in_a_room(0.5, say(word), 1.0))))) == 1


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(5 * RATE_HZ, np.int16),
        noise(5.0, -60),
        noise(5.0, -20),
        tone(5.0),
        tone(5.0, hz=50, dbfs=-10),
        np.tile(np.pad(noise(0.02, -10), (0, RATE_HZ // 2)), 9),
    ],
    ids=["digital silence", "quiet noise", "loud noise", "tone", "mains hum", "clicks"],
)
def test_what_is_no_speech_starts_no_turn_and_the_next_command_is_heard(sound: Samples) -> None:
    command = in_a_room(0.5, said := say("Turn on the kitchen light"), 1.0)
    events = events_of(frames_of(np.concatenate([sound, command])))
    (turn,) = turns(events)
    assert turn.last_speech == pytest.approx(len(sound) + RATE_HZ // 2 + last_loud(said), abs=0.1 * RATE_HZ)


def test_minutes_of_silence_are_not_kept() -> None:
    endpoint = Endpoint(SileroVad(), DEFAULT)
    frames = (Frame(index, np.zeros(FRAME_SAMPLES, np.int16)) for index in range(0, 300 * RATE_HZ, FRAME_SAMPLES))
    assert not [event for frame in frames for event in endpoint.feed(frame)]
    command = frames_of(in_a_room(say("Turn on the kitchen light"), 1.0), first_index=300 * RATE_HZ)
    (turn,) = turns([event for frame in command for event in endpoint.feed(frame)])
    assert len(turn.samples) < 4 * RATE_HZ


def test_turn_with_a_hole_in_it_is_dropped_and_the_next_one_is_heard() -> None:
    said = frames_of(in_a_room(0.5, say("Do not turn off the kitchen light"), 1.0))
    middle = len(said) // 3
    after = said[-1].index + FRAME_SAMPLES
    following = frames_of(in_a_room(0.5, say("Lock the front door"), 1.0), first_index=after)
    events = events_of([*said[:middle], *said[-20:], *following])
    assert kinds(events)[:2] == ["SpeechStarted", "Ignored"]
    assert cast(Ignored, events[1]).reason == "a part of the sound was lost"
    (turn,) = turns(events)
    assert turn.start > after


def test_hole_between_turns_changes_nothing() -> None:
    command = in_a_room(0.5, say("Lock the front door"), 1.0)
    events = events_of([*frames_of(command), *frames_of(command, first_index=10 * RATE_HZ)])
    assert [turn.start > 9 * RATE_HZ for turn in turns(events)] == [False, True]


@pytest.mark.skipif(not PEOPLE, reason="needs Debian's pocketsphinx-testdata")
def test_people_are_heard_in_one_turn() -> None:
    for path in PEOPLE:
        events = events_of(frames_of(np.concatenate([wav.read(path), in_a_room(1.0)])))
        assert len(turns(events)) == 1, path


class ScriptedVad:
    """Knows beforehand in which frames somebody speaks."""

    def __init__(self, speech: list[bool]) -> None:
        self._speech = iter(speech)

    def probability(self, samples: Samples) -> float:
        return 1.0 if next(self._speech) else 0.0

    def reset(self) -> None:
        """It remembers nothing."""


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=12).map(
        lambda runs: [speech for speech, length in runs for _ in range(length)]
    ),
    st.integers(0, 400),
    st.integers(32, 600),
    st.integers(100, 700),
)
def test_events_of_any_speech_are_in_order(speech: list[bool], shortest: int, early: int, end: int) -> None:
    settings = SpeechSettings(
        min_speech_ms=shortest, early_silence_ms=min(early, end), end_silence_ms=end, max_turn_s=1.5
    )
    source = noise(len(speech) * FRAME_SAMPLES / RATE_HZ, -20)
    endpoint = Endpoint(cast(SileroVad, ScriptedVad(speech)), settings)
    events = [event for frame in frames_of(source) for event in endpoint.feed(frame)] + endpoint.flush()
    state = "idle"
    for event in events:
        allowed = {
            "idle": (SpeechStarted,),
            "speaking": (Pause, TurnEnded, Ignored),
            "paused": (Resumed, TurnEnded),
        }[state]
        assert isinstance(event, allowed)
        state = {SpeechStarted: "speaking", Resumed: "speaking", Pause: "paused"}.get(type(event), "idle")
        if isinstance(event, Pause | TurnEnded):
            turn = event.utterance
            stop = turn.start + len(turn.samples)
            assert np.array_equal(turn.samples, source[turn.start : stop])
            assert turn.start < turn.last_speech <= stop
            longest = (1.5 + end / 1000) * RATE_HZ  # the silence that ends it is waited for
            assert len(turn.samples) <= longest + (PRE_ROLL_FRAMES + 2) * FRAME_SAMPLES
    assert state == "idle"
    assert any(speech) == bool(events)
