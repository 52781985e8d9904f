# SPDX-License-Identifier: Apache-2.0
"""What the rules say of every act: by default, by rules, at night, within limits; and that no rule ever weakens."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.home.acts import Act
from appliance.home.errors import CannotDo
from appliance.home.policy import STRICTNESS, Policy
from appliance.home.registry import Device
from appliance.settings import PolicyRule, PolicySettings

NOON, NIGHT = datetime(2026, 11, 22, 12), datetime(2026, 11, 22, 23)
UNLOCK, LOCK, ON, OFF, OPEN = (Act(service) for service in ("unlock", "lock", "turn_on", "turn_off", "open_cover"))
LAMP = Device("light.lamp", "Lamp", "light", area="Nursery")
DOOR = Device("lock.front", "Front Door", "lock", aliases=("entrance",))


def policy(*rules: dict[str, object], defaults: bool = True, **settings: object) -> Policy:
    return Policy(PolicySettings.model_validate({"rules": list(rules), "defaults": defaults, **settings}))


def verdict(policy: Policy, device: Device, act: Act, now: datetime = NOON, tool: str = "HassTurnOn") -> str:
    return policy.judge(tool, device, act, now)


@pytest.mark.parametrize(
    ("device", "act", "do"),
    [
        (DOOR, UNLOCK, "confirm"),
        (DOOR, LOCK, "allow"),
        (Device("cover.g", "Garage Door", "cover", device_class="garage"), OPEN, "confirm"),
        (Device("cover.g", "Garage Door", "cover", device_class="garage"), Act("close_cover"), "allow"),
        (
            Device("cover.g", "Gate", "cover", device_class="gate"),
            Act("set_cover_position", {"position": 5}),
            "confirm",
        ),
        (Device("cover.g", "Gate", "cover", device_class="gate"), Act("set_cover_position", {"position": 0}), "allow"),
        (Device("cover.b", "Left Blind", "cover", device_class="blind"), OPEN, "allow"),
        (Device("valve.gas", "Main", "valve", device_class="gas"), Act("open_valve"), "confirm"),
        (Device("valve.w", "Water Main", "valve", device_class="water"), Act("close_valve"), "confirm"),
        (Device("valve.s", "Stopcock", "valve"), Act("open_valve"), "confirm"),
        (Device("valve.t", "Garden Tap", "valve", device_class="water"), Act("close_valve"), "allow"),
        (Device("switch.oven", "Oven", "switch"), ON, "confirm"),
        (Device("switch.oven", "Oven", "switch"), OFF, "allow"),
        (Device("switch.a", "Pizza Oven Plug", "switch"), ON, "confirm"),
        (Device("light.w", "Woven Lamp", "light"), ON, "allow"),
        (Device("light.oven", "Oven Light", "light"), ON, "allow"),
        (Device("fan.hood", "Cooker Hood", "fan"), ON, "allow"),
        (Device("switch.alarm", "House Alarm", "switch"), OFF, "confirm"),
        (Device("switch.alarm", "House Alarm", "switch"), ON, "allow"),
        (LAMP, ON, "allow"),
        (Device("switch.f", "Chest Freezer", "switch"), OFF, "confirm"),
        (Device("switch.f", "Chest Freezer", "switch"), ON, "allow"),
        (Device("light.f", "Fridge Light", "light"), OFF, "allow"),
        (Device("switch.h", "Space Heater", "switch"), ON, "confirm"),
        (Device("climate.h", "Bathroom Heater", "climate"), Act("set_temperature", {"temperature": 21}), "allow"),
    ],
)
def test_what_opens_heats_or_guards_is_asked_about(device: Device, act: Act, do: str) -> None:
    assert verdict(policy(), device, act) == do


def test_a_rule_names_what_it_is_for() -> None:
    rules = policy({"do": "never", "area": "nursery", "action": "off"}, {"do": "never", "device": "lock.*"})
    assert verdict(rules, LAMP, OFF) == "never" and verdict(rules, LAMP, ON) == "allow"
    assert verdict(rules, DOOR, LOCK) == "never"
    assert verdict(policy({"do": "never", "device": "Entrance"}), DOOR, LOCK) == "never"
    assert verdict(policy({"do": "never", "tool": "HassToggle"}), LAMP, ON, tool="HassToggle") == "never"


def test_a_toggle_is_judged_as_either_of_the_two_that_it_may_be() -> None:
    assert verdict(policy(), DOOR, LOCK, tool="HassToggle") == "confirm"
    assert verdict(policy(), Device("switch.oven", "Oven", "switch"), OFF, tool="HassToggle") == "confirm"
    assert verdict(policy(), LAMP, OFF, tool="HassToggle") == "allow"


def test_hours_may_pass_midnight() -> None:
    quiet = policy({"do": "confirm", "domain": "light", "hours": "22:00-07:00"})
    assert verdict(quiet, LAMP, ON, NIGHT) == "confirm" and verdict(quiet, LAMP, ON, NOON) == "allow"
    day = policy({"do": "never", "domain": "light", "hours": "08:00-20:00"})
    assert verdict(day, LAMP, ON, NOON) == "never" and verdict(day, LAMP, ON, NIGHT) == "allow"


def test_limits_are_tighter_than_the_devices() -> None:
    rules = policy({"do": "allow", "domain": "climate", "limits": {"temperature": [16, 23]}})
    heater = Device("climate.h", "Heater", "climate")
    assert verdict(rules, heater, Act("set_temperature", {"temperature": 22})) == "allow"
    with pytest.raises(CannotDo, match="only be set from 16 to 23"):
        verdict(rules, heater, Act("set_temperature", {"temperature": 25}))


def test_a_pin_that_nobody_set_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict(policy({"do": "pin", "domain": "lock"}), DOOR, UNLOCK) == "never"
    monkeypatch.setenv("HOUSE_PIN", "4711")
    rules = policy({"do": "pin", "domain": "lock"}, pin={"env": "HOUSE_PIN"})
    assert verdict(rules, DOOR, UNLOCK) == "pin"
    assert rules.is_pin("4711") and not rules.is_pin("4712") and not rules.is_pin("")
    assert not policy().is_pin("")


@pytest.mark.parametrize("pin", ["12", "letmein", "1234567890123", ""])
def test_a_pin_is_digits(monkeypatch: pytest.MonkeyPatch, pin: str) -> None:
    monkeypatch.setenv("HOUSE_PIN", pin)
    with pytest.raises(ValueError, match=r"4 to 12 digits|empty"):
        policy(pin={"env": "HOUSE_PIN"})


@pytest.mark.parametrize(
    "rule",
    [{"do": "maybe"}, {"do": "never", "hours": "25:00-07:00"}, {"do": "never", "aktion": "on"}, {"action": "on"}],
)
def test_a_wrong_rule_is_refused(rule: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"do|hours|aktion"):
        policy(rule)


RULES = st.builds(
    PolicyRule,
    do=st.sampled_from(STRICTNESS),
    device=st.none() | st.sampled_from(["Lamp", "lock.front", "*oven*", "*"]),
    area=st.none() | st.sampled_from(["Nursery", "Hall"]),
    domain=st.none() | st.sampled_from(["light", "lock"]),
    action=st.none() | st.sampled_from(["on", "off", "unlock"]),
    hours=st.none() | st.just("22:00-07:00"),
)


@given(st.lists(RULES, max_size=4), RULES, st.sampled_from([LAMP, DOOR]), st.sampled_from([UNLOCK, LOCK, ON, OFF]))
def test_no_rule_makes_anything_easier(rules: list[PolicyRule], more: PolicyRule, device: Device, act: Act) -> None:
    before = verdict(Policy(PolicySettings(rules=rules)), device, act)
    after = verdict(Policy(PolicySettings(rules=[*rules, more])), device, act)
    assert STRICTNESS.index(after) >= STRICTNESS.index(before)
