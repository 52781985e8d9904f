# SPDX-License-Identifier: Apache-2.0
"""What is said after devices were acted upon: what they report now, and by name which of them did not follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from appliance.home.acts import Act
from appliance.home.naming import be, degrees, listing
from appliance.home.policy import action
from appliance.home.registry import Device
from appliance.home.states import UNKNOWN, details, labels, setting, state_words, together
from appliance.home.tools import Change, ToolCall, ToolResult


@dataclass(frozen=True)
class Outcome:
    """One device before and after an act; `answered`: it reported anew; `reached`: what was asked for is true."""

    before: Device
    after: Device
    answered: bool
    reached: bool
    fault: str = ""
    """Why the command could not even be sent, as a sentence."""
    but: str = ""
    """Who did not follow though it was sent (a member of a group), as a sentence."""
    superseded: bool = False
    """A later command on the same setting took its place."""


def report(call: ToolCall, outcomes: Sequence[Outcome], remarks: Sequence[str]) -> ToolResult:
    """Make the result of an act; `remarks` name the devices that it could mean nothing for."""
    done = [outcome.after for outcome in outcomes if outcome.reached]
    partly = [outcome.but for outcome in outcomes if outcome.reached and outcome.but]
    failed = [*_failures([outcome for outcome in outcomes if not outcome.reached]), *partly, *remarks]
    changed = tuple(
        Change(outcome.after.entity_id, details(outcome.before), details(outcome.after))
        for outcome in outcomes
        if outcome.before != outcome.after
    )
    if not done:
        return ToolResult(False, error=listing(failed), changed=changed)
    told = _on_list(call, done[0]) if "item" in call.arguments else listing(together(done, partial(_words, call)))
    result = ", but ".join([told, listing(failed)]) if failed else told
    return ToolResult(True, result=result, changed=changed, complete=not failed)


def to_do(device: Device, act: Act) -> str:
    """What an act would do, as it is asked about: "set Ceiling Fan to 50 percent"."""
    name, data = device.name, act.data
    if "item" in data:
        return f"put {data['item']} on {name}" if act.service == "add_item" else f"take {data['item']} off {name}"
    if act.service == "play_media":
        return f"play {data['search_query']} on {name}"
    if act.service == "volume_mute":
        return f"{'mute' if data['muted'] else 'unmute'} {name}"
    if act.service in _MEDIA_WORDS:
        return _MEDIA_WORDS[act.service].format(name)
    if act.service == "set_temperature":
        return f"set {name} to {degrees(data['temperature'], device.unit)}"
    values = [form.format(data[slot]) for slot, form in _VALUES.items() if slot in data]
    if values and data.get("position") not in (0, 100):
        return f"set {'the volume of ' * ('volume_level' in data)}{name} to {listing(values)}"
    verb = {"on": "turn on", "off": "turn off", "set": "change"}.get(action(act), action(act))
    return f"{verb} {name}"


_VALUES = dict.fromkeys(("brightness", "percentage", "position", "volume_level"), "{} percent")
_VALUES |= {"color": "{}", "color_temperature": "{} kelvin"}
_MEDIA_WORDS = {
    "media_pause": "pause {}",
    "media_play": "go on with {}",
    "media_next_track": "skip to what comes next on {}",
    "media_previous_track": "go back to what was before on {}",
}


def _on_list(call: ToolCall, device: Device) -> str:
    item = call.arguments["item"]
    return f"{device.name} {'has' if item in device.attributes.get('items', ()) else 'no longer has'} {item}"


def _words(call: ToolCall, device: Device) -> str:
    shown = {
        "HassLightSet": ("brightness", "color", "temperature"),
        "HassFanSetSpeed": ("percentage",),
    }.get(call.name, ())
    if shown:
        given = [slot for slot in shown if slot in call.arguments or f"{slot}_step" in call.arguments]
        slots = ["color_temperature" if slot == "temperature" else slot for slot in given]
        return ", ".join([state_words(device), *filter(None, (setting(device, slot) for slot in slots))])
    if device.domain == "script":
        return "started"
    if call.name == "HassClimateSetTemperature":
        return f"{setting(device, 'temperature')}{', but off' if device.state == 'off' else ''}"
    if call.name in ("HassSetVolume", "HassSetVolumeRelative"):
        return f"at {setting(device, 'volume_level')}"
    if call.name in ("HassMediaPlayerMute", "HassMediaPlayerUnmute"):
        return setting(device, "muted") or "not muted"
    return state_words(device)


def _failures(outcomes: Sequence[Outcome]) -> list[str]:
    given_way = [outcome.after for outcome in outcomes if outcome.superseded]
    outcomes = [outcome for outcome in outcomes if not outcome.superseded]
    missing = [outcome.after for outcome in outcomes if not outcome.after.available]
    unsent = [outcome for outcome in outcomes if outcome.fault and outcome.after.available and not outcome.answered]
    outcomes = [outcome for outcome in outcomes if outcome not in unsent]
    silent = [outcome.after for outcome in outcomes if outcome.after.available and not outcome.answered]
    answered = [outcome for outcome in outcomes if outcome.after.available and outcome.answered]
    told = [outcome.but or _instead(outcome.after) for outcome in answered]
    if len(silent) == 1:
        told.insert(0, f"{silent[0].name} did not answer and {be(silent[0].name)} still {state_words(silent[0])}")
    elif silent:
        told.insert(0, f"{listing(labels(silent))} did not answer")
    for fault in dict.fromkeys(outcome.fault for outcome in unsent):
        told.append(f"{listing(labels([o.after for o in unsent if o.fault == fault]))} could not be reached: {fault}")
    if given_way:
        told.append(f"{listing(labels(given_way))} {'was' if len(given_way) == 1 else 'were'} set anew meanwhile")
    if missing:
        told.insert(0, f"{listing(labels(missing))} {'is' if len(missing) == 1 else 'are'} not available")
    return told


def _instead(device: Device) -> str:
    if device.state == UNKNOWN:
        return f"{device.name} {'was' if be(device.name) == 'is' else 'were'} told, but did not confirm it"
    return f"{device.name} {be(device.name)} {details(device)} instead"
