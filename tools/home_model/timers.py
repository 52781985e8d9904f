# SPDX-License-Identifier: Apache-2.0
"""Sentences about timers, with the calls that answer them."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

from tools.home_model import results, spans, things
from tools.home_model.calls import Draft, Result, call
from tools.home_model.drafts import draft, pick
from tools.home_model.grammar import Split
from tools.home_model.homes import Home
from tools.home_model.household import COOKED, RESTS, agreeing, purpose, tidy
from tools.home_model.places import Place, somewhere


def _brief(text: str) -> str:
    """The length as written in haste: "10 mins"."""
    return text.replace("minute", "min").replace("second", "sec")


# "20 minutes of the dryer": no machine is named so.
_MACHINES = frozenset(
    (
        "oven",
        "dishwasher",
        "washing machine",
        "dryer",
        "grill",
        "coffee",
        "sprinkler",
        "car charging",
        "slow cooker",
        "break",
    )
)


def _more(rng: random.Random, length: str) -> str:
    """The length as what is added: "2 more minutes", "another hour", "half an hour more"."""
    counted = re.fullmatch(r"(\d+) (\w+)", length)
    if counted and rng.random() < 0.5:
        return f"{counted[1]} more {counted[2]}"
    return rng.choice((f"another {length}", f"another {length}", f"{length} more", f"an extra {length}"))


def _inside(spot: Place) -> str:
    return re.sub(r"^(?:of|for) ", "in ", spot.inside)


def _seconds(slots: Mapping[str, str], prefix: str = "") -> int:
    return sum(
        int(slots.get(f"{prefix}{unit}", 0)) * size for unit, size in (("hours", 3600), ("minutes", 60), ("seconds", 1))
    )


def _timer(rng: random.Random, home: Home, split: Split) -> tuple[str, dict[str, str], str, str]:
    """Which timer: the only one, one by name, by what it was started with, or by room; how the executor calls it; and
    how it is said without the word timer ("the one for the pasta"), if it can be.
    """
    pick_of = rng.random()
    the = rng.choice(("the ", "the ", "my ", ""))
    if pick_of < 0.3:
        return rng.choice(("the timer", "my timer", "timer", "the timer", "that timer")), {}, "Timer", ""
    if pick_of < 0.62:
        name = purpose(rng, split)
        if name not in [area.lower() for area in home.areas]:
            text = rng.choice(
                (
                    f"{the}{name} timer",
                    f"{the}{name} timer",
                    f"{the}timer {rng.choice(('for', 'named', 'called', 'for the'))} {name}",
                )
            )
            one = rng.choice((f"the {name} one", f"the {name} one", f"my {name} one", f"the one for the {name}"))
            return text, {"name": name}, f"{name} timer", "" if name.startswith(things.VERBS) else one
    if pick_of < 0.88 or not home.areas:
        for _ in range(20):
            found = spans.span(rng)
            if found.before_noun:
                text = rng.choice(
                    (
                        f"{the}{found.before_noun} timer",
                        f"{the}{found.before_noun} timer",
                        f"{the}timer for {found.text}",
                    )
                )
                return (
                    text,
                    {f"start_{unit}": value for unit, value in found.slots.items()},
                    f"{spans.spoken(found.slots)} timer",
                    f"{rng.choice(('the', 'the', 'my', 'that'))} {found.before_noun} one",
                )
    spot = somewhere(rng, home, {"area": 1})
    if spot is None:
        return "the timer", {}, "Timer", ""
    where = _inside(spot)
    one = rng.choice((f"the one {where}", f"the one {where}", f"the {spot.bare} one", f"the one running {where}"))
    return rng.choice((f"{the}{spot.bare} timer", f"{the}timer {where}")), spot.arguments, f"{spot.area} timer", one


def _known_without_timer(home: Home, name: str) -> bool:
    """Whether the name alone says that a timer is meant, and no device, room or job."""
    jobs = (*things.VERBS, *_MACHINES)
    return home.find(name) is None and name not in [area.lower() for area in home.areas] and not name.startswith(jobs)


# "The eggs have just gone in, shout in 4 minutes": what is heard before the wish is why, not how the timer is called.
_REASON = re.compile(r"\{name\}[^{]*, [^{]*\b(?:in|after|timer for|time) \{d\}|\{name\} on, start \{a_dd\} timer")

_OF_A_THING = re.compile(r"\b(?:the|my|our|that|those)\)* \{name\}(?! timer)")

_OF_A_NAME = ("timer.cancel", "timer.pause", "timer.increase", "timer.decrease")


def timer(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Something about timers."""
    section = rng.choices(
        (
            "timer.start",
            "timer.start.name",
            "timer.cancel",
            "timer.cancel.all",
            "timer.pause",
            "timer.unpause",
            "timer.increase",
            "timer.decrease",
            "timer.status",
        ),
        (36, 16, 11, 3, 7, 6, 9, 8, 12),
    )[0]
    long = spans.span(rng)
    short = spans.span(rng, short=True)
    name = purpose(rng, split)
    slots = {
        "d": long.text,
        **agreeing(name),
        "dd": long.before_noun or "",
        "a_dd": spans.with_article(long.before_noun) if long.before_noun else "",
        "name": name,
    }
    if section.startswith("timer.start"):
        # "The dryer, 10 minutes" is no timer where there is a dryer to switch.
        bare = section == "timer.start.name" and _known_without_timer(home, name)
        purposes: tuple[str, ...] = ("timer.start.purpose.say",) * 2 if bare else ()
        pool, own = rng.choice(((COOKED, "timer.start.food.say"), (RESTS, "timer.start.rest.say")))
        if bare and rng.random() < 0.35 and _known_without_timer(home, chosen_name := rng.choice(pool)):
            name, purposes = chosen_name, (*purposes, own, own, own)
            slots |= {"name": name, **agreeing(name)}
        elif section == "timer.start" and rng.random() < 0.14:
            purposes = ("timer.start.reason.say",) * 6
            why = rng.choice(COOKED)
            slots |= {"why": why, **agreeing(why)}
        chosen = pick(rng, split, section, f"{section}.say", *purposes)
        if chosen is None or (not long.before_noun and chosen[0].slots & {"dd", "a_dd"}):
            return None
        called = "name" in chosen[0].slots and not _REASON.search(chosen[0].text)
        if called and name.startswith(things.VERBS) and _OF_A_THING.search(chosen[0].text):
            return None  # "the call mom needs an hour"
        arguments = dict(long.slots) | ({"name": name} if called else {})
        slots["d"] = _brief(long.text) if rng.random() < 0.12 else long.text
        length = spans.spoken(long.slots)
        said = f"{name} timer" if "name" in arguments else f"{length} timer"
        result = Result(
            True,
            rng.choice(
                (
                    f"{said} started",
                    f"{length} timer started",
                    f"Timer set for {length}",
                    f"The {said} is running, {length} left",
                )
            ),
        )
        if rng.random() < results.FAILURES / 4:
            result = Result(False, "a timer needs at least a second")
        return tidy(draft(rng, chosen, slots, call("HassStartTimer", arguments), result))
    text, arguments, label, one = _timer(rng, home, split)
    if section in _OF_A_NAME and rng.random() < 0.22:
        # What it is for is enough to say which: "2 more minutes on the pasta".
        if cooks := rng.random() < 0.45:
            name = rng.choice(COOKED)
            slots |= {"name": name, **agreeing(name)}
        if not _known_without_timer(home, name):
            return None
        arguments, label, named = {"name": name}, f"{name} timer", True
    else:
        named = cooks = False
    of_food = (f"{section}.food.say",) * 2 if cooks else ()
    sections = (f"{section}.named.say", *of_food) if named else (section, f"{section}.say")
    slots |= {"timer": text, "one": one}
    left = spans.spoken(spans.span(rng).slots)
    missing = Result(
        False,
        rng.choice(("There is no timer", f"There is no {label}", "No timer is running", "Which timer do you mean?")),
    )
    if section == "timer.cancel.all":
        count = rng.randint(1, 5)
        result = (
            Result(
                True, rng.choice((f"{count} timers canceled", "All timers are canceled", f"Canceled {count} timers"))
            )
            if rng.random() > results.FAILURES
            else Result(False, "No timer is running")
        )
        return draft(rng, pick(rng, split, section, f"{section}.say"), slots, call("HassCancelAllTimers", {}), result)
    if section in ("timer.increase", "timer.decrease"):
        if section == "timer.decrease" and 0 < _seconds(arguments, "start_") <= _seconds(short.slots):
            return None  # nothing would be left of it
        slots |= {"d": short.text, "dd": short.before_noun or ""}
        up = section == "timer.increase"
        length = spans.spoken(short.slots)
        result = Result(
            True,
            rng.choice(
                (
                    f"{length} {'added to' if up else 'taken off'} the {label}",
                    f"{label} has {left} left",
                    f"{left} left on the {label}",
                )
            ),
        )
        tool = "HassIncreaseTimer" if up else "HassDecreaseTimer"
        arguments = arguments | short.slots
        slots["more"] = _more(rng, short.text)
        if rng.random() < 0.12:
            slots |= {"d": _brief(slots["d"]), "more": _brief(slots["more"])}
        chosen = pick(rng, split, *sections)
    elif section == "timer.status":
        tool = "HassTimerStatus"
        result = Result(
            True,
            rng.choice(
                (
                    f"{left} left on the {label}",
                    f"{label} has {left} left",
                    f"{label} is paused, {left} left",
                    f"2 timers are running: {left} and 5 minutes left",
                )
            ),
        )
        if rng.random() < 0.15:
            if home.find(name) is not None or name.split()[0] in things.VERBS:
                return None  # "is the dryer done" then asks the dryer; no "is the order flowers ready"
            chosen, arguments = pick(rng, split, "timer.status.food"), {"name": name}
        else:
            chosen = pick(rng, split, section)
            if not arguments and rng.random() < 0.4:
                slots["timer"] = rng.choice(("my timers", "the timers", "timers"))
    else:
        tool = {
            "timer.cancel": "HassCancelTimer",
            "timer.pause": "HassPauseTimer",
            "timer.unpause": "HassUnpauseTimer",
        }[section]
        word = {
            "timer.cancel": ("canceled", "stopped"),
            "timer.pause": ("paused", "paused"),
            "timer.unpause": ("running again", "resumed"),
        }[section]
        result = Result(
            True,
            rng.choice(
                (f"{label} {word[0]}", f"The {label} is {word[0]}", f"{label} is {word[0]}", f"{label} {word[1]}")
            ),
        )
        chosen = pick(rng, split, *sections)
    if chosen is None:
        return None
    if "one" in chosen[0].slots and (not one or ("area" in arguments and section in ("timer.pause", "timer.unpause"))):
        return None  # "pause the one in the kitchen" may as well be what plays there
    if rng.random() < results.FAILURES:
        result = missing
    return tidy(draft(rng, chosen, slots, call(tool, arguments), result))
