# SPDX-License-Identifier: Apache-2.0
"""Print what an installed Home Assistant would install when it starts with its demo home; run by its own Python.

Home Assistant's parts tell in their manifests what they need, each package with its version, and on which other parts
they rest or which they would start after. It installs all that on the first start (homeassistant/requirements.py); the
tests start it with --skip-pip, so that nothing depends on the network then.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

CONFIGURED = ("http", "api", "websocket_api", "config", "onboarding", "conversation", "demo", "shopping_list")
"""What the tests configure."""
IMPORTED = ("assist_pipeline",)
"""Parts that others import without saying that they rest on them (conversation, since 2024.8)."""
NEEDED = ("numpy",)
"""Packages that they need likewise (camera)."""


def parts(components: Path, always: set[str]) -> list[str]:
    """All parts that are started: those configured, those always started, and what they rest on."""
    demo = {file.stem for file in (components / "demo").glob("*.py") if (components / file.stem).is_dir()}
    known: set[str] = set()
    waiting = [*CONFIGURED, *IMPORTED, *sorted(always | demo)]
    while waiting:
        part = waiting.pop()
        if part not in known and (components / part / "manifest.json").is_file():
            known.add(part)
            manifest = json.loads((components / part / "manifest.json").read_text(encoding="utf-8"))
            waiting += [*manifest.get("dependencies", ()), *manifest.get("after_dependencies", ())]
    return sorted(known)


def main() -> None:
    from homeassistant import bootstrap  # type: ignore[import-not-found, unused-ignore]

    spec = find_spec("homeassistant")
    components = Path(str(spec and spec.origin)).parent / "components"
    needed = {*NEEDED}
    for part in parts(components, set(bootstrap.DEFAULT_INTEGRATIONS)):
        manifest = json.loads((components / part / "manifest.json").read_text(encoding="utf-8"))
        needed.update(manifest.get("requirements", ()))
    print("\n".join(sorted(needed)))


if __name__ == "__main__":
    main()
