# SPDX-License-Identifier: Apache-2.0
"""A spoken turn from the first frame to the last sample of the answer: the only place that knows the order of the
stages.

    frames - voice activity / end of turn - recognizer - agent and tools - clauses - wording - voice - speaker or file

Recognition starts ahead in the first pause and is used only if the person had really finished; no tool runs before
the turn has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

from appliance.audio import wav
from appliance.audio.format import FRAME_SAMPLES, RATE_HZ, Frame, Samples
from appliance.audio.speaker import Speaker
from appliance.dialogue.agent import NOWHERE, Agent, Clause
from appliance.dialogue.caller import Called
from appliance.errors import ApplianceError
from appliance.home.execute import CallContext
from appliance.home.tools import Change
from appliance.speech.clauses import ClauseSplitter
from appliance.speech.endpoint import Endpoint, Ignored, Pause, Resumed, SpeechStarted, TurnEnded, Utterance
from appliance.speech.recognizer import Recognition, Recognizer
from appliance.speech.voice import MAX_TEXT, Voice, VoiceError
from appliance.speech.wording import spoken

_LOG = logging.getLogger(__name__)

Phase: TypeAlias = Literal["idle", "listening", "thinking", "speaking"]
"""Where a turn is: listening while somebody speaks, thinking from the end of their turn to the first sample."""


COURTESY_S = 10.0
"""How long an announcement waits for somebody who speaks."""


class Source(Protocol):
    """Where frames come from: a microphone or a recording."""

    def __aiter__(self) -> AsyncIterator[Frame]: ...

    def resume(self) -> None:
        """Listen again after an answer; a microphone drops what it heard meanwhile, for that was the answer."""


@dataclass
class TurnReport:
    """Everything that a turn was: for the terminal, for JSON, for the log."""

    heard: str
    called: list[Called] = field(default_factory=list)
    clauses: list[str] = field(default_factory=list)
    answer_wav: Path | None = None
    ignored: str | None = None
    """Why there was no answer, if there was none."""
    finished_at: float = 0.0
    """When the last speech sample was heard, or the text was given, on the monotonic clock."""
    secret: bool = False
    """What was heard is a PIN, or meant as one: it is neither logged nor told."""
    fault: str | None = None
    """What went wrong on the way, if something did; the answer tells it in its own words."""
    ms: dict[str, float] = field(default_factory=dict)
    """silence: last speech sample to the end of the turn. recognizer: from there to the text. agent: from the text to
    the first clause,
    of it language_model and tools. voice: first clause to first sample. voice_to_voice: the sum, from the last speech
    sample (for a typed
    turn from the text) to the first sample of the answer."""

    @property
    def answer(self) -> str:
        """The whole answer as text."""
        return " ".join(self.clauses)

    @property
    def changed(self) -> list[Change]:
        """What changed in the home."""
        return [change for called in self.called for change in called.result.changed]

    def to_json(self) -> dict[str, Any]:
        """One object a turn, as `--json` prints it."""
        return {
            "heard": self.heard,
            "calls": [
                {
                    "tool": called.call.name,
                    "arguments": dict(called.call.arguments),
                    "success": called.result.success,
                    "result": called.result.result if called.result.success else called.result.error,
                }
                for called in self.called
            ],
            "changed": [{"entity_id": c.entity_id, "before": c.before, "after": c.after} for c in self.changed],
            "answer": self.answer,
            "answer_wav": str(self.answer_wav) if self.answer_wav else None,
            "ignored": self.ignored,
            "ms": {stage: round(value, 1) for stage, value in self.ms.items()},
        }


class Turns:
    """Takes turns with a person: listens, understands, acts, answers."""

    def __init__(
        self,
        agent: Agent,
        voice: Voice | None,
        *,
        recognizer: Recognizer | None = None,
        speaker: Speaker | None = None,
        answers: Path | None = None,
        context: CallContext = NOWHERE,
    ) -> None:
        self._agent, self._voice, self._recognizer = agent, voice, recognizer
        self._speaker, self._answers, self._context = speaker, answers, context
        self._recognizing = ThreadPoolExecutor(1, thread_name_prefix="recognizer")
        self._speaking = asyncio.Lock()
        self._source: Source | None = None
        self._announcing = False
        self._silence = asyncio.Event()
        """Nobody is speaking."""
        self._silence.set()
        self.on_phase: Callable[[Phase], None] = lambda phase: None
        """Told of every phase as it begins; it must neither wait nor raise."""

    async def listen(self, source: Source, endpoint: Endpoint, name: str = "turn") -> AsyncIterator[TurnReport]:
        """Yield a report for every turn in the source, the ignored ones too; answers are spoken meanwhile.

        `name` begins the names of the answers' WAV files.
        """
        ahead: tuple[Utterance, asyncio.Task[Recognition]] | None = None
        count = 0
        frame = None
        self._source = source
        self._silence.set()
        async for frame in source:
            if self._announcing:
                continue  # what is heard now is the announcement; the gap in the indices drops a turn that it cut into
            arrived = time.monotonic()
            for event in endpoint.feed(frame):
                if isinstance(event, Pause):
                    ahead = (event.utterance, asyncio.create_task(self._recognize(event.utterance.samples)))
                elif isinstance(event, Resumed):
                    ahead = None
                elif isinstance(event, SpeechStarted):
                    self._silence.clear()
                    self.on_phase("listening")
                elif isinstance(event, Ignored):
                    ahead = None
                    self._silence.set()
                    self.on_phase("idle")
                    yield TurnReport("", ignored=event.reason)
                elif isinstance(event, TurnEnded):
                    count += 1
                    self._silence.set()
                    finished = arrived - (frame.index + FRAME_SAMPLES - event.utterance.last_speech) / RATE_HZ
                    with self._at("thinking"):
                        named = f"{name}-{count}" if count > 1 else name
                        report = await self._answer(event.utterance, ahead, finished, named)
                    yield report
                    ahead = None
                    source.resume()
        for event in endpoint.flush():
            if isinstance(event, TurnEnded):
                count += 1
                with self._at("thinking"):
                    named = f"{name}-{count}" if count > 1 else name
                    report = await self._answer(event.utterance, ahead, time.monotonic(), named)
                yield report
            elif isinstance(event, Ignored):
                self.on_phase("idle")
                yield TurnReport("", ignored=event.reason)
        if frame is None:
            yield TurnReport("", ignored="the recording is empty")

    async def say(self, text: str, name: str = "turn") -> TurnReport:
        """A typed turn."""
        with self._at("thinking"):
            return await self._respond(TurnReport(text), time.monotonic(), time.monotonic(), name)

    async def announce(self, text: str) -> None:
        """Say something that nobody asked for just now, such as that a timer is done. Who is speaking may finish, and a
        turn that is being answered goes first; what the microphone hears of it is dropped.
        """
        report = TurnReport("", clauses=[text])
        clauses: asyncio.Queue[str | None] = asyncio.Queue()
        for item in (text, None):
            clauses.put_nowait(item)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._silence.wait(), COURTESY_S)
        async with self._speaking:
            self._announcing = True
            try:
                with self._at("speaking"):
                    await self._speak(report, clauses, {}, "announcement")
            finally:
                self._announcing = False
                if self._source is not None:
                    self._source.resume()

    def close(self) -> None:
        """Let the recognizer's thread end."""
        self._recognizing.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def _at(self, phase: Phase) -> Iterator[None]:
        self.on_phase(phase)
        try:
            yield
        finally:
            self.on_phase("idle")

    async def _recognize(self, samples: Samples) -> Recognition:
        assert self._recognizer is not None, "listening needs a recognizer"
        recognize = self._recognizer.recognize
        heard = await asyncio.get_running_loop().run_in_executor(self._recognizing, recognize, samples)
        if heard.rejected or not heard.hypotheses:
            return heard
        return replace(heard, text=await self._agent.understood(heard.hypotheses))

    async def _answer(
        self,
        utterance: Utterance,
        ahead: tuple[Utterance, asyncio.Task[Recognition]] | None,
        finished: float,
        name: str,
    ) -> TurnReport:
        """Understand a finished utterance and respond; `finished` is when its last speech sample was heard."""
        ended = time.monotonic()
        if ahead and ahead[0].last_speech == utterance.last_speech:
            heard = await ahead[1]
        else:
            heard = await self._recognize(utterance.samples)
        understood = time.monotonic()
        report = TurnReport(
            heard.text, ms={"silence": 1e3 * (ended - finished), "recognizer": 1e3 * (understood - ended)}
        )
        if heard.rejected or not heard.text.strip():
            report.ignored = heard.rejected or "no words were heard"
            return report
        return await self._respond(report, finished, understood, name)

    async def _respond(self, report: TurnReport, finished: float, understood: float, name: str) -> TurnReport:
        """Let the agent act and answer; speak its clauses while it goes on."""
        # Unbounded, so that a voice that fails cannot hold up the agent; an answer has max_tokens at most.
        clauses: asyncio.Queue[str | None] = asyncio.Queue()
        first: dict[str, float] = {}

        async def think() -> None:
            try:
                async with aclosing(self._agent.turn(report.heard, self._context)) as events:
                    async for event in events:
                        if isinstance(event, Clause):
                            first.setdefault("clause", time.monotonic())
                            report.clauses.append(event.text)
                            clauses.put_nowait(event.text)
                        else:
                            report.called.append(event)
            finally:
                clauses.put_nowait(None)

        thinking = asyncio.create_task(think())
        try:
            async with self._speaking:
                await self._speak(report, clauses, first, name)
        except ApplianceError as error:  # the speaker has gone: the calls are made all the same, and told in the report
            report.fault = str(error)
            _LOG.error("the answer could not be played: %s", error)
        except BaseException:
            thinking.cancel()
            raise
        await thinking
        report.secret = self._agent.secret
        report.finished_at = finished
        times = self._agent.times
        heard_at = first.get("sample", first.get("clause", time.monotonic()))
        report.ms |= {
            "agent": 1e3 * (first.get("clause", heard_at) - understood),
            "language_model_first_token": 1e3 * times.first_token_s,
            "language_model": 1e3 * times.model_s,
            "tools": 1e3 * times.tools_s,
            "voice": 1e3 * (heard_at - first.get("clause", heard_at)),
            "voice_to_voice": 1e3 * (heard_at - finished),
        }
        return report

    async def _speak(
        self, report: TurnReport, clauses: asyncio.Queue[str | None], first: dict[str, float], name: str
    ) -> None:
        """Turn clauses to sound as they come; without a voice, or when it fails, the answer stays text."""
        made: list[Samples] = []

        async def sound() -> AsyncIterator[Samples]:
            while (clause := await clauses.get()) is not None:
                if self._voice is None or report.fault:
                    continue
                try:
                    for piece in _pieces(spoken(clause)):
                        async for chunk in self._voice.synthesize(piece):
                            if "sample" not in first:
                                first["sample"] = time.monotonic()
                                self.on_phase("speaking")
                            made.append(chunk)
                            yield chunk
                except VoiceError as error:
                    report.fault = str(error)
                    _LOG.error("the answer could not be spoken: %s", error)

        if self._speaker is not None and self._voice is not None:
            played = await self._speaker.play(sound(), self._voice.rate_hz)
            if played.first_sample_at is not None:
                first["sample"] = played.first_sample_at
        else:
            async for _ in sound():
                pass
        if made and self._answers is not None and self._voice is not None:
            path = (self._answers / f"{name}.wav").resolve()
            try:
                wav.write(path, _joined(made), self._voice.rate_hz)
                report.answer_wav = path
            except wav.AudioFileError as error:  # a full disk: it was spoken, and that counts
                report.fault = str(error)
                _LOG.error("the answer was not kept: %s", error)


def _pieces(text: str) -> list[str]:
    """What the voice says at once: a report of somebody's server may be longer, above all with its numbers in words."""
    splitter = ClauseSplitter()
    return [*splitter.feed(text), *splitter.flush()] if len(text) > MAX_TEXT else [text]


def _joined(chunks: list[Samples]) -> Samples:
    return np.concatenate(chunks)
