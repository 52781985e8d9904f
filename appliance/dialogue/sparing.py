# SPDX-License-Identifier: Apache-2.0
"""What a sentence leaves out: "all the lights except the hall", "leaving the lamp as is", "the desk lamp aside"."""

from __future__ import annotations

import re

from appliance.dialogue.phrases import any_of
from appliance.home.naming import likeness, words

_OUR = "(?:the|my|our|one|in|on)"
_ALL = r"(?:all|any|every|everything|everywhere|everyone|anything|lights?|rooms?|\w+s)"
_EXCEPTING = any_of(
    *("except", "excepting", "excluding", "exception", "exclusion", "besides", "apart from(?! that)", "aside from"),
    *("other than", "save for", "minus", "sparing", "barring", "omitting", "leaving out", "leave out", "skipping"),
    *(
        rf"(?<=\w )bar {_OUR}",
        "the lot bar",
        "all save",
        f"save {_OUR}",
        "not (?:including|counting)",
        "without touching",
    ),
    r"(?:but|just|only|and|though) (?:please )?(?:not|(?:keep|leave)(?! (?:it|them)\b)|spare|ignore|hold off on"
    r"|(?:don'?t|do not) (?:touch|include))",
    r"but (?:skip|hands off)|(?:all|everything|everywhere) but",
    rf"{_ALL} (?:\w+ ){{0,3}}?but (?!also|first|now|only|my (?:hands|arms|knees))(?:for )?{_OUR}\b(?!.{{1,60}} (?:to"
    rf"|at) \d)",
    # What follows on the name: "the hall light excepted", "leaving the hall light as is".
    r"leaving (?=.{1,80}\b(?:as (?:it )?is|alone|out|be)\b)",
)
_EVERY = any_of(_ALL)
_NOT_ALL = re.compile(r"\b(?<!\bis )(?<!\bare )(?<!\bbe )not (?:in |on )?(?:the|my|our|one|here)\b")
# Only where the call leaves something out are these read so: "skip this song", "leave the hall light on".
_PERHAPS = any_of("skip", "bar", "save", "but", "leave", "leaving", "ignore", "spare", "keep")
_MOST = 6
_BEHIND = re.compile(r"\b(?:aside|excepted|excluded)\b(?! from)")
_SAYING_NOTHING = frozenset(
    words(
        "the a an my our your for in on at of that which is are one thing that's please thanks thank you now okay "
        "would could will can leave keep not just only out alone and or as it they well too there be his him her "
        "though "
        "obviously course mind like always usual usually right me us ta cheers eh yeah with from off peace "
        "untouched how was "
        "do you take care see to so counting including touch this these we real quick ya buddy boss friend man dear "
        "champ sunshine love darling sweetheart mate pal dude bro sir honey folks god sake sharpish pronto will "
        "light lamp fan blind curtain shade shutter door"
    )
)


def leaves_out(said: str) -> bool:
    """Whether a sentence leaves something out, as far as its words say so by themselves."""
    return _exception(said) is not None or _BEHIND.search(said) is not None


def without_exception(said: str, spared: str) -> str | None:
    """A sentence up to its exception, where that names all of what is `spared` and nothing else; else None."""
    found = _exception(said)
    if found and _all_of(said[_named_from(found) :], spared):
        return said[: found.start()]
    if behind := _BEHIND.search(said):
        return _before(said[: behind.start()], spared)
    for found, _ in zip(_PERHAPS.finditer(said), range(_MOST), strict=False):
        if _all_of(said[found.end() :], spared):
            head = said[: found.start()]
            return None if leaves_out(head) else head
    return None


def _exception(said: str) -> re.Match[str] | None:
    """The first words that leave something out; "not the hall" does so only after all of something."""
    every = _EVERY.search(said)
    found = (_EXCEPTING.search(said), _NOT_ALL.search(said, every.end()) if every else None)
    return min((each for each in found if each), key=re.Match.start, default=None)


def _named_from(excepting: re.Match[str]) -> int:
    """Where the names begin: an exception that is read with its article ends within the first of them."""
    found = re.search(rf"{_OUR}$", excepting[0])
    return excepting.end() - (len(found[0]) if found else 0)


def _all_of(tail: str, spared: str) -> bool:
    """Whether every word of a sentence after its "except" is of what is spared, or says nothing of its own."""
    kept = words(spared)
    heard = [word for word in words(tail) if word not in _SAYING_NOTHING]
    if len(heard) > 2 * len(kept) + 2:
        return False  # most of it is of something else
    missing = [
        word for word in kept if word not in _SAYING_NOTHING and not any(likeness((word,), (each,)) for each in heard)
    ]
    return not missing and all(any(likeness((word,), (each,)) for each in kept) for word in heard)


def _before(head: str, spared: str) -> str | None:
    """What comes before names that are followed by "aside", unless they are joined to others."""
    spoken = head.replace(",", " , ").split()
    for start in range(len(spoken) - 1, max(len(spoken) - 16, 0), -1):
        if len(words(" ".join(spoken[start:]))) >= len(words(spared)) and _all_of(" ".join(spoken[start:]), spared):
            before = [word for word in spoken[:start] if word not in ("the", "my", "our")]
            return None if before[-1:] == ["and"] else " ".join(before)
    return None
