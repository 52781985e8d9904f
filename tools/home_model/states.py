# SPDX-License-Identifier: Apache-2.0
"""Questions about states: what state a thing is in, whether it is so, and which things of a kind or a place are so."""

from __future__ import annotations

import random
import re

from tools.home_model import results
from tools.home_model.calls import Draft, Form, call
from tools.home_model.drafts import draft, pick, place_slots, some_device
from tools.home_model.grammar import Split, Template
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.kinds import MACHINES, NOTICES
from tools.home_model.targets import members, namesakes
from tools.home_model.topics import about, arguments_of, asked_of, asked_place

# Words for a state, and the state they ask for.
STATE_WORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "light": (("on", "on"), ("off", "off"), ("turned on", "on"), ("switched on", "on"), ("turned off", "off"), ("lit", "on"), ("burning", "on")),
    "switch": (("on", "on"), ("off", "off"), ("turned on", "on"), ("switched on", "on"), ("switched off", "off")),
    "fan": (("on", "on"), ("off", "off"), ("running", "on"), ("turned on", "on"), ("spinning", "on")),
    "cover": (("open", "open"), ("closed", "closed"), ("shut", "closed"), ("opened", "open"), ("open", "open"), ("closed", "closed"), ("opening", "opening"), ("closing", "closing")),
    "valve": (("open", "open"), ("closed", "closed"), ("shut", "closed")),
    "lock": (("locked", "locked"), ("unlocked", "unlocked"), ("locked", "locked"), ("securely locked", "locked"), ("locked up", "locked"), ("bolted", "locked")),
    "media_player": (("on", "on"), ("off", "off"), ("playing", "playing"), ("paused", "paused"), ("turned on", "on")),
    "climate": (("on", "on"), ("off", "off"), ("turned on", "on"), ("switched off", "off")),
    "vacuum": (("cleaning", "cleaning"), ("docked", "docked"), ("running", "cleaning"), ("charging", "docked"), ("returning", "returning")),
}  # fmt: skip


def _state_of_words(template: str, section: str) -> str | None:
    """The state that a question without a slot for it asks for: "did I turn {x} off", "did I shut {x}"; None for
    "on or off", "open or shut" and "how far open".
    """
    words = re.compile(r"\b(on|off)\b(?! whether)" if section == "ask.onoff" else r"\b(open|gap|far|closed?|shut)\b")
    said = {"closed" if word in ("close", "shut") else word for word in words.findall(template)}
    return said.pop() if len(said) == 1 and said <= {"on", "off", "closed"} else None


def state(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """What state something is in."""
    device = some_device(
        rng,
        home,
        (
            "light",
            "switch",
            "fan",
            "cover",
            "lock",
            "valve",
            "climate",
            "media_player",
            "vacuum",
            "sensor",
            "binary_sensor",
            "person",
        ),
    )
    if device is None:
        return None
    target = asked_of(rng, home, device)
    if namesakes(home, device, target.arguments):
        return None
    made = call("HassGetState", arguments_of(target, device))
    return about(rng, pick(rng, split, "ask.state"), target, {}, made, results.told(rng, device))


def _state_words(device: HomeDevice) -> tuple[str, ...]:
    """What may be said of the device when its state is asked."""
    if device.domain == "binary_sensor":
        notice = NOTICES[device.device_class or "door"]
        return (*notice.on, *notice.off)
    return tuple(word for word, _ in STATE_WORDS.get(device.domain, ()))


_LEFT = re.compile(r"\b(?:leave|left|leaving|forget|forgotten|got|had|kept|keep|keeping|been at)\b")

_LEFT_SO = ("door", "window", "garage_door", "opening", "lock", "plug", "running", "battery_charging")


def _nobody_leaves(chosen: tuple[Template, Form] | None, domain: str, device_class: str | None, word: str) -> bool:
    """Whether the template says that somebody left it so, and nobody could: "who left the carbon monoxide detected"."""
    if chosen is None or not _LEFT.search(chosen[0].text):
        return False
    return word in ("opening", "closing", "returning") or (domain == "binary_sensor" and device_class not in _LEFT_SO)


def yes_or_no(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whether something is on, open, locked, wet..."""
    device = some_device(rng, home, (*STATE_WORDS, "binary_sensor"))
    if device is None:
        return None
    target = asked_of(rng, home, device)
    arguments = arguments_of(target, device)
    if device.domain == "binary_sensor":
        notice = NOTICES[device.device_class or "door"]
        on = rng.random() < 0.6
        word, asked = rng.choice(notice.on if on else notice.off), "on" if on else "off"
        true, false = (notice.on[0], notice.off[0]) if on else (notice.off[0], notice.on[0])
    else:
        word, asked = rng.choice(STATE_WORDS[device.domain])
        true, false = asked, rng.choice([each for _, each in STATE_WORDS[device.domain] if each != asked])
    if any(word in _state_words(other) for other in namesakes(home, device, target.arguments)):
        return None
    either = {
        "cover": "ask.openclosed",
        "lock": "ask.locked",
        "valve": "ask.openclosed",
        "light": "ask.onoff",
        "fan": "ask.onoff",
        "switch": "ask.onoff",
        "climate": "ask.onoff",
        "media_player": "ask.onoff",
    }.get(device.domain)
    if either and rng.random() < (0.2 if either == "ask.onoff" else 0.12):
        chosen = pick(rng, split, either)
        if chosen is None:
            return None
        said = chosen[0].text.replace(" or not", "")
        alone = either == "ask.locked" and not re.search(r" or | get in |\bunlocked\b", said)
        if alone:
            arguments["state"] = "locked"
        result = results.yes_or_no(rng, device, "locked", "unlocked") if alone else results.told(rng, device)
        way = None if either == "ask.locked" else _state_of_words(chosen[0].text, either)
        if way is not None:
            arguments["state"] = way
            other = {"on": "off", "off": "on"}.get(way, "open")
            result = results.yes_or_no(rng, device, way, other)
        return about(rng, chosen, target, {}, call("HassGetState", arguments), result)
    arguments["state"] = asked
    result = results.yes_or_no(rng, device, true, false)
    chosen = pick(rng, split, "ask.yesno")
    if _nobody_leaves(chosen, device.domain, device.device_class, word):
        return None
    return about(rng, chosen, target, {"state": word}, call("HassGetState", arguments), result)


_ODD = frozenset(
    (
        *((noun, "detected") for noun in ("devices", "things")),
        *((noun, "stopped") for noun in ("devices", "things")),
        *(("rooms", word) for word in ("triggered", "clear")),
        *(("updates", word) for word in ("ready to update", "up to date")),
        ("devices", "available"),
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
            "media_player": ("speakers", "tvs", "media players"),
        }[domain]
        word, asked = rng.choice(STATE_WORDS[domain])
    if device_class in ("garage", "garage_door") and (
        members(home, "cover", "garage") and members(home, "binary_sensor", "garage_door")
    ):
        return None  # nothing says whether the door or its contact is asked
    noun = rng.choice(nouns)
    arguments = {"domain": domain} | ({"device_class": device_class} if device_class else {}) | {"state": asked}
    if domain == "media_player" and noun != "media players":
        arguments["device_class"] = device_class = "tv" if noun == "tvs" else "speaker"
    spot = asked_place(rng, home, {"none": 45, "area": 32, "floor": 14, "here": 4, "all": 8})
    if spot is None:
        return None
    found = members(home, domain, device_class, spot.area, spot.floor)
    if not found and domain != "binary_sensor" and rng.random() < 0.8:
        return None
    if domain == "binary_sensor" and not found and members(home, "cover", device_class, spot.area, spot.floor):
        return None  # where there are only shutters or doors that move, these are meant
    section = rng.choice(("ask.any", "ask.any", "ask.all", "ask.which", "ask.howmany"))
    chosen = pick(rng, split, section)
    if _nobody_leaves(chosen, domain, device_class, word):
        return None
    if chosen and "{set1}" in chosen[0].text and home.find(noun.removesuffix("s")) is not None:
        return None  # "is the light on", where a device is called Light
    nouns_said, one = (
        noun,
        noun.removesuffix("es") if noun == "switches" else "battery" if noun == "batteries" else noun.removesuffix("s"),
    )
    slots = place_slots(spot) | {
        "set": nouns_said,
        "set1": one,
        "state": word,
        "is_any": rng.choice(("are any", "are there any", "are any of the", "is there any", "any")),
    }
    if spot.bare and (spot.area or spot.floor) and rng.random() < 0.3:
        if f"{spot.bare.split()[-1]} {noun}" in ("garage doors", "door locks", "ceiling fans"):
            return None  # "the garage doors" are no doors of the garage
        slots |= {"set": f"{spot.bare} {noun}", "set1": f"{spot.bare} {one}", "in": ""}
    where = spot.area or spot.floor or ""
    return draft(
        rng,
        chosen,
        slots,
        call("HassGetState", spot.arguments | arguments),
        results.counted(rng, found, noun, word, where),
    )


def _works(device: HomeDevice) -> bool:
    """Whether it starts, runs and comes to an end, as washing does, and all its names say so."""
    if device.domain == "binary_sensor":
        return device.device_class == "running"
    names = (device.name, *device.aliases)
    return device.domain == "switch" and all(MACHINES.intersection(name.lower().split()) for name in names)


def running(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whether a machine still runs, or is done."""
    device = some_device(
        rng, Home(tuple(filter(_works, home.devices)), home.areas, home.floors), ("switch", "binary_sensor")
    )
    if device is None:
        return None
    target = asked_of(rng, home, device)
    runs = rng.random() < 0.45
    way = "on" if runs else "off"
    words = ("running", "not running") if device.domain == "binary_sensor" else ("on", "off")
    result = results.yes_or_no(rng, device, *(words if runs else words[::-1]))
    made = call("HassGetState", arguments_of(target, device) | {"state": way})
    return about(rng, pick(rng, split, "ask.running" if runs else "ask.done"), target, {}, made, result)


def anything(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whether anything at all is on in a room or on a floor, whether all is off, and how everything is."""
    spot = asked_place(rng, home, {"area": 70, "floor": 18, "here": 12})
    kinds = ("light", "switch", "fan", "media_player")
    if spot is None:
        return None
    found = [device for kind in kinds for device in members(home, kind, None, spot.area, spot.floor)]
    if not found and rng.random() < 0.8:
        return None
    section, way = rng.choices((("ask.anything.on", "on"), ("ask.anything.off", "off"), ("ask.room", "")), (60, 32, 8))[
        0
    ]
    where = spot.area or spot.floor or ""
    result = results.counted(rng, found, "devices", way or "on", where)
    made = call("HassGetState", spot.arguments | ({"state": way} if way else {}))
    return draft(rng, pick(rng, split, section), place_slots(spot), made, result)
