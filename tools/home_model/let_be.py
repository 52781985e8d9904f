# SPDX-License-Identifier: Apache-2.0
"""A timer, a list or a player that is to be left alone: nothing is called, or only what is said beside it."""

from __future__ import annotations

import random

from tools.home_model import drafts, spans
from tools.home_model.calls import Draft, Turn
from tools.home_model.clauses import domain_of, imperative
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home
from tools.home_model.household import purpose
from tools.home_model.targets import Target, named
from tools.home_model.wording import ends_open, finished, plain_turn

_TIMERS = ("the timer", "my timer", "that timer", "the timers", "all the timers")
_LISTS = ("the shopping list", "my shopping list", "the list", "our grocery list")
_SOUNDS = (
    "the music", "the song", "this song", "the film", "the movie", "the podcast", "the playlist", "the album", "this track",
    "the show", "the audiobook", "the radio",
)  # fmt: skip


def _left(rng: random.Random, home: Home, split: Split, kind: str) -> Target | None:
    """A timer, a list or a player, as it is called."""
    plainly = rng.random() < 0.3
    if kind == "timer":
        name, length = purpose(rng, split), spans.span(rng).before_noun
        if plainly or home.find(name) is not None:
            text = rng.choice(_TIMERS)
        elif length and rng.random() < 0.25:
            text = f"the {length} timer"
        else:
            text = rng.choice((f"the {name} timer", f"the {name} timer", f"my {name} timer", f"the timer for {name}"))
        return Target(text, text, {}, (), text.endswith("timers"))
    device = drafts.some_device(rng, home, ("todo" if kind == "list" else "media_player",))
    if device is None or plainly:
        text = rng.choice(_LISTS if kind == "list" else _SOUNDS)
        return Target(text, text, {}, ())
    if kind == "media":
        return named(rng, home, device)
    name = rng.choice((device.name, *device.aliases)).lower()
    text = f"{rng.choice(('the', 'the', 'my', 'our'))} {name if name.endswith('list') else f'{name} list'}"
    return Target(text, text, {}, (device,))


def let_be(rng: random.Random, home: Home, split: Split) -> Turn | None:
    """A timer, a list or a player that is not to be touched: "leave the pasta timer", "let the music play"."""
    kind = rng.choices(("timer", "list", "media"), (4, 3, 4))[0]
    left = _left(rng, home, split, kind)
    if left is None:
        return None
    slots = left.slots | {"y": left.text}
    if rng.random() < 0.3:
        return _but(rng, home, split, kind, left)
    chosen = drafts.pick(rng, split, "letbe" if rng.random() < 0.6 else f"letbe.{kind}")
    if chosen is None or (left.plural and " is " in chosen[0].text):
        return None
    text = GRAMMAR.say(rng, chosen[0].node, slots)
    if rng.random() < 0.1:
        text = rng.choice(("please {}", "hey {}", "okay {}", "{} please")).format(text)
    names = drafts.names_of(left)
    return plain_turn(
        rng,
        "negation",
        text,
        f"Okay, I leave {left.text} as {'they are' if left.plural else 'it is'}.",
        chosen[0].text,
        names,
    )


def _but(rng: random.Random, home: Home, split: Split, kind: str, left: Target) -> Turn | None:
    """Something else is done: "leave the egg timer, but stop the pasta timer"."""
    found, template = imperative(rng, home, "train"), GRAMMAR.pick(rng, "letbe.but", split)
    if found is None or template is None or ends_open(found, found.text):
        return None
    made = found.calls[0]
    like = {
        "timer": "Timer" in made.tool,
        "list": "List" in made.tool,
        "media": domain_of(home, made) == "media_player",
    }
    everything = "name" not in made.arguments and made.tool.startswith("HassTurn")
    both_named = "name" in made.arguments and left.arguments.get("name", left.text) not in (made.arguments["name"], "")
    if (like[kind] and not (both_named and kind != "list")) or (everything and kind == "media"):
        return None  # "all off, but leave the radio" leaves one out
    if (
        found.text.startswith(("but ", "just "))
        or left.text in found.text
        or made.arguments.get("name", "\n") in left.text
    ):
        return None
    text = GRAMMAR.say(rng, template.node, left.slots | {"y": left.text, "c": found.text})
    draft = Draft(text, "say", found.calls, found.results, template.text, (*found.names, *drafts.names_of(left)))
    return finished(rng, "act", draft, text)
