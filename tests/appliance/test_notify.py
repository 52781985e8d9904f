# SPDX-License-Identifier: Apache-2.0
"""The sd_notify protocol, against a real socket such as systemd listens on."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import notify


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    address = str(tmp_path / "notify") if request.param == "path" else f"@appliance-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0"))
        listener.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        yield listener


def received(listener: socket.socket) -> list[str]:
    return listener.recv(4096).decode().split("\n")


def test_ready_comes_with_a_status(systemd: socket.socket) -> None:
    assert notify.ready("listening in the Kitchen")
    assert received(systemd) == ["READY=1", "STATUS=listening in the Kitchen"]


def test_stopping_is_told(systemd: socket.socket) -> None:
    assert notify.stopping()
    assert received(systemd)[0] == "STOPPING=1"


def test_reloading_is_told_with_the_time_of_the_monotonic_clock(systemd: socket.socket) -> None:
    before = time.monotonic() * 1e6
    assert notify.reloading()
    first, clock, _ = received(systemd)
    assert first == "RELOADING=1"
    assert before - 1 <= int(clock.removeprefix("MONOTONIC_USEC=")) <= time.monotonic() * 1e6


def test_a_status_stays_one_assignment_whatever_stands_in_it(systemd: socket.socket) -> None:
    assert notify.status("lamp\nSTOPPING=1\n é")
    assert received(systemd) == ["STATUS=lamp STOPPING=1 é"]


def test_without_systemd_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify.ready("listening")


def test_a_socket_that_is_gone_is_logged_and_does_not_stop_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert not notify.ready("listening")
    assert "cannot notify systemd at" in caplog.text
