# SPDX-License-Identifier: Apache-2.0
"""The command `appliance`: every verb, its options, and nothing that the daemon needs."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.errors import ApplianceError
from appliance.settings import Settings, SettingsError, load
from engines.errors import EngineError

if TYPE_CHECKING:  # loading these takes a second, which `--help` need not wait for
    from appliance.home.registry import Registry
    from appliance.show import Screen
    from appliance.turn import TurnReport

RECORDINGS = Path(__file__).parent / "recordings"

_EPILOG = """examples:
  appliance hear --demo                     the shipped recordings through the whole pipeline
  appliance hear kitchen.wav --json         one object a turn
  appliance hear --mic                      listen and answer aloud until Ctrl-C
  appliance say "turn on the kitchen light" "is it on"
  appliance check-config my.yaml && appliance run --config my.yaml

Exit status: 0 done, 1 a check or a file failed, 2 wrong settings or a missing part, 130 interrupted.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="appliance",
        description="A voice assistant for the home that works with the cable pulled.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    config = argparse.ArgumentParser(add_help=False)
    config.add_argument(
        "--config", type=Path, metavar="YAML", help="settings; else $APPLIANCE_CONFIG, else the defaults"
    )
    turn = argparse.ArgumentParser(add_help=False)
    turn.add_argument("--json", action="store_true", help="print one JSON object a turn and nothing else")
    turn.add_argument(
        "--answers", type=Path, metavar="DIR", help="where the answers' WAV files go (default: STATE_DIR/answers)"
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    verbs.add_parser(
        "run", parents=[config], help="the daemon: listen to the microphone and answer (systemd starts this)"
    )
    hear = verbs.add_parser("hear", parents=[config, turn], help="play recordings through the pipeline, or listen")
    hear.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="WAV, FLAC or OGG, any rate; each is heard at the pace of speech",
    )
    hear.add_argument("--demo", action="store_true", help="the recordings that come with the appliance")
    hear.add_argument(
        "--mic", action="store_true", help="the microphone instead of files; answers come from the speaker"
    )
    say = verbs.add_parser("say", parents=[config, turn], help="a typed turn; several are one conversation")
    say.add_argument("text", nargs="+", help="what a person would say")
    say.add_argument("--speak", action="store_true", help="play the answer through the speaker")
    say.add_argument("--print", action="store_true", dest="text_only", help="make no sound at all, not even a WAV file")
    devices = verbs.add_parser("devices", parents=[config], help="the home's devices and their states")
    devices.add_argument("--json", action="store_true", help="print a JSON list")
    check = verbs.add_parser("check-config", help="check a settings file; prints what is wrong and where")
    check.add_argument("file", nargs="?", type=Path, help="YAML (default: what `run` would read)")
    verbs.add_parser(
        "doctor", parents=[config], help="is this machine fit: sound, models, memory; how to mend what is not"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status."""
    args = _parser().parse_args(arguments)
    # A copy of stderr: sounddevice turns file 2 off while it looks for cards, and what is logged then would be lost.
    logging.basicConfig(
        level=logging.INFO if args.verb == "run" else logging.ERROR,
        format="%(levelname)s %(name)s: %(message)s"
        if "JOURNAL_STREAM" in os.environ
        else "%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1),
    )
    logging.getLogger("faster_whisper").setLevel(logging.WARNING)
    try:
        return _VERBS[args.verb](args)
    except (ApplianceError, EngineError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(args: argparse.Namespace) -> int:
    from appliance import daemon

    asyncio.run(daemon.run(args.config))
    return 0


def _hear(args: argparse.Namespace) -> int:
    settings = load(args.config)
    files = sorted(RECORDINGS.glob("*.wav")) if args.demo else args.files
    if bool(files) == args.mic:
        raise ApplianceError(
            "Give recordings to hear, or --demo, or --mic; one of them. `appliance hear --help` tells more."
        )
    return asyncio.run(_hear_all(args, settings, files))


async def _hear_all(args: argparse.Namespace, settings: Settings, files: Sequence[Path]) -> int:
    from appliance.assemble import assemble
    from appliance.audio.recording import Recording
    from appliance.audio.wav import AudioFileError
    from appliance.show import Screen

    screen = Screen(as_json=args.json)
    with screen.loading() as progress:
        appliance = await assemble(
            settings, hears=True, plays=args.mic, answers=_answers(args, settings), progress=progress
        )
    failed = 0
    try:
        if args.mic:
            from appliance.audio.microphone import Microphone

            async with Microphone(settings.audio.input) as microphone:
                screen.note("Listening; Ctrl-C ends.")
                await _show(screen, "", appliance.turns.listen(microphone, appliance.endpoint()))
        for path in files:
            try:
                await _show(screen, path.name, appliance.turns.listen(Recording(path), appliance.endpoint(), path.stem))
            except AudioFileError as error:
                failed += 1
                screen.fault(path.name, str(error))
        screen.summary()
    finally:
        await appliance.close()
    return 1 if failed else 0


async def _show(screen: Screen, name: str, reports: AsyncIterator[TurnReport]) -> None:
    async for report in reports:
        screen.turn(name, report)


def _say(args: argparse.Namespace) -> int:
    settings = load(args.config)
    return asyncio.run(_say_all(args, settings))


async def _say_all(args: argparse.Namespace, settings: Settings) -> int:
    from appliance.assemble import assemble
    from appliance.show import Screen

    screen = Screen(as_json=args.json)
    with screen.loading() as progress:
        appliance = await assemble(
            settings,
            hears=False,
            speaks=not args.text_only,
            plays=args.speak,
            answers=_answers(args, settings),
            progress=progress,
        )
    try:
        for number, text in enumerate(args.text, 1):
            screen.turn("", await appliance.turns.say(text, f"say-{number}"))
    finally:
        await appliance.close()
    return 0


def _answers(args: argparse.Namespace, settings: Settings) -> Path:
    chosen: Path = args.answers or settings.audio.answers or settings.state_dir / "answers"
    return chosen


def _devices(args: argparse.Namespace) -> int:
    from appliance.home.mcp_check import check_servers
    from appliance.home.sources import find_devices
    from appliance.show import devices

    settings = load(args.config)

    async def look() -> Registry:
        registry, router = await find_devices(settings)
        await router.stop()
        return registry

    registry = asyncio.run(look())
    if args.json:
        keys = ("entity_id", "name", "domain", "device_class", "area", "floor", "aliases", "state")
        print(json.dumps([{key: getattr(device, key) for key in keys} for device in registry.devices], indent=2))
    else:
        devices(registry.devices)
        for server in check_servers(settings):
            for name, word in server.tools:
                print(f"tool of {server.name}: {name} ({word})")
            if not server.ok:
                print(f"{server.name}: {server.detail}\n  -> {server.mend}", file=sys.stderr)
    return 0


def _check_config(args: argparse.Namespace) -> int:
    from appliance.home.mcp_check import missing_programs
    from appliance.home.simulated import load_home
    from appliance.home.sources import tool_servers

    settings = load(args.file)
    found = "real devices"
    if settings.simulated:
        found = f"{len(load_home(settings.simulated).devices)} devices in {settings.simulated}"
    tool_servers(settings)
    if missing := missing_programs(settings):
        raise SettingsError("\n".join(f"mcp.servers.{one.name}: {one.detail}. {one.mend}" for one in missing))
    print(f"The settings are right: microphone {settings.audio.input!r}, {found}.")
    return 0


def _doctor(args: argparse.Namespace) -> int:
    from appliance import doctor, models

    def load_engine(settings: Settings) -> str:
        from engines.language_model import LanguageModel

        model = LanguageModel(models.language_model(settings).folder, settings.language_model.threads)
        model.warm([{"role": "system", "content": "doctor"}])
        return f"onnxruntime loads and steps it, {len(model.runtime.config.pattern)} layers"

    return 0 if doctor.report(load(args.config), sys.stdout, load_engine) else 1


_VERBS = {
    "run": _run,
    "hear": _hear,
    "say": _say,
    "devices": _devices,
    "check-config": _check_config,
    "doctor": _doctor,
}

if __name__ == "__main__":
    sys.exit(main())
