# SPDX-License-Identifier: Apache-2.0
"""The commands that a longer sentence is made of, and whether two of them get in each other's way."""

from __future__ import annotations

import random
import re

from tools.home_model import acts, appliances, chores, players, relative, timers
from tools.home_model.calls import Call, Draft
from tools.home_model.grammar import Split
from tools.home_model.homes import Home
from tools.home_model.wording import Maker

_FAMILIES = {
    "HassLightSet": "light", "HassFanSetSpeed": "fan", "HassSetPosition": "cover", "HassClimateSetTemperature": "climate", "HassSetVolume": "media_player",
    "HassSetVolumeRelative": "media_player",
}  # fmt: skip
"""The kind of device that a tool is about, where the call does not say it."""
SAYS_HERE = re.compile(r"\b(?:here|room|place|space|area|these|those)\b")
_IT = re.compile(r"\w+ (?:it|them)\b")
SAYS_ONE = re.compile(r"\bones?\b")
GIVES_REASON = re.compile(
    r",|\b(?:because|since|so|before|like|while|when|until|till|as (?:i|we|it)|for (?:me|the|when))\b", re.IGNORECASE
)
"""What a command has behind it that words after it would belong to: "close the blind because it's late after that"."""
_OF_BEFORE = re.compile(r"(?:undo|reverse|repeat) that\b")
"""How commands begin that would speak of the one before."""


def imperative(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """A command that begins with its verb, about nothing that has an "and" in its name; None where no try made one."""
    maker: Maker = rng.choices(
        (acts.act, relative.step, players.media, timers.timer, chores.lists, appliances.job), (72, 9, 9, 8, 4, 4)
    )[0]
    for _ in range(6):
        found = maker(rng, home, split)
        if (
            found
            and found.form == "do"
            and not _OF_BEFORE.match(found.text)
            and all(" and " not in name for name in found.names)
        ):
            return found
    return None


def domain_of(home: Home, made: Call) -> str:
    """The kind of device that a call is about; empty where nothing tells."""
    if "domain" in made.arguments:
        return made.arguments["domain"]
    if made.tool in _FAMILIES or "HassMedia" in made.tool:
        return _FAMILIES.get(made.tool, "media_player")
    found = home.find(made.arguments.get("name", ""))
    return found.domain if found else ""


def _meant(home: Home, made: Call) -> set[int]:
    """The devices that a call is about, by their index; none where it says "here" or nothing."""
    spoken = made.arguments
    name, area, floor = (spoken.get(slot) for slot in ("name", "area", "floor"))
    kind = domain_of(home, made)
    if area == "here" or not (name or area or floor or "domain" in spoken):
        return set()
    return {
        index for index, device in enumerate(home.devices)
        if (not area or (device.area or "").lower() == area) and (not floor or (device.floor or "").lower() == floor)
        and (name in [known.lower() for known in (device.name, *device.aliases)] if name else device.domain == kind)
        and spoken.get("device_class") in (None, device.device_class)
    }  # fmt: skip


def _whose(made: Call) -> dict[str, str]:
    """What a call says of the devices that it is for."""
    return {
        slot: made.arguments[slot]
        for slot in ("name", "area", "floor", "domain", "device_class")
        if slot in made.arguments
    }


def _of_all_there(whole: Call, other: Call) -> bool:
    """Whether a command is about all that is in a place, and the other about a part of it: "all off there, the lamps on"."""
    places, known = whole.arguments, other.arguments
    everything = "HassTurn" in whole.tool and places and {*places} <= {"area", "floor"}
    return bool(everything) and "Timer" not in other.tool and all(known.get(slot) == places[slot] for slot in places)


def _same_timer(text: str, made: Call, before: Call) -> bool:
    """Whether both are about one timer that runs: "pause the timer and add a minute to the timer"."""
    if made.tool == before.tool == "HassStartTimer":
        return "name" not in made.arguments and re.search(r"\b(?:on|to) (?:the|my|that) timer\b", text) is not None
    if any("Timer" not in each.tool or each.tool == "HassStartTimer" for each in (made, before)):
        return False
    one, other = (
        {slot: value for slot, value in each.arguments.items() if slot not in ("hours", "minutes", "seconds")}
        for each in (made, before)
    )
    return one == other or "HassCancelAllTimers" in (made.tool, before.tool)


def clash(home: Home, parts: list[tuple[str, tuple[Call, ...]]]) -> bool:
    """Whether two commands are about the same thing, or the second of the kind that the first has said the place of.

    "Turn the porch lights on and make the lights red" means those of the porch, if anything.
    """
    for at, (text, calls) in enumerate(parts):
        for made in calls:
            if at and "name" not in made.arguments and made.tool in _FAMILIES and _IT.match(text):
                return True  # "close the shutter and light it at half"
            for said, before in ((said, each) for said, others in parts[:at] for each in others):
                if _of_all_there(made, before) or _of_all_there(before, made) or _same_timer(text, made, before):
                    return True
                kind, same_tool = domain_of(home, made), before.tool == made.tool
                if not kind or "Timer" in made.tool or "List" in made.tool:
                    continue
                if kind == "light" != domain_of(home, before) and SAYS_ONE.search(text):
                    return True  # "the kettle and the one on the desk"
                spoken, earlier = made.arguments, before.arguments
                if same_tool and _whose(made) == _whose(before):
                    return True  # "the heating up a degree and the temperature down a bit"
                classes = {each["device_class"] for each in (spoken, earlier) if "device_class" in each}
                if kind == domain_of(home, before) and len(classes) < 2:
                    unsaid = not {"name", "floor", "domain"} & {*spoken} and "area" not in spoken
                    here = unsaid or (spoken.get("area") == "here" and not SAYS_HERE.search(text))
                    if here and {"name", "area", "floor", "domain"} & {*earlier} and (unsaid or "name" not in earlier):
                        return True
                    if spoken.get("area") == earlier.get("area") == "here":
                        return True
                    if earlier.get("area") == "here" and "name" not in spoken and not SAYS_HERE.search(said):
                        return True  # "the lights and the lamps in the hall"
                    if earlier.get("area") == "here" and not {"name", "area", "floor"} & {*spoken}:
                        return True  # those here are among all
                one, other = _meant(home, before), _meant(home, made)
                if one & other and (same_tool or one == other):
                    return True
    return False
