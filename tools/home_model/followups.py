# SPDX-License-Identifier: Apache-2.0
"""What only makes sense after the turn before."""

from __future__ import annotations

import random
import re

from appliance.home.tools import COLORS
from tools.home_model import corrections, drafts, levels, results, things
from tools.home_model.answers import answered, which_of_two
from tools.home_model.calls import Call, Draft, Result, Turn, call
from tools.home_model.clauses import domain_of
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.last_turn import devices_of, known_device, state_after
from tools.home_model.places import inside, place
from tools.home_model.relative import said, stepped
from tools.home_model.targets import Target, called_plainly, members, named
from tools.home_model.unnamed import carried_on
from tools.home_model.wording import finished


def _again(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """The opposite of what was done: "turn it off again"."""
    device = known_device(home, last.arguments)
    domain = device.domain if device else last.arguments.get("domain", "")
    if domain in ("scene", "script", "button", "vacuum", "lawn_mower"):
        return None
    was_on = last.tool == "HassTurnOn"
    words_of_it = {"cover": ("open", "close"), "valve": ("open", "close"), "lock": ("lock", "unlock")}.get(
        domain, ("on", "off")
    )
    word = words_of_it[1] if was_on else words_of_it[0]
    template = GRAMMAR.pick(rng, f"followup.{word}", split)
    plural = "name" not in last.arguments
    if template is None:
        return None
    slots = {
        "it": rng.choice(("them", "them", "it") if plural else ("it", "it", "it", "that")),
        "it_s": "they" if plural else "it",
    }
    state = {"open": "open", "close": "closed", "lock": "locked", "unlock": "unlocked"}.get(word, word)
    devices = (device,) if device else devices_of(home, last.arguments)
    where = last.arguments.get("area", last.arguments.get("floor", ""))
    target = Target("", "", last.arguments, devices, plural, where, domain or "device")
    made = call("HassTurnOff" if was_on else "HassTurnOn", last.arguments)
    return Draft(
        GRAMMAR.say(rng, template.node, slots), "say", (made,), (results.done(rng, target, state),), template.text
    )


def _too(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """The same with another device or in another room: "and the kitchen", "and the desk lamp too"."""
    asks_state = last.tool in ("HassGetState", "HassClimateGetTemperature")
    if not asks_state and _room_of(home, last) and rng.random() < 0.25:
        return _other_kind(rng, home, split, last)
    section = "followup.ask" if asks_state else "followup.correct" if rng.random() < 0.35 else "followup.too"
    template = GRAMMAR.pick(rng, section, split)
    if template is None:
        return None
    arguments = {slot: value for slot, value in last.arguments.items() if slot not in ("name", "area", "floor")}
    device = known_device(home, last.arguments)
    if device is not None:
        others = [
            other
            for other in home.devices
            if other.domain == device.domain and other != device and other.name.lower() != device.name.lower()
        ]
        if device.domain in ("sensor", "binary_sensor"):
            others = [other for other in others if other.device_class == device.device_class]
        if not others:
            return None
        looks = corrections.by_looks(rng, home, device) if rng.random() < 0.25 else None
        target = looks or named(rng, home, rng.choice(others))
        arguments = target.arguments | arguments
        text, names = target.text, drafts.names_of(target)
        if rng.random() < 0.35 and (short := _the_other_one(home, device, target)):
            text, names = short, ()
    elif last.arguments.get("area") not in (None, "here") and len(home.areas) > 1:
        filled = [area for area in home.areas if area.lower() != last.arguments["area"]]
        if last.tool != "HassClimateGetTemperature":
            filled = [
                area
                for area in filled
                if members(home, arguments.get("domain", "light"), arguments.get("device_class"), area)
            ]
        if not filled:
            return None
        area = rng.choice(filled)
        arguments = {"area": area.lower()} | arguments
        text, names = rng.choice((place(rng, area), place(rng, area), inside(rng, area))), ()
        target = Target(
            text,
            text,
            arguments,
            members(home, arguments.get("domain", "light"), arguments.get("device_class"), area),
            True,
            area,
            arguments.get("domain", "light"),
        )
    else:
        return None
    said = GRAMMAR.say(
        rng, template.node, {"x": text, "y": last.arguments.get("name") or last.arguments.get("area", "")}
    )
    if last.tool == "HassClimateGetTemperature":
        result = results.temperature(rng, home, target.where, None if target.where else target.devices[0].name)
    elif last.tool == "HassGetState":
        single = device is not None
        result = (
            results.told(rng, target.devices[0])
            if single
            else results.counted(rng, target.devices, f"{target.noun}s", arguments.get("state", "on"), target.where)
        )
    else:
        result = results.done(rng, target, state_after(target, last))
    return Draft(said, "say", (call(last.tool, arguments),), (result,), template.text, names)


def _the_other_one(home: Home, device: HomeDevice, target: Target) -> str | None:
    """How a device is called right after one of nearly the same name: "the left one" after the right lamp."""
    name = target.arguments["name"].split()
    before = device.name.lower().split()
    own = [word for word in name if word not in before]
    like = [
        each for each in home.devices if each.domain == device.domain and own and own[0] in each.name.lower().split()
    ]
    if len(target.arguments) > 1 or len(own) != 1 or len(own) == len(name) or name[-1] not in before or len(like) != 1:
        return None
    return f"the {own[0]} one"


_SETS = (
    ("light", None, "lights"),
    ("fan", None, "fans"),
    ("cover", "curtain", "curtains"),
    ("cover", "blind", "blinds"),
    ("cover", "shutter", "shutters"),
    ("cover", "shade", "shades"),
    ("cover", "window", "windows"),
)


def _room_of(home: Home, last: Call) -> str | None:
    """The room that was named, be it only in the name of what is there: "the lounge blinds"."""
    device = known_device(home, last.arguments)
    if device is None:
        return last.arguments.get("area")
    room = (device.area or "").lower()
    return room if room and room in last.arguments["name"] else None


def _other_kind(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """The same with what else is in the room: "and the curtains too" after its blinds."""
    device, area = known_device(home, last.arguments), _room_of(home, last)
    kind = device.domain if device else last.arguments.get("domain")
    before = device.device_class if device else last.arguments.get("device_class")
    template = GRAMMAR.pick(rng, "followup.too", split)
    if (
        kind not in ("light", "fan", "switch", "cover")
        or template is None
        or area is None
        or last.tool not in ("HassTurnOn", "HassTurnOff")
        or len(last.arguments) > 3
    ):
        return None
    room = next((each for each in home.areas if each.lower() == area), None)
    # What is opened stays with what is opened: "and the lights" after blinds that were shut could mean either.
    options = [
        (domain, device_class, noun) for domain, device_class, noun in _SETS
        if (domain == "cover") == (kind == "cover") and (domain, device_class) != (kind, before)
        and members(home, domain, device_class, room)
    ]  # fmt: skip
    if not options:
        return None
    domain, device_class, noun = rng.choice(options)
    text = rng.choice((f"the {noun}", f"the {noun}", noun))
    if called_plainly(home, text):
        return None
    known = {"area": area, "domain": domain} | ({"device_class": device_class} if device_class else {})
    devices = members(home, domain, device_class, room)
    target = Target(text, text, known, devices if room else devices[:2], True, room or "here", noun)
    said = GRAMMAR.say(rng, template.node, {"x": text})
    made = call(last.tool, known)
    return Draft(said, "say", (made,), (results.done(rng, target, state_after(target, last)),), template.text)


def _on_with_it(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """A bit more of the same, or back a bit: brighter after brighter, and darker when that was too much."""
    slot = next((slot for slot in last.arguments if slot.endswith("_step")), None)
    if slot is None:
        return None
    more = rng.random() < 0.6
    template = GRAMMAR.pick(rng, "followup.more" if more else "followup.less", split)
    if template is None:
        return None
    rose = last.arguments[slot] == "up" or last.arguments[slot].lstrip("+").isdigit()
    arguments = last.arguments | {slot: "up" if rose == more else "down"}
    device = known_device(home, last.arguments)
    domain = {
        "volume_step": "media_player",
        "temperature_step": "climate",
        "position_step": "cover",
        "percentage_step": "fan",
    }.get(slot, "light")
    devices = (device,) if device else devices_of(home, {**last.arguments, "domain": domain})[:1]
    target = Target("", "", arguments, devices, False, last.arguments.get("area", ""), domain)
    n = levels.percent(rng)
    state = {
        "brightness_step": f"on, brightness {n} percent", "volume_step": f"at volume {n} percent", "position_step": f"{n} percent open",
        "percentage_step": f"on, speed {n} percent", "temperature_step": f"set to {levels.degrees(rng)} °C",
    }[slot]  # fmt: skip
    text = GRAMMAR.say(rng, template.node, {})
    if not rose and not more and "less" in text:
        return None  # "a bit less" after dimming: less light, or not so dim?
    return Draft(text, "say", (call(last.tool, arguments),), (results.done(rng, target, state),), template.text)


def _colored(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """The light that was just spoken of, in a color: "make that blue"."""
    device = known_device(home, last.arguments)
    domain = device.domain if device else last.arguments.get("domain", "light" if last.tool == "HassLightSet" else "")
    template = GRAMMAR.pick(rng, "followup.color", split)
    if domain != "light" or template is None:
        return None
    known = {slot: value for slot, value in last.arguments.items() if slot in ("name", "area", "floor")}
    color = rng.choice(COLORS)
    devices = (device,) if device else devices_of(home, last.arguments)
    target = Target("", "", known, devices, device is None, last.arguments.get("area", ""), "light")
    it = rng.choice(("it", "it", "that") if device else ("them", "them", "those", "it"))
    text = GRAMMAR.say(rng, template.node, {"it": it, "color": color})
    made = call("HassLightSet", known | {"color": color})
    return Draft(text, "say", (made,), (results.done(rng, target, f"on, color {color}"),), template.text)


_LISTED = {
    "HassShoppingListAddItem": "on the shopping list", "HassListAddItem": "on the list",
    "HassShoppingListCompleteItem": "off the shopping list", "HassListCompleteItem": "off the list",
}  # fmt: skip


def _item_too(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """Another item for the list, or off it: "oh and some honey"."""
    adds = last.tool.endswith("AddItem")
    template = GRAMMAR.pick(rng, "followup.item" if adds else "followup.item.done", split)
    item = things.purchase(rng, split)
    if template is None or item == last.arguments["item"] or re.match(r"(?:\d|an? |some |the |my )", item):
        return None
    if not adds and " and " in item:
        return None  # two things that were bought are two items
    made = call(last.tool, last.arguments | {"item": item})
    result = Result(True, f"{item} is {_LISTED[last.tool]}")
    return Draft(GRAMMAR.say(rng, template.node, {"item": item}), "say", (made,), (result,), template.text)


def _other_value(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """Another number for the same thing: "make it 40 percent"."""
    slot = next(
        (
            slot
            for slot in ("brightness", "position", "percentage", "volume_level", "temperature")
            if slot in last.arguments
        ),
        None,
    )
    warm = slot == "temperature"
    template = GRAMMAR.pick(rng, "followup.degrees" if warm else "followup.percent", split)
    if slot is None or template is None or (warm and last.tool != "HassClimateSetTemperature"):
        return None
    n = levels.degrees(rng) if warm else levels.percent(rng)
    arguments = last.arguments | {slot: n}
    device = known_device(home, last.arguments)
    target = Target(
        "",
        "",
        arguments,
        (device,) if device else devices_of(home, arguments),
        device is None,
        last.arguments.get("area", ""),
        "light",
    )
    state = {
        "brightness": f"on, brightness {n} percent",
        "position": f"{n} percent open",
        "percentage": f"on, speed {n} percent",
        "volume_level": f"at volume {n} percent",
        "temperature": f"set to {n} °C",
    }[slot]
    text = GRAMMAR.say(rng, template.node, {"n": n, "t": n, "it": rng.choice(("it", "it", "that", "them"))})
    return Draft(text, "say", (call(last.tool, arguments),), (results.done(rng, target, state),), template.text)


def _step(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """Brighter or darker than that."""
    device = known_device(home, last.arguments)
    domain = device.domain if device else last.arguments.get("domain", "light")
    if domain != "light" or last.tool not in ("HassTurnOn", "HassLightSet") or "except" in last.arguments:
        return None
    template = GRAMMAR.pick(rng, "followup.bright", split)
    if template is None:
        return None
    text, way = said(rng, template, {"it": rng.choice(("it", "it", "that") if device else ("them", "them", "it"))})
    if "too dark" in text or "too bright" in text:
        way = "up" if "dark" in text else "down"
    if way is None:
        return None
    known = {slot: value for slot, value in last.arguments.items() if slot in ("name", "area", "floor")}
    devices = (device,) if device else devices_of(home, last.arguments)
    target = Target("", "", known, devices, device is None, last.arguments.get("area", ""), "light")
    state = f"on, brightness {levels.percent(rng)} percent"
    return Draft(
        text, "say", (stepped("HassLightSet", known, way),), (results.done(rng, target, state),), template.text
    )


_DONE_TO = {
    "light": ("on", "off"), "switch": ("on", "off"), "fan": ("on", "off"), "media_player": ("on", "off"), "climate": ("on", "off"),
    "cover": ("open", "close"), "valve": ("open", "close"), "lock": ("lock", "unlock"),
}  # fmt: skip


def _after_asking(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """What is done about what was asked: "turn it off then"."""
    device = known_device(home, last.arguments)
    domain = device.domain if device else last.arguments.get("domain", "")
    known = {slot: value for slot, value in last.arguments.items() if slot != "state"}
    if (
        domain not in _DONE_TO
        or ("name" in known and device is None)
        or known.get("name") == "all"
        or "except" in known
    ):
        return None
    devices = (device,) if device else devices_of(home, known)
    if not devices:
        return None
    on, off = _DONE_TO[domain]
    asked_off = last.arguments.get("state") in ("off", "closed", "unlocked")
    word = off if asked_off == (rng.random() < 0.3) else on
    template = GRAMMAR.pick(rng, f"followup.asked.{word}", split)
    if template is None:
        return None
    it = rng.choice(("it", "it", "that") if device else ("them", "them", "them all", "those"))
    text = GRAMMAR.say(
        rng, template.node, {"it": it, "is": "is" if device else "are", "it_s": "it" if device else "they"}
    )
    target = Target("", "", known, devices, device is None, known.get("area", known.get("floor", "")), domain)
    made = call("HassTurnOff" if word in ("off", "close", "unlock") else "HassTurnOn", known)
    left = {"open": "open", "close": "closed", "lock": "locked", "unlock": "unlocked"}.get(word, word)
    return Draft(text, "say", (made,), (results.done(rng, target, left),), template.text)


def followup(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    if history is not None and history.waiting is not None:
        found = answered(rng, home, split, history)
        return finished(rng, "followup", found, found.text) if found else None
    if history is None or len(history.calls) != 1:
        return None
    if not history.results[0].success:
        found = which_of_two(rng, home, split, history)
        return finished(rng, "followup", found, found.text) if found else None
    last = history.calls[0]
    if last.arguments.get("name", "all") != "all" and home.find(last.arguments["name"]) is None:
        return None  # "the telly", whatever it is called
    pick = rng.random()
    found: Draft | None = None
    if pick < (0.5 if domain_of(home, last) == "fan" else 0.28):
        found = (corrections.other_one if pick < 0.15 else carried_on)(rng, home, split, last)
    relative = any(slot.endswith("_step") or slot == "except" for slot in last.arguments)
    if found is not None:
        return finished(rng, "followup", found, found.text)
    pick = rng.random()
    if any(slot.endswith("_step") for slot in last.arguments) and rng.random() < 0.7:
        found = _on_with_it(rng, home, split, last)
    elif last.tool in _LISTED:
        found = (_item_too if pick < 0.5 else corrections.item_again)(rng, home, split, last)
    elif not relative and last.tool in ("HassTurnOn", "HassLightSet") and rng.random() < 0.12:
        found = _colored(rng, home, split, last)
    elif relative or (last.tool in ("HassTurnOn", "HassLightSet") and rng.random() < 0.25):
        found = _step(rng, home, split, last)
    elif last.tool in ("HassTurnOn", "HassTurnOff"):
        found = _again(rng, home, split, last) if pick < 0.5 else _too(rng, home, split, last)
    elif last.tool in (
        "HassLightSet",
        "HassSetPosition",
        "HassFanSetSpeed",
        "HassSetVolume",
        "HassClimateSetTemperature",
    ):
        found = (
            _other_value(rng, home, split, last)
            if pick < 0.55 or last.tool == "HassSetVolume"
            else _too(rng, home, split, last)
        )
    elif last.tool in ("HassGetState", "HassClimateGetTemperature"):
        found = _after_asking(rng, home, split, last) if last.tool == "HassGetState" and pick < 0.65 else None
        found = found or _too(rng, home, split, last)
    return finished(rng, "followup", found, found.text) if found else None
