# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.home.errors import Ambiguous, HomeError, NotFound
from appliance.home.naming import likeness, words
from appliance.home.registry import Area, Device, Floor, Registry
from appliance.home.resolver import resolve
from appliance.home.simulated import load_home
from appliance.paths import config_file


def device(entity_id: str, name: str, area: str | None = None, device_class: str | None = None) -> Device:
    floor = {"Bedroom": "Upstairs", "Bathroom": "Upstairs"}.get(area or "", "Ground Floor" if area else None)
    aliases = ("night light",) if entity_id == "light.bed" else ()
    domain = entity_id.partition(".")[0]
    return Device(entity_id, name, domain, area, floor, aliases, device_class, state="off")


HOME = Registry(
    [
        device("light.ceiling", "Kitchen Ceiling", "Kitchen"),
        device("light.counter", "Kitchen Counter", "Kitchen"),
        device("switch.kettle", "Kettle", "Kitchen", "outlet"),
        device("lock.pantry", "Pantry", "Kitchen"),
        device("light.bed", "Bedroom Lamp", "Bedroom"),
        device("light.reading", "Bedroom Reading Light", "Bedroom"),
        device("fan.bedroom", "Bedroom Fan", "Bedroom"),
        device("cover.left", "Left Blind", "Living Room", "blind"),
        device("cover.right", "Right Blind", "Living Room", "blind"),
        device("cover.garage", "Garage Door", "Garage", "garage"),
        device("lock.front", "Front Door"),
        device("binary_sensor.front", "Front Door", None, "door"),
        device("valve.main", "Water Main"),
        device("light.lamp_1", "Lamp 1", "Living Room"),
        device("light.lamp_2", "Lamp 2", "Living Room"),
        device("media_player.tv", "TV", "Living Room", "tv"),
        device("scene.movie", "Movie Night"),
        device("sensor.power", "Power Use", None, "power"),
    ],
    [
        Area("Kitchen", "Ground Floor"),
        Area("Living Room", "Ground Floor", ("lounge",)),
        Area("Garage", "Ground Floor"),
        Area("Bedroom", "Upstairs"),
        Area("Bathroom", "Upstairs"),
    ],
    [Floor("Ground Floor", ("downstairs",)), Floor("Upstairs")],
)


def found(name: str | None = None, context: str | None = None, acting: bool = True, **slots: str) -> set[str]:
    """Return the ids without their domain, for they are all different."""
    arguments = slots if name is None else {"name": name, **slots}
    return {device.entity_id for device in resolve(HOME, arguments, context, acting=acting)}


def refusal(name: str | None = None, context: str | None = None, **slots: str) -> str:
    with pytest.raises((NotFound, Ambiguous)) as caught:
        found(name, context, True, **slots)
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["Bedroom Lamp", "bedroom lamp", "the Bedroom Lamps", "bedroom-lamp!", "Night light", "bed room lamp"]
)
def test_a_name_is_found_whatever_its_case_article_plural_or_alias(name: str) -> None:
    assert found(name) == {"light.bed"}


def test_a_room_may_stand_in_the_name_beside_it_or_be_where_the_speaker_is() -> None:
    assert found("reading light", area="Bedroom") == {"light.reading"}
    assert found("lamp in the bedroom") == {"light.bed"}
    assert found("the lamp", context="Bedroom") == {"light.bed"}
    assert found("kitchen ceiling light") == {"light.ceiling"}


def test_a_room_and_a_kind_mean_all_of_that_kind_there() -> None:
    lights = {"light.ceiling", "light.counter"}
    assert found(area="kitchen", domain="light") == lights
    assert found(area="here", context="Kitchen", domain="light") == lights
    assert found("kitchen lights") == lights
    assert found("lights", area="Kitchen") == lights
    assert found("kitchen", domain="light") == lights
    assert found("all", area="Kitchen", domain="light") == lights
    assert found("blinds", area="lounge") == {"cover.left", "cover.right"}


def test_one_light_of_a_room_is_the_one_that_alone_is_named_after_it() -> None:
    worktop, ceiling = (
        device("light.worktop", "Worktop Light", "Kitchen"),
        device("light.big", "Kitchen Ceiling Light", "Kitchen"),
    )
    home = Registry([worktop, ceiling, device("light.hob", "Hob Light", "Kitchen")], [Area("Kitchen")], [])

    def said(text: str, acting: bool = True) -> set[str]:
        return {each.entity_id for each in resolve(home, {"name": text}, None, acting=acting)}

    every = {"light.worktop", "light.big", "light.hob"}
    assert said("kitchen light") == {"light.big"} and said("kitchen lights") == every
    assert said("kitchen light", acting=False) == every
    home = Registry([worktop, ceiling, device("light.hob", "Kitchen Hob Light", "Kitchen")], [Area("Kitchen")], [])
    assert said("kitchen light") == every


def test_a_kind_alone_means_the_whole_home_and_a_noun_alone_this_room() -> None:
    assert found(domain="fan") == {"fan.bedroom"}
    assert len(found(domain="light")) == 6
    assert len(found("all the lights")) == 6
    assert found("the lights", context="Kitchen") == {"light.ceiling", "light.counter"}
    assert found("the fan") == {"fan.bedroom"}
    assert refusal("the lights") == "Which light do you mean?"


def test_floors_are_places_too_even_if_said_as_rooms() -> None:
    upstairs = {"light.bed", "light.reading"}
    assert found(floor="Upstairs", domain="light") == upstairs
    assert found(area="upstairs", domain="light") == upstairs
    assert found(floor="bedroom", domain="light") == upstairs
    assert len(found(floor="downstairs", domain="light")) == 4


def test_a_room_that_was_misheard_is_found_and_one_that_is_not_there_is_named() -> None:
    assert found(area="kitchin", domain="light") == {"light.ceiling", "light.counter"}
    assert refusal(area="attic", domain="light") == "I do not know a room called attic"
    assert refusal(floor="third floor", domain="light") == "I do not know a floor called third floor"
    assert refusal(area="here", domain="light") == "Which room do you mean?"


def test_a_place_that_is_no_room_may_be_in_the_names_of_devices() -> None:
    assert found(area="left", domain="cover", device_class="blind") == {"cover.left"}
    assert found(area="counter", domain="light") == {"light.counter"}
    assert refusal(area="counter", domain="switch") == "I do not know a room called counter"
    assert refusal(area="pantry", domain="lock") == "I do not know a room called pantry", (
        "what is guarded is not guessed"
    )


def test_whose_it_is_may_be_said() -> None:
    assert found("his bedroom lamp") == {"light.bed"}
    assert found(area="her bedroom", domain="fan") == {"fan.bedroom"}
    assert refusal("her greenhouse") == "I do not know a device called greenhouse"
    ours = Registry([device("light.his", "His Lamp"), device("light.her", "Her Lamp")])
    assert [each.entity_id for each in resolve(ours, {"name": "her lamp"}, None)] == ["light.her"]


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("bedroom lamb", "light.bed"),
        ("bedroom ream ding light", "light.reading"),
        ("kitchen sealing", "light.ceiling"),
        ("kitten ceiling", None),
        ("cattle", "switch.kettle"),
        ("kettel", "switch.kettle"),
        ("moovy night", "scene.movie"),
        ("lamp 3", None),
        ("bathroom fan", None),
        ("bed fan", None),
        ("left blinds", "cover.left"),
        ("night lamp", "light.bed"),
    ],
)
def test_a_misheard_name_is_found_only_when_it_is_near(heard: str, meant: str | None) -> None:
    if meant is not None:
        assert found(heard) == {meant}
    else:
        with pytest.raises(NotFound):
            found(heard)


def test_a_room_said_exactly_is_never_taken_for_one_nearly_of_that_name() -> None:
    rooms = [Area("Christopher Robins Playroom"), Area("Christophe Robins Playroom")]
    lamps = [Device(f"light.{index}", "Lamp", "light", room.name) for index, room in enumerate(rooms)]
    for lamp in lamps:
        assert resolve(Registry(lamps, rooms), {"area": lamp.area, "domain": "light"}, None) == [lamp]
    with pytest.raises(NotFound):  # as near to the one as to the other
        resolve(Registry(lamps, rooms), {"area": "Christopha Robins Playroom", "domain": "light"}, None)


def test_likeness_needs_every_word() -> None:
    assert likeness(words("bedroom lamp"), words("Bedroom Lamp")) == 100
    assert likeness(words("bed room lamp"), words("Bedroom Lamp")) == 100
    assert likeness(words("bathroom lamp"), words("Bedroom Lamp")) == 0
    assert likeness(words("lamp 1"), words("Lamp 2")) == 0
    assert likeness((), words("Lamp")) == 0


def test_a_possessive_says_nothing_of_its_own() -> None:
    assert words("the pasta's") == words("pasta") and words("James\u2019s Lamp") == words("James Lamp")
    assert words("TV's") == ("tv",) and words("kids' room") == words("kid's room") == ("kid", "room")


def test_what_fits_several_devices_is_asked_back_with_their_names() -> None:
    assert refusal("blind") == "Which one do you mean, Left Blind or Right Blind?"
    assert refusal("bedroom", context="Kitchen") == "What in the Bedroom?"
    assert refusal() == "Which device do you mean?"
    assert refusal(area="kitchen") == "What in the Kitchen?"
    with pytest.raises(Ambiguous) as caught:
        found("blind")
    assert [device.name for device in caught.value.candidates] == ["Left Blind", "Right Blind"]


def test_what_is_not_there_is_said_as_precisely_as_it_is_known() -> None:
    assert refusal("lava lantern") == "I do not know a device called lava lantern"
    assert refusal("bedroom lamp", area="kitchen") == "There is no Bedroom Lamp in the Kitchen"
    assert refusal("kettle", domain="light") == "Kettle is not a light"
    with pytest.raises(NotFound, match="Kitchen Ceiling is not a fan"):
        resolve(HOME, {"name": "kitchen ceiling"}, None, domains={"fan"})
    with pytest.raises(NotFound, match="Bedroom Fan cannot do that"):
        resolve(HOME, {"name": "bedroom fan"}, None, domains=("sensor", "climate", "weather"), acting=False)
    assert refusal("power use") == "Power Use cannot be switched"
    assert refusal(area="kitchen", domain="fan") == "There is no fan in the Kitchen"
    assert refusal(domain="cover", device_class="door") == "I cannot control the door at home"
    assert refusal("all", area="bathroom") == "There is nothing to switch in the Bathroom"


def test_everything_leaves_locks_covers_and_scenes_alone() -> None:
    assert found("all", area="kitchen") == {"light.ceiling", "light.counter", "switch.kettle"}
    assert found("everything in the kitchen") == found("all", area="kitchen")
    assert {entity_id.partition(".")[0] for entity_id in found("all")} == {"light", "switch", "fan", "media_player"}


def test_what_opens_the_house_needs_its_name_or_its_kind() -> None:
    assert found("front door") == {"lock.front"}
    assert found(domain="lock") == {"lock.front", "lock.pantry"}
    assert found(domain="lock", area="kitchen") == {"lock.pantry"}
    assert found("garage door") == {"cover.garage"}
    assert found(domain="cover", device_class="garage") == {"cover.garage"}
    assert found(domain="cover", area="garage") == {"cover.garage"}
    assert found(domain="cover") == {"cover.left", "cover.right"}


def test_what_only_resembles_a_lock_or_a_garage_door_is_asked_back() -> None:
    assert refusal("frond door") == "Do you mean Front Door?"
    assert refusal("door", context="Garage") == "Do you mean Garage Door?"
    assert refusal("water") == "Do you mean Water Main?"
    assert found("frond door", acting=False) == found("front door", acting=False)


def test_a_question_reaches_everything_of_that_name() -> None:
    assert found("front door", acting=False) == {"lock.front", "binary_sensor.front"}
    assert found(area="garage", acting=False) == {"cover.garage"}
    assert found(domain="scene", acting=False) == {"scene.movie"}
    assert found("power use", acting=False) == {"sensor.power"}
    assert found("front door", acting=False, domain="lock") == {"lock.front"}


def test_a_tool_for_one_kind_without_any_slot_means_this_room_or_the_only_one() -> None:
    def implied(domain: str, context: str | None = None) -> set[str]:
        return {device.entity_id for device in resolve(HOME, {}, context, domains={domain})}

    assert implied("fan") == {"fan.bedroom"}
    assert implied("light", "Kitchen") == {"light.ceiling", "light.counter"}
    with pytest.raises(Ambiguous, match="Which light do you mean"):
        implied("light")
    with pytest.raises(NotFound, match="There is no thermostat at home"):
        implied("climate")


def test_a_scene_is_at_hand_in_every_room() -> None:
    assert found("movie night", area="kitchen", domain="scene") == {"scene.movie"}


def test_the_packaged_home_answers_to_what_people_say_first() -> None:
    home = load_home(config_file("home.yaml"))
    meant = {
        "kitchen light": "light.kitchen",
        "bedroom lamp": "light.bedroom_lamp",
        "living room blinds": "cover.living_room_blinds",
        "front door": "lock.front_door",
        "garage door": "cover.garage_door",
        "thermostat": "climate.thermostat",
        "ceiling fan": "fan.ceiling",
    }
    for name, entity_id in meant.items():
        assert [device.entity_id for device in resolve(home, {"name": name}, None)] == [entity_id]


SPOKEN = [device.name for device in HOME.devices] + [
    "all",
    "here",
    "kitchen",
    "light",
    "lamp",
    "door",
    "the",
    "Upstairs",
]
TEXT = st.one_of(st.text(max_size=20), st.lists(st.sampled_from(SPOKEN), max_size=3).map(" ".join))


@given(
    slots=st.dictionaries(st.sampled_from(["name", "area", "floor", "domain", "device_class"]), TEXT),
    context=st.one_of(st.none(), st.sampled_from([area.name for area in HOME.areas]), TEXT),
    domains=st.one_of(st.none(), st.sets(st.sampled_from(["light", "cover", "lock"]), min_size=1)),
    acting=st.booleans(),
)
def test_whatever_is_asked_for_comes_from_the_registry(
    slots: dict[str, str], context: str | None, domains: set[str] | None, acting: bool
) -> None:
    try:
        devices = resolve(HOME, slots, context, domains=domains, acting=acting)
    except HomeError as error:
        devices = list(error.candidates) if isinstance(error, Ambiguous) else []
        assert str(error)
    else:
        assert devices
        assert domains is None or {device.domain for device in devices} <= domains
    ids = [device.entity_id for device in devices]
    assert len(set(ids)) == len(ids)
    assert all(HOME.get(device.entity_id) is device for device in devices)


def test_a_plural_means_all_that_share_the_name() -> None:
    pair = [device(f"light.{side}", f"{side.title()} Bedside Lamp", "Bedroom") for side in ("left", "right")]
    home = Registry(pair, [Area("Bedroom")])
    assert resolve(home, {"name": "bedside lamps"}, None) == pair
    with pytest.raises(Ambiguous):
        resolve(home, {"name": "bedside lamp"}, None)
