# SPDX-License-Identifier: Apache-2.0
"""A GGUF file through llama.cpp (the package llama-cpp-python) as somebody to talk to: a ChatModel."""

from __future__ import annotations

import codecs
import ctypes
import importlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engines.errors import EngineError
from engines.generate import REASONING_GRACE, Cancelled, Sampling
from engines.grammar import Copied
from engines.nemotron_h.chat import ChatEvent, ChatFormat, Message, Tool
from engines.nemotron_h.chat_parser import function

_CHUNK = 256
"""Tokens read between two looks at `cancelled`."""

_THINK_END = "</think>"


class LlamaCpp:
    """Not for several threads at once: one conversation is read and written at a time."""

    def __init__(
        self,
        gguf: Path,
        chat_format_folder: Path | None = None,
        *,
        threads: int = 1,
        context: int = 4096,
        gpu_layers: int = 0,
    ) -> None:
        """Load the model.

        Args:
            gguf: the file; its own tokenizer is used.
            chat_format_folder: holds `chat_template.jinja`; without it the template is the file's own.
            threads: of the CPU.
            context: tokens of prompt and answer together.
            gpu_layers: layers that a GPU takes; -1 for all.

        Raises EngineError where the package is missing, or the file is missing, damaged or not known to it.
        """
        if not gguf.is_file():
            raise EngineError(f"{gguf} does not exist; it should be a model in llama.cpp's format.")
        try:
            self._library: Any = importlib.import_module("llama_cpp")
        except (ImportError, OSError, RuntimeError) as error:
            raise EngineError(
                f"llama.cpp cannot be loaded ({error}): pip install llama-cpp-python==0.3.36 (which compiles it, some "
                "minutes; with CMAKE_ARGS=-DGGML_CUDA=on for a GPU)."
            ) from None
        sizes = {"n_gpu_layers": gpu_layers, "n_ctx": context, "n_batch": _CHUNK}
        try:
            self._llama: Any = self._library.Llama(
                str(gguf), n_threads=threads, n_threads_batch=threads, verbose=False, **sizes
            )
        except (ValueError, RuntimeError) as error:
            raise EngineError(
                f"{gguf} cannot be loaded: {error}. It may be cut, too large for this machine's memory, or of an "
                f"architecture newer than llama-cpp-python {self._library.__version__}."
            ) from None
        self._where, self._closed = str(gguf), False
        self._vocab = self._library.llama_model_get_vocab(self._llama.model)
        self._memory = _Memory(self._library, self._llama)
        self.chat_format = ChatFormat.from_folder(chat_format_folder) if chat_format_folder else self._own_format()
        turn_end = self._tokens(self.chat_format.turn_end)
        self._turn_end = turn_end[0] if len(turn_end) == 1 else None
        self.first_token_s = self._began = 0.0
        """From the call of `chat` to the first token, in the last turn."""

    def warm(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Read the opening messages once, so that every later turn starts behind them; returns their tokens."""
        tokens = self._tokens(self.chat_format.render(messages, tools, generate=False))
        self._read(tokens, lambda: False)
        self._memory.keep()
        return len(tokens)

    def chat(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool] = (),
        sampling: Sampling | None = None,
        *,
        reasoning: int | None = 0,
        copied: Copied | None = None,
        reconsider: float = 0.0,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[ChatEvent]:
        """The assistant's next turn, as ChatModel says; calls are not constrained nor weighed, so `copied`
        and `reconsider` are passed over.

        Raises Cancelled between two tokens written, or 256 read, and EngineError for a prompt that the context does
        not hold; the next turn works after either.
        """
        self.first_token_s, self._began = 0.0, time.monotonic()
        tools, thinks = [dict(function(tool)) for tool in tools], reasoning != 0
        text = self.chat_format.render(messages, tools, reasoning=thinks)
        prompt = self._tokens(text)
        # Without the opening of the answer, which the next prompt may write otherwise.
        said = self._tokens(self.chat_format.render(messages, tools, reasoning=thinks, generate=False))
        self._read(prompt[: min(_common(prompt, said), len(prompt) - 1)], cancelled)
        self._memory.keep()
        self._read(prompt[:-1], cancelled)
        opened = self.chat_format.opens_reasoning(text)
        parser = self.chat_format.parser(tools, reasoning=opened)
        for piece in self._write(prompt, sampling or Sampling(), reasoning if opened else 0, cancelled):
            yield from parser.feed(piece)
        yield from parser.finish()

    def likelihoods(
        self, messages: Sequence[Message], texts: Sequence[str], tools: Sequence[Tool] = ()
    ) -> list[float] | None:
        """None: not asked of llama.cpp."""
        return None

    def close(self) -> None:
        """Give the memory back; the model is of no use afterwards."""
        self._closed = True
        self._llama.close()

    def _own_format(self) -> ChatFormat:
        template = self._llama.metadata.get("tokenizer.chat_template")
        if not template:
            raise EngineError(f"{self._where} has no chat template; name a folder with chat_template.jinja.")
        ids = {"bos_token": self._llama.token_bos(), "eos_token": self._llama.token_eos()}
        return ChatFormat(template, self._where, {key: self._piece(i).decode() for key, i in ids.items() if i >= 0})

    def _tokens(self, text: str) -> list[int]:
        if self._closed:
            raise EngineError(f"{self._where} is closed.")
        return list(self._llama.tokenize(text.encode(), add_bos=False, special=True))

    def _read(self, tokens: list[int], cancelled: Callable[[], bool]) -> None:
        """Bring the memory to have read exactly `tokens`."""
        if len(tokens) + 2 > self._llama.n_ctx():
            raise EngineError(
                f"the prompt has over {len(tokens)} tokens, the context {self._llama.n_ctx()}: raise `context` or "
                "shorten the conversation."
            )
        for start in range(self._memory.rewind(tokens), len(tokens), _CHUNK):
            if cancelled():
                raise Cancelled
            self._memory.read(tokens[start : start + _CHUNK])

    def _write(
        self, prompt: list[int], sampling: Sampling, budget: int | None, cancelled: Callable[[], bool]
    ) -> Iterator[str]:
        """Text in whole characters, up to a stop token, `max_tokens` beside the reasoning, or the context's end."""
        text = codecs.getincrementaldecoder("utf-8")("replace")
        room, written, thoughts, tail = self._llama.n_ctx() - len(prompt), 0, 0, ""
        thinks, feed = budget != 0, prompt[-1:]
        while feed:
            tokens, feed = self._memory.generate(feed, sampling), []
            for token in tokens:
                self.first_token_s = self.first_token_s or time.monotonic() - self._began
                if cancelled():
                    raise Cancelled
                if token == self._turn_end or self._library.llama_vocab_is_eog(self._vocab, token):
                    return
                piece = text.decode(self._piece(token))
                yield piece
                thinks = thinks and _THINK_END not in tail + piece
                tail = (tail + piece)[1 - len(_THINK_END) :]
                written, thoughts, room = written + (not thinks), thoughts + thinks, room - 1
                if written >= sampling.max_tokens or room <= 1:
                    return
                over = thoughts - budget if thinks and budget is not None else -1
                if over >= REASONING_GRACE or (over >= 0 and "\n" in piece):
                    yield _THINK_END
                    feed, thinks = [token, *self._tokens(_THINK_END)], False
                    room -= len(feed) - 1
                    break

    def _piece(self, token: int) -> bytes:
        """The bytes of a token, markers too; the package's own `detokenize` spoils tokens of more than 32."""
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = self._library.llama_token_to_piece(self._vocab, token, buffer, size, 0, True)
            if length >= 0:
                return buffer.raw[:length]
            size = -length


class _Memory:
    """What llama.cpp's context has read.

    Attention forgets its last tokens on demand; a recurrent layer cannot. For networks that have such layers copies of
    their state are kept at the ends of messages; the keys and values before those lie in the context anyway.
    """

    def __init__(self, library: Any, llama: Any) -> None:
        self._library, self._llama = library, llama
        self._recurrent = library.llama_model_is_recurrent(llama.model) or library.llama_model_is_hybrid(llama.model)
        self._cells = library.llama_get_memory(llama.ctx)
        self._kept: list[tuple[int, Any]] = []
        """Tokens read and the recurrent state after them: always of what the context holds, shortest first."""

    def rewind(self, tokens: list[int]) -> int:
        """Forget all but a common beginning with `tokens`, the longest that can be had; returns its length."""
        if self._library.llama_memory_seq_pos_max(self._cells, 0) + 1 != self._llama.n_tokens:
            self._forget()  # something broke in between the reading of a token and its counting
        read = self._llama.input_ids[: self._llama.n_tokens].tolist()
        length = _common(read, tokens)
        if length < len(read) and not self._library.llama_memory_seq_rm(self._cells, 0, length, -1):
            length = self._restore(length)
        self._llama.n_tokens = length
        self._kept = [kept for kept in self._kept if kept[0] <= length]
        return length

    def read(self, tokens: list[int]) -> None:
        """Read on. Raises EngineError, and then has forgotten everything."""
        with self._careful():
            self._llama.eval(tokens)

    def generate(self, tokens: list[int], sampling: Sampling) -> Iterator[int]:
        """Read on, and choose token after token; each is read when the next is asked for. Raises as `read` does."""
        self._llama.set_seed(self._library.LLAMA_DEFAULT_SEED if sampling.seed is None else sampling.seed)
        chosen = {"top_k": 0, "top_p": sampling.top_p, "min_p": 0.0, "temp": max(0.0, sampling.temperature)}
        with self._careful():
            yield from self._llama.generate(tokens, reset=False, **chosen)

    def keep(self) -> None:
        """Remember this place, to come back to it. Of many the first, the opening, and the last three are kept."""
        length, flags = self._llama.n_tokens, self._library.LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY
        if not self._recurrent or not length or any(kept[0] == length for kept in self._kept):
            return
        size = self._library.llama_state_seq_get_size_ext(self._llama.ctx, 0, flags)
        state = (ctypes.c_uint8 * size)()
        if self._library.llama_state_seq_get_data_ext(self._llama.ctx, state, size, 0, flags) == size:
            self._kept = [*self._kept[:1], *self._kept[1:][-2:], (length, state)]

    def _restore(self, limit: int) -> int:
        flags = self._library.LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY
        length, state = max(
            (kept for kept in self._kept if kept[0] <= limit), key=lambda kept: kept[0], default=(0, b"")
        )
        if length:
            done = self._library.llama_state_seq_set_data_ext(self._llama.ctx, state, len(state), 0, flags)
            if done == len(state) and self._library.llama_memory_seq_rm(self._cells, 0, length, -1):
                return length
        self._forget()
        return 0

    def _forget(self) -> None:
        self._library.llama_memory_clear(self._cells, True)
        self._llama.n_tokens, self._kept = 0, []

    @contextmanager
    def _careful(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, ValueError, IndexError) as error:
            self._forget()  # what the context holds is not known then
            raise EngineError(f"llama.cpp failed while reading: {error}.") from None


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    return next((index for index, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
