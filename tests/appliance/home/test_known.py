# SPDX-License-Identifier: Apache-2.0
"""Devices are known over restarts, in the same order, and those that are no more are forgotten."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import aiomqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.home.known import Known
from appliance.home.registry import Area, Device, Floor, Registry
from appliance.home.sources import find_devices
from appliance.settings import load
from tests.mosquitto import MISSING, PASSWORDS, Mosquitto

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
DEVICE = st.builds(
    Device,
    entity_id=TEXT,
    name=TEXT,
    domain=st.sampled_from(("light", "sensor")),
    area=st.none() | TEXT,
    floor=st.none() | TEXT,
    aliases=st.lists(TEXT, max_size=3).map(tuple),
    device_class=st.none() | TEXT,
    unit=st.none() | TEXT,
    source=st.just("mqtt"),
)


def kept(path: Path, registry: Registry) -> Registry:
    Known(path).save(registry)
    fresh = Registry([])
    Known(path).fill(fresh, ["mqtt"])
    return fresh


@given(st.lists(DEVICE, max_size=5, unique_by=lambda device: device.entity_id))
def test_what_is_kept_is_what_was_there(tmp_path_factory: pytest.TempPathFactory, devices: list[Device]) -> None:
    home = Registry(devices, [Area("Kitchen", "Ground Floor", ("scullery",))], [Floor("Ground Floor")])
    fresh = kept(tmp_path_factory.mktemp("known") / "devices.json", home)
    assert [device.entity_id for device in fresh.devices] == [device.entity_id for device in devices]
    assert all(not device.available for device in fresh.devices)
    if devices:
        assert (fresh.areas, fresh.floors) == (home.areas, home.floors)
        assert fresh.devices[0].aliases == devices[0].aliases


@pytest.mark.parametrize("content", [b"", b"[1, 2", b"{}", b"\xff\xfe", b'{"version": 1, "devices": [{"name": 7}]}'])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "devices.json").write_bytes(content)
    registry = Registry([])
    with caplog.at_level(logging.WARNING):
        Known(tmp_path / "devices.json").fill(registry, ["mqtt"])
    assert registry.devices == () and "cannot be used" in caplog.text


def test_simulated_devices_are_not_written_down(tmp_path: Path) -> None:
    path = tmp_path / "devices.json"
    Known(path).save(Registry([Device("light.a", "A", "light")]))
    assert not path.exists()


@pytest.mark.skipif(bool(MISSING), reason=f"missing: {MISSING}")
def test_over_a_restart_the_order_stays_and_what_is_gone_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker")
    (tmp_path / "password").write_text(PASSWORDS["appliance"])
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "appliance.yaml").write_text(
        f"mqtt: {{host: 127.0.0.1, port: {broker.port}, user: appliance, password: {{file: password}},"
        " discovery: homeassistant}"
    )
    settings, known = load(tmp_path / "appliance.yaml"), tmp_path / "devices.json"

    async def find() -> list[tuple[str, bool]]:
        kept = Known(known)
        registry, router = await find_devices(settings, kept)
        await asyncio.sleep(0.3)  # retained announcements follow within moments
        kept.forget(registry, router.well())
        await router.stop()
        kept.save(registry)
        return [(device.name, device.area == "Hall") for device in registry.devices]

    async def publish(*messages: tuple[str, str]) -> None:
        where = {"port": broker.port, "username": "bridge", "password": PASSWORDS["bridge"]}
        async with aiomqtt.Client("127.0.0.1", **where) as client:  # type: ignore[arg-type]
            for topic, payload in messages:
                await client.publish(topic, payload, retain=True)

    def announce(name: str) -> tuple[str, str]:
        told = {"name": name, "unique_id": name, "command_topic": f"{name}/set", "state_topic": f"{name}/state"}
        return f"homeassistant/switch/{name}/config", json.dumps(told | {"device": {"suggested_area": "Hall"}})

    try:
        asyncio.run(publish(announce("Zoo")))
        asyncio.run(find())
        asyncio.run(publish(announce("Ant")))
        first = asyncio.run(find())
        assert first == [("Zoo", True), ("Ant", True)]
        assert asyncio.run(find()) == first
        asyncio.run(publish(("homeassistant/switch/Zoo/config", "")))
        assert asyncio.run(find()) == [("Ant", True)]
    finally:
        broker.kill()
    assert asyncio.run(find()) == [("Ant", True)]  # the broker is away: it is known all the same
