# SPDX-License-Identifier: Apache-2.0
"""What a sentence says beside a command and against nothing: why ("we never sleep when it's hot, so …"), and what is to
be left as it is that the command does not touch ("close the curtains, leave the blinds up").

A "not" in it is no prohibition, so it is taken out before the rest of the sentence is judged.
"""

from __future__ import annotations

import re

from appliance.dialogue.negation import asks_for
from appliance.dialogue.phrases import COMMAND_FIRST, IMPERATIVE, PEOPLE, STATE, any_of
from appliance.home.naming import likeness, words

_MARK = re.compile(r" ?[,.;:!?]+ ?| (?=(?:but|so|cos|coz|because|since|though|although)\b)")
_JOINT = r"(?:(?:and|but|so|then|cos|coz|because|since|as|though|although|just|only|well|please|now) )*"
# Another thing, named by what it is: no pronoun, and nothing of everything.
_OTHER = re.compile(
    rf"^{_JOINT}(?:not|leave|keep|spare|(?:but )?hands off|(?:don'?t|do not) (?:touch|include|bother with))"
    r" (?P<other>(?:the|my|our|his|her|that|those) (?!(?:one|ones|other|others|rest|lot|same)\b)[\w' ]{2,40}?)"
    r"(?: (?:be|alone|up|on|open|down|off|out|closed|shut|lit|running|playing|going|as (?:it|they) (?:is|are)|as is"
    r"|though|however|please|thanks|that is|obviously|of course|mind))*$"
)
_NO_THING = any_of(
    *("it", "them", "this", "these", "all", "any", "every", "everything", "anything", "everywhere", IMPERATIVE)
)
_BODY = "(?:eyes?|head|back|feet|hands?|legs?|nose|toes?|knees?|hair|tea|dinner|tummy|ears?)"
_STATEMENT = re.compile(
    rf"^{_JOINT}(?:i|we|he|she|they|it|there|nobody|someone|somebody|mum|mom|dad|gran\w*"
    rf"|(?:my|our|the|his|her) (?:\w+ )?{PEOPLE}|(?:my|our|his|her) {_BODY})(?:'\w+)?\b"
)
# Who says one of these may mean the device after all: "I don't want it on", "we never have the lamp lit".
_OF_DEVICES = any_of(
    r"you|your|want\w*|wish\w*|need\w*|let\w*|leave|keep|stay\w*|touch\w*|should\w*|ought|must\w*|may|allow\w*"
    r"|suppos\w*|meant|please|yet|sure|think|reckon|on|off|open\w*|clos\w+|shut\w*|lock\w*|unlock\w*|lit|running"
    r"|playing|going|said|says?|told|tells?|ask(?:ed)?|turn\w*|switch\w*|lights?|lamps?|doors?"
    "|(?:did|have|has|had)n'?t",
    r"(?<!for )(?<!about )(?<!of )(?<!at )(?<!when )(?<!if )(?<!because )(?<!cos )(?:it|them|that|this)(?!'s)(?! is\b)",
)
_NOT = re.compile(r"n't\b|\b(?:not|never|no|nobody|nothing|dont|wont|cant|nor|hardly)\b")
_IDIOM = any_of(
    r"(?:don'?t|do not) (?:just )?(?:stand|sit|hang about|dawdle)(?: there)?",
    r"(?:and )?(?:then )?(?:just )?(?:let|leave) (?:me|us) (?:be|alone|in peace|to it|to sleep)",
    r"(?:don'?t|do not) (?:worry|panic|fret|ask(?: me)?(?: why)?|get me wrong|laugh|mind me"
    r"|be (?:shy|daft|silly|long|late))",
    r"(?:i'?m|i am) not (?:joking|kidding|fussy|bothered|blind|made of money)",
    r"(?:don'?t|do not|dinnae) (?:wait(?: for \w+)?|fash yersel\w*|argue|hang about|mess about|make a fuss)",
    "(?:on no account|never) forget",
)
_SO = re.compile(
    r"^(?P<why>.{8,200}?)[,.;]? (?:and )?so "
    r"(?P<rest>(?:(?:please|just|kindly|do|go and|can you|could you|would you|will you|you can|you may|better) )*"
    rf"(?P<verb>{IMPERATIVE}|have|let's have|knock|take)\b.*)$"
)
_LAST = re.compile(
    r"^(?P<why>.{8,200}?)[,.;!]+ ?"
    rf"(?P<rest>(?:(?:so|and|just|please|now|do|you|but) )*{IMPERATIVE} (?!the (?:other|rest)\b)[^,.;!]{{1,60}})$"
)
"""A command stands last: "you can't leave the curtains open, close them"."""
# What is not to be left so is what the command mends.
_LEFT = any_of(
    rf"(?:can'?t|cannot|don'?t|do not|shouldn'?t|never) (?:just |ever )?(?:leave|keep|have) (?:[\w']+ ){{1,5}}?{STATE}"
)
_MEDDLES = any_of(
    r"(?:turn|switch|open|clos|shut|lock|unlock|touch|start|play|stop|cancel|set|chang|paus|mut|dim|rais|lower|put)\w*",
    "(?:not|never) (?:the|my|our|that|this|those|these|all|any|yet|now)",
    *("on", "off", "leave (?:it|them)", "keep", r"\w+ing it", "alone"),
)
_NOT_WHY = any_of(
    *("if", "unless", "said", "says", "told", "tells", "asked", "asks", "wants", "thinks", "reckons", "would"),
    *("could have", "should", "yesterday", "tomorrow", "tonight", "later", "next"),
    r"don'?t (?:you )?(?:turn|switch|open|close|touch)",
    r"when (?!(?:we|they|you)'re\b|(?:i'm|it's|there's|nobody's)\b)",
)
_PAST = any_of("was", "were", "had", "did", r"\w{3,}ed", "came", "went", "got", "felt")
_PAST_ALIKE = frozenset(("put", "shut", "set", "cut", "let"))
"""Verbs that may tell of the past: "it was dark so put the light on" and "so we put the light on"."""


def without_reasons(said: str, tool: str, thing: str, *, alone: bool = True) -> str:
    """A sentence without what it says beside its command; unchanged where nothing is to be taken out, or nothing that
    commands would be left.

    Args:
        said: in small letters.
        tool: what is called.
        thing: name and kind of what the call acts on; "" where it acts on all of a place.
        alone: whether the call leaves nothing out.
    """
    so = _SO.match(said)
    narrated = so and so["verb"] in _PAST_ALIKE and _PAST.search(so["why"])
    if so and not narrated and _NOT.search(so["why"]) and not _NOT_WHY.search(so["why"]):
        said = so["rest"]
    said = " ".join(_IDIOM.sub(" ", said).split()).strip(" ,.;!")
    last = _LAST.match(said)
    if last and _NOT.search(last["why"]) and asks_for(tool, last["rest"]):
        meddles = _MEDDLES.search(_LEFT.sub(" ", last["why"]))
        if not meddles and not _NOT_WHY.search(last["why"]):
            return last["rest"]
    rest = said
    for part in _MARK.split(said):
        if _is_reason(part, thing) or (alone and _is_of_another(part, thing)):
            rest = rest.replace(part, "", 1).strip(" ,.;")
    commands = any(COMMAND_FIRST.search(part) for part in _MARK.split(rest))
    return rest if commands or _speaks_of(rest, thing) else said


def _is_reason(part: str, thing: str) -> bool:
    if not _NOT.search(part) or not _STATEMENT.match(part) or _OF_DEVICES.search(part):
        return False
    return not _speaks_of(part, thing, every=False)


def _is_of_another(part: str, thing: str) -> bool:
    found = _OTHER.match(part)
    return (
        found is not None
        and bool(words(thing))
        and not _NO_THING.search(found["other"])
        and not _speaks_of(part, thing, every=False)
    )


def _speaks_of(text: str, thing: str, *, every: bool = True) -> bool:
    """Whether a text has the words of a thing: all of them, or any."""
    heard = words(text)[:60]
    found = [any(likeness((word,), (each,)) > 0 for each in heard) for word in words(thing)]
    return bool(found) and (all(found) if every else any(found))
