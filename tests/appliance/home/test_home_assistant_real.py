# SPDX-License-Identifier: Apache-2.0
"""Against a real Home Assistant and its demo home, where HOME_ASSISTANT_VENV names an environment that has it.

`tools/test --with-home-assistant` makes one, the newest for this Python, from requirements/home-assistant.txt.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from websockets.asyncio.client import connect

from appliance.home.drivers import Router
from appliance.home.errors import DriverError
from appliance.home.execute import Home
from appliance.home.home_assistant import HomeAssistant
from appliance.home.policy import Policy
from appliance.home.registry import Registry
from appliance.home.timers import Timers
from appliance.home.tools import COLORS, ToolCall, ToolResult
from appliance.settings import PolicySettings
from tests.clock import FakeClock

VENV = os.environ.get("HOME_ASSISTANT_VENV")
pytestmark = pytest.mark.skipif(not VENV, reason="HOME_ASSISTANT_VENV names no environment with Home Assistant")

CONFIGURATION = """
homeassistant: {{name: Test, unit_system: metric, time_zone: UTC, latitude: 52, longitude: 4, elevation: 0}}
http: {{server_port: {port}, server_host: 127.0.0.1}}
api:
websocket_api:
config:
onboarding:
conversation:
demo:
"""


class RealHomeAssistant:
    """One process of it, with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.url = folder, f"http://127.0.0.1:{self.port}"
        (folder / "configuration.yaml").write_text(CONFIGURATION.format(port=self.port))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "out.log").open("ab") as log:
            command = [f"{VENV}/bin/hass", "-c", str(self.folder), "--skip-pip"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{self.url}/api/onboarding", timeout=2).close()
                return
            except OSError:
                time.sleep(0.3)
        pytest.fail((self.folder / "out.log").read_text()[-2000:])

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()

    def post(self, path: str, data: dict[str, Any], *, form: bool = False, access: str = "") -> Any:
        body = urllib.parse.urlencode(data).encode() if form else json.dumps(data).encode()
        headers = {} if form else {"content-type": "application/json", "authorization": f"Bearer {access}"}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, body, headers)) as answer:
            return json.load(answer)

    async def furnish(self) -> str:
        """Make an owner, a floorless room with a lamp in it, and an alias; returns a long-lived token."""
        client = {"client_id": f"{self.url}/"}
        owner = {"name": "T", "username": "t", "password": "not-a-secret", "language": "en"}
        code = self.post("/api/onboarding/users", {**client, **owner})["auth_code"]
        grant = {**client, "grant_type": "authorization_code", "code": code}
        access = self.post("/auth/token", grant, form=True)["access_token"]
        flow = self.post("/api/config/config_entries/flow", {"handler": "shopping_list"}, access=access)
        self.post(f"/api/config/config_entries/flow/{flow['flow_id']}", {}, access=access)
        async with connect(f"ws://127.0.0.1:{self.port}/api/websocket") as home:
            await home.recv()
            await home.send(json.dumps({"type": "auth", "access_token": access}))
            await home.recv()
            answers = []
            for ident, command in enumerate(
                (
                    {"type": "auth/long_lived_access_token", "client_name": "appliance", "lifespan": 10},
                    {"type": "config/area_registry/create", "name": "Attic", "aliases": ["Loft"]},
                    {
                        "type": "config/entity_registry/update",
                        "entity_id": "light.bed_light",
                        "area_id": "attic",
                        "aliases": ["Dormer"],
                    },
                    {
                        "type": "homeassistant/expose_entity",
                        "assistants": ["conversation"],
                        "entity_ids": ["media_player.walkman", "lock.front_door"],
                        "should_expose": True,
                    },
                    {
                        "type": "homeassistant/expose_entity",
                        "assistants": ["conversation"],
                        "entity_ids": ["switch.ac"],
                        "should_expose": False,
                    },
                ),
                1,
            ):
                await home.send(json.dumps({"id": ident, **command}))
                answers.append(json.loads(await home.recv()))
            assert all(answer["success"] for answer in answers), answers
            return str(answers[0]["result"])


async def until(true: Callable[[], bool], within_s: float) -> float:
    """Wait until it is true; returns how long that took, in seconds."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s
        await asyncio.sleep(0.02)
    return time.monotonic() - began


@asynccontextmanager
async def moved_in(server: RealHomeAssistant) -> AsyncIterator[tuple[HomeAssistant, Home]]:
    """The driver on it, and the home that is spoken to."""
    driver, registry, clock = HomeAssistant(server.url, SecretStr(await server.furnish())), Registry([]), FakeClock()
    everything = Policy(PolicySettings(defaults=False))
    try:
        await driver.start(registry)
        yield (
            driver,
            Home(registry, Router(registry, [driver]), Timers(clock), clock, policy=everything, read_back_s=5),
        )
    finally:
        await driver.stop()


def test_a_real_home_is_known_commanded_read_back_lost_and_found_again(tmp_path: Path) -> None:
    server = RealHomeAssistant(tmp_path)

    async def run() -> None:
        async with moved_in(server) as (driver, home):
            registry = home.registry

            async def do(tool: str, **slots: object) -> ToolResult:
                return await home.call(ToolCall(tool, slots))

            assert driver.health().well
            lamp = registry.get("light.bed_light")
            assert (lamp.area, lamp.aliases, lamp.source) == ("Attic", ("Dormer",), "home_assistant")
            assert "Attic" in {area.name for area in registry.areas}
            known = {device.entity_id for device in registry.devices}
            assert "media_player.walkman" in known
            assert "switch.ac" not in known

            assert (await do("HassTurnOff", name="ceiling lights")).result == "Ceiling Lights are off"
            for percent in (1, 33, 40, 77, 100):
                told = (await do("HassLightSet", name="ceiling lights", brightness=percent)).result
                assert told == f"Ceiling Lights are on, brightness {percent} percent"
            assert (await do("HassLightSet", name="ceiling lights", temperature=2700)).success
            for color in (name for name in COLORS if name != "black"):
                told = (await do("HassLightSet", name="dormer", color=color)).result
                assert told == f"Bed Light is on, color {color}"
            for tool, slots, told in (
                ("HassTurnOn", {"name": "garage door"}, "Garage Door is open"),
                (
                    "HassFanSetSpeed",
                    {"name": "living room fan", "percentage": 66},
                    "Living Room Fan is on, speed 66 percent",
                ),
                ("HassClimateSetTemperature", {"name": "heatpump", "temperature": 21}, "HeatPump is set to 21 °C"),
                ("HassTurnOff", {"name": "front door"}, "Front Door is unlocked"),
                ("HassSetVolume", {"name": "walkman", "volume_level": 30}, "Walkman is at volume 30 percent"),
                ("HassMediaPlayerMute", {"name": "walkman"}, "Walkman is muted"),
                ("HassMediaPause", {"name": "walkman"}, "Walkman is paused"),
                ("HassVacuumStart", {"name": "ground floor"}, "0_Ground_floor is cleaning"),
            ):
                result = await do(tool, **slots)
                assert result.error is None
                assert str(result.result).startswith(told)  # a player goes on to say what it plays
            with pytest.raises(DriverError, match=r"refused: Service light\.explode not found"):
                await driver.act("light.bed_light", "explode", {})
            with pytest.raises(DriverError, match="refused: value must be at most 100"):
                await driver.act("light.bed_light", "turn_on", {"brightness": 500})
            assert not (await do("HassLightSet", name="bed light", brightness="500")).success

            assert server.process is not None
            assert (await do("HassShoppingListAddItem", item="tea")).result == "Shopping List has tea"
            assert (await do("HassShoppingListAddItem", item="milk")).result == "Shopping List has milk"
            assert (await do("HassShoppingListCompleteItem", item="tea")).result == "Shopping List no longer has tea"
            assert registry.get("todo.shopping_list").attributes["items"] == ("milk",)

            await asyncio.sleep(1.5)
            server.process.send_signal(signal.SIGSTOP)  # it hangs
            with pytest.raises(DriverError, match="did not answer"):
                await driver.act("light.bed_light", "turn_off", {})
            assert await until(lambda: not driver.health().well, 11) <= 10.5
            assert (await do("HassTurnOff", name="bed light")).error == "Bed Light is not available"
            server.process.send_signal(signal.SIGCONT)
            await until(lambda: driver.health().well, 60)
            await asyncio.sleep(1)
            assert registry.get("light.bed_light").state == "on"  # what was said while it hung is not done now

            server.stop()
            await until(lambda: not driver.health().well, 5)
            with pytest.raises(DriverError):
                await driver.act("light.bed_light", "turn_off", {})
            await asyncio.to_thread(server.start)
            await until(lambda: driver.health().well, 90)
            await until(lambda: registry.get("light.ceiling_lights").available, 20)
            assert registry.get("light.bed_light").area == "Attic"
            assert registry.get("light.ceiling_lights").state == "on"
            assert (await do("HassTurnOff", name="ceiling lights")).result == "Ceiling Lights are off"

    try:
        server.start()
        asyncio.run(run())
    finally:
        server.stop()
