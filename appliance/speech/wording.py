# SPDX-License-Identifier: Apache-2.0
"""What is written to what is said: no Markdown, no symbols, no figures."""

from __future__ import annotations

import re
import unicodedata

from appliance.speech.figures import say_figures

_MARKDOWN = (
    (r"```[^\n`]*\n?", " "),
    (r"!?\[([^\]\n]*)\]\([^)\n]*\)", r"\1"),
    (r"</?[A-Za-z][^<>\n]*>", " "),
    (r"\bhttps?://\S+", "a link"),
    (r"(?m)^[ \t]*(?:[-*_|:][ \t]*){3,}$", ""),  # a rule, or the line under a table's head
    (r"(?m)^[ \t]*(?:#{1,6}|>+|[-*+•])[ \t]+", ""),
    (r"(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)", ""),
)
_SYMBOLS = (
    (r"\s*&\s*", " and "),
    (r"\s*(?:→|->|=>)\s*", " to "),
    (r"\s*±\s*", " plus or minus "),
    (r"[~≈] ?(?=[-−$€£]?[0-9])", "about "),
    (r"\s*(?:≤|<=)\s*", " at most "),
    (r"\s*(?:≥|>=)\s*", " at least "),
    (r"\s*<\s*(?=[-−]?[0-9])", " less than "),
    (r"\s*>\s*(?=[-−]?[0-9])", " more than "),
    (r"\s*=\s*", " equals "),
    (r"(?<=\w)@(?=\w)", " at "),
)
_TIDY = (
    (r"[\"“”«»*`~#|\\^{}\[\]<>_@$€£°%]+", " "),  # what is still there belonged to no construct
    (r"(?<=\w)\s*\(|\)\s*(?=\w)", ", "),
    (r"[()]", " "),
    (r"(?<=\w)/(?=\w)", " or "),
    (r"/|(?<!\w)[-–—]+(?!\w)", " , "),
    (r"(?<=\w)[–—]+|[–—]+(?=\w)|(?<!\w)-(?=\w)|(?<=\w)-(?!\w)", " , "),
    (r"(?<=\w)[ \t]*\n\s*(?=\S)", ", "),
    (r"\s+", " "),
    (r" (?=[,.;:!?])", ""),
    (r"[,;:]+(?=[,.;:!?])", ""),
    (r"^[\s,;:]+|(?<=[.!?])[,;:]+|[\s]+$", ""),
)
_VULGAR = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"


def spoken(text: str) -> str:
    """Write `text` as a person would say it, for a voice to read out.

    "**Kitchen**: 20.5 °C at 7:05" becomes "Kitchen: twenty point five degrees Celsius at seven oh five". The
    result never has a digit or a sign of Markdown, whatever the text; plain words come back as they are.
    Nothing raises. The text may be a clause of a longer answer.
    """
    text = _rewrite(_plain_characters(text), _MARKDOWN + _SYMBOLS)
    return _rewrite(say_figures(text), _TIDY)


def _rewrite(text: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, words in rules:
        text = re.sub(pattern, words, text)
    return text


def _plain_characters(text: str) -> str:
    """One form for each character, and none that has no sound: ℃ is °C, ２ is 2, emoji and control characters go."""
    text = re.sub(rf"(?<=[0-9]) ?(?=[{_VULGAR}])", " and ", text)
    text = re.sub("(?<=[0-9])²", " squared", re.sub("(?<=[0-9])³", " cubed", text))
    return "".join(map(_plain, unicodedata.normalize("NFKC", text)))


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    if character in "\n°":
        return character
    if category == "Cc":
        return " "
    return "" if category in ("So", "Sk", "Cf", "Cs", "Co", "Cn", "No", "Nl") and character not in "^`" else character
