# SPDX-License-Identifier: Apache-2.0
"""Scenes and scripts, by name or by what they are for, and buttons."""

from __future__ import annotations

import random

from tools.home_model import results, words
from tools.home_model.calls import Draft, call
from tools.home_model.drafts import (
    PLAIN,
    draft,
    pick,
    says_a_name,
    some_device,
    with_say,
)
from tools.home_model.grammar import Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.targets import Target, named

# What a scene is for: what scenes of that sense are called, and what people call it, before "thing" and after "for".
_SENSES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "film": (
        ("movie", "movie night", "film", "film night", "cinema"),
        (
            "film",
            "movie",
            "cinema",
            "picture house",
            "big screen",
            "movie night",
            "film night",
            "pictures",
            "flicks",
            "telly night",
            "popcorn",
        ),
        (
            "the film",
            "a film",
            "the movie",
            "film night",
            "the pictures",
            "the big film",
            "a flick",
            "watching a film",
            "the telly tonight",
        ),
    ),
    "meal": (
        ("dinner", "supper"),
        ("dinner", "meal", "supper", "dinner table", "mealtime", "sit down dinner", "dining", "Sunday lunch", "eating"),
        (
            "dinner",
            "supper",
            "our meal",
            "eating",
            "sitting down to eat",
            "the roast",
            "the dinner guests",
            "the meal",
            "dining",
            "when we eat",
        ),
    ),
    "sleep": (
        ("bedtime", "night", "goodnight", "good night"),
        (
            "bedtime",
            "sleep",
            "night night",
            "going to bed",
            "nightly",
            "beddy byes",
            "sleepy",
            "night time",
            "nighttime",
            "end of the day",
        ),
        (
            "bed",
            "the night",
            "sleep",
            "sleeping",
            "turning in",
            "a good night's sleep",
            "bye byes",
            "bedtime",
            "night time",
            "the small hours",
        ),
    ),
    "leave": (
        ("leaving", "away", "going out"),
        (
            "leaving",
            "going out",
            "goodbye",
            "off out",
            "away from home",
            "nobody home",
            "departure",
            "out of the house",
            "empty house",
            "leaving home",
        ),
        (
            "us leaving",
            "going out",
            "us being out",
            "an empty house",
            "when nobody's home",
            "leaving",
            "when we leave",
            "nobody being in",
        ),
    ),
    "arrive": (
        ("coming home", "welcome home", "welcome", "back home", "arrival"),
        ("coming home", "welcome", "back home", "arriving", "home again", "hello I'm home"),
        ("coming home", "us coming home", "my homecoming", "when we get in", "our arrival"),
    ),
    "wake": (
        ("morning", "good morning", "sunrise", "wake up"),
        ("morning", "waking up", "getting up", "rise and shine", "start of the day"),
        ("the morning", "getting up", "waking up", "a new day", "the day ahead"),
    ),
    "read": (
        ("reading",),
        ("reading", "book", "bookworm", "quiet read"),
        ("my book", "reading", "a good read", "a chapter or two"),
    ),
    "party": (
        ("party", "house party", "celebration", "disco"),
        ("party", "bash", "knees up", "disco", "celebrating", "dancing"),
        ("the party", "the bash", "a knees up", "a boogie", "celebrating", "our do"),
    ),
    "calm": (
        ("relax", "chill", "cozy"),
        ("relaxing", "chilling", "unwinding", "chill out", "cosy", "taking it easy"),
        ("a quiet evening", "relaxing", "unwinding", "chilling out", "some peace", "a lazy night in"),
    ),
    "love": (
        ("romance", "romantic", "date night", "candlelight"),
        ("date night", "romantic", "lovey dovey", "smoochy", "romance", "candlelit"),
        ("date night", "a bit of romance", "my date", "just the two of us", "our anniversary"),
    ),
    "cook": (
        ("cooking", "baking"),
        ("cooking", "chef", "baking", "kitchen work"),
        ("cooking", "making dinner", "baking", "the chef", "some baking"),
    ),
    "work": (
        ("work", "study time", "homework"),
        ("work", "working", "studying", "homework", "get things done"),
        ("work", "working", "studying", "my homework", "a day at the desk"),
    ),
    "game": (
        ("gaming", "football", "game day"),
        ("gaming", "game", "match", "match day"),
        ("the match", "gaming", "the game", "a gaming session"),
    ),
    "guests": (
        ("guests",),
        ("guest", "visitor", "company", "people round"),
        ("guests", "company", "visitors", "having people round"),
    ),
    "trip": (
        ("vacation", "holiday"),
        ("holiday", "vacation", "off on our hols", "long absence", "gone abroad"),
        ("our holiday", "our vacation", "our trip", "2 weeks away", "being abroad"),
    ),
    "breakfast": (
        ("breakfast", "brunch"),
        ("breakfast", "brekkie", "brunch", "breakfast time"),
        ("breakfast", "brekkie", "our eggs and bacon", "brunch"),
    ),
    "exercise": (
        ("workout", "yoga"),
        ("workout", "exercise", "keep fit", "stretching", "training"),
        ("my workout", "exercising", "my stretches", "keep fit", "training"),
    ),
    "clean": (
        ("cleaning", "cleanup"),
        ("cleaning", "scrubbing", "housework", "chores"),
        ("cleaning", "the housework", "a good scrub", "spring cleaning"),
    ),
}


def _sense(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Ask for a scene by what it is for, and not by its name: "do the film thing" is Movie Night."""
    known: list[tuple[str, HomeDevice]] = []
    for sense, (called, _, _) in _SENSES.items():
        fits = [device for device in home.devices if device.domain in ("scene", "script") and _stem(device) in called]
        known += [(sense, fits[0])] if len(fits) == 1 else []
    if not known:
        return None
    sense, device = rng.choice(known)
    low = device.name.lower()
    target = Target(low, low, {"name": low, "domain": device.domain}, (device,))
    _, before, after = _SENSES[sense]
    sections = with_say("scene.loose") if rng.random() < 0.55 else (f"sense.{sense}.say",)
    found = draft(
        rng,
        pick(rng, split, *sections),
        {"w": rng.choice((*before, _stem(device))), "for": rng.choice(after)},
        call("HassTurnOn", target.arguments),
        results.done(rng, target, "activated" if device.domain == "scene" else "started", "was"),
    )
    return None if found is None or says_a_name(home, found.text, device) else found


def _stem(device: HomeDevice) -> str:
    """A scene's name without the word that says that it is one: "dinner" of "Dinner Mode"."""
    first, _, last = device.name.lower().rpartition(" ")
    return first if first and last in words.SCENE_TAILS else device.name.lower()


def scene(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Run a scene or a script."""
    if rng.random() < 0.65 and (meant := _sense(rng, home, split)):
        return meant
    device = some_device(rng, home, ("scene", "script"))
    if device is None:
        return None
    low = rng.choice((device.name, *device.aliases)).lower()
    section = device.domain
    arguments = {"name": low, "domain": device.domain}
    text = low
    if device.area and rng.random() < 0.12 and not set(device.area.lower().split()).intersection(low.split()):
        arguments["area"] = device.area.lower()
        text = f"{device.area.lower()} {low}"
    plain = section == "scene" and rng.random() < PLAIN
    chosen = pick(rng, split, *(("scene.plain",) if plain else with_say(section)))
    target = Target(low, low, arguments, (device,))
    if section == "scene":
        result = results.done(rng, target, "activated", "was")
    else:
        result = results.done(rng, target, "started", "was")
    return draft(rng, chosen, {"X": text, "x": text}, call("HassTurnOn", arguments), result, (low,))


def button(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Press a button."""
    device = some_device(rng, home, ("button",))
    if device is None:
        return None
    target = named(rng, home, device)
    low = device.name.lower()
    return draft(
        rng,
        pick(rng, split, *with_say("button")),
        {"X": low},
        call("HassTurnOn", {"name": low}),
        results.done(rng, target, "pressed", "was"),
        (low,),
    )
