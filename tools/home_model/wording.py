# SPDX-License-Identifier: Apache-2.0
"""How a sentence is wrapped, and the turn that it becomes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tools.home_model import noise
from tools.home_model.calls import Call, Draft, Turn, sentence
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home

_GERUNDS = {"get": "getting", "set": "setting", "put": "putting", "let": "letting", "cut": "cutting", "shut": "shutting", "dim": "dimming", "run": "running", "stop": "stopping", "skip": "skipping",
            "flip": "flipping", "drop": "dropping", "snap": "snapping", "tap": "tapping", "hit": "hitting", "quit": "quitting", "pin": "pinning", "bar": "barring", "nix": "nixing", "begin": "beginning",
            "see": "seeing", "tie": "tying", "mop": "mopping", "tag": "tagging", "jot": "jotting", "spin": "spinning", "pop": "popping", "bin": "binning", "grab": "grabbing", "drag": "dragging", "trim": "trimming", "slap": "slapping", "scrub": "scrubbing", "rub": "rubbing", "whip": "whipping", "top": "topping", "unpin": "unpinning", "scrap": "scrapping", "wrap": "wrapping", "knock": "knocking",
            "fill": "filling", "swing": "swinging", "step": "stepping", "plug": "plugging", "unbar": "unbarring", "undo": "undoing", "go": "going", "do": "doing", "jump": "jumping"}  # fmt: skip


def gerund(command: str) -> str:
    """`turn on the lamp` -> `turning on the lamp`."""
    verb, _, rest = command.partition(" ")
    if verb in _GERUNDS:
        form = _GERUNDS[verb]
    elif verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        form = f"{verb[:-1]}ing"
    else:
        form = f"{verb}ing"
    return f"{form} {rest}".strip()


def wrapped(rng: random.Random, found: Draft, split: Split) -> str:
    pick = rng.random()
    if pick < (0.42 if found.form == "do" else 0.7):
        return found.text
    if found.form == "do":
        section, slots = (
            ("wrap.ing", {"cing": gerund(found.text)})
            if pick > 0.94 and found.text.split()[0].isalpha()
            else ("wrap", {"c": found.text})
        )
    else:
        section, slots = ("wrap.ask", {"q": found.text}) if found.form == "ask" else ("wrap.say", {"s": found.text})
    template = GRAMMAR.pick(rng, section, "train" if rng.random() < 0.8 else split)
    return GRAMMAR.say(rng, template.node, slots) if template else found.text


def finished(rng: random.Random, kind: str, found: Draft, text: str, plain: str | None = None) -> Turn:
    answer = " ".join(sentence(result.text) for result in found.results) if plain is None else plain
    titles = [each.arguments["search_query"] for each in found.calls if "search_query" in each.arguments]
    user = noise.written(
        rng,
        text,
        found.names,
        titles=titles,
        question=found.form == "ask"
        or text.lower().startswith(("can", "could", "would", "will", "do you", "is it", "are you")),
    )
    return Turn(user, found.calls, found.results, answer, kind, found.template)


Maker = Callable[[random.Random, Home, Split], "Draft | None"]


def plain_turn(
    rng: random.Random,
    kind: str,
    text: str,
    answer: str,
    template: str,
    names: Sequence[str] = (),
    waiting: Call | None = None,
) -> Turn:
    return Turn(noise.written(rng, text, names), (), (), answer, kind, template, waiting)
