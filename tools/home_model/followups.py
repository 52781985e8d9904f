# SPDX-License-Identifier: Apache-2.0
"""What only makes sense after the turn before."""

from __future__ import annotations

import random

from appliance.home.tools import COLORS
from tools.home_model import acts, drafts, levels, results
from tools.home_model.calls import Call, Draft, Turn, call
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.relative import said, stepped
from tools.home_model.targets import Target, inside, members, named, place
from tools.home_model.wording import finished


def _known(home: Home, arguments: dict[str, str]) -> HomeDevice | None:
    return home.find(arguments["name"], arguments.get("area")) if "name" in arguments else None


def _again(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """The opposite of what was done: "turn it off again"."""
    device = _known(home, last.arguments)
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
    devices = (device,) if device else _devices_of(home, last.arguments)
    where = last.arguments.get("area", last.arguments.get("floor", ""))
    target = Target("", "", last.arguments, devices, plural, where, domain or "device")
    made = call("HassTurnOff" if was_on else "HassTurnOn", last.arguments)
    return Draft(
        GRAMMAR.say(rng, template.node, slots), "say", (made,), (results.done(rng, target, state),), template.text
    )


def _devices_of(home: Home, arguments: dict[str, str]) -> tuple[HomeDevice, ...]:
    area = next((area for area in home.areas if area.lower() == arguments.get("area")), None)
    floor = next((floor for floor in home.floors if floor.lower() == arguments.get("floor")), None)
    return members(home, arguments.get("domain", "light"), arguments.get("device_class"), area, floor)


def _too(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """The same with another device or in another room: "and the kitchen", "and the desk lamp too"."""
    asks_state = last.tool in ("HassGetState", "HassClimateGetTemperature")
    section = "followup.ask" if asks_state else "followup.correct" if rng.random() < 0.35 else "followup.too"
    template = GRAMMAR.pick(rng, section, split)
    if template is None:
        return None
    arguments = {slot: value for slot, value in last.arguments.items() if slot not in ("name", "area", "floor")}
    device = _known(home, last.arguments)
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
        target = named(rng, home, rng.choice(others))
        arguments = target.arguments | arguments
        text, names = target.text, drafts.names_of(target)
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
    said = GRAMMAR.say(rng, template.node, {"x": text})
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
        result = results.done(rng, target, _state_after(target, last))
    return Draft(said, "say", (call(last.tool, arguments),), (result,), template.text, names)


def _state_after(target: Target, last: Call) -> str:
    domain = target.devices[0].domain if target.devices else target.arguments.get("domain", "light")
    on, off = {"cover": ("open", "closed"), "valve": ("open", "closed"), "lock": ("locked", "unlocked")}.get(
        domain, ("on", "off")
    )
    if last.tool == "HassLightSet":
        return "on" + "".join(
            f", {slot} {last.arguments[slot]}{' percent' if slot == 'brightness' else ''}"
            for slot in ("brightness", "color")
            if slot in last.arguments
        )
    if last.tool == "HassSetPosition":
        return f"{last.arguments['position']} percent open"
    if last.tool == "HassFanSetSpeed":
        return f"on, speed {last.arguments['percentage']} percent"
    if last.tool == "HassClimateSetTemperature":
        return f"set to {last.arguments['temperature']} °C"
    return off if last.tool == "HassTurnOff" else on


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
    device = _known(home, last.arguments)
    target = Target(
        "",
        "",
        arguments,
        (device,) if device else _devices_of(home, arguments),
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


def _answered(rng: random.Random, home: Home, split: Split, history: Turn) -> Draft | None:
    """What was asked back for: the device, or the value."""
    waiting = history.waiting
    if waiting is None:
        return None
    slots: dict[str, str] = {}
    if waiting.tool in ("HassTurnOn", "HassTurnOff"):
        target = acts.switched(rng, home, 0.3)
        if target is None:
            return None
        state, section, slots = "on" if waiting.tool == "HassTurnOn" else "off", "answer.device", target.slots
        made = call(waiting.tool, target.arguments)
    else:
        known = waiting.arguments
        device = _known(home, known)
        domain = {"HassFanSetSpeed": "fan", "HassClimateSetTemperature": "climate"}.get(waiting.tool, "light")
        devices = (device,) if device else _devices_of(home, {**known, "domain": domain})[:1]
        target = Target("", "", known, devices, False, "", domain)
        n, t, color = levels.percent(rng), levels.degrees(rng), rng.choice(COLORS)
        slots = {"n": n, "t": t, "color": color}
        if waiting.tool == "HassClimateSetTemperature":
            section, more, state = "answer.degrees", {"temperature": t}, f"set to {t} °C"
        elif waiting.tool == "HassFanSetSpeed":
            section, more, state = "answer.percent", {"percentage": n}, f"on, speed {n} percent"
        elif "color" in history.answer:
            section, more, state = "answer.color", {"color": color}, f"on, color {color}"
        else:
            section, more, state = "answer.percent", {"brightness": n}, f"on, brightness {n} percent"
        made = call(waiting.tool, known | more)
    template = GRAMMAR.pick(rng, section, split)
    if template is None:
        return None
    text = GRAMMAR.say(rng, template.node, slots)
    names = drafts.names_of(target) if section == "answer.device" else ()
    return Draft(text, "say", (made,), (results.done(rng, target, state),), template.text, names)


def _step(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """Brighter or darker than that."""
    device = _known(home, last.arguments)
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
    devices = (device,) if device else _devices_of(home, last.arguments)
    target = Target("", "", known, devices, device is None, last.arguments.get("area", ""), "light")
    state = f"on, brightness {levels.percent(rng)} percent"
    return Draft(
        text, "say", (stepped("HassLightSet", known, way),), (results.done(rng, target, state),), template.text
    )


def followup(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    if history is not None and history.waiting is not None:
        found = _answered(rng, home, split, history)
        return finished(rng, "followup", found, found.text) if found else None
    if history is None or len(history.calls) != 1 or not history.results[0].success:
        return None
    last = history.calls[0]
    pick = rng.random()
    found: Draft | None = None
    relative = any(slot.endswith("_step") or slot == "except" for slot in last.arguments)
    if relative or (last.tool in ("HassTurnOn", "HassLightSet") and rng.random() < 0.25):
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
        found = _too(rng, home, split, last)
    return finished(rng, "followup", found, found.text) if found else None
