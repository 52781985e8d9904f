# SPDX-License-Identifier: Apache-2.0
"""Home Assistant's voice satellites, as far as they say announcements.

A satellite is `responding` while it says something, and the action `assist_satellite.announce` is over when it has been
said (https://developers.home-assistant.io/docs/core/entity/assist-satellite): either shows that it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from appliance.home.errors import DriverError
from appliance.home.home_assistant_link import Link, Refused
from appliance.home.home_assistant_states import mapping, name_of
from appliance.home.registry import UNAVAILABLE
from appliance.home.speakers import Announced

DOMAIN = "assist_satellite"
_ANNOUNCES = 1  # bit of supported_features
_TELEPHONES = "voip"  # a telephone would ring; Home Assistant leaves it out likewise
_SPEAKING = "responding"


def is_satellite(entity_id: object) -> bool:
    """Whether the id is one of a voice satellite."""
    return isinstance(entity_id, str) and entity_id.startswith(f"{DOMAIN}.")


class Satellites:
    """The satellites of a home that can announce, whether shown to voice assistants or not: nobody switches them."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._states: dict[str, str] = {}
        self._speaking: set[str] = set()
        """Those that began to say something since an announcement was sent."""
        self._changed = asyncio.Event()

    def know(self, states: Iterable[Mapping[str, Any]], entries: Iterable[Mapping[str, Any]]) -> None:
        """Take what there is from Home Assistant's states and its entity registry."""
        left_out = {
            entry.get("entity_id")
            for entry in entries
            if entry.get("platform") == _TELEPHONES or entry.get("disabled_by")
        }
        self._names, self._states = {}, {}
        for state in states:
            entity_id, features = state.get("entity_id"), mapping(state.get("attributes")).get("supported_features")
            if not is_satellite(entity_id) or entity_id in left_out or not isinstance(features, int):
                continue
            if features & _ANNOUNCES:
                self._names[str(entity_id)] = name_of(state) or "a speaker"
                self._states[str(entity_id)] = str(state.get("state"))

    def heard(self, entity_id: str, state: object) -> bool:
        """Take one report; False where the satellite is not known."""
        if entity_id not in self._names:
            return False
        word = str(state.get("state")) if isinstance(state, dict) else UNAVAILABLE
        if word == _SPEAKING != self._states[entity_id]:
            self._speaking.add(entity_id)
            self._changed.set()
        self._states[entity_id] = word
        return True

    async def announce(self, link: Link, message: str, wait_s: float) -> Announced:
        """Have all that are there say it; waits `wait_s` for each to begin. Raises DriverError where none did."""
        names = dict(self._names)  # the home may be read anew meanwhile
        there = [each for each in names if self._states[each] != UNAVAILABLE]
        self._speaking.clear()
        fault = ""
        if there:
            said = {"service_data": {"message": message}, "target": {"entity_id": there}}
            calling = asyncio.ensure_future(
                link.ask("call_service", wait_s=wait_s, domain=DOMAIN, service="announce", **said)
            )
            try:
                while not calling.done() and not self._speaking.issuperset(there):
                    self._changed.clear()
                    waiting = asyncio.ensure_future(self._changed.wait())
                    await asyncio.wait((calling, waiting), return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
                if calling.done():
                    calling.result()
                    self._speaking.update(there)
            except Refused as error:
                fault = f"Home Assistant refused: {error}"
            except asyncio.TimeoutError:
                fault = "Home Assistant did not answer"
            finally:
                calling.cancel()
                await asyncio.gather(calling, return_exceptions=True)
        on = [each for each in there if each in self._speaking]
        if fault and not on:
            raise DriverError(fault)
        return Announced(
            tuple(names[each] for each in on),
            tuple(name for each, name in names.items() if each not in on),
        )
