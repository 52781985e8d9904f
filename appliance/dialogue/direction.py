# SPDX-License-Identifier: Apache-2.0
"""Whether a sentence speaks of the opposite of what a call would do: "open up the front", and the call locks it.

Words prove little (who says "the gate is wide open" may want it closed), so what is found here is a reason to ask,
never one to refuse. Of 367 single commands of the generator 4 would be asked about; of the same with their calls turned
round, 218.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_VERB = (
    r"(?:turn|switch|flick|flip|put|get|have|want|need|power|pop|stick|click|fire|bring|leave|keep|knock|shut|change)"
)
_IN = (
    r"\blet (?:\w+ ){1,4}in\b|\b(?:can|could|may) (?:get|come|walk) (?:back )?in\b|\bon the latch\b"
    r"|\b(?:get|answer) (?:the|my|our) (?:\w+ ){0,2}(?:door|gate)\b(?! (?:shut|closed|locked|bolted|secured))"
)
_SAYS = {
    "on": rf"\b{_VERB}(?:t?ing|s|ed)? (?:[\w']+ ){{0,5}}on\b|\bon with\b|\b(?:start|activat|enabl)(?:e|s|ed|ing)?\b",
    "off": r"\boff\b|\b(?:lights?|lamps?) out\b|\b(?:stop|kill|cut|deactivat|disabl)(?:e|s|p?ed|p?ing)?\b",
    "open": rf"\b(?:open|unlock|rais|lift|unroll)(?:e|s|ed|ing)?\b|\b(?:draw|pull) (?:\w+ ){{0,3}}(?:back|up)\b|{_IN}",
    "close": r"\b(?:close[sd]?|closing|shut|shutting|lower(?:s|ed|ing)?|drop(?:ped|ping)?|down)\b",
    "unlock": rf"\b(?:unlock|unbolt|open)(?:s|ed|ing)?\b|\bundo\b|{_IN}|\block(?:ed)? (?:\w+ ){{0,2}}out(?:side)?\b",
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
        _WORDS[_OPPOSITE[action]].search(said) is not None and _WORDS[action].search(said) is None
        for action in actions
        if action in _OPPOSITE
    )
