# SPDX-License-Identifier: Apache-2.0
"""Times in what people say: "in 10 minutes", "at half past 7", "tomorrow at 6 30 am", and what is left without them.

Read in code, for a model that is wrong about a number wakes somebody at the wrong hour. Numbers are digits already
(speech/numbers.py); a text may hold one time only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

_UNITS = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "day": 86400}
_UNITS_SAID = r"seconds?|secs?|minutes?|mins?|hours?|days?"
_UNIT = rf"(?:{_UNITS_SAID})"
_PART_MORE = r" and a (?:half|quarter)"
_AMOUNT = (
    rf"(?:(?:\d+(?:\.\d+)?|a|an|one) {_UNIT}(?:{_PART_MORE})?|(?:\d+|one){_PART_MORE} {_UNIT}|half an hour"
    r"|(?:a )?quarter of an hour)"
)
_SPAN = rf"{_AMOUNT}(?:(?: and|,)? {_AMOUNT})?"
_AFTER = re.compile(
    rf"\b(?:in|after|within) (?:about |around |roughly |another )?(?P<span>{_SPAN})(?: from now| time)?\b"
)
_FOR = re.compile(rf"\bfor (?P<span>{_SPAN})\b")
_FROM_NOW = re.compile(rf"\b(?P<span>{_SPAN}) from now\b")

_HALF = r"(?:a\.?m\.?|p\.?m\.?)(?!\w)"
_HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
"""After "half past" hours stay words."""
_CLOCK = (
    rf"(?:(?P<to>half past|(?:a )?quarter (?:past|to)|\d{{1,2}} (?:minutes )?(?:past|to)) "
    rf"(?P<to_hour>\d{{1,2}}|{'|'.join(_HOURS)})"
    r"|(?P<word>noon|midday|midnight)|(?P<hour>\d{1,2})(?:[: ](?P<minute>[0-5]\d))?(?: ?o'?clock)?)"
    rf"(?: ?(?P<half>{_HALF}))?(?! ?(?:%|percent|degrees?|kelvin|{_UNITS_SAID})\b)"
)
_DAY = r"(?P<day>tomorrow(?: (?:morning|afternoon|evening|night))?|tonight|today|this (?:morning|afternoon|evening))"
_PART = r"(?: in the (?P<part>morning|afternoon|evening)| at night)?"
_AFTERWARDS = _DAY.replace("day>", "after>")
_AT = re.compile(rf"\b(?:{_DAY} )?(?:at|(?P<alarm>for)) (?:about |around )?{_CLOCK}{_PART}(?: {_AFTERWARDS})?(?!\w)")


@dataclass(frozen=True)
class When:
    """A moment to come."""

    seconds: int
    """From now."""
    at: datetime | None = None
    """On the wall clock, where it was said so; then a clock that is set moves it."""
    bare: bool = False
    """Said by a number alone: "at 7" may be a time, or a level."""


def read(text: str, now: datetime, *, alarm: bool = False) -> tuple[str, When] | None:
    """The text without its time, and the time; None where it holds none, or more than one.

    A time of the clock without am or pm is the next one to come. Of an `alarm` it is in the morning from 4 to 11, and
    "for 7" and "for 20 minutes" are times too.
    """
    patterns = (_AFTER, _FROM_NOW, _AT, _FOR) if alarm else (_AFTER, _FROM_NOW, _AT)
    found = [match for pattern in patterns for match in pattern.finditer(text.casefold())]
    found = [match for match in found if alarm or not match.groupdict().get("alarm")]
    if len(found) != 1:
        return None
    match = found[0]
    when = _span(match["span"]) if match.re is not _AT else _moment(match, now, alarm)
    if when is None:
        return None
    rest = f"{text[: match.start()].rstrip(' ,.;')} {text[match.end() :].lstrip(' ,.;')}".strip()
    return rest, when


def _span(text: str) -> When | None:
    seconds = 0.0
    for part in re.findall(_AMOUNT, text):
        if "of an hour" in part or part == "half an hour":
            seconds += 900 if "quarter" in part else 1800
            continue
        number, *more = part.split(" ")
        size = next(_UNITS[word.rstrip("s")] for word in more if word.rstrip("s") in _UNITS)
        share = 0.5 if "half" in more else 0.25 if "quarter" in more else 0.0
        seconds += ((1 if number in ("a", "an", "one") else float(number)) + share) * size
    return When(round(seconds)) if 1 <= round(seconds) <= 366 * 86400 else None


def _moment(match: re.Match[str], now: datetime, morning: bool) -> When | None:
    day = match["day"] or match["after"] or ""
    part = match["part"] or next((p for p in ("morning", "afternoon", "evening", "night") if p in day), "")
    minute = int(match["minute"] or 0)
    if match["word"]:
        hour, fixed = (0 if match["word"] == "midnight" else 12), True
    elif match["to"]:
        said_hour = match["to_hour"]
        hour, fixed = 1 + _HOURS.index(said_hour) if said_hour in _HOURS else int(said_hour), False
        amount = 30 if "half" in match["to"] else 15 if "quarter" in match["to"] else int(match["to"].split()[0])
        minute = amount if "past" in match["to"] else 60 - amount
        if "past" not in match["to"]:
            hour -= 1
    else:
        hour, fixed = int(match["hour"]), False
    if hour == -1 or (match["to"] and hour == 0):
        hour += 12
    if hour > 23 or minute > 59 or (match["half"] and not 1 <= hour <= 12):
        return None
    if match["half"]:
        hour, fixed = hour % 12 + (12 if match["half"].startswith("p") else 0), True
    elif 1 <= hour <= 12 and not fixed and (part or (morning and 4 <= hour <= 11)):
        late = part in ("afternoon", "evening", "night") and not (part == "night" and hour in (12, 1, 2, 3))
        hour, fixed = hour % 12 + (12 if late else 0), True
    elif hour > 12 or hour == 0:
        fixed = True
    hours = [hour] if fixed else [hour % 12, hour % 12 + 12]
    first = now.date() + timedelta(days=1 if day.startswith("tomorrow") else 0)
    moments = [
        _local(datetime.combine(first + timedelta(days=extra), time(each, minute)), now)
        for extra in (0, 1)
        for each in hours
    ]
    if day.startswith("tomorrow") and not fixed:
        moments = moments[:1]  # "tomorrow at 7" is in the morning
    ahead = [moment for moment in moments if moment > now]
    if not ahead:
        return None
    said = [match["minute"], match["half"], match["word"], match["to"], day, part, "clock" in match[0]]
    return When(max(1, round((ahead[0] - now).total_seconds())), ahead[0], bare=not any(said))


def _local(moment: datetime, now: datetime) -> datetime:
    """A time on the wall in the zone of `now`: the machine's own, with its daylight saving, where it is that one."""
    if now.astimezone().utcoffset() == now.utcoffset():
        return moment.astimezone()
    return moment.replace(tzinfo=now.tzinfo)
