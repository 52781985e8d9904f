# SPDX-License-Identifier: Apache-2.0
"""How a sentence is wrapped, and the turn that it becomes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from tools.home_model import noise
from tools.home_model.calls import Call, Draft, Turn, sentence
from tools.home_model.grammar import GRAMMAR, Split
from tools.home_model.homes import Home

_GERUNDS = {"get": "getting", "set": "setting", "put": "putting", "let": "letting", "cut": "cutting", "shut": "shutting", "dim": "dimming", "run": "running", "stop": "stopping", "skip": "skipping",
            "flip": "flipping", "drop": "dropping", "snap": "snapping", "tap": "tapping", "hit": "hitting", "quit": "quitting", "pin": "pinning", "bar": "barring", "nix": "nixing", "begin": "beginning",
            "see": "seeing", "tie": "tying", "mop": "mopping", "tag": "tagging", "jot": "jotting", "spin": "spinning", "pop": "popping", "bin": "binning", "grab": "grabbing", "drag": "dragging", "trim": "trimming", "slap": "slapping", "scrub": "scrubbing", "rub": "rubbing", "whip": "whipping", "top": "topping", "unpin": "unpinning", "scrap": "scrapping", "wrap": "wrapping", "knock": "knocking",
            "fill": "filling", "swing": "swinging", "step": "stepping", "plug": "plugging", "unbar": "unbarring", "undo": "undoing", "go": "going", "do": "doing", "jump": "jumping",
            "be": "being", "lob": "lobbing", "zap": "zapping", "jab": "jabbing", "prod": "prodding", "stab": "stabbing", "slip": "slipping", "can": "canning", "zip": "zipping", "tug": "tugging", "stem": "stemming",
            "prop": "propping", "jog": "jogging", "chop": "chopping", "clip": "clipping", "strip": "stripping", "clap": "clapping", "rid": "ridding", "scan": "scanning", "plan": "planning", "whop": "whopping", "chuck": "chucking", "nip": "nipping", "pat": "patting", "peg": "pegging", "sit": "sitting", "ship": "shipping"}  # fmt: skip


def gerund(command: str) -> str:
    """`turn on the lamp` -> `turning on the lamp`."""
    verb, _, rest = command.partition(" ")
    if verb == "double":
        return f"double {gerund(rest)}"
    if verb in _GERUNDS:
        form = _GERUNDS[verb]
    elif verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        form = f"{verb[:-1]}ing"
    else:
        form = f"{verb}ing"
    return f"{form} {rest}".strip()


_CLAUSE_SHARE = {"do": 0.12, "say": 0.12, "ask": 0.05}
"""How many sentences have a clause before or behind them that tells the assistant nothing."""
_BEFORE = (", ",) * 9 + (" ",) * 4 + (". ",) * 3 + (" - ",)
_BEHIND = (", ",) * 9 + (" ",) * 3 + (". ",) * 2 + (" - ",)
_SO = (" so ", " so ", ", so ", " and so ", ", right, ", " right, ")
_BECAUSE = (" because ", " because ", ", because ", " since ", " as ", " cause ", " cos ")
_GREETING = re.compile(r"(?:hey|hi|hello|yo|good (?:morning|evening)|excuse me|okay|ok|so|listen|say)\b")
_STATE = re.compile(r"\b(?:on|off|open|closed|shut|up|down|out)$")


def wrapped(rng: random.Random, found: Draft, split: Split) -> str:
    text = _in_frame(rng, found, split)
    if rng.random() >= _CLAUSE_SHARE[found.form] or any(each.tool == "HassNevermind" for each in found.calls):
        return text
    before = rng.random() < 0.5 and not _GREETING.match(text)
    if before or ends_open(found, text):
        out = _with_clause_before(rng, found, text, split)
        return _with_clause_behind(rng, found, out, split) if rng.random() < 0.06 else out
    return _with_clause_behind(rng, found, text, split)


def ends_open(found: Draft, text: str) -> bool:
    """Whether the last word belongs to words of the speaker's own, which nobody could tell from a clause behind them."""
    ends = []
    for each in found.calls:
        free = "Timer" in each.tool or not all(result.success for result in found.results)
        slots = ("search_query", "item", "message", "except", *(("name", "area") if free else ()))
        ends += [each.arguments[slot].lower().split()[-1] for slot in slots if each.arguments.get(slot)]
    return not found.calls or text.lower().rstrip(" .?!").endswith(tuple(ends))


def _with_clause_before(rng: random.Random, found: Draft, text: str, split: Split) -> str:
    whole = rng.random() < 0.66
    clause = _clause(rng, "clause.said" if whole else "clause.before", split)
    # "The match is on, the lamp off" says two states of things in a row.
    if found.form == "say" and _STATE.search(clause):
        return text
    joints = _SO if whole and found.form == "do" and not _GREETING.match(text) and rng.random() < 0.25 else _BEFORE
    return f"{clause}{rng.choice(joints)}{text}"


def _with_clause_behind(rng: random.Random, found: Draft, text: str, split: Split) -> str:
    if ends_open(found, text):
        return text
    whole = rng.random() < 0.6
    clause = _clause(rng, "clause.said" if whole else "clause.after", split)
    text = text.rstrip(" .?!")
    if found.form == "ask":
        return f"{text}{rng.choice(('? ', ', '))}{clause}"
    joints = _BECAUSE if whole and found.form == "do" and rng.random() < 0.3 else _BEHIND
    return f"{text}{rng.choice(joints)}{clause}"


def _clause(rng: random.Random, section: str, split: Split) -> str:
    template = GRAMMAR.pick(rng, section, "train" if rng.random() < 0.8 else split)
    return GRAMMAR.say(rng, template.node, {}) if template else "by the way"


def _in_frame(rng: random.Random, found: Draft, split: Split) -> str:
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


def finished(rng: random.Random, kind: str, found: Draft, text: str, plain: str | None = None) -> Turn:
    answer = " ".join(sentence(result.text) for result in found.results) if plain is None else plain
    titles = [each.arguments["search_query"] for each in found.calls if "search_query" in each.arguments]
    passed_on = titles + [each.arguments["message"] for each in found.calls if "message" in each.arguments]
    question = (found.form == "ask" and "? " not in text) or text.lower().startswith(
        ("can", "could", "would", "will", "do you", "is it", "are you")
    )
    user = noise.written(rng, text, found.names, titles=titles, question=question)
    if any(each not in re.sub(r"[,?!]|\.(?!\d)", "", user.lower()) for each in passed_on):
        with noise.typed():  # a title is passed on as it was heard: a misheard one would be another
            user = noise.written(rng, text, found.names, titles=titles, question=question)
    return Turn(user, found.calls, found.results, answer, kind, found.template)


Maker = Callable[[random.Random, Home, Split], "Draft | None"]


def plain_turn(
    rng: random.Random,
    kind: str,
    text: str,
    answer: str,
    template: str,
    names: Sequence[str] = (),
    waiting: Call | None = None,
) -> Turn:
    return Turn(noise.written(rng, text, names), (), (), answer, kind, template, waiting)
