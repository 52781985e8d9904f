# SPDX-License-Identifier: Apache-2.0
"""What a command is about: one device, or the lights of a room, of a floor, of the house, or those here; and how it is called."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from tools.home_model import words
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.kinds import COVER_SETS
from tools.home_model.places import ALL, HERE, NO_ARTICLE, inside, place

# The words that call a set of devices: (one of them, several of them)
SET_NOUNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "light": (("light", "light", "lamp"), ("lights", "lights", "lights", "lights", "lamps", "lighting")),
    "fan": (("fan",), ("fans",)),
    "switch": (("switch",), ("switches",)),
    "lock": (("door", "lock", "door"), ("doors", "locks", "door locks", "doors")),
    "valve": (("valve",), ("valves",)),
    "climate": (
        ("thermostat", "heating", "heater", "air conditioning", "ac"),
        ("thermostats", "heating", "heaters", "radiators"),
    ),
    "tv": (("tv", "television"), ("tvs", "televisions")),
    "speaker": (("speaker", "stereo"), ("speakers",)),
    "media_player": (("media player",), ("media players",)),
    "vacuum": (("vacuum", "vacuum cleaner", "robot"), ("vacuums", "vacuum cleaners", "robots")),
    **{kind: ((one,), (several,)) for kind, (one, several) in COVER_SETS.items()},
    "curtain": (("curtain", "drape"), ("curtains", "curtains", "curtains", "drapes")),
    "blind": (("blind",), ("blinds",)),
}
_MASS = ("lighting", "heating")
"""Words for a set that are no plural: "the lighting is on"."""

# A word that may follow a name which does not say what the thing is ("the play corner light").
APPENDED: dict[str, tuple[str, ...]] = {
    "light": ("light", "light", "light", "lamp", "lights"),
    "switch": ("switch", "plug"),
    "fan": ("fan",),
    "climate": ("thermostat", "heater", "heating"),
    "lock": ("door", "lock"),
    "vacuum": ("vacuum", "robot"),
    "valve": ("valve",),
    "media_player": ("player", "speaker"),
    "media_player/tv": ("tv",),
    "media_player/speaker": ("speaker", "stereo"),
    "humidifier": ("humidifier",),
    **{f"cover/{kind}": (one,) for kind, (one, _) in COVER_SETS.items()},
}
ALL_WORDS = (
    "all",
    "all the",
    "all of the",
    "all my",
    "every single one of the",
    "all our",
    "each and every one of the",
    "all of my",
)


@dataclass(frozen=True)
class Target:
    """What is meant and how it is said."""

    text: str
    bare: str
    arguments: dict[str, str]
    devices: tuple[HomeDevice, ...]
    plural: bool = False
    where: str = ""
    """Room or floor as the registry writes it; empty for a device or for the whole house."""
    noun: str = "device"

    @property
    def slots(self) -> dict[str, str]:
        """The words that agree with it."""
        return {
            "x": self.text,
            "X": self.bare,
            "is": "are" if self.plural else "is",
            "it": "them" if self.plural else "it",
            "it_s": "they" if self.plural else "it",
        }

    @property
    def label(self) -> str:
        """The device as the registry names it."""
        return self.devices[0].name if self.devices else ""


def kind_of(device: HomeDevice) -> str:
    """`cover/blind` or `light`: the key of the word lists."""
    kind = f"{device.domain}/{device.device_class}"
    return kind if kind in words.NOUNS else device.domain


def article(rng: random.Random, phrase: str) -> str:
    """The phrase with "the", "my" or nothing before it, as fits."""
    first = phrase.split()[0].lower()
    if first.endswith("'s") or first in ("my", "our", "the", "this", "that"):
        return phrase
    known = len(phrase.split()) > 1 or any(first == word for nouns in words.NOUNS.values() for word in nouns)
    pick = rng.random()
    if pick < (0.66 if known else 0.4):
        return f"the {phrase}"
    if pick < (0.73 if known else 0.46):
        return f"{rng.choice(('my', 'my', 'our', 'that', 'this'))} {phrase}"
    return phrase


def named(rng: random.Random, home: Home, device: HomeDevice, domain_said: bool = False) -> Target:
    """One device by its name or alias, now and then with its kind or its room said."""
    name = rng.choice(device.aliases) if device.aliases and rng.random() < 0.5 else device.name
    low = name.lower()
    arguments = {"name": low}
    if domain_said:
        arguments["domain"] = device.domain
    tail = APPENDED.get(kind_of(device), APPENDED.get(device.domain, ()))
    nouns = (
        {word for noun in (*words.NOUNS[kind_of(device)], *tail) for word in noun.lower().split()}
        if kind_of(device) in words.NOUNS
        else set()
    )
    bare = low
    appended = tail and not nouns.intersection(low.split()) and rng.random() < 0.3
    if appended:
        longer = f"{low} {rng.choice(tail)}"
        bare = longer if home.find(longer) is None else low
    twins = [other for other in home.devices if other.name.lower() == low and other.area != device.area]
    text = article(rng, bare)
    last_word = bare
    area_said = device.area and not set(device.area.lower().split()).intersection(low.split())
    if (
        area_said
        and device.area
        and rng.random() < (0.85 if twins else 0.14)
        and home.find(f"{device.area} {low}") is None
    ):
        arguments["area"] = device.area.lower()
        if rng.random() < 0.5:
            where = inside(rng, device.area)
            text, bare = f"{text} {where}", f"{bare} {where}"
        else:
            text = f"{place(rng, device.area)} {bare}"
            bare = f"{device.area.lower()} {bare}"
    elif device.floor and not twins and rng.random() < 0.02:
        arguments["floor"] = device.floor.lower()
        where = inside(rng, device.floor)
        text, bare = f"{text} {where}", f"{bare} {where}"
    plural = last_word.split()[-1] in (
        "lights",
        "blinds",
        "curtains",
        "shades",
        "shutters",
        "spots",
        "windows",
        "doors",
        "drapes",
        "gates",
        "speakers",
    )
    if plural and re.match(r"th(?:at|is) ", text):
        text = re.sub(r"^th(at|is)", lambda found: "those" if found[1] == "at" else "these", text)
    return Target(text, bare, arguments, (device,), plural, noun=tail[0] if tail else device.domain)


def namesakes(home: Home, device: HomeDevice, arguments: dict[str, str]) -> tuple[HomeDevice, ...]:
    """The devices of another kind that a name means just as well, as one phone has many sensors."""
    kind = (device.domain, device.device_class)
    return tuple(
        other
        for other in home.devices
        if (other.domain, other.device_class) != kind
        and arguments.get("name") in (name.lower() for name in (other.name, *other.aliases))
        and arguments.get("area") in (None, (other.area or "").lower())
        and arguments.get("floor") in (None, (other.floor or "").lower())
    )


def members(
    home: Home, domain: str, device_class: str | None, area: str | None = None, floor: str | None = None
) -> tuple[HomeDevice, ...]:
    """The devices of a kind in a room, on a floor, or in the house."""
    return tuple(
        device
        for device in home.devices
        if device.domain == domain
        and (device_class is None or device.device_class == device_class)
        and (area is None or device.area == area)
        and (floor is None or device.floor == floor)
    )


def _one_named(home: Home, area: str, singular: str, found: tuple[HomeDevice, ...]) -> dict[str, str] | None:
    # "The kitchen light" is the device of that name, where there is one, and not the lights of the kitchen.
    low = area.lower()
    for device in home.devices:
        known = [name.lower() for name in (device.name, *device.aliases)]
        if f"{low} {singular}" in known:
            return {"name": f"{low} {singular}"}
        if device.area == area and singular in known:
            return {"name": singular, "area": low}
    return None


def _some_end_in(devices: tuple[HomeDevice, ...], word: str) -> bool:
    return len(devices) > 1 and any(device.name.lower().endswith(f" {word}") for device in devices)


_PLAIN = frozenset(noun for nouns in SET_NOUNS.values() for forms in nouns for noun in forms)


def called_plainly(home: Home, text: str) -> bool:
    """Whether the text holds the name of a device that is called just "Lights" or "Fan": then no set of them is meant."""
    for device in home.devices:
        for name in (device.name, *device.aliases):
            if name.lower() in _PLAIN and re.search(rf"\b{name.lower()}\b", text):
                return True
    return False


def called_after(home: Home, area: str, text: str) -> bool:
    """Whether the text holds the name of a device that is called after the room: "the kitchen light" then is no set."""
    low = area.lower()
    for device in home.devices:
        for name in (device.name, *device.aliases):
            known = name.lower()
            if low in known and low != known and re.search(rf"\b{re.escape(known)}\b", text.lower()):
                return True
    return False


def of_set(
    rng: random.Random,
    home: Home,
    domain: str,
    device_class: str | None,
    modes: tuple[str, ...] = ("area", "floor", "all", "here"),
) -> Target | None:
    """The devices of a kind in a room, on a floor, in the house, or here; None where the home or the words do not allow it."""
    target = _of_set(rng, home, domain, device_class, modes)
    if target is None or ("name" not in target.arguments and called_plainly(home, target.text)):
        return None
    return target


def _of_set(
    rng: random.Random, home: Home, domain: str, device_class: str | None, modes: tuple[str, ...]
) -> Target | None:
    singulars, plurals = SET_NOUNS[device_class or domain]
    kind = {"domain": domain} | ({"device_class": device_class} if device_class else {})
    weights = {"area": 58, "floor": 18 if home.floors else 0, "all": 11, "here": 15}
    mode = rng.choices(modes, [weights[mode] for mode in modes])[0]
    plural = rng.choice(plurals)
    if mode in ("area", "floor"):
        # A floor without devices is not in the device list: nothing tells that the attic is no room.
        listed = tuple(floor for floor in home.floors if any(device.floor == floor for device in home.devices))
        spots = home.areas if mode == "area" else listed
        filled = [spot for spot in spots if members(home, domain, device_class, **{mode: spot})]
        if not spots or not (filled or rng.random() < 0.04):
            return None
        spot = rng.choice(filled) if filled and rng.random() < 0.96 else rng.choice(spots)
        devices = members(home, domain, device_class, **{mode: spot})
        low = spot.lower()
        if device_class == "door" and "garage" in low:
            return None  # "the garage door" is of the class garage
        arguments = {mode: low, **kind}
        bare_spot = low
        if rng.random() < 0.3:
            one = rng.choice(singulars)
            exact = _one_named(home, spot, one, devices) if mode == "area" else None
            if exact is None and (home.find(f"{low} {one}s") or (one == "lamp" and _some_end_in(devices, one))):
                return None  # "the kitchen light" beside the Kitchen Lights, "the kitchen lamp" beside the Corner Lamp
            if exact is not None:
                known = home.find(exact["name"])
                devices = (known,) if known else devices
            bare = f"{bare_spot} {one}"
            text = rng.choice(
                (
                    f"the {bare}",
                    f"the {bare}",
                    bare,
                    f"my {bare}",
                    f"the {one} {inside(rng, spot)}",
                    f"the {one} {inside(rng, spot)}",
                )
            )
            if rng.random() < 0.1 and mode == "area" and exact is None:
                text = f"every {bare}"
            if low in NO_ARTICLE and text.startswith("the ") and rng.random() < 0.5:
                text = f"the {one} {low}"
            return Target(text, bare, exact or arguments, devices, False, spot, one)
        some = rng.choice(ALL_WORDS) if plural not in _MASS else "all the"
        both = "both" if plural not in _MASS else "the"
        bare = f"{bare_spot} {plural}"
        if mode == "area" and _one_named(home, spot, plural, devices) is not None:
            return None
        text = rng.choice(
            (
                f"the {bare}", f"the {bare}", bare, bare, f"{place(rng, spot)} {plural}", f"my {bare}", f"{some} {bare}", f"all {bare}", f"{both} {bare}",
                f"the {plural} {inside(rng, spot)}", f"the {plural} {inside(rng, spot)}", f"{plural} {inside(rng, spot)}", f"all {plural} {inside(rng, spot)}",
                f"{some} {plural} {inside(rng, spot)}", f"all the {plural} {inside(rng, spot)}", f"every {rng.choice(singulars)} {inside(rng, spot)}",
                f"my {plural} {inside(rng, spot)}", f"the {plural} that {'is' if plural in _MASS else 'are'} {inside(rng, spot)}",
            )
        )  # fmt: skip
        several = not text.startswith("every") and plural not in _MASS
        return Target(text, bare, arguments, devices, several, spot, plural)
    devices = members(home, domain, device_class)
    if not devices and rng.random() < 0.9:
        return None
    if mode == "all":
        some = rng.choice(ALL_WORDS) if plural not in _MASS else "all the"
        text = rng.choice(
            (
                f"all the {plural}", f"all {plural}", f"all of the {plural}", f"{some} {plural}", f"every {rng.choice(singulars)}", f"every single {rng.choice(singulars)}",
                f"the {plural} {rng.choice(ALL)}", f"all the {plural} {rng.choice(ALL)}", f"all {plural} {rng.choice(ALL)}", f"every {rng.choice(singulars)} {rng.choice(ALL)}",
                f"my {plural} {rng.choice(ALL)}", f"each {rng.choice(singulars)} {rng.choice(ALL)}", f"all house {plural}", f"the house {plural}", f"all my {plural}",
            )
        )  # fmt: skip
        if domain == "fan" and "house" not in text and not text.endswith(ALL):
            text = f"{text} {rng.choice(ALL)}"  # to Home Assistant, "all fans" are those here; "all lights" are not
        several = not text.startswith(("every", "each")) and plural not in _MASS
        return Target(text, f"{plural} {rng.choice(ALL)}", dict(kind), devices, several, "", plural)
    here = rng.choice(HERE)
    one = rng.choice(singulars)
    text = rng.choice(
        (
            f"the {plural}", f"the {plural}", plural, f"my {plural}", f"the {plural} {here}", f"the {plural} {here}", f"all the {plural} {here}", f"all {plural} {here}",
            f"my {plural} {here}", f"{plural} {here}", f"the {one} {here}", f"this room's {plural}", f"every {one} {here}", f"these {plural}", f"our {plural}",
        )
        + ((f"the {one}", f"my {one}") if domain == "light" or rng.random() < 0.4 else ())
    )  # fmt: skip
    several = plural in text and plural not in _MASS
    return Target(text, f"{plural} {here}", {"area": "here", **kind}, devices[:2], several, "here", plural)
