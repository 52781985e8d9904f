# SPDX-License-Identifier: Apache-2.0
"""What misheard names lead to in random homes, at one likeness or another: the right device, a wrong one, a question."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from appliance.home import resolver
from appliance.home.errors import Ambiguous, HomeError
from appliance.home.naming import words
from appliance.home.places import LIKENESS_LEAD
from appliance.home.query import SWITCHABLE
from appliance.home.registry import Area, Device, Floor, Registry
from appliance.home.resolver import resolve
from tools.home_model.homes import HomeDevice, random_home
from tools.home_model.misheard import Pair
from tools.home_model.spoken import Progress

OUTCOMES = ("right", "wrong", "asked", "unknown")
_MEANT = "meant"


NEVER = 100.5
"""No name is so much like another: nothing is found by sound."""
Setting = tuple[float, float]
"""LIKENESS_AT_LEAST and LIKENESS_LEAD."""


@dataclass(frozen=True)
class Point:
    """Shares of OUTCOMES at one setting, of names whose device is in the home (`there`) and whose is not (`absent`)."""

    at_least: float
    lead: float
    there: dict[str, float]
    absent: dict[str, float]

    def wrong_by_sound(self, never: Point) -> float:
        """The share of wrong devices that finding by sound adds to `never`: the larger one of `there` and `absent`."""
        return max(self.there["wrong"] - never.there["wrong"], self.absent["wrong"] - never.absent["wrong"])


def measure(
    pairs: Sequence[Pair], homes: int, devices: int, settings: Sequence[Setting], progress: Progress | None = None
) -> list[Point]:
    """Every pair in so many random homes of at least so many devices, with its device and without, at every setting.

    A home that has a device of that name already is left out for that pair.
    """
    rng = random.Random("likeness")
    there: dict[Setting, Counter[str]] = {setting: Counter() for setting in settings}
    absent: dict[Setting, Counter[str]] = {setting: Counter() for setting in settings}
    for number in range(homes):
        empty = home_of(rng, devices)
        known = {words(name) for device in empty.devices for name in (device.name, *device.aliases)}
        for pair in pairs:
            if words(pair.said) in known:
                continue
            device = Device(_MEANT, pair.said, pair.domain, rng.choice(empty.areas).name)
            full = Registry([*empty.devices, device], empty.areas, empty.floors)
            for setting in settings:
                with likeness(setting):
                    there[setting][outcome(full, pair)] += 1
                    absent[setting][outcome(empty, pair)] += 1
        if progress:
            progress("homes", number + 1, homes)
    return [Point(*setting, _shares(there[setting]), _shares(absent[setting])) for setting in settings]


def best(points: Sequence[Point], most_wrong: float) -> Point:
    """The setting that finds most devices rightly while finding by sound adds less wrong ones than `most_wrong`.

    Where several find as many, data say nothing for the others: the lead stays as it is in force, and of the rest the
    strictest is taken.
    """
    never = next(point for point in points if point.at_least == NEVER)
    allowed = [point for point in points if point.wrong_by_sound(never) < most_wrong]
    return max(allowed, key=_worth)


def _worth(point: Point) -> tuple[float, ...]:
    return round(point.there["right"], 6), -abs(point.lead - LIKENESS_LEAD), point.at_least


@contextmanager
def likeness(setting: Setting) -> Iterator[None]:
    """The resolver with other constants than its own."""
    with (
        mock.patch.object(resolver, "LIKENESS_AT_LEAST", setting[0]),
        mock.patch.object(resolver, "LIKENESS_LEAD", setting[1]),
    ):
        yield


def home_of(rng: random.Random, devices: int) -> Registry:
    """Generated homes put together until there are so many devices; of rooms and floors of one name there is one."""
    found: list[HomeDevice] = []
    areas: dict[str, Area] = {}
    floors: dict[str, Floor] = {}
    while len(found) < devices:
        home = random_home(rng, "train")
        floor_of = {device.area: device.floor for device in home.devices}
        found += home.devices
        areas |= {area.lower(): Area(area, floor_of.get(area)) for area in home.areas if area.lower() not in areas}
        floors |= {floor.lower(): Floor(floor) for floor in home.floors if floor.lower() not in floors}
    made = [
        Device(
            f"{one.domain}.{index}",
            one.name,
            one.domain,
            one.area and areas[one.area.lower()].name,
            one.floor and floors[one.floor.lower()].name,
            one.aliases,
            one.device_class,
        )
        for index, one in enumerate(found)
    ]
    return Registry(made, areas.values(), floors.values())


def outcome(registry: Registry, pair: Pair) -> str:
    """One of OUTCOMES for what was heard; in a home without the device, nothing can be right."""
    try:
        found = resolve(registry, {"name": pair.heard}, None, acting=pair.domain in SWITCHABLE) if pair.heard else []
    except Ambiguous:
        return "asked"
    except HomeError:
        return "unknown"
    if not found:
        return "unknown"
    return "right" if [device.entity_id for device in found] == [_MEANT] else "wrong"


def _shares(counted: Counter[str]) -> dict[str, float]:
    return {kind: counted[kind] / max(1, counted.total()) for kind in OUTCOMES}
