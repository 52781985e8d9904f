# SPDX-License-Identifier: Apache-2.0
"""Puts the appliance together from its settings: checks and loads every model, warms it, and wires the stages of a
turn.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing here may go and fetch a model

from appliance import models
from appliance.audio.speaker import Speaker
from appliance.dialogue.agent import Agent
from appliance.dialogue.conversation import Conversation
from appliance.dialogue.intents import IntentClassifier
from appliance.dialogue.prompt import system_prompt
from appliance.home.clock import SystemClock
from appliance.home.drivers import Router
from appliance.home.execute import CallContext, Home
from appliance.home.known import Known
from appliance.home.policy import Policy
from appliance.home.sources import find_devices, tool_servers
from appliance.home.timers import Timers
from appliance.settings import Settings
from appliance.speech.endpoint import Endpoint
from appliance.speech.recognizer import Recognizer
from appliance.speech.vad import SileroVad
from appliance.speech.voice import Voice
from appliance.turn import Turns
from engines.language_model import LanguageModel

if TYPE_CHECKING:
    from appliance.home.mcp import Servers

_LOG = logging.getLogger(__name__)

Progress = Callable[[str], None]
"""Told what is being loaded, in a few words."""


@dataclass
class Appliance:
    """Everything that runs, ready for the first turn."""

    settings: Settings
    turns: Turns
    home: Home
    timers: Timers
    agent: Agent
    voice: Voice | None
    router: Router
    known: Known
    servers: Servers | None = None

    def endpoint(self) -> Endpoint:
        """A fresh detector of turns, for one source."""
        return Endpoint(SileroVad(), self.settings.speech)

    async def close(self) -> None:
        """End the voice's process and the models' threads."""
        self.turns.close()
        self.agent.close()
        await self.router.stop()
        if self.servers is not None:
            await self.servers.stop()
        if self.voice is not None:
            await self.voice.close()


async def assemble(
    settings: Settings,
    *,
    hears: bool,
    speaks: bool = True,
    plays: bool = False,
    answers: Path | None = None,
    timers: Timers | None = None,
    progress: Progress = lambda what: None,
) -> Appliance:
    """Load what is needed and warm it. The models load side by side, each on a thread of its own.

    Args:
        settings: what is loaded, and from where.
        hears: with a recognizer, for spoken turns.
        speaks: with a voice; without it answers are text only.
        plays: through the speaker of the settings.
        answers: folder for the answers' WAV files.
        timers: those of the process, which outlive a reload; without them, new ones in memory.
        progress: told what is being loaded.

    Raises ApplianceError or EngineError, complete sentences both, when a part cannot be had.
    """
    began = time.monotonic()
    context = CallContext(settings.home.area)
    needed = [models.language_model(settings), models.intents()]
    needed += [models.voice_activity(), models.recognizer(settings)] if hears else []
    needed += [models.voice(settings)] if speaks else []
    progress("checking the models")
    await asyncio.gather(*(asyncio.to_thread(models.check, model) for model in needed))
    clock = SystemClock()
    timers = timers or Timers(clock)
    servers = tool_servers(settings)
    progress("looking for the devices")
    known = Known(settings.state_dir / "devices.json")
    registry, router = await find_devices(settings, known)
    known.save(registry)
    home = Home(registry, router, timers, clock, policy=Policy(settings.policy), servers=servers)
    voice = Voice(settings.speech.voice) if speaks else None

    async def load_agent() -> Agent:
        progress("loading the language model")
        folder, threads = models.language_model(settings).folder, settings.language_model.threads
        prefixes = settings.state_dir / "prefixes"  # the device list, as read, over restarts
        model = await asyncio.to_thread(LanguageModel, folder, threads, prefix_folder=prefixes)
        conversation = Conversation(system_prompt(registry.devices), settings.dialogue, clock)
        intents = await asyncio.to_thread(IntentClassifier)
        agent = Agent(model, intents, home, conversation, settings.language_model)
        tokens = await agent.warm()
        _LOG.info("the language model has read its system turn of %d tokens", tokens)
        return agent

    async def load_recognizer() -> Recognizer | None:
        if not hears:
            return None
        progress("loading the recognizer")
        names = [device.name for device in registry.devices]
        return await asyncio.to_thread(Recognizer, settings.speech.recognizer, names)

    async def load_voice() -> None:
        if voice is not None:
            progress("loading the voice")
            await voice.start()

    try:
        if servers is not None:
            progress("connecting to the servers of tools")
            await servers.start()
        agent, recognizer, _ = await asyncio.gather(load_agent(), load_recognizer(), load_voice())
    except BaseException:
        await router.stop()
        if servers is not None:
            await servers.stop()
        if voice is not None:
            await voice.close()
        raise
    speaker = Speaker(settings.audio.output) if plays and speaks else None
    turns = Turns(agent, voice, recognizer=recognizer, speaker=speaker, answers=answers, context=context)
    _LOG.info("ready after %.1f s", time.monotonic() - began)
    return Appliance(settings, turns, home, timers, agent, voice, router, known, servers)
