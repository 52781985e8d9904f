# SPDX-License-Identifier: Apache-2.0
"""The devices of a Home Assistant, over its WebSocket API.

What is spoken of is what Home Assistant shows to its own voice assistant (Settings > Voice assistants > Expose). A
change of names or rooms there is read anew; a change of what is shown is told by no event, and is seen with the next
one, or when the connection is made anew.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from websockets.exceptions import WebSocketException

from appliance.home import home_assistant_picture as picture
from appliance.home import home_assistant_states as states
from appliance.home.drivers import Health, lost
from appliance.home.errors import DriverError
from appliance.home.home_assistant_link import Away, Link, Refused, Unwelcome, socket_url
from appliance.home.home_assistant_speakers import Satellites, is_satellite
from appliance.home.registry import UNAVAILABLE, Device, Registry
from appliance.home.speakers import Announced
from appliance.text import clean

_LOG = logging.getLogger(__name__)

_RESET_S = 30  # a connection that lasted so long was a good one, and the next try is made soon
_UNWELCOME_S = 600  # a wrong token does not become right by trying; Home Assistant bans who tries too often
_START_S = 5
_READ_S = 30  # a large home on a small machine; a hung one is found out by Link.watch
_REGISTRIES = ("area", "floor", "device", "entity")
_GONE = (Away, OSError, WebSocketException, asyncio.TimeoutError)


class HomeAssistant:
    """The driver; `url` is where Home Assistant's pages are, `token` a long-lived access token of a user of it.

    The token is sent in the clear only to an address of the home network (home_assistant_link.py); over https the
    certificate must be good, by the machine's authorities or by those in `ca_file`.
    """

    source = picture.SOURCE

    def __init__(
        self,
        url: str,
        token: SecretStr,
        *,
        ca_file: Path | None = None,
        answer_s: float = 5,
        quiet_s: float = 5,
        settle_s: float = 0.5,
        announce_s: float = 10,
        retry_s: tuple[float, float] = (1, 60),
    ) -> None:
        """Times in seconds: `answer_s` waits for an answer, after `quiet_s` of silence a sign of life is asked for,
        `settle_s` lets a burst of changes pass before the home is read anew, `announce_s` waits for speakers to begin
        an announcement, `retry_s` is the least and the most between two tries to connect.

        Raises ValueError for an address that is none, and OSError for a `ca_file` that cannot be read.
        """
        self._url, self._token = socket_url(url), token
        self._tls = ssl.create_default_context(cafile=ca_file) if self._url.startswith("wss:") else None
        self._answer_s, self._quiet_s, self._settle_s, self._retry_s = answer_s, quiet_s, settle_s, retry_s
        self._announce_s, self._satellites = announce_s, Satellites()
        self._health = Health(False, "Home Assistant is not connected yet")
        self._task: asyncio.Task[None] | None = None
        self._settling: set[asyncio.Task[None]] = set()
        self._first = asyncio.Event()
        self._link: Link | None = None
        self._known: dict[str, Device] = {}
        """What there is, by id; its states are in the registry."""
        self._newer: dict[str, Mapping[str, Any]] | None = None
        """State objects that came while the home was being read."""
        self._stale = asyncio.Event()
        self._reread = False
        self._lists: set[str] = set()
        self._colors: dict[str, str] = {}
        """What each light was told last."""
        self._reports: dict[str, Mapping[str, Any]] = {}
        """What each light reported last."""
        self._odd: set[str] = set()
        self._odd_told = 0

    async def start(self, registry: Registry) -> None:
        """Connect and stay so; returns with the first picture of the home, or after a few seconds without."""
        self._registry = registry
        self._first.clear()
        self._task = asyncio.create_task(self._stay(), name="home assistant")
        try:
            await asyncio.wait_for(self._first.wait(), _START_S)
        except asyncio.TimeoutError:
            _LOG.warning("%s; going on without its devices until it is there", self._health.reason)

    def health(self) -> Health:
        """Whether the home is known and kept current."""
        return self._health

    async def stop(self) -> None:
        """Disconnect."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await asyncio.gather(*self._settling, return_exceptions=True)
        self._health = Health(False, "Home Assistant is not connected")

    async def act(self, entity_id: str, service: str, data: Mapping[str, Any]) -> None:
        """Call one service of the device's domain; raises DriverError, with Home Assistant's words if it refuses."""
        link = self._link
        if link is None:
            raise DriverError(self._health.reason or "Home Assistant is not connected")
        if entity_id not in self._known:
            raise DriverError(f"Home Assistant has no device {entity_id}")
        domain = self._known[entity_id].domain
        try:
            # A server that hangs would carry out what lies in its socket when it wakes up, however late that is.
            await link.awake()
            if service == "play_media" and "search_query" in data:
                data = await self._search(link, entity_id, data)
            else:
                data = states.service_data(domain, service, data)
            if "color_name" in data:
                self._colors[entity_id] = str(data["color_name"])
            answer = await self._call(link, domain, service, data, entity_id)
        except Refused as error:
            raise DriverError(f"Home Assistant refused: {error}") from error
        except asyncio.TimeoutError as error:
            await self._settle(link)
            raise DriverError("Home Assistant did not answer") from error
        except asyncio.CancelledError:  # whoever waited has told that it failed
            self._settling.add(task := asyncio.create_task(self._settle(link), name="home assistant settle"))
            task.add_done_callback(self._settling.discard)
            raise
        except _GONE as error:
            raise DriverError("Home Assistant was lost before it answered") from error
        if "color_name" in data and entity_id in self._reports:
            # A light that shows that color already (lime, when told green) reports nothing anew.
            shown = states.reported(self._known[entity_id], self._reports[entity_id], self._odd, data["color_name"])
            if shown.attributes.get("color") == data["color_name"] and shown != self._device(entity_id):
                self._registry.put(shown)
        context = states.mapping(states.mapping(answer).get("context")).get("id")
        _LOG.debug("%s.%s for %s was taken as %s", domain, service, entity_id, clean(context))

    async def announce(self, message: str) -> Announced:
        """Have the voice satellites say a message; raises DriverError, with Home Assistant's words if it refuses."""
        link = self._link
        if link is None:
            raise DriverError(self._health.reason or "Home Assistant is not connected")
        try:
            await link.awake()
            try:
                return await self._satellites.announce(link, message, self._announce_s)
            finally:
                await self._settle(link)
        except asyncio.TimeoutError as error:
            raise DriverError("Home Assistant did not answer") from error
        except _GONE as error:
            raise DriverError("Home Assistant was lost before it answered") from error

    async def _settle(self, link: Link) -> None:
        """A call that is stuck on its way must not arrive after it was told that it failed."""
        with suppress(*_GONE):
            await link.settle()

    async def _call(
        self, link: Link, domain: str, service: str, data: Mapping[str, Any], entity_id: str, **more: Any
    ) -> Any:
        target = {"entity_id": entity_id}
        return await link.ask(
            "call_service", domain=domain, service=service, service_data=dict(data), target=target, **more
        )

    async def _search(self, link: Link, entity_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Find what to play; the first thing found is the best that the player knows."""
        query: dict[str, Any] = {"search_query": data["search_query"]}
        if "media_class" in data:
            query["media_filter_classes"] = [data["media_class"]]
        answer = await self._call(link, "media_player", "search_media", query, entity_id, return_response=True)
        found = states.first_found(answer, entity_id)
        if found is None:
            raise DriverError(f"{self._known[entity_id].name} found nothing of that kind")
        return found

    async def _stay(self) -> None:
        """Connect again and again, for ever."""
        clock = asyncio.get_running_loop().time
        tries = 0
        while True:
            began, wait_s = clock(), 0.0
            try:
                await self._once()
            except Unwelcome as error:
                self._away(str(error))
                self._first.set()  # waiting longer brings nothing
                wait_s = _UNWELCOME_S
            except _GONE as error:
                reason = str(error) if isinstance(error, Away) else "Home Assistant cannot be reached"
                self._away(reason, error)
            except Refused as error:
                self._away("Home Assistant does not tell what devices it has", error)
            except Exception:  # a defect must not end the way to the devices for good
                _LOG.exception("the connection to Home Assistant failed")
                self._away("The connection to Home Assistant failed")
            tries = 0 if clock() - began > _RESET_S else tries + 1
            least, most = self._retry_s
            await asyncio.sleep(wait_s or min(most, least * 2 ** min(tries - 1, 10)) * random.uniform(0.7, 1.3))

    def _away(self, reason: str, cause: BaseException | None = None) -> None:
        if self._health != Health(False, reason):
            _LOG.warning("%s%s", reason, f" ({type(cause).__name__}: {clean(str(cause), 200)})" if cause else "")
        self._health = Health(False, reason)

    async def _once(self) -> None:
        """One connection, from signing in to its end; always raises."""
        link = await Link.open(self._url, self._token, self._tls, self._heard, self._answer_s)
        self._stale.clear()
        self._reread, self._lists = False, set()
        tasks = [asyncio.create_task(work) for work in (link.read(), link.watch(self._quiet_s), self._keep_up(link))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._link = None
            self._health = Health(False, "Home Assistant is not connected")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            lost(self._registry, self.source)
            await link.close()

    async def _keep_up(self, link: Link) -> None:
        """Read the home, then what of it became stale, as long as the connection lasts."""
        await link.ask("subscribe_events", wait_s=_READ_S, event_type="state_changed")
        for kind in _REGISTRIES:
            await self._try(link, "subscribe_events", event_type=f"{kind}_registry_updated")
        await self._read(link)
        self._link, self._health = link, Health(True)
        self._first.set()
        while True:
            await self._stale.wait()
            self._stale.clear()
            lists, self._lists = self._lists, set()
            for entity_id in sorted(lists):
                await self._read_list(link, entity_id)
            if self._reread:
                await asyncio.sleep(self._settle_s)
                self._reread = False
                await self._read(link)

    async def _try(self, link: Link, kind: str, **fields: Any) -> Any:
        """The result of a command, or None where Home Assistant has none such or does not let this user."""
        try:
            return await link.ask(kind, wait_s=_READ_S, **fields)
        except Refused as error:
            _LOG.info("Home Assistant refused %s %s: %s", kind, fields.get("event_type", ""), error)
            return None

    async def _read(self, link: Link) -> None:
        """Read what there is and how it stands, and bring the registry up to it."""
        rows = {kind: states.rows(await self._try(link, f"config/{kind}_registry/list")) for kind in _REGISTRIES}
        exposed = await self._try(link, "homeassistant/expose_entity/list")
        new = await self._try(link, "homeassistant/expose_new_entities/get", assistant="conversation")
        sources = picture.sources(rows, exposed, new, await self._try(link, "get_config"))
        self._newer = {}
        try:
            all_states = states.rows(await link.ask("get_states", wait_s=_READ_S))
            found = {state["entity_id"]: state for state in all_states if states.domain_of(state.get("entity_id"))}
            self._satellites.know(all_states, rows["entity"])
            shown = picture.wanted(sources, found)
            details = states.mapping(await self._try(link, "config/entity_registry/get_entries", entity_ids=shown))
            home = picture.join(replace(sources, details=details), found)
            lists = {
                entity_id: await self._try(link, "todo/item/list", entity_id=entity_id)
                for entity_id, device in home.devices.items()
                if device.domain == "todo"
            }
            found.update(self._newer)
        finally:
            self._newer = None
        self._registry.place(home.areas, home.floors)
        for entity_id in self._known.keys() - home.devices.keys():
            self._registry.remove(entity_id)
            self._colors.pop(entity_id, None)
            self._reports.pop(entity_id, None)
        self._known = {entity_id: device for entity_id, device in home.devices.items() if self._ours(entity_id)}
        for entity_id, device in self._known.items():
            if lists.get(entity_id) is not None:
                items = states.open_items(lists[entity_id], self._items(entity_id))
                device = replace(device, attributes={"items": items})
            self._put(device, found[entity_id])
        if len(home.devices) == picture.ENTITY_LIMIT:
            _LOG.warning("Home Assistant shows %d devices or more; the rest is left out", picture.ENTITY_LIMIT)
        _LOG.info("Home Assistant has %d devices in %d areas", len(self._known), len(home.areas))

    def _ours(self, entity_id: str) -> bool:
        other = self._device(entity_id)
        if other is not None and other.source != self.source:
            _LOG.warning("%s of Home Assistant is left out: %s has one of that id", entity_id, other.source)
            return False
        return True

    def _device(self, entity_id: str) -> Device | None:
        try:
            return self._registry.get(entity_id)
        except KeyError:
            return None

    def _put(self, standing: Device, state: Mapping[str, Any]) -> None:
        """Write a report down, unless it repeats the last: what was only read anew is no report of the device."""
        if standing.domain == "light":
            self._reports[standing.entity_id] = state
        device = states.reported(standing, state, self._odd, self._colors.get(standing.entity_id))
        if device != self._device(standing.entity_id):
            self._registry.put(device)
        if len(self._odd) > self._odd_told:
            self._odd_told = len(self._odd)
            _LOG.warning("attributes of a wrong type are left out: %s", ", ".join(sorted(self._odd)))

    async def _read_list(self, link: Link, entity_id: str) -> None:
        answer = await self._try(link, "todo/item/list", entity_id=entity_id)
        device = self._device(entity_id)
        if answer is not None and device is not None and entity_id in self._known and device.available:
            items = states.open_items(answer, self._items(entity_id))
            self._registry.update(entity_id, attributes={"items": items})

    def _items(self, entity_id: str) -> tuple[str, ...]:
        device = self._device(entity_id)
        return tuple(device.attributes.get("items", ())) if device else ()

    def _heard(self, event: Mapping[str, Any]) -> None:
        """Take one event; what it changes beside a state is read anew by `_keep_up`."""
        data = states.mapping(event.get("data"))
        if event.get("event_type") != "state_changed":
            self._read_again()
            return
        entity_id, new = data.get("entity_id"), data.get("new_state")
        if is_satellite(entity_id):
            if not self._satellites.heard(str(entity_id), new) and data.get("old_state") is None:
                self._read_again()
            return
        domain = states.domain_of(entity_id)
        if domain is None or not isinstance(entity_id, str):
            return
        if not isinstance(new, dict):
            if new is None and entity_id in self._known:
                self._registry.update(entity_id, UNAVAILABLE)
                self._read_again()
            return
        if self._newer is not None:
            self._newer[entity_id] = new
        present = self._device(entity_id)
        if entity_id not in self._known or present is None:
            if data.get("old_state") is None:
                self._read_again()
            return
        if self._link is None:
            return
        standing = self._known[entity_id]
        self._put(replace(standing, attributes=present.attributes), new)
        if domain == "todo":
            self._lists.add(entity_id)
            self._stale.set()
        if new.get("state") != UNAVAILABLE and (
            (states.name_of(new) or standing.name) != standing.name
            or (states.class_of(new) or standing.device_class) != standing.device_class
        ):
            self._read_again()

    def _read_again(self) -> None:
        self._reread = True
        self._stale.set()
