# SPDX-License-Identifier: Apache-2.0
"""Sentences with their expected intent and slots over a fixture home, in the form of Home Assistant's intents repository."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.home_model.homes import HomeDevice

Slots = dict[str, str]

# These take the room where the microphone stands when no other place is said; the executor does the same.
_OF_THE_ROOM = ("HassMedia", "HassSetVolume")


def read_home(path: Path) -> list[HomeDevice]:
    """The entities of a fixture home (`areas`, `floors`, `entities`) as the device list shows them."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    floors = {floor["id"]: floor["name"] for floor in raw.get("floors", [])}
    areas = {area["id"]: (area["name"], floors.get(area.get("floor", ""))) for area in raw.get("areas", [])}
    devices = []
    for entity in raw["entities"]:
        area, floor = areas.get(entity.get("area", ""), (None, None))
        aliases = tuple(entity.get("aliases", ()))
        device_class = entity.get("attributes", {}).get("device_class")
        devices.append(HomeDevice(entity["name"], entity["id"].split(".")[0], area, floor, aliases, device_class))
    return devices


@dataclass(frozen=True)
class Sentence:
    """One case: what is said, where, and what should be called."""

    text: str
    intent: str
    slots: Mapping[str, Any]
    area: str | None

    def expects(self, tool: str, arguments: Mapping[str, Any]) -> bool:
        """Whether a call is the expected one, tool and every slot, letter case and Home Assistant's `name: all` aside."""
        given = _normal(arguments, self.area)
        if not given.keys() & {"name", "area", "floor"} and tool.startswith(_OF_THE_ROOM) and self.area:
            given["area"] = self.area.lower()
        expected = _normal({key: _first(value) for key, value in self.slots.items()}, self.area)
        return tool == self.intent and given == expected


def read_sentences(path: Path) -> list[Sentence]:
    """One JSON object a line: text, intent, slots, context."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Sentence(row["text"], row["intent"], row["slots"], row.get("context", {}).get("area")) for row in rows]


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


def _normal(slots: Mapping[str, Any], area: str | None) -> Slots:
    normal = {}
    for key, value in slots.items():
        text = str(value).strip().lower()
        if key == "area" and text == "here":
            text = (area or "").lower()
        with contextlib.suppress(ValueError):
            text = f"{float(text):g}"
        if text and not (key == "name" and text == "all"):
            normal[key] = text
    return normal
