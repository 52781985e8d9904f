# SPDX-License-Identifier: Apache-2.0
"""Turns of conversations in random homes: what is said, the calls that follow, their results and the answer.

python -m tools.home_model.turns --seed 1 --count 40
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Callable, Sequence

from tools.home_model import acts, asks, intents_package, noise, results, words
from tools.home_model.calls import Call, Draft, Result, Turn, call, sentence
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home, HomeDevice, area_stranger, random_home, stranger
from tools.home_model.targets import Target, article, inside, members, named, of_set, place, somewhere

__all__ = ["Call", "Result", "Turn", "sample"]

PACKAGE_SHARE = 0.35
"""How many commands and questions are said in the words of the package home-assistant-intents."""

_GERUNDS = {"get": "getting", "set": "setting", "put": "putting", "let": "letting", "cut": "cutting", "shut": "shutting", "dim": "dimming", "run": "running", "stop": "stopping", "skip": "skipping",
            "flip": "flipping", "drop": "dropping", "snap": "snapping", "tap": "tapping", "hit": "hitting", "quit": "quitting", "pin": "pinning", "bar": "barring", "nix": "nixing", "begin": "beginning",
            "see": "seeing", "tie": "tying", "mop": "mopping", "tag": "tagging", "jot": "jotting", "spin": "spinning", "unpin": "unpinning", "scrap": "scrapping", "wrap": "wrapping", "knock": "knocking",
            "fill": "filling", "swing": "swinging", "step": "stepping", "plug": "plugging", "unbar": "unbarring", "undo": "undoing", "go": "going", "do": "doing", "jump": "jumping"}  # fmt: skip


def gerund(command: str) -> str:
    """`turn on the lamp` -> `turning on the lamp`."""
    verb, _, rest = command.partition(" ")
    if verb in _GERUNDS:
        form = _GERUNDS[verb]
    elif verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        form = f"{verb[:-1]}ing"
    else:
        form = f"{verb}ing"
    return f"{form} {rest}".strip()


def _wrap(rng: random.Random, found: Draft, split: Split) -> str:
    pick = rng.random()
    if pick < (0.42 if found.form == "do" else 0.7):
        return found.text
    if found.form == "do":
        section, slots = (
            ("wrap.ing", {"cing": gerund(found.text)})
            if pick > 0.94 and found.text.split()[0].isalpha()
            else ("wrap", {"c": found.text})
        )
    else:
        section, slots = ("wrap.ask", {"q": found.text}) if found.form == "ask" else ("wrap.say", {"s": found.text})
    template = GRAMMAR.pick(rng, section, "train" if rng.random() < 0.8 else split)
    return GRAMMAR.say(rng, template.node, slots) if template else found.text


def _turn(rng: random.Random, kind: str, found: Draft, text: str, plain: str | None = None) -> Turn:
    answer = " ".join(sentence(result.text) for result in found.results) if plain is None else plain
    titles = [each.arguments["search_query"] for each in found.calls if "search_query" in each.arguments]
    user = noise.written(
        rng,
        text,
        found.names,
        titles=titles,
        question=found.form == "ask"
        or text.lower().startswith(("can", "could", "would", "will", "do you", "is it", "are you")),
    )
    return Turn(user, found.calls, found.results, answer, kind, found.template)


Maker = Callable[[random.Random, Home, Split], "Draft | None"]


def _said(
    kind: str, maker: Maker, package_share: float
) -> Callable[[random.Random, Home, Split, Turn | None], Turn | None]:
    def make(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
        if rng.random() < package_share:
            found = intents_package.sample(rng, home, split, kind)
        else:
            found = maker(rng, home, split)
        return _turn(rng, kind, found, _wrap(rng, found, split)) if found else None

    return make


# Several commands in one sentence


def _imperative(rng: random.Random, home: Home, split: Split) -> Draft | None:
    maker: Maker = rng.choices((acts.act, acts.media, asks.timer, asks.lists), (80, 9, 8, 3))[0]
    for _ in range(6):
        found = maker(rng, home, split)
        if found and found.form == "do" and all(" and " not in name for name in found.names):
            return found
    return None


_SHARED = {
    "several.on": ("HassTurnOn", "on"), "several.off": ("HassTurnOff", "off"), "several.onoff": ("HassTurnOn", "on"), "several.offon": ("HassTurnOff", "off"),
    "several.three.on": ("HassTurnOn", "on"), "several.three.off": ("HassTurnOff", "off"), "several.open": ("HassTurnOn", "open"), "several.close": ("HassTurnOff", "closed"),
    "several.lock": ("HassTurnOn", "locked"),
}  # fmt: skip


def _shared_verb(rng: random.Random, home: Home, split: Split) -> Draft | None:
    section = rng.choices((*_SHARED, "several.brightness"), (10, 10, 4, 4, 2, 2, 4, 4, 2, 4))[0]
    template = GRAMMAR.pick(rng, section, split)
    if template is None:
        return None
    targets: list[Target] = []
    for _ in range(3 if "three" in section else 2):
        if section in ("several.open", "several.close"):
            pair = acts.covered(rng, home, 0.3)
            target = pair[0] if pair else None
        elif section == "several.lock":
            device = acts.some_device(rng, home, ("lock",))
            target = named(rng, home, device) if device else None
        elif section == "several.brightness":
            device = acts.some_device(rng, home, ("light",))
            target = named(rng, home, device) if device else None
        else:
            target = acts.switched(rng, home, 0.3)
        if target is None or any(target.arguments == other.arguments for other in targets):
            return None
        targets.append(target)
    slots = {"x": targets[0].text, "y": targets[1].text, "z": targets[-1].text}
    n, m = acts.percent(rng), acts.percent(rng)
    m = m if "m" in template.slots else n
    calls, answers = [], []
    for index, target in enumerate(targets):
        if section == "several.brightness":
            value = (n, m)[index]
            calls.append(call("HassLightSet", target.arguments | {"brightness": value}))
            answers.append(results.done(rng, target, f"on, brightness {value} percent" if value != "0" else "off"))
            continue
        tool, state = _SHARED[section]
        if index == 1 and section == "several.onoff":
            tool, state = "HassTurnOff", "off"
        elif index == 1 and section == "several.offon":
            tool, state = "HassTurnOn", "on"
        calls.append(call(tool, target.arguments))
        answers.append(results.done(rng, target, state))
    text = GRAMMAR.say(rng, template.node, slots | {"n": n, "m": m})
    return Draft(
        text,
        "say",
        tuple(calls),
        tuple(answers),
        template.text,
        tuple(name for target in targets for name in acts.names_of(target)),
    )


def _rooms(rng: random.Random, home: Home, split: Split) -> Draft | None:
    domain, noun = rng.choice(
        (("light", "lights"), ("light", "lights"), ("light", "lamps"), ("fan", "fans"), ("switch", "switches"))
    )
    areas = [area for area in home.areas if members(home, domain, None, area)]
    template = GRAMMAR.pick(rng, "several.rooms", split)
    if len(areas) < 2 or template is None:
        return None
    pair = rng.sample(areas, 2)
    on = re.search(r"\bon\b", template.text) is not None
    calls, answers = [], []
    for area in pair:
        arguments = {"area": area.lower(), "domain": domain}
        calls.append(call("HassTurnOn" if on else "HassTurnOff", arguments))
        answers.append(
            results.done(
                rng,
                Target("", "", arguments, members(home, domain, None, area), True, area, noun),
                "on" if on else "off",
            )
        )
    text = GRAMMAR.say(rng, template.node, {"a": pair[0].lower(), "b": pair[1].lower(), "nouns": noun})
    return Draft(text, "do", tuple(calls), tuple(answers), template.text)


def _repaired(rng: random.Random, home: Home, split: Split) -> Draft | None:
    on = rng.random() < 0.5
    template = GRAMMAR.pick(rng, "repair.on" if on else "repair.off", split)
    meant, mistaken = acts.switched(rng, home, 0.3), acts.switched(rng, home, 0.2)
    if template is None or meant is None or mistaken is None or meant.arguments == mistaken.arguments:
        return None
    text = GRAMMAR.say(rng, template.node, {"x": meant.text, "y": mistaken.text})
    state = "on" if on else "off"
    return Draft(
        text,
        "say",
        (call("HassTurnOn" if on else "HassTurnOff", meant.arguments),),
        (results.done(rng, meant, state),),
        template.text,
        acts.names_of(meant),
    )


def _several(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    pick = rng.random()
    if pick < 0.34:
        found = _shared_verb(rng, home, split)
    elif pick < 0.4:
        found = _rooms(rng, home, split)
    elif pick < 0.45:
        found = _repaired(rng, home, split)
        return _turn(rng, "act", found, found.text) if found else None
    else:
        three = rng.random() < 0.12
        # The sentences within are known ones: that they can be joined is what is new in a reserved template.
        parts = [_imperative(rng, home, split if rng.random() < 0.5 else "train") for _ in range(3 if three else 2)]
        template = GRAMMAR.pick(rng, "several.three" if three else "several", split)
        good = [part for part in parts if part is not None]
        if template is None or len(good) != len(parts) or len({repr(part.calls) for part in good}) != len(good):
            return None
        text = GRAMMAR.say(rng, template.node, {"c": good[0].text, "d": good[1].text, "e": good[-1].text})
        found = Draft(
            text, "say", tuple(each for part in good for each in part.calls), tuple(each for part in good for each in part.results), template.text,
            tuple(name for part in good for name in part.names),
        )  # fmt: skip
    return _turn(rng, "several", found, found.text) if found else None


# Things that are not there, that must not be touched, or that this box cannot do

_UNKNOWN_NOUNS = tuple(
    noun for nouns in words.NOUNS.values() for noun in nouns if " " not in noun and not noun.isupper()
)


def _unknown(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    pick = rng.random()
    if pick < 0.16:
        area = area_stranger(rng, home)
        domain = rng.choice(("light", "light", "fan", "cover"))
        nouns = {"light": "lights", "fan": "fans", "cover": "blinds"}[domain]
        arguments = {"area": area, "domain": domain} | ({"device_class": "blind"} if domain == "cover" else {})
        opens = rng.random() < 0.5
        section = ("open" if opens else "close") if domain == "cover" else ("on" if opens else "off")
        phrase = rng.choice(
            (
                f"the {nouns} {inside(rng, area)}",
                f"the {area} {nouns}",
                f"{area} {nouns}",
                f"all the {nouns} {inside(rng, area)}",
            )
        )
        target = Target(phrase, phrase, arguments, (), True, area, nouns)
        chosen = acts.pick(rng, split, section, f"{section}.say")
        result = Result(False, f"I do not know a room called {area}")
        found = acts.draft(rng, chosen, target.slots, call("HassTurnOn" if opens else "HassTurnOff", arguments), result)
        return _turn(rng, "unknown", found, _wrap(rng, found, split)) if found else None
    name = stranger(rng, home, _UNKNOWN_NOUNS)
    text = article(rng, name)
    target = Target(text, name, {"name": name}, ())
    tool, section, more, slots = rng.choice(_UNKNOWN)
    number = acts.degrees(rng) if "temperature" in more else acts.percent(rng)
    arguments = {"name": name} | {slot: number if value == "{n}" else value for slot, value in more.items()}
    chosen = acts.pick(rng, split, section, f"{section}.say")
    result = Result(False, rng.choice((f"I do not know a device called {name}",) * 5 + (f"There is no {name} here",)))
    colored = {"color": more.get("color", "red"), "kelvin": "warm white"}
    found = acts.draft(
        rng,
        chosen,
        target.slots
        | {"n": number, "t": number, "in_x": f"on {text}", "on": f"on {text}", "p": text, "onp": f"on {text}"}
        | colored
        | slots,
        call(tool, arguments),
        result,
    )
    if found is None or (tool.startswith("HassMedia") and name not in found.text):
        return None
    return _turn(rng, "unknown", found, _wrap(rng, found, split))


_UNKNOWN: tuple[tuple[str, str, dict[str, str], dict[str, str]], ...] = (
    *((("HassTurnOn", "on", {}, {}), ("HassTurnOff", "off", {}, {})) * 3),
    ("HassTurnOn", "open", {}, {}), ("HassTurnOff", "close", {}, {}), ("HassTurnOn", "lock", {}, {}), ("HassTurnOff", "unlock", {}, {}), ("HassToggle", "toggle", {}, {}),
    ("HassLightSet", "brightness", {"brightness": "{n}"}, {}), ("HassLightSet", "color", {"color": "red"}, {}), ("HassLightSet", "color", {"color": "blue"}, {}),
    ("HassSetPosition", "position", {"position": "{n}"}, {}), ("HassClimateSetTemperature", "climate.set", {"temperature": "{n}"}, {}), ("HassMediaPause", "media.pause.name", {}, {}),
    ("HassGetState", "ask.yesno", {"state": "on"}, {"state": "on"}), ("HassGetState", "ask.yesno", {"state": "open"}, {"state": "open"}), ("HassGetState", "ask.yesno", {"state": "locked"}, {"state": "locked"}),
    ("HassGetState", "ask.state", {}, {}), ("HassGetState", "ask.state", {}, {}),
)  # fmt: skip


def _plain(
    rng: random.Random,
    kind: str,
    text: str,
    answer: str,
    template: str,
    names: Sequence[str] = (),
    question: bool = False,
) -> Turn:
    return Turn(noise.written(rng, text, names, question), (), (), answer, kind, template)


def _negation(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    pick = rng.random()
    if pick < 0.12:
        template = GRAMMAR.pick(rng, "except", split)
        target = acts.switched(rng, home, 0.3)
        if template is None or target is None:
            return None
        return _plain(
            rng,
            "negation",
            GRAMMAR.say(rng, template.node, target.slots),
            "I cannot make exceptions, so I changed nothing.",
            template.text,
        )
    if pick < 0.3:
        pair = acts.covered(rng, home)
        target, section = (pair[0] if pair else None), "negation.open"
    elif pick < 0.4:
        device = acts.some_device(rng, home, ("lock",))
        target, section = (named(rng, home, device) if device else None), "negation.lock"
    else:
        target, section = acts.switched(rng, home), "negation"
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
    return _plain(rng, "negation", text, answer, template.text, acts.names_of(target))


_TALK = {
    kind: tuple(section for section in GRAMMAR.sections if section.startswith(f"{kind}.")) for kind in ("decline", "chat")
}  # fmt: skip


def _answer_of(section: str) -> str:
    line = GRAMMAR.sections[f"say.{section}"][0]
    return (*line.train, *line.test)[0].text


def _talk(kind: str) -> Callable[[random.Random, Home, Split, Turn | None], Turn | None]:
    sizes = [len(GRAMMAR.sections[section]) for section in _TALK[kind]]

    def make(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
        if kind == "decline" and rng.random() < 0.3:
            return _later(rng, home, split)
        section = rng.choices(_TALK[kind], sizes)[0]
        template = GRAMMAR.pick(rng, section, split)
        if template is None:
            return None
        text = GRAMMAR.say(rng, template.node, {})
        if kind == "decline" and rng.random() < 0.35:
            text = _wrap(rng, Draft(text, "do", (), (), template.text), split)
        elif rng.random() < 0.25:
            text = rng.choice(
                ("hey {}", "okay {}", "please {}", "{} please", "hey computer {}", "so {}", "um {}", "{} now")
            ).format(text)
        return _plain(rng, kind, text, _answer_of(section), template.text)

    return make


def _later(rng: random.Random, home: Home, split: Split) -> Turn | None:
    """A command for later, or on a condition: nothing may happen now."""
    found = _imperative(rng, home, "train")
    template = GRAMMAR.pick(rng, "later", split)
    if found is None or template is None or found.calls[0].tool.endswith("Timer"):
        return None
    text = GRAMMAR.say(rng, template.node, {"c": found.text})
    return _plain(rng, "decline", text, "I can only do things right away.", template.text, found.names)


_UNTOLD = {
    "clarify.warm": "What temperature do you want?", "clarify.bright": "How bright should it be?", "clarify.color": "Which color do you want?", "clarify.speed": "How fast should it be?",
}  # fmt: skip


def _clarify(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    if history is not None or rng.random() < 0.4:
        section = rng.choices(tuple(_UNTOLD), (4, 5, 1.5, 1.5))[0]
        target: Target | None = None
        slots: dict[str, str] = {}
        if section == "clarify.warm":
            spot = somewhere(rng, home, {"area": 4, "here": 2, "none": 4})
            slots = acts.place_slots(spot) if spot else {}
        elif section == "clarify.speed":
            device = acts.some_device(rng, home, ("fan",))
            target = named(rng, home, device) if device else None
        elif rng.random() < 0.4:
            target = of_set(rng, home, "light", None)
        else:
            device = acts.some_device(rng, home, ("light",))
            target = named(rng, home, device) if device else None
        template = GRAMMAR.pick(rng, section, split)
        slots = target.slots if target else slots
        if template is None or not template.slots <= set(slots) or ("place" in template.slots and not slots["place"]):
            return None
        return _plain(
            rng,
            "clarify",
            GRAMMAR.say(rng, template.node, slots),
            _UNTOLD[section],
            template.text,
            acts.names_of(target) if target else (),
        )
    template = GRAMMAR.pick(rng, rng.choice(("clarify.on", "clarify.off", "clarify.set")), split)
    if template is None:
        return None
    text = GRAMMAR.say(
        rng,
        template.node,
        {"it": rng.choice(("it", "it", "it", "that", "them", "this", "those")), "n": acts.percent(rng)},
    )
    text = rng.choice(
        ("{}",) * 6 + ("please {}", "{} please", "hey {}", "can you {}", "could you {}", "{} now")
    ).format(text)
    return _plain(rng, "clarify", text, "Which device do you mean?", template.text)


# What only makes sense after the turn before


def _known(home: Home, arguments: dict[str, str]) -> HomeDevice | None:
    return home.find(arguments["name"], arguments.get("area")) if "name" in arguments else None


def _again(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """The opposite of what was done: "turn it off again"."""
    device = _known(home, last.arguments)
    domain = device.domain if device else last.arguments.get("domain", "")
    if domain in ("scene", "script", "button", "vacuum", "lawn_mower"):
        return None
    was_on = last.tool == "HassTurnOn"
    words_of_it = {"cover": ("open", "close"), "valve": ("open", "close"), "lock": ("lock", "unlock")}.get(
        domain, ("on", "off")
    )
    word = words_of_it[1] if was_on else words_of_it[0]
    template = GRAMMAR.pick(rng, f"followup.{word}", split)
    plural = "name" not in last.arguments
    if template is None:
        return None
    slots = {
        "it": rng.choice(("them", "them", "it") if plural else ("it", "it", "it", "that")),
        "it_s": "they" if plural else "it",
    }
    state = {"open": "open", "close": "closed", "lock": "locked", "unlock": "unlocked"}.get(word, word)
    devices = (device,) if device else _devices_of(home, last.arguments)
    where = last.arguments.get("area", last.arguments.get("floor", ""))
    target = Target("", "", last.arguments, devices, plural, where, domain or "device")
    made = call("HassTurnOff" if was_on else "HassTurnOn", last.arguments)
    return Draft(
        GRAMMAR.say(rng, template.node, slots), "say", (made,), (results.done(rng, target, state),), template.text
    )


def _devices_of(home: Home, arguments: dict[str, str]) -> tuple[HomeDevice, ...]:
    area = next((area for area in home.areas if area.lower() == arguments.get("area")), None)
    floor = next((floor for floor in home.floors if floor.lower() == arguments.get("floor")), None)
    return members(home, arguments.get("domain", "light"), arguments.get("device_class"), area, floor)


def _too(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """The same with another device or in another room: "and the kitchen", "and the desk lamp too"."""
    asks_state = last.tool in ("HassGetState", "HassClimateGetTemperature")
    template = GRAMMAR.pick(rng, "followup.ask" if asks_state else "followup.too", split)
    if template is None:
        return None
    arguments = {slot: value for slot, value in last.arguments.items() if slot not in ("name", "area", "floor")}
    device = _known(home, last.arguments)
    if device is not None:
        others = [
            other
            for other in home.devices
            if other.domain == device.domain and other != device and other.name.lower() != device.name.lower()
        ]
        if device.domain in ("sensor", "binary_sensor"):
            others = [other for other in others if other.device_class == device.device_class]
        if not others:
            return None
        target = named(rng, home, rng.choice(others))
        arguments = target.arguments | arguments
        text, names = target.text, acts.names_of(target)
    elif last.arguments.get("area") not in (None, "here") and len(home.areas) > 1:
        filled = [area for area in home.areas if area.lower() != last.arguments["area"]]
        if last.tool != "HassClimateGetTemperature":
            filled = [
                area
                for area in filled
                if members(home, arguments.get("domain", "light"), arguments.get("device_class"), area)
            ]
        if not filled:
            return None
        area = rng.choice(filled)
        arguments = {"area": area.lower()} | arguments
        text, names = rng.choice((place(rng, area), place(rng, area), inside(rng, area))), ()
        target = Target(
            text,
            text,
            arguments,
            members(home, arguments.get("domain", "light"), arguments.get("device_class"), area),
            True,
            area,
            arguments.get("domain", "light"),
        )
    else:
        return None
    said = GRAMMAR.say(rng, template.node, {"x": text})
    if last.tool == "HassClimateGetTemperature":
        result = results.temperature(rng, home, target.where, None if target.where else target.devices[0].name)
    elif last.tool == "HassGetState":
        single = device is not None
        result = (
            results.told(rng, target.devices[0])
            if single
            else results.counted(rng, target.devices, f"{target.noun}s", arguments.get("state", "on"), target.where)
        )
    else:
        result = results.done(rng, target, _state_after(target, last))
    return Draft(said, "say", (call(last.tool, arguments),), (result,), template.text, names)


def _state_after(target: Target, last: Call) -> str:
    domain = target.devices[0].domain if target.devices else target.arguments.get("domain", "light")
    on, off = {"cover": ("open", "closed"), "valve": ("open", "closed"), "lock": ("locked", "unlocked")}.get(
        domain, ("on", "off")
    )
    if last.tool == "HassLightSet":
        return "on" + "".join(
            f", {slot} {last.arguments[slot]}{' percent' if slot == 'brightness' else ''}"
            for slot in ("brightness", "color")
            if slot in last.arguments
        )
    if last.tool == "HassSetPosition":
        return f"{last.arguments['position']} percent open"
    if last.tool == "HassFanSetSpeed":
        return f"on, speed {last.arguments['percentage']} percent"
    if last.tool == "HassClimateSetTemperature":
        return f"set to {last.arguments['temperature']} °C"
    return off if last.tool == "HassTurnOff" else on


def _other_value(rng: random.Random, home: Home, split: Split, last: Call) -> Draft | None:
    """Another number for the same thing: "make it 40 percent"."""
    slot = next(
        (slot for slot in ("brightness", "position", "percentage", "volume_level") if slot in last.arguments), None
    )
    template = GRAMMAR.pick(rng, "followup.percent", split)
    if slot is None or template is None:
        return None
    n = acts.percent(rng)
    arguments = last.arguments | {slot: n}
    device = _known(home, last.arguments)
    target = Target(
        "",
        "",
        arguments,
        (device,) if device else _devices_of(home, arguments),
        device is None,
        last.arguments.get("area", ""),
        "light",
    )
    state = {
        "brightness": f"on, brightness {n} percent",
        "position": f"{n} percent open",
        "percentage": f"on, speed {n} percent",
        "volume_level": f"at volume {n} percent",
    }[slot]
    text = GRAMMAR.say(rng, template.node, {"n": n, "it": rng.choice(("it", "it", "that", "them"))})
    return Draft(text, "say", (call(last.tool, arguments),), (results.done(rng, target, state),), template.text)


def _followup(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    if history is None or len(history.calls) != 1 or not history.results[0].success:
        return None
    last = history.calls[0]
    pick = rng.random()
    found: Draft | None = None
    if last.tool in ("HassTurnOn", "HassTurnOff"):
        found = _again(rng, home, split, last) if pick < 0.55 else _too(rng, home, split, last)
    elif last.tool in ("HassLightSet", "HassSetPosition", "HassFanSetSpeed", "HassSetVolume"):
        found = (
            _other_value(rng, home, split, last)
            if pick < 0.55 or last.tool == "HassSetVolume"
            else _too(rng, home, split, last)
        )
    elif last.tool in ("HassGetState", "HassClimateGetTemperature", "HassClimateSetTemperature"):
        found = _too(rng, home, split, last)
    return _turn(rng, "followup", found, found.text) if found else None


_KINDS: dict[str, tuple[Callable[[random.Random, Home, Split, Turn | None], Turn | None], float]] = {
    "act": (_said("act", acts.act, PACKAGE_SHARE), 44),
    "ask": (_said("ask", asks.ask, PACKAGE_SHARE), 16),
    "timer": (_said("timer", asks.timer, 0.25), 7),
    "media": (_said("media", acts.media, 0.25), 7),
    "list": (_said("list", asks.lists, 0.15), 3),
    "several": (_several, 9),
    "unknown": (_unknown, 8),
    "decline": (_talk("decline"), 2.5),
    "chat": (_talk("chat"), 2),
    "clarify": (_clarify, 2),
    "negation": (_negation, 4.5),
    "followup": (_followup, 14),
    "time": (_said("time", asks.clock, 0.12), 2.5),
}


def sample(rng: random.Random, home: Home, split_template: Split, history: Turn | None) -> Turn:
    """One turn in the home, said by a template of the split; `history` is the turn before, if there was one."""
    names = tuple(_KINDS)
    weights = [0.0 if name == "followup" and history is None else weight for name, (_, weight) in _KINDS.items()]
    while True:
        kind = rng.choices(names, weights)[0]
        for _ in range(6):  # the home may lack what a sentence is about: try another sentence before another kind
            turn = _KINDS[kind][0](rng, home, split_template, history)
            if turn is not None:
                return turn


def conversation(rng: random.Random, split: Split, split_template: Split, turns: int) -> tuple[Home, list[Turn]]:
    """A home and several turns in it, some of which follow from the turn before."""
    home = random_home(rng, split)
    out: list[Turn] = []
    for _ in range(turns):
        out.append(sample(rng, home, split_template, out[-1] if out else None))
    return home, out


def main() -> None:
    """Print samples to read."""
    parser = argparse.ArgumentParser(description="Print turns of training data.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument(
        "--names", choices=("train", "test"), default="train", help="which words devices are named with"
    )
    parser.add_argument("--templates", choices=("train", "test"), default="train", help="which sentences are said")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    for _ in range(options.count):
        _home, (before, turn) = conversation(rng, options.names, options.templates, 2)
        if turn.kind == "followup":
            print(f"{'':10}(after {before.user!r})")
        calls = "  ".join(
            f"{each.tool}({', '.join(f'{slot}={value}' for slot, value in each.arguments.items())})"
            for each in turn.calls
        )
        print(f"{turn.kind:10}{turn.user}\n{'':12}{calls or 'no call'}\n{'':12}{turn.answer}")


if __name__ == "__main__":
    main()
