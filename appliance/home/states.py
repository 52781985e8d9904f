# SPDX-License-Identifier: Apache-2.0
"""States as words: what a device's state is called when spoken, and which states a spoken word means."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from appliance.home.naming import be, degrees, listing
from appliance.home.registry import UNAVAILABLE, Device

UNKNOWN = "unknown"
_LONGEST = 100  # a device may report a page of text; nobody wants to hear it
_MOVING = ("open", "closed", "opening", "closing")

# The states of the kinds of device that have a fixed set of them. https://developers.home-assistant.io/docs/core/entity
STATES: dict[str, tuple[str, ...]] = {
    "light": ("on", "off"),
    "switch": ("on", "off"),
    "fan": ("on", "off"),
    "cover": _MOVING,
    "valve": _MOVING,
    "lock": ("locked", "unlocked", "locking", "unlocking", "jammed"),
    "climate": ("off", "heat", "cool", "heat_cool", "auto", "dry", "fan_only"),
    "media_player": ("off", "standby", "on", "idle", "playing", "paused", "buffering"),
    "vacuum": ("cleaning", "docked", "idle", "paused", "returning", "error"),
    "binary_sensor": ("on", "off"),
}

_BINARY: dict[str | None, tuple[str, str]] = {
    "battery": ("low", "not low"),
    "battery_charging": ("charging", "not charging"),
    "cold": ("cold", "not cold"),
    "connectivity": ("connected", "disconnected"),
    "door": ("open", "closed"),
    "garage_door": ("open", "closed"),
    "heat": ("hot", "not hot"),
    "lock": ("unlocked", "locked"),
    "moisture": ("wet", "dry"),
    "moving": ("moving", "not moving"),
    "occupancy": ("occupied", "not occupied"),
    "opening": ("open", "closed"),
    "plug": ("plugged in", "unplugged"),
    "power": ("powered", "without power"),
    "presence": ("home", "away"),
    "problem": ("reporting a problem", "fine"),
    "running": ("running", "not running"),
    "safety": ("unsafe", "safe"),
    "tamper": ("tampered with", "not tampered with"),
    "update": ("out of date", "up to date"),
    "vibration": ("vibrating", "not vibrating"),
    "window": ("open", "closed"),
}
_DETECTORS = ("carbon_monoxide", "gas", "light", "motion", "smoke", "sound")

# Words that people and models use for a state, beside the state's own: the states for which they are true.
_MEANINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "cover": {"open": ("open", "opening", "closing"), "on": ("open", "opening", "closing"), "off": ("closed",)},
    "valve": {"open": ("open", "opening", "closing"), "on": ("open", "opening", "closing"), "off": ("closed",)},
    "lock": {"on": ("locked",), "off": ("unlocked",), "unlocked": ("unlocked", "unlocking", "locking", "jammed")},
    "climate": {"on": STATES["climate"][1:]},
    "media_player": {"on": STATES["media_player"][2:], "off": ("off", "standby")},
    "vacuum": {"on": ("cleaning",), "running": ("cleaning",), "off": ("docked", "idle", "paused"), "home": ("docked",)},
    "person": {"home": ("home",), "at home": ("home",), "away": ("not_home",), "not home": ("not_home",)},
}

_CLIMATE = {
    "heat": "in heating mode",
    "cool": "in cooling mode",
    "heat_cool": "in heating and cooling mode",
    "auto": "in automatic mode",
    "dry": "in drying mode",
    "fan_only": "in fan mode",
}
_WEATHER = {
    "clear-night": "clear",
    "fog": "foggy",
    "hail": "hailing",
    "lightning": "stormy",
    "lightning-rainy": "stormy and rainy",
    "partlycloudy": "partly cloudy",
    "pouring": "pouring",
    "snowy-rainy": "sleeting",
    "windy-variant": "windy and cloudy",
}

_NOUNS = {
    "binary_sensor": "sensor",
    "climate": "thermostat",
    "media_player": "player",
    "person": "person",
    "todo": "list",
    "vacuum": "vacuum cleaner",
    "weather": "weather report",
    "garage": "garage door",
    "garage_door": "garage door",
    "tv": "TV",
}
_SELF_NAMED = (
    *("awning", "battery", "blind", "curtain", "damper", "door", "gate", "outlet", "receiver", "shade", "shutter"),
    *("speaker", "switch", "window"),
)


def binary_words(device_class: str | None) -> tuple[str, str]:
    """Return what on and off of a binary sensor mean."""
    if device_class in _DETECTORS:
        thing = device_class.replace("_", " ")
        return (f"detecting {thing}", f"not detecting {thing}")
    return _BINARY.get(device_class, ("on", "off"))


def state_words(device: Device) -> str:
    """Return the state alone, fit to follow "is": "on", "locked", "detecting motion", "21.5 °C", "playing Jazz"."""
    return " ".join(_state_words(device).split())[:_LONGEST]


def _state_words(device: Device) -> str:
    if device.state == UNAVAILABLE:
        return "not available"
    if device.state == UNKNOWN:
        return "not activated" if device.domain == "scene" else "in an unknown state"
    if device.domain == "binary_sensor" and device.state in STATES["binary_sensor"]:
        return binary_words(device.device_class)[device.state == "off"]
    if device.domain == "person":
        return {"home": "at home", "not_home": "away"}.get(device.state, f"at {device.state}")
    if device.domain == "script":
        return "running" if device.state == "on" else "not running"
    if device.domain == "scene":
        return "activated"
    if device.domain == "climate":
        return _CLIMATE.get(device.state, device.state)
    if (
        device.domain in ("cover", "valve")
        and device.state == "open"
        and 0 < device.attributes.get("position", 0) < 100
    ):
        return f"{device.attributes['position']} percent open"
    if device.domain == "weather":
        return _WEATHER.get(device.state, device.state)
    if device.domain == "todo":
        return listing(device.attributes.get("items", ())) or "empty"
    title = device.attributes.get("media_title")
    if device.domain == "media_player" and device.state in ("playing", "paused") and title:
        return f"playing {title}" if device.state == "playing" else f"paused at {title}"
    if device.domain == "sensor" and device.unit:
        return f"{device.state} {device.unit}"
    return device.state.replace("_", " ")


def details(device: Device) -> str:
    """Return the state with all that belongs to it: "on, brightness 40 percent", "off, now 19.5 °C"."""
    if not device.available or device.state == UNKNOWN:
        return state_words(device)
    parts = [state_words(device), *(text for text in (setting(device, name) for name in _SETTINGS) if text)]
    return ", ".join(parts)


def sentence(device: Device, words: str) -> str:
    """Return what is true of one device as a sentence: "Bedroom Lamp is on"."""
    verb = be(device.name)
    if device.domain == "todo" and device.attributes.get("items"):
        verb = "has"
    elif words in ("activated", "started"):
        verb = "was"
    return f"{device.name} {verb} {words}"


_SETTINGS = (
    *("brightness", "color", "color_temperature", "percentage", "temperature", "current_temperature"),
    *("volume_level", "muted"),
)


def setting(device: Device, name: str) -> str | None:
    """Return one attribute in words ("brightness 40 percent"), or None where it does not apply now."""
    value = device.attributes.get(name)
    idle = device.state == "off"
    if value is None or (idle and name not in ("temperature", "current_temperature")):
        return None
    if name == "muted":
        return "muted" if value else None
    warmth = degrees(value, device.unit)
    return {
        "brightness": f"brightness {value} percent",
        "color": f"color {value}",
        "color_temperature": f"color temperature {value} kelvin",
        "percentage": f"speed {value} percent",
        "temperature": warmth if device.domain == "weather" else f"set to {warmth}",
        "current_temperature": f"now {warmth}",
        "volume_level": f"volume {value} percent",
    }[name]


def means(device: Device, asked: str) -> bool | None:
    """Say whether `asked` ("on", "locked", "wet") is true of the device; None if its kind has no such state."""
    word = asked.strip().casefold().replace("_", " ")
    if device.domain == "binary_sensor":
        on, off = binary_words(device.device_class)
        if word in ("on", on, "detected", "triggered", "active"):
            return device.state == "on"
        return device.state == "off" if word in ("off", off, "clear", "not detected") else None
    states = _MEANINGS.get(device.domain, {}).get(word)
    if states is None:
        own = word.replace(" ", "_")
        fixed = STATES.get(device.domain)
        if fixed is not None and own not in fixed:
            return None
        return own == device.state.casefold().replace(" ", "_")
    return device.state in states


def noun(domain: str | None, device_class: str | None, count: int = 1) -> str:
    """Return what such devices are called: "light", "lights", "garage door", "motion sensors"."""
    if device_class in _NOUNS or device_class in _SELF_NAMED:
        one = _NOUNS.get(device_class, device_class)
    elif device_class and domain in ("sensor", "binary_sensor", None):
        one = f"{device_class.replace('_', ' ')} sensor"
    else:
        one = _NOUNS.get(domain, domain) if domain else "device"
    if count == 1:
        return one
    if one == "person":
        return "people"
    if one.endswith("y"):
        return one[:-1] + "ies"
    return one + ("es" if one.endswith(("ch", "sh")) else "s")


def kind_of(devices: Sequence[Device]) -> tuple[str | None, str | None]:
    """Return the domain and device class that all the devices share, each None if they differ."""
    domains = {device.domain for device in devices}
    classes = {device.device_class for device in devices}
    if len(domains) > 1:
        return None, None
    return domains.pop(), classes.pop() if len(classes) == 1 else None


def together(devices: Sequence[Device], words: Callable[[Device], str]) -> list[str]:
    """Tell each device's `words` as a clause, those with the same words at once: "3 lights in the Kitchen are on"."""
    groups: dict[str, list[Device]] = {}
    for device in devices:
        groups.setdefault(words(device), []).append(device)
    return [_clause(group, told) for told, group in groups.items()]


def _clause(group: Sequence[Device], words: str) -> str:
    if len(group) == 1:
        return sentence(group[0], words)
    areas = {device.area for device in group}
    area = areas.pop() if len(areas) == 1 else None
    return f"{len(group)} {noun(*kind_of(group), len(group))}{f' {place(area)}' if area else ''} are {words}"


def place(name: str) -> str:
    """Return where a room or floor is, as said: "in the Kitchen", "outside", "on the Ground Floor"."""
    if name.casefold() in ("outside", "inside", "upstairs", "downstairs"):
        return name.casefold()
    return f"{'on' if 'floor' in name.casefold() else 'in'} the {name}"


def labels(devices: Sequence[Device]) -> list[str]:
    """Return the devices' names, with the room where two share a name."""
    names = [device.name for device in devices]
    return [
        f"{device.name} {place(device.area)}" if names.count(device.name) > 1 and device.area else device.name
        for device in devices
    ]


def which(devices: Sequence[Device]) -> str:
    """Return the question that lets a person choose."""
    return f"Which one do you mean, {listing(labels(devices), 'or')}?"
