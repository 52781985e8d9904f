# SPDX-License-Identifier: Apache-2.0
"""The index of names only narrows down: with it the resolver answers as without it, for whatever home and words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.home import resolver
from appliance.home.errors import Ambiguous, HomeError
from appliance.home.name_index import Ids, NameIndex, name_index
from appliance.home.naming import Words, likeness
from appliance.home.registry import Area, Device, Floor, Registry

ROOMS = ("Kitchen", "Living Room", "Bedroom", "Hall")
WORDS = (
    *("kitchen", "living room", "bedroom", "hall", "hal", "light", "lights", "lamp", "lam", "blind", "blinds", "lock"),
    *("reading", "reeding", "ceiling", "sealing", "left", "right", "1", "2", "door", "fan", "list", "all", "the", "tv"),
)
DOMAINS = ("light", "switch", "cover", "lock", "fan", "media_player", "sensor", "scene", "todo", "valve")
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
SAID = NAMES | st.text(max_size=12) | st.builds(lambda name, cut: name[:cut], NAMES, st.integers(1, 12))


class EveryDevice(NameIndex):
    """Narrows nothing down: any device may be meant, and each is compared, as was done before there was an index."""

    def named(self, heard: Words) -> Ids:
        return {entity_id for entity_id, names in self.names.items() if heard in names}

    def nearly_named(self, heard: Words) -> Ids:
        return self.names.keys()

    def holding(self, heard: Words) -> Ids:
        return self.names.keys()

    def sounding(self, heard: Words, least: float) -> Iterator[tuple[str, float]]:
        scores = {entity_id: max(likeness(heard, name) for name in names) for entity_id, names in self.names.items()}
        yield from sorted(scores.items(), key=lambda scored: -scored[1])


@st.composite
def homes(draw: st.DrawFn) -> Registry:
    drawn = draw(
        st.lists(
            st.tuples(
                NAMES,
                st.sampled_from(DOMAINS),
                st.none() | st.sampled_from(ROOMS),
                st.lists(NAMES, max_size=1),
                st.sampled_from((None, "blind", "garage", "outlet")),
            ),
            max_size=8,
        )
    )
    devices = [
        Device(f"{domain}.{index}", name, domain, room, "Upstairs" if room == "Bedroom" else None, tuple(aliases), kind)
        for index, (name, domain, room, aliases, kind) in enumerate(drawn)
    ]
    return Registry(devices, [Area(room) for room in ROOMS], [Floor("Upstairs")])


QUESTIONS = st.fixed_dictionaries(
    {"name": SAID},
    optional={
        "area": st.sampled_from((*ROOMS, "here", "kitchin", "attic")),
        "domain": st.sampled_from(DOMAINS),
        "except": NAMES,
    },
)


def answer(registry: Registry, slots: dict[str, Any], context: str | None, **how: Any) -> object:
    """Ids in their order, or the words of the refusal and whom they are about."""
    try:
        return [device.entity_id for device in resolver.resolve(registry, slots, context, **how)]
    except HomeError as error:
        about = error.candidates if isinstance(error, Ambiguous) else ()
        return type(error), str(error), [device.entity_id for device in about]


@settings(max_examples=400, deadline=None)
@given(
    home=homes(),
    slots=QUESTIONS,
    context=st.none() | st.sampled_from(ROOMS),
    domains=st.none() | st.sets(st.sampled_from(DOMAINS), min_size=1),
    acting=st.booleans(),
)
def test_the_index_changes_no_answer(
    home: Registry, slots: dict[str, Any], context: str | None, domains: set[str] | None, acting: bool
) -> None:
    quick = answer(home, slots, context, domains=domains, acting=acting)
    with mock.patch.object(resolver, "name_index", EveryDevice):
        assert quick == answer(home, slots, context, domains=domains, acting=acting)


@settings(max_examples=200, deadline=None)
@given(home=homes(), slots=QUESTIONS)
def test_only_devices_of_the_registry_are_found(home: Registry, slots: dict[str, Any]) -> None:
    try:
        found = resolver.resolve(home, slots, None)
    except HomeError as error:
        found = list(error.candidates) if isinstance(error, Ambiguous) else []
    assert all(home.get(device.entity_id) is device for device in found)


LAMP = Device("light.lamp", "Lamp", "light", "Hall")


def test_the_index_is_kept_until_names_change() -> None:
    home = Registry([LAMP])
    index = name_index(home)
    home.update("light.lamp", "on")
    home.put(replace(LAMP, state="off", attributes={"brightness": 3}))
    assert name_index(home) is index
    home.put(replace(LAMP, name="Beacon"))
    assert resolver.resolve(home, {"name": "beacon"}, None) == list(home.devices)
    home.remove("light.lamp")
    with pytest.raises(HomeError):
        resolver.resolve(home, {"name": "beacon"}, None)


def test_each_registry_has_its_own() -> None:
    one, other = Registry([LAMP]), Registry([replace(LAMP, name="Beacon")])
    assert resolver.resolve(one, {"name": "lamp"}, None) == [LAMP]
    with pytest.raises(HomeError):
        resolver.resolve(other, {"name": "beakon 2"}, None)
    assert name_index(one) is not name_index(other)
