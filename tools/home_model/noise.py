# SPDX-License-Identifier: Apache-2.0
"""The recognizer's hand: how spoken words come out written down."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from appliance.speech.numbers import digits

_ARTICLE = re.compile(r"\b(?:the|a|my) (?=[a-z])")
_FILLERS = ("um", "uh", "er", "hmm", "uhm", "well", "like")
# What sounds alike and is confused; not the ones beside a number, where the recognizer hears right.
_HOMOPHONES = (
    (re.compile(r"\blights\b"), "light's"), (re.compile(r"\blights\b"), "lites"), (re.compile(r"\bto (?=[a-z])"), "too "), (re.compile(r"\bto (?=[a-z])"), "two "),
    (re.compile(r"\bfor (?=[a-z])"), "four "), (re.compile(r"\boff\b"), "of"), (re.compile(r"\bturn\b"), "term"), (re.compile(r"\bthe (?=[a-z])"), "a "),
    (re.compile(r"\bblinds\b"), "blind's"), (re.compile(r"\bcolor\b"), "colour"), (re.compile(r"\bclose\b"), "clothes"), (re.compile(r"\band\b"), "an"),
    (re.compile(r"\bplease\b"), "pleas"), (re.compile(r"\bwhat's\b"), "whats"), (re.compile(r"\bis\b"), "his"), (re.compile(r"\bin\b"), "and"),
    (re.compile(r"\block\b"), "luck"), (re.compile(r"\bdim\b"), "din"), (re.compile(r"\blamp\b"), "lamb"), (re.compile(r"\bdoor\b"), "dore"),
    (re.compile(r"\bset\b"), "said"), (re.compile(r"\bon\b"), "own"), (re.compile(r"\bhall\b"), "haul"), (re.compile(r"\broom\b"), "rooms"),
    (re.compile(r"\bit's\b"), "its"), (re.compile(r"\bdon't\b"), "dont"), (re.compile(r"\btimer\b"), "time her"), (re.compile(r"\bplay\b"), "played"),
)  # fmt: skip
# Spellings that sound nearly the same.
_SOUNDS = (
    ("ph", "f"), ("f", "ph"), ("ck", "k"), ("c", "k"), ("k", "c"), ("s", "z"), ("z", "s"), ("ee", "ea"), ("ea", "ee"), ("i", "y"), ("y", "i"), ("oo", "u"), ("u", "oo"), ("ai", "ay"),
    ("th", "t"), ("v", "f"), ("b", "p"), ("p", "b"), ("d", "t"), ("t", "d"), ("g", "k"), ("m", "n"), ("n", "m"), ("e", "a"), ("a", "e"), ("o", "a"), ("er", "or"), ("ou", "ow"), ("qu", "kw"), ("x", "cks"),
    ("sh", "ch"), ("j", "g"), ("w", "v"), ("ll", "l"), ("l", "ll"), ("r", "rr"), ("ie", "y"), ("oa", "o"), ("i", "e"),
)  # fmt: skip


SPOKEN = 0.35
"""Share of sentences that went through a recognizer."""


_TYPED: ContextVar[bool] = ContextVar("typed", default=False)


@contextmanager
def typed() -> Iterator[None]:
    """Within this every sentence is written as it was meant, with the freedom of capitals and stops alone."""
    token = _TYPED.set(True)
    try:
        yield
    finally:
        _TYPED.reset(token)


def _learned() -> dict[str, list[tuple[str, float]]]:
    """Word -> what it was heard as in real round trips of training sentences, and how often (shrunk, as most were rare)."""
    table: dict[str, list[tuple[str, float]]] = {}
    for said, heard, times, of in json.loads((Path(__file__).parent / "confusions.json").read_text())["confusions"]:
        table.setdefault(said, []).append((heard, times / (of + 8)))
    return table


_LEARNED = _learned()


def _recognized(rng: random.Random, text: str, names: Sequence[str]) -> str:
    """The words as the recognizer confused them, those of names aside."""
    kept = {word for name in names for word in name.lower().split()}
    out = []
    for word in text.split(" "):
        bare = word.lower().strip(".,?!")
        found = next(
            (heard for heard, rate in _LEARNED.get(bare, ()) if bare not in kept and rng.random() < rate), None
        )
        out.append(word if found is None else word.lower().replace(bare, found))
    return " ".join(out)


def misheard(rng: random.Random, name: str) -> str:
    """A name as it may be written by one who never saw it: one sound spelt otherwise, or a word torn in two."""
    if rng.random() < 0.1 and len(name) > 6 and " " not in name:
        cut = rng.randint(3, len(name) - 3)
        return f"{name[:cut]} {name[cut:]}"
    options = [(at, old, new) for old, new in _SOUNDS for at in range(len(name)) if name.startswith(old, at)]
    if not options:
        return name
    at, old, new = rng.choice(options)
    return name[:at] + new + name[at + len(old) :]


def _cased(rng: random.Random, text: str, names: Sequence[str], question: bool) -> str:
    if rng.random() < 0.35:
        for name in names:
            title = " ".join(word[:1].upper() + word[1:] for word in name.split())
            text = text.replace(name, title)
    text = re.sub(r"\bi\b", "I", text)
    text = re.sub(r"([.?!] )([a-z])", lambda match: match[1] + match[2].upper(), text)
    text = text[:1].upper() + text[1:]
    if text.endswith((".", "?", "!")):
        return text
    return text + ("?" if question and rng.random() < 0.9 else "!" if rng.random() < 0.03 else ".")


def written(
    rng: random.Random, text: str, names: Sequence[str] = (), question: bool = False, titles: Sequence[str] = ()
) -> str:
    """The sentence as a recognizer may write it; amounts stand in digits.

    `names` are device names, which may be misheard; `titles` may be written with capitals, as names may.
    """
    text = re.sub(r"(?<=\d) +%", "%", text)  # so that no "um" comes between
    text = text.lower() if rng.random() < 0.3 else text
    names = list(names)
    if not _TYPED.get():
        text = _as_heard(rng, text, names)
    style = rng.random()
    if style < 0.52:
        text = _cased(rng, text, (*names, *titles), question)
    elif style < 0.88:
        text = re.sub(r"[.?!,]+(?= |$)", "", text.lower())
    elif style < 0.94:
        text = _cased(rng, text, (*names, *titles), question).rstrip(".")
    else:
        text = text.rstrip(".?!")
    return digits(" ".join(text.split()))


def _as_heard(rng: random.Random, text: str, names: list[str]) -> str:
    """The sentence with a recognizer's errors; of the names the last may be changed."""
    through = rng.random() < SPOKEN
    if through:
        text = _recognized(rng, text, names)
    if names and rng.random() < (0.2 if through else 0.03):
        wrong = misheard(rng, names[-1])
        if through and rng.random() < 0.3:
            wrong = misheard(rng, wrong)
        text = text.replace(names[-1], wrong)
        names[-1] = wrong
    pick = rng.random()
    if pick < 0.05:
        text = _ARTICLE.sub(lambda match: "" if rng.random() < 0.6 else match[0], text)
    elif pick < 0.08:
        pattern, other = rng.choice(_HOMOPHONES)
        if not any(pattern.search(name) for name in names):
            text = pattern.sub(other, text, count=1)
    elif pick < 0.105:
        words = text.split(" ")
        at = rng.randrange(len(words))
        text = " ".join([*words[:at], rng.choice(_FILLERS) + rng.choice(("", ",")), *words[at:]])
    elif pick < 0.125:
        words = text.split(" ")
        at = rng.randrange(len(words))
        if not words[at].rstrip(".,").replace(".", "").isdigit():
            text = " ".join([*words[:at], words[at], *words[at:]])
    return text
