# SPDX-License-Identifier: Apache-2.0
"""Commands for all of a kind or a place but one or two: "turn off everything but the desk lamp"."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from appliance.home.tools import COLORS
from tools.home_model import levels, results
from tools.home_model.calls import Draft, call
from tools.home_model.drafts import draft, pick
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.places import ALL, HERE, inside, place, somewhere
from tools.home_model.targets import SET_NOUNS, Target, article, called_plainly, members, of_set


def exception(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """All of them but one or two."""
    if rng.random() < 0.14:
        return _elsewhere(rng, home, split)
    kind = rng.choices(
        ("light", "cover", "covers", "plug", "fan", "all", "lock", "climate", "level", "color"),
        (46, 15, 8, 6, 6, 14, 7, 3, 9, 4),
    )[0]
    target = _many(rng, home, kind)
    if target is None or len(target.devices) < 2 or not (target.plural or target.text.startswith(("every", "each"))):
        return None
    spared = _spared(rng, home, target)
    if spared is None:
        return None
    section = {
        "cover": rng.choice(("open", "close", "close")), "covers": rng.choice(("open", "close", "close")), "lock": "lock", "level": "brightness", "color": "color", "all": "off",
    }.get(kind) or rng.choice(("on", "off", "off"))  # fmt: skip
    if section in ("brightness", "color", "lock") or rng.random() < 0.5:
        return _all_but(rng, split, target, spared, section)
    return _command_but(rng, split, target, spared, section)


def _many(rng: random.Random, home: Home, kind: str) -> Target | None:
    """All devices of a kind, or simply all, somewhere."""
    if kind == "all":
        spot = somewhere(rng, home, {"area": 4, "floor": 2, "all": 4})
        if spot is None:
            return None
        found = tuple(
            device for device in home.devices
            if device.domain in ("light", "switch", "fan", "media_player")
            and spot.area in (None, device.area) and spot.floor in (None, device.floor)
        )  # fmt: skip
        where = "" if not spot.area and not spot.floor else f" {spot.inside}"
        place_of = spot.area or spot.floor or ""
        said = rng.choice(("everything",) * 5 + ("all the stuff", "the lot", "all the gadgets", "everything electric"))
        if rng.random() < 0.1 and (spot.area or spot.floor):
            said, where = f"the {spot.bare} {rng.choice(('stuff', 'things', 'bits'))}", ""
        return Target(
            f"{said}{where}", "everything", spot.arguments or {"name": "all"}, found, True, place_of, "device"
        )
    if kind == "cover":
        classes = [each.device_class for each in home.devices if each.domain == "cover" and each.device_class]
        return of_set(rng, home, "cover", rng.choice(classes)) if classes else None
    if kind == "covers":
        return _all_covers(rng, home)
    if kind == "plug":
        return _all_plugs(rng, home)
    if kind in ("level", "color"):  # these tools are for lights alone and know no "all"
        return of_set(rng, home, "light", None, ("area", "floor", "here"))
    return of_set(rng, home, kind, None)


_AT_WINDOWS = ("blind", "curtain", "shade", "shutter")

_COVERS = ("covers", "window coverings", "window covers")


def _all_covers(rng: random.Random, home: Home) -> Target | None:
    """What hangs before windows, of whatever kind: "all the blinds and curtains"."""
    spot = somewhere(rng, home, {"area": 4, "floor": 4, "all": 3})
    found = members(home, "cover", None, spot.area, spot.floor) if spot else ()
    kinds = sorted({device.device_class or "" for device in found})
    if spot is None or len(kinds) < 2:
        return None
    nouns = rng.choice(_COVERS)
    if set(kinds) <= set(_AT_WINDOWS) and rng.random() < 0.7:
        nouns = " and ".join(rng.sample([f"{kind}s" for kind in kinds], len(kinds)))
    where = f" {spot.inside}" if spot.area or spot.floor else ""
    some = rng.choice(("all the", "the", "all", "every one of the", "all of the"))
    known = {**spot.arguments, "domain": "cover"}
    return Target(f"{some} {nouns}{where}", nouns, known, found, True, spot.area or spot.floor or "", "cover")


def _all_plugs(rng: random.Random, home: Home) -> Target | None:
    """Switches as people call them."""
    found = of_set(rng, home, "switch", None)
    if found is None or "switches" not in found.text:
        return found
    word = rng.choice(("plugs", "plugs", "sockets", "switches", "smart plugs", "outlets"))
    return replace(found, text=found.text.replace("switches", word), bare=found.bare.replace("switches", word))


_Spared = tuple[str, list[str], tuple[HomeDevice, ...]]

_STATES = {"open": "open", "close": "closed", "lock": "locked"}


def _command_but(rng: random.Random, split: Split, target: Target, spared: _Spared, section: str) -> Draft | None:
    """A command for all of them, and behind it what is left out."""
    text, names, left = spared
    opens = section in ("on", "open")
    chosen, tail = pick(rng, split, section), GRAMMAR.pick(rng, "except.only", "train")
    if chosen is None or tail is None or (" on" in tail.text and opens):
        return None
    made = call("HassTurnOn" if opens else "HassTurnOff", target.arguments | {"except": ", ".join(names)})
    rest = Target(target.text, target.bare, target.arguments, left, True, target.where, target.noun)
    result = results.done(rng, rest, _STATES.get(section, section))
    found_draft = draft(rng, chosen, target.slots, made, result, tuple(names))
    if found_draft is None or re.search(
        r"\b(?:for|so|since|because|and|to|if|when) ", found_draft.text[len("turn on ") :]
    ):
        return None
    said = re.sub(r" (?=[,.])", "", f"{found_draft.text} {GRAMMAR.say(rng, tail.node, {'y': text})}")
    return Draft(said, "do", found_draft.calls, found_draft.results, found_draft.template, tuple(names))


# How each command is said: around what it is for, before it, and how what is left out then stays.
_WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "on": (("turn", "switch", "put", "get"), ("on",), ("turn on", "switch on", "put on"), ("off",)),
    "off": (("turn", "switch", "get", "have", "shut"), ("off",), ("turn off", "switch off", "shut off", "kill"), ("on",)),
    "open": (("have", "get"), ("open",), ("open", "open up"), ("shut", "closed")),
    "close": (("have", "get"), ("shut", "closed"), ("close", "shut"), ("open",)),
    "lock": (("have", "get"), ("locked",), ("lock", "lock up", "bolt"), ("unlocked", "open")),
    "brightness": (("set", "put", "bring", "dim"), ("to {n} percent", "to {n}"), ("", ), ("as is", "how it was", "as it was")),
    "color": (("turn", "make", "set"), ("{color}",), ("", ), ("as is", "how it was", "as it was")),
}  # fmt: skip


def _others(rng: random.Random, target: Target) -> str:
    """What is meant once the rest has been spoken of: "all the other lights in the kitchen"."""
    low = target.where.lower()
    where = rng.choice(HERE) if low == "here" else inside(rng, target.where) if low else rng.choice(("", *ALL))
    if target.noun == "device":
        return f"everything else {where}".strip()
    kind = target.arguments.get("device_class") or target.arguments.get("domain", "light")
    nouns = rng.choice(_COVERS if kind == "cover" else SET_NOUNS[kind][1])
    some = rng.choice(
        ("all the other", "all the other", "all other", "the other", "the rest of the", "every one of the other")
    )
    return f"{some} {nouns} {where}".strip()


def _all_but(rng: random.Random, split: Split, target: Target, spared: _Spared, section: str) -> Draft | None:
    """What is left out said first, in the middle, or as what stays."""
    text, names, left = spared
    template = GRAMMAR.pick(rng, "except", split)
    if template is None:
        return None
    around, words_of_state, before, stays = _WORDS[section]
    n, color = levels.percent(rng), rng.choice(COLORS)
    state = rng.choice(words_of_state).format(n=n, color=color)
    others = _others(rng, target)
    first = rng.choice(before)
    slots = {
        "x": target.text, "y": text, "o": others, "v": rng.choice(around), "w": state, "stay": rng.choice(stays),
        "stays": "stay" if len(names) > 1 or text.endswith("s") else "stays",
        "vx": f"{first} {target.text}" if first else f"{rng.choice(around)} {target.text} {state}",
        "vo": f"{first} {others}" if first else f"{rng.choice(around)} {others} {state}",
    }  # fmt: skip
    known, tool = dict(target.arguments), "HassTurnOff" if section in ("off", "close") else "HassTurnOn"
    more = {"brightness": {"brightness": n}, "color": {"color": color}}.get(section, {})
    if more:
        tool = "HassLightSet"
        known.pop("domain", None)
    rest = Target(target.text, target.bare, known, left, True, target.where, target.noun)
    after = {"brightness": f"on, brightness {n} percent", "color": f"on, color {color}"}.get(section)
    made = call(tool, known | more | {"except": ", ".join(names)})
    result = results.done(rng, rest, after or _STATES.get(section, section))
    return Draft(GRAMMAR.say(rng, template.node, slots), "say", (made,), (result,), template.text, tuple(names))


def _elsewhere(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """In every room, or on all of a floor, but not in one or two."""
    kind, noun = rng.choice(
        (("light", "lights"),) * 5 + (("light", "lamps"), ("fan", "fans"), ("blind", "blinds"), ("curtain", "curtains"))
    )
    domain, device_class = (kind, None) if kind in ("light", "fan") else ("cover", kind)
    floor = rng.choice(home.floors) if home.floors and rng.random() < 0.35 else None
    found = members(home, domain, device_class, None, floor)
    rooms = sorted({device.area for device in found if device.area})
    if len(rooms) < 2 or called_plainly(home, noun):
        return None
    areas = rng.sample(rooms, 2 if len(rooms) > 2 and rng.random() < 0.3 else 1)
    left = tuple(device for device in found if device.area not in areas)
    section = rng.choice(("on", "off", "off") if domain != "cover" else ("open", "close"))
    template = GRAMMAR.pick(rng, "except.floor" if floor else "except.where", split)
    if template is None or not left:
        return None
    around, words_of_state, before, stays = _WORDS[section]
    linked = rng.choice((" and ", " and ", " or "))
    slots = {
        "nouns": noun, "v": rng.choice(around), "w": rng.choice(words_of_state), "vv": rng.choice(before), "stay": rng.choice(stays),
        "p": linked.join(place(rng, area) for area in areas), "pin": linked.join(inside(rng, area) for area in areas),
        "fin": inside(rng, floor) if floor else "", "f": floor.lower() if floor else "",
    }  # fmt: skip
    known = (
        {"domain": domain}
        | ({"device_class": device_class} if device_class else {})
        | ({"floor": floor.lower()} if floor else {})
    )
    made = call(
        "HassTurnOn" if section in ("on", "open") else "HassTurnOff",
        known | {"except": ", ".join(area.lower() for area in areas)},
    )
    rest = Target("", "", known, left, True, floor or "", noun)
    result = results.done(rng, rest, _STATES.get(section, section))
    return Draft(GRAMMAR.say(rng, template.node, slots), "say", (made,), (result,), template.text)


def _spared(rng: random.Random, home: Home, target: Target) -> tuple[str, list[str], tuple[HomeDevice, ...]] | None:
    """What is left out, as it is said and as it is called, and the devices that stay."""
    rooms = {device.area for device in target.devices if device.area}
    texts: list[str] = []
    names: list[str] = []
    left = target.devices
    for _ in range(1 if rng.random() < 0.74 else 2):
        if "area" not in target.arguments and len(rooms) > 1 and rng.random() < 0.45:
            area = rng.choice(sorted(rooms))
            spoken = rng.choice(
                (
                    place(rng, area), f"the one in {place(rng, area)}", f"the ones in {place(rng, area)}", f"the {area.lower()} one",
                    f"the {area.lower()} ones",
                )
            )  # fmt: skip
            name, left = area.lower(), tuple(device for device in left if device.area != area)
        else:
            device = rng.choice(left)
            name = rng.choice((device.name, *device.aliases)).lower()
            spoken, left = _one(rng, home, name), tuple(each for each in left if each != device)
        if name in names or not left:
            return None
        texts.append(spoken)
        names.append(name)
    return rng.choice((" and ", " and ", " or ")).join(texts), names, left


_KIND_WORDS = frozenset(
    "light lamp lights fan blind curtain shade shutter door lock heater thermostat radiator".split()
)


def _one(rng: random.Random, home: Home, name: str) -> str:
    """A device among others of its kind: "the desk one" for the desk lamp."""
    *rest, last = name.split()
    known = " ".join(rest)
    if rest and last in _KIND_WORDS and rng.random() < 0.45 and known not in [area.lower() for area in home.areas]:
        return f"the {known} {'ones' if last.endswith('s') else 'one'}"
    return article(rng, name)
