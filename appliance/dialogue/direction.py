# SPDX-License-Identifier: Apache-2.0
"""Whether a sentence speaks against what a call would do: "open up the front", and the call locks it.

Words prove little (who says "the gate is wide open" may want it closed), so what is found here is a reason to ask,
never one to refuse. For `contrary`: of 243 single commands of the generator none would be asked about; of the same
with their calls turned round, 161.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_VERB = (
    r"(?:turn|switch|flick|flip|put|get|have|want|need|power|pop|stick|click|fire|bring|leave|keep|knock|shut|change)"
)
_IN = (
    r"\b(?:let|buzz|beep) (?:[\w'-]+ ){1,4}(?:in|through)\b"
    r"|\b(?:can|could|may) (?:get|come|walk) (?:back )?in\b|\bon the latch\b"
    r"|\b(?:get|answer) (?:the|my|our) (?:\w+ ){0,2}(?:door|gate)\b(?! (?:shut|closed|locked|bolted|secured))"
)
_SAYS = {
    "on": rf"\b{_VERB}(?:t?ing|s|ed)? (?:[\w']+ ){{0,5}}on\b|\bon with\b|\b(?:start|activat|enabl)(?:e|s|ed|ing)?\b",
    "off": r"\boff\b|\b(?:lights?|lamps?) out\b|\b(?:stop|kill|cut|deactivat|disabl)(?:e|s|p?ed|p?ing)?\b",
    "open": rf"\b(?:open|unlock|rais|lift|unroll)(?:e|s|ed|ing)?\b|\b(?:draw|pull) (?:\w+ ){{0,3}}(?:back|up)\b|{_IN}",
    "close": (
        r"\b(?:close[sd]?|closing|shut|shutting|lower(?:s|ed|ing)?|drop(?:ped|ping)?|down)\b"
        r"|\b(?:curtains?|drapes|blinds?|shutters?|doors?|gates?|windows?) to(?=$|[,.;!]| (?:and|please|now)\b)"
    ),
    "unlock": (
        r"\b(?:unlock|unbolt|open)(?:s|ed|ing)?\b|\bund(?:o|oing|one)\b|\block(?:ed)? (?:\w+ ){0,2}out(?:side)?\b"
        rf"|\b(?:pop|slip|spring|ping) (?:[\w']+ ){{1,4}}lock\b|{_IN}"
    ),
    "lock": (
        r"\b(?:(?:bolt|(?<!on the )latch|lock)(?:s|ed|ing)?|secur(?:e|ed|ing)|closed?|shut)\b"
        r"(?! (?:\w+ ){0,2}out(?:side)?\b)"
    ),
}
_WORDS = {action: re.compile(said) for action, said in _SAYS.items()}
_OPPOSITE = {"on": "off", "open": "close", "lock": "unlock"}
_OPPOSITE |= {other: one for one, other in _OPPOSITE.items()}
_TURNED_ROUND = re.compile(
    r"\b(?:not|no|never|without|instead|rather|unless|until|till|before|again|still|left|why|who|forgot|supposed)\b|n't\b"
)


def contrary(text: str, actions: Iterable[str]) -> bool:
    """Whether `text` tells to do the opposite of one of `actions` (on, off, open, close, lock, unlock), and not also
    to do it.
    """
    said = " ".join(text.lower().split())
    if _TURNED_ROUND.search(said):
        return False  # what is not to be, or should not be so
    return any(
        _WORDS[_OPPOSITE[action]].search(said) is not None and _ASKED_FOR[action].search(said) is None
        for action in actions
        if action in _OPPOSITE
    )


# What a person feels, and what would make it worse: (kind of device, what is done to it).
_NOT = r"(?:can'?t|cannot|can (?:barely|hardly)) (?:even )?"
_SCREEN = r"(?:the|this) (?:screen|telly|tv|match|game|film|movie|news|music|song|radio|show|picture|programme)"
COLD = (
    r"freezing|frozen|chilly|nippy|shivering|perishing|baltic|goosebumps|(?:i'?m|so|too|it'?s|there'?s) cold"
    r"|see (?:my|me|our) (?:own )?breath"
)
HOT = r"boiling|sweltering|roasting|melting|sweating|stifling|(?:i'?m|so|too|it'?s) (?:hot|warm)"
_DARK = (
    rf"{_NOT}see (?!{_SCREEN}|the stars)|too (?:dark|dim)|gloomy"
    r"|(?:it'?s|is|so|gone) (?:\w+ )?(?:pitch )?(?:black|dark) in"
)
_BRIGHT = (
    rf"too bright|dazzl\w+|glare|blinding|blinded|in my (?:eyes|face)|{_NOT}see {_SCREEN}|no (?:light|daylight|sun)\b"
    r"|sun(?:'s| is)? (?:[\w']+ ){0,4}(?:on ?to|into|on|in) (?:the|my|our) (?:\w+ )?(?:screen|telly|tv|monitor)\b"
    r"|(?:want|need|like|make|get|have|keep) (?:it|(?:the|my|our|this) \w+) (?:\w+ )?(?:pitch )?(?:dark|black)\b"
)
_SEEN = (
    r"gawp\w*|gawk\w*|peep\w*|(?:see|look|star|peer)\w* (?:straight |right )?in(?:to)?\b|on (?:display|show)\b"
    r"|(?:fish|goldfish) (?:tank|bowl)"
)
_QUIET = rf"{_NOT}hear (?:it|what|a (?:thing|word)|{_SCREEN})|too quiet"
_LOUD = "too loud|deafening|racket|hear (?:myself|ourselves) think"
_FELT = (
    (COLD, {("climate", "down"), ("climate", "off"), ("fan", "on"), ("fan", "up")}),
    (HOT, {("climate", "up"), ("fan", "off"), ("fan", "down")}),
    (_DARK, {("light", "off"), ("light", "down"), ("cover", "close")}),
    (_BRIGHT, {("light", "on"), ("light", "up"), ("cover", "open")}),
    (_SEEN, {("cover", "open")}),
    (_QUIET, {("media_player", "down"), ("media_player", "off")}),
    (_LOUD, {("media_player", "up"), ("media_player", "on")}),
)
_FEELING = tuple((re.compile(rf"\b(?:{felt})"), worse) for felt, worse in _FELT)
_ASKED_FOR = _WORDS | {
    "up": re.compile(r"\b(?:up|\w+er|more|raise|increase)\b"),
    "down": re.compile(r"\b(?:down|dim\w*|lower|less|cooler|quieter|softer|reduce|decrease)\b"),
    "on": re.compile(rf"{_SAYS['on']}|\bon\b(?! (?:the|my|our|this|a)\b)|\b(?:run|do|play|give us|let'?s have)\b"),
}
_UNLOCKS = re.compile(r"\bunlock\b")


def makes_worse(text: str, moves: Collection[tuple[str, str]]) -> bool:
    """Whether what is done would make that worse which `text` complains of, and is not asked for in so many words: "I
    am freezing", and the heating goes down; or something is to be unlocked, and no lock is.

    `moves` are kinds of devices with what is done to them: on, off, open, close, lock, unlock, up, down.
    """
    said = " ".join(text.lower().replace("\u2019", "'").split())
    if _UNLOCKS.search(said) and moves and not {kind for kind, _ in moves} & {"lock", "cover"}:
        return True
    return any(
        felt.search(said) is not None
        and any(move in worse and _ASKED_FOR[move[1]].search(said) is None for move in moves)
        for felt, worse in _FEELING
    )


_PARTS = (("three quarters", 75), ("quarter", 25), (r"(?:two|2) thirds", 67), ("third", 33))
_SHUTS = re.compile(r"\b(?:down|clos\w+|shut\w*|lower\w*|drop\w*)\b")
_OPENS = re.compile(r"\b(?:up|open\w*|rais\w+|lift\w*)\b")


def turns_part_round(text: str, position: float) -> bool:
    """Whether a part of the way down is taken for a part of the way up: "down a quarter" leaves 75 percent open.

    `position` is how far open, 0 to 100.
    """
    said = text.lower()
    if not _SHUTS.search(said) or _OPENS.search(said):
        return False
    part = next((percent for words, percent in _PARTS if re.search(rf"\b{words}\b", said)), None)
    return part is not None and abs(position - part) <= 2
