# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import ApplianceError
from appliance.home.acts import ACTS, plan
from appliance.home.errors import CannotDo, DriverError
from appliance.home.registry import Device, Registry
from appliance.home.simulated import SimulatedHome, load_home
from appliance.home.tools import ToolCall
from appliance.paths import config_file

HEAD = "areas: [{name: Kitchen}]\ndevices:\n"


def complaint(tmp_path: Path, text: str | bytes) -> str:
    """Load a home with this text and return the message without the path of the file."""
    path = tmp_path / "home.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ApplianceError) as caught:
        load_home(path)
    return str(caught.value).replace(f"{path}", "home.yaml")


def act(device: Device, service: str, **data: object) -> Device:
    registry = Registry([device])

    async def run() -> None:
        await SimulatedHome(registry, delay_s=0).act(device.entity_id, service, data)
        await asyncio.sleep(0.001)

    asyncio.run(run())
    return registry.get(device.entity_id)


def test_the_packaged_home_has_rooms_floors_and_its_devices_in_them() -> None:
    registry = load_home(config_file("home.yaml"))
    assert len(registry.areas) == 7
    assert len(registry.floors) == 3
    assert 40 <= len(registry.devices) <= 60
    lamp = registry.get("light.bedroom_lamp")
    assert (lamp.name, lamp.area, lamp.floor, lamp.state) == ("Bedroom Lamp", "Bedroom", "Upstairs", "off")
    assert registry.get("sensor.bedroom_temperature").unit == "°C"
    assert registry.get("sensor.power_consumption").state == "412"


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("- {entity_id: light.a, name: A, area: X}", 'home.yaml:3: devices.0.area: found "X"; allowed: Kitchen.'),
        ("- {entity_id: light.a, name: A, colour: red}", "home.yaml:3: devices.0.colour: this key is not known."),
        ("- entity_id: light.a\n  name: 7", "home.yaml:4: devices.0.name: found 7; allowed: text"),
        ("- entity_id: light.a", "home.yaml:3: devices.0.name: this key is missing"),
        ("- {entity_id: light.a, name: A, state: dim}", 'home.yaml:3: devices.0.state: found "dim"; allowed: on, off,'),
        ("- {entity_id: light.a, name: A, state: true}", "home.yaml:3: devices.0.state: found true; allowed: text"),
        (
            "- {entity_id: cover.a, name: A, device_class: roof}",
            'home.yaml:3: devices.0.device_class: found "roof"; allowed: awning, blind',
        ),
        (
            "- {entity_id: light.a, name: A, attributes: {brightness: 500}}",
            "home.yaml:3: devices.0.attributes.brightness: found 500; allowed: a whole number from 0 to 100.",
        ),
        (
            "- {entity_id: light.a, name: A, fault: broken}",
            'home.yaml:3: devices.0.fault: found "broken"; allowed: one of stuck, unavailable.',
        ),
        ("- {entity_id: lamp.a, name: A}", 'devices.0.entity_id: found the kind of device "lamp" before the dot'),
        ("- {entity_id: kitchen, name: A}", 'home.yaml:3: devices.0.entity_id: found "kitchen"; allowed: text'),
        (
            "- {entity_id: light.a, name: A}\n- {entity_id: light.a, name: B}",
            'home.yaml:4: devices.1.entity_id: found "light.a", which devices.0.entity_id is called already.',
        ),
        (
            "- {entity_id: light.a, name: Desk Lamp}\n- {entity_id: light.b, name: The desk lamps}",
            'home.yaml:4: devices.1.name: found "The desk lamps", which devices.0.name is called already.',
        ),
        (
            "- {entity_id: light.a, name: A, sets: {light.a: {state: 'on'}}}",
            "devices.0.sets: only a scene or script sets others",
        ),
        (
            "- {entity_id: scene.a, name: A, sets: {light.z: {state: 'on'}}}",
            "sets.light.z: no device has this entity_id.",
        ),
        (
            "- {entity_id: light.a, name: A}\n- {entity_id: scene.b, name: B, sets: {light.a: {state: open}}}",
            'home.yaml:4: devices.1.sets.light.a.state: found "open"; allowed: on, off.',
        ),
    ],
)
def test_a_fault_in_the_file_is_told_with_line_key_found_and_allowed(tmp_path: Path, lines: str, fault: str) -> None:
    assert fault in complaint(tmp_path, HEAD + lines)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    text = HEAD + "- {entity_id: light.a, name: A, area: X}\n- {entity_id: light.b, name: B, state: dim}\n"
    assert len(complaint(tmp_path, text).splitlines()) == 2


def test_what_is_no_home_at_all_is_told(tmp_path: Path) -> None:
    assert "home.yaml:1: devices: this key is missing" in complaint(tmp_path, "")
    assert "home.yaml:1: " in complaint(tmp_path, "just words")
    assert "home.yaml:2: this is not valid YAML" in complaint(tmp_path, "devices:\n  - {name: [}")
    assert "not UTF-8" in complaint(tmp_path, b"\xff\xfe\x00d")
    assert "home.yaml:1: devices: " in complaint(tmp_path, "devices: []")
    with pytest.raises(ApplianceError, match="cannot read this file"):
        load_home(tmp_path / "missing.yaml")


def test_the_same_name_is_fine_where_kind_or_room_tells_them_apart(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_text(
        "areas: [{name: A}, {name: B}]\ndevices:\n"
        "- {entity_id: light.a, name: Ceiling, area: A}\n- {entity_id: light.b, name: Ceiling, area: B}\n"
        "- {entity_id: fan.a, name: Ceiling, area: A}\n"
    )
    assert len(load_home(path).devices) == 3


def test_a_command_takes_effect_only_a_moment_after_it_was_sent() -> None:
    registry = Registry([Device("light.a", "A", "light", state="off")])

    async def run() -> list[str]:
        await SimulatedHome(registry, delay_s=0.002).act("light.a", "turn_on", {"brightness": 40})
        sent = registry.get("light.a").state
        await asyncio.sleep(0.02)
        return [sent, registry.get("light.a").state]

    assert asyncio.run(run()) == ["off", "on"]
    assert registry.get("light.a").attributes == {"brightness": 40}


@pytest.mark.parametrize(
    ("device", "service", "data", "state", "attributes"),
    [
        (Device("cover.a", "A", "cover", attributes={"position": 0}), "open_cover", {}, "open", {"position": 100}),
        (Device("cover.a", "A", "cover"), "set_cover_position", {"position": 0}, "closed", {"position": 0}),
        (Device("lock.a", "A", "lock", state="locked"), "unlock", {}, "unlocked", {}),
        (
            Device("climate.a", "A", "climate", state="heat"),
            "set_temperature",
            {"temperature": 20.5},
            "heat",
            {"temperature": 20.5},
        ),
        (
            Device("light.a", "A", "light", attributes={"color_temperature": 2700}),
            "turn_on",
            {"color": "red"},
            "on",
            {"color": "red"},
        ),
        (
            Device("todo.a", "A", "todo", state="1", attributes={"items": ("milk",)}),
            "update_item",
            {"item": "milk", "status": "completed"},
            "0",
            {"items": ()},
        ),
    ],
)
def test_each_kind_of_device_does_what_it_is_told(
    device: Device, service: str, data: Mapping[str, Any], state: str, attributes: Mapping[str, Any]
) -> None:
    after = act(device, service, **data)
    assert (after.state, after.attributes) == (state, attributes)


def test_whatever_is_planned_for_a_device_that_device_can_carry_out() -> None:
    """The acts and the simulated devices are written apart, and must know the same services and words."""
    devices = load_home(config_file("home.yaml")).devices
    values: dict[str, list[dict[str, object]]] = {
        "HassLightSet": [{"brightness": 40}, {"color": "red"}, {"temperature": 3000}],
        "HassSetPosition": [{"position": 30}, {"position": 0}],
        "HassFanSetSpeed": [{"percentage": 70}],
        "HassClimateSetTemperature": [{"temperature": 22}],
        "HassSetVolume": [{"volume_level": 10}],
        "HassSetVolumeRelative": [{"volume_step": "up"}, {"volume_step": -5}],
        "HassMediaSearchAndPlay": [{"search_query": "Jazz"}],
    }
    carried_out = set()
    for tool, domains in ACTS.items():
        for device in devices:
            if device.domain in (
                domains or ("light", "lock", "cover", "valve", "climate", "vacuum", "scene", "script")
            ):
                for slots in values.get(tool, [{"item": "milk"}, {"item": "tea"}]):
                    try:
                        wanted = plan(ToolCall(tool, slots), device)
                    except CannotDo:
                        continue
                    assert wanted.reached(act(device, wanted.service, **wanted.data)), (tool, device.entity_id)
                    carried_out.add(tool)
    assert carried_out == set(ACTS)


@pytest.mark.parametrize(("fault", "state"), [("stuck", "off"), ("unavailable", "unavailable")])
def test_a_broken_device_ignores_commands(tmp_path: Path, fault: str, state: str) -> None:
    path = tmp_path / "home.yaml"
    path.write_text(f"devices: [{{entity_id: light.a, name: A, state: 'off', fault: {fault}}}]")
    device = load_home(path).get("light.a")
    assert act(device, "turn_on").state == state


def test_a_scene_sets_its_devices_but_not_the_broken_ones() -> None:
    sets = {"light.a": ("on", {"brightness": 15}), "light.b": ("on", {})}
    registry = Registry(
        [
            Device("scene.s", "S", "scene", attributes={"sets": sets}),
            Device("light.a", "A", "light", state="off"),
            Device("light.b", "B", "light", state="off", attributes={"fault": "stuck"}),
        ]
    )

    async def run() -> None:
        await SimulatedHome(registry, delay_s=0).act("scene.s", "turn_on", {})
        await asyncio.sleep(0.001)

    asyncio.run(run())
    assert [device.state for device in registry.devices] == ["activated", "on", "off"]
    assert registry.get("light.a").attributes == {"brightness": 15}


def test_an_unknown_device_or_service_is_refused_at_once() -> None:
    driver = SimulatedHome(Registry([Device("light.a", "A", "light")]))
    with pytest.raises(DriverError, match=r"no device light\.b"):
        asyncio.run(driver.act("light.b", "turn_on", {}))
    with pytest.raises(DriverError, match="no service explode"):
        asyncio.run(driver.act("light.a", "explode", {}))
