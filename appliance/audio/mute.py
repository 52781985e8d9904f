# SPDX-License-Identifier: Apache-2.0
"""The mute of the microphone: while it is on, no frame gets past this point, so nothing behind it can listen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from appliance.audio.format import Frame

if TYPE_CHECKING:
    from appliance.turn import Source


class Mute:
    """Whether frames are dropped; it is in effect as soon as `on` is set. One for the process, over reloads."""

    def __init__(self) -> None:
        self.on = False

    def over(self, source: Source) -> Source:
        """The same source, silent while muted. The indices show the gap, so a turn that was cut into is dropped."""
        return _Muted(self, source)


class _Muted:
    def __init__(self, mute: Mute, source: Source) -> None:
        self._mute, self._source = mute, source

    async def __aiter__(self) -> AsyncIterator[Frame]:
        async for frame in self._source:  # read on while muted, or what was said meanwhile would wait in a queue
            if not self._mute.on:
                yield frame

    def resume(self) -> None:
        self._source.resume()
