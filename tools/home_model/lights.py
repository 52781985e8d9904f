# SPDX-License-Identifier: Apache-2.0
"""Light: which one is meant (by name, by where it stands, by its side), how bright, in which color, how warm."""

from __future__ import annotations

import random
import re

from appliance.home.tools import COLORS
from tools.home_model import results
from tools.home_model.calls import Draft, call
from tools.home_model.drafts import draft, names_of, pick, place_slots, some_device, with_say
from tools.home_model.grammar import Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.kinds import COLOR_TEMPERATURES
from tools.home_model.levels import SIDES, percent
from tools.home_model.places import inside, place, somewhere
from tools.home_model.targets import Target, called_plainly, members, named, of_set


def _lit(rng: random.Random, home: Home, sets: float = 0.42) -> tuple[Target, dict[str, str]] | None:
    """A light, the lights of a place, or a place alone ("set the kitchen to 50 percent"), and the arguments without the domain."""
    if rng.random() < sets:
        if rng.random() < 0.4:
            spot = somewhere(rng, home, {"area": 80, "floor": 14, "here": 6})
            if spot is None:
                return None
            found = members(home, "light", None, spot.area, spot.floor)
            if not found and rng.random() < 0.9 and "here" not in spot.arguments.values():
                return None
            where = spot.area or spot.floor or "here"
            return Target(spot.text, spot.bare, spot.arguments, found, False, where, "light"), dict(spot.arguments)
        target = of_set(rng, home, "light", None, ("area", "floor", "here"))
        if target is None:
            return None
        return target, {slot: value for slot, value in target.arguments.items() if slot != "domain"}
    target = a_light(rng, home)
    return (target, dict(target.arguments)) if target else None


def a_light(rng: random.Random, home: Home) -> Target | None:
    """One light, by its name or, now and then, by where it stands."""
    if rng.random() < 0.4 and (target := described(rng, home)) is not None:
        return target
    device = some_device(rng, home, ("light",))
    return named(rng, home, device) if device else None


_STANDS = {
    "on": "desk table counter countertop shelf bookshelf bookcase cabinet dresser vanity nightstand headboard piano wall ceiling ledge mantel workbench sideboard",
    "by": "desk bed sofa couch armchair chair fireplace mirror stairs window sink stove fridge aquarium bathtub shower toilet piano tree fence pond bookshelf",
    "over": "sink stove island table counter mirror bed desk workbench bathtub vanity",
    "in": "corner alcove nook niche cupboard wardrobe cabinet tree fountain doorway",
    "beside": "bed bedside",
}  # fmt: skip
_LOOKS = frozenset(
    "big small little tiny large tall short old new round square hanging standing main fairy reading night string".split()
)
_NO_WORD_OF_ITS_OWN = frozenset("light lamp lights spotlight bulb pendant strip".split())


def described(rng: random.Random, home: Home) -> Target | None:
    """A light by where it stands or how it looks, as of who forgets names: "the one on the desk", "the left hand one".

    Nothing else in the home may have that word in its name. The call has the device's name all the same.
    """
    if rng.random() < 0.3 and (target := _big_light(rng, home)) is not None:
        return target
    if rng.random() < 0.35 and (target := _fixture(rng, home) or _of_a_side(rng, home)) is not None:
        return target
    lights = [device for device in home.devices if device.domain == "light"]
    rng.shuffle(lights)
    for device in lights:
        name = device.name.lower()
        room = (device.area or "").lower().split()
        own = [word for word in name.split() if word not in _NO_WORD_OF_ITS_OWN and word not in room]
        if len(own) != 1 or _speak_of(home, own[0]) != 1:
            continue
        if own[0] in ("bed", "bedside") and _speak_of(home, "bed") + _speak_of(home, "bedside") > 1:
            continue  # both are "the one by the bed"
        plural = name.endswith("lights")
        texts = _descriptions(rng, own[0], "lights" if plural else "lamp" if "lamp" in name else "light")
        if texts:
            return _in_its_room(rng, device, rng.choice(texts), plural)
    return None


def _in_its_room(rng: random.Random, device: HomeDevice, text: str, plural: bool = False, share: float = 0.3) -> Target:
    """The light that is described so, now and then with its room said after it."""
    arguments = {"name": device.name.lower()}
    if device.area and rng.random() < share:
        text = f"{text} {inside(rng, device.area)}"
        if not set(device.area.lower().split()).intersection(arguments["name"].split()):
            arguments["area"] = device.area.lower()
    bare = text.removeprefix("the ").removeprefix("that ")
    return Target(text, bare, arguments, (device,), plural, noun="light")


def _big_light(rng: random.Random, home: Home) -> Target | None:
    """The big light is the one on the ceiling, where the home or the room that is said has one of that kind."""
    found = [
        device
        for device in home.devices
        if device.domain == "light" and {"ceiling", "main", "chandelier"}.intersection(device.name.lower().split())
    ]
    if not found or any(_speak_of(home, word) for word in ("big", "overhead")):
        return None
    device = rng.choice(found)
    if len(found) > 1 and (not device.area or sum(each.area == device.area for each in found) > 1):
        return None
    text = rng.choice(
        ("the big light", "the big light", "the big light", "the overhead light", "the overhead one", "that big light")
    )
    return _in_its_room(rng, device, text, share=1.0 if len(found) > 1 else 0.2)


_FIXTURES = frozenset(
    "ceiling mirror vanity island counter countertop worktop headboard shelf bookshelf bookcase mantel alcove niche nook".split()
)


def _fixture(rng: random.Random, home: Home) -> Target | None:
    """What a light is on, said for the light itself: "the lounge ceiling at a third", "the mirror can go"."""
    lights = [device for device in home.devices if device.domain == "light"]
    rng.shuffle(lights)
    for device in lights:
        name, room = device.name.lower().split(), (device.area or "").lower()
        own = [word for word in name if word not in _NO_WORD_OF_ITS_OWN and word not in room.split()]
        if len(own) != 1 or own[0] not in _FIXTURES:
            continue
        word, alone = own[0], _speak_of(home, own[0]) == 1
        if (
            not alone
            and sum(word in each.name.lower().split() for each in home.devices if each.area == device.area) > 1
        ):
            continue
        if alone and rng.random() < 0.5:
            return _in_its_room(rng, device, f"the {word}", share=0.0)
        if not room or home.find(f"{room} {word}") not in (None, device):
            continue
        if rng.random() < 0.4:
            return _in_its_room(rng, device, f"the {word}", share=1.0)
        arguments = {"name": device.name.lower()}
        if not set(room.split()).intersection(name):
            arguments["area"] = room
        return Target(f"{place(rng, room)} {word}", f"{room} {word}", arguments, (device,), noun="light")
    return None


def _of_a_side(rng: random.Random, home: Home) -> Target | None:
    """One of several lamps by its side: "the right hand bedside lamp", "the bedside lamp on the right"."""
    lights = [device for device in home.devices if device.domain == "light"]
    rng.shuffle(lights)
    for device in lights:
        name, room = device.name.lower().split(), (device.area or "").lower().split()
        side = next((word for word in name if SIDES.get(word)), "")
        rest = " ".join(word for word in name if word != side and word not in room)
        if (
            not side
            or side in room
            or rest in ("", *_FIXTURES)
            or sum(side in each.name.lower().split() for each in lights) > 1
        ):
            continue
        texts = [f"the {rest} {where}" for where in SIDES[side]]
        if side in ("left", "right"):
            texts += [f"the {side} hand {rest}", f"the {side} hand {rest}", f"the {rest} to the {side}"]
        return _in_its_room(rng, device, rng.choice(texts), rest.endswith("lights"), 0.15)
    return None


def _speak_of(home: Home, word: str) -> int:
    """How many devices, rooms and floors have the word in a name."""
    named_so = [" ".join((device.name, *device.aliases)) for device in home.devices]
    return sum(word in name.lower().split() for name in (*named_so, *home.areas, *home.floors))


def _descriptions(rng: random.Random, word: str, noun: str) -> tuple[str, ...]:
    """What to call a light that has this word in its name: nothing where the word says neither place nor looks."""
    one = rng.choice(("ones" if noun == "lights" else "one",) * 2 + (noun,))
    that = "those" if noun == "lights" else "that"
    near = ["next to" if at == "beside" else at for at, things in _STANDS.items() if word in things.split()]
    if word == "bedside":
        return (
            f"the {one} by the bed",
            f"the {one} next to the bed",
            f"the bedside {one}",
            f"the {one} beside the bed",
        )
    if near:
        at = rng.choice((*near, "over by" if "by" in near else near[0]))
        return (f"the {one} {at} the {word}", f"{that} {one} {at} the {word}", f"the {word} {one}", f"the {noun} {at} the {word}")  # fmt: skip
    if word in SIDES:
        hand = (f"the {word} hand {one}",) if word in ("left", "right") else ()
        return (f"the {word} {one}", *hand, *(f"the {one} {where}" for where in SIDES[word]))
    return (f"the {word} {one}", f"{that} {word} {one}", f"the {word} {noun}") if word in _LOOKS else ()


_LEVELS = {
    "high": ("100", ("max", "maximum", "highest", "full", "brightest", "maximum level", "the top")),
    "low": ("1", ("min", "minimum", "lowest", "dimmest", "minimum level", "the bottom", "darkest")),
}


def brightness(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Dim or brighten lights."""
    pick_of = rng.random()
    if rng.random() < 0.2:
        return _without_percent(rng, home, split)
    if pick_of < 0.07:
        n = percent(rng)
        found = members(home, "light", None)
        if not found:
            return None
        target = Target("", "", {"area": "here"}, found[:2], True, "here", "light")
        return draft(
            rng,
            pick(rng, split, "brightness.here"),
            {"n": n},
            call("HassLightSet", {"area": "here", "brightness": n}),
            results.done(rng, target, f"on, brightness {n} percent"),
        )
    lit = _lit(rng, home)
    if lit is None:
        return None
    target, arguments = lit
    if pick_of < 0.75:
        n = percent(rng)
        chosen = pick(rng, split, *with_say("brightness"))
        slots = {"n": n, "in_x": f"on {target.text}"}
    else:
        chosen = pick(rng, split, *with_say("brightness.level"))
        if chosen is None:
            return None
        high = rng.random() < 0.55
        if chosen[0].slots & {"level_low"}:
            high = False
        if chosen[0].slots & {"level_high", "power"}:
            high = True
        n, words_of_it = _LEVELS["high" if high else "low"]
        if "half" in chosen[0].text:
            n = "50"
        word = rng.choice(words_of_it)
        slots = {
            "level": word.removeprefix("the "), "level_low": word, "level_high": word, "bright": rng.choice(("bright", "light") if high else ("dark", "dim")),
            "up": "up" if high else "down", "power": rng.choice(("power", "brightness", "strength", "blast", "light")),
        }  # fmt: skip
        n = n if "half" in chosen[0].text else ("100" if high else "1")
    state = f"on, brightness {n} percent" if n != "0" else "off"
    return draft(
        rng,
        chosen,
        target.slots | slots,
        call("HassLightSet", arguments | {"brightness": n}),
        results.done(rng, target, state),
        names_of(target),
    )


PARTS = {
    "a third": "33", "a quarter": "25", "a fifth": "20", "a tenth": "10", "three quarters": "75", "3 quarters": "75",
    "two thirds": "67", "2 thirds": "67", "one third": "33", "one quarter": "25", "half": "50", "2 fifths": "40", "4 fifths": "80",
}  # fmt: skip


def _without_percent(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """All the light there is, hardly any, or a part of it: no number of percent is said."""
    lit = _lit(rng, home)
    if lit is None:
        return None
    target, arguments = lit
    section, n, part = rng.choice(
        (
            ("full", "100", ""),
            ("least", "1", ""),
            ("low", "20", ""),
            ("part", *reversed(rng.choice(tuple(PARTS.items())))),
        )
    )
    chosen = pick(rng, split, *with_say(f"brightness.{section}"))
    if chosen is None or (
        section != "part" and "name" not in arguments and not _LIT.search(f"{target.text} {chosen[0].text}")
    ):
        return None  # "the cottage on full" could be the heating
    return draft(
        rng, chosen, target.slots | {"part": part, "its": "their" if target.plural else "its"}, call("HassLightSet", arguments | {"brightness": n}),
        results.done(rng, target, f"on, brightness {n} percent"), names_of(target),
    )  # fmt: skip


_TONES = {"candle": 1900, "warm": 2700, "cold": 4000, "day": 6500}
"""Sections of templates that say by its mood what white is wanted, and that white in kelvin."""


def _tone(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Warmer or colder light, with no name of a white and no kelvin."""
    section = rng.choices(tuple(_TONES), (2, 4, 3, 3))[0]
    kelvin = _TONES[section]
    if rng.random() < 0.5:
        lit = _lit(rng, home)
        if lit is None or ("name" not in lit[1] and not _LIGHT.search(lit[0].text)):
            return None  # "make the kitchen warmer" is said to the heating
        target, arguments = lit
        chosen, slots, names = pick(rng, split, *with_say(f"tone.{section}")), target.slots, names_of(target)
    else:
        spot = somewhere(rng, home, {"area": 5, "floor": 1, "here": 2, "none": 1}, of=False)
        if spot is None:
            return None
        found = members(home, "light", None, spot.area, spot.floor)
        if not found or called_plainly(home, "light lights"):
            return None
        arguments = spot.arguments or {"area": "here"}
        target = Target("", "", arguments, found, True, spot.area or spot.floor or "here", "light")
        chosen, slots, names = pick(rng, split, *with_say(f"tone.{section}.place")), place_slots(spot), ()
    if chosen is None or ("place" in chosen[0].slots and not slots["place"]):
        return None
    return draft(
        rng, chosen, slots, call("HassLightSet", arguments | {"temperature": kelvin}),
        results.done(rng, target, f"on, color temperature {kelvin} kelvin"), names,
    )  # fmt: skip


_LIGHT = re.compile(r"\b(?:light|lamp)")
_LIT = re.compile(r"light|lamp|bright|beam|dim|dark|glow|gloom|blaz|shin|lit\b")


def color(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Give lights a color."""
    lit = _lit(rng, home)
    if lit is None:
        return None
    target, arguments = lit
    word = rng.choice(COLORS)
    return draft(
        rng, pick(rng, split, *with_say("color")), target.slots | {"color": word}, call("HassLightSet", arguments | {"color": word}),
        results.done(rng, target, f"on, color {word}"), names_of(target),
    )  # fmt: skip


def color_temperature(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Make lights warmer or colder."""
    if rng.random() < 0.55:
        return _tone(rng, home, split)
    lit = _lit(rng, home)
    if lit is None:
        return None
    target, arguments = lit
    if rng.random() < 0.5:
        text, kelvin = rng.choice(tuple(COLOR_TEMPERATURES.items()))
    else:
        kelvin = rng.choice(
            (2000, 2200, 2400, 2700, 3000, 3500, 4000, 4500, 5000, 5500, 6000, 6500, rng.randint(15, 90) * 100)
        )
        text = f"{kelvin} {rng.choice(('kelvin', 'kelvin', 'k'))}"
    return draft(
        rng, pick(rng, split, *with_say("colortemp")), target.slots | {"kelvin": text}, call("HassLightSet", arguments | {"temperature": kelvin}),
        results.done(rng, target, f"on, color temperature {kelvin} kelvin"), names_of(target),
    )  # fmt: skip
