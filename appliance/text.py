# SPDX-License-Identifier: Apache-2.0
"""Text of others (people, devices, servers) made harmless: data on one line that ends somewhere and marks nothing."""

from __future__ import annotations

import re
from unicodedata import normalize

NAME_LIMIT = 60
"""Characters of a device's or room's name; longer ones are cut."""

MARKERS = "<>|{}"
"""What chat formats mark turns, thoughts and tool calls with."""

_TAG = re.compile(r"<[|/]*\w{1,40}[|/]*>")


def clean(value: object, limit: int = NAME_LIMIT, *, without: str = MARKERS) -> str:
    """One line of at most `limit` characters; "" for what is no text.

    A run of blanks, control, direction and other invisible characters becomes one space, and so does each character of
    `without`, and what Unicode takes for one: a tokenizer that decomposes reads a Greek question mark as a semicolon.
    Where `without` has `<`, a whole tag goes (`<|im_start|>`, `<tool_call>`), so that its name is not spoken.
    """
    text = value[: 4 * limit] if isinstance(value, str) else ""
    if "<" in without:
        text = _TAG.sub(" ", text)
    kept = "".join(letter if letter.isprintable() and not _stands_for(letter, without) else " " for letter in text)
    return " ".join(kept.split())[:limit].rstrip()


def _stands_for(letter: str, signs: str) -> bool:
    """Whether a character is one of `signs`, or is decomposed into one: "\uff1c" and "\u226e" into "<"."""
    return letter in signs or (not letter.isascii() and any(part in signs for part in normalize("NFKD", letter)))
