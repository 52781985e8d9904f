# SPDX-License-Identifier: Apache-2.0
"""A house whose devices are behind the real Zigbee2MQTT, for the tests of a file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator

import aiomqtt
import pytest

from tests.mosquitto import MISSING, PASSWORDS, Mosquitto
from tests.zigbee2mqtt_server import Zigbee2MqttServer, missing
from tests.zigbee_bridge import House, until

WHY = f"not installed: {', '.join(MISSING)}" if MISSING else missing()
"""Why none can be had here; None where it can."""
CEILING, COUNTER, SPOTS = "light.kitchen_ceiling_light", "light.kitchen_counter_light", "light.kitchen_spotlights"
PLUG, BLIND, DOOR = "switch.coffee_machine", "cover.bedroom_blind", "binary_sensor.hall_front_door"
DIMMER = "light.hall_dimmer"


class Site:
    """The broker and the bridge, which all tests of this file share, and the house of one test."""

    def __init__(self, broker: Mosquitto, bridge: Zigbee2MqttServer) -> None:
        self.broker, self.bridge = broker, bridge
        self.house: House

    def run(self, story: Callable[[House], Awaitable[None]]) -> None:
        async def told() -> None:
            self.house = House(self.broker.port, read_back_s=2.0)
            await self.house.driver.start(self.house.registry)
            try:
                await until(lambda: self.all_known(), 20)
                await story(self.house)
            finally:
                await self.house.driver.stop()

        asyncio.run(asyncio.wait_for(told(), 60))

    def all_known(self) -> bool:
        """Whether all that can be asked has answered; a contact tells of itself only when it is touched."""
        known = {device.entity_id: device.state for device in self.house.registry.devices}
        return all(
            known.get(one, "unknown") not in ("unknown", "unavailable") for one in (CEILING, COUNTER, PLUG, BLIND)
        )

    async def request(self, what: str, **payload: object) -> None:
        async with aiomqtt.Client(
            "127.0.0.1", self.broker.port, username="bridge", password=PASSWORDS["bridge"]
        ) as client:
            await client.publish(f"zigbee2mqtt/bridge/request/{what}", json.dumps(payload), qos=1)


def sites(folders: pytest.TempPathFactory) -> Iterator[Site]:
    """What a fixture of a file yields."""
    broker = Mosquitto(folders.mktemp("mosquitto"))
    bridge = Zigbee2MqttServer(folders.mktemp("zigbee2mqtt"), broker.port)
    bridge.start()
    yield Site(broker, bridge)
    bridge.stop()
    broker.kill()
