# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.home import home_assistant_picture as picture
from appliance.home import home_assistant_states as states
from appliance.home.home_assistant_link import at_home, socket_url
from appliance.home.registry import Device
from appliance.home.tools import COLORS, DOMAINS
from appliance.text import NAME_LIMIT
from tests.home_assistant_server import state


@pytest.mark.parametrize(
    ("url", "socket"),
    [
        ("http://homeassistant.local:8123", "ws://homeassistant.local:8123/api/websocket"),
        ("https://ha.example.org/", "wss://ha.example.org/api/websocket"),
        ("wss://ha.example.org/sub/api/websocket", "wss://ha.example.org/sub/api/websocket"),
        ("http://[fd00::1]:8123", "ws://[fd00::1]:8123/api/websocket"),
    ],
)
def test_the_socket_is_found_from_the_address_of_the_pages(url: str, socket: str) -> None:
    assert socket_url(url) == socket


@pytest.mark.parametrize("url", ["", "homeassistant.local", "ftp://a", "http://", "http://user:pw@a", "http://a:99999"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        socket_url(url)


def test_the_token_goes_unencrypted_only_to_addresses_of_the_home() -> None:
    for address in ("127.0.0.1", "::1", "192.168.1.4", "10.0.0.1", "fd12::1", "fe80::1%eth0", "100.64.0.1"):
        assert at_home(address)
    for address in ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "homeassistant.local", ""):
        assert not at_home(address)


def test_every_color_that_can_be_asked_for_can_be_read_back() -> None:
    for name in COLORS:
        if name == "black":
            continue
        assert states.color_name(states._RGB[name], name) == name
        full = tuple(round(part) for part in states._full(states._RGB[name]))
        assert states.color_name(full, name) == name
    assert states.color_name([0, 255, 0]) == "green"
    assert states.color_name([255, 255, 255], "black") == "white"  # what a light makes of it
    assert states.color_name([255, 0, 0], "blue") == "red"  # that it was told blue does not make it blue
    assert states.color_name([255, 215, 0], "orange") == "gold"


@given(st.integers(0, 100))
def test_a_brightness_and_a_volume_come_back_as_they_were_set(percent: int) -> None:
    light = state("light.a", "on", brightness=round(255 * percent / 100))
    assert states.reported(Device("light.a", "A", "light"), light, set()).attributes["brightness"] == percent
    volume = states.service_data("media_player", "volume_set", {"volume_level": percent})["volume_level"]
    player = state("media_player.a", "on", volume_level=volume)
    device = Device("media_player.a", "A", "media_player")
    assert states.reported(device, player, set()).attributes["volume_level"] == percent


KEYS = st.sampled_from(
    [
        *("state", "attributes", "brightness", "rgb_color", "color_mode", "color_temp_kelvin", "volume_level", "name"),
        *("supported_color_modes", "supported_features", "is_volume_muted", "current_position", "percentage", "id"),
        *("temperature", "friendly_name", "device_class", "area_id", "device_id", "entity_id", "floor_id", "aliases"),
        *("hidden_by", "light.a", "conversation", "items", "summary", "status", "unit_of_measurement"),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(max_size=20),
    KEYS,
    st.just("light.a"),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=20,
)
OBJECTS = st.dictionaries(
    KEYS, st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(KEYS, SCALARS)), max_size=8
)


@settings(max_examples=300, deadline=None)
@given(domain=st.sampled_from(DOMAINS), attributes=JSON, word=JSON)
def test_no_state_object_raises_and_what_comes_of_it_is_in_range(domain: str, attributes: Any, word: Any) -> None:
    odd: set[str] = set()
    device = states.reported(Device(f"{domain}.a", "A", domain), {"state": word, "attributes": attributes}, odd)
    assert 1 <= len(device.state) <= states.STATE_LIMIT
    assert device.state.isprintable()
    assert len(odd) <= states.ODD_LIMIT
    for name in ("brightness", "percentage", "position", "volume_level"):
        assert 0 <= device.attributes.get(name, 0) <= 100
    assert device.attributes.get("color", "red") in COLORS


@settings(max_examples=60, deadline=None)
@given(lists=st.tuples(*(st.lists(OBJECTS, max_size=2),) * 4), details=OBJECTS, exposed=OBJECTS, state_object=OBJECTS)
def test_no_registry_raises(lists: Any, details: Any, exposed: Any, state_object: Any) -> None:
    home = picture.join(picture.Sources(*lists, details=details, exposed=exposed), {"light.a": state_object})
    for device in home.devices.values():
        assert 1 <= len(device.name) <= NAME_LIMIT
        assert all(alias.isprintable() and len(alias) <= NAME_LIMIT for alias in device.aliases)


@given(answer=JSON)
def test_no_answer_about_a_list_raises(answer: Any) -> None:
    assert all(item and item.isprintable() for item in states.open_items(answer))
