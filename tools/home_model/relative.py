# SPDX-License-Identifier: Apache-2.0
"""Commands that change a value from what it is: a step up or down, and which way a sentence says."""

from __future__ import annotations

import random
import re

from tools.home_model import levels, lights, results
from tools.home_model.calls import Call, Draft, call
from tools.home_model.drafts import covered, names_of, pick, place_slots, some_device, unless_named
from tools.home_model.grammar import GRAMMAR, Split, Template
from tools.home_model.homes import Home
from tools.home_model.places import somewhere
from tools.home_model.targets import Target, called_plainly, members, named, of_set

_STATED = re.compile(r"^my\b|\b(?:is|are|it's|i'm|we're|feels|got|too|enough|it is|i am|we are)\b")

_PARTS = re.compile(
    r",|\b(?:because|since|while|when|before|as(?= (?:i|we|he|she|they|the|my|our|it|this)\b)"
    r"|so(?= (?:i|we|you|he|she|they|nobody|the|my|that|can|could|would|turn|make|put|take|bring|brighten|soften)\b))\b"
)

_LITTLE = (
    "dim|dark|gloomy|dull|dingy|murky|faint|feeble|weak|subdued|subtle"
    "|cold|chilly|cool|freezing|nippy|frosty|slow|sluggish|low|closed|shut"
)

_NOT = re.compile(rf"\b(?:less|not (?:so|as|that|quite so)) (?:(?P<little>{_LITTLE})|\w+)\b")

_UP = re.compile(
    r"\b(?:toasty|brighter|brighten|lighter|up|raise|increase|boost|crank|bump|speed up|faster|stronger|harder|warmer|hotter"
    rf"|warm|chill off|edge off the c(?:old|hill)|warmed|cozier|more(?! (?:{_LITTLE}|gentle|gently|mellow))|higher|open)\b|^crack\b"
)

_DOWN = re.compile(
    r"\b(?:dim|dimmer|darker|soften|softer|down|lower|decrease|reduce|slower|slow|gentler|cooler|colder|cool|less"
    rf"|not so bright|more (?:{_LITTLE}|gentle|gently|mellow)|harsh|subtle|edge(?! off the c)|glare|ease off|eas(?:y|ier) on|close|closed|shut)\b"
)

# "Up here", "fed up", "wide open" say where or how it is, not which way it should go.
_IDLE = re.compile(
    r"\b(?:up|down) (?:here|there)\b|\b(?:fed|sat|sit|sitting|tucked|wrapped|stay|staying|wake|woken|settle|wide|left|standing) (?:up|down|open)\b"
    r"|(?<=close )up\b|(?<=shut )up\b"
)

_DOWNWARD = re.compile(r"\b(?:close|shut|lower|drop|down)\b")


def direction(text: str) -> str | None:
    """`up` or `down` where a sentence says which way a value should go; None where it does not, or only complains.

    A reason beside the wish ("dim it, my eyes hurt") does not make it unclear.
    """
    ways = {_way(part.strip()) for part in _PARTS.split(text.lower())} - {None}
    return ways.pop() if len(ways) == 1 else None


def _way(part: str) -> str | None:
    if _STATED.search(part):
        return None
    # "Less dim" is up, "not so bright" is down, and of what is named neither counts by itself.
    part = _NOT.sub(lambda found: "higher" if found["little"] else "lower", part)
    part = _IDLE.sub("", part)
    if _DOWNWARD.search(part):  # "shut it a bit more", "crank it down": still down
        part = re.sub(r"\b(?:crank|bump|more(?! open))\b", "", part)
    down = _DOWN.search(re.sub(r"\bheat\b", "", part))
    up = _UP.search(part)
    if bool(up) == bool(down):
        return None
    return "up" if up else "down"


def said(rng: random.Random, template: Template, slots: dict[str, str]) -> tuple[str, str | None]:
    """A sentence, and the way that it says apart from its names."""
    names = {slot: slots[slot] for slot in ("x", "X", "in", "place", "in_there", "A") if slot in slots}
    bare = GRAMMAR.say(rng, template.node, slots | {slot: f"<{slot}>" for slot in names})
    text = bare
    for slot, name in names.items():
        text = text.replace(f"<{slot}>", name)
    return re.sub(r"\s+([,.?!;:])", r"\1", " ".join(text.split())), direction(re.sub(r"<\w+>", "", bare))


_SLOTS = {
    "HassLightSet": "brightness_step", "HassFanSetSpeed": "percentage_step",
    "HassClimateSetTemperature": "temperature_step", "HassSetPosition": "position_step",
}  # fmt: skip


def stepped(tool: str, known: dict[str, str], step: str) -> Call:
    """The call that changes a value from what it is."""
    return call(tool, known | {_SLOTS[tool]: step})


def step(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Brighter, faster, warmer, further open; by so much, or by a bit."""
    what = rng.choices(("bright", "warm", "stat", "speed", "cover"), (46, 23, 8, 10, 15))[0]
    if what == "bright" and rng.random() < 0.4:
        return _light_of_place(rng, home, split)
    found = _subject(rng, home, what)
    if found is None:
        return None
    target, known, slots = found
    tool = {
        "bright": "HassLightSet", "warm": "HassClimateSetTemperature", "stat": "HassClimateSetTemperature", "speed": "HassFanSetSpeed",
    }.get(what, "HassSetPosition")  # fmt: skip
    if rng.random() < 0.3:
        section, size = f"by.{what}", rng.choice((5, 10, 10, 15, 20, 20, 25, 30, 40, 50))
        if what in ("warm", "stat"):
            size = rng.choice(tuple(DEGREES))
        rises = rng.random() < 0.5
        slots |= {
            "n": str(size), "d": str(size), "up": "up" if rises else "down", "more": rng.choice(("brighter",) if rises else ("dimmer", "darker")),
            "faster": "faster" if rises else "slower", "warmer": rng.choice(("warmer", "hotter") if rises else ("cooler", "colder")),
            "raise": rng.choice(("raise", "increase", "boost") if rises else ("lower", "reduce", "decrease")),
            "dd": rng.choice(DEGREES.get(size, (f"{size} degrees",))), "moreless": "more" if rises else "less",
        }  # fmt: skip
        if what == "bright" and rng.random() < 0.3:
            slots["raise"] = "brighten" if rises else "dim"
    else:
        section = f"bit.{what}" if what in ("cover", "stat") else f"clarify.{what}"
    template = GRAMMAR.pick(rng, section, split)
    if template is None or not template.slots <= set(slots) or ("place" in template.slots and not slots["place"]):
        return None
    if what == "warm" and known and not template.slots & {"in", "in_there", "place", "A"}:
        return None  # "a bit cooler please" says no room
    text, way = said(rng, template, slots)
    if section == "by.cover":
        way = "up" if template.text.startswith("open") or text.startswith("raise") else "down"
    if way is None:
        return None
    if section.startswith("by."):
        way = slots["n"] if way == "up" else f"-{slots['n']}"
    made = stepped(tool, known, way)
    state = {
        "bright": f"on, brightness {levels.percent(rng)} percent", "warm": f"set to {levels.degrees(rng)} °C", "stat": f"set to {levels.degrees(rng)} °C",
        "speed": f"on, speed {levels.percent(rng)} percent", "cover": f"open, position {levels.percent(rng)} percent",
    }[what]  # fmt: skip
    form = "say" if _WHOLE.match(template.text) else "do"
    return Draft(text, form, (made,), (results.done(rng, target, state),), template.text, names_of(target))  # type: ignore[arg-type]


def _light_of_place(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """More or less light in a room, with no light named."""
    spot = somewhere(rng, home, {"area": 60, "floor": 8, "here": 20, "none": 12})
    if spot is None:
        return None
    way = rng.choice(("up", "down"))
    section = "place.brighter" if way == "up" else "place.dimmer"
    chosen = pick(rng, split, section, f"{section}.say")
    found = members(home, "light", None, spot.area, spot.floor)
    if not found or chosen is None or (not spot.inside and chosen[0].slots & {"place", "A"}):
        return None
    text = GRAMMAR.say(rng, chosen[0].node, place_slots(spot))
    # "Make it brighter" with no place in it is about the lamp that was spoken of before (followups.py).
    if called_plainly(home, text) or (not spot.inside and "lights" not in text):
        return None
    arguments = spot.arguments or {"area": "here"}
    target = Target("", "", arguments, found, True, spot.area or spot.floor or "here", "light")
    state = f"on, brightness {levels.percent(rng)} percent"
    made = stepped("HassLightSet", arguments, way)
    return unless_named(home, Draft(text, chosen[1], (made,), (results.done(rng, target, state),), chosen[0].text))


DEGREES: dict[float, tuple[str, ...]] = {
    0.5: ("half a degree",), 1: ("a degree", "one degree", "1 degree"), 1.5: ("a degree and a half", "1.5 degrees"),
    2: ("2 degrees", "a couple of degrees", "a couple degrees"), 3: ("3 degrees",), 4: ("4 degrees",), 5: ("5 degrees",),
}  # fmt: skip
"""Steps of temperature and how they are said."""

_WHOLE = re.compile(
    r"(i|i'm|i'd|it|it's|we|we're|the|my|everyone|grandma's|could|can|would|a|phew|good|blimey|brrr?|easy|too|not|who|whoever|far|way|more|less|some|another|bit|up|heating|just|only|about|maybe|say"
    r"|warmer|cooler|colder|hotter|perishing|freezing|icy|nippy|parky|bitter|chilly|sweltering|roasting|boiling|baking|stifling|tropical)\b|\{(?!raise)|<",
    re.I,
)
"""How sentences begin that are no imperatives."""


def _subject(rng: random.Random, home: Home, what: str) -> tuple[Target, dict[str, str], dict[str, str]] | None:
    """What is changed, the arguments that say so, and the slots of a sentence about it."""
    if what == "warm":
        spot = somewhere(rng, home, {"area": 4, "here": 2, "none": 4}, of=False)
        if spot is None:
            return None
        found = members(home, "climate", None, spot.area, spot.floor) or members(home, "climate", None)
        target = Target("", "", dict(spot.arguments), found[:1], False, spot.area or "", "thermostat")
        return target, dict(spot.arguments), place_slots(spot)
    chosen: Target | None
    if what == "cover":
        pair = covered(rng, home, 0.4)
        chosen = pair[0] if pair else None
    elif what == "stat":
        device = some_device(rng, home, ("climate",))
        chosen = named(rng, home, device) if device else None
        if chosen is not None and chosen.bare in ("heating", "thermostat"):
            return None  # what every room may have is not called by name
    elif rng.random() < 0.4:
        chosen = of_set(rng, home, "light" if what == "bright" else "fan", None)
    elif what == "bright":
        chosen = lights.a_light(rng, home)
    else:
        device = some_device(rng, home, ("fan",))
        chosen = named(rng, home, device) if device else None
    if chosen is None:
        return None
    dropped = () if what == "cover" else ("domain",)
    return chosen, {k: v for k, v in chosen.arguments.items() if k not in dropped}, dict(chosen.slots)
