# SPDX-License-Identifier: Apache-2.0
"""Turns of conversations in random homes: what is said, the calls that follow, their results and the answer.

python -m tools.home_model.turns --seed 1 --count 40
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Callable

from tools.home_model import acts, all_but, asks, chores, clock, intents_package, players, relative, timers
from tools.home_model.announcing import broadcast
from tools.home_model.calls import Call, Draft, Result, Turn
from tools.home_model.followups import followup
from tools.home_model.grammar import Split
from tools.home_model.homes import Home, random_home
from tools.home_model.joined import several
from tools.home_model.refusals import clarify, negation, talk
from tools.home_model.strangers import unknown
from tools.home_model.unnamed import unnamed
from tools.home_model.wording import Maker, finished, gerund, wrapped

__all__ = ["Call", "Result", "Turn", "gerund", "sample"]


PACKAGE_SHARE = 0.35
"""How many commands and questions are said in the words of the package home-assistant-intents."""


def _said(
    kind: str, maker: Maker, package_share: float
) -> Callable[[random.Random, Home, Split, Turn | None], Turn | None]:
    def make(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
        if rng.random() < package_share:
            found = intents_package.sample(rng, home, split, kind)
        else:
            found = maker(rng, home, split)
        if found and history and _speaks_of_the_last(found, history):
            return None
        return finished(rng, kind, found, wrapped(rng, found, split)) if found else None

    return make


def _speaks_of_the_last(found: Draft, history: Turn) -> bool:
    # "Make it 20 degrees" is about no thermostat in particular, unless one was just spoken of.
    return (
        tuple(found.calls[0].arguments) == ("temperature",)
        and re.search(r"\bit\b", found.text) is not None
        and any(len(each.arguments) > 1 and "temperature" in each.arguments for each in history.calls)
    )


_KINDS: dict[str, tuple[Callable[[random.Random, Home, Split, Turn | None], Turn | None], float]] = {
    "act": (_said("act", acts.act, PACKAGE_SHARE), 44),
    "ask": (_said("ask", asks.ask, 0.42), 20),
    "step": (_said("step", relative.step, 0.0), 7),
    "except": (_said("except", all_but.exception, 0.0), 6),
    "timer": (_said("timer", timers.timer, 0.25), 8),
    "media": (_said("media", players.of_house, 0.25), 9),
    "list": (_said("list", chores.lists, 0.15), 4.5),
    "several": (several, 13),
    "unknown": (unknown, 8),
    "decline": (talk("decline"), 3),
    "chat": (talk("chat"), 2),
    "clarify": (clarify, 3),
    "unnamed": (unnamed, 2.5),
    "negation": (negation, 16),
    "followup": (followup, 14),
    "broadcast": (broadcast, 0),  # read in code; for the intent classifier alone (intent_training.py)
    "time": (_said("time", clock.clock, 0.12), 2.5),
}


def sample(rng: random.Random, home: Home, split_template: Split, history: Turn | None) -> Turn:
    """One turn in the home, said by a template of the split; `history` is the turn before, if there was one."""
    names = tuple(_KINDS)
    weights = [weight for _, weight in _KINDS.values()]
    if history is None:
        weights[names.index("followup")] = 0.0
    elif history.waiting is not None:
        weights[names.index("followup")] = 120.0  # who is asked back answers, as a rule
    while True:
        kind = rng.choices(names, weights)[0]
        for _ in range(6):  # the home may lack what a sentence is about: try another sentence before another kind
            turn = _KINDS[kind][0](rng, home, split_template, history)
            if turn is not None:
                return turn


def conversation(rng: random.Random, split: Split, split_template: Split, turns: int) -> tuple[Home, list[Turn]]:
    """A home and several turns in it, some of which follow from the turn before."""
    home = random_home(rng, split)
    out: list[Turn] = []
    for _ in range(turns):
        out.append(sample(rng, home, split_template, out[-1] if out else None))
    return home, out


def main() -> None:
    """Print samples to read."""
    parser = argparse.ArgumentParser(description="Print turns of training data.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument(
        "--names", choices=("train", "test"), default="train", help="which words devices are named with"
    )
    parser.add_argument("--templates", choices=("train", "test"), default="train", help="which sentences are said")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    for _ in range(options.count):
        _home, (before, turn) = conversation(rng, options.names, options.templates, 2)
        if turn.kind == "followup":
            print(f"{'':10}(after {before.user!r})")
        calls = "  ".join(
            f"{each.tool}({', '.join(f'{slot}={value}' for slot, value in each.arguments.items())})"
            for each in turn.calls
        )
        print(f"{turn.kind:10}{turn.user}\n{'':12}{calls or 'no call'}\n{'':12}{turn.answer}")


if __name__ == "__main__":
    main()
