# SPDX-License-Identifier: Apache-2.0
"""English as it is put to a machine: how words are matched, who can be spoken of, and what a command looks like.

What is polite looks much like what is forbidden ("would you mind not", "would you mind"), asked or put off ("if it's no
bother"): it is taken out of a sentence before the sentence is judged.
"""

from __future__ import annotations

import re


def one_of(*phrases: str) -> str:
    """Any of these as whole words; each is a regular expression."""
    return rf"\b(?:{'|'.join(phrases)})\b"


def any_of(*phrases: str) -> re.Pattern[str]:
    """The compiled `one_of`."""
    return re.compile(one_of(*phrases))


PERSON = (
    r"(?:i|we|he|she|they|you|it|somebody|someone|nobody|everybody|everyone|mom|mum|dad|gran|grandma|grandpa|grandad)"
)
SUBJECT = rf"(?:{PERSON}|(?:my|our|the) \w+)"
TELLER = rf"(?:{PERSON}|(?:my|our|the|an?|some|this|his|her) \w+)"
PEOPLE = (
    "(?:neighbou?rs?|kids?|child|children|boys?|girls?|wife|husband|sons?|daughter|brother|sister|mother|father"
    "|uncle|aunt"
    "|cousin|cleaner|babysitter|plumber|electrician|landlord|boss|friends?|colleague|guests?|flatmate|roommate"
    "|teacher|guy"
    "|man|woman|cat|dog|postman|teenagers?|last one out)"
)
FILLERS = re.compile(r"\b(?:um+|uhm|uh|hm+|er|erm)\b,? ?|\b([a-z']+) (?=\1\b)")
"""What a person says between words, and words said twice."""
PARTICIPLE = (
    "(?:turned|switched|opened|closed|shut|locked|unlocked|started|stopped|dimmed|raised|lowered|paused|played|bolted)"
)
STATE = "(?:on|off|open|closed|shut|locked|unlocked|running|playing|going)"
IMPERATIVE = (
    "(?:turn|switch|set|open|close|shut|lock|unlock|start|stop|dim|brighten|raise|lower|pause|play|put|make|add|kill"
    "|mute"
    "|unmute|skip|resume|run|send|activate|deactivate|enable|disable|power|crank|bring|change|toggle|increase|decrease"
    "|give|get|fire|cancel|flip|flick|click|pull|push|draw|cut|pop|bolt|light|move|drop|roll|undo|secure|warm|cool"
    "|(?:stick|bung|chuck|whack|shove|nudge|dial|bump|boost)(?= (?:the|my|our|it|them|that|this|those|on|off|a|some|up"
    "|down|us|me)\\b)|hush|shush|silence|continue"
    "|(?:speak|wake) up|carry on(?! as)|pipe down)"
)
_DELEGATING = (
    r"(?:(?:can|could|would|will) you"
    r" (?!believe|imagine|credit|say\b|think|reckon|listen|obey|fall for)\w|you do (?:it|that)"
    "|do (?:it|that)(?! by hand| myself)|take care of (?:it|that)|see to (?:it|that)|be an? |mind and )"
)
_LEAD = r"(?:(?:so|and|now|then|please|just|okay|right|well|also|go|ahead|oh) )*"
_COMMAND = rf"{_LEAD}(?:{_DELEGATING}|{IMPERATIVE}\b|please\b)"

COMMAND_FIRST = re.compile(rf"^{_COMMAND}")
NEXT_SENTENCE = re.compile(rf"(?:[,.;:!?]|\b(?:so|but)\b) *(?:but )?{_COMMAND}")
"""A command behind a comma or a full stop."""
COMMAND_AFTER = re.compile(
    rf"(?:[,.;:!?]|\b(?:so|and|now|then|but)\b) *(?:but )?{_COMMAND}"
    # "Why is it on at all shut it off": a recognizer hears no comma.
    rf"|(?<!to )(?<!how )(?<!ou )"
    rf"(?<!\bi )(?<!we )(?<!ey )(?<!he )(?<!ot )(?<!'t )\b{IMPERATIVE} (?:(?:back|off|on|up|down"
    rf"|out) )?(?:it|them|those)\b"
)
"""A command that follows on something else."""

ENOUGH = re.compile(r"[,.;!?] ?(?:that'?s |right,? |okay,? )?enough(?: of (?:it|that|this))?(?: already| now)?$")
"""Said after what is complained of: "who's left the fan on, that's enough"."""

ADDRESS = re.compile(
    r"^(?:(?:(?:hey there|hi|hey|computer|alright|all right|well|oh"
    r"|say(?! (?:the|an?|my|our|we|i|some\w+)\b)"
    r"|okay|ok|excuse me|quick question|please|so"
    r"|like|wait"
    r"|right then|righto|oi|psst|ahem|look here|listen here|anyway|basically|honestly|to be honest|besides)\b"
    r"|(?:no|stop),|no (?=who|dad|mum|not|my)"
    r"|stop (?=i[ ']|we'|he |she |we |they |sorry|an? |no|don't|just |how ))[,.]? *)+"
)
"""What is said before a sentence, and means nothing for it."""
ANNOUNCING = re.compile(
    r"^(?:(?:before you do anything|(?:just |i'?m )?(?:wondering|curious|asking)"
    r"|(?:quick|honest|silly|stupid|daft) question|out of interest"
    r"|i'?ve always wondered|tell me something|here'?s one for you|sorry but|hang on|this might sound daft but"
    r"|(?:one|1) for the experts?|settle something for us|no rush but|genuinely|asking for a friend"
    r"|for future reference"
    r"|i read something about this|i'?m a bit worried|you'?d know this|i'?m new to this|the kids want to know"
    r"|my friend wants to know|just so i know"
    r"|here'?s (?:1|one) for you)\b(?:[,.:]| (?=is|are|am|do|does|did|can|could|would|will|might|what|how|why|who"
    r"|which|have|has))[, ]*)+"
)
"""What announces a question: "out of interest, how do you …"."""
CURIOUS = re.compile(
    r"\b(?:out of interest|always wondered|settle something|for the experts?|asking for a friend|future reference"
    r"|the kids want to know|friend wants to know|just so i know|just asking|honest question|before you do anything)\b"
)
"""Announced so, a question is asked for its answer alone."""
_MODAL = "(?:can|could|would|will|may|might|shall)"
_STANDS = r"(?:'s|'re|'m| is| are| am)"
_DO_IT = rf"(?:(?:so|please|just|now|then|can you|could you) )*(?:do (?:it|that)|{IMPERATIVE}|let (?=the|an?|some))\b"
REQUEST = re.compile(
    # A name or a pet name may come first: "love, could you …".
    r"^(?:(?!who|whom|what|when|where|why|how|which|if|do|did|does|is|are|was|said|says|told)[\w']+,? ){0,3}?(?:"
    rf"{_MODAL} (?:you|i|we|someone|somebody|anyone|anybody|one|1)\b|"
    + "|".join(
        (
            r"would (?:it|there) be (?:possible|any (?:chance|way))|would it (?:trouble|kill|bother) you",
            r"is (?:it possible|there (?:any|a) (?:way|chance|possibility)|it possible that)",
            r"is it too much (?:trouble|bother|hassle|to ask)|isn'?t it (?:about |high )?time",
            r"any (?:chance|hope|way|prospect|objections?)\b|what are the (?:odds|chances)|how hard would it be",
            (
                r"what i'm (?:trying|saying|asking)|do you (?:mind|feel like|reckon (?:you|we)|think you (?:can|could"
                r"|would|might))|d'you reckon you"
            ),
            r"(?:how'?s?|what) about|how do you feel about|what do you say|what say you",
            r"what would you say to|what if (?:we|i|you) had|what are you waiting for",
            (
                r"why don'?t (?:you|we)|why not|(?:can?|could|would|wo)n?'?t you|are you able|are you (?:going to"
                r"|gonna)|is it (?:okay|ok|all right) (?:if|to)|what does an? \w+ have to"
            ),
            (
                r"(?:what|all) (?:i|we|this \w+|the \w+)(?:'d|'m| would| am)? (?:really )?"
                r"(?:needs?|wants?|like|after)\b|have (?!you|i|we|they|he|she|it)\w"
            ),
            (
                r"i(?:'d| would) (?:sooner|rather|prefer|like|love|appreciate)|it(?:'s| is) (?:about "
                r"|high )?time (?:someone|somebody|we|you)"
            ),
            (
                r"can (?:the|it) [\w' ]{0,50}?(?:be|come|go|get)\b|do the [\w' ]{1,50}(?:scene|routine|mode|script"
                r"|thing"
                r"|bit|steps|sequence|program\w*)\b"
            ),
            r"(?:i )?(?:was |am |'m )?(?:wonder|wondering) (?:if|whether) you|i was (?:thinking|hoping) (?:that )?you",
            r"(?:do you )?fancy \w+ing",
        )
    )
    + ")"
)
"""A question or a thought that asks for something to be done."""

WISH = re.compile(
    r"\b(?:i(?:'d| would) (?:be \w+|\w+ it)|much obliged) if\b"
    r"|\bit(?:'d| would) be (?:much |so |a lot |far |really )?(?:better|safer|nicer|nice|good|great|lovely|kind|handy"
    r"|helpful|grand|warmer|cosier|quieter) if (?=you\b|somebody\b|someone\b)"
    # "If somebody killed the lights, the baby would settle", but not "..., what would it cost".
    rf"|^if (?:somebody|someone|you) (?=(?:{PARTICIPLE}|put|killed|cut|got)\b)"
    r"(?!.{1,200}\b(?:what|how|would (?:it|that|you|we|any\w+)|is (?:it|that))\b)"
)
"""What is wished for follows, in the past tense: "I'd be glad if the lamp were off"."""

CHECKED = re.compile(
    r"\b(?:is|are) [^.;?]{1,60}? ?\b(?:(locked)|(closed|shut)|(off)|(on))[?,. ]{1,2}(?:and |but |well )?"
    r"if (?:(?:it|they|that)(?:'s not| is not| isn'?t|'re not| are not| aren'?t| ain'?t)|not),? ?"
    r"(?:then |please |just )*"
    r"(?=(?(1)(?:lock|bolt) |(?(2)(?:close|shut) |(?:turn|switch|put) ))(?:it|them|that)\b(?(3) off)(?(4) on))"
)
"""A question whose answer makes no difference: "is it locked, if it isn't, lock it"."""

POLITE = any_of(
    r"i don'?t suppose (?:you(?:'d| would| could| can)?|there'?s any chance(?: of)?)(?: mind)?",
    r"(?:don'?t|do not|never) (?:forget|hesitate|fail|let (?:me|us) forget(?= to\b))",
    r"why (?:don'?t|do not) (?:you|we)",
    "why not",
    r"(?:can?|could|would|wo)n?'?t you",
    r"(?:wouldn'?t|would not) (?:hurt to|say no to|object to|mind|you like to|it be \w+)",
    r"if you (?:don'?t|do not|wouldn'?t|would not) mind",
    r"don'?t you think",
    r"(?:didn'?t|did) i (?:not )?(?:ask|tell)(?: you)?|have i not (?:asked|told)(?: you)?",
    # Manners, on no condition and at no later time.
    r"if you(?:'d| would) (?:be|kindly be) (?:so|very|really) \w+"
    r"|if (?:you (?:can|could|would|please|like|want|have|get|find|ask me)|you'(?:d|re|ve) (?:be|got|ready|able)?)",
    r"if (?:it'?s|it is|it isn'?t|that'?s) (?:no|not too much|too much|okay|ok|all the same to you|all right|possible)"
    r"(?: (?:bother|trouble))?|if possible",
    r"no bother",
    r"when(?:ever)? (?:you(?:'ve| have) an? (?:free )?(?:sec|second|mo|moment|minute|min|chance|hand)"
    r"|you(?:'ve|'re)? (?:can|could|get|have|are|find|feel|got|ready)|it'?s? (?:is )?(?:convenient"
    r"|suits))",
    r"whenever you'?re ready|as soon as (?:you(?:'ve| have)?(?: can)?|possible)|when you'(?:re|ve) (?:ready|got|done)",
    r"(?:once|when|after) (?:you(?:'ve| have)|that'?s) done|when nobody|for (?:one|1) day(?=$|,)|for no reason"
    r"|not forgetting",
    # Going to happen, or feared: why it is to be done now.
    r"(?<!hour )(?<!hours )(?<!minutes )(?<!while )before (?:i|we|you|it)(?:'m)? (?:forget|go|leave|lose|head|rains)\b",
    r"before the guests (?:get here|arrive|come)",
    # To forestall what is about to happen; "before the kids wake up" and "just before the film" are times.
    r"(?<!just )(?<!right )(?<!shortly )(?<!bit )(?<!hour )(?<!hours )(?<!minutes )(?<!minute )(?<!while )(?<!day )"
    r"before (?=(?:it|they|he|she|someone|somebody|everyone|everybody|(?:the|our|my|any|some|all the|more) \w+) \w+)"
    r"(?!(?:[\w']+ ){1,6}?(?:home|back|up|wakes?|awake|alarm|starts?|begins?|sunrise|sunset|dawn|dusk|dark|morning"
    r"|evening|night|bed\w*|work|school|end|ends|goes|leaves?|arrives?|\d+)\b)",
    r"before (?:i|we) (?:melt|freeze|roast|boil|fall|trip|die|drown|burn|choke|suffocate|scream|break|miss|drop)\b",
    # The hour as a reason.
    r"it'?s (?:\w+ )?(?:past|gone|nearly|almost|about|after) (?:noon|midnight|dawn|dusk|sunset|sunrise|bedtime|\d+)",
    r"would (?:you|any(?:one|body)) (?:very much |awfully |terribly )?mind"
    r" (?:very much |awfully |terribly |at all )?if",
    # Not heard: a reason, and no report.
    r"(?:missed|(?:can'?t|cannot|couldn'?t|could not|didn'?t|barely|hardly) (?:quite )?(?:hear|heard|catch|caught|get"
    r"|got|follow|make out|understand))(?: a word)?(?: of)? what (?:the |my |our |that )?[\w']+ (?:just )?(?:said|says?"
    r"|is saying|was saying|are saying)",
    # "What a day": no question.
    r"^(?:oh |well |and )?what an? (?:[\w']+ ){0,4}?[\w']+(?=[,.!;:])",
    # "I was wondering if the light maybe a bit more": a wish without its verb.
    r"(?:i was |i'm |i am )?(?:just )?wondering (?:if|whether) (?=(?:maybe |perhaps )?(?:the|my|our|this|that|we|it)\b"
    r"(?=.{1,100}\b(?:maybe|perhaps|just|please|a (?:wee |little |tiny |tad )*(?:bit|tad|touch))\b)"
    r"(?!.{1,100}(?:\b(?:is|are|was|were|has|have|had|does|do|did|will|would|can|could|should|might|got|gets?|runs?"
    r"|works?|stays?|left)\b"
    r"|'s\b)))",
    # Why it cannot be done oneself, and what it is for.
    r"(?:i|we) (?:can'?t|cannot) (?:be (?:bothered|arsed)|get|reach|sleep|see(?! (?:the )?point)|find)",
    r"i (?:don'?t|do not) want to get up",
    rf"so (?:that )?(?!you\b){SUBJECT} (?:don'?t|do not|doesn'?t|can'?t|cannot|won'?t|need ?n'?t)(?: have to)?"
    r"(?: forget(?: about)?(?: (?:it|them|that))?)?",
    r"(?:in case|or|cos|because) (?:i|we|he|she|they)(?:'ll| will| might)? (?:only )?forgets?(?: about)?(?: (?:it|them"
    r"|that))?",
    # What is so, or was left undone, is why the command that follows is given.
    rf"(?:it|that|this|there|he|she|they|i|we){_STANDS} not "
    r"(?!(?:to|allowed|going to|saying|asking|telling|an?|the|my|our|that|this)\b)\w+(?! (?:to|for|about|of)\b)"
    rf"(?=[^.;]{{0,80}}[,.;] ?{_DO_IT})",
    rf"(?:didn'?t|haven'?t|hasn'?t)(?=[,.;] ?{_DO_IT})",
    r"(?:didn'?t|did not|wasn'?t|hasn'?t) (?:he|she|they|it)(?=[,.;?!])",
    r"not to (?:hurry|rush|nag|bother|be \w+)(?: you)?,? but\b",
    rf"(?:i|we) (?:don'?t|can'?t|cannot|do not) see why\b(?=[^.;]{{0,80}}[,.;] ?{_DO_IT})|(?:i'm|we're) not made of",
    r"(?:don'?t|do not) (?:think me|(?:mean|want|like) to (?:be|sound|ask|bother|trouble))(?: \w+){0,2},? but\b",
    # What somebody does not like is a reason: "arm it, I don't like the look of that van".
    r"(?<=, )(?:i|we|he|she|they) (?:don'?t|do not|doesn'?t) (?:like|trust)"
    r" (?=(?:the|that|those|his|her|my|this|being)\b)"
    rf"(?!.{{1,80}}\b{STATE}\b)",
    rf"didn'?t (?:bother|remember|manage|get round|have time|think)(?: to)?\b(?=[^.;]{{0,60}}[,.;] ?{_DO_IT})",
    # A habit, with what follows from it: "I sleep better when it's cool, so …".
    rf"(?:better|best|worse|(?:like|love|hate|prefer) it|(?:can'?t|cannot|can never) \w+"
    rf"|(?:he|she|baby|(?:the|my|our) \w+) \w+s) (?:when|if) "
    rf"(?:it|the \w+|there)(?:'s| is)(?=[^.;]{{1,40}}?(?:,? so (?:\d|{_DO_IT})|[,.;] ?{_DO_IT}))",
    r"(?:i|we) (?:don'?t|do not) want any(?:one|body|thing) \w+ing",
    r"(?:i|we) (?:don'?t|do not) need (?!to|you)(?=.{1,60}\b(?:any ?more|any longer)\b)",
    r"i (?:don'?t|do not) (?:mean|have to get up)|(?:i|we) (?:don'?t|do not) have (?:my|the|an?|any)|^mind if (?:we"
    r"|i)|we'?re not (?!going|asking|telling)\w+ing|do without|for nobody|did nobody",
    r"(?:have|got|'ve) no use for|(?<!would be )(?<!'d be )(?:silly|pointless|foolish|daft) to (?:have|keep|leave)"
    r"|(?:he|she|they) never \w+|or not",
    r"what if (?:i|we|you) had|what if we (?=(?:turn|make|set|give|try|get|bring|have|dim|go) )"
    r"|(?<!wish )you wouldn'?t(?: happen to)?|^nobody's \w+",
    r"(?:there'?s|there is|it'?s)? ?no (?:sense|point|need|reason|use) (?:in|of|for)? ?(?:having|keeping|leaving"
    r"|(?:lighting|warming|cooling|running|powering)(?: up)?"
    r"|wasting|burning|heating)",
    r"no need for the (?=.{1,80}\b(?:turn|switch|shut|put) (?:it|them|both|that|those)\b)",
    rf"^not [^,]{{1,60}}, (?={IMPERATIVE} (?!it|them))|think i (?:could|might)"
    rf"|never mind [^,]{{0,40}}, (?={IMPERATIVE}|\d)|be an? (?!good idea|shame|bad)\w+ and",
    r"last but not least|leave (?:you|us) in peace|eat in peace|can'?t you$",
    # What it is like, how long it is to last, and who is about to come: no other time and no condition.
    r"(?:same as|just like|like|as on) (?:every|each|any other) (?:night|day|evening|morning|time|week)",
    r"(?<!wait )(?<!yet )(?<!now )(?:till|until) (?:i (?:say|tell you)(?: so| stop| when| otherwise)?|further notice)$",
    r"(?:till|until) it(?:'s| is)(?: just| only| about| at)* (?=\d)",
    r"(?<!if )(?:coming|comes|here|arriving|arrives|due|gets here|expected|landing|(?:rolls?|rolling|shows?|showing"
    r"|turns|turning) up|starts|kicks off|begins)(?: over| round| home| for \w+)? (?:in|within) (?:about |like )?"
    r"(?:a|an|half an|\d+|one|two|three|five|ten|fifteen|twenty|thirty) (?:seconds?|minutes?|mins?|hours?|moment|bit)",
    r"(?:early|late|long|big|busy) (?:start|night|day|shift|one|morning|meeting|flight) (?:tomorrow|tonight)",
    r"(?:i'm|we're|he's|she's|they're) in the (?:bath|shower) in a (?:minute|moment|bit)",
    r"(?:won'?t be needing|(?:isn'?t|aren'?t|not|no longer) needed)(?= .{0,60}tonight$| tonight$| tonight,)",
    rf"tonight,? (?=(?:please |just |so )*{IMPERATIVE} (?:it|them)\b)",
    r"i (?:don'?t|do not) care (?:which|what|how)|don'?t make (?:me|us)|(?:i|we) never (?=(?:switched|turned|shut"
    r"|closed|locked)\b)",
    r"(?:(?:can'?t|cannot) (?:settle|work|sleep|relax|eat|read|start)|out of luck) (?:until|till|unless)",
    r"(?:i|we) (?:don'?t|do not) need (?:it|them|that)$",
    r"^not (?:all the way|out completely|completely|quite so \w+|fully|so \w+)(?: off| out| open| shut| closed)?"
    r"(?=[,.]| and\b| in\b)",
    # One after the other: "once you open the blind, dim the lamp next".
    rf"^(?:once|when|after) you (?={IMPERATIVE}\b.{{1,200}}\b(?:next|too|as well|after that)$)",
    # How it is to be as a rule, and so now: "when we leave every blind must be shut, do it".
    rf"^(?:when|once|before|whenever) (?=.{{1,120}}\b(?:should|ought to|must|needs? to|has to|have to) be {STATE},? "
    rf"(?:so |please |just |now )*(?:do it|{IMPERATIVE} (?:it|them))\b)",
    rf"^(?:i|we) (?:always|usually|normally) have .{{1,80}} when (?=.{{1,40}},? so {IMPERATIVE} (?:it|them)\b)",
)
"""Words that forbid, suppose or put off only by their looks."""

_SPANS = r"(?:a|an|half an|\d+|one|two|three|five|ten|fifteen|twenty|thirty)"
_WITHOUT_DEED = (
    rf"(?:(?!(?:{STATE}|home|back|in|out|away|here|coming|leaving|arriving|having|keeping|turning|switching)\b)"
    r"[\w']+ ){1,5}"
)
_THIS_DAY = "(?:tomorrow|tonight|this (?:evening|afternoon))"
COMING = re.compile(
    rf"\b(?:i|we|he|she|they)(?:'ll be|'m|'re|'s| will be| shall be| am| are| is)"
    rf" (?:up|home|back|there|down|here|over|done"
    r"|in bed|off|out|coming(?: up| over| down| home| round)?|leaving|ready) "
    rf"(?:in a (?:bit|while|moment|minute|sec|mo)|(?:in|within) (?:about )?{_SPANS} (?:seconds?|minutes?))\b"
    r"|\b(?:i|we|he|she|they|it|[a-z]+)(?:'s|'m|'re|'ve| is| are| am| has| have) (?:[\w']+ ){1,5}tomorrow\b(?=[,.;])"
    # "It's so close this evening, give us some air", "turn it up, it's cold tonight".
    rf"|^(?:i|we|he|she|they|it|there)(?:'s|'m|'re|'ve| is| are| am| has| have) {_WITHOUT_DEED}{_THIS_DAY}(?=[,.;])"
    rf"|(?:[,.;]| because| cos| as| since) (?:i|we|he|she|they|it|there)(?:'s|'m|'re|'ve| is| are| am| has| have) "
    rf"{_WITHOUT_DEED}{_THIS_DAY}$"
    # What is about to happen: "video call in 2 minutes, put the desk lamp on".
    rf"|^(?!{_COMMAND})(?:(?!(?:{STATE}|{IMPERATIVE})\b)[\w']+ ){{1,4}}in (?:about )?{_SPANS} (?:minutes?|mins?|hours?)"
    rf"(?=(?: and [^,.;]{{1,60}})?[,.;] ?(?:so |please |just )*{IMPERATIVE} (?!it\b|them\b))"
)
"""When somebody will be there, and what today is like, is a reason to do it now: "warm it up, I'll be home in ten
minutes".
"""

UP_TO_YOU = re.compile(
    r"\b(?:do|see to) (?:it|that) for (?:me|us|them|him|her)\b"
    r"|\byou do it\b|\bdo that\b|\b(?:could|can|would|will) you (?:do|take"
    r"|see to|handle)\b"
    r"|(?:[,.;:!?]|\b(?:so|but)) *(?:could|can|would|will) you"
    r" (?!believe|imagine|credit|say\b|think|reckon|listen|obey|fall for)\w"
    r"|\bbut .{1,60}\b(?:could|can) you$"
)
"""It is left to the house: "do it for me", "could you see to that"."""
