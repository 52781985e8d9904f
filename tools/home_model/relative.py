# SPDX-License-Identifier: Apache-2.0
"""Commands that need what is there already: a step up or down, and everything but something."""

from __future__ import annotations

import random
import re

from tools.home_model import acts, levels, results
from tools.home_model.calls import Call, Draft, call
from tools.home_model.drafts import covered, draft, names_of, place_slots, some_device
from tools.home_model.grammar import GRAMMAR, Split, Template
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.targets import Target, article, members, named, of_set, place, somewhere

_STATED = re.compile(r"\b(?:is|are|it's|i'm|we're|feels|got|my|too|enough|because|it is|i am|we are)\b")
_UP = re.compile(
    r"\b(?:brighter|brighten|lighter|up|raise|increase|boost|crank|bump|speed up|faster|stronger|harder|warmer|hotter"
    r"|warm|chill off|cozier|more(?! closed)|higher|open)\b"
)
_DOWN = re.compile(
    r"\b(?:dim|dimmer|darker|soften|softer|down|lower|decrease|reduce|slower|slow|gentler|cooler|colder|cool|less"
    r"|not so bright|harsh|subtle|edge|glare|close|closed)\b"
)


def direction(text: str) -> str | None:
    """`up` or `down` where a sentence says which way a value should go; None where it does not, or only complains."""
    if _STATED.search(text):
        return None
    down = re.search(r"\bless\b|\bnot so\b", text) or _DOWN.search(re.sub(r"\bheat\b", "", text))
    up = _UP.search(re.sub(r"\b(?:less|not so) \w+", "", text))
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
    return " ".join(text.split()), direction(re.sub(r"<\w+>", "", bare))


_SLOTS = {
    "HassLightSet": "brightness_step", "HassFanSetSpeed": "percentage_step",
    "HassClimateSetTemperature": "temperature_step", "HassSetPosition": "position_step",
}  # fmt: skip


def stepped(tool: str, known: dict[str, str], step: str) -> Call:
    """The call that changes a value from what it is."""
    return call(tool, known | {_SLOTS[tool]: step})


def step(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Brighter, faster, warmer, further open; by so much, or by a bit."""
    what = rng.choices(("bright", "warm", "speed", "cover"), (50, 25, 10, 15))[0]
    found = _subject(rng, home, what)
    if found is None:
        return None
    target, known, slots = found
    tool = {"bright": "HassLightSet", "warm": "HassClimateSetTemperature", "speed": "HassFanSetSpeed"}.get(
        what, "HassSetPosition"
    )
    if rng.random() < 0.3:
        section, size = f"by.{what}", rng.choice((5, 10, 10, 15, 20, 20, 25, 30, 40, 50))
        if what == "warm":
            size = rng.choice((1, 2, 2, 3, 4, 5))
        rises = rng.random() < 0.5
        slots |= {
            "n": str(size), "d": str(size), "up": "up" if rises else "down", "more": rng.choice(("brighter",) if rises else ("dimmer", "darker")),
            "faster": "faster" if rises else "slower", "warmer": rng.choice(("warmer", "hotter") if rises else ("cooler", "colder")),
            "raise": rng.choice(("raise", "increase", "boost") if rises else ("lower", "reduce", "decrease")),
        }  # fmt: skip
        if what == "bright" and rng.random() < 0.3:
            slots["raise"] = "brighten" if rises else "dim"
    else:
        section = "bit.cover" if what == "cover" else f"clarify.{what}"
    template = GRAMMAR.pick(rng, section, split)
    if template is None or not template.slots <= set(slots) or ("place" in template.slots and not slots["place"]):
        return None
    text, way = said(rng, template, slots)
    if section == "by.cover":
        way = "up" if template.text.startswith("open") or text.startswith("raise") else "down"
    if way is None:
        return None
    if section.startswith("by."):
        way = slots["n"] if way == "up" else f"-{slots['n']}"
    made = stepped(tool, known, way)
    state = {
        "bright": f"on, brightness {levels.percent(rng)} percent", "warm": f"set to {levels.degrees(rng)} °C",
        "speed": f"on, speed {levels.percent(rng)} percent", "cover": f"open, position {levels.percent(rng)} percent",
    }[what]  # fmt: skip
    form = "say" if _WHOLE.match(template.text) else "do"
    return Draft(text, form, (made,), (results.done(rng, target, state),), template.text, names_of(target))  # type: ignore[arg-type]


_WHOLE = re.compile(
    r"(i|i'm|i'd|it|it's|we|we're|the|my|everyone|grandma's|could|can|would|a|phew|good|blimey|brrr?|easy|too|not|who|far|way)\b|\{(?!raise)",
    re.I,
)
"""How sentences begin that are no imperatives."""


def _subject(rng: random.Random, home: Home, what: str) -> tuple[Target, dict[str, str], dict[str, str]] | None:
    """What is changed, the arguments that say so, and the slots of a sentence about it."""
    if what == "warm":
        spot = somewhere(rng, home, {"area": 4, "here": 2, "none": 4})
        if spot is None:
            return None
        found = members(home, "climate", None, spot.area, spot.floor) or members(home, "climate", None)
        target = Target("", "", dict(spot.arguments), found[:1], False, spot.area or "", "thermostat")
        return target, dict(spot.arguments), place_slots(spot)
    chosen: Target | None
    if what == "cover":
        pair = covered(rng, home, 0.4)
        chosen = pair[0] if pair else None
    elif rng.random() < 0.4:
        chosen = of_set(rng, home, "light" if what == "bright" else "fan", None)
    else:
        device = some_device(rng, home, ("light",) if what == "bright" else ("fan",))
        chosen = named(rng, home, device) if device else None
    if chosen is None:
        return None
    dropped = () if what == "cover" else ("domain",)
    return chosen, {k: v for k, v in chosen.arguments.items() if k not in dropped}, dict(chosen.slots)


def exception(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """All of them but one or two."""
    kind = rng.choices(("light", "cover", "fan", "all"), (60, 20, 8, 12))[0]
    target: Target | None
    if kind == "all":
        spot = somewhere(rng, home, {"area": 4, "floor": 2, "all": 4})
        if spot is None:
            return None
        found = tuple(
            device for device in home.devices
            if device.domain in ("light", "switch", "fan", "media_player")
            and spot.area in (None, device.area) and spot.floor in (None, device.floor)
        )  # fmt: skip
        where = "" if not spot.area and not spot.floor else f" {spot.inside}"
        target = Target(
            f"everything{where}", "everything", spot.arguments or {"name": "all"}, found, True, "", "device"
        )
    elif kind == "cover":
        classes = [each.device_class for each in home.devices if each.domain == "cover" and each.device_class]
        target = of_set(rng, home, "cover", rng.choice(classes)) if classes else None
    else:
        target = of_set(rng, home, kind, None)
    if target is None or len(target.devices) < 2 or not (target.plural or target.text.startswith(("every", "each"))):
        return None
    spared = _spared(rng, home, target)
    if spared is None:
        return None
    text, names, left = spared
    opens = rng.random() < 0.4 and kind != "all"
    section = ("open" if opens else "close") if kind == "cover" else ("on" if opens else "off")
    chosen, tail = acts.pick(rng, split, section), GRAMMAR.pick(rng, "except.only", "train")
    if chosen is None or tail is None or (" on" in tail.text and opens):
        return None
    made = call("HassTurnOn" if opens else "HassTurnOff", target.arguments | {"except": ", ".join(names)})
    state = {"open": "open", "close": "closed"}.get(section, section)
    rest = Target(target.text, target.bare, target.arguments, left, True, target.where, target.noun)
    found_draft = draft(rng, chosen, target.slots, made, results.done(rng, rest, state), tuple(names))
    if found_draft is None or re.search(
        r"\b(?:for|so|since|because|and|to|if|when) ", found_draft.text[len("turn on ") :]
    ):
        return None
    said = f"{found_draft.text} {GRAMMAR.say(rng, tail.node, {'y': text})}"
    return Draft(said, "do", found_draft.calls, found_draft.results, found_draft.template, tuple(names))


def _spared(rng: random.Random, home: Home, target: Target) -> tuple[str, list[str], tuple[HomeDevice, ...]] | None:
    """What is left out, as it is said and as it is called, and the devices that stay."""
    rooms = {device.area for device in target.devices if device.area}
    texts: list[str] = []
    names: list[str] = []
    left = target.devices
    for _ in range(1 if rng.random() < 0.8 else 2):
        if "area" not in target.arguments and len(rooms) > 1 and rng.random() < 0.45:
            area = rng.choice(sorted(rooms))
            spoken = rng.choice((place(rng, area), f"the one in {place(rng, area)}", f"the ones in {place(rng, area)}"))
            name, left = area.lower(), tuple(device for device in left if device.area != area)
        else:
            device = rng.choice(target.devices)
            name = rng.choice((device.name, *device.aliases)).lower()
            spoken, left = article(rng, name), tuple(each for each in left if each != device)
        if name in names or not left:
            return None
        texts.append(spoken)
        names.append(name)
    return " and ".join(texts), names, left
