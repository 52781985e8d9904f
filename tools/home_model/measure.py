# SPDX-License-Identifier: Apache-2.0
"""Exact calls on generated homes: known, unseen names, unseen templates, and both unseen."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import torch

from appliance.dialogue.prompt import copied, system_prompt
from appliance.home.tools import TOOLS
from engines.grammar import Copied
from engines.nemotron_h.chat import ChatParser, MalformedCall, Message, ToolCallRequest
from engines.nemotron_h.model import NemotronH
from tools.home_model import noise
from tools.home_model.dataset import Encoder, read_arguments
from tools.home_model.homes import random_home
from tools.home_model.turns import Turn, sample

Calls = list[tuple[str, dict[str, str]]]

SETS = {
    "known": ("train", "train"),
    "unseen names": ("test", "train"),
    "unseen templates": ("train", "test"),
    "both unseen": ("test", "test"),
}
"""Set -> (split of the home's names, split of the templates)."""


@dataclass(frozen=True)
class Case:
    """A first turn in a home, and the calls that it should lead to."""

    messages: list[Message]
    turn: Turn
    copied: Copied

    @property
    def expected(self) -> Calls:
        return [(call.tool, read_arguments(call.arguments)) for call in self.turn.calls]


def cases(name: str, count: int, seed: int = 7, *, typed: bool = False) -> Iterator[Case]:
    """`count` cases of one of SETS; `typed` leaves out what a recognizer gets wrong."""
    names, templates = SETS[name]
    rng = random.Random(f"{seed} {name}")
    for _ in range(count):
        home = random_home(rng, names)
        with noise.typed() if typed else nullcontext():
            turn = sample(rng, home, templates, None)
        messages: list[Message] = [
            {"role": "system", "content": system_prompt(home.devices)},
            {"role": "user", "content": turn.user},
        ]
        yield Case(messages, turn, copied(home.devices, messages))


def calls_in(text: str) -> Calls:
    """The calls in generated text; a malformed one counts as a call of nothing."""
    parser = ChatParser(TOOLS)
    found: Calls = []
    for event in parser.feed(text) + parser.finish():
        if isinstance(event, ToolCallRequest):
            found.append((event.name, read_arguments(event.arguments)))
        elif isinstance(event, MalformedCall):
            found.append(("", {}))
    return found


def exact(generate: Callable[[list[Message]], str], name: str, count: int) -> float:
    """Share of cases of set `name` whose calls come out exactly: tools, arguments, order; none where none belongs."""
    hits = [calls_in(generate(case.messages)) == case.expected for case in cases(name, count)]
    return sum(hits) / len(hits)


@torch.no_grad()
def greedy(model: NemotronH, encoder: Encoder, messages: list[Message], limit: int = 96) -> str:
    """What the reference model writes next, token by token."""
    ids = encoder.tokenizer.encode(encoder.chat.render(messages)).ids
    stop = set(model.config.eos_token_ids)
    hidden, state = model.backbone(torch.tensor([ids]), model.empty_state())
    logits = model.lm_head(hidden[:, -1:])
    written: list[int] = []
    while len(written) < limit:
        token = int(logits[0, -1].argmax())
        if token in stop:
            break
        written.append(token)
        logits, state = model.step(torch.tensor([[token]]), state)
    return encoder.tokenizer.decode(written, skip_special_tokens=False)


def quick(model: NemotronH, encoder: Encoder, count: int) -> dict[str, float]:
    """Exact calls of the reference model on a few cases of every set."""
    return {name: exact(lambda messages: greedy(model, encoder, messages), name, count) for name in SETS}
