# SPDX-License-Identifier: Apache-2.0
"""Questions about the home, with the calls that answer them."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from appliance.home.tools import DOMAINS
from tools.home_model import results, things
from tools.home_model.calls import Call, Draft, Form, Result, call
from tools.home_model.drafts import draft, names_of, pick, place_slots, some_device, unless_named
from tools.home_model.grammar import GRAMMAR, Split, Template
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.kinds import MACHINES, MEASURES, NOTICES, WORK_OF
from tools.home_model.targets import Place, Target, called_plainly, members, named, namesakes, somewhere

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


def _arguments(target: Target, device: HomeDevice) -> dict[str, str]:
    arguments = dict(target.arguments)
    if device.domain in DOMAINS:
        arguments["domain"] = device.domain
    if device.domain in ("sensor", "binary_sensor") and device.device_class:
        arguments["device_class"] = device.device_class
    return arguments


_AGREEING = {"has": "have", "does": "do", "was": "were"}


def _about(
    rng: random.Random,
    chosen: tuple[Template, Form] | None,
    target: Target,
    more: dict[str, str],
    made: Call,
    result: Result,
) -> Draft | None:
    """A question about one thing, with verbs that agree with it: "have the lights been left on"."""
    found = draft(rng, chosen, target.slots | more, made, result, names_of(target))
    if found is None or not target.plural:
        return found
    verbs = rf"\b({'|'.join(_AGREEING)}) (?=((the|that|our|my|this) )?{re.escape(target.bare)})"
    text = re.sub(verbs, lambda verb: f"{_AGREEING[verb[1]]} ", found.text)
    return replace(found, text=text)


def _asked_of(rng: random.Random, home: Home, device: HomeDevice) -> Target:
    """A device as questions call it: people have no article, and a machine may be called by its work."""
    target = named(rng, home, device)
    if device.domain == "person":
        name = target.arguments["name"]
        return replace(target, text=name, bare=name)
    short = _shorter(home, device) if rng.random() < 0.35 else None
    if short is None:
        return target
    text = f"{rng.choice(('the', 'the', 'the', 'my', 'our'))} {short}"
    return Target(text, short, {"name": device.name.lower()}, (device,), short.endswith("dishes"))


def _shorter(home: Home, device: HomeDevice) -> str | None:
    """Another name for a device where nothing else at home could be meant: "the wash", or "the car" for its charger."""
    low = device.name.lower()
    works = next((works for word, works in WORK_OF.items() if word in low.split()), ())
    suffixes = (
        NOTICES[device.device_class].suffixes if device.device_class in ("running", "plug", "battery_charging") else ()
    )
    short = next((low.removesuffix(f" {each}") for each in suffixes if low.endswith(f" {each}")), None)
    short = works[len(low) % len(works)] if works else short
    if short is None or short in ((device.area or "").lower(), low):
        return None
    others = [name for other in home.devices if other is not device for name in (other.name, *other.aliases)]
    known = " ".join((*others, *home.areas, *home.floors)).lower().split()
    machine = [word for word in low.split() if word in WORK_OF]
    return None if set(known) & {*short.split(), *machine} else short


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
    target = _asked_of(rng, home, device)
    if namesakes(home, device, target.arguments):
        return None
    made = call("HassGetState", _arguments(target, device))
    return _about(rng, pick(rng, split, "ask.state"), target, {}, made, results.told(rng, device))


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
    target = _asked_of(rng, home, device)
    arguments = _arguments(target, device)
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
        return _about(rng, chosen, target, {}, call("HassGetState", arguments), result)
    arguments["state"] = asked
    result = results.yes_or_no(rng, device, true, false)
    chosen = pick(rng, split, "ask.yesno")
    if _nobody_leaves(chosen, device.domain, device.device_class, word):
        return None
    return _about(rng, chosen, target, {"state": word}, call("HassGetState", arguments), result)


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
    spot = _spot(rng, home, {"none": 45, "area": 32, "floor": 14, "here": 4, "all": 8})
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
    if f"ask.how.{device.device_class}" in GRAMMAR.sections and rng.random() < 0.25:
        chosen = pick(rng, split, f"ask.how.{device.device_class}")
        return draft(
            rng,
            chosen,
            target.slots,
            call("HassGetState", _arguments(target, device)),
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
        call("HassGetState", _arguments(target, device)),
        results.told(rng, device),
        names_of(target),
    )


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
    if home.find(f"{area} {quantity}") is not None:
        return None
    spot = somewhere(rng, Home((), (area,), ()), {"area": 92, "here": 8})
    if spot is None:
        return None
    section = (
        {"humidity": "ask.area.humid", "illuminance": "ask.area.bright"}.get(device_class)
        if rng.random() < 0.2
        else "ask.area.measure"
    )
    chosen = pick(rng, split, section or "ask.area.measure")
    if spot.area is None and chosen and "A" in chosen[0].slots:
        return None
    there = members(home, "sensor", device_class, spot.area)
    result = (
        results.told(rng, there[0])
        if there
        else Result(False, f"There is no {device_class.replace('_', ' ')} sensor{results.at(spot.area or '')}")
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
    spot = _spot(rng, home, {"area": 66, "floor": 8, "here": 12, "none": 14})
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
        made = call("HassGetState", _arguments(target, device) | {"state": "on"})
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
    spot = _spot(rng, home, {"none": 40, "area": 36, "floor": 12, "here": 4, "all": 8})
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


def playing(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """What plays on a player; whether the whole house is locked."""
    if rng.random() < 0.5:
        locks = members(home, "lock", None)
        if not locks:
            return None
        return draft(
            rng,
            pick(rng, split, "ask.locked.all"),
            {},
            call("HassGetState", {"domain": "lock", "state": "locked"}),
            results.counted(rng, locks, "locks", "locked", ""),
        )
    device = some_device(rng, home, ("media_player",))
    if device is None:
        return None
    target = named(rng, home, device)
    made = call("HassGetState", _arguments(target, device))
    return _about(rng, pick(rng, split, "ask.playing"), target, {}, made, results.told(rng, device))


_OUT = re.compile(r"\b(?:or (?:still )?(?:out|away|at home)|out or at home)\b")
"""What makes a question about both: "is {x} in or out"."""


def person(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Where somebody is, and who is home."""
    people = members(home, "person", None)
    if rng.random() < 0.25:
        names = [device.name for device in people]
        text = (
            f"{results.listing(names[:3])} {'are' if len(names[:3]) > 1 else 'is'} at home"
            if names and rng.random() < 0.7
            else "No people are home"
        )
        return draft(
            rng,
            pick(rng, split, "ask.who"),
            {},
            call("HassGetState", {"domain": "person", "state": "home"}),
            Result(True, text),
        )
    device = some_device(rng, home, ("person",))
    if device is None:
        return None
    name = rng.choice((device.name, *device.aliases)).lower()
    arguments = {"name": name, "domain": "person"}
    rooms = [area.lower() for area in (*home.areas, *home.floors)]
    zone = rng.choice([each for each in things.ZONES if each.removeprefix("the ") not in rooms])
    section = rng.choice(("ask.person", "ask.person", "ask.person.home", "ask.person.zone"))
    chosen = pick(rng, split, section)
    where = rng.choice(("at home", "away", "at work", "at school"))
    result = Result(True, f"{device.name} is {where}")
    if section == "ask.person.home" and not _OUT.search(chosen[0].text if chosen else ""):
        arguments["state"] = "home"
        result = Result(
            True,
            rng.choice(
                (f"Yes, {device.name} is at home", f"No, {device.name} is away", f"No, {device.name} is at work")
            ),
        )
    elif section == "ask.person.zone":
        arguments["state"] = zone.removeprefix("the ")
        result = Result(True, rng.choice((f"Yes, {device.name} is at {zone}", f"No, {device.name} is {where}")))
    return draft(
        rng,
        chosen,
        {"x": name, "zone": zone.removeprefix("the ")},
        call("HassGetState", arguments),
        result,
        (name,),
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
    target = _asked_of(rng, home, device)
    runs = rng.random() < 0.45
    way = "on" if runs else "off"
    words = ("running", "not running") if device.domain == "binary_sensor" else ("on", "off")
    result = results.yes_or_no(rng, device, *(words if runs else words[::-1]))
    made = call("HassGetState", _arguments(target, device) | {"state": way})
    return _about(rng, pick(rng, split, "ask.running" if runs else "ask.done"), target, {}, made, result)


def _spot(rng: random.Random, home: Home, modes: dict[str, float]) -> Place | None:
    """A place whose preposition fits behind any word: "on in the kitchen", but not "on of the kitchen"."""
    for _ in range(6):
        spot = somewhere(rng, home, modes)
        if spot is not None and spot.inside.partition(" ")[0] not in ("of", "for", "at"):
            return spot
    return None


def anything(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whether anything at all is on in a room or on a floor, whether all is off, and how everything is."""
    spot = _spot(rng, home, {"area": 70, "floor": 18, "here": 12})
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


# Lists of what is to be done about the house, which nobody needs to name.
_HOUSEWORK = frozenset(
    ("cleaning", "maintenance", "repair", "chore wheel", "honey do", "chores", "to do", "jobs", "tasks")
)
_DOINGS = frozenset(("weekend", "party", "holiday", "birthday", "garden", "baby", "project"))
_SHOPS = {
    "hardware store": "the hardware store", "pharmacy": "the pharmacy", "drugstore": "the drugstore", "bakery": "the bakery", "butcher": "the butcher's",
    "market": "the market", "farmers market": "the farmers market", "pet store": "the pet store", "costco": "costco", "aldi": "aldi", "lidl": "lidl",
    "walmart": "walmart", "safeway": "safeway",
}  # fmt: skip
"""Lists that are asked for by what they are for, and how that is said."""


def _list_section(rng: random.Random, name: str) -> tuple[str, dict[str, str]]:
    topic = name.removesuffix(" list")
    if topic in _DOINGS and rng.random() < 0.4:
        return "ask.list.doing", {"topic": topic}
    if topic in _SHOPS and rng.random() < 0.4:
        return "ask.list.buying", {"shop": _SHOPS[topic]}
    return "ask.list", {"list": name if name.endswith("list") else f"{name} list"}


def on_list(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """What stands on a list."""
    device = some_device(rng, home, ("todo",))
    if device is None:
        return None
    name = rng.choice((device.name, *device.aliases)).lower()
    section, slots = _list_section(rng, name)
    if name.removesuffix(" list") in _HOUSEWORK and len(members(home, "todo", None)) == 1 and rng.random() < 0.5:
        section = "ask.list.home"
    made = call("HassGetState", {"name": name, "domain": "todo"})
    return draft(rng, pick(rng, split, section), slots, made, results.told(rng, device), (name,))


def media(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """What plays, in a room or anywhere, or on the TV, where nobody says which."""
    players = members(home, "media_player", None)
    if not players:
        return None
    if rng.random() < 0.45:
        # A home whose TVs are not said to be TVs tells of all its players.
        tvs = members(home, "media_player", "tv")
        if not tvs and (rng.random() < 0.6 or all(player.device_class for player in players)):
            return None
        made = call("HassGetState", {"domain": "media_player"} | ({"device_class": "tv"} if tvs else {}))
        found = draft(rng, pick(rng, split, "ask.media.tv"), {}, made, results.told(rng, rng.choice(tvs or players)))
        return None if found and called_plainly(home, found.text) else found
    spot = _spot(rng, home, {"none": 60, "area": 32, "here": 8})
    if spot is None:
        return None
    there = members(home, "media_player", None, spot.area)
    if not there and rng.random() < 0.8:
        return None
    made = call("HassGetState", spot.arguments | {"domain": "media_player"})
    result = (
        results.told(rng, rng.choice(there))
        if there
        else Result(False, f"There is no player{results.at(spot.area or '')}")
    )
    return draft(rng, pick(rng, split, "ask.media"), place_slots(spot), made, result)


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
    spot = _spot(rng, Home((), areas, ()), {"area": 92, "here": 8 if rooms else 0})
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


ASKS: dict[Callable[[random.Random, Home, Split], Draft | None], float] = {
    state: 8, yes_or_no: 20, of_several: 24, measure: 20, area_measure: 12, temperature: 11, person: 5, detect: 8, playing: 1.5,
    running: 6, anything: 5, on_list: 5, media: 4, air: 4, sleeper: 2, leaking: 2.5,
}  # fmt: skip


def ask(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Some question about the home."""
    return unless_named(home, rng.choices(tuple(ASKS), tuple(ASKS.values()))[0](rng, home, split))


# Timers
