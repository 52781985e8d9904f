# SPDX-License-Identifier: Apache-2.0
"""What a Zigbee device exposes, as Zigbee2MQTT tells it, in the words of the registry, and commands back in its own.

https://www.zigbee2mqtt.io/guide/usage/exposes.html. Nothing here talks to a broker, and nothing that comes from one is
trusted: what does not fit is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from appliance.home.colors import RGB, color_name, hue_saturation, xy_from, xy_of
from appliance.home.errors import DriverError
from appliance.home.mqtt import level, number, percent, slug, title
from appliance.home.naming import words
from appliance.home.registry import Device
from appliance.home.states import STATES, UNKNOWN
from appliance.text import clean

_LOG = logging.getLogger(__name__)

SOURCE = "zigbee2mqtt"
MOST_DEVICES, _MOST_EXPOSES = 1000, 200

# property: device class
_NUMERIC = {
    **{name: name for name in ("temperature", "humidity", "battery", "illuminance", "pm25", "power", "energy")},
    "illuminance_lux": "illuminance",
    "pressure": "atmospheric_pressure",
    "co2": "carbon_dioxide",
    "voc": "volatile_organic_compounds",
    "soil_moisture": "moisture",
}
_BINARY = {
    **{name: name for name in ("occupancy", "smoke", "carbon_monoxide", "gas", "vibration")},
    "contact": "door",
    "presence": "occupancy",
    "water_leak": "moisture",
    "battery_low": "battery",
}
_COVERS = {
    word: word for word in ("blind", "curtain", "shade", "awning", "shutter", "garage", "gate", "window", "door")
}
_CONTACTS = {"window": "window", "garage": "garage_door"}
_OUTLETS = {"plug": "outlet", "outlet": "outlet", "socket": "outlet"}
_SPEEDS = ("low", "medium", "high")
_KINDS = ("light", "switch", "lock", "cover", "climate", "fan")
_SETPOINTS = ("occupied_heating_setpoint", "current_heating_setpoint", "occupied_cooling_setpoint")

Report = tuple[str | None, dict[str, Any]]


@dataclass(frozen=True)
class Options:
    """What Zigbee2MQTT does not know, by friendly name; where `areas` has none, the part before a slash is the room."""

    base: str = "zigbee2mqtt"
    areas: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Feature:
    """One property of a device: its key in reports and commands, and the values it takes."""

    key: str
    least: float = 0
    most: float = 100
    on: object = "ON"
    off: object = "OFF"
    values: tuple[str, ...] = ()
    can_set: bool = False
    can_get: bool = False


@dataclass(frozen=True)
class Entity:
    """A device of the registry, and what it is made of: features by Zigbee2MQTT's names ("state", "brightness")."""

    device: Device
    topic: str
    """The friendly name, as topics have it."""
    ieee: str
    features: Mapping[str, Feature]
    members: tuple[str, ...] = ()
    """Of a group: the addresses of its devices."""


def parse_devices(data: object, options: Options) -> list[Entity]:
    """What `bridge/devices` announces, in the order of the addresses; whatever cannot be understood is left out."""
    entities: dict[str, Entity] = {}
    known = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    for item in sorted(known, key=lambda item: clean(item.get("ieee_address")))[:MOST_DEVICES]:
        definition, topic = item.get("definition"), item.get("friendly_name")
        if item.get("type") == "Coordinator" or item.get("disabled") is True or not _topic(topic):
            continue
        if isinstance(definition, dict) and isinstance(definition.get("exposes"), list):
            for entity in _entities(item, definition, str(topic), options):
                _add(entities, entity)
    return list(entities.values())


def parse_groups(data: object, known: list[Entity], options: Options) -> list[Entity]:
    """What `bridge/groups` announces: a group whose members are of one kind can what all of them can."""
    entities = {entity.device.entity_id: entity for entity in known}
    for item in data[:MOST_DEVICES] if isinstance(data, list) else ():
        topic, listed = (item.get("friendly_name"), item.get("members")) if isinstance(item, dict) else (None, None)
        if not _topic(topic) or not isinstance(listed, list):
            continue
        addresses = [member.get("ieee_address") for member in listed[:MOST_DEVICES] if isinstance(member, dict)]
        firsts = [next((e for e in known if e.ieee == ieee and e.device.domain in _KINDS), None) for ieee in addresses]
        parts = [entity for entity in firsts if entity is not None]
        if not parts or len(parts) < len(firsts) or len({entity.device.domain for entity in parts}) > 1:
            continue
        shared = [name for name in parts[0].features if all(name in entity.features for entity in parts)]
        features = {name: replace(parts[0].features[name], can_get=False) for name in shared}
        like = replace(parts[0].device, entity_id=f"{parts[0].device.domain}.{slug(str(topic))}", device_class=None)
        device = _described(replace(like, name=_name(str(topic)), area=_area(str(topic), options)), features)
        ieee, members = f"group {clean(str(item.get('id')))}", tuple(dict.fromkeys(part.ieee for part in parts))
        _add(entities, Entity(device, str(topic), ieee, features, members))
    return list(entities.values())[len(known) :]


def plain_devices(info: object) -> dict[str, bool]:
    """For whom `bridge/info` says that the bridge reports only what the device does (`optimistic: false`), by address;
    "" stands for all that are not named.
    """
    config = info.get("config") if isinstance(info, dict) else None
    named, general = (config.get("devices"), config.get("device_options")) if isinstance(config, dict) else (None, None)
    options = [*named.items()][: 2 * MOST_DEVICES] if isinstance(named, dict) else []
    told = [(clean(ieee), said) for ieee, said in [*options, ("", general)] if isinstance(said, dict)]
    return {ieee: said["optimistic"] is False for ieee, said in told if "optimistic" in said}


def together(members: Sequence[Report], domain: str) -> Report | None:
    """What a group is: on where one of its members is, with what all of those have in common; None: unknown."""
    told = [one for one in members if one[0] not in (None, UNKNOWN)]
    active = [one for one in told if one[0] != {"cover": "closed", "lock": "locked"}.get(domain, "off")] or told
    if not told:
        return None
    first = active[0][1]
    shared = {name: value for name, value in first.items() if all(one.get(name) == value for _, one in active)}
    return active[0][0], {name: shared.get(name) for _, attributes in members for name in attributes}


def _topic(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= 200 and name.isprintable() and not set(name) & {"+", "#"}


def _add(entities: dict[str, Entity], entity: Entity) -> None:
    entity_id, count = entity.device.entity_id, 2
    while entity_id in entities:
        entity_id, count = f"{entity.device.entity_id}_{count}", count + 1
    entities[entity_id] = replace(entity, device=replace(entity.device, entity_id=entity_id))


def _name(topic: str) -> str:
    return title(topic.rpartition("/")[2]) or title(topic) or "Device"


def _area(topic: str, options: Options) -> str | None:
    return clean(options.areas.get(topic)) or title(topic.partition("/")[0] if "/" in topic else "") or None


def _class(topic: str, text: object, classes: Mapping[str, str], default: str | None) -> str | None:
    for said in (words(_name(topic)), words(clean(text, 200))):
        if found := next((kind for word, kind in classes.items() if word in said), None):
            return found
    return default


def _entities(item: Mapping[str, Any], definition: Mapping[str, Any], topic: str, options: Options) -> Iterator[Entity]:
    ieee, text, name, own = clean(item.get("ieee_address")), definition.get("description"), _name(topic), slug(topic)
    exposes = [expose for expose in definition["exposes"][:_MOST_EXPOSES] if isinstance(expose, dict)]
    properties = {clean(expose.get("property")) for expose in exposes}
    named = False
    for expose in exposes:
        kind, key, endpoint = expose.get("type"), expose.get("property"), clean(expose.get("endpoint"), 20)
        guessed: str | None = None
        if kind in _KINDS:
            features = dict(_features(expose.get("features")))
            if not any(feature.can_set for feature in features.values()):
                continue
            guessed = {"cover": _class(topic, text, _COVERS, None), "switch": _class("", text, _OUTLETS, None)}.get(
                kind
            )
            suffix = endpoint.removeprefix("l") if endpoint else ""
        elif kind == "numeric" and key in _NUMERIC:
            kind, guessed, suffix = "sensor", _NUMERIC[key], key
        elif kind == "binary" and key in _BINARY and not (key == "battery_low" and "battery" in properties):
            kind, guessed = "binary_sensor", _BINARY[key]
            suffix, named = ("" if not named and key != "battery_low" else key), True
            guessed = _class(topic, text, _CONTACTS, guessed) if key == "contact" else guessed
        else:
            continue
        if kind in ("sensor", "binary_sensor"):
            features = {"state": _feature(expose)}
        ends = {"climate": "°C", "sensor": clean(expose.get("unit"), 12) or None}
        device = Device(
            entity_id=f"{kind}.{own}" + (f"_{slug(suffix)}" if suffix else ""),
            name=clean(f"{name} {title(suffix)}"),
            domain=kind,
            area=_area(topic, options),
            device_class=guessed if kind == "sensor" or suffix else options.classes.get(topic, guessed),
            unit=ends.get(kind),
            source=SOURCE,
        )
        yield Entity(_described(device, features), topic, ieee, features)


def _feature(expose: Mapping[str, Any]) -> Feature:
    access, values = number(expose.get("access"), 0, 7), expose.get("values")
    least, most = number(expose.get("value_min")), number(expose.get("value_max"))
    return Feature(
        key=clean(expose.get("property")),
        least=0 if least is None else least,
        most=100 if most is None or most <= (least or 0) else most,
        on=expose.get("value_on", "ON"),
        off=expose.get("value_off", "OFF"),
        values=tuple(clean(value) for value in values[:50]) if isinstance(values, list) else (),
        can_set=bool(int(access or 0) & 2),
        can_get=bool(int(access or 0) & 4),
    )


def _features(exposes: object) -> Iterator[tuple[str, Feature]]:
    for expose in exposes[:_MOST_EXPOSES] if isinstance(exposes, list) else ():
        if isinstance(expose, dict) and clean(expose.get("name")) and clean(expose.get("property")):
            yield clean(expose["name"]), _feature(expose)


def _described(device: Device, features: Mapping[str, Feature]) -> Device:
    """The device with its abilities and limits in the registry's words."""
    able = {name for name, feature in features.items() if feature.can_set}
    told: dict[str, Any] = {}
    if device.domain == "light":
        colors = {"color"} if able & {"color_xy", "color_hs"} else set()
        warmth = {"color_temperature"} if "color_temp" in able else set()
        told["features"] = tuple(sorted(able & {"brightness"} | colors | warmth))
        if warmth and features["color_temp"].least >= 1:
            told["min_color_temperature"] = round(1e6 / features["color_temp"].most)
            told["max_color_temperature"] = round(1e6 / features["color_temp"].least)
    elif device.domain == "cover":
        told["features"] = ("position",) if "position" in able else ()
    elif device.domain == "fan":
        told["features"] = ("speed",) if "speed" in able or _modes(features) else ()
    elif device.domain == "climate" and (setpoint := _setpoint(features)):
        told = {"min_temp": setpoint.least, "max_temp": setpoint.most} if setpoint.least else {}
    return replace(device, attributes=told)


def _setpoint(features: Mapping[str, Feature]) -> Feature | None:
    return next((features[name] for name in _SETPOINTS if name in features), None)


def _modes(features: Mapping[str, Feature]) -> list[str]:
    return [value for value in _SPEEDS if "mode" in features and value in features["mode"].values]


def read(entity: Entity, payload: Mapping[str, Any], asked: str | None = None) -> Report | None:
    """What a report says of the device in the registry's words; None if nothing. `asked`: the color last asked for."""
    got = {name: payload[f.key] for name, f in entity.features.items() if payload.get(f.key) is not None}
    domain, features = entity.device.domain, entity.features
    if not got:
        return None
    state, attributes = _switched(features.get("state"), got.get("state")), dict[str, Any]()
    if domain == "light":
        if "brightness" in got:
            attributes["brightness"] = percent(got["brightness"], features["brightness"].most)
        attributes |= _color(entity, payload, got, asked)
    elif domain == "lock":
        state = {"on": "locked", "off": "unlocked"}.get(state or "")
        bolt = {"locked": "locked", "unlocked": "unlocked", "not_fully_locked": "jammed"}
        if "lock_state" in got:  # what the bolt does, not what it was told
            state = bolt.get(clean(got["lock_state"]))
    elif domain == "cover":
        state = {"OPEN": "open", "CLOSE": "closed"}.get(clean(got.get("state")))
        place = number(got.get("position"), 0, 100)
        if place is not None:
            state, attributes["position"] = "open" if round(place) else "closed", round(place)
        state = {"UP": "opening", "DOWN": "closing"}.get(clean(payload.get("moving")), state)
    elif domain == "climate":
        mode = clean(got.get("system_mode"))
        state = mode if mode in STATES["climate"] else None if "system_mode" in features else "heat"
        target = next((got[name] for name in _SETPOINTS if name in got), None)
        attributes = {"temperature": number(target), "current_temperature": number(got.get("local_temperature"))}
        attributes = {name: value for name, value in attributes.items() if value is not None}
    elif domain == "fan":
        mode, modes = clean(got.get("mode")), _modes(features)
        state = state or (("off" if mode == "off" else "on") if mode else None)
        if "speed" in got:
            attributes["percentage"] = percent(got["speed"], features["speed"].most)
        elif mode in modes:
            attributes["percentage"] = round(100 * (modes.index(mode) + 1) / len(modes))
    elif domain == "sensor":
        value = number(got["state"])
        state = None if value is None else f"{round(value, 2):.10g}"
    return (state, attributes) if state is not None or attributes else None


def _switched(feature: Feature | None, value: object) -> str | None:
    if feature is None or value is None:
        return None
    # 1 == True in Python, and not for a device
    return "on" if _same(value, feature.on) else "off" if _same(value, feature.off) else None


def _same(value: object, other: object) -> bool:
    return type(value) is type(other) and value == other


def _color(entity: Entity, payload: Mapping[str, Any], got: Mapping[str, Any], asked: str | None) -> dict[str, Any]:
    """The light's color or its color temperature, whichever it shines with: it reports both."""
    end = entity.features["state"].key.removeprefix("state") if "state" in entity.features else ""
    mode, mireds = payload.get(f"color_mode{end}"), number(got.get("color_temp"), 10, 1000)
    xy = xy_from(got.get("color_xy", got.get("color_hs")))
    if mireds is not None and (mode == "color_temp" or xy is None):
        return {"color_temperature": round(1e6 / mireds), "color": None}
    if xy is not None and mode != "color_temp":
        return {"color": color_name(xy, asked), "color_temperature": None}
    return {}


def command(entity: Entity, service: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The payload for `/set` that a service call means; DriverError where the device has no such service."""
    try:
        made = _command(entity, service, data)
        if made is not None:
            return {entity.features[name].key: value for name, value in made.items()}
    except KeyError as error:  # of a feature that the device does not have
        _LOG.warning("%s has no %s for %s", entity.device.entity_id, error, service)
    raise DriverError(f"{entity.device.name} cannot do that")


def _command(entity: Entity, service: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The values by the features' names; None where it cannot be said."""
    features, domain = entity.features, entity.device.domain
    state = features.get("state")
    if domain == "climate":
        return _climate_command(features, service, data)
    if service == "set_cover_position" and domain == "cover" and "position" in features:
        return {"position": data["position"]}
    if domain == "cover" and state is not None and service in ("open_cover", "close_cover"):
        return {"state": "OPEN" if service == "open_cover" else "CLOSE"}
    if domain == "lock" and state is not None and service in ("lock", "unlock"):
        on, off = ("LOCK", "UNLOCK") if state.on == "ON" else (state.on, state.off)
        return {"state": on if service == "lock" else off}
    if domain == "fan" and service == "set_percentage":
        return _speed_command(features, data["percentage"])
    if domain not in ("light", "switch", "fan") or service not in ("turn_on", "turn_off"):
        return None
    if state is None:  # a fan that has only modes
        word = service.removeprefix("turn_")
        return {"mode": word} if "mode" in features and word in features["mode"].values else None
    made: dict[str, Any] = {"state": state.on if service == "turn_on" else state.off}
    if "brightness" in data:
        made["brightness"] = level(data["brightness"], features["brightness"].most)
    if "color_temperature" in data:
        made["color_temp"] = round(1e6 / data["color_temperature"])
    if "color" in data:
        if data["color"] not in RGB:
            return None  # black
        rgb = RGB[data["color"]]
        if "color_xy" in features:
            made["color_xy"] = dict(zip("xy", xy_of(rgb), strict=True))
        else:
            made["color_hs"] = dict(zip(("hue", "saturation"), hue_saturation(rgb), strict=True))
    return made


def _climate_command(features: Mapping[str, Feature], service: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
    if service == "set_temperature":
        return next(({name: data["temperature"]} for name in _SETPOINTS if name in features), None)
    modes = features["system_mode"].values if "system_mode" in features else ()
    wanted = ("heat", "auto", *STATES["climate"][1:]) if service == "turn_on" else ("off",)
    mode = next((mode for mode in wanted if mode in modes), None)
    return None if mode is None else {"system_mode": mode}


def _speed_command(features: Mapping[str, Feature], percentage: int) -> dict[str, Any] | None:
    if "speed" in features:
        return {"speed": level(percentage, features["speed"].most)}
    modes = _modes(features)
    return {"mode": modes[min(percentage * len(modes) // 100, len(modes) - 1)]} if modes else None
