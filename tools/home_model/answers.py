# SPDX-License-Identifier: Apache-2.0
"""Answers to what was asked back: which of two, which device, and which value."""

from __future__ import annotations

import random
import re

from appliance.home.tools import COLORS
from tools.home_model import announcing, drafts, levels, results, switching
from tools.home_model.calls import Draft, Turn, call
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home
from tools.home_model.last_turn import SETTING, devices_of, known_device, state_after
from tools.home_model.targets import Target


def which_of_two(rng: random.Random, home: Home, split: Split, history: Turn) -> Draft | None:
    """The answer to "Which one do you mean, Left Lamp or Right Lamp?"."""
    asked = re.match(r"Which one do you mean, (.+) or (.+)\?$", history.results[0].text)
    template = GRAMMAR.pick(rng, "answer.device", split)
    if asked is None or template is None:
        return None
    chosen, other = rng.sample(asked.groups(), 2)
    device = home.find(chosen)
    if device is None:
        return None
    low = chosen.lower()
    shared = set(other.lower().split())
    own = " ".join(word for word in low.split() if word not in shared)
    text = rng.choice((f"the {own} one", f"the {own} one", own, f"the {own}")) if own and own != low else f"the {low}"
    last = history.calls[0]
    arguments = {
        slot: value for slot, value in last.arguments.items() if slot not in ("area", "floor", "domain", "device_class")
    }
    made = call(last.tool, arguments | {"name": low})
    target = Target(text, text, made.arguments, (device,))
    if last.tool not in SETTING or any(slot.endswith("_step") or slot == "except" for slot in arguments):
        return None
    if last.tool == "HassLightSet" and "temperature" in arguments:
        return None
    said = text if rng.random() < 0.4 else GRAMMAR.say(rng, template.node, {"x": text})
    state = state_after(target, made)
    return Draft(said, "say", (made,), (results.done(rng, target, state),), template.text)


def answered(rng: random.Random, home: Home, split: Split, history: Turn) -> Draft | None:
    """What was asked back for: the device, or the value."""
    waiting = history.waiting
    if waiting is None:
        return None
    slots: dict[str, str] = {}
    if waiting.tool == "HassBroadcast":
        text = announcing.message(rng, home, split, rng.choice(("said", "said", "name")))
        made = call(waiting.tool, {"message": text})
        return Draft(text, "say", (made,), (announcing.announced(rng, home),), "answer.broadcast")
    if waiting.tool in ("HassTurnOn", "HassTurnOff"):
        target = switching.switched(rng, home, 0.3)
        if target is None:
            return None
        state, section, slots = "on" if waiting.tool == "HassTurnOn" else "off", "answer.device", target.slots
        made = call(waiting.tool, target.arguments)
    else:
        known = waiting.arguments
        device = known_device(home, known)
        domain = {"HassFanSetSpeed": "fan", "HassClimateSetTemperature": "climate"}.get(waiting.tool, "light")
        devices = (device,) if device else devices_of(home, {**known, "domain": domain})[:1]
        target = Target("", "", known, devices, False, "", domain)
        n, t, color = levels.percent(rng), levels.degrees(rng), rng.choice(COLORS)
        slots = {"n": n, "t": t, "color": color}
        if waiting.tool == "HassClimateSetTemperature":
            section, more, state = "answer.degrees", {"temperature": t}, f"set to {t} °C"
        elif waiting.tool == "HassFanSetSpeed":
            section, more, state = "answer.percent", {"percentage": n}, f"on, speed {n} percent"
        elif "color" in history.answer:
            section, more, state = "answer.color", {"color": color}, f"on, color {color}"
        else:
            section, more, state = "answer.percent", {"brightness": n}, f"on, brightness {n} percent"
        made = call(waiting.tool, known | more)
    template = GRAMMAR.pick(rng, section, split)
    if template is None:
        return None
    text = GRAMMAR.say(rng, template.node, slots)
    names = drafts.names_of(target) if section == "answer.device" else ()
    return Draft(text, "say", (made,), (results.done(rng, target, state),), template.text, names)
