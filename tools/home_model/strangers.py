# SPDX-License-Identifier: Apache-2.0
"""What a home does not have: devices and rooms that nobody there knows, and names that more than one device answers to."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace

from appliance.home.errors import HomeError, NotFound
from appliance.home.places import find_place
from appliance.home.resolver import resolve
from tools.home_model import acts, appliances, asks, drafts, levels, one_verb, players, relative, switching, words
from tools.home_model.calls import Call, Draft, Result, Turn, call
from tools.home_model.grammar import Split
from tools.home_model.homes import Home, HomeDevice, area_stranger, stranger
from tools.home_model.other_names import registry_of
from tools.home_model.places import inside
from tools.home_model.targets import SET_NOUNS, Target, article
from tools.home_model.wording import Maker, finished, wrapped

_OF_ROOMS = ("lights", "fans", "blinds")
"""What is in a room, where a strange word stands before it: "the zorblat lights", but the device "zorblat lamp"."""


def _nouns(*kinds: str) -> tuple[str, ...]:
    """One word for a thing; "the ruby lights" of no room would be lights in a room."""
    return tuple(
        noun
        for kind, nouns in words.NOUNS.items()
        for noun in nouns
        if kind.startswith(kinds) and " " not in noun and not noun.isupper() and noun not in _OF_ROOMS
    )


_UNKNOWN_NOUNS = _nouns("")
_NOUNS_OF = {
    "brightness": _nouns("light"), "color": _nouns("light"), "position": _nouns("cover"), "climate.set": _nouns("climate"), "media.pause.name": _nouns("media_player"),
    "open": _nouns("cover"), "close": _nouns("cover"), "lock": _nouns("lock"), "unlock": _nouns("lock"), "ask.yesno": _nouns("light", "switch", "fan", "media_player"),
    "on": _nouns("light", "switch", "fan", "input_boolean", "climate", "media_player", "humidifier"), "off": _nouns("light", "switch", "fan", "input_boolean", "climate", "media_player", "humidifier"),
}  # fmt: skip
_NOUNS_THAT_ARE = {"open": _NOUNS_OF["open"], "locked": _NOUNS_OF["lock"]}
_TELLING = {
    "brightness": re.compile(r"\b(?:bright\w*|dim\w*|light\w*|lumin\w*|shin\w*|glow\w*|burn\w*)\b"),
    "position": re.compile(r"\b(?:open\w*|clos\w*|shut\w*|rais\w*|lower\w*)\b"),
}
"""What must be said of a thing that nobody knows, lest a number of percent be meant for something else."""
_NO_NAMES = frozenset((*words.ADJECTIVES, *words.PLACES, *words.FIRST_NAMES))
"""What nobody takes for a device's name where it stands alone: who says "stop hannah" speaks of a person."""
_DESCRIBES = re.compile(
    r"(?:big|small|little|tiny|large|tall|short|long|wide|narrow|old|new|main|spare|second|third|bright|dim|soft|warm|cold|quiet"
    r"|loud|strong|red|blue|green|yellow|white|black|purple|orange|pink|turquoise|teal|indigo) "
)
"""Names that may as well describe a device that is known: "the big light", "the red lamp"."""
_PLAYED = re.compile(
    r"\b(?:put|pop|stick|whack|bung|chuck|throw|bang|whip|fling|have|get|give|let's|want|need|like|love|fancy)\b"
)
"""Verbs behind which a strange word may be the title of a song: "pop zorblat on"."""


_ROOMS = (*words.ROOMS, *words.COMMON_ROOMS)
_KINDS = frozenset(
    word
    for nouns in (*words.NOUNS.values(), *(forms for pair in SET_NOUNS.values() for forms in pair))
    for noun in nouns
    for word in noun.lower().split()[:1]
) - {*_OF_ROOMS}
"""Words that make a device's name of a strange word before them."""
_ALIKE = tuple(called for called in appliances.JOBS.values()) + tuple(
    (name, *others) for name, others in switching.NICKNAMES.items()
)
"""Appliances that are spoken of by each other's names: a home with a water feature has a fountain."""


def _is_unknown(home: Home, name: str) -> bool:
    """Whether no device may be meant: none of this name, of a synonym or a part of it, nor of the same purpose."""
    known = [each.lower() for device in home.devices for each in (device.name, *device.aliases)]
    for words_for_it in _ALIKE:
        if name.endswith(words_for_it) and any(each.endswith(words_for_it) for each in known):
            return False
    try:
        resolve(registry_of(home), {"name": name}, None, acting=False)
    except NotFound:
        return True
    except HomeError:
        return False
    return False


def _stranger(rng: random.Random, home: Home, nouns: tuple[str, ...], *, said: bool = False) -> str | None:
    """The name of a thing that this home does not have; with `said`, it says what it is."""
    name = stranger(rng, home, nouns)
    if said and name.split()[-1] not in nouns:
        name = f"{name} {rng.choice(nouns)}"
    if name in _NO_NAMES or _DESCRIBES.match(name) or not _is_unknown(home, name):
        return None
    return None if name.startswith(tuple(f"{room} " for room in _ROOMS)) else name


def _strange_room(rng: random.Random, home: Home) -> str | None:
    """A room that this home does not have under any name."""
    area = area_stranger(rng, home)
    try:
        find_place(registry_of(home), area, None, None)
    except NotFound:
        return area
    except HomeError:
        return None
    return None


def _as_a_device(area: str, text: str) -> bool:
    """Whether a strange word for a room reads as the name of a device: "the zorblat lamp", "turn the zorblat blue"."""
    if area in _ROOMS:
        return False
    inside_it = rf"\b(?:in|inside|at|around) (?:the |my |our )?{re.escape(area)}\b(?! (?:{'|'.join(_KINDS)})\b)"
    return re.search(rf"{inside_it}|\b{re.escape(area)} (?:{'|'.join(_OF_ROOMS)})\b", text.lower()) is None


def _twins(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """A name that two devices share the end of: asked back which one is meant."""
    pairs = [
        (one, other) for one in home.devices for other in home.devices
        if one.domain == other.domain and one.domain in ("light", "switch", "fan", "cover") and one.name != other.name
        and len(one.name.split()) > 2
        and one.name.lower().split()[1:] == other.name.lower().split()[1:]
    ]  # fmt: skip
    if not pairs:
        return None
    one, other = rng.choice(pairs)
    name = " ".join(one.name.lower().split()[1:])
    opens = rng.random() < 0.5
    section = ("open" if opens else "close") if one.domain == "cover" else ("on" if opens else "off")
    # A room or a kind alone ("the kitchen lamp", "the wall lights") means all of them, and is not asked back.
    cut = any(
        each.name.lower().split()[0] + " " + name.split()[0] in area.lower()
        for each in (one, other)
        for area in home.areas
    )
    if home.find(name) is not None or cut or not re.fullmatch(r"[a-z' ]+[a-rt-z]", name) or name.startswith("room"):
        return None
    target = Target(article(rng, name), name, {"name": name}, ())
    return drafts.draft(
        rng,
        drafts.pick(rng, split, section, f"{section}.say"),
        target.slots,
        call("HassTurnOn" if opens else "HassTurnOff", {"name": name}),
        Result(False, f"Which one do you mean, {one.name} or {other.name}?"),
        (name,),
    )


def _in_strange_room(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """All of a kind on or off, or open or closed, in a room that is none of this home."""
    area = _strange_room(rng, home)
    if area is None:
        return None
    domain, device_class = rng.choice(
        (("light", None), ("light", None), ("fan", None), ("cover", "blind"), ("cover", "curtain"))
    )
    nouns = f"{device_class or domain}s"
    arguments = {"area": area, "domain": domain} | ({"device_class": device_class} if device_class else {})
    opens = rng.random() < 0.5
    section = ("open" if opens else "close") if domain == "cover" else ("on" if opens else "off")
    where = inside(rng, area)
    phrase = rng.choice((f"the {nouns} {where}", f"the {area} {nouns}", f"{area} {nouns}", f"all the {nouns} {where}"))
    target = Target(phrase, re.sub(r"^(?:all )?the ", "", phrase), arguments, (), True, area, nouns)
    chosen = drafts.pick(rng, split, section, f"{section}.say")
    made = call("HassTurnOn" if opens else "HassTurnOff", arguments)
    found = drafts.draft(rng, chosen, target.slots, made, _no_room(area))
    return None if found is None or _as_a_device(area, found.text) else found


def _no_room(area: str) -> Result:
    return Result(False, f"I do not know a room called {area}")


def _no_device(rng: random.Random, name: str) -> Result:
    return Result(False, rng.choice((f"I do not know a device called {name}",) * 5 + (f"There is no {name} here",)))


_GHOSTS = (
    ("light", None, 5), ("switch", None, 2), ("fan", None, 2), ("cover", "blind", 1.5), ("cover", "curtain", 1.5), ("cover", "shutter", 1),
    ("cover", "garage", 1), ("lock", None, 2), ("climate", None, 3), ("media_player", "tv", 2), ("media_player", "speaker", 3),
)  # fmt: skip
"""What a home is thought to have besides, to speak of it as of what it has: kind, class, and how often."""


def _ghost(rng: random.Random, home: Home, area: str | None) -> HomeDevice | None:
    """A device that this home does not have."""
    domain, device_class, _ = rng.choices(_GHOSTS, [weight for *_, weight in _GHOSTS])[0]
    name = _stranger(rng, home, _nouns(f"{domain}/{device_class}" if device_class else domain), said=True)
    return HomeDevice(name, domain, area, None, (), device_class) if name else None


_OF_A_ROOM: tuple[tuple[Maker, float], ...] = (
    (acts.turn, 4), (acts.lights_of_place, 3), (acts.brightness, 3), (acts.color, 2), (acts.position, 2), (acts.fan_speed, 1), (acts.climate, 4),
    (acts.everything, 1), (relative.step, 3), (players.media, 3), (asks.ask, 5),
)  # fmt: skip
_OF_A_DEVICE: tuple[tuple[Maker, float], ...] = ((acts.act, 6), (relative.step, 2), (players.media, 2), (asks.ask, 2))


def _any_of_room(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whatever may be said of a room, of one that is none of this home."""
    area = _strange_room(rng, home)
    ghosts = [_ghost(rng, home, area) for _ in range(6)]
    if area is None:
        return None
    other = Home((*home.devices, *filter(None, ghosts)), (area,), (), home.split)
    for _ in range(12):
        found = rng.choices([maker for maker, _ in _OF_A_ROOM], [weight for _, weight in _OF_A_ROOM])[0](
            rng, other, split
        )
        if found and len(found.calls) == 1:
            spoken = found.calls[0].arguments
            said = area in found.text.lower() and not _as_a_device(area, found.text)
            if said and spoken.get("area") == area and "name" not in spoken:
                return replace(found, results=(_no_room(area),))
    return None


def _any_of_device(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Whatever may be said of a device, of one that this home does not have."""
    ghost = _ghost(rng, home, rng.choice(home.areas) if home.areas else None)
    if ghost is None:
        return None
    # Alone it is spoken of in every sentence; a room's other devices cannot be meant where its name is said.
    other = Home((ghost,), home.areas, home.floors, home.split)
    for _ in range(12):
        maker = rng.choices([maker for maker, _ in _OF_A_DEVICE], [weight for _, weight in _OF_A_DEVICE])[0]
        found = maker(rng, other, split)
        if found and len(found.calls) == 1 and _names(found.calls[0], ghost) and ghost.name in found.text.lower():
            return replace(found, calls=(_bare(found.calls[0]),), results=(_no_device(rng, ghost.name),))
    return None


def _names(made: Call, ghost: HomeDevice) -> bool:
    return made.arguments.get("name") == ghost.name


def _bare(made: Call) -> Call:
    """The call without the kind of device, which nothing tells of a device that is in no list."""
    known = {slot: value for slot, value in made.arguments.items() if slot not in ("domain", "device_class")}
    return call(made.tool, known)


def _beside_known(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Two things behind one verb, of which the home has one."""
    ghost = _ghost(rng, home, rng.choice(home.areas) if home.areas else None)
    if ghost is None:
        return None
    other = Home((*home.devices, *[ghost] * (len(home.devices) // 2 + 1)), home.areas, home.floors, home.split)
    for _ in range(12):
        found = one_verb.shared_verb(rng, other, split)
        if (
            found
            and [_names(made, ghost) for made in found.calls].count(True) == 1
            and ghost.name in found.text.lower()
        ):
            pairs = [
                (_bare(made), _no_device(rng, ghost.name)) if _names(made, ghost) else (made, result)
                for made, result in zip(found.calls, found.results, strict=True)
            ]
            return replace(found, calls=tuple(made for made, _ in pairs), results=tuple(result for _, result in pairs))
    return None


def _plain(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """The commonest commands and questions about a thing that nobody knows, which may not say what it is."""
    tool, section, more, slots = rng.choice(_UNKNOWN)
    name = _stranger(rng, home, _NOUNS_THAT_ARE.get(slots.get("state", ""), _NOUNS_OF.get(section, _UNKNOWN_NOUNS)))
    if name is None:
        return None
    text = article(rng, name)
    plural = any(name.split()[-1] == f"{noun}s" for noun in _UNKNOWN_NOUNS)
    target = Target(text, name, {"name": name}, (), plural)
    number = levels.degrees(rng) if "temperature" in more else levels.percent(rng)
    arguments = {"name": name} | {slot: number if value == "{n}" else value for slot, value in more.items()}
    colored = {"color": more.get("color", "red"), "kelvin": "warm white"}
    found = drafts.draft(
        rng,
        drafts.pick(rng, split, section, f"{section}.say"),
        target.slots
        | {"n": number, "t": number, "in_x": f"on {text}", "on": f"on {text}", "p": text, "onp": f"on {text}"}
        | colored
        | slots,
        call(tool, arguments),
        _no_device(rng, name),
    )
    if found is None or (tool.startswith("HassMedia") and name not in found.text):
        return None
    says_what = name.split()[-1] in _NOUNS_OF.get(section, _UNKNOWN_NOUNS)
    if section in _TELLING and not says_what and not _TELLING[section].search(found.text):
        return None  # "put the frog at 30 percent" may be meant for a lamp or for a blind
    bare = name.split()[-1] not in _UNKNOWN_NOUNS
    if bare and (found.text.startswith(name) or (section == "on" and _PLAYED.search(found.text))):
        return None  # "zorblat, let me in" speaks to somebody
    return found


_UNKNOWN: tuple[tuple[str, str, dict[str, str], dict[str, str]], ...] = (
    *((("HassTurnOn", "on", {}, {}), ("HassTurnOff", "off", {}, {})) * 3),
    ("HassTurnOn", "open", {}, {}), ("HassTurnOff", "close", {}, {}), ("HassTurnOn", "lock", {}, {}), ("HassTurnOff", "unlock", {}, {}), ("HassToggle", "toggle", {}, {}),
    ("HassLightSet", "brightness", {"brightness": "{n}"}, {}), ("HassLightSet", "color", {"color": "red"}, {}), ("HassLightSet", "color", {"color": "blue"}, {}),
    ("HassSetPosition", "position", {"position": "{n}"}, {}), ("HassClimateSetTemperature", "climate.set", {"temperature": "{n}"}, {}), ("HassMediaPause", "media.pause.name", {}, {}),
    ("HassGetState", "ask.yesno", {"state": "on"}, {"state": "on"}), ("HassGetState", "ask.yesno", {"state": "open"}, {"state": "open"}), ("HassGetState", "ask.yesno", {"state": "locked"}, {"state": "locked"}),
    ("HassGetState", "ask.state", {}, {}), ("HassGetState", "ask.state", {}, {}),
)  # fmt: skip

_MAKERS: tuple[tuple[Callable[[random.Random, Home, Split], Draft | None], float], ...] = (
    (_twins, 25), (_in_strange_room, 10), (_any_of_room, 12), (_any_of_device, 16), (_beside_known, 8), (_plain, 42),
)  # fmt: skip


def unknown(rng: random.Random, home: Home, split: Split, history: Turn | None) -> Turn | None:
    """Something that is asked of a device or a room that is not there."""
    found = rng.choices([maker for maker, _ in _MAKERS], [weight for _, weight in _MAKERS])[0](rng, home, split)
    made = finished(rng, "unknown", found, wrapped(rng, found, split)) if found else None
    return made if made and _is_written_so(home, made) else None


def _is_written_so(home: Home, turn: Turn) -> bool:
    """Whether each name in the calls is one of the home, or stands in the sentence as it was heard."""
    known = {
        said for device in home.devices for said in (device.name, *device.aliases, device.area, device.floor) if said
    }
    named = {
        call.arguments[slot] for call in turn.calls for slot in ("name", "area", "floor") if slot in call.arguments
    }
    either = {said.lower() for said in (*known, *home.areas, *home.floors, "here", "all")}
    return all(name.lower() in either or name.lower() in turn.user.lower() for name in named)
