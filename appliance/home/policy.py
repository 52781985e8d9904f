# SPDX-License-Identifier: Apache-2.0
"""What may be done by voice, and what only after a question: rules of the settings, judged in code for every act.

The language model neither sees nor changes them. Where several rules fit one act the strictest counts, so a rule can
only ever take away; `allow` matters where `defaults` are turned off or narrowed.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime, time
from fnmatch import fnmatchcase

from appliance.home.acts import Act
from appliance.home.errors import CannotDo
from appliance.home.naming import number, words
from appliance.home.registry import Device
from appliance.settings import PolicyRule, PolicySettings

STRICTNESS = ("allow", "confirm", "pin", "never")

_ACTIONS = {
    "turn_off": "off",
    "open_cover": "open",
    "close_cover": "close",
    "open_valve": "open",
    "close_valve": "close",
    "lock": "lock",
    "unlock": "unlock",
    "start": "on",
    "return_to_base": "off",
}
_OTHER_WAY = {"on": "off", "off": "on", "open": "close", "close": "open", "lock": "unlock", "unlock": "lock"}
_HOT = (
    *("oven", "stove", "cooker", "cooktop", "hob", "hotplate", "burner", "grill", "griddle", "barbecue", "fryer"),
    *("toaster", "iron", "straightener", "kiln", "boiler", "furnace"),
)
# The hood over the cooker and the lamp in the oven do not get hot.
_CAN_BE_HOT = ("switch", "climate", "valve", "scene", "script")
_GUARD = ("alarm", "siren", "smoke", "camera", "security")
# All taps, or the pilot lights, hang on these: cut off by a word that was misheard they are missed by everybody.
_MAINS = ("main", "stopcock", "shutoff", "shut-off")
# On a plug: as a thermostat or a towel rail of its own a heater is an everyday thing.
_HOT_ON_A_PLUG = ("heater", "fireplace", "sauna", "blanket")
# What spoils, dies or takes the house off the net when it is off, as "turn off everything" would do.
_VITAL = (
    *(
        "fridge",
        "refrigerator",
        "freezer",
        "aquarium",
        "terrarium",
        "incubator",
        "sump",
        "router",
        "modem",
        "server",
        "nas",
    ),
    *("oxygen", "cpap", "ventilator"),
)


def _rules(do: str, words: Sequence[str], *actions: str, domain: str | None = None) -> list[PolicyRule]:
    return [
        PolicyRule.model_validate({"do": do, "device": f"*{word}*", "action": action, "domain": domain})
        for word in words
        for action in actions
    ]


DEFAULTS: tuple[PolicyRule, ...] = (
    *(PolicyRule.model_validate(rule) for rule in ({"do": "confirm", "domain": "lock", "action": "unlock"},)),
    *(
        PolicyRule.model_validate({"do": "confirm", "domain": "cover", "device_class": kind, "action": "open"})
        for kind in ("door", "garage", "gate")
    ),
    *(
        PolicyRule.model_validate({"do": "confirm", "domain": "valve", "device_class": kind, "action": "open"})
        for kind in ("gas", "water")
    ),
    *_rules("confirm", _MAINS, "open", "close", domain="valve"),
    *(rule for domain in _CAN_BE_HOT for rule in _rules("confirm", _HOT, "on", "set", domain=domain)),
    *_rules("confirm", _HOT_ON_A_PLUG, "on", domain="switch"),
    *_rules("confirm", _GUARD, "off"),
    *_rules("confirm", _VITAL, "off", domain="switch"),
)
"""In force unless `policy.defaults` is false: what opens the home, heats or guards it, or supplies all of it is asked
about first.
"""


class Policy:
    """The rules of the settings, and the defaults."""

    def __init__(self, settings: PolicySettings | None = None) -> None:
        settings = settings or PolicySettings()
        self._rules = (*settings.rules, *(DEFAULTS if settings.defaults else ()))
        self._pin = settings.pin.get_secret_value() if settings.pin else None
        self.confirm_s = settings.confirm_s

    def judge(self, tool: str, device: Device, act: Act, now: datetime) -> str:
        """What may be done about `act`, one of STRICTNESS; raises CannotDo where a rule's limits forbid the value."""
        fitting = [rule for rule in self._rules if _fits(rule, tool, device, act, now)]
        for rule in fitting:
            _check_limits(rule, device, act)
        strictest = max((rule.do for rule in fitting), key=STRICTNESS.index, default="allow")
        if strictest == "pin" and self._pin is None:
            strictest = "never"  # a PIN that nobody set lets nobody in
        return strictest

    def is_pin(self, digits: str) -> bool:
        """Whether these digits are the PIN; takes the same time whichever of them are wrong."""
        return self._pin is not None and hmac.compare_digest(digits.encode(), self._pin.encode())


def action(act: Act) -> str:
    """What an act does, in the words of the rules: on, off, open, close, lock, unlock, set."""
    if act.service in ("set_cover_position", "set_valve_position"):
        return "open" if act.data["position"] else "close"
    if act.service == "turn_on":
        return "set" if act.data else "on"
    return _ACTIONS.get(act.service, "set")


def _ways(tool: str, act: Act) -> tuple[str, ...]:
    """What an act does. Who toggles names no direction and may not know the state, so there both are judged."""
    done = action(act)
    return (done, _OTHER_WAY.get(done, done)) if tool == "HassToggle" else (done,)


def _fits(rule: PolicyRule, tool: str, device: Device, act: Act, now: datetime) -> bool:
    wanted = (
        (rule.area, device.area),
        (rule.domain, device.domain),
        (rule.device_class, device.device_class),
        (rule.tool, tool),
    )
    if any(rule_says is not None and words(rule_says) != words(is_ or "") for rule_says, is_ in wanted):
        return False
    if rule.action is not None and rule.action not in _ways(tool, act):
        return False
    if rule.device is not None and not _named(rule.device, device):
        return False
    return rule.hours is None or _within(rule.hours, now.time())


def _named(pattern: str, device: Device) -> bool:
    """By entity id, name or alias; `*` stands for anything. `*oven*` means the word, not a part of "woven"."""
    names = [device.entity_id, *(" ".join(words(name)) for name in (device.name, *device.aliases))]
    core = pattern.strip("*")
    if pattern == f"*{core}*" and core.isalpha():
        return any(core in words(name.replace(".", " ").replace("_", " ")) for name in names)
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for name in (*names, device.name))


def _within(hours: str, now: time) -> bool:
    start, end = (time.fromisoformat(part) for part in hours.split("-"))
    return start <= now < end if start <= end else now >= start or now < end


def _check_limits(rule: PolicyRule, device: Device, act: Act) -> None:
    for key, (least, most) in rule.limits.items():
        value = act.data.get(key)
        if isinstance(value, int | float) and not least <= value <= most:
            raise CannotDo(f"{device.name} may only be set from {number(least)} to {number(most)} here")
