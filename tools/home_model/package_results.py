# SPDX-License-Identifier: Apache-2.0
"""What the appliance answers to a call that a sentence of the package home-assistant-intents made."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tools.home_model import results, spans
from tools.home_model.calls import Result
from tools.home_model.homes import HomeDevice
from tools.home_model.kinds import NOTICES
from tools.home_model.package_sentences import TOOL_DOMAINS, WEIGHTS, Walk
from tools.home_model.targets import Target, members

_SETTINGS = {
    "HassFanSetSpeed": ("percentage", "on, speed {} percent"), "HassSetPosition": ("position", "{} percent open"), "HassClimateSetTemperature": ("temperature", "set to {} degrees"),
    "HassSetVolume": ("volume_level", "at volume {} percent"), "HassVacuumStart": ("", "cleaning"), "HassVacuumReturnToBase": ("", "returning"),
    "HassMediaPause": ("", "paused"), "HassMediaUnpause": ("", "playing"), "HassMediaNext": ("", "playing"), "HassMediaPrevious": ("", "playing"),
    "HassMediaPlayerMute": ("", "muted"), "HassMediaPlayerUnmute": ("", "not muted"), "HassMediaSearchAndPlay": ("search_query", "playing {}"),
    "HassSetVolumeRelative": ("", "at volume 40 percent"),
}  # fmt: skip


def result_of(walk: Walk, arguments: dict[str, str]) -> Result:
    rng, home, tool = walk.rng, walk.home, walk.tool
    area = next((each for each in home.areas if each.lower() == arguments.get("area")), None)
    floor = next((each for each in home.floors if each.lower() == arguments.get("floor")), None)
    where = area or floor or ("here" if arguments.get("area") == "here" else "")
    domain = arguments.get("domain") or TOOL_DOMAINS.get(tool, "light")
    device = walk.device
    devices = (device,) if device else members(home, domain, arguments.get("device_class"), area, floor)
    noun = {
        "media_player": "player",
        "climate": "thermostat",
        "cover": arguments.get("device_class", "cover"),
        "vacuum": "vacuum cleaner",
    }.get(domain, domain)
    target = Target(
        "", "", arguments, devices if device or where != "here" else devices[:2], len(devices) != 1, where, noun
    )
    if tool == "HassGetState":
        return _state_result(walk, arguments, devices, noun, where)
    if tool == "HassClimateGetTemperature":
        return results.temperature(rng, home, where if where != "here" else "", device.name if device else None)
    maker = _OTHER_RESULTS.get(tool)
    if maker is not None:
        return maker(walk, arguments)
    if tool in ("HassTurnOn", "HassTurnOff"):
        kind = device.domain if device else domain
        if kind in ("scene", "script", "button"):
            return results.done(
                rng, target, {"scene": "activated", "script": "started", "button": "pressed"}[kind], "was"
            )
        on, off = {"cover": ("open", "closed"), "valve": ("open", "closed"), "lock": ("locked", "unlocked")}.get(
            kind, ("on", "off")
        )
        return results.done(rng, target, on if tool == "HassTurnOn" else off)
    slot, words = _SETTINGS.get(tool, ("", ""))
    if tool == "HassLightSet":
        slot = next(each for each in ("brightness", "color", "temperature") if each in arguments)
        words = {
            "brightness": "on, brightness {} percent",
            "color": "on, color {}",
            "temperature": "on, color temperature {} kelvin",
        }[slot]
    if slot in ("volume_level", "volume_step", "percentage", "temperature", "") and len(target.devices) > 1:
        target = Target("", "", arguments, target.devices[:1], False, where, noun)
    return results.done(rng, target, words.format(arguments.get(slot, "")))


def _state_result(
    walk: Walk, arguments: dict[str, str], devices: Iterable[HomeDevice], noun: str, where: str
) -> Result:
    rng = walk.rng
    if walk.device is not None:
        if "state" not in arguments:
            return results.told(rng, walk.device)
        asked = arguments["state"]
        opposite = {
            "on": "off",
            "off": "on",
            "locked": "unlocked",
            "unlocked": "locked",
            "closed": "open",
            "open": "closed",
            "home": "away",
        }.get(asked, "open")
        if walk.device.domain == "binary_sensor" and walk.device.device_class:
            notice = NOTICES[walk.device.device_class]
            asked, opposite = (notice.on[0], notice.off[0]) if asked == "on" else (notice.off[0], notice.on[0])
        return results.yes_or_no(rng, walk.device, asked, opposite)
    if arguments.get("domain") == "person":
        names = [device.name for device in devices]
        return Result(
            True,
            f"{results.listing(names[:3])} {'are' if len(names[:3]) > 1 else 'is'} at {arguments['state']}"
            if names
            else "No people are home",
        )
    plural = {"switch": "switches", "lock": "locks"}.get(noun, f"{noun}s")
    state = (
        {"on": "open", "off": "closed"}.get(arguments["state"], "")
        if arguments.get("domain") == "binary_sensor"
        else arguments["state"]
    )
    return results.counted(rng, tuple(devices), plural, state, where if where != "here" else "")


def _timer_result(walk: Walk, arguments: dict[str, str]) -> Result:
    rng, tool = walk.rng, walk.tool
    start = {unit.removeprefix("start_"): value for unit, value in arguments.items() if unit.startswith("start_")}
    label = (
        f"{arguments['name']} timer" if "name" in arguments else f"{spans.spoken(start)} timer" if start else "Timer"
    )
    length: dict[str, str] = {unit: arguments[unit] for unit in ("hours", "minutes", "seconds") if unit in arguments}
    left = spans.spoken(spans.span(rng).slots)
    if rng.random() < results.FAILURES:
        return Result(False, f"There is no {label}" if tool != "HassStartTimer" else "A timer needs at least a second")
    if tool == "HassStartTimer":
        return Result(
            True,
            rng.choice(
                (
                    f"{label if 'name' in arguments else spans.spoken(length) + ' timer'} started",
                    f"Timer set for {spans.spoken(length)}",
                )
            ),
        )
    if tool == "HassCancelAllTimers":
        return Result(True, f"{rng.randint(1, 5)} timers canceled")
    if length:
        return Result(
            True,
            rng.choice(
                (
                    f"{spans.spoken(length)} {'added to' if tool == 'HassIncreaseTimer' else 'taken off'} the {label}",
                    f"{label} has {left} left",
                )
            ),
        )
    if tool == "HassTimerStatus":
        return Result(
            True,
            rng.choice((f"{left} left on the {label}", f"{label} has {left} left", f"{label} is paused, {left} left")),
        )
    word = {"HassCancelTimer": "canceled", "HassPauseTimer": "paused", "HassUnpauseTimer": "running again"}[tool]
    return Result(True, rng.choice((f"{label} {word}", f"The {label} is {word}")))


def _list_result(walk: Walk, arguments: dict[str, str]) -> Result:
    item, adds = arguments["item"], walk.tool.endswith("AddItem")
    name = walk.device.name if walk.device else "the shopping list"
    return Result(
        True,
        walk.rng.choice((f"{item} is on {name}", f"Added {item} to {name}"))
        if adds
        else walk.rng.choice((f"{item} is checked off", f"Checked off {item}")),
    )


def _clock_result(walk: Walk, arguments: dict[str, str]) -> Result:
    rng = walk.rng
    if walk.tool == "HassGetCurrentTime":
        return Result(True, f"It is {rng.randint(1, 12)}:{rng.randint(0, 59):02} {rng.choice(('AM', 'PM'))}")
    if walk.tool == "HassGetCurrentDate":
        return Result(
            True,
            f"It is {rng.choice(('Monday', 'Tuesday', 'Friday', 'Sunday'))}, {rng.choice(('March', 'June', 'October'))} {rng.randint(1, 28)}, {rng.randint(2025, 2029)}",
        )
    if walk.tool == "HassNevermind":
        return Result(True, "Okay")
    place = f" in {walk.device.name}" if walk.device else ""
    return Result(
        True, f"It is {rng.choice(('sunny', 'rainy', 'cloudy', 'foggy', 'snowy'))} and {rng.randint(-10, 36)} °C{place}"
    )


_OTHER_RESULTS: dict[str, Callable[[Walk, dict[str, str]], Result]] = {
    **dict.fromkeys(WEIGHTS["timer"], _timer_result),
    **dict.fromkeys(WEIGHTS["list"], _list_result),
    **dict.fromkeys(WEIGHTS["time"], _clock_result),
}
