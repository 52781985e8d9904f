# SPDX-License-Identifier: Apache-2.0
"""How spoken names are compared: regardless of case, punctuation, articles and plurals, then by spelling and sound.

By sound is conservative, for a wrong device is worse than a question: each word must have its counterpart, and two
words are alike only if they sound the same (Double Metaphone) and look somewhat alike, or differ by a slip of a letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from metaphone import doublemetaphone
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

Words = tuple[str, ...]

_POSSESSIVE = re.compile(r"(?<=\w)['\u2019]s\b")
_FILLERS = frozenset(("the", "my", "our", "a", "an", "in", "on", "of", "at", "please"))


@lru_cache(maxsize=4096)
def words(text: str) -> Words:
    """Return what of a name distinguishes it: "The kids' Lamps" and "kids lamp" give the same words."""
    folded = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", text).casefold())
    folded = folded.replace("'", "").replace("\u2019", "")
    spaced = "".join(letter if letter.isalnum() else " " for letter in folded)
    return tuple(_singular(word) for word in spaced.split() if word not in _FILLERS)


def unowned(text: str) -> str:
    """A name without whose it is: "his bedside lamp" is one of the Bedside Lamps; "" where nobody's name is said."""
    owner, _, rest = text.strip().partition(" ")
    return rest if owner.casefold() in ("his", "her", "their", "your") else ""


def _singular(word: str) -> str:
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes")):
        return word[:-2]
    return word.removesuffix("s")


def without(whole: Words, part: Words) -> Words | None:
    """Return `whole` with the run of words `part` cut out, or None if it does not hold that run."""
    for start in range(len(whole) - len(part) + 1):
        if whole[start : start + len(part)] == part:
            return whole[:start] + whole[start + len(part) :]
    return None


def likeness(heard: Words, name: Words) -> float:
    """Return how alike two names are, 0 (not to be taken for each other) to 100 (the same but for word breaks)."""
    return fuzz.ratio("".join(heard), "".join(name)) if alike(heard, name) else 0.0


def alike(heard: Words, name: Words) -> bool:
    """Whether two names may be taken for each other at all: word for word, or where only the breaks differ."""
    if not heard or not name:
        return False
    if len(heard) == len(name):
        return all(_alike(*pair) for pair in zip(heard, name, strict=True))
    return _alike("".join(heard), "".join(name))


def _alike(heard: str, word: str) -> bool:
    if heard == word:
        return True
    # "lamp 1" is not a slip of "lamp 2".
    if _digits(heard) != _digits(word) or min(len(heard), len(word)) < 3:
        return False
    if _sounds(heard) & _sounds(word) and fuzz.ratio(heard, word) >= 50:
        return True
    slips = 1 + (min(len(heard), len(word)) >= 8)
    return heard[0] == word[0] and len(word) >= 4 and OSA.distance(heard, word, score_cutoff=slips) <= slips


@lru_cache(maxsize=4096)
def _sounds(word: str) -> frozenset[str]:
    """The word's codes; of a word with "th" (0) only the first, for the second makes a bathroom sound as a bedroom."""
    first, second = doublemetaphone(word)
    return frozenset((first,) if "0" in first else {first, second} - {""})


def _digits(word: str) -> str:
    return "".join(letter for letter in word if letter.isdigit())


def number(value: object) -> str:
    """Return a number as it is said: 21.0 as "21"."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def degrees(value: object, unit: str | None) -> str:
    """Return a temperature as it is said: "20.5 °C", or "1 degree" where the unit is not known."""
    return f"{number(value)} {unit or ('degree' if value in (1, -1) else 'degrees')}"


def be(name: str) -> str:
    """Return the verb that a name takes: Living Room Blinds "are", Garage Door "is"."""
    last = name.casefold().rpartition(" ")[2]
    return "is" if _singular(last) == last else "are"


def listing(names: Sequence[str], conjunction: str = "and", most: int = 4) -> str:
    """Return "A, B and C"; of more than `most` names the last ones are only counted."""
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {conjunction} {names[-1]}"
