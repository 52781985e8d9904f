# SPDX-License-Identifier: Apache-2.0
"""What a sentence leaves out: "all the lights except the hall", "leaving the lamp as is", "the desk lamp aside"."""

from __future__ import annotations

import re
from collections.abc import Collection

from appliance.dialogue.phrases import IMPERATIVE, PEOPLE, any_of
from appliance.home.naming import likeness, words

_OUR = "(?:the|my|our|one|in|on)"
_ALL = (
    "(?:all|any|every|everything|everywhere|everyone|anything|lights?|rooms?"
    r"|(?!(?:was|is|this|has|does|his|as|us|yes|its)\b)\w+s)"
)
_EXCEPTING = any_of(
    *(
        "except",
        "'?cept",
        "excepting",
        "excluding",
        "exception",
        "exclusion",
        "besides",
        "apart from(?! that)",
        "aside from",
    ),
    *("other than", "save for", "minus", "sparing", "barring", "omitting", "leaving out", "leave out", "skipping"),
    *(
        rf"(?<=\w )bar {_OUR}",
        "the lot bar",
        "all (?:save|bar)",
        f"save {_OUR}",
        "not (?:including|counting)",
        "without touching",
    ),
    # "And not a degree more", "but not too bright", "but leave a gap": no member of a set is named.
    r"(?:but|just|only|and|though) (?:please |do )?"
    r"(?:not(?! (?:an?|one(?! of)|any(?! of)|more|less|so|too|much|quite|very"
    r"|fully|completely|all the way)\b)|let (?=.{1,40} (?:run|play|burn|stay|finish|carry on|go on)\b)"
    r"|(?:keep|leave)(?! (?:it|them|an?|some|enough|room|space)\b)|spare|ignore"
    r"|hold (?:off|back)(?: on)?"
    r"|(?:don'?t|do not) (?:touch|include|go near))",
    r"but (?:skip|hands off)|(?:all|everything|everywhere) but",
    rf"{_ALL} (?:\w+ ){{0,3}}?but (?!also|first|now|only|my (?:hands|arms|knees))(?:for )?{_OUR}\b(?!.{{1,60}} (?:to"
    rf"|at) \d)",
    # What follows on the name: "the hall light excepted", "leaving the hall light as is".
    r"leaving (?=.{1,80}\b(?:as (?:it )?is|alone|out|be)\b)",
)
_EVERY = any_of(_ALL)
# "Everything upstairs off, though I am still working in the study".
_STILL_THERE = re.compile(
    rf"\b{_ALL}(?:'s)? .{{1,60}}?\b(?:though|although|but|only|except) (?:i|we|he|she|they|[a-z]+)(?:'m|'s|'re| am| is"
    r"| are) (?:still |just |only )*(?:\w+ing|asleep|sat|busy) (?:\w+ ){0,2}?(?:in|on|at|with)\b"
)
_NOT_ALL = re.compile(r"\b(?<!\bis )(?<!\bare )(?<!\bbe )not (?:in |on )?(?:the|my|our|one|here)\b")
# Only where the call leaves something out are these read so: "skip this song", "leave the hall light on".
_PERHAPS = any_of(
    *("skip", "bar", "save", "but", "leave", "leaving", "ignore", "spare", "keep", "miss out", "(?<!do )not"),
    *(
        "(?:don'?t|do not) (?:touch|include)",
        r"(?:just|only) (?=.{1,60}\b(?:stays?|remains?|you (?:leave|keep|spare))\b)",
    ),
)
_KINDS = frozenset(("fan", "door"))
_EACH = any_of("all", "every", "everything", "everywhere", "both", "each", "any", "the lot")
_OTHERS = any_of("all", "every", "everything", "everywhere", "others?", "rest", "else", "lot", "whole")
_MOST = 6
_PARTED = re.compile(
    r"\b(?:draw\w*|pull\w*|sweep|swept|yank\w*|drag|slide|push\w*|tug|tell|told)\b[^,.;]{1,60}\b(?:apart|aside)\b"
)
_AT_END = re.compile(
    r" (?:not|stays?|can stay|(?:is|are) to stay|(?:is|are) exempt|exempt|(?:must ?n'?t|should ?n'?t) be touched"
    r"|spared)"
    r"(?: (?:on|off|put|lit|as (?:it is|they are|is)|like always|as usual|though|however|okay|please|now|right now))*$"
)
_STAYS_FIRST = re.compile(
    r"^(?P<names>.{1,90}?) (?:(?:is|are|has|have|gets?|ought|should|must|can|may|needs?) )?(?:to )?(?:stays?|remains?) "
    r"(?:on|off|open|closed|lit|put|as (?:it|they) (?:is|are|was|were)|as is|as usual)(?:[,.;]| and| but| so| while)+ "
    r"(?P<rest>.+)$"
)
"""What stays may be named first: "the hall light is to stay on, all the rest off"."""
_BEHIND = re.compile(r"\b(?:aside|excepted|excluded|apart)\b(?! from)")
_TOKEN = re.compile(r"[^\s,.;:!?]+|[,.;:!?]")
_MOST_TOKENS = 40
# What may follow on the names: a command, what the rest is to do, or why they are left out.
_COMMANDS = re.compile(
    rf"(?:(?:and|then|but|so|please|just|go|also) )*(?:{IMPERATIVE} (?:the|my|our|all|every|everything|each|it|them"
    r"|these|those|that|this|off|on|up|down|out|back|any)\b|(?:would|could|can|will) you\b"
    r"|(?:should|must|can|may|ought to|wants? to) be\b"
    r"|i(?:'d like| want) you to|(?:on|off)(?: (?:please|then|now))?$"
    r"|(?:to|at) (?:about )?\d)"
)
_THE_REST = re.compile(r"(?:and )?(?:everything|all the (?:others?|rest)|the (?:others?|rest)|every other)\b")
_A_SET = re.compile(r"(?:please )?(?:all|every|everything|these|those|the|my|our|this) ")
_REMARK = re.compile(
    r"(?:(?:and|but|so|well|or|though) )*(?:(?:'?cause|cos|coz|because)\b|(?:since|as) (?:its|the|my|that|those)\b"
    r"|mine'?s (?:the|in|on|still)\b|for [a-z]+$"
    r"|(?!as (?:it|they) (?:is|are|was|were)\b)"
    r"(?:since |as )?(?:(?:i|we|he|she|they|you(?! (?:leave|keep|spare))|somebody|someone|nobody|everybody|everyone)"
    r"(?:'\w+\b| (?!mean\b))"
    r"|(?:it|that|this|there|who)(?:'(?:s|ll|d)\b| (?:is|was|will|can|has|would)\b)"
    rf"|(?:mum|mom|dad|gran\w*|(?:my|our|the|his|her)"
    rf" (?:\w+ )?{PEOPLE})(?:'\w+\b| (?:is|are|has|have|was|were|will|\w+n't"
    r"|gets|goes|comes|sleeps|sits|works|reads)\b)"
    r"|(?:my|our|his|her) \w+(?:'s| is| are) (?:in (?:there|it)|still|nearly|not)\b"
    rf"|for (?:(?:the|my|our|his|her) )?(?:little (?:one|1)|{PEOPLE}|baby|mum|dad|gran\w*|me|us)$"
    r"|[a-z]+(?:'s (?:still |just |only |fast )?(?:\w+ing|asleep|in|out|there|ill|got|gone|been|not|taken|left)"
    r"| (?:has|is|does|had|was|could|did)n't)\b))"
)
# A reason that speaks of a need may leave out more: "we need the desk lamp too".
_NEEDING = any_of(
    *("needs?", "needed", "wants?", "us(?:e|es|ing)", "keep", "leave", "stays?", "too", "as well", "also", "either"),
    *("said", "says", "told", "asked", "neither", "nor", "same", "other", "another", "both"),
)
_NEEDS_IT = re.compile(r"\b(?:needs?|wants?|using) (?:that|it|this|them|those)(?: one| ones)?(?=$|[,.;!])")
_SAYING_NOTHING = frozenset(
    words(
        "the a an my our your for in on at of that which is are one thing that's please thanks thank you now okay "
        "would could will can leave keep not just only out alone and or as it they well too there be his him her "
        "though "
        "obviously course mind like always usual usually right me us ta cheers eh yeah with from off peace "
        "untouched how was "
        "do you take care see to so counting including touch this these we real quick ya buddy boss friend man dear "
        "champ sunshine love darling sweetheart mate pal dude bro sir honey folks god sake sharpish pronto will "
        "light lamp fan blind curtain shade shutter door "
        "them those stay stays remain feel free might if oh er well lovely good lad i mean but then last time "
        "burning lit glowing going running yeah let run finish house"
    )
)


# A child is no part of a name: "the wee one's night light".
_WHOSE = re.compile(r"\b(?:the|my|our|her|his) (?:wee|little|young) (?:one|1|'?un|lad|lass|girl|boy|man)'?s ")


def leaves_out(said: str) -> bool:
    """Whether a sentence leaves something out, as far as its words say so by themselves."""
    aside = _BEHIND.search(said) is not None and _PARTED.search(said) is None
    return aside or _exception(said) is not None or _STILL_THERE.search(said) is not None


def without_exception(said: str, spared: str, names: Collection[str] = ()) -> str | None:
    """A sentence without its exception, where that names all of what is `spared` and nothing else; else None.

    `names` are the words of all names at home, where they are known: what holds none of them is a remark.
    """
    said = _WHOSE.sub("the ", said)
    rest = _without_exception(said, spared)
    return _before_remarks(said, spared, names) if rest is None and names else rest


# What may leave out more than was named.
_MORE = any_of(
    *("and (?:the|my|our|that|those|his|her|in|on|also|not)", "too", "as well", "also", "neither", "nor", "both"),
    *("either", "others?", "another", IMPERATIVE),
)


_SOME_THING = any_of(
    "ones?|mine|his|hers|ours|yours|left|right|others?|rest|here|there|rooms?|it|lights?|lamps?|fans?|blinds?|curtains?"
    "|shutters?|doors?|heating|music|plugs?|sockets?"
)


def only_remarks(said: str, named: str, names: Collection[str]) -> bool:
    """Whether what follows "but" or "save" speaks of nothing at home: "but I'm sat here in two jumpers"."""
    found = _exception(said)
    if found is None or not names or _BEHIND.search(said):
        return False
    tail = said[_named_from(found) :]
    others = [word for word in words(tail)[:_MOST_TOKENS] if word in names and word not in words(named)]
    return not others and _SOME_THING.search(tail) is None


def _before_remarks(said: str, spared: str, names: Collection[str]) -> str | None:
    """What comes before an exception of which no word but those of `spared` is of a name at home."""
    found = _exception(said)
    if found is None:
        return None
    kept, heard = words(spared), words(said[found.start() :])[:_MOST_TOKENS]
    content = [word for word in kept if word not in _SAYING_NOTHING]
    spoken = all(any(likeness((word,), (each,)) for each in heard) for word in content)
    others = [word for word in heard if word in names and word not in kept and word not in _SAYING_NOTHING]
    more = _MORE.search(said, _named_from(found))
    return said[: found.start()] if content and spoken and not others and not more else None


def _without_exception(said: str, spared: str) -> str | None:
    first = _STAYS_FIRST.match(said)
    if first and _all_of(first["names"], spared) and _OTHERS.search(first["rest"]):
        return None if leaves_out(first["rest"]) else first["rest"]
    if (last := _AT_END.search(said)) and (before := _before(said[: last.start()], spared)) and _EVERY.search(before):
        return None if leaves_out(before) else before
    found = _exception(said)
    if found:
        rest = _behind_names(said[: found.start()], said[_named_from(found) :], spared)
        if rest is not None:
            return None if leaves_out(rest) else _joined(said[: found.start()], rest)
    if behind := _BEHIND.search(said):
        return _before(said[: behind.start()], spared)
    for found, _ in zip(_PERHAPS.finditer(said), range(_MOST), strict=False):
        head = said[: found.start()]
        rest = _behind_names(head, said[found.end() :], spared)
        # "Not the hall lights off", "leave the hall, turn off the study": nothing is said of all the others.
        if rest is not None and (_EVERY.search(head) or found[0] in ("bar", "save") or _OTHERS.search(rest)):
            return None if leaves_out(head) or leaves_out(rest) else _joined(head, rest)
    return None


def outside(said: str, named: str) -> bool:
    """Whether a call for one thing, `named`, keeps to what stands before "not": "the garage light, not the door"."""
    found = _NOT_ALL.search(said)
    thing = [word for word in words(named) if word not in _SAYING_NOTHING]
    if found is None or not thing or _EXCEPTING.search(said):
        return False
    spoken, last = said[: found.start()], words(named)[-1]
    if _EACH.search(spoken) or re.search(rf"\b{re.escape(last)}s\b", spoken):
        return False
    head, tail = words(spoken)[-_MOST_TOKENS:], words(said[found.end() :])[:_MOST_TOKENS]
    kin = ("light", "lamp", "spot", "bulb") if last in ("light", "lamp", "spot", "bulb") else (last,)
    return all(any(likeness((word,), (each,)) for each in head) for word in thing) and not any(
        each in kin or likeness((word,), (each,)) for word in thing for each in tail
    )


def _joined(head: str, rest: str) -> str:
    return f"{head.rstrip(' ,')}, {rest}" if head.strip(" ,") and rest else head + rest


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


def _behind_names(head: str, tail: str, spared: str) -> str | None:
    """What a sentence says behind the names of what it leaves out; None where those are not all of what is spared, or
    more than that.
    """
    kept = words(spared)
    missing = {word for word in kept if word not in _SAYING_NOTHING}
    tokens = [found for found, _ in zip(_TOKEN.finditer(tail), range(_MOST_TOKENS), strict=False)]
    heard = [words(token[0]) for token in tokens]
    end = len(tokens)
    for at, token in enumerate(heard):
        if not missing and _REMARK.match(tail, tokens[at].start()):
            end = at
            break
        alike = {word for word in kept for each in token if likeness((word,), (each,))}
        missing -= alike
        follows = at + 1 < len(heard) and any(likeness((word,), heard[at + 1]) for word in kept if heard[at + 1])
        # "The bathroom mirror" is spared where the mirror is.
        if not alike and not follows and any(word not in _SAYING_NOTHING for word in token):
            end = at
            break
    # The room may have been said with the set: "the lounge lights except the ceiling one".
    before = words(head)[-_MOST_TOKENS:]
    said = [word for word in missing if any(likeness((word,), (each,)) for each in before)]
    content = {word for word in kept if word not in _SAYING_NOTHING}
    kinds = {word for word in kept if word in _KINDS} - set(before)
    if "lock" in before:
        kinds.discard("door")  # what else is locked
    if any(not any(likeness((word,), (each,)) for token in heard for each in token) for word in kinds):
        return None  # "the ceiling one" is no fan where lights are spoken of
    if missing - set(said) or (content and not content - missing):
        return None
    if end == len(tokens):
        return "" if len(tokens) < _MOST_TOKENS else None
    rest = tail[tokens[end].start() :].strip(" ,.;:!?")
    opens = len(head.split()) < 3 and not _EVERY.search(head)
    goes_on = _COMMANDS.match(rest) or (_THE_REST.match(rest) and opens)
    first = opens and end > 0 and (tokens[end - 1][0] in ",.;:" or rest.startswith("all ")) and _A_SET.match(rest)
    reason = _REMARK.match(rest) and not _NEEDING.search(_NEEDS_IT.sub(" ", rest))
    return rest if goes_on or first or reason else None


def _before(head: str, spared: str) -> str | None:
    """What comes before names that are followed by "aside", unless they are joined to others."""
    spoken = head.replace(",", " , ").split()
    for start in range(len(spoken) - 1, max(len(spoken) - 16, 0), -1):
        if len(words(" ".join(spoken[start:]))) >= len(words(spared)) and _all_of(" ".join(spoken[start:]), spared):
            before = [word for word in spoken[:start] if word not in ("the", "my", "our")]
            return None if before[-1:] == ["and"] else " ".join(before)
    return None
