# SPDX-License-Identifier: Apache-2.0
"""What tools answer: plain facts in many forms, for the model to repeat and never to invent."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tools.home_model.calls import Result
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.kinds import MEASURES, NOTICES
from tools.home_model.targets import Target

FAILURES = 0.08


def at(where: str) -> str:
    """Where, as the registry says it: "in the Kitchen", "on the First Floor"."""
    low = where.lower()
    if low in ("", "here"):
        return ""
    if low in ("outside", "inside", "upstairs", "downstairs"):
        return f" {low}"
    return f" {'on' if 'floor' in low else 'in'} the {where}"


def listing(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_PLURALS = {"switch": "switches", "battery": "batteries", "thermostat": "thermostats"}


def _nouns(target: Target) -> str:
    noun = target.noun
    return noun if noun.endswith("s") else _PLURALS.get(noun, f"{noun}s")


def _singular(noun: str) -> str:
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    return noun.removesuffix("es") if noun == "switches" else noun.removesuffix("s")


def done(rng: random.Random, target: Target, state: str, was: str = "is") -> Result:
    """The fact that one or several devices are now in a state, or why not."""
    devices = target.devices
    if not devices:
        return Result(False, f"There is no {_singular(target.noun)}{at(target.where)}")
    if rng.random() < FAILURES:
        return failure(rng, devices, state)
    if len(devices) == 1:
        name = devices[0].name
        if was != "is":
            return Result(True, f"{name} {was} {state}")
        pick = rng.random()
        if pick < 0.86:
            return Result(True, f"{name} is {state}")
        return Result(
            True,
            rng.choice(
                (f"{name} is now {state}", f"{name}{at(devices[0].area or '')} is {state}", f"the {name} is {state}")
            ),
        )
    nouns = _nouns(target)
    if len({device.domain for device in devices}) > 1:
        nouns = "devices"
    where = at(target.where)
    if target.where == "here" and devices[0].area:
        where = at(devices[0].area)
    pick = rng.random()
    if pick < 0.7:
        return Result(True, f"{len(devices)} {nouns}{where} are {state}")
    if pick < 0.8:
        return Result(True, f"All {len(devices)} {nouns}{where} are {state}")
    if pick < 0.9 and len(devices) <= 4:
        return Result(True, f"{listing([device.name for device in devices])} are {state}")
    silent = rng.choice(devices).name
    return Result(True, f"{len(devices) - 1} {nouns}{where} are {state}, but {silent} did not answer")


def failure(rng: random.Random, devices: Sequence[HomeDevice], state: str = "") -> Result:
    """A device that did not do what was asked."""
    name = rng.choice(devices).name
    before = rng.choice(("off", "on", "closed", "open", "locked", "unlocked"))
    other = rng.choice(devices).name
    options = [
        f"{name} did not answer", f"{name} did not answer and is still {before}", f"{name} is not available", f"{name} is {before} instead", f"{name} is unavailable",
        f"{name} did not answer", f"{name} cannot be switched", f"{name} was not reached",
    ]  # fmt: skip
    if other != name:
        options.append(f"Which one do you mean, {name} or {other}?")
        options.append(f"{name} and {other} did not answer")
    if "percent" in state:
        options += [f"{name} cannot be dimmed", f"{name} can only be opened or closed", f"{name} has no speeds"]
    if "color" in state:
        options += [f"{name} cannot change its color", f"{name} cannot change its color temperature"]
    if "degrees" in state or "°" in state:
        options.append(f"{name} can be set from {rng.randint(5, 10)} to {rng.randint(26, 35)} °C")
    return Result(False, rng.choice(options))


_STATES: dict[str, tuple[str, ...]] = {
    "light": ("on", "off", "on, brightness {n} percent", "on, brightness {n} percent, color {color}"),
    "switch": ("on", "off"),
    "fan": ("on", "off", "on, speed {n} percent"),
    "cover": ("open", "closed", "opening", "open, position {n} percent", "open, {n} percent open"),
    "valve": ("open", "closed"),
    "lock": ("locked", "unlocked", "jammed"),
    "climate": (
        "off",
        "heat, set to {t} °C, now {u} °C",
        "cool, set to {t} °C",
        "set to {t} degrees",
        "auto, now {u} °C",
    ),
    "media_player": ("off", "idle", "paused", "playing", "playing {song}", "on, volume {n} percent"),
    "vacuum": ("cleaning", "docked", "idle", "returning", "paused"),
    "person": ("at home", "away", "at work", "at school"),
    "scene": ("activated",),
    "script": ("running", "not running"),
    "todo": ("empty", "milk and bread"),
    "weather": ("sunny", "rainy", "cloudy", "snowy"),
}


def state_of(rng: random.Random, device: HomeDevice) -> str:
    """Some state that the device could be in, in words."""
    if device.domain == "sensor" and device.device_class:
        return value_of(rng, device.device_class)
    if device.domain == "binary_sensor" and device.device_class:
        notice = NOTICES[device.device_class]
        return rng.choice((notice.on[0], notice.off[0]))
    text = rng.choice(_STATES.get(device.domain, ("on", "off")))
    t = rng.choice((18, 19, 20, 20.5, 21, 21.5, 22, 23, 24))
    return text.format(
        n=rng.randint(1, 100),
        t=t,
        u=round(t + rng.uniform(-3, 3), 1),
        color=rng.choice(("red", "blue", "green")),
        song=rng.choice(("Jazz", "News", "a podcast")),
    )


def value_of(rng: random.Random, device_class: str) -> str:
    """A sensor's value with its unit."""
    measure = MEASURES[device_class]
    if device_class == "date":
        return f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    if device_class == "timestamp":
        return f"{rng.randint(0, 23)}:{rng.randint(0, 59):02}"
    value = rng.uniform(measure.low, measure.high)
    text = f"{value:.1f}" if measure.high < 100 and rng.random() < 0.6 else f"{value:.0f}"
    return f"{text} {measure.unit}".strip()


def told(rng: random.Random, device: HomeDevice) -> Result:
    """The state of one device."""
    if rng.random() < FAILURES / 2:
        return Result(False, f"{device.name} is not available")
    return Result(True, f"{device.name} is {state_of(rng, device)}")


def yes_or_no(rng: random.Random, device: HomeDevice, asked: str, opposite: str) -> Result:
    """The answer to whether a device is in the state that was asked for: yes, or no and what it is instead."""
    if rng.random() < FAILURES / 2:
        return Result(False, f"{device.name} is not available")
    true = rng.random() < 0.5
    return Result(
        True,
        f"{'Yes' if true else 'No'}, {'the ' if rng.random() < 0.15 else ''}{device.name} is {asked if true else opposite}",
    )


def counted(rng: random.Random, devices: Sequence[HomeDevice], nouns: str, state: str, where: str) -> Result:
    """How many of several are in a state, and which."""
    one = _singular(nouns)
    if not devices:
        return Result(False, f"There is no {one}{at(where)}")
    true = [device.name for device in devices if rng.random() < 0.4]
    pick = rng.random()
    if not true:
        return Result(True, rng.choice((f"No {nouns}{at(where)} are {state}", f"no {one}{at(where)} is {state}")))
    if len(true) == len(devices) and len(true) > 1 and pick < 0.8:
        return Result(True, f"All {len(true)} {nouns}{at(where)} are {state}")
    if len(true) == 1:
        return Result(True, rng.choice((f"1 {one}{at(where)} is {state}: {true[0]}", f"{true[0]} is {state}")))
    text = f"{len(true)} {nouns}{at(where)} are {state}: {listing(true[:5])}"
    missing = [device.name for device in devices if device.name not in true]
    if missing and len(missing) <= 2 and pick < 0.4:
        text += f", but {listing(missing)} {'is' if len(missing) == 1 else 'are'} not"
    return Result(True, text)


def temperature(rng: random.Random, home: Home, where: str, name: str | None = None) -> Result:
    """The temperature of a room or as a device measures it."""
    degrees = f"{rng.choice((rng.randint(14, 27), round(rng.uniform(14, 27), 1)))} {rng.choice(('°C', 'degrees', 'degrees', '°C'))}"
    if rng.random() < FAILURES / 2:
        return Result(False, f"I know of no thermometer{at(where) or ' at home'}")
    if name:
        return Result(True, rng.choice((f"{name} measures {degrees}", f"{name} is {degrees}")))
    if where:
        return Result(
            True, rng.choice((f"It is {degrees}{at(where)}", f"{where} is {degrees}", f"It is {degrees}{at(where)}"))
        )
    spot = rng.choice(home.areas) if home.areas else "Hall"
    if rng.random() < 0.1:
        return Result(False, "Which room do you mean?")
    return Result(True, rng.choice((f"It is {degrees}{at(spot)}", f"It is {degrees}", f"{spot} is {degrees}")))
