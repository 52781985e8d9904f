# SPDX-License-Identifier: Apache-2.0
"""Questions about the home, answered from what devices last reported; nothing is changed by them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from appliance.home.errors import Ambiguous, NotFound, ToolInputError
from appliance.home.naming import degrees, listing, words
from appliance.home.places import Place, find_place
from appliance.home.registry import Device, Registry
from appliance.home.resolver import resolve
from appliance.home.states import (
    binary_words,
    details,
    kind_of,
    labels,
    means,
    noun,
    place,
    sentence,
    setting,
    state_words,
    together,
)
from appliance.home.timer_tools import clock_time
from appliance.home.tools import ToolCall

_THERMOMETERS = ("climate", "sensor", "weather")


def get_state(registry: Registry, call: ToolCall, context_area: str | None) -> str:
    """Answer HassGetState: what state a device is in, or how many and which of several are in the state asked for."""
    slots = call.arguments
    if not set(slots) - {"state"}:
        raise ToolInputError("What do you want to know about?")
    devices = resolve(registry, slots, context_area, acting=False)
    asked = slots.get("state")
    # "Is the front door open?" is for its contact to answer, not for the lock of the same name.
    knowing = [device for device in devices if asked and means(device, asked) is not None]
    if not asked or not knowing:
        return _tell(devices)
    if len(knowing) == 1 and knowing[0].available:
        answer = "Yes" if means(knowing[0], asked) else "No"
        told = sentence(knowing[0], state_words(knowing[0]))
        return f"{answer}, {told}" if "name" in slots else told
    where = find_place(registry, slots.get("area"), slots.get("floor"), context_area)
    return _count(knowing, asked, where)


def _tell(devices: Sequence[Device]) -> str:
    if len(devices) == 1:
        return sentence(devices[0], details(devices[0]))
    return listing(together(devices, state_words))


def _count(devices: Sequence[Device], asked: str, where: Place) -> str:
    """Tell how many and which, so that it answers "are any", "are all", "how many" and "which" alike."""
    known = [device for device in devices if device.available]
    true = [device for device in known if means(device, asked)]
    false = [device for device in known if device not in true]
    kinds, at = noun(*kind_of(devices), 2), "" if where.everywhere else f" {where}"
    if not true:
        answer = f"No {kinds}{at} are {_word(devices[0], asked)}"
    elif not false:
        answer = f"All {len(true)} {kinds}{at} are {_word(true[0], asked)}"
    else:
        are = "are" if len(true) > 1 else "is"
        kind = noun(*kind_of(devices), len(true))
        answer = f"{len(true)} {kind}{at} {are} {_word(true[0], asked)}: {listing(labels(true))}"
        # Whoever asks whether all is locked must hear of the one that is not.
        if len(false) <= 2 and (len(false) < len(true) or devices[0].domain == "lock"):
            answer += f", but {listing(labels(false))} {'is' if len(false) == 1 else 'are'} not"
    missing = [device for device in devices if not device.available]
    if missing:
        answer += f", and {listing(labels(missing))} {'is' if len(missing) == 1 else 'are'} not available"
    return answer


def _word(device: Device, asked: str) -> str:
    if device.domain == "binary_sensor":
        on, off = binary_words(device.device_class)
        return on if means(device, asked) == (device.state == "on") else off
    return asked.replace("_", " ")


def get_temperature(registry: Registry, call: ToolCall, context_area: str | None) -> str:
    """Answer HassClimateGetTemperature from thermostats, or else from thermometers, of the room or of that name."""
    slots = dict(call.arguments)
    if "name" in slots:
        named = resolve(registry, slots, context_area, domains=_THERMOMETERS, acting=False)
        return listing([_reading(device) for device in named])
    if not slots:
        everywhere = _thermometers(registry, Place())
        here = _thermometers(registry, Place(area=context_area)) if context_area else []
        if not here and len(everywhere) > 1:
            raise Ambiguous("Which room do you mean?", everywhere)
        where, found = Place(area=context_area if here else None), here or everywhere
    else:
        where = find_place(registry, slots.get("area"), slots.get("floor"), context_area)
        found = _thermometers(registry, where)
    if not found:
        raise NotFound(f"I know of no thermometer {where}")
    if len(found) == 1 and found[0].area and _of_the_room(found[0]):
        return f"It is {_degrees(found[0])} {place(found[0].area)}"
    return listing([_reading(device) for device in found])


def _thermometers(registry: Registry, where: Place) -> list[Device]:
    there = [device for device in registry.devices if where.holds(device) and device.available]
    thermostats = [device for device in there if device.domain == "climate" and _degrees(device)]
    sensors = [device for device in there if device.domain == "sensor" and _degrees(device)]
    return thermostats or [device for device in sensors if _of_the_room(device)] or sensors


def _of_the_room(device: Device) -> bool:
    """Whether it measures the air of its room; a Fridge Temperature in the kitchen does not."""
    said = set(words(device.name)) - set(words(device.area or ""))
    return device.domain == "climate" or said <= {"temperature", "sensor", "thermometer", "room", "air"}


def _degrees(device: Device) -> str | None:
    if device.domain == "climate":
        value = device.attributes.get("current_temperature")
    elif device.domain == "weather":
        value = device.attributes.get("temperature")
    else:
        value = device.state if device.device_class == "temperature" or device.unit in ("°C", "°F") else None
    return None if value in (None, "unknown", "unavailable") else degrees(value, device.unit)


def _reading(device: Device) -> str:
    warmth = _degrees(device)
    if warmth is None:
        raise NotFound(f"{device.name} tells no temperature")
    return f"{device.name} measures {warmth}" if device.domain == "climate" else f"{device.name} is {warmth}"


def get_weather(registry: Registry, call: ToolCall) -> str:
    """Answer HassGetWeather: for the place named, else for the first place that the home knows."""
    reports = [device for device in registry.devices if device.domain == "weather"]
    named = "name" in call.arguments
    found = resolve(registry, call.arguments, None, domains=("weather",), acting=False) if named else reports
    if not found:
        raise NotFound("I know of no weather report")
    report = found[0]
    if not report.available:
        raise NotFound(f"The weather of {report.name} is not available")
    warmth = setting(report, "temperature")
    told = f"It is {state_words(report)}{f' and {warmth}' if warmth else ''}"
    return f"{told} in {report.name}" if len(reports) > 1 else told


def get_time(now: datetime) -> str:
    """Answer HassGetCurrentTime: "It is 7:05 PM"."""
    return f"It is {clock_time(now)}"


def get_date(now: datetime) -> str:
    """Answer HassGetCurrentDate: "It is Sunday, November 22, 2026"."""
    return f"It is {now:%A, %B} {now.day}, {now.year}"
