# SPDX-License-Identifier: Apache-2.0
"""Sentences that tell or ask something instead of commanding: reported, past, given up, supposed, asked."""

from __future__ import annotations

import re

from appliance.dialogue.phrases import (
    COMMAND_AFTER,
    COMMAND_FIRST,
    NEXT_SENTENCE,
    PARTICIPLE,
    PEOPLE,
    PERSON,
    REQUEST,
    SUBJECT,
    TELLER,
    any_of,
    one_of,
)

_QUESTION = re.compile(
    r"^(?:(?:and|tell me|i wonder|i was wondering|wondering|do you know|any idea) )*"
    + one_of(
        *("is", r"isn'?t", "are", r"aren'?t", "was", r"wasn'?t", "were", r"weren'?t", "did", r"didn'?t", "does"),
        *(r"doesn'?t", "has", r"hasn'?t", "had", "who", r"who'?s", "whose", "whom", r"when'?s?", r"where'?s?", "why"),
        *("which", r"how'?s?", r"what'?s?", "whether", "should (?:i|we)", "do (?:i|we|they|you|the|any|all)", "am i"),
        *("can (?:the|it)", "if (?:the|any|i|we)", "have you", "since when", "how come"),
    )
)
# Said to be told something: "check the door", "any lights on", "the door is locked, isn't it".
_WONDERING = re.compile(
    r"^(?:(?:can you|could you|just|do|also|and) )*"
    r"(?:any|some) (?!chance|way|hope|objection)(?:(?:of|the|my|our) )*\w+ (?!.*\b(?:should|please|to|would"
    r"|appreciated)\b)"
    r"|\b(?:check(?!(?:ing)? off| .{1,80}\bgets? )|verify|find out|look up|read out|have a look|curious"
    r"|remind me|tell me|show me(?! how you\b)|let me know|(?<!can )see (?:if|whether|which|what)(?! (?:you"
    r"|we) (?:can|could))"
    r"|(?:want|like|need)(?: to)? know|wonder (?:who|why)|could it be|possible that(?! you)|not sure)\b"
    r"|\b(?:is|isn'?t|are|aren'?t|did|didn'?t|has|hasn'?t|does|doesn'?t) (?:it|they|we|he|she|that)[?.]?$"
    r"|\bwondering,? (?:which|are|is|what|how|whether(?! you)|if (?!you))"
)
# Whether it can at all: "can you control the lamp", "have you learned how to".
_ABILITY = any_of(
    r"(?:can|could|are|do|did|would|does|may|is|have|was|were) (?:you|i|we|it|they|people|one|anybody|your \w+)"
    r"(?: (?:be|possible|in|got|the|ever|who|able to|possible to|smart enough|clever enough|know"
    r"|used)){0,3} (?:control|operate"
    r"|work|look after|how to|about|heard of|support|talk to|connected|hooked|linked|in charge|access|reach|made to"
    r"|hear"
    r"|allowed to|smart|clever|learn(?:ed|t)|taught?|teach you|know(?! what)|of|runs|one who|you who|part|extend"
    r"|stretch|go to)",
    "do you ever|one of your skills|your job include|voice controlled|under your control|is it you who|in control of",
    r"(?:asked|told) you to .*, (?:could|would|can) you(?: \w+){0,3}$",
)
_SUPPOSING = any_of(
    "what (?:happens|would happen|will happen|if(?! we had| you had))",
    *(
        "suppose(?! (?:i|we) should)",
        "supposing",
        "imagine",
        "hypothetically",
        "in theory",
        "pretend",
        "thinking (?:of|about)",
    ),
    "would (?:it|that|you) (?:help|save|matter|cost|hurt|be (?:better|bad|ok|okay|wise|dangerous|daft))",
    "would anyone notice|how bad would|picture this|what would the|mind if",
    "i wish (?:i|we|it|that|the)",
    rf"if {SUBJECT} (?:were|had|ever|asked|told|{PARTICIPLE})",
    r"i (?:might|may|could(?! (?:use|do with))|should|was going to|am thinking|was thinking(?! (?:that )?you))",
    "i would (?:have|never|not)",
    "how do (?:i|you)(?! feel)",
    "remind me (?:how|why)",
    "let's say (?:i|we|you|he|she|they|someone|somebody)",
    "(?:well done|cheers|thanks) for (?!nothing)\\w+ing .*(?:when i asked|last night|yesterday|earlier)",
)
# What it says of others' words is no command, nor is what they said: "the man on tv said turn it on".
_REPORTING = any_of(
    rf"(?!(?:i|we|you)\b){TELLER}(?: (?:on tv|on the \w+|next door|just|always|also))* (?:said"
    rf"|says(?! (?:please|to|you (?:have|must)))"
    r"|told|tells|asked(?! for)|claim(?:s|ed)|thinks?|thought|believe[sd]?|heard|wrote|suggested|reckon(?:s|ed)?"
    r"|swear(?:s|ed)?"
    r"|mention(?:s|ed)|insist(?:s|ed)|warned|wanted|reminded|texted|(?:was|were|kept|keeps) (?:saying|telling)"
    r"|always (?:turns?|leaves?|forgets?))",
    r"(?:told|asked|wanted|reminded|begged) me (?:to|that|i|we|she|he|they)",
    r"(?:reckons|swears|says|was saying|thinks|wrote(?: that)?|told me|mentioned(?: that)?) (?:i|we|he|she|they"
    r"|might|the he)",
    r"(?:he|she|they|i|so it) (?:goes|go|was like|said to (?:him|her|them|me))|i was like|says to me"
    r"|i (?:told )+(?!you)(?:the )?\w+ (?:to|that|the)\b",
    r"in (?:my dream|the (?:film|story|paper|advert|book|movie|news|series|old days))|on the radio (?:they|somebody"
    r"|an?|this)"
    r"|on tv (?:they|somebody|an?|this)|it says|i (?:dreamt|dreamed)|as a kid|at work we|my old place",
    r"remember (?:when|the time|how i|that)|(?:that|the last|last) time (?:i|we|you)|when i said|used to",
    r"(?:sorry|annoyed|angry) (?:about|that|for)|(?:nice|good|kind) of you|thank(?:s"
    r"| you) for \w+ing (?=.*\b(?:yesterday"
    r"|earlier|last|this))",
    # What somebody else will do.
    rf"(?!you\b)(?:{TELLER}|husband|wife|kids)(?:'ll| will) (?:see to|deal with|sort out|handle|look after"
    rf"|take care of|do it)",
    r"i'?m (?:talking|speaking) to(?! you)|come (?:down |over |up |in )?here|turn around$|get off the (?:sofa|table"
    r"|bed|chair)|play nicely|open the (?:jar|bottle)|stop (?:fighting|jumping|shouting|crying|running about)",
    r"^(?:(?:yes|no|sorry|hold|hang|on|one|just|a|sec|second|love|mum|dad|gran|boss),? )*i'?m (?:on (?:my way"
    r"|the phone)|nearly"
    r" there|still at home|in the \w+|coming(?: down)?(?: now)?|listening)[.!]?$",
    # To somebody with a body and belongings.
    r"your (?:\w+ )?(?:shoes|coat|eyes|mouth|book|phone|tablet|laptop|bike|homework|teeth|pyjamas|presents|plate|toys"
    r"|hands|game|jacket|bag|dinner)",
)
_AGO = one_of(
    *(
        "yesterday",
        r"last (?:night|week|month|year|time|monday|sunday|summer|winter)",
        r"ago",
        "a while back",
        "the other day",
        "earlier",
    ),
    *(
        "when i got up",
        "before (?:i left|lunch|dinner|bed)",
        "on the way out",
        "at lunchtime",
        "this morning",
        "back then",
    ),
    *(
        "at the (?:weekend|market)",
        "in town",
        r"by (?:hand|mistake|accident)",
        "down the road",
        "in (?:the )?night",
        "the other week",
        "once",
    ),
    r"(?:all|the whole|every single) (?:day|night|week|weekend|afternoon|morning|evening)",
)
_TENSE = (
    rf"(?:{PARTICIPLE}|put|left|had|kept|bought|ordered|saw|sold|broke|turn|switch|set|open|close|lock|shut|unlock)"
)
_DONE = re.compile(
    rf"(?:^|[,.;!?] |\b(?:no|wait|and|because|since|that|hey|okay) )(?:{TELLER}|(?:\w+ )?(?!please|to\b|you\b"
    rf"|could\b)\w+(?= {PARTICIPLE}))(?: (?:have|just|already|only|all))* {_TENSE}\b.*?{_AGO}"
    rf"|\b{PERSON}(?:'ve|'d|'s| have| had| has)? (?:only |just |already |now |have ){{1,3}}(?!sat|got home|half)"
    r"(?:\w+ed|put|shut|seen|done|dealt|turn|switch|open|close|taken)\b"
    rf"|^(?:there (?:was|were)|(?:i|we|they) had (?!better|enough|to\b)) |^{_AGO}"
)
_PAST = any_of(
    rf"(?!you |(?:someone|somebody|everybody|everyone) shut){PERSON} (?:have |has |had |'ve |already |just "
    rf"|probably |only |nearly |almost |both |all )*(?:{PARTICIPLE}|used to)",
    rf"(?!(?:i|we|you)\b){PERSON} forgot to",
    rf"{PERSON} (?:was|were) (?!wondering|hoping|thinking|meaning)\w+ing",
    rf"(?:was|were|has been|have been|had been|got|been) {PARTICIPLE}",
    rf"(?<!get the )(?<!get my )(?<!have the )(?<!have my )(?<!make the ){PEOPLE}"
    r" (?:(?!asked|wanted|needed)\w+ed|put|shut)"
    r"|it was .{1,40} who",
    # Where a thing is from: "the curtains came from that shop that shut down".
    r"(?:the|my|our|this|that|those|these) (?:[\w']+ ){1,3}(?:(?:came|come|is|are|was|were) from|cost"
    r"|belong(?:s|ed)? to)",
)
_GIVEN_UP = any_of(
    r"i (?:nearly|almost|just nearly|meant to|thought (?:of|about)|considered|had half a mind|was (?:\w+ )?(?:going"
    r"|about to"
    r"|tempted|this close))(?! to fall| fall)",
    r"i(?:'ve| have)? decided not",
)
_UP_TO_YOU = re.compile(
    r"\b(?:do|see to) (?:it|that) for me\b|\byou do it\b|\bdo that\b|\b(?:could|can|would|will) you (?:do|take"
    r"|see to|handle)\b"
    r"|(?:[,.;:!?]|\b(?:so|but)) *(?:could|can|would|will) you (?!believe|imagine)\w"
)


def asks(said: str) -> bool:
    """Whether it asks to be told something, or whether something can be done, and commands nothing beside."""
    commands = COMMAND_AFTER.search(said)
    if _ABILITY.search(said) and not commands:
        return True
    if commands:
        return False
    return (_QUESTION.search(said) is not None and not REQUEST.search(said)) or _WONDERING.search(said) is not None


def supposes(said: str) -> bool:
    """Whether it plays with a thought."""
    return _SUPPOSING.search(said) is not None and not NEXT_SENTENCE.search(said) and not _UP_TO_YOU.search(said)


def tells(said: str) -> bool:
    """Whether it tells of what others said or did, of what was done, or of what was nearly asked for."""
    if _UP_TO_YOU.search(said):
        return False
    if report := _REPORTING.search(said):
        # "He said turn it on, funny" and "He said, turn it on": a command must follow on something that was said.
        after = NEXT_SENTENCE.search(said, report.end())
        commands = COMMAND_FIRST.search(said) and not said.startswith("stop ")
        return not commands and (after is None or said.count(" ", report.end(), after.start()) < 2)
    if COMMAND_FIRST.search(said) or REQUEST.search(said):
        return False
    if _GIVEN_UP.search(said):
        return NEXT_SENTENCE.search(said) is None
    return (_DONE.search(said) is not None or _PAST.search(said) is not None) and not COMMAND_AFTER.search(said)
