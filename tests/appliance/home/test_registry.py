# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import pytest

from appliance.home.registry import Device, Registry

LAMP = Device("light.lamp", "Lamp", "light", state="off", attributes={"brightness": 40, "color": "red"})
LOCK = Device("lock.door", "Door", "lock", state="locked")


def test_devices_keep_their_order_when_they_change() -> None:
    registry = Registry([LAMP, LOCK])
    registry.update("light.lamp", "on")
    assert [device.entity_id for device in registry.devices] == ["light.lamp", "lock.door"]
    assert registry.get("light.lamp").state == "on"


def test_a_report_merges_attributes_and_takes_away_those_given_as_none() -> None:
    registry = Registry([LAMP])
    after = registry.update("light.lamp", attributes={"color": None, "color_temperature": 2700})
    assert after.attributes == {"brightness": 40, "color_temperature": 2700}
    assert after.state == "off"


def test_a_device_that_was_handed_out_does_not_change() -> None:
    registry = Registry([LAMP])
    before = registry.get("light.lamp")
    registry.update("light.lamp", "on", {"brightness": 100})
    assert before == LAMP
    with pytest.raises(dataclasses.FrozenInstanceError):
        before.state = "on"  # type: ignore[misc]


def test_listeners_hear_every_report_until_they_leave() -> None:
    registry = Registry([LAMP])
    heard: list[tuple[str, str]] = []
    leave = registry.subscribe(lambda before, after: heard.append((before.state, after.state)))
    registry.update("light.lamp", "on")
    registry.update("light.lamp", "on")  # repeats the last, and is an answer all the same
    leave()
    registry.update("light.lamp", "off")
    assert heard == [("off", "on"), ("on", "on")]


def test_a_listener_may_leave_while_it_is_called() -> None:
    registry = Registry([LAMP])
    heard: list[str] = []
    leave = registry.subscribe(lambda before, after: leave())
    registry.subscribe(lambda before, after: heard.append(after.state))
    registry.update("light.lamp", "on")
    assert heard == ["on"]


def test_an_unknown_device_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Registry([LAMP]).update("light.other", "on")


def test_abilities_are_assumed_only_where_nothing_is_known() -> None:
    assert LAMP.can("color")
    assert not dataclasses.replace(LAMP, attributes={"features": ("brightness",)}).can("color")
