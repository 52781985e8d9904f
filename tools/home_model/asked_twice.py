# SPDX-License-Identifier: Apache-2.0
"""Two questions in one sentence: side by side, or with one verb for both: "are the doors and windows closed"."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from tools.home_model import results
from tools.home_model.asked_sets import of_several
from tools.home_model.calls import Call, Draft, Result, call
from tools.home_model.drafts import pick, place_slots, unless_named
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.kinds import MEASURES
from tools.home_model.places import Place
from tools.home_model.sensors import measure, temperature
from tools.home_model.states import yes_or_no
from tools.home_model.targets import called_plainly, members
from tools.home_model.topics import asked_place

_JOINTS = (" and ", " and ", ", and ", " and also ", " and then ", ", ", ", oh and ", ". and ")


def twice(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Two things asked at once."""
    return rng.choices((_side_by_side, _one_verb, _air), (40, 40, 20))[0](rng, home, split)


_ASKS = re.compile(r"(?:is|are|did|have|has|does|do|what|what's|how|how's|which|where|who|any|was|were|can)\b")


def _place_of_one(first: Call, second: Call) -> bool:
    # "Are the lights on and are the fans on in the kitchen" does not say whose kitchen it is.
    bare = [not {"name", "area", "floor"} & set(each.arguments) for each in (first, second)]
    placed = [bool({"area", "floor"} & set(each.arguments)) for each in (first, second)]
    return (bare[1] and placed[0]) or (bare[0] and placed[1] and "name" not in second.arguments)


def _side_by_side(rng: random.Random, home: Home, split: Split) -> Draft | None:
    makers = (yes_or_no, yes_or_no, of_several, of_several, temperature, measure)
    first = unless_named(home, rng.choice(makers)(rng, home, split))
    second = unless_named(home, rng.choice(makers)(rng, home, split))
    if first is None or second is None or first.calls == second.calls or {*first.names} & {*second.names}:
        return None
    if (
        "," in first.text + second.text
        or not _ASKS.match(second.text)
        or _place_of_one(first.calls[0], second.calls[0])
    ):
        return None
    text = f"{first.text}{rng.choice(_JOINTS)}{second.text}"
    results_of_both = (*first.results, *second.results)
    return Draft(
        text, "ask", (*first.calls, *second.calls), results_of_both, first.template, first.names + second.names
    )


# What one word may be said of: the set, how it is called, and its states for the first and the second word.
_KINDS: dict[tuple[str, str], tuple[tuple[str, str | None, str], ...]] = {
    ("on", "off"): (("light", None, "lights"), ("fan", None, "fans"), ("switch", None, "switches"), ("media_player", "tv", "tvs"), ("climate", None, "heaters"), ("media_player", "speaker", "speakers")),
    ("open", "closed"): (
        *(("cover", kind, f"{kind}s") for kind in ("window", "door", "blind", "curtain", "shutter", "shade", "gate", "awning")),
        ("cover", "garage", "garage doors"),
    ),
}  # fmt: skip


def _one_verb(rng: random.Random, home: Home, split: Split) -> Draft | None:
    ways, kinds = rng.choice(tuple(_KINDS.items()))
    way = rng.choice(ways)
    spot = asked_place(rng, home, {"none": 50, "area": 25, "floor": 20, "all": 5})
    if spot is None:
        return None
    known = [each for each in (_known(home, *kind, spot, way) for kind in kinds) if each]
    if len(known) < 2:
        return None
    chosen = rng.sample(known, 2)
    template = pick(rng, split, "ask.both")
    if template is None:
        return None
    slots = place_slots(spot) | {"set": chosen[0][0], "other": chosen[1][0], "state": way}
    text = GRAMMAR.say(rng, template[0].node, slots)
    made = tuple(each for _, each, _ in chosen)
    told = tuple(results.counted(rng, found, noun, way, spot.area or spot.floor or "") for noun, _, found in chosen)
    found = unless_named(home, Draft(text, "ask", made, told, template[0].text))
    return None if found is None or called_plainly(home, text) else found


def _known(
    home: Home, domain: str, device_class: str | None, noun: str, spot: Place, way: str
) -> tuple[str, Call, tuple[HomeDevice, ...]] | None:
    # What a contact sensor knows is asked of the contact sensor; of a garage with both, nothing says which is asked.
    contact = {"garage": "garage_door"}.get(device_class or "", device_class)
    if domain == "cover" and members(home, "binary_sensor", contact) and contact in ("door", "window", "garage_door"):
        if contact == "garage_door":
            return None
        domain, state = "binary_sensor", "on" if way == "open" else "off"
    else:
        state = way
    found = members(home, domain, device_class, spot.area, spot.floor)
    kind = {"domain": domain} | ({"device_class": device_class} if device_class else {})
    return (noun, call("HassGetState", spot.arguments | kind | {"state": state}), found) if found else None


def _air(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """The temperature of a place, and something else that is measured there."""
    spot = asked_place(rng, home, {"area": 75, "here": 10, "floor": 5, "none": 10})
    template = pick(rng, split, "ask.air.both")
    if spot is None or template is None:
        return None
    kind = rng.choice(("humidity", "humidity", "humidity", "carbon_dioxide", "illuminance"))
    there = members(home, "sensor", kind, spot.area, spot.floor)
    if not there and rng.random() < 0.7:
        return None
    quantity = rng.choice(MEASURES[kind].quantities)
    where = spot.area or spot.floor or ""
    told = (
        results.told(rng, there[0])
        if there
        else Result(False, f"There is no {kind.replace('_', ' ')} sensor{results.at(where)}")
    )
    calls = (
        call("HassClimateGetTemperature", spot.arguments),
        call("HassGetState", spot.arguments | {"domain": "sensor", "device_class": kind}),
    )
    text = GRAMMAR.say(rng, template[0].node, place_slots(spot) | {"quantity": quantity})
    made = Draft(text, "ask", calls, (results.temperature(rng, home, where), told), template[0].text)
    if template[0].text.startswith("{quantity}"):
        made = replace(made, calls=calls[::-1], results=made.results[::-1])
    return unless_named(home, made)
