# SPDX-License-Identifier: Apache-2.0
"""Commands and the calls they ask for: each function makes one kind of them, or None where the home has nothing for it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tools.home_model import results
from tools.home_model.calls import Draft, call
from tools.home_model.drafts import covered, draft, names_of, pick, place_slots, some_device, unless_named, with_say
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home
from tools.home_model.levels import brightness, climate, color, color_temperature, fan_speed, position
from tools.home_model.targets import Target, called_plainly, members, named, of_set, somewhere

SWITCHED = ("light", "switch", "fan", "media_player", "climate", "input_boolean", "humidifier", "water_heater")


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
    sections = with_say(section, f"{section}.light") if is_light and rng.random() < 0.35 else with_say(section)
    chosen = pick(rng, split, *sections)
    if not on and chosen and _is_player(target) and chosen[0].text.startswith(_STOPS):
        return None  # "stop the tv" pauses it
    made = call("HassTurnOn" if on else "HassTurnOff", target.arguments)
    return draft(rng, chosen, target.slots, made, results.done(rng, target, section), names_of(target))


_STOPS = ("stop", "halt", "end", "quit", "cut {x}")


def _is_player(target: Target) -> bool:
    return bool(target.devices) and target.devices[0].domain == "media_player"


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
    chosen = pick(rng, split, *with_say(section))
    if chosen is None:
        return None
    if not spot.inside and "place" in chosen[0].slots:
        return None
    text = GRAMMAR.say(rng, chosen[0].node, place_slots(spot))
    if not (spot.area or spot.floor) and called_plainly(home, text):
        return None
    arguments = spot.arguments | {"domain": "light"}
    if not spot.inside and not re.search(r"\ball\b", text):  # "the lights" are those here, "all the lights" are all
        arguments |= {"area": "here"}
    where = spot.area or spot.floor or arguments.get("area", "")
    target = Target(spot.text, spot.bare, arguments, found, True, where, "light")
    made = call("HassTurnOn" if on else "HassTurnOff", arguments)
    return Draft(text, chosen[1], (made,), (results.done(rng, target, "on" if on else "off"),), chosen[0].text)


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


def cover(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Open or close a cover or valve."""
    found = covered(rng, home)
    if found is None:
        return None
    target, device_class = found
    opens = rng.random() < 0.5
    section = "open" if opens else "close"
    extra = f"{section}.{_COVER_EXTRA.get(device_class, device_class)}"
    sections = (extra,) if extra in GRAMMAR.sections and rng.random() < 0.4 else with_say(section)
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
        pick(rng, split, *with_say("breeze")),
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
        pick(rng, split, *with_say(section)),
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
    chosen = pick(rng, split, *with_say(section))
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
            pick(rng, split, *with_say("vacuum.place")),
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
        pick(rng, split, *with_say(section)),
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
        pick(rng, split, *with_say("everything.off")),
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
