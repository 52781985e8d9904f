# SPDX-License-Identifier: Apache-2.0
"""Questions about the home, with the calls that answer them; those about people, players and lists are written here."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tools.home_model import results, things
from tools.home_model.asked_sets import occupied, of_kind, of_several, setting
from tools.home_model.asked_twice import twice
from tools.home_model.calls import Draft, Result, call
from tools.home_model.drafts import draft, pick, place_slots, some_device, unless_named
from tools.home_model.grammar import Split
from tools.home_model.homes import Home
from tools.home_model.sensors import air, area_measure, detect, leaking, measure, sleeper, temperature
from tools.home_model.states import anything, running, somebody_did, state, yes_or_no
from tools.home_model.targets import called_plainly, members, named
from tools.home_model.topics import about, arguments_of, asked_place


def playing(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """What plays on a player; whether the whole house is locked."""
    if rng.random() < 0.5:
        locks = members(home, "lock", None)
        if not locks:
            return None
        return draft(
            rng,
            pick(rng, split, "ask.locked.all"),
            {},
            call("HassGetState", {"domain": "lock", "state": "locked"}),
            results.counted(rng, locks, "locks", "locked", ""),
        )
    device = some_device(rng, home, ("media_player",))
    if device is None:
        return None
    target = named(rng, home, device)
    made = call("HassGetState", arguments_of(target, device))
    return about(rng, pick(rng, split, "ask.playing"), target, {}, made, results.told(rng, device))


_OUT = re.compile(r"\b(?:or (?:still )?(?:out|away|at home)|out or at home)\b")
"""What makes a question about both: "is {x} in or out"."""


def person(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Where somebody is, and who is home."""
    people = members(home, "person", None)
    names = [device.name for device in people]
    rooms = [area.lower() for area in (*home.areas, *home.floors)]
    zone = rng.choice([each for each in things.ZONES if each.removeprefix("the ") not in rooms])
    if people and rng.random() < 0.2:
        away = rng.random() < 0.45
        asked = "away" if away else zone.removeprefix("the ")
        said = asked if away else f"at {zone}"
        gone = results.listing(names[:3])
        told = (f"{gone} {'are' if len(names[:3]) > 1 else 'is'} {said}", f"No people are {said}")
        made = call("HassGetState", {"domain": "person", "state": asked})
        section = "ask.who.away" if away else "ask.who.zone"
        return draft(
            rng, pick(rng, split, section), {"zone": zone.removeprefix("the ")}, made, Result(True, rng.choice(told))
        )
    if rng.random() < 0.25:
        text = (
            f"{results.listing(names[:3])} {'are' if len(names[:3]) > 1 else 'is'} at home"
            if names and rng.random() < 0.7
            else "No people are home"
        )
        return draft(
            rng,
            pick(rng, split, "ask.who"),
            {},
            call("HassGetState", {"domain": "person", "state": "home"}),
            Result(True, text),
        )
    device = some_device(rng, home, ("person",))
    if device is None:
        return None
    name = rng.choice((device.name, *device.aliases)).lower()
    arguments = {"name": name, "domain": "person"}
    section = rng.choice(("ask.person", "ask.person", "ask.person.home", "ask.person.zone", "ask.person.away"))
    chosen = pick(rng, split, section)
    where = rng.choice(("at home", "away", "at work", "at school"))
    result = Result(True, f"{device.name} is {where}")
    if section == "ask.person.home" and not _OUT.search(chosen[0].text if chosen else ""):
        arguments["state"] = "home"
        result = Result(
            True,
            rng.choice(
                (f"Yes, {device.name} is at home", f"No, {device.name} is away", f"No, {device.name} is at work")
            ),
        )
    elif section == "ask.person.away":
        arguments["state"] = "away"
        result = Result(True, rng.choice((f"Yes, {device.name} is away", f"No, {device.name} is at home")))
    elif section == "ask.person.zone":
        arguments["state"] = zone.removeprefix("the ")
        result = Result(True, rng.choice((f"Yes, {device.name} is at {zone}", f"No, {device.name} is {where}")))
    return draft(
        rng,
        chosen,
        {"x": name, "zone": zone.removeprefix("the ")},
        call("HassGetState", arguments),
        result,
        (name,),
    )


# Lists of what is to be done about the house, which nobody needs to name.
_HOUSEWORK = frozenset(
    ("cleaning", "maintenance", "repair", "chore wheel", "honey do", "chores", "to do", "jobs", "tasks")
)

_DOINGS = frozenset(("weekend", "party", "holiday", "birthday", "garden", "baby", "project"))

_SHOPS = {
    "hardware store": "the hardware store", "pharmacy": "the pharmacy", "drugstore": "the drugstore", "bakery": "the bakery", "butcher": "the butcher's",
    "market": "the market", "farmers market": "the farmers market", "pet store": "the pet store", "costco": "costco", "aldi": "aldi", "lidl": "lidl",
    "walmart": "walmart", "safeway": "safeway",
}  # fmt: skip
"""Lists that are asked for by what they are for, and how that is said."""


def _list_section(rng: random.Random, name: str) -> tuple[str, dict[str, str]]:
    topic = name.removesuffix(" list")
    if topic in _DOINGS and rng.random() < 0.4:
        return "ask.list.doing", {"topic": topic}
    if topic in _SHOPS and rng.random() < 0.4:
        return "ask.list.buying", {"shop": _SHOPS[topic]}
    return "ask.list", {"list": name if name.endswith("list") else f"{name} list"}


def on_list(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """What stands on a list."""
    device = some_device(rng, home, ("todo",))
    if device is None:
        return None
    name = rng.choice((device.name, *device.aliases)).lower()
    section, slots = _list_section(rng, name)
    if name.removesuffix(" list") in _HOUSEWORK and len(members(home, "todo", None)) == 1 and rng.random() < 0.5:
        section = "ask.list.home"
    made = call("HassGetState", {"name": name, "domain": "todo"})
    return draft(rng, pick(rng, split, section), slots, made, results.told(rng, device), (name,))


def media(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """What plays, in a room or anywhere, or on the TV, where nobody says which."""
    players = members(home, "media_player", None)
    if not players:
        return None
    if rng.random() < 0.45:
        # A home whose TVs are not said to be TVs tells of all its players.
        tvs = members(home, "media_player", "tv")
        if not tvs and (rng.random() < 0.6 or all(player.device_class for player in players)):
            return None
        made = call("HassGetState", {"domain": "media_player"} | ({"device_class": "tv"} if tvs else {}))
        found = draft(rng, pick(rng, split, "ask.media.tv"), {}, made, results.told(rng, rng.choice(tvs or players)))
        return None if found and called_plainly(home, found.text) else found
    spot = asked_place(rng, home, {"none": 60, "area": 32, "here": 8})
    if spot is None:
        return None
    there = members(home, "media_player", None, spot.area)
    if not there and rng.random() < 0.8:
        return None
    made = call("HassGetState", spot.arguments | {"domain": "media_player"})
    result = (
        results.told(rng, rng.choice(there))
        if there
        else Result(False, f"There is no player{results.at(spot.area or '')}")
    )
    return draft(rng, pick(rng, split, "ask.media"), place_slots(spot), made, result)


ASKS: dict[Callable[[random.Random, Home, Split], Draft | None], float] = {
    state: 8, yes_or_no: 20, somebody_did: 3.5, of_several: 24, measure: 20, area_measure: 12, temperature: 11, person: 5, detect: 8, playing: 1.5,
    running: 6, anything: 6, on_list: 5, media: 4, air: 4, sleeper: 2, leaking: 2.5,
    of_kind: 14, setting: 6, occupied: 2, twice: 6,
}  # fmt: skip


def ask(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Some question about the home."""
    return unless_named(home, rng.choices(tuple(ASKS), tuple(ASKS.values()))[0](rng, home, split))
