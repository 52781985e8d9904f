# SPDX-License-Identifier: Apache-2.0
"""What in a sentence does not fit a call on a thing that was spoken of: another kind of device, a step that was taken
for a level, a lock where nothing was said of locking.

Words prove little, so what is found here is a reason to ask, never one to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from appliance.dialogue.direction import COLD, HOT

_LEVELS = ("brightness", "position", "percentage", "volume_level", "temperature")
_PARTS = {
    "half": 50,
    "quarter": 25,
    "third": 33,
    "two thirds": 67,
    "2 thirds": 67,
    "three quarters": 75,
    "3 quarters": 75,
}
_PART = rf"(?P<part>{'|'.join(sorted(_PARTS, key=len, reverse=True))}|\d+)"
_STEP = (
    re.compile(rf"\b(?:by|another|knock|take|shave|chop|trim) (?:(?:an?|another|about|around) )*{_PART}\b"),
    re.compile(
        rf"\b{_PART}(?: ?percent| ?%| degrees?)? (?:off (?:it|that|them)|more|less"
        r"|brighter|dimmer|lower|higher|louder|quieter|faster"
        r"|slower|warmer|cooler|hotter|colder)\b"
    ),
)


def takes_a_step_for_a_level(text: str, arguments: Mapping[str, Any]) -> bool:
    """Whether what is set is by how much it should change: "knock a third off it", and it is set to 33 percent."""
    said = text.lower()
    by = {_PARTS.get(found["part"]) or float(found["part"]) for each in _STEP for found in each.finditer(said)}
    values = [arguments.get(slot) for slot in _LEVELS]
    return any(isinstance(value, (int, float)) and value in by for value in values)


# The noun locks nothing by itself: "pop the lock on the front" opens it.
_LOCKING = re.compile(
    r"(?<!the )(?<!that )(?<!this )\b(?:lock|bolt|latch)(?:s|ed|ing|ing up)?\b"
    r"|\b(?:re-?|dead)(?:lock|bolt)(?:s|ed|ing)?\b|\bunlocked\b|\b(?:nobody|no ?one) .{0,40}\bin\b"
    r"|\b(?:put|get|turn|slide|throw|draw|drop|click|stick|slip|have|want|need) (?:the|that|this|my) (?:[\w']+ ){0,3}"
    r"(?:lock|bolt|latch|deadbolt|chain)s?\b"
    r"|\b(?:lock|bolt|latch|deadbolt|chain)s? (?:on|in|across|over|home|to|shut|closed|engaged)\b(?! the\b)"
    r"|\b(?:secur|clos|shut|seal|protect|fasten|batten|engag|arm|safe)\w*\b"
)


def locks_unasked(text: str, moves: Collection[tuple[str, str]]) -> bool:
    """Whether something is locked, and nothing was said of locking: "light me a way to the front door"."""
    return ("lock", "lock") in moves and _LOCKING.search(text.lower()) is None


# What only one kind of device has or does, and what is said of a kind at all.
_OWN = {
    "cover": (
        r"blinds?|slats?|lou?vres?|curtains?|drapes?|shutters?|awnings?"
        r"|(?:garage|gate) (?:door )?(?:up|down)|(?:up|down) the (?:garage|gate)"
    ),
    "fan": r"fans?|speed|blades|spin(?:s|ning)?|whirl(?:s|ing)?",
    "climate": r"radiators?|thermostats?|heating|degrees",
    "media_player": r"volume|louder|quieter",
}
_SPOKEN = {
    "light": r"light\w*|lamps?|bulbs?|lit|bright\w*|dim\w*|dark\w*|gl[oe]\w+|shin\w+|colou?r|kelvin|white",
    "cover": rf"{_OWN['cover']}|shades?|covers?|doors?|gates?|windows?|open\w*|clos\w+|shut",
    "fan": rf"{_OWN['fan']}|breeze|air|blow\w*|extractor|hood",
    "climate": rf"{_OWN['climate']}|heat\w*|warm\w*|cool\w*|cold\w*|hot\w*|temperature|\d+ degrees",
}
_NO_MATTER_OF_LIGHT = re.compile(
    rf"\b(?:smell\w*|stink\w*|stank|reek\w*|stench|pong\w*|whiff\w*|steam\w*|smok[ey]\w*|{COLD}|{HOT})"
)
_OWN_WORDS = {kind: re.compile(rf"\b(?:{said})\b") for kind, said in _OWN.items()}
_SPOKEN_WORDS = {kind: re.compile(rf"\b(?:{said})\b") for kind, said in _SPOKEN.items()}


def of_another_kind(text: str, moves: Collection[tuple[str, str]]) -> bool:
    """Whether a kind of device was spoken of, and all that is touched is of another: "slats down", and it is lights.

    Against a smell or the cold no light helps.
    """
    said, kinds = text.lower(), {kind for kind, _ in moves}
    if len(kinds) != 1:
        return False
    kind = next(iter(kinds))
    spoken = _SPOKEN_WORDS.get(kind)
    if spoken is None or spoken.search(said):
        return False
    others = any(words.search(said) for other, words in _OWN_WORDS.items() if other != kind)
    return others or (kind == "light" and _NO_MATTER_OF_LIGHT.search(said) is not None)


_AWAY = re.compile(r"\bout (?:from under|of (?:the|my|our) (?:way|feet))|\bfrom (?:under|underneath) (?:my|our) feet\b")
_OF_WHAT_WAS_SAID = re.compile(r"\b(?:the lot|them all|(?:all|both) of (?:them|those|these)|all (?:those|these))\b")
_OF_THE_HOME = re.compile(r"\b(?:every\w*|house|home|place|whole|anything)\b")
# What no device here does for itself.
_BY_HAND = re.compile(
    r"^(?:(?:please|hey|can|could|would|will|you|go|and|just|now|ok|okay) )*"
    r"(?:empty|refill|repair|mend|replace|descale|rename|unclog|unblock|polish|wash|scrub)\b"
)


_ON_A_LIST = re.compile(r"\bon(?:to)? (?:the|my|our) (?:\w+ ){0,2}(?:list|shopping|chores)\b")
_SWITCHES = re.compile(r"\b(?:on|turn\w*|switch\w*|start\w*|open\w*|activat\w+|run\w*|light\w*|lock\w*)\b")


def writes_down(text: str, tool: str) -> bool:
    """Whether something is switched on of which only "on the list" was said: "printer ink on the shopping list"."""
    said = text.lower()
    rest = _ON_A_LIST.sub(" ", said)
    return tool == "HassTurnOn" and rest != said and _SWITCHES.search(rest) is None


_MINUTES_OFF = re.compile(r"\b(?:knock|take|shave|chop|trim) (?:(?:another|about|a further) )?\d+ (?:\w+ )?off\b")
_PREHEAT = re.compile(r"\bpre-?heat\b")


def means_something_else(text: str, moves: Collection[tuple[str, str]]) -> bool:
    """Whether a vacuum is started that is in the way, anything is switched that is to be emptied or mended, or of which
    some minutes are to be taken off; or no oven is turned on that is to be hot.
    """
    said = " ".join(text.lower().split())
    if _PREHEAT.search(said) and not moves:
        return True
    if ("vacuum", "on") in moves and _AWAY.search(said):
        return True
    switched = any(done in ("on", "off") for _, done in moves)
    return bool(moves) and (_BY_HAND.search(said) is not None or (switched and _MINUTES_OFF.search(said) is not None))


_HESITATING = r"(?:u+m+|u+h+|e+r+m*|hang on|hold on|what was it)"
_UNFINISHED = re.compile(
    rf"\b(?:(?:the|an?|my|our|and|or|but),?(?: {_HESITATING})?|(?:to|at|in|with|for|of),? {_HESITATING}"
    r"|(?:set|change|dim|bring|take|make|turn) .{1,60} to)[\s.,\u2026]*$"
)
_NEARLY_SHUT = re.compile(r"\b(?:just|only|leave|but) .{0,40}\b(?:sliver|slit|chink|crack)\b")
_AT_A_LEVEL = (
    r"(?:(?:at|to) (?:about |around )?(?:\d+|half|full|a (?:third|quarter))\b"
    r"|\d+\b(?! ?(?:min|sec|hour|second|minute|lamp|light|time)))"
)


def says_more(text: str, tool: str, arguments: Mapping[str, Any]) -> bool:
    """Whether the sentence broke off, or says how much of what is only switched, or opened up."""
    said = text.lower()
    if _UNFINISHED.search(said):
        return True
    if tool == "HassSetPosition" and _NEARLY_SHUT.search(said):
        return arguments.get("position_step") == "up" or (arguments.get("position") or 0) > 50
    if tool not in ("HassTurnOn", "HassTurnOff") or not arguments.get("name"):
        return False
    name = str(arguments["name"]).lower().split()
    called = {" ".join(name), " ".join(name[:-1] if len(name) > 2 else name)}  # "left bedside 50"
    return any(re.search(rf"\b{re.escape(each)} {_AT_A_LEVEL}", said) is not None for each in called)


def says_the_opposite(text: str, tool: str, arguments: Mapping[str, Any]) -> bool:
    """Whether right behind the name stands the other way: "lamp on, telly off", and the lamp is turned off."""
    name = str(arguments.get("name") or "")
    other = {"HassTurnOn": "off", "HassTurnOff": "on"}.get(tool)
    if not name or other is None:
        return False
    said, own = text.lower(), "on" if other == "off" else "off"
    behind = rf"\b{re.escape(name.lower())} (?:back )?"
    other_way = re.search(rf"{behind}{other}(?=$|[,.;!?]| (?:and|please|but)\b)", said)
    return other_way is not None and re.search(rf"{behind}{own}\b", said) is None


# Of what is heard or seen, and of going on, stopping and skipping.
_HEARD = re.compile(
    r"\b(?:music|songs?|tunes?|track|album|radio|telly|tv|television|speakers?|stereo|film|movie|match|show|episode|news"
    r"|podcast|audiobook|chapter|volume|\w*loud\w*|quiet\w*|sounds?|nois\w+|hear\w*|listen\w*|watch\w*|ears?|peace"
    r"|silen\w+|hush|shush|shut|racket|din|row|blast\w*|play\w*|start\w*|stop\w*|paus\w+|freez\w+|hold|wait|keep"
    r"|resum\w+|continu\w+|carry|go\w*|turn\w*|un\w*|mut\w+|skip\w*|next|previous|last|back|again|over|further"
    r"|forward\w*|beginning|where|one|on|off|up|down)\b"
)


def plays_unasked(text: str, tool: str, arguments: Mapping[str, Any]) -> bool:
    """Whether a player that is not named goes on, stops or skips, and no word speaks of what can be heard or seen."""
    return tool.startswith("HassMedia") and not arguments.keys() - {"area"} and _HEARD.search(text.lower()) is None


def is_of_the_turn_before(text: str, name: object, before: Collection[str]) -> bool:
    """Whether "the lot" may be all that was spoken of before, where all of the home is switched."""
    said = text.lower()
    return (
        name == "all"
        and bool(before)
        and _OF_WHAT_WAS_SAID.search(said) is not None
        and _OF_THE_HOME.search(said) is None
    )
