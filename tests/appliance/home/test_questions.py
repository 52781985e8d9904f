# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from appliance.home.errors import HomeError
from appliance.home.questions import get_date, get_state, get_temperature, get_time, get_weather
from appliance.home.registry import Area, Device, Registry
from appliance.home.tools import ToolCall


def light(name: str, area: str, state: str) -> Device:
    return Device(f"light.{name.lower().replace(' ', '_')}", name, "light", area, state=state)


def contact(name: str, device_class: str, state: str, area: str | None = None) -> Device:
    return Device(f"binary_sensor.{name.lower()}", name, "binary_sensor", area, device_class=device_class, state=state)


def lock(name: str, state: str) -> Device:
    return Device(f"lock.{name.lower()}", name, "lock", state=state)


DEVICES = [
    light("Counter", "Kitchen", "on"),
    light("Ceiling", "Kitchen", "on"),
    light("Lamp", "Bedroom", "off"),
    light("Mirror", "Bedroom", "off"),
    contact("Left", "window", "off", "Kitchen"),
    contact("Right", "window", "off", "Bedroom"),
    contact("Washer", "running", "on"),
    contact("Entry", "door", "on"),
    Device("lock.entry", "Entry", "lock", state="locked"),
    lock("Back", "unlocked"),
    Device("cover.gate", "Gate", "cover", device_class="gate", state="open", attributes={"position": 30}),
    Device("sensor.use", "Use", "sensor", device_class="power", state="412", unit="W"),
    Device("person.ada", "Ada", "person", state="not_home"),
    Device(
        "climate.heat",
        "Thermostat",
        "climate",
        "Kitchen",
        state="heat",
        attributes={"temperature": 21.0, "current_temperature": 20.5},
        unit="°C",
    ),
    Device("sensor.fridge", "Fridge", "sensor", "Kitchen", None, (), "temperature", "4", unit="°C"),
    Device("sensor.bed", "Bedroom Temperature", "sensor", "Bedroom", None, (), "temperature", "18.5", unit="°C"),
    Device("sensor.wine", "Wine Temperature", "sensor", "Cellar", None, (), "temperature", "12", unit="°C"),
    Device("weather.home", "Home", "weather", state="partlycloudy", attributes={"temperature": 12.0}, unit="°C"),
]
KITCHEN_AIR = Device(
    "sensor.air", "Kitchen Thermometer", "sensor", "Kitchen", device_class="temperature", state="22", unit="°C"
)
AREAS = [Area("Kitchen"), Area("Bedroom"), Area("Cellar")]


def ask(devices: list[Device] | None = None, context: str | None = None, /, **slots: str) -> str:
    return get_state(Registry(devices or DEVICES, AREAS), ToolCall("HassGetState", slots), context)


def changed(entity_id: str, state: str) -> list[Device]:
    return [replace(device, state=state) if device.entity_id == entity_id else device for device in DEVICES]


def test_one_device_is_told_with_all_that_belongs_to_it() -> None:
    assert ask(name="gate") == "Gate is 30 percent open"
    assert ask(name="use") == "Use is 412 W"
    assert ask(name="ada") == "Ada is away"
    assert ask(name="thermostat") == "Thermostat is in heating mode, set to 21 °C, now 20.5 °C"
    assert ask(changed("lock.back", "unavailable"), name="back") == "Back is not available"
    assert ask(changed("sensor.use", "unknown"), name="use") == "Use is in an unknown state"


def test_a_state_that_is_asked_of_one_device_is_answered_yes_or_no() -> None:
    assert ask(name="lamp", state="on") == "No, Lamp is off"
    assert ask(name="back", state="unlocked") == "Yes, Back is unlocked"
    assert ask(name="washer", state="running") == "Yes, Washer is running"
    assert ask(name="washer", state="on") == "Yes, Washer is running"
    assert ask(name="ada", state="home") == "No, Ada is away"
    assert ask(name="gate", state="open") == "Yes, Gate is 30 percent open"


def test_of_two_of_a_name_the_one_that_can_know_answers() -> None:
    assert ask(name="entry", state="locked") == "Yes, Entry is locked"
    assert ask(name="entry", state="closed") == "No, Entry is open"
    assert ask(name="entry", domain="lock", state="open") == "Entry is locked"


def test_how_many_and_which_are_told_at_once() -> None:
    assert ask(domain="light", state="on") == "2 lights are on: Counter and Ceiling"
    assert ask(domain="light", area="kitchen", state="on") == "All 2 lights in the Kitchen are on"
    assert ask(domain="light", area="kitchen", state="off") == "No lights in the Kitchen are off"
    assert ask(domain="binary_sensor", device_class="window", state="on") == "No windows are open"
    assert ask(changed("binary_sensor.left", "on"), device_class="window", state="open") == "1 window is open: Left"
    assert ask(device_class="running", state="on") == "Washer is running"


def test_whoever_asks_whether_all_is_locked_hears_of_the_one_that_is_not() -> None:
    assert ask(domain="lock", state="locked") == "1 lock is locked: Entry, but Back is not"


def test_a_device_that_cannot_be_reached_is_not_counted_but_named() -> None:
    assert ask(changed("light.ceiling", "unavailable"), domain="light", state="on") == (
        "1 light is on: Counter, and Ceiling is not available"
    )


def test_several_devices_without_a_state_are_told_by_their_states() -> None:
    assert ask(domain="light") == "2 lights in the Kitchen are on and 2 lights in the Bedroom are off"
    assert ask(None, "Bedroom", domain="light", area="here") == "2 lights in the Bedroom are off"


def test_a_question_about_nothing_or_about_what_is_not_there_is_refused() -> None:
    with pytest.raises(HomeError, match="What do you want to know about"):
        ask(state="on")
    with pytest.raises(HomeError, match="There is no fan in the Kitchen"):
        ask(domain="fan", area="kitchen")


def temperature(context: str | None = None, /, **slots: str) -> str:
    return get_temperature(Registry(DEVICES, AREAS), ToolCall("HassClimateGetTemperature", slots), context)


def test_a_room_is_as_warm_as_its_thermostat_or_its_thermometer_says() -> None:
    assert temperature() == "It is 20.5 °C in the Kitchen"  # the only thermostat
    assert temperature(area="kitchen") == "It is 20.5 °C in the Kitchen"
    assert temperature(area="bedroom") == "It is 18.5 °C in the Bedroom"
    assert temperature("Bedroom") == "It is 18.5 °C in the Bedroom"
    assert temperature("Cellar", area="here") == "Wine Temperature is 12 °C"
    without_thermostat = Registry([*DEVICES[:13], *DEVICES[14:], KITCHEN_AIR], AREAS)
    call = ToolCall("HassClimateGetTemperature", {"area": "kitchen"})
    assert get_temperature(without_thermostat, call, None) == "It is 22 °C in the Kitchen"
    assert temperature(name="fridge") == "Fridge is 4 °C"
    assert temperature(name="thermostat") == "Thermostat measures 20.5 °C"
    assert temperature(name="home") == "Home is 12 °C"


def test_without_a_thermometer_or_a_room_there_is_no_temperature() -> None:
    two = Registry([*DEVICES, replace(DEVICES[13], entity_id="climate.bed", area="Bedroom")], AREAS)
    with pytest.raises(HomeError, match=r"Which room do you mean\?"):
        get_temperature(two, ToolCall("HassClimateGetTemperature"), None)
    with pytest.raises(HomeError, match="Use tells no temperature"):
        temperature(name="use")
    with pytest.raises(HomeError, match="I know of no thermometer in the Kitchen"):
        get_temperature(Registry([], AREAS), ToolCall("HassClimateGetTemperature", {"area": "kitchen"}), None)


def test_the_weather_is_told_in_words() -> None:
    registry = Registry(DEVICES, AREAS)
    assert get_weather(registry, ToolCall("HassGetWeather")) == "It is partly cloudy and 12 °C"
    elsewhere = Device("weather.oslo", "Oslo", "weather", state="snowy")
    two = Registry([*DEVICES, elsewhere], AREAS)
    assert get_weather(two, ToolCall("HassGetWeather", {"name": "oslo"})) == "It is snowy in Oslo"
    with pytest.raises(HomeError, match="no weather report"):
        get_weather(Registry([], AREAS), ToolCall("HassGetWeather"))


@pytest.mark.parametrize(
    ("hour", "told"), [(0, "12:05 AM"), (7, "7:05 AM"), (12, "12:05 PM"), (19, "7:05 PM"), (23, "11:05 PM")]
)
def test_the_time_is_told_on_a_twelve_hour_clock(hour: int, told: str) -> None:
    assert get_time(datetime(2026, 11, 22, hour, 5)) == f"It is {told}"


def test_the_date_is_told_with_its_weekday() -> None:
    assert get_date(datetime(2026, 3, 1)) == "It is Sunday, March 1, 2026"
