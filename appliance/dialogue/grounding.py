# SPDX-License-Identifier: Apache-2.0
"""What a language model may not do whatever it writes: act on a thing that nobody spoke of, or say what did not happen.

Both checks err on the safe side: a call that fails is not made, and an answer that fails is replaced by what the
tools reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from appliance.home.naming import likeness, words
from appliance.home.tools import ToolCall

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LEVEL_SLOTS = ("brightness", "position", "percentage", "volume_level", "temperature")
# Levels that are said without a number.
_LEVELS = frozenset(
    words("half quarter third full max maximum min minimum lowest highest brightest dimmest top low high")
)
_ANYWHERE = frozenset(("here", "all"))

# "The lamp is on", "I turned it off", "done": what only a tool may make true.
_CLAIM = re.compile(
    r"\b(?:(?:is|are) (?:now |already )?(?:on|off|open|closed|locked|unlocked|set|running|paused|playing)"
    r"|turned|switched|opened|closed|locked|unlocked|started|stopped|cancel+ed|dimmed|added|announced|done)\b",
    re.IGNORECASE,
)

_PLAIN_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "is",
        "are",
        "was",
        "were",
        "it",
        "its",
        "of",
        "to",
        "in",
        "on",
        "at",
        "and",
        "or",
        "but",
        "i",
        "you",
        "have",
        "has",
        "had",
        "there",
        "that",
        "this",
        "for",
        "with",
        "now",
        "okay",
        "ok",
        "yes",
        "no",
        "all",
        "so",
        "sorry",
        "not",
        "done",
        "sure",
        "my",
        "your",
        "be",
        "been",
        "will",
        "set",
    ]
)


def unspoken(arguments: Mapping[str, Any], said: Sequence[str]) -> str | None:
    """The first name or value in a call that nobody said, or None when all of it was spoken of.

    `said` holds what the person said in this conversation, and what was said of devices in it: "turn it off again"
    speaks of what the turn
    before was about.
    """
    heard = [word for text in said for word in words(text)]
    for slot in ("name", "area", "floor", "message"):
        value = str(arguments.get(slot) or "")
        if value and value.lower() not in _ANYWHERE and not _spoken_of(value, heard):
            return value
    last = said[-1] if said else ""
    numbers = {float(number) for number in _NUMBER.findall(last)}
    if numbers and not _LEVELS & set(words(last)):
        for slot in _LEVEL_SLOTS:
            value = str(arguments.get(slot) or "")
            if _NUMBER.fullmatch(value) and float(value) not in numbers:
                return value
    return None


_AMOUNT = re.compile(r"(\d+) (?=\S)")


def without_leftover(call: ToolCall, text: str) -> ToolCall:
    """The call for an item without a number that says how many were used up or are left, and not how many to get:
    "used the last 3 eggs".
    """
    item = call.arguments.get("item")
    amount = _AMOUNT.match(item) if isinstance(item, str) else None
    if not isinstance(item, str) or amount is None:
        return call
    number = amount[1]
    gone = re.search(
        rf"\b(?:last|used|ate|eaten|drank|finished|down to)(?: (?:up|the|my|our|about|just|only|last|all))* {number}\b"
        rf"|\b{number} (?:[\w']+ ){{1,4}}left\b",
        text.lower(),
    )
    if int(number) and gone is None:
        return call
    return ToolCall(call.name, {**call.arguments, "item": item[amount.end() :]})


_OF_A_KIND = re.compile(
    r"\b(?:dark\w*|lights?|lit|lamps?|bright\w*|heat\w*|blinds?|curtains?|shut|clos\w+|open\w*|lock\w*)\b"
)
_WHERE = {"area", "floor", "except"}
_EVERYTHING = re.compile(
    r"\b(?:everything|anything|nothing|the lot|it all|all of it|all (?:off|on|out)"
    r"|all (?:of )?(?:the|my|our|that) (?:stuff|things?|gadgets|devices|gear|appliances)"
    r"|every (?:single |last )?(?:thing|device|gadget|appliance|bit|plug)|whole (?:lot|place|room|house|floor))\b"
)


def of_everything(call: ToolCall, text: str) -> ToolCall:
    """The call for all of a place, where it was said so and the call names nothing but the place: "everything in the
    study off".
    """
    slots = call.arguments.keys()
    if call.name not in ("HassTurnOn", "HassTurnOff") or not slots & {"area", "floor"} or slots - _WHERE:
        return call
    if not _EVERYTHING.search(text.lower()) or _OF_A_KIND.search(text.lower()):
        return call
    return ToolCall(call.name, {"name": "all", **call.arguments})


_ARMING = frozenset(("arm", "arming", "armed", "disarm", "disarming", "disarmed", "security"))
"""What is said of an alarm alone, whatever it is called."""


def _spoken_of(name: str, heard: Sequence[str]) -> bool:
    """Whether at least half of the words of a name were said, or words that sound like them."""
    parts = words(name)
    if "alarm" in parts and not _ARMING.isdisjoint(heard):
        return True
    spoken = [
        *heard,
        *("".join(pair) for pair in pairwise(heard)),
    ]  # "play corner" may be heard as one word, or two as one
    hits = sum(any(likeness((part,), (word,)) > 0 for word in spoken) for part in parts)
    return 2 * hits >= len(parts) > 0 or any(likeness(("".join(parts),), (word,)) > 0 for word in heard)


def claims(text: str) -> bool:
    """Whether a sentence says that something is or was done: without a tool call it must not be spoken."""
    return _CLAIM.search(text) is not None


def supported(text: str, facts: Iterable[str]) -> bool:
    """Whether every word of substance in `text` stands in what the tools reported or in what the person said."""
    known = {word for fact in facts for word in words(fact)} | _PLAIN_WORDS
    return all(word in known for word in words(text))


def as_reported(clause: str, facts: Iterable[str]) -> str:
    """A clause in the letters of the fact that it repeats: a small model writes without capitals."""
    core = clause.rstrip(".!")
    for fact in facts:
        at = fact.lower().find(core.lower())
        if core and at >= 0:
            return fact[at : at + len(core)] + clause[len(core) :]
    return clause


def finished(sentence: str) -> str:
    """A sentence with a capital in front and a sign at its end."""
    sentence = sentence[:1].upper() + sentence[1:]
    return sentence if sentence.endswith((".", "!", "?", ",", ";", ":")) else f"{sentence}."
