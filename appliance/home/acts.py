# SPDX-License-Identifier: Apache-2.0
"""What a tool means for one device: the service to call, and what the device must then report of itself.

Services and their data carry Home Assistant's names, so that a driver for it has nothing to translate; values are in
the registry's words (percent, kelvin, degrees of the device's own unit).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.home.errors import CannotDo
from appliance.home.naming import degrees, number, words
from appliance.home.registry import Device
from appliance.home.states import STATES
from appliance.home.tools import ToolCall

# The tools that act, and the kinds of device that each is for; None: whatever can be switched.
ACTS: dict[str, frozenset[str] | None] = {
    "HassTurnOn": None,
    "HassTurnOff": None,
    "HassToggle": None,
    "HassLightSet": frozenset(("light",)),
    "HassSetPosition": frozenset(("cover", "valve")),
    "HassFanSetSpeed": frozenset(("fan",)),
    "HassClimateSetTemperature": frozenset(("climate",)),
    "HassMediaPause": frozenset(("media_player",)),
    "HassMediaUnpause": frozenset(("media_player",)),
    "HassMediaNext": frozenset(("media_player",)),
    "HassMediaPrevious": frozenset(("media_player",)),
    "HassMediaPlayerMute": frozenset(("media_player",)),
    "HassMediaPlayerUnmute": frozenset(("media_player",)),
    "HassSetVolume": frozenset(("media_player",)),
    "HassSetVolumeRelative": frozenset(("media_player",)),
    "HassMediaSearchAndPlay": frozenset(("media_player",)),
    "HassVacuumStart": frozenset(("vacuum",)),
    "HassVacuumReturnToBase": frozenset(("vacuum",)),
    "HassShoppingListAddItem": frozenset(("todo",)),
    "HassShoppingListCompleteItem": frozenset(("todo",)),
    "HassListAddItem": frozenset(("todo",)),
    "HassListCompleteItem": frozenset(("todo",)),
}

# What "a bit" comes to where no number was said.
_STEPS = {"brightness": 20, "position": 20, "percentage": 20, "volume_level": 10, "temperature": 1}
_PERCENT = ("brightness", "position", "percentage", "volume_level")
_ON = ("on",)
_OFF = ("off",)
_OPEN = ("open", "opening")
_CLOSED = ("closed", "closing")
_AWAKE = STATES["media_player"][2:]
_HEATING = STATES["climate"][1:]

# domain: (what HassTurnOn does, what HassTurnOff does), each a service and the states that say that it worked
_SWITCHING: dict[str, tuple[tuple[str, tuple[str, ...]], tuple[str, tuple[str, ...]]]] = {
    "light": (("turn_on", _ON), ("turn_off", _OFF)),
    "switch": (("turn_on", _ON), ("turn_off", _OFF)),
    "fan": (("turn_on", _ON), ("turn_off", _OFF)),
    "climate": (("turn_on", _HEATING), ("turn_off", _OFF)),
    "media_player": (("turn_on", _AWAKE), ("turn_off", ("off", "standby"))),
    "cover": (("open_cover", _OPEN), ("close_cover", _CLOSED)),
    "valve": (("open_valve", _OPEN), ("close_valve", _CLOSED)),
    "lock": (("lock", ("locked",)), ("unlock", ("unlocked",))),
    "vacuum": (("start", ("cleaning",)), ("return_to_base", ("returning", "docked"))),
}
_MEDIA: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {
    "HassMediaPause": ("media_pause", ("paused", "idle"), {}),
    "HassMediaUnpause": ("media_play", ("playing", "buffering"), {}),
    "HassMediaNext": ("media_next_track", (), {}),
    "HassMediaPrevious": ("media_previous_track", (), {}),
    "HassMediaPlayerMute": ("volume_mute", (), {"muted": True}),
    "HassMediaPlayerUnmute": ("volume_mute", (), {"muted": False}),
}


@dataclass(frozen=True)
class Act:
    """A service call to one device, and how its own report shows that it was carried out."""

    service: str
    data: Mapping[str, Any] = field(default_factory=dict)
    states: tuple[str, ...] = ()
    """Any of these states will do; none: any state."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """What the device must report beside its state."""

    @property
    def momentary(self) -> bool:
        """Whether no state tells that it was done (a scene, the next track, other music): then a fresh report does."""
        return self.service == "play_media" or (not self.states and not self.attributes)

    def reached(self, device: Device) -> bool:
        """Whether the device reports what was wanted."""
        if self.states and device.state not in self.states:
            return False
        if device.state in ("opening", "closing") and self.states:
            return True  # its position is still on the way
        return all(_agrees(name, device.attributes.get(name), wanted) for name, wanted in self.attributes.items())


def plan(call: ToolCall, device: Device) -> Act:
    """Say what `call` (typed and valid) means for `device`; raises CannotDo where it means nothing."""
    slots = call.arguments
    if call.name in ("HassTurnOn", "HassTurnOff", "HassToggle"):
        return _switch(call.name, device)
    if call.name == "HassLightSet":
        return _light(slots, device)
    if call.name == "HassSetPosition":
        return _position(slots, device)
    if call.name == "HassFanSetSpeed":
        return _speed(slots, device)
    if call.name == "HassClimateSetTemperature":
        return _temperature(slots, device)
    if call.name in ("HassVacuumStart", "HassVacuumReturnToBase"):
        return _switch("HassTurnOn" if call.name == "HassVacuumStart" else "HassTurnOff", device)
    if device.domain == "todo":
        return _item(call, device)
    return _media(call, device)


def _switch(tool: str, device: Device) -> Act:
    if device.domain in ("scene", "script"):
        if tool == "HassTurnOff":
            raise CannotDo(f"{device.name} cannot be turned off")
        return Act("turn_on")
    on, off = _SWITCHING[device.domain]
    active = device.state in on[1]
    wanted = off if tool == "HassTurnOff" or (tool == "HassToggle" and active) else on
    return Act(wanted[0], states=wanted[1])


def _light(slots: Mapping[str, Any], device: Device) -> Act:
    wanted = {slot: slots[slot] for slot in ("brightness", "color") if slot in slots}
    if "brightness_step" in slots and device.can("brightness"):
        if device.state != "on" and not rises(slots["brightness_step"]):
            raise CannotDo(f"{device.name} is off")
        wanted["brightness"] = _stepped("brightness", slots["brightness_step"], device, least=1)
    elif "brightness_step" in slots:
        raise CannotDo(f"{device.name} cannot be dimmed")
    if "temperature" in slots:
        wanted["color_temperature"] = slots["temperature"]
    if not wanted:
        raise CannotDo("Should I change the brightness or the color?")
    if wanted.get("brightness") == 0:
        return Act("turn_off", states=_OFF)
    abilities = {
        "brightness": "cannot be dimmed",
        "color": "cannot change its color",
        "color_temperature": "cannot change its color temperature",
    }
    for feature in wanted:
        if not device.can(feature):
            raise CannotDo(f"{device.name} {abilities[feature]}")
    kelvin = wanted.get("color_temperature")
    least, most = (device.attributes.get(f"{end}_color_temperature") for end in ("min", "max"))
    if kelvin is not None and least is not None and most is not None and not least <= kelvin <= most:
        raise CannotDo(f"The color temperature of {device.name} must be between {least} and {most} kelvin")
    return Act("turn_on", wanted, _ON, wanted)


def _position(slots: Mapping[str, Any], device: Device) -> Act:
    if "position_step" in slots:
        if not device.can("position"):
            raise CannotDo(f"{device.name} can only be opened or closed")
        position = _stepped("position", slots["position_step"], device)
    elif "position" in slots:
        position = slots["position"]
    else:
        raise CannotDo("How far should it be open?")
    if not device.can("position"):
        if position not in (0, 100):
            raise CannotDo(f"{device.name} can only be opened or closed")
        return _switch("HassTurnOn" if position else "HassTurnOff", device)
    states = _CLOSED if position == 0 else (*_OPEN, "closing")
    return Act(f"set_{device.domain}_position", {"position": position}, states, {"position": position})


def _speed(slots: Mapping[str, Any], device: Device) -> Act:
    if "percentage" not in slots and "percentage_step" not in slots:
        raise CannotDo("How fast should it be?")
    if slots.get("percentage") == 0:
        return _switch("HassTurnOff", device)
    if not device.can("speed"):
        raise CannotDo(f"{device.name} has no speeds")
    if "percentage_step" in slots:
        if device.state != "on" and not rises(slots["percentage_step"]):
            raise CannotDo(f"{device.name} is off")
        percentage = _stepped("percentage", slots["percentage_step"], device, least=1)
    else:
        percentage = slots["percentage"]
    return Act("set_percentage", {"percentage": percentage}, _ON, {"percentage": percentage})


def _temperature(slots: Mapping[str, Any], device: Device) -> Act:
    if "temperature_step" in slots:
        present = device.attributes.get("temperature")
        if not isinstance(present, int | float):
            raise CannotDo(f"{device.name} does not tell what it is set to")
        step = slots["temperature_step"]
        wanted = present + _change("temperature", step) * (2 if isinstance(step, str) and device.unit == "°F" else 1)
    elif "temperature" in slots:
        wanted = slots["temperature"]
    else:
        raise CannotDo("What temperature do you want?")
    # What Home Assistant assumes of a thermostat that does not tell its limits.
    least, most = {"°C": (7, 35), "°F": (45, 95)}.get(device.unit or "", (5, 95))
    least, most = device.attributes.get("min_temp", least), device.attributes.get("max_temp", most)
    if not least <= wanted <= most:
        limits = f"from {number(least)} to {degrees(most, device.unit)}"
        raise CannotDo(f"{device.name} can be set {limits}, not to {number(wanted)}")
    return Act("set_temperature", {"temperature": wanted}, attributes={"temperature": wanted})


def _media(call: ToolCall, device: Device) -> Act:
    if call.name in _MEDIA:
        if device.state in ("off", "standby"):
            raise CannotDo(f"{device.name} is off")
        service, states, attributes = _MEDIA[call.name]
        return Act(service, attributes, states, attributes)
    if call.name == "HassMediaSearchAndPlay":
        if not device.can("search"):
            raise CannotDo(f"{device.name} cannot search for media")
        return Act("play_media", dict(call.arguments), ("playing", "buffering"))
    if not device.can("volume"):
        raise CannotDo(f"The volume of {device.name} cannot be set")
    if device.state in ("off", "standby"):
        raise CannotDo(f"{device.name} is off")
    volume = call.arguments.get("volume_level")
    if volume is None:
        volume = _stepped("volume_level", call.arguments["volume_step"], device)
    return Act("volume_set", {"volume_level": volume}, attributes={"volume_level": volume})


def _item(call: ToolCall, device: Device) -> Act:
    item, items = str(call.arguments["item"]), tuple(device.attributes.get("items", ()))
    known = next((other for other in items if words(other) == words(item)), None)
    if call.name.endswith("AddItem"):
        if known is not None:
            raise CannotDo(f"{known} is already on {_list_name(device)}")
        return Act("add_item", {"item": item}, attributes={"items": (*items, item)})
    if known is None:  # "the gutters are done" ticks off "clean the gutters"
        longer = [other for other in items if set(words(item)) <= set(words(other))]
        if len(longer) > 1:
            raise CannotDo(f"{' and '.join(longer)} are on {_list_name(device)}, so please say which")
        known = longer[0] if longer and words(item) else None
    if known is None:
        raise CannotDo(f"{item} is not on {_list_name(device)}")
    left = tuple(other for other in items if other != known)
    return Act("update_item", {"item": known, "status": "completed"}, attributes={"items": left})


def _list_name(device: Device) -> str:
    return f"the {device.name}" if words(device.name)[-1:] == ("list",) else f"the {device.name} list"


def rises(step: float | str) -> bool:
    """Whether a step, a number or "up" or "down", is one to more."""
    return step == "up" or (not isinstance(step, str) and step > 0)


def _change(slot: str, step: float | str) -> float:
    return {"up": _STEPS[slot], "down": -_STEPS[slot]}[step] if isinstance(step, str) else step


def _stepped(slot: str, step: float | str, device: Device, least: int = 0) -> int:
    """The value in percent after a step from what the device reports; what is off starts at nothing."""
    present = device.attributes.get(slot, None if slot == "volume_level" or device.state == "on" else 0)
    if device.state == "off" and slot in ("brightness", "percentage"):
        present = 0
    if not isinstance(present, int | float):
        raise CannotDo(f"{device.name} does not tell {_HOW[slot]}")
    return max(least, min(100, round(present + _change(slot, step))))


_HOW = {
    "brightness": "how bright it is",
    "position": "how far it is open",
    "percentage": "how fast it runs",
    "volume_level": "how loud it is",
}


def _agrees(name: str, reported: object, wanted: object) -> bool:
    if name == "color_temperature" and isinstance(reported, int | float) and isinstance(wanted, int | float):
        return abs(reported - wanted) <= 50  # lights count in mireds, whose steps are up to that wide
    if isinstance(wanted, int | float) and isinstance(reported, int | float) and name in _PERCENT:
        return abs(reported - wanted) <= 1  # devices count to 255 or to 1
    return reported == wanted
