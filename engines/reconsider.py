# SPDX-License-Identifier: Apache-2.0
"""What a network might have written in place of a call.

The probability of one way to write a call says less than it seems: "the bedside lamp in the bedroom", "the bedside
lamp" and "the light in the bedroom" may be one lamp, and share what the network gives to that lamp. So the likeliest
other ways are written too, each from the token where it parts from the call; who knows the home can tell which of them
come to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from engines.generate import Context, Sampling, Steering, WrittenCall, write

BRANCHES = 4
"""How many other ways are written at most; more of them add next to nothing."""
LEAST = 0.02
"""What a branch must have of the probability to be worth its time."""


def others(
    context: Context,
    before: Sequence[int],
    call: WrittenCall,
    steering: Callable[[], Steering],
    stop: Sequence[int],
    cancelled: Callable[[], bool],
) -> Iterator[tuple[list[int], float]]:
    """The tokens of other calls in place of `call`, likeliest branch first, and the probability of each.

    Args:
        context: to read in; beside the one that is being written in.
        before: the tokens that the call was written after.
        call: where it could have been written otherwise.
        steering: makes one that has followed nothing yet.
        stop: tokens that end a turn.
        cancelled: asked between two steps; raises Cancelled.
    """
    for likely, place in _branches(call)[:BRANCHES]:
        second = call.choices[place].second
        assert second is not None
        tokens = [choice.token for choice in call.choices[:place]] + [second]
        follows = steering()
        for token in tokens:
            follows.accept(token)
        if not follows.in_call:  # text, or a call closed here
            if follows.calls:
                yield tokens, likely
            continue
        logits = context.read_to([*before, *tokens], cancelled)
        for token in write(context, logits, Sampling(), follows, stop, cancelled):
            tokens.append(token)
            if not follows.in_call:
                break
        yield tokens, likely * follows.calls[-1].probability


def _branches(call: WrittenCall) -> list[tuple[float, int]]:
    """The places where a call could have gone another way, and how likely it was to go there; likeliest first."""
    found, so_far = [], 1.0
    for place, choice in enumerate(call.choices):
        likely = so_far * choice.second_probability
        if choice.second is not None and likely >= LEAST:
            found.append((likely, place))
        so_far *= choice.probability
    return sorted(found, reverse=True)
