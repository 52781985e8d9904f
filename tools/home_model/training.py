# SPDX-License-Identifier: Apache-2.0
"""How a home model learns: its shape, its optimizers, the loss, and the loop over data."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from engines.nemotron_h.chat import ChatFormat
from engines.nemotron_h.config import NemotronHConfig
from engines.nemotron_h.model import NemotronH
from tools.home_model import dataset, measure
from tools.home_model.batch import Batch
from tools.home_model.drills import Drills
from tools.home_model.recorded import Recorded

LENGTH = 640
WARMUP, DECAY = 0.01, 0.4  # shares of the run
HELD_OUT = 5  # batches
CHECKPOINT = "checkpoint.pt"
CHAT = Path(__file__).parent


@dataclass(frozen=True)
class Recipe:
    """What a run is made of, but for its data."""

    tokens: int
    """To read in all."""
    seed: int = 1
    rows: int = 4
    """Of LENGTH tokens, a step."""
    muon: float = 0.01
    """Learning rate of the hidden matrices; 0: AdamW learns them too."""
    adamw: float = 0.003
    drills: bool = True
    every: int = 400
    """Steps between checkpoints and measurements."""
    device: str = "cpu"


def configuration(vocab_size: int) -> NemotronHConfig:
    """The shape of the home model; attention stands twice, since copying a name needs it."""
    return NemotronHConfig(
        pattern="M-M*-M*-",
        hidden_size=256,
        intermediate_size=768,
        vocab_size=vocab_size,
        mamba_num_heads=8,
        mamba_head_dim=64,
        n_groups=1,
        ssm_state_size=64,
        conv_kernel=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        chunk_size=64,
        max_position_embeddings=32768,
        eos_token_ids=(2, 11),
    )


def initialize(model: NemotronH, seed: int) -> None:
    """Mamba-2's own start for dt and A, small normal weights elsewhere, residual outputs scaled by depth."""
    generator = torch.Generator().manual_seed(seed)
    depth = len(model.config.pattern)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 2:
                std = 0.05 if "embeddings" in name else weight.shape[1] ** -0.5
                scale = depth**-0.5 if any(part in name for part in ("out_proj", "o_proj", "down_proj")) else 1.0
                weight.normal_(0, std * scale, generator=generator)
            elif name.endswith("A_log"):
                weight.uniform_(0, math.log(16), generator=generator)
            elif name.endswith("dt_bias"):
                dt = torch.empty_like(weight).uniform_(math.log(1e-3), math.log(0.1), generator=generator).exp()
                weight.copy_(dt + torch.log(-torch.expm1(-dt)))  # the inverse of softplus
    # While training, a token is read and written by one vector, so that a name that was never seen can be copied; the
    # checkpoint has both, as the family does.
    model.lm_head.weight = model.backbone.embeddings.weight


class Training:
    """A run in the folder `out`: goes on from the checkpoint there if there is one. The tokenizer.json is in it, or in
    `tokenizer`. It reads `stream`, or what it makes itself.
    """

    def __init__(
        self,
        out: Path,
        recipe: Recipe,
        config: Callable[[int], NemotronHConfig] = configuration,
        tokenizer: Path | None = None,
        stream: Iterator[Batch] | None = None,
    ) -> None:
        self.out, self.recipe = out, recipe
        chat = ChatFormat.from_folder(CHAT)
        self.encoder = dataset.Encoder(Tokenizer.from_file(str((tokenizer or out) / "tokenizer.json")), chat)
        torch.manual_seed(recipe.seed)  # for what `initialize` leaves as torch starts it
        self.model = NemotronH(config(self.encoder.tokenizer.get_vocab_size()))
        initialize(self.model, recipe.seed)
        self.device = torch.device(recipe.device)
        self.model.to(self.device)
        self._optims = self._optimizers()
        self._compiled = torch.compile(self.loss)
        self._recorded: Recorded | None = None
        self.tokens, self.curve = 0, list[dict[str, float]]()
        self.checkpoint = out / CHECKPOINT
        if self.checkpoint.exists():
            self._load()
        # From the same place again in a run that was stopped there.
        seed = f"{recipe.seed} 0 {self.tokens}"
        self._stream = stream or dataset.batches(self.encoder, seed, recipe.rows, LENGTH)

    def _optimizers(self) -> list[torch.optim.Optimizer]:
        """Muon for the hidden matrices, AdamW for embeddings, head, norms and the SSM's own parameters."""
        matrices = [
            weight
            for name, weight in self.model.named_parameters()
            if weight.dim() == 2 and "embeddings" not in name and "lm_head" not in name and self.recipe.muon
        ]
        known = {id(weight) for weight in matrices}
        others = [weight for weight in self.model.parameters() if id(weight) not in known]
        found: list[torch.optim.Optimizer] = [torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.0)]
        if matrices:
            found.append(torch.optim.Muon(matrices, momentum=0.95, weight_decay=0.01))
        return found

    def loss(self, tokens: Tensor, at: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """Weighted cross entropy of `tokens` [rows, T] at the flat positions `at` [n] that count."""
        # A recorded graph must cast the weights anew each time.
        with torch.autocast(self.device.type, torch.bfloat16, cache_enabled=self.device.type == "cpu"):
            hidden, _ = self.model.backbone(tokens, self.model.empty_state(tokens.shape[0]))
            logits = self.model.lm_head(hidden.flatten(0, 1)[at])
        losses = functional.cross_entropy(logits.float(), targets, reduction="none")
        return (losses * weights).sum() / weights.sum()

    def gradients(self, batch: Sequence[Tensor]) -> Tensor:
        """Fill the gradients for one batch of `counted`; the loss. On a GPU all batches have one shape."""
        if self.device.type == "cuda":
            self._recorded = self._recorded or Recorded(self._compiled, list(self.model.parameters()), batch)
            return self._recorded(batch)
        return _backward(self._compiled(*batch), self.model)

    def learn(self, share: float) -> None:
        """One step at a share of the learning rates."""
        for optim, full in zip(self._optims, (self.recipe.adamw, self.recipe.muon), strict=False):
            optim.param_groups[0]["lr"] = full * share
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optim in self._optims:
            optim.step()

    def run(self) -> None:
        """Drills, then sentences, up to the last token of the recipe."""
        if not self.checkpoint.exists():
            if self.recipe.drills:
                self._drill()
            self._save()
        self._read(self.recipe.rows * LENGTH, self.recipe.tokens)

    def _read(self, size: int, last: int) -> None:
        mean, since, step = torch.zeros(()), time.monotonic(), 0
        every = self.recipe.every
        while self.tokens < last:
            batch = [part.to(self.device, non_blocking=True) for part in counted(next(self._stream), fixed=True)]
            loss = self.gradients(batch)
            self.learn(rate(self.tokens / last))
            self.tokens += size
            step += 1
            mean = loss if step == 1 else 0.98 * mean + 0.02 * loss
            if step % 50 == 0:
                speed = step * size / (time.monotonic() - since)
                told = f"{self.tokens / 1e6:.2f} of {last / 1e6:.0f} million tokens  loss {mean:.4f}"
                self._say(f"{told}  {speed:,.0f} tokens/s  {(last - self.tokens) / speed / 60:.0f} min left")
            if step % every == 0 or self.tokens >= last:
                self._measure(float(mean))
                self._save()

    def _drill(self) -> None:
        """Teach the copying of names before the first sentence."""
        words = max(self.encoder.tokenizer.get_added_tokens_decoder()) + 1  # after the pieces of the chat format
        separator = self.encoder.tokenizer.token_to_id(";")
        drills = Drills(self.recipe.seed, words, self.model.config.vocab_size, separator)
        step = 0
        while not drills.mastered:
            step += 1
            batch = [part.to(self.device) for part in counted(drills.batch())]
            loss = _backward(self.loss(*batch), self.model).item()
            self.learn(min(1.0, step / 20))
            drills.learned(loss)
            if step % 50 == 0:
                self._say(f"drill {step}  loss {loss:.3f}  {drills.words} tokens, lines of {drills.length}")

    @torch.no_grad()
    def held_out(self) -> float:
        """Loss on what the assistant writes in homes and templates that both are kept for testing."""
        losses = []
        for batch in islice(dataset.batches(self.encoder, "held out", 8, LENGTH, "test"), HELD_OUT):
            said = Batch(batch.tokens, (batch.weights == 1.0).astype("float32"))
            losses.append(float(self.loss(*(part.to(self.device) for part in counted(said)))))
        return sum(losses) / len(losses)

    def _measure(self, loss: float) -> None:
        scores = measure.quick(self.model, self.encoder, count=40)
        self.curve.append({"tokens": self.tokens, "loss": loss, "held out": self.held_out(), **scores})
        self._say("  " + "  ".join(f"{key} {value:.3g}" for key, value in self.curve[-1].items()))
        picture(self.curve, self.out / "curve.png")

    def _say(self, text: str) -> None:
        print(f"{self.out.name}  {text}", flush=True)

    def _save(self) -> None:
        optims = [optim.state_dict() for optim in self._optims]
        kept = {"model": self.model.state_dict(), "optims": optims, "tokens": self.tokens, "curve": self.curve}
        torch.save(kept, self.checkpoint.with_suffix(".tmp"))
        self.checkpoint.with_suffix(".tmp").replace(self.checkpoint)

    def _load(self) -> None:
        saved: dict[str, Any] = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        self.model.load_state_dict(saved["model"])
        for optim, kept in zip(self._optims, saved["optims"], strict=True):
            optim.load_state_dict(kept)
        self.tokens, self.curve = saved["tokens"], saved["curve"]
        self._say(f"going on from {self.tokens:,} tokens")


def tokens_read(out: Path) -> int:
    """How far the run in the folder `out` had come at its last checkpoint."""
    checkpoint = out / CHECKPOINT
    return int(torch.load(checkpoint, map_location="cpu", weights_only=True)["tokens"]) if checkpoint.exists() else 0


def _backward(loss: Tensor, model: torch.nn.Module) -> Tensor:
    model.zero_grad()
    loss.backward()
    return loss.detach()


def rate(progress: float) -> float:
    """Share of the full learning rate at this share of the run: warm up, hold, fall to zero."""
    return min(1.0, (progress + 1e-4) / WARMUP, max(0.0, 1 - progress) / DECAY)


def counted(batch: Batch, fixed: bool = False) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Tokens [rows, T], and of the positions that count: where, the token that follows, its weight, each [n].

    `fixed`: n is always five eighths of all positions, so that the compiled loss meets one shape; what is missing counts
    nothing, and what is too much is left out.
    """
    tokens, weights = torch.from_numpy(batch.tokens), torch.from_numpy(batch.weights).flatten()
    at = weights.nonzero()[:, 0]
    if fixed:
        size = weights.numel() * 5 // 8
        at = at[:size]
        none = (weights == 0).nonzero()[: size - len(at), 0]
        at = torch.cat([at, none])
    return tokens[:, :-1].contiguous(), at, tokens[:, 1:].flatten()[at], weights[at]


def picture(curve: list[dict[str, float]], path: Path) -> None:
    """Loss and exact-call accuracy over tokens read."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, left = pyplot.subplots(figsize=(8, 4.5))
    tokens = [point["tokens"] / 1e6 for point in curve]
    for key, color in (("loss", "black"), ("held out", "gray")):
        left.plot(tokens, [point[key] for point in curve], color=color, label=key)
    left.set(xlabel="million tokens", ylabel="loss: training (black), held out (gray)", yscale="log")
    right = left.twinx()
    for key in (key for key in curve[0] if key not in ("tokens", "loss", "held out")):
        right.plot(tokens, [100 * point[key] for point in curve], label=key)
    right.set(ylabel="exact calls, %", ylim=(0, 100))
    right.legend(loc="center right")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
