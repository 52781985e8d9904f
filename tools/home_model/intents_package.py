# SPDX-License-Identifier: Apache-2.0
"""Sentences of the package home-assistant-intents (Apache-2.0), with the calls that Home Assistant would make of them.

The package is parsed once; a sentence is then drawn by walking its tree, with the lists filled from the home. What
Home Assistant would take from the room of the speaker becomes the area "here" where the convention says so.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import home_assistant_intents
from hassil.expression import (
    Alternative,
    Expression,
    ListReference,
    Permutation,
    RuleReference,
    Sentence,
    Sequence,
    TextChunk,
)
from hassil.intents import IntentData, Intents, RangeSlotList, TextSlotList, WildcardSlotList

from appliance.home.tools import DOMAINS
from tools.home_model import levels, results, spans, things
from tools.home_model.calls import Draft, Form, Result, call
from tools.home_model.grammar import Split, is_reserved
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.kinds import NOTICES
from tools.home_model.players import IS_CLASS, says_where
from tools.home_model.targets import ON_PLACES, Target, called_after, called_plainly, members, namesakes

# The package's intents by the kind of turn, and how often each is drawn.
_WEIGHTS: dict[str, dict[str, float]] = {
    "act": {
        "HassTurnOn": 30, "HassTurnOff": 30, "HassLightSet": 14, "HassSetPosition": 6, "HassFanSetSpeed": 4, "HassClimateSetTemperature": 6,
        "HassVacuumStart": 1.5, "HassVacuumReturnToBase": 1, "HassVacuumCleanArea": 1.5,
    },
    "ask": {"HassGetState": 78, "HassClimateGetTemperature": 22},
    "timer": {
        "HassStartTimer": 30, "HassCancelTimer": 14, "HassCancelAllTimers": 4, "HassPauseTimer": 9, "HassUnpauseTimer": 8, "HassIncreaseTimer": 14, "HassDecreaseTimer": 14,
        "HassTimerStatus": 14,
    },
    "media": {
        "HassMediaPause": 12, "HassMediaUnpause": 10, "HassMediaNext": 12, "HassMediaPrevious": 12, "HassSetVolume": 14, "HassSetVolumeRelative": 12, "HassMediaSearchAndPlay": 18,
        "HassMediaPlayerMute": 5, "HassMediaPlayerUnmute": 5,
    },
    "list": {"HassShoppingListAddItem": 4, "HassShoppingListCompleteItem": 4, "HassListAddItem": 4, "HassListCompleteItem": 4, "HassListRemoveItem": 1},
    "time": {"HassGetCurrentTime": 3, "HassGetCurrentDate": 3, "HassGetWeather": 4, "HassNevermind": 2},
}  # fmt: skip
_TOOLS = {"HassVacuumCleanArea": "HassVacuumStart", "HassListRemoveItem": "HassListCompleteItem"}
_ONLY_WHERE_SAID = frozenset(("HassClimateSetTemperature", "HassClimateGetTemperature"))
_NO_CONTEXT_AREA = re.compile(r"^Hass(Media|SetVolume)")
_STATE_LISTS = {
    "bs_open_states": ("door", "window", "garage_door", "opening"),
    "bs_occupancy_states": (
        "occupancy",
        "motion",
        "presence",
        "smoke",
        "gas",
        "sound",
        "vibration",
        "carbon_monoxide",
        "light",
    ),
}


class _Unfit(Exception):
    """The home has nothing for this sentence, or it is one that this box has no tool for."""


@dataclass
class _Walk:
    """A sentence on its way: what was captured by its lists so far."""

    rng: random.Random
    home: Home
    data: IntentData
    tool: str
    fixed_classes: tuple[str, ...] = ()
    arguments: dict[str, str] = field(default_factory=dict)
    device: HomeDevice | None = None
    names: list[str] = field(default_factory=list)
    here: bool = False
    area: str | None = None
    floor: str | None = None


@lru_cache(maxsize=1)
def _package() -> Intents:
    loaded = home_assistant_intents.get_intents("en")
    assert loaded is not None
    return Intents.from_dict(dict(loaded))


@lru_cache(maxsize=100)
def _sentences(intent: str, split: Split) -> tuple[tuple[IntentData, tuple[Sentence, ...]], ...]:
    blocks = []
    for data in _package().intents[intent].data:
        wanted = tuple(
            sentence
            for sentence in data.sentences
            if sentence.text and is_reserved(sentence.text) == (split == "test") and "{timer_command" not in sentence.text
            and not (intent.startswith("HassSetVolume") and "floor" in sentence.text) and not (intent == "HassCancelAllTimers" and "{area}" in sentence.text) and sentence.text != "[<the>] {name}"
        )  # fmt: skip
        if wanted:
            blocks.append((data, wanted))
    return tuple(blocks)


def _domains(data: IntentData) -> tuple[str, ...]:
    wanted = (data.requires_context or {}).get("domain", ())
    return (wanted,) if isinstance(wanted, str) else tuple(wanted)


def _expand(walk: _Walk, node: Expression, out: list[str]) -> None:
    if isinstance(node, TextChunk):
        out.append(node.original_text)
    elif isinstance(node, Sequence):
        for item in node.items:
            _expand(walk, item, out)
    elif isinstance(node, Alternative):
        _expand(walk, walk.rng.choice(node.items), out)
    elif isinstance(node, Permutation):
        for item in walk.rng.sample(node.items, len(node.items)):
            out.append(" ")
            _expand(walk, item, out)
    elif isinstance(node, RuleReference):
        if node.rule_name == "here":
            walk.here = True
        if node.rule_name in ("is", "are"):  # its "are the", "are our" rarely make a sentence
            out.append(walk.rng.choice(("are", "are", "is")))
            return
        if node.rule_name in ("the", "in", "everywhere", "turn", "set") and walk.rng.random() < 0.35:
            out.append(_USUAL[node.rule_name])
            return
        rules = walk.data.expansion_rules
        rule = rules[node.rule_name] if node.rule_name in rules else _package().expansion_rules[node.rule_name]
        _expand(walk, rule.expression, out)
    elif isinstance(node, ListReference):
        out.append(_value(walk, node))
    else:
        raise _Unfit


_USUAL = {"the": "the", "in": "in", "everywhere": "everywhere", "turn": "turn", "set": "set"}


def _value(walk: _Walk, node: ListReference) -> str:
    rng, home = walk.rng, walk.home
    name, slot = node.list_name, node.slot_name
    if name == "name":
        return _name(walk)
    if name in ("area", "floor"):
        return _spot(walk, name)
    items = walk.data.slot_lists.get(name) or _package().slot_lists[name]
    if isinstance(items, TextSlotList):
        values = items.values
        if name == "cover_classes":
            classes = {device.device_class for device in home.devices if device.domain == "cover"}
            values = [value for value in values if value.value_out in classes]
            if not values:
                raise _Unfit
        if name == "timer_half":
            values = values[:1]
        value = rng.choice(values)
        walk.arguments[slot] = str(value.value_out)
        said: list[str] = []
        _expand(walk, value.text_in, said)
        return "".join(said)
    if isinstance(items, RangeSlotList):
        text = _number(rng, name, items)
        walk.arguments[slot] = f"-{text}" if items.multiplier == -1 and text != "0" else text
        return text
    if isinstance(items, WildcardSlotList):
        text = _words(walk, name)
        walk.arguments[slot] = text
        return text
    raise _Unfit


def _words(walk: _Walk, name: str) -> str:
    rng, split = walk.rng, walk.home.split
    if name == "search_query":
        return (
            things.work(rng, split)
            if "{media_class}" in "".join(walk.data.sentence_texts)
            else things.music(rng, split)
        )
    if name == "timer_name":
        timer_name = things.timed(rng, split)
        if timer_name in [area.lower() for area in walk.home.areas]:
            raise _Unfit
        return timer_name
    if name == "zone":
        rooms = [place.lower() for place in (*walk.home.areas, *walk.home.floors)]
        zones = [each for each in (zone.removeprefix("the ") for zone in things.ZONES) if each not in rooms]
        return "home" if rng.random() < 0.7 else rng.choice(zones)
    return things.purchase(rng, split) if name == "shopping_list_item" else things.task(rng, split)


def _number(rng: random.Random, name: str, items: RangeSlotList) -> str:
    if name == "temperature":
        return levels.degrees(rng)
    if name.startswith("timer_"):
        highest = 24 if name == "timer_hours" else 99
        return str(
            rng.choice((1, 2, 3, 5, 10, 15, 20, 30, 45, rng.randint(1, highest)))
            if name != "timer_hours"
            else rng.choice((1, 1, 1, 2, 2, 3, 4, 5, 6, 8, rng.randint(1, 24)))
        )
    if name == "color_temperature":
        return str(rng.randrange(int(items.start), int(items.stop) + 1, int(items.step)))
    return levels.percent(rng)


def _name(walk: _Walk) -> str:
    rng = walk.rng
    text = "".join(walk.data.sentence_texts)
    domains = _domains(walk.data)
    found = [device for device in walk.home.devices if device.domain in domains]
    for states, classes in _STATE_LISTS.items():
        if f"{{{states}" in text:
            found = [device for device in found if device.device_class in classes]
    if "{area}" in text:
        found = [
            device
            for device in found
            if device.area and not set(device.area.lower().split()) & set(device.name.lower().split())
        ]
    if "{floor}" in text:
        found = [device for device in found if device.floor]
    if not found:
        raise _Unfit
    device = rng.choice(found)
    said = rng.choice((device.name, *device.aliases)).lower()
    walk.device = device
    walk.arguments["name"] = said
    walk.names.append(said)
    spots = {"area": device.area, "floor": device.floor}
    for spot, value in spots.items():
        if value and f"{{{spot}}}" in text:
            if walk.arguments.get(spot) not in (None, value.lower()):
                raise _Unfit
            walk.arguments[spot] = value.lower()
    # A list is spoken of as "my chores list": the name alone is enough of it.
    return said.removesuffix(" list") if device.domain == "todo" else said


def _spot(walk: _Walk, kind: str) -> str:
    rng, home = walk.rng, walk.home
    if kind in walk.arguments:
        return walk.arguments[kind]
    if walk.device is None and "{name}" in "".join(walk.data.sentence_texts):
        # "the kitchen lamp": the room is said first, so the device must be chosen now; its own turn then only says it.
        return _spot_before_name(walk, kind)
    # A floor without devices is not in the device list: nothing tells that the attic is no room.
    listed = tuple(floor for floor in home.floors if any(device.floor == floor for device in home.devices))
    spots = home.areas if kind == "area" else listed
    if not spots:
        raise _Unfit
    domain = walk.data.slots.get("domain") or _TOOL_DOMAINS.get(walk.tool)
    if domain and "Vacuum" not in walk.tool and rng.random() < 0.93:
        spots = tuple(
            spot for spot in spots if members(home, domain, walk.arguments.get("device_class"), **{kind: spot})
        )
        if not spots:
            raise _Unfit
    spot = rng.choice(spots)
    walk.arguments[kind] = spot.lower()
    if kind == "area":
        walk.area = spot
    else:
        walk.floor = spot
    return spot.lower()


def _spot_before_name(walk: _Walk, kind: str) -> str:
    domains = _domains(walk.data)
    found = [
        getattr(device, kind) for device in walk.home.devices if device.domain in domains and getattr(device, kind)
    ]
    if not found:
        raise _Unfit
    spot = str(walk.rng.choice(found))
    walk.arguments[kind] = spot.lower()
    return spot.lower()


_SPLIT_FLOOR = re.compile(r"\b(floor|upstairs|downstairs|basement|attic|level|wing|mezzanine|cellar|loft) floor\b")
_UNIT = re.compile(r"\b(\d+)[ -](hour|minute|second)s?\b(?= timer)")
_UNITS = re.compile(r"\b(\d+)[ -](hour|minute|second)s?\b(?! timer| status| (?:and )?\d)")


def _tidy(text: str) -> str:
    text = _SPLIT_FLOOR.sub(r"\1", " ".join(text.split()))
    text = re.sub(r"(\d)(\s?)(%|°)", r"\1\2\3", text)
    text = _UNIT.sub(r"\1 \2", text)
    return _UNITS.sub(lambda found: f"{found[1]} {found[2]}{'' if found[1] == '1' else 's'}", text)


def _arguments(walk: _Walk) -> dict[str, str]:
    fixed = {slot: str(value) for slot, value in (walk.data.slots or {}).items()}
    arguments = fixed | walk.arguments
    tool = walk.tool
    if tool == "HassLightSet" or tool == "HassFanSetSpeed":
        arguments.pop("domain", None)
    context_area = (walk.data.requires_context or {}).get("area")
    if context_area and "area" not in arguments:
        said = walk.here
        if tool in _ONLY_WHERE_SAID or _NO_CONTEXT_AREA.match(tool):
            if said:
                arguments["area"] = "here"
        else:
            arguments["area"] = "here"
    device = walk.device
    if (
        device is not None
        and (tool == "HassGetState" or device.domain in ("scene", "script"))
        and device.domain in DOMAINS
    ):
        arguments["domain"] = device.domain
        if device.domain in ("sensor", "binary_sensor") and device.device_class:
            arguments["device_class"] = device.device_class
    if tool == "HassGetState" and device is None and arguments.get("domain") == "cover":
        # What a contact sensor knows is asked of the contact sensor.
        device_class = arguments.get("device_class", "")
        contact = {"garage": "garage_door"}.get(device_class, device_class)
        if (
            contact in ("door", "window")
            and members(walk.home, "binary_sensor", contact)
            and arguments["state"] in ("open", "closed")
        ):
            arguments |= {
                "domain": "binary_sensor",
                "device_class": contact,
                "state": "on" if arguments["state"] == "open" else "off",
            }
    return arguments


_HERE = re.compile(
    r"\b(here|this room|this area|this space|the room|my room|our room|the area|my area|our area|the space|my space|our space)\b"
)

_NOBODY_SAYS = re.compile(
    r"^(?:lower up|(?:raise|lift) down)\b|^(?:raise|lift)\b.* down to\b|^lower\b.* up to\b|^(?:bring|change)\b.*\bout\b"
    r"|\b(?:each|every)(?: and every| single)? (?:my|our|the)\b"
    r"|^(?:decrease|lower|turn down)\b.* (?:max|maximum|highest|brightest)\b|^(?:increase|raise|turn up)\b.* (?:min|minimum|lowest)\b"
    r"|^(?:decrease|lower|turn down|increase|raise|turn up)\b(?!.*\bto\b).* brightness \d"
)
"""What the package's rules make by chance: "lower up the blind", "change the lights out", "every my lamp".

"Decrease the brightness 20 percent" may as well be by as much.
"""


def sample(rng: random.Random, home: Home, split: Split, kind: str) -> Draft | None:
    """A sentence of the package of this kind of turn, with its call and result; None where the home does not fit it."""
    intents = _WEIGHTS[kind]
    intent = rng.choices(tuple(intents), tuple(intents.values()))[0]
    blocks = _sentences(intent, split)
    if not blocks:
        return None
    for _ in range(4):
        data, sentences = rng.choices(blocks, [len(each) ** 0.7 for _, each in blocks])[0]
        sentence = rng.choice(sentences)
        walk = _Walk(rng, home, data, _TOOLS.get(intent, intent))
        out: list[str] = []
        try:
            _expand(walk, sentence.expression, out)
        except _Unfit:
            continue
        text = _tidy("".join(out))
        if _NOBODY_SAYS.search(text):
            continue
        if walk.device is not None and not walk.names[-1].endswith("s"):
            text = re.sub(rf"\bare (?=(?:(?:the|my|our) )?{re.escape(walk.names[-1])}\b)", "is ", text)
        walk.here = walk.here and bool(_HERE.search(text))
        arguments = _arguments(walk)
        if walk.tool == "HassSetVolume" and walk.device is None and "volume" not in text:
            continue  # "turn the kitchen down to 30 percent" may as well be its lights
        if walk.tool.endswith("CompleteItem") and " and " in arguments.get("item", ""):
            continue  # two things that were bought are two items
        if walk.tool == "HassGetState" and text.startswith(("all ", "each ", "every ", "some ")):
            continue  # "every fan on" without its question mark is a command
        if arguments.get("device_class") in ("garage", "garage_door") and _two_garages(walk):
            continue
        if walk.device is None and walk.area and called_after(home, walk.area, text):
            continue  # "the kitchen light" is the device of that name, where there is one
        if (
            walk.tool == "HassTurnOff"
            and walk.area
            and walk.area.lower().split()[-1] not in ON_PLACES
            and re.search(rf"\bon (?:\w+ )?{re.escape(walk.area.lower())}\b", text)
        ):
            continue  # "turn the lighting on study out" is cut off, or says two things
        if walk.device is None and called_plainly(home, text):
            continue
        if (
            walk.device is not None
            and walk.tool == "HassGetState"
            and namesakes(home, walk.device, {"name": walk.arguments["name"]})
        ):
            continue
        if not text or (walk.device is not None and not _consistent(walk)):
            continue
        wanted = arguments.get("search_query", "")
        if "{search_query} {media_class}" in sentence.text and (wanted.startswith("the ") or " by " in wanted):
            continue  # "play the blue album" is the album called blue
        if wanted and "media_class" not in arguments and IS_CLASS.search(wanted):
            continue  # "play sad song" is the song called sad
        if wanted and says_where(home, wanted):
            continue
        result = _result(walk, arguments)
        form: Form = (
            "ask"
            if kind == "ask"
            or intent in ("HassTimerStatus", "HassGetWeather", "HassGetCurrentTime", "HassGetCurrentDate")
            else "do"
        )
        if form == "do" and text.split()[0] not in _VERBS:
            form = "say"
        return Draft(
            text, form, (call(walk.tool, arguments),), (result,), f"package: {sentence.text}", tuple(walk.names)
        )
    return None


_VERBS = frozenset(
    "turn switch change bring activate deactivate open raise lift close shut lower set make increase decrease light illuminate lock unlock run start create cancel stop pause resume continue "
    "add put remove take play skip mute unmute adjust vacuum clean return press push check complete delete replay unpause go".split()
)


def _two_garages(walk: _Walk) -> bool:
    # Nothing says whether the door or its contact is asked.
    if walk.device is not None or walk.tool != "HassGetState":
        return False
    return bool(members(walk.home, "cover", "garage") and members(walk.home, "binary_sensor", "garage_door"))


def _consistent(walk: _Walk) -> bool:
    """Whether the room that was said first is the device's own."""
    device = walk.device
    if device is None:
        return True
    return all(
        walk.arguments[spot] == (getattr(device, spot) or "").lower()
        for spot in ("area", "floor")
        if spot in walk.arguments
    )


def _result(walk: _Walk, arguments: dict[str, str]) -> Result:
    rng, home, tool = walk.rng, walk.home, walk.tool
    area = next((each for each in home.areas if each.lower() == arguments.get("area")), None)
    floor = next((each for each in home.floors if each.lower() == arguments.get("floor")), None)
    where = area or floor or ("here" if arguments.get("area") == "here" else "")
    domain = arguments.get("domain") or _TOOL_DOMAINS.get(tool, "light")
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
    walk: _Walk, arguments: dict[str, str], devices: Iterable[HomeDevice], noun: str, where: str
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


_TOOL_DOMAINS = {
    "HassFanSetSpeed": "fan", "HassClimateSetTemperature": "climate", "HassSetPosition": "cover", "HassVacuumStart": "vacuum", "HassVacuumReturnToBase": "vacuum",
    "HassMediaPause": "media_player", "HassMediaUnpause": "media_player", "HassMediaNext": "media_player", "HassMediaPrevious": "media_player", "HassSetVolume": "media_player",
    "HassSetVolumeRelative": "media_player", "HassMediaSearchAndPlay": "media_player", "HassMediaPlayerMute": "media_player", "HassMediaPlayerUnmute": "media_player",
}  # fmt: skip
_SETTINGS = {
    "HassFanSetSpeed": ("percentage", "on, speed {} percent"), "HassSetPosition": ("position", "{} percent open"), "HassClimateSetTemperature": ("temperature", "set to {} degrees"),
    "HassSetVolume": ("volume_level", "at volume {} percent"), "HassVacuumStart": ("", "cleaning"), "HassVacuumReturnToBase": ("", "returning"),
    "HassMediaPause": ("", "paused"), "HassMediaUnpause": ("", "playing"), "HassMediaNext": ("", "playing"), "HassMediaPrevious": ("", "playing"),
    "HassMediaPlayerMute": ("", "muted"), "HassMediaPlayerUnmute": ("", "not muted"), "HassMediaSearchAndPlay": ("search_query", "playing {}"),
    "HassSetVolumeRelative": ("", "at volume 40 percent"),
}  # fmt: skip


def _timer_result(walk: _Walk, arguments: dict[str, str]) -> Result:
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


def _list_result(walk: _Walk, arguments: dict[str, str]) -> Result:
    item, adds = arguments["item"], walk.tool.endswith("AddItem")
    name = walk.device.name if walk.device else "the shopping list"
    return Result(
        True,
        walk.rng.choice((f"{item} is on {name}", f"Added {item} to {name}"))
        if adds
        else walk.rng.choice((f"{item} is checked off", f"Checked off {item}")),
    )


def _clock_result(walk: _Walk, arguments: dict[str, str]) -> Result:
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


_OTHER_RESULTS: dict[str, Callable[[_Walk, dict[str, str]], Result]] = {
    **dict.fromkeys(_WEIGHTS["timer"], _timer_result),
    **dict.fromkeys(_WEIGHTS["list"], _list_result),
    **dict.fromkeys(_WEIGHTS["time"], _clock_result),
}


def templates() -> dict[str, Any]:
    """How many sentences of the package are used, for training and for testing, by kind of turn."""
    return {
        kind: tuple(
            sum(len(each) for intent in intents for _, each in _sentences(intent, split)) for split in ("train", "test")
        )
        for kind, intents in _WEIGHTS.items()
    }
