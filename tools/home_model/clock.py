# SPDX-License-Identifier: Apache-2.0
"""Questions about the time, the date and the weather, with the calls that answer them."""

from __future__ import annotations

import random

from tools.home_model import results
from tools.home_model.calls import Draft, Result, call
from tools.home_model.drafts import draft, pick, some_device
from tools.home_model.grammar import Split
from tools.home_model.homes import Home

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def clock(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """What time, what day, what weather it is; or that nothing is wanted after all."""
    section = rng.choices(
        ("ask.time", "ask.date", "ask.weather", "ask.weather.name", "nevermind"), (26, 22, 24, 14, 18)
    )[0]
    chosen = pick(rng, split, section)
    if section == "ask.time":
        return draft(
            rng,
            chosen,
            {},
            call("HassGetCurrentTime", {}),
            Result(True, f"It is {rng.randint(1, 12)}:{rng.randint(0, 59):02} {rng.choice(('AM', 'PM'))}"),
        )
    if section == "ask.date":
        return draft(
            rng,
            chosen,
            {},
            call("HassGetCurrentDate", {}),
            Result(
                True,
                f"It is {rng.choice(_DAYS)}, {rng.choice(_MONTHS)} {rng.randint(1, 28)}, {rng.randint(2025, 2029)}",
            ),
        )
    if section == "nevermind":
        found = draft(
            rng,
            chosen,
            {},
            call("HassNevermind", {}),
            Result(True, rng.choice(("Okay", "All right", "Nothing was changed"))),
        )
        return Draft(found.text, "say", found.calls, found.results, found.template) if found else None
    sky = rng.choice(
        ("sunny", "rainy", "cloudy", "partly cloudy", "snowy", "foggy", "stormy", "clear", "pouring", "windy")
    )
    report = f"It is {sky} and {rng.randint(-10, 36)} °C"
    if section == "ask.weather":
        return draft(
            rng,
            chosen,
            {},
            call("HassGetWeather", {}),
            Result(True, report) if rng.random() > results.FAILURES else Result(False, "I know of no weather report"),
        )
    device = some_device(rng, home, ("weather",))
    if device is None:
        return None
    name = device.name.lower()
    return draft(
        rng,
        chosen,
        {"x": name},
        call("HassGetWeather", {"name": name}),
        Result(True, f"{report} in {device.name}"),
        (name,),
    )
