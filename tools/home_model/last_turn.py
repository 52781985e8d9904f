# SPDX-License-Identifier: Apache-2.0
"""What the turn before was about: its device, its devices, and the state that they are in after a call."""

from __future__ import annotations

from tools.home_model.calls import Call
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.targets import Target, members

SETTING = (
    "HassTurnOn",
    "HassTurnOff",
    "HassLightSet",
    "HassFanSetSpeed",
    "HassSetPosition",
    "HassClimateSetTemperature",
)
"""Tools whose call may be made again for another device."""


def known_device(home: Home, arguments: dict[str, str]) -> HomeDevice | None:
    """The one device that a call named, if it named one of this home."""
    return home.find(arguments["name"], arguments.get("area")) if "name" in arguments else None


def devices_of(home: Home, arguments: dict[str, str]) -> tuple[HomeDevice, ...]:
    """The devices of the kind and the place that a call named."""
    area = next((area for area in home.areas if area.lower() == arguments.get("area")), None)
    floor = next((floor for floor in home.floors if floor.lower() == arguments.get("floor")), None)
    return members(home, arguments.get("domain", "light"), arguments.get("device_class"), area, floor)


def state_after(target: Target, last: Call) -> str:
    """The state in which a call leaves its target."""
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
