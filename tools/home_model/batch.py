# SPDX-License-Identifier: Apache-2.0
"""What a training step reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Batch:
    """Rows of tokens, and how much each predicted token counts."""

    tokens: NDArray[np.int64]
    """[rows, length + 1]"""
    weights: NDArray[np.float32]
    """[rows, length]"""
