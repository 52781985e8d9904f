# SPDX-License-Identifier: Apache-2.0
"""The real Zigbee2MQTT before a test broker; only its radio is made of software (zigbee2mqtt/radio.js)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.mosquitto import PASSWORDS

HERE = Path(__file__).parent
INSTALLED = HERE.parent / "build" / "zigbee2mqtt" / "node_modules" / "zigbee2mqtt"
NODE_LEAST = 20
"""Imports with attributes, which Zigbee2MQTT makes, came with it."""


def missing() -> str | None:
    """Why Zigbee2MQTT cannot run here; None where it can."""
    node = shutil.which("node")
    if node is None:
        return "node is not installed"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30).stdout.strip()
    found = re.match(r"v(\d+)\.", version)
    if found is None or int(found[1]) < NODE_LEAST:
        return f"node is {version or 'broken'}, and Zigbee2MQTT needs v{NODE_LEAST} or newer"
    return None if INSTALLED.is_dir() else "Zigbee2MQTT is not installed; tools/test installs it into build/"


@dataclass(frozen=True)
class Thing:
    """A device of the radio: what it is, and what its attributes are when it is bought."""

    ieee: str
    name: str
    maker: str
    model: str
    clusters: Sequence[int]
    attributes: dict[str, dict[str, int]]
    kind: str = "Router"
    power: str = "Mains (single phase)"
    profile: int = 0x0104
    device: int = 0x0100
    groups: Sequence[int] = ()
    options: dict[str, Any] = field(default_factory=dict)


_GROUPED = (1,)
_COLOR = {"colorMode": 2, "colorTemperature": 370, "currentX": 30015, "currentY": 26870, "colorCapabilities": 31}
THINGS = (
    Thing(
        "0x00124b0000000001",
        "Kitchen/Ceiling Light",
        "innr",
        "RB 285 C",
        (0, 3, 4, 5, 6, 8, 768),
        {"genOnOff": {"onOff": 0}, "genLevelCtrl": {"currentLevel": 254}, "lightingColorCtrl": {**_COLOR}},
        device=0x010D,
        groups=_GROUPED,
    ),
    Thing(
        "0x00124b0000000002",
        "Kitchen/Counter Light",
        "innr",
        "RB 285 C",
        (0, 3, 4, 5, 6, 8, 768),
        {"genOnOff": {"onOff": 0}, "genLevelCtrl": {"currentLevel": 254}, "lightingColorCtrl": {**_COLOR}},
        device=0x010D,
        groups=_GROUPED,
    ),
    Thing(
        "0x00124b0000000003",
        "coffee_machine",
        "innr",
        "SP 220",
        (0, 3, 4, 5, 6),
        {"genOnOff": {"onOff": 0}},
        device=0x010A,
        options={"availability": {"timeout": 1, "max_jitter": 1000, "backoff": False}},
    ),
    Thing(
        "0x00124b0000000004",
        "Bedroom/Blind",
        "IKEA of Sweden",
        "FYRTUR block-out roller blind",
        (0, 1, 3, 4, 5, 32, 258),
        {
            "closuresWindowCovering": {
                "currentPositionLiftPercentage": 100,
                "windowCoveringType": 0,
                "configStatus": 3,
            },
            "genPowerCfg": {"batteryPercentageRemaining": 180},
        },
        kind="EndDevice",
        power="Battery",
        device=0x0202,
    ),
    Thing(
        "0x00124b0000000005",
        "Hall/Front Door",
        "eWeLink",
        "DS01",
        (0, 1, 3, 1280),
        {"ssIasZone": {"zoneStatus": 0}, "genPowerCfg": {"batteryPercentageRemaining": 200, "batteryVoltage": 30}},
        kind="EndDevice",
        power="Battery",
        device=0x0402,
    ),
    Thing(
        "0x00124b0000000006",
        "Hall/Dimmer",
        "_TZE200_ojzhk75b",
        "TS0601",
        (0, 4, 5, 61184),
        {},
        device=0x0051,
    ),
)
ADDRESS = {thing.name: thing.ieee for thing in THINGS}


class Zigbee2MqttServer:
    """The bridge with `THINGS` and the group Kitchen/Spotlights, all of whose files are in `folder`."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port
        (folder / "devices.json").write_text(json.dumps([_radio(thing, at) for at, thing in enumerate(THINGS, 1)]))
        (folder / "frames.jsonl").touch()
        (folder / "database.db").write_text("\n".join(map(json.dumps, _database())) + "\n")
        (folder / "configuration.yaml").write_text(json.dumps(self._configuration()))  # JSON is YAML
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Run it; returns at once."""
        environment = {
            **os.environ,
            "ZIGBEE2MQTT": str(INSTALLED),
            "ZIGBEE2MQTT_DATA": str(self._folder),
            "RADIO_FOLDER": str(self._folder),
            "Z2M_ONBOARD_NO_SERVER": "1",
            "GIT_DIR": str(
                self._folder / "none"
            ),  # in a checkout it takes our commit for its own, and builds itself anew
        }
        command = ["node", "--require", str(HERE / "zigbee2mqtt" / "radio.js"), str(INSTALLED / "index.js")]
        with (self._folder / "zigbee2mqtt.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True
            )

    def stop(self, *, kill: bool = False) -> None:
        """End it in order, or as a power cut does."""
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def tell(self, name: str, **what: object) -> None:
        """Something happens to a device (see radio.js); returns when it has."""
        assert self._process is not None and self._process.stdin is not None
        told = self._folder / "told"
        before = told.stat().st_size if told.exists() else 0
        self._process.stdin.write(json.dumps({"device": ADDRESS[name], **what}) + "\n")
        self._process.stdin.flush()
        for _ in range(500):
            if told.exists() and told.stat().st_size > before:
                return
            time.sleep(0.01)
        raise RuntimeError(f"the radio did not hear {what}: {self.log()}")

    def attributes(self, name: str, cluster: str) -> dict[str, int]:
        """What a device really is at this moment."""
        devices = json.loads((self._folder / "devices.json").read_text())
        found = next(device for device in devices if device["ieee"] == ADDRESS[name])
        return dict(found["attributes"][cluster])

    def frames(self, name: str | int) -> list[str]:
        """The commands that a device or group was sent, as `cluster.command`, without questions and settings."""
        to = ADDRESS[name] if isinstance(name, str) else name
        lines = [json.loads(line) for line in (self._folder / "frames.jsonl").read_text().splitlines()]
        quiet = ("read", "write", "configReport", "readReportConfig")
        return [
            f"{line['cluster']}.{line['command']}"
            for line in lines
            if line["to"] == to and line["command"] not in quiet
        ]

    def questions(self, name: str) -> int:
        """How many times a device was asked for something."""
        lines = [json.loads(line) for line in (self._folder / "frames.jsonl").read_text().splitlines()]
        return sum(line["to"] == ADDRESS[name] and line["command"] == "read" for line in lines)

    def log(self) -> str:
        return (self._folder / "zigbee2mqtt.log").read_text()

    def _configuration(self) -> dict[str, Any]:
        return {
            "version": 5,
            "homeassistant": {"enabled": True},
            "frontend": {"enabled": False},
            "mqtt": {
                "server": f"mqtt://127.0.0.1:{self._port}",
                "user": "bridge",
                "password": PASSWORDS["bridge"],
                "reject_unauthorized": False,
            },
            "serial": {"port": "/dev/null", "adapter": "ember"},
            "advanced": {
                "log_output": ["console"],
                "network_key": list(range(16)),
                "pan_id": 0x1A62,
                "ext_pan_id": [0xDD] * 8,
            },
            "availability": {"enabled": True, "active": {"timeout": 600}, "passive": {"timeout": 6000}},
            "devices": {thing.ieee: {"friendly_name": thing.name, **thing.options} for thing in THINGS},
            "groups": {"1": {"friendly_name": "Kitchen/Spotlights"}},
        }


def _radio(thing: Thing, number: int) -> dict[str, Any]:
    return {"ieee": thing.ieee, "nwk": number, "groups": list(thing.groups), "attributes": _basic(thing)}


def _basic(thing: Thing) -> dict[str, dict[str, int]]:
    return {"genBasic": {"zclVersion": 3}, **thing.attributes}


def _database() -> list[dict[str, Any]]:
    """Herdsman's own, of devices that were paired and looked at before."""
    seen = int(time.time() * 1000)
    common = {"interviewCompleted": True, "interviewState": "SUCCESSFUL", "meta": {}, "lastSeen": seen}
    end = {"profId": 260, "epId": 1, "devId": 5, "inClusterList": [], "outClusterList": [], "clusters": {}}
    coordinator = {"type": "Coordinator", "ieeeAddr": "0x00124b0000000000", "nwkAddr": 0, "manufId": 0}
    rows: list[dict[str, Any]] = [{"id": 1, **coordinator, "epList": [1], "endpoints": {"1": end}, **common}]
    for number, thing in enumerate(THINGS, 1):
        endpoint = {**end, "profId": thing.profile, "devId": thing.device, "inClusterList": list(thing.clusters)}
        rows.append(
            {
                "id": number + 1,
                "type": thing.kind,
                "ieeeAddr": thing.ieee,
                "nwkAddr": number,
                "manufId": 4476,
                "manufName": thing.maker,
                "powerSource": thing.power,
                "modelId": thing.model,
                "epList": [1],
                "endpoints": {"1": endpoint},
                **common,
            }
        )
    members = [{"deviceIeeeAddr": thing.ieee, "endpointID": 1} for thing in THINGS if thing.groups]
    return [*rows, {"id": len(rows) + 1, "type": "Group", "groupID": 1, "members": members, "meta": {}}]
