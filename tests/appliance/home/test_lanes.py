# SPDX-License-Identifier: Apache-2.0
"""One action at a time on each device, in order; of the settings of one thing the latest."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from appliance.home.execute import Home
from appliance.home.lanes import Lanes
from appliance.home.registry import Device, Registry
from appliance.home.timers import Timers
from appliance.home.tools import ToolCall
from tests.clock import FakeClock

WORK = st.tuples(st.sampled_from("ab"), st.sampled_from((None, "level", "color")), st.integers(0, 3), st.integers(0, 4))
"""Device, setting, when it comes, how long it takes."""


@given(st.lists(WORK, max_size=12))
def test_never_two_at_once_in_order_and_the_latest_setting_is_done(
    plan: list[tuple[str, str | None, int, int]],
) -> None:
    busy: dict[str, int] = defaultdict(int)
    began: dict[str, list[int]] = defaultdict(list)
    done: set[int] = set()

    async def one(lanes: Lanes, number: int, device: str, setting: str | None, ticks: int) -> None:
        async def work() -> int:
            assert busy[device] == 0, "two at once"
            busy[device] += 1
            began[device].append(number)
            try:
                for _ in range(ticks):
                    await asyncio.sleep(0)
            finally:
                busy[device] -= 1
            return number

        if await lanes.run(device, setting, work) is not None:
            done.add(number)

    async def scenario() -> None:
        lanes, tasks = Lanes(), []
        for tick in range(4):
            for number, (device, setting, comes, ticks) in enumerate(plan):
                if comes == tick:
                    tasks.append(asyncio.create_task(one(lanes, number, device, setting, ticks)))
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        assert not lanes._lanes, "a lane is left"

    asyncio.run(scenario())
    order = sorted(range(len(plan)), key=lambda number: (plan[number][2], number))
    for device in "ab":
        assert began[device] == [number for number in order if number in began[device]]
        mine = [number for number in order if plan[number][0] == device]
        assert {number for number in mine if plan[number][1] is None} <= done
        for setting in ("level", "color"):
            last = [number for number in mine if plan[number][1] == setting][-1:]
            assert set(last) <= done


def test_of_two_brightnesses_the_latest_counts_and_the_first_is_not_claimed() -> None:
    lamp = Device("light.lamp", "Lamp", "light", state="off", attributes={"features": ("brightness",)})
    registry = Registry([lamp])
    sent: list[int] = []

    class Slow:
        async def act(self, entity_id: str, service: str, data: dict[str, int]) -> None:
            sent.append(data["brightness"])
            if data["brightness"] == 80:
                registry.update(entity_id, "on", {"brightness": 80})

    clock = FakeClock()
    home = Home(registry, Slow(), Timers(clock), clock, read_back_s=5)  # type: ignore[arg-type]

    async def both() -> list[str]:
        first = asyncio.create_task(home.call(ToolCall("HassLightSet", {"name": "lamp", "brightness": 30})))
        await asyncio.sleep(0.01)
        second = await asyncio.wait_for(home.call(ToolCall("HassLightSet", {"name": "lamp", "brightness": 80})), 1)
        return [str((await first).error), str(second.result)]

    assert asyncio.run(both()) == ["Lamp was set anew meanwhile", "Lamp is on, brightness 80 percent"]
    assert sent == [30, 80]
