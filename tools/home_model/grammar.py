# SPDX-License-Identifier: Apache-2.0
"""A compact grammar of sentences: `[optional]`, `(a|b)`, `<rule>`, `{slot}`, and `((a|b))` for templates in their own right.

A template file holds sections of templates and rules:

    <rule> = (please|kindly)
    [section]
    turn on {x}
    ((switch|flip)) on {x}      two templates, each of which may be the one that is kept for testing

An eighth of the templates is reserved for testing by a hash of the template's text. A line that starts with `!` never is:
there are sentences that everybody says, and a model that was not taught them would be measured, but not used.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeAlias

RESERVED_PERCENT = 12
OPTIONAL_CHANCE = 0.5

Split: TypeAlias = Literal["train", "test"]
Node: TypeAlias = "str | tuple[str, object]"
"""Text, or (kind, content) with kind `seq`, `any`, `maybe`, `rule`, `slot`."""


class GrammarError(Exception):
    """A template file that cannot be read; the message says where and what."""


@lru_cache(maxsize=200_000)
def is_reserved(template: str) -> bool:
    """Whether a template is kept for testing."""
    return int(sha256(template.encode()).hexdigest()[:8], 16) % 100 < RESERVED_PERCENT


def parse(text: str) -> Node:
    """The tree of a template.

    Raises:
        GrammarError: a bracket that does not close.
    """
    node, end = _alternatives(text, 0, "")
    if end != len(text):
        raise GrammarError(f"Unexpected {text[end]!r} at column {end + 1} of template {text!r}.")
    return node


_CLOSING = {"[": "]", "(": ")"}


def _alternatives(text: str, at: int, closing: str) -> tuple[Node, int]:
    options: list[Node] = []
    parts: list[Node] = []
    while at < len(text) and text[at] != closing:
        letter = text[at]
        if letter in "[(":
            inner, at = _alternatives(text, at + 1, _CLOSING[letter])
            if at >= len(text):
                raise GrammarError(f"{letter!r} is never closed in template {text!r}.")
            parts.append(("maybe", inner) if letter == "[" else inner)
            at += 1
        elif letter == "|":
            options.append(_sequence(parts))
            parts = []
            at += 1
        elif letter in "<{":
            end = text.find(">" if letter == "<" else "}", at)
            if end < 0:
                raise GrammarError(f"{letter!r} is never closed in template {text!r}.")
            parts.append(("rule" if letter == "<" else "slot", text[at + 1 : end]))
            at = end + 1
        elif letter in "])}>":
            break
        else:
            end = at
            while end < len(text) and text[end] not in "[](){}<>|":
                end += 1
            parts.append(text[at:end])
            at = end
    options.append(_sequence(parts))
    return (options[0] if len(options) == 1 else ("any", tuple(options))), at


def _sequence(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else ("seq", tuple(parts))


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with holes; `text` is its name in the split and in the figures.

    It is read anew each time: few of half a million are ever said, and trees of all would take 12 s and 600 MB.
    """

    text: str

    @property
    def node(self) -> Node:
        """Its tree. Raises GrammarError where it cannot be read."""
        return parse(self.text)

    @property
    def slots(self) -> frozenset[str]:
        """The names of its holes; not those of the rules in it."""
        return frozenset(re.findall(r"\{(\w+)\}", self.text))


@dataclass(frozen=True)
class _Line:
    """A line of a section: the templates it stands for, apart for training and testing."""

    train: tuple[Template, ...]
    test: tuple[Template, ...]


class Grammar:
    """The templates of a folder, by section."""

    def __init__(self, folder: Path) -> None:
        self.rules: dict[str, Node] = {}
        self.sections: dict[str, list[_Line]] = {}
        texts: dict[str, str] = {}
        lines: list[tuple[str, str]] = []
        for path in sorted(folder.glob("*.txt")):
            section = ""
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                line = line.strip()
                if not line or line.startswith("#"):
                    continue
                if rule := re.fullmatch(r"<([\w.]+)>\s*=\s*(.+)", line):
                    texts[rule[1]] = rule[2]
                elif head := re.fullmatch(r"\[([a-z_.]+)\]", line):
                    section = head[1]
                elif section:
                    lines.append((section, line))
                else:
                    raise GrammarError(f"{path.name}:{number}: a template stands before the first [section]: {line!r}.")
        self.rules = {name: parse(text) for name, text in texts.items()}
        common = {text for _, line in lines if line.startswith("!") for text in _branches(line[1:], texts)}

        for section, line in lines:
            train: list[Template] = []
            test: list[Template] = []
            for text in _branches(line.removeprefix("!"), texts):
                (test if is_reserved(text) and text not in common else train).append(Template(text))
            self.sections.setdefault(section, []).append(_Line(tuple(train), tuple(test)))
        self._choices: dict[tuple[str, str], tuple[list[tuple[Template, ...]], list[float]]] = {}
        for section, items in self.sections.items():
            for split in ("train", "test"):
                options = [item.train if split == "train" else item.test for item in items]
                options = [option for option in options if option]
                # A line of forty templates is not forty times as common as one of a single template.
                self._choices[section, split] = (options, _running([len(option) ** 0.4 for option in options]))

    def pick(self, rng: random.Random, section: str, split: Split) -> Template | None:
        """A template of the section and split; None where the split has none."""
        options, weights = self._choices[section, split]
        if not options:
            return None
        return rng.choice(rng.choices(options, cum_weights=weights)[0])

    def say(self, rng: random.Random, node: Node, slots: Mapping[str, str]) -> str:
        """A sentence of the template with the slots filled in."""
        out: list[str] = []
        self._expand(rng, node, slots, out)
        return re.sub(r"\s+([,.?!;])", r"\1", " ".join("".join(out).split()))

    def _expand(self, rng: random.Random, node: Node, slots: Mapping[str, str], out: list[str]) -> None:
        if isinstance(node, str):
            out.append(node)
            return
        kind, content = node
        if kind == "seq":
            for part in content:  # type: ignore[attr-defined]
                self._expand(rng, part, slots, out)
        elif kind == "any":
            self._expand(rng, content[int(rng.random() * len(content))], slots, out)  # type: ignore[arg-type,index]
        elif kind == "maybe":
            if rng.random() < OPTIONAL_CHANCE:
                self._expand(rng, content, slots, out)  # type: ignore[arg-type]
        elif kind == "rule":
            self._expand(rng, self.rules[content], slots, out)  # type: ignore[index]
        else:
            out.append(slots[content])  # type: ignore[index]

    def counts(self) -> dict[str, tuple[int, int]]:
        """How many templates for training and for testing each section has."""
        return {
            name: (sum(len(line.train) for line in lines), sum(len(line.test) for line in lines))
            for name, lines in sorted(self.sections.items())
        }


def _running(weights: list[float]) -> list[float]:
    total, out = 0.0, []
    for weight in weights:
        total += weight
        out.append(total)
    return out


def _branches(line: str, rules: Mapping[str, str]) -> list[str]:
    """The templates a line stands for: one for each way through its `((...))` and `<<rules>>`."""
    return list(dict.fromkeys(" ".join(text.split()) for text in _ways(line, rules)))


def _ways(line: str, rules: Mapping[str, str]) -> list[str]:
    line = re.sub(
        r"<<([\w.]+)>>", lambda found: "((" + rules[found[1]].removeprefix("(").removesuffix(")") + "))", line
    )
    start = line.find("((")
    if start < 0:
        return [line]
    depth, at, cuts = 0, start, [start + 2]
    while True:
        if at >= len(line):
            raise GrammarError(f"'((' is never closed in {line!r}.")
        if line[at] in "([":
            depth += 1
        elif line[at] in ")]":
            depth -= 1
        elif line[at] == "|" and depth == 2:
            cuts.append(at + 1)
        if depth == 0:
            break
        at += 1
    options = [line[cut : next_cut - 1] for cut, next_cut in zip(cuts, (*cuts[1:], at), strict=True)]
    before, rest = line[:start], _ways(line[at + 1 :], rules)
    return [before + way + after for option in options for way in _ways(option, rules) for after in rest]


GRAMMAR = Grammar(Path(__file__).parent / "templates")
"""The project's templates."""
