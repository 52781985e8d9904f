# SPDX-License-Identifier: Apache-2.0
"""What is asked for beside what is forbidden, left out, put off or told: it passes, and its dangerous neighbour not."""

from __future__ import annotations

import time

import pytest

from appliance.dialogue.mood import why_not


@pytest.mark.parametrize(
    ("text", "tool", "named", "passes"),
    [
        # Something else than what is forbidden
        ("don't turn the study lights off, just take them down to 30 percent", "HassLightSet", "study", True),
        ("don't turn the study lights off, just take them down to 30 percent", "HassTurnOff", "study", False),
        ("don't switch off the fan, switch off the heater", "HassTurnOff", "heater", True),
        ("don't switch off the fan, switch off the heater", "HassTurnOff", "fan", False),
        ("do not unlock the side door, lock the back one instead", "HassTurnOn", "back door", True),
        ("do not unlock the side door, lock the back one instead", "HassTurnOn", "side door", False),
        ("do not unlock the side door, lock the back one instead", "HassTurnOff", "back door", False),
        ("no need to light up the garden, kill it", "HassTurnOff", "garden lights", True),
        ("no need to light up the garden, kill it", "HassTurnOn", "garden lights", False),
        ("don't dim the lamp, turn it off", "HassTurnOff", "lamp", True),
        ("don't dim the lamp, turn it off", "HassTurnOff", "fan", False),
        ("don't skip this song, turn it up", "HassSetVolumeRelative", "", True),
        ("don't skip this song, turn it up", "HassMediaNext", "", False),
        ("no, not the bathroom, the landing", "HassTurnOff", "landing", True),
        ("no, not the bathroom, the landing", "HassTurnOff", "bathroom", False),
        ("not open, close it", "HassTurnOff", "attic blind", True),
        ("not open, close it", "HassTurnOn", "attic blind", False),
        # The words behind are no command, or not for this
        ("don't turn off the fan, they always turn it off", "HassTurnOff", "fan", False),
        ("don't turn on the fan, the heating is off", "HassTurnOff", "heating", False),
        ("don't turn on the fan, the heating's off", "HassTurnOff", "heating", False),
        ("don't turn off the lamp, leave it", "HassTurnOff", "lamp", False),
        ("don't turn the lamp on, turn it off later", "HassTurnOff", "lamp", False),
        ("don't turn the lamp on, he said turn it off", "HassTurnOff", "lamp", False),
        ("don't turn the lamp on, turn it off if I ask", "HassTurnOff", "lamp", False),
        ("don't bother, the lamp goes off by itself", "HassTurnOff", "lamp", False),
        ("don't shut the shed, open question whether I need it", "HassTurnOn", "shed", False),
        # One word of the tool for two opposite things: a door that opens, and a lock that locks
        ("don't open the side door, lock it", "HassTurnOn", "side door", False),
        # Not wanted on
        ("I don't want the radio on any more", "HassTurnOff", "radio", True),
        ("I don't want the radio on any more", "HassTurnOn", "radio", False),
        ("I don't want the radio on any more", "HassTurnOff", "lamp", False),
        ("I don't want the radio turned on", "HassTurnOn", "radio", False),
        ("I don't want the radio turned off", "HassTurnOff", "radio", False),
        ("don't leave the iron on, will you", "HassTurnOff", "iron", True),
        ("don't leave the iron on, will you", "HassTurnOn", "iron", False),
        ("leave the iron on, will you", "HassTurnOff", "iron", False),
        ("don't keep the shed unlocked", "HassTurnOn", "shed", True),
        ("don't keep the shed unlocked", "HassTurnOff", "shed", False),
        ("the porch light shouldn't be on, turn it off", "HassTurnOff", "porch light", True),
        ("the porch light shouldn't be on", "HassTurnOn", "porch light", False),
        # One thing, and not the other
        ("the garage light I said, not the door", "HassTurnOn", "garage light", True),
        ("the garage light I said, not the door", "HassTurnOn", "garage door", False),
        ("switch off the kitchen lights, not the island", "HassTurnOff", "kitchen lights", False),
        ("switch off the kitchen light except the island", "HassTurnOff", "kitchen light", False),
        # No member of a set
        ("put the bedroom at 19 and not a degree more", "HassClimateSetTemperature", "bedroom", True),
        ("close the shutters but leave a gap", "HassSetPosition", "shutters", True),
        ("close the shutters but leave the left one", "HassTurnOff", "shutters", False),
        ("brighten the lights but not one of the lamps", "HassLightSet", "lights", False),
    ],
)
def test_what_is_asked_for_beside_what_is_forbidden(text: str, tool: str, named: str, passes: bool) -> None:
    assert (why_not(text, tool, "", named) is None) == passes


@pytest.mark.parametrize(
    ("text", "spared", "passes"),
    [
        ("all the lights off bar the landing one, I'm going up", "landing", True),
        ("lights out upstairs, not the study though, dad's still working", "study", True),
        ("turn off the lamps, all but the left one, she's asleep", "left lamp", True),
        ("lock everything but the side door, Ben hasn't got a key", "side door", True),
        ("all the lights off except the bathroom mirror", "mirror", True),
        ("put out all the lounge lights except the ceiling one ta", "lounge ceiling light", True),
        ("except the hall, turn off all the lights", "hall", True),
        ("apart from the hall turn off all the lights", "hall", True),
        ("leave the hall alone and turn off all the other lights", "hall", True),
        ("only the speaker stays on, everything else off", "speaker", True),
        ("all the lights except the hall should be switched off", "hall", True),
        ("turn off all the lights except the hall because we are all in bed", "hall", True),
        # The reason leaves out more, or the names go on
        ("all the lights off bar the landing one, I need the desk lamp too", "landing", False),
        ("all the lights off bar the landing one, the desk lamp", "landing", False),
        ("all the lights off bar the landing one, the desk lamp is needed", "landing", False),
        ("everything off except the tv, they're using the desk lamp as well", "tv", False),
        ("all the lights off except the bathroom and the mirror", "mirror", False),
        ("all the lights off except the hall and light strip", "hall", False),
        ("except the hall and the kitchen, turn off all the lights", "hall", False),
        ("all the lights off except the kitchen, I'm in the hall", "hall", False),
        ("all the lights off except the ceiling one", "ceiling fan", False),
        # Nothing is left out at all
        ("turn off only the hall", "hall", False),
        ("do not turn off the hall", "hall", False),
        ("turn off the hall", "hall", False),
        ("not the hall lights off", "hall", False),
        ("leave the hall, turn off the bedroom", "hall", False),
        ("turn off all the lights except the hall, he said", "hall", False),
        # The rest is still judged
        ("turn off all the lights except the hall when I leave", "hall", False),
        ("leave the hall alone and turn off all the other lights in an hour", "hall", False),
    ],
)
def test_names_that_are_left_out_end_where_a_reason_or_a_command_begins(text: str, spared: str, passes: bool) -> None:
    assert (why_not(text, "HassTurnOff", spared) is None) == passes


@pytest.mark.parametrize(
    ("text", "tool", "passes"),
    [
        # Before something happens: now; before a time of day or of one's own: later
        ("shut the windows before the rain gets in", "HassTurnOff", True),
        ("close the gate before the dog runs off", "HassTurnOff", True),
        ("turn on the fan before I melt", "HassTurnOn", True),
        ("turn on the heating before the kids get up", "HassTurnOn", False),
        ("turn on the heating before I get home", "HassTurnOn", False),
        ("turn on the lamp just before the film ends", "HassTurnOn", False),
        ("it's past midnight, turn off the lamp", "HassTurnOff", True),
        ("turn off the lamp past midnight", "HassTurnOff", False),
        ("the plant looks dry, give it a drink", "HassTurnOn", True),
        ("give it 5 minutes, then turn on the pump", "HassTurnOn", False),
        ("give it a minute, then turn on the pump", "HassTurnOn", False),
        # What was asked makes no difference to the deed, or all of it
        ("is the side door locked? if it isn't then lock it", "HassTurnOn", True),
        ("is the iron off, if not switch it off", "HassTurnOff", True),
        ("is the side door locked? if it is then unlock it", "HassTurnOff", False),
        ("is the heating off? if it isn't then open the window", "HassTurnOn", False),
        # Remarks and wishes
        ("I missed what the weatherman said, louder", "HassSetVolumeRelative", True),
        ("the weatherman said louder", "HassSetVolumeRelative", False),
        ("fountain on, let's get the kids soaked", "HassTurnOn", True),
        ("the kids soaked the cat with the hose on", "HassTurnOn", False),
        ("I was wondering if the lamp in the hall maybe just a bit more", "HassLightSet", True),
        ("I was wondering if the lamp in the hall is on just a bit", "HassLightSet", False),
        ("what a day, lights off", "HassTurnOff", True),
        ("what lights are off", "HassTurnOff", False),
        ("would anyone mind if you turn off the lamp", "HassTurnOff", True),
        ("dinnae turn off the lamp", "HassTurnOff", False),
        ("the lamp is off on purpose", "HassTurnOn", False),
        ("my dad might tell you to turn off the lamp, take no notice", "HassTurnOff", False),
        ("I'll turn off the lamp myself", "HassTurnOff", False),
        ("well done for turning off the lamp when I asked", "HassTurnOff", False),
        ("the blinds came from that shop that shut down", "HassTurnOff", False),
    ],
)
def test_reasons_and_remarks_are_told_from_times_and_reports(text: str, tool: str, passes: bool) -> None:
    assert (why_not(text, tool) is None) == passes


@pytest.mark.parametrize(
    "piece",
    [
        *("don't ", "don't a, ", "not open, ", "no need to ", "don't leave the ", "is it on if ", "what a "),
        *("wondering if the ", "before the ", "missed what ", "except the ", "the hall ", "not the ", "i'm ", "a's "),
        *("all the lights but the ", "lights, not the ", "shouldn't be ", "just the lamp stays ", "what the ", "one, "),
    ],
)
def test_hostile_text_is_read_in_no_time(piece: str) -> None:
    for start in ("", "turn off all the lights except the hall ", "don't leave ", "is the lamp ", "just "):
        text, times = (start + piece * 600)[:600], []
        for _ in range(5):
            began = time.process_time()
            why_not(text, "HassTurnOff", "hall", "lamp")
            why_not(text, "HassTurnOff", "", "lamp")
            times.append(time.process_time() - began)
        assert min(times) < 0.04, (text[:40], min(times))
