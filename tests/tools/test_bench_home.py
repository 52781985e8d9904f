# SPDX-License-Identifier: Apache-2.0
"""The bench of the home side runs, and tells what it promises; its figures are for whoever reads them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.mosquitto import MISSING
from tools.home_bench import naming
from tools.home_bench.big_home import big_home

ROOT = Path(__file__).parents[2]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "HOME_ASSISTANT_VENV"}
    command = [sys.executable, "tools/bench_home", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180, check=False)


def test_a_short_run_times_every_driver_and_writes_its_figures(tmp_path: Path) -> None:
    done = bench("--seconds", "1", "--commands", "3", "--rounds", "1", "--devices", "60", "--json", str(tmp_path / "f"))
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "f").read_text())
    over_mqtt = {"mqtt", "zigbee2mqtt"} if not MISSING else set()
    assert set(report["commands"]) == {"simulated", "home_assistant", *over_mqtt}
    for told in (*report["commands"].values(), *report["naming"].values()):
        assert 0 < told["p50"] <= told["p95"] <= told["max"]
    assert all(told["count"] == 3 and not told["failed"] for told in report["commands"].values())
    if not MISSING:
        flood = report["flood"]
        assert flood["sent"] == 200
        assert flood["last_states_missing"] == []
        assert flood["commands_failed"] == 0
        assert 0 < flood["rss_start_mb"] <= flood["rss_peak_mb"]
        assert flood["cpu_share"] > 0
    assert "command to reported state" in done.stdout


def test_senseless_numbers_are_refused() -> None:
    done = bench("--seconds", "0")
    assert done.returncode == 2
    assert "above 0" in done.stderr


def test_every_way_of_naming_finds_what_it_is_to_find() -> None:
    told = naming.measure(big_home(500), rounds=1)
    assert told.pop("not found")["found"] == 0
    assert all(each["found"] == each["calls"] for each in told.values())
