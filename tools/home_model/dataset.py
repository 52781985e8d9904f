# SPDX-License-Identifier: Apache-2.0
"""Conversations as the network meets them: one home, several turns, rendered by the shipped chat template and cut to
tokens.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from appliance.dialogue.prompt import system_prompt
from appliance.home.tools import TOOLS
from engines.nemotron_h.chat import ChatFormat, Message
from tools.home_model.batch import Batch
from tools.home_model.grammar import Split
from tools.home_model.homes import Home, random_home
from tools.home_model.other_names import as_listed, called_otherwise
from tools.home_model.turns import Turn, sample

USER_WEIGHT = 0.2  # some loss on what people say and tools report: names that come again keep the copying alive

SHORT = 0.3
"""Share of rows that begin with a conversation of one turn or three, as most are at home."""
MANY = 12
CUT_ANEW = 0.12
"""Share of a home's words that are cut into other tokens than the tokenizer's, the same all through a conversation.
Without this most tokens stand in the same few words always, and a new name made of them cannot be copied.
"""
_COPIED = ("name", "area", "floor", "except", "item", "search_query", "message")
_LETTERS = re.compile("[a-z']{3,}")


TOLD = 0.4
"""Share of the training's calls whose results and answer follow. Repeating a result is soon learned, and takes a third of
all tokens: without most of them the same number of tokens holds a quarter more commands.
"""


def turn_messages(turn: Turn, *, told: bool = True) -> list[Message]:
    """One turn in OpenAI's form: what was said, the calls, and unless not `told` their results and the answer."""
    messages: list[Message] = [{"role": "user", "content": turn.user}]
    if turn.calls:
        calls = [{"function": {"name": call.tool, "arguments": dict(call.arguments)}} for call in turn.calls]
        messages.append({"role": "assistant", "content": "", "tool_calls": calls})
        if not told:
            return messages
        for result in turn.results:
            told = {"success": result.success, "result" if result.success else "error": result.text}
            messages.append({"role": "tool", "content": json.dumps(told, ensure_ascii=False)})
    messages.append({"role": "assistant", "content": turn.answer})
    return messages


def conversation(rng: random.Random, home: Home, turns: int, split: Split, told: float = 1.0) -> list[Message]:
    """A system turn with the home's devices and `turns` turns, each of which may follow up on the one before; a share of
    them is `told` to the end.
    """
    messages: list[Message] = [{"role": "system", "content": system_prompt(home.devices)}]
    called = called_otherwise(rng, home) if split == "train" else home
    previous = None
    for _ in range(turns):
        previous = sample(rng, called, split, previous)
        messages += turn_messages(as_listed(previous, called, home), told=rng.random() < told)
    return messages


class Encoder:
    """Text to tokens and loss weights: the assistant's words count, what it is told a little, the device list not at all."""

    def __init__(self, tokenizer: Tokenizer, chat: ChatFormat) -> None:
        self.tokenizer, self.chat = tokenizer, chat
        self._assistant = self._id("<|im_start|>assistant\n<think></think>")
        self._user = self._id("<|im_start|>user\n")
        self._end = self._id("<|im_end|>")
        self._vocabulary = tokenizer.get_vocab(with_added_tokens=False)
        # What tools call things, and what every prompt begins with, is never a name alone.
        schemas = json.dumps([tool["parameters"] for tool in TOOLS])
        self._never = set(_LETTERS.findall(f"{schemas} {system_prompt([])}".lower()))

    def _id(self, piece: str) -> int:
        token = self.tokenizer.token_to_id(piece)
        assert isinstance(token, int), f"the tokenizer has no token for {piece!r}"
        return token

    def __call__(self, messages: list[Message], rng: random.Random | None = None) -> tuple[list[int], list[float]]:
        """Tokens and the weight of each one's successor; with `rng` some words of names are cut anew."""
        encoding = self.tokenizer.encode(self.chat.render(messages, generate=False))
        tokens: list[int] = encoding.ids
        if rng is not None:
            tokens = self._cut_anew(tokens, encoding.word_ids, self._some_words(rng, messages))
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

    def _some_words(self, rng: random.Random, messages: list[Message]) -> dict[tuple[int, ...], list[int]]:
        """Words of names and titles, as the tokenizer cuts them and as they are cut now."""
        texts = [str(messages[0]["content"])]
        for message in messages:
            for each in message.get("tool_calls", ()):
                arguments = each["function"]["arguments"]
                texts += [str(arguments[key]) for key in _COPIED if key in arguments]
        words = {word for text in texts for word in _LETTERS.findall(text.lower())} - self._never
        chosen = [word for word in sorted(words) if rng.random() < CUT_ANEW]
        return {tuple(self.tokenizer.encode(word).ids): self._cut(rng, f"\u0120{word}") for word in chosen}

    def _cut(self, rng: random.Random, word: str) -> list[int]:
        """The word in random tokens, long ones rather than short ones."""
        found, at = [], 0
        while at < len(word):
            sizes = [size for size in range(1, len(word) - at + 1) if word[at : at + size] in self._vocabulary]
            size = rng.choices(sizes, [size * size for size in sizes])[0]
            found.append(self._vocabulary[word[at : at + size]])
            at += size
        return found

    @staticmethod
    def _cut_anew(
        tokens: Sequence[int], words: Sequence[int | None], anew: dict[tuple[int, ...], list[int]]
    ) -> list[int]:
        out: list[int] = []
        for _, group in groupby(zip(words, tokens, strict=True), key=lambda each: each[0]):
            word = tuple(token for _, token in group)
            out += anew.get(word, word)
        return out


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
                spoken = conversation(rng, random_home(rng, split), turns, split, TOLD if split == "train" else 1.0)
                ids, worth = encoder(spoken, rng if split == "train" else None)
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
