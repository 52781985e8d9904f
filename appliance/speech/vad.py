# SPDX-License-Identifier: Apache-2.0
"""Voice activity: how probable it is that somebody speaks in a frame, from Silero VAD v6."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from faster_whisper.utils import get_assets_path

from appliance.audio.format import Samples

_CONTEXT_SAMPLES = 64  # the network is also shown the end of the frame before


class SileroVad:
    """The network and its memory of one stream of frames. Not for several streams at once."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1  # 0.2 ms a frame; threads only add waiting
        path = Path(get_assets_path()) / "silero_vad_v6.onnx"
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.reset()

    def reset(self) -> None:
        """Forget the stream so far."""
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._context = np.zeros(_CONTEXT_SAMPLES, np.float32)

    def probability(self, samples: Samples) -> float:
        """Probability of speech, 0 to 1, in the next frame of the stream, int16 [FRAME_SAMPLES]."""
        sound = samples.astype(np.float32) / np.float32(32768)
        window = np.concatenate([self._context, sound])[np.newaxis]
        output, self._h, self._c = self._session.run(None, {"input": window, "h": self._h, "c": self._c})
        self._context = sound[-_CONTEXT_SAMPLES:]
        return float(output.item())
