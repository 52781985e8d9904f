# SPDX-License-Identifier: Apache-2.0
"""Lamps and fans that nobody names: "less wind", "she wants it purple", "half light please".

Meant is what the last turn was about, where that was a lamp or a fan, and else what stands in the room.
"""

from __future__ import annotations

import random
import re

from appliance.home.tools import COLORS
from tools.home_model import drafts, lights, results
from tools.home_model.calls import Call, Draft, Turn, call
from tools.home_model.clauses import domain_of
from tools.home_model.grammar import Split
from tools.home_model.homes import Home
from tools.home_model.last_turn import devices_of, known_device
from tools.home_model.levels import pace
from tools.home_model.places import Place, somewhere
from tools.home_model.relative import stepped
from tools.home_model.targets import Target, called_plainly, members
from tools.home_model.wording import finished, wrapped

_LEVELS = {"full": "100", "least": "1", "half": "50"}
_IT = re.compile(r"\bit\b")


def _there(home: Home, domain: str, spot: Place, history: Turn | None) -> Target | None:
    """The devices of a room; None where the turn before was about such devices, or there are none."""
    found = members(home, domain, None, spot.area)
    spoken = history is not None and (
        any(domain_of(home, each) == domain for each in history.calls)
        or any(name.lower() in history.user.lower() for each in found for name in (each.name, *each.aliases))
    )
    if not found or (spoken and not spot.area):
        return None
    arguments = spot.arguments or {"area": "here"}
    return Target("", "", arguments, found if spot.area else found[:2], False, spot.area or "here", domain)


def _same(home: Home, domain: str, last: Call) -> Target | None:
    """What the turn before was about, if that was a lamp or a fan which is on now."""
    if last.tool not in ("HassTurnOn", "HassLightSet", "HassFanSetSpeed") or domain_of(home, last) != domain:
        return None
    if "except" in last.arguments or "device_class" in last.arguments:
        return None
    known = {slot: value for slot, value in last.arguments.items() if slot in ("name", "area", "floor")}
    device = known_device(home, known)
    devices = (device,) if device else devices_of(home, known | {"domain": domain})
    return Target("", "", known, devices, device is None, known.get("area", ""), domain) if known else None


def _light(rng: random.Random, home: Home, split: Split, target: Target, here: str) -> Draft | None:
    """A color or a part of the light, and no word of a lamp."""
    kind = rng.choices(("color", "part", "half", "full", "least"), (10, 4, 2, 2, 1))[0]
    part, n = rng.choice(tuple(lights.PARTS.items()))
    color = rng.choice(COLORS)
    value = {"color": color} if kind == "color" else {"brightness": _LEVELS.get(kind, n)}
    chosen = drafts.pick(rng, split, *drafts.with_say(f"unnamed.{kind}"))
    state = f"on, color {color}" if kind == "color" else f"on, brightness {value['brightness']} percent"
    slots = {"color": color, "part": part, "here": here}
    made = call("HassLightSet", target.arguments | value)
    return drafts.draft(rng, chosen, slots, made, results.done(rng, target, state))


def _fan(rng: random.Random, home: Home, split: Split, target: Target, here: str, *, bare: bool) -> Draft | None:
    """A fan's speed, by its wind; `bare`: or by nothing else than how fast."""
    if bare and rng.random() < 0.4:
        n, words = pace(rng, target)
        made = call("HassFanSetSpeed", target.arguments | {"percentage": n})
        done = results.done(rng, target, f"on, speed {n} percent")
        return drafts.draft(rng, drafts.pick(rng, split, "unnamed.pace"), target.slots | words, made, done)
    faster = rng.random() < 0.45
    section = f"unnamed.{'bare.' if bare and rng.random() < 0.7 else ''}{'faster' if faster else 'slower'}"
    chosen = drafts.pick(rng, split, *drafts.with_say(section))
    if chosen and not bare and members(home, "cover", "window") and not re.search("blow|gale|puff", chosen[0].text):
        return None  # a window lets the wind in as well
    made = stepped("HassFanSetSpeed", target.arguments, "up" if faster else "down")
    n = rng.choice((60, 75, 80, 100) if faster else (10, 20, 25, 40))
    done = results.done(rng, target, f"on, speed {n} percent")
    return drafts.draft(rng, chosen, target.slots | {"here": here}, made, done)


def unnamed(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    """A lamp or a fan without its name, here or in a room: said out of the blue."""
    light = rng.random() < 0.7
    spot = somewhere(rng, home, {"area": 3, "here": 4, "none": 5}, of=False)
    target = _there(home, "light" if light else "fan", spot, history) if spot else None
    if spot is None or target is None or (history is not None and history.waiting is not None):
        return None
    here = spot.inside
    found = _light(rng, home, split, target, here) if light else _fan(rng, home, split, target, here, bare=False)
    if found is None or called_plainly(home, found.text.lower()) or drafts.says_a_name(home, found.text):
        return None
    if spot.area and spot.inside not in found.text:
        return None  # the room is not said
    if light and history is not None and history.calls and _IT.search(found.text):
        return None  # what "it" is was just said
    return finished(rng, "act", found, wrapped(rng, found, split)) if drafts.unless_named(home, found) else None


def carried_on(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """The same of the lamp or the fan that was just spoken of."""
    domain = domain_of(home, last)
    target = _same(home, domain, last) if domain in ("light", "fan") else None
    if target is None or not target.devices:
        return None
    found = _light(rng, home, split, target, "") if domain == "light" else _fan(rng, home, split, target, "", bare=True)
    return None if found is None or drafts.says_a_name(home, found.text) else found
