# SPDX-License-Identifier: Apache-2.0
"""What a question is about: a thing or a place in the words that questions use for it, and the arguments of the call."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from appliance.home.tools import DOMAINS
from tools.home_model.calls import Call, Draft, Form, Result
from tools.home_model.drafts import draft, names_of
from tools.home_model.grammar import Template
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.kinds import NOTICES, WORK_OF
from tools.home_model.places import Place, somewhere
from tools.home_model.targets import Target, named


def arguments_of(target: Target, device: HomeDevice) -> dict[str, str]:
    """What the call names: the target, with the kind of the device, so that no namesake of another kind answers."""
    arguments = dict(target.arguments)
    if device.domain in DOMAINS:
        arguments["domain"] = device.domain
    if device.domain in ("sensor", "binary_sensor") and device.device_class:
        arguments["device_class"] = device.device_class
    return arguments


_AGREEING = {"has": "have", "does": "do", "was": "were", "is": "are"}


def about(
    rng: random.Random,
    chosen: tuple[Template, Form] | None,
    target: Target,
    more: dict[str, str],
    made: Call,
    result: Result,
) -> Draft | None:
    """A question about one thing, with verbs that agree with it: "have the lights been left on"."""
    found = draft(rng, chosen, target.slots | more, made, result, names_of(target))
    if found is None or not target.plural:
        return found
    said = rf"((the|that|our|my|this) )?{re.escape(target.bare)}|{re.escape(target.text)}"
    verbs = rf"\b({'|'.join(_AGREEING)}) (?={said})"
    text = re.sub(verbs, lambda verb: f"{_AGREEING[verb[1]]} ", found.text)
    return replace(found, text=text)


def asked_of(rng: random.Random, home: Home, device: HomeDevice) -> Target:
    """A device as questions call it: people have no article, and a machine may be called by its work."""
    target = named(rng, home, device)
    if device.domain == "person":
        name = target.arguments["name"]
        return replace(target, text=name, bare=name)
    short = _shorter(home, device) if rng.random() < 0.35 else None
    if short is None:
        return target
    text = f"{rng.choice(('the', 'the', 'the', 'my', 'our'))} {short}"
    return Target(text, short, {"name": device.name.lower()}, (device,), short.endswith("dishes"))


def _what_it_watches(home: Home, device: HomeDevice) -> str | None:
    # "Is the front door open" asks the Front Door Contact; "the kitchen window" is any of the kitchen.
    short = device.name.lower().rpartition(" ")[0]
    places = [place.lower() for place in (*home.areas, *home.floors)]
    names = [name.lower() for other in home.devices if other is not device for name in (other.name, *other.aliases)]
    plain = device.device_class in ("door", "window", "garage_door") and " " in short
    return (
        short if plain and not any(map(short.startswith, places)) and not any(short in name for name in names) else None
    )


def _shorter(home: Home, device: HomeDevice) -> str | None:
    """Another name for a device where nothing else at home could be meant: "the wash", or "the car" for its charger."""
    low = device.name.lower()
    if device.domain == "binary_sensor" and low.endswith((" sensor", " contact")):
        return _what_it_watches(home, device)
    washes = device.domain == "switch" or device.device_class == "running"
    works = next((works for word, works in WORK_OF.items() if washes and word in low.split()), ())
    suffixes = (
        NOTICES[device.device_class].suffixes if device.device_class in ("running", "plug", "battery_charging") else ()
    )
    short = next((low.removesuffix(f" {each}") for each in suffixes if low.endswith(f" {each}")), None)
    short = works[len(low) % len(works)] if works else short
    if short is None or short in ((device.area or "").lower(), low):
        return None
    others = [name for other in home.devices if other is not device for name in (other.name, *other.aliases)]
    known = " ".join((*others, *home.areas, *home.floors)).lower().split()
    machine = [word for word in low.split() if word in WORK_OF]
    return None if set(known) & {*short.split(), *machine} else short


def asked_place(rng: random.Random, home: Home, modes: dict[str, float]) -> Place | None:
    """A place whose preposition fits behind any word: "on in the kitchen", but not "on of the kitchen"."""
    for _ in range(6):
        spot = somewhere(rng, home, modes)
        if spot is not None and spot.inside.partition(" ")[0] not in ("of", "for", "at"):
            return spot
    return None
