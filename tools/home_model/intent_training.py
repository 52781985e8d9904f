# SPDX-License-Identifier: Apache-2.0
"""What the intent classifier learns from, and how: sentences of the generator and lines written by hand, with the kinds
of calls that follow.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoModel, PreTrainedTokenizerFast

from appliance.dialogue.intents import EXCEPT, MAX_BEFORE, MAX_TOKENS, intent
from tools.home_model import noise, turns
from tools.home_model.calls import Call
from tools.home_model.grammar import Split
from tools.home_model.homes import Home, random_home
from tools.home_model.other_names import called_otherwise
from tools.home_model.utterances import Names, utterances

# What asks for nothing is what it is there for, and people seldom speak as the package's templates do.
_WEIGHTS = {"negation": 32, "decline": 6, "chat": 5, "followup": 10, "unknown": 4, "broadcast": 4}
_PACKAGE_SHARE = 0.2
_TURNS = 12
_NOTHING = 0.33
"""Share of what is read in which nothing is asked for."""
_BEFORE = 0.12
"""How often the turn before is read along where the sentence can be understood without it."""
_COVERS = "blind curtain shade shutter window garage gate awning door damper".split()


@dataclass(frozen=True)
class Example:
    text: str
    before: str
    kind: str
    intents: tuple[str, ...]


def examples(seed: str, count: int, split: Split = "train", heard: float = noise.SPOKEN) -> Iterator[Example]:
    """At least `count` sentences, the share `heard` of them with a recognizer's errors; the same from the same seed."""
    rng = random.Random(seed)
    with _by_ear(heard):
        made = 0
        while made < count:
            for each in examples_at(rng, random_home(rng, split), split, _TURNS):
                yield each
                made += 1


def examples_at(rng: random.Random, home: Home, split: Split, count: int) -> Iterator[Example]:
    """Turns of one conversation in a home."""
    called = called_otherwise(rng, home) if split == "train" else home
    turn = None
    with _weighted():
        for _ in range(count):
            before = f"{turn.user} | {turn.answer}" if turn else ""
            turn = turns.sample(rng, called, split, turn)
            found = {each for call in turn.calls for each in _intents(call, called)}
            yield Example(turn.user, before, turn.kind, tuple(sorted(found)))


def by_hand(
    seed: str, turns: Sequence[Example], split: Split = "train", heard: float = noise.SPOKEN
) -> Iterator[Example]:
    """Lines written by hand without end, all as often, each time with other names.

    A line that stands alone gets the turn before of one of `turns`.
    """
    rng = random.Random(seed)
    names, lines = Names(rng, split), utterances(split)
    while True:
        rng.shuffle(lines)
        for line in lines:
            with _by_ear(heard):
                text, before = names.said(rng, line)
            kind = "followup" if before else "utterance"
            yield Example(text, before or rng.choice(turns).before, kind, line.intents)


@contextmanager
def _by_ear(share: float) -> Iterator[None]:
    """Another share of sentences that went through a recognizer, for a while."""
    kept, noise.SPOKEN = noise.SPOKEN, share
    try:
        yield
    finally:
        noise.SPOKEN = kept


class _weighted:  # noqa: N801  used as a statement
    """Other weights of the kinds of turns, for a while."""

    def __enter__(self) -> None:
        self._kept = dict(turns._KINDS), turns.PACKAGE_SHARE
        turns._KINDS.update({kind: (turns._KINDS[kind][0], weight) for kind, weight in _WEIGHTS.items()})
        turns.PACKAGE_SHARE = _PACKAGE_SHARE

    def __exit__(self, *exc: object) -> None:
        kinds, turns.PACKAGE_SHARE = self._kept
        turns._KINDS.update(kinds)


def _intents(call: Call, home: Home) -> set[str]:
    said = call.arguments
    device = home.find(said["name"], said.get("area")) if said.get("name") else None
    kind = device.domain if device else said.get("domain") or ""
    if not kind and said.get("device_class") in _COVERS:
        kind = "cover"
    return {intent(call.tool, said, (kind,))} | ({EXCEPT} if said.get("except") else set())


def in_order(rng: random.Random, rows: Sequence[Example], count: float) -> list[int]:
    """About `count` numbers of rows: what is rare comes more often than it was made, and nothing 0.33 of the time."""
    frequency = Counter(row.intents for row in rows)
    weights = [max(frequency[row.intents], 30) ** -0.4 if row.intents else 0.0 for row in rows]
    acting, still = sum(weights), sum(not row.intents for row in rows)
    shares = [
        count * ((1 - _NOTHING) * weight / acting if row.intents else _NOTHING / still)
        for weight, row in zip(weights, rows, strict=True)
    ]
    order = [at for at in range(len(rows)) for _ in range(int(min(shares[at], 6) + rng.random()))]
    rng.shuffle(order)
    return order


def batches(
    rng: random.Random, rows: Sequence[Example], order: list[int], size: int
) -> Iterator[list[tuple[str, Example]]]:
    """Endless batches of sentences of similar length, each with what was said before, or with ""."""
    at = 0
    while True:
        if at + size * 20 > len(order):
            rng.shuffle(order)
            at = 0
        chunk = []
        for row in (rows[each] for each in order[at : at + size * 20]):
            read = row.kind == "followup" or rng.random() < _BEFORE
            chunk.append((row.before if read else "", row))
        at += size * 20
        chunk.sort(key=lambda each: len(each[0]) + len(each[1].text))
        pool = [chunk[start : start + size] for start in range(0, len(chunk), size)]
        rng.shuffle(pool)
        while pool:
            yield pool.pop()


class Reader:
    """Sentences to what the network reads."""

    def __init__(self, base: Path) -> None:
        self._tokenizer = PreTrainedTokenizerFast.from_pretrained(base)

    def __call__(self, pairs: Sequence[tuple[str, Example]]) -> dict[str, torch.Tensor]:
        """int64 [sentences, tokens] each."""
        read = self._tokenizer(
            [before[-MAX_BEFORE:] for before, _ in pairs], [row.text for _, row in pairs],
            padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt", return_token_type_ids=True,
        )  # fmt: skip
        return dict(read)


class Network(nn.Module):
    """The encoder, the mean of what it gives the tokens, and one line of weights for each intent."""

    def __init__(self, base: Path, intents: Sequence[str], **options: Any) -> None:
        super().__init__()
        self.intents = tuple(intents)
        self.encoder = AutoModel.from_pretrained(base, add_pooling_layer=False, **options)
        # Words that no template has keep their place among those that some have.
        self.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        self.head = nn.Linear(self.encoder.config.hidden_size, len(self.intents))
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.constant_(self.head.bias, -3)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        """Log odds, fp32 [sentences, intents]."""
        read = self.encoder(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        mask = attention_mask[..., None].to(read.last_hidden_state.dtype)
        return self.head((read.last_hidden_state * mask).sum(1) / mask.sum(1))

    def take_over(self, weights: Mapping[str, torch.Tensor], intents: Sequence[str]) -> None:
        """Go on from the weights of a network for `intents`, the first of this one's; what is new begins anew."""
        heads = {}
        for name in ("head.weight", "head.bias"):
            heads[name] = self.state_dict()[name].clone()
            heads[name][: len(intents)] = weights[name]
        self.load_state_dict({**weights, **heads})

    def targets(self, pairs: Sequence[tuple[str, Example]]) -> torch.Tensor:
        """1 where an intent is meant, fp32 [sentences, intents]."""
        found = torch.zeros(len(pairs), len(self.intents))
        for at, (_, row) in enumerate(pairs):
            for name in row.intents:
                if name in self.intents:
                    found[at, self.intents.index(name)] = 1
        return found
