# SPDX-License-Identifier: Apache-2.0
"""Questions about states: what state a thing is in, whether it is so, whether a machine is done, whether anything is on."""

from __future__ import annotations

import random
import re

from appliance.home.states import noun
from tools.home_model import results
from tools.home_model.calls import Draft, Form, Result, call
from tools.home_model.drafts import draft, pick, place_slots, some_device
from tools.home_model.grammar import Split, Template
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.kinds import MACHINES, NOTICES
from tools.home_model.places import Place
from tools.home_model.targets import Target, members, namesakes
from tools.home_model.topics import about, arguments_of, asked_of, asked_place

# Words for a state, and the state they ask for.
STATE_WORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "light": (("on", "on"), ("off", "off"), ("turned on", "on"), ("switched on", "on"), ("turned off", "off"), ("lit", "on"), ("burning", "on")),
    "switch": (("on", "on"), ("off", "off"), ("turned on", "on"), ("switched on", "on"), ("switched off", "off")),
    "fan": (("on", "on"), ("off", "off"), ("running", "on"), ("turned on", "on"), ("spinning", "on")),
    "cover": (("open", "open"), ("closed", "closed"), ("shut", "closed"), ("opened", "open"), ("open", "open"), ("closed", "closed"), ("opening", "opening"), ("closing", "closing"), ("shutting", "closing")),
    "valve": (("open", "open"), ("closed", "closed"), ("shut", "closed")),
    "lock": (("locked", "locked"), ("unlocked", "unlocked"), ("locked", "locked"), ("securely locked", "locked"), ("locked up", "locked"), ("bolted", "locked")),
    "media_player": (("on", "on"), ("off", "off"), ("playing", "playing"), ("paused", "paused"), ("turned on", "on")),
    "climate": (("on", "on"), ("off", "off"), ("turned on", "on"), ("switched off", "off")),
    "vacuum": (("cleaning", "cleaning"), ("docked", "docked"), ("running", "cleaning"), ("charging", "docked"), ("returning", "returning")),
    "lawn_mower": (("mowing", "mowing"), ("docked", "docked"), ("running", "mowing"), ("returning", "returning")),
    "script": (("running", "on"), ("active", "on"), ("finished", "off")),
    "humidifier": (("on", "on"), ("off", "off"), ("running", "on"), ("turned on", "on"), ("switched off", "off")),
    "water_heater": (("on", "on"), ("off", "off"), ("turned on", "on"), ("switched on", "on"), ("switched off", "off")),
    "input_boolean": (("on", "on"), ("off", "off"), ("turned on", "on"), ("active", "on"), ("switched off", "off"), ("enabled", "on"), ("disabled", "off")),
}  # fmt: skip
_ARMED = (("armed", "on"), ("set", "on"), ("on", "on"), ("disarmed", "off"), ("off", "off"))


def words_of(device: HomeDevice) -> tuple[tuple[str, str], ...]:
    guards = device.domain in ("switch", "input_boolean") and re.search(r"\b(?:alarm|security)\b", device.name.lower())
    return _ARMED if guards else STATE_WORDS[device.domain]


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
            "lawn_mower",
            "humidifier",
            "water_heater",
            "input_boolean",
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


def nobody_leaves(chosen: tuple[Template, Form] | None, domain: str, device_class: str | None, word: str) -> bool:
    """Whether the template says that somebody left it so, and nobody could: "who left the carbon monoxide detected"."""
    if chosen is None or not _LEFT.search(chosen[0].text):
        return False
    return word in ("opening", "closing", "returning") or (domain == "binary_sensor" and device_class not in _LEFT_SO)


_EITHER = {
    "cover": "ask.openclosed", "valve": "ask.openclosed", "lock": "ask.locked", "light": "ask.onoff", "fan": "ask.onoff", "switch": "ask.onoff", "climate": "ask.onoff",
    "media_player": "ask.onoff", "humidifier": "ask.onoff", "water_heater": "ask.onoff", "input_boolean": "ask.onoff",
}  # fmt: skip


def yes_or_no(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whether something is on, open, locked, wet..."""
    device = some_device(rng, home, (*STATE_WORDS, "binary_sensor"))
    if device is None:
        return None
    target = asked_of(rng, home, device)
    return so(rng, home, split, target, arguments_of(target, device))


def so(rng: random.Random, home: Home, split: Split, target: Target, arguments: dict[str, str]) -> Draft | None:
    """Whether a device, or whether all of a set, are so."""
    device = target.devices[0]
    nouns = noun(device.domain, arguments.get("device_class"), 2)

    def answer(asked: str, other: str) -> Result:
        if len(target.devices) == 1:
            return results.yes_or_no(rng, device, asked, other)
        return results.counted(rng, target.devices, nouns, asked, target.where)

    if device.domain == "binary_sensor":
        notice = NOTICES[device.device_class or "door"]
        on = rng.random() < 0.6
        word, asked = rng.choice(notice.on if on else notice.off), "on" if on else "off"
        true, false = (notice.on[0], notice.off[0]) if on else (notice.off[0], notice.on[0])
    else:
        word, asked = rng.choice(words_of(device))
        true, false = asked, rng.choice([each for _, each in STATE_WORDS[device.domain] if each != asked])
    shut = device.domain == "lock" and re.search(r"\b(?:door|gate)s?\b", target.text) and rng.random() < 0.08
    if shut:  # a lock does not know, and tells what it does
        word, asked = rng.choice((("open", "open"), ("closed", "closed"), ("shut", "closed")))
    if any(word in _state_words(other) for other in namesakes(home, device, target.arguments)):
        return None
    either = _EITHER.get(device.domain)
    if either and not shut and rng.random() < (0.2 if either == "ask.onoff" else 0.12):
        chosen = pick(rng, split, either)
        if chosen is None:
            return None
        said = chosen[0].text.replace(" or not", "")
        alone = either == "ask.locked" and not re.search(r" or | get in |\bunlocked\b", said)
        way = "locked" if alone else None if either == "ask.locked" else _state_of_words(chosen[0].text, either)
        result = answer(true, false) if len(target.devices) > 1 else results.told(rng, device)
        if way is not None:
            arguments["state"] = way
            other = {"on": "off", "off": "on", "locked": "unlocked"}.get(way, "open")
            result = answer(way, other)
        return about(rng, chosen, target, {}, call("HassGetState", arguments), result)
    arguments["state"] = asked
    chosen = pick(rng, split, "ask.yesno")
    if nobody_leaves(chosen, device.domain, device.device_class, word):
        return None
    result = results.told(rng, device) if shut else answer(true, false)
    return about(rng, chosen, target, {"state": word}, call("HassGetState", arguments), result)


# What somebody may have done: (has ... it, did ... it, on or off behind it, the state it is in then)
_DEEDS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "cover": (("opened", "open", "", "open"), ("opened", "open", "", "open"), ("closed", "close", "", "closed"), ("shut", "shut", "", "closed"), ("left open", "leave open", "", "open")),
    "valve": (("opened", "open", "", "open"), ("closed", "close", "", "closed"), ("shut off", "shut off", "", "closed")),
    "lock": (("locked", "lock", "", "locked"), ("unlocked", "unlock", "", "unlocked"), ("bolted", "bolt", "", "locked")),
    "light": (("turned", "turn", "on", "on"), ("turned", "turn", "off", "off"), ("switched", "switch", "on", "on"), ("switched", "switch", "off", "off")),
    "binary_sensor": (("opened", "open", "", "on"), ("opened", "open", "", "on"), ("closed", "close", "", "off"), ("shut", "shut", "", "off"), ("left open", "leave open", "", "on")),
}  # fmt: skip
_UPRIGHT = ("blind", "shade", "shutter", "garage")


def somebody_did(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whether somebody opened, unlocked or switched something: "has somebody opened the garage"."""
    device = some_device(rng, home, ("cover", "lock", "light", "switch", "fan", "valve", "binary_sensor"))
    opens = device and (device.domain != "binary_sensor" or device.device_class in ("door", "window", "garage_door"))
    target = asked_of(rng, home, device) if device and opens else None
    if device is None or target is None or namesakes(home, device, target.arguments):
        return None
    if device.device_class in _UPRIGHT and rng.random() < 0.6:
        made = call("HassGetState", arguments_of(target, device))
        return about(rng, pick(rng, split, "ask.updown"), target, {}, made, results.told(rng, device))
    did, do, way, state = rng.choice(_DEEDS.get(device.domain, _DEEDS["light"]))
    words = {"on": ("open", "closed"), "off": ("closed", "open")} if device.domain == "binary_sensor" else {}
    other = {"open": "closed", "closed": "open", "locked": "unlocked", "unlocked": "locked", "on": "off", "off": "on"}
    result = results.yes_or_no(rng, device, *words.get(state, (state, other[state])))
    made = call("HassGetState", arguments_of(target, device) | {"state": state})
    return about(rng, pick(rng, split, "ask.did"), target, {"did": did, "do": do, "way": way}, made, result)


_ROVERS = {"vacuum": ("cleaning", "docked"), "lawn_mower": ("mowing", "docked")}


def _works(device: HomeDevice) -> bool:
    """Whether it starts, runs and comes to an end, as washing does, and all its names say so."""
    if device.domain in ("binary_sensor", *_ROVERS):
        return device.domain in _ROVERS or device.device_class == "running"
    names = (device.name, *device.aliases)
    return device.domain == "switch" and all(MACHINES.intersection(name.lower().split()) for name in names)


def running(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whether a machine still runs, or is done."""
    working = Home(tuple(filter(_works, home.devices)), home.areas, home.floors)
    device = some_device(rng, working, ("switch", "binary_sensor", *_ROVERS))
    if device is None:
        return None
    target = asked_of(rng, home, device)
    runs = rng.random() < 0.45
    way = "on" if runs else "off"
    words = ("running", "not running") if device.domain == "binary_sensor" else ("on", "off")
    if device.domain in _ROVERS:
        words = _ROVERS[device.domain]
        way = words[not runs]
    result = results.yes_or_no(rng, device, *(words if runs else words[::-1]))
    made = call("HassGetState", arguments_of(target, device) | {"state": way})
    return about(rng, pick(rng, split, "ask.running" if runs else "ask.done"), target, {}, made, result)


def anything(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whether anything at all is on in a room or on a floor, whether all is off, and how everything is."""
    spot = asked_place(rng, home, {"area": 70, "floor": 18, "here": 12})
    if spot is None:
        return None
    if rng.random() < 0.28:
        return _opened(rng, home, split, spot)
    kinds = ("light", "switch", "fan", "media_player")
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


_OPENED = frozenset(("door", "window", "garage_door", "opening"))


def _opened(rng: random.Random, home: Home, split: Split, spot: Place) -> Draft | None:
    """Whether anything is open, of what can be opened, or all is shut."""
    found = [
        device
        for device in (
            *members(home, "cover", None, spot.area, spot.floor),
            *members(home, "binary_sensor", None, spot.area, spot.floor),
        )
        if device.domain == "cover" or device.device_class in _OPENED
    ]
    if len(found) < 2 and rng.random() < 0.8:
        return None
    section, way = rng.choice((("ask.anything.open", "open"), ("ask.anything.shut", "closed")))
    result = results.counted(rng, found, "devices", way, spot.area or spot.floor or "")
    return draft(
        rng, pick(rng, split, section), place_slots(spot), call("HassGetState", spot.arguments | {"state": way}), result
    )
