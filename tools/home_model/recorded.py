# SPDX-License-Identifier: Apache-2.0
"""A loss and its gradients as one CUDA graph: a network this small is otherwise held up by launching its kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


class Recorded:
    """Gradients of a loss over batches that all have the shapes of the first."""

    def __init__(self, loss: Callable[..., Tensor], weights: Sequence[Tensor], batch: Sequence[Tensor]) -> None:
        """`loss` is called a few times with `batch`, on a GPU; the gradients stay where they then are."""
        self._batch = [part.clone() for part in batch]
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):  # what libraries set up at the first calls cannot be recorded
            for _ in range(3):
                _forget(weights)
                loss(*self._batch).backward()
        torch.cuda.current_stream().wait_stream(aside)
        _forget(weights)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._loss = loss(*self._batch)
            self._loss.backward()

    def __call__(self, batch: Sequence[Tensor]) -> Tensor:
        """Fill the gradients; the loss."""
        for held, part in zip(self._batch, batch, strict=True):
            held.copy_(part)
        self._graph.replay()
        return self._loss.detach().clone()


def _forget(weights: Sequence[Tensor]) -> None:
    for weight in weights:
        weight.grad = None
