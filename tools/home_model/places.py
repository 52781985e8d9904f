# SPDX-License-Identifier: Apache-2.0
"""Where something is or is done: a room, a floor, here or the whole house, and how each is said."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tools.home_model.homes import Home

NO_ARTICLE = frozenset(("outside", "inside", "upstairs", "downstairs"))
ON_PLACES = frozenset("patio balcony terrace porch deck veranda driveway landing staircase mezzanine dock".split())
HERE = (
    "in here",
    "here",
    "in this room",
    "in the room",
    "in my room",
    "in this area",
    "around here",
    "in this space",
    "right here",
)
HERE_PLACES = ("this room", "the room", "this place", "my room", "this space", "this area", "our room", "the space")
ALL = (
    "everywhere", "in the house", "in the whole house", "in the entire house", "throughout the house", "all over the house", "in every room",
    "in all rooms", "in all the rooms", "in each room", "in the apartment", "in the flat", "around the house", "across the house", "at home",
    "on every floor", "in the whole home", "in my house", "in our house", "in all my rooms", "in all areas", "in the whole apartment",
)  # fmt: skip
ALL_PLACES = (
    "the house", "the whole house", "the entire house", "the whole home", "every room", "all rooms", "all the rooms", "each room", "the entire home",
    "our house", "my house", "the apartment", "the whole apartment", "the flat", "all areas", "our whole home", "every single room", "the whole place",
)  # fmt: skip


def place(rng: random.Random, area: str) -> str:
    """A room or floor with or without its article: "the kitchen", "outside"."""
    low = area.lower()
    if low in NO_ARTICLE or low.split()[0].endswith("'s"):
        return low
    pick = rng.random()
    return f"the {low}" if pick < 0.8 else f"{rng.choice(('my', 'our'))} {low}" if pick < 0.85 else low


def inside(rng: random.Random, area: str, of: bool = True) -> str:
    """Where, as said of a room or floor: "in the kitchen", "on the patio", "upstairs"; `of`: or "of the kitchen"."""
    low = area.lower()
    if low in NO_ARTICLE:
        return low
    if any(word in low for word in ("floor", "level", "storey")):
        preposition = rng.choice(("on", "on", "on", "in", "at"))
    elif low.split()[-1] in ON_PLACES:
        preposition = rng.choice(("on", "on", "in", "at"))
    else:
        belongs = ("of", "for") if of else ()
        preposition = rng.choice(("in", "in", "in", "in", "in", "in", "inside", "at", "around", "over in", *belongs))
    return f"{preposition} {place(rng, low)}"


@dataclass(frozen=True)
class Place:
    """A room, a floor, here, or the house, as what a sentence is about."""

    inside: str
    text: str
    bare: str
    arguments: dict[str, str]
    area: str | None = None
    floor: str | None = None


def somewhere(rng: random.Random, home: Home, modes: dict[str, float], of: bool = True) -> Place | None:
    """A place of one of the modes `area`, `floor`, `here`, `all`, `none` (nothing said), by weight.

    `of`: it may be "of the kitchen" as well, which fits a noun ("the lights of the kitchen"), and nothing else.
    """
    mode = rng.choices(tuple(modes), tuple(modes.values()))[0]
    if mode == "area" and home.areas:
        area = rng.choice(home.areas)
        return Place(inside(rng, area, of), place(rng, area), area.lower(), {"area": area.lower()}, area=area)
    # A floor without devices is not in the device list: nothing tells that the basement is no room.
    floors = [floor for floor in home.floors if any(device.floor == floor for device in home.devices)]
    if mode == "floor" and floors:
        floor = rng.choice(floors)
        return Place(inside(rng, floor, of), place(rng, floor), floor.lower(), {"floor": floor.lower()}, floor=floor)
    if mode == "here":
        return Place(rng.choice(HERE), rng.choice(HERE_PLACES), "this room", {"area": "here"})
    if mode == "all":
        return Place(rng.choice(ALL), rng.choice(ALL_PLACES), "house", {})
    if mode == "none":
        return Place("", "", "", {})
    return None
