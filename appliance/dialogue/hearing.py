# SPDX-License-Identifier: Apache-2.0
"""Which of the wordings that a recognizer offers was said.

It wrote "Tell you off, homework time" for "telly off, homework time", and had that too, a little less likely: what
people say to this home it does not know. The language model does, which has read the home's names and many commands.
Each says how likely a wording is, and the sum of the logarithms decides (second-pass rescoring with a language model,
as in Chan et al., "Listen, Attend and Spell", 2016).
"""

from __future__ import annotations

from collections.abc import Sequence

from appliance.dialogue.exchange import MAX_TEXT
from appliance.speech.numbers import digits
from appliance.speech.recognizer import Hypothesis
from appliance.text import clean
from engines.language_model import ChatModel
from engines.nemotron_h.chat import Message, Tool

WEIGHT = 0.5
"""Of the language model's opinion. 260 spoken commands of the development set, right and wrong actions: without it 182
and 8; 0.3: 189 and 7; 0.5: 191 and 7; 0.7: 192 and 7. 400 that ask for nothing: 6 wrong actions with and without.
"""

MAX_SHORTER = 2
"""Letters that a wording may have less than the likeliest: a text that leaves out words ("open the garage" for "open
the garage when Tom's car pulls up") is likely for its being short, and means something else.
"""


def understood(
    offered: Sequence[Hypothesis], model: ChatModel, messages: Sequence[Message], tools: Sequence[Tool]
) -> str:
    """The text of `offered` (the recognizer's likeliest first) that was said after `messages`; the first where the
    model does not tell.
    """
    least = _letters(offered[0].text) - MAX_SHORTER
    whole = [each for each in offered if _letters(each.text) >= least]
    if len(whole) == 1:
        return whole[0].text
    said = model.likelihoods(messages, [clean(digits(each.text), MAX_TEXT) for each in whole], tools)
    return (likeliest(whole, said) if said else whole[0]).text


def likeliest(offered: Sequence[Hypothesis], said: Sequence[float]) -> Hypothesis:
    """The one of `offered` that was said, where `said` is how likely somebody says each: natural logarithms."""
    return max(zip(offered, said, strict=True), key=lambda pair: pair[0].log_probability + WEIGHT * pair[1])[0]


def _letters(text: str) -> int:
    return sum(map(str.isalnum, digits(text)))
