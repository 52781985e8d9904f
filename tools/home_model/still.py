# SPDX-License-Identifier: Apache-2.0
"""What people say of the things at home while nothing is to be done: told, asked, sung, forbidden, thought of.

The words are sentences that were written by hand, with the names taken out (sections `still` and `still.KIND`).
"""

from __future__ import annotations

import random
import re

from tools.home_model import drafts
from tools.home_model.calls import Turn
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home
from tools.home_model.places import somewhere
from tools.home_model.targets import named
from tools.home_model.wording import plain_turn

KINDS = {
    "light": ("light",),
    "cover": ("cover",),
    "lock": ("lock",),
    "fan": ("fan",),
    "climate": ("climate",),
    "media": ("media_player",),
    "switch": ("switch",),
    "vacuum": ("vacuum",),
    "valve": ("valve",),
    "scene": ("scene", "script"),
}
"""The sections after `still.`, and the domains that each speaks of."""

_ASKED = re.compile(
    r"(?:and |so |but )?(?:who|why|what|how|where|which|whose|when(?= (?:is|are|do|did|was|will))|should|do|does|did|is|are|was|were|has|have)(?:'s|n't)?\b(?! (?:i|not)\b)"
)


def still(rng: random.Random, home: Home, split: Split) -> Turn | None:
    """A sentence of a kind of device that the home has, or of none."""
    kinds = [kind for kind, domains in KINDS.items() if any(each.domain in domains for each in home.devices)]
    sections = ["still", *(f"still.{kind}" for kind in kinds)]
    sizes = [len(GRAMMAR.sections.get(section, ())) for section in sections]
    section = rng.choices(sections, sizes)[0]
    template = GRAMMAR.pick(rng, section, split)
    spot = somewhere(rng, home, {"area": 8, "floor": 1}, of=False)
    slots = {"in": spot.inside, "place": spot.text} if spot else {}
    names: tuple[str, ...] = ()
    if section != "still":
        domains = KINDS[section.removeprefix("still.")]
        device, other = (drafts.some_device(rng, home, domains) for _ in range(2))
        if device is None or other is None:
            return None
        target, second = named(rng, home, device), named(rng, home, other)
        slots |= target.slots | {"y": second.text}
        names = (*drafts.names_of(target), *drafts.names_of(second))
    if (
        template is None
        or not template.slots <= slots.keys()
        or (slots.get("y") == slots.get("x") and "y" in template.slots)
    ):
        return None
    text = GRAMMAR.say(rng, template.node, slots)
    answer = "I do not know that." if text.endswith("?") or _ASKED.match(text.lower()) else "Okay, I change nothing."
    return plain_turn(rng, "negation", text, answer, template.text, names)
