# SPDX-License-Identifier: Apache-2.0
"""Home Assistant over a way that loses, delays and breaks, and a stopped one: what is done and told stays true."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from appliance.home.tools import ToolResult
from tests.faulty_proxy import Choice, Fault, Proxy, text_of, websocket_frame
from tests.home_assistant_house import House
from tests.home_assistant_server import TOKEN, HomeAssistantServer

ROOT = Path(__file__).parents[3]
CEILING = "light.ceiling"
# TCP swaps nothing: what the network delays, holds up what follows.
FAULTS = (Fault.DROP, Fault.STALL, Fault.CUT)


def seeded(seed: int, share: float) -> Choice:
    """Something happens to a share of the frames that say anything."""
    random = Random(seed)
    return lambda up, frame: random.choice(FAULTS) if text_of(frame) and random.random() < share else Fault.NONE


def only(fault: Fault, up: bool, words: str) -> Choice:
    """The fault befalls frames in one direction in which the words stand."""
    return lambda way, frame: fault if way == up and words in text_of(frame) else Fault.NONE


@asynccontextmanager
async def over_a_way() -> AsyncIterator[tuple[House, Proxy]]:
    server = HomeAssistantServer()
    await server.start()
    proxy = Proxy(server.port, read=websocket_frame)
    await proxy.start()
    upstream, server.port = server.port, proxy.port  # the house takes its address from the server
    house = House(server, TOKEN)
    server.port = upstream
    await house.driver.start(house.registry)
    try:
        yield house, proxy
    finally:
        await house.driver.stop()
        await proxy.stop()
        await server.stop()


def run(story: Callable[[House, Proxy], Awaitable[None]]) -> None:
    async def told() -> None:
        before = asyncio.all_tasks()
        async with over_a_way() as (house, proxy):
            await story(house, proxy)
        assert asyncio.all_tasks() == before, "a task was left behind"

    asyncio.run(asyncio.wait_for(told(), 60))


def really(house: House) -> tuple[str, int]:
    """State and brightness in percent of the lamp itself."""
    lamp = house.server.states[CEILING]
    return lamp["state"], round(100 * lamp["attributes"].get("brightness", 0) / 255)


def as_known(house: House) -> tuple[str, int]:
    lamp = house.get(CEILING)
    return lamp.state, lamp.attributes.get("brightness", 0)


@pytest.mark.parametrize("seed", range(8))
def test_over_a_bad_way_nothing_is_done_twice_nothing_untrue_is_told_and_all_is_right_again_after_it(
    seed: int,
) -> None:
    async def story(house: House, proxy: Proxy) -> None:
        proxy.choose = seeded(seed, 0.15)
        asked = [10 + 7 * count for count in range(8)]
        for brightness in asked:
            result = await house.do("HassLightSet", name="ceiling", brightness=brightness)
            if result.success:
                assert really(house) == ("on", brightness)
                assert f"brightness {brightness} percent" in str(result.result)
            else:
                assert result.error
        proxy.end_faults()
        await house.until(lambda: house.driver.health().well and as_known(house) == really(house))
        done = [data["brightness_pct"] for _, _, data in house.server.calls]
        assert done == [brightness for brightness in asked if brightness in done], "twice, or out of order"
        assert (await house.do("HassLightSet", name="ceiling", brightness=90)).success
        assert really(house) == ("on", 90)
        assert proxy.happened, "a seed under which nothing goes wrong shows nothing"

    run(story)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_call_that_got_stuck_on_its_way_is_told_so_and_not_carried_out_later(fault: Fault) -> None:
    async def story(house: House, proxy: Proxy) -> None:
        proxy._stall_s = 1.0
        proxy.choose = only(fault, True, '"call_service"')
        result = await house.do("HassTurnOn", name="ceiling")
        assert not result.success and result.error
        proxy.choose = lambda up, frame: Fault.NONE
        await house.until(lambda: house.driver.health().well)
        await asyncio.sleep(1.2)  # longer than it was held up
        assert house.server.calls == [] and proxy.happened == [fault]
        assert as_known(house) == really(house) == ("off", 0)
        assert (await house.do("HassTurnOn", name="ceiling")).success

    run(story)


def test_a_call_whose_answer_is_lost_is_told_by_what_the_lamp_reports() -> None:
    async def story(house: House, proxy: Proxy) -> None:
        proxy.choose = only(Fault.DROP, False, '"context"')
        result = await house.do("HassTurnOn", name="ceiling")
        assert len(house.server.calls) == 1
        assert result.result == "Ceiling is on"
        assert as_known(house)[0] == really(house)[0] == "on"

    run(story)


def test_a_report_that_is_lost_is_no_success_and_the_next_picture_has_it() -> None:
    async def story(house: House, proxy: Proxy) -> None:
        proxy.choose = only(Fault.DROP, False, '"state_changed"')
        result = await house.do("HassTurnOn", name="ceiling")
        assert result == ToolResult(False, error="Ceiling did not answer and is still off")
        assert len(house.server.calls) == 1
        proxy.end_faults()
        await house.until(lambda: house.driver.health().well and as_known(house)[0] == "on")
        assert len(house.server.calls) == 1

    run(story)


def test_a_stopped_process_is_sent_no_call_that_it_could_carry_out_when_it_goes_on() -> None:
    async def told() -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.home_assistant_server"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            server = HomeAssistantServer()
            server.port = int(await asyncio.to_thread(process.stdout.readline))
            house = House(server, TOKEN)
            await house.driver.start(house.registry)
            assert (await house.do("HassTurnOn", name="ceiling")).success
            assert json.loads(await asyncio.to_thread(process.stdout.readline)) == [CEILING, "turn_on", {}]
            process.send_signal(signal.SIGSTOP)
            result = await house.do("HassTurnOff", name="ceiling")
            assert not result.success and result.error
            await house.until(lambda: not house.driver.health().well)
            process.send_signal(signal.SIGCONT)
            await house.until(lambda: house.driver.health().well)
            assert house.get(CEILING).state == "on"
            assert (await house.do("HassTurnOff", name="lamp")).success
            called = json.loads(await asyncio.to_thread(process.stdout.readline))
            assert called == ["light.lamp", "turn_off", {}], "the call for the ceiling came late"
            await house.driver.stop()
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()

    asyncio.run(asyncio.wait_for(told(), 60))
