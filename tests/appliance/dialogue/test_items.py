# SPDX-License-Identifier: Apache-2.0
"""What is said in one breath for the shopping list: how many things it is."""

from __future__ import annotations

import pytest

from appliance.dialogue.items import apart, one_each
from appliance.home.registry import Device, Registry
from engines.nemotron_h.chat import ToolCallRequest


@pytest.mark.parametrize(
    ("said", "things"),
    [
        ("eggs and butter", ["eggs", "butter"]),
        ("bananas, a jar of honey and tea", ["bananas", "a jar of honey", "tea"]),
        ("milk & bread", ["milk", "bread"]),
        ("eggs, and butter", ["eggs", "butter"]),
        ("mac and cheese", ["mac and cheese"]),
        ("salt and vinegar crisps", ["salt and vinegar crisps"]),
        ("red and green peppers", ["red and green peppers"]),
        ("2 and a half kilos of flour", ["2 and a half kilos of flour"]),
        ("sand and andouille", ["sand", "andouille"]),
        ("eggs and", ["eggs and"]),
        ("", [""]),
    ],
)
def test_things_that_are_named_together_come_apart_where_they_are_several(said: str, things: list[str]) -> None:
    assert apart(said) == things


def test_only_the_shopping_list_and_no_entry_of_it_is_taken_apart() -> None:
    shopping = Device("todo.shopping_list", "Shopping List", "todo", attributes={"items": ["Fish and peas"]})
    home = Registry([shopping], [], [])

    def items(tool: str, item: str) -> list[str]:
        return [each.arguments["item"] for each in one_each(ToolCallRequest(tool, {"item": item}), home)]

    assert items("HassShoppingListAddItem", "eggs and butter") == ["eggs", "butter"]
    assert items("HassShoppingListCompleteItem", "fish and peas") == ["fish and peas"]
    assert items("HassListAddItem", "wash and dry the car") == ["wash and dry the car"]
