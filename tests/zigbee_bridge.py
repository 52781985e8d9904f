# SPDX-License-Identifier: Apache-2.0
"""Zigbee2MQTT as far as its topics go, written by hand, and a home whose driver listens to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiomqtt
from pydantic import SecretStr

from appliance.home.execute import Home
from appliance.home.mqtt import Broker
from appliance.home.policy import Policy
from appliance.home.registry import Area, Registry
from appliance.home.timers import Timers
from appliance.home.tools import ToolCall, ToolResult
from appliance.home.zigbee2mqtt import Zigbee2Mqtt
from appliance.settings import PolicySettings
from tests.clock import FakeClock
from tests.mosquitto import PASSWORDS, Mosquitto


def numeric(name: str, access: int = 1, **more: object) -> dict[str, Any]:
    return {"type": "numeric", "name": name, "property": name, "access": access, **more}


def state(on: object = "ON", off: object = "OFF", key: str = "state") -> dict[str, Any]:
    return {"type": "binary", "name": "state", "property": key, "access": 7, "value_on": on, "value_off": off}


COLOR = {"type": "composite", "name": "color_xy", "property": "color", "access": 7}
BOLT = {"type": "enum", "name": "lock_state", "property": "lock_state", "access": 1, "values": ["locked", "unlocked"]}
DIMMABLE = [state(), numeric("brightness", 7, value_min=0, value_max=254)]
BULB = [*DIMMABLE, numeric("color_temp", 7, value_min=153, value_max=500), COLOR]


def device(ieee: str, name: str, *exposes: Mapping[str, Any], about: str = "") -> dict[str, Any]:
    definition = {"model": "X", "vendor": "Y", "description": about, "exposes": list(exposes)}
    return {"ieee_address": ieee, "friendly_name": name, "type": "Router", "supported": True, "definition": definition}


DEVICES: list[dict[str, Any]] = [
    {"ieee_address": "0x00", "friendly_name": "Coordinator", "type": "Coordinator", "definition": None},
    device("0x01", "Kitchen/Ceiling Light", {"type": "light", "features": BULB}, numeric("linkquality")),
    device("0x02", "Hall/Front Door", {"type": "lock", "features": [state("LOCK", "UNLOCK"), BOLT]}),
    device(
        "0x03",
        "bedroom_blind",
        {
            "type": "cover",
            "features": [
                {
                    "type": "enum",
                    "name": "state",
                    "property": "state",
                    "access": 3,
                    "values": ["OPEN", "CLOSE", "STOP"],
                },
                numeric("position", 7, value_min=0, value_max=100),
            ],
        },
        about="Roller blind motor",
    ),
    device(
        "0x04",
        "Radiator",
        {
            "type": "climate",
            "features": [
                numeric("occupied_heating_setpoint", 7, value_min=5, value_max=30),
                numeric("local_temperature", 5),
                {
                    "type": "enum",
                    "name": "system_mode",
                    "property": "system_mode",
                    "access": 7,
                    "values": ["off", "heat"],
                },
            ],
        },
    ),
    device(
        "0x05",
        "Fan",
        {
            "type": "fan",
            "features": [
                state(key="fan_state"),
                {
                    "type": "enum",
                    "name": "mode",
                    "property": "fan_mode",
                    "access": 7,
                    "values": ["off", "low", "medium", "high", "on"],
                },
            ],
        },
    ),
    device(
        "0x06",
        "Office/Strip",
        *({"type": "switch", "endpoint": end, "features": [state(key=f"state_{end}")]} for end in ("l1", "l2")),
    ),
    device(
        "0x07",
        "Patio Window",
        {"type": "binary", "property": "contact", "access": 1, "value_on": False, "value_off": True},
        numeric("battery", unit="%"),
    ),
    device("0x08", "Climate Sensor", numeric("temperature", unit="°C"), numeric("humidity", unit="%")),
    device(
        "0x09",
        "Cellar/Leak",
        {"type": "binary", "property": "water_leak", "access": 1, "value_on": True, "value_off": False},
    ),
    device("0x0a", "Kitchen/Counter Light", {"type": "light", "features": DIMMABLE}),
]
GROUPS = [{"id": 1, "friendly_name": "Kitchen/Lights", "members": [{"ieee_address": "0x01"}, {"ieee_address": "0x0a"}]}]


class Bridge:
    """Zigbee2MQTT as far as its topics go, for devices that do at once what they are told."""

    def __init__(self, port: int, password: str = PASSWORDS["bridge"]) -> None:
        self._port, self._password = port, password
        self.heard: list[tuple[str, Any]] = []
        self.states: dict[str, dict[str, Any]] = {
            "Kitchen/Ceiling Light": {"state": "OFF", "brightness": 254},
            "Kitchen/Counter Light": {"state": "OFF", "brightness": 254},
            "Hall/Front Door": {"state": "LOCK"},
            "Radiator": {"system_mode": "heat", "occupied_heating_setpoint": 20, "local_temperature": 19},
        }
        self.broken: set[str] = set()
        self.deaf: set[str] = set()
        self.repeats = 1

    def client(self) -> aiomqtt.Client:
        will = aiomqtt.Will("zigbee2mqtt/bridge/state", '{"state": "offline"}', qos=1, retain=True)
        return aiomqtt.Client("127.0.0.1", self._port, username="bridge", password=self._password, will=will, timeout=3)

    async def run(self) -> None:
        while True:
            with suppress(aiomqtt.MqttError):
                async with self.client() as client:
                    await client.subscribe("zigbee2mqtt/#")
                    await self.announce(client)
                    async for message in client.messages:
                        await self.hear(client, str(message.topic).removeprefix("zigbee2mqtt/"), message.payload)
            await asyncio.sleep(0.05)

    async def announce(self, client: aiomqtt.Client) -> None:
        for topic, payload in (("devices", DEVICES), ("groups", GROUPS), ("state", {"state": "online"})):
            await client.publish(f"zigbee2mqtt/bridge/{topic}", json.dumps(payload), qos=1, retain=True)

    async def hear(self, client: aiomqtt.Client, topic: str, payload: Any) -> None:
        name, _, verb = topic.rpartition("/")
        if verb not in ("set", "get"):
            return
        said = json.loads(payload)
        self.heard.append((topic, said))
        if name in self.broken:
            message = f"z2m: Publish 'set' 'state' to '{name}' failed: 'Error: no route'"
            await client.publish("zigbee2mqtt/bridge/logging", json.dumps({"level": "error", "message": message}))
        elif name not in self.deaf and name in self.states:
            if verb == "set":
                self.states[name] |= said
            for _ in range(self.repeats):
                await client.publish(f"zigbee2mqtt/{name}", json.dumps(self.states[name]))

    @property
    def sets(self) -> list[tuple[str, Any]]:
        return [(topic, said) for topic, said in self.heard if topic.endswith("/set")]


class House:
    """A registry, the driver, and the tools over it."""

    def __init__(self, port: int, *, read_back_s: float = 1.0, **options: Any) -> None:
        user = {"user": "appliance", "password": SecretStr(PASSWORDS["appliance"]), "retry_s": (0.05, 0.2)}
        self.registry = Registry([], [Area("Kitchen", "Ground Floor")])
        self.driver = Zigbee2Mqtt(Broker("127.0.0.1", port, **user | options), answer_s=0.3)  # type: ignore[arg-type]
        policy = Policy(PolicySettings(defaults=False))
        self.home = Home(
            self.registry, self.driver, Timers(FakeClock()), FakeClock(), policy=policy, read_back_s=read_back_s
        )

    async def do(self, tool: str, **slots: object) -> ToolResult:
        return await self.home.call(ToolCall(tool, slots))

    def state(self, entity_id: str) -> str:
        return self.registry.get(entity_id).state


@asynccontextmanager
async def living(
    broker: Mosquitto, bridge: Bridge | None = None, **options: Any
) -> AsyncIterator[tuple[House, Bridge]]:
    bridge, house = bridge or Bridge(broker.port), House(broker.port, **options)
    running = asyncio.create_task(bridge.run())
    await house.driver.start(house.registry)
    try:
        yield house, bridge
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await house.driver.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def until(true: Callable[[], object], within_s: float = 5.0) -> None:
    async def wait() -> None:
        while not true():
            await asyncio.sleep(0.01)

    await asyncio.wait_for(wait(), within_s)
