# SPDX-License-Identifier: Apache-2.0
"""Covers on their way: which of the positions that one reports mean that it moves, and which that it has arrived.

A cover tells where it is; few tell that they move. So one that was sent somewhere is opening or closing while each
report finds it elsewhere, and is open or closed when it is where it should be or has stood still.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STILL_S = 2.0
"""A cover that is where it was so long ago stands."""
_NEAR = 1  # percent


@dataclass
class _Way:
    target: float
    at: float
    since: float
    moved: bool = False


class Travel:
    """The covers that were sent somewhere and have not arrived."""

    def __init__(self) -> None:
        self._ways: dict[str, _Way] = {}

    def begin(self, entity_id: str, at: object, target: object, now: float) -> None:
        """A cover at position `at` (percent open) was sent to `target`; times are of one monotonic clock."""
        self._ways.pop(entity_id, None)
        if isinstance(at, int | float) and isinstance(target, int | float):
            self._ways[entity_id] = _Way(target, at, now)

    def moves(self, entity_id: str) -> bool:
        """Whether a cover has been seen to move and not to arrive."""
        way = self._ways.get(entity_id)
        return way is not None and way.moved

    def end(self, entity_id: str) -> None:
        """Forget where it was sent."""
        self._ways.pop(entity_id, None)

    def hear(self, entity_id: str, state: str | None, attributes: Mapping[str, Any], now: float) -> str | None:
        """Return the state that a report of the cover itself means, where `state` is what its position alone would."""
        way, at = self._ways.get(entity_id), attributes.get("position")
        if way is None or not isinstance(at, int | float):
            return state
        if abs(at - way.target) <= _NEAR:
            del self._ways[entity_id]
            return state
        if abs(at - way.at) > _NEAR:
            way.moved = (at > way.at) == (way.target > way.at)
            way.at, way.since = at, now
        elif way.moved and now - way.since >= STILL_S:
            del self._ways[entity_id]
            return state
        if not way.moved:
            return state
        return "opening" if way.target > at else "closing"
