# SPDX-License-Identifier: Apache-2.0
"""Orders for later: alarms, reminders, and commands that are put off. Read in code, as their times are.

wake me at 7 - remind me in 20 minutes to turn the roast - turn off the heating in 2 hours - cancel my alarm
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from appliance.dialogue.announcements import read_announcement
from appliance.dialogue.when import When, read
from appliance.home.timers import TimerKind

Kind = Literal["alarm", "reminder", "command", "cancel", "status", "quiet", "snooze"]

_PLEASE = (
    r"(?:(?:hey|ok|okay|please|can you|could you|would you|will you|i want you to|i'd like you to|i need you to) )*"
)
_TO = r"(?: (?:to|that|about|of) )"
_REMIND = re.compile(
    rf"^{_PLEASE}(?:remind (?:me|us)|(?:set|make|add|create) (?:a|the|another) reminder)(?P<what>\b.*)$"
)
_ALARM = re.compile(
    rf"^{_PLEASE}(?:wake (?:me|us)(?: up)?|(?:set|make|add|create|start) (?:an|the|my|another) (?:wake ?up )?alarm"
    r"(?: clock)?|(?:an )?alarm)(?: for(?: me)?)?(?: please)?$"
)
_WAKING = re.compile(r"\bwake (?:me|us)\b|\bwake ?up\b|\balarm\b")
_OURS = r"(?:alarms?|reminders?|wake ?up calls?|delayed (?:commands?|orders?))"
_CANCEL = re.compile(
    rf"^{_PLEASE}(?:cancel|delete|remove|clear|forget) (?:(?:the|my|our|all|every|that|of) )*{_OURS}(?: please)?$"
)
_STATUS = re.compile(
    rf"^{_PLEASE}(?:(?:what|which) {_OURS} (?:do (?:i|we) have|are (?:set|there))"
    rf"|(?:when|what) (?:is|are) (?:the|my|our) (?:next )?{_OURS}(?: set(?: for)?)?"
    rf"|(?:do (?:i|we) have|are there|is there) (?:any|an|a) {_OURS}(?: set)?"
    rf"|(?:list|show|tell) (?:me )?(?:the|my|our|all) {_OURS})(?: please)?$"
)
_STOPPING = (
    r"(?:stop|enough|quiet|silence|be quiet|shut up|okay|ok|thanks|thank you|dismiss|got it|yes|alright|cancel|off"
    r"|i'?m (?:up|awake))"
)
_IT = r"(?:it|that|the (?:alarm|timer|reminder))"
_QUIET = re.compile(
    rf"^{_PLEASE}(?:{_STOPPING}(?: (?:{_IT}|my|alarm|timer|reminder|ringing|you|now|please|thanks|thank|already)\b)*"
    rf"|(?:turn|switch) (?:off {_IT}|{_IT} off))(?: please| now| thanks)?$"
)
_SNOOZE = re.compile(
    rf"^{_PLEASE}(?:snooze|(?:\d+|five|ten) more minutes)(?: (?:it|please|for (?P<minutes>\d+) minutes))*$"
)
_SWITCHES = re.compile(rf"^{_PLEASE}(?:(?:turn|switch) .*\b(?:on|off)\b|(?:open|close|shut|lock|unlock|start|stop)\b)")
_TELL_ME = re.compile(
    r"\b(?:give|send) (?:me|us) an? (?:\w+ )?(?:shout|nudge|ping|buzz|beep|bell|call|yell|holler|poke|prod|alert"
    r"|warning|heads up)\b"
    r"|\b(?:shout|nudge|ping|buzz|beep|bleep|alert|holler|poke|prod|tell|warn|yell)(?: at)? (?:me|us)\b"
    r"|\blet (?:me|us) know\b"
)
"""To be told so when it is time is a timer, which the model sets."""
_STATE = "(?:on|off|open|closed|shut|locked|unlocked|running|playing|going)"
_IMPERATIVE = (
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
_COMMAND = rf"{_LEAD}(?:{_DELEGATING}|{_IMPERATIVE}\b|please\b)"
_SPANS = r"(?:a|an|half an|\d+|one|two|three|five|ten|fifteen|twenty|thirty)"
_WITHOUT_DEED = (
    rf"(?:(?!(?:{_STATE}|home|back|in|out|away|here|coming|leaving|arriving|having|keeping|turning|switching)\b)"
    r"[\w']+ ){1,5}"
)
_THIS_DAY = "(?:tomorrow|tonight|this (?:evening|afternoon))"
_COMING = re.compile(
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
    rf"|^(?!{_COMMAND})(?:(?!(?:{_STATE}|{_IMPERATIVE})\b)[\w']+ ){{1,4}}in (?:about )?{_SPANS}"
    " (?:minutes?|mins?|hours?)"
    rf"(?=(?: and [^,.;]{{1,60}})?[,.;] ?(?:so |(?:please |just )*(?:{_IMPERATIVE}|do|have) )+(?!it\b|them\b))"
)
"""When somebody will be there, and what today is like, is a reason to do it now: "warm it up, I'll be home in ten
minutes".
"""
_DUE = re.compile(
    r"\b(?:till|until) it(?:'s| is)(?: just| only| about| at)* (?=\d)"
    r"|(?<!if )\b(?:coming|comes|here|arriving|arrives|due|gets here|expected|landing|(?:rolls?|rolling|shows?|showing"
    r"|turns|turning) up|starts|kicks off|begins)(?: over| round| home| for \w+)? (?:in|within) (?:about |like )?"
    rf"{_SPANS} (?:seconds?|minutes?|mins?|hours?|moment|bit)\b"
    r"|\b(?:early|late|long|big|busy) (?:start|night|day|shift|one|morning|meeting|flight) (?:tomorrow|tonight)\b"
)
"""What is soon to happen, and how far something is to go: no time for the command beside it."""
SNOOZE_S = 540


@dataclass(frozen=True)
class Order:
    """What is to be done later, or with what was ordered before."""

    kind: Kind
    text: str = ""
    """Of a command: the sentence without its time; of a reminder: what to be reminded of."""
    when: When | None = None
    about: TimerKind = "timer"
    """Which of those that wait."""


def read_order(text: str, now: datetime, *, ringing: bool = False) -> Order | None:
    """The order in a text, None where it holds none; `ringing`: something rings, and "stop" means that.

    A command that is put off to what is no time ("when I am home", "every day") is none: nothing here can wait for it.
    """
    said = " ".join(re.sub(r"[,.!?]+(?=\s|$)", " ", text.casefold().replace("\u2019", "'")).split())
    if ringing and _SNOOZE.match(said):
        minutes = re.search(r"\d+", said)
        return Order("snooze", when=When(60 * int(minutes[0]) if minutes and 0 < int(minutes[0]) < 60 else SNOOZE_S))
    if ringing and _QUIET.match(said):
        return Order("quiet")
    kinds: tuple[tuple[Kind, re.Pattern[str]], ...] = (("cancel", _CANCEL), ("status", _STATUS))
    for kind, pattern in kinds:
        if match := pattern.match(said):
            about: TimerKind = "reminder" if "reminder" in match[0] else "alarm"
            return Order(kind, about="command" if "delayed" in match[0] else about)
    found = read(" ".join(text.split()).strip(" .!?"), now, alarm=bool(_WAKING.search(said)))
    if found is None:
        return None
    rest, when = found
    bare = " ".join(rest.casefold().replace("\u2019", "'").split())
    if _ALARM.match(bare):
        return Order("alarm", when=when, about="alarm")
    if remind := _REMIND.match(bare):
        what = re.sub(rf"^{_TO}|^ ", "", rest[len(rest) - len(remind["what"]) :]).strip(" ,.")
        return Order("reminder", what, when, "reminder")
    if re.search(r"\b(?:timer|countdown|every|each|daily|weekly)\b", bare) or not bare:
        return None
    if _TELL_ME.search(bare) and not _SWITCHES.match(bare) and not re.search(rf"\bto {_IMPERATIVE}\b", bare):
        return None
    whole = " ".join(text.casefold().replace("\u2019", "'").split())
    if read(_COMING.sub(" ", _DUE.sub(" ", whole)), now) is None:
        return None  # "guests are coming in 10 minutes, vacuum": why, and not when
    announced = read_announcement(text)
    if announced is not None and read(announced.message, now) is not None:
        return None  # "tell everyone we leave in 10 minutes"
    if when.bare and not _SWITCHES.match(bare):
        return None  # "set the heating at 20" is no time
    return Order("command", rest, when, "command")
