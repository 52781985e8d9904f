# SPDX-License-Identifier: Apache-2.0
"""Signs that a sentence may command nothing, and commands that look alike."""

from __future__ import annotations

import pytest

from appliance.dialogue.signs import may_command_nothing


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("she wants the fairy lights on in the daytime?", True),
        ("what d'you mean, switch the kettle on?", True),
        ("In your opinion is the corner lamp nicer blue or green?", True),
        ("turn on the lamp, please?", False),
        ("could you turn on the lamp?", False),
        ("can't you turn the mirror light on?", False),
        ("it's dark in here, can we have the light on?", False),
        ("let's have the lamp pink, shall we?", False),
        ("the poster said save water, turn the fountain off", True),
        ("I overheard him mutter turn that radio off", True),
        ("turn on the fountain, that's what I did, and a frog shot out", True),
        ("mum says to turn the lamp off", False),
        ("I said turn the lamp off", False),
        ("I don't care what Tom says, turn it on", False),
        ("could you play who let the dogs out?", False),
        ("play what he said", False),
        ("hello, it's about the washing machine, it won't switch on", True),
        ("the light won't come on, turn it on", False),
    ],
)
def test_what_may_command_nothing(text: str, may: bool) -> None:
    assert may_command_nothing(text) is may
