# SPDX-License-Identifier: Apache-2.0
"""The words for kinds of device: which domain and class each means, and a name without those of its own kind."""

from __future__ import annotations

from appliance.home.naming import Words, words

KINDS: dict[Words, tuple[str, str | None]] = {
    words("light"): ("light", None),
    words("lamp"): ("light", None),
    words("lighting"): ("light", None),
    words("switch"): ("switch", None),
    words("outlet"): ("switch", "outlet"),
    words("plug"): ("switch", "outlet"),
    words("fan"): ("fan", None),
    words("cover"): ("cover", None),
    words("awning"): ("cover", "awning"),
    words("blind"): ("cover", "blind"),
    words("curtain"): ("cover", "curtain"),
    words("shade"): ("cover", "shade"),
    words("shutter"): ("cover", "shutter"),
    words("lock"): ("lock", None),
    words("thermostat"): ("climate", None),
    words("heating"): ("climate", None),
    words("speaker"): ("media_player", "speaker"),
    words("tv"): ("media_player", "tv"),
    words("television"): ("media_player", "tv"),
    words("list"): ("todo", None),
    words("vacuum"): ("vacuum", None),
    words("vacuum cleaner"): ("vacuum", None),
}

_NOUNS = {
    domain: frozenset(kind[0] for kind, (of, _) in KINDS.items() if of == domain and len(kind) == 1)
    for domain, _ in KINDS.values()
}


def kindless(name: Words, domain: str) -> Words:
    """Return the name without the words that only say what kind of device it is: "reading light" is "reading"."""
    nouns = _NOUNS.get(domain)
    return tuple(word for word in name if word not in nouns) if nouns else name
