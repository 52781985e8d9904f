# SPDX-License-Identifier: Apache-2.0
"""What an engine bundle is, for those who build one and those who run it. Needs neither TensorRT nor ONNX."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engines.errors import EngineError
from engines.nemotron_h.config import ATTENTION, MAMBA, NemotronHConfig

log = logging.getLogger(__name__)

DECODE, PREFILL = 0, 1
"""Profiles of an engine: one token, and 1 to `chunk`."""
CACHES = ("key.", "value.")
"""What the names of parts of the state begin with that grow with the tokens read."""


@dataclass(frozen=True)
class EngineShape:
    """What an engine is made for."""

    dtype: str
    """Of activations and caches: bf16 or fp16."""
    context: int
    """Tokens that the caches have room for."""
    chunk: int
    """The most tokens that are read in one step."""

    @classmethod
    def from_manifest(cls, folder: Path, manifest: Mapping[str, Any]) -> EngineShape:
        """As the manifest of an engine bundle has it; raises EngineError."""
        recipe = manifest.get("recipe", {})
        try:
            found = cls(str(recipe["dtype"]), int(recipe["context"]), int(recipe["chunk"]))
        except (KeyError, TypeError, ValueError) as error:
            raise EngineError(f"{folder}'s manifest does not say what its engine was built for: {error}.") from None
        if found.dtype not in ("bf16", "fp16") or min(found.context, found.chunk) < 1:
            raise EngineError(f"{folder}'s manifest describes an engine that cannot be: {found}.")
        return found


def state_parts(c: NemotronHConfig, shape: EngineShape) -> dict[str, tuple[tuple[int, ...], Any]]:
    """Shape and NumPy type of each part of the state as the GPU keeps it; bf16 as its bits, uint16."""
    half = np.float16 if shape.dtype == "fp16" else np.uint16
    parts: dict[str, tuple[tuple[int, ...], Any]] = {}
    for i in c.layers(MAMBA):
        parts[f"conv.{i}"] = ((1, c.conv_kernel - 1, c.conv_size), half)
        parts[f"ssm.{i}"] = ((1, c.mamba_num_heads, c.ssm_state_size, c.mamba_head_dim), np.float32)
    for i in c.layers(ATTENTION):
        for name in CACHES:
            parts[f"{name}{i}"] = ((1, c.num_key_value_heads, shape.context, c.head_dim), half)
    return parts


def release(trt: Any) -> str:
    """Of TensorRT, as far as an engine depends on it: 10.16."""
    return ".".join(trt.__version__.split(".")[:2])


def logger(trt: Any, said: list[str]) -> Any:
    """A logger of the module `trt` that adds errors to `said`; the rest goes to Python's log as debugging."""

    class Logger(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, text: str) -> None:
            if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
                said.append(text)
            log.debug("TensorRT: %s", text)

    return Logger()
