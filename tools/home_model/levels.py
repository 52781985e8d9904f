# SPDX-License-Identifier: Apache-2.0
"""Commands that set a value: brightness, color, position, speed and temperature."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from appliance.home.tools import COLORS
from tools.home_model import results
from tools.home_model.calls import Draft, call
from tools.home_model.drafts import covered, draft, names_of, pick, place_slots, some_device, with_say
from tools.home_model.grammar import Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.kinds import COLOR_TEMPERATURES
from tools.home_model.targets import (
    SET_NOUNS,
    Place,
    Target,
    called_plainly,
    inside,
    members,
    named,
    of_set,
    place,
    somewhere,
)


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
_SIDES = {
    "left": ("on the left", "on the left hand side", "on the left side"), "right": ("on the right", "on the right hand side", "on the right side"),
    "front": ("at the front", "in front"), "back": ("at the back", "in the back"), "top": ("at the top", "up top"),
    "bottom": ("at the bottom",), "side": ("at the side", "on the side"), "middle": ("in the middle",), "upper": (), "lower": (),
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
    "ceiling wall mirror vanity island counter countertop worktop headboard shelf bookshelf bookcase mantel alcove niche nook".split()
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
        side = next((word for word in name if _SIDES.get(word)), "")
        rest = " ".join(word for word in name if word != side and word not in room)
        if (
            not side
            or side in room
            or rest in ("", *_FIXTURES)
            or sum(side in each.name.lower().split() for each in lights) > 1
        ):
            continue
        texts = [f"the {rest} {where}" for where in _SIDES[side]]
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
    if word in _SIDES:
        hand = (f"the {word} hand {one}",) if word in ("left", "right") else ()
        return (f"the {word} {one}", *hand, *(f"the {one} {where}" for where in _SIDES[word]))
    return (f"the {word} {one}", f"{that} {word} {one}", f"the {word} {noun}") if word in _LOOKS else ()


_LEVELS = {
    "high": ("100", ("max", "maximum", "highest", "full", "brightest", "maximum level", "the top", "full blast")),
    "low": ("1", ("min", "minimum", "lowest", "dimmest", "minimum level", "the bottom", "darkest")),
}


def percent(rng: random.Random) -> str:
    """A percentage: a round one more often than not."""
    return str(
        rng.choice(
            (
                10,
                15,
                20,
                25,
                30,
                35,
                40,
                45,
                50,
                55,
                60,
                65,
                70,
                75,
                80,
                85,
                90,
                95,
                100,
                5,
                rng.randint(0, 100),
                rng.randint(1, 100),
                rng.randint(1, 100),
            )
        )
    )


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


_PARTS = {
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
        (("full", "100", ""), ("least", "1", ""), ("part", *reversed(rng.choice(tuple(_PARTS.items())))))
    )
    return draft(
        rng, pick(rng, split, *with_say(f"brightness.{section}")), target.slots | {"part": part, "its": "their" if target.plural else "its"}, call("HassLightSet", arguments | {"brightness": n}),
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
        spot = somewhere(rng, home, {"area": 5, "floor": 1, "here": 2, "none": 1})
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


# What is done in a room, by a word of the room's name: people say "where the cot is" for the nursery.
_USES: dict[str, tuple[str, ...]] = {
    "bedroom": ("where we go to sleep", "where I sleep", "in the room we sleep in", "where our bed is", "where we go to bed"),
    "nursery": ("where the baby's bed is", "where the little one naps", "in the baby's room", "where the cot is", "where the baby naps"),
    "kitchen": ("where we cook", "where the cooker is", "where the food gets made", "where the fridge is"),
    "bathroom": ("where the bath is", "where we have our baths", "where I brush my teeth", "where the tub is"),
    "dining": ("where we eat", "where we have our dinner", "where the big table is", "in the room we eat in"),
    "lounge": ("where we watch telly", "where the sofa is", "where we sit of an evening"),
    "living": ("where we watch telly", "where the sofa is", "where we sit of an evening"),
    "office": ("where I work", "where my desk is", "in the room I work in"),
    "study": ("where I work", "where my desk is", "in the room I work in"),
    "laundry": ("where we do the washing", "where the washing gets done"),
}  # fmt: skip


def by_use(rng: random.Random, home: Home, spot: Place) -> Place:
    """The room, now and then by what is done there, where no other room of the home may be meant."""
    area = (spot.area or "").lower()
    use = next((word for word in _USES if area in (word, f"{word} room", f"main {word}", f"master {word}")), None)
    rivals = {"living": "lounge", "lounge": "living", "office": "study", "study": "office"}
    alike = (use, rivals.get(use or ""))
    if use is None or rng.random() < 0.85 or sum(bool({*alike} & {*each.lower().split()}) for each in home.areas) != 1:
        return spot
    words = rng.choice(_USES[use])
    room = words.removeprefix("in ") if words.startswith("in ") else f"the room {words}"
    return replace(spot, inside=words, text=room)


def hung_where(rng: random.Random, home: Home, device_class: str) -> Target | None:
    """The covers of a room that is told by what is done there: "the shutters where the cot is"."""
    areas = sorted({each.area for each in members(home, "cover", device_class) if each.area})
    if not areas:
        return None
    area = rng.choice(areas)
    known = Place("", "", area.lower(), {"area": area.lower()}, area=area)
    spots = [by_use(rng, home, known) for _ in range(8)]
    spot = next((each for each in spots if each.inside), None)
    found = members(home, "cover", device_class, area)
    if spot is None:
        return None
    several = len(found) > 1 or rng.random() < 0.6
    noun = rng.choice(SET_NOUNS[device_class][1 if several else 0])
    arguments = {"area": area.lower(), "domain": "cover", "device_class": device_class}
    text = f"the {noun} {spot.inside}"
    if called_plainly(home, text):
        return None
    return Target(text, f"{noun} {spot.inside}", arguments, found, several, area, noun)


# How far open in words: percent open, said of what is left open, and said of how far it is closed.
_SHARES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "10": (("a tenth", "hardly", "barely", "only just"), ("nearly", "almost", "all but", "very nearly", "nearly fully", "almost completely", "nine tenths")),
    "25": (("a quarter", "one quarter", "about a quarter", "just a quarter", "roughly a quarter"), ("three quarters", "about three quarters", "mostly", "a good three quarters")),
    "33": (("a third", "one third", "about a third", "roughly a third"), ("two thirds", "about two thirds", "a good two thirds")),
    "50": (("half", "about half", "roughly half", "exactly half"), ("half", "about half", "roughly half")),
    "66": (("two thirds", "about two thirds", "a good two thirds"), ("a third", "one third", "about a third", "roughly a third")),
    "75": (("three quarters", "about three quarters", "mostly", "a good three quarters"), ("a quarter", "one quarter", "about a quarter", "just a quarter")),
    "90": (("nearly", "almost", "very nearly", "nearly fully", "almost completely", "nine tenths"), ("a tenth", "about a tenth")),
}  # fmt: skip
_WAYS = {
    "10": ("a tenth of the way",), "25": ("a quarter of the way", "about a quarter of the way", "one quarter"), "33": ("a third of the way", "about a third of the way", "one third"),
    "50": ("half of the way", "about half of the way"), "66": ("two thirds of the way", "about two thirds of the way", "two thirds"),
    "75": ("three quarters of the way", "most of the way", "three quarters", "about three quarters of the way"),
    "90": ("nearly all the way", "almost all the way", "nearly the whole way", "very nearly all the way", "nearly fully"),
}  # fmt: skip
_REST = {"10": "90", "25": "75", "33": "66", "50": "50", "66": "33", "75": "25", "90": "10"}
_UPRIGHT = ("blind", "shade", "shutter", "garage")
"""What goes up to open."""


def share(rng: random.Random, device_class: str) -> tuple[str, dict[str, str]]:
    """How far open, and the slots that say it in words: a share open or closed, or a way up or down."""
    n = rng.choice(("10", "25", "25", "33", "50", "66", "75", "75", "90"))
    opened, closed = _SHARES[n]
    upright = device_class in _UPRIGHT
    open_words, shut_words = ["open"], ["shut", "closed"]
    if device_class == "curtain":
        shut_words.append("drawn")
    if upright and opened[0] not in ("a tenth", "nearly"):
        open_words.append("up")
        shut_words.append("down")
    slots = {
        "part_open": f"{rng.choice(opened)} {rng.choice(open_words)}", "part_shut": f"{rng.choice(closed)} {rng.choice(shut_words)}",
        "way_open": rng.choice(_WAYS[n]), "way_shut": rng.choice(_WAYS[_REST[n]]),
    }  # fmt: skip
    if upright:
        slots |= {"way_up": slots["way_open"], "way_down": slots["way_shut"]}
    if n not in ("10", "90"):  # "raise it by a third": of all the way that it has
        plain = {"25": "a quarter", "33": "a third", "50": "half", "66": "two thirds", "75": "three quarters"}
        slots |= {"by_open": plain[n], "by_shut": plain[_REST[n]]}
        if upright:
            slots |= {"by_up": plain[n], "by_down": plain[_REST[n]]}
    if device_class == "curtain":
        slots |= {"way_across": slots["way_shut"]}
    if n == "10":
        slots |= {
            "gap": rng.choice(("a gap", "a small gap", "a little gap", "a crack", "a narrow gap", "a slit", "a chink"))
        }
    return n, slots


def position(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Open a cover or valve part of the way."""
    found = covered(rng, home, 0.4)
    if found is None:
        return None
    target, device_class = found
    if rng.random() < 0.1 and device_class in SET_NOUNS:
        target = hung_where(rng, home, device_class) or target
    n = percent(rng)
    shares: dict[str, str] = {}
    pick_of = rng.random()
    if pick_of < 0.12:
        chosen, n = pick(rng, split, "position.half"), "50"
    elif pick_of < 0.45:
        n, shares = share(rng, device_class)
        chosen = pick(rng, split, *with_say("position.share"))
        if chosen is None or not chosen[0].slots <= {*target.slots, *shares}:
            return None
    else:
        chosen = pick(rng, split, *with_say("position"))
    state = (
        "closed"
        if n == "0"
        else "open"
        if n == "100"
        else rng.choice((f"{n} percent open", f"open, position {n} percent", f"open, {n} percent open"))
    )
    return draft(
        rng,
        chosen,
        target.slots | {"n": n} | shares,
        call("HassSetPosition", target.arguments | {"position": n}),
        results.done(rng, target, state),
        names_of(target),
    )


# How fast in words: (percent, what {x} is put to, how {x} runs)
_SPEEDS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "100",
        ("max", "maximum", "full", "full speed", "top speed", "full power", "the max", "the maximum", "high", "the top setting", "the highest setting", "the fastest setting", "its highest setting", "the highest speed", "turbo"),
        ("flat out", "full blast", "at full blast", "full tilt", "at full tilt", "at full pelt", "full whack", "at top speed", "at full speed", "on full", "on max", "on high", "at full power", "as fast as {it_s} will go", "as hard as {it_s} can go", "on the top setting", "on its highest setting"),
    ),
    (
        "75",
        ("three quarters", "about three quarters", "three quarter speed", "three quarters speed", "three quarters power"),
        ("at three quarters", "on three quarters", "at about three quarters", "at three quarter speed", "on three quarters power"),
    ),
    (
        "50",
        ("half", "about half", "half speed", "half power", "medium", "the middle setting", "the medium setting", "mid", "halfway", "medium speed"),
        ("at half speed", "on half", "on half speed", "on half power", "on medium", "at medium speed", "on the middle setting", "at about half", "at half power", "on a medium setting"),
    ),
    (
        "25",
        ("low", "a quarter", "quarter speed", "low speed", "slow", "a slow speed", "the low setting", "about a quarter", "a gentle speed"),
        ("on low", "at low speed", "on a low setting", "at a quarter", "on slow", "at quarter speed", "at a gentle speed", "on a slow setting"),
    ),
    (
        "10",
        ("the lowest setting", "minimum", "the minimum", "the lowest", "its lowest setting", "the slowest setting", "the lowest speed", "the bottom setting", "min"),
        ("on the lowest setting", "on minimum", "at minimum speed", "on its lowest setting", "as slow as {it_s} will go", "on the slowest setting", "at the lowest speed", "at a crawl"),
    ),
)  # fmt: skip


def _pace(rng: random.Random, target: Target) -> tuple[str, dict[str, str]]:
    """A speed, and the slots that say it in words."""
    n, settings, ways = rng.choices(_SPEEDS, (34, 12, 20, 20, 14))[0]
    way = rng.choice(ways).replace("{it_s}", target.slots["it_s"])
    return n, {"setting": rng.choice(settings), "way": way}


_HOODS = re.compile(r"\b(?:extractor|extractor fan|cooker hood|range hood|exhaust fan)$")
_OVER_THE_HOB = (
    "the fan on the cooker", "the fan above the cooker", "the fan over the stove", "the thing over the hob", "the hood over the cooker",
    "the fan above the hob", "the kitchen hood", "that fan over the cooker", "the one over the hob",
)  # fmt: skip


def fan_by_place(rng: random.Random, home: Home) -> Target | None:
    """The one cooker hood by where it hangs, and the one ceiling fan by that it spins there."""
    fans = members(home, "fan", None)
    hoods = [
        each
        for each in fans
        if _HOODS.search(each.name.lower()) and ("hood" in each.name.lower() or (each.area or "").lower() == "kitchen")
    ]
    overhead = [each for each in fans if "ceiling" in each.name.lower().split()]
    pick_of = rng.random()
    if pick_of < 0.25 and len(hoods) == 1:
        text, device = rng.choice(_OVER_THE_HOB), hoods[0]
    elif pick_of > 0.8 and len(overhead) == 1:
        text, device = rng.choice(("the ceiling whirler", "that ceiling whirler", "the spinner on the ceiling", "the overhead fan")), overhead[0]  # fmt: skip
    else:
        return None
    bare = text.split(" ", 1)[1]
    if any(re.search(rf"\b{re.escape(each.name.lower())}\b", text) for each in home.devices):
        return None
    return Target(text, bare, {"name": device.name.lower()}, (device,), noun="fan")


def shortened(rng: random.Random, home: Home, device: HomeDevice) -> Target:
    """A fan by its name; now and then without the word "fan": "the extractor"."""
    low = device.name.lower()
    first = low.removesuffix(" fan")
    words = first.split()
    taken = any(
        first in name.lower() for each in home.devices if each != device for name in (each.name, *each.aliases)
    ) or any(word in area.lower().split() for area in (*home.areas, *home.floors) for word in words)
    if first == low or taken or len(words) != 1 or words[0] in ("ceiling", *_SIDES) or rng.random() < 0.75:
        return named(rng, home, device)
    return Target(f"the {first}", first, {"name": low}, (device,), noun="fan")


def fan_speed(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Set the speed of a fan."""
    n = percent(rng)
    if rng.random() < 0.35:
        target = of_set(rng, home, "fan", None, ("area", "floor", "here"))
    else:
        device = some_device(rng, home, ("fan",))
        target = (fan_by_place(rng, home) or shortened(rng, home, device)) if device else None
    if target is None:
        return None
    slots = {"n": n}
    chosen = pick(rng, split, *with_say("fan.speed"))
    if rng.random() < 0.45:
        n, slots = _pace(rng, target)
        chosen = pick(rng, split, *with_say("fan.pace"))
    arguments = {slot: value for slot, value in target.arguments.items() if slot != "domain"} | {"percentage": n}
    return draft(
        rng,
        chosen,
        target.slots | slots,
        call("HassFanSetSpeed", arguments),
        results.done(rng, target, f"on, speed {n} percent"),
        names_of(target),
    )


def degrees(rng: random.Random) -> str:
    """A temperature to set."""
    return str(
        rng.choice(
            (
                16,
                17,
                18,
                19,
                20,
                21,
                22,
                23,
                24,
                25,
                26,
                18.5,
                19.5,
                20.5,
                21.5,
                22.5,
                rng.randint(5, 35),
                rng.randint(50, 90),
                rng.choice((30, 0, 100, 200, 500)),
                rng.randint(10, 60) / 2,
            )
        )
    ).removesuffix(".0")


_MILD = ("15", "16", "17", "17.5", "18", "18.5", "19", "19.5", "20", "20.5", "21", "21.5", "22", "23", "24")


def climate(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Set a temperature."""
    t = degrees(rng)
    state = f"set to {t} {rng.choice(('°C', 'degrees', '°F', 'degrees'))}"
    pick_of = rng.random()
    if pick_of < 0.45:
        device = some_device(rng, home, ("climate",))
        if device is None:
            return None
        target = named(rng, home, device)
        chosen = pick(rng, split, *with_say("climate.set"))
        return draft(
            rng,
            chosen,
            target.slots | {"t": t},
            call("HassClimateSetTemperature", target.arguments | {"temperature": t}),
            results.done(rng, target, state),
            names_of(target),
        )
    thermostats = members(home, "climate", None)
    if pick_of < 0.65:
        target = Target("", "", {}, thermostats[:1], noun="thermostat")
        return draft(
            rng,
            pick(rng, split, *with_say("climate.set.bare")),
            {"t": t},
            call("HassClimateSetTemperature", {"temperature": t}),
            results.done(rng, target, state),
        )
    spot = somewhere(rng, home, {"area": 72, "floor": 16, "here": 12})
    if spot is None:
        return None
    spot = by_use(rng, home, spot)
    chosen = pick(rng, split, *with_say("climate.set.place"))
    if chosen and rng.random() < 0.16:  # "lounge at 19": a number alone is a temperature where it can be one
        t, chosen = rng.choice(_MILD), pick(rng, split, *with_say("climate.room"))
        state = f"set to {t} {rng.choice(('°C', 'degrees'))}"
    found = members(home, "climate", None, spot.area, spot.floor) if spot.area or spot.floor else thermostats[:1]
    if not found and rng.random() < 0.6:
        return None
    target = Target("", "", spot.arguments, found[:1], False, spot.area or spot.floor or "", "thermostat")
    return draft(
        rng, chosen, place_slots(spot) | {"t": t},
        call("HassClimateSetTemperature", spot.arguments | {"temperature": t}), results.done(rng, target, state),
    )  # fmt: skip
