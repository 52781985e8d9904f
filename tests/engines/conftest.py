# SPDX-License-Identifier: Apache-2.0
"""A GPU and TensorRT that are stubs, and a bundle built on them; imported only where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.tensorrt_stub.gpu import Gpu


@pytest.fixture
def gpu() -> Iterator[Gpu]:
    from tests.tensorrt_stub.machine import machine

    with machine() as made:
        yield made


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home model with its reference."""
    from tests.tensorrt_stub.machine import home_bundle

    return home_bundle(tmp_path_factory.mktemp("source") / "home")


@pytest.fixture(scope="module")
def made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An engine bundle for SM 87."""
    from engines.build import build
    from tests.tensorrt_stub.machine import CONTEXT, machine

    out = tmp_path_factory.mktemp("made") / "engine"
    with machine():
        build(source, out, context=CONTEXT)
    return out
