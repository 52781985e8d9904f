# SPDX-License-Identifier: Apache-2.0
"""Locking and unlocking: one lock, two, all of them, doors that are meant by what they lead to."""

from __future__ import annotations

import random
from dataclasses import replace

from tools.home_model import results, words
from tools.home_model.calls import Draft, call
from tools.home_model.drafts import (
    draft,
    names_of,
    pick,
    says_a_name,
    some_device,
    with_say,
)
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home
from tools.home_model.switching import of_one
from tools.home_model.targets import Target, members, named, of_set


def _without_door(rng: random.Random, home: Home, target: Target) -> Target:
    """Who speaks of locking need not say "door": "lock the front"."""
    side = target.bare.removesuffix(" door")
    known = [name.lower() for device in home.devices for name in (device.name, *device.aliases)]
    clear = side not in (*known, *(area.lower() for area in home.areas)) and sum(side in name for name in known) == 1
    if side == target.bare or side not in words.PLACES or not clear or rng.random() < 0.6:
        return target
    return replace(target, text=f"the {side}", bare=side)


def _two_locks(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Lock two doors that are told apart by where they are: "lock the front and back"."""
    doors = [(device, device.name.lower()) for device in home.devices if device.domain == "lock"]
    by_side = {side: [each for each in doors if side in each[1].split()] for side in words.PLACES}
    sides = [side for side, found in by_side.items() if len(found) == 1]
    if len(sides) < 2:
        return None
    pair = rng.sample(sides, 2)
    chosen = pick(rng, split, "lock.both.say")
    devices = [by_side[side][0] for side in pair]
    if chosen is None or devices[0] == devices[1]:
        return None
    text = GRAMMAR.say(rng, chosen[0].node, {"a": pair[0], "b": pair[1]})
    if says_a_name(home, text):
        return None
    targets = [Target(low, low, {"name": low}, (device,)) for device, low in devices]
    calls = tuple(call("HassTurnOn", target.arguments) for target in targets)
    return Draft(
        text, chosen[1], calls, tuple(results.done(rng, target, "locked") for target in targets), chosen[0].text
    )


def lock(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Lock or unlock a door."""
    if rng.random() < 0.2 and (both := _two_locks(rng, home, split)):
        return both
    if rng.random() < 0.3 and (only := _only_lock(rng, home, split)):
        return only
    if rng.random() < 0.12:
        every = Target("", "", {"domain": "lock"}, members(home, "lock", None), True, "", "lock")
        return (
            draft(
                rng,
                pick(rng, split, *with_say("lock.all")),
                {},
                call("HassTurnOn", every.arguments),
                results.done(rng, every, "locked"),
            )
            if every.devices
            else None
        )
    locks = rng.random() < 0.55
    if rng.random() < 0.35:
        target = of_set(rng, home, "lock", None)
        if target and target.text in ("the door", "my door") and len(members(home, "lock", None)) == 1:
            return None  # the one door that there is has a name
    else:
        device = some_device(rng, home, ("lock",))
        target = _without_door(rng, home, named(rng, home, device)) if device else None
    if target is None:
        return None
    made = call("HassTurnOn" if locks else "HassTurnOff", target.arguments)
    section = "lock" if locks else "unlock"
    sections = (*with_say(section), *of_one(section, target))
    if not locks and rng.random() < 0.3 and _is_doorway(home, target):
        sections = with_say("unlock.open")
    return draft(
        rng,
        pick(rng, split, *sections),
        target.slots,
        made,
        results.done(rng, target, f"{section}ed"),
        names_of(target),
    )


def _only_lock(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Lock or unlock the door, which needs no name in a home with a single one."""
    found = members(home, "lock", None)
    moved = [each for each in members(home, "cover", None) if each.device_class in ("door", "gate", "garage")]
    if len(found) != 1 or moved or "door" not in found[0].name.lower():
        return None
    low = found[0].name.lower()
    target = Target(low, low, {"name": low}, found)
    section = "lock" if rng.random() < 0.4 else "unlock"
    made = call("HassTurnOn" if section == "lock" else "HassTurnOff", target.arguments)
    chosen = pick(rng, split, *with_say(f"{section}.only"))
    done = draft(rng, chosen, {}, made, results.done(rng, target, f"{section}ed"))
    return None if done is None or says_a_name(home, done.text, found[0]) else done


def _is_doorway(home: Home, target: Target) -> bool:
    """Whether opening it can only mean its lock: a door that no motor of this home moves."""
    last = target.bare.split()[-1]
    moved = {word for device in members(home, "cover", None) for word in device.name.lower().split()}
    return "name" in target.arguments and last in (*words.PLACES, "door", "gate") and last not in moved
