# SPDX-License-Identifier: Apache-2.0
"""Passwords and tokens: the settings say where one is kept, never what it is.

A setting of type `Secret` is written as `{file: PATH}` or `{env: NAME}` and read when the settings are loaded. It is a
pydantic `SecretStr`: it shows as stars in a repr, a dump and a log, and only `.get_secret_value()` gives it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, SecretStr, ValidationInfo

from appliance.paths import absolute

LIMIT_BYTES = 65536
"""A longer file is not a secret but a mistaken path."""


def _read(value: Any, info: ValidationInfo) -> SecretStr:
    if isinstance(value, SecretStr):
        return value
    if not isinstance(value, dict) or len(value) != 1 or not isinstance(next(iter(value.values())), str):
        # What was found is not told: it may be the secret itself.
        raise ValueError(
            "a secret is not written here; allowed: {file: PATH} or {env: NAME}, which say where it is kept"
        )
    kind, name = next(iter(value.items()))
    if kind == "file":
        return SecretStr(_from_file(absolute(name, info)))
    if kind == "env":
        return SecretStr(_from_environment(name))
    raise ValueError("a secret is kept in a file or in a variable; allowed: {file: PATH} or {env: NAME}")


def _from_file(path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > LIMIT_BYTES:
            raise ValueError(
                f"{path} is not a file of at most {LIMIT_BYTES} bytes; give the file that holds the secret alone"
            )
        if status.st_mode & 0o077:
            mode = stat.S_IMODE(status.st_mode)
            raise ValueError(f"{path} may be read by others (mode {mode:04o}); make it private: chmod 600 {path}")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot read the secret's file {path}: {error.strerror or error}") from error
    except UnicodeDecodeError:
        # The cause is dropped: it quotes the bytes.
        raise ValueError(f"{path} is not UTF-8 text; put the secret alone into it") from None
    return _checked(text.removesuffix("\n").removesuffix("\r"), str(path))


def _from_environment(name: str) -> str:
    if name not in os.environ:
        raise ValueError(
            f"the environment variable {name} is not set; set it before the appliance starts, or use {{file: PATH}}"
        )
    return _checked(os.environ[name], f"the environment variable {name}")


def _checked(secret: str, source: str) -> str:
    if not secret:
        raise ValueError(f"{source} is empty; put the secret into it")
    return secret


def _read_or_text(value: Any, info: ValidationInfo) -> SecretStr:
    return SecretStr(value) if isinstance(value, str) else _read(value, info)


SecretOrText: TypeAlias = Annotated[SecretStr, BeforeValidator(_read_or_text)]
"""Type of a field that may be a secret: given as one, or as plain text; shown as neither."""

Secret: TypeAlias = Annotated[SecretStr, BeforeValidator(_read)]
"""Type of a field that is given as `{file: PATH}` (readable by its owner only) or `{env: NAME}`."""
