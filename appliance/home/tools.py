# SPDX-License-Identifier: Apache-2.0
"""The tools that the language model may call: names and slots are those of Home Assistant's intents.

Words keep Home Assistant's meaning: for a lock `HassTurnOn` locks and `HassTurnOff` unlocks, for a cover or valve
`HassTurnOn` opens and `HassTurnOff` closes, for a scene or script `HassTurnOn` runs it.
https://developers.home-assistant.io/docs/intent_builtin
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from appliance.home.errors import ToolInputError

Schema = dict[str, Any]

DOMAINS = (
    *("light", "switch", "fan", "cover", "lock", "valve", "climate", "media_player", "vacuum", "scene", "script"),
    *("sensor", "binary_sensor", "weather", "person", "todo"),
)
COVER_CLASSES = ("awning", "blind", "curtain", "damper", "door", "garage", "gate", "shade", "shutter", "window")
ACTING_CLASSES = (*COVER_CLASSES, "outlet", "switch", "tv", "speaker", "receiver", "water", "gas")
SENSOR_CLASSES = (
    *("apparent_power", "aqi", "atmospheric_pressure", "battery", "carbon_dioxide", "carbon_monoxide", "current"),
    *("data_rate", "data_size", "date", "distance", "duration", "energy", "energy_storage", "frequency", "gas"),
    *("humidity", "illuminance", "irradiance", "moisture", "monetary", "nitrogen_dioxide", "nitrogen_monoxide"),
    *("nitrous_oxide", "ozone", "ph", "pm1", "pm25", "pm10", "power", "power_factor", "precipitation"),
    *("precipitation_intensity", "pressure", "reactive_power", "signal_strength", "sound_pressure", "speed"),
    *("sulphur_dioxide", "temperature", "timestamp", "volatile_organic_compounds"),
    *("volatile_organic_compounds_parts", "voltage", "volume", "volume_flow_rate", "volume_storage", "water"),
    *("weight", "wind_speed"),
)
BINARY_SENSOR_CLASSES = (
    *("battery", "battery_charging", "carbon_monoxide", "cold", "connectivity", "door", "garage_door", "gas", "heat"),
    *("light", "lock", "moisture", "motion", "moving", "occupancy", "opening", "plug", "power", "presence"),
    *("problem", "running", "safety", "smoke", "sound", "tamper", "update", "vibration", "window"),
)
DEVICE_CLASSES = tuple(dict.fromkeys((*ACTING_CLASSES, *BINARY_SENSOR_CLASSES, *SENSOR_CLASSES)))
COLORS = (
    *("white", "black", "red", "orange", "yellow", "green", "blue", "purple", "brown", "pink", "turquoise"),
    *("cyan", "magenta", "violet", "indigo", "teal", "lime", "gold", "coral", "lavender"),
)
MEDIA_CLASSES = (
    *("album", "app", "artist", "channel", "composer", "episode", "game", "genre", "movie", "music", "playlist"),
    *("podcast", "season", "track", "tv_show", "video"),
)


@dataclass(frozen=True)
class ToolCall:
    """A call as the model wrote it: a tool's name and its arguments, typed or still text."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """What a call did to one device; `before` and `after` are words, as in "on, brightness 40 percent"."""

    entity_id: str
    before: str
    after: str


@dataclass(frozen=True)
class ToolResult:
    """What came of a call: `result` says what is true now, `error` why nothing was done; one of them is set."""

    success: bool
    result: str | None = None
    error: str | None = None
    changed: tuple[Change, ...] = ()
    complete: bool = True
    """False where `result` also tells of devices that did not follow."""
    asks: bool = False
    """`error` is a question whose answer another turn will bring."""
    foreign: bool = False
    """The words are those of somebody's server: to be told, and no reason to do anything."""


def _text(description: str, most: int = 100) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": most, "description": description}


def _word(description: str, words: tuple[str, ...]) -> Schema:
    return {"type": "string", "enum": list(words), "description": description}


def _whole(description: str, least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, "description": description}


def _tool(name: str, description: str, slots: Schema, required: tuple[str, ...] = ()) -> Schema:
    parameters: Schema = {"type": "object", "properties": slots, "required": list(required)}
    return {"name": name, "description": description, "parameters": parameters | {"additionalProperties": False}}


_NAME = {"name": _text("Name of the device; all for every one of them")}
_PLACE = {"area": _text("Room; here for the room of the speaker"), "floor": _text("Floor of the house")}
_WHERE = {"name": _text("Name of the device"), "area": _PLACE["area"]}
_ONE = _NAME | _PLACE
_KIND = {"domain": _word("Kind of device", DOMAINS)}
_EXCEPT = {"except": _text("What to leave as it is: names of devices or rooms, with commas between")}
_ANY = _ONE | _KIND | {"device_class": _word("Finer kind, such as blind or outlet", ACTING_CLASSES)} | _EXCEPT
_ANY_STATE = _ONE | _KIND | {"device_class": _word("Finer kind, such as window or humidity", DEVICE_CLASSES)}

# One day a slot: a timer is for the kitchen, not a calendar.
_SPAN = {
    "hours": _whole("Hours", 0, 24),
    "minutes": _whole("Minutes", 0, 1440),
    "seconds": _whole("Seconds", 0, 86400),
}
_WHICH_TIMER = {
    "start_hours": _whole("Hours that the timer was started with", 0, 24),
    "start_minutes": _whole("Minutes that the timer was started with", 0, 1440),
    "start_seconds": _whole("Seconds that the timer was started with", 0, 86400),
    "name": _text("Name of the timer"),
    "area": _text("Room where the timer was started; here for the room of the speaker"),
}
# Wide on purpose: the thermostat's own limits, which know its unit, make the better answer.
_DEGREES = {"type": "number", "minimum": -100, "maximum": 1000, "description": "Target temperature in degrees"}


def _step(unit: str, kind: str = "integer") -> Schema:
    words = {"type": "string", "enum": ["up", "down"]}
    return {"anyOf": [{"type": kind, "minimum": -100, "maximum": 100}, words], "description": f"{unit}; or up, down"}


# Home Assistant's intents know steps for the volume alone; people say "a bit brighter" more often than a number.
_POSITION = {
    "position": _whole("Percent open: 0 closed, 100 open", 0, 100),
    "position_step": _step("Percent further open, negative for less"),
}
_SPEED = {
    "percentage": _whole("Speed in percent", 0, 100),
    "percentage_step": _step("Percent faster, negative for slower"),
}
_WARMTH = {"temperature": _DEGREES, "temperature_step": _step("Degrees warmer, negative for cooler", "number")}
_STEP = _step("Percent louder, negative for quieter")
_VOLUME = {"volume_level": _whole("Volume in percent", 0, 100)}
_LIGHT = {
    "brightness": _whole("Brightness in percent", 0, 100),
    "brightness_step": _step("Percent brighter, negative for darker"),
    "color": _word("Color", COLORS),
    "temperature": _whole("Color temperature in kelvin", 1000, 10000),
}
_QUERY = {"search_query": _text("What to play"), "media_class": _word("Kind of media", MEDIA_CLASSES)}
_ITEM = {"item": _text("The item")}
_MESSAGE = _text("The message, in the words of the speaker", 300)
_ITEM_OF = _ITEM | {"name": _text("Name of the list")}

TOOLS: tuple[Schema, ...] = (
    _tool("HassTurnOn", "Turn on, open, lock or run a device", _ANY),
    _tool("HassTurnOff", "Turn off, close or unlock a device", _ANY),
    _tool("HassToggle", "Switch a device to its other state", _ANY),
    _tool("HassLightSet", "Set brightness or color of a light", _ONE | _EXCEPT | _LIGHT),
    _tool("HassSetPosition", "Set how far a cover or valve is open", _ANY | _POSITION),
    _tool("HassFanSetSpeed", "Set the speed of a fan", _ONE | _SPEED),
    _tool("HassClimateSetTemperature", "Set a thermostat", _ONE | _WARMTH),
    _tool("HassClimateGetTemperature", "Tell the temperature", _ONE),
    _tool("HassMediaPause", "Pause what plays", _WHERE),
    _tool("HassMediaUnpause", "Go on playing", _WHERE),
    _tool("HassMediaNext", "Skip to the next track", _WHERE),
    _tool("HassMediaPrevious", "Go back to the previous track", _WHERE),
    _tool("HassMediaPlayerMute", "Mute a player", _WHERE),
    _tool("HassMediaPlayerUnmute", "Unmute a player", _WHERE),
    _tool("HassSetVolume", "Set the volume", _WHERE | _VOLUME, ("volume_level",)),
    _tool("HassSetVolumeRelative", "Make it louder or quieter", _WHERE | {"volume_step": _STEP}, ("volume_step",)),
    _tool("HassMediaSearchAndPlay", "Find media and play it", _WHERE | _QUERY, ("search_query",)),
    _tool("HassStartTimer", "Start a timer", _SPAN | {"name": _text("Name of the timer")}),
    _tool("HassCancelTimer", "Cancel a timer", _WHICH_TIMER),
    _tool("HassCancelAllTimers", "Cancel all timers", {}),
    _tool("HassPauseTimer", "Pause a timer", _WHICH_TIMER),
    _tool("HassUnpauseTimer", "Let a paused timer go on", _WHICH_TIMER),
    _tool("HassIncreaseTimer", "Add time to a timer", _SPAN | _WHICH_TIMER),
    _tool("HassDecreaseTimer", "Take time off a timer", _SPAN | _WHICH_TIMER),
    _tool("HassTimerStatus", "Tell how much time is left", _WHICH_TIMER),
    _tool("HassGetState", "Tell the state of devices", _ANY_STATE | {"state": _text("State that is asked about")}),
    _tool("HassVacuumStart", "Start a vacuum cleaner", _ONE),
    _tool("HassVacuumReturnToBase", "Send a vacuum cleaner home", _ONE),
    _tool("HassGetCurrentTime", "Tell the time", {}),
    _tool("HassGetCurrentDate", "Tell the date", {}),
    _tool("HassGetWeather", "Tell the weather", {"name": _text("Name of the place")}),
    _tool("HassShoppingListAddItem", "Add to the shopping list", _ITEM, ("item",)),
    _tool("HassShoppingListCompleteItem", "Check off from the shopping list", _ITEM, ("item",)),
    _tool("HassListAddItem", "Add to a list", _ITEM_OF, ("item", "name")),
    _tool("HassListCompleteItem", "Check off from a list", _ITEM_OF, ("item", "name")),
    _tool("HassBroadcast", "Say a message on the other speakers of the house", {"message": _MESSAGE}, ("message",)),
    _tool("HassNevermind", "Do nothing; the person changed their mind", {}),
)

COPIED = frozenset(
    (str(tool["name"]), parameter)
    for tool in TOOLS
    for parameter in ("name", "area", "floor", "search_query", "message")
)
"""Tools and parameters whose value repeats a name of the home, or words that were said."""

_PARAMETERS: dict[str, Schema] = {tool["name"]: tool["parameters"] for tool in TOOLS}
_VALIDATORS = {name: Draft202012Validator(parameters) for name, parameters in _PARAMETERS.items()}


def coerce(call: ToolCall) -> ToolCall:
    """Type the arguments from the tool's schema, since a model writes all of them as text.

    What does not fit its type stays as it is, for `validate` to name. Empty arguments count as not given.
    """
    slots = _PARAMETERS.get(call.name, {}).get("properties", {})
    given = {
        slot: " ".join(value.split()) if isinstance(value, str) else value for slot, value in call.arguments.items()
    }
    typed = {slot: _typed(value, slots.get(slot, {})) for slot, value in given.items() if value not in (None, "")}
    return ToolCall(call.name, typed)


def _typed(value: Any, schema: Schema) -> Any:
    if not isinstance(value, str):
        return value
    kinds = schema.get("anyOf", [schema])
    for kind in kinds:
        if kind.get("type") in ("integer", "number"):
            number = _number(value)
            if number is not None:
                return number
        word = value.lower().replace(" ", "_")
        if word in kind.get("enum", ()):
            return word
    return value


def _number(text: str) -> int | float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else number


def validate(call: ToolCall) -> None:
    """Check a typed call against its schema.

    Raises ToolInputError, in English that can be spoken: "brightness must be between 0 and 100, not 500".
    """
    validator = _VALIDATORS.get(call.name)
    if validator is None:
        raise ToolInputError("I have no tool for that")
    errors = sorted(validator.iter_errors(dict(call.arguments)), key=lambda error: (list(error.path), error.message))
    if errors:
        raise ToolInputError(_explain(errors[0]))
    for slot, value in call.arguments.items():
        if isinstance(value, float) and math.isnan(value):  # keeps every limit, for all comparisons with it are false
            raise ToolInputError(f"{_spoken(slot)} must be a number")


def _explain(error: ValidationError) -> str:
    schema, given = cast(Schema, error.schema), cast(Any, error.instance)
    if error.validator == "required":
        return f"{_spoken(next(slot for slot in schema['required'] if slot not in given))} is missing"
    if error.validator == "additionalProperties":
        return f"{_spoken(next(slot for slot in given if slot not in schema['properties']))} cannot be given here"
    slot, value = _spoken(error.path[0]), str(given)[:40]
    if error.validator in ("minimum", "maximum"):
        return f"{slot} must be between {schema['minimum']} and {schema['maximum']}, not {value}"
    if error.validator == "anyOf":
        return f"{slot} must be up, down or between -100 and 100, not {value}"
    if error.validator == "enum":
        return f"{slot} cannot be {value.replace('_', ' ')}"
    if error.validator in ("minLength", "maxLength"):
        return f"{slot} must have 1 to {schema['maxLength']} letters"
    kinds = {"integer": "a whole number", "number": "a number", "string": "text"}
    return f"{slot} must be {kinds[schema['type']]}, not {value}"


def _spoken(slot: str | int) -> str:
    return str(slot)[:40].replace("_", " ")
