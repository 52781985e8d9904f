# SPDX-License-Identifier: Apache-2.0
"""Commands and the calls they ask for: each function makes one kind of them, or None where the home has nothing for it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace

from appliance.home.tools import COLORS
from tools.home_model import levels, results, words
from tools.home_model.calls import Draft, call
from tools.home_model.drafts import covered, draft, names_of, pick, place_slots, some_device, unless_named, with_say
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.levels import (
    brightness,
    by_use,
    climate,
    color,
    color_temperature,
    described,
    fan_by_place,
    fan_speed,
    hung_where,
    position,
)
from tools.home_model.targets import SET_NOUNS, Target, called_plainly, inside, members, named, of_set, somewhere

SWITCHED = ("light", "switch", "fan", "media_player", "climate", "input_boolean", "humidifier", "water_heater")


PLAIN = 0.12
"""Share of the plainest commands: with so many ways to say it, what everybody says must stay what is heard most."""


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
    return _in_part(rng, home, named(rng, home, device)) if device else None


_PARTS = frozenset(
    "blanket rail warmer feature sprinkler sprinklers alarm charger pump main stopcock fountain irrigation iron printer kettle oven boiler fryer "
    "purifier humidifier dehumidifier cooker tree toaster straighteners treadmill".split()
)
"""Last words that say enough of an appliance, where the home has one of them: "the blanket" is the electric blanket."""
_NICKNAMES = {
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


def _in_part(rng: random.Random, home: Home, target: Target) -> Target:
    """An appliance by the end of its name, or as people call it, where the home has no other thing of that word."""
    name = target.arguments.get("name", "")
    if len(target.arguments) > 1 or target.bare != name or rng.random() < 0.55:
        return target
    last = name.split()[-1:]
    parts = [*_NICKNAMES.get(name, ()), *(last if last != [name] and last[0] in _PARTS else ())]
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
    sections = with_say(f"{section}.plain") if plain else (*sections, *_of_one(section, target))
    chosen = pick(rng, split, *sections)
    if not on and chosen and _is_player(target) and chosen[0].text.startswith(_STOPS):
        return None  # "stop the tv" pauses it
    made = call("HassTurnOn" if on else "HassTurnOff", target.arguments)
    return draft(rng, chosen, target.slots, made, results.done(rng, target, section), names_of(target))


def _of_one(section: str, target: Target) -> tuple[str, ...]:
    """The sentences that can only be about one device: "the kettle's still on, see to it"."""
    return (f"{section}.one.say",) if "name" in target.arguments and not target.plural else ()


_STOPS = ("stop", "halt", "end", "quit", "cut {x}")


def _is_player(target: Target) -> bool:
    return bool(target.devices) and target.devices[0].domain == "media_player"


_ALL_LIGHTS = re.compile(r"\b(?:all(?: of)?(?: the| my| our)?|every(?: single)?) (?:light|lamp|lighting)")
"""The lights of the whole house: "it's all dark" and "all night" say nothing of the kind."""


def lights_of_place(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Light up a room, or complain that it is dark there."""
    on = rng.random() < 0.6
    spot = somewhere(rng, home, {"area": 52, "floor": 12, "here": 16, "all": 10, "none": 10})
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
    arguments = spot.arguments | {"domain": "light"}
    if not spot.inside and not _ALL_LIGHTS.search(text):  # "the lights" are those here, "all the lights" are all
        arguments |= {"area": "here"}
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
    if len(found) != 1 or _says_a_name(home, f"the {noun}", found[0]) or noun in _rooms(home):
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
    return draft(
        rng,
        pick(rng, split, *sections),
        target.slots,
        made,
        results.done(rng, target, "open" if opens else "closed"),
        names_of(target),
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
    spot = somewhere(rng, home, {"area": 4, "here": 2, "none": 3})
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
    if chosen and "gate" in chosen[0].slots and _says_a_name(home, f"the {slots['gate']}", found[0]):
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
    spot = somewhere(rng, home, {"area": 6, "here": 2, "none": 2})
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
    return draft(rng, chosen, place_slots(spot), made, results.done(rng, target, "off"))


def heating(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Turn the heating of a place on or off."""
    spot = somewhere(rng, home, {"area": 7, "floor": 1, "here": 2})
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
    return draft(rng, chosen, place_slots(spot), made, results.done(rng, target, "on" if on else "off"))


def breeze(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Get the air moving: turn on the fans."""
    spot = somewhere(rng, home, {"area": 6, "here": 2, "none": 2})
    if spot is None:
        return None
    devices = members(home, "fan", None, spot.area)
    if not devices:
        return None
    arguments = (spot.arguments or {"area": "here"}) | {"domain": "fan"}
    target = Target("", "", arguments, devices if spot.area else devices[:1], True, spot.area or "here", "fan")
    return draft(
        rng,
        pick(rng, split, *with_say("breeze")),
        place_slots(spot),
        call("HassTurnOn", arguments),
        results.done(rng, target, "on"),
    )


def _without_door(rng: random.Random, home: Home, target: Target) -> Target:
    """Who speaks of locking need not say "door": "lock the front"."""
    side = target.bare.removesuffix(" door")
    known = [name.lower() for device in home.devices for name in (device.name, *device.aliases)]
    clear = side not in (*known, *(area.lower() for area in home.areas)) and sum(side in name for name in known) == 1
    if side == target.bare or side not in words.PLACES or not clear or rng.random() < 0.6:
        return target
    return replace(target, text=f"the {side}", bare=side)


def _two_locks(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Lock two doors that are told apart by where they are: "lock the front and back"."""
    doors = [(device, device.name.lower()) for device in home.devices if device.domain == "lock"]
    by_side = {side: [each for each in doors if side in each[1].split()] for side in words.PLACES}
    sides = [side for side, found in by_side.items() if len(found) == 1]
    if len(sides) < 2:
        return None
    pair = rng.sample(sides, 2)
    chosen = pick(rng, split, "lock.both.say")
    devices = [by_side[side][0] for side in pair]
    if chosen is None or devices[0] == devices[1]:
        return None
    text = GRAMMAR.say(rng, chosen[0].node, {"a": pair[0], "b": pair[1]})
    if _says_a_name(home, text):
        return None
    targets = [Target(low, low, {"name": low}, (device,)) for device, low in devices]
    calls = tuple(call("HassTurnOn", target.arguments) for target in targets)
    return Draft(
        text, chosen[1], calls, tuple(results.done(rng, target, "locked") for target in targets), chosen[0].text
    )


def lock(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Lock or unlock a door."""
    if rng.random() < 0.2 and (both := _two_locks(rng, home, split)):
        return both
    if rng.random() < 0.3 and (only := _only_lock(rng, home, split)):
        return only
    if rng.random() < 0.12:
        every = Target("", "", {"domain": "lock"}, members(home, "lock", None), True, "", "lock")
        return (
            draft(
                rng,
                pick(rng, split, *with_say("lock.all")),
                {},
                call("HassTurnOn", every.arguments),
                results.done(rng, every, "locked"),
            )
            if every.devices
            else None
        )
    locks = rng.random() < 0.55
    if rng.random() < 0.35:
        target = of_set(rng, home, "lock", None)
    else:
        device = some_device(rng, home, ("lock",))
        target = _without_door(rng, home, named(rng, home, device)) if device else None
    if target is None:
        return None
    made = call("HassTurnOn" if locks else "HassTurnOff", target.arguments)
    section = "lock" if locks else "unlock"
    sections = (*with_say(section), *_of_one(section, target))
    if not locks and rng.random() < 0.3 and _is_doorway(home, target):
        sections = with_say("unlock.open")
    return draft(
        rng,
        pick(rng, split, *sections),
        target.slots,
        made,
        results.done(rng, target, f"{section}ed"),
        names_of(target),
    )


def _only_lock(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Lock or unlock the door, which needs no name in a home with a single one."""
    found = members(home, "lock", None)
    moved = [each for each in members(home, "cover", None) if each.device_class in ("door", "gate", "garage")]
    if len(found) != 1 or moved or "door" not in found[0].name.lower():
        return None
    low = found[0].name.lower()
    target = Target(low, low, {"name": low}, found)
    section = "lock" if rng.random() < 0.4 else "unlock"
    made = call("HassTurnOn" if section == "lock" else "HassTurnOff", target.arguments)
    chosen = pick(rng, split, *with_say(f"{section}.only"))
    done = draft(rng, chosen, {}, made, results.done(rng, target, f"{section}ed"))
    return None if done is None or _says_a_name(home, done.text, found[0]) else done


def _is_doorway(home: Home, target: Target) -> bool:
    """Whether opening it can only mean its lock: a door that no motor of this home moves."""
    last = target.bare.split()[-1]
    moved = {word for device in members(home, "cover", None) for word in device.name.lower().split()}
    return "name" in target.arguments and last in (*words.PLACES, "door", "gate") and last not in moved


# What appliances are for: the section of the sentences that ask for it, and what such an appliance is called.
_JOBS = {
    "boil": ("kettle",),
    "brew": ("coffee machine", "coffee maker", "espresso machine"),
    "wash": ("washing machine", "washer"),
    "dishes": ("dishwasher",),
    "dry": ("dryer",),
    "charge": ("car charger", "ev charger", "wallbox"),
    "water": ("sprinkler", "irrigation"),
    "fountain": ("fountain", "water feature", "pond pump"),
    "print": ("printer",),
    "towel": ("towel rail", "towel warmer", "towel heater"),
    "bed": ("electric blanket", "heated blanket", "bed warmer"),
    "guard": ("burglar alarm", "house alarm", "alarm system", "security system", "^alarm"),
    "moist": ("humidifier",),
    "damp": ("dehumidifier",),
    "bath": ("boiler", "water heater", "immersion heater"),
    "soak": ("hot tub", "jacuzzi"),
    "fumes": ("extractor fan", "cooker hood", "exhaust fan"),
    "toast": ("toaster",),
    "tree": ("christmas tree",),
    "mains": ("water main", "main water valve", "water valve", "stopcock"),
    "iron": ("iron", "straighteners", "curling tongs"),
    "roast": ("oven",),
    "warmth": ("fan heater", "space heater", "panel heater", "oil heater", "heat lamp"),
    "patio": ("patio heater",),
    "pump": ("water pump", "pool pump", "sump pump"),
    "purify": ("air purifier",),
}
_APPLIANCES = ("switch", "valve", "input_boolean", "humidifier", "water_heater", "fan")


def _says_a_name(home: Home, text: str, *meant: HomeDevice) -> bool:
    """Whether the text happens to hold the name of another device than those it means."""
    others = [device for device in home.devices if device not in meant]
    return any(
        re.search(rf"\b{re.escape(name.lower())}\b", text.lower())
        for device in others
        for name in (device.name, *device.aliases)
    )


def _only(home: Home, domains: tuple[str, ...], called: tuple[str, ...]) -> HomeDevice | None:
    """The one device of the home whose name says that it is such a thing; None where no or several devices are."""
    pattern = re.compile(rf"\b(?:{'|'.join(called)})s?$")
    found = [device for device in home.devices if device.domain in domains and pattern.search(device.name.lower())]
    return found[0] if len(found) == 1 else None


def job(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Have an appliance do what it is there for, mostly without its name: "get the water boiling" is the kettle."""
    known = [(section, device) for section, called in _JOBS.items() if (device := _only(home, _APPLIANCES, called))]
    if not known:
        return None
    section, device = rng.choice(known)
    on = rng.random() < 0.6
    chosen = pick(rng, split, *with_say(f"job.{section}.{'on' if on else 'off'}"))
    if chosen is None:
        return None
    if "x" in chosen[0].slots:
        target = _in_part(rng, home, named(rng, home, device))
    else:
        low = device.name.lower()
        target = Target(low, low, {"name": low}, (device,))
    made = call("HassTurnOn" if on else "HassTurnOff", target.arguments)
    state = ("open" if on else "closed") if device.domain == "valve" else "on" if on else "off"
    names = names_of(target) if "x" in chosen[0].slots else ()
    found = draft(rng, chosen, target.slots, made, results.done(rng, target, state), names)
    if found and not names and rng.random() < 0.12:
        found = _placed(rng, found, device)
    return None if found is None or _says_a_name(home, found.text, device) else found


def _placed(rng: random.Random, found: Draft, device: HomeDevice) -> Draft:
    """The sentence with where its device stands behind it: "that's dry enough, stop it upstairs"."""
    mode, spot = rng.choice((("area", device.area), ("floor", device.floor)))
    if not spot or spot.lower() in device.name.lower():
        return found
    made = call(found.calls[0].tool, found.calls[0].arguments | {mode: spot.lower()})
    return replace(found, text=f"{found.text} {inside(rng, spot)}", calls=(made,))


# What a scene is for: what scenes of that sense are called, and what people call it, before "thing" and after "for".
_SENSES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "film": (
        ("movie", "movie night", "film", "film night", "cinema"),
        (
            "film",
            "movie",
            "cinema",
            "picture house",
            "big screen",
            "movie night",
            "film night",
            "pictures",
            "flicks",
            "telly night",
            "popcorn",
        ),
        (
            "the film",
            "a film",
            "the movie",
            "film night",
            "the pictures",
            "the big film",
            "a flick",
            "watching a film",
            "the telly tonight",
        ),
    ),
    "meal": (
        ("dinner", "supper"),
        ("dinner", "meal", "supper", "dinner table", "mealtime", "sit down dinner", "dining", "Sunday lunch", "eating"),
        (
            "dinner",
            "supper",
            "our meal",
            "eating",
            "sitting down to eat",
            "the roast",
            "the dinner guests",
            "the meal",
            "dining",
            "when we eat",
        ),
    ),
    "sleep": (
        ("bedtime", "night", "goodnight", "good night"),
        (
            "bedtime",
            "sleep",
            "night night",
            "going to bed",
            "nightly",
            "beddy byes",
            "sleepy",
            "night time",
            "nighttime",
            "end of the day",
            "lights out",
        ),
        (
            "bed",
            "the night",
            "sleep",
            "sleeping",
            "turning in",
            "a good night's sleep",
            "bye byes",
            "bedtime",
            "night time",
            "the small hours",
        ),
    ),
    "leave": (
        ("leaving", "away", "going out"),
        (
            "leaving",
            "going out",
            "goodbye",
            "off out",
            "away from home",
            "nobody home",
            "departure",
            "out of the house",
            "empty house",
            "leaving home",
        ),
        (
            "us leaving",
            "going out",
            "us being out",
            "an empty house",
            "when nobody's home",
            "leaving",
            "when we leave",
            "nobody being in",
        ),
    ),
    "arrive": (
        ("coming home", "welcome home", "welcome", "back home", "arrival"),
        ("coming home", "welcome", "back home", "arriving", "home again", "hello I'm home"),
        ("coming home", "us coming home", "my homecoming", "when we get in", "our arrival"),
    ),
    "wake": (
        ("morning", "good morning", "sunrise", "wake up"),
        ("morning", "waking up", "getting up", "rise and shine", "start of the day"),
        ("the morning", "getting up", "waking up", "a new day", "the day ahead"),
    ),
    "read": (
        ("reading",),
        ("reading", "book", "bookworm", "quiet read"),
        ("my book", "reading", "a good read", "a chapter or two"),
    ),
    "party": (
        ("party", "house party", "celebration", "disco"),
        ("party", "bash", "knees up", "disco", "celebrating", "dancing"),
        ("the party", "the bash", "a knees up", "a boogie", "celebrating", "our do"),
    ),
    "calm": (
        ("relax", "chill", "cozy"),
        ("relaxing", "chilling", "unwinding", "chill out", "cosy", "taking it easy"),
        ("a quiet evening", "relaxing", "unwinding", "chilling out", "some peace", "a lazy night in"),
    ),
    "love": (
        ("romance", "romantic", "date night", "candlelight"),
        ("date night", "romantic", "lovey dovey", "smoochy", "romance", "candlelit"),
        ("date night", "a bit of romance", "my date", "just the two of us", "our anniversary"),
    ),
    "cook": (
        ("cooking", "baking"),
        ("cooking", "chef", "baking", "kitchen work"),
        ("cooking", "making dinner", "baking", "the chef", "some baking"),
    ),
    "work": (
        ("work", "study time", "homework"),
        ("work", "working", "studying", "homework", "get things done"),
        ("work", "working", "studying", "my homework", "a day at the desk"),
    ),
    "game": (
        ("gaming", "football", "game day"),
        ("gaming", "game", "match", "match day"),
        ("the match", "gaming", "the game", "a gaming session"),
    ),
    "guests": (
        ("guests",),
        ("guest", "visitor", "company", "people round"),
        ("guests", "company", "visitors", "having people round"),
    ),
    "trip": (
        ("vacation", "holiday"),
        ("holiday", "vacation", "off on our hols", "long absence", "gone abroad"),
        ("our holiday", "our vacation", "our trip", "2 weeks away", "being abroad"),
    ),
    "breakfast": (
        ("breakfast", "brunch"),
        ("breakfast", "brekkie", "brunch", "breakfast time"),
        ("breakfast", "brekkie", "our eggs and bacon", "brunch"),
    ),
    "exercise": (
        ("workout", "yoga"),
        ("workout", "exercise", "keep fit", "stretching", "training"),
        ("my workout", "exercising", "my stretches", "keep fit", "training"),
    ),
    "clean": (
        ("cleaning", "cleanup"),
        ("cleaning", "scrubbing", "housework", "chores"),
        ("cleaning", "the housework", "a good scrub", "spring cleaning"),
    ),
}


def _sense(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Ask for a scene by what it is for, and not by its name: "do the film thing" is Movie Night."""
    known: list[tuple[str, HomeDevice]] = []
    for sense, (called, _, _) in _SENSES.items():
        fits = [device for device in home.devices if device.domain in ("scene", "script") and _stem(device) in called]
        known += [(sense, fits[0])] if len(fits) == 1 else []
    if not known:
        return None
    sense, device = rng.choice(known)
    low = device.name.lower()
    target = Target(low, low, {"name": low, "domain": device.domain}, (device,))
    _, before, after = _SENSES[sense]
    sections = with_say("scene.loose") if rng.random() < 0.55 else (f"sense.{sense}.say",)
    found = draft(
        rng,
        pick(rng, split, *sections),
        {"w": rng.choice((*before, _stem(device))), "for": rng.choice(after)},
        call("HassTurnOn", target.arguments),
        results.done(rng, target, "activated" if device.domain == "scene" else "started", "was"),
    )
    return None if found is None or _says_a_name(home, found.text, device) else found


def _stem(device: HomeDevice) -> str:
    """A scene's name without the word that says that it is one: "dinner" of "Dinner Mode"."""
    first, _, last = device.name.lower().rpartition(" ")
    return first if first and last in words.SCENE_TAILS else device.name.lower()


def scene(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Run a scene or a script."""
    if rng.random() < 0.65 and (meant := _sense(rng, home, split)):
        return meant
    device = some_device(rng, home, ("scene", "script"))
    if device is None:
        return None
    low = rng.choice((device.name, *device.aliases)).lower()
    section = device.domain
    arguments = {"name": low, "domain": device.domain}
    text = low
    if device.area and rng.random() < 0.12 and not set(device.area.lower().split()).intersection(low.split()):
        arguments["area"] = device.area.lower()
        text = f"{device.area.lower()} {low}"
    plain = section == "scene" and rng.random() < PLAIN
    chosen = pick(rng, split, *(("scene.plain",) if plain else with_say(section)))
    target = Target(low, low, arguments, (device,))
    if section == "scene":
        result = results.done(rng, target, "activated", "was")
    else:
        result = results.done(rng, target, "started", "was")
    return draft(rng, chosen, {"X": text, "x": text}, call("HassTurnOn", arguments), result, (low,))


def button(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Press a button."""
    device = some_device(rng, home, ("button",))
    if device is None:
        return None
    target = named(rng, home, device)
    low = device.name.lower()
    return draft(
        rng,
        pick(rng, split, *with_say("button")),
        {"X": low},
        call("HassTurnOn", {"name": low}),
        results.done(rng, target, "pressed", "was"),
        (low,),
    )


def vacuum(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Start a vacuum cleaner, send it home, or have a place cleaned."""
    which = rng.random()
    if which < 0.16:
        return _only_robot(rng, home, split)
    if which < 0.4 and (lawn := _only_mower(rng, home, split)):
        return lawn
    if which < 0.5:
        spot = somewhere(rng, home, {"area": 60, "floor": 22, "here": 8, "all": 10})
        if spot is None:
            return None
        robots = members(home, "vacuum", None)[:1]
        target = Target("", "", spot.arguments, robots, noun="vacuum cleaner")
        return draft(
            rng,
            pick(rng, split, *with_say("vacuum.place")),
            place_slots(spot),
            call("HassVacuumStart", spot.arguments),
            results.done(rng, target, "cleaning"),
        )
    device = some_device(rng, home, ("vacuum", "lawn_mower"))
    if device is None:
        return None
    target = _bare_name(rng, named(rng, home, device))
    starts = rng.random() < 0.5
    if device.domain == "lawn_mower":
        made = call("HassTurnOn" if starts else "HassTurnOff", target.arguments)
        return draft(
            rng,
            pick(rng, split, *with_say("mower.start" if starts else "mower.dock")),
            target.slots,
            made,
            results.done(rng, target, "mowing" if starts else "docked"),
            names_of(target),
        )
    made = call("HassVacuumStart" if starts else "HassVacuumReturnToBase", target.arguments)
    section = "vacuum.start" if starts else "vacuum.dock"
    sections = (f"{section}.plain",) if rng.random() < 2 * PLAIN else with_say(section)
    return draft(
        rng,
        pick(rng, split, *sections),
        target.slots,
        made,
        results.done(rng, target, "cleaning" if starts else "returning"),
        names_of(target),
    )


def _bare_name(rng: random.Random, target: Target) -> Target:
    """A robot with the name of a person or pet goes without an article: "Rosie", not "the rosie"."""
    if target.bare in (*words.NICKNAMES, *words.FIRST_NAMES, *words.APPLIANCES["vacuum"]) and rng.random() < 0.8:
        return replace(target, text=target.bare)
    return target


def _only_robot(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Have the floors done, or have "the robot" stop: who has one vacuum cleaner does not say its name."""
    robots = members(home, "vacuum", None)
    if not robots:
        return None
    starts = rng.random() < 0.55
    word = rng.choice(
        ("vacuum", "vacuum", "vacuum cleaner", "robot", "hoover", "robot vacuum", "cleaner", "roomba", "robot cleaner")
    )
    target = Target(f"the {word}", word, {}, robots[:1], noun="vacuum cleaner")
    if rng.random() < 0.4:
        section = "vacuum.start" if starts else "vacuum.dock"
        sections = (f"{section}.plain",) if rng.random() < 2 * PLAIN else with_say(section)
    else:
        sections = with_say("vacuum.house" if starts else "vacuum.home")
    found = draft(
        rng,
        pick(rng, split, *sections),
        target.slots,
        call("HassVacuumStart" if starts else "HassVacuumReturnToBase", {}),
        results.done(rng, target, "cleaning" if starts else "returning"),
    )
    return None if found is None or _says_a_name(home, found.text) else found


def _only_mower(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Have the lawn mown by the only mower, which nobody needs to name."""
    mowers = members(home, "lawn_mower", None)
    if len(mowers) != 1:
        return None
    mower = mowers[0]
    starts = rng.random() < 0.55
    low = mower.name.lower()
    target = Target("the mower", "mower", {"name": low}, (mower,))
    found = draft(
        rng,
        pick(rng, split, *with_say("mower.grass" if starts else "mower.enough")),
        target.slots,
        call("HassTurnOn" if starts else "HassTurnOff", target.arguments),
        results.done(rng, target, "mowing" if starts else "docked"),
    )
    return None if found is None or _says_a_name(home, found.text, mower) else found


def everything(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Turn off everything in a place, or in the house."""
    spot = somewhere(rng, home, {"area": 60, "floor": 15, "here": 10, "all": 15})
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


ACTS: dict[Callable[[random.Random, Home, Split], Draft | None], float] = {
    turn: 40, lights_of_place: 10, both_lights: 4, toggle: 2, cover: 13, air: 0.4, sun: 1.5, breeze: 1.0, calm: 0.6, windows: 0.9, pair: 0.8, drive: 0.9, heating: 1.5, lock: 8, scene: 8, job: 5, button: 1, brightness: 10, color: 5, color_temperature: 3.5,
    position: 6, fan_speed: 4, climate: 6, vacuum: 5, everything: 1.2,
}  # fmt: skip


def act(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Some command to devices."""
    return unless_named(home, rng.choices(tuple(ACTS), tuple(ACTS.values()))[0](rng, home, split))


# Players
