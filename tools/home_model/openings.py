# SPDX-License-Identifier: Apache-2.0
"""What opens and shuts, and the air: covers, windows, gates and garages, fans by place, heating by room."""

from __future__ import annotations

import random
import re

from tools.home_model import results
from tools.home_model.calls import Draft, call
from tools.home_model.drafts import (
    covered,
    draft,
    names_of,
    pick,
    place_slots,
    says_a_name,
    with_say,
)
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home
from tools.home_model.levels import by_use, hung_where
from tools.home_model.places import somewhere
from tools.home_model.targets import SET_NOUNS, Target, called_plainly, members, of_set

_COVER_EXTRA = {
    "blind": "shade",
    "shade": "shade",
    "shutter": "shade",
    "curtain": "curtain",
    "awning": "awning",
    "garage": "shade",
}
_COVER_REASONS = _COVER_EXTRA | {"garage": "gate"}
"""Whose reasons are given for it: people drive through a garage door as through a gate."""


_DRIVEN = ("gate", "garage")


def _the_gate(home: Home, device_class: str) -> Target | None:
    """The only gate or garage door: no room has it, and nobody says its name."""
    found = members(home, "cover", device_class)
    noun = "gate" if device_class == "gate" else "garage"
    if len(found) != 1 or says_a_name(home, f"the {noun}", found[0]) or noun in _rooms(home):
        return None
    return Target(f"the {noun}", noun, {"name": found[0].name.lower()}, found, noun=noun)


def _rooms(home: Home) -> str:
    return " ".join(home.areas).lower()


def cover(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Open or close a cover or valve."""
    found = covered(rng, home)
    if found is None:
        return None
    target, device_class = found
    if device_class in _DRIVEN and target.arguments.get("area") == "here":
        the_one = _the_gate(home, device_class)
        if the_one is None:
            return None
        target = the_one
    elif device_class in _SHADES and rng.random() < 0.1:
        target = hung_where(rng, home, device_class) or target
    opens = rng.random() < 0.5
    section = "open" if opens else "close"
    extra = f"{section}.{_COVER_EXTRA.get(device_class, device_class)}"
    reasons = f"{section}.{_COVER_REASONS.get(device_class, device_class)}.say"
    own = with_say(f"{section}.{device_class}")
    extras = tuple(name for name in dict.fromkeys((extra, reasons, *own)) if name in GRAMMAR.sections)
    sections = extras if extras and rng.random() < 0.4 else with_say(section)
    made = call("HassTurnOn" if opens else "HassTurnOff", target.arguments)
    chosen = pick(rng, split, *sections)
    if device_class == "garage" and chosen and _AT_WINDOWS.search(chosen[0].text):
        return None  # a garage door rolls up like a shutter, but keeps no sun out
    return draft(
        rng,
        chosen,
        target.slots,
        made,
        results.done(rng, target, "open" if opens else "closed"),
        names_of(target),
    )


_AT_WINDOWS = re.compile(
    r"<pa\.dark>|\b(?:sun|sunlight|sunshine|daylight|light|lights|glare|window|sill|black|darken|dark|nap|plants|sofa|sky|bed|glass|peace)\b"
)


def air(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """It is stuffy: open a window."""
    target = of_set(rng, home, "cover", "window")
    if target is None:
        return None
    spot = somewhere(rng, home, {"here": 1, "none": 2})
    slots = target.slots | (place_slots(spot) if spot else {})
    return draft(
        rng,
        pick(rng, split, "cold.open.say"),
        slots,
        call("HassTurnOn", target.arguments),
        results.done(rng, target, "open"),
        names_of(target),
    )


_SHADES = ("blind", "curtain", "shade", "shutter")


def sun(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """The sun is blinding: close what the room has against it."""
    found = [device for device in home.devices if device.domain == "cover" and device.device_class in _SHADES]
    if not found:
        return None
    opens = rng.random() < 0.4
    device = rng.choice(found)
    device_class = device.device_class or "blind"
    spot = somewhere(rng, home, {"area": 4, "here": 2, "none": 3}, of=False)
    if spot is None:
        return None
    spot = by_use(rng, home, spot)
    devices = members(home, "cover", device_class, spot.area)
    if spot.area and (not devices or len({each.device_class for each in members(home, "cover", None, spot.area)}) > 1):
        return None
    if not spot.area and len({each.device_class for each in found}) > 1:
        return None  # nobody could tell whether the blinds or the curtains are meant
    arguments = (spot.arguments or {"area": "here"}) | {"domain": "cover", "device_class": device_class}
    target = Target("", "", arguments, devices if spot.area else devices[:2], True, spot.area or "here", device_class)
    made = call("HassTurnOn" if opens else "HassTurnOff", arguments)
    chosen = pick(rng, split, "sun.open.say" if opens else "sun.close.say")
    if chosen and "shade" in chosen[0].text and members(home, "cover", "awning"):
        return None  # an awning gives shade as well
    return draft(rng, chosen, place_slots(spot), made, results.done(rng, target, "open" if opens else "closed"))


def windows(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Open or close whatever hangs at the windows of a place."""
    spot = somewhere(rng, home, {"area": 5, "floor": 2, "here": 2, "all": 1})
    if spot is None:
        return None
    spot = by_use(rng, home, spot)
    devices = members(home, "cover", None, spot.area, spot.floor)
    if not devices or any(device.device_class not in _SHADES for device in devices):
        return None  # the call would move a gate or a door as well
    opens = rng.random() < 0.4
    arguments = spot.arguments | {"domain": "cover"}
    target = Target("", "", arguments, devices, True, spot.area or spot.floor or "", "cover")
    made = call("HassTurnOn" if opens else "HassTurnOff", arguments)
    chosen = pick(rng, split, *with_say("windows.open" if opens else "windows.close"))
    if chosen and "A" in chosen[0].slots and not spot.area:
        return None
    return draft(rng, chosen, place_slots(spot), made, results.done(rng, target, "open" if opens else "closed"))


def drive(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """A car wants in or out: the gate or garage door, where the home has one."""
    found = [each for each in members(home, "cover", None) if each.device_class in _DRIVEN]
    if len(found) != 1 or any(re.search("gate|garage", each.name.lower()) for each in members(home, "lock", None)):
        return None
    opens = rng.random() < 0.65
    target = Target("", "", {"name": found[0].name.lower()}, (found[0],))
    made = call("HassTurnOn" if opens else "HassTurnOff", target.arguments)
    chosen = pick(rng, split, "drive.open.say" if opens else "drive.close.say")
    called = ("gate",) if found[0].device_class == "gate" else ("garage", "garage", "garage door")
    slots = {"gate": rng.choice(called)}
    if chosen and "gate" in chosen[0].slots and says_a_name(home, f"the {slots['gate']}", found[0]):
        return None
    return draft(rng, chosen, slots, made, results.done(rng, target, "open" if opens else "closed"))


def pair(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Open or close two kinds of covers of a place at once: one call for each kind."""
    spot = somewhere(rng, home, {"area": 5, "floor": 3, "all": 2})
    if spot is None:
        return None
    found = members(home, "cover", None, spot.area, spot.floor)
    kinds = sorted({device.device_class for device in found if device.device_class in (*_SHADES, "window", "awning")})
    if len(kinds) < 2:
        return None
    two = rng.sample(kinds, 2)
    one, other = (rng.choice(SET_NOUNS[kind][1]) for kind in two)
    text = rng.choice(
        (
            f"the {one} and {other}", f"the {one} and the {other}", f"all the {one} and {other}", f"{one} and {other}", f"all {one} and {other}",
            f"both the {one} and the {other}", f"the {one} as well as the {other}", f"all the {one} and all the {other}",
        )
    )  # fmt: skip
    text = f"{text} {spot.inside}"
    opens = rng.random() < 0.4
    chosen = pick(rng, split, *with_say("pair.open" if opens else "pair.close"))
    if chosen is None or called_plainly(home, text):
        return None
    where = spot.area or spot.floor or ""
    calls, told = [], []
    for kind, noun in zip(two, (one, other), strict=True):
        arguments = spot.arguments | {"domain": "cover", "device_class": kind}
        target = Target(text, text, arguments, members(home, "cover", kind, spot.area, spot.floor), True, where, noun)
        calls.append(call("HassTurnOn" if opens else "HassTurnOff", arguments))
        told.append(results.done(rng, target, "open" if opens else "closed"))
    said = GRAMMAR.say(rng, chosen[0].node, {"pair": text})
    return Draft(said, chosen[1], tuple(calls), tuple(told), chosen[0].text)


def calm(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Enough wind: turn off the fans of a place."""
    spot = somewhere(rng, home, {"area": 6, "here": 2, "none": 2}, of=False)
    if spot is None:
        return None
    devices = members(home, "fan", None, spot.area)
    chosen = pick(rng, split, *with_say("calm"))
    if not devices or chosen is None:
        return None
    if re.search("draught|draft", chosen[0].text) and members(home, "cover", "window"):
        return None  # it may come through the window
    arguments = (spot.arguments or {"area": "here"}) | {"domain": "fan"}
    target = Target("", "", arguments, devices if spot.area else devices[:1], True, spot.area or "here", "fan")
    made = call("HassTurnOff", arguments)
    return _unless_plain(home, draft(rng, chosen, place_slots(spot), made, results.done(rng, target, "off")))


def _unless_plain(home: Home, found: Draft | None) -> Draft | None:
    """The draft, unless it speaks of a set by a word that is the name of one device: "Fan" or "Heating"."""
    return None if found is None or called_plainly(home, found.text.lower()) else found


def heating(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Turn the heating of a place on or off."""
    spot = somewhere(rng, home, {"area": 7, "floor": 1, "here": 2}, of=False)
    if spot is None:
        return None
    spot = by_use(rng, home, spot)
    devices = members(home, "climate", None, spot.area, spot.floor)
    if not devices or any(re.search(r"\b(?:air|ac)\b", device.name.lower()) for device in devices):
        return None  # nothing there that heats, or something that may cool
    on = rng.random() < 0.45
    arguments = spot.arguments | {"domain": "climate"}
    devices = devices if spot.area or spot.floor else devices[:1]
    target = Target("", "", arguments, devices, True, spot.area or spot.floor or "here", "thermostat")
    chosen = pick(rng, split, *with_say("heat.on" if on else "heat.off"))
    made = call("HassTurnOn" if on else "HassTurnOff", arguments)
    done = results.done(rng, target, "on" if on else "off")
    return _unless_plain(home, draft(rng, chosen, place_slots(spot), made, done))


def breeze(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Get the air moving: turn on the fans."""
    spot = somewhere(rng, home, {"area": 6, "here": 2, "none": 2}, of=False)
    if spot is None:
        return None
    devices = members(home, "fan", None, spot.area)
    if not devices:
        return None
    arguments = (spot.arguments or {"area": "here"}) | {"domain": "fan"}
    target = Target("", "", arguments, devices if spot.area else devices[:1], True, spot.area or "here", "fan")
    chosen = pick(rng, split, *with_say("breeze"))
    if (
        chosen
        and not spot.area
        and _FUMES.search(chosen[0].text)
        and any(_HOOD.search(fan.name) for fan in home.devices)
    ):
        return None  # then the extractor is meant, and not the fans of the room
    if chosen and "fan" not in chosen[0].text and members(home, "cover", "window"):
        return None  # a window lets the air in as well
    made = call("HassTurnOn", arguments)
    return _unless_plain(home, draft(rng, chosen, place_slots(spot), made, results.done(rng, target, "on")))


_FUMES = re.compile(r"<ma\.chef>|smok|steam|smell|fume|stink|reek|scorch|burn|fug|pong")
_HOOD = re.compile(r"\b(?:extractor|exhaust|hood)\b", re.IGNORECASE)
