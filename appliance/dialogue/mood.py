# SPDX-License-Identifier: Apache-2.0
"""Whether a sentence commands anything at all: what is forbidden, asked, supposed, told of others, past or put off is
not to be acted upon now, whatever a language model makes of it.

Read by the grammar of English alone, without names or devices. It errs on the safe side: a person who is misread is
told why nothing was done and can say it again in other words.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from appliance.dialogue.asking import asks
from appliance.dialogue.negation import still_asked, without_not_needed
from appliance.dialogue.phrases import (
    ADDRESS,
    CHECKED,
    COMING,
    COMMAND_FIRST,
    FILLERS,
    NEXT_SENTENCE,
    POLITE,
    STATE,
    SUBJECT,
    WISH,
    any_of,
)
from appliance.dialogue.reasons import without_reasons
from appliance.dialogue.sparing import leaves_out, only_remarks, outside, without_exception
from appliance.dialogue.telling import supposes, tells
from appliance.home.naming import words

FORBIDDEN = "I changed nothing, since you said not to"
EXCEPTED = "I am not sure what to leave out, so I changed nothing; please name what to change"
ASKED = "That sounded like a question, so I changed nothing"
SUPPOSED = "That did not sound like something to do now, so I changed nothing"
PUT_OFF = "I cannot do that later yet, so I changed nothing"

_MEDDLING = (
    r"(?:\w+ (?:about )?with|opening|closing|shutting|locking|unlocking|turning|switching|touching|moving"
    r"|changing|meddling)"
)
_MEDDLE = "(?:touch|toggle|open|close|shut|lock|unlock|bolt|turn|switch|move|change)"
_FORBIDDING = any_of(
    *(r"don'?t", "do not", "never", "not to", r"must ?n'?t", "must not", r"should ?n'?t", "should not", r"need ?n'?t"),
    *(
        "need not",
        r"(?:(?<!i )(?<!we )can|may) ?not",
        r"didn'?t",
        "no need to",
        "no one should",
        "nobody should",
        "refrain",
    ),
    *(
        "avoid",
        r"without (?!touching)\w+ing",
        "under no circumstances",
        "in no case",
        "on no account",
        "stop (?:trying|asking)",
    ),
    *("(?<!but )hold(?:ing)? off", "(?:stay|steer|keep) (?:clear|away)", "(?<!but )(?:hands|paws|fingers|mitts) off"),
    *("hands off", "(?:keep|stay) off", "pay no attention", "anything but", "unchanged", "do nothing", "forbid"),
    *(
        r"no (?!warn|morn|even|build|ceil|heating)\w{3,}ing",
        "too (?:soon|early) to",
        "(?:bad idea|silly|foolish|pointless) to",
    ),
    *(
        "no (?:reason|point|need|sense|cause|call|use)",
        r"(?:isn'?t|is not|not) (?:yet )?\w+ enough (?:yet )?(?:for|to (?:need|have|put|turn|switch|want))",
        "(?:have|has|had|takes?|gets?|needs?) (?:the|an?|some|this) (?:day|night|week|morning|evening|time) off",
        r"(?:isn'?t|aren'?t|is not|are not) to be",
        r"(?:doesn'?t|don'?t) need to (?:be|go|come|stay)",
        r"you can'?t (?:put|turn|switch|have|open|close|start)",
        r"you (?:heard|saw|watched) (?:me|us|him|her|them)",
        r"\? ?(?:(?:god|hell|heavens|lord|oh|ha|ooh|er|erm|um) )?(?:no|nope|nah|never)\b(?! (?:wait|sorry|i mean))",
        r"\? ?(?:(?:i|we|they|he|she)(?:'m not|'re not|'s not| are(?:n't| not)| is(?:n't| not)| am not))",
        "neither (?:of (?:them|those|these)|(?:the|my|our|that) .{1,60}? nor)",
        "(?<!i )(?<!we )(?<!he )(?<!only )(?<!'ll )forget (?:about|it|that|the|my|our)",
        "i'?d hate",
        "would hate",
        r"would ?n'?t",
    ),
    *(r"(?:is|are) ?n'?t allowed", r"wasn'?t going", r"can'?t be", r"doesn'?t mean", "left alone", "in peace"),
    *("not (?:necessary|the time)", "(?:leave|let|keep) .* in place", "(?:you dare|best|better|rather|sure) not"),
    rf"(?:quit|stop|enough of|no more|sick of|lay off|cut out) (?:you )?{_MEDDLING}",
    r"see (?:the )?point of|the point of|advise against|dead set against|i'?m against|keen on|(?:let's"
    r"|we can) skip \w+ing",
    r"since when|who (?:said|told) you|why (?:on earth )?would you|made you think|over my dead body|woe betide"
    r"|heaven help",
    r"(?:sorry|trouble|cross|furious|unplug you) if you|not worth|off limits|none of your|so much as look"
    r"|what'?s the point",
    r"(?:nobody|no (?:one|robot|machine|computer))"
    r"(?:'s to| (?:is (?:to|allowed)|are|may|must|ought|to|gets? to|wants?|said|told|asked"
    r"|in their right"
    r"|(?:touch|change|turn|open|close|lock|unlock|switch|move|shut|meddle|fiddle|mess)(?:e?s)?\b))",
    r"not (?!(?:the|that|this|my|our|in|on|only|just|too|so|bad|sure|using|needed|necessary|more|less|an?|running"
    r"|off|lit|\d+|much|quite|very|really|fully|completely|locked|closed|shut|bolted"
    r"|going|including|counting|playing|bright|at|for(?! you)|home|enough)\b)\w+",
    rf"not the {_MEDDLE}|you won'?t|only (?:a )?fool|(?:mistake|waste) to|^ignore|wasn'?t me|let'?s hold"
    rf"|staying (?:put|just|exactly|the way|how|where|as)",
    r"(?:broken|acting up|on the blink|wet|repaired),?(?: so)? leave",
    "not (?:your|yours)",
    "not a (?:soul|chance)|without my (?:permission|say)",
    r"well alone|must be joking|not on your life|^you dare|desist|abstain|(?:isn'?t|not|aren'?t) for \w+ing"
    r"|anywhere near"
    r"|lay(?:ing)? a finger|(?:your|my) hands on|left (?:to me|the way)|carry on as|doing what it|didnae"
    r"|won'?t have you|no way$|(?:not a soul|none of us|(?:no ?one|nobody) here) (?:asked|wants?|said|mentioned"
    r"|told|needs?)",
    r"(?:hold fire|not yet|hang about|hold your horses|steady),? .*(?:leave|keep)|no help needed|so sit tight"
    r"|don'?t trouble",
    r"by no means|(?:gonnae|gonna) no\b|i wish you wouldn'?t|(?:god|heaven|lord) help (?:whoever|any\w+|the|you)",
    r"a miss$|hold your horses|(?:absolutely|certainly|definitely|of course|obviously) not\b|it'?d be (?:daft|silly|mad"
    r"|crazy|stupid|foolish|rude|a waste) to|(?<!not )(?:joking|kidding|messing)(?=$|,)",
    r"you so much as|and don'?t you dare|(?<=[.,!;] )not$|and (?:there'?ll be (?:trouble|hell|war|tears)"
    r"|i'?ll (?:scream|kill|brain|unplug|never)|you'?re (?:dead|in trouble|for it))",
    # "Dinnae" is "don't"; what others may ask for and is to be ignored; what is meant so; what is done by oneself.
    "di[ns]n?(?:ae|a)(?! forget)",
    "you'?re no to",
    "(?:take no notice|ignore (?:that|him|her|them))",
    "on purpose",
    "(?:it'?s|that'?s|they'?re|it is) (?:meant|supposed) to be(?= ?$)",
    r"(?:no fear|fat chance|not likely)$|mine to (?:\w+ about|\w+)|nothing (?:is to|may|should|else (?:goes|comes))",
    r"i(?:'ll|'m going to|'m gonna|'d better| will) (?!be ).{1,80}\b(?:myself|in my own time|with (?:my )?own)",
)
_NUMBER = r"(?:a|an|half an|\d+|one|two|three|five|ten|fifteen|twenty|thirty)"
# Until it is so far: a level, no time.
_SO_FAR = r"(?:about |just |nearly |almost )*(?:a |three |two )?(?:half|have|quarters?|thirds?|open|closed|shut|\d)"
_PUTTING_OFF = any_of(
    *(
        "tomorrow",
        "(?<!for )tonight",
        "later(?: on)?",
        "this (?:evening|afternoon|weekend)(?! needs)",
        "next (?:week|month|time|morning)",
    ),
    rf"(?:in|after|for|within) (?:about |another |roughly |around )?{_NUMBER} (?:seconds?|minutes?|hours?|days?)",
    r"half (?:past )?(?:[1-9]|1[0-2])\b(?! ?(?:percent|degrees|%))",
    r"at (?:\d+ ?(?:o'?clock|am|pm|a\.m|p\.m)|\d{1,2} ?: ?\d\d|noon|midnight|sunset|sunrise)",
    r"(?:every|each) (?:other )?(?:time|\w+day|day|night|morning|evening|week|hour|weekday|weekend)",
    r"(?<!how )(?<!what )(?:around|about|past|till) (?:noon|midnight|dusk|dawn|sunset|sunrise"
    r"|(?:a )?quarter (?:past|to)"
    r"|half (?:past )?\d|\d{1,2}\b(?!\.?\d* ?(?:percent|degrees|%|thirds?|quarters?)))",
    *(
        "at (?:dusk|dawn|(?:a )?quarter (?:past|to)|half past)",
        "in a (?:little )?(?:bit|while|moment|minute|second|few)",
        "(?:once|twice) a",
    ),
    r"some ?day|(?:one|1) fine day|over the holidays|when that comes|at christmas$|one of these days"
    r"|at some (?:stage|point)|next year|when (?:i'm|we're) (?:old|rich)"
    r"|sometime",
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
    rf"(?:(?<!no )wait|give it) (?:about )?(?:{_NUMBER} (?:seconds?|secs?|minutes?|mins?|hours?|moment|while|bit"
    rf"|mo)|\d+"
    r"(?! ?(?:percent|degrees?|%)))",
    # What is to be so "for when I get home" is to be so by then.
    rf"(?:(?<!for )when|whenever|once|(?:until|till)(?! (?:it|they)(?:'s|'re| is| are| was| were)? {_SO_FAR})"
    rf"|unless|as soon as|(?<!'m )after"
    rf"|(?<!okay )(?<!ok )(?<!fine )(?<!possible )(?<!help )(?<!\bas )"
    rf"(?<!wondering )(?<!wonder )(?<!asking )(?<!remember )if) (?:{SUBJECT}|it'?s|anybody|anyone"
    rf"|the|"
    "dinner|lunch|breakfast|bedtime|sunset|sunrise)",
    # Before somebody is there: then. Before something happens: now.
    rf"before (?:{SUBJECT}|anybody|anyone|the \w+) (?:gets?|comes?|arrives?|is|are|am|returns?) (?:home|back|here|up"
    "|in)",
    r"before (?:dinner|lunch|breakfast|bedtime|sunset|sunrise|the \w+ (?:ends|finishes|starts|begins|is over))",
)
_PART = re.compile(
    r"\b(?:but )?(?:don'?t|do not|not) (?:[\w']+ ){1,6}?(?:completely|fully|entirely|all the way"
    r"|too \w+|(?:past|beyond|above|over|more than) \d+)\b"
)
"""How far a level is not to go: "don't shut them completely, half will do"."""
_LEVELS = (
    *("HassSetPosition", "HassLightSet", "HassFanSetSpeed", "HassSetVolume", "HassSetVolumeRelative"),
    "HassClimateSetTemperature",
)
# Dreamt of, and not asked for politely: "wouldn't it be lovely to have the garden all lit up".
_DREAMING = re.compile(
    r"\b(?:wouldn'?t|would not) it be (?:an? )?\w+ (?:to|if (?:i|we))\b"
    rf"(?!.{{1,80}} {STATE}\b)"
)
# "About 30" is a level, for no hour of the clock is past 12, and so is what it goes to; "about 7" may be a time.
_ABOUT = re.compile(
    r"\b(?:about|around) (?=(?:1[3-9]|[2-9]\d|100)\b(?! ?(?::|o'?clock|[ap]\.?m\b|past|to\b|minutes?|hours?|hundred)))"
    r"|(?<=\bto )(?:about|around) (?=\d)"
)
# What somebody feels like is for now: "I'd rather have the lamp tonight".
_FANCY = re.compile(
    r"^(?:i|we)(?:'d| would)? (?:rather|fancy|feel like|prefer) [^,.;]{1,80}?\b(?:tonight|this (?:evening|afternoon))\b"
)
_AFTER_ALL = re.compile(
    r"\b(?:no|actually|wait)\b[ ,.]*(?:(?:actually|wait|do it|make it|make that)[ ,]*)*(?:right |straight )?now"
    r"(?:'s fine| is fine| please| then)?$"
)
"""The time was taken back: "turn it off at 10, no, now"."""
_TOO_FAR = re.compile(
    r"^(?:(?:no|whoa|woah|oi|wait|stop|hey|ah|oh|okay)[,.! ]+)+not (?:that|so|quite so) "
    r"(?:dark|dim|bright|loud|quiet|hot|warm|cold|cool|high|low|fast|slow|far|much|strong|hard)\b"
)
"""It went too far: "no, not that dark". Without the "no" it may be a remark."""
_NOT_THIS = re.compile(r"^not (?:this|that|another|him|her|them)\b[^,.;!]{0,60}[,.;!] ?")
_OTHER_ONE = re.compile(r"[,.;!] ?not (?P<other>(?:[\w']+ ){0,2}[\w']+)(?=[,.;!]|$)")
# What else would happen is a reason: "only gently, I don't want my papers flying".
_SIDE_EFFECT = re.compile(
    r"(?:,|\b(?:as|cos|because|since)) (?:i|we) don'?t want (?:my|his|her|our|their|the) [\w']+"
    r" (?!running|playing|going|burning|opening|closing|being|coming)\w+ing\b"
)
_TITLE = re.compile(r"(?:please |hey |can you |could you )*(?:play|put on|listen)")
_SPAN = re.compile(
    r"\b(?:timer|alarm|countdown|remind|ring|wake|beep|bleep|alert me|ping me|buzz me|shout|let me know"
    r"|clock|i'?m called)"
)
_STAYING = re.compile(
    # Sun and heat that are to be kept off are no devices.
    r"\b(?:leave|keep(?! (?:nearly|almost) | (?!running|playing|going)\w+ing )|rather you (?:kept|left)|stay"
    r"|remain|staying|remaining) (?!(?:the |out )*(?:sun|heat|rain"
    rf"|wind|cold|light out)\b)(?!nothing)"
    rf"(?:(?:[\w']+ ){{1,6}}?({STATE})\b(?! (?:the|my|our)\b)|({STATE})\b)"
)
_PART_WAY = re.compile(r"\d|\b(?:half|third|thirds|quarter|quarters|percent)\b")
_END = r"(?= ?(?:$|[,.;!]| (?:please|now|for now|okay|ok|thanks|thank you|do nothing|leave|will you|would you|and)\b))"
_ALONE = re.compile(
    r"\b(?:leave|let|keep) (?:[\w']+ ){1,10}?(?:alone|be)" + _END
    + r"|\b(?:as|how|(?:the )?way|where|like) (?<!late as )(?:it|they|that|this|these|those)"
    + r"(?:'s| is|'re| are| his| our)"
    + _END
    + r"|\b(?:as is|just like that|(?:okay|fine|good|(?:leave|keep|let) .*) like that)" + _END
    + r"|\b(?:it is|it's|that's) (?:fine|okay|good|all right) that\b"
    + r"|^(?:(?:please|hey|no,?|stop|wait|okay) )*not (?:the|my|our|that|this|these|those|all|any)\b"
    # What may stay as it is needs no hand.
    + r"|\b(?:can|may) stay(?= ?(?:$|[,.;]))"
    + rf"|\b(?:can|may|could|is|are) (?:stay|staying|remain) (?:{STATE}|put|exactly)\b"
    + r"|\b(?:should|must|shall|can|may) (?:stay|remain) (?:(?:just|exactly) )?(?:like|as|put|how|where|the way)\b"
    + r"|\bleave (?:(?!(?:on|off|open|running|nothing)\b)[\w']+ ){1,10}?(?:for (?:now|the moment)|just now)\b"
    + r"|\b(?:just )?leave (?:it|them)(?: thanks| please| okay)?$|\bi'?d (?:sooner|rather) leave\b"
    # "Leave the fan" says no state that it should be left in.
    + r"|(?:^|[,.;!] ?|\b(?:please|hey|no|okay|wait|just|rather we|rather you|better|we) )leave (?!nothing"
    + r"|(?:just |only )?(?:an?|some|enough) )"
    + r"(?!.*\b(?:on|off|open|closed|shut|locked|unlocked|running|playing|going|half|ajar|un\w+|\d+)\b)"
)  # fmt: skip
# As it is, so it is meant, and whose business it is; "dim it, I like it like that" commands.
_CONTENT = any_of(
    r"(?:that'?s|it'?s|they'?re) (?:how (?:i|we) (?:want|like)|deliberate|the idea|fine by)|(?:i|we) (?:like|want"
    r"|put|left)"
    r" (?:it|them) (?:like that|that way)|(?:meant|supposed) to be$|stay out of it|nothing (?:for you to do"
    r"|to do with you)",
)
# "No, leave it open": what somebody is about to change.
_REFUSING = re.compile(
    rf"(?:(?:please|hey|stop|wait|okay|oh),? )*(?:no|nah|whoa|oi|ah|ah ah|careful),? (?:leave|keep) .*\b{STATE}\b"
    rf"|(?:\w+,? )?(?:leave|keep) .{{1,80}} {STATE},? (?:i'?m (?:still|in the middle)|i haven'?t|somebody'?s us)"
)
# "Don't let me come home without plasters" asks for plasters.
_REMEMBER = re.compile(
    r"\b(?:don'?t|do not|never) let (?:me|us) (?:overlook|miss|forget|(?:[\w']+ ){1,6}?without)\b(?! to\b)"
    rf"(?!.{{1,80}}\b{STATE}$)"
)
_STAYS = re.compile(rf"^(?:[\w']+ ){{1,6}}(?:stays?|remains?) ({STATE})(?=$|[,.;!])")
_TICKING = ("HassShoppingListCompleteItem", "HassListCompleteItem")
_LISTS = ("HassShoppingListAddItem", "HassListAddItem", *_TICKING)
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


def _corrected(said: str, named: str) -> str:
    """The sentence without what it was mistaken for: "oat milk, not goat milk"; of one kind, or it forbids."""
    found, thing = _OTHER_ONE.search(said), set(words(named))
    if found is None:
        return said
    other = set(words(found["other"]))
    if thing & other and thing - other and thing <= set(words(said[: found.start()])):
        return said[: found.start()] + said[found.end() :]
    return said


_ADVISED = re.compile(r"(?:should|ought|must|do|shall) (?:i|we) (?!not)")
"""Of lists other questions are wishes: "do we have milk"."""
_BRIEFLY = re.compile(r"\bfor (?:just )?an? (?:minute|min|second|sec|moment|mo|bit|while)\b")
"""Said of what plays it puts nothing off: "mute it for a minute"."""
_STOPPED = re.compile(
    r"(?:^|[,.;!] ?|\bso )(?:(?:oh|just|no|please|okay|right),? )*(?:forget|hold)(?= (?:the|my|that|our)\b)"
)
"""How a timer is told to stop: "forget the pasta timer"."""
STOPPING = ("HassCancelTimer", "HassCancelAllTimers", "HassPauseTimer", "HassDecreaseTimer")
"""Tools that end a timer or bring its end nearer."""

_RUN_TOGETHER = re.compile(r"\b(do|does|did|is|are|was|were|have|has|had|ca|wo|should|could|would|must|need)nt\b")
"""As many write, and some recognizers: "dont", "isnt"."""


def why_not(
    text: str, tool: str, spared: str = "", named: str = "", thing: str = "", names: Collection[str] = ()
) -> str | None:
    """Why a sentence is no reason to call an acting `tool` now, as a sentence to be spoken; None where it is one.

    `spared` is what the call leaves out: all that is said to be left out, or the call is not made. `named` is what it
    acts on, its names and places as one text; `thing` the same without places, "" where it acts on all of a place.
    `names` are the words of all names at home.
    """
    said = " ".join(_RUN_TOGETHER.sub(r"\1n't", text.casefold().replace("\u2019", "'")).split())
    if tool == "HassMediaSearchAndPlay" and _TITLE.match(said):
        return None  # a title may hold any words
    said = FILLERS.sub("", said).rstrip(" .!?")
    if tool in STOPPING:
        said = _STOPPED.sub("stop", said)
    refused = _REFUSING.match(said)
    if tool in (*_LEVELS, "HassTurnOn"):
        said = _TOO_FAR.sub("", said).strip(" ,.;!")
    said = ADDRESS.sub("", said)
    content = _CONTENT.search(said) and not COMMAND_FIRST.search(said)
    if (refused or content) and not spared and not NEXT_SENTENCE.search(said):
        return FORBIDDEN
    if _DREAMING.search(said) and not NEXT_SENTENCE.search(said):
        return SUPPOSED
    said = COMING.sub(" ", _SIDE_EFFECT.sub(" ", CHECKED.sub("", said)))
    if tool in _LEVELS:
        said = _ABOUT.sub("", _PART.sub(" ", said))
    if tool in _LISTS:
        said = _REMEMBER.sub("", said)
    if "Media" in tool or "Volume" in tool:
        said = _BRIEFLY.sub("", said)
    if tool == "HassMediaNext":
        said = _NOT_THIS.sub("", said)
    if not spared:
        said = _corrected(said, named)
    said = " ".join(POLITE.sub(" ", WISH.sub("please", said)).split())
    said = without_reasons(said, tool, thing, alone=not spared)
    if tool == "HassTurnOff":
        said = without_not_needed(said, f"{named} {thing}")
    whole = said
    if spared:
        kept = without_exception(said, spared, names)
        if kept is None:
            return EXCEPTED
        said = kept
    if _FORBIDDING.search(said) or _ALONE.search(said):
        asked = None if spared else still_asked(said, tool, named)
        if asked is None or _FORBIDDING.search(asked) or _ALONE.search(asked):
            return FORBIDDEN
        whole = asked or whole
    else:
        asked = said
    staying = _STAYING.search(asked)
    part_way = tool == "HassSetPosition" and _PART_WAY.search(asked)
    if staying and not part_way and tool in (*_CONTRARY.get(staying[1] or staying[2], ()), "HassToggle"):
        return FORBIDDEN
    stays = _STAYS.match(asked)
    if stays and tool in _CONTRARY.get(stays[1], ()) and not NEXT_SENTENCE.search(asked, stays.end()):
        return FORBIDDEN
    if (
        not spared
        and leaves_out(asked)
        and not outside(asked, named)
        and not only_remarks(asked, f"{named} {thing}", names)
    ):
        return EXCEPTED
    if supposes(whole):
        return SUPPOSED
    listed = tool in _LISTS
    fancied = _FANCY.match(said)
    put_off = None if listed or _AFTER_ALL.search(said) else _PUTTING_OFF.search(said, fancied.end() if fancied else 0)
    if put_off and put_off.start() == 0:
        return PUT_OFF
    if asks(whole) and not (listed and not _ADVISED.match(whole)):
        return ASKED
    # What was got or done is why it is ticked off.
    if tells(whole, done=tool not in _TICKING):
        return SUPPOSED
    if put_off and not _SPAN.search(said):
        return PUT_OFF
    return None
