# SPDX-License-Identifier: Apache-2.0
"""Things that must not be touched, that are not told in full, or that this box cannot do."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tools.home_model import acts, announcing, chores, drafts, levels, players, switching, things, timers
from tools.home_model.calls import Draft, Turn, call
from tools.home_model.clauses import GIVES_REASON, imperative
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home
from tools.home_model.let_be import let_be
from tools.home_model.places import somewhere
from tools.home_model.relative import said
from tools.home_model.still import still
from tools.home_model.targets import Target, named, of_set
from tools.home_model.wording import gerund, plain_turn, wrapped


def negation(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    if rng.random() < 0.4:
        return still(rng, home, split)
    if rng.random() < 0.12:
        return let_be(rng, home, split)
    if rng.random() < 0.38:
        return _aside(rng, home, split)
    if rng.random() < 0.12:
        return _forbidden(rng, home, split)
    pick = rng.random()
    if pick < 0.3:
        pair = drafts.covered(rng, home)
        target, section = (pair[0] if pair else None), "negation.open"
    elif pick < 0.4:
        device = drafts.some_device(rng, home, ("lock",))
        target, section = (named(rng, home, device) if device else None), "negation.lock"
    else:
        target, section = switching.switched(rng, home), "negation"
    template = GRAMMAR.pick(rng, section, split)
    if template is None or target is None:
        return None
    text = GRAMMAR.say(rng, template.node, target.slots)
    if rng.random() < 0.2:
        text = rng.choice(
            ("please {}", "hey {}", "no {}", "okay {}", "wait, {}", "stop, {}", "{} please", "{} thanks", "{} okay")
        ).format(text)
    name = target.arguments.get("name")
    called = name or (target.bare if target.bare.startswith("the ") else f"the {target.bare}")
    answer = f"Okay, I leave {called} as {'it is' if name else 'they are'}."
    return plain_turn(rng, "negation", text, answer, template.text, drafts.names_of(target))


def _forbidden(rng: random.Random, home: Home, split: Split) -> Turn | None:
    """Any command forbidden, those to players, timers and lists above all."""
    maker = rng.choice((players.media, timers.timer, timers.timer, chores.lists, acts.act, announcing.announcement))
    found, template = maker(rng, home, "train"), GRAMMAR.pick(rng, "forbid", split)
    if found is None or template is None or found.form != "do" or _TWISTED.match(found.text):
        return None
    text = GRAMMAR.say(rng, template.node, {"c": found.text, "cing": gerund(found.text)})
    return plain_turn(rng, "negation", text, "Okay, I change nothing.", template.text, found.names)


_TWISTED = re.compile(
    r"(?:don't|do not|can|could|would|want|i|i'd|let's|never|no|keep|leave|let|have|make sure|see|ensure|check|take care|hold|stop|quit|how|what|is|tell|forget)\b"
)
"""How commands begin that ask for something, or mean something else, behind a "don't"."""
_SAID = re.compile(r"(?:don't|can|could|would|want|i|i'd|let's|help me|lights)\b", re.IGNORECASE)
"""How those begin that are no imperatives."""

_ASIDES = {
    "aside.told": "Okay, I change nothing.", "aside.people": "Okay, I change nothing.", "aside.ing": "Okay, I change nothing.",
    "aside.remark": "Okay, I change nothing.", "aside.can": "Yes, just tell me to.", "aside.can.x": "Yes, just tell me what to do.",
}  # fmt: skip


def _aside(rng: random.Random, home: Home, split: Split) -> Turn | None:
    """Something told, asked about, or said to somebody else: a command stands in it, but nothing may be done."""
    section = rng.choices(tuple(_ASIDES), (36, 20, 12, 70, 14, 18))[0]
    template = GRAMMAR.pick(rng, section, split)
    slots: dict[str, str] = {}
    names: tuple[str, ...] = ()
    if section in ("aside.told", "aside.ing", "aside.can"):
        found = imperative(rng, home, "train")
        if found is None or found.calls[0].tool.endswith("Timer") or _SAID.match(found.text):
            return None
        slots, names = {"c": found.text, "cing": gerund(found.text)}, found.names
    elif section == "aside.can.x":
        target = switching.switched(rng, home)
        if target is None:
            return None
        slots, names = target.slots, drafts.names_of(target)
    if template is None:
        return None
    text = GRAMMAR.say(rng, template.node, slots)
    return plain_turn(rng, "negation", text, _ASIDES[section], template.text, names)


_TALK = {
    kind: tuple(section for section in GRAMMAR.sections if section.startswith(f"{kind}.")) for kind in ("decline", "chat")
}  # fmt: skip


_NO_IMPERATIVE = re.compile(
    r"(?:what|who|when|where|why|how|which|in what|is|are|am|was|do (?:you|i|we|they|fish)|did|does|have|has|can|could|would|any|got|i|i'm|i'd|i could|my|we|we're|the|that|this|it|one|not|just|a|some|will|would|let|hi|tell me what|if)(?:'?s)?\b",
    re.IGNORECASE,
)


def _has_called(home: Home, text: str) -> bool:
    """Whether a device or scene of the home is called by its name."""
    said_here = f" {text.lower()} "
    return any(f" {name.lower()} " in said_here for device in home.devices for name in (device.name, *device.aliases))


def _answer_of(section: str) -> str:
    line = GRAMMAR.sections[f"say.{section}"][0]
    return (*line.train, *line.test)[0].text


def talk(kind: str) -> Callable[[random.Random, Home, Split, Turn | None], Turn | None]:
    sizes = [len(GRAMMAR.sections[section]) for section in _TALK[kind]]

    def make(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
        if kind == "decline" and rng.random() < 0.45:
            return _later(rng, home, split) if rng.random() < 0.8 else _unsparing(rng, home, split)
        section = rng.choices(_TALK[kind], sizes)[0]
        template = GRAMMAR.pick(rng, section, split)
        if template is None:
            return None
        text = GRAMMAR.say(rng, template.node, {})
        if kind == "decline" and _has_called(home, text):
            return None
        if kind == "decline" and rng.random() < 0.35 and not _NO_IMPERATIVE.match(text):
            text = wrapped(rng, Draft(text, "do", (), (), template.text), split)
        elif rng.random() < 0.25:
            text = rng.choice(
                ("hey {}", "okay {}", "please {}", "{} please", "hey computer {}", "so {}", "um {}", "{} now")
            ).format(text)
        return plain_turn(rng, kind, text, _answer_of(section), template.text)

    return make


def _later(rng: random.Random, home: Home, split: Split) -> Turn | None:
    """A command for later, or on a condition: nothing may happen now."""
    maker = announcing.announcement if rng.random() < 0.05 else imperative
    found = maker(rng, home, "train")
    template = GRAMMAR.pick(rng, "later", split)
    if found is None or template is None or found.calls[0].tool.endswith("Timer"):
        return None
    text = GRAMMAR.say(rng, template.node, {"c": found.text})
    if GIVES_REASON.search(found.text) and not text.endswith(found.text):
        return None  # "make it 20 degrees so we're not throwing money away by tonight"
    return plain_turn(rng, "decline", text, "I can only do things right away.", template.text, found.names)


def _unsparing(rng: random.Random, home: Home, split: Split) -> Turn | None:
    """Timers, thermostats and what plays, all but one of them: the tools for these leave nothing out."""
    section = rng.choice(("unsparing.timer", "unsparing.media", "unsparing.warm"))
    template = GRAMMAR.pick(rng, section, split)
    spot = somewhere(rng, home, {"area": 1})
    device = drafts.some_device(rng, home, ("media_player",))
    if (
        template is None
        or (spot is None and section == "unsparing.warm")
        or (device is None and section == "unsparing.media")
    ):
        return None
    target = named(rng, home, device) if device else None
    slots = {
        "name": things.timed(rng, split),
        "t": levels.degrees(rng),
        "x": target.text if target else "",
        "place": spot.text if spot else "",
    }
    text = GRAMMAR.say(rng, template.node, slots)
    names = drafts.names_of(target) if target and section == "unsparing.media" else ()
    return plain_turn(
        rng, "decline", text, "I cannot leave anything out there, so I changed nothing.", template.text, names
    )


_UNTOLD = {
    "clarify.warm": "What temperature do you want?", "clarify.bright": "How bright should it be?", "clarify.color": "Which color do you want?", "clarify.speed": "How fast should it be?",
}  # fmt: skip


_UNTOLD_TOOLS = {
    "clarify.warm": "HassClimateSetTemperature", "clarify.bright": "HassLightSet", "clarify.color": "HassLightSet", "clarify.speed": "HassFanSetSpeed",
}  # fmt: skip


def clarify(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    if (history is not None and history.calls) or rng.random() < 0.35:
        section = rng.choices(tuple(_UNTOLD), (4, 5, 1.5, 1.5))[0]
        target: Target | None = None
        slots: dict[str, str] = {}
        if section == "clarify.warm":
            spot = somewhere(rng, home, {"area": 4, "here": 2, "none": 4})
            slots = drafts.place_slots(spot) if spot else {}
        elif section == "clarify.speed":
            device = drafts.some_device(rng, home, ("fan",))
            target = named(rng, home, device) if device else None
        elif rng.random() < 0.4:
            target = of_set(rng, home, "light", None)
        else:
            device = drafts.some_device(rng, home, ("light",))
            target = named(rng, home, device) if device else None
        template = GRAMMAR.pick(rng, section, split)
        slots = target.slots if target else slots
        if template is None or not template.slots <= set(slots) or ("place" in template.slots and not slots["place"]):
            return None
        known = {slot: value for slot, value in target.arguments.items() if slot != "domain"} if target else {}
        if section == "clarify.warm":
            known = dict(spot.arguments) if spot else {}
        text, way = said(rng, template, slots)
        if way and section != "clarify.color":
            return None  # that is a step (relative.py)
        return plain_turn(
            rng,
            "clarify",
            text,
            _UNTOLD[section],
            template.text,
            drafts.names_of(target) if target else (),
            call(_UNTOLD_TOOLS[section], known),
        )
    section = rng.choice(("clarify.on", "clarify.off", "clarify.set"))
    template = GRAMMAR.pick(rng, section, split)
    if template is None:
        return None
    text = GRAMMAR.say(
        rng,
        template.node,
        {"it": rng.choice(("it", "it", "it", "that", "them", "this", "those")), "n": levels.percent(rng)},
    )
    ways = ("{}",) * 6 + ("please {}", "{} please", "hey {}")
    if not _NO_IMPERATIVE.match(text):
        ways += ("can you {}", "could you {}", "{} now")
    text = rng.choice(ways).format(text)
    tool = {"clarify.on": "HassTurnOn", "clarify.off": "HassTurnOff"}.get(section)
    waiting = call(tool, {}) if tool else None
    return plain_turn(rng, "clarify", text, "Which device do you mean?", template.text, (), waiting)


# What only makes sense after the turn before
