# SPDX-License-Identifier: Apache-2.0
"""Several commands in one sentence."""

from __future__ import annotations

import random
import re

from tools.home_model import acts, appliances, chores, drafts, levels, players, results, spans, switching, things
from tools.home_model.calls import Call, Draft, Result, Turn, call
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.targets import Target, called_plainly, inside, members, named, place, somewhere
from tools.home_model.wording import Maker, ends_open, finished


def imperative(rng: random.Random, home: Home, split: Split) -> Draft | None:
    maker: Maker = rng.choices((acts.act, players.media, chores.timer, chores.lists, appliances.job), (76, 9, 8, 3, 4))[
        0
    ]
    for _ in range(6):
        found = maker(rng, home, split)
        if found and found.form == "do" and all(" and " not in name for name in found.names):
            return found
    return None


_FAMILIES = {
    "HassLightSet": "light", "HassFanSetSpeed": "fan", "HassSetPosition": "cover", "HassClimateSetTemperature": "climate", "HassSetVolume": "media_player",
    "HassSetVolumeRelative": "media_player",
}  # fmt: skip
"""The kind of device that a tool is about, where the call does not say it."""
_HERE = re.compile(r"\b(?:here|room|place|space|area|these|those)\b")
_IT = re.compile(r"\w+ (?:it|them)\b")
_ONE = re.compile(r"\bones?\b")


def _kind_of(home: Home, made: Call) -> str:
    if "domain" in made.arguments:
        return made.arguments["domain"]
    if made.tool in _FAMILIES or "HassMedia" in made.tool:
        return _FAMILIES.get(made.tool, "media_player")
    found = home.find(made.arguments.get("name", ""))
    return found.domain if found else ""


def _meant(home: Home, made: Call) -> set[int]:
    """The devices that a call is about, by their index; none where it says "here" or nothing."""
    spoken = made.arguments
    name, area, floor = (spoken.get(slot) for slot in ("name", "area", "floor"))
    kind = _kind_of(home, made)
    if area == "here" or not (name or area or floor or "domain" in spoken):
        return set()
    return {
        index for index, device in enumerate(home.devices)
        if (not area or (device.area or "").lower() == area) and (not floor or (device.floor or "").lower() == floor)
        and (name in [known.lower() for known in (device.name, *device.aliases)] if name else device.domain == kind)
        and spoken.get("device_class") in (None, device.device_class)
    }  # fmt: skip


def _of_all_there(whole: Call, other: Call) -> bool:
    """Whether a command is about all that is in a place, and the other about a part of it: "all off there, the lamps on"."""
    places, known = whole.arguments, other.arguments
    everything = "HassTurn" in whole.tool and places and {*places} <= {"area", "floor"}
    return bool(everything) and "Timer" not in other.tool and all(known.get(slot) == places[slot] for slot in places)


def _same_timer(text: str, made: Call, before: Call) -> bool:
    """Whether both are about one timer that runs: "pause the timer and add a minute to the timer"."""
    if made.tool == before.tool == "HassStartTimer":
        return "name" not in made.arguments and re.search(r"\b(?:on|to) (?:the|my|that) timer\b", text) is not None
    if any("Timer" not in each.tool or each.tool == "HassStartTimer" for each in (made, before)):
        return False
    one, other = (
        {slot: value for slot, value in each.arguments.items() if slot not in ("hours", "minutes", "seconds")}
        for each in (made, before)
    )
    return one == other or "HassCancelAllTimers" in (made.tool, before.tool)


def _clash(home: Home, parts: list[tuple[str, tuple[Call, ...]]]) -> bool:
    """Whether two commands are about the same thing, or the second of the kind that the first has said the place of.

    "Turn the porch lights on and make the lights red" means those of the porch, if anything.
    """
    for at, (text, calls) in enumerate(parts):
        for made in calls:
            if at and "name" not in made.arguments and made.tool in _FAMILIES and _IT.match(text):
                return True  # "close the shutter and light it at half"
            for said, before in ((said, each) for said, others in parts[:at] for each in others):
                if _of_all_there(made, before) or _of_all_there(before, made) or _same_timer(text, made, before):
                    return True
                kind, same_tool = _kind_of(home, made), before.tool == made.tool
                if not kind or "Timer" in made.tool or "List" in made.tool:
                    continue
                if kind == "light" != _kind_of(home, before) and _ONE.search(text):
                    return True  # "the kettle and the one on the desk"
                spoken, earlier = made.arguments, before.arguments
                classes = {each["device_class"] for each in (spoken, earlier) if "device_class" in each}
                if kind == _kind_of(home, before) and len(classes) < 2:
                    unsaid = not {"name", "floor", "domain"} & {*spoken} and "area" not in spoken
                    here = unsaid or (spoken.get("area") == "here" and not _HERE.search(text))
                    if here and {"name", "area", "floor", "domain"} & {*earlier} and (unsaid or "name" not in earlier):
                        return True
                    if spoken.get("area") == earlier.get("area") == "here":
                        return True
                    if earlier.get("area") == "here" and "name" not in spoken and not _HERE.search(said):
                        return True  # "the lights and the lamps in the hall"
                    if earlier.get("area") == "here" and not {"name", "area", "floor"} & {*spoken}:
                        return True  # those here are among all
                one, other = _meant(home, before), _meant(home, made)
                if one & other and (same_tool or one == other):
                    return True
    return False


_SHARED = {
    "several.on": ("HassTurnOn", "on"), "several.off": ("HassTurnOff", "off"), "several.onoff": ("HassTurnOn", "on"), "several.offon": ("HassTurnOff", "off"),
    "several.three.on": ("HassTurnOn", "on"), "several.three.off": ("HassTurnOff", "off"), "several.open": ("HassTurnOn", "open"), "several.close": ("HassTurnOff", "closed"),
    "several.lock": ("HassTurnOn", "locked"),
}  # fmt: skip


_HOISTED = re.compile(r"(?:raise|lift|lower|pull (?:up|down))\b")
_ON_CORDS = ("blind", "shade", "shutter", "garage")


def _shared_verb(rng: random.Random, home: Home, split: Split) -> Draft | None:
    section = rng.choices((*_SHARED, "several.brightness"), (10, 10, 6, 6, 3, 3, 4, 4, 2, 4))[0]
    template = GRAMMAR.pick(rng, section, split)
    if template is None:
        return None
    targets: list[Target] = []
    for _ in range(3 if "three" in section else 2):
        if section in ("several.open", "several.close"):
            pair = drafts.covered(rng, home, 0.3)
            target = pair[0] if pair else None
        elif section == "several.lock":
            device = drafts.some_device(rng, home, ("lock",))
            target = named(rng, home, device) if device else None
        elif section == "several.brightness":
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
        if section == "several.brightness":
            value = (n, m)[index]
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
    if _clash(home, [(target.text, (made,)) for target, made in zip(targets, calls, strict=True)]):
        return None
    here = any(target.arguments.get("area") == "here" and not _HERE.search(target.text) for target in targets)
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


_NO_THE = re.compile(r"(?:outside|inside|upstairs|downstairs)$|\w+'s\b")


def _rooms(rng: random.Random, home: Home, split: Split) -> Draft | None:
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


def _places(rng: random.Random, home: Home, split: Split) -> Draft | None:
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


_HALVED = {
    "lock": ((("lock", "lock up", "bolt"), "have", "locked", "HassTurnOn"),),
    "cover": ((("open", "open up"), "have", "open", "HassTurnOn"), (("close", "shut"), "have", "closed", "HassTurnOff")),
    "light": ((("turn on", "switch on", "put on"), "put", "on", "HassTurnOn"), (("turn off", "switch off"), "turn", "off", "HassTurnOff")),
}  # fmt: skip
"""The verbs for two things at once, those that go around them, the state after, and the tool."""


def _halves(rng: random.Random, home: Home, split: Split) -> Draft | None:
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


def _gone(rng: random.Random, home: Home, split: Split) -> Draft | None:
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


def _of_kind(rng: random.Random, home: Home, section: str) -> Target | None:
    """Something that can be turned on, opened or locked, as the last word of the section says."""
    word = section.rpartition(".")[2]
    if word in ("open", "close"):
        pair = drafts.covered(rng, home, 0.3)
        return pair[0] if pair else None
    if word == "lock":
        device = drafts.some_device(rng, home, ("lock",))
        return named(rng, home, device) if device else None
    return switching.switched(rng, home, 0.3)


_REPAIRED = {
    "on": ("HassTurnOn", "on"), "off": ("HassTurnOff", "off"), "open": ("HassTurnOn", "open"), "close": ("HassTurnOff", "closed"), "lock": ("HassTurnOn", "locked"),
}  # fmt: skip


def _repaired(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Said wrongly and put right, or the one forbidden and the other wanted: only what is wanted is done."""
    pick = rng.random()
    if pick < 0.25:
        return _other_number(rng, home, split)
    if pick < 0.4:
        return _rather(rng, home, split)
    kind = rng.choices(tuple(_REPAIRED), (10, 10, 5, 5, 3))[0]
    # One and the same thing first opened, then closed; or one thing instead of another.
    section = f"{'instead' if rng.random() < 0.35 else 'repair'}.{kind}"
    template = GRAMMAR.pick(rng, section, split)
    meant, mistaken = _of_kind(rng, home, section), _of_kind(rng, home, section)
    if template is None or meant is None or mistaken is None:
        return None
    if _ONE.search(meant.text) and {each.domain for each in mistaken.devices} != {
        each.domain for each in meant.devices
    }:
        return None  # "turn off the tv, no, the one on the left" is no lamp
    if section.startswith("repair") and (
        meant.arguments == mistaken.arguments or {*meant.devices} & {*mistaken.devices}
    ):
        return None  # "the lamps, but not the corner lamp" leaves one out
    tool, state = _REPAIRED[kind]
    return Draft(
        GRAMMAR.say(rng, template.node, meant.slots | {"y": mistaken.text}),
        "say",
        (call(tool, meant.arguments),),
        (results.done(rng, meant, state),),
        template.text,
        drafts.names_of(meant),
    )


def _other_number(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Two numbers, of which the second is meant; or not off, but down to so much."""
    warm = rng.random() < 0.4
    if warm:
        spot = somewhere(rng, home, {"area": 4, "here": 1, "none": 4})
        found = members(home, "climate", None, spot.area if spot else None)
        if spot is None or not found:
            return None
        target = Target("", "", dict(spot.arguments), found[:1], False, spot.area or "", "thermostat")
        slots = drafts.place_slots(spot)
    else:
        device = drafts.some_device(rng, home, ("light",))
        if device is None:
            return None
        target = named(rng, home, device)
        slots = target.slots
    section = "repair.degrees" if warm else rng.choice(("repair.percent", "instead.level"))
    template = GRAMMAR.pick(rng, section, split)
    n, m = (levels.degrees(rng), levels.degrees(rng)) if warm else (levels.percent(rng), levels.percent(rng))
    if (
        template is None
        or n == m
        or (warm and _scales_differ(n, m))
        or ("place" in template.slots and warm and not slots["place"])
    ):
        return None
    tool, slot = ("HassClimateSetTemperature", "temperature") if warm else ("HassLightSet", "brightness")
    state = f"set to {n} °C" if warm else f"on, brightness {n} percent"
    return Draft(
        GRAMMAR.say(rng, template.node, slots | {"n": n, "m": m}),
        "say",
        (call(tool, target.arguments | {slot: n}),),
        (results.done(rng, target, state),),
        template.text,
        drafts.names_of(target),
    )


def _scales_differ(one: str, other: str) -> bool:
    """Whether one temperature is in degrees Celsius, the other in Fahrenheit."""
    return (float(one) > 40) != (float(other) > 40)


def _rather(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Not that command, but this one."""
    dropped, wanted = imperative(rng, home, "train"), imperative(rng, home, "train")
    template = GRAMMAR.pick(rng, "instead", split)
    if (
        template is None
        or dropped is None
        or wanted is None
        or dropped.calls == wanted.calls
        or set(dropped.names) & set(wanted.names)
    ):
        return None
    if _NO_ORDER.match(dropped.text) or _NO_ORDER.match(wanted.text):
        return None
    if _ONE.search(wanted.text) and _kind_of(home, dropped.calls[0]) != _kind_of(home, wanted.calls[0]):
        return None
    text = GRAMMAR.say(rng, template.node, {"c": dropped.text, "d": wanted.text})
    return Draft(text, "say", wanted.calls, wanted.results, template.text, wanted.names)


_NO_ORDER = re.compile(
    r"(?:don't|do not|never|no|keep|leave|let|have|make sure|see|ensure|check|take care|hold|stop)\b"
)
"""How commands begin that mean something else behind a "don't"."""


def _two_rooms(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """A temperature for one room and another for the next."""
    areas = [area for area in home.areas if members(home, "climate", None, area)] or list(home.areas)
    template = GRAMMAR.pick(rng, "several.degrees", split)
    values = [levels.degrees(rng), levels.degrees(rng)]
    if len(areas) < 2 or template is None or _scales_differ(*values):
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


def _short(rng: random.Random, home: Home) -> Draft | None:
    """A command in two or three words: "tv off", "the radio quieter", "bedroom blind shut"."""
    kind = rng.choices(
        ("on", "off", "open", "close", "lock", "bright", "loud", "level", "degrees", "timer"),
        (8, 10, 5, 6, 2, 6, 6, 5, 4, 5),
    )[0]
    if kind == "timer":
        return _short_timer(rng, home)
    if kind == "degrees":
        areas = [area for area in home.areas if members(home, "climate", None, area)]
        if not areas:
            return None
        area, t = rng.choice(areas), levels.degrees(rng)
        target = Target("", "", {"area": area.lower()}, members(home, "climate", None, area)[:1], False, area)
        text = rng.choice(
            (f"{place(rng, area)} to {t}", f"{area.lower()} at {t} degrees", f"{place(rng, area)} to {t} degrees")
        )
        made = call("HassClimateSetTemperature", target.arguments | {"temperature": t})
        return Draft(text, "say", (made,), (results.done(rng, target, f"set to {t} °C"),), text)
    if kind in ("bright", "loud", "level"):
        device = drafts.some_device(rng, home, ("media_player",) if kind == "loud" else ("light",))
        if device is None:
            return None
        target, n = named(rng, home, device), levels.percent(rng)
        if "floor" in target.arguments and kind == "loud":
            return None
        way = rng.choice(("up", "down"))
        if kind == "level":
            words_of_it, more, tool = (
                (f"to {n} percent", f"at {n} percent", f"to {n}"),
                {"brightness": n},
                "HassLightSet",
            )
        elif kind == "bright":
            words_of_it = (
                ("brighter", "a bit brighter", "up a bit")
                if way == "up"
                else ("dimmer", "darker", "a bit dimmer", "down a bit")
            )
            more, tool = {"brightness_step": way}, "HassLightSet"
        else:
            words_of_it = (
                ("louder", "a bit louder", "up a bit")
                if way == "up"
                else ("quieter", "a bit quieter", "down a bit", "down a notch")
            )
            more, tool = {"volume_step": way}, "HassSetVolumeRelative"
        said = f"{target.text} {rng.choice(words_of_it)}"
        state = f"at volume {n} percent" if kind == "loud" else f"on, brightness {n} percent"
        made, result = call(tool, target.arguments | more), results.done(rng, target, state)
        return Draft(said, "say", (made,), (result,), said, drafts.names_of(target))
    found = _of_kind(rng, home, kind)
    if found is None:
        return None
    tool, state = _REPAIRED[kind]
    word = {"close": rng.choice(("shut", "closed")), "lock": "locked"}.get(kind, kind)
    said = f"{found.text} {word}"
    return Draft(
        said, "say", (call(tool, found.arguments),), (results.done(rng, found, state),), said, drafts.names_of(found)
    )


def _short_timer(rng: random.Random, home: Home) -> Draft | None:
    """How long something takes, and no word of a timer: "in goes the cake, 40 minutes"."""
    name, length = things.timed(rng, "train"), spans.span(rng)
    if home.find(name) is not None or name in [area.lower() for area in home.areas]:
        return None
    if name.startswith(tuple(f"{verb} " for verb in things.VERBS)):
        return None  # "cancel dentist, an hour" is a command
    d = length.text
    text = rng.choice(
        (
            f"in goes the {name}, {d}",
            f"{name}, {d}",
            f"{d} for the {name}",
            f"{name} timer {d}",
            f"{d} on the {name}",
            f"{name} just gone in, {d}",
        )
    )
    made = call("HassStartTimer", {**length.slots, "name": name})
    return Draft(text, "say", (made,), (Result(True, f"{name} timer started"),), text)


_HAVE = re.compile(r"(?:I'd like|can we have|let's have|could I have|I want) \{")
"""What has a thing behind it, and no command: "let's have turn the heating off" is no English."""
_OPENED = re.compile(r" (?:open|shut|closed)$")
_CLAUSE = re.compile(r"^in goes\b|\bjust gone in\b")


def _runs_on(last: Draft, text: str) -> bool:
    """Whether words follow a title or an item, which could belong to it: "play the blue album second"."""
    return not text.endswith(last.text) and ends_open(last, last.text)


def _terse(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Two different things, at least one of them without a verb."""
    template = GRAMMAR.pick(rng, "several.terse", split)
    parts = [_short(rng, home), imperative(rng, home, "train") if rng.random() < 0.35 else _short(rng, home)]
    rng.shuffle(parts)
    first, second = parts
    if template is None or first is None or second is None or first.calls == second.calls:
        return None
    if _HAVE.match(template.text) and any(part.form == "do" or _CLAUSE.search(part.text) for part in parts if part):
        return None
    if second.form == "do" and re.search(r"with \{d\}|with\)\) \{d\}", template.text):
        return None  # "along with turn the fan off"
    if any(name in second.names for name in first.names) or {"except", "search_query", "item"} & {
        *first.calls[0].arguments,
        *second.calls[0].arguments,
    }:
        return None
    if _clash(home, [(part.text, part.calls) for part in (first, second)]):
        return None
    if (
        _OPENED.search(first.text)
        and "brightness" in second.calls[0].arguments
        and not re.search(r"\band\b", template.text)
    ):
        return None  # without its comma, "shade open painting at 45 percent" opens the shade so far
    text = GRAMMAR.say(rng, template.node, {"c": first.text, "d": second.text})
    if _runs_on(second, text):
        return None
    return Draft(
        text,
        "say",
        first.calls + second.calls,
        first.results + second.results,
        template.text,
        first.names + second.names,
    )


def several(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    pick = rng.random()
    if pick < 0.06:
        maker = rng.choices((_places, _halves, _gone), (4, 4, 2))[0]
        found = maker(rng, home, split)
    elif pick < 0.29:
        found = _shared_verb(rng, home, split)
    elif pick < 0.33:
        found = _rooms(rng, home, split)
    elif pick < 0.35:
        found = _two_rooms(rng, home, split)
    elif pick < 0.47:
        found = _terse(rng, home, split)
    elif pick < 0.55:
        found = _repaired(rng, home, split)
        return finished(rng, "act", found, found.text) if found else None
    else:
        three = rng.random() < 0.2
        # The sentences within are known ones: that they can be joined is what is new in a reserved template.
        parts = [imperative(rng, home, split if rng.random() < 0.5 else "train") for _ in range(3 if three else 2)]
        template = GRAMMAR.pick(rng, "several.three" if three else "several", split)
        good = [part for part in parts if part is not None]
        if template is None or len(good) != len(parts) or len({repr(part.calls) for part in good}) != len(good):
            return None
        if _clash(home, [(part.text, part.calls) for part in good]):
            return None
        text = GRAMMAR.say(rng, template.node, {"c": good[0].text, "d": good[1].text, "e": good[-1].text})
        if _runs_on(good[-1], text):
            return None
        found = Draft(
            text, "say", tuple(each for part in good for each in part.calls), tuple(each for part in good for each in part.results), template.text,
            tuple(name for part in good for name in part.names),
        )  # fmt: skip
    return finished(rng, "several", found, found.text) if found else None


# Things that are not there, that must not be touched, or that this box cannot do
