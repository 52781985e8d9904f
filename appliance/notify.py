# SPDX-License-Identifier: Apache-2.0
"""Tell systemd how the service fares: the sd_notify protocol, one datagram a message (sd_notify(3)).

Where the process does not run under systemd ($NOTIFY_SOCKET is not set) nothing is sent.
"""

from __future__ import annotations

import logging
import os
import socket
import time

_LOG = logging.getLogger(__name__)


def ready(status: str) -> bool:
    """Starting, or reloading, is done and the appliance listens."""
    return _send("READY=1", _status(status))


def reloading() -> bool:
    """The settings are being read again; `ready` must follow."""
    # systemd orders this message against its own reload request by the monotonic clock.
    return _send(
        "RELOADING=1",
        f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}",
        _status("reading the settings again"),
    )


def stopping() -> bool:
    """The appliance ends in an orderly way."""
    return _send("STOPPING=1", _status("stopping"))


def status(text: str) -> bool:
    """A line for `systemctl status`."""
    return _send(_status(text))


def _status(text: str) -> str:
    return "STATUS=" + " ".join(text.split())  # a line break would begin another assignment


def _send(*assignments: str) -> bool:
    """Send one message; False where there is nobody to tell, or telling fails (logged: the service itself is well)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]  # Linux's abstract namespace
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(1.0)  # a full queue of systemd's must not hold up the audio
            channel.sendto("\n".join(assignments).encode(), address)
    except OSError as error:
        _LOG.warning("cannot notify systemd at %s: %s", os.environ["NOTIFY_SOCKET"], error)
        return False
    return True
