# SPDX-License-Identifier: Apache-2.0
"""What the appliance announces of itself, in the words of Home Assistant's MQTT discovery.

One message an entity (https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery): those of a whole device are
understood only since 2024.11.
"""

from __future__ import annotations

import json
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from appliance.home.timers import Timer
from appliance.text import clean

ORIGIN = "appliance"
"""Who announces: `mqtt_devices.py` does not take what comes from there for a device of the home."""
HEARD_LIMIT = 255
"""Characters of a state in Home Assistant."""
LATENCIES = {
    "voice_to_voice": "Response time",
    "recognizer": "Recognizer time",
    "agent": "Thinking time",
    "voice": "Voice time",
}
"""Key of TurnReport.ms -> name of its sensor."""

_MOST_TIMERS = 50


def descriptions(prefix: str, base: str, identity: str, name: str, area: str | None, heard: bool) -> dict[str, str]:
    """Discovery messages by topic; an empty one where an entity is not (any longer) announced."""
    try:
        software = version("appliance")
    except PackageNotFoundError:  # run from a checkout
        software = "unknown"
    device = {
        "identifiers": [f"appliance_{identity}"],
        "name": clean(name),
        "manufacturer": "appliance",
        "model": "Voice assistant",
        "sw_version": software,
        **({"suggested_area": area} if area else {}),
    }
    latency = {
        "state_topic": f"{base}/latency",
        "device_class": "duration",
        "unit_of_measurement": "ms",
        "state_class": "measurement",
        "entity_category": "diagnostic",
    }
    entities: dict[tuple[str, str], dict[str, Any] | None] = {
        ("switch", "mute"): {
            "name": "Mute",
            "icon": "mdi:microphone-off",
            "state_topic": f"{base}/mute",
            "command_topic": f"{base}/mute/set",
        },
        ("sensor", "state"): {
            "name": "State",
            "icon": "mdi:account-voice",
            "state_topic": f"{base}/state",
            "device_class": "enum",
            "options": ["idle", "listening", "thinking", "speaking"],
        },
        ("sensor", "timers"): {
            "name": "Timers",
            "icon": "mdi:timer-outline",
            "state_topic": f"{base}/timers",
            "value_template": "{{ value_json.running }}",
            "json_attributes_topic": f"{base}/timers",
        },
        ("sensor", "heard"): None,
    }
    if heard:
        about = {"name": "Last heard", "icon": "mdi:ear-hearing", "state_topic": f"{base}/heard"}
        entities["sensor", "heard"] = about
    for key, told in LATENCIES.items():
        # What a turn lacks, as a typed one the recognizer, becomes None, which Home Assistant takes for unknown.
        template = f"{{{{ value_json.get('{key}') }}}}"
        entities["sensor", key] = {**latency, "name": told, "value_template": template}
    common = {
        "availability_topic": f"{base}/availability",
        "qos": 1,
        "device": device,
        "origin": {"name": ORIGIN, "sw_version": software},
    }
    return {
        f"{prefix}/{component}/{identity}/{key}/config": ""  # removes what was announced before
        if entity is None
        else json.dumps({**entity, **common, "unique_id": f"appliance_{identity}_{key}"})
        for (component, key), entity in entities.items()
    }


def timers_told(ends: list[tuple[Timer, datetime]]) -> str:
    """State and attributes of the timers' sensor. `finishes_at` stays true; `remaining_s` is of this moment."""
    listed = [
        {
            "kind": timer.kind,  # what a reminder or a delayed command says is private
            "name": clean(timer.name) or None,
            "area": clean(timer.area) or None,
            "remaining_s": round(timer.remaining_s),
            "finishes_at": None if timer.paused else end.isoformat(timespec="seconds"),
            "paused": timer.paused,
        }
        for timer, end in ends[:_MOST_TIMERS]
    ]
    return json.dumps({"running": len(ends), "timers": listed})
