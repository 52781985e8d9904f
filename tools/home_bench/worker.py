# SPDX-License-Identifier: Apache-2.0
"""The other side of the bench, in a process of its own: devices on a broker, or the tests' small Home Assistant.

    python -m tools.home_bench.worker devices PORT COUNT
    python -m tools.home_bench.worker home_assistant COUNT

Half of the devices speak MQTT of their own and announce themselves, half speak the topics of Zigbee2MQTT, whose bridge
is imitated too; `home_assistant` is the tests' small server with so many lights. They do at once what they are told.
"ready …" is printed when all is announced; "flood RATE SECONDS" on stdin lets so many devices a second change by
themselves, and then prints as JSON what the last state of each was.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import aiomqtt

from appliance.home.registry import Device
from tests.home_assistant_server import LIGHT, HomeAssistantServer, state
from tests.mosquitto import PASSWORDS
from tools.home_bench.big_home import big_home

SPARED = 10
"""So many devices of each kind never change by themselves: commands are timed on them."""


def halves(count: int) -> tuple[list[Device], list[Device]]:
    """The devices that speak MQTT of their own, and those behind the bridge."""
    devices = big_home(count).devices
    return [*devices[::2]], [*devices[1::2]]


def component(device: Device) -> str:
    """What the device is on MQTT: a light, a sensor, or else something that is on or off."""
    return device.domain if device.domain in ("light", "sensor") else "switch"


class Devices:
    """All devices and the bridge."""

    def __init__(self, client: aiomqtt.Client, count: int) -> None:
        self._client = client
        self.own, self.zigbee = halves(count)
        self.states = {device.name: "21.5" if component(device) == "sensor" else "off" for device in self.own}
        self.states |= {device.name: "off" for device in self.zigbee}
        self._at = {f"bench/{index}": device for index, device in enumerate(self.own)}
        self._at |= {f"zigbee2mqtt/{device.area}/{device.name}": device for device in self.zigbee}
        self._topic = {device.name: topic for topic, device in self._at.items()}

    async def announce(self) -> None:
        for index, device in enumerate(self.own):
            config = {"name": device.name, "unique_id": f"bench_{index}", "state_topic": f"bench/{index}"}
            config |= {"suggested_area": device.area}
            if component(device) == "sensor":
                config |= {"unit_of_measurement": "°C"}
            else:
                config |= {"command_topic": f"bench/{index}/set"}
            topic = f"homeassistant/{component(device)}/bench_{index}/config"
            await self._client.publish(topic, json.dumps(config), qos=1, retain=True)
        for topic, told in (("devices", self._bridged()), ("groups", []), ("state", {"state": "online"})):
            await self._client.publish(f"zigbee2mqtt/bridge/{topic}", json.dumps(told), qos=1, retain=True)
        for name in self.states:
            await self._report(name, retain=True)

    def _bridged(self) -> list[dict[str, Any]]:
        on_off = {"type": "binary", "name": "state", "property": "state", "access": 7}
        on_off |= {"value_on": "ON", "value_off": "OFF"}
        return [
            {
                "ieee_address": f"0x{index:016x}",
                "friendly_name": f"{device.area}/{device.name}",
                "type": "Router",
                "supported": True,
                "definition": {
                    "model": "X",
                    "vendor": "Y",
                    "description": "",
                    "exposes": [{"type": "light" if device.domain == "light" else "switch", "features": [on_off]}],
                },
            }
            for index, device in enumerate(self.zigbee)
        ]

    async def _report(self, name: str, *, retain: bool = False) -> None:
        topic, word = self._topic[name], self.states[name]
        said = {"on": "ON", "off": "OFF"}.get(word, word)
        payload = json.dumps({"state": said}) if topic.startswith("zigbee2mqtt/") else said
        await self._client.publish(topic, payload, retain=retain)

    async def answer(self) -> None:
        """Do what is told, for ever."""
        async for message in self._client.messages:
            topic, _, verb = str(message.topic).rpartition("/")
            device = self._at.get(topic)
            if device is None:
                continue
            if verb == "set":
                said = bytes(message.payload).decode()  # type: ignore[arg-type]
                word = json.loads(said).get("state", "OFF") if said.startswith("{") else said
                self.states[device.name] = word.lower()
            await self._report(device.name)

    async def flood(self, rate: float, seconds: float) -> int:
        """Let one device after the other change, `rate` a second; returns how many changes there were."""
        changing = [one.name for half in (self.own, self.zigbee) for one in half[SPARED:]]
        changing = changing[::2] + changing[1::2]
        number = -1
        async for number in _paced(rate, seconds):
            name = changing[number % len(changing)]
            reading = f"{number % 500 / 10:g}"
            self.states[name] = {"off": "on", "on": "off"}.get(self.states[name], reading)
            await self._report(name)
        return number + 1


async def _paced(rate: float, seconds: float) -> AsyncIterator[int]:
    """Count so many times a second, for so long."""
    began = time.monotonic()
    for number in range(round(rate * seconds)):
        if (wait := began + number / rate - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        yield number


async def _orders() -> AsyncIterator[list[str]]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line.split()


async def devices(port: int, count: int) -> None:
    # Without it the device's report would wait 40 ms for an acknowledgement, and no real one of these is measured.
    at_once = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    user = {"username": "bridge", "password": PASSWORDS["bridge"]}
    async with aiomqtt.Client("127.0.0.1", port, **user, socket_options=at_once) as client:
        house = Devices(client, count)
        await house.announce()
        await client.subscribe([("bench/+/set", 1), ("zigbee2mqtt/+/+/set", 1), ("zigbee2mqtt/+/+/get", 1)])
        answering = asyncio.create_task(house.answer())
        print("ready", flush=True)
        async for _, rate, seconds in _orders():
            sent = await house.flood(float(rate), float(seconds))
            print(json.dumps({"sent": sent, "states": house.states}), flush=True)
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)


async def home_assistant(count: int) -> None:
    server = HomeAssistantServer()
    lights = [f"light.{device.name.lower().replace(' ', '_')}" for device in big_home(count).devices]
    server.states = {light: state(light, "off", **LIGHT) for light in lights}
    server.entities = [{"entity_id": light, "aliases": []} for light in lights]
    await server.start()
    print("ready", server.url, flush=True)
    changing = lights[SPARED:]
    async for _, rate, seconds in _orders():
        async for number in _paced(float(rate), float(seconds)):
            light = changing[number % len(changing)]
            await server.report(light, {"off": "on", "on": "off"}[server.states[light]["state"]])
        told = {said["attributes"]["friendly_name"]: said["state"] for said in server.states.values()}
        print(json.dumps({"sent": number + 1, "states": told}), flush=True)
    await server.stop()


if __name__ == "__main__":
    asyncio.run({"devices": devices, "home_assistant": home_assistant}[sys.argv[1]](*map(int, sys.argv[2:])))
