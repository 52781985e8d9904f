# SPDX-License-Identifier: Apache-2.0
"""Switching on and off: one thing, the lights of a place, both lamps of a pair, everything."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from appliance.home.tools import COLORS
from tools.home_model import levels, results
from tools.home_model.calls import Draft, call
from tools.home_model.drafts import (
    PLAIN,
    draft,
    names_of,
    pick,
    place_slots,
    some_device,
    with_say,
)
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home
from tools.home_model.levels import fan_by_place
from tools.home_model.lights import described
from tools.home_model.places import somewhere
from tools.home_model.targets import Target, called_plainly, members, named, of_set

SWITCHED = ("light", "switch", "fan", "media_player", "climate", "input_boolean", "humidifier", "water_heater")


def switched(rng: random.Random, home: Home, sets: float = 0.45) -> Target | None:
    """A device or a set of devices that can be turned on and off."""
    if rng.random() < sets:
        pick_of = rng.random()
        domain, device_class = (
            ("light", None) if pick_of < 0.72 else ("fan", None) if pick_of < 0.88 else ("switch", None) if pick_of < 0.94
            else ("climate", None) if pick_of < 0.96 else ("media_player", rng.choice(("tv", "speaker")))
        )  # fmt: skip
        return of_set(rng, home, domain, device_class)
    device = some_device(rng, home, SWITCHED)
    if device and device.domain == "light" and rng.random() < 0.4 and (target := described(rng, home)) is not None:
        return target
    if device and device.domain == "fan" and rng.random() < 0.6 and (target := fan_by_place(rng, home)) is not None:
        return target
    return in_part(rng, home, named(rng, home, device)) if device else None


_PARTS = frozenset(
    "blanket rail warmer feature sprinkler sprinklers alarm charger pump main stopcock fountain irrigation iron printer kettle oven boiler fryer "
    "purifier humidifier dehumidifier cooker tree toaster straighteners treadmill".split()
)
"""Last words that say enough of an appliance, where the home has one of them: "the blanket" is the electric blanket."""
NICKNAMES = {
    "electric blanket": ("leccy blanket", "heated blanket", "bed blanket", "blanket on the bed", "blanket thing"),
    "heated blanket": ("leccy blanket", "electric blanket", "bed blanket", "warm blanket", "blanket thing"),
    "bed warmer": ("electric blanket", "leccy blanket", "bed heater"),
    "burglar alarm": ("house alarm", "security system", "alarm system", "intruder alarm", "security", "burglar thing"),
    "house alarm": ("burglar alarm", "security system", "alarm system", "intruder alarm", "security", "burglar thing"),
    "alarm system": ("burglar alarm", "house alarm", "security system", "alarm", "security"),
    "security system": ("burglar alarm", "house alarm", "alarm system", "alarm", "security", "alarm thing"),
    "water main": ("main stopcock", "stopcock", "mains water", "water main valve", "main tap", "water mains"),
    "main water valve": ("main stopcock", "stopcock", "water main", "mains water", "main valve", "water mains"),
    "stopcock": ("main stopcock", "stop tap", "water main", "mains stopcock", "mains tap"),
    "main stopcock": ("stopcock", "stop tap", "water main", "mains", "mains tap"),
    "lawn sprinkler": ("sprinklers", "garden sprinkler", "lawn sprinklers", "sprinkler thing", "grass sprinkler"),
    "sprinkler": ("sprinklers", "garden sprinkler", "lawn sprinkler", "sprinkler thing"),
    "fountain": ("water feature", "garden fountain", "water thing", "splashy thing"),
    "water feature": ("fountain", "garden fountain", "water thing", "splashy thing"),
    "car charger": ("ev charger", "car charging", "charging point", "charge point", "electric car charger"),
    "ev charger": ("car charger", "car charging", "charging point", "charge point"),
    "wallbox": ("car charger", "ev charger", "charging point"),
    "towel warmer": ("towel rail", "heated towel rail", "towel heater", "towel thing"),
    "towel heater": ("towel rail", "heated towel rail", "towel warmer", "towel thing"),
    "immersion heater": ("immersion", "hot water heater"),
    "hair straighteners": ("straighteners", "hair irons", "ghds"),
    "fan heater": ("little heater", "blow heater", "hot air blower"),
    "patio heater": ("outside heater", "outdoor heater"),
}
"""What else appliances are called; the call holds the name that the home has for them."""


def in_part(rng: random.Random, home: Home, target: Target) -> Target:
    """An appliance by the end of its name, or as people call it, where the home has no other thing of that word."""
    name = target.arguments.get("name", "")
    if len(target.arguments) > 1 or target.bare != name or rng.random() < 0.55:
        return target
    last = name.split()[-1:]
    plain = last != [name] and last[0] in _PARTS and not name.endswith("heat pump")  # "the pump" is for water
    parts = [*NICKNAMES.get(name, ()), *(last if plain else ())]
    known = [each.lower() for device in home.devices for each in (device.name, *device.aliases) if each.lower() != name]
    parts = [part for part in parts if not any(re.search(rf"\b{part}\b", each) or each in part for each in known)]
    if not parts:
        return target
    bare = rng.choice(parts)
    plural = bare.endswith("s") and not bare.endswith("ss")
    return replace(
        target,
        text=rng.choice((f"the {bare}",) * 4 + (f"our {bare}", f"that {bare}" if not plural else bare, bare)),
        bare=bare,
        plural=plural,
    )


def turn(rng: random.Random, home: Home, split: Split, on: bool | None = None) -> Draft | None:
    """Turn something on or off."""
    on = rng.random() < 0.5 if on is None else on
    target = switched(rng, home)
    if target is None:
        return None
    section = "on" if on else "off"
    is_light = target.arguments.get("domain") == "light" or bool(target.devices and target.devices[0].domain == "light")
    sections = with_say(section, f"{section}.light") if is_light and rng.random() < 0.35 else with_say(section)
    plain = rng.random() < PLAIN
    sections = with_say(f"{section}.plain") if plain else (*sections, *of_one(section, target))
    chosen = pick(rng, split, *sections)
    if not on and chosen and _is_player(target) and chosen[0].text.startswith(_STOPS):
        return None  # "stop the tv" pauses it
    if not on and chosen and target.bare.endswith("alarm") and _GOES_OFF.search(chosen[0].text):
        return None  # an alarm that goes off rings
    made = call("HassTurnOn" if on else "HassTurnOff", target.arguments)
    return draft(rng, chosen, target.slots, made, results.done(rng, target, section), names_of(target))


def of_one(section: str, target: Target) -> tuple[str, ...]:
    """The sentences that can only be about one device: "the kettle's still on, see to it"."""
    return (f"{section}.one.say",) if "name" in target.arguments and not target.plural else ()


_GOES_OFF = re.compile(r"\bgo(?:es)? off\b|\bcome off\b|\bset\b")
_STOPS = ("stop", "halt", "end", "quit", "cut {x}")


def _is_player(target: Target) -> bool:
    return bool(target.devices) and target.devices[0].domain == "media_player"


_ALL_LIGHTS = re.compile(r"\b(?:all(?: of)?(?: the| my| our)?|every(?: single)?) (?:light|lamp|lighting)")
"""The lights of the whole house: "it's all dark" and "all night" say nothing of the kind."""

_SPEAKS_OF_LIGHT = re.compile("light|lamp|dark|dim|bright|gloom")
_AT_ONE_SPOT = re.compile(
    r"\bon (?:my|these|this|that|the (?!lights?\b|lamps?\b))|\bI (?:wanted|tried|was going|meant) to\b|\bin there\b|\bI've lost\b|\bpopping\b|\bnipping\b"
)


def lights_of_place(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Light up a room, or complain that it is dark there."""
    on = rng.random() < 0.6
    spot = somewhere(rng, home, {"area": 52, "floor": 12, "here": 16, "all": 10, "none": 25}, of=False)
    if spot is None:
        return None
    found = members(home, "light", None, spot.area, spot.floor)
    if (spot.area or spot.floor) and not found and rng.random() < 0.93:
        return None
    section = "on.place" if on else "off.place"
    chosen = pick(rng, split, *with_say(section))
    if chosen is None:
        return None
    if not spot.inside and chosen[0].slots & {"place", "A"}:
        return None
    text = GRAMMAR.say(rng, chosen[0].node, place_slots(spot))
    if not (spot.area or spot.floor) and called_plainly(home, text):
        return None
    if spot.inside and not spot.arguments and (_AT_ONE_SPOT.search(text) or not _SPEAKS_OF_LIGHT.search(text)):
        return None  # "I can't see to sew at home" is about one room
    arguments = spot.arguments | {"domain": "light"}
    says_here = "in_there" in chosen[0].slots
    if not spot.inside and (says_here or not _ALL_LIGHTS.search(text)):
        arguments |= {"area": "here"}  # "the lights" are those here, "all the lights" are all
    where = spot.area or spot.floor or arguments.get("area", "")
    target = Target(spot.text, spot.bare, arguments, found, True, where, "light")
    made = call("HassTurnOn" if on else "HassTurnOff", arguments)
    return Draft(text, chosen[1], (made,), (results.done(rng, target, "on" if on else "off"),), chosen[0].text)


_ONE_OF_TWO = re.compile(r"(?:\w+ lamp|\w+ light|spotlight|pendant|chandelier|strip|bulb)$")
"""How the names of two lights end that are "both bedside lamps": "lights" and "lamps" alone are those of a place."""


def both_lights(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Two lights whose names end alike, spoken of as both: a call for each."""
    lights = [device for device in home.devices if device.domain == "light"]
    known = [_ONE_OF_TWO.search(device.name.lower()) for device in lights]
    kinds = [found[0] for found in known if found]
    twice = sorted({kind for kind in kinds if kinds.count(kind) == 2})
    if not twice:
        return None
    kind = rng.choice(twice)
    two = [device for device, found in zip(lights, known, strict=True) if found and found[0] == kind]
    spoken_of = " ".join(name.lower() for area in home.areas for name in (area, f"{area} light", f"{area} lamp"))
    if two[0].name.lower() == two[1].name.lower() or kind in spoken_of:
        return None
    nouns = f"{kind}s"
    text = rng.choice(
        (
            f"both {nouns}", f"both {nouns}", f"both the {nouns}", f"the 2 {nouns}", f"both of the {nouns}", f"the {nouns}, both of them",
            f"{nouns}, both of them", f"{nouns} both", f"the pair of {nouns}", f"both my {nouns}",
        )
    )  # fmt: skip
    target = Target(text, f"{kind}s", {}, tuple(two), True, noun="light")
    n, color_of_them = levels.percent(rng), rng.choice(COLORS)
    tool, arguments, section, state = rng.choice(
        (
            ("HassLightSet", {"brightness": n}, "brightness", f"on, brightness {n} percent"),
            ("HassLightSet", {"color": color_of_them}, "color", f"on, color {color_of_them}"),
            ("HassTurnOn", {}, "on", "on"), ("HassTurnOff", {}, "off", "off"), ("HassTurnOff", {}, "off", "off"),
        )
    )  # fmt: skip
    chosen = pick(rng, split, *with_say(section))
    if chosen is None:
        return None
    said = GRAMMAR.say(rng, chosen[0].node, target.slots | {"n": n, "color": color_of_them, "in_x": f"on {text}"})
    ones = [Target(low, low, {"name": low}, (device,)) for device in two if (low := device.name.lower())]
    calls = tuple(call(tool, one.arguments | arguments) for one in ones)
    return Draft(said, chosen[1], calls, tuple(results.done(rng, one, state) for one in ones), chosen[0].text)


def toggle(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Toggle something."""
    device = some_device(rng, home, ("light", "switch", "fan", "input_boolean", "media_player"))
    target = named(rng, home, device) if device else None
    if target is None:
        return None
    return draft(
        rng,
        pick(rng, split, *with_say("toggle")),
        target.slots,
        call("HassToggle", target.arguments),
        results.done(rng, target, rng.choice(("on", "off"))),
        names_of(target),
    )


def everything(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Turn off everything in a place, or in the house."""
    spot = somewhere(rng, home, {"area": 60, "floor": 15, "here": 10, "all": 15}, of=False)
    if spot is None:
        return None
    found = tuple(
        device for device in home.devices
        if device.domain in ("light", "switch", "fan", "media_player")
        and (not spot.area or device.area == spot.area) and (not spot.floor or device.floor == spot.floor)
    )  # fmt: skip
    if not found:
        return None
    arguments = spot.arguments or {"name": "all"}
    target = Target("", "", arguments, found, True, spot.area or spot.floor or "", "device")
    return draft(
        rng,
        pick(rng, split, *with_say("everything.off")),
        place_slots(spot),
        call("HassTurnOff", arguments),
        results.done(rng, target, "off"),
    )
