# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between a tool call and a device. Every message is a sentence that can be spoken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from appliance.errors import ApplianceError

if TYPE_CHECKING:
    from appliance.home.registry import Device


class HomeError(ApplianceError):
    """A call that cannot be carried out; nothing was changed by it."""


class ToolInputError(HomeError):
    """The arguments of a call do not fit its schema."""


class NotFound(HomeError):
    """No device, room, floor, timer or list answers to what was said."""


class Ambiguous(HomeError):
    """More than one device fits, or the only fit is too uncertain to act upon: the person must be asked."""

    def __init__(self, question: str, candidates: Sequence[Device] = ()) -> None:
        super().__init__(question)
        self.candidates = tuple(candidates)


class CannotDo(HomeError):
    """The device was found, and it has no such ability or does not take such a value."""


class DriverError(HomeError):
    """The way to a device is broken: its broker, bridge or radio refused the command."""


class Partly(DriverError):
    """The command was sent; the message says by name who did not follow, or cannot say whether."""
