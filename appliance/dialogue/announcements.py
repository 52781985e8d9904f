# SPDX-License-Identifier: Apache-2.0
"""What is to be announced to the household, read in code word for word: a small model drops words of a long message.

announce that dinner is ready - tell the kids to come down - dinner's ready, let everyone know

Whether a sentence asks for an announcement at all is for the intent classifier to say; here only the message is found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from appliance.dialogue.intents import EXCEPT
from appliance.home.speakers import BROADCAST

WHAT_TO_ANNOUNCE = "What should I announce?"
ANNOUNCES = 0.5
"""How likely an announcement, or another command beside it, must be to be read; what is less likely is asked about."""

_KIND = (
    r"(?:them all|everyone|everybody|anyone|anybody|people|kids?|children|boys?|girls?|lads?|lasses|weans|bairns"
    r"|teenagers|family|fam|folks?|house|household|home|others?|guests|visitors|team|lot|crew|gang|them|ones|mum|mom|dad|brothers?"
    r"|sisters?|parents|grandparents|gran|grandma|grandad|grandpa|floor|rooms?|speakers?|all)\b(?:'s? rooms?\b)?"
)
_OF = r"(?:(?:the|my|our|all|of|both|whole|entire|rest|other|little|and|or|in|for|every|single|you|your) ){0,6}"
_SPOT = (
    r"(?:(?:up|down)stairs(?: and (?:up|down)stairs)?|outside|inside|everywhere|around here|at home|at once|quickly"
    r"|right now|now|please|for me|out loud|there|who(?:'s| is| are) (?:home|in|here|up)"
    r"|(?:in|on|over|through|throughout|across|around|round|via|to) (?:(?:the|all|every|each|my|our|their|of|whole"
    r"|other|entire|rest) ){0,4}(?:house|home|rooms?|bedrooms?|speakers?|intercom|tannoy|garden|kitchen|place"
    r"|floors?|building))\b"
)
_WHO = rf"(?:{_OF}{_KIND}(?:(?:,? and| or) (?:the |my |our )?{_KIND})?(?: {_SPOT})*)"
_WHERE = rf"(?: (?:(?:to|for|at) {_WHO}|{_SPOT}))*"
_THAT = (
    r"(?:,? please\b)?(?:[,:]? (?:saying|to say|telling (?:them|everyone)|and (?:say|tell them))\b)?(?: that\b)?[,:]? ?"
)
_BIT = r"(?:(?:a|an|one|another|some|the|quick|short|wee|little|house|general) )+"
_NEWS = r"(?:announcement|broadcast|message|shout|heads[ -]?up)\b"
_START = re.compile(
    r"\b(?:"
    rf"(?:announce|broadcast|proclaim)\b(?: (?:this|the following|it|something|a message|the words)\b)?{_WHERE}{_THAT}"
    rf"|(?:make|do|have|put|send|give|get|start|play|there's|here's)(?: out)? (?:{_WHO} )?{_BIT}{_NEWS}(?: out)?"
    rf"{_WHERE}{_THAT}"
    rf"|announcement\b{_WHERE}{_THAT}"
    rf"|(?:tell|tannoy|inform|warn|notify|alert|remind|ask|call)(?:ing)?(?: to)? {_WHO}(?:,? please\b)?"
    r"(?: (?:(?:that )?they (?:should|must|have to|need to|can)|(?:that )?it(?:'s| is) time to"
    r"|if they (?:could|can|would)|to(?: please)?|that|about)\b)?[,:]? ?"
    rf"|let(?:ting)? (?:{_WHO}|it) (?:be )?known?(?: {_SPOT})*(?: (?:that|about)\b)?[,:]? ?"
    rf"|(?:(?:make sure|see)(?: that)?|want|like) {_WHO} (?:to )?(?:knows?|hears?)(?: this)?(?: that\b)?[,:]? ?"
    rf"|{_WHO} (?:should|must|(?:needs?|has|have|ought) to) (?:know|hear)(?: this)?(?: that\b)?[,:]? ?"
    r"|(?:pass|spread|give|put)(?: (?:out|on|along|round|around|the|this|that|it|word|message|news))*"
    rf"(?: to {_WHO})?{_WHERE}(?: that\b|,|:) ?"
    rf"|(?:use|get on|go on) the (?:intercom|speakers?|tannoy) (?:and|to) (?:tell|say)(?: {_WHO})?(?: (?:that|to)\b)?"
    r"[,:]? ?"
    r")",
    re.IGNORECASE,
)
"""Words that come before a message."""
_SAYING = re.compile(
    r"(?:say|shout|call|yell|play|send)(?: up| down| out(?! loud))?\b(?: (?:this|it|the following|the message)\b)?"
    rf"(?P<where>{_WHERE}){_THAT}",
    re.IGNORECASE,
)
"""The same where the sentence begins so, and tells before or behind the message to whom."""
_TAIL = re.compile(
    rf"(?:,? (?:to|for|at) {_WHO}|,? as an announcement| (?:up|down)stairs| everywhere"
    r"| (?:in|on|over|through|throughout|across|around|round|via) (?:(?:the|all|every|each|my|our|of|whole|other) )*"
    r"(?:house|home|rooms?|speakers?|intercom|tannoy))+[.!?]*$",
    re.IGNORECASE,
)
_END = re.compile(
    r"(?:[,.;!?]+| -)?(?: and| so)? ?(?:(?:please|just|kindly|can|could|would|will|you|go on|quickly) )*"
    rf"(?:(?:tell|inform|warn|alert|notify) {_WHO}|let {_WHO} know|(?:announce|broadcast) (?:that|it|this)\b{_WHERE}"
    rf"|(?:say|put|play) (?:that|it|this){_WHERE}|pass it on)"
    r"(?: (?:that|please|for me|will you|would you|now|thanks))*[.!?]*$",
    re.IGNORECASE,
)
"""Words that come behind one."""
_POLITE = re.compile(
    r"(?:,? (?:please|thanks|thank you|ta|cheers|would you|will you|would ya|if you (?:would|could|can|please)))+"
    r"[.!?]*$",
    re.IGNORECASE,
)
_JOINT = re.compile(
    r"(?:,|\.|;)?\s*\b(?:and then|and|then|but)?\s*(?:(?:can|could|would|will) you\s*)?(?:(?:please|just|also)\s*)*$",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"(?:something|anything|this|that|it|a message|an announcement|to (?:make|say))?", re.IGNORECASE)

_WORD = re.compile(r"[\w']+")
_POLITE_WORD = re.compile(
    r"um|uh|er|hey|hi|hello|oi|och|ok|okay|right|so|well|now|please|just|kindly|maybe|perhaps|possibly"
    r"|quick|quickly|house|computer|assistant|alexa|love|can|could|would|will|you|u|we|i|i'd|like|want|need"
    r"|to|mind|go|ahead|and|do|me|a|favor|favour|be|an|dear|angel|kind|hurry|there's|have|appreciate|it|if"
    r"|as|for|next|then|ya|someone|somebody|should|must|let's|something",
    re.IGNORECASE,
)
"""Words that say nothing of their own before those that introduce a message."""


@dataclass(frozen=True)
class Announcement:
    """What is to be said, "" where that was not told, and what was asked for before it, if anything was."""

    message: str
    rest: str = ""


def asked_announcement(text: str, said: Mapping[str, float], before: str) -> Announcement | None:
    """The announcement that is asked for, if one is.

    Args:
        text: what was said.
        said: how likely it asks for each kind of call.
        before: the turn before, whose question what to announce this may answer.
    """
    found = read_announcement(text)
    if said.get(BROADCAST, 0.0) < ANNOUNCES:
        return found if found == Announcement("") else None  # to ask what it should be does no harm
    if found is None and before.endswith(WHAT_TO_ANNOUNCE):
        return Announcement(text)
    others = (odds for name, odds in said.items() if name not in (BROADCAST, EXCEPT))
    if found is not None and max(others, default=0.0) < ANNOUNCES:
        return replace(found, rest="")
    return found


def read_announcement(text: str) -> Announcement | None:
    """The announcement that a sentence asks for; None where nothing in it introduces one."""
    said = " ".join(text.replace("\u2019", "'").split())
    behind = _END.search(said)
    if behind is not None and (before := _bare(said[: behind.start()])) and not _is_polite(before):
        return Announcement(before)
    begins = next((word.start() for word in _WORD.finditer(said) if not _is_polite(word[0])), 0)
    saying = _SAYING.match(said, begins)
    if saying is not None:
        message = _bare(said[saying.end() :])
        if saying["where"] or _TAIL.search(message):
            return Announcement(_TAIL.sub("", message))
    found = _START.search(said)
    if found is None:
        return None
    before = _JOINT.sub("", said[: found.start()]).strip(" ,.;")
    rest = "" if _is_polite(before) else before
    message = _bare(said[found.end() :])
    if found[0].casefold().startswith(("announce", "broadcast")) and not found[0].rstrip().endswith("that"):
        message = _TAIL.sub("", message) or message
    return Announcement("" if _NOTHING.fullmatch(message) else message, rest)


def _bare(words: str) -> str:
    """The message without what is only polite, and without signs around it."""
    return _POLITE.sub("", words.strip(" ,:;\"'")).strip(" ,:;.!\"'")


def _is_polite(words: str) -> bool:
    return all(_POLITE_WORD.fullmatch(word) for word in _WORD.findall(words))
