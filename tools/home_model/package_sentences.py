# SPDX-License-Identifier: Apache-2.0
"""The sentences of the package home-assistant-intents (Apache-2.0): parsed once, and drawn by walking their trees.

The lists in a sentence are filled from the home, and what they captured is kept for the call.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import lru_cache

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

from tools.home_model import levels, things
from tools.home_model.grammar import Split, is_reserved
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.targets import members

# The package's intents by the kind of turn, and how often each is drawn.
WEIGHTS: dict[str, dict[str, float]] = {
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
        "HassMediaPause": 12, "HassMediaUnpause": 10, "HassMediaNext": 12, "HassMediaPrevious": 12, "HassSetVolume": 14, "HassSetVolumeRelative": 12, "HassMediaSearchAndPlay": 26,
        "HassMediaPlayerMute": 5, "HassMediaPlayerUnmute": 5,
    },
    "list": {"HassShoppingListAddItem": 4, "HassShoppingListCompleteItem": 4, "HassListAddItem": 4, "HassListCompleteItem": 4, "HassListRemoveItem": 1},
    "time": {"HassGetCurrentTime": 3, "HassGetCurrentDate": 3, "HassGetWeather": 4, "HassNevermind": 2},
}  # fmt: skip
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
TOOL_DOMAINS = {
    "HassFanSetSpeed": "fan", "HassClimateSetTemperature": "climate", "HassSetPosition": "cover", "HassVacuumStart": "vacuum", "HassVacuumReturnToBase": "vacuum",
    "HassMediaPause": "media_player", "HassMediaUnpause": "media_player", "HassMediaNext": "media_player", "HassMediaPrevious": "media_player", "HassSetVolume": "media_player",
    "HassSetVolumeRelative": "media_player", "HassMediaSearchAndPlay": "media_player", "HassMediaPlayerMute": "media_player", "HassMediaPlayerUnmute": "media_player",
}  # fmt: skip


class Unfit(Exception):
    """The home has nothing for this sentence, or it is one that this box has no tool for."""


@dataclass
class Walk:
    """A sentence on its way: what was captured by its lists so far."""

    rng: random.Random
    home: Home
    data: IntentData
    tool: str
    arguments: dict[str, str] = field(default_factory=dict)
    device: HomeDevice | None = None
    names: list[str] = field(default_factory=list)
    here: bool = False
    area: str | None = None


@lru_cache(maxsize=1)
def _package() -> Intents:
    loaded = home_assistant_intents.get_intents("en")
    assert loaded is not None
    return Intents.from_dict(dict(loaded))


@lru_cache(maxsize=100)
def sentences_of(intent: str, split: Split) -> tuple[tuple[IntentData, tuple[Sentence, ...]], ...]:
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


def expand(walk: Walk, node: Expression, out: list[str]) -> None:
    if isinstance(node, TextChunk):
        out.append(node.original_text)
    elif isinstance(node, Sequence):
        for item in node.items:
            expand(walk, item, out)
    elif isinstance(node, Alternative):
        expand(walk, walk.rng.choice(node.items), out)
    elif isinstance(node, Permutation):
        for item in walk.rng.sample(node.items, len(node.items)):
            out.append(" ")
            expand(walk, item, out)
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
        expand(walk, rule.expression, out)
    elif isinstance(node, ListReference):
        out.append(_value(walk, node))
    else:
        raise Unfit


_USUAL = {"the": "the", "in": "in", "everywhere": "everywhere", "turn": "turn", "set": "set"}


def _value(walk: Walk, node: ListReference) -> str:
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
                raise Unfit
        if name == "timer_half":
            values = values[:1]
        value = rng.choice(values)
        walk.arguments[slot] = str(value.value_out)
        said: list[str] = []
        expand(walk, value.text_in, said)
        return "".join(said)
    if isinstance(items, RangeSlotList):
        text = _number(rng, name, items)
        walk.arguments[slot] = f"-{text}" if items.multiplier == -1 and text != "0" else text
        return text
    if isinstance(items, WildcardSlotList):
        text = _words(walk, name)
        walk.arguments[slot] = text
        return text
    raise Unfit


def _words(walk: Walk, name: str) -> str:
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
            raise Unfit
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


def _name(walk: Walk) -> str:
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
        raise Unfit
    device = rng.choice(found)
    said = rng.choice((device.name, *device.aliases)).lower()
    walk.device = device
    walk.arguments["name"] = said
    walk.names.append(said)
    spots = {"area": device.area, "floor": device.floor}
    for spot, value in spots.items():
        if value and f"{{{spot}}}" in text:
            if walk.arguments.get(spot) not in (None, value.lower()):
                raise Unfit
            walk.arguments[spot] = value.lower()
    # A list is spoken of as "my chores list": the name alone is enough of it.
    return said.removesuffix(" list") if device.domain == "todo" else said


def _spot(walk: Walk, kind: str) -> str:
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
        raise Unfit
    domain = walk.data.slots.get("domain") or TOOL_DOMAINS.get(walk.tool)
    if domain and "Vacuum" not in walk.tool and rng.random() < 0.93:
        spots = tuple(
            spot for spot in spots if members(home, domain, walk.arguments.get("device_class"), **{kind: spot})
        )
        if not spots:
            raise Unfit
    spot = rng.choice(spots)
    walk.arguments[kind] = spot.lower()
    if kind == "area":
        walk.area = spot
    return spot.lower()


def _spot_before_name(walk: Walk, kind: str) -> str:
    domains = _domains(walk.data)
    found = [
        getattr(device, kind) for device in walk.home.devices if device.domain in domains and getattr(device, kind)
    ]
    if not found:
        raise Unfit
    spot = str(walk.rng.choice(found))
    walk.arguments[kind] = spot.lower()
    return spot.lower()
