# SPDX-License-Identifier: Apache-2.0
"""Sentences that ask something instead of commanding: what is so, what is wise, whether it could be done."""

from __future__ import annotations

import re

from appliance.dialogue.phrases import (
    ANNOUNCING,
    COMMAND_AFTER,
    CURIOUS,
    ENOUGH,
    IMPERATIVE,
    NEXT_SENTENCE,
    REQUEST,
    UP_TO_YOU,
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
    r"(?:any|some(?! (?:light|music|heat|air|warm|cool|tunes|sound|fresh|peace|quiet|shade))) (?!chance|way|hope"
    r"|objection|prospect)(?:(?:of|the|my|our) )*\w+ (?!.*\b(?:should|please|to|would"
    r"|appreciated)\b)"
    r"|\b(?:check(?!(?:ing)? off| .{1,80}\bgets? )|verify|find out|look up|read out|have a look|curious"
    r"|remind me|tell me|show me(?! how you\b)|let me know(?! (?:in|after) )|(?<!can )(?<!can't )(?<!cannot )"
    r"(?<!barely )(?<!hardly )see (?:if|whether|which"
    r"|what)(?! (?:you"
    r"|we) (?:can|could)| (?:i|we)(?:'m|'re)? (?:doing|cook|do|am doing|are doing)\b)"
    r"|(?:want|like|need)(?: to)? know|wonder (?:who|why)|could it be|possible that(?! you)|not sure)\b"
    r"|\b(?:is|isn'?t|are|aren'?t|did|didn'?t|has|hasn'?t|does|doesn'?t) (?:it|they|we|he|she|that|there)"
    r"(?:,? [\w-]+[ -]wise)?[?.]?$"
    rf"|^(?!{IMPERATIVE})(?:[\w']+ ){{1,4}}(?:un)?(?:locked|bolted|armed),? (?:yeah|yes|right|correct|ok|innit)[?.]?$"
    r"|^should (?:the|my|our|that|this|those|all) (?:[\w']+ ){1,5}be \w+"
    r"|^can (?!you|we|i\b)(?:[\w']+ ){1,8}or (?:is|are|does|do|can|isn'?t)\b"
    r"|^(?!(?:can|could|would|will) (?:you|we|i)\b).*\bd(?:'?|o )you (?:think|reckon)[?.]?$"
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
_DO_IT = re.compile(
    r"\b(?:just |please )?do (?:it|that) for (?:me|us|them|him|her)\b|\b(?:can|could) you (?:just )?do (?:it|that)$"
)

# After a complaint that is put as a question: "who left the hall lit up, lights off".
_VERBLESS = re.compile(
    r"^(?:who|why|what|how)\b.*[,.;!?] ?"
    r"(?:\w+ )?(?:lights?|lamps?|heating|fan|tv|telly|radio|music) (?:on|off)(?: now| please)?$"
)
# A command without its verb, and a question beside it: "towel rail on, and tell me how warm it is".
_BESIDE = re.compile(
    r"^(?:(?!(?:is|are|was|were|be|left|kept|stays?|got|gets|came|comes|went|goes"
    r"|any|what|who|check|tell|see)\b)\w+ ){1,4}"
    r"(?:on|off),? (?:.{1,60} )?and (?:then )?(?:tell me|let me know|check|find out|look up|read out)\b"
)

_INTERROGATIVE = re.compile(
    r"^(?:is|isn'?t|are|am|was|were|do|does|did|can|could|would|will|might|should|have|has|had|what|how|why|who|which"
    r"|where|when|whose|what's|how's|who's)\b"
)
# What is allowed, wise or dangerous, what it costs, and what could go wrong.
_JUDGING = any_of(
    r"(?:is|isn'?t|was|would|wouldn'?t) it (?:be )?(?:(?:really|even|still|very|a|so|ever|that) ){0,3}(?:safe|unsafe"
    r"|dangerous|bad|wise|unwise|rude|unlucky|legal|illegal|normal|wasteful|expensive|mad|daft|silly|allowed|harmful"
    r"|against the|asking for trouble|fire risk|fire hazard|risk|hazard|sin|crime|good idea|bad idea|waste)\b",
    r"is it (?:okay|ok|all right|alright|fine) (?:to|if) .*\b(?:overnight|all (?:day|night)|24 hours|every single"
    r"|during"
    r"|while|in the (?:rain|cold|dark|middle)|with the|with kids|in this (?:heat|weather)|when (?:there'?s|it'?s"
    r"|nobody|you'?ve)|on a)\b.*",
    r"does (?:it|that) (?:do any|save|cost|waste|wear|damage|matter|make a difference|harm)",
    r"(?:what'?s the harm|do most people|do (?:people|burglars|you lot) |how many people|what language is"
    r"|what does it cost)",
    r"am i (?:allowed|insured|supposed|right)|are (?:we|people|you) allowed|is there a knack",
    r"(?:can|could|would|might) (?:(?:the|an?|my|our) \w+|any\w+|some\w+|kids|people) (?:\w+ )?(?:get (?:in|into"
    r"|through"
    r"|past|hurt|their|at|stuck)|climb|break|force|smash|hack|crawl|squeeze|pick)",
    r"what (?:happens|would happen|goes wrong|do (?:i|you|we) do|should (?:i|you) do|would you do) (?:if|when)",
    r"what (?:uses|burns|eats|costs) more",
    r"(?:would|will|might|could|may|does|did) (?!(?:some|any|every|no)thing\b|bring\b|king\b)\w+ing (?!you\b)\w+",
    r"(?:is|are) (?:that|the|this|my|our|those|these) (?:[\w']+ ){1,4}(?:one of|(?:the|a) (?:sort|kind|type)|able to"
    r"|capable of)\b",
    r"(?:d'?you|do you|did you) remember",
)
# Whether it could, would or might, of itself or for anybody.
_CAPABLE = any_of(
    r"(?:have you(?: got)?|do you have|do you possess|you got) (?:the (?:wherewithal|powers?|means|ability|skills?"
    r"|knack"
    r"|smarts|know ?how|brains)|what it takes)",
    r"(?:can|could) an? (?:thing|machine|box|robot|computer) like you|would you be (?:the )?(?:one|1) to",
    r"is it (?:with)?in your (?:powers?|gift|remit|reach|abilit\w+)|is (?:that|this|it) something (?:where )?you can"
    r"|is it possible to (?:have you run|control|operate)",
    r"(?:were|are) you (?:built|made|designed|programmed|trained|the (?:sort|kind|type) of \w+)",
    r"are you able to .*(?:on your own|by yourself)\b.*",
    r"(?:could|can) (?!i |we |you )[\w' ]{1,20} (?:make|get|trick) you(?: into| to)?",
    r"(?:would|could|might|will|do|are) you .*(?:without being asked|by mistake|through the window|if i (?:was|were"
    r"|whispered|paid|lost)|if you heard|if (?:an?|my ex|one of|the prime|some\w*|the telly) .{0,30}(?:asked|told"
    r"|said|ordered))\b.*",
    r"would you (?:even|know to)|might you accidentally",
    r"how (?:do|would|can|could|does) (?:one|people|somebody|someone|i|you|we) .*(?:by hand|at the wall"
    r"|without (?:talking"
    r"|an?)|if (?:i lose|you'?re broken|the)|when (?:the|you'?re)|in an emergency|from the inside|with a key)\b.*",
)


def asks(said: str) -> bool:
    """Whether it asks to be told something, or whether something can be done, and commands nothing beside."""
    asked = ANNOUNCING.sub("", said)
    if asked != said and CURIOUS.search(said) and _INTERROGATIVE.match(asked):
        return True
    said = asked
    commands = COMMAND_AFTER.search(said)
    wondered = _INTERROGATIVE.match(said) and (_JUDGING.match(said) or _CAPABLE.match(said))
    if wondered and not UP_TO_YOU.search(said) and not NEXT_SENTENCE.search(said, wondered.end()):
        return True
    if _ABILITY.search(said) and not commands:
        return True
    if commands or _DO_IT.search(said) or ENOUGH.search(said) or _VERBLESS.search(said) or _BESIDE.match(said):
        return False
    return (_QUESTION.search(said) is not None and not REQUEST.search(said)) or _WONDERING.search(said) is not None
