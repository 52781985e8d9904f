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
and 8; 0.1: 187 and 8; 0.2: 187 and 7; 0.3: 188 and 6; 0.5: 190 and 6; 1: 191 and 6. Wrong actions on 400 spoken
sentences that ask for nothing, a beam of 10 instead of 5: 6; 8, 8, 7, 7, 7.
"""


def understood(
    offered: Sequence[Hypothesis], model: ChatModel, messages: Sequence[Message], tools: Sequence[Tool]
) -> str:
    """The text of `offered` (the recognizer's likeliest first) that was said after `messages`; the first where the
    model does not tell.
    """
    if len(offered) == 1:
        return offered[0].text
    said = model.likelihoods(messages, [clean(digits(each.text), MAX_TEXT) for each in offered], tools)
    return (likeliest(offered, said) if said else offered[0]).text


def likeliest(offered: Sequence[Hypothesis], said: Sequence[float]) -> Hypothesis:
    """The one of `offered` that was said, where `said` is how likely somebody says each: natural logarithms."""
    return max(zip(offered, said, strict=True), key=lambda pair: pair[0].log_probability + WEIGHT * pair[1])[0]
