# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import string
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.home.acts import ACTS, Act
from appliance.home.errors import DriverError
from appliance.home.execute import CallContext, Home, Way
from appliance.home.policy import Policy
from appliance.home.registry import Device, Listener, Registry
from appliance.home.simulated import SimulatedHome, load_home
from appliance.home.timers import Timers
from appliance.home.tools import TOOLS, Change, ToolCall, ToolResult
from appliance.paths import config_file
from appliance.settings import PolicySettings
from tests.clock import FakeClock

PACKAGED = load_home(config_file("home.yaml"))


def registry(**states: Mapping[str, Any]) -> Registry:
    """Return the packaged home with some devices changed: `light__kitchen={"state": "on"}`."""
    changes = {name.replace("__", "."): change for name, change in states.items()}
    assert set(changes) <= {device.entity_id for device in PACKAGED.devices}
    devices = [
        replace(
            device,
            state=changes.get(device.entity_id, {}).get("state", device.state),
            attributes={**device.attributes, **changes.get(device.entity_id, {}).get("attributes", {})},
        )
        for device in PACKAGED.devices
    ]
    return Registry(devices, PACKAGED.areas, PACKAGED.floors)


STUCK: Mapping[str, Any] = {"attributes": {"fault": "stuck"}}
UNAVAILABLE: Mapping[str, Any] = {"state": "unavailable"}


async def ask(devices: Registry, call: ToolCall, area: str | None = None, driver: Way | None = None) -> ToolResult:
    clock = FakeClock()
    everything = Policy(PolicySettings(defaults=False))  # test_policy.py has the rules
    driver = driver or SimulatedHome(devices, delay_s=0)
    home = Home(devices, driver, Timers(clock), clock, policy=everything, read_back_s=0.03)
    return await home.call(call, CallContext(area))


def do(tool: str, here: str | None = None, home: Registry | None = None, /, **slots: object) -> ToolResult:
    return asyncio.run(ask(home or registry(), ToolCall(tool, slots), here))


def say(tool: str, here: str | None = None, home: Registry | None = None, /, **slots: object) -> str:
    """Return what the call says; a refusal in brackets."""
    result = do(tool, here, home, **slots)
    assert (result.result is None) == (result.error is not None) == (not result.success)
    return result.result if result.result is not None else f"[{result.error}]"


def test_a_command_changes_the_device_and_tells_what_it_reports() -> None:
    home = registry()
    result = do("HassTurnOn", None, home, name="kitchen light")
    assert result == ToolResult(
        True, result="Kitchen Light is on", changed=(Change("light.kitchen", "off", "on, brightness 80 percent"),)
    )
    assert home.get("light.kitchen").state == "on"


@pytest.mark.parametrize(
    ("tool", "slots", "entity_id", "state", "told"),
    [
        ("HassTurnOff", {"name": "island lights"}, "light.kitchen_island", "off", "Island Lights are off"),
        ("HassTurnOn", {"name": "garage door"}, "cover.garage_door", "open", "Garage Door is open"),
        ("HassTurnOff", {"name": "kitchen blind"}, "cover.kitchen_blind", "closed", "Kitchen Blind is closed"),
        ("HassTurnOff", {"name": "front door"}, "lock.front_door", "unlocked", "Front Door is unlocked"),
        ("HassTurnOn", {"name": "front door"}, "lock.front_door", "locked", "Front Door is locked"),
        ("HassTurnOff", {"name": "water main"}, "valve.water_main", "closed", "Water Main is closed"),
        ("HassToggle", {"name": "desk lamp"}, "light.desk_lamp", "off", "Desk Lamp is off"),
        ("HassToggle", {"name": "side door"}, "lock.garage_side_door", "unlocked", "Side Door is unlocked"),
        ("HassTurnOff", {"name": "thermostat"}, "climate.thermostat", "off", "Thermostat is off"),
        ("HassTurnOn", {"name": "movie night"}, "scene.movie_night", "activated", "Movie Night was activated"),
        ("HassTurnOn", {"name": "good night"}, "lock.front_door", "locked", "Good Night was started"),
        ("HassTurnOn", {"name": "tv"}, "media_player.tv", "on", "TV is on"),
        ("HassVacuumStart", {}, "vacuum.dusty", "cleaning", "Dusty is cleaning"),
        ("HassVacuumReturnToBase", {"name": "dusty"}, "vacuum.dusty", "docked", "Dusty is docked"),
    ],
)
def test_turning_on_and_off_means_what_the_device_can_do(
    tool: str, slots: dict[str, Any], entity_id: str, state: str, told: str
) -> None:
    home = registry()
    assert say(tool, None, home, **slots) == told
    assert home.get(entity_id).state == state


@pytest.mark.parametrize(
    ("tool", "slots", "entity_id", "attributes", "told"),
    [
        (
            "HassLightSet",
            {"name": "bedroom lamp", "brightness": "40"},
            "light.bedroom_lamp",
            {"brightness": 40},
            "Bedroom Lamp is on, brightness 40 percent",
        ),
        (
            "HassLightSet",
            {"name": "bedroom lamp", "color": "red"},
            "light.bedroom_lamp",
            {"color": "red"},
            "Bedroom Lamp is on, color red",
        ),
        (
            "HassLightSet",
            {"name": "desk lamp", "temperature": "3000"},
            "light.desk_lamp",
            {"color_temperature": 3000},
            "Desk Lamp is on, color temperature 3000 kelvin",
        ),
        (
            "HassSetPosition",
            {"name": "living room blinds", "position": "40"},
            "cover.living_room_blinds",
            {"position": 40},
            "Living Room Blinds are 40 percent open",
        ),
        (
            "HassFanSetSpeed",
            {"name": "bedroom fan", "percentage": "70"},
            "fan.bedroom",
            {"percentage": 70},
            "Bedroom Fan is on, speed 70 percent",
        ),
        (
            "HassClimateSetTemperature",
            {"name": "thermostat", "temperature": "20.5"},
            "climate.thermostat",
            {"temperature": 20.5},
            "Thermostat is set to 20.5 °C",
        ),
        (
            "HassSetVolume",
            {"name": "office speaker", "volume_level": "10"},
            "media_player.office_speaker",
            {"volume_level": 10},
            "Office Speaker is at volume 10 percent",
        ),
        (
            "HassSetVolumeRelative",
            {"name": "office speaker", "volume_step": "up"},
            "media_player.office_speaker",
            {"volume_level": 50},
            "Office Speaker is at volume 50 percent",
        ),
        (
            "HassSetVolumeRelative",
            {"name": "office speaker", "volume_step": "-100"},
            "media_player.office_speaker",
            {"volume_level": 0},
            "Office Speaker is at volume 0 percent",
        ),
        (
            "HassMediaPlayerMute",
            {"name": "office speaker"},
            "media_player.office_speaker",
            {"muted": True},
            "Office Speaker is muted",
        ),
        (
            "HassMediaSearchAndPlay",
            {"name": "tv", "search_query": "the news"},
            "media_player.tv",
            {"media_title": "the news"},
            "TV is playing the news",
        ),
        (
            "HassMediaSearchAndPlay",
            {"search_query": "Thriller in the office"},
            "media_player.office_speaker",
            {"media_title": "Thriller"},
            "Office Speaker is playing Thriller",
        ),
        (
            "HassMediaSearchAndPlay",
            {"search_query": "life on mars on the TV"},
            "media_player.tv",
            {"media_title": "life on mars"},
            "TV is playing life on mars",
        ),
        (
            "HassShoppingListAddItem",
            {"item": "apples"},
            "todo.shopping_list",
            {"items": ("milk", "bread", "apples")},
            "Shopping List has apples",
        ),
        (
            "HassShoppingListCompleteItem",
            {"item": "Milk"},
            "todo.shopping_list",
            {"items": ("bread",)},
            "Shopping List no longer has Milk",
        ),
        (
            "HassListAddItem",
            {"item": "mow", "name": "weekend list"},
            "todo.weekend_jobs",
            {"items": ("clean the gutters", "mow")},
            "Weekend Jobs has mow",
        ),
    ],
)
def test_a_setting_is_set_and_told(
    tool: str, slots: dict[str, Any], entity_id: str, attributes: dict[str, Any], told: str
) -> None:
    home = registry()
    assert say(tool, None, home, **slots) == told
    assert {name: home.get(entity_id).attributes[name] for name in attributes} == attributes


def test_several_devices_are_told_together_by_what_they_have_in_common() -> None:
    assert say("HassTurnOff", area="kitchen", domain="light") == "2 lights in the Kitchen are off"
    assert say("HassTurnOn", domain="cover") == "4 covers are open"
    assert say("HassTurnOff", name="all", area="kitchen") == "3 devices in the Kitchen are off"
    assert say("HassTurnOff", "Office", domain="light", area="here") == "Desk Lamp is off"


def test_what_a_device_cannot_do_is_said_and_not_tried() -> None:
    assert say("HassLightSet", name="hallway light", brightness=40) == "[Hallway Light cannot be dimmed]"
    assert say("HassLightSet", name="island lights", color="red") == "[Island Lights cannot change its color]"
    assert say("HassSetPosition", name="garage door", position=40) == "[Garage Door can only be opened or closed]"
    assert say("HassSetPosition", name="garage door", position=100) == "Garage Door is open"
    assert say("HassTurnOff", name="movie night") == "[Movie Night cannot be turned off]"
    assert say("HassTurnOn", name="bedroom window") == "[Bedroom Window cannot be switched]"
    assert say("HassMediaPause", name="tv") == "[TV is off]"
    assert say("HassShoppingListCompleteItem", item="tea") == "[tea is not on the Shopping List]"
    assert say("HassShoppingListAddItem", item="milk") == "[milk is already on the Shopping List]"
    assert say("HassLightSet", name="desk lamp") == "[Should I change the brightness or the color?]"


@pytest.mark.parametrize(
    ("tool", "slots", "was", "told"),
    [
        (
            "HassLightSet",
            {"name": "desk lamp", "brightness_step": "up"},
            ("light.desk_lamp", "on", {"brightness": 40}),
            "Desk Lamp is on, brightness 60 percent",
        ),
        (
            "HassLightSet",
            {"name": "desk lamp", "brightness_step": "-15"},
            ("light.desk_lamp", "on", {"brightness": 40}),
            "Desk Lamp is on, brightness 25 percent",
        ),
        (
            "HassLightSet",
            {"name": "desk lamp", "brightness_step": "-90"},
            ("light.desk_lamp", "on", {"brightness": 40}),
            "Desk Lamp is on, brightness 1 percent",
        ),
        (
            "HassLightSet",
            {"name": "desk lamp", "brightness_step": "up"},
            ("light.desk_lamp", "off", {"brightness": 80}),
            "Desk Lamp is on, brightness 20 percent",
        ),
        (
            "HassLightSet",
            {"name": "desk lamp", "brightness_step": "down"},
            ("light.desk_lamp", "off", {}),
            "[Desk Lamp is off]",
        ),
        (
            "HassLightSet",
            {"name": "hallway light", "brightness_step": "up"},
            ("light.hallway", "on", {}),
            "[Hallway Light cannot be dimmed]",
        ),
        (
            "HassClimateSetTemperature",
            {"name": "thermostat", "temperature_step": "up"},
            ("climate.thermostat", "heat", {"temperature": 20.5}),
            "Thermostat is set to 21.5 °C",
        ),
        (
            "HassClimateSetTemperature",
            {"name": "thermostat", "temperature_step": "-2"},
            ("climate.thermostat", "heat", {"temperature": 20.5}),
            "Thermostat is set to 18.5 °C",
        ),
        (
            "HassClimateSetTemperature",
            {"name": "thermostat", "temperature_step": "20"},
            ("climate.thermostat", "heat", {"temperature": 20.5}),
            "[Thermostat can be set from 7 to 30 °C, not to 40.5]",
        ),
        (
            "HassClimateSetTemperature",
            {"name": "thermostat"},
            ("climate.thermostat", "heat", {}),
            "[What temperature do you want?]",
        ),
        (
            "HassSetPosition",
            {"name": "garage door", "position_step": "up"},
            ("cover.garage_door", "closed", {}),
            "[Garage Door can only be opened or closed]",
        ),
    ],
)
def test_a_step_starts_from_what_the_device_reports(
    tool: str, slots: dict[str, str], was: tuple[str, str, dict[str, Any]], told: str
) -> None:
    entity_id, state, attributes = was
    home = registry(**{entity_id.replace(".", "__"): {"state": state, "attributes": attributes}})
    assert say(tool, "Office" if "desk" in entity_id else None, home, **slots) == told


def test_what_is_left_out_is_not_touched() -> None:
    home = registry()
    result = do("HassTurnOn", None, home, domain="light", **{"except": "kitchen, bedroom lamp and the desk lamp"})
    touched = {change.entity_id for change in result.changed}
    rooms = {home.get(entity_id).area for entity_id in touched}
    assert result.success and touched and "Kitchen" not in rooms
    assert not touched & {"light.bedroom_lamp", "light.desk_lamp"}
    for spared, error in (
        ("greenhouse", "[I do not know what you mean by greenhouse, so I changed nothing]"),
        ("kitchen, bedroom", "[I do not know what you mean by bedroom, so I changed nothing]"),
        ("kitchen", "[With those left out there is nothing to change]"),
    ):
        assert say("HassTurnOn", area="kitchen", domain="light", **{"except": spared}) == error


def test_a_value_out_of_range_changes_nothing() -> None:
    for tool, slots, error in (
        ("HassLightSet", {"area": "kitchen", "brightness": "500"}, "brightness must be between 0 and 100, not 500"),
        (
            "HassClimateSetTemperature",
            {"name": "thermostat", "temperature": "500"},
            "Thermostat can be set from 7 to 30 °C, not to 500",
        ),
        (
            "HassLightSet",
            {"name": "desk lamp", "temperature": 9000},
            "The color temperature of Desk Lamp must be between 2700 and 6500 kelvin",
        ),
    ):
        home = registry()
        before = home.devices
        assert do(tool, None, home, **slots) == ToolResult(False, error=error)
        assert home.devices == before


def test_in_a_room_those_that_can_do_and_the_others_are_named() -> None:
    assert say("HassLightSet", area="bedroom", color="red") == (
        "Bedroom Lamp is on, color red, but Bedroom Ceiling Light cannot change its color"
    )


def test_a_device_that_does_not_follow_is_never_said_to_have_done_it() -> None:
    assert say("HassTurnOn", None, registry(light__bedroom_lamp=STUCK), name="bedroom lamp") == (
        "[Bedroom Lamp did not answer and is still off]"
    )
    assert say("HassTurnOn", None, registry(light__bedroom_lamp=UNAVAILABLE), name="bedroom lamp") == (
        "[Bedroom Lamp is not available]"
    )
    assert say("HassTurnOn", None, registry(scene__movie_night=STUCK), name="movie night") == (
        "[Movie Night did not answer and is still not activated]"
    )


def test_of_several_devices_those_that_failed_are_named() -> None:
    home = registry(light__bedroom_lamp=STUCK, light__garage=UNAVAILABLE)
    result = do("HassTurnOn", None, home, domain="light")
    assert result.success
    assert result.result == (
        "8 lights are on, but Garage Light is not available and Bedroom Lamp did not answer and is still off"
    )
    assert "light.bedroom_lamp" not in {change.entity_id for change in result.changed}
    both = registry(light__bedroom_lamp=STUCK, light__bedroom_ceiling=STUCK)
    assert say("HassTurnOn", None, both, area="bedroom", domain="light") == (
        "[Bedroom Lamp and Bedroom Ceiling Light did not answer]"
    )


class Wayward:
    """A driver whose devices report what the test wants, when it wants; it remembers whom it was to reach."""

    def __init__(self, devices: Registry, state: str, *, after_s: float = 0, **attributes: object) -> None:
        self.reached: list[str] = []
        self._devices, self._report, self._after_s = devices, (state, attributes), after_s

    async def act(self, entity_id: str, service: str, data: Mapping[str, Any]) -> None:
        self.reached.append(entity_id)
        asyncio.get_running_loop().call_later(self._after_s, self._devices.update, entity_id, *self._report)


def test_a_slow_device_is_waited_for() -> None:
    home = registry()
    call = ToolCall("HassLightSet", {"name": "desk lamp", "brightness": 40})
    result = asyncio.run(ask(home, call, driver=Wayward(home, "on", after_s=0.01, brightness=40)))
    assert result.result == "Desk Lamp is on, brightness 40 percent"


def test_what_a_device_does_instead_is_told_as_it_is() -> None:
    home = registry()
    call = ToolCall("HassLightSet", {"name": "bedroom ceiling light", "brightness": 40})
    result = asyncio.run(ask(home, call, driver=Wayward(home, "on", brightness=99)))
    assert result.error == "Bedroom Ceiling Light is on, brightness 99 percent instead"
    assert result.changed == (Change("light.bedroom_ceiling", "off", "on, brightness 99 percent"),)


def test_a_light_that_rounds_its_color_temperature_did_what_it_was_told() -> None:
    home = registry()
    call = ToolCall("HassLightSet", {"name": "desk lamp", "temperature": 3000})
    result = asyncio.run(ask(home, call, driver=Wayward(home, "on", color_temperature=3003)))
    assert result.result == "Desk Lamp is on, color temperature 3003 kelvin"


def test_a_cover_on_its_way_is_told_as_such_and_a_lock_only_when_it_is_locked() -> None:
    home = registry()
    call = ToolCall("HassSetPosition", {"name": "living room blinds", "position": 60})
    result = asyncio.run(ask(home, call, driver=Wayward(home, "opening", position=5)))
    assert result.result == "Living Room Blinds are opening"
    call = ToolCall("HassTurnOff", {"name": "front door"})
    result = asyncio.run(ask(home, call, driver=Wayward(home, "unlocking")))
    assert result.error == "Front Door is unlocking instead"


def test_a_device_that_cannot_be_reached_is_sent_nothing() -> None:
    home = registry(light__bedroom_lamp=UNAVAILABLE)
    driver = Wayward(home, "on")
    result = asyncio.run(ask(home, ToolCall("HassTurnOn", {"area": "bedroom", "domain": "light"}), driver=driver))
    assert result.result == "Bedroom Ceiling Light is on, but Bedroom Lamp is not available"
    assert driver.reached == ["light.bedroom_ceiling"]


class Broken:
    """A driver that has lost its way to the devices."""

    async def act(self, entity_id: str, service: str, data: Mapping[str, Any]) -> None:
        raise DriverError("the broker is gone")


def test_why_a_device_could_not_be_reached_is_told() -> None:
    result = asyncio.run(ask(registry(), ToolCall("HassTurnOn", {"name": "bedroom lamp"}), driver=Broken()))
    assert result == ToolResult(False, error="Bedroom Lamp could not be reached: the broker is gone")


class Counting(Registry):
    """A registry that knows how many listen to it."""

    listeners = 0

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        leave = super().subscribe(listener)
        self.listeners += 1

        def leave_and_count() -> None:
            self.listeners -= 1
            leave()

        return leave_and_count


def test_waiting_for_a_device_can_be_given_up() -> None:
    """A barge-in cancels the call; nothing of it may stay behind."""

    async def run() -> tuple[int, int]:
        home = Counting(registry(light__bedroom_lamp=STUCK).devices)
        calling = asyncio.create_task(ask(home, ToolCall("HassTurnOn", {"name": "bedroom lamp"})))
        await asyncio.sleep(0.005)
        while_waiting = home.listeners
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        return while_waiting, home.listeners

    assert asyncio.run(run()) == (1, 0)


def test_without_a_name_a_media_command_means_what_plays_or_the_player_in_the_room() -> None:
    playing = registry(media_player__office_speaker={"state": "playing"})
    assert say("HassMediaPause", None, playing) == "Office Speaker is paused"
    assert say("HassMediaUnpause", "Kitchen") == "Living Room Speaker is playing Evening Jazz"
    assert say("HassSetVolume", "Office", volume_level=20) == "Office Speaker is at volume 20 percent"
    assert say("HassSetVolume", volume_level=20) == (
        "[Which one do you mean, TV, Living Room Speaker or Office Speaker?]"
    )
    assert say("HassMediaSearchAndPlay", "Living Room", search_query="x") == (
        "[Which one do you mean, TV or Living Room Speaker?]"
    )


def test_without_a_name_a_thermostat_is_that_of_the_room_or_the_only_one() -> None:
    assert say("HassClimateSetTemperature", "Bedroom", temperature=20) == "Bedroom Radiator is set to 20 °C"
    assert say("HassClimateSetTemperature", temperature=20) == (
        "[Which one do you mean, Thermostat or Bedroom Radiator?]"
    )
    off = registry(climate__thermostat={"state": "off"})
    assert say("HassClimateSetTemperature", None, off, name="thermostat", temperature=20) == (
        "Thermostat is set to 20 °C, but off"
    )


def test_time_and_date_are_told_from_the_clock() -> None:
    assert say("HassGetCurrentTime") == "It is 7:05 PM"
    assert say("HassGetCurrentDate") == "It is Sunday, November 22, 2026"


def test_never_mind_and_timers_pass_through() -> None:
    assert say("HassNevermind") == "Nothing was changed"
    assert say("HassStartTimer", "Kitchen", minutes="5") == "A timer is set for 5 minutes"


def test_what_fits_no_schema_is_refused() -> None:
    assert say("HassExplode") == "[I have no tool for that]"
    assert say("HassTurnOn", name="desk lamp", brightness=4) == "[brightness cannot be given here]"


NAMES = sorted({device.name for device in PACKAGED.devices} | {"all", "lights", "kitchen", "door", "pizza", "milk"})
PLACES = sorted({area.name for area in PACKAGED.areas} | {"here", "upstairs", "attic"})
NONSENSE = st.one_of(st.text(string.printable, max_size=12), st.integers(-200, 7000), st.floats(), st.none())


def value(slot: str, schema: Mapping[str, Any]) -> st.SearchStrategy[object]:
    """Draw mostly what people say there, and sometimes what nobody should."""
    if slot in ("area", "floor"):
        return st.sampled_from(PLACES)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("type") in ("integer", "number"):
        return st.integers(schema["minimum"] - 1, min(schema["maximum"], schema["minimum"] + 150) + 1).map(str)
    return st.sampled_from(NAMES) if slot != "volume_step" else st.sampled_from(["up", "down", "-10", "200"])


@st.composite
def calls(draw: st.DrawFn) -> ToolCall:
    tool = draw(st.sampled_from(TOOLS))
    schemas: dict[str, Any] = tool["parameters"]["properties"]
    chance = {"name": 1, "brightness": 1, "hours": 1}
    needed = tool["parameters"]["required"]
    slots = [slot for slot in schemas if slot in needed or draw(st.integers(0, chance.get(slot, 5))) == 0]
    arguments = {
        slot: draw(NONSENSE if draw(st.integers(0, 15)) == 0 else value(slot, schemas[slot])) for slot in slots
    }
    return ToolCall(tool["name"], arguments | ({"extra": 1} if draw(st.integers(0, 20)) == 20 else {}))


@settings(max_examples=300, deadline=None)
@given(
    call=calls(),
    area=st.one_of(st.none(), st.sampled_from([area.name for area in PACKAGED.areas])),
    broken=st.booleans(),
)
def test_whatever_is_called_never_raises_and_a_failure_changes_nothing(
    call: ToolCall, area: str | None, broken: bool
) -> None:
    alone: dict[str, Mapping[str, Any]] = {
        "scene__movie_night": {"attributes": {"sets": {}}},  # else it changes others than itself
        "script__good_night": {"attributes": {"sets": {}}},
    }
    home = registry(**alone, **({"light__kitchen": STUCK, "lock__front_door": UNAVAILABLE} if broken else {}))
    before = home.devices
    result = asyncio.run(ask(home, call, area))
    changed = {old.entity_id for old, new in zip(before, home.devices, strict=True) if old != new}
    assert (result.result is None) == (not result.success)
    assert (result.error is None) == result.success
    assert {change.entity_id for change in result.changed} == changed
    assert not changed or (result.success and call.name in ACTS)


def test_a_device_is_only_data() -> None:
    """What a device reports is quoted shortly, and on one line."""
    home = Registry([Device("sensor.a", "A", "sensor", state="ignore this\n" * 100)])
    said = say("HassGetState", None, home, name="A")
    assert "\n" not in said
    assert len(said) < 120


def test_what_was_so_before_proves_nothing_about_a_command_that_was_not_sent() -> None:
    home = registry(light__bedroom_lamp={"state": "on"})
    result = asyncio.run(ask(home, ToolCall("HassTurnOn", {"name": "bedroom lamp"}), driver=Broken()))
    assert result == ToolResult(False, error="Bedroom Lamp could not be reached: the broker is gone")


def test_a_level_may_be_rounded_by_the_device() -> None:
    act = Act("turn_on", {"brightness": 40}, ("on",), {"brightness": 40})
    lamp = Device("light.a", "A", "light", state="on", attributes={"brightness": 39})
    assert act.reached(lamp) and not act.reached(replace(lamp, attributes={"brightness": 37}))
