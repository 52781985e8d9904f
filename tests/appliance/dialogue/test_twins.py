# SPDX-License-Identifier: Apache-2.0
"""Words that look like a time, a prohibition or a question and are none, each beside its twin that is one."""

from __future__ import annotations

import pytest

from appliance.dialogue.mood import why_not


@pytest.mark.parametrize(
    ("text", "tool", "passes"),
    [
        # About how much, and about when
        ("drop the blind to about 30", "HassSetPosition", True),
        ("the radio's a bit shy, about 60", "HassSetVolume", True),
        ("take the telly right down to about 10", "HassSetVolume", True),
        ("lower the lamp to about half, please", "HassLightSet", True),
        ("quiet it down to about 8", "HassSetVolume", True),
        ("turn the lamp off at about 7", "HassTurnOff", False),
        ("dim the lamp around 8", "HassLightSet", False),
        ("turn the lamp off about half 7", "HassTurnOff", False),
        ("turn the lamp off about 21", "HassTurnOff", False),
        ("set the lamp to 20 at quarter past 8", "HassLightSet", False),
        ("the fan at quarter speed", "HassFanSetSpeed", True),
        # What today is like, and what is to be done today
        ("it's awfully close this evening, might one have the fan on", "HassTurnOn", True),
        ("turn the heating on, it's bitter tonight", "HassTurnOn", True),
        ("I'd rather the corner lamp did the work tonight", "HassTurnOn", True),
        ("turn the heating on tonight", "HassTurnOn", False),
        ("we're having the heating on tonight, it's bitter", "HassTurnOn", False),
        ("I'm coming home this evening, turn the heating on", "HassTurnOn", False),
        ("the lamp is on tonight", "HassTurnOn", False),
        # A habit and a condition
        ("I sleep better when it's cool, so turn the heating off", "HassTurnOff", True),
        ("she panics if it's pitch black, turn the lamp on", "HassTurnOn", True),
        ("I sleep better when the lamp's off", "HassTurnOff", False),
        ("when it's cool turn the heating off", "HassTurnOff", False),
        ("turn the fan off if it's cool", "HassTurnOff", False),
        ("they'll be wondering if we're landing aircraft, turn the lamp off", "HassTurnOff", True),
        ("turn the lamp on as if it's a party", "HassTurnOn", True),
        ("turn the lamp off if we're going out", "HassTurnOff", False),
        ("lock the shed when you've a sec", "HassTurnOn", True),
        ("lock the shed when you've been paid", "HassTurnOn", False),
        # What is about to happen
        ("video call in 2 minutes, turn the desk lamp on", "HassTurnOn", True),
        ("the lamp in 2 minutes, turn it on", "HassTurnOn", False),
        ("in 2 minutes, turn the lamp on", "HassTurnOn", False),
        ("put the lamp on for when I get in", "HassTurnOn", True),
        ("put the lamp on when I get in", "HassTurnOn", False),
        ("I can't remember if I locked the shed, lock it", "HassTurnOn", True),
        ("warm the bed up, I'm coming up in a bit", "HassTurnOn", True),
        ("warm the bed up in a bit", "HassTurnOn", False),
        ("turn the lamp off at 10 pm, no, actually now", "HassTurnOff", True),
        ("turn the lamp off at 10 pm, no, not now", "HassTurnOff", False),
    ],
)
def test_a_time_to_do_it_and_what_looks_like_one(text: str, tool: str, passes: bool) -> None:
    assert (why_not(text, tool) is None) == passes


@pytest.mark.parametrize(
    ("text", "tool", "named", "passes"),
    [
        # It went too far, and how far it is
        ("no, not that dark", "HassLightSet", "lamp", True),
        ("no, not that dark", "HassTurnOff", "lamp", False),
        ("not that dark out really", "HassTurnOn", "lamp", False),
        ("no, not that lamp", "HassTurnOn", "lamp", False),
        ("not this song again, next", "HassMediaNext", "", True),
        ("not this song again", "HassTurnOff", "", False),
        # Left undone, and left to others
        ("dad didn't bother to turn the lamp off, do it for him", "HassTurnOff", "lamp", True),
        ("dad didn't bother to turn the lamp off", "HassTurnOff", "lamp", False),
        ("I didn't ask you to turn the lamp off", "HassTurnOff", "lamp", False),
        ("it's not right that the hall's lit up, turn the lamp off", "HassTurnOff", "lamp", True),
        ("it's not right that the hall's lit up", "HassTurnOff", "lamp", False),
        ("it's not to be touched, close the gate", "HassTurnOff", "gate", False),
        ("dryer on so I don't forget it", "HassTurnOn", "dryer", True),
        ("forget it, dryer on or not", "HassTurnOn", "dryer", False),
        # Not wanted at work, and not to be let stay so
        ("I don't want that printer humming away all night", "HassTurnOff", "printer", True),
        ("I don't want that printer humming away all night", "HassTurnOn", "printer", False),
        ("I don't mind that printer humming away", "HassTurnOff", "printer", False),
        ("don't let the back door stay unlocked like that", "HassTurnOn", "back door", True),
        ("don't let the back door stay unlocked like that", "HassTurnOff", "back door", False),
        ("let the back door stay unlocked", "HassTurnOn", "back door", False),
        ("don't let me leave the back door unlocked", "HassTurnOn", "back door", False),
        ("not the ceiling lamp, pet, the lamp in the corner", "HassTurnOn", "corner lamp", True),
        ("not the corner lamp, pet, leave it", "HassTurnOn", "corner lamp", False),
        ("don't leave the back door unlocked overnight, love, sort it out", "HassTurnOn", "back door", True),
        ("I don't want the oven on a minute longer", "HassTurnOff", "oven", True),
        ("did I lock the shed, no I didn't, do it", "HassTurnOn", "shed", True),
        ("did I lock the shed, I didn't, did I", "HassTurnOn", "shed", False),
        ("she left the iron on again didn't she, turn it off", "HassTurnOff", "iron", True),
        ("she didn't turn the iron off", "HassTurnOff", "iron", False),
        ("arm the alarm, I don't like the look of that van", "HassTurnOn", "alarm", True),
        ("dim the lamp, I don't like it off", "HassTurnOff", "lamp", False),
        ("I don't see why the lamp is on, turn it off", "HassTurnOff", "lamp", True),
        ("I don't see why you'd turn the lamp off", "HassTurnOff", "lamp", False),
        ("don't think me rude but turn the lamp off", "HassTurnOff", "lamp", True),
        ("don't let me come home without plasters", "HassShoppingListAddItem", "plasters", True),
        ("don't let me come home without the lamp on", "HassTurnOff", "lamp", False),
        ("the lamp is mine to worry about", "HassTurnOff", "lamp", False),
        ("nothing is to come off the list", "HassShoppingListCompleteItem", "", False),
        ("the lamp can stay", "HassTurnOff", "lamp", False),
        ("turn off the lamp? no fear", "HassTurnOff", "lamp", False),
        ("neither the lamp nor the fan wants turning on", "HassTurnOn", "lamp", False),
        ("neither of us can reach, turn the lamp on", "HassTurnOn", "lamp", True),
        ("the dryer doesnt need to go on its empty", "HassTurnOn", "dryer", False),
        ("the dryer isnt to be touched", "HassTurnOn", "dryer", False),
        ("it isn't dark enough for the lamp yet", "HassTurnOn", "lamp", False),
        ("turn the lamp off? God no, I'm reading", "HassTurnOff", "lamp", False),
        ("the robot can have the day off", "HassVacuumReturnToBase", "robot", False),
        ("party routine? we aren't having one", "HassTurnOn", "party routine", False),
        ("granny said so, so you cant put the lamp on", "HassTurnOn", "lamp", False),
        ("you heard me turn the lamp off earlier right", "HassTurnOff", "lamp", False),
        # One of a kind, and not the other
        ("oat milk, not goat milk, honestly", "HassShoppingListAddItem", "oat milk", True),
        ("no oat milk, not now", "HassShoppingListAddItem", "oat milk", False),
        ("goat milk, not oat milk", "HassShoppingListAddItem", "oat milk", False),
        ("turn on the hall lamp, not desk lamp", "HassTurnOn", "hall lamp", True),
        ("turn on the hall lamp, not desk lamp", "HassTurnOn", "desk lamp", False),
        # It stays as it is
        ("the fountain stays on. End of.", "HassTurnOff", "fountain", False),
        ("the fountain stays on. End of.", "HassTurnOn", "fountain", True),
        ("the fan stays on, so turn off the lamp", "HassTurnOff", "lamp", True),
    ],
)
def test_a_prohibition_and_what_looks_like_one(text: str, tool: str, named: str, passes: bool) -> None:
    assert (why_not(text, tool, "", named) is None) == passes


@pytest.mark.parametrize(
    ("text", "tool", "passes"),
    [
        ("would you mind awfully if the lamp came on", "HassTurnOn", True),
        ("would you mind if the lamp came on when I get in", "HassTurnOn", False),
        ("what did he say? speak up telly", "HassSetVolumeRelative", True),
        ("what did he say to the telly", "HassSetVolumeRelative", False),
        ("who's left the printer humming all night, enough", "HassTurnOff", True),
        ("who left downstairs lit up again, lights off", "HassTurnOff", True),
        ("is the telly on, the radio off", "HassTurnOff", False),
        ("who's left the printer humming all night", "HassTurnOff", False),
        ("is that enough", "HassTurnOff", False),
        ("there's not a puddle under the washer is there", "HassTurnOff", False),
        ("towel rail on, and tell me how warm it is", "HassTurnOn", True),
        ("is the towel rail on, and tell me how warm it is", "HassTurnOn", False),
        ("carry on with that record I was listening to", "HassMediaUnpause", True),
        ("I was listening to that record", "HassMediaUnpause", False),
        ("bread's sorted, dad picked some up", "HassShoppingListCompleteItem", True),
        ("I already picked some up", "HassTurnOn", False),
        ("she said the bread is sorted", "HassShoppingListCompleteItem", False),
        ("curtains about a third of the way across, the cat likes to look out", "HassSetPosition", True),
        ("the cat likes to look out of the curtains", "HassSetPosition", False),
        ("guests are here, do your dinner party thing", "HassTurnOn", True),
        ("kids, eat your dinner", "HassTurnOn", False),
        ("pity nobody had the sense to turn the lamp off", "HassTurnOff", False),
        ("say a parrot whispered turn off the lamp, would you listen", "HassTurnOff", False),
        ("say, turn off the lamp", "HassTurnOff", True),
        ("the lamp on or off, dunno", "HassTurnOff", False),
        ("might putting the lamp on make a difference, would you say", "HassTurnOn", False),
        ("can the robot get under the bench d'you think", "HassVacuumStart", False),
        ("can you get the lamp off do you think", "HassTurnOff", True),
        ("nothing's on upstairs is there, lamp wise", "HassTurnOn", False),
        ("you'd only have to turn the lamp off and there'd be tears", "HassTurnOff", False),
        ("the shed locked yeah", "HassTurnOn", False),
        ("lock the shed, yeah", "HassTurnOn", True),
        ("should the lamp be on with a baby asleep", "HassTurnOn", False),
        ("can that lamp go green or is it just the big one", "HassLightSet", False),
        ("say it after me, Coco: lamp off", "HassTurnOff", False),
        ('they play robots: "Computer, turn the lamp on!" says the little one', "HassTurnOn", False),
        ('turn on the "reading lamp"', "HassTurnOn", True),
        ("she has to learn this poem, put out the light", "HassTurnOff", False),
        ("my niece does a parrot screeching and yelling turn the lamp off", "HassTurnOff", False),
        ("the twins are yelling, turn the lamp off", "HassTurnOff", True),
        ("he keeps mimicking me, ooh turn the lamp on", "HassTurnOn", False),
        # Dreamt of, thought aloud, wanted least, done by oneself, and the name of a song
        ("wouldn't it be lush to have the patio all lit up for the wedding", "HassTurnOn", False),
        ("wouldn't it be lovely to have the lamp on", "HassTurnOn", True),
        ("thinking out loud here, radio off and a bit of peace", "HassTurnOff", False),
        ("the last thing I want is more light in here", "HassLightSet", False),
        ("the last thing I need is that glare, dim the lamp", "HassLightSet", True),
        ("I did the bedtime routine myself today", "HassTurnOn", False),
        ("turn the lights off now, I think it's called", "HassTurnOff", False),
    ],
)
def test_a_command_and_what_looks_like_one(text: str, tool: str, passes: bool) -> None:
    assert (why_not(text, tool) is None) == passes


@pytest.mark.parametrize(
    ("text", "spared", "passes"),
    [
        ("lights out downstairs but do leave the kitchen lamp burning", "kitchen lamp", True),
        ("all the lights off, cept the night light and the hall yeah", "night light, hall", True),
        ("all the lights off, cept the night light and the hall yeah", "night light", False),
        ("every light off, only the little one's night light you leave be", "night light", True),
        ("lights off upstairs but keep the night light going for the little one", "night light", True),
        ("everything off outside but let the fountain run", "fountain", True),
        ("everything off outside but let the fountain run", "pump", False),
        ("all the blinds shut, just leave Anna's blackout as it is", "blackout blind", True),
        ("all the lights out bar the hall one, gran gets up in the night", "hall", True),
        ("all the lights out bar the hall one, gran needs the desk lamp", "hall", False),
        ("every plug off but the dryer, my sheets are in there", "dryer", True),
        ("lock everything except the back, Tom's taken the dog out that way", "back door", True),
        ("all the lights off except the back, Tom's taken the dog out", "back door", False),
    ],
)
def test_what_is_left_out_may_be_told_in_many_words(text: str, spared: str, passes: bool) -> None:
    assert (why_not(text, "HassTurnOff", spared) is None) == passes
