# SPDX-License-Identifier: Apache-2.0
"""Sentences that tell something instead of commanding: reported, past, given up, supposed."""

from __future__ import annotations

import re

from appliance.dialogue.phrases import (
    COMMAND_AFTER,
    COMMAND_FIRST,
    ENOUGH,
    IMPERATIVE,
    NEXT_SENTENCE,
    PARTICIPLE,
    PEOPLE,
    PERSON,
    REQUEST,
    STATE,
    SUBJECT,
    TELLER,
    UP_TO_YOU,
    any_of,
    one_of,
)

_SUPPOSING = any_of(
    "what (?:happens|would happen|will happen|if(?! we had| you had))",
    *(
        "(?<!i )suppose(?! (?:i|we) should)",
        "supposing",
        "imagine",
        "hypothetically",
        "in theory",
        "pretend",
        "thinking (?:of|about)",
    ),
    "would (?:it|that|you) (?:help|save|matter|cost|hurt|be (?:better|bad|ok|okay|wise|dangerous|daft))",
    r"picture it|for argument'?s sake|^say (?:we|i|someone|somebody|the|an?|my|our)",
    r"(?:what then|how would that go|would anything break|who'?d notice|would we be covered|what would it cost|would it"
    r" cost much|would any\w+ mind|is that (?:bad|cheaper|allowed)|make a difference|how would that work)(?: for it)?$",
    r"if i won|if we ever|if (?:it|i) were (?:my|up|you)|if (?:it|i) (?:were|was|had)|(?:toying|dreaming"
    r"|talking) (?:with the idea"
    r" )?(?:of|about) \w+ing",
    "would(?:'?ve| have) been (?:nice|lovely|good|great|handy|better|useful|cosy|warmer|easier|fun|wise|clever)",
    r"would you (?:obey|listen|fall for)|you wouldn'?t would you"
    r"|if an? \w+ (?:said|says|ordered|told|asked|whispered|shouted)",
    "would anyone notice|how bad would|picture this|what would the|mind if",
    rf"i wish (?!(?:the|my|our) .{{1,80}} (?:were|was|to be) {STATE}\b)(?:i|we|it|that|the)",
    rf"if {SUBJECT} (?:were|had|ever|asked|told|{PARTICIPLE})",
    r"i (?:might(?! as well)|may(?! as well)|could(?! (?:use|do with|faint|cry|scream|die|murder|eat|sleep|weep|kill))"
    r"|should|was going to"
    r"|am thinking|was thinking(?! (?:that )?you))",
    "i would (?:have|never|not)",
    "how do (?:i|you)(?! feel)",
    "remind me (?:how|why)",
    "let's say (?:i|we|you|he|she|they|someone|somebody)",
    "(?:you|we|i)'?d only have to",
    "thinking (?:out loud|aloud)",
    "(?:on or off|off or on|open or (?:closed|shut)|up or down),? dunno",
    "(?:pity|shame) (?:nobody|no ?one|you|he|she|they|i|we)",
    "(?:the )?last thing (?:i|we|anyone|anybody|he|she) (?:wants?|needs?)",
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
    r"(?<!off )(?<!on )(?:he|she|they|i|so it) (?:goes|go|was like|said to (?:him|her|them|me))|i was like|says to me"
    r"|i (?:told )+(?!you)(?:the )?\w+ (?:to|that|the)\b",
    r"in (?:my dream|the (?:film|story|paper|advert|book|movie|news|series|old days))|on the radio (?:they|somebody"
    r"|an?|this)"
    r"|on tv (?:they|somebody|an?|this)|it says|i (?:dreamt|dreamed)|as a kid|at work we|my old place",
    r"remember (?:when|the time|how i|that)|(?:that|the last|last) time (?:i|we|you)|when i said"
    r"|(?<!get )(?<!getting )used to",
    r"(?:sorry|annoyed|angry) (?:about|that|for)|(?:nice|good|kind) of you|thank(?:s"
    r"| you) for \w+ing (?=.*\b(?:yesterday"
    r"|earlier|last|this))",
    # A parrot's words, a child's, a letter's.
    rf"(?<!are )(?<!is )(?<!'s )(?<!'re )(?<!keep )(?<!am )(?<!'m )"
    rf"(?:yell|shout|scream|sing|squawk|chant|mutter|whisper)(?:s|ed|ing) (?:out |at \w+ )?['\"]?{IMPERATIVE}\b",
    r"(?:mimic|imitat|impersonat)\w*|(?:wrote|writes|written|e?mailed|scribbled|posted|texted) ['\"]",
    rf"\w+[:,.!?]? [\"\u201c](?:\w+,? )?(?:please )?{IMPERATIVE}\b",
    r"(?:it |this |that )?after me(?=[,:.!])|^repeat\b(?! (?:the|that|this|my|it) (?:song|track|album|one))",
    r"(?:learn|recite|rehears\w+|practi[sc]\w+) (?:this|the|my|a|our) (?:poem|part|lines?|speech|play|song|verse)",
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
    r"|hands|game|jacket|bag|dinner(?! (?:party|scene|mode|lights|music|thing)))",
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
    rf"{PERSON} (?:was|were) (?:just |only |still )?(?!wondering|hoping|thinking|meaning|going|saying)\w+ing",
    rf"(?:was|were|has been|have been|had been|got|been) {PARTICIPLE}",
    rf"(?<!get the )(?<!get my )(?<!have the )(?<!have my )(?<!make the ){PEOPLE}"
    r" (?:(?!asked|wanted|needed|need\b)\w+ed|put|shut)"
    r"|it was .{1,40} who",
    # Where a thing is from: "the curtains came from that shop that shut down".
    r"(?:the|my|our|this|that|those|these) (?:[\w']+ ){1,3}(?:(?:came|come|is|are|was|were) from|cost"
    r"|belong(?:s|ed)? to)",
)
# Words of experts and texts, of the family, in stories and on the air; told to others than the house.
_SOURCE = (
    r"(?:doctor|physio|midwife|vet|therapist|teacher|trainer|engineer|visitor|agent|landlord|painter|nurse|council|shop"
    r"|company|advice|instructions|manual|label|leaflet|guide ?book|book|magazine|horoscope|app|sign|note|recipe|paper"
    r"|advert|ad|song|jingle|film|radio|news|telly|tv|youtuber|announcer|poem|poster|play|actor|podcast|programme)"
)
_RETOLD = any_of(
    rf"(?:the|my|our|that|an?|this) (?:\w+ ){{0,3}}?{_SOURCE}(?: (?:in|from|on|at) the \w+| online)? (?:just "
    rf"|always |only )?"
    r"(?:says?|said|reckons?|thinks?|told|tells|goes|shouts?|shouted|advise[sd]|recommend(?:s|ed)?|suggest(?:s|ed)"
    r"|warns?"
    r"|wants|likes|keeps|kept|is forever)",
    r"(?:says|reckons|claims|insists|swears|was saying|saying"
    r"|(?:keeps?|kept) telling (?:everyone|everybody|people|us)|texted me|tells? me|telling me|is convinced"
    r"|has a theory|hinted|of the opinion) that",
    r"(?:says|said|thinks|reckons|suggested|advises|advised|warns|recommends|saying|says that|was on about how"
    r"|saying that)"
    r" (?:i|we|people|one|everyone|everybody|nobody) (?:should|ought|must|had better)",
    r"(?<!i )(?<!we )(?<!you )(?:wants?|wanted|would like|would have|asked|advised|tells|told|makes|made|like|likes"
    r"|expects)"
    r" (?:us|me|people|everyone|everybody|us all)(?: all)? to",
    r"(?<!i )(?<!we )(?<!i'm )(?<!we're )(?:is|are|was) dying to|fancies having|had the bright idea",
    # "I asked our Anna to …"
    r"(?:told|asked|begged|nagged|reminded|bribed|taught|paid) (?!you\b|for\b|if\b|me to ask|me to tell)(?:(?:my"
    r"|our|the"
    r"|poor|his|her|their|some|an?) )?[\w']+ to",
    r"(?:did|didn'?t) (?:\w+ ){1,4}?(?:ask|tell) (?!you to\b.*\bnow)\w+ to",
    r"(?:in|on) (?:the|my|this|that|our) (?:film|movie|play|book|story|song|poem|poster|video|programme|show|ad|advert"
    r"|podcast|soap|novel|manual|telly|radio|news),? (?:it|he|she|they|some|an?|the \w+|somebody|someone|there)",
    r"(?:writing a story|homework is|playing a game|next line in|crossword clue|password (?:is|was|used)"
    r"|quiz question|joke"
    r" starts) (?:\w+ ){0,6}",
    r"(?:there'?s|there is|there was|we'?ve|we had) an? (?:man|woman|bloke|fella|lad|guy|robot|girl) to",
    r"(?:at|in|on) (?:work|school|the \w+|my \w+'s|nan's) (?:we|you|they|i|somebody|someone) (?:have|has|had|used"
    r"|made us) ?(?:to)?",
    r"(?:wants? to know|(?:is|was|keeps?|kept) asking|wondered|asked me) (?:what|why|how|when|where|who|whether|if"
    r"|which)",
    r"(?:apparently|they say|i(?:'ve)? (?:heard|read)(?: \w+)?(?: that)?|according to \w+"
    r"|so i'?ve heard),? (?:you're meant|people"
    r"|in \w+|our neighbours|rich folk|astronauts|soldiers|everyone|everybody)",
    r"(?:i remember|i'?ll never forget|it was (?:hilarious|scary|funny|so funny)|i felt daft|a good laugh|mortified"
    r"|should"
    r" have seen it) (?:when|the time|that (?:day|time))",
    r"(?:hates|loves|can'?t stand|adores|denies|insists on|is forever|told off for|(?:was|is) in charge of|paid for"
    r"|in a mood"
    r" about|no good at|famous for|fuss about|dead against|talking about|talked about|apologised for|is debating"
    r"|row about|programme about|book about|dream about|lecture was about|poem about|first job was|not sure about"
    r"|fed up with|spent all (?:day|morning)|halfway through) (?!being\b)\w+ing",
    r"(?:i|we|he|she|they|somebody|mum|dad)(?:'ve|'s| have| has)?(?: already)? had to",
    r"(?:yesterday|last night|the other day) you (?:took|refused|managed|forgot)|(?:it was clever of"
    r"|surprised to see) you",
    r"step \d+ says|(?:turned|switched|put) .{1,40}? (?:at the wall|by hand)",
    # Behind a command it is a reason: "curtains half way, the cat likes to look out".
    r"^(?:[\w'-]+,? ){1,7}(?:likes|hates|loves) to",
    r"(?:i|we|he|she|they) did (?:the|my|our|it|that|a)\b.{0,60}?\b(?:myself|ourselves|himself|herself|themselves)",
    r"i'?m in (?:two|2) minds|couldn'?t decide whether|arguing about whether|lay awake wondering|fought over who",
    r"i'?d (?:have asked|normally ask|have told|usually ask)|usually i'?d have|i'?d have said|any other day i'?d",
)
_HEARD = re.compile(
    r"^(?:he|she|they|\w+|(?:the|my|our) \w+) (?:shouted|yelled|screamed),? |^(?:before|after"
    r"|instead of) \w+ing .*\b(?:people"
    r" go|we used to|i always have|you'd want to|my dad used)\b|^(?:clever|lovely|pretty|good old|nice|handy) thing,? "
    r"|"
    r"^(?:and |so )?(?:then|there i am and|out of nowhere)(?: and)? (?!you\b|i\b|we\b"
    r"|please\b)(?:[\w']+ ){1,5}?(?:goes|says"
    r"|shouts|pipes|turns round|yells|mutters|whispers)\b"
)
_TIME_PAST = one_of(
    _AGO,
    r"back in (?:the (?:day|\w+ies)|day|\w+)|over christmas|at christmas|in the (?:nineties|eighties|summer|old \w+)",
    r"when (?:we were|i was) (?!in bed|home)\w+|when (?:we moved in|gran was alive|we flew|we got in)|before the baby",
    r"during the (?:storm|heatwave|war|night)"
    r"|the (?:night|day|week) (?:before|the \w+ (?:came|\w+ed|burst)|it|we|that|i)"
    r"|the whole time",
    r"this time last \w+|last (?:spring|autumn|christmas|\w+day|weekend|january|march|july)|(?:all|right) through the"
    r"|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|when i got up",
    r"for (?:\d+|three|two) days straight|around lunchtime|after tea|an hour or so|for (?:a month|most of|the whole)",
)
_LONG_AGO = re.compile(
    r"^(?!.*\b(?:should|like(?! an? )|as|want(?:ed)?|need|please|could|same|so|forgot)\b)(?:(?!to\b|please\b|be\b"
    r"|get\b)[\w']+ ){1,6}?"
    r"(?:\w+ed|put|left|had|kept|bought|saw|sold|broke|shut|found|went|got|made|took|hung|set|gave|was|were) .{0,90}?"
    rf"{_TIME_PAST}|^(?:the day before |(?:\w+ ){{1,2}}(?=ago))?{_TIME_PAST},? (?:i|we|he|she|they|you|it|somebody"
    rf"|someone|the|one of|our|my|that)\b"
    r"|^(?:(?:that|it) was|it's) .{1,60}? (?:who|that|which) (?:\w+ed|put|shut|made|had)\b"
)
# What something is, cost or did, whose it is, who was there; how a story ends.
_REMARKED = any_of(
    r"costs? (?:me|us|him|her|an?|twice|more|a|\d+|too)|came (?:with the|from|in (?:\d+|three) boxes|as a|cheap|out of)"
    r"|took (?:ages|weeks|months|\d+ weeks|a month) to|(?:scared|woke|drove) (?:me|us|the|everyone)"
    r"|gave (?:me|us) a fright|on the blink|went bang|broke down|packed in|stopped working|fell off the|had us in"
    r"|paid (?:\d+|a hundred|300) (?:quid|pounds|dollars|euros)",
    r"(?:got|has|have|bought|sold me|broke|chose|wants|laughed at) (?:the same as|something like|one (?:just )?like"
    r"|the twin of|an? \w+ (?:one than|off of)|a knock off|the (?:very )?same thing)",
    r"(?:'s one|next door's|his|hers|the one at work) (?:is|isn'?t|cost|looks) .{0,30}(?:than|as|like)",
    r"(?:prefers|is jealous of|goes on about|gave us|sold us|picked out|wants to (?:buy|paint))",
    r"(?:i|we) (?:don'?t recall|forget|can'?t remember|could remember|never found out"
    r"|was trying to work out) (?:when|who|how"
    r"|where|why|what|if we bought)|(?:recall|found out|work out|could) (?:who|what shop|how much|where we)",
    r"(?<!i )came (?:round |over )?(?:and \w+ed|to (?:see|fix|look)|about)|'?(?:ve"
    r"|s) been (?:in )?and \w+",
    r"(?:'s|has|have|i|we|he|she) already (?:\w+ed|put|shut|been|seen|done)|getting the locks changed",
    r"(?:i could'?ve sworn|i was (?:sure|convinced)|for a (?:moment|second) i thought|i thought for a (?:second"
    r"|moment))",
    r"(?<!i )(?<!we )always (?:has|have|leaves?|keeps?)|always had|hardly ever had|never once left",
    r"my (?:cousin|uncle|aunt|mate|sister|brother|friend) in \w+ (?:keeps|sleeps|leaves|never|has)|it'?s my job to",
    r"remember how (?:you|my|the|we|he|she)|(?:good job|well done for|well done) \w+ing|locked up,? went out"
    r"|had my tea",
    r"(?:power|electric\w*|internet|wifi|signal|street lights) (?:was|went|came|has been|kept)",
    rf"(?:and|,) (?:{PARTICIPLE}|read|made|nodded|went|had) .{{0,40}}(?:lovely|like a log|job done|all fine|nodded off"
    r"|my day done)",
    r"(?:i|we|he|she|they|husband|wife|kids|tom|dad|mum)(?:'ll|'s going to|'m going to|'re going to|'d rather|'d better"
    r"|'m about to| will| shall| can| (?:is|are|am) (?:going|about) to| would rather| ought to be| will be)"
    r" (?!be (?:home|in|out|back|there|here)\b).{1,90}?\b(?:myself|ourselves|himself|herself|themselves|by hand|on foot"
    r"|on (?:my|our) own|with (?:my|our|the) (?:own|key|\w+ hands)|old fashioned way|without your help|at the wall"
    r"|when i get up)",
    r"(?:so i'?m told|so i hear|or so i hear|so (?:she|he|they) says?|i gather|if you believe it|i'?m not bothered"
    r"|we'?ll see"
    r"|but i said no|i said maybe)$|(?:wants|likes?|fancies|prefers|is after|hoping to have) .{1,60} apparently$",
    r"(?:can you believe it|isn'?t that (?:mad|something|odd)|so there you go|would you credit it|made me laugh"
    r"|that was a"
    r" laugh|what a palaver|another story|not that it matters|don'?t ask me why|go figure|long story|had to be there"
    r"|honest to god|what do i know|would you believe|who knew|funny old world|what can you do)(?: it)?$",
    # What is off, on or open and no device.
    r"(?:milk|cream|fish|chicken|yoghurt|yogurt|ham|meat|butter|cheese) (?:is|smells|has gone|tastes|went) off",
    r"(?:match|game|fight|cricket|quiz|soap|film|concert|wedding|party|picnic|deal|meeting) (?:(?:is|was"
    r"|will be)(?: back)?"
    r" (?:on|off)\b|was called off)",
    r"(?:i|we|he|she|they)(?:'m|'re|'s) off (?!.*\b(?:so|off|on)\b)(?:to (?:work|school|spain|the \w+|see|football"
    r"|bingo)|his|her|sick|on"
    r" holiday|sugar|the)",
    r"(?:heat|weather|music|noise|light|lighting) (?:was|were|got) (?!out\b|cut\b|turned|left)\w+",
)
_GIVEN_UP = any_of(
    r"i (?:nearly|almost|just nearly|meant to|thought (?:of|about)|considered|had half a mind|was (?:\w+ )?(?:going"
    r"|about to"
    r"|tempted|this close|all set to|ready to|on the point of))(?! to fall| fall)",
    r"i(?:'ve| have)? decided not",
)


def supposes(said: str) -> bool:
    """Whether it plays with a thought."""
    return _SUPPOSING.search(said) is not None and not NEXT_SENTENCE.search(said) and not UP_TO_YOU.search(said)


# What nobody but a person has: "put your shoes on".
_YOURS = re.compile(r"\bput your (?:shoes|coat|toys|hands|jacket|socks|hat|boots|pyjamas)\b")

# The words of a song or a book: "turn the lights down low, I think it's called".
_TITLED = re.compile(r"\b(?:it'?s|it is|it was|that'?s|is what it'?s) called$|\bhow (?:it|the song|that song) goes$")


def tells(said: str, *, done: bool = True) -> bool:
    """Whether it tells of what others said, of what was nearly asked for, or, where that counts, of what was done."""
    if _YOURS.match(said) or _TITLED.search(said):
        return True
    if UP_TO_YOU.search(said):
        return False
    if _HEARD.match(said):
        return True
    if report := _REPORTING.search(said) or _RETOLD.search(said):
        # "He said turn it on, funny" and "He said, turn it on": a command must follow on something that was said.
        after = NEXT_SENTENCE.search(said, report.end())
        commands = COMMAND_FIRST.search(said) and not said.startswith("stop ")
        return not commands and (after is None or said.count(" ", report.end(), after.start()) < 2)
    if COMMAND_FIRST.search(said) or REQUEST.search(said):
        return False
    if _GIVEN_UP.search(said):
        return NEXT_SENTENCE.search(said) is None
    past = _LONG_AGO.search(said) or _REMARKED.search(said)
    if done:
        past = past or _DONE.search(said) or _PAST.search(said)
    return past is not None and not COMMAND_AFTER.search(said) and not ENOUGH.search(said)
