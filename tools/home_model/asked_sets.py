# SPDX-License-Identifier: Apache-2.0
"""Questions about all of a kind: whether any or all are so, which, how many and where, and what they are set to."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from appliance.home.states import noun as noun_of
from tools.home_model import results
from tools.home_model.calls import Draft, call
from tools.home_model.drafts import draft, pick, place_slots, says_a_name, some_device
from tools.home_model.grammar import Split
from tools.home_model.homes import Home
from tools.home_model.kinds import NOTICES
from tools.home_model.states import STATE_WORDS, nobody_leaves, so
from tools.home_model.targets import SET_NOUNS, Target, called_plainly, members, named, namesakes, of_set
from tools.home_model.topics import about, arguments_of, asked_place

_NEGATED: dict[str, tuple[tuple[str, str], ...]] = {
    "light": (("not on", "off"), ("not lit", "off")),
    "switch": (("not on", "off"),),
    "fan": (("not running", "off"), ("not on", "off")),
    "cover": (("not closed", "open"), ("not shut", "open"), ("not open", "closed")),
    "lock": (("not locked", "unlocked"), ("not locked", "unlocked"), ("not bolted", "unlocked")),
    "media_player": (("not off", "on"), ("not on", "off")),
    "climate": (("not on", "off"), ("not off", "on")),
}
"""What is said of those of a set that are otherwise: "which doors are not locked"."""

_LEFT_OR_NOT = re.compile(r"\b(?:left|leave|not|n't|no|got|have|still)\b")
"""Where "not on" does not fit: "which lights did I leave not on"."""

_ODD = frozenset(
    (
        *((noun, "detected") for noun in ("devices", "things")),
        *((noun, "stopped") for noun in ("devices", "things")),
        *(("rooms", word) for word in ("triggered", "clear")),
        *(("updates", word) for word in ("ready to update", "up to date")),
        ("devices", "available"),
        *(("devices", word) for word in ("working", "down")),
    )
)
"""What is not said of a set, or does not tell which kind of sensor is meant."""


def of_several(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whether any, whether all, which, and how many of a kind are in a state."""
    domain = rng.choice(
        (
            "light",
            "light",
            "light",
            "lock",
            "lock",
            "cover",
            "cover",
            "fan",
            "switch",
            "binary_sensor",
            "binary_sensor",
            "binary_sensor",
            "media_player",
            "media_player",
            "climate",
            "valve",
            "vacuum",
        )
    )
    device_class = None
    if domain == "cover":
        classes = [device.device_class for device in home.devices if device.domain == "cover" and device.device_class]
        if not classes:
            return None
        device_class = rng.choice(classes)
        nouns: tuple[str, ...] = {"garage": ("garage doors",), "curtain": ("curtains", "drapes")}.get(
            device_class, (f"{device_class}s",)
        )
        word, asked = rng.choice(STATE_WORDS["cover"])
        if device_class in ("window", "door") and members(home, "binary_sensor", device_class):
            domain, asked = "binary_sensor", "on" if asked in ("open", "opening") else "off"
            word = "open" if asked == "on" else "closed"
    elif domain == "binary_sensor":
        # Which rooms have such a sensor is for the executor to find out; a question may well be about none.
        sensed = [
            device.device_class for device in home.devices if device.domain == "binary_sensor" and device.device_class
        ]
        device_class = rng.choice(sensed) if sensed and rng.random() < 0.7 else rng.choice(tuple(NOTICES))
        notice = NOTICES[device_class]
        nouns = notice.sets
        on = rng.random() < 0.72
        word, asked = rng.choice(notice.on if on else notice.off), "on" if on else "off"
        fitting = tuple(noun for noun in nouns if (noun, word) not in _ODD)
        if rng.random() < 0.2 or not fitting:
            nouns = (f"{device_class.replace('_', ' ')} sensors",)
            word = rng.choice(("triggered", "on", "active", "triggered") if on else ("clear", "off"))
        elif device_class == "light":
            nouns, word = (
                ("lights", "light sensors"),
                rng.choice(("detected", "detected", "sensed") if on else ("not detected",)),
            )
        else:
            nouns = fitting
        if device_class in ("window", "door", "garage_door") and not members(home, "binary_sensor", device_class):
            covers = {"garage_door": "garage"}.get(device_class, device_class)
            if members(home, "cover", covers):
                domain, device_class, asked = "cover", covers, "open" if on else "closed"
                word = "open" if on else "closed"
    else:
        nouns = {
            "light": ("lights", "lights", "lamps"),
            "lock": ("doors", "locks", "doors"),
            "fan": ("fans",),
            "switch": ("switches",),
            "media_player": ("speakers", "tvs", "tvs", "televisions", "media players"),
            "climate": ("heaters", "radiators", "thermostats"),
            "valve": ("valves",),
            "vacuum": ("vacuums", "vacuum cleaners", "robots"),
        }[domain]
        word, asked = rng.choice(STATE_WORDS[domain])
        if domain == "switch" and members(home, "switch", "outlet") and rng.random() < 0.6:
            device_class, nouns = "outlet", ("outlets", "sockets", "plugs")
    if device_class in ("garage", "garage_door") and (
        members(home, "cover", "garage") and members(home, "binary_sensor", "garage_door")
    ):
        return None  # nothing says whether the door or its contact is asked
    noun = rng.choice(nouns)
    arguments = {"domain": domain} | ({"device_class": device_class} if device_class else {}) | {"state": asked}
    if domain == "media_player" and noun != "media players":
        arguments["device_class"] = device_class = "speaker" if noun == "speakers" else "tv"
    spot = asked_place(rng, home, {"none": 45, "area": 32, "floor": 14, "here": 4, "all": 8})
    if spot is None:
        return None
    found = members(home, domain, device_class, spot.area, spot.floor)
    if not found and domain != "binary_sensor" and rng.random() < 0.8:
        return None
    if domain == "binary_sensor" and not found and members(home, "cover", device_class, spot.area, spot.floor):
        return None  # where there are only shutters or doors that move, these are meant
    section = rng.choice(("ask.any", "ask.any", "ask.all", "ask.which", "ask.howmany"))
    if not spot.area and spot.bare != "this room" and rng.random() < 0.12:
        section = "ask.where"
    elif len(found) == 1 and device_class not in ("running", "moving", "plug") and rng.random() < 0.35:
        section = "ask.the"
    elif domain in _NEGATED and section != "ask.all" and rng.random() < 0.07:
        word, arguments["state"] = rng.choice(_NEGATED[domain])
    chosen = pick(rng, split, section)
    if chosen and word.startswith("not ") and _LEFT_OR_NOT.search(chosen[0].text):
        return None
    if nobody_leaves(chosen, domain, device_class, word):
        return None
    if chosen and "{set1}" in chosen[0].text and home.find(noun.removesuffix("s")) is not None:
        return None  # "is the light on", where a device is called Light
    nouns_said, one = (
        noun,
        rng.choice(("garage door", "garage door", "garage"))
        if section == "ask.the" and noun == "garage doors"
        else noun.removesuffix("es")
        if noun == "switches"
        else "battery"
        if noun == "batteries"
        else noun.removesuffix("s"),
    )
    slots = place_slots(spot) | {
        "set": nouns_said,
        "set1": one,
        "state": word,
        "is_any": rng.choice(("are any", "are there any", "are any of the", "is there any", "any")),
    }
    if spot.bare and (spot.area or spot.floor) and section != "ask.where" and rng.random() < 0.3:
        if f"{spot.bare.split()[-1]} {noun}" in ("garage doors", "door locks", "ceiling fans"):
            return None  # "the garage doors" are no doors of the garage
        slots |= {"set": f"{spot.bare} {noun}", "set1": f"{spot.bare} {one}", "in": ""}
    where = spot.area or spot.floor or ""
    made = call("HassGetState", spot.arguments | arguments)
    question = draft(rng, chosen, slots, made, results.counted(rng, found, noun, word, where))
    plain = section in ("ask.the", "ask.where") or domain in ("climate", "valve", "vacuum")
    return None if question and plain and called_plainly(home, question.text) else question


# Sets that are asked about as one thing, "the kitchen lights", "the heating", and how often.
_ASKED = {
    ("light", None): 10, ("climate", None): 9, ("cover", "any"): 8, ("fan", None): 3, ("lock", None): 4, ("media_player", "tv"): 4, ("media_player", "speaker"): 2,
    ("switch", None): 1, ("valve", None): 1.5, ("vacuum", None): 2,
}  # fmt: skip
_SETTINGS = {
    "light": ("bright", "bright", "color"), "fan": ("speed",), "media_player": ("volume",), "cover": ("position",), "valve": ("position",), "climate": ("degrees",),
}  # fmt: skip
_CONTACTS = {"window": "window", "door": "door", "garage": "garage_door"}
_QUANTIFIED = re.compile(r"(?:all|every|each|both)\b")


def _set(rng: random.Random, home: Home) -> tuple[Target, dict[str, str]] | None:
    """All of a kind somewhere or in the house, with the arguments that a question about them has."""
    domain, device_class = rng.choices(tuple(_ASKED), tuple(_ASKED.values()))[0]
    if device_class == "any":
        classes = [device.device_class for device in home.devices if device.domain == "cover" and device.device_class]
        device_class = rng.choice(classes) if classes else None
        if device_class is None or members(home, "binary_sensor", _CONTACTS.get(device_class, "-")):
            return None  # whether a door is open is asked of its contact
    if rng.random() < 0.72:
        target = of_set(rng, home, domain, device_class, ("area", "floor", "all"))
    else:
        target = _the_only(rng, home, domain, device_class)
    if target is None or not target.devices or called_plainly(home, target.text):
        return None
    if "name" not in target.arguments and says_a_name(home, target.text):
        return None
    plain = re.sub(r"^(?:the|my|our) ", "", target.text)
    target = target if _QUANTIFIED.match(target.text) else replace(target, bare=plain)
    arguments = arguments_of(target, target.devices[0]) if "name" in target.arguments else dict(target.arguments)
    return target, arguments


def _the_only(rng: random.Random, home: Home, domain: str, device_class: str | None) -> Target | None:
    # "The heating", "the garage door", with no place: whatever there is of it at home.
    found = members(home, domain, device_class)
    singulars, plurals = SET_NOUNS[device_class or domain]
    one = len(found) == 1 or domain == "climate"
    noun = rng.choice(singulars if one else plurals)
    if not found or home.find(noun) is not None:
        return None
    text = f"{rng.choice(('the', 'the', 'the', 'our', 'my'))} {noun}"
    arguments = {"domain": domain} | ({"device_class": device_class} if device_class else {})
    return Target(text, noun, arguments, found, noun.endswith("s"), "", noun)


def of_kind(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """How all of a kind are, in the words that are used of one device: "did I leave the kitchen lights on"."""
    found = _set(rng, home)
    if found is None:
        return None
    target, arguments = found
    if rng.random() < 0.75:
        return so(rng, home, split, target, arguments)
    if _QUANTIFIED.match(target.text):
        return None
    chosen = pick(rng, split, "ask.state")
    if chosen and chosen[0].text.startswith("read"):
        return None
    device = target.devices[0]
    if device.domain not in STATE_WORDS:
        return None  # what is asked of a sensor may be called as a set of doors is
    nouns = noun_of(device.domain, device.device_class, 2)
    state = rng.choice(STATE_WORDS[device.domain])[1]
    result = (
        results.told(rng, device)
        if len(target.devices) == 1
        else results.counted(rng, target.devices, nouns, state, target.where)
    )
    return about(rng, chosen, target, {}, call("HassGetState", arguments), result)


def setting(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """How bright, loud, fast or far open something is, and what the heating is set to."""
    if rng.random() < 0.55:
        device = some_device(rng, home, tuple(_SETTINGS))
        if device is None:
            return None
        target = named(rng, home, device)
        arguments = arguments_of(target, device)
        if namesakes(home, device, target.arguments):
            return None
    else:
        found = _set(rng, home)
        if found is None or found[0].devices[0].domain not in _SETTINGS or _QUANTIFIED.match(found[0].text):
            return None
        target, arguments = found
    device = target.devices[0]
    section = f"ask.setting.{rng.choice(_SETTINGS[device.domain])}"
    made = call("HassGetState", arguments)
    return about(rng, pick(rng, split, section), target, {}, made, results.told(rng, device))


def occupied(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whether anybody is in a room, by what notices it there."""
    for device_class in ("occupancy", "motion"):
        rooms = [device.area for device in members(home, "binary_sensor", device_class) if device.area]
        if rooms:
            break
    else:
        return None
    spot = asked_place(rng, Home((), (rng.choice(rooms),), ()), {"area": 1})
    if spot is None or any(spot.bare in device.name.lower() for device in members(home, "person", None)):
        return None
    found = members(home, "binary_sensor", device_class, spot.area)
    made = call(
        "HassGetState", spot.arguments | {"domain": "binary_sensor", "device_class": device_class, "state": "on"}
    )
    nouns = f"{device_class} sensors"
    result = results.counted(rng, found, nouns, NOTICES[device_class].on[0], spot.area or "")
    return draft(rng, pick(rng, split, "ask.occupied"), place_slots(spot), made, result)
