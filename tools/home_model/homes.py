# SPDX-License-Identifier: Apache-2.0
"""Random homes: rooms on floors, and devices with names of every kind that people give."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tools.home_model import words
from tools.home_model.kinds import COMMON_MEASURES, COMMON_NOTICES, MEASURES, NOTICES
from tools.home_model.words import any_word, pseudo_word, usable


@dataclass(frozen=True)
class HomeDevice:
    """A device as the device list shows it."""

    name: str
    domain: str
    area: str | None = None
    floor: str | None = None
    aliases: tuple[str, ...] = ()
    device_class: str | None = None


@dataclass(frozen=True)
class Home:
    """The devices of a home, and the rooms and floors that they stand in."""

    devices: tuple[HomeDevice, ...]
    areas: tuple[str, ...]
    floors: tuple[str, ...]
    split: str = "train"

    def find(self, name: str, area: str | None = None) -> HomeDevice | None:
        """The device of this name or alias, letter case aside."""
        for device in self.devices:
            known = name.lower() in (device.name.lower(), *(alias.lower() for alias in device.aliases))
            if known and (area is None or (device.area or "").lower() == area.lower()):
                return device
        return None


# How often a device is of a domain; the commands of people are about the first ones.
_DOMAINS = {
    "light": 34, "switch": 9, "cover": 12, "fan": 6, "lock": 6, "climate": 6, "media_player": 8, "sensor": 12, "binary_sensor": 11,
    "vacuum": 2.5, "scene": 4, "script": 3, "valve": 2, "humidifier": 1.2, "water_heater": 0.8, "lawn_mower": 0.8, "todo": 2.5,
    "weather": 1.2, "person": 3, "input_boolean": 2.5, "button": 1.8,
}  # fmt: skip
_WITHOUT_AREA = frozenset({"person", "weather", "todo"})
_COVERS = (
    "blind",
    "curtain",
    "shade",
    "shutter",
    "window",
    "garage",
    "gate",
    "door",
    "awning",
    "blind",
    "curtain",
    "shutter",
    "shade",
)


def _title(rng: random.Random, text: str) -> str:
    style = rng.random()
    if style < 0.72:
        return " ".join(word if word.isupper() else word[:1].upper() + word[1:] for word in text.split())
    if style < 0.9:
        return text[:1].upper() + text[1:]
    return text


def _content(rng: random.Random, split: str) -> str:
    """A word or two that tell one thing from another."""
    pick = rng.random()
    if pick < 0.40:
        return pseudo_word(rng, split)
    if pick < 0.66:
        return any_word(rng, split, (words.THINGS,))
    if pick < 0.76:
        return any_word(rng, split, (words.ADJECTIVES,))
    if pick < 0.84:
        return any_word(rng, split, (words.FIRST_NAMES,)) + ("'s" if rng.random() < 0.6 else "")
    if pick < 0.91:
        return any_word(rng, split, (words.BRANDS,))
    return any_word(rng, split, (words.NICKNAMES,))


def _alone(content: str) -> str:
    return content.removesuffix("'s")


def _area_for_name(rng: random.Random, area: str | None, split: str) -> str | None:
    if area is None or (split == "test" and not any(words.is_reserved(word) for word in area.split())):
        return None
    return area.lower()


def content_name(rng: random.Random, split: str, nouns: tuple[str, ...], area: str | None) -> str:
    """A device name: room, thing, nickname, made-up word, or several of them, with or without the noun of its kind."""
    noun = rng.choice(nouns)
    room = _area_for_name(rng, area, split)
    shape = rng.random()
    if shape < 0.23 and room:
        return f"{room} {noun}"
    if shape < 0.26 and room:
        return f"{room} {_alone(_content(rng, split))}"
    if shape < 0.30 and room and split == "train":
        return f"{room} {rng.choice(words.PLACES)} {noun}"
    if shape < 0.34 and split == "train":
        return noun
    if shape < 0.38 and split == "train":
        place = rng.choice(words.PLACES)
        return f"{noun} {place}" if rng.random() < 0.4 else f"{place} {noun}"
    if shape < 0.62:
        return f"{_content(rng, split)} {noun}"
    if shape < 0.84:
        return _alone(_content(rng, split))
    if shape < 0.90:
        return f"{_content(rng, split)} {_alone(_content(rng, split))}"
    if shape < 0.95:
        return f"{any_word(rng, split, (words.ADJECTIVES, words.THINGS))} {_content(rng, split)} {noun}"
    return (
        f"{_alone(_content(rng, split))} {rng.randint(1, 9)}"
        if rng.random() < 0.5 or split == "test"
        else f"{noun} {rng.randint(1, 9)}"
    )


def _name(rng: random.Random, split: str, domain: str, device_class: str | None, area: str | None) -> str:
    if domain == "person":
        name = any_word(rng, split, (words.FIRST_NAMES,)) if rng.random() < 0.7 else pseudo_word(rng, split)
    elif domain == "weather":
        name = any_word(rng, split, (words.PLACE_NAMES,)) if rng.random() < 0.7 else pseudo_word(rng, split)
    elif domain == "todo":
        name = any_word(rng, split, (words.TODO_WORDS,)) if rng.random() < 0.7 else pseudo_word(rng, split)
        name += " list" if rng.random() < 0.25 else ""
    elif domain in ("scene", "script"):
        name = any_word(rng, split, (words.SCENE_WORDS,)) if rng.random() < 0.65 else _alone(_content(rng, split))
        name += f" {rng.choice(words.SCENE_TAILS)}" if rng.random() < 0.45 else ""
    elif domain == "sensor" and device_class:
        return _sensor_name(rng, split, MEASURES[device_class].suffixes, area)
    elif domain == "binary_sensor" and device_class:
        return _sensor_name(rng, split, NOTICES[device_class].suffixes, area)
    elif domain in words.APPLIANCES and split == "train" and rng.random() < 0.3:
        name = any_word(rng, split, (words.APPLIANCES[domain],))
        room = _area_for_name(rng, area, split) if rng.random() < 0.25 and domain != "vacuum" else None
        name = f"{room} {name}" if room else name
    else:
        kind = f"{domain}/{device_class}" if f"{domain}/{device_class}" in words.NOUNS else domain
        return content_name(rng, split, words.NOUNS[kind], area)
    return name


def _sensor_name(rng: random.Random, split: str, suffixes: tuple[str, ...], area: str | None) -> str:
    pick = rng.random()
    room = _area_for_name(rng, area, split)
    if pick < 0.3 and room:
        return f"{room} {rng.choice(suffixes)}"
    subject = any_word(rng, split, (words.SENSOR_SUBJECTS,)) if rng.random() < 0.6 else _alone(_content(rng, split))
    if split == "test" and not any(words.is_reserved(word) for word in subject.split()):
        subject = pseudo_word(rng, split)
    return f"{subject} {rng.choice(suffixes)}" if pick < 0.75 else subject


def _area(rng: random.Random, split: str) -> str:
    pick = rng.random()
    if split == "test" and pick < 0.5:
        return pseudo_word(rng, "test") if pick < 0.2 else any_word(rng, "test", (words.ROOMS,))
    if pick < 0.62:
        return rng.choice(words.COMMON_ROOMS)
    if pick < 0.84:
        return any_word(rng, "train", (words.ROOMS,))
    if pick < 0.90:
        return f"{any_word(rng, 'train', (words.FIRST_NAMES,))}'s {rng.choice(('room', 'bedroom', 'office', 'bathroom', 'study'))}"
    if pick < 0.95:
        return pseudo_word(rng, "train") + rng.choice(("", " room", " room"))
    return f"{rng.choice(('bedroom', 'bathroom', 'office', 'room', 'garage', 'kitchen'))} {rng.randint(1, 4)}"


def _kind(rng: random.Random, domain: str) -> str | None:
    if domain == "cover":
        return rng.choice(_COVERS) if rng.random() < 0.95 else None
    if domain == "media_player":
        return rng.choice(("tv", "speaker", None))
    if domain == "sensor":
        return rng.choice(COMMON_MEASURES) if rng.random() < 0.5 else rng.choice(tuple(MEASURES))
    if domain == "binary_sensor":
        return rng.choice(COMMON_NOTICES) if rng.random() < 0.5 else rng.choice(tuple(NOTICES))
    return rng.choice(("outlet", "switch")) if domain == "switch" and rng.random() < 0.15 else None


def _noun_kind(domain: str, device_class: str | None) -> str | None:
    # A cover or a player of no known class is called as some class all the same.
    if device_class is None:
        return {"cover": "blind", "media_player": "speaker"}.get(domain)
    return device_class


def random_home(rng: random.Random, split: str) -> Home:
    """A home of 3 to 60 devices whose names keep to the words of the split."""
    size = min(60, max(3, round(rng.lognormvariate(2.5, 0.55)))) if rng.random() < 0.95 else rng.randint(30, 60)
    floors: list[str] = []
    if rng.random() < 0.65:
        for _ in range(rng.choice((1, 2, 2, 3, 3, 4))):
            common = rng.random() < 0.75
            floor = _title(rng, rng.choice(words.COMMON_FLOORS) if common else any_word(rng, "train", (words.FLOORS,)))
            if floor.lower() not in [known.lower() for known in floors]:
                floors.append(floor)
    areas: dict[str, str | None] = {}
    for _ in range(rng.randint(2, max(3, min(14, size // 2 + 1)))):
        area = _title(rng, _area(rng, split))
        if area.lower() not in [known.lower() for known in (*areas, *floors)]:
            areas[area] = rng.choice(floors) if floors and rng.random() < 0.93 else None
    domains, weights = list(_DOMAINS), list(_DOMAINS.values())
    # Homes have favourites: one is full of sensors, the next of covers.
    for index in rng.sample(range(len(weights)), 3):
        weights[index] *= rng.choice((0, 2, 4))
    taken: set[tuple[str, str | None]] = set()
    devices: list[HomeDevice] = []
    for _ in range(size * 4):
        if len(devices) == size:
            break
        domain = rng.choices(domains, weights)[0]
        placed = domain not in _WITHOUT_AREA and rng.random() < (0.35 if domain in ("scene", "script") else 0.85)
        spot = rng.choice(tuple(areas)) if areas and placed else None
        device_class = _kind(rng, domain)
        name = _title(rng, _name(rng, split, domain, _noun_kind(domain, device_class), spot))
        free = name.lower() not in [known for known, _ in taken] or (
            rng.random() < 0.5 and spot is not None and (name.lower(), spot) not in taken
        )
        if not free or name.lower() in [known.lower() for known in (*areas, *floors)]:
            continue
        taken.add((name.lower(), spot))
        aliases: list[str] = []
        while rng.random() < 0.1 and len(aliases) < 2:
            alias = _title(rng, _name(rng, split, domain, _noun_kind(domain, device_class), None))
            if alias.lower() not in [known for known, _ in taken]:
                aliases.append(alias)
                taken.add((alias.lower(), spot))
        devices.append(HomeDevice(name, domain, spot, areas[spot] if spot else None, tuple(aliases), device_class))
        if domain == "binary_sensor" and rng.random() < 0.08:  # one phone, many sensors of its name
            other = rng.choice([kind for kind in NOTICES if kind != device_class])
            devices.append(HomeDevice(name, domain, spot, areas[spot] if spot else None, (), other))
    rng.shuffle(devices)
    return Home(tuple(devices[:60]), tuple(areas), tuple(floors), split)


def stranger(rng: random.Random, home: Home, nouns: tuple[str, ...]) -> str:
    """The name of a thing that this home does not have: no device, alias or room shares its telling word."""
    known = {
        word for device in home.devices for name in (device.name, *device.aliases) for word in name.lower().split()
    }
    known |= {word for area in (*home.areas, *home.floors) for word in area.lower().split()}
    while True:
        words_of_it = _alone(_content(rng, home.split)) + (f" {rng.choice(nouns)}" if rng.random() < 0.6 else "")
        if not words_of_it.split()[0].startswith(tuple(known)):
            return words_of_it


def area_stranger(rng: random.Random, home: Home) -> str:
    """The name of a room that this home does not have."""
    known = {word for area in (*home.areas, *home.floors) for word in area.lower().split()}
    while True:
        lists = usable(words.ROOMS, home.split) if rng.random() < 0.6 else words.COMMON_ROOMS
        area = rng.choice(lists) if rng.random() < 0.8 else pseudo_word(rng, home.split)
        if not known.intersection(area.split()) and home.find(area) is None:
            return area
