# SPDX-License-Identifier: Apache-2.0
"""The timer tools: from what was said to the timer that is meant, and from a timer to a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from appliance.home.errors import Ambiguous, CannotDo, NotFound, ToolInputError
from appliance.home.naming import likeness, listing, words
from appliance.home.places import LIKENESS_AT_LEAST, find_place
from appliance.home.registry import Registry
from appliance.home.states import place
from appliance.home.timers import Timer, TimerKind, Timers
from appliance.home.tools import ToolCall

TIMER_TOOLS = frozenset(
    (
        *("HassStartTimer", "HassCancelTimer", "HassCancelAllTimers", "HassPauseTimer", "HassUnpauseTimer"),
        *("HassIncreaseTimer", "HassDecreaseTimer", "HassTimerStatus"),
    )
)
TIMERS_AT_MOST = 100
"""Nobody has more; what calls without end must not fill the memory and the file."""


def run_timer_tool(timers: Timers, registry: Registry, call: ToolCall, context_area: str | None) -> str:
    """Carry out one of TIMER_TOOLS and say what is true now; raises HomeError, and then no timer was touched."""
    told = _run(timers, registry, call, context_area)
    return told[0].upper() + told[1:]


def _run(timers: Timers, registry: Registry, call: ToolCall, context_area: str | None) -> str:
    if call.name == "HassStartTimer":
        return _start(timers, call.arguments, context_area)
    if call.name == "HassCancelAllTimers":
        return _cancel_all(timers)
    if call.name == "HassTimerStatus" and not call.arguments:
        return _status(_of_kind(timers, "timer"))
    timer = _meant(timers, registry, call, context_area)
    if call.name == "HassTimerStatus":
        return _status([timer])
    if call.name == "HassCancelTimer":
        timers.cancel(timer.id)
        return f"{_called(timer)} is canceled"
    if call.name == "HassPauseTimer":
        return f"{_called(timer)} is paused with {duration(timers.pause(timer.id).remaining_s)} left"
    if call.name == "HassUnpauseTimer":
        return f"{_called(timer)} goes on with {duration(timers.resume(timer.id).remaining_s)} left"
    return _lengthen(timers, timer, call)


def timer_in_words(timers: Timers, registry: Registry, call: ToolCall, context_area: str | None) -> str:
    """What a call would do, and to which timer, as it is asked about; raises HomeError where it would do nothing."""
    span = duration(_span(call.arguments))
    if call.name == "HassStartTimer":
        name = call.arguments.get("name")
        return f"set {f'the {name}' if name else 'a'} timer for {span}"
    if call.name == "HassCancelAllTimers":
        running = _of_kind(timers, "timer")
        if not running:
            raise NotFound("There is no timer")
        return f"cancel {listing([_called(timer) for timer in running])}"
    timer = _called(_meant(timers, registry, call, context_area))
    return {
        "HassCancelTimer": f"cancel {timer}",
        "HassPauseTimer": f"pause {timer}",
        "HassUnpauseTimer": f"go on with {timer}",
        "HassIncreaseTimer": f"add {span} to {timer}",
        "HassDecreaseTimer": f"take {span} off {timer}",
    }[call.name]


def _meant(timers: Timers, registry: Registry, call: ToolCall, context_area: str | None) -> Timer:
    area = find_place(registry, call.arguments.get("area"), None, context_area).area
    return _find(_of_kind(timers, "timer") or _of_kind(timers, "command"), call, area, context_area)


def ring_text(timer: Timer) -> str:
    """Return what is said when a timer has run out, one sentence."""
    minutes_ago = int(timer.late_s // 60)
    if timer.kind == "reminder":
        late = f" That was {duration(minutes_ago * 60)} ago." if minutes_ago else ""
        return f"I remind you: {timer.text.rstrip('.!?')}.{late}"
    if timer.kind == "alarm":
        return (
            f"Your alarm was {duration(minutes_ago * 60)} ago." if minutes_ago else f"It is {at_time(timer)}. Wake up!"
        )
    if minutes_ago:
        return f"Your{_called(timer)[3:]} ran out {duration(minutes_ago * 60)} ago."
    return f"{f'The {timer.name}' if timer.name else 'A'} timer is done."


def at_time(timer: Timer) -> str:
    """The time of the day that something was set for, as it is said; else the span."""
    if timer.due_utc is None:
        return f"{duration(timer.started_with_s)} later"
    due = datetime.fromtimestamp(timer.due_utc).astimezone()
    return clock_time(due)


def clock_time(moment: datetime) -> str:
    """Return a time of the day as it is said: "7:05 PM"."""
    return f"{moment.hour % 12 or 12}:{moment.minute:02} {'AM' if moment.hour < 12 else 'PM'}"


def duration(seconds: float) -> str:
    """Return a span as it is said: "1 hour, 15 minutes and 30 seconds"; a begun second counts as a whole one."""
    whole = math.ceil(seconds)
    parts = {"hour": whole // 3600, "minute": whole % 3600 // 60, "second": whole % 60}
    told = [f"{count} {unit}{'' if count == 1 else 's'}" for unit, count in parts.items() if count]
    return listing(told) or "0 seconds"


def _span(slots: Mapping[str, Any], prefix: str = "") -> int:
    hours, minutes, seconds = (int(slots.get(prefix + unit, 0)) for unit in ("hours", "minutes", "seconds"))
    return hours * 3600 + minutes * 60 + seconds


def _start(timers: Timers, slots: Mapping[str, Any], context_area: str | None) -> str:
    seconds = _span(slots)
    if seconds == 0:
        raise ToolInputError("How long should the timer run?")
    name = slots.get("name")
    if name is not None and any(words(timer.name or "") == words(name) for timer in timers.running()):
        raise CannotDo(f"There is already a timer called {name}")
    if len(timers.running()) >= TIMERS_AT_MOST:
        raise CannotDo(f"There are already {TIMERS_AT_MOST} timers")
    timers.start(seconds, name, context_area)
    return f"{f'the {name}' if name else 'a'} timer is set for {duration(seconds)}"


def _cancel_all(timers: Timers) -> str:
    running = _of_kind(timers, "timer")
    if not running:
        raise NotFound("There is no timer")
    return cancel_all(timers, running)


def cancel_all(timers: Timers, which: list[Timer]) -> str:
    """Cancel these, of which there is one at least, and say so."""
    for timer in which:
        timers.cancel(timer.id)
    if len(which) == 1:
        return f"{_called(which[0])} is canceled"
    return f"All {len(which)} {_KINDS[which[0].kind]} are canceled"


def _of_kind(timers: Timers, kind: str) -> list[Timer]:
    return [timer for timer in timers.running() if timer.kind == kind]


_KINDS = {"timer": "timers", "alarm": "alarms", "reminder": "reminders", "command": "delayed commands"}


def _lengthen(timers: Timers, timer: Timer, call: ToolCall) -> str:
    seconds = _span(call.arguments)
    if seconds == 0:
        raise ToolInputError("By how much should I change the timer?")
    change = seconds if call.name == "HassIncreaseTimer" else -seconds
    if timer.remaining_s + change < 1:
        raise CannotDo(f"T{_called(timer)[1:]} has only {duration(timer.remaining_s)} left")
    return f"{_called(timer)} has {duration(timers.add(timer.id, change).remaining_s)} left"


def _find(running: list[Timer], call: ToolCall, area: str | None, context_area: str | None) -> Timer:
    slots = call.arguments
    found = running
    if "name" in slots:
        found = _by_name(found, slots["name"])
    if area is not None:
        found = [timer for timer in found if timer.area == area]
    started_with = _span(slots, "start_")
    if started_with:
        found = [timer for timer in found if timer.started_with_s == started_with]
    if not found:
        raise NotFound("There is no such timer" if running else "There is no timer")
    if call.name in ("HassPauseTimer", "HassUnpauseTimer") and len(found) > 1:
        found = [timer for timer in found if timer.paused == (call.name == "HassUnpauseTimer")] or found
    here = [timer for timer in found if context_area is not None and timer.area == context_area]
    if len(found) > 1 and len(here) == 1:
        found = here
    if len(found) > 1:
        raise Ambiguous(f"Which timer do you mean, {listing([_called(timer) for timer in found], 'or')}?")
    return found[0]


def _by_name(timers: list[Timer], name: str) -> list[Timer]:
    heard = tuple(word for word in words(name) if word != "timer")
    scored = [(likeness(heard, words(timer.name)) if timer.name else 0.0, timer) for timer in timers]
    best = max((score for score, _ in scored), default=0.0)
    return [timer for score, timer in scored if score == best and best >= LIKENESS_AT_LEAST]


def _status(running: list[Timer]) -> str:
    if not running:
        raise NotFound("There is no timer")
    return listing(
        [
            f"{_called(timer)} {'is paused with' if timer.paused else 'has'} {duration(timer.remaining_s)} left"
            for timer in running
        ]
    )


def _called(timer: Timer) -> str:
    if timer.kind == "alarm":
        return f"the alarm for {at_time(timer)}" if timer.due_utc else f"the alarm in {duration(timer.remaining_s)}"
    if timer.kind == "reminder":
        return f"the reminder: {timer.text},"
    if timer.kind == "command":
        return f"what I was to do later, {timer.text},"
    if timer.name:
        return f"the {timer.name} timer"
    span = (
        duration(timer.started_with_s)
        .replace("hours", "hour")
        .replace("minutes", "minute")
        .replace("seconds", "second")
    )
    return f"the {span} timer{f' {place(timer.area)}' if timer.area else ''}"


def set_for_later(
    timers: Timers,
    kind: TimerKind,
    when: Moment,
    now: datetime,
    text: str,
    area: str | None,
    order: ToolCall | None = None,
) -> str:
    """Set an alarm, a reminder or a delayed command and say for when; raises CannotDo where there are too many."""
    if len(timers.running()) >= TIMERS_AT_MOST:
        raise CannotDo(f"There are already {TIMERS_AT_MOST} timers")
    timers.start(when.seconds, None, area, kind=kind, text=text, at=when.at, order=order)
    then = f"in {duration(when.seconds)}"
    if when.at is not None:
        day = {0: "", 1: " tomorrow"}.get((when.at.date() - now.date()).days, f" on {when.at:%A}")
        then = f"at {clock_time(when.at)}{day}"
    return {
        "alarm": f"The alarm rings {then}",
        "reminder": f"I will remind you {then}",
        "command": f"I will {text} {then}",
        "timer": f"A timer rings {then}",
    }[kind]


def cancel_of_kind(timers: Timers, kind: TimerKind) -> str:
    """Cancel all alarms, reminders or delayed commands and say so; raises NotFound."""
    if found := _of_kind(timers, kind):
        told = cancel_all(timers, found)
        return told[0].upper() + told[1:]
    raise NotFound(f"There is no {_KINDS[kind].removesuffix('s')}")


def status_of_kind(timers: Timers, kind: TimerKind) -> str:
    """Tell of all alarms, reminders or delayed commands; raises NotFound."""
    found = _of_kind(timers, kind)
    if not found:
        raise NotFound(f"There is no {_KINDS[kind].removesuffix('s')}")
    told = listing([_told(timer) for timer in found])
    return told[0].upper() + told[1:]


def _told(timer: Timer) -> str:
    then = f"at {at_time(timer)}" if timer.due_utc is not None else f"in {duration(timer.remaining_s)}"
    if timer.kind == "alarm":
        return f"an alarm rings {then}"
    return f"I will remind you of {timer.text} {then}" if timer.kind == "reminder" else f"I will {timer.text} {then}"


class Moment(Protocol):
    """A moment to come (dialogue/when.py)."""

    @property
    def seconds(self) -> int:
        """From now."""

    @property
    def at(self) -> datetime | None:
        """On the wall clock, where it was said so."""
