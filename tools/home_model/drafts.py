# SPDX-License-Identifier: Apache-2.0
"""What the makers of sentences share: choosing a template and a device, and filling the one with the other."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

from tools.home_model.calls import Call, Draft, Form, Result
from tools.home_model.grammar import GRAMMAR, Split, Template
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.places import Place
from tools.home_model.targets import Target, called_after, named, of_set

CALLED_AFTER_ROOM = 0.15
"""How often a device is chosen that is called after its room: "the bedroom lamp" is then that lamp, not the room's lights."""

PLAIN = 0.12
"""Share of the plainest commands: with so many ways to say it, what everybody says must stay what is heard most."""


def pick(rng: random.Random, split: Split, *sections: str) -> tuple[Template, Form] | None:
    """A template out of one of several sections, and the form of its sentence."""
    options = [section for section in sections if section in GRAMMAR.sections]
    sizes = [len(GRAMMAR.sections[section]) for section in options]
    for _ in range(4):
        section = rng.choices(options, sizes)[0]
        template = GRAMMAR.pick(rng, section, split)
        if template is not None:
            if section.startswith(("ask.", "timer.status")):
                return template, "ask"
            return template, "say" if section.endswith(".say") or _NO_VERB.match(template.text) else "do"
    return None


_NO_VERB = re.compile(
    r"(?:(?:don't|never|no|let's|i|i'd|i'm|i've|it|we|we'd|you|could|would|will|can (?:i|we|you)|what|what's|how|how's|when|where|is|are|a|an"
    r"|the|my|all|any|every|everything|half|halfway|fifty|lights|brightness|temperature|heating|thermostats|more|less|only|next|last"
    r"|about|still|maybe|okay|and|at|some|another)\b|<(?:ma|pa|ps|pl|ml|ms)\.|\{(?:x|in|place|n|t|d|dd)\})",
    re.IGNORECASE,
)
"""How templates begin that nobody puts behind "could you", although their section is one of imperatives."""


def draft(
    rng: random.Random,
    chosen: tuple[Template, Form] | None,
    slots: Mapping[str, str],
    made: Call,
    result: Result,
    names: tuple[str, ...] = (),
) -> Draft | None:
    """The sentence of a chosen template with its call."""
    if chosen is None:
        return None
    template, form = chosen
    text = GRAMMAR.say(rng, template.node, slots)
    if slots.get("is") == "are" and "X" in slots:
        text = text.replace(f"that {slots['X']}", f"those {slots['X']}")
    return Draft(text, form, (made,), (result,), template.text, names)


def with_say(*sections: str) -> tuple[str, ...]:
    return tuple(name for section in sections for name in (section, f"{section}.say"))


def some_device(
    rng: random.Random, home: Home, domains: tuple[str, ...], *, device_class: str | None = None
) -> HomeDevice | None:
    """A device of one of the domains; each domain that the home has is about equally likely, lights a little more."""
    found = [
        device
        for device in home.devices
        if device.domain in domains and (device_class is None or device.device_class == device_class)
    ]
    if not found:
        return None
    if rng.random() < CALLED_AFTER_ROOM:
        found = [device for device in found if device.area and device.area.lower() in device.name.lower()] or found
    by_domain: dict[str, list[HomeDevice]] = {}
    for device in found:
        by_domain.setdefault(device.domain, []).append(device)
    weights = [len(devices) ** 0.5 for devices in by_domain.values()]
    return rng.choice(rng.choices(tuple(by_domain.values()), weights)[0])


def unless_named(home: Home, found: Draft | None) -> Draft | None:
    """The draft, unless it speaks of a room in words that happen to be the name of a device called after the room."""
    if found is None:
        return None
    area = found.calls[0].arguments.get("area", "here")
    if area != "here" and "name" not in found.calls[0].arguments and called_after(home, area, found.text):
        return None
    return found


def names_of(target: Target) -> tuple[str, ...]:
    """The device name in a target's text, if it has one."""
    return (target.arguments["name"],) if "name" in target.arguments else ()


def place_slots(spot: Place) -> dict[str, str]:
    """The slots of a sentence about a place."""
    return {"in": spot.inside, "in_there": spot.inside or "here", "place": spot.text, "A": spot.bare}


def covered(rng: random.Random, home: Home, sets: float = 0.5) -> tuple[Target, str] | None:
    """A cover or valve, or all of a kind in a place, with its device class."""
    if rng.random() < sets:
        classes = [device.device_class for device in home.devices if device.domain == "cover" and device.device_class]
        if classes:
            device_class = rng.choice(classes)
            target = of_set(rng, home, "cover", device_class)
            return (target, device_class) if target else None
        return None
    device = some_device(rng, home, ("cover", "valve") if rng.random() < 0.3 else ("cover",))
    return (named(rng, home, device), device.device_class or device.domain) if device else None


def says_a_name(home: Home, text: str, *meant: HomeDevice) -> bool:
    """Whether the text happens to hold the name of another device than those it means."""
    others = [device for device in home.devices if device not in meant]
    return any(
        re.search(rf"\b{re.escape(name.lower())}\b", text.lower())
        for device in others
        for name in (device.name, *device.aliases)
    )
