# SPDX-License-Identifier: Apache-2.0
"""Devices that speak MQTT of their own: those that the settings describe, and those that announce themselves.

Both are described in the words of Home Assistant's MQTT discovery (https://www.home-assistant.io/integrations/mqtt/),
announced under `homeassistant/<component>/[<node>/]<object>/config`. Templates are programs, and none from the network
is run: understood are `{{ value }}` and `{{ value_json.a.b }}`; a device that needs more than that is left out.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.home.colors import RGB, color_name, hue_saturation, xy_from, xy_of
from appliance.home.errors import DriverError
from appliance.home.mqtt import level, number, parse, percent, slug, title
from appliance.home.registry import Device
from appliance.home.states import STATES
from appliance.home.tools import BINARY_SENSOR_CLASSES, COVER_CLASSES, SENSOR_CLASSES
from appliance.text import clean

_LOG = logging.getLogger(__name__)

COMPONENTS = ("light", "switch", "sensor", "binary_sensor", "cover", "lock")
MOST_DEVICES = 1000
_LONGEST_TEXT = 60

# https://github.com/home-assistant/core/blob/dev/homeassistant/components/mqtt/abbreviations.py
_LONG = {
    "avty": "availability", "avty_t": "availability_topic", "avty_mode": "availability_mode",
    "bri_cmd_t": "brightness_command_topic",
    "bri_scl": "brightness_scale", "bri_stat_t": "brightness_state_topic", "bri_val_tpl": "brightness_value_template",
    "clr_temp_cmd_t": "color_temp_command_topic", "clr_temp_stat_t": "color_temp_state_topic",
    "clr_temp_val_tpl": "color_temp_value_template", "clr_temp_k": "color_temp_kelvin", "cmd_t": "command_topic",
    "dev": "device", "dev_cla": "device_class", "max_mirs": "max_mireds", "min_mirs": "min_mireds", "o": "origin",
    "obj_id": "object_id", "pl_avail": "payload_available", "pl_cls": "payload_close", "pl_lock": "payload_lock",
    "pl_not_avail": "payload_not_available", "pl_off": "payload_off", "pl_on": "payload_on", "pl_open": "payload_open",
    "pl_unlk": "payload_unlock", "pos_clsd": "position_closed", "pos_open": "position_open", "pos_t": "position_topic",
    "pos_tpl": "position_template", "sa": "suggested_area", "set_pos_t": "set_position_topic",
    "stat_clsd": "state_closed",
    "stat_closing": "state_closing", "stat_jam": "state_jammed", "stat_locked": "state_locked",
    "stat_locking": "state_locking", "stat_off": "state_off", "stat_on": "state_on", "stat_open": "state_open",
    "stat_opening": "state_opening", "stat_t": "state_topic", "stat_unlocked": "state_unlocked",
    "stat_unlocking": "state_unlocking", "stat_val_tpl": "state_value_template", "sup_clrm": "supported_color_modes",
    "t": "topic", "uniq_id": "unique_id", "unit_of_meas": "unit_of_measurement", "val_tpl": "value_template",
}  # fmt: skip
_FILTERS = r"(?:\s*\|\s*(?:int|float|string|lower|upper|round|is_defined|default)(?:\(\s*-?[\d.]*\s*\))?)*"
_TEMPLATE = re.compile(
    r"\{\{\s*(value_json|value)((?:\.\w+|\[\s*'[^'\]]+'\s*\]|\[\s*\"[^\"\]]+\"\s*\])*)" + _FILTERS + r"\s*\}\}"
)
_PART = re.compile(r"\.(\w+)|\[\s*['\"]([^'\"\]]+)['\"]\s*\]")

Report = tuple[str | None, dict[str, Any]]


@dataclass(frozen=True)
class Where:
    """A place in messages: the topic, and the keys that lead to the value in its JSON; none: the payload itself."""

    topic: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Thing:
    """A device, and the topics over which it is heard and told; `config` has the rest in discovery's words."""

    device: Device
    config: Mapping[str, Any]
    heard: Mapping[str, Where]
    """"state", "brightness", "color_temp", "position", "json": where each is reported."""
    available: Mapping[Where, tuple[str, str]] = field(default_factory=dict)
    """Where it tells whether it is there, and the words for yes and no."""


class NotUnderstood(ValueError):
    """A description that cannot be used, and why."""


def template(text: object) -> tuple[str, ...]:
    """The keys that a value template leads to; raises NotUnderstood for one that is more than a path."""
    if text is None or text == "":
        return ()
    match = _TEMPLATE.fullmatch(text.strip()) if isinstance(text, str) and len(text) <= 200 else None
    if match is None or (match[1] == "value" and match[2]):
        raise NotUnderstood(f"the template {clean(text, without='')} is more than a path")
    return tuple(dotted or quoted for dotted, quoted in _PART.findall(match[2]))


def spelled_out(config: Mapping[str, Any]) -> dict[str, Any]:
    """A description with its abbreviations and its base topic `~` written out."""
    base = config.get("~")
    said = {_LONG.get(key, key): value for key, value in config.items() if isinstance(key, str)}
    for key, value in said.items():
        if isinstance(value, str) and isinstance(base, str) and key.endswith("topic"):
            said[key] = (
                base + value[1:] if value.startswith("~") else value.removesuffix("~") + base * value.endswith("~")
            )
    for key in ("device", "origin"):
        if isinstance(inner := said.get(key), dict):
            said[key] = {_LONG.get(k, k): v for k, v in inner.items() if isinstance(k, str)}
    if isinstance(ways := said.get("availability"), list):
        said["availability"] = [spelled_out({**way, "~": base}) for way in ways[:10] if isinstance(way, dict)]
    return said


def thing(component: str, config: Mapping[str, Any], *, source: str = "mqtt") -> Thing:
    """The device that a description (spelled out) means. Raises NotUnderstood."""
    if component not in COMPONENTS:
        raise NotUnderstood(f"{clean(component)} is a kind of device that is not known here")
    if config.get("schema", "basic") not in ("basic", "default", "json") or "command_template" in config:
        raise NotUnderstood("it needs templates")
    for key in sorted(key for key in config if isinstance(key, str) and key.endswith("_topic")):
        if config[key] is not None and _topic(config[key]) is None:
            raise NotUnderstood(f"its {clean(key)} is no topic that can be published to (no + or #, nor $ in front)")
    heard, told = dict(_heard(component, config)), config.get("device")
    family = told if isinstance(told, dict) else {}
    own, of = clean(config.get("name")), clean(family.get("name"))
    name = title(" ".join(part for part in (of, own if not own.startswith(of) else own[len(of) :]) if part).strip())
    if not name:
        raise NotUnderstood("it has no name")
    classes = {"cover": COVER_CLASSES, "sensor": SENSOR_CLASSES, "binary_sensor": BINARY_SENSOR_CLASSES}
    kind = clean(config.get("device_class"))
    features, limits = _abilities(component, config)
    device = Device(
        entity_id=f"{component}.{slug(clean(config.get('object_id')) or name)}",
        name=clean(name),
        domain=component,
        area=title(clean(config.get("area") or family.get("suggested_area"))) or None,
        device_class=kind if kind in classes.get(component, ("outlet", "switch")) else None,
        unit=clean(config.get("unit_of_measurement"), 12) or None,
        attributes={**({"features": features} if component in ("light", "cover") else {}), **limits},
        source=source,
    )
    if not heard and component not in ("switch", "light", "cover", "lock"):
        raise NotUnderstood("it has no state_topic")
    return Thing(device, config, heard, dict(_ways(config)))


def _topic(value: object) -> str | None:
    fine = isinstance(value, str) and 0 < len(value) <= 250 and value.isprintable() and not set(value) & {"+", "#"}
    return str(value) if fine and not str(value).startswith("$") else None


def _heard(component: str, config: Mapping[str, Any]) -> Iterator[tuple[str, Where]]:
    if topic := _topic(config.get("state_topic")):
        if component == "light" and config.get("schema") == "json":
            yield "json", Where(topic)
        else:
            path = template(config.get("state_value_template", config.get("value_template")))
            yield "state", Where(topic, tuple(clean(config.get("value")).split(".")) if config.get("value") else path)
    for name in ("brightness", "color_temp"):
        if topic := _topic(config.get(f"{name}_state_topic")):
            yield name, Where(topic, template(config.get(f"{name}_value_template")))
    if topic := _topic(config.get("position_topic")):
        yield "position", Where(topic, template(config.get("position_template")))


def _ways(config: Mapping[str, Any]) -> Iterator[tuple[Where, tuple[str, str]]]:
    ways = config.get("availability")
    single = {
        **config,
        "topic": config.get("availability_topic"),
        "value_template": config.get("availability_template"),
    }
    for way in ways if isinstance(ways, list) else [single]:
        if isinstance(way, dict) and (topic := _topic(way.get("topic"))):
            words = _said(way, "payload_available", "online"), _said(way, "payload_not_available", "offline")
            yield Where(topic, template(way.get("value_template"))), words


def _said(config: Mapping[str, Any], key: str, default: str) -> str:
    """A payload as it stands on the wire."""
    value = config.get(key)
    if isinstance(value, bool):
        return str(value)  # as Home Assistant's templates say it
    return default if value is None or isinstance(value, dict | list) else clean(str(value), without="")


def _abilities(component: str, config: Mapping[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    modes = config.get("supported_color_modes")
    modes = [mode for mode in modes if isinstance(mode, str)] if isinstance(modes, list) else []
    if component == "cover":
        return (("position",) if _topic(config.get("set_position_topic")) else ()), {}
    if component != "light":
        return (), {}
    able: dict[str, Any] = {
        "brightness": _topic(config.get("brightness_command_topic")),
        "color_temperature": _topic(config.get("color_temp_command_topic")),
        "color": None,
    }
    if config.get("schema") == "json":
        able = {
            "brightness": bool(config.get("brightness") or set(modes) - {"onoff"}),
            "color_temperature": "color_temp" in modes,
            "color": set(modes) & {"xy", "hs", "rgb"},
        }
    least, most = number(config.get("min_mireds"), 50, 1000), number(config.get("max_mireds"), 50, 1000)
    limits: dict[str, Any] = {}
    if able["color_temperature"] and least and most:
        limits = {"min_color_temperature": round(1e6 / most), "max_color_temperature": round(1e6 / least)}
    return tuple(name for name, can in able.items() if can), limits


def as_text(value: Any) -> str | None:
    """A reported value as bounded text; None for what is no single value."""
    return None if value is None or isinstance(value, dict | list) else clean(str(value), _LONGEST_TEXT, without="")


def value_at(where: Where, payload: bytes) -> Any:
    """What a message says at a place; None if it says nothing there."""
    if not where.path:
        try:
            return payload[: 4 * _LONGEST_TEXT].decode().strip()
        except UnicodeDecodeError:
            return None
    value = parse(payload)
    for key in where.path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def read(thing: Thing, topic: str, payload: bytes, asked: str | None = None) -> Report | None:
    """What a message says of the device in the registry's words; None if nothing."""
    state, attributes = None, dict[str, Any]()
    for name, where in thing.heard.items():
        if where.topic != topic:
            continue
        if name == "json":
            said = parse(payload)
            return _light(thing, said, asked) if isinstance(said, dict) else None
        value = value_at(where, payload)
        if name == "state":
            state = _state(thing, value)
        elif name == "brightness":
            attributes["brightness"] = percent(_number(value), _scale(thing))
        elif name == "color_temp" and (warmth := _number(value)) and warmth >= 1:
            attributes["color_temperature"] = round(warmth if thing.config.get("color_temp_kelvin") else 1e6 / warmth)
        elif name == "position" and (place := _number(value)) is not None:
            closed, opened = _ends(thing)
            if min(closed, opened) <= place <= max(closed, opened):
                attributes["position"] = round(100 * (place - closed) / (opened - closed))
                state = state or ("open" if attributes["position"] else "closed")
    attributes = {name: value for name, value in attributes.items() if value is not None}
    return (state, attributes) if state is not None or attributes else None


def _number(value: object) -> float | None:
    try:
        return number(float(value)) if isinstance(value, str) else number(value)
    except ValueError:
        return None


def _scale(thing: Thing) -> float:
    return number(thing.config.get("brightness_scale"), 1, 1e6) or 255


def _ends(thing: Thing) -> tuple[float, float]:
    closed, opened = number(thing.config.get("position_closed")), number(thing.config.get("position_open"))
    ends = (0.0 if closed is None else closed, 100.0 if opened is None else opened)
    return ends if ends[0] != ends[1] else (0.0, 100.0)


def _state(thing: Thing, value: Any) -> str | None:
    said, domain, config = as_text(value), thing.device.domain, thing.config
    if said is None or said == "":
        return None
    if domain == "sensor":
        reading = _number(value) if thing.device.unit else None
        return said if reading is None else f"{round(reading, 2):.10g}"
    if domain in ("cover", "lock"):
        known = {
            _said(config, f"state_{state}", state if domain == "cover" else state.upper()): state
            for state in STATES[domain]
        }
        return known.get(said)
    on, off = _said(config, "payload_on", "ON"), _said(config, "payload_off", "OFF")
    return {_said(config, "state_on", on): "on", _said(config, "state_off", off): "off"}.get(said)


def _light(thing: Thing, said: Mapping[str, Any], asked: str | None) -> Report | None:
    state = {"ON": "on", "OFF": "off"}.get(str(said.get("state")))
    attributes: dict[str, Any] = {}
    if (brightness := percent(said.get("brightness"), _scale(thing))) is not None:
        attributes["brightness"] = brightness
    warmth, xy, mode = number(said.get("color_temp"), 10, 20000), xy_from(said.get("color")), said.get("color_mode")
    if warmth is not None and (mode == "color_temp" or xy is None):
        kelvin = warmth if thing.config.get("color_temp_kelvin") else 1e6 / warmth
        attributes |= {"color_temperature": round(kelvin), "color": None}
    elif xy is not None and mode != "color_temp":
        attributes |= {"color": color_name(xy, asked), "color_temperature": None}
    return (state, attributes) if state is not None or attributes else None


def commands(thing: Thing, service: str, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Topics and payloads that a service call means; raises DriverError where the device has no such service."""
    config, domain = thing.config, thing.device.domain
    words = {
        "open_cover": ("payload_open", "OPEN"), "close_cover": ("payload_close", "CLOSE"),
        "lock": ("payload_lock", "LOCK"),
        "unlock": ("payload_unlock", "UNLOCK"), "turn_on": ("payload_on", "ON"), "turn_off": ("payload_off", "OFF"),
    }  # fmt: skip
    services = {"cover": ("open_cover", "close_cover"), "lock": ("lock", "unlock")}.get(domain, ("turn_on", "turn_off"))
    sent: list[tuple[object, str]] = []
    if domain == "cover" and service == "set_cover_position":
        closed, opened = _ends(thing)
        sent = [(config.get("set_position_topic"), f"{round(closed + (opened - closed) * data['position'] / 100)}")]
    elif domain == "light" and config.get("schema") == "json" and service in services:
        sent = [(config.get("command_topic"), json.dumps(_light_command(thing, service, data)))]
    elif domain not in ("sensor", "binary_sensor") and service in services:
        sent = [(config.get("command_topic"), _said(config, *words[service]))]
        if "brightness" in data:
            sent.append((config.get("brightness_command_topic"), f"{level(data['brightness'], _scale(thing))}"))
        if "color_temperature" in data:
            kelvin = data["color_temperature"]
            warmth = kelvin if config.get("color_temp_kelvin") else round(1e6 / kelvin)
            sent.append((config.get("color_temp_command_topic"), f"{warmth}"))
        if "color" in data:
            sent = []
    ready = [(topic, payload) for known, payload in sent if (topic := _topic(known)) is not None]
    if not ready or len(ready) < len(sent):
        raise DriverError(f"{thing.device.name} cannot do that")
    return ready


def _light_command(thing: Thing, service: str, data: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"state": "ON" if service == "turn_on" else "OFF"}
    if "brightness" in data:
        said["brightness"] = level(data["brightness"], _scale(thing))
    if "color_temperature" in data:
        kelvin = data["color_temperature"]
        said["color_temp"] = kelvin if thing.config.get("color_temp_kelvin") else round(1e6 / kelvin)
    if "color" in data:
        if data["color"] not in RGB:
            raise DriverError(f"{thing.device.name} cannot do that")
        rgb, modes = RGB[data["color"]], thing.config.get("supported_color_modes")
        said["color"] = dict(zip("xy", xy_of(rgb), strict=True))
        if isinstance(modes, list) and "xy" not in modes:
            hue, saturation = hue_saturation(rgb)
            said["color"] = {"h": hue, "s": saturation} if "hs" in modes else dict(zip("rgb", rgb, strict=True))
    return said
