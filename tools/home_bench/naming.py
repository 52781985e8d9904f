# SPDX-License-Identifier: Apache-2.0
"""How long it takes to find what was named, by way of naming."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from appliance.home.errors import HomeError
from appliance.home.registry import Device, Registry
from appliance.home.resolver import resolve

Slots = dict[str, Any]


def _misheard(name: str) -> str:
    """The name with a slip in its longest word, as a recognizer may write it."""
    words = name.split()
    longest = max(range(len(words)), key=lambda index: len(words[index]))
    word = words[longest]
    words[longest] = word[:2] + word[3] + word[2] + word[4:] if len(word) > 4 else word + "e"
    return " ".join(words)


def _some(devices: list[Device], count: int) -> list[Device]:
    return [devices[index * len(devices) // count] for index in range(count)]


def ways(registry: Registry, count: int = 25) -> dict[str, list[Slots]]:
    """For each way of naming, as many calls that use it, spread over the home."""
    acting = [d for d in registry.devices if d.domain in ("light", "switch", "fan", "climate", "media_player")]
    some = _some(acting, count)
    aliased = _some([device for device in acting if device.aliases], count)
    rooms = [registry.areas[index % len(registry.areas)].name for index in range(count)]
    return {
        "by its exact name": [{"name": device.name} for device in some],
        "by an alias": [{"name": device.aliases[0]} for device in aliased],
        "by room and kind (slots)": [{"area": room, "domain": "light"} for room in rooms],
        "by room and kind (in the name)": [{"name": f"the {room} lights".lower()} for room in rooms],
        "name and room apart": [
            {"name": device.name.removeprefix(f"{device.area} "), "area": device.area} for device in some
        ],
        "by sound": [{"name": _misheard(device.name)} for device in some],
        "by sound, room misheard": [
            {"name": device.name.removeprefix(f"{device.area} "), "area": _misheard(device.area or "")}
            for device in some
        ],
        "a kind but for a room": [{"domain": "light", "except": room} for room in rooms],
        "not found": [{"name": f"lava lantern number {index}"} for index in range(count)],
    }


def measure(registry: Registry, rounds: int, find: Callable[..., Any] = resolve) -> dict[str, dict[str, Any]]:
    """Milliseconds of each call, on the clock and of the processor, round after round over all ways, and how many calls
    found something.

    On a machine that does other things the clock counts these too; the processor's time is the call's own.
    """
    calls = ways(registry)
    times: dict[str, list[float]] = {way: [] for way in calls}
    own: dict[str, list[float]] = {way: [] for way in calls}
    found = dict.fromkeys(calls, 0)
    for number in range(rounds):
        for way, slots in calls.items():
            for each in slots:
                began, began_own = time.perf_counter(), time.thread_time()
                try:
                    find(registry, each, None)
                    ok = True
                except HomeError:
                    ok = False
                times[way].append(1e3 * (time.perf_counter() - began))
                own[way].append(1e3 * (time.thread_time() - began_own))
                found[way] += ok and number == 0
    return {way: {"ms": times[way], "cpu_ms": own[way], "found": found[way], "calls": len(calls[way])} for way in calls}
