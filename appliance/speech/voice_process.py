# SPDX-License-Identifier: Apache-2.0
"""The appliance's side of the voice process: starts it, asks it, and finds out that it died or hangs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import numpy as np

import appliance
from appliance.audio.format import Samples
from appliance.errors import ApplianceError
from appliance.speech import worker_pipe

_LOAD_TIMEOUT_S = 60.0
_CLOSE_TIMEOUT_S = 1.0


class VoiceError(ApplianceError):
    """The voice cannot be loaded, or could not speak."""


class WorkerGone(VoiceError):
    """The voice process ended while something was expected of it."""


class VoiceProcess:
    """One running worker. It dies with the thread that started it, so start it on a thread that stays."""

    rate_hz: int

    def __init__(self, process: asyncio.subprocess.Process, timeout_s: float) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process, self._stdin, self._stdout = process, process.stdin, process.stdout
        self._timeout_s = timeout_s
        # A queue an utterance, None when the process is gone. Unbounded: the caller bounds the length of a text.
        self._replies: dict[int, asyncio.Queue[tuple[dict[str, Any], bytes] | None]] = {}
        self._heard_at = 0.0
        self._listener: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, model: Path, speed: float, timeout_s: float) -> VoiceProcess:
        """Start a worker and wait until it has loaded and warmed the model. Raises VoiceError."""
        worker = cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "appliance.speech.piper_worker", str(model.absolute()), str(speed), str(os.getpid())),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=_clean_environment(),
                cwd="/",
            ),
            timeout_s,
        )
        try:
            header, _ = await asyncio.wait_for(worker._read(), _LOAD_TIMEOUT_S)
            if "broken" in header:
                raise VoiceError(
                    f"{model} and {model.name}.json are not a whole Piper voice: {header['broken']}\n"
                    "Next: copy both files anew from where the voice came from."
                )
        except asyncio.IncompleteReadError:
            raise VoiceError(f"The voice process {await worker._fate()} while it loaded {model}.") from None
        except asyncio.TimeoutError:
            raise VoiceError(f"The voice process did not load {model} within {_LOAD_TIMEOUT_S:.0f} s.") from None
        else:
            worker.rate_hz = header["ready"]
            worker._listener = asyncio.create_task(worker._listen())
            return worker
        finally:
            if worker._listener is None:
                await worker.close()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._listener is not None and not self._listener.done()

    async def speak(self, utterance: int, text: str) -> AsyncGenerator[Samples, None]:
        """The sentences of a text as int16 [samples]; `utterance` grows from call to call.

        Raises WorkerGone when the process ends, and VoiceError when it hangs or cannot say the text.
        """
        replies = self._replies[utterance] = asyncio.Queue()
        self._heard_at = asyncio.get_running_loop().time()
        self._send({"speak": utterance, "text": text})
        if not self.alive:
            replies.put_nowait(None)
        try:
            while True:
                reply = await self._next(replies)
                if reply is None:
                    raise WorkerGone(f"The voice process {await self._fate()} while it spoke.")
                header, pcm = reply
                if "error" in header:
                    raise VoiceError(f"The voice cannot say {text!r}: {header['error']}")
                if "end" in header:
                    return
                yield np.frombuffer(pcm, dtype="<i2").astype(np.int16, copy=False)
        finally:
            del self._replies[utterance]

    def stop(self, up_to: int) -> None:
        """End every utterance up to this id at once."""
        self._send({"stop": up_to})
        for utterance, replies in self._replies.items():
            if utterance <= up_to:
                replies.put_nowait(({"end": utterance}, b""))

    async def close(self) -> None:
        """End the process: politely, else by force."""
        self._stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _CLOSE_TIMEOUT_S)
        except asyncio.TimeoutError:
            self._kill()
            await self._process.wait()
        if self._listener is not None:
            await self._listener

    async def _next(
        self, replies: asyncio.Queue[tuple[dict[str, Any], bytes] | None]
    ) -> tuple[dict[str, Any], bytes] | None:
        while True:
            try:
                return await asyncio.wait_for(replies.get(), self._timeout_s)
            except asyncio.TimeoutError:
                if asyncio.get_running_loop().time() - self._heard_at < self._timeout_s:
                    continue  # it is busy with an earlier utterance
                self._kill()
                raise VoiceError(f"The voice process said nothing for {self._timeout_s:g} s and was killed.") from None

    async def _listen(self) -> None:
        try:
            while True:
                header, pcm = await self._read()
                self._heard_at = asyncio.get_running_loop().time()
                if replies := self._replies.get(header["chunk"] if "chunk" in header else header["end"]):
                    replies.put_nowait((header, pcm))
        except (asyncio.IncompleteReadError, ConnectionError):
            for replies in self._replies.values():
                replies.put_nowait(None)

    async def _read(self) -> tuple[dict[str, Any], bytes]:
        header_length, pcm_length = worker_pipe.LENGTHS.unpack(await self._stdout.readexactly(worker_pipe.LENGTHS.size))
        return json.loads(await self._stdout.readexactly(header_length)), await self._stdout.readexactly(pcm_length)

    def _send(self, header: dict[str, Any]) -> None:
        if not self._stdin.is_closing():
            self._stdin.write(worker_pipe.pack(header))  # no drain: small, and the listener tells of a dead reader

    def _kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()

    async def _fate(self) -> str:
        code = await self._process.wait()
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def _clean_environment() -> dict[str, str]:
    """Only what the interpreter and the loader need: no proxies, tokens or thread settings of the parent."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LANG": "C.UTF-8", "PYTHONPATH": str(Path(appliance.__file__).parents[1])}
