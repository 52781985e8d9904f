# SPDX-License-Identifier: Apache-2.0
"""What a sentence that forbids one thing asks for beside: "don't turn it off, dim it", "I don't want the tv on".

A call passes only where its verb and its thing stand in a part that is not forbidden, and is not what is forbidden.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from appliance.dialogue.phrases import IMPERATIVE, any_of
from appliance.home.naming import likeness, words

_ON = r"\bon\b(?! (?:the|my|our|a|an|top|that|this|no)\b)|\b(?:turn|switch|put|power|pop|stick|flick|get) on\b"
_LEVEL = r"\d|\b(?:percent|half|quarter|third|full|max\w*|min\w*|up|down|low\w*|high\w*|bit|more|less)\b"
_SAYS = {
    "HassTurnOn": re.compile(
        rf"{_ON}|\b(?:open|raise|lock|bolt|start|activate|run|light(?= (?:up|the|my|our|it|them)\b))\b"
    ),
    "HassTurnOff": re.compile(r"\b(?:off|out(?! (?:of|there|here)\b)|close|shut|lower|unlock|unbolt|kill|stop|quit)\b"),
    "HassLightSet": re.compile(rf"{_LEVEL}|\b(?:dim|dimm\w+|bright\w*|soft\w*|warm\w*|cool\w*|colou?r|make|set)\b"),
    "HassSetPosition": re.compile(_LEVEL),
    "HassFanSetSpeed": re.compile(rf"{_LEVEL}|\b(?:slow\w*|fast\w*|speed|gentl\w+|medium)\b"),
    "HassClimateSetTemperature": re.compile(rf"{_LEVEL}|\b(?:degrees?|warm\w*|cool\w*|hotter|colder)\b"),
    "HassSetVolume": re.compile(rf"{_LEVEL}|\bvolume\b"),
    "HassSetVolumeRelative": re.compile(r"\b(?:up|down|quiet\w*|loud\w*|soft\w*|volume)\b"),
    "HassMediaPause": re.compile(r"\b(?:pause|stop|hold)\b"),
    "HassMediaUnpause": re.compile(r"\b(?:resume|unpause|continue|play|carry on)\b"),
    "HassMediaNext": re.compile(r"\b(?:next|skip)\b"),
    "HassMediaPrevious": re.compile(r"\b(?:previous|back)\b"),
    "HassMediaPlayerMute": re.compile(r"\b(?:mute|silence)\b"),
    "HassMediaPlayerUnmute": re.compile(r"\bunmute\b"),
    "HassPauseTimer": re.compile(r"\b(?:pause|hold|freeze)\b"),
    "HassCancelTimer": re.compile(r"\b(?:cancel|stop|scrap|forget)\b"),
}
"""The words that ask for a tool."""
_OPPOSITE = {"HassTurnOn": "HassTurnOff", "HassTurnOff": "HassTurnOn"}

_LEAD = r"(?:(?:please|no|oh|so|and|now|hey|okay|well|wait|sorry),? )*"
_REFUSED = re.compile(
    rf"^{_LEAD}(?:(?:i said )?(?:don'?t|do not)(?! (?:you|ever|even)\b)"
    r"|(?:(?:there'?s|there is) )?no (?:need|point|use|sense|reason) (?:to|for|in)?"
    r"|not (?=(?:the|my|our|on|off|open|closed?|shut|up|down|lock|unlock)\b))"
)
_PART = re.compile(
    rf" ?[,.;:!?]+ ?| but | (?=(?:instead|just|rather|simply) )| (?=(?:now )?{IMPERATIVE} (?:it|them)\b)"
)
_THEM = re.compile(r"\b(?:it|them|that|those|this)\b")
_NOT = any_of("not", "never", r"\w+n't", "dont", "no", "nor", "neither", "leave", "keep", "alone", "without", "nobody")
_SAYING = any_of(r"(?!i )\w+ (?:said|says|told|asked)", "when", "if", "whether", "until", "unless", "after")
# A statement is no command: "the heating is off", "mum turns it off".
_STATING = any_of(
    *("is", "are", "was", "were", "has", "had", "does", "did", "will", "be", "been", "i", "we", "he", "she", "they"),
    *("you", r"(?:i|we|he|she|they|you|it|that|there|who|what)'\w+"),
    r"[a-z]+'s (?:still |just |only |already )?(?:on|off|out|open|closed|shut|locked|unlocked|fine|okay|\w+ing)",
    r"(?:goes|comes|turns|switches|stays|gets|works|\w+self)",
    "(?:always|usually|never|often) \\w+",
)
_WANTED = re.compile(r"\bi (?:want|mean|meant|said)\b|\bwill you\b|\bwould you\b")
_PLAIN = frozenset(
    words(
        "the a one ones please instead just only thanks ta cheers i said mean meant it then now okay and yes no that "
        "those them is love pet dear darling mate pal in"
    )
)
_KINDS = frozenset(("light", "lamp", "room"))
_AT_WORK = (
    "(?:humming|whirring|buzzing|droning|rattling|whining|blaring|burning|glowing|blazing|shining|spinning|whizzing"
    "|churning|bubbling|ticking)"
)
_UNWANTED = re.compile(
    rf"^{_LEAD}(?:"
    r"(?:i |we |let'?s )?(?:don'?t|do not|not) (?:leave|keep|have|want|need|like"
    r"|let(?! (?:me|us|him|her|them|it|any\w+|the (?:kids?|dog|cat))\b))"
    r"|[\w' ]{1,60} (?:(?:(?:shouldn'?t|should not|needn'?t|mustn'?t|must not)"
    r"|(?:doesn'?t|don'?t) (?:need|have) to) (?:be|stay)"
    r"|(?:(?:is|are) not|isn'?t"
    r"|aren'?t) (?:supposed"
    r"|meant) to be)(?: left)?"
    r"|(?:(?:there'?s|there is) )?no (?:need|point|use|sense|reason|call)(?: at all)? (?:for|in|to)(?: (?:leave"
    r"|have|keep|leaving|having"
    r"|keeping))?)(?= )(?P<thing>(?:(?! (?:to|you|any(?:one|body)|if|when|turn\w*|switch\w*"
    r"|put|go|going|left|leave|kept)\b)"
    r" [\w']+){0,8}?) (?:(?:to )?(?:be|stay|remain|sit|stand) )?(?:still |left )?"
    rf"(?P<state>on|running|playing|open|unlocked|closed|shut|going|lit|{_AT_WORK}(?: away| on)?)"
    r"(?: (?:like (?:that|this)|overnight|a (?:minute|moment|second) longer|any ?more|any longer|now|right now"
    r"|all (?:day|night)|please|will you|would you|thanks|for nothing|dude"
    r"|at this hour"
    r"|at this time of (?:day|night|year)|in this weather|by now|tonight|in the (?:dark|daytime)|while we sleep"
    r"|now (?:that )?(?:the|my|our) [\w']+ (?:is|are) \w+))*"
    rf"(?= ?(?:$|[,.;!?]|(?:so|now|because|cos) | {IMPERATIVE} (?:it|them)\b))"
)
# What is not needed, or not to go on, is to be off.
_NOT_NEEDED = re.compile(
    r"(?:^|\b(?:and|so|but)\b|[,.;!?]) ?(?:(?:i|we) )?(?:(?:don'?t|do not|no longer) need|no (?:more )?need for)"
    r" (?:any|the|that|this|my|our) (?P<thing>(?:[\w']+ ){1,6}?)(?:any ?more|any longer|now)\b(?! that\b)"
    r"|(?:^|[,.;!?] ?)(?:don'?t|do not) let (?P<other>(?:the|that|this|my|our) (?:[\w']+ ){1,4}?)"
    r"(?:run|burn|blaze|go on|carry on|blare|play on)\b(?: (?:any longer|all (?:day|night)(?: again)?|for nothing))?"
)
_AWAY = {
    "closed": ("HassTurnOn",),
    "shut": ("HassTurnOn",),
    "unlocked": ("HassTurnOn",),
    "blaring": ("HassTurnOff", "HassMediaPause"),
    "playing": ("HassTurnOff", "HassMediaPause"),
}
_NO_NAMES = frozenset(("here", "all"))


def asks_for(tool: str, said: str) -> bool:
    """Whether there are words that ask for a call of `tool`, and none that ask for its opposite."""
    says, against = _SAYS.get(tool), _OPPOSITE.get(tool)
    return says is not None and says.search(said) is not None and not (against and _SAYS[against].search(said))


def without_not_needed(said: str, named: str) -> str:
    """A sentence without a part that says that what is `named` is not needed any more, which asks to have it off."""
    found = _NOT_NEEDED.search(said)
    spoken = found and (found["thing"] or found["other"])
    if found is None or not spoken or not words(named) or not any(_among(word, words(named)) for word in words(spoken)):
        return said
    return f"{said[: found.start()]} {said[found.end() :]}".strip(" ,.;")


def still_asked(said: str, tool: str, named: str) -> str | None:
    """What is left to judge of a sentence whose first part forbids something, where the rest of it asks for a call of
    `tool` on what is `named`; None where it does not.
    """
    names = [word for word in words(named) if word not in _PLAIN and word not in _NO_NAMES]
    thing = [word for word in names if word not in _KINDS] or names
    if (unwanted := _UNWANTED.match(said)) and tool in _AWAY.get(unwanted["state"], ("HassTurnOff",)):
        rest = said[unwanted.end() :].strip(" ,.;!?")
        spoken = unwanted[0]
        # "I don't want the lamp on any more, leave it" says two things.
        return rest if _holds(spoken, thing) and not _NOT.search(rest) else None
    refused = _REFUSED.match(said)
    parts = _PART.split(said[refused.end() :], maxsplit=8) if refused else []
    if len(parts) < 2 or not parts[0].strip() or _SAYING.search(said):
        return None
    forbidden, rest = parts[0], " ".join(part for part in parts[1:] if part)
    if _NOT.search(rest) or _STATING.search(_WANTED.sub("", rest)):
        return None
    says, against = _SAYS.get(tool), _OPPOSITE.get(tool)
    if says is None:
        return None
    same = says.search(forbidden) is not None
    if not says.search(rest):
        # "Not the hall, the kitchen": nothing but another name.
        bare = all(word in _PLAIN or word in _KINDS or _among(word, thing) for word in words(rest))
        verbless = not any(each.search(forbidden) for each in _SAYS.values())
        other = thing and _holds(rest, thing) and not any(_among(word, thing) for word in words(forbidden))
        return rest if bare and verbless and other else None
    if against and _SAYS[against].search(rest):
        return None
    if {"one", "ones"} & set(rest.split()):  # of the kind that was forbidden: "lock the back one"
        thing = [word for word in thing if not _among(word, words(forbidden))] or thing
    if thing and _holds(rest, thing):
        apart = not any(_among(word, thing) for word in words(forbidden))
        return rest if apart or not same else None
    if same or not _THEM.search(rest):
        return None
    named_before = [word for word in words(forbidden) if word not in _PLAIN]
    verb_only = all(_VERB.match(word) for word in named_before)
    return rest if not thing or verb_only or _holds(f"{forbidden} {rest}", thing) else None


_VERB = re.compile(rf"(?:{IMPERATIVE}|on|off|up|down|out|back)$")


def _holds(text: str, thing: list[str]) -> bool:
    heard = words(text)[:60]
    return all(_among(word, heard) for word in thing)


def _among(word: str, others: Sequence[str]) -> bool:
    return any(likeness((word,), (each,)) > 0 for each in others)
