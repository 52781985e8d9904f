# SPDX-License-Identifier: Apache-2.0
"""Home Assistant's entities in the registry's words, and service calls back in Home Assistant's.

All that comes in is data of others: it may be of any type and any length, and nothing here raises on it. What is not
understood is left out and named in `odd`, for the log.
https://developers.home-assistant.io/docs/api/websocket and .../docs/core/entity
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from appliance.home.registry import Device
from appliance.home.states import UNKNOWN
from appliance.home.tools import DEVICE_CLASSES, DOMAINS
from appliance.text import clean

STATE_LIMIT = 255
ALIAS_LIMIT = 20
ITEM_LIMIT = 200
ODD_LIMIT = 50

Odd = set[str]

_ENTITY_ID = re.compile(r"[a-z0-9_]{1,64}\.[a-z0-9_]{1,190}")

# CSS colors, which `color_name` of Home Assistant means too.
_RGB = {
    name: (int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16))
    for name, code in (
        *(("white", "ffffff"), ("black", "000000"), ("red", "ff0000"), ("orange", "ffa500"), ("yellow", "ffff00")),
        *(("green", "008000"), ("blue", "0000ff"), ("purple", "800080"), ("brown", "a52a2a"), ("pink", "ffc0cb")),
        *(("turquoise", "40e0d0"), ("cyan", "00ffff"), ("magenta", "ff00ff"), ("violet", "ee82ee")),
        *(("indigo", "4b0082"), ("teal", "008080"), ("lime", "00ff00"), ("gold", "ffd700"), ("coral", "ff7f50")),
        ("lavender", "e6e6fa"),
    )
}
_UNSEEN = ("black", "brown")  # what a light shows then is white or a pale red; brown only if it was told so
_COLOR_MODES = frozenset(("hs", "xy", "rgb", "rgbw", "rgbww"))

# domain: (bit of supported_features, the registry's word). Bits are those of Home Assistant's EntityFeature enums.
_FEATURES: dict[str, tuple[tuple[int, str], ...]] = {
    "cover": ((4, "position"),),
    "valve": ((4, "position"),),
    "fan": ((1, "speed"),),
    "media_player": ((4, "volume"), (1 << 22, "search")),
}


def rows(value: object, most: int = 10_000) -> list[Mapping[str, Any]]:
    """The mappings in a list of anything."""
    return [row for row in value[:most] if isinstance(row, dict)] if isinstance(value, list) else []


def domain_of(entity_id: object) -> str | None:
    """The kind of device, if the id is one and the appliance knows the kind."""
    if not isinstance(entity_id, str) or not _ENTITY_ID.fullmatch(entity_id):
        return None
    domain = entity_id.partition(".")[0]
    return domain if domain in DOMAINS else None


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def aliases(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The other names in a registry entry."""
    given = row.get("aliases")
    names = sorted(word for word in given if isinstance(word, str)) if isinstance(given, list) else []
    return tuple(dict.fromkeys(alias for alias in map(named, names) if alias))[:ALIAS_LIMIT]


def name_of(state: Mapping[str, Any]) -> str:
    """The name that Home Assistant shows for an entity, or ""."""
    return named(mapping(state.get("attributes")).get("friendly_name"))


def named(text: object) -> str:
    """A name as far as it can be said; "" where there is nothing in it but signs."""
    name = clean(text)
    return name if any(sign.isalnum() for sign in name) else ""


def class_of(state: Mapping[str, Any]) -> str | None:
    """The device class, if it is one that tools know."""
    found = mapping(state.get("attributes")).get("device_class")
    return found if isinstance(found, str) and found in DEVICE_CLASSES else None


def reported(device: Device, state: Mapping[str, Any], odd: Odd, told: str | None = None) -> Device:
    """`device` as of this state object; `told` is the color that it was told last.

    The items of a list are not part of its state, so they stay.
    """
    raw = _Attributes(device.domain, mapping(state.get("attributes")), odd)
    attributes = {name: value for name, value in _READERS.get(device.domain, _nothing)(raw, told) if value is not None}
    if device.domain in _FEATURES:
        attributes.update(_features(device.domain, raw))
    if device.domain == "todo" and "items" in device.attributes:
        attributes["items"] = device.attributes["items"]
    word = clean(state.get("state"), STATE_LIMIT)
    unit = raw.text("temperature_unit" if device.domain == "weather" else "unit_of_measurement")
    return replace(device, state=word or UNKNOWN, attributes=attributes, unit=unit or device.unit)


class _Attributes:
    """Home Assistant's attributes of one entity, each of the type that it should be or None."""

    def __init__(self, domain: str, raw: Mapping[str, Any], odd: Odd) -> None:
        self._domain, self.raw, self._odd = domain, raw, odd

    def number(self, name: str, least: float, most: float) -> int | float | None:
        value: object = self.raw.get(name)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:  # so no NaN
            return value
        self._wrong(name)
        return None

    def text(self, name: str) -> str | None:
        value = self.raw.get(name)
        if value is not None and not isinstance(value, str):
            self._wrong(name)
        return clean(value) or None

    def flag(self, name: str) -> bool | None:
        value = self.raw.get(name)
        if value is None or isinstance(value, bool):
            return value
        self._wrong(name)
        return None

    def words(self, name: str) -> tuple[str, ...] | None:
        value = self.raw.get(name)
        if isinstance(value, list):
            return tuple(word for word in value if isinstance(word, str))
        if value is not None:
            self._wrong(name)
        return None

    def _wrong(self, name: str) -> None:
        if len(self._odd) < ODD_LIMIT:
            self._odd.add(f"{self._domain} {name}")


Read = Iterable[tuple[str, Any]]


def _nothing(raw: _Attributes, told: str | None) -> Read:
    return ()


def _light(raw: _Attributes, told: str | None) -> Read:
    level = raw.number("brightness", 0, 255)
    yield "brightness", None if level is None else max(round(level * 100 / 255), 1 if level else 0)
    kelvin, mode = raw.number("color_temp_kelvin", 500, 40000), raw.text("color_mode")
    if mode == "color_temp" or (mode is None and kelvin is not None):
        yield "color_temperature", None if kelvin is None else round(kelvin)
    elif mode in _COLOR_MODES or mode is None:
        yield "color", color_name(raw.raw.get("rgb_color"), told)
    elif mode == "white":
        yield "color", "white"
    for end in ("min", "max"):
        kelvin = raw.number(f"{end}_color_temp_kelvin", 500, 40000)
        yield f"{end}_color_temperature", None if kelvin is None else round(kelvin)
    modes = raw.words("supported_color_modes")
    if modes:
        able: tuple[str, ...] = ("brightness",) if set(modes) - {"onoff", "unknown"} else ()
        able += ("color",) if set(modes) & _COLOR_MODES else ()
        yield "features", able + (("color_temperature",) if "color_temp" in modes else ())


def _position(raw: _Attributes, told: str | None) -> Read:
    yield "position", _percent(raw.number("current_position", 0, 100))


def _fan(raw: _Attributes, told: str | None) -> Read:
    yield "percentage", _percent(raw.number("percentage", 0, 100))


def _climate(raw: _Attributes, told: str | None) -> Read:
    for name in ("temperature", "current_temperature", "min_temp", "max_temp"):
        yield name, raw.number(name, -100, 1000)


def _weather(raw: _Attributes, told: str | None) -> Read:
    yield "temperature", raw.number("temperature", -150, 200)


def _player(raw: _Attributes, told: str | None) -> Read:
    volume = raw.number("volume_level", 0, 1)
    yield "volume_level", None if volume is None else round(volume * 100)
    yield "muted", raw.flag("is_volume_muted")
    yield "media_title", raw.text("media_title")


_READERS: dict[str, Callable[[_Attributes, str | None], Read]] = {
    "light": _light,
    "cover": _position,
    "valve": _position,
    "fan": _fan,
    "climate": _climate,
    "weather": _weather,
    "media_player": _player,
}


def _percent(value: float | None) -> int | None:
    return None if value is None else round(value)


def _features(domain: str, raw: _Attributes) -> dict[str, tuple[str, ...]]:
    bits = raw.number("supported_features", 0, 1 << 40)
    if not isinstance(bits, int):
        return {}  # nothing is known
    return {"features": tuple(word for bit, word in _FEATURES[domain] if bits & bit)}


def color_name(rgb: object, told: str | None = None) -> str | None:
    """The name of the nearest color, whatever its brightness, which a light counts apart; None for what is no color.

    Names that differ in brightness only (green and lime, purple and magenta) look the same on a light; of those it is
    `told`, the name that the light was given last. No light is black: Home Assistant makes white of that.
    """
    if not isinstance(rgb, list | tuple) or len(rgb) != 3:
        return None
    if not all(isinstance(part, int | float) and not isinstance(part, bool) and 0 <= part <= 255 for part in rgb):
        return None
    seen = _full(rgb)
    away = {name: math.dist(seen, _full(color)) for name, color in _RGB.items()}
    nearest = min((name for name in _RGB if name not in _UNSEEN), key=away.__getitem__)
    return told if told in away and told != "black" and away[told] <= away[nearest] + 12 else nearest


def _full(rgb: Iterable[float]) -> tuple[float, ...]:
    """The color at full brightness."""
    parts = tuple(float(part) for part in rgb)
    return tuple(255 * part / max(parts) for part in parts) if max(parts) else (255.0, 255.0, 255.0)


def open_items(answer: object, known: Iterable[str] = ()) -> tuple[str, ...]:
    """What is still open on a list, from `todo/item/list`; the items that are `known` keep their order, new come last.

    Some lists put a new item first, and which way is not for the reader to guess.
    """
    found = [
        clean(row.get("summary"), 100)
        for row in rows(mapping(answer).get("items"), ITEM_LIMIT)
        if row.get("status") != "completed"
    ]
    before = [item for item in known if item in found]
    return tuple(dict.fromkeys(item for item in (*before, *found) if item))


def first_found(answer: object, entity_id: str) -> dict[str, Any] | None:
    """What `play_media` must be given to play the first thing that `search_media` found for a player."""
    by_player = mapping(mapping(answer).get("response"))
    for found in rows(mapping(by_player.get(entity_id)).get("result")):
        ident, kind = found.get("media_content_id"), found.get("media_content_type")
        if isinstance(ident, str) and isinstance(kind, str) and found.get("can_play") is not False:
            return {"media_content_id": ident, "media_content_type": kind}
    return None


def service_data(domain: str, service: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a service call (acts.py) in Home Assistant's words."""
    if domain == "light":
        names = {"brightness": "brightness_pct", "color": "color_name", "color_temperature": "color_temp_kelvin"}
        return {names.get(name, name): value for name, value in data.items()}
    if service == "volume_set":
        return {"volume_level": data["volume_level"] / 100}
    if service == "volume_mute":
        return {"is_volume_muted": data["muted"]}
    return dict(data)
