# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from appliance.home.errors import ToolInputError
from appliance.home.tools import TOOLS, ToolCall, coerce, validate


def complaint(tool: str, /, **arguments: object) -> str:
    with pytest.raises(ToolInputError) as caught:
        validate(coerce(ToolCall(tool, arguments)))
    return str(caught.value)


def test_every_tool_is_a_valid_closed_schema_with_a_description() -> None:
    for tool in TOOLS:
        Draft202012Validator.check_schema(tool["parameters"])
        assert set(tool) == {"name", "description", "parameters"}
        assert tool["parameters"]["additionalProperties"] is False
        assert all(slot["description"] for slot in tool["parameters"]["properties"].values())
    assert len({tool["name"] for tool in TOOLS}) == len(TOOLS)


@pytest.mark.parametrize(
    ("name", "slot", "text", "typed"),
    [
        ("HassLightSet", "brightness", "50", 50),
        ("HassLightSet", "brightness", " 50.0 ", 50),
        ("HassClimateSetTemperature", "temperature", "20.5", 20.5),
        ("HassSetVolumeRelative", "volume_step", "-10", -10),
        ("HassSetVolumeRelative", "volume_step", "Up", "up"),
        ("HassTurnOn", "domain", "Media Player", "media_player"),
        ("HassTurnOn", "name", "42", "42"),
        ("HassTurnOn", "name", " kitchen\n light", "kitchen light"),
        ("HassStartTimer", "name", "pizza", "pizza"),
    ],
)
def test_text_becomes_the_type_of_its_slot(name: str, slot: str, text: str, typed: object) -> None:
    value = coerce(ToolCall(name, {slot: text})).arguments[slot]
    assert value == typed
    assert type(value) is type(typed)


def test_empty_arguments_count_as_not_given() -> None:
    assert coerce(ToolCall("HassTurnOn", {"name": "lamp", "area": "", "floor": None})).arguments == {"name": "lamp"}


def test_a_complaint_can_be_spoken() -> None:
    assert complaint("HassLightSet", name="lamp", brightness="500") == "brightness must be between 0 and 100, not 500"
    assert complaint("HassLightSet", brightness="half") == "brightness must be a whole number, not half"
    assert complaint("HassSetPosition", position="20.5") == "position must be a whole number, not 20.5"
    assert complaint("HassSetVolume", name="radio") == "volume level is missing"
    assert complaint("HassTurnOn", brightness=5) == "brightness cannot be given here"
    assert complaint("HassLightSet", color="plaid") == "color cannot be plaid"
    assert complaint("HassSetVolumeRelative", volume_step="a lot") == (
        "volume step must be up, down or between -100 and 100, not a lot"
    )
    assert complaint("HassTurnOn", name="x" * 101) == "name must have 1 to 100 letters"
    assert complaint("HassTurnOn", name=5) == "name must be text, not 5"
    assert complaint("HassExplode") == "I have no tool for that"


@pytest.mark.parametrize("temperature", ["nan", "inf", float("nan"), float("-inf"), True])
def test_a_number_that_is_none_is_refused(temperature: object) -> None:
    assert "temperature must be" in complaint("HassClimateSetTemperature", temperature=temperature)


VALUES = st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.text()))
SLOTS = sorted({slot for tool in TOOLS for slot in tool["parameters"]["properties"]})


@given(
    name=st.sampled_from([tool["name"] for tool in TOOLS]),
    arguments=st.dictionaries(st.one_of(st.sampled_from(SLOTS), st.text()), VALUES, max_size=5),
)
def test_any_arguments_are_accepted_or_named(name: str, arguments: dict[str, Any]) -> None:
    call = coerce(ToolCall(name, arguments))
    assert coerce(call) == call
    schema = next(tool["parameters"] for tool in TOOLS if tool["name"] == name)
    has_nan = any(isinstance(value, float) and math.isnan(value) for value in call.arguments.values())
    if Draft202012Validator(schema).is_valid(dict(call.arguments)) and not has_nan:
        validate(call)
    else:
        with pytest.raises(ToolInputError, match=r"[a-z]"):
            validate(call)
