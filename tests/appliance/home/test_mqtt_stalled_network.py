# SPDX-License-Identifier: Apache-2.0
"""A network that takes nothing for a while, in a network namespace of its own: what was told as failed never arrives.

`python tests/appliance/home/test_mqtt_stalled_network.py` is what runs in there, and prints what the bridge was told.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

ROOT = Path(__file__).parents[3]
INSIDE = ["unshare", "--map-root-user", "--net"]


def _cannot() -> str | None:
    from tests.mosquitto import MISSING

    if MISSING:
        return f"not installed: {', '.join(MISSING)}"
    try:
        done = subprocess.run([*INSIDE, "ip", "link", "set", "lo", "up"], capture_output=True, timeout=30, check=False)
    except OSError as error:
        return str(error)
    return None if done.returncode == 0 else "no network namespace can be made here"


def test_a_command_that_the_network_held_up_is_not_delivered_when_it_goes_on() -> None:
    if why := _cannot():
        pytest.skip(why)
    done = subprocess.run(
        [*INSIDE, sys.executable, __file__],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "failed: the MQTT broker did not take the command",
        "told meanwhile: []",
        "then: Ceiling Light is on",
        "told at last: [('Kitchen/Ceiling Light/set', {'state': 'ON'})]",
    ]


def _link(way: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", way], check=True, timeout=10)


async def _stall(folder: Path) -> None:
    from appliance.home.errors import DriverError
    from tests.mosquitto import Mosquitto
    from tests.zigbee_bridge import living, until

    broker = Mosquitto(folder)
    whole = aiomqtt.Client.publish

    async def publish(client: aiomqtt.Client, topic: str, *rest: Any, **more: Any) -> None:
        if topic.endswith("/set") and stall:  # the broker has just answered that it is there
            stall.clear()
            _link("down")
        await whole(client, topic, *rest, **more)

    stall: list[bool] = []
    aiomqtt.Client.publish = publish  # type: ignore[method-assign]
    try:
        async with living(broker, timeout_s=0.5) as (house, bridge):
            light = "light.kitchen_ceiling_light"
            await until(lambda: house.registry.devices and house.state(light) == "off")
            stall.append(True)
            try:
                await house.driver.act(light, "turn_on", {})
            except DriverError as error:
                print(f"failed: {error}")
            await asyncio.sleep(0.3)
            _link("up")
            await until(lambda: house.driver.health().well and house.state(light) == "off", 20)
            await asyncio.sleep(2)
            print(f"told meanwhile: {bridge.sets}")
            print(f"then: {(await house.do('HassTurnOn', name='ceiling light')).result}")
            print(f"told at last: {bridge.sets}")
    finally:
        broker.kill()


if __name__ == "__main__":
    _link("up")
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(_stall(Path(made)))
