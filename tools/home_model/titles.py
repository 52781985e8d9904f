# SPDX-License-Identifier: Apache-2.0
"""Titles made up in the shapes that real ones have: "Livin' on a Prayer", "Turn the Page", "Lights Out", "Nine Cats".

Their words are split into those for training and those for testing, as the words of names are; function words are not.
"""

from __future__ import annotations

import random
import re
from functools import lru_cache

from tools.home_model.words import FIRST_NAMES, is_reserved


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())


_NOUNS = _words("""
page, light, door, window, lamp, kitchen, bathroom, bedroom, basement, attic, garage, hallway, garden, curtain, shutter, fan, lock, key, clock, timer, alarm, volume, mirror, floor, wall, roof, ceiling, chair, table,
prayer, bullet, candle, cathedral, carnival, compass, crown, dagger, diamond, feather, ferry, fiddle, flag, flame, freight, gallows, ghost, glacier, gravel, gypsy, hammer, harbour, harvest, highway, hurricane, jungle,
kettle, knight, ladder, lantern, lemon, letter, lighthouse, lizard, machine, magnet, marble, meadow, medicine, memory, midnight, mistress, monkey, monsoon, moonlight, motel, mountain, needle, ocean, orchard, painter,
parade, parachute, passenger, pepper, pilot, pirate, planet, poet, postman, preacher, prisoner, pyramid, quarry, raven, razor, ribbon, riddle, river, robin, rocket, sailor, scarecrow, secret, shadow, shepherd, shotgun,
silence, skeleton, skyline, smoke, snake, sparrow, spider, station, stranger, subway, sugar, summer, sunset, swan, teacher, temple, thief, thunder, tiger, toothbrush, tower, train, treasure, trumpet, tunnel, umbrella,
valley, vampire, velvet, village, violin, volcano, voyage, waitress, waltz, waterfall, whistle, widow, willow, winter, wizard, wolf, yesterday, zebra, air, bed, bell, boat, body, boy, bridge, brother, car, city, cloud,
crowd, dance, daughter, day, dream, earth, eye, face, father, fire, flower, friend, girl, glass, gun, hand, heart, heaven, hell, home, horse, house, king, lady, land, life, line, love, lover, man, money, moon, mother,
name, night, people, queen, radio, rain, river, road, rock, room, rose, sea, shoe, sister, sky, song, soul, star, stone, storm, story, street, sun, sword, tear, town, tree, truth, voice, war, water, wind, wing, woman, world
""")
_VERBS = _words("""
turn, open, close, shut, stop, lock, start, play, set, dim, raise, lower, pause, skip, cancel, switch, clean, call, light, hold, break, burn, catch, chase, cross, drop, fake, feel, fight, find, fix, follow, free, hide, hurt,
keep, kick, kill, kiss, leave, lose, love, make, miss, move, need, paint, pass, ride, rock, save, send, shake, share, spin, steal, taste, touch, trust, wake, want, watch, win, wreck, dance, dream, drive, fall, fly, howl,
jump, laugh, listen, live, pray, roll, run, sing, sleep, smile, stand, stay, swim, swing, talk, tremble, wait, walk, wander, whisper, wonder, work, bury, carry, climb, count, cut, dig, draw, dress, feed, gather, give
""")
_ADJECTIVES = _words("""
golden, broken, wild, lonely, electric, purple, black, white, blue, green, yellow, crimson, crazy, bad, good, sweet, bitter, young, old, beautiful, dangerous, careless, endless, holy, hollow, hungry, little, last, long, lost, mad,
naked, perfect, poor, quiet, restless, rich, sacred, silent, simple, sleepless, slow, smooth, strange, sudden, tender, thirsty, tiny, tired, true, twisted, ugly, invisible, wicked, wooden, infinite, reckless, gentle, foolish, bright
""")
_PREPOSITIONS = (
    *("in", "on", "under", "over", "at", "from", "to", "with", "without", "after", "before"),
    "for",
    "behind",
    "through",
    "like",
    "beyond",
)
_NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve twenty forty fifty ninety".split(),
    "hundred thousand million".split(),
)
_WHEN = _words(
    "tonight, tomorrow, again, forever, alone, together, in june, at midnight, on sunday, at dawn, in the morning, at night"
)
_PARTICLES = ("up", "down", "out", "off", "away", "back", "over", "around", "home")

_SHAPES = _words("""
N, N, A N, A N, the N, the A N, N N, the N N, Ns, A Ns, the Ns, N and N, the N and the N, Ns and Ns, N of N, the N of N, the N of the N, Ns of the A N, V the N, V the N, V a N, V my N, V your Ns, V the A N,
Ving P a N, Ving P the N, Ving P the A N, Ving P Ns, Vin' P a N, Vin' the N, Ving the N, P the N, P the N W, P a A N, P the A N, P the Ns of N, V P the N, V P a N, V me D, V it D, V you D, V D, D P the N, Ns D,
V the N D, V D your Ns, V D the N, don't V the N, don't V me W, I V the N, I V you W, you V my N, we V the N, she Vs the N, he Vs a N, let the N V, let me V, let it V, how to V a N, where the Ns V, when the N Vs,
what the N Vs, who Vs the N, why Ns V, all the Ns, all my Ns, no more Ns, no N no N, one more N, M Ns, M A Ns, the M Ns, M Ns of N, M K Ns, F's N, F's A N, F and the N, F and the Ns, F P the N, hey F, oh F, my N, your N,
my N and I, this N, that A N, a N, a N P the N, a N called N, the N who Vs, the N P the N, N P N, N by N, born to V, born P a N, too A to V, so A, A and A, A as a N, more than a N, like a N, like a A N, N W, A W, Ving W,
once upon a N, the last N P the N, the day the N Vs, everything is A, everybody Vs, nobody Vs the N, it's a A N, it's only a N, there is a N, here Vs the N, you and the N, us and the Ns, N number M, N M, M M M, V V V, Ving and Ving
""")
_SLOT = re.compile(r"\b(Ns|Ving|Vin'|Vs|[NVAPWDFMK])(?![a-z])")

COMMANDS = re.compile(
    r"^(?:don't )?(?:turn|open|close|shut|stop|lock|start|play|set|dim|raise|lower|pause|skip|cancel|switch|clean|call|light|let|leave|keep|wake|hold|make|give)\b"
    r"|\b(?:up|down|out|off|away|back|over|around|home)$"
)
"""What could be said to the house as well: "turn the page", "lights out". Only who says "play" before it means a title."""


_HOUSEHOLD = re.compile(
    r"\b(?:page|light|door|window|lamp|kitchen|bathroom|bedroom|basement|attic|garage|hallway|garden|curtain|shutter|fan|lock|key|clock|timer|alarm|volume|station|radio|water|air|house|home|room|money|car|bed)s?\b"
)


def needs_play(made: str) -> bool:
    """Whether a title is one only where the sentence says that it is played: "I need light", "lights out"."""
    return bool(COMMANDS.search(made) or _HOUSEHOLD.search(made))


@lru_cache(maxsize=100)
def of_split(entries: tuple[str, ...], split: str) -> tuple[str, ...]:
    """Those entries that may be used in a split: without a reserved word, or with one."""
    return tuple(each for each in entries if any(map(is_reserved, each.split())) == (split == "test")) or entries


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    irregular = {
        "man": "men",
        "woman": "women",
        "people": "people",
        "thief": "thieves",
        "wolf": "wolves",
        "knife": "knives",
    }
    return irregular.get(noun) or noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def _ing(verb: str) -> str:
    if verb.endswith("e"):
        return f"{verb[:-1]}ing"
    doubled = re.fullmatch(r"[^aeiou]*[aeiou][bdgmnpt]", verb)
    return f"{verb}{verb[-1] if doubled else ''}ing"


def title(rng: random.Random, split: str) -> str:
    """A title of one to seven words."""

    def word(entries: tuple[str, ...]) -> str:
        return rng.choice(of_split(entries, split))

    def fill(slot: re.Match[str]) -> str:
        kind = slot[1]
        if kind in ("N", "Ns"):
            return _plural(word(_NOUNS)) if kind == "Ns" else word(_NOUNS)
        if kind[0] == "V":
            verb = word(_VERBS)
            forms = {"V": verb, "Vs": _plural(verb), "Ving": _ing(verb), "Vin'": f"{_ing(verb)[:-1]}'"}
            return forms[kind]
        if kind in ("M", "K"):
            return rng.choice(_NUMBERS[kind == "K"])
        entries = {"A": _ADJECTIVES, "P": _PREPOSITIONS, "W": _WHEN, "D": _PARTICLES, "F": FIRST_NAMES}[kind]
        return word(entries) if kind in "AF" else rng.choice(entries)

    made = _SLOT.sub(fill, rng.choice(_SHAPES))
    return re.sub(r"\ba (?=[aeiou])", "an ", made).lower()


_STATIONS = _words("""
bbc radio 2, bbc radio 4, radio 1, radio 3, the world service, npr, classic fm, capital fm, kiss fm, jazz fm, absolute radio, radio paradise, triple j, smooth radio, talksport, planet rock, virgin radio, magic fm, radio nova,
classic rock radio, heart fm, radio caroline, gold radio, country hits radio, soma fm, six music, talk sport, the local station, fip, radio swiss jazz
""")
_NEWEST = _words("""
the new album by, the new album of, the latest album by, the latest from, the new single by, the greatest hits of, the best of, the first album of, songs by, a song by, something by, something by, something by, anything by, anything from,
something from, the latest single from, the biggest hits by, the debut album of, a few songs by, hits by, music by, music by, the complete works of, live recordings of, the christmas album by, the unplugged album of, all songs by
""")
_PARTS = ("episode", "episode", "episode", "season", "chapter", "part", "series")
_WHICH = _words("the first, the last, the latest, the newest, the second, the third, the final, the new")


def newest(rng: random.Random, artist: str) -> str:
    """Some of somebody's music, without its title: "something by Abba", "the new album of the Doors"."""
    return f"{rng.choice(_NEWEST)} {artist}"


def station(rng: random.Random, split: str) -> str:
    """A radio station."""
    if rng.random() < 0.5:
        return rng.choice(of_split(_STATIONS, split))
    noun = rng.choice(of_split(_NOUNS, split))
    return rng.choice(
        (
            f"radio {noun}",
            f"{noun} fm",
            f"{noun} radio",
            f"radio {rng.randint(1, 9)}",
            f"{rng.randint(88, 107)}.{rng.randint(1, 9)} fm",
        )
    )


def part(rng: random.Random, whole: str) -> str:
    """A part of something that has many: "episode 4 of ...", "season 2 episode 5 of ..."."""
    number = rng.choice(("one", "two", "three", "four", "five", "six", "seven", "eight", str(rng.randint(1, 24))))
    shape = rng.random()
    if shape < 0.6:
        return f"{rng.choice(_PARTS)} {number} of {whole}"
    if shape < 0.8:
        return f"season {rng.randint(1, 9)} episode {number} of {whole}"
    return f"{rng.choice(_WHICH)} {rng.choice(('episode', 'season', 'chapter', 'part'))} of {whole}"


def playlist(rng: random.Random, split: str) -> str:
    """The name of a playlist: "friday night mix"."""
    first = rng.choice(of_split(_FOR, split))
    return (
        f"{first} {rng.choice(_MIXES)}"
        if rng.random() < 0.8
        else f"{first} {rng.choice(of_split(_NOUNS, split))} {rng.choice(_MIXES)}"
    )


_FOR = _words(
    "friday, saturday, sunday, monday, summer, winter, morning, evening, road, dinner, workout, gym, chill, party, study, sleep, focus, rainy, beach, bath, cooking, kitchen, garden, garage, christmas, halloween, wedding, running, "
    "driving, garden party, late night, easy, happy, sad, throwback, top, daily, feel good, slow, power, indie, acoustic, family, kids, baby, holiday, travel, coffee, wine, yoga, cleaning, rock, jazz, soul, dance, office"
)
_MIXES = _words(
    "mix, vibes, night, trip, hits, morning, party, favourites, favorites, classics, mode, time, day, songs, tunes, jams, bangers, ballads, anthems, beats, sessions, essentials, throwbacks, fifty, hundred"
)
