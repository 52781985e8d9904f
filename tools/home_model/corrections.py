# SPDX-License-Identifier: Apache-2.0
"""The other one of two, and what is taken back: said after a turn that named the one, or an item of a list."""

from __future__ import annotations

import random
import re

from tools.home_model import lights, results
from tools.home_model.calls import Call, Draft, Result, call
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.household import agreeing
from tools.home_model.last_turn import SETTING, known_device, state_after
from tools.home_model.targets import Target

_ALIKE = ("light", "fan", "cover", "lock", "valve", "climate", "media_player", "vacuum")
"""Kinds of which one is like the other, whatever their names: not so a kettle and a heater, both switches."""


def _other_of_two(home: Home, device: HomeDevice) -> HomeDevice | None:
    """The other of the only two such things: of the room, or else of the home; None where that could be another."""
    alike = [
        each
        for each in home.devices
        if each != device and each.domain == device.domain and each.device_class == device.device_class
    ]
    near = [each for each in alike if device.area and each.area == device.area]
    found = near or alike
    named_so = [each for each in alike if each.name.lower().split()[-1] == device.name.lower().split()[-1]]
    one = found[0] if len(found) == 1 else None
    if one is None or home.find(one.name) is not one or (device.domain not in _ALIKE and one not in named_so):
        return None
    return one if named_so in ([], [one]) else None


def other_one(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """The same with the other of two: "no, the other one"."""
    device = known_device(home, last.arguments)
    other = _other_of_two(home, device) if device else None
    asks = last.tool == "HassGetState"
    template = GRAMMAR.pick(rng, "followup.other.ask" if asks else "followup.other", split)
    if other is None or template is None or not (asks or last.tool in SETTING):
        return None
    if last.tool == "HassLightSet" and "temperature" in last.arguments:
        return None
    known = {slot: value for slot, value in last.arguments.items() if slot not in ("name", "area", "floor")}
    if "except" in known or any(slot.endswith("_step") for slot in known):
        return None
    target = Target("", "", {"name": other.name.lower()}, (other,))
    made = call(last.tool, target.arguments | known)
    done = results.told(rng, other) if asks else results.done(rng, target, state_after(target, last))
    return Draft(
        GRAMMAR.say(rng, template.node, {"is": "is"}), "ask" if asks else "say", (made,), (done,), template.text
    )


def by_looks(rng: random.Random, home: Home, device: HomeDevice) -> Target | None:
    """Another lamp, by where it stands: "the one by the window"."""
    found = lights.described(rng, home) if device.domain == "light" else None
    return found if found and found.devices[0].name.lower() != device.name.lower() else None


_UNDONE = {
    "HassShoppingListAddItem": "HassShoppingListCompleteItem", "HassListAddItem": "HassListCompleteItem",
    "HassShoppingListCompleteItem": "HassShoppingListAddItem", "HassListCompleteItem": "HassListAddItem",
}  # fmt: skip


def item_again(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """The item that was just named, off its list, back on it, or some more of it."""
    item, tool = last.arguments["item"], _UNDONE[last.tool]
    way = "back" if last.tool.endswith("CompleteItem") else "off"
    words = agreeing(item)
    n = str(rng.choice((2, 2, 3, 4, 5, 6)))
    # What has a number of its own, or none at all, is not counted: "3 more of those" are lemons, and no rice.
    if way == "off" and last.tool == "HassShoppingListAddItem" and words["them"] == "them" and rng.random() < 0.7:
        if " and " in item or re.search(r"\d|\bof\b|^(?:an?|some|the|my|fresh|frozen) ", item):
            return None
        way, tool, item = "more", last.tool, f"{n} more {item}"
    template = GRAMMAR.pick(rng, f"followup.item.{way}", split)
    if template is None:
        return None
    text = GRAMMAR.say(rng, template.node, {"it": words["them"], "that": words["those"], "n": n})
    done = f"{item} is checked off" if way == "off" else f"{item} is on the list"
    return Draft(text, "say", (call(tool, last.arguments | {"item": item}),), (Result(True, done),), template.text)
