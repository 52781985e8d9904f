# SPDX-License-Identifier: Apache-2.0
"""Commands and the calls they ask for: each function makes one kind of them, or None where the home has nothing for it."""

from __future__ import annotations

import random
from collections.abc import Callable

from tools.home_model.appliances import job, vacuum
from tools.home_model.calls import Draft
from tools.home_model.drafts import unless_named
from tools.home_model.grammar import Split
from tools.home_model.homes import Home
from tools.home_model.levels import climate, fan_speed, position
from tools.home_model.lights import brightness, color, color_temperature
from tools.home_model.locks import lock
from tools.home_model.openings import air, breeze, calm, cover, drive, heating, pair, sun, windows
from tools.home_model.scenes import button, scene
from tools.home_model.switching import both_lights, everything, lights_of_place, toggle, turn

ACTS: dict[Callable[[random.Random, Home, Split], Draft | None], float] = {
    turn: 40, lights_of_place: 10, both_lights: 4, toggle: 2, cover: 13, air: 0.4, sun: 1.5, breeze: 1.0, calm: 0.6, windows: 0.9, pair: 0.8, drive: 0.9, heating: 1.5, lock: 8, scene: 8, job: 5, button: 1, brightness: 10, color: 5, color_temperature: 3.5,
    position: 6, fan_speed: 4, climate: 6, vacuum: 5, everything: 1.2,
}  # fmt: skip


def act(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Some command to devices."""
    return unless_named(home, rng.choices(tuple(ACTS), tuple(ACTS.values()))[0](rng, home, split))


# Players
