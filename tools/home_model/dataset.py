# SPDX-License-Identifier: Apache-2.0
"""Conversations as the network meets them: one home, several turns, rendered by the shipped chat template and cut to
tokens.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from appliance.dialogue.prompt import system_prompt
from engines.nemotron_h.chat import ChatFormat, Message
from tools.home_model.batch import Batch
from tools.home_model.grammar import Split
from tools.home_model.homes import Home, random_home
from tools.home_model.turns import Turn, sample

USER_WEIGHT = 0.2  # some loss on what people say and tools report: names that come again keep the copying alive


SHORT = 0.3
"""Share of rows that begin with a conversation of one turn or three, as most are at home."""
MANY = 12


def turn_messages(turn: Turn) -> list[Message]:
    """One turn in OpenAI's form: what was said, the calls, their results, the answer."""
    messages: list[Message] = [{"role": "user", "content": turn.user}]
    if turn.calls:
        calls = [{"function": {"name": call.tool, "arguments": dict(call.arguments)}} for call in turn.calls]
        messages.append({"role": "assistant", "content": "", "tool_calls": calls})
        for result in turn.results:
            told = {"success": result.success, "result" if result.success else "error": result.text}
            messages.append({"role": "tool", "content": json.dumps(told, ensure_ascii=False)})
    messages.append({"role": "assistant", "content": turn.answer})
    return messages


def conversation(rng: random.Random, home: Home, turns: int, split: Split) -> list[Message]:
    """A system turn with the home's devices and `turns` turns, each of which may follow up on the one before."""
    messages: list[Message] = [{"role": "system", "content": system_prompt(home.devices)}]
    previous = None
    for _ in range(turns):
        previous = sample(rng, home, split, previous)
        messages += turn_messages(previous)
    return messages


class Encoder:
    """Text to tokens and loss weights: the assistant's words count, what it is told a little, the device list not at all."""

    def __init__(self, tokenizer: Tokenizer, chat: ChatFormat) -> None:
        self.tokenizer, self.chat = tokenizer, chat
        self._assistant = self._id("<|im_start|>assistant\n<think></think>")
        self._user = self._id("<|im_start|>user\n")
        self._end = self._id("<|im_end|>")

    def _id(self, piece: str) -> int:
        token = self.tokenizer.token_to_id(piece)
        assert isinstance(token, int), f"the tokenizer has no token for {piece!r}"
        return token

    def __call__(self, messages: list[Message]) -> tuple[list[int], list[float]]:
        text = self.chat.render(messages, generate=False)
        tokens: list[int] = self.tokenizer.encode(text).ids
        weights, now = [], 0.0
        for token in tokens:
            weights.append(now)
            if token == self._assistant:
                now = 1.0
            elif token == self._user:
                now = USER_WEIGHT
            elif token == self._end:
                now = 0.0
        return tokens, weights


def batches(encoder: Encoder, seed: str, rows: int, length: int, split: Split = "train") -> Iterator[Batch]:
    """Endless batches, the same from the same seed. A row is full: where a short conversation ends, another begins, and
    the last one is cut. States cross from one to the next, so the network learns that a system turn starts anew.
    """
    rng = random.Random(seed)
    while True:
        tokens = np.zeros((rows, length + 1), np.int64)
        weights = np.zeros((rows, length + 1), np.float32)
        for row in range(rows):
            at = 0
            while at <= length:
                turns = rng.choice((1, 3)) if at == 0 and rng.random() < SHORT else MANY
                ids, worth = encoder(conversation(rng, random_home(rng, split), turns, split))
                end = min(at + len(ids), length + 1)
                tokens[row, at:end], weights[row, at:end] = ids[: end - at], worth[: end - at]
                at = end
        yield Batch(tokens, weights[:, 1:])


def corpus(seed: int, count: int, chat: ChatFormat) -> Iterator[str]:
    """Text for the tokenizer: conversations over training homes, and every whole number up to 100."""
    rng = random.Random(seed)
    for _ in range(count):
        yield chat.render(conversation(rng, random_home(rng, "train"), 6, "train"), generate=False)
    for _ in range(60):
        yield " ".join(str(n) for n in range(101))


def read_arguments(value: Any) -> dict[str, str]:
    """Arguments as the measurements compare them: text, lower case."""
    return {str(k): str(v).strip().lower() for k, v in value.items()}
