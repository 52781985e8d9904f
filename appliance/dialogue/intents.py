# SPDX-License-Identifier: Apache-2.0
"""What a sentence asks for, as a second network reads it that was taught English before it was taught homes.

The language model writes calls; a small one also writes them for sentences that only sound like a command. This
network (all-MiniLM-L6-v2, Apache-2.0, trained further by tools/train_intents) sees no home and writes nothing. It tells
how likely it is that a sentence asks for a call of a kind: the two know different things, so that they seldom make
the same mistake.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from appliance.models import INTENTS

MAX_BEFORE = 100
"""Characters of the turn before that are read along."""
MAX_TOKENS = 96
EXCEPT = "except"
"""Among the intents: something is to be left out."""
_SWITCHING = ("HassTurnOn", "HassTurnOff")
_KINDS = {"lock": "lock", "cover": "open", "valve": "open", "scene": "run", "script": "run", "button": "run"}


def intent(tool: str, arguments: Mapping[str, Any], kinds: Collection[str]) -> str:
    """The kind of call, as the network knows it: the tool, with what is set of a light, the way of a step, and what
    switching means for the `kinds` of devices that are switched ("HassTurnOn/lock" locks).
    """
    name = tool
    if tool in _SWITCHING:
        meanings = {_KINDS.get(kind, "power") for kind in kinds}
        name += "/" + next((each for each in ("lock", "open", "run") if each in meanings), "power")
    elif tool == "HassLightSet":
        name += "".join(f"/{slot}" for slot in ("brightness", "color", "temperature") if slot in arguments)
    steps = [str(value) for slot, value in arguments.items() if slot.endswith("_step")]
    if steps:
        name += "/down" if steps[0] == "down" or steps[0].startswith("-") else "/up"
    return name


class IntentClassifier:
    """The network, ready to be asked; from any thread."""

    def __init__(self, folder: Path = INTENTS, threads: int = 1) -> None:
        """Load `model.onnx`, `tokenizer.json` and `intents.json` of a folder that tools/train_intents made."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        self.intents: tuple[str, ...] = tuple(json.loads((folder / "intents.json").read_text(encoding="utf-8")))
        self._last: tuple[tuple[str, str] | None, dict[str, float]] = None, {}

    def probabilities(self, text: str, before: str = "") -> dict[str, float]:
        """How likely the sentence asks for a call of each kind, 0 to 1 each: it may ask for several, or for none.

        `before` is what was said and told in the turn before, if there was one. The last answer is kept: a turn asks
        more than once.
        """
        if self._last[0] == (text, before):
            return dict(self._last[1])
        encoded = self._tokenizer.encode(before[-MAX_BEFORE:], text)
        inputs = {
            "input_ids": np.array([encoded.ids], np.int64),
            "attention_mask": np.array([encoded.attention_mask], np.int64),
            "token_type_ids": np.array([encoded.type_ids], np.int64),
        }
        (found,) = self._session.run(None, inputs)
        likely = dict(zip(self.intents, map(float, found[0]), strict=True))
        self._last = (text, before), likely
        return dict(likely)
