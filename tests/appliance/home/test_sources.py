# SPDX-License-Identifier: Apache-2.0
"""From a settings file to devices: which drivers there are, and what a person is told when one cannot be had."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiomqtt
import pytest

from appliance.errors import ApplianceError
from appliance.home.drivers import Router
from appliance.home.registry import Registry
from appliance.home.sources import drivers, find_devices
from appliance.settings import load
from tests.mosquitto import MISSING, PASSWORDS, Mosquitto, free_port


def settings(folder: Path, text: str) -> object:
    (folder / "appliance.yaml").write_text(text)
    return load(folder / "appliance.yaml")


def find(folder: Path, text: str) -> tuple[Registry, list[str]]:
    async def look() -> tuple[Registry, list[str]]:
        registry, router = await find_devices(settings(folder, text))  # type: ignore[arg-type]
        faults = router.faults()
        await router.stop()
        return registry, faults

    return asyncio.run(look())


def test_without_real_devices_there_is_the_simulated_home(tmp_path: Path) -> None:
    registry, faults = find(tmp_path, "{}")
    assert len(registry.devices) > 20 and not faults


def test_a_broker_that_is_away_is_told_and_nothing_is_simulated_in_its_place(tmp_path: Path) -> None:
    text = f"mqtt: {{host: 127.0.0.1, port: {free_port()}, zigbee2mqtt: {{base_topic: zigbee2mqtt}}}}"
    registry, faults = find(tmp_path, text)
    assert registry.devices == () and "broker" in faults[0]


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {MISSING}")
def test_zigbee_devices_come_from_the_settings_broker(tmp_path: Path) -> None:
    device = {
        "ieee_address": "0x01",
        "type": "Router",
        "friendly_name": "Hall/Lamp",
        "supported": True,
        "interview_completed": True,
        "definition": {
            "model": "x",
            "vendor": "y",
            "description": "bulb",
            "exposes": [
                {
                    "type": "light",
                    "features": [
                        {
                            "type": "binary",
                            "name": "state",
                            "property": "state",
                            "access": 7,
                            "value_on": "ON",
                            "value_off": "OFF",
                        }
                    ],
                }
            ],
        },
    }
    broker = Mosquitto(tmp_path)
    try:

        async def announce() -> None:
            async with aiomqtt.Client(
                "127.0.0.1", broker.port, username="bridge", password=PASSWORDS["bridge"]
            ) as client:
                await client.publish("zigbee2mqtt/bridge/state", json.dumps({"state": "online"}), retain=True)
                await client.publish("zigbee2mqtt/bridge/devices", json.dumps([device]), retain=True)

        asyncio.run(announce())
        (tmp_path / "password").write_text(PASSWORDS["appliance"])
        (tmp_path / "password").chmod(0o600)
        registry, faults = find(
            tmp_path,
            f"mqtt: {{host: 127.0.0.1, port: {broker.port}, user: appliance, password: {{file: password}},"
            " zigbee2mqtt: {base_topic: zigbee2mqtt}}",
        )
    finally:
        broker.kill()
    assert not faults
    (lamp,) = registry.devices
    assert (lamp.domain, lamp.area, lamp.source) == ("light", "Hall", "zigbee2mqtt")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mqtt: {host: a, devices: [{kind: sensor, name: P}]}", "mqtt.devices: it has no state_topic"),
        ("mqtt: {host: a, devices: [{kind: rocket, name: P}]}", r"mqtt\.devices\.0\.kind"),
        ("home: {home_assistant: {url: 'ftp://x', token: {env: HOME}}}", r"home\.home_assistant\.url"),
        ("home: {home_assistant: {url: 'http://x'}}", r"home\.home_assistant\.token"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ApplianceError, match=words):
        Router(Registry([]), drivers(settings(tmp_path, text), Registry([])))  # type: ignore[arg-type]
