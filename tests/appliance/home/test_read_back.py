# SPDX-License-Identifier: Apache-2.0
"""What of the reports after a command is believed: only what the device itself can have said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from appliance.home.exposes import Entity, Options, parse_devices
from appliance.home.read_back import AT_ONCE, Doubt, ReadBack
from tests.zigbee_bridge import DEVICES

LAMPS = {entity.device.entity_id: entity for entity in parse_devices(DEVICES, Options())}
LAMP = LAMPS["light.kitchen_counter_light"]
COLORED = LAMPS["light.kitchen_ceiling_light"]
ON, OFF = {"state": "ON"}, {"state": "OFF"}


class Bench:
    """One lamp in doubt; what is asked is kept, and answered by the test."""

    def __init__(self, wanted: Mapping[str, Any], entity: Entity = LAMP) -> None:
        self.asked: list[str] = []
        self.read_back = ReadBack(self._ask)
        self.entity, self.before = entity, dict[str, Any]()
        self.doubt: Doubt = self.read_back.watch(entity, wanted)

    async def _ask(self, topic: str, key: str) -> None:
        self.asked.append(key)
        self.read_back.overhear(topic)

    def hear(self, **report: Any) -> Mapping[str, Any]:
        """What of a report is believed."""
        before, self.before = self.before, report
        return self.read_back.hear(self.entity, report, before)

    async def until_asked(self, count: int) -> None:
        while len(self.asked) < count:
            await asyncio.sleep(0)


def run(wanted: Mapping[str, Any], story: Callable[[Bench], Awaitable[None]], entity: Entity = LAMP) -> Bench:
    async def told() -> Bench:
        bench = Bench(wanted, entity)
        confirming = asyncio.create_task(bench.read_back.confirm(bench.doubt))
        await asyncio.sleep(0)
        try:
            await story(bench)
        finally:
            confirming.cancel()
            await asyncio.gather(confirming, return_exceptions=True)
        return bench

    return asyncio.run(asyncio.wait_for(told(), 20))


def test_the_first_report_that_agrees_is_the_bridges_and_the_answer_after_the_question_the_devices() -> None:
    async def story(bench: Bench) -> None:
        assert bench.hear(**ON) == {} and bench.asked == []
        await bench.until_asked(1)
        assert not bench.doubt.settled.is_set()
        assert bench.hear(**ON) == ON and bench.doubt.settled.is_set()

    assert run(ON, story).asked == ["state"]


def test_a_report_of_something_else_is_no_answer() -> None:
    async def story(bench: Bench) -> None:
        bench.hear(**ON, power=0)
        await bench.until_asked(1)
        assert bench.hear(**ON, power=3) == {"power": 3} and not bench.doubt.settled.is_set()
        assert bench.hear(**ON, power=3) == {**ON, "power": 3}

    run(ON, story)


def test_what_is_otherwise_is_believed_at_once_and_what_comes_round_after_it() -> None:
    async def story(bench: Bench) -> None:
        bench.hear(**ON)
        await bench.until_asked(1)
        assert bench.hear(**OFF) == OFF and bench.doubt.spoke
        assert bench.hear(**ON) == ON and bench.doubt.settled.is_set()

    run(ON, story)


def test_of_a_report_half_of_which_is_otherwise_the_other_half_is_held_back() -> None:
    async def story(bench: Bench) -> None:
        bench.hear(state="ON", brightness=102)
        await bench.until_asked(1)
        assert bench.hear(state="OFF", brightness=102) == OFF

    assert run({"state": "ON", "brightness": 102}, story).asked[0] == "state"


def test_a_command_of_somebody_else_meanwhile_spoils_the_question() -> None:
    async def story(bench: Bench) -> None:
        bench.hear(**ON)
        await bench.until_asked(1)
        bench.read_back.spoil(LAMP.topic)
        assert bench.hear(**ON) == {} and not bench.doubt.settled.is_set()

    run(ON, story)


def test_a_question_before_the_bridge_has_reported_is_asked_again() -> None:
    async def story(bench: Bench) -> None:
        await bench.until_asked(1)  # the bridge is slow
        assert bench.hear(**ON) == {}
        await bench.until_asked(2)
        assert bench.hear(**ON) == ON

    run(ON, story)


def test_a_color_that_a_lamp_can_only_come_near_is_an_answer() -> None:
    wanted = {"state": "ON", "color": {"x": 0.17, "y": 0.7}}
    near = {"state": "ON", "color": {"x": 0.22, "y": 0.65}}

    async def story(bench: Bench) -> None:
        bench.hear(**wanted)
        await bench.until_asked(1)
        bench.hear(**wanted)
        await bench.until_asked(2)
        assert bench.hear(**near) == near and bench.doubt.settled.is_set()

    run(wanted, story, COLORED)


@pytest.mark.parametrize("reported", [100, 104])
def test_steps_of_a_device_are_no_disagreement(reported: int) -> None:
    async def story(bench: Bench) -> None:
        for asked in (1, 2):
            bench.hear(state="ON", brightness=102)
            await bench.until_asked(asked)
        assert bench.hear(state="ON", brightness=reported)["brightness"] == reported
        assert bench.doubt.settled.is_set()

    run({"state": "ON", "brightness": 102}, story)


def test_forty_lamps_are_asked_a_few_at_a_time() -> None:
    async def told() -> None:
        on_the_way: set[str] = set()
        most = 0

        async def ask(topic: str, key: str) -> None:
            nonlocal most
            on_the_way.add(topic)
            most = max(most, len(on_the_way))
            read_back.overhear(topic)
            asyncio.get_running_loop().call_later(0.005, answer, topic)

        def answer(topic: str) -> None:
            on_the_way.discard(topic)
            assert read_back.hear(lamps[topic], ON, ON) == ON

        read_back = ReadBack(ask)
        lamps = {f"lamp {number}": _named(f"lamp {number}") for number in range(40)}
        doubts = [read_back.watch(lamp, ON) for lamp in lamps.values()]
        for lamp in lamps.values():
            assert read_back.hear(lamp, ON, {}) == {}
        assert all(await asyncio.gather(*(read_back.confirm(doubt) for doubt in doubts)))
        assert most == AT_ONCE

    asyncio.run(asyncio.wait_for(told(), 20))


def _named(topic: str) -> Entity:
    return replace(LAMP, topic=topic, device=replace(LAMP.device, entity_id=f"light.{topic}"))
