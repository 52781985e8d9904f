# SPDX-License-Identifier: Apache-2.0
"""Whether a sentence commands anything at all: what is forbidden, asked, supposed, told of others, past or put off is
not to be acted upon now, whatever a language model makes of it.

Read by the grammar of English alone, without names or devices. It errs on the safe side: a person who is misread is
told why nothing was done and can say it again in other words.
"""

from __future__ import annotations

import re

from appliance.home.naming import likeness, words

FORBIDDEN = "I changed nothing, since you said not to"
EXCEPTED = "I am not sure what to leave out, so I changed nothing; please name what to change"
ASKED = "That sounded like a question, so I changed nothing"
SUPPOSED = "That did not sound like something to do now, so I changed nothing"
PUT_OFF = "I cannot do that later yet, so I changed nothing"


def _words(*phrases: str) -> str:
    """Any of these, as whole words; each is a regular expression."""
    return rf"\b(?:{'|'.join(phrases)})\b"


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile(_words(*phrases))


_PERSON = r"(?:i|we|he|she|they|you|it|somebody|someone|nobody|everybody|everyone|mom|mum|dad)"
_SUBJECT = rf"(?:{_PERSON}|(?:my|our|the) \w+)"
_PARTICIPLE = (
    r"(?:turned|switched|opened|closed|shut|locked|unlocked|started|stopped|dimmed|raised|lowered|paused|played)"
)
_IMPERATIVE = _words(
    *("turn", "switch", "set", "open", "close", "shut", "lock", "unlock", "start", "stop", "dim", "brighten", "raise"),
    *("lower", "pause", "play", "put", "make", "add", "kill", "mute", "unmute", "skip", "resume", "run", "send"),
    *("activate", "deactivate", "enable", "disable", "power", "crank", "bring", "change", "toggle", "increase"),
    *("decrease", "give", "get", "fire", "cancel", "please"),
)

# A "not" that is no prohibition: "don't forget to …", "why don't you …", "couldn't you …".
_POLITE_NOT = _any(
    r"(?:don'?t|do not|never) (?:forget|hesitate|fail)",
    r"why (?:don'?t|do not) (?:you|we)",
    "why not",
    r"(?:can|could|would|will|wo)n'?t you",
    r"if you (?:don'?t|do not|wouldn'?t) mind",
    r"don'?t you think",
)
_FORBIDDING = _any(
    *(r"don'?t", "do not", "never", "not to", r"must ?n'?t", "must not", r"should ?n'?t", "should not", r"need ?n'?t"),
    *("need not", r"(?:can|may) ?not", r"didn'?t", "no need to", "no one should", "nobody should", "refrain", "avoid"),
    *("without", "under no circumstances", "in no case", "on no account", "stop (?:trying|asking)"),
    *("hold off", "(?:stay|steer|keep) (?:clear|away)", "hands off", "pay no attention", "anything but", "unchanged"),
    *(r"no (?!warn|morn|even|build|ceil)\w{3,}ing", "too (?:soon|early) to", "(?:bad idea|silly|foolish|pointless) to"),
    *("no (?:reason|point|need|sense|cause)", "forget (?:about|it|that)", "i'?d hate", "would hate", r"would ?n'?t"),
    *(r"(?:is|are) ?n'?t allowed", r"wasn'?t going", r"can'?t be", r"doesn'?t mean", "left alone", "in peace"),
    *("not (?:necessary to|the time)", "(?:leave|let|keep) .* in place"),
    r"(?:nobody|no ?one) (?:is|are|may|can|must|ought|to|\w+s|touch|change|turn|open|close|lock|unlock|switch)",
    r"not (?!the|that|this|my|our|in|on|only|just|too|so|bad|sure|using|needed|necessary)\w+",
)
_ALL = r"(?:all|any|every|everything|everywhere|everyone|anything|lights?|rooms?|\w+s)"
_EXCEPTING = _any(
    *("except", "excepting", "excluding", "exception", "besides", "apart from", "aside from", "other than", "save for"),
    *(
        "minus",
        "sparing",
        "bar (?:the|my|our)",
        "(?:but|just|only|and) (?:not|keep|leave|spare)",
        "leave out",
        "leaving out",
        "(?:all|everything|everywhere) but",
    ),
    rf"{_ALL} .*?\bnot (?:the|my|our|in|on)",
    rf"{_ALL} (?:\w+ ){{0,3}}?but (?!also|first|now|only)(?:for )?(?:the|my|our|one|in|on)",
)
_ADDRESS = re.compile(
    r"^(?:(?:hey there|hi|hey|computer|alright|well|oh|say|okay|ok|um|uh|er|excuse me|quick question|please|so|like)"
    r"[,.]? +)+"
)
_POLITE_START = (
    r"(?:(?:hey|ok|okay|so|and|please|well|i was wondering if|i wonder if|wondering if|do you think(?! you)) )*"
)
_POLITE_QUESTION = re.compile(
    rf"^{_POLITE_START}(?:(?:can|could|would|will|may|might) (?:you|i|we|someone|somebody)|would it be possible|"
    r"is it possible|do you mind|how about|what about|why don'?t|why not|are you able|is there any chance|"
    r"what do you say|do you think you (?:can|could)|have )"
)
_QUESTION = re.compile(
    r"^(?:(?:hey|ok|okay|so|and|well|tell me|i wonder|i was wondering|wondering|do you know|any idea) )*"
    + _words(
        *("is", r"isn'?t", "are", r"aren'?t", "was", r"wasn'?t", "were", r"weren'?t", "did", r"didn'?t", "does"),
        *(r"doesn'?t", "has", r"hasn'?t", "had", "who", r"who'?s", "whose", "whom", r"when'?s?", r"where'?s?", "why"),
        *("which", r"how'?s?", r"what'?s?", "whether", "should (?:i|we)", "do (?:i|we|they|you|the|any|all)", "am i"),
        *("can (?:the|it|anybody|anyone)", "if (?:the|any|i|we)"),
    )
)
# Said to be told something: "check the door", "any lights on", "the door is locked, isn't it".
_WONDERING = re.compile(
    rf"^{_POLITE_START}(?:(?:computer|um|alright|hi|oh|say|excuse me|quick question|can you|could you|just|do|also) )*"
    r"(?:any|some) (?:(?:of|the|my|our) )*\w+ (?!.*\b(?:should|please|to)\b)"
    r"|\b(?:check(?!(?:ing)? off)|verify|find out|look up|read out|have a look|curious|remind me|tell me|show me"
    r"|let me know|see (?:if|whether|which|what)(?! (?:you|we) (?:can|could))|(?:want|like|need) to know|could it be"
    r"|possible that(?! you)|not sure)\b"
    r"|\b(?:is|isn'?t|are|aren'?t|did|didn'?t|has|hasn'?t|does|doesn'?t) (?:it|they|we|he|she|that)[?.]?$"
    r"|\bwondering,? (?:which|are|is|what|how|whether|if (?!you))"
)
_SUPPOSING = _any(
    "what (?:happens|would happen|will happen|if)",
    *("suppose", "supposing", "imagine", "hypothetically", "in theory", "pretend", "thinking (?:of|about)"),
    "would (?:it|that|you) (?:help|save|matter|cost|hurt|be (?:better|bad|ok|okay|wise))",
    "i wish (?:i|we|it|that|the)",
    rf"if {_SUBJECT} (?:were|had|ever|{_PARTICIPLE})",
    "i (?:might|may|could|should|was going to|am thinking|was thinking)",
    "i would (?:have|never|not)",
    "how do (?:i|you)",
    "remind me (?:how|why)",
)
_REPORTING = _any(
    rf"(?!(?:i|we|you)\b){_SUBJECT} (?:said|says|told|tells|asked|asks|claimed|claims|thinks?|believes?|heard|wrote|"
    r"suggested|always (?:says?|turns?|leaves?|forgets?))"
)
_PAST = _any(
    rf"{_PERSON} (?:have |has |had |'ve |already |just |probably |only )*(?:{_PARTICIPLE}|forgot to|used to)",
    rf"{_PERSON} (?:was|were) (?!wondering)\w+ing",
    rf"(?:was|were|has been|have been|had been|got|been) {_PARTICIPLE}",
)
_NUMBER = r"(?:a|an|half an|\d+|one|two|three|five|ten|fifteen|twenty|thirty)"
_PUTTING_OFF = _any(
    *("tomorrow", "tonight", "later(?: on)?", "this (?:evening|afternoon|weekend)", "next (?:week|month|time|morning)"),
    rf"(?:in|after|for|within) (?:about |another |roughly |around )?{_NUMBER} (?:seconds?|minutes?|hours?|days?)",
    r"at (?:\d+ ?(?:o'?clock|am|pm|a\.m|p\.m)|\d{1,2} ?: ?\d\d|noon|midnight|sunset|sunrise)",
    r"(?:every|each) (?:other )?(?:time|\w+day|day|night|morning|evening|week|hour|weekday|weekend)",
    r"(?:around|about|past|till) (?:noon|midnight|dusk|dawn|sunset|sunrise|quarter|half|\d+(?! ?(?:percent|degrees)))",
    *(
        "at (?:dusk|dawn|quarter|half past)",
        "in a (?:little )?(?:bit|while|moment|minute|second|few)",
        "(?:once|twice) a",
    ),
    *("by the time", "at bedtime", "(?:early |first thing )?in (?:like )?the (?:morning|evening|afternoon)"),
    *(r"at \d+ sharp", r"next \w+day", "from now on", "make it a rule", "(?:should|if) it rains?"),
    *("(?:automate|program|schedule|plan) (?:it|that|to)", "(?:set it up|fix it) (?:so|to)"),
    *(
        "the (?:moment|second|minute|instant) (?:i|we|he|she|they|it|the)",
        "on (?:school days|weekdays|weekends|christmas|(?:\\w+ )?\\w+days?)",
    ),
    *(
        "from \\w+day",
        "as long as",
        "depending on",
        "(?:before|after|until|till) (?:sunrise|sunset|dark|dawn|dusk|midnight)",
    ),
    rf"(?:wait|give it) (?:about )?{_NUMBER}",
    rf"(?:when|whenever|once|until|till|unless|as soon as|before|after|if) (?:{_SUBJECT}|it'?s|anybody|anyone|the|"
    "dinner|lunch|breakfast|bedtime|sunset|sunrise)",
)
_POLITE_CLAUSE = _any(
    r"if (?:you (?:can|could|would|please|like|want|don'?t mind|wouldn'?t mind))",
    r"if (?:it'?s not too much|(?:it'?s )?possible)",
    r"when(?:ever)? (?:you (?:can|could|get|have|are|find|feel)|it'?s? (?:is )?(?:convenient|suits))",
    *("before i forget", "as soon as (?:you can|possible)"),
)
_TITLE = re.compile(r"(?:please |hey |can you |could you )*(?:play|put on|listen)")
_SPAN = re.compile(r"\b(?:timer|alarm|countdown|remind|ring|wake|beep)")
_COMPLAINT = re.compile(r"^(?:why|how come)\b")
_COMMAND_AT_END = re.compile(
    r"(?:[,.;:!]|\b(?:so|and|now|then|but)\b) *(?:so |and |now |then |please |just |can you |could you )*" + _IMPERATIVE
)
_STAYING = re.compile(
    r"\b(?:leave|keep|stay|remain|staying|remaining) (?:\w+ ){0,5}?"
    r"(on|off|open|closed|shut|locked|unlocked|running|playing)\b"
)
_END = r"(?= ?(?:$|[,.;!]| (?:please|now|for now|okay|ok|thanks|thank you|do nothing|leave|will you|would you|and)\b))"
_ALONE = re.compile(
    r"\b(?:leave|let|keep) (?:[\w']+ ){1,6}?(?:alone|be)" + _END
    + r"|\b(?:as|how|(?:the )?way|where|like) (?:it|they|that|this|these|those)(?:'s| is|'re| are)" + _END
    + r"|\b(?:as is|just like that|(?:okay|fine|good|(?:leave|keep|let) .*) like that)" + _END
    + r"|\b(?:it is|it's|that's) (?:fine|okay|good|all right) that\b"
    + r"|^(?:(?:please|hey|no|stop|wait|okay) )*not (?:the|my|our|that|this|these|those|all|any)\b"
    # "Leave the fan" says no state that it should be left in.
    + r"|(?:^|[,.;!] ?|\b(?:please|hey|no|okay|wait|just|rather we|rather you|better|we) )leave "
    + r"(?!.*\b(?:on|off|open|closed|shut|locked|unlocked|running|playing|going|\d+)\b)"
)  # fmt: skip
_LISTS = ("HassShoppingListAddItem", "HassListAddItem", "HassShoppingListCompleteItem", "HassListCompleteItem")
_CONTRARY = {
    "on": ("HassTurnOff",),
    "running": ("HassTurnOff", "HassVacuumReturnToBase"),
    "playing": ("HassTurnOff", "HassMediaPause"),
    "off": ("HassTurnOn", "HassLightSet"),
    "open": ("HassTurnOff",),
    "unlocked": ("HassTurnOn",),
    "closed": ("HassTurnOn", "HassSetPosition"),
    "shut": ("HassTurnOn", "HassSetPosition"),
    "locked": ("HassTurnOff",),
}


_BESIDE = frozenset(
    words(
        "the a an my our your for in on at of that which is are one thing that's please thanks thank you now okay "
        "would could will can leave keep not just only out alone and or as it they well too there "
        "light lamp fan blind curtain shade shutter door"
    )
)


def _named_from(excepting: re.Match[str]) -> int:
    """Where the names begin: an exception that is read with its article ends within the first of them."""
    found = re.search(r"(?:the|my|our|one|in|on)$", excepting[0])
    return excepting.end() - (len(found[0]) if found else 0)


def _all_spared(tail: str, spared: str) -> bool:
    """Whether every word of a sentence after its "except" is of what is spared, or says nothing of its own."""
    kept = words(spared)
    heard = [word for word in words(tail) if word not in _BESIDE]
    missing = [word for word in kept if word not in _BESIDE and not any(likeness((word,), (each,)) for each in heard)]
    return not missing and all(any(likeness((word,), (each,)) for each in kept) for word in heard)


def why_not(text: str, tool: str, spared: str = "") -> str | None:
    """Why a sentence is no reason to call an acting `tool` now, as a sentence to be spoken; None where it is one.

    `spared` is what the call leaves out: all that is said to be left out, or the call is not made.
    """
    said = " ".join(text.casefold().replace("\u2019", "'").split())
    if tool == "HassMediaSearchAndPlay" and _TITLE.match(said):
        return None  # a title may hold any words
    said = _ADDRESS.sub("", said)
    excepting = _EXCEPTING.search(said)
    if spared:
        if not excepting or not _all_spared(said[_named_from(excepting) :], spared):
            return EXCEPTED
        said = said[: excepting.start()]
    plain = _POLITE_CLAUSE.sub("", _POLITE_NOT.sub("", said))
    if _FORBIDDING.search(plain) or _ALONE.search(said):
        return FORBIDDEN
    staying = _STAYING.search(said)
    if staying and tool in (*_CONTRARY[staying[1]], "HassToggle"):
        return FORBIDDEN
    if excepting and not spared:
        return EXCEPTED
    if _SUPPOSING.search(plain) and not _COMMAND_AT_END.search(said):
        return SUPPOSED
    complains = _COMPLAINT.search(said) and _COMMAND_AT_END.search(said)
    if _PUTTING_OFF.match(plain) and tool not in _LISTS:
        return PUT_OFF
    if _WONDERING.search(said) and tool not in _LISTS and not _COMMAND_AT_END.search(said):
        return ASKED
    if _QUESTION.search(said) and not _POLITE_QUESTION.search(said) and not complains:
        return ASKED
    if (_REPORTING.search(said) or _PAST.search(said)) and not _COMMAND_AT_END.search(said):
        return SUPPOSED
    if tool not in _LISTS and not _SPAN.search(said) and _PUTTING_OFF.search(plain):
        return PUT_OFF
    return None
