# SPDX-License-Identifier: Apache-2.0
"""What is announced to the household, in the words in which it is to be said, with the call that announces it."""

from __future__ import annotations

import random
import re

from appliance.speech.numbers import digits
from tools.home_model import results
from tools.home_model.calls import Call, Draft, Result, Turn, call
from tools.home_model.clauses import imperative
from tools.home_model.grammar import GRAMMAR, Split, Template
from tools.home_model.homes import Home
from tools.home_model.wording import finished, plain_turn

_NUMBER = re.compile(r"(?<![\d:])\d{1,2}(?![\d:])")
_SIGNS = re.compile(r"[,.!?;:]+(?=\s|$)")
_BEFORE = ("", "", "", "", "hey ", "okay ", "please ", "um ", "right ", "hey computer ")
_WHERE = ("on {}", "on {} and {}", "on {}, {} and {}", "in the {}", "on {}, but {} did not answer")


def message(rng: random.Random, home: Home, split: Split, kind: str) -> str:
    """What is to be said: a statement ("said"), what they are to do ("order"), or a call ("name")."""
    pick = rng.random()
    if kind == "order" and pick < 0.25:
        found = imperative(rng, home, split)
        text = found.text if found else "hurry up"
    elif kind == "said" and pick < 0.35:
        text = _any(rng, "clause.said", split)
    else:
        text = _any(rng, f"message.{kind}", split)
        if rng.random() < 0.5:
            text = _NUMBER.sub(lambda match: str(rng.randint(2, 30 if int(match[0]) > 12 else 12)), text)
    if kind == "said" and rng.random() < 0.12:
        text += rng.choice((" so ", " and ", " and please ")) + _any(rng, "message.order", split)
    return digits(_SIGNS.sub("", text).lower())


def _any(rng: random.Random, section: str, split: Split) -> str:
    template = GRAMMAR.pick(rng, section, split) or GRAMMAR.pick(rng, section, "train")
    assert template is not None, f"there is nothing in [{section}]"
    return GRAMMAR.say(rng, template.node, {})


def announced(rng: random.Random, home: Home) -> Result:
    """What is reported of an announcement."""
    if rng.random() < results.FAILURES:
        return Result(False, "There is no other speaker that I could say it on")
    rooms = [*home.areas, "Kitchen Speaker", "Hall", "Study"]
    return Result(True, f"Announced {rng.choice(_WHERE).format(*(rng.choice(rooms) for _ in range(3)))}")


def announcement(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """A sentence that asks for an announcement, at times behind another command."""
    template = GRAMMAR.pick(rng, "broadcast", split)
    if template is None:
        return None
    text, made = _said(rng, home, split, template)
    told = announced(rng, home)
    if rng.random() < 0.1 and (first := imperative(rng, home, split)) is not None:
        text = f"{first.text}{rng.choice((' and ', ' and then ', ', then ', ', and '))}{text}"
        return Draft(text, "do", (*first.calls, made), (*first.results, told), template.text, first.names)
    return Draft(text, "do", (made,), (told,), template.text)


def _said(rng: random.Random, home: Home, split: Split, template: Template) -> tuple[str, Call]:
    (kind,) = template.slots
    what = message(rng, home, split, kind)
    return GRAMMAR.say(rng, template.node, {kind: what}), call("HassBroadcast", {"message": what})


def broadcast(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    """A turn in which something is to be announced, or what it is was not said yet."""
    if rng.random() < 0.08:
        template = GRAMMAR.pick(rng, "clarify.broadcast", split)
        if template is None:
            return None
        text = GRAMMAR.say(rng, template.node, {})
        waiting = call("HassBroadcast", {})
        return plain_turn(rng, "clarify", text, "What should I announce?", template.text, (), waiting)
    found = announcement(rng, home, split)
    return finished(rng, "broadcast", found, rng.choice(_BEFORE) + found.text) if found else None
