# SPDX-License-Identifier: Apache-2.0
"""Cuts an answer into clauses while it is being written, so that the voice starts at the first one."""

from __future__ import annotations

import re

MIN_WORDS = 4
"""Words that a clause has at least before it is cut at a comma or before "and"; shorter ones sound chopped."""

MAX_CHARACTERS = 200
"""A longer clause is cut between two words: the voice has a limit, and a listener waits for the first of it."""

_CLOSERS = r"[)\]\"'”’*_`]{0,4}"  # quotation marks and Markdown that end with the sentence
_CUT = re.compile(
    rf"(?P<end>[.!?…:;]{_CLOSERS})(?=\s)"
    r"|(?P<line>\n)"
    rf"|(?P<comma>,{_CLOSERS})(?=\s)"
    r"|(?P<join>(?<=[^\s\d%°])[ ](?=(?:and|or|but|then|so)[ ][^\s\d]))"  # not in "between 20 and 25"
)
# Full stops that end no sentence: abbreviations, and the number of a list's item.
_NO_END = re.compile(r"(?:\b(?:Dr|Mr|Mrs|Ms|Prof|St|vs|etc|approx|e\.g|i\.e|[ap]\.m)|(?:^|\n)\s*\d+)\.$")


class ClauseSplitter:
    """Takes text as it comes and gives clauses as soon as they are complete, in order and without losing a word.

    The clauses depend on the text alone, never on how it was cut into deltas.
    """

    def __init__(self) -> None:
        self._text = ""

    def feed(self, delta: str) -> list[str]:
        """Clauses that this piece of text completes, stripped of the white space around them."""
        self._text = (self._text + delta).lstrip()
        clauses = []
        while (cut := _first_cut(self._text)) is not None:
            clauses.append(self._text[:cut].rstrip())
            self._text = self._text[cut:].lstrip()
        return clauses

    def flush(self) -> list[str]:
        """What is left at the end of the text: one clause or none. The splitter is then empty."""
        rest, self._text = self._text.strip(), ""
        return [rest] if rest else []


def _first_cut(text: str) -> int | None:
    """Where the first clause ends; None while it may still grow."""
    for match in _CUT.finditer(text):
        cut = match.end()
        if cut > MAX_CHARACTERS:
            break
        if match["end"]:
            if not _NO_END.search(text[:cut]):
                return cut
        elif match["line"] or len(text[:cut].split()) >= MIN_WORDS:
            return cut
    if len(text) <= MAX_CHARACTERS:
        return None
    spaces = [match.start() for match in re.finditer(r"\s", text)]
    return max((space for space in spaces if space < MAX_CHARACTERS), default=min(spaces, default=None))
