# SPDX-License-Identifier: Apache-2.0
"""Where devices and tools come from, as the settings say: simulated home, MQTT, Zigbee2MQTT, Home Assistant, MCP."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from appliance.home.discovery import NotUnderstood
from appliance.home.drivers import Driver, Router
from appliance.home.exposes import Options
from appliance.home.home_file import read_home_file
from appliance.home.known import Known
from appliance.home.mqtt import Broker
from appliance.home.mqtt_devices import Mqtt
from appliance.home.registry import Registry
from appliance.home.simulated import SimulatedHome, load_home
from appliance.home.zigbee2mqtt import Zigbee2Mqtt
from appliance.settings import MqttSettings, Settings, SettingsError

if TYPE_CHECKING:
    from appliance.home.mcp import Servers

_LOG = logging.getLogger(__name__)


async def find_devices(settings: Settings, known: Known | None = None) -> tuple[Registry, Router]:
    """What is in the home, with every driver started: stop the router when done. Devices that are `known` from the last
    run come first, in the same order.

    Raises SettingsError, YamlError or HomeFileError; a server that is away raises nothing, its devices come later.
    """
    registry = load_home(settings.simulated) if settings.simulated else Registry([])
    found = drivers(settings, registry)
    router = Router(registry, found)
    if known is not None:
        known.fill(registry, [driver.source for driver in found])
    await router.start()
    for fault in router.faults():
        _LOG.error("%s", fault)
    return registry, router


def drivers(settings: Settings, registry: Registry) -> list[Driver]:
    """The drivers of all devices, not started; raises SettingsError for what cannot be used."""
    speakers = read_home_file(settings.simulated).speakers if settings.simulated else ()
    found: list[Driver] = [SimulatedHome(registry, speakers=speakers), *mqtt_drivers(settings.mqtt)]
    if hub := settings.home.home_assistant:
        from appliance.home.home_assistant import HomeAssistant

        try:
            found.append(HomeAssistant(hub.url, hub.token, ca_file=hub.ca_file))
        except OSError as error:
            raise SettingsError(f"home.home_assistant.ca_file: {hub.ca_file} cannot be used: {error}.") from None
    return found


def mqtt_broker(settings: MqttSettings) -> Broker | None:
    """The broker of the settings; None where MQTT is not used."""
    if settings.host is None:
        return None
    return Broker(
        settings.host,
        settings.port,
        settings.user,
        settings.password,
        settings.tls,
        settings.ca_file,
        settings.cert_file,
        settings.key_file,
    )


def mqtt_drivers(settings: MqttSettings) -> list[Driver]:
    """The drivers that the settings ask for, not started; raises SettingsError for a device that cannot be read."""
    broker = mqtt_broker(settings)
    if broker is None:
        return []
    devices = {
        f"mqtt.devices.{i}": (device.kind, device.model_dump(exclude_none=True, by_alias=True, exclude={"kind"}))
        for i, device in enumerate(settings.devices)
    }
    zigbee, drivers = settings.zigbee2mqtt, list[Driver]()
    if devices or settings.discovery:
        known = ("Zigbee2MQTT", "appliance") if zigbee.base_topic else ("appliance",)
        try:
            drivers.append(Mqtt(broker, devices, prefix=settings.discovery, not_from=known))
        except NotUnderstood as error:
            raise SettingsError(f"mqtt.devices: {error}.") from None
    if zigbee.base_topic:
        drivers.append(Zigbee2Mqtt(broker, Options(zigbee.base_topic, zigbee.areas, zigbee.classes)))
    return drivers


def tool_servers(settings: Settings) -> Servers | None:
    """The MCP servers that the settings ask for, not started; None where there are none. Raises SettingsError."""
    if not settings.mcp.servers:
        return None
    try:
        from appliance.home.mcp import Server, Servers  # the package mcp and all that it needs is loaded only here
    except ImportError as error:
        raise SettingsError(
            f"mcp.servers: the package {error.name} is missing; install it: pip install 'mcp>=2.3,<3'."
        ) from error
    if settings.policy.pin is None and (
        asking := [name for name, server in settings.mcp.servers.items() if "pin" in server.tools.values()]
    ):
        raise SettingsError(f"mcp.servers.{asking[0]}.tools: a tool with `pin` needs policy.pin, which is not set.")
    return Servers([Server(name, server) for name, server in settings.mcp.servers.items()])
