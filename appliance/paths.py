# SPDX-License-Identifier: Apache-2.0
"""Paths as settings give them, and the folders that the appliance uses when none is given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, ValidationInfo

_PACKAGE = Path(__file__).parent


class FromEnvironment(str):
    """A text from an environment variable: a relative path in it starts at the working directory, as in a shell."""


def absolute(text: str, info: ValidationInfo) -> Path:
    """The path that `text` means: `~` is the home folder, and a relative path in a file starts at that file's folder.

    The folder is the validation context `{"folder": Path}`. Raises ValueError for an empty text or an unknown user.
    """
    if not text:
        raise ValueError("found an empty text; allowed: a path, or no value at all for the default")
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError(f"the home folder in {text!r} is not known; write the path out") from error
    folder = Path.cwd() if isinstance(text, FromEnvironment) else Path((info.context or {}).get("folder", "."))
    return Path(os.path.abspath(folder / path))  # not resolve(): links that lead to the current version must stay links


def _path(value: Any, info: ValidationInfo) -> Any:
    return absolute(value, info) if isinstance(value, str) else value


def _name_or_path(value: Any, info: ValidationInfo) -> Any:
    return str(absolute(value, info)) if isinstance(value, str) and ("/" in value or value.startswith("~")) else value


FilePath: TypeAlias = Annotated[Path, BeforeValidator(_path)]
"""Type of a path in the settings; always absolute after loading."""

NameOrPath: TypeAlias = Annotated[str, BeforeValidator(_name_or_path)]
"""Type of a setting that is a known name or, when it has a slash, a path; a path is absolute after loading."""


def config_file(name: str) -> Path:
    """A file of `config/`: in an installed package it lies inside `appliance`, in a checkout beside it."""
    installed = _PACKAGE / "config" / name
    return installed if installed.exists() else _PACKAGE.parent / "config" / name


def default_state_dir() -> Path:
    """Where the appliance keeps its state: the folder that systemd made for it, else the user's own."""
    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.split(":")[0])
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "appliance"
