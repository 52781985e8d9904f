# SPDX-License-Identifier: Apache-2.0
"""Figures as the English words that a person would say: amounts, times of the day, dates, ranges, fractions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from num2words import num2words

from appliance.speech.units import BARE_SYMBOL, SYMBOL, unit_name

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LONGEST_CARDINAL = 12
"""Digits in a row; more of them are a serial number and are said one by one."""

_MONTH_NAMES = "January February March April May June July August September October November December"
_MONTHS = _MONTH_NAMES.split()
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)}|(?:{'|'.join(month[:3] for month in _MONTHS)}|Sept)\b\.?)"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[0-9]{4})"
_HALF = r" ?(?P<half>[AaPp](?:[Mm]\b|\.[Mm]\b(?:\.(?!\s+[A-Z]|\s*$))?))"  # the last dot may end the sentence
_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?"
_CURRENCIES = {"$": ("dollar", "cent", "cents"), "€": ("euro", "cent", "cents"), "£": ("pound", "penny", "pence")}
_DENOMINATORS = {2: ("half", "halves"), 4: ("quarter", "quarters")}


def say_figures(text: str) -> str:
    """Replace every ASCII digit and what belongs to it by words. The text is in Unicode's NFKC form."""
    for pattern, words in _COMPILED:
        text = pattern.sub(words, text)
    return text


def cardinal(figures: str) -> str:
    """A number in words: 20.5 is "twenty point five", 1,200 "one thousand two hundred", 007 "zero zero seven"."""
    whole, _, decimals = figures.replace(",", "").partition(".")
    if len(whole) > _LONGEST_CARDINAL or (len(whole) > 1 and whole.startswith("0")):
        words = _one_by_one(whole)
    else:
        words = num2words(int(whole)).replace(",", "")
    return f"{words} point {_one_by_one(decimals)}" if decimals.strip("0") else words


def ordinal(number: int) -> str:
    """21 -> "twenty-first"."""
    return str(num2words(number, to="ordinal")).replace(",", "")


def clock(hour: int, minute: int, half: str = "") -> str:
    """7, 5 -> "seven oh five"; 19, 0 -> "nineteen hundred"; 7, 30, "PM" -> "seven thirty PM"."""
    if half:
        minutes = f" {_minutes(minute)}" if minute else ""
        return f"{cardinal(str(hour))}{minutes} {half}"
    if hour == 0:
        return clock(12, minute, "AM") if minute else "midnight"
    if minute:
        return f"{cardinal(str(hour))} {_minutes(minute)}"
    return cardinal(str(hour)) + (" hundred" if hour > 12 else " o'clock")


def date(month: int, day: int, year: int | None) -> str:
    """3, 14, 2026 -> "March fourteenth, twenty twenty-six"."""
    return f"{_MONTHS[month - 1]} {ordinal(day)}" + (f", {_year(year)}" if year is not None else "")


def _one_by_one(digits: str) -> str:
    return " ".join(_DIGITS[int(digit)] for digit in digits)


def _minutes(minute: int) -> str:
    return f"oh {_DIGITS[minute]}" if minute < 10 else cardinal(str(minute))


def _year(year: int) -> str:
    return str(num2words(year, to="year"))


def _say_date(match: re.Match[str]) -> str:
    found = match.groupdict()
    name = found["month"]
    month = int(name) if name.isdigit() else [m[:3] for m in _MONTHS].index(name[:3]) + 1
    day, year = int(found["day"]), int(found["year"]) if found["year"] else None
    if name.isdigit() and month > 12 >= day and "/" in match[0]:
        month, day = day, month  # written the British way
    return date(month, day, year) if 1 <= month <= 12 and 1 <= day <= 31 else match[0]


def _say_clock(match: re.Match[str]) -> str:
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    half = re.sub(r"\W", "", match["half"] or "").upper()
    if minute > 59 or second > 59 or hour > (12 if half else 23):
        return match[0]
    seconds = f" and {cardinal(str(second))} {unit_name('s', second == 1)}" if second else ""
    return clock(hour, minute, half) + seconds


def _say_hour(match: re.Match[str]) -> str:
    hour = int(match["hour"])
    return clock(hour, 0, match["half"][0].upper() + "M") if 1 <= hour <= 12 else match[0]


def _say_money(match: re.Match[str]) -> str:
    name, one_small, many_small = _CURRENCIES[match["sign"] or match["sign_after"]]
    whole, _, rest = match["amount"].partition(".")
    if len(rest) != 2 or rest == "00":
        return f"{cardinal(match['amount'])} {name if _is_one(match['amount']) else name + 's'}"
    small = f"{cardinal(str(int(rest)))} {one_small if rest == '01' else many_small}"
    return small if whole == "0" else f"{cardinal(whole)} {name if whole == '1' else name + 's'} and {small}"


def _say_fraction(match: re.Match[str]) -> str:
    above, below = match["above"], match["below"]
    if len(above) > 2 or len(below) > 2 or not 1 <= int(above) < int(below):
        return f"{cardinal(above)} out of {cardinal(below)}"
    one, more = _DENOMINATORS.get(int(below), (ordinal(int(below)), f"{ordinal(int(below))}s"))
    return f"{cardinal(above)} {one if int(above) == 1 else more}"


def _say_amount(match: re.Match[str]) -> str:
    return f"{cardinal(match['amount'])} {unit_name(match['unit'], _is_one(match['amount']))} "


def _is_one(amount: str) -> bool:
    return amount.partition(".")[0] == "1" and not amount.partition(".")[2].strip("0")


_Words: TypeAlias = Callable[[re.Match[str]], str]

# In this order: a rule sees what those before it left.
_RULES: tuple[tuple[str, str | _Words], ...] = (
    (r"(?<=[0-9])T(?=[0-9]{2}:[0-9]{2})", " at "),
    (rf"(?<![\w-]){_YEAR}-(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}})(?![\w-])", _say_date),
    (rf"(?<![\w/])(?P<month>[0-9]{{1,2}})/(?P<day>[0-9]{{1,2}})/{_YEAR}(?![\w/])", _say_date),
    (rf"\b{_MONTH} {_DAY}\b(?!:)(?:,? {_YEAR}\b(?!:))?", _say_date),
    (rf"(?<![\w.,:-]){_DAY} (?:of )?{_MONTH}(?:,? {_YEAR}\b(?!:))?", _say_date),
    (r"(?:(?<=[0-9%°])|(?<=°[CF]))(?:[-–—]| [-–—] )(?=[-−]?[0-9])", " to "),
    (
        rf"(?<![\w:.])(?P<hour>[0-9]{{1,2}}):(?P<minute>[0-9]{{2}})(?::(?P<second>[0-9]{{2}}))?(?![\w:])(?:{_HALF})?",
        _say_clock,
    ),
    (r"(?<![\w:.])(?P<hour>[0-9]{1,2})" + _HALF, _say_hour),
    (rf"(?<=[$€£])/({SYMBOL})(?!\w)", lambda match: f" per {unit_name(match[1], one=True)}"),
    (rf"(?:(?P<sign>[$€£]) ?(?P<amount>{_NUMBER}))(?P<sign_after>)", _say_money),
    (rf"(?P<sign>)(?P<amount>{_NUMBER}) ?(?P<sign_after>[$€£])", _say_money),
    (r"(?<![\w./])(?P<above>[0-9]+)[/⁄](?P<below>[0-9]+)(?![\w/⁄])", _say_fraction),
    (r"(?<![\w.])[0-9]+(?:\.[0-9]+){2,}(?![\w])", lambda match: " point ".join(map(cardinal, match[0].split(".")))),
    (r"(?<=[0-9])-(?=[A-Za-z])|(?<=[A-Za-z])-(?=[0-9])", " "),  # 5-minute, lamp-3
    (r"(?<=[0-9]):(?=[0-9])", " to "),  # a ratio or a score
    (r"(?<=[0-9])\s*[*×x]\s*(?=[0-9])", " times "),
    (r"(?<![\w.,)])(?:-|− ?)(?=\.?[0-9])", "minus "),
    (r"(?<![\w.,)])\+ ?(?=\.?[0-9])", "plus "),
    (r"(?<![\w.,])\.(?=[0-9])", "0."),
    (rf"(?P<amount>{_NUMBER}) ?(?P<unit>{SYMBOL}(?![A-Za-z])|%)", _say_amount),
    (BARE_SYMBOL, lambda match: f" {unit_name(match[0], one=False)} "),
    (r"\b([0-9]{1,12})(?:st|nd|rd|th)\b", lambda match: ordinal(int(match[1]))),
    (r"(?i)(?<=\b(?:in|of) )(?:19|20)[0-9]{2}\b(?![.,]?[0-9]| [a-z]+s\b)", lambda match: _year(int(match[0]))),
    (r"#(?=[0-9])", "number "),
    (_NUMBER, lambda match: f" {cardinal(match[0])} "),
)
_COMPILED = [(re.compile(pattern), words) for pattern, words in _RULES]
