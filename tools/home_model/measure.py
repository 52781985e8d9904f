# SPDX-License-Identifier: Apache-2.0
"""Exact calls on generated homes: known, unseen names, unseen templates, and both unseen."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import torch

from appliance.dialogue.prompt import copied, system_prompt
from engines.grammar import Copied
from engines.nemotron_h.chat import Message
from engines.nemotron_h.model import NemotronH
from tools.home_model import noise
from tools.home_model.dataset import Encoder, read_arguments, turn_messages
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


@torch.no_grad()
def quick(model: NemotronH, encoder: Encoder, count: int) -> dict[str, float]:
    """Share of a few cases of every set in which the reference model would write the expected calls, token by token, and
    none where none belongs: what greedy decoding writes, seen in one pass over the conversation as it should be.
    """
    device, stops = model.lm_head.weight.device, model.config.eos_token_ids
    calls = [id for piece, id in encoder.tokenizer.get_vocab().items() if piece.startswith("<tool_call>")]
    found = {}
    for name in SETS:
        hits = []
        for case in cases(name, count):
            before = encoder.tokenizer.encode(encoder.chat.render(case.messages)).ids
            said = [*case.messages, *turn_messages(case.turn)[1:2]]
            ids = encoder.tokenizer.encode(encoder.chat.render(said, generate=False)).ids
            while ids[-1] not in stops:  # nothing is written after it
                ids.pop()
            hidden, _ = model.backbone(torch.tensor([ids[:-1]], device=device), model.empty_state())
            best = model.lm_head(hidden[0, len(before) - 1 :]).argmax(-1).tolist()
            hits.append(best == ids[len(before) :] if case.turn.calls else best[0] not in calls)
        found[name] = sum(hits) / len(hits)
    return found
