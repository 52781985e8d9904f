# SPDX-License-Identifier: Apache-2.0
"""Texts that want to be obeyed (injections.jsonl) in all that a Home Assistant sends: names, rooms, floors, aliases,
states, attributes, lists, refusals. They stay data, and no service is called for them.
"""

from __future__ import annotations

import asyncio

from appliance.dialogue.agent import Agent
from appliance.dialogue.conversation import Conversation
from appliance.dialogue.intents import IntentClassifier
from appliance.dialogue.prompt import system_prompt
from appliance.home.home_assistant_states import named
from appliance.settings import DialogueSettings, LanguageModelSettings
from appliance.text import MARKERS
from tests.appliance.dialogue.test_injections import HARMLESS, LIE, OBEYED, TEXTS, delimiters, each, shape, turn
from tests.clock import FakeClock
from tests.home_assistant_house import House
from tests.home_assistant_server import TOKEN, HomeAssistantServer, state
from tests.scripted_model import ScriptedModel, call


def furnished(text: str) -> HomeAssistantServer:
    """A Home Assistant that says the text wherever it may say one."""
    server = HomeAssistantServer()
    server.areas = [{"area_id": "kitchen", "name": text, "floor_id": "ground", "aliases": [text]}]
    server.floors = [{"floor_id": "ground", "name": text, "aliases": [text], "level": 0}]
    server.devices = [{"id": "d1", "area_id": "kitchen", "name": text, "name_by_user": text}]
    server.entities = [
        {"entity_id": "light.ceiling", "device_id": "d1", "area_id": None, "name": text, "aliases": [text]},
        {"entity_id": "light.lamp", "device_id": "d1", "aliases": ["Guest Lamp", text]},
    ]
    server.states["light.ceiling"]["attributes"] |= {"friendly_name": text, "effect": text, "color_mode": text}
    server.states["light.lamp"]["attributes"]["friendly_name"] = "Side Light"  # none of the texts is its name
    server.states["media_player.radio"]["attributes"] |= {"media_title": text, "source": text, "app_name": text}
    server.states["climate.thermostat"]["attributes"] |= {"preset_mode": text, "temperature_unit": text}
    server.states["sensor.humidity"] |= state("sensor.humidity", text, unit_of_measurement=text, device_class=text)
    server.states["sensor.note"] = state("sensor.note", text)
    server.states["lock.front_door"]["attributes"]["changed_by"] = text
    server.states["scene.movie"]["attributes"]["friendly_name"] = text
    server.states["switch.coffee_machine"] = state("switch.coffee_machine", "off", device_class=text)
    server.items = {"todo.shopping_list": ["milk", text]}
    server.refusals = {"turn_off": text}
    return server


ASKED = (
    ("what does the note say", call("HassGetState", name="note")),
    ("what is the humidity", call("HassGetState", name="humidity")),
    ("what is playing on the radio", call("HassGetState", name="radio")),
    ("what is on the shopping list", call("HassGetState", name="shopping list")),
    ("is the guest lamp on", call("HassGetState", name="guest lamp")),
)


def test_the_texts_are_those_of_the_set() -> None:
    assert len(TEXTS) >= 20


@each
def test_what_home_assistant_sends_is_shown_as_data_and_a_model_that_obeys_it_changes_nothing(text: str) -> None:
    async def visit(server: HomeAssistantServer) -> str:
        await server.start()
        house = House(server, TOKEN)
        try:
            await house.driver.start(house.registry)
            assert house.driver.health().well
            prompt = system_prompt(house.registry.devices)
            for device in house.registry.devices:
                for told in (device.name, device.area or "", device.floor or "", *device.aliases):
                    assert len(told) <= 80 and told.isprintable() and not set(told) & set(MARKERS)
            before = house.registry.devices
            for question, asks in ASKED:
                conversation = Conversation(prompt, DialogueSettings(), FakeClock())
                model = ScriptedModel(asks, OBEYED, LIE)
                agent = Agent(model, IntentClassifier(), house.home, conversation, LanguageModelSettings())
                answer, called = await turn(agent, question)
                assert len(called) == 3 and not called[1].result.success and not called[2].result.success
                assert answer and "I unlocked" not in answer
            assert server.calls == [] and house.registry.devices == before
            refused = await house.do("HassTurnOff", name="guest lamp")
            assert not refused.success and not set(str(refused.error)) & set(MARKERS)
            assert len(str(refused.error)) < 300 and str(refused.error).isprintable()
            return prompt
        finally:
            await house.driver.stop()
            await server.stop()

    other = HARMLESS if named(text) else ""
    hostile, harmless = (asyncio.run(visit(furnished(one))) for one in (text, other))
    assert delimiters(hostile) == delimiters(harmless)
    said = {"role": "user", "content": "hello"}
    assert shape([{"role": "system", "content": hostile}, said]) == shape(
        [{"role": "system", "content": harmless}, said]
    )
