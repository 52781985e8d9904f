# SPDX-License-Identifier: Apache-2.0
"""Where a title ends and a place begins: "thriller in the kitchen" is Thriller in the kitchen, if a player is there."""

from __future__ import annotations

import re

from appliance.home.naming import words
from appliance.home.registry import Registry
from appliance.home.tools import ToolCall

_AT_THE_END = re.compile(r"(.*\S) (?:in|on|from|through|via) (?:(?:the|my|our) )?(.+)", re.IGNORECASE)


def without_place(registry: Registry, call: ToolCall) -> ToolCall:
    """The call with the name of a room or player at the end of what is to be played in its own slot.

    Only where no place is given otherwise, and only for the very name of a player or of a room with one: any other
    words are the title's ("girl in red").
    """
    found = _AT_THE_END.fullmatch(str(call.arguments.get("search_query", "")))
    if found is None or call.arguments.keys() & {"name", "area", "floor"}:
        return call
    title, end = found[1], words(found[2])
    players = [device for device in registry.devices if device.domain == "media_player"]
    rooms = {device.area for device in players}
    for slot, names in (
        *(("area", (area.name, *area.aliases)) for area in registry.areas if area.name in rooms),
        *(("name", (player.name, *player.aliases)) for player in players),
    ):
        if end in map(words, names):
            return ToolCall(call.name, {**call.arguments, "search_query": title, slot: names[0]})
    return call
