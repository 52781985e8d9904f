# SPDX-License-Identifier: Apache-2.0
"""Appliances asked for by what they do, vacuum cleaners and mowers."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from tools.home_model import results, words
from tools.home_model.calls import Draft, call
from tools.home_model.drafts import (
    PLAIN,
    draft,
    names_of,
    pick,
    place_slots,
    says_a_name,
    some_device,
    with_say,
)
from tools.home_model.grammar import Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.places import inside, somewhere
from tools.home_model.switching import in_part
from tools.home_model.targets import Target, members, named

# What appliances are for: the section of the sentences that ask for it, and what such an appliance is called.
JOBS = {
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
_OF_THE_WHOLE_HOUSE = ("charge", "water", "fountain", "guard", "mains", "tree")
"""What is said of the house or the garden: no room is named with "water the lawn"."""
_APPLIANCES = ("switch", "valve", "input_boolean", "humidifier", "water_heater", "fan")


def _only(home: Home, domains: tuple[str, ...], called: tuple[str, ...]) -> HomeDevice | None:
    """The one device of the home whose name says that it is such a thing; None where no or several devices are."""
    pattern = re.compile(rf"\b(?:{'|'.join(called)})s?$")
    found = [device for device in home.devices if device.domain in domains and pattern.search(device.name.lower())]
    return found[0] if len(found) == 1 else None


def job(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Have an appliance do what it is there for, mostly without its name: "get the water boiling" is the kettle."""
    known = [(section, device) for section, called in JOBS.items() if (device := _only(home, _APPLIANCES, called))]
    if not known:
        return None
    section, device = rng.choice(known)
    on = rng.random() < 0.6
    chosen = pick(rng, split, *with_say(f"job.{section}.{'on' if on else 'off'}"))
    if chosen is None:
        return None
    if "x" in chosen[0].slots:
        target = in_part(rng, home, named(rng, home, device))
    else:
        low = device.name.lower()
        target = Target(low, low, {"name": low}, (device,))
    made = call("HassTurnOn" if on else "HassTurnOff", target.arguments)
    state = ("open" if on else "closed") if device.domain == "valve" else "on" if on else "off"
    names = names_of(target) if "x" in chosen[0].slots else ()
    found = draft(rng, chosen, target.slots, made, results.done(rng, target, state), names)
    if found and not names and section not in _OF_THE_WHOLE_HOUSE and rng.random() < 0.12:
        found = _placed(rng, found, device)
    return None if found is None or says_a_name(home, found.text, device) else found


def _placed(rng: random.Random, found: Draft, device: HomeDevice) -> Draft:
    """The sentence with where its device stands behind it: "that's dry enough, stop it upstairs"."""
    mode, spot = rng.choice((("area", device.area), ("floor", device.floor)))
    if not spot or spot.lower() in device.name.lower() or _ENDS_IN_A_REASON.search(found.text):
        return found
    made = call(found.calls[0].tool, found.calls[0].arguments | {mode: spot.lower()})
    return replace(found, text=f"{found.text} {inside(rng, spot)}", calls=(made,))


_ENDS_IN_A_REASON = re.compile(
    r"(?:(?<!that)(?<!let)'|\b(?:so|before|for|while|when|after|now)\b)[^,]*$|, (?:I|we|it|the|my|our|three|2|sausages)\b[^,]*$"
)
"""A place after "I'm coming to bed" or "I left the pie in" would be where that happens."""


def vacuum(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Start a vacuum cleaner, send it home, or have a place cleaned."""
    which = rng.random()
    if which < 0.16:
        return _only_robot(rng, home, split)
    if which < 0.4 and (lawn := _only_mower(rng, home, split)):
        return lawn
    if which < 0.5:
        spot = somewhere(rng, home, {"area": 60, "floor": 22, "here": 8, "all": 10}, of=False)
        if spot is None:
            return None
        robots = members(home, "vacuum", None)[:1]
        if not robots:
            return None
        target = Target("", "", spot.arguments, robots, noun="vacuum cleaner")
        found = draft(
            rng,
            pick(rng, split, *with_say("vacuum.place")),
            place_slots(spot),
            call("HassVacuumStart", spot.arguments),
            results.done(rng, target, "cleaning"),
        )
        others = (each for each in home.devices if each.domain != "vacuum")
        return None if found is None or says_a_name(home, found.text, *others) else found
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
    return None if found is None or says_a_name(home, found.text) else found


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
    return None if found is None or says_a_name(home, found.text, mower) else found
