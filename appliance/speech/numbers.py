# SPDX-License-Identifier: Apache-2.0
"""What a recognizer wrote to one canonical command text: "twenty-one degrees", "21°" and "21 degrees" become the last.

One recognizer writes "25%", another "twenty-five percent", and the same one writes both. The language model was
trained on one form and copies numbers from the text into its calls, so the form is decided here, in code.
"""

from __future__ import annotations

import re

_TO_NINETEEN = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
_FROM_TWENTY = "twenty thirty forty fifty sixty seventy eighty ninety"

_SMALL = {word: value for value, word in enumerate(_TO_NINETEEN.split())} | {"nought": 0}
_UNITS = {word: value for word, value in _SMALL.items() if value < 10}
_TENS = {word: 20 + 10 * place for place, word in enumerate(_FROM_TWENTY.split())}
_VALUES = _SMALL | _TENS

_MEASURE = (
    r"(?:seconds?|minutes?|hours?|days?|weeks?|secs?|mins?|hrs?|degrees?|percent|per\s+cent|kelvins?"
    r"|watts?|met(?:er|re)s?|steps?|levels?)\b"
)


def _any(words: dict[str, int]) -> str:
    return "(?a:" + "|".join(words) + ")"  # ASCII: "\u017fix" (long s) is not six


# The grammar of cardinals up to 99,999 and of spoken decimals. \s also holds line breaks and no-break spaces.
_JOIN = r"(?:-|\s+)"
_TO_99 = rf"(?:{_any(_TENS)}(?:{_JOIN}(?!zero|nought){_any(_UNITS)}\b)?|{_any(_SMALL)})"
_AND = rf"(?:\s+and\s+|{_JOIN})"
_HUNDREDS = rf"(?:(?:a|{_TO_99}){_JOIN}hundred(?:{_AND}{_TO_99}\b)?)"
_WHOLE = (
    rf"(?:(?:a|{_HUNDREDS}|{_TO_99}){_JOIN}(?a:thousand)(?:{_AND}(?:{_HUNDREDS}|{_TO_99})\b)?|{_HUNDREDS}|{_TO_99})"
)
_ORDINAL = (
    r"(?:(?:first|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|[a-z]+teenth|eleventh|twelfth|[a-z]+tieth|hundredth)s?"
    r"|second\s+of)"
)
_NUMBER = re.compile(
    rf"(?<![\w'’.-])(?P<whole>{_WHOLE})(?:\s+point(?P<decimals>(?:\s+{_any(_UNITS)}\b)+))?\b"
    # Captured only to be left alone: "twenty-first", "two thirds", "one-way", "one's".
    rf"(?P<other>{_AND}{_ORDINAL}\b|-(?!{_MEASURE})\w+|['’]\w+|\.\w+)?",
    re.IGNORECASE,
)

# "one" stands for a thing, not for an amount: "the other one", "this one", "the big red one", "one of the lights".
# Something with an amount between ("set the fan to one") ends the reach of the determiner.
_POINTED_AT = re.compile(
    r"\b(?:the|this|that|these|those|other|another|which|each|every|any|no|some|my|your|a)"
    r"(?:\s+(?!(?:to|at|by|for|from|number|speed|level|volume|channel|is|and|or)\b)[\w.%°'’-]*[\w%°]){0,2}\s+$",
    re.IGNORECASE,
)
_PRONOUN_TAIL = re.compile(r"\s+(?:of|another|more|moment)\b", re.IGNORECASE)
_THEN_MEASURE = re.compile(rf"\s*-?\s*{_MEASURE}", re.IGNORECASE)
_REACH = 80  # characters looked at on either side; keeps a long text linear
# Times of the clock that are told in words stay in words.
_CLOCK = re.compile(r"\b(?:half|quarter)\s+(?:past|to|after|before)\s+$", re.IGNORECASE)

_FIGURE = r"(?<![\w.,:/-])([-−]?[0-9]+(?:\.[0-9]+)?)"
_SYMBOLS: tuple[tuple[re.Pattern[str], str], ...] = (
    # "Nineteen and a half" is a level; of times the home model knows the words.
    (
        re.compile(
            r"\b([1-3]\d) and (?:a )?half\b"
            r"(?!\s*-?\s*(?:hour|minute|min|second|sec|day|week|month|year|time|metre|meter)s?\b)"
        ),
        r"\1.5",
    ),
    (re.compile(r"(?<![\w.,:/-])([0-9]{1,3}),([0-9]{3})(?!,|[^\W_kK])"), r"\1\2"),  # 2,700 kelvin
    (re.compile(r"(?<![\w.,:/'’-])(?<![0-9]\s)(?:minus\s+|−)(?=[0-9])", re.IGNORECASE), "-"),
    (re.compile(rf"{_FIGURE}\s*%(?=\w)"), r"\1 percent "),
    (re.compile(rf"{_FIGURE}\s*(?:%|per\s+cent\b)", re.IGNORECASE), r"\1 percent"),
    (re.compile(rf"{_FIGURE}\s*(?:[°º]\s*C\b|℃)", re.IGNORECASE), r"\1 degrees Celsius"),
    (re.compile(rf"{_FIGURE}\s*(?:[°º]\s*F\b|℉)", re.IGNORECASE), r"\1 degrees Fahrenheit"),
    (re.compile(rf"{_FIGURE}\s*[°º]\s*degrees?\b", re.IGNORECASE), r"\1 degrees"),
    (re.compile(rf"{_FIGURE}\s*[°º](?!\w)"), r"\1 degrees"),
    (re.compile(rf"{_FIGURE}\s*K\b"), r"\1 kelvin"),
    (re.compile(rf"{_FIGURE}-(?={_MEASURE})", re.IGNORECASE), r"\1 "),  # 5-minute
)


def digits(text: str) -> str:
    """Write amounts in digits and their units in words; leave every other word, letter case and punctuation alone.

    "twenty-five percent" -> "25 percent", "20.5°C" -> "20.5 degrees Celsius", "a five-minute timer" ->
    "a 5 minute timer", "minus five" -> "-5", "2,700K" -> "2700 kelvin". Ordinals ("first floor"), fractions ("two
    thirds"), "one" for a thing ("the other one"), "half past seven" and "an hour" stay words. Applying it again
    changes nothing; it never raises.
    """
    while True:  # ends: a pass only ever takes number words and symbols away
        before = text
        text = _NUMBER.sub(_figures, text)
        for pattern, written in _SYMBOLS:
            text = pattern.sub(written, text)
        if text == before:
            return text


def _figures(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - _REACH) : match.start()]
    after = match.string[match.end() : match.end() + _REACH]
    if match["other"] or _CLOCK.search(before) or (match[0].lower() == "one" and _is_thing(before, after)):
        return match[0]
    decimals = re.findall(r"\w+", match["decimals"] or "")
    fraction = "." + "".join(str(_UNITS[word.lower()]) for word in decimals) if decimals else ""
    return f"{_value(match['whole'])}{fraction}"


def _is_thing(before: str, after: str) -> bool:
    if _THEN_MEASURE.match(after):
        return False
    return bool(_POINTED_AT.search(before) or _PRONOUN_TAIL.match(after))


def _value(words: str) -> int:
    total = group = 0
    for word in re.findall(r"\w+", words.lower()):
        if word == "thousand":
            total, group = group * 1000, 0
        elif word == "hundred":
            group *= 100
        elif word == "a":
            group = 1
        elif word != "and":
            group += _VALUES[word]
    return total + group
