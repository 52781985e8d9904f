# SPDX-License-Identifier: Apache-2.0
"""Questions about what sensors measure and notice: warmth, humidity, air, smoke, motion, leaks."""

from __future__ import annotations

import random
import re
from collections import Counter

from tools.home_model import results
from tools.home_model.calls import Draft, Result, call
from tools.home_model.drafts import draft, names_of, pick, place_slots, some_device
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.kinds import MEASURES, NOTICES
from tools.home_model.places import somewhere
from tools.home_model.targets import Target, members, named, namesakes
from tools.home_model.topics import arguments_of, asked_place


def measure(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """What a sensor measures."""
    device = some_device(rng, home, ("sensor",))
    if device is None or device.device_class is None:
        return None
    target = named(rng, home, device)
    quantities = MEASURES[device.device_class].quantities
    quantity = rng.choice(quantities)
    low = target.arguments["name"]
    if any(other.domain == "sensor" for other in namesakes(home, device, target.arguments)):
        return None
    thing = _measured(home, device) if rng.random() < 0.4 else None
    if thing is not None:
        text = f"{rng.choice(('the', 'the', 'the', 'my', 'our'))} {thing}"
        target = Target(text, thing, {"name": device.name.lower()}, (device,))
        low = thing
    if f"ask.how.{device.device_class}" in GRAMMAR.sections and rng.random() < (0.6 if thing else 0.25):
        chosen = pick(rng, split, f"ask.how.{device.device_class}")
        return draft(
            rng,
            chosen,
            target.slots,
            call("HassGetState", arguments_of(target, device)),
            results.told(rng, device),
            names_of(target),
        )
    chosen = pick(
        rng,
        split,
        "ask.measure.name"
        if any(word in low for word in quantity.lower().split()) and rng.random() < 0.7
        else "ask.measure",
    )
    if chosen is None:
        return None
    if chosen[0].text in ("{X}", "{x} please", "how much is {x}", "{X} {quantity}") and rng.random() < 0.5:
        return None
    return draft(
        rng,
        chosen,
        target.slots | {"quantity": quantity},
        call("HassGetState", arguments_of(target, device)),
        results.told(rng, device),
        names_of(target),
    )


_SAID_OF_THINGS = frozenset(
    "temperature humidity battery power energy moisture weight distance speed water gas volume_storage pressure signal_strength ph".split()
)


def _measured(home: Home, device: HomeDevice) -> str | None:
    """What a sensor measures: "the battery of the remote", "how warm is the pool" ask Remote Battery and Pool Temp."""
    low, kind = device.name.lower(), device.device_class or ""
    suffixes = sorted(MEASURES[kind].suffixes, key=len, reverse=True) if kind in _SAID_OF_THINGS else ()
    thing = next((low.removesuffix(f" {each.lower()}") for each in suffixes if low.endswith(f" {each.lower()}")), None)
    places = [place.lower() for place in (*home.areas, *home.floors)]
    if thing is None or thing in places:
        return None
    rivals = [
        other
        for other in home.devices
        if other is not device
        and other.domain in ("sensor", "climate")
        and any(thing in name.lower() for name in (other.name, *other.aliases))
    ]
    return None if rivals else thing


def _clear() -> dict[str, tuple[str, ...]]:
    # "The volume in the cellar" may be of two classes; without a name nothing says which.
    said = Counter(quantity for measure in MEASURES.values() for quantity in measure.quantities)
    # "The water in the cellar" is as likely a leak.
    noticed = {word for kind, words in PHENOMENA.items() if kind != "power" for word in words}
    return {
        kind: tuple(each for each in measure.quantities if said[each] == 1 and each.lower() not in noticed)
        or measure.quantities
        for kind, measure in MEASURES.items()
    }


_AREA_WORDS = {"humidity": "ask.area.humid", "illuminance": "ask.area.bright", "power": "ask.area.power"}
_OF_THE_HOUSE = frozenset(
    "humidity power energy carbon_dioxide aqi pm25 atmospheric_pressure wind_speed precipitation water gas battery".split()
)
"""What is asked for with no room named, or of a whole floor: "what's the humidity", "how much power are we using"."""

_NOT_OF_ROOMS = frozenset(("temperature", "timestamp", "date"))  # "the time in the laundry room" is the time of day


def area_measure(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """What the humidity (or anything else but the temperature) of a room is."""
    found = [
        device
        for device in home.devices
        if device.domain == "sensor" and device.area and (device.device_class or "temperature") not in _NOT_OF_ROOMS
    ]
    if found and rng.random() < 0.8:
        device = rng.choice(found)
        area, device_class = device.area, device.device_class
    elif home.areas:
        area, device_class = (
            rng.choice(home.areas),
            rng.choice(("humidity", "illuminance", "carbon_dioxide", "power", "energy", "humidity")),
        )
    else:
        return None
    if area is None or device_class is None:
        return None
    quantity = rng.choice(_CLEAR[device_class])
    wider = rng.random() < 0.22 and device_class in _OF_THE_HOUSE
    spot = (
        asked_place(rng, home, {"none": 50, "floor": 35, "all": 15})
        if wider
        else somewhere(rng, Home((), (area,), ()), {"area": 92, "here": 8})
    )
    if spot is None or home.find(f"{spot.bare or area} {quantity}") or home.find(quantity):
        return None
    section = "ask.area.measure"
    if device_class == "battery" and wider:
        if members(home, "binary_sensor", "battery"):
            return None  # "how are the batteries" may as well ask which of them are low
        section = "ask.area.batteries"
    elif rng.random() < 0.2 and (spot.inside or device_class != "illuminance"):
        section = _AREA_WORDS.get(device_class, section)
    chosen = pick(rng, split, section)
    if chosen and not spot.inside and section == "ask.area.humid" and not re.search("humid|moist|air", chosen[0].text):
        return None  # "is it dry enough for the washing" may as well ask for the weather
    if spot.area is None and spot.floor is None and chosen and "A" in chosen[0].slots:
        return None
    there = members(home, "sensor", device_class, spot.area, spot.floor)
    if wider and not there and rng.random() < 0.8:
        return None
    result = (
        results.told(rng, there[0])
        if there
        else Result(
            False, f"There is no {device_class.replace('_', ' ')} sensor{results.at(spot.area or spot.floor or '')}"
        )
    )
    arguments = spot.arguments | {"domain": "sensor", "device_class": device_class}
    return draft(rng, chosen, place_slots(spot) | {"quantity": quantity}, call("HassGetState", arguments), result)


def temperature(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """How warm it is somewhere."""
    if rng.random() < 0.2:
        device = some_device(rng, home, ("climate",))
        if device is None:
            return None
        target = named(rng, home, device)
        return draft(
            rng,
            pick(rng, split, "ask.temperature.name"),
            target.slots,
            call("HassClimateGetTemperature", target.arguments),
            results.temperature(rng, home, "", device.name),
            names_of(target),
        )
    spot = asked_place(rng, home, {"area": 66, "floor": 8, "here": 12, "none": 14})
    if spot is None:
        return None
    if spot.area and (home.find(f"{spot.area} temperature") or home.find(f"{spot.area} temp")):
        return None
    if not spot.inside:
        chosen = pick(rng, split, "ask.temperature")
    else:
        chosen = pick(rng, split, "ask.temperature", "ask.temperature.place")
    slots = place_slots(spot)
    arguments = dict(spot.arguments)
    if arguments.get("area") == "here" and rng.random() < 0.3:
        slots["in"] = rng.choice(("inside", "indoors"))
    return draft(
        rng,
        chosen,
        slots,
        call("HassClimateGetTemperature", arguments),
        results.temperature(rng, home, spot.area or spot.floor or ""),
    )


# What a binary sensor notices, as something that is there or not.
PHENOMENA: dict[str, tuple[str, ...]] = {
    "motion": ("motion", "movement", "activity"), "smoke": ("smoke", "fire"), "gas": ("gas", "gas leak"), "carbon_monoxide": ("carbon monoxide", "co"),
    "occupancy": ("occupancy", "occupants"), "presence": ("presence",), "moisture": ("water", "leak", "leaks", "moisture", "flooding", "water leak"),
    "sound": ("sound", "noise", "sounds"), "vibration": ("vibration", "shaking", "vibrations"), "tamper": ("tampering", "tamper"), "light": ("light",), "heat": ("heat", "overheating"),
    "cold": ("frost",), "problem": ("problem", "problems", "trouble"), "power": ("power",),
}  # fmt: skip

_CLEAR = _clear()


def detect(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whether there is smoke, motion, water..."""
    device = some_device(rng, home, ("binary_sensor",))
    if device is not None and device.device_class in PHENOMENA and rng.random() < 0.5:
        target = named(rng, home, device)
        notice = NOTICES[device.device_class]
        slots = target.slots | {"phenomenon": rng.choice(PHENOMENA[device.device_class])}
        made = call("HassGetState", arguments_of(target, device) | {"state": "on"})
        return draft(
            rng,
            pick(rng, split, "ask.detect.name"),
            slots,
            made,
            results.yes_or_no(rng, device, notice.on[0], notice.off[0]),
            names_of(target),
        )
    device_class = rng.choice(tuple(PHENOMENA))
    if device is not None and device.device_class in PHENOMENA and rng.random() < 0.7:
        device_class = device.device_class
    spot = asked_place(rng, home, {"none": 40, "area": 36, "floor": 12, "here": 4, "all": 8})
    if spot is None:
        return None
    found = members(home, "binary_sensor", device_class, spot.area, spot.floor)
    phenomena = [each for each in PHENOMENA[device_class] if each != "heat"]  # "is there heat" asks for the heating
    slots = place_slots(spot) | {"phenomenon": rng.choice(phenomena)}
    made = call(
        "HassGetState", spot.arguments | {"domain": "binary_sensor", "device_class": device_class, "state": "on"}
    )
    noun = f"{device_class.replace('_', ' ')} sensors"
    chosen = pick(rng, split, "ask.detect")
    if device_class == "light" and chosen and not re.search("sens|detect|regist|pick|report|notic", chosen[0].text):
        return None  # "is there light in the hall" asks whether lights are on, or how bright it is
    return draft(
        rng,
        chosen,
        slots,
        made,
        results.counted(rng, found, noun, "on", spot.area or spot.floor or ""),
    )


_LEAKS = ("leak sensor", "leak detector", "water sensor", "flood sensor", "leak")


def leaking(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whether what a leak sensor watches leaks: "is the washer leaking" asks "washer leak", not the washer."""
    wet = members(home, "binary_sensor", "moisture")
    if not wet:
        return None
    device = rng.choice(wet)
    low = device.name.lower()
    thing = next((low.removesuffix(f" {each}") for each in _LEAKS if low.endswith(f" {each}")), None)
    rooms = [place.lower() for place in (*home.areas, *home.floors)]
    if thing is None or thing in rooms or sum(thing in other.name.lower() for other in wet) > 1:
        return None
    yes = rng.random() < 0.8
    words = ("leaking", "dry") if yes else ("dry", "leaking")
    arguments = {"name": low, "domain": "binary_sensor", "device_class": "moisture", "state": "on" if yes else "off"}
    return draft(
        rng,
        pick(rng, split, "ask.leaking" if yes else "ask.leaking.not"),
        {"x": f"{rng.choice(('the', 'the', 'the', 'that', 'our'))} {thing}"},
        call("HassGetState", arguments),
        results.yes_or_no(rng, device, *words),
        (low,),
    )


_AIR = (
    "aqi",
    "carbon_dioxide",
    "pm25",
    "volatile_organic_compounds",
    "pm10",
    "pm1",
    "volatile_organic_compounds_parts",
)
"""What tells how good the air is, the best first."""


def air(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """How good the air of a room is, by whatever measures it there."""
    rooms = [device.area for device in home.devices if device.device_class in _AIR and device.area]
    areas = tuple(rooms) if rooms and rng.random() < 0.9 else home.areas
    spot = asked_place(rng, Home((), areas, ()), {"area": 92, "here": 8 if rooms else 0})
    if spot is None or (spot.area not in rooms and rng.random() < 0.9 and spot.area):
        return None
    told = {kind: members(home, "sensor", kind, spot.area) for kind in _AIR}
    kind = next((kind for kind in _AIR if told[kind]), "aqi")
    there = told[kind]
    result = (
        results.told(rng, rng.choice(there))
        if there
        else Result(False, f"There is no {kind.replace('_', ' ')} sensor{results.at(spot.area or '')}")
    )
    made = call("HassGetState", spot.arguments | {"domain": "sensor", "device_class": kind})
    return draft(rng, pick(rng, split, "ask.air"), place_slots(spot), made, result)


_SLEEPERS = {
    "nursery": (("the baby", "the little one", "baby", "the wee one", "our little one"), ("in the cot",)),
    "kids room": (("the boy", "the girl", "our youngest", "my daughter", "my son"), ()),
}

_THEIRS = ("'s room", "'s bedroom", "'s Room", "'s Bedroom")


def sleeper(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whether somebody is warm enough in the room that is theirs: "is Emma warm enough in her room"."""
    listed = {device.area for device in home.devices}
    owned = [area for area in home.areas if area in listed and (area.lower() in _SLEEPERS or area.endswith(_THEIRS))]
    if not owned or (len(owned) > 1 and owned[0].lower() in _SLEEPERS):
        return None
    area = owned[0]
    people, places = _SLEEPERS.get(area.lower(), ((area.lower().partition("'s ")[0],), ()))
    theirs = ("in her room", "in his room", "in bed", "in there", "in her bed", "in his bed")
    spot = somewhere(rng, Home((), (area,), ()), {"area": 1})
    inside = rng.choice((*theirs, *places)) if spot is None or rng.random() < 0.75 else f"in {spot.text}"
    return draft(
        rng,
        pick(rng, split, "ask.temperature.who"),
        {"who": rng.choice(people), "in": inside},
        call("HassClimateGetTemperature", {"area": area.lower()}),
        results.temperature(rng, home, area),
    )
