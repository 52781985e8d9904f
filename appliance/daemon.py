# SPDX-License-Identifier: Apache-2.0
"""`appliance run`: the daemon. Ready when every model is warm; SIGTERM ends it, SIGHUP reads the settings again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from appliance import notify
from appliance.assemble import Appliance, assemble
from appliance.audio.microphone import Microphone
from appliance.audio.mute import Mute
from appliance.errors import ApplianceError
from appliance.home.announce import Announcer, announcer
from appliance.home.bell import Bell
from appliance.home.clock import SystemClock
from appliance.home.keep import Keep
from appliance.home.timers import Timers
from appliance.settings import load
from appliance.turn import TurnReport
from engines.errors import EngineError

_LOG = logging.getLogger(__name__)

PRESENT_S = 120.0
"""What was known from the last run and was not heard of for so long, though its driver is well, is no more."""
REOPEN_S = 2.0
"""Pause before a microphone that is not there is looked for again."""


async def run(config: Path | None) -> None:
    """Listen and answer until SIGTERM or SIGINT. Raises ApplianceError only before the daemon was ready."""
    loop = asyncio.get_running_loop()
    stop, again = asyncio.Event(), asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    loop.add_signal_handler(signal.SIGHUP, again.set)
    settings = load(config)
    logging.getLogger().setLevel(settings.log_level.upper())
    notify.status("loading the models")
    clock, mute = SystemClock(), Mute()
    timers = Timers(clock, Keep(settings.state_dir / "timers.json"))

    def start() -> Coroutine[Any, Any, Appliance]:
        return assemble(settings, hears=True, plays=True, answers=settings.audio.answers, timers=timers)

    appliance = await _until(stop, start())
    while appliance is not None:
        logging.getLogger().setLevel(appliance.settings.log_level.upper())
        microphone = appliance.settings.audio.input
        notify.ready(f"listening to the microphone {microphone!r}")
        _LOG.info("ready: %d devices, microphone %r", len(appliance.home.registry.devices), microphone)
        announced = announcer(appliance.settings, mute, timers, clock)
        bell = appliance.home.bell = Bell(timers, appliance.home, clock, appliance.turns.announce)
        work = [_listen(appliance, mute, announced), bell.run(), _follow(appliance)]
        if announced is not None:
            appliance.turns.on_phase = announced.phase
            work.append(announced.run())
        await _first(stop, again, asyncio.gather(*work))
        if not again.is_set() or stop.is_set():
            break
        again.clear()
        notify.reloading()
        # The old parts stay until the new ones are ready: wrong settings change nothing.
        try:
            settings = load(config)
            following = await _until(stop, start())
        except (ApplianceError, EngineError) as error:
            _LOG.error("the settings stay as they were:\n%s", error)
            continue
        await appliance.close()
        appliance = following
    notify.stopping()
    _LOG.info("stopping")
    if appliance is not None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(appliance.close(), 2)


async def _listen(appliance: Appliance, mute: Mute, announced: Announcer | None) -> None:
    """Take turns at the microphone; while there is none, look for it by name."""
    settings = appliance.settings
    told = ""
    while True:
        try:
            async with Microphone(settings.audio.input) as microphone:
                _LOG.info("the microphone is open")
                told = ""
                async for report in appliance.turns.listen(mute.over(microphone), appliance.endpoint()):
                    _log(report)
                    if announced is not None:
                        announced.turn(report)
            problem = "The microphone has gone."
        except ApplianceError as error:
            problem = str(error)
        appliance.turns.on_phase("idle")
        if problem != told:
            _LOG.error("%s It is looked for again every %g s.", problem, REOPEN_S)
            told = problem
        await asyncio.sleep(REOPEN_S)


async def _follow(appliance: Appliance) -> None:
    """Read the device list anew once a change of the home has settled, so that the next turn need not wait for it."""
    registry = appliance.home.registry
    seen = registry.version
    began = time.monotonic()
    while True:
        await asyncio.sleep(2)
        if time.monotonic() - began > PRESENT_S:
            appliance.known.forget(registry, appliance.router.well())
        if registry.version == seen:
            try:
                await appliance.agent.refresh()
            except EngineError as error:
                _LOG.error("the device list could not be read anew: %s", error)
            appliance.known.save(registry)
        seen = registry.version


def _log(report: TurnReport) -> None:
    if report.ignored:
        _LOG.info("ignored: %s", report.ignored)
        return
    calls = ", ".join(f"{called.call.name} {'ok' if called.result.success else 'failed'}" for called in report.called)
    _LOG.info("answered after %.0f ms (%s)", report.ms.get("voice_to_voice", 0), calls or "no call")
    _LOG.debug("heard %r, answered %r", "(a PIN)" if report.secret else report.heard, report.answer)


async def _until(stop: asyncio.Event, making: Coroutine[Any, Any, Appliance]) -> Appliance | None:
    """The made appliance, or None when the stop came first."""
    task = asyncio.create_task(making)
    await asyncio.wait({task, stopped := asyncio.ensure_future(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not task.done():
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return None
    return task.result()


async def _first(stop: asyncio.Event, again: asyncio.Event, work: asyncio.Future[Any]) -> None:
    """Work until one of the events is set; a fault inside the work is raised."""
    waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(stop.wait()), asyncio.ensure_future(again.wait())}
    try:
        await asyncio.wait({work, *waits}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
    finally:
        for task in (*waits, work):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
