# SPDX-License-Identifier: Apache-2.0
"""Sentences of the package home-assistant-intents (Apache-2.0), with the calls that Home Assistant would make of them.

What Home Assistant would take from the room of the speaker becomes the area "here" where the convention says so.
"""

from __future__ import annotations

import random
import re

from appliance.home.tools import DOMAINS
from tools.home_model.calls import Draft, Form, call
from tools.home_model.grammar import Split
from tools.home_model.homes import Home
from tools.home_model.package_results import result_of
from tools.home_model.package_sentences import WEIGHTS, Unfit, Walk, expand, sentences_of
from tools.home_model.places import ON_PLACES
from tools.home_model.players import IS_CLASS, says_where
from tools.home_model.targets import called_after, called_plainly, members, namesakes

_TOOLS = {"HassVacuumCleanArea": "HassVacuumStart", "HassListRemoveItem": "HassListCompleteItem"}
_ONLY_WHERE_SAID = frozenset(("HassClimateSetTemperature", "HassClimateGetTemperature"))
_NO_CONTEXT_AREA = re.compile(r"^Hass(Media|SetVolume)")
_SPLIT_FLOOR = re.compile(r"\b(floor|upstairs|downstairs|basement|attic|level|wing|mezzanine|cellar|loft) floor\b")
_UNIT = re.compile(r"\b(\d+)[ -](hour|minute|second)s?\b(?= timer)")
_UNITS = re.compile(r"\b(\d+)[ -](hour|minute|second)s?\b(?! timer| status| (?:and )?\d)")


def _tidy(text: str) -> str:
    text = _SPLIT_FLOOR.sub(r"\1", " ".join(text.split()))
    text = re.sub(r"(\d)(\s?)(%|°)", r"\1\2\3", text)
    text = _UNIT.sub(r"\1 \2", text)
    return _UNITS.sub(lambda found: f"{found[1]} {found[2]}{'' if found[1] == '1' else 's'}", text)


def _arguments(walk: Walk) -> dict[str, str]:
    fixed = {slot: str(value) for slot, value in (walk.data.slots or {}).items()}
    arguments = fixed | walk.arguments
    tool = walk.tool
    if tool == "HassLightSet" or tool == "HassFanSetSpeed":
        arguments.pop("domain", None)
    context_area = (walk.data.requires_context or {}).get("area")
    if context_area and "area" not in arguments:
        said = walk.here
        if tool in _ONLY_WHERE_SAID or _NO_CONTEXT_AREA.match(tool):
            if said:
                arguments["area"] = "here"
        else:
            arguments["area"] = "here"
    device = walk.device
    if (
        device is not None
        and (tool == "HassGetState" or device.domain in ("scene", "script"))
        and device.domain in DOMAINS
    ):
        arguments["domain"] = device.domain
        if device.domain in ("sensor", "binary_sensor") and device.device_class:
            arguments["device_class"] = device.device_class
    if tool == "HassGetState" and device is None and arguments.get("domain") == "cover":
        # What a contact sensor knows is asked of the contact sensor.
        device_class = arguments.get("device_class", "")
        contact = {"garage": "garage_door"}.get(device_class, device_class)
        if (
            contact in ("door", "window")
            and members(walk.home, "binary_sensor", contact)
            and arguments["state"] in ("open", "closed")
        ):
            arguments |= {
                "domain": "binary_sensor",
                "device_class": contact,
                "state": "on" if arguments["state"] == "open" else "off",
            }
    return arguments


_HERE = re.compile(
    r"\b(here|this room|this area|this space|the room|my room|our room|the area|my area|our area|the space|my space|our space)\b"
)
_NOBODY_SAYS = re.compile(
    r"^(?:lower up|(?:raise|lift) down)\b|^(?:raise|lift)\b.* down to\b|^lower\b.* up to\b|^(?:bring|change)\b.*\bout\b"
    r"|\b(?:each|every)(?: and every| single)? (?:my|our|the)\b"
    r"|^(?:decrease|lower|turn down)\b.* (?:max|maximum|highest|brightest)\b|^(?:increase|raise|turn up)\b.* (?:min|minimum|lowest)\b"
    r"|^(?:decrease|lower|turn down|increase|raise|turn up)\b(?!.*\bto\b).* brightness \d"
)
"""What the package's rules make by chance: "lower up the blind", "change the lights out", "every my lamp".

"Decrease the brightness 20 percent" may as well be by as much.
"""


def sample(rng: random.Random, home: Home, split: Split, kind: str) -> Draft | None:
    """A sentence of the package of this kind of turn, with its call and result; None where the home does not fit it."""
    intents = WEIGHTS[kind]
    intent = rng.choices(tuple(intents), tuple(intents.values()))[0]
    blocks = sentences_of(intent, split)
    if not blocks:
        return None
    for _ in range(4):
        data, sentences = rng.choices(blocks, [len(each) ** 0.7 for _, each in blocks])[0]
        sentence = rng.choice(sentences)
        walk = Walk(rng, home, data, _TOOLS.get(intent, intent))
        out: list[str] = []
        try:
            expand(walk, sentence.expression, out)
        except Unfit:
            continue
        text = _tidy("".join(out))
        if _NOBODY_SAYS.search(text):
            continue
        if walk.device is not None and not walk.names[-1].endswith("s"):
            text = re.sub(rf"\bare (?=(?:(?:the|my|our) )?{re.escape(walk.names[-1])}\b)", "is ", text)
        walk.here = walk.here and bool(_HERE.search(text))
        arguments = _arguments(walk)
        if walk.tool == "HassSetVolume" and walk.device is None and "volume" not in text:
            continue  # "turn the kitchen down to 30 percent" may as well be its lights
        if walk.tool.endswith("CompleteItem") and " and " in arguments.get("item", ""):
            continue  # two things that were bought are two items
        if walk.tool == "HassGetState" and text.startswith(("all ", "each ", "every ", "some ")):
            continue  # "every fan on" without its question mark is a command
        if arguments.get("device_class") in ("garage", "garage_door") and _two_garages(walk):
            continue
        if walk.device is None and walk.area and called_after(home, walk.area, text):
            continue  # "the kitchen light" is the device of that name, where there is one
        if (
            walk.tool == "HassTurnOff"
            and walk.area
            and walk.area.lower().split()[-1] not in ON_PLACES
            and re.search(rf"\bon (?:\w+ )?{re.escape(walk.area.lower())}\b", text)
        ):
            continue  # "turn the lighting on study out" is cut off, or says two things
        if walk.device is None and called_plainly(home, text):
            continue
        if (
            walk.device is not None
            and walk.tool == "HassGetState"
            and namesakes(home, walk.device, {"name": walk.arguments["name"]})
        ):
            continue
        if not text or (walk.device is not None and not _consistent(walk)):
            continue
        wanted = arguments.get("search_query", "")
        if "{search_query} {media_class}" in sentence.text and (wanted.startswith("the ") or " by " in wanted):
            continue  # "play the blue album" is the album called blue
        if wanted and "media_class" not in arguments and IS_CLASS.search(wanted):
            continue  # "play sad song" is the song called sad
        if wanted and says_where(home, wanted):
            continue
        if " by " in wanted and arguments.get("media_class") == "artist":
            continue
        result = result_of(walk, arguments)
        form: Form = (
            "ask"
            if kind == "ask"
            or intent in ("HassTimerStatus", "HassGetWeather", "HassGetCurrentTime", "HassGetCurrentDate")
            else "do"
        )
        if form == "do" and text.split()[0] not in _VERBS:
            form = "say"
        return Draft(
            text, form, (call(walk.tool, arguments),), (result,), f"package: {sentence.text}", tuple(walk.names)
        )
    return None


_VERBS = frozenset(
    "turn switch change bring activate deactivate open raise lift close shut lower set make increase decrease light illuminate lock unlock run start create cancel stop pause resume continue "
    "add put remove take play skip mute unmute adjust vacuum clean return press push check complete delete replay unpause go".split()
)


def _two_garages(walk: Walk) -> bool:
    # Nothing says whether the door or its contact is asked.
    if walk.device is not None or walk.tool != "HassGetState":
        return False
    return bool(members(walk.home, "cover", "garage") and members(walk.home, "binary_sensor", "garage_door"))


def _consistent(walk: Walk) -> bool:
    """Whether the room that was said first is the device's own."""
    device = walk.device
    if device is None:
        return True
    return all(
        walk.arguments[spot] == (getattr(device, spot) or "").lower()
        for spot in ("area", "floor")
        if spot in walk.arguments
    )
