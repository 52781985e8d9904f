# SPDX-License-Identifier: Apache-2.0
"""The program starts with what requirements/run.txt installs, although the tests' own environment has more."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

START = """
import re, sys
from importlib.metadata import packages_distributions

allowed = set(sys.argv[1:])
barred = {
    module
    for module, packages in packages_distributions().items()
    if not allowed & {re.sub("[-_.]+", "-", name).lower() for name in packages}
}
assert "ml_dtypes" in barred and "numpy" not in barred

class Bar:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in barred:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Bar)
sys.path.insert(0, ".")
import appliance.assemble, appliance.cli, engines.open
"""


def test_the_program_needs_no_package_that_run_txt_leaves_out() -> None:
    lines = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8").splitlines()
    named = [re.sub("[-_.]+", "-", line.split("==")[0].strip()).lower() for line in lines if "==" in line]
    started = subprocess.run(
        [sys.executable, "-c", START, *named, "appliance"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert started.returncode == 0, started.stderr
