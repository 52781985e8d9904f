# SPDX-License-Identifier: Apache-2.0
"""Homes to be commanded, one for each driver that can run here; what answers them lives in other processes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from appliance.home.clock import SystemClock
from appliance.home.drivers import Driver, Router
from appliance.home.execute import Home
from appliance.home.home_assistant import HomeAssistant
from appliance.home.mqtt import Broker
from appliance.home.mqtt_devices import Mqtt
from appliance.home.policy import Policy
from appliance.home.registry import Registry
from appliance.home.simulated import SimulatedHome
from appliance.home.timers import Timers
from appliance.home.zigbee2mqtt import Zigbee2Mqtt
from appliance.settings import PolicySettings
from tests.home_assistant_server import TOKEN
from tests.mosquitto import PASSWORDS, Mosquitto
from tools.home_bench.big_home import big_home
from tools.home_bench.worker import SPARED, halves

ROOT = Path(__file__).parents[2]
_PICTURE_S = 30.0


@dataclass(frozen=True)
class House:
    """One home with its driver; the devices named are those to be commanded, all of which can be on and off."""

    name: str
    what: str
    home: Home
    names: tuple[str, ...]


class Worker:
    """One process of worker.py, by lines."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "tools.home_bench.worker", *map(str, arguments)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        )

    async def line(self) -> str:
        """What it says next."""
        line = await asyncio.to_thread(self._process.stdout.readline)  # type: ignore[union-attr]
        if not line:
            raise SystemExit(f"the other process ended: {' '.join(map(str, self._process.args))}")  # type: ignore[arg-type]
        return line.strip()

    def tell(self, words: str) -> None:
        self._process.stdin.write(f"{words}\n")  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]

    def stop(self) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def home_of(registry: Registry, drivers: Sequence[Driver]) -> Home:
    """What the agent would command, with nothing asked first."""
    clock = SystemClock()
    policy = Policy(PolicySettings(defaults=False))
    return Home(registry, Router(registry, drivers), Timers(clock), clock, policy=policy, read_back_s=5)


@asynccontextmanager
async def broker_with_devices(count: int) -> AsyncIterator[tuple[Broker, Worker]]:
    """The real Mosquitto, and the process of the devices on it."""
    with tempfile.TemporaryDirectory() as folder:
        mosquitto = Mosquitto(Path(folder))
        worker = Worker("devices", mosquitto.port, count)
        try:
            await worker.line()
            user = {"user": "appliance", "password": SecretStr(PASSWORDS["appliance"])}
            yield Broker("127.0.0.1", mosquitto.port, **user), worker  # type: ignore[arg-type]
        finally:
            worker.stop()
            mosquitto.kill()


async def started(drivers: Sequence[Driver], registry: Registry, devices: int) -> None:
    """Start the drivers, and wait until so many devices are known and all have told their state."""
    await asyncio.gather(*(driver.start(registry) for driver in drivers))
    until = time.monotonic() + _PICTURE_S
    while time.monotonic() < until:
        known = registry.devices
        if len(known) >= devices and all(one.state not in ("unknown", "unavailable") for one in known):
            return
        await asyncio.sleep(0.05)
    silent = [one.entity_id for one in registry.devices if one.state in ("unknown", "unavailable")]
    raise SystemExit(f"of {devices} devices {len(registry.devices)} were announced; without a state: {silent[:10]}")


@asynccontextmanager
async def houses(count: int, broker: Broker | None) -> AsyncIterator[list[House]]:
    """All that can run here: without a broker, no MQTT."""
    async with AsyncExitStack() as stack:
        found = [_simulated(count)]
        if broker is not None:
            own, zigbee = halves(count)
            for name, what, driver, devices in (
                ("mqtt", f"real Mosquitto, {len(own)} imitated devices in another process", Mqtt(broker), own),
                (
                    "zigbee2mqtt",
                    f"real Mosquitto, bridge and {len(zigbee)} devices imitated in another process",
                    Zigbee2Mqtt(broker),
                    zigbee,
                ),
            ):
                registry = Registry([])
                stack.push_async_callback(driver.stop)
                await started([driver], registry, len(devices))
                found.append(
                    House(name, what, home_of(registry, [driver]), tuple(one.name for one in devices[:SPARED]))
                )
        found.append(await _home_assistant(stack, count))
        yield found


def _simulated(count: int) -> House:
    registry = big_home(count)
    names = tuple(one.name for one in registry.devices if one.domain == "light")[:SPARED]
    return House(
        "simulated", f"{count} devices, 5 ms of it imitated", home_of(registry, [SimulatedHome(registry)]), names
    )


@asynccontextmanager
async def small_home_assistant(count: int) -> AsyncIterator[tuple[HomeAssistant, Worker, list[str]]]:
    """The driver, not started, of the tests' server in another process, and the names that never change there."""
    worker = Worker("home_assistant", count)
    try:
        url = (await worker.line()).split()[1]
        yield (
            HomeAssistant(url, SecretStr(TOKEN)),
            worker,
            [device.name for device in big_home(count).devices[:SPARED]],
        )
    finally:
        worker.stop()


async def _home_assistant(stack: AsyncExitStack, count: int) -> House:
    if os.environ.get("HOME_ASSISTANT_VENV"):
        from tests.appliance.home.test_home_assistant_real import RealHomeAssistant

        server = RealHomeAssistant(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        stack.callback(server.stop)
        await asyncio.to_thread(server.start)
        driver = HomeAssistant(server.url, SecretStr(await server.furnish()))
        what, names, least = "a real Home Assistant with its demo home", ["Ceiling Lights", "Kitchen Lights"], 10
    else:
        driver, _, names = await stack.enter_async_context(small_home_assistant(count))
        what = f"the tests' small server in another process, {count} devices, 5 ms of it imitated"
        least = count
    registry = Registry([])
    stack.push_async_callback(driver.stop)
    await driver.start(registry)
    if len(registry.devices) < least:
        raise SystemExit(f"Home Assistant shows {len(registry.devices)} devices; {driver.health().reason}")
    return House("home_assistant", what, home_of(registry, [driver]), tuple(names))
