# SPDX-License-Identifier: Apache-2.0
"""What somebody made of a sentence, judged.

Right is one of: the calls of an accepted alternative (*exact*: the same tools with the same slots, in any order), calls
with the same effect on the same devices, or what `expect` names.

A **wrong action** is a call that would change something (asking and reading tools do not) and that

- no accepted alternative contains, neither by its slots nor by its effect on devices, or
- was made where nothing should have been done, which holds for every case that does not expect calls. Where it is the
  very call that was to be confirmed first it is also counted as *unconfirmed*.

A call that reaches no device (no such name, two that fit) changes nothing: it is not an action, and not right either,
except where a refusal is right. A part of what is accepted (one lamp of two) is not right and not a wrong action.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.dialogue.items import SHOPPING, apart
from appliance.home.acts import ACTS, plan
from appliance.home.errors import CannotDo, HomeError
from appliance.home.naming import words
from appliance.home.places import find_place
from appliance.home.registry import Device, Registry
from appliance.home.resolver import resolve
from appliance.home.timer_tools import TIMER_TOOLS
from appliance.home.tools import TOOLS, ToolCall, coerce, validate
from appliance.speech.numbers import digits
from tools.home_model.sentences import Case, Slots, normal

READING = frozenset(
    (
        *("HassGetState", "HassClimateGetTemperature", "HassTimerStatus", "HassGetCurrentTime", "HassGetCurrentDate"),
        *("HassGetWeather", "GetLiveContext", "GetDateTime", "HassNevermind", "HassRespond", ""),
    )
)
"""Tools that change nothing."""

_TALK = ("HassRespond", "HassNevermind")

Effect = tuple[str, str, tuple[tuple[str, str], ...]]
"""What a call comes down to: an entity or a tool, a service, and its data."""

_KIND = ("domain", "device_class")
_SLOTS = {tool["name"]: frozenset(tool["parameters"]["properties"]) for tool in TOOLS}

_REFUSAL = re.compile(
    r"\b(?:can't|cannot|can not|could not|couldn't|unable|sorry|not able|do not know|don't know|no such|there is no"
    r"|only do|did not understand|didn't understand|won't|will not)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Outcome:
    """What was made of a sentence."""

    calls: tuple[tuple[str, Slots], ...] = ()
    answer: str = ""
    acts: frozenset[Effect] | None = None
    """What was really done, where it was done in a home; None: the calls alone are judged."""
    first_ms: float | None = None
    whole_ms: float = 0.0
    before: Registry | None = None
    """The home as the turns before had left it, where they were carried out: a step goes from there."""


@dataclass(frozen=True)
class Verdict:
    """How good an outcome is."""

    right: bool
    exact: bool
    wrong: tuple[str, ...]
    """Wrong actions, as text."""
    unconfirmed: bool
    did: str
    """acted, looked up, asked back, refused, answered, nothing."""


def acts_on(tool: str) -> bool:
    """Whether a tool changes something."""
    return tool not in READING


def effects(tool: str, slots: Slots, registry: Registry, area: str | None) -> frozenset[Effect]:
    """What a call would do in the home, guards aside; empty where it reaches nothing."""
    if tool in _SLOTS:  # Home Assistant says of some tools which kind they are for; here the tool itself does
        slots = {key: value for key, value in slots.items() if key in _SLOTS[tool] or key not in _KIND}
    call = coerce(ToolCall(tool, {key: str(value) for key, value in slots.items()}))
    told = _told(tool, slots, registry, area)
    try:
        validate(call)
        if tool in ACTS:
            return _device_effects(call, registry, area)
        if tool in ("HassGetState", "HassClimateGetTemperature"):
            found = resolve(registry, {k: v for k, v in call.arguments.items() if k != "state"}, area, acting=False)
            state = str(call.arguments.get("state", "")).lower()
            return frozenset(("asked " + tool, device.entity_id, (("state", state),)) for device in found)
    except HomeError:
        if tool in ACTS or tool in TIMER_TOOLS:
            return frozenset()
    return frozenset([("call", tool, told)])


def call_effect(tool: str, slots: Slots, registry: Registry, area: str | None) -> Effect:
    """A call to a tool that is for no device (a timer, an announcement) as effects are compared."""
    return "call", tool, _told(tool, slots, registry, area)


def _told(tool: str, slots: Slots, registry: Registry, area: str | None) -> tuple[tuple[str, str], ...]:
    """The slots of a call that touches no device; a timer's room and name may be said in several ways."""
    made = normal(tool, slots, area)
    if "message" in made:
        made["message"] = " ".join(words(digits(made["message"])))
    if tool in TIMER_TOOLS:
        if "name" in made:
            made["name"] = " ".join(word for word in words(made["name"]) if word != "timer")
        with contextlib.suppress(HomeError):
            where = find_place(registry, made.get("area"), None, area)
            made["area"] = where.area or where.floor or ""
    return tuple(sorted((slot, value) for slot, value in made.items() if value))


def _device_effects(call: ToolCall, registry: Registry, area: str | None) -> frozenset[Effect]:
    things = apart(str(call.arguments["item"])) if call.name in SHOPPING else []
    if len(things) > 1:  # entries of their own, as the appliance makes them
        each = [ToolCall(call.name, {**call.arguments, "item": thing}) for thing in things]
        return frozenset().union(*(_device_effects(one, registry, area) for one in each))
    made = set()
    for device in _reached(call, registry, area):
        try:
            act = plan(call, device)
        except CannotDo:
            continue
        made.add(effect(device.entity_id, act.service, act.data))
    return frozenset(made)


def effect(entity_id: str, service: str, data: Slots) -> Effect:
    """A service call as effects are compared: what to play is a title, wherever it is played."""
    kept = {k: v for k, v in data.items() if k not in ("name", "area", "media_class")}
    return entity_id, service, tuple(sorted(normal("", kept, None).items()))


def _reached(call: ToolCall, registry: Registry, area: str | None) -> list[Device]:
    """The devices of an acting call, as the appliance finds them (appliance/home/execute.py)."""
    domains = ACTS[call.name]
    if domains == {"todo"}:
        name = {"name": call.arguments.get("name", "Shopping List")}
        return resolve(registry, name, None, domains=domains, acting=False)
    if domains == {"media_player"} and "name" not in call.arguments:
        wanted = "paused" if call.name == "HassMediaUnpause" else "playing"
        busy = [each for each in registry.devices if each.domain == "media_player" and each.state == wanted]
        if "area" not in call.arguments and call.name != "HassMediaSearchAndPlay" and len(busy) == 1:
            return busy
        found = resolve(registry, call.arguments, area, domains=domains)
        players = [each for each in found if each in busy] or found
        return players if len(players) == 1 else []  # of several the person must say which
    return resolve(registry, call.arguments, area, domains=domains)


def judge(case: Case, outcome: Outcome, registry: Registry) -> Verdict:
    """Judge what was made of a case; `registry` is the home before the first turn."""
    registry = outcome.before or registry
    calls = [(tool, normal(tool, slots, case.area)) for tool, slots in outcome.calls]
    each = [effects(tool, slots, registry, case.area) for tool, slots in outcome.calls]
    done = outcome.acts if outcome.acts is not None else _acting(outcome.calls, each)
    looked = _together(each[i] for i, (tool, _) in enumerate(calls) if not acts_on(tool))
    did = _did(calls, done, outcome.answer)
    exact = fits = False
    covered: list[frozenset[Effect]] = []
    named: list[tuple[str, dict[str, str]]] = []
    for alternative in case.accept:
        wanted = [one.near(list(outcome.calls)) for one in alternative]
        like = [(tool, normal(tool, slots, case.area)) for tool, slots in wanted]
        reach = [effects(tool, slots, registry, case.area) for tool, slots in wanted]
        target = _acting(wanted, reach)
        # What the agent's guards refused was not done, however exactly it was written; what the fixture home has no
        # device for, nobody could have done.
        made = outcome.acts is None or done == target
        exact = exact or (made and sorted(map(_keyed, calls)) == sorted(map(_keyed, like)))
        asked = _together(reach[i] for i, (tool, _) in enumerate(like) if not acts_on(tool))
        fits = fits or (bool(done or looked) and done == target and looked == asked)
        # Home Assistant's intents for talk and for nothing at all are no tools here: an answer is what they ask for.
        fits = fits or (did == "answered" and all(each.intent in _TALK for each in alternative))
        covered.append(target)
        named += like
    may_act = "calls" in case.expect
    accepted = any(done <= target for target in covered)
    stray = [] if accepted and may_act else _stray(outcome, calls, each, done, named if may_act else [], covered)
    unconfirmed = "confirm" in case.expect and not may_act and bool(done) and accepted
    right = may_act and (exact or fits) and not stray
    return Verdict(right or (not stray and _meets(case, did)), exact and may_act, tuple(stray), unconfirmed, did)


def _keyed(call: tuple[str, dict[str, str]]) -> tuple[str, list[tuple[str, str]]]:
    return call[0], sorted(call[1].items())


def _together(sets: Iterable[frozenset[Effect]]) -> frozenset[Effect]:
    return frozenset(one for each in sets for one in each)


def _acting(calls: Iterable[tuple[str, Slots]], each: list[frozenset[Effect]]) -> frozenset[Effect]:
    return _together(made for (tool, _), made in zip(calls, each, strict=True) if acts_on(tool))


def _stray(
    outcome: Outcome,
    calls: list[tuple[str, dict[str, str]]],
    each: list[frozenset[Effect]],
    done: frozenset[Effect],
    named: list[tuple[str, dict[str, str]]],
    covered: list[frozenset[Effect]],
) -> list[str]:
    """The actions that were not accepted, as text."""
    free = max(covered, key=lambda target: len(target & done), default=frozenset()) if named else frozenset()
    if outcome.acts is not None:
        return [" ".join((one[1], one[0], *(f"{k}={v}" for k, v in one[2]))) for one in sorted(done - free)]
    return [
        f"{tool}({', '.join(f'{k}={v}' for k, v in slots.items())})"
        for (tool, slots), made in zip(calls, each, strict=True)
        if acts_on(tool) and made - free and (tool, slots) not in named
    ]


def _did(calls: list[tuple[str, dict[str, str]]], done: frozenset[Effect], answer: str) -> str:
    if done:
        return "acted"
    if "?" in answer:
        return "asked back"
    if any(acts_on(tool) for tool, _ in calls):
        return "refused"  # a call that reached nothing: whoever carries it out says so
    if any(tool not in ("", "HassNevermind", "HassRespond") for tool, _ in calls):
        return "looked up"
    if _REFUSAL.search(answer):
        return "refused"
    return "answered" if answer or calls else "nothing"


def _meets(case: Case, did: str) -> bool:
    """Whether something other than the accepted calls was expected, and that was done."""
    return any(
        (expected == "none" and did != "acted")
        or (expected in ("clarify", "confirm") and did == "asked back")
        or (expected == "refuse" and did in ("refused", "answered"))
        or (expected == "answer" and did in ("answered", "looked up"))
        for expected in case.expect
    )
