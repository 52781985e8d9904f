# SPDX-License-Identifier: Apache-2.0
"""Several things for the shopping list that were said in one breath: "eggs and butter" are two entries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from appliance.home.naming import words
from appliance.home.registry import Registry
from engines.nemotron_h.chat import ToolCallRequest

SHOPPING = ("HassShoppingListAddItem", "HassShoppingListCompleteItem")
_BETWEEN = re.compile(r"\s*(?:,\s*(?:and\s+)?|\s(?:and|&)\s)\s*", re.IGNORECASE)
# What is one thing for all its "and", and what speaks of a thing that is named only once ("red and green peppers").
_ONE = re.compile(
    r"\b(?:mac(?:aroni)? and cheese|fish and chips|salt and vinegar|cheese and onion|gin and tonic|rum and coke"
    r"|sweet and (?:sour|salty)|half and half|cookies and cream|peanut butter and|bread and butter pudding"
    r"|ham and cheese|head and shoulders|ben and jerry\S*|m and ms|marks and spencers?|black and decker"
    r"|and a (?:half|quarter|third)\b"
    r"|(?:red|green|yellow|blue|white|black|brown|orange|pink|purple|big|small|large|little|hot|cold|dry|wet|fresh"
    r"|frozen|mixed|sharp|mild|plain|salted|sweet|long|short|\d+) and)\b",
    re.IGNORECASE,
)


def apart(text: str) -> list[str]:
    """The things in a text, each by itself; the text alone where its "and" belongs to one thing."""
    parts = [part.strip() for part in _BETWEEN.split(text)]
    whole = _ONE.search(text.replace("&", "and")) or not all(map(words, parts))
    return [text] if whole else parts


def one_each(request: ToolCallRequest, registry: Registry) -> Iterator[ToolCallRequest]:
    """The call once for each thing of the shopping list that it names; what stands there as one entry stays one."""
    if request.name not in SHOPPING:
        yield request
        return
    item = str(request.arguments.get("item") or "")
    entries = {
        words(str(entry))
        for device in registry.devices
        if device.domain == "todo"
        for entry in device.attributes.get("items", ())
    }
    things = [item] if words(item) in entries else apart(item)
    for thing in things:
        yield request if thing == item else replace(request, arguments={**request.arguments, "item": thing}, others=())
