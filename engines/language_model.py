# SPDX-License-Identifier: Apache-2.0
"""A checkpoint folder as somebody to talk to: messages and tools in, a stream of text and calls out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from engines.errors import EngineError
from engines.generate import Detokenizer, Sampling, read, write
from engines.nemotron_h.chat import ChatEvent, ChatFormat, ChatParser, Message, Tool
from engines.prefix import PrefixCache
from engines.runtimes.onnxruntime import OnnxRuntime


class LanguageModel:
    """Not for several threads at once: one conversation is read and written at a time."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self.runtime = OnnxRuntime(folder, threads)
        self.chat_format = ChatFormat(folder)
        try:
            self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the tokenizers library raises bare Exception
            raise EngineError(f"{folder / 'tokenizer.json'} cannot be read: {error}.") from None
        if self.tokenizer.get_vocab_size() > self.runtime.config.vocab_size:
            raise EngineError(
                f"{folder}: the tokenizer has {self.tokenizer.get_vocab_size()} tokens, the network only "
                f"{self.runtime.config.vocab_size}; they are not of one checkpoint."
            )
        self.prefixes = PrefixCache()
        self.first_token_s = 0.0
        """From the call of `chat` to the first token chosen, in the last turn."""

    def warm(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Read the opening messages (the system turn) once and keep the state for every later turn; returns its
        tokens.
        """
        tokens = self._tokens(messages, tools, generate=False)
        state = self.prefixes.longest(tokens) or self.runtime.empty_state()
        _, state = read(self.runtime, tokens[state.length :], state)
        self.prefixes.keep(tokens, state, pin=True)
        return len(tokens)

    def chat(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool] = (),
        sampling: Sampling | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[ChatEvent]:
        """The assistant's next turn as a stream of events; raises Cancelled between two steps."""
        began = time.monotonic()
        tokens = self._tokens(messages, tools, generate=True)
        state = self.prefixes.longest(tokens) or self.runtime.empty_state()
        logits, state = read(self.runtime, tokens[state.length :], state, cancelled)
        self.first_token_s = time.monotonic() - began
        self.prefixes.keep(tokens, state)
        parser, text = ChatParser(tools), Detokenizer(self.tokenizer)
        for token, after in write(self.runtime, logits, state, sampling or Sampling(), cancelled):
            tokens.append(token)
            state = after
            yield from parser.feed(text.feed(token))
        yield from parser.finish()
        # The next turn repeats this one: it starts from here.
        self.prefixes.keep(tokens, state)

    def _tokens(self, messages: Sequence[Message], tools: Sequence[Tool], *, generate: bool) -> list[int]:
        text = self.chat_format.render(messages, tools, generate=generate)
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)
