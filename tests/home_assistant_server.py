# SPDX-License-Identifier: Apache-2.0
"""A small Home Assistant: its WebSocket API as far as the driver uses it, over a home that really changes its state.

Written from https://developers.home-assistant.io/docs/api/websocket and held against Home Assistant 2024.3.3.
`python -m tests.home_assistant_server` prints its port, and then each call as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

TOKEN = "a-long-lived-token"


def state(entity_id: str, word: str, **attributes: Any) -> dict[str, Any]:
    name = entity_id.partition(".")[2].replace("_", " ").title()
    return {"entity_id": entity_id, "state": word, "attributes": {"friendly_name": name, **attributes}}


LIGHT = {"supported_color_modes": ["color_temp", "hs"], "min_color_temp_kelvin": 2000, "max_color_temp_kelvin": 6500}


class HomeAssistantServer:
    """One such server. Faults are attributes that a test sets at any time."""

    def __init__(self) -> None:
        self.areas = [
            {"area_id": "kitchen", "name": "Kitchen", "floor_id": "ground", "aliases": ["Galley"]},
            {"area_id": "bed", "name": "Bedroom", "floor_id": "upper", "aliases": []},
        ]
        self.floors = [
            {"floor_id": "ground", "name": "Ground Floor", "aliases": [], "level": 0},
            {"floor_id": "upper", "name": "Upstairs", "aliases": ["Top"], "level": 1},
        ]
        self.devices = [{"id": "d1", "area_id": "kitchen"}, {"id": "d2", "area_id": "kitchen"}]
        self.entities: list[Any] = [
            {"entity_id": "light.ceiling", "device_id": "d1", "area_id": None, "aliases": ["Big Light"]},
            {"entity_id": "light.lamp", "device_id": "d2", "area_id": "bed", "aliases": []},
            {"entity_id": "light.hidden", "hidden_by": "user"},
            {"entity_id": "light.disabled", "disabled_by": "user"},
            {"entity_id": "light.private"},
            {"entity_id": "assist_satellite.telephone", "platform": "voip"},
        ]
        self.states = {
            entity["entity_id"]: entity
            for entity in (
                state("light.ceiling", "off", **LIGHT),
                state("light.lamp", "on", brightness=102, color_mode="color_temp", color_temp_kelvin=2700, **LIGHT),
                state("light.hidden", "off"),
                state("light.private", "off"),
                state("input_boolean.guests", "off"),
                state("cover.blind", "open", current_position=100, supported_features=15, device_class="blind"),
                state("fan.fan", "off", percentage=0, supported_features=1),
                state(
                    "climate.thermostat", "heat", temperature=20.0, current_temperature=19.5, min_temp=7, max_temp=35
                ),
                state(
                    "media_player.radio",
                    "playing",
                    volume_level=0.3,
                    is_volume_muted=False,
                    supported_features=4 | 8 | 512 | 1 << 22,
                ),
                state("scene.movie", "unknown"),
                state("todo.shopping_list", "1"),
                state("sensor.humidity", "55", unit_of_measurement="%", device_class="humidity"),
                state("lock.front_door", "locked"),
                state("assist_satellite.kitchen", "idle", supported_features=1),
                state("assist_satellite.landing", "idle", supported_features=3),
                state("assist_satellite.dumb", "idle", supported_features=0),
                state("assist_satellite.telephone", "idle", supported_features=1),
            )
        }
        self.items = {"todo.shopping_list": ["milk"]}
        self.exposed: dict[str, Any] | None = {"light.private": {"conversation": False}}
        self.delay_s = 0.005
        self.speech_s = 0.1
        """How long a satellite says an announcement, which is answered then."""
        self._speaking: set[asyncio.Task[None]] = set()
        self.stuck: set[str] = set()
        """Devices that accept everything and do nothing."""
        self.refusals: dict[str, str] = {}
        """By service, Home Assistant's words."""
        self.lacks = {"config/floor_registry/unknown"}
        """Commands that this version does not know."""
        self.mute = False
        """It hangs: it reads, and never answers."""
        self.meanwhile: tuple[str, str] | None = None
        """The device that changes to this state after `get_states` was answered, while other things are still asked."""
        self.deaf_to_calls = False
        """Calls are taken and not answered; all else is."""
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.print_calls = False
        self.received: list[Any] = []
        """What came to sign in."""
        self.attempts = 0
        """How often somebody connected."""
        self.port = 0
        self.tls: ssl.SSLContext | None = None
        self.redirect: str | None = None
        """Where to send whoever connects."""
        self._server: Server | None = None
        self._there: set[ServerConnection] = set()

    async def start(self) -> None:
        self._server = await serve(
            self._handle,
            "127.0.0.1",
            self.port,
            ssl=self.tls,
            process_request=self._redirect,
            ping_interval=None,
            close_timeout=0.1,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self.drop()
            for task in self._speaking:
                task.cancel()
            await asyncio.gather(*self._speaking, return_exceptions=True)
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def drop(self) -> None:
        """Break every connection, without a word."""
        for connection in tuple(self._there):
            connection.transport.abort()

    async def say(self, data: str | bytes) -> None:
        """Send anything to everybody."""
        for connection in tuple(self._there):
            await connection.send(data)

    async def report(self, entity_id: str, word: str | None = None, **attributes: Any) -> None:
        """Let a device change by itself."""
        old = self.states.get(entity_id)
        new = state(entity_id, word or (old or {}).get("state", "unknown"))
        new["attributes"] = {**(old or new)["attributes"], **attributes}
        self.states[entity_id] = new
        await self.event("state_changed", {"entity_id": entity_id, "old_state": old, "new_state": new})

    async def event(self, kind: str, data: Any) -> None:
        await self.say(json.dumps({"id": 1, "type": "event", "event": {"event_type": kind, "data": data}}))

    def _redirect(self, connection: ServerConnection, request: Request) -> Response | None:
        if self.redirect is None:
            return None
        self.attempts += 1
        response = connection.respond(HTTPStatus.FOUND, "elsewhere")
        response.headers["Location"] = self.redirect
        return response

    async def _handle(self, connection: ServerConnection) -> None:
        self.attempts += 1
        if self.mute:
            await connection.wait_closed()
            return
        await connection.send(json.dumps({"type": "auth_required", "ha_version": "2024.3.3"}))
        with contextlib.suppress(ConnectionClosed):
            self.received.append(json.loads(await connection.recv()))
            if self.received[-1] != {"type": "auth", "access_token": TOKEN}:
                await connection.send(json.dumps({"type": "auth_invalid", "message": "Invalid access token"}))
                return
            await connection.send(json.dumps({"type": "auth_ok", "ha_version": "2024.3.3"}))
            self._there.add(connection)
            try:
                async for data in connection:
                    message = json.loads(data)
                    if self.meanwhile is not None and message["type"] == "config/entity_registry/get_entries":
                        await self.report(*self.meanwhile)
                    if message.get("service") == "announce":
                        self._speaking.add(asyncio.create_task(self._announce(connection, message)))
                        continue
                    answer = self._answer(message)
                    if not self.mute and not (self.deaf_to_calls and message["type"] == "call_service"):
                        await connection.send(json.dumps({"id": message["id"], **answer}))
            finally:
                self._there.discard(connection)

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        kind = message["type"]
        if kind == "ping":
            return {"type": "pong"}
        if kind == "call_service":
            return self._call(message)
        results: dict[str, Any] = {
            "subscribe_events": None,
            "config/area_registry/list": self.areas,
            "config/floor_registry/list": self.floors,
            "config/device_registry/list": self.devices,
            "config/entity_registry/list": self.entities,
            "config/entity_registry/get_entries": {
                entry["entity_id"]: entry for entry in self.entities if isinstance(entry, dict) and "entity_id" in entry
            },
            "homeassistant/expose_entity/list": {"exposed_entities": self.exposed},
            "homeassistant/expose_new_entities/get": {"expose_new": True},
            "get_config": {"unit_system": {"temperature": "°C"}},
            "get_states": [*self.states.values()],
            "todo/item/list": {
                "items": [
                    {"summary": item, "uid": item, "status": "needs_action"}
                    for item in self.items.get(message.get("entity_id", ""), ())
                ]
            },
        }
        if kind not in results or kind in self.lacks:
            return _failure("unknown_command", "Unknown command.")
        return {"type": "result", "success": True, "result": results[kind]}

    async def _announce(self, connection: ServerConnection, message: dict[str, Any]) -> None:
        """Let the satellites say it; answered when all are done, which those that are stuck never are."""
        satellites = message["target"]["entity_id"]
        self.calls.append((" ".join(satellites), "announce", message["service_data"]))
        failure = _failure("home_assistant_error", self.refusals.get("announce", ""))
        able = [each for each in satellites if each not in self.stuck]
        for word in ("responding", "idle"):
            for each in able:
                await self.report(each, word)
            await asyncio.sleep(self.speech_s)
        if able == satellites or "announce" in self.refusals:
            answer = failure if "announce" in self.refusals else {"type": "result", "success": True, "result": {}}
            await connection.send(json.dumps({"id": message["id"], **answer}))

    def _call(self, message: dict[str, Any]) -> dict[str, Any]:
        service, data, entity_id = message["service"], message["service_data"], message["target"]["entity_id"]
        assert message["domain"] == entity_id.partition(".")[0]
        self.calls.append((entity_id, service, data))
        if self.print_calls:
            print(json.dumps([entity_id, service, data]), flush=True)
        if service in self.refusals:
            return _failure("home_assistant_error", self.refusals[service])
        result: dict[str, Any] = {"context": {"id": "01HX", "parent_id": None, "user_id": "u"}}
        if service == "search_media":
            found = [{"title": "Jazz", "media_content_id": "library://jazz", "media_content_type": "music"}]
            result["response"] = {entity_id: {"version": 1, "result": found if "jazz" in str(data) else []}}
        elif entity_id not in self.stuck:
            word, attributes = self._after(entity_id, service, data)
            loop = asyncio.get_running_loop()
            loop.call_later(self.delay_s, lambda: loop.create_task(self.report(entity_id, word, **attributes)))
        return {"type": "result", "success": True, "result": result}

    def _after(self, entity_id: str, service: str, data: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
        if entity_id.startswith("light."):
            attributes: dict[str, Any] = {}
            if "brightness_pct" in data:
                attributes["brightness"] = round(255 * data["brightness_pct"] / 100)
            if "color_name" in data:  # a lamp keeps hue and saturation: green becomes what CSS calls lime
                full = {"red": [255, 0, 0], "green": [0, 255, 0], "purple": [255, 0, 255]}
                attributes |= {"color_mode": "hs", "rgb_color": full[data["color_name"]]}
            if "color_temp_kelvin" in data:
                attributes |= {"color_mode": "color_temp", "color_temp_kelvin": data["color_temp_kelvin"]}
            return service.removeprefix("turn_"), attributes
        if entity_id.startswith("todo."):
            items = self.items[entity_id]
            items.insert(0, data["item"]) if service == "add_item" else items.remove(data["item"])
            return str(len(items)), {}
        return {
            "open_cover": ("open", {"current_position": 100}),
            "close_cover": ("closed", {"current_position": 0}),
            "set_cover_position": ("open", {"current_position": data.get("position")}),
            "set_percentage": ("on", {"percentage": data.get("percentage")}),
            "set_temperature": (None, {"temperature": data.get("temperature")}),
            "volume_set": (None, {"volume_level": data.get("volume_level")}),
            "volume_mute": (None, {"is_volume_muted": data.get("is_volume_muted")}),
            "media_pause": ("paused", {}),
            "play_media": ("playing", {"media_title": data.get("media_content_id")}),
            "lock": ("locked", {}),
            "unlock": ("unlocked", {}),
            "turn_on": ("2026-11-22T19:05:00+00:00", {}),
        }[service]


def _failure(code: str, message: str) -> dict[str, Any]:
    return {"type": "result", "success": False, "error": {"code": code, "message": message}}


async def _run() -> None:
    server = HomeAssistantServer()
    server.print_calls = True
    await server.start()
    print(server.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_run())
