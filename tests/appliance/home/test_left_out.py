# SPDX-License-Identifier: Apache-2.0
"""What a call leaves out."""

from __future__ import annotations

import pytest

from appliance.home.errors import HomeError
from appliance.home.registry import Area, Device, Floor, Registry
from appliance.home.resolver import resolve


def device(entity_id: str, name: str, area: str, device_class: str | None = None) -> Device:
    floor = "Upstairs" if area in ("Bedroom", "Nursery") else "Downstairs"
    return Device(entity_id, name, entity_id.partition(".")[0], area, floor, (), device_class, "off")


HOME = Registry(
    [
        device("light.ceiling", "Lounge Ceiling Light", "Lounge"),
        device("light.corner", "Corner Lamp", "Lounge"),
        device("light.fairy", "Fairy Lights", "Lounge"),
        device("fan.ceiling", "Ceiling Fan", "Lounge"),
        device("light.hall", "Hall Light", "Hall"),
        device("light.wall", "Wall Lamp", "Hall"),
        device("light.left", "Left Bedside Lamp", "Bedroom"),
        device("light.right", "Right Bedside Lamp", "Bedroom"),
        device("cover.lounge", "Lounge Blinds", "Lounge", "blind"),
        device("cover.curtains", "Lounge Curtains", "Lounge", "curtain"),
        device("cover.blackout", "Blackout Blind", "Bedroom", "blind"),
        device("cover.shutter", "Nursery Shutter", "Nursery", "shutter"),
        device("vacuum.it", "Rosie", "Hall"),
    ],
    [
        *(Area(name, "Downstairs") for name in ("Lounge", "Hall", "Driveway")),
        *(Area(name, "Upstairs") for name in ("Bedroom", "Nursery")),
    ],
    [Floor("Upstairs"), Floor("Downstairs")],
)


def left(spared: str, here: str | None = None, **slots: str) -> str:
    try:
        found = resolve(HOME, {**slots, "except": spared}, here)
    except HomeError as error:
        return str(error)
    return " ".join(each.entity_id.partition(".")[2] for each in found)


@pytest.mark.parametrize(
    ("spared", "slots", "kept"),
    [
        ("ceiling one", {"area": "lounge", "domain": "light"}, "corner fairy"),
        ("ceiling fan", {"area": "lounge", "domain": "light"}, "corner fairy"),
        ("left one", {"area": "bedroom", "domain": "light"}, "right"),
        ("right", {"area": "bedroom", "domain": "light"}, "left"),
        ("fairy", {"domain": "light"}, "ceiling corner hall wall left right"),
        ("hall one", {"domain": "light"}, "ceiling corner fairy wall left right"),
        ("bedside ones", {"domain": "light", "floor": "upstairs"}, "With those left out there is nothing to change"),
        ("lounge and the left one", {"domain": "light"}, "hall wall right"),
        ("nursery shutter", {"domain": "cover", "device_class": "blind"}, "lounge blackout"),
        ("lounge curtains", {"area": "lounge", "domain": "cover"}, "lounge"),
        ("curtains", {"area": "lounge", "domain": "cover"}, "lounge"),
        ("hall light", {"domain": "light"}, "ceiling corner fairy wall left right"),
        ("hall lights", {"domain": "light"}, "ceiling corner fairy left right"),
        ("nursery", {"floor": "upstairs", "domain": "cover", "device_class": "blind"}, "blackout"),
    ],
)
def test_what_is_spared_is_found_by_a_part_of_its_name_or_is_no_matter(
    spared: str, slots: dict[str, str], kept: str
) -> None:
    assert left(spared, **slots) == kept


@pytest.mark.parametrize(
    ("spared", "slots"),
    [
        ("greenhouse", {"domain": "light"}),
        ("rosie", {"domain": "light", "area": "hall"}),
        ("ceiling fan", {"domain": "light", "area": "bedroom"}),
        ("purple one", {"area": "lounge", "domain": "light"}),
        ("one", {"area": "lounge", "domain": "light"}),
        ("lights", {"area": "lounge", "domain": "light"}),
        ("nursery", {"area": "bedroom", "domain": "light"}),
    ],
)
def test_what_is_not_understood_changes_nothing(spared: str, slots: dict[str, str]) -> None:
    assert left(spared, **slots).endswith("so I changed nothing")


def test_here_may_be_left_out() -> None:
    assert left("here", "Lounge", domain="light") == "hall wall left right"
    assert left("here", None, domain="light") == "Which room do you mean?"
