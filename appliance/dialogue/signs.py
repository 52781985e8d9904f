# SPDX-License-Identifier: Apache-2.0
"""Signs that a sentence may command nothing: a question mark, somebody's words, a fault.

`mood.py` refuses what it is sure of; of these there are as many that command, so they are a reason to ask.
"""

from __future__ import annotations

import re

from appliance.dialogue.phrases import ADDRESS, COMMAND_FIRST, NEXT_SENTENCE, REQUEST, any_of

_TAG = re.compile(
    r"\b(?:shall we|please|thanks|ta|yeah|yes|okay|ok|right|do you mind|if you don't mind|eh|then|love|alright|hey"
    r"|all right|(?:would|will|could|can|won't|couldn't|can't) (?:you|ya|ye)(?: (?:please|now|do that|help))?)$"
)
_WISHED = re.compile(
    r"\b(?:can|could|may) (?:we|i) (?:please )?(?:have|get)\b|\b(?:can|could|would|will) (?:you|someone|somebody)\b"
    r"|\bthinking\b"
)
# A title may hold any words.
_PLAYS = re.compile(r"(?:(?:please|hey|okay|can you|could you|will you|would you) )*(?:play|put on|listen to) ")
_OPINION = any_of(
    *("either", "ever", "rather", "what if", "or only", "or is", "or are", "nicer", "in your opinion", "mean"),
    *("who", "whose"),
)
_WORDS_OF_OTHERS = re.compile(
    r"(?<!\bi )(?<!\bi just )(?<!\bi already )(?<!\bi've )\b(?:said|says|told (?:me|us|him|her|them|everyone)|shouted"
    r"|shouts|yelled|yells|muttered|mutters?|whispered|overheard|quoted?|sang|singing|written|wrote"
    r"|all i (?:ever )?hear|what did \w+(?: just)? say|(?:s?he|they) go(?:es)?"
    r"|that'?s what (?:i|we|s?he|they|you) (?:did|do|always))\b"
    r"|\badvert\b.*\b(?:going|saying|telling)\b"
)
_TO_BE_FOLLOWED = re.compile(
    r"\b(?:so|please|go on|do it|will you|would you|can you|could you|i have to)\b"
    r"|\b(?:care|what) (?:\w+ ){1,4}?(?:says?|said)\b"
    r"|^(?:(?:my|our|the|his|her) )?[\w']+ (?:says?|said) (?:to|you)\b"
)
_DOES_NOT_WORK = re.compile(
    r"\b(?:won'?t|will not|doesn'?t|does not|don'?t|isn'?t|wouldn'?t|can'?t|never) (?:even )?"
    r"(?:switch|turn|com(?:e|ing)|go(?:ing)?|open(?:ing)?|clos(?:e|ing)|start(?:ing)?|work(?:ing)?|respond\w*|connect\w*"
    r"|charg(?:e|ing))(?: (?:on|off|up|down))?(?= ?(?:$|[,.;!?]| (?:and|any more|properly|again|at all|for)\b))"
)


def may_command_nothing(text: str) -> bool:
    """Whether a sentence ends as a question does, tells somebody's words, or complains of a fault, and says nothing
    that makes a command of it.
    """
    said = " ".join(text.lower().replace("\u2019", "'").split())
    if _PLAYS.match(said):
        return False
    return _ends_as_a_question(said) or _reports(said) or _complains_of_a_fault(said)


def _ends_as_a_question(said: str) -> bool:
    """So does "she wants the lights on by day?", but not "the lights, please?"."""
    if not said.endswith("?"):
        return False
    said = ADDRESS.sub("", said).rstrip(" ?.!")
    commands = (COMMAND_FIRST, REQUEST, NEXT_SENTENCE, _TAG, _WISHED)
    return _OPINION.search(said) is not None or not any(each.search(said) for each in commands)


def _reports(said: str) -> bool:
    return _WORDS_OF_OTHERS.search(said) is not None and _TO_BE_FOLLOWED.search(said) is None


def _complains_of_a_fault(said: str) -> bool:
    """As "the washing machine won't switch on" does, with no word on what to do about it."""
    commands = NEXT_SENTENCE.search(said) or COMMAND_FIRST.search(said)
    return _DOES_NOT_WORK.search(said) is not None and commands is None
