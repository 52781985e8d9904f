# SPDX-License-Identifier: Apache-2.0
"""Titles keep the words that are theirs."""

from __future__ import annotations

import pytest

from appliance.home.registry import Area, Device, Registry
from appliance.home.titles import without_place
from appliance.home.tools import ToolCall

HOME = Registry(
    [
        Device("media_player.den", "Old Radio", "media_player", "Den", aliases=("wireless",)),
        Device("light.bath", "Bath Light", "light", "Bath"),
    ],
    [Area("Den", aliases=("snug",)), Area("Bath")],
)


@pytest.mark.parametrize(
    ("query", "apart"),
    [
        ("queen in the den", {"search_query": "queen", "area": "Den"}),
        ("queen in my snug", {"search_query": "queen", "area": "Den"}),
        ("news on the wireless", {"search_query": "news", "name": "Old Radio"}),
        ("life in a northern town in the den", {"search_query": "life in a northern town", "area": "Den"}),
        ("girl in red", {"search_query": "girl in red"}),
        ("singing in the bath", {"search_query": "singing in the bath"}),  # nothing plays there
        ("in the den", {"search_query": "in the den"}),
        ("the den", {"search_query": "the den"}),
    ],
)
def test_only_the_name_of_a_player_or_of_its_room_is_taken_off(query: str, apart: dict[str, str]) -> None:
    assert without_place(HOME, ToolCall("HassMediaSearchAndPlay", {"search_query": query})).arguments == apart


def test_a_place_that_was_given_stays() -> None:
    call = ToolCall("HassMediaSearchAndPlay", {"search_query": "queen in the den", "area": "Bath"})
    assert without_place(HOME, call) is call
