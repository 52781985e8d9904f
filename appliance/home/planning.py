# SPDX-License-Identifier: Apache-2.0
"""What a call means now: which devices it reaches, what is to be done to each, and whether it may be."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from appliance.home.acts import ACTS, Act, plan
from appliance.home.errors import Ambiguous, CannotDo
from appliance.home.policy import STRICTNESS, Policy
from appliance.home.registry import Device, Registry
from appliance.home.resolver import resolve
from appliance.home.states import which
from appliance.home.tools import ToolCall

_LISTS = frozenset(("todo",))
_PLAYERS = frozenset(("media_player",))


class Plan(NamedTuple):
    """What would be done; nothing has been."""

    acts: list[tuple[Device, Act]]
    refused: list[str]
    """Why other devices are left out, as sentences."""
    strictest: str
    """Of what the policy says of the acts, one of STRICTNESS."""


def plan_call(call: ToolCall, area: str | None, registry: Registry, policy: Policy, now: datetime) -> Plan:
    """Say what an acting call (typed and valid) comes down to, asked for in the room `area`; raises HomeError where it
    reaches nothing.
    """
    acts: list[tuple[Device, Act]] = []
    refused: list[str] = []
    strictest = "allow"
    for device in _targets(registry, call, area):
        try:
            act = plan(call, device)
            verdict = policy.judge(call.name, device, act, now)
            if verdict == "never":
                raise CannotDo(f"{device.name} may not be changed so by voice")
            acts.append((device, act))
            strictest = max(strictest, verdict, key=STRICTNESS.index)
        except CannotDo as error:
            refused.append(str(error))
    return Plan(acts, refused, strictest)


def _targets(registry: Registry, call: ToolCall, area: str | None) -> list[Device]:
    domains = ACTS[call.name]
    if domains == _LISTS:
        name = {"name": call.arguments.get("name", "Shopping List")}
        return _one_of(resolve(registry, name, None, domains=domains, acting=False))
    if domains == _PLAYERS and "name" not in call.arguments:
        return _player(registry, call, area)
    return resolve(registry, call.arguments, area, domains=domains)


def _player(registry: Registry, call: ToolCall, area: str | None) -> list[Device]:
    """Find the player that is meant when none was named: the one that plays, or else the one in the room."""
    wanted = "paused" if call.name == "HassMediaUnpause" else "playing"
    busy = [device for device in registry.devices if device.domain == "media_player" and device.state == wanted]
    if "area" not in call.arguments and call.name != "HassMediaSearchAndPlay" and len(busy) == 1:
        return busy
    found = resolve(registry, call.arguments, area, domains=_PLAYERS)
    return _one_of([device for device in found if device in busy] or found)


def _one_of(devices: list[Device]) -> list[Device]:
    if len(devices) > 1:
        raise Ambiguous(which(devices), devices)
    return devices
