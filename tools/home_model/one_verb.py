# SPDX-License-Identifier: Apache-2.0
"""One verb for several things or places: "turn off the lamp and the fan", "lock the front and back doors"."""

from __future__ import annotations

import random
import re

from tools.home_model import drafts, levels, relative, results, switching, things
from tools.home_model.calls import Draft, Result, call
from tools.home_model.clauses import SAYS_HERE, clash
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.places import inside, place
from tools.home_model.targets import Target, called_plainly, members, named

_SHARED = {
    "several.on": ("HassTurnOn", "on"), "several.off": ("HassTurnOff", "off"), "several.onoff": ("HassTurnOn", "on"), "several.offon": ("HassTurnOff", "off"),
    "several.three.on": ("HassTurnOn", "on"), "several.three.off": ("HassTurnOff", "off"), "several.open": ("HassTurnOn", "open"), "several.close": ("HassTurnOff", "closed"),
    "several.lock": ("HassTurnOn", "locked"), "several.three.open": ("HassTurnOn", "open"), "several.three.close": ("HassTurnOff", "closed"), "several.three.lock": ("HassTurnOn", "locked"),
}  # fmt: skip
_HOISTED = re.compile(r"(?:raise|lift|lower|pull (?:up|down))\b")
_ON_CORDS = ("blind", "shade", "shutter", "garage")
_NO_THE = re.compile(r"(?:outside|inside|upstairs|downstairs)$|\w+'s\b")
_HALVED = {
    "lock": ((("lock", "lock up", "bolt"), "have", "locked", "HassTurnOn"),),
    "cover": ((("open", "open up"), "have", "open", "HassTurnOn"), (("close", "shut"), "have", "closed", "HassTurnOff")),
    "light": ((("turn on", "switch on", "put on"), "put", "on", "HassTurnOn"), (("turn off", "switch off"), "turn", "off", "HassTurnOff")),
}  # fmt: skip
"""The verbs for two things at once, those that go around them, the state after, and the tool."""


def shared_verb(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Two or three things behind one verb: "open the blind and the gate"."""
    section = rng.choices(
        (*_SHARED, "several.brightness", "several.three.brightness"), (10, 10, 6, 6, 5, 5, 4, 4, 2, 2, 2, 1, 4, 1.5)
    )[0]
    template = GRAMMAR.pick(rng, section, split)
    if template is None:
        return None
    targets: list[Target] = []
    for _ in range(3 if "three" in section else 2):
        if section.endswith((".open", ".close")):
            pair = drafts.covered(rng, home, 0.3)
            target = pair[0] if pair else None
        elif section.endswith(".lock"):
            device = drafts.some_device(rng, home, ("lock",))
            target = named(rng, home, device) if device else None
        elif section.endswith(".brightness"):
            device = drafts.some_device(rng, home, ("light",))
            target = named(rng, home, device) if device else None
        else:
            target = switching.switched(rng, home, 0.3)
        if target is None or any(target.arguments == other.arguments for other in targets):
            return None
        if _HOISTED.match(template.text) and any(device.device_class not in _ON_CORDS for device in target.devices):
            return None  # a gate is not raised, and an awning that is rolled up gives no shade
        targets.append(target)
    slots = {"x": targets[0].text, "y": targets[1].text, "z": targets[-1].text}
    n, m = levels.percent(rng), levels.percent(rng)
    m = m if "m" in template.slots else n
    calls, answers = [], []
    for index, target in enumerate(targets):
        if section.endswith(".brightness"):
            value = (n, m, m)[index]
            calls.append(call("HassLightSet", target.arguments | {"brightness": value}))
            answers.append(results.done(rng, target, f"on, brightness {value} percent" if value != "0" else "off"))
            continue
        tool, state = _SHARED[section]
        if index == 1 and section == "several.onoff":
            tool, state = "HassTurnOff", "off"
        elif index == 1 and section == "several.offon":
            tool, state = "HassTurnOn", "on"
        calls.append(call(tool, target.arguments))
        answers.append(results.done(rng, target, state))
    if clash(home, [(target.text, (made,)) for target, made in zip(targets, calls, strict=True)]):
        return None
    here = any(target.arguments.get("area") == "here" and not SAYS_HERE.search(target.text) for target in targets)
    if here and any(
        {"area", "floor"} & {*target.arguments} and target.arguments.get("area") != "here" for target in targets
    ):
        return None  # "the lights and the radio in the kitchen"
    text = GRAMMAR.say(rng, template.node, slots | {"n": n, "m": m})
    if "both both" in text:
        return None
    return Draft(
        text,
        "say",
        tuple(calls),
        tuple(answers),
        template.text,
        tuple(name for target in targets for name in drafts.names_of(target)),
    )


def in_rooms(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """The same in two rooms: "the lights in the kitchen and the hall"."""
    domain, noun = rng.choice(
        (("light", "lights"), ("light", "lights"), ("light", "lamps"), ("fan", "fans"), ("switch", "switches"))
    )
    areas = [area for area in home.areas if members(home, domain, None, area)]
    template = GRAMMAR.pick(rng, "several.rooms", split)
    if len(areas) < 2 or template is None or called_plainly(home, noun):
        return None
    pair = rng.sample(areas, 2)
    if any(home.find(f"{area} {noun}") for area in pair):
        return None  # a device that is called so
    if re.search(r"the \{[ab]\}", template.text) and any(_NO_THE.match(area.lower()) for area in pair):
        return None  # "in the outside"
    on = re.search(r"\bon\b", template.text) is not None
    calls, answers = [], []
    for area in pair:
        arguments = {"area": area.lower(), "domain": domain}
        calls.append(call("HassTurnOn" if on else "HassTurnOff", arguments))
        answers.append(
            results.done(
                rng,
                Target("", "", arguments, members(home, domain, None, area), True, area, noun),
                "on" if on else "off",
            )
        )
    text = GRAMMAR.say(rng, template.node, {"a": pair[0].lower(), "b": pair[1].lower(), "nouns": noun})
    return Draft(text, "do", tuple(calls), tuple(answers), template.text)


_AT_WINDOWS = ("blind", "curtain", "shutter", "shade", "window")
_STATES_OF = {
    "lit": (("turn", "switch", "put"), ("on", "off"), (("turn on", "switch on", "put on"), ("turn off", "switch off", "shut off")), ("HassTurnOn", "HassTurnOff")),
    "cover": (("have", "get", "pull"), ("open", "shut"), (("open", "open up"), ("close", "shut")), ("HassTurnOn", "HassTurnOff")),
}  # fmt: skip
"""The verbs around two states, the states, the verbs for each alone, and the tools."""


def over_rooms(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """The same in three rooms, covers in two, or this here and that there: "lights on in the hall and off in the den"."""
    section = rng.choices(("several.rooms.three", "several.rooms.onoff", "several.rooms.cover"), (4, 4, 3))[0]
    if section == "several.rooms.cover" or rng.random() < 0.2:
        found = [each for each in home.devices if each.domain == "cover" and each.device_class in _AT_WINDOWS]
        if not found:
            return None
        device_class = rng.choice(found).device_class
        domain, noun, kind = "cover", f"{device_class}s", "cover"
    else:
        domain, noun = rng.choice((("light", "lights"),) * 4 + (("light", "lamps"), ("fan", "fans")))
        device_class, kind = None, "lit"
    areas = [area for area in home.areas if members(home, domain, device_class, area)]
    template, count = GRAMMAR.pick(rng, section, split), 3 if section.endswith("three") else 2
    if len(areas) < count or template is None or called_plainly(home, noun):
        return None
    rooms = rng.sample(areas, count)
    if any(home.find(f"{area} {noun}") for area in rooms):
        return None  # a device that is called so
    if re.search(r"the \{[abc]\}", template.text) and any(_NO_THE.match(area.lower()) for area in rooms):
        return None
    if "in {p" in template.text and any(
        not inside(rng, area, False).startswith(("in", "at", "around", "over")) for area in rooms
    ):
        return None  # "in outside"
    around, states, verbs, tools = _STATES_OF[kind]
    first = rng.randrange(2)
    calls, answers = [], []
    for index, area in enumerate(rooms):
        way = 1 - first if index and section.endswith("onoff") else first
        arguments = {"area": area.lower(), "domain": domain} | ({"device_class": device_class} if device_class else {})
        target = Target("", "", arguments, members(home, domain, device_class, area), True, area, noun)
        calls.append(call(tools[way], arguments))
        answers.append(results.done(rng, target, {"shut": "closed"}.get(states[way], states[way])))
    slots = {
        "nouns": noun, "v": rng.choice(around), "w": states[first], "u": states[1 - first], "vv": rng.choice(verbs[first]), "uu": rng.choice(verbs[1 - first]),
    }  # fmt: skip
    for slot, area in zip("abc", rooms, strict=False):
        slots |= {slot: area.lower(), f"p{slot}": place(rng, area), f"i{slot}": inside(rng, area, False)}
    text = GRAMMAR.say(rng, template.node, slots)
    if " on on " in text:
        return None  # "off in the hall and on on the deck"
    return Draft(text, "say", tuple(calls), tuple(answers), template.text)


def in_places(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """The same in two places, of which one may be a floor: "outside and downstairs"."""
    domain, noun = rng.choice((("light", "lights"),) * 4 + (("light", "lamps"), ("fan", "fans")))
    spots = [("area", area) for area in home.areas if members(home, domain, None, area)]
    spots += [("floor", floor) for floor in home.floors if members(home, domain, None, None, floor)] * 3
    template = GRAMMAR.pick(rng, "several.places", split)
    if len({spot for _, spot in spots}) < 2 or template is None or called_plainly(home, noun):
        return None
    chosen = rng.sample(spots, 2)
    sets = [members(home, domain, None, **{slot: spot}) for slot, spot in chosen]
    if set(sets[0]) & set(sets[1]):
        return None  # a room and its own floor
    if any(home.find(f"{spot} {noun}") for _, spot in chosen):
        return None  # a device that is called so
    on = rng.random() < 0.5
    calls, answers = [], []
    for (slot, spot), devices in zip(chosen, sets, strict=True):
        arguments = {slot: spot.lower(), "domain": domain}
        calls.append(call("HassTurnOn" if on else "HassTurnOff", arguments))
        answers.append(results.done(rng, Target("", "", arguments, devices, True, spot, noun), "on" if on else "off"))
    state = "on" if on else "off"
    slots = {
        "nouns": noun, "w": state, "v": rng.choice(("turn", "switch", "put", "get")), "vv": rng.choice((f"turn {state}", f"switch {state}")),
        "pin": inside(rng, chosen[0][1], False), "qin": inside(rng, chosen[1][1], False),
    }  # fmt: skip
    return Draft(GRAMMAR.say(rng, template.node, slots), "say", tuple(calls), tuple(answers), template.text)


def halves(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Two of a kind whose noun is said once: "the front and back doors"."""
    ways: list[tuple[HomeDevice, HomeDevice]] = [
        (one, other) for one in home.devices for other in home.devices
        if one.domain == other.domain and one.name.lower() != other.name.lower() and _halved(home, one)[1] == _halved(home, other)[1] != ""
    ]  # fmt: skip
    template = GRAMMAR.pick(rng, "several.halves", split)
    if not ways or template is None:
        return None
    pair = rng.choice(ways)
    domain = pair[0].domain
    verbs, around, state, tool = rng.choice(_HALVED.get(domain, _HALVED["light"]))
    if not template.slots & {"noun", "nouns"} and domain not in ("lock", "cover"):
        return None  # "turn on left and right" names nothing
    (a, noun), (b, _) = (_halved(home, device) for device in pair)
    slots = {"a": a, "b": b, "noun": noun, "nouns": f"{noun}s", "vv": rng.choice(verbs), "v": around, "w": state}
    targets = [Target("", "", {"name": device.name.lower()}, (device,)) for device in pair]
    return Draft(
        GRAMMAR.say(rng, template.node, slots),
        "say",
        tuple(call(tool, target.arguments) for target in targets),
        tuple(results.done(rng, target, state) for target in targets),
        template.text,
        (a, b),
    )


def _halved(home: Home, device: HomeDevice) -> tuple[str, str]:
    """A device's name without its noun, and the noun; nothing where that could mean a room, or more than one device."""
    own, _, noun = device.name.lower().rpartition(" ")
    kinds = ("light", "lock", "cover", "switch", "fan")
    rooms = [place.lower() for place in (*home.areas, *home.floors)]
    if (
        device.domain not in kinds
        or not re.fullmatch(r"[a-z]+(?: [a-z]+)?", own)
        or noun.endswith("s")
        or not noun.isalpha()
    ):
        return "", ""
    if own in rooms or home.find(device.name) is not device or " and " in own:
        return "", ""
    return own, noun


def gone(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Two things that were bought and come off the list."""
    items = [things.purchase(rng, split) for _ in range(2)]
    template = GRAMMAR.pick(rng, "several.gone", split)
    if (
        template is None
        or items[0] == items[1]
        or any(re.search(r"^\d|\b(?:an?|some|the|my|and|of)\b", item) for item in items)
    ):
        return None
    if "'s" in template.text and any(item.endswith("s") for item in items):
        return None
    calls = tuple(call("HassShoppingListCompleteItem", {"item": item}) for item in items)
    answers = tuple(Result(True, f"{item} is off the shopping list") for item in items)
    text = GRAMMAR.say(rng, template.node, {"i": items[0], "j": items[1]})
    return Draft(text, "say", calls, answers, template.text)


def room_degrees(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """A temperature for one room and another for the next."""
    areas = [area for area in home.areas if members(home, "climate", None, area)] or list(home.areas)
    template = GRAMMAR.pick(rng, "several.degrees", split)
    values = [levels.degrees(rng), levels.degrees(rng)]
    if len(areas) < 2 or template is None or scales_differ(*values):
        return None
    pair = rng.sample(areas, 2)
    calls, answers = [], []
    for area, value in zip(pair, values, strict=True):
        arguments = {"area": area.lower()}
        target = Target("", "", arguments, members(home, "climate", None, area)[:1], False, area, "thermostat")
        calls.append(call("HassClimateSetTemperature", arguments | {"temperature": value}))
        answers.append(results.done(rng, target, f"set to {value} °C"))
    slots = {"a": place(rng, pair[0]), "b": place(rng, pair[1]), "t": values[0], "u": values[1]}
    return Draft(GRAMMAR.say(rng, template.node, slots), "say", tuple(calls), tuple(answers), template.text)


def same_warmth(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """One temperature, or one step, for two or three rooms or floors: "16 in both the lounge and the bedroom"."""
    spots = [("area", area) for area in home.areas if members(home, "climate", None, area)]
    spots += [("floor", floor) for floor in home.floors if members(home, "climate", None, None, floor)]
    section = rng.choice(("several.same", "several.warmer", "several.cooler"))
    template = GRAMMAR.pick(rng, section, split)
    spots = spots if len(spots) > 1 or rng.random() < 0.75 else [("area", area) for area in home.areas]
    count = 3 if len(spots) > 2 and rng.random() < 0.3 else 2
    if len(spots) < count or template is None:
        return None
    chosen = rng.sample(spots, count)
    sets = [members(home, "climate", None, **{slot: spot}) for slot, spot in chosen]
    if sum(map(len, sets)) > len({device for devices in sets for device in devices}):
        return None  # a room and its own floor
    said, there = [place(rng, spot) for _, spot in chosen], [inside(rng, spot, False) for _, spot in chosen]
    both = "both " if count == 2 and not template.text.startswith("{ab}") and rng.random() < 0.4 else ""
    pair = f"{both}{', '.join(said[:-1])} and {said[-1]}"
    within = f"{', '.join(there[:-1])} and {there[-1]}"
    if all(slot == "area" and not _NO_THE.match(spot.lower()) for slot, spot in chosen) and rng.random() < 0.6:
        within = f"in {pair}"
    size = rng.choice(tuple(relative.DEGREES))
    dd = rng.choice(relative.DEGREES[size])
    by = dd if rng.random() < 0.7 or "{dd}" in template.text else rng.choice(_A_BIT)
    said_of_heat = re.search("degree|heat|thermostat|temperature", template.text)
    t = levels.degrees(rng) if said_of_heat else rng.choice(levels.MILD)
    change = {"temperature": t}
    if section != "several.same":
        up = section == "several.warmer"
        change = {"temperature_step": ("up" if up else "down") if by in _A_BIT else f"{'' if up else '-'}{size}"}
    calls, answers = [], []
    for (slot, spot), devices in zip(chosen, sets, strict=True):
        arguments = {slot: spot.lower()}
        calls.append(call("HassClimateSetTemperature", arguments | change))
        target = Target("", "", arguments, devices[:1], False, spot, "thermostat")
        answers.append(results.done(rng, target, f"set to {t} °C"))
    text = GRAMMAR.say(rng, template.node, {"ab": pair, "in_ab": within, "t": t, "dd": dd, "by": by})
    if drafts.says_a_name(home, text):
        return None
    return Draft(text, "say", tuple(calls), tuple(answers), template.text)


_A_BIT = ("a bit", "a touch", "a little", "a notch", "slightly")


def scales_differ(one: str, other: str) -> bool:
    """Whether one temperature is in degrees Celsius, the other in Fahrenheit."""
    return (float(one) > 40) != (float(other) > 40)
