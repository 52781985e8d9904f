# SPDX-License-Identifier: Apache-2.0
"""The voice's own process: `python -m appliance.speech.piper_worker MODEL.onnx SPEED PARENT_PID`.

Piper is GPL-3.0-or-later, so it runs in a program of its own: only this file imports it, and the appliance talks to it
by pipes (`worker_pipe.py` has the frames). It ends when stdin ends, and when its parent dies.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

from onnxruntime import InferenceSession, RunOptions, SessionOptions
from piper import PiperConfig, PiperVoice, SynthesisConfig
from piper.config import PhonemeType

from appliance.speech import worker_pipe

THREADS = 1
"""For onnxruntime: a second thread gains nothing for one clause and takes a core from the recognizer."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class StoppableSession(InferenceSession):  # type: ignore[misc]
    """A Piper model on the CPU whose run another thread can end within milliseconds."""

    def __init__(self, model: Path) -> None:
        options = SessionOptions()
        options.intra_op_num_threads = THREADS
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # a stopped run is no error to log
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        super().__init__(str(model), sess_options=options, providers=["CPUExecutionProvider"])
        self._lock = threading.Lock()
        self._utterance, self._stopped_up_to = 0, -1
        self._run_options = RunOptions()

    def begin(self, utterance: int) -> None:
        """What runs from now on belongs to this utterance."""
        with self._lock:
            self._utterance = utterance
            self._run_options = RunOptions()
            self._run_options.log_severity_level = 4
            # Memory for attention grows with the square of a sentence's length; without this, the longest one keeps it.
            self._run_options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
            self._run_options.terminate = self.stopped

    def stop(self, up_to: int) -> None:
        """End every utterance up to this id, whether it runs or is still to come."""
        with self._lock:
            self._stopped_up_to = max(self._stopped_up_to, up_to)
            self._run_options.terminate = self.stopped

    @property
    def stopped(self) -> bool:
        """Whether the present utterance has been stopped."""
        return self._utterance <= self._stopped_up_to

    def run(self, output_names: Any, input_feed: Any, run_options: Any = None) -> Any:
        """As InferenceSession.run; raises onnxruntime's Fail when stopped."""
        return super().run(output_names, input_feed, run_options or self._run_options)


def main() -> None:
    """Load the voice, say so, and speak until stdin ends."""
    model, speed, parent = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    _die_with(parent)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the frames
    try:
        config = _config(model)
        session = StoppableSession(model)
        voice = PiperVoice(session=session, config=config)
        pace = SynthesisConfig(length_scale=config.length_scale / speed)
        list(voice.synthesize("Okay.", pace))
    except Exception as error:  # whatever a broken model makes the libraries raise is for the parent to tell
        _write(out, {"broken": f"{type(error).__name__}: {error}"})
        sys.exit(1)
    _write(out, {"ready": config.sample_rate})

    utterances: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, utterances, session), daemon=True).start()
    while True:
        utterance, text = utterances.get()
        session.begin(utterance)
        ending: dict[str, Any] = {"end": utterance}
        try:
            for chunk in voice.synthesize(_sayable(text), pace):
                if session.stopped:
                    break
                _write(out, {"chunk": utterance}, chunk.audio_int16_array.astype("<i2").tobytes())
        except BrokenPipeError:
            sys.exit(0)
        except Exception as error:  # one text that Piper cannot say must not end the voice
            if not session.stopped:
                ending["error"] = f"{type(error).__name__}: {error}"
        _write(out, ending)


def _config(model: Path) -> PiperConfig:
    config = PiperConfig.from_dict(json.loads(Path(f"{model}.json").read_text(encoding="utf-8")))
    if config.phoneme_type not in (PhonemeType.ESPEAK, PhonemeType.TEXT):
        # Piper would download a phonemizer for these; the appliance speaks with the network cable pulled.
        raise ValueError(f"phoneme_type is {config.phoneme_type.value!r}; allowed: 'espeak', 'text'")
    return config


def _listen(source: BinaryIO, utterances: queue.SimpleQueue[tuple[int, str]], session: StoppableSession) -> None:
    while frame := worker_pipe.read(source):
        header, _ = frame
        if "stop" in header:
            session.stop(header["stop"])
        else:
            utterances.put((header["speak"], header["text"]))
    os._exit(0)  # the parent is gone or done, and the main thread may be deep in a run


def _sayable(text: str) -> str:
    """Without what Piper or espeak-ng take for something else: [[phonemes]], a C string's end, half a UTF-16 pair."""
    return text.translate({ord("["): " ", ord("]"): " ", 0: " "}).encode("utf-8", "replace").decode("utf-8")


def _write(out: BinaryIO, header: dict[str, Any], pcm: bytes = b"") -> None:
    out.write(worker_pipe.pack(header, pcm))
    out.flush()


def _die_with(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the call above
        sys.exit(0)


if __name__ == "__main__":
    main()
