# SPDX-License-Identifier: Apache-2.0
"""A small Home Assistant with the driver on it, to be spoken to as the agent does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from appliance.home.drivers import Router
from appliance.home.execute import Home
from appliance.home.home_assistant import HomeAssistant
from appliance.home.policy import Policy
from appliance.home.registry import Device, Registry
from appliance.home.timers import Timers
from appliance.home.tools import ToolCall, ToolResult
from appliance.settings import PolicySettings
from tests.clock import FakeClock
from tests.home_assistant_server import TOKEN, HomeAssistantServer


class House:
    """A Home Assistant, the driver on it, and the home that is spoken to."""

    def __init__(self, server: HomeAssistantServer, token: str) -> None:
        self.server, self.registry = server, Registry([])
        self.driver = HomeAssistant(
            server.url, SecretStr(token), answer_s=0.2, quiet_s=0.1, settle_s=0.01, retry_s=(0.02, 0.1), announce_s=0.4
        )
        clock = FakeClock()
        everything = Policy(PolicySettings(defaults=False))
        self.router = Router(self.registry, [self.driver])
        self.home = Home(self.registry, self.router, Timers(clock), clock, policy=everything, read_back_s=0.3)

    async def do(self, tool: str, **slots: object) -> ToolResult:
        return await self.home.call(ToolCall(tool, slots))

    async def until(self, true: Callable[[], bool]) -> None:
        for _ in range(500):
            if true():
                return
            await asyncio.sleep(0.01)
        pytest.fail("it did not come true within 5 s")

    def get(self, entity_id: str) -> Device:
        return self.registry.get(entity_id)


def at(visit: Callable[[House], Awaitable[None]], *, token: str = TOKEN, **changes: Any) -> None:
    """Start a server with these attributes and the driver on it, visit, and end both."""

    async def run() -> None:
        server = HomeAssistantServer()
        for name, value in changes.items():
            setattr(server, name, value)
        await server.start()
        house = House(server, token)
        try:
            await house.driver.start(house.registry)
            await visit(house)
        finally:
            await house.driver.stop()
            await server.stop()
        assert len(asyncio.all_tasks()) == 1, "a task was left behind"

    asyncio.run(run())
