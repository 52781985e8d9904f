# SPDX-License-Identifier: Apache-2.0
"""Values of what is no light: positions of covers, speeds of fans, temperatures; and numbers as people say them."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from tools.home_model import results
from tools.home_model.calls import Draft, call
from tools.home_model.drafts import covered, draft, names_of, pick, place_slots, some_device, with_say
from tools.home_model.grammar import Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.places import Place, somewhere
from tools.home_model.targets import SET_NOUNS, Target, called_plainly, members, named, of_set

SIDES = {
    "left": ("on the left", "on the left hand side", "on the left side"), "right": ("on the right", "on the right hand side", "on the right side"),
    "front": ("at the front", "in front"), "back": ("at the back", "in the back"), "top": ("at the top", "up top"),
    "bottom": ("at the bottom",), "side": ("at the side", "on the side"), "middle": ("in the middle",), "upper": (), "lower": (),
}  # fmt: skip


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
    "10": (("a tenth", "hardly", "barely", "only just"), ("nearly", "almost", "very nearly", "nearly fully", "almost completely", "nine tenths")),
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
_GAPS = ("a gap", "a small gap", "a little gap", "a hand's width", "a crack", "a narrow gap", "a slit", "a chink")


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
    if device_class == "curtain":
        slots |= {"way_across": slots["way_shut"]}
    if n == "10":
        slots |= {"gap": rng.choice(_GAPS)}
        if upright:
            slots |= {"under": rng.choice((*_GAPS[:4], "a hand's width", "a hand's breadth"))}
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


def pace(rng: random.Random, target: Target) -> tuple[str, dict[str, str]]:
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
        text, device = rng.choice(("the overhead fan", "that overhead fan", "the fan on the ceiling")), overhead[0]  # fmt: skip
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
    if first == low or taken or len(words) != 1 or words[0] in ("ceiling", *SIDES) or rng.random() < 0.75:
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
        n, slots = pace(rng, target)
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


MILD = ("15", "16", "17", "17.5", "18", "18.5", "19", "19.5", "20", "20.5", "21", "21.5", "22", "23", "24")


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
        bare = draft(
            rng,
            pick(rng, split, *with_say("climate.set.bare")),
            {"t": t},
            call("HassClimateSetTemperature", {"temperature": t}),
            results.done(rng, target, state),
        )
        return None if bare is None or called_plainly(home, bare.text.lower()) else bare
    spot = somewhere(rng, home, {"area": 72, "floor": 16, "here": 12})
    if spot is None:
        return None
    spot = by_use(rng, home, spot)
    chosen = pick(rng, split, *with_say("climate.set.place"))
    if chosen and rng.random() < 0.16:  # "lounge at 19": a number alone is a temperature where it can be one
        t, chosen = rng.choice(MILD), pick(rng, split, *with_say("climate.room"))
        state = f"set to {t} {rng.choice(('°C', 'degrees'))}"
    found = members(home, "climate", None, spot.area, spot.floor) if spot.area or spot.floor else thermostats[:1]
    if not found and rng.random() < 0.6:
        return None
    target = Target("", "", spot.arguments, found[:1], False, spot.area or spot.floor or "", "thermostat")
    placed = draft(
        rng, chosen, place_slots(spot) | {"t": t},
        call("HassClimateSetTemperature", spot.arguments | {"temperature": t}), results.done(rng, target, state),
    )  # fmt: skip
    return None if placed is None or called_plainly(home, placed.text.lower()) else placed
