# SPDX-License-Identifier: Apache-2.0
"""Several commands in one sentence: side by side, cut short to a few words, or the second instead of the first."""

from __future__ import annotations

import random
import re

from tools.home_model import asks, clock, drafts, levels, one_verb, results, spans, switching, things
from tools.home_model.calls import Draft, Result, Turn, call
from tools.home_model.clauses import GIVES_REASON, SAYS_ONE, clash, domain_of, imperative
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home
from tools.home_model.places import place, somewhere
from tools.home_model.targets import Target, members, named
from tools.home_model.wording import Maker, ends_open, finished, gerund

_REPAIRED = {
    "on": ("HassTurnOn", "on"), "off": ("HassTurnOff", "off"), "open": ("HassTurnOn", "open"), "close": ("HassTurnOff", "closed"), "lock": ("HassTurnOn", "locked"),
}  # fmt: skip


def _of_kind(rng: random.Random, home: Home, section: str) -> Target | None:
    """Something that can be turned on, opened or locked, as the last word of the section says."""
    word = section.rpartition(".")[2]
    if word in ("open", "close"):
        pair = drafts.covered(rng, home, 0.3)
        return pair[0] if pair else None
    if word == "lock":
        device = drafts.some_device(rng, home, ("lock",))
        return named(rng, home, device) if device else None
    return switching.switched(rng, home, 0.3)


def _repaired(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Said wrongly and put right, or the one forbidden and the other wanted: only what is wanted is done."""
    pick = rng.random()
    if pick < 0.25:
        return _other_number(rng, home, split)
    if pick < 0.4:
        return _rather(rng, home, split)
    kind = rng.choices(tuple(_REPAIRED), (10, 10, 5, 5, 3))[0]
    # One and the same thing first opened, then closed; or one thing instead of another.
    section = f"{'instead' if rng.random() < 0.35 else 'repair'}.{kind}"
    template = GRAMMAR.pick(rng, section, split)
    meant, mistaken = _of_kind(rng, home, section), _of_kind(rng, home, section)
    if template is None or meant is None or mistaken is None:
        return None
    if SAYS_ONE.search(meant.text) and {each.domain for each in mistaken.devices} != {
        each.domain for each in meant.devices
    }:
        return None  # "turn off the tv, no, the one on the left" is no lamp
    if section.startswith("repair") and (
        meant.arguments == mistaken.arguments or {*meant.devices} & {*mistaken.devices}
    ):
        return None  # "the lamps, but not the corner lamp" leaves one out
    tool, state = _REPAIRED[kind]
    return Draft(
        GRAMMAR.say(rng, template.node, meant.slots | {"y": mistaken.text}),
        "say",
        (call(tool, meant.arguments),),
        (results.done(rng, meant, state),),
        template.text,
        drafts.names_of(meant),
    )


def _other_number(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Two numbers, of which the second is meant; or not off, but down to so much."""
    warm = rng.random() < 0.4
    if warm:
        spot = somewhere(rng, home, {"area": 4, "here": 1, "none": 4})
        found = members(home, "climate", None, spot.area if spot else None)
        if spot is None or not found:
            return None
        target = Target("", "", dict(spot.arguments), found[:1], False, spot.area or "", "thermostat")
        slots = drafts.place_slots(spot)
    else:
        device = drafts.some_device(rng, home, ("light",))
        if device is None:
            return None
        target = named(rng, home, device)
        slots = target.slots
    section = "repair.degrees" if warm else rng.choice(("repair.percent", "instead.level"))
    template = GRAMMAR.pick(rng, section, split)
    n, m = (levels.degrees(rng), levels.degrees(rng)) if warm else (levels.percent(rng), levels.percent(rng))
    if (
        template is None
        or n == m
        or (warm and one_verb.scales_differ(n, m))
        or ("place" in template.slots and warm and not slots["place"])
    ):
        return None
    tool, slot = ("HassClimateSetTemperature", "temperature") if warm else ("HassLightSet", "brightness")
    state = f"set to {n} °C" if warm else f"on, brightness {n} percent"
    return Draft(
        GRAMMAR.say(rng, template.node, slots | {"n": n, "m": m}),
        "say",
        (call(tool, target.arguments | {slot: n}),),
        (results.done(rng, target, state),),
        template.text,
        drafts.names_of(target),
    )


def _rather(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Not that command, but this one."""
    dropped, wanted = imperative(rng, home, "train"), imperative(rng, home, "train")
    template = GRAMMAR.pick(rng, "instead", split)
    if (
        template is None
        or dropped is None
        or wanted is None
        or dropped.calls == wanted.calls
        or set(dropped.names) & set(wanted.names)
    ):
        return None
    if _NO_ORDER.match(dropped.text) or _NO_ORDER.match(wanted.text) or GIVES_REASON.search(dropped.text):
        return None
    if SAYS_ONE.search(wanted.text) and domain_of(home, dropped.calls[0]) != domain_of(home, wanted.calls[0]):
        return None
    text = GRAMMAR.say(rng, template.node, {"c": dropped.text, "d": wanted.text})
    return Draft(text, "say", wanted.calls, wanted.results, template.text, wanted.names)


_NO_ORDER = re.compile(
    r"(?:don't|do not|never|no|keep|leave|let|have|make sure|see|ensure|check|take care|hold|stop)\b"
)
"""How commands begin that mean something else behind a "don't"."""


def _short(rng: random.Random, home: Home) -> Draft | None:
    """A command in two or three words: "tv off", "the radio quieter", "bedroom blind shut"."""
    kind = rng.choices(
        ("on", "off", "open", "close", "lock", "bright", "loud", "level", "degrees", "timer"),
        (8, 10, 5, 6, 2, 6, 6, 5, 4, 5),
    )[0]
    if kind == "timer":
        return _short_timer(rng, home)
    if kind == "degrees":
        areas = [area for area in home.areas if members(home, "climate", None, area)]
        if not areas:
            return None
        area, t = rng.choice(areas), levels.degrees(rng)
        target = Target("", "", {"area": area.lower()}, members(home, "climate", None, area)[:1], False, area)
        text = rng.choice(
            (f"{place(rng, area)} to {t}", f"{area.lower()} at {t} degrees", f"{place(rng, area)} to {t} degrees")
        )
        made = call("HassClimateSetTemperature", target.arguments | {"temperature": t})
        return Draft(text, "say", (made,), (results.done(rng, target, f"set to {t} °C"),), text)
    if kind in ("bright", "loud", "level"):
        device = drafts.some_device(rng, home, ("media_player",) if kind == "loud" else ("light",))
        if device is None:
            return None
        target, n = named(rng, home, device), levels.percent(rng)
        if "floor" in target.arguments and kind == "loud":
            return None
        way = rng.choice(("up", "down"))
        if kind == "level":
            words_of_it, more, tool = (
                (f"to {n} percent", f"at {n} percent", f"to {n}"),
                {"brightness": n},
                "HassLightSet",
            )
        elif kind == "bright":
            words_of_it = (
                ("brighter", "a bit brighter", "up a bit")
                if way == "up"
                else ("dimmer", "darker", "a bit dimmer", "down a bit")
            )
            more, tool = {"brightness_step": way}, "HassLightSet"
        else:
            words_of_it = (
                ("louder", "a bit louder", "up a bit")
                if way == "up"
                else ("quieter", "a bit quieter", "down a bit", "down a notch")
            )
            more, tool = {"volume_step": way}, "HassSetVolumeRelative"
        said = f"{target.text} {rng.choice(words_of_it)}"
        state = f"at volume {n} percent" if kind == "loud" else f"on, brightness {n} percent"
        made, result = call(tool, target.arguments | more), results.done(rng, target, state)
        return Draft(said, "say", (made,), (result,), said, drafts.names_of(target))
    found = _of_kind(rng, home, kind)
    if found is None:
        return None
    tool, state = _REPAIRED[kind]
    word = {"close": rng.choice(("shut", "closed")), "lock": "locked"}.get(kind, kind)
    said = f"{found.text} {word}"
    return Draft(
        said, "say", (call(tool, found.arguments),), (results.done(rng, found, state),), said, drafts.names_of(found)
    )


def _short_timer(rng: random.Random, home: Home) -> Draft | None:
    """How long something takes, and no word of a timer: "in goes the cake, 40 minutes"."""
    name, length = things.timed(rng, "train"), spans.span(rng)
    if home.find(name) is not None or name in [area.lower() for area in home.areas]:
        return None
    if name.startswith(tuple(f"{verb} " for verb in things.VERBS)):
        return None  # "cancel dentist, an hour" is a command
    d = length.text
    text = rng.choice(
        (
            f"in goes the {name}, {d}",
            f"{name}, {d}",
            f"{d} for the {name}",
            f"{name} timer {d}",
            f"{d} on the {name}",
            f"{name} just gone in, {d}",
        )
    )
    made = call("HassStartTimer", {**length.slots, "name": name})
    return Draft(text, "say", (made,), (Result(True, f"{name} timer started"),), text)


_HAVE = re.compile(r"(?:I'd like|can we have|let's have|could I have|I want) \{")
"""What has a thing behind it, and no command: "let's have turn the heating off" is no English."""
_OPENED = re.compile(r" (?:open|shut|closed)$")
_CLAUSE = re.compile(r"^in goes\b|\bjust gone in\b")


_TWO_VERBS = re.compile(r",|\band (?:\w+ )?(?:it|them)\b|\bif not\b|^(?:don't|no)\b|^[^a-z]|^\w+[^\w ]")
"""Commands that have no one verb to be put into another form."""


def _runs_on(last: Draft, text: str) -> bool:
    """Whether words follow a title or an item, which could belong to it: "play the blue album second"; or a reason."""
    return not text.endswith(last.text) and (ends_open(last, last.text) or GIVES_REASON.search(last.text) is not None)


def _runs_into(template: str, parts: list[Draft]) -> bool:
    """Whether a title or an item has nothing behind it that is no part of it: "play blue moon close the blinds"."""
    bare = [bool(re.search(rf"\{{{slot}\}}[,.?]? \{{", template)) for slot in "cd"]
    return any(unmarked and ends_open(part, part.text) for unmarked, part in zip(bare, parts, strict=False))


def _terse(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Two different things, at least one of them without a verb."""
    template = GRAMMAR.pick(rng, "several.terse", split)
    parts = [_short(rng, home), imperative(rng, home, "train") if rng.random() < 0.35 else _short(rng, home)]
    rng.shuffle(parts)
    first, second = parts
    if template is None or first is None or second is None or first.calls == second.calls:
        return None
    if _HAVE.match(template.text) and any(part.form == "do" or _CLAUSE.search(part.text) for part in parts if part):
        return None
    if second.form == "do" and re.search(r"with \{d\}|with\)\) \{d\}", template.text):
        return None  # "along with turn the fan off"
    if any(name in second.names for name in first.names) or {"except", "search_query", "item"} & {
        *first.calls[0].arguments,
        *second.calls[0].arguments,
    }:
        return None
    if clash(home, [(part.text, part.calls) for part in (first, second)]):
        return None
    if (
        _OPENED.search(first.text)
        and "brightness" in second.calls[0].arguments
        and not re.search(r"\band\b", template.text)
    ):
        return None  # without its comma, "shade open painting at 45 percent" opens the shade so far
    text = GRAMMAR.say(rng, template.node, {"c": first.text, "d": second.text})
    if _runs_on(second, text) or _runs_into(template.text, parts):
        return None
    return Draft(
        text,
        "say",
        first.calls + second.calls,
        first.results + second.results,
        template.text,
        first.names + second.names,
    )


_NO_QUESTION = re.compile(r"[?.]$|^I (?:never|can't|don't)\b|^\w+$")


def _asked(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """A question and a command in one breath: "is the back door locked, and turn off the hall lamp"."""
    template = GRAMMAR.pick(rng, "several.asked", split)
    question = rng.choices((asks.ask, clock.clock), (80, 20))[0](rng, home, "train")
    order = imperative(rng, home, "train")
    if template is None or question is None or order is None or question.form != "ask" or len(question.calls) != 1:
        return None
    if {*question.names} & {*order.names} or GIVES_REASON.search(order.text):
        return None
    parts = [question, order] if template.text.find("{q}") < template.text.find("{c}") else [order, question]
    if clash(home, [(part.text, part.calls) for part in parts]):
        return None
    if any(ends_open(part, part.text) for part in parts) or _NO_QUESTION.search(question.text):
        return None
    text = GRAMMAR.say(rng, template.node, {"q": question.text, "c": order.text})
    return Draft(
        text,
        "say",
        tuple(each for part in parts for each in part.calls),
        tuple(each for part in parts for each in part.results),
        template.text,
        tuple(name for part in parts for name in part.names),
    )


def _side_by_side(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Two or three whole commands, one after the other."""
    three = rng.random() < 0.25
    # The sentences within are known ones: that they can be joined is what is new in a reserved template.
    parts = [imperative(rng, home, split if rng.random() < 0.5 else "train") for _ in range(3 if three else 2)]
    template = GRAMMAR.pick(rng, "several.three" if three else "several", split)
    good = [part for part in parts if part is not None]
    if template is None or len(good) != len(parts) or len({repr(part.calls) for part in good}) != len(good):
        return None
    if clash(home, [(part.text, part.calls) for part in good]):
        return None
    if _runs_into(template.text, good):
        return None
    slots = {"c": good[0].text, "d": good[1].text, "e": good[-1].text}
    if {"cing", "ding"} & template.slots:
        if any(_TWO_VERBS.search(part.text) for part in good):
            return None
        slots |= {"cing": gerund(good[0].text), "ding": gerund(good[1].text)}
    text = GRAMMAR.say(rng, template.node, slots)
    if _runs_on(good[-1], text):
        return None
    return Draft(
        text, "say", tuple(each for part in good for each in part.calls), tuple(each for part in good for each in part.results), template.text,
        tuple(name for part in good for name in part.names),
    )  # fmt: skip


_MAKERS: tuple[tuple[Maker, float], ...] = (
    (one_verb.in_places, 2.5), (one_verb.halves, 2.5), (one_verb.gone, 1), (one_verb.over_rooms, 4), (one_verb.shared_verb, 22), (one_verb.in_rooms, 3),
    (one_verb.room_degrees, 2), (one_verb.same_warmth, 4), (_asked, 6), (_terse, 10), (_repaired, 8), (_side_by_side, 38),
)  # fmt: skip


def several(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    """More than one command in a sentence; or one that is put right, which is a single one."""
    maker = rng.choices([maker for maker, _ in _MAKERS], [weight for _, weight in _MAKERS])[0]
    found = maker(rng, home, split)
    return finished(rng, "act" if maker is _repaired else "several", found, found.text) if found else None
