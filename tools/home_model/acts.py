# SPDX-License-Identifier: Apache-2.0
"""Commands and the calls they ask for: each function makes one kind of them, or None where the home has nothing for it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping

from appliance.home.tools import COLORS
from tools.home_model import results, things
from tools.home_model.calls import Call, Draft, Form, Result, call
from tools.home_model.grammar import GRAMMAR, Split, Template
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.kinds import COLOR_TEMPERATURES
from tools.home_model.targets import Place, Target, called_after, members, named, of_set, somewhere

SWITCHED = ("light", "switch", "fan", "media_player", "climate", "input_boolean", "humidifier", "water_heater")


def pick(rng: random.Random, split: Split, *sections: str) -> tuple[Template, Form] | None:
    """A template out of one of several sections, and the form of its sentence."""
    options = [section for section in sections if section in GRAMMAR.sections]
    sizes = [len(GRAMMAR.sections[section]) for section in options]
    for _ in range(4):
        section = rng.choices(options, sizes)[0]
        template = GRAMMAR.pick(rng, section, split)
        if template is not None:
            return template, (
                "ask" if section.startswith(("ask.", "timer.status")) else "say" if section.endswith(".say") else "do"
            )
    return None


def draft(
    rng: random.Random,
    chosen: tuple[Template, Form] | None,
    slots: Mapping[str, str],
    made: Call,
    result: Result,
    names: tuple[str, ...] = (),
) -> Draft | None:
    """The sentence of a chosen template with its call."""
    if chosen is None:
        return None
    template, form = chosen
    return Draft(GRAMMAR.say(rng, template.node, slots), form, (made,), (result,), template.text, names)


def _with_say(*sections: str) -> tuple[str, ...]:
    return tuple(name for section in sections for name in (section, f"{section}.say"))


def some_device(
    rng: random.Random, home: Home, domains: tuple[str, ...], *, device_class: str | None = None
) -> HomeDevice | None:
    """A device of one of the domains; each domain that the home has is about equally likely, lights a little more."""
    found = [
        device
        for device in home.devices
        if device.domain in domains and (device_class is None or device.device_class == device_class)
    ]
    if not found:
        return None
    by_domain: dict[str, list[HomeDevice]] = {}
    for device in found:
        by_domain.setdefault(device.domain, []).append(device)
    weights = [len(devices) ** 0.5 for devices in by_domain.values()]
    return rng.choice(rng.choices(tuple(by_domain.values()), weights)[0])


def unless_named(home: Home, found: Draft | None) -> Draft | None:
    """The draft, unless it speaks of a room in words that happen to be the name of a device called after the room."""
    if found is None:
        return None
    area = found.calls[0].arguments.get("area", "here")
    if area != "here" and "name" not in found.calls[0].arguments and called_after(home, area, found.text):
        return None
    return found


def names_of(target: Target) -> tuple[str, ...]:
    """The device name in a target's text, if it has one."""
    return (target.arguments["name"],) if "name" in target.arguments else ()


def switched(rng: random.Random, home: Home, sets: float = 0.45) -> Target | None:
    """A device or a set of devices that can be turned on and off."""
    if rng.random() < sets:
        pick_of = rng.random()
        domain, device_class = (
            ("light", None) if pick_of < 0.72 else ("fan", None) if pick_of < 0.88 else ("switch", None) if pick_of < 0.94
            else ("climate", None) if pick_of < 0.96 else ("media_player", rng.choice(("tv", "speaker")))
        )  # fmt: skip
        return of_set(rng, home, domain, device_class)
    device = some_device(rng, home, SWITCHED)
    return named(rng, home, device) if device else None


def turn(rng: random.Random, home: Home, split: Split, on: bool | None = None) -> Draft | None:
    """Turn something on or off."""
    on = rng.random() < 0.5 if on is None else on
    target = switched(rng, home)
    if target is None:
        return None
    section = "on" if on else "off"
    is_light = target.arguments.get("domain") == "light" or bool(target.devices and target.devices[0].domain == "light")
    sections = _with_say(section, f"{section}.light") if is_light and rng.random() < 0.35 else _with_say(section)
    chosen = pick(rng, split, *sections)
    made = call("HassTurnOn" if on else "HassTurnOff", target.arguments)
    return draft(rng, chosen, target.slots, made, results.done(rng, target, section), names_of(target))


def lights_of_place(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Light up a room, or complain that it is dark there."""
    on = rng.random() < 0.6
    spot = somewhere(rng, home, {"area": 52, "floor": 12, "here": 16, "all": 10, "none": 10})
    if spot is None:
        return None
    found = members(home, "light", None, spot.area, spot.floor)
    if (spot.area or spot.floor) and not found and rng.random() < 0.93:
        return None
    section = "on.place" if on else "off.place"
    chosen = pick(rng, split, *_with_say(section))
    if chosen is None:
        return None
    if not spot.inside and "place" in chosen[0].slots:
        return None
    text = GRAMMAR.say(rng, chosen[0].node, place_slots(spot))
    arguments = spot.arguments | {"domain": "light"}
    if not spot.inside and not re.search(r"\ball\b", text):  # "the lights" are those here, "all the lights" are all
        arguments |= {"area": "here"}
    where = spot.area or spot.floor or arguments.get("area", "")
    target = Target(spot.text, spot.bare, arguments, found, True, where, "light")
    made = call("HassTurnOn" if on else "HassTurnOff", arguments)
    return Draft(text, chosen[1], (made,), (results.done(rng, target, "on" if on else "off"),), chosen[0].text)


def place_slots(spot: Place) -> dict[str, str]:
    """The slots of a sentence about a place."""
    return {"in": spot.inside, "in_there": spot.inside or "here", "place": spot.text, "A": spot.bare}


def toggle(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Toggle something."""
    device = some_device(rng, home, ("light", "switch", "fan", "input_boolean", "media_player"))
    target = named(rng, home, device) if device else None
    if target is None:
        return None
    return draft(
        rng,
        pick(rng, split, "toggle"),
        target.slots,
        call("HassToggle", target.arguments),
        results.done(rng, target, rng.choice(("on", "off"))),
        names_of(target),
    )


_COVER_EXTRA = {
    "blind": "shade",
    "shade": "shade",
    "shutter": "shade",
    "curtain": "curtain",
    "awning": "awning",
    "garage": "shade",
}


def covered(rng: random.Random, home: Home, sets: float = 0.5) -> tuple[Target, str] | None:
    """A cover or valve, or all of a kind in a place, with its device class."""
    if rng.random() < sets:
        classes = [device.device_class for device in home.devices if device.domain == "cover" and device.device_class]
        if classes:
            device_class = rng.choice(classes)
            target = of_set(rng, home, "cover", device_class)
            return (target, device_class) if target else None
        return None
    device = some_device(rng, home, ("cover", "valve") if rng.random() < 0.3 else ("cover",))
    return (named(rng, home, device), device.device_class or device.domain) if device else None


def cover(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Open or close a cover or valve."""
    found = covered(rng, home)
    if found is None:
        return None
    target, device_class = found
    opens = rng.random() < 0.5
    section = "open" if opens else "close"
    extra = f"{section}.{_COVER_EXTRA.get(device_class, device_class)}"
    sections = (extra,) if extra in GRAMMAR.sections and rng.random() < 0.4 else _with_say(section)
    made = call("HassTurnOn" if opens else "HassTurnOff", target.arguments)
    return draft(
        rng,
        pick(rng, split, *sections),
        target.slots,
        made,
        results.done(rng, target, "open" if opens else "closed"),
        names_of(target),
    )


def air(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """It is stuffy: open a window."""
    target = of_set(rng, home, "cover", "window")
    if target is None:
        return None
    spot = somewhere(rng, home, {"here": 1, "none": 2})
    slots = target.slots | (place_slots(spot) if spot else {})
    return draft(
        rng,
        pick(rng, split, "cold.open.say"),
        slots,
        call("HassTurnOn", target.arguments),
        results.done(rng, target, "open"),
        names_of(target),
    )


_SHADES = ("blind", "curtain", "shade", "shutter")


def sun(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """The sun is blinding: close what the room has against it."""
    found = [device for device in home.devices if device.domain == "cover" and device.device_class in _SHADES]
    if not found:
        return None
    opens = rng.random() < 0.4
    device = rng.choice(found)
    device_class = device.device_class or "blind"
    spot = somewhere(rng, home, {"area": 4, "here": 2, "none": 3})
    if spot is None:
        return None
    devices = members(home, "cover", device_class, spot.area)
    if spot.area and (not devices or len({each.device_class for each in members(home, "cover", None, spot.area)}) > 1):
        return None
    if not spot.area and len({each.device_class for each in found}) > 1:
        return None  # nobody could tell whether the blinds or the curtains are meant
    arguments = (spot.arguments or {"area": "here"}) | {"domain": "cover", "device_class": device_class}
    target = Target("", "", arguments, devices if spot.area else devices[:2], True, spot.area or "here", device_class)
    made = call("HassTurnOn" if opens else "HassTurnOff", arguments)
    chosen = pick(rng, split, "sun.open.say" if opens else "sun.close.say")
    return draft(rng, chosen, place_slots(spot), made, results.done(rng, target, "open" if opens else "closed"))


def breeze(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Get the air moving: turn on the fans."""
    spot = somewhere(rng, home, {"area": 6, "here": 2, "none": 2})
    if spot is None:
        return None
    devices = members(home, "fan", None, spot.area)
    if not devices:
        return None
    arguments = (spot.arguments or {"area": "here"}) | {"domain": "fan"}
    target = Target("", "", arguments, devices if spot.area else devices[:1], True, spot.area or "here", "fan")
    return draft(
        rng,
        pick(rng, split, "breeze"),
        place_slots(spot),
        call("HassTurnOn", arguments),
        results.done(rng, target, "on"),
    )


def lock(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Lock or unlock a door."""
    if rng.random() < 0.08:
        every = Target("", "", {"domain": "lock"}, members(home, "lock", None), True, "", "lock")
        return (
            draft(
                rng,
                pick(rng, split, "lock.all"),
                {},
                call("HassTurnOn", every.arguments),
                results.done(rng, every, "locked"),
            )
            if every.devices
            else None
        )
    locks = rng.random() < 0.55
    if rng.random() < 0.35:
        target = of_set(rng, home, "lock", None)
    else:
        device = some_device(rng, home, ("lock",))
        target = named(rng, home, device) if device else None
    if target is None:
        return None
    made = call("HassTurnOn" if locks else "HassTurnOff", target.arguments)
    section = "lock" if locks else "unlock"
    return draft(
        rng,
        pick(rng, split, *_with_say(section)),
        target.slots,
        made,
        results.done(rng, target, f"{section}ed"),
        names_of(target),
    )


def scene(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Run a scene or a script."""
    device = some_device(rng, home, ("scene", "script"))
    if device is None:
        return None
    low = rng.choice((device.name, *device.aliases)).lower()
    section = device.domain
    arguments = {"name": low, "domain": device.domain}
    text = low
    if device.area and rng.random() < 0.12 and not set(device.area.lower().split()).intersection(low.split()):
        arguments["area"] = device.area.lower()
        text = f"{device.area.lower()} {low}"
    chosen = pick(rng, split, *_with_say(section))
    target = Target(low, low, arguments, (device,))
    if section == "scene":
        result = results.done(rng, target, "activated", "was")
    else:
        result = results.done(rng, target, "started", "was")
    return draft(rng, chosen, {"X": text, "x": text}, call("HassTurnOn", arguments), result, (low,))


def button(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Press a button."""
    device = some_device(rng, home, ("button",))
    if device is None:
        return None
    target = named(rng, home, device)
    low = device.name.lower()
    return draft(
        rng,
        pick(rng, split, "button"),
        {"X": low},
        call("HassTurnOn", {"name": low}),
        results.done(rng, target, "pressed", "was"),
        (low,),
    )


def _lit(rng: random.Random, home: Home, sets: float = 0.42) -> tuple[Target, dict[str, str]] | None:
    """A light, the lights of a place, or a place alone ("set the kitchen to 50 percent"), and the arguments without the domain."""
    if rng.random() < sets:
        if rng.random() < 0.4:
            spot = somewhere(rng, home, {"area": 80, "floor": 14, "here": 6})
            if spot is None:
                return None
            found = members(home, "light", None, spot.area, spot.floor)
            if not found and rng.random() < 0.9 and "here" not in spot.arguments.values():
                return None
            where = spot.area or spot.floor or "here"
            return Target(spot.text, spot.bare, spot.arguments, found, False, where, "light"), dict(spot.arguments)
        target = of_set(rng, home, "light", None, ("area", "floor", "here"))
        if target is None:
            return None
        return target, {slot: value for slot, value in target.arguments.items() if slot != "domain"}
    device = some_device(rng, home, ("light",))
    if device is None:
        return None
    target = named(rng, home, device)
    return target, dict(target.arguments)


_LEVELS = {
    "high": ("100", ("max", "maximum", "highest", "full", "brightest", "maximum level", "the top", "full blast")),
    "low": ("1", ("min", "minimum", "lowest", "dimmest", "minimum level", "the bottom", "darkest")),
}


def percent(rng: random.Random) -> str:
    """A percentage: a round one more often than not."""
    return str(
        rng.choice(
            (
                10,
                15,
                20,
                25,
                30,
                35,
                40,
                45,
                50,
                55,
                60,
                65,
                70,
                75,
                80,
                85,
                90,
                95,
                100,
                5,
                rng.randint(0, 100),
                rng.randint(1, 100),
                rng.randint(1, 100),
            )
        )
    )


def brightness(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Dim or brighten lights."""
    pick_of = rng.random()
    if pick_of < 0.07:
        n = percent(rng)
        found = members(home, "light", None)
        if not found:
            return None
        target = Target("", "", {"area": "here"}, found[:2], True, "here", "light")
        return draft(
            rng,
            pick(rng, split, "brightness.here"),
            {"n": n},
            call("HassLightSet", {"area": "here", "brightness": n}),
            results.done(rng, target, f"on, brightness {n} percent"),
        )
    lit = _lit(rng, home)
    if lit is None:
        return None
    target, arguments = lit
    if pick_of < 0.75:
        n = percent(rng)
        chosen = pick(rng, split, *_with_say("brightness"))
        slots = {"n": n, "in_x": f"on {target.text}"}
    else:
        chosen = pick(rng, split, *_with_say("brightness.level"))
        if chosen is None:
            return None
        high = rng.random() < 0.55
        if chosen[0].slots & {"level_low"}:
            high = False
        if chosen[0].slots & {"level_high", "power"}:
            high = True
        n, words_of_it = _LEVELS["high" if high else "low"]
        if "half" in chosen[0].text:
            n = "50"
        word = rng.choice(words_of_it)
        slots = {
            "level": word.removeprefix("the "), "level_low": word, "level_high": word, "bright": rng.choice(("bright", "light") if high else ("dark", "dim")),
            "up": "up" if high else "down", "power": rng.choice(("power", "brightness", "strength", "blast", "light")),
        }  # fmt: skip
        n = n if "half" in chosen[0].text else ("100" if high else "1")
    state = f"on, brightness {n} percent" if n != "0" else "off"
    return draft(
        rng,
        chosen,
        target.slots | slots,
        call("HassLightSet", arguments | {"brightness": n}),
        results.done(rng, target, state),
        names_of(target),
    )


def color(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Give lights a color."""
    lit = _lit(rng, home)
    if lit is None:
        return None
    target, arguments = lit
    word = rng.choice(COLORS)
    return draft(
        rng, pick(rng, split, *_with_say("color")), target.slots | {"color": word}, call("HassLightSet", arguments | {"color": word}),
        results.done(rng, target, f"on, color {word}"), names_of(target),
    )  # fmt: skip


def color_temperature(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Make lights warmer or colder."""
    lit = _lit(rng, home)
    if lit is None:
        return None
    target, arguments = lit
    if rng.random() < 0.5:
        text, kelvin = rng.choice(tuple(COLOR_TEMPERATURES.items()))
    else:
        kelvin = rng.choice(
            (2000, 2200, 2400, 2700, 3000, 3500, 4000, 4500, 5000, 5500, 6000, 6500, rng.randint(15, 90) * 100)
        )
        text = f"{kelvin} {rng.choice(('kelvin', 'kelvin', 'k'))}"
    return draft(
        rng, pick(rng, split, *_with_say("colortemp")), target.slots | {"kelvin": text}, call("HassLightSet", arguments | {"temperature": kelvin}),
        results.done(rng, target, f"on, color temperature {kelvin} kelvin"), names_of(target),
    )  # fmt: skip


def position(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Open a cover or valve part of the way."""
    found = covered(rng, home, 0.4)
    if found is None:
        return None
    target, _ = found
    n = percent(rng)
    if rng.random() < 0.12:
        chosen, n = pick(rng, split, "position.half"), "50"
    else:
        chosen = pick(rng, split, *_with_say("position"))
    state = (
        "closed"
        if n == "0"
        else "open"
        if n == "100"
        else rng.choice((f"{n} percent open", f"open, position {n} percent", f"open, {n} percent open"))
    )
    return draft(
        rng,
        chosen,
        target.slots | {"n": n},
        call("HassSetPosition", target.arguments | {"position": n}),
        results.done(rng, target, state),
        names_of(target),
    )


def fan_speed(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Set the speed of a fan."""
    n = percent(rng)
    if rng.random() < 0.35:
        target = of_set(rng, home, "fan", None, ("area", "floor", "here"))
    else:
        device = some_device(rng, home, ("fan",))
        target = named(rng, home, device) if device else None
    if target is None:
        return None
    arguments = {slot: value for slot, value in target.arguments.items() if slot != "domain"} | {"percentage": n}
    return draft(
        rng,
        pick(rng, split, *_with_say("fan.speed")),
        target.slots | {"n": n},
        call("HassFanSetSpeed", arguments),
        results.done(rng, target, f"on, speed {n} percent"),
        names_of(target),
    )


def degrees(rng: random.Random) -> str:
    """A temperature to set."""
    return str(
        rng.choice(
            (
                16,
                17,
                18,
                19,
                20,
                21,
                22,
                23,
                24,
                25,
                26,
                18.5,
                19.5,
                20.5,
                21.5,
                22.5,
                rng.randint(5, 35),
                rng.randint(50, 90),
                rng.choice((30, 0, 100, 200, 500)),
                rng.randint(10, 60) / 2,
            )
        )
    ).removesuffix(".0")


def climate(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Set a temperature."""
    t = degrees(rng)
    state = f"set to {t} {rng.choice(('°C', 'degrees', '°F', 'degrees'))}"
    pick_of = rng.random()
    if pick_of < 0.45:
        device = some_device(rng, home, ("climate",))
        if device is None:
            return None
        target = named(rng, home, device)
        chosen = pick(rng, split, *_with_say("climate.set"))
        return draft(
            rng,
            chosen,
            target.slots | {"t": t},
            call("HassClimateSetTemperature", target.arguments | {"temperature": t}),
            results.done(rng, target, state),
            names_of(target),
        )
    thermostats = members(home, "climate", None)
    if pick_of < 0.65:
        target = Target("", "", {}, thermostats[:1], noun="thermostat")
        return draft(
            rng,
            pick(rng, split, *_with_say("climate.set.bare")),
            {"t": t},
            call("HassClimateSetTemperature", {"temperature": t}),
            results.done(rng, target, state),
        )
    spot = somewhere(rng, home, {"area": 72, "floor": 16, "here": 12})
    if spot is None:
        return None
    found = members(home, "climate", None, spot.area, spot.floor) if spot.area or spot.floor else thermostats[:1]
    if not found and rng.random() < 0.6:
        return None
    target = Target("", "", spot.arguments, found[:1], False, spot.area or spot.floor or "", "thermostat")
    return draft(
        rng, pick(rng, split, *_with_say("climate.set.place")), place_slots(spot) | {"t": t},
        call("HassClimateSetTemperature", spot.arguments | {"temperature": t}), results.done(rng, target, state),
    )  # fmt: skip


def vacuum(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Start a vacuum cleaner, send it home, or have a place cleaned."""
    if rng.random() < 0.4:
        spot = somewhere(rng, home, {"area": 65, "floor": 25, "here": 10})
        if spot is None:
            return None
        robots = members(home, "vacuum", None)[:1]
        target = Target("", "", spot.arguments, robots, noun="vacuum cleaner")
        return draft(
            rng,
            pick(rng, split, *_with_say("vacuum.place")),
            place_slots(spot),
            call("HassVacuumStart", spot.arguments),
            results.done(rng, target, "cleaning"),
        )
    device = some_device(rng, home, ("vacuum", "lawn_mower"))
    if device is None:
        return None
    target = named(rng, home, device)
    starts = rng.random() < 0.5
    if device.domain == "lawn_mower":
        made = call("HassTurnOn" if starts else "HassTurnOff", target.arguments)
        return draft(
            rng,
            pick(rng, split, "mower.start" if starts else "mower.dock"),
            target.slots,
            made,
            results.done(rng, target, "mowing" if starts else "docked"),
            names_of(target),
        )
    made = call("HassVacuumStart" if starts else "HassVacuumReturnToBase", target.arguments)
    section = "vacuum.start" if starts else "vacuum.dock"
    return draft(
        rng,
        pick(rng, split, *_with_say(section)),
        target.slots,
        made,
        results.done(rng, target, "cleaning" if starts else "returning"),
        names_of(target),
    )


def everything(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Turn off everything in a place, or in the house."""
    spot = somewhere(rng, home, {"area": 60, "floor": 15, "here": 10, "all": 15})
    if spot is None:
        return None
    found = tuple(
        device for device in home.devices
        if device.domain in ("light", "switch", "fan", "media_player")
        and (not spot.area or device.area == spot.area) and (not spot.floor or device.floor == spot.floor)
    )  # fmt: skip
    if not found:
        return None
    arguments = spot.arguments or {"name": "all"}
    target = Target("", "", arguments, found, True, spot.area or spot.floor or "", "device")
    return draft(
        rng,
        pick(rng, split, *_with_say("everything.off")),
        place_slots(spot),
        call("HassTurnOff", arguments),
        results.done(rng, target, "off"),
    )


ACTS: dict[Callable[[random.Random, Home, Split], Draft | None], float] = {
    turn: 40, lights_of_place: 10, toggle: 2, cover: 13, air: 0.4, sun: 0.8, breeze: 0.5, lock: 7, scene: 6, button: 1, brightness: 10, color: 5, color_temperature: 2.5,
    position: 5, fan_speed: 3, climate: 6, vacuum: 4, everything: 1.2,
}  # fmt: skip


def act(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Some command to devices."""
    return unless_named(home, rng.choices(tuple(ACTS), tuple(ACTS.values()))[0](rng, home, split))


# Players


def _on(rng: random.Random, home: Home) -> tuple[str, dict[str, str], HomeDevice | None]:
    """On what or where: by name, by room, or nothing said."""
    pick_of = rng.random()
    players = members(home, "media_player", None)
    if pick_of < 0.45:
        return "", {}, rng.choice(players) if players else None
    if pick_of < 0.72 and players:
        target = named(rng, home, rng.choice(players))
        return f"{rng.choice(('on', 'on', 'on', 'for', 'from'))} {target.text}", target.arguments, target.devices[0]
    spot = somewhere(rng, home, {"area": 90, "here": 10})
    if spot is None:
        return "", {}, rng.choice(players) if players else None
    found = members(home, "media_player", None, spot.area) if spot.area else players
    return spot.inside, spot.arguments, found[0] if found else None


_MEDIA = {
    "media.pause": ("HassMediaPause", "paused"), "media.unpause": ("HassMediaUnpause", "playing"), "media.next": ("HassMediaNext", "playing"),
    "media.previous": ("HassMediaPrevious", "playing"), "mute": ("HassMediaPlayerMute", "muted"), "unmute": ("HassMediaPlayerUnmute", "not muted"),
    "volume.set": ("HassSetVolume", "at volume {n} percent"), "volume.up": ("HassSetVolumeRelative", "at volume {m} percent"),
    "volume.down": ("HassSetVolumeRelative", "at volume {m} percent"), "volume.step.up": ("HassSetVolumeRelative", "at volume {m} percent"),
    "volume.step.down": ("HassSetVolumeRelative", "at volume {m} percent"), "play": ("HassMediaSearchAndPlay", "playing {q}"),
    "play.class": ("HassMediaSearchAndPlay", "playing {q}"), "play.watch": ("HassMediaSearchAndPlay", "playing {q}"), "loud": ("HassSetVolumeRelative", "at volume {m} percent"),
    "quiet": ("HassSetVolumeRelative", "at volume {m} percent"), "loud.x": ("HassSetVolumeRelative", "at volume {m} percent"),
}  # fmt: skip
_MEDIA_WEIGHTS = {
    "media.pause": 12, "media.unpause": 9, "media.next": 11, "media.previous": 9, "mute": 5, "unmute": 4, "volume.set": 12, "volume.up": 7, "volume.down": 7,
    "volume.step.up": 3, "volume.step.down": 3, "play": 12, "play.class": 7, "play.watch": 3, "loud": 1.5, "quiet": 1.5, "loud.x": 0.7,
}  # fmt: skip
_CLASSES = {
    "artist": ("artist", "band", "singer"), "album": ("album", "record"), "track": ("song", "track", "tune"), "playlist": ("playlist",), "podcast": ("podcast",),
}  # fmt: skip
_VIDEOS = {"movie": ("movie", "film"), "tv_show": ("tv show", "show", "series", "tv series"), "video": ("video",)}


def media(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Something about what plays."""
    section = rng.choices(tuple(_MEDIA_WEIGHTS), tuple(_MEDIA_WEIGHTS.values()))[0]
    tool, state = _MEDIA[section]
    chosen = pick(rng, split, section, f"{section}.say", f"{section}.name", f"{section}.bare")
    if chosen is None:
        return None
    players = members(home, "media_player", None)
    text, arguments, player = _on(rng, home)
    n, m = percent(rng), percent(rng)
    slots = {"n": n, "on": text, "p": "", "onp": "", "x": "", "in": "", "q": "", "class": "", "video": ""}
    template_slots = chosen[0].slots
    arguments = dict(arguments)
    if template_slots & {"p", "x", "onp"}:
        if not players:
            return None
        target = named(rng, home, rng.choice(players))
        slots |= {"p": target.text, "x": target.text, "onp": f"{rng.choice(('on', 'of', 'for'))} {target.text}"}
        arguments, player = dict(target.arguments), target.devices[0]
        slots["on"] = ""
    elif "in" in template_slots:
        spot = somewhere(rng, home, {"area": 60, "here": 40})
        if spot is None:
            return None
        slots["in"], arguments = spot.inside, dict(spot.arguments)
        found = members(home, "media_player", None, spot.area) if spot.area else players
        player = found[0] if found else None
    elif "on" not in template_slots:
        arguments = {}
        player = players[0] if players else None
    if "floor" in arguments:
        return None  # these tools know no floors
    names = (arguments["name"],) if "name" in arguments else ()
    if tool == "HassSetVolume":
        arguments["volume_level"] = n
    elif tool == "HassSetVolumeRelative":
        step = {"volume.step.up": n, "volume.step.down": f"-{n}"}.get(section)
        arguments["volume_step"] = step or ("up" if section in ("volume.up", "quiet") else "down")
        if n == "0":
            return None
    elif tool == "HassMediaSearchAndPlay":
        slots["q"] = things.music(rng, split) if section == "play" else things.work(rng, split)
        if section == "play.class":
            media_class, spoken = rng.choice(tuple(_CLASSES.items()))
            slots["class"] = rng.choice(spoken)
            arguments["media_class"] = media_class
        elif section == "play.watch":
            media_class, spoken = rng.choice(tuple(_VIDEOS.items()))
            slots["video"] = rng.choice(spoken)
            arguments["media_class"] = media_class
        arguments["search_query"] = slots["q"]
    if player is None:
        result = Result(
            False, rng.choice(("There is no player at home", "There is no player here", "Nothing is playing"))
        )
    elif rng.random() < results.FAILURES:
        result = Result(
            False,
            rng.choice(
                (
                    f"{player.name} is off",
                    f"{player.name} did not answer",
                    f"The volume of {player.name} cannot be set",
                    f"{player.name} cannot search for media",
                )
            ),
        )
    else:
        result = Result(True, f"{player.name} is {state.format(n=n, m=m, q=slots['q'])}")
    return draft(rng, chosen, slots, call(tool, arguments), result, names)
