# SPDX-License-Identifier: Apache-2.0
"""What the command line shows: progress while loading, one block a turn, a table of times at the end; or JSON lines."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appliance.home.registry import Device
from appliance.home.states import state_words
from appliance.turn import TurnReport

STAGES = {
    "silence": "silence that ends the turn",
    "recognizer": "recognizer, after the turn's end",
    "agent": "language model and tools, to the first clause",
    "language_model_first_token": "  of it: first token",
    "tools": "  of it: tools, read back",
    "voice": "voice, first clause to first sample",
    "voice_to_voice": "last speech sample to first answer sample",
}
"""Stage -> what is measured, in the order of a turn; keys of TurnReport.ms."""


class Screen:
    """Prints turns for a person, or as JSON lines for a program."""

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        # A file or a pipe has no width to wrap at.
        self._console = Console(highlight=False, width=None if sys.stdout.isatty() else 1000)
        self._errors = Console(stderr=True, highlight=False)
        self._reports: list[TurnReport] = []

    @contextmanager
    def loading(self) -> Iterator[Callable[[str], None]]:
        """Show what is being loaded; yields the function that is told."""
        began = time.monotonic()
        if self._json:
            yield lambda what: None
            return
        with self._errors.status("starting") as status:

            def tell(what: str) -> None:
                status.update(f"{what} ...")
                if not self._errors.is_terminal:
                    self._errors.print(f"{what} ...")

            yield tell
        self._errors.print(f"ready after {time.monotonic() - began:.1f} s")

    def note(self, text: str) -> None:
        """A line for the person."""
        if not self._json:
            self._console.print(text)

    def fault(self, name: str, message: str) -> None:
        """A file that could not be heard."""
        if self._json:
            print(json.dumps({"file": name, "error": message}), flush=True)
        self._errors.print(Text(message, style="red"))

    def turn(self, name: str, report: TurnReport) -> None:
        """One turn, as soon as it is over."""
        if self._json:
            print(json.dumps(report.to_json(), ensure_ascii=False), flush=True)
            return
        if name:
            self._console.print(Text(name, style="bold"))
        if report.ignored:
            self._line("ignored", report.ignored)
        else:
            self._reports.append(report)
            self._line("heard", report.heard)
            for called in report.called:
                arguments = ", ".join(f"{key}={value}" for key, value in called.call.arguments.items())
                told = called.result.result if called.result.success else f"refused: {called.result.error}"
                self._line("call", f"{called.call.name}({arguments}) -> {told}")
            for change in report.changed:
                self._line("state", f"{change.entity_id}: {change.before} -> {change.after}")
            self._line("answer", report.answer)
            if report.answer_wav:
                self._line("wav", str(report.answer_wav))
            if report.fault:
                self._line("fault", report.fault)
            told = "  ".join(
                f"{stage} {report.ms[stage]:.0f}"
                for stage in ("silence", "recognizer", "agent", "voice")
                if stage in report.ms
            )
            self._line("ms", f"{told}  = {report.ms.get('voice_to_voice', 0):.0f}")
        self._console.print()

    def summary(self) -> None:
        """The table of milliseconds a stage over all turns."""
        timed = [report.ms for report in self._reports if "silence" in report.ms]
        if self._json or not timed:
            return
        table = Table(title=f"milliseconds a stage, {len(timed)} turns", title_justify="left")
        table.add_column("stage")
        for heading in ("median", "least", "most"):
            table.add_column(heading, justify="right")
        for stage, what in STAGES.items():
            values = [ms[stage] for ms in timed]
            table.add_row(what, *(f"{f(values):.0f}" for f in (statistics.median, min, max)))
        self._console.print(table)

    def _line(self, label: str, text: str) -> None:
        self._console.print(Text.assemble((f"  {label:<8}", "dim"), text), overflow="fold")


def devices(listed: Iterable[Device]) -> None:
    """A table of devices and their states."""
    table = Table()
    for heading in ("area", "device", "kind", "state", "id"):
        table.add_column(heading, overflow="fold")
    for device in listed:
        kind = device.domain if not device.device_class else f"{device.domain}/{device.device_class}"
        table.add_row(device.area or "", device.name, kind, state_words(device), device.entity_id)
    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)
