# SPDX-License-Identifier: Apache-2.0
"""Somebody to talk to: messages and tools in, a stream of text, reasoning and calls out."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from tokenizers import Tokenizer

from engines.bundle import identity
from engines.errors import EngineError
from engines.generate import Context, Detokenizer, Runtime, Sampling, Steering, WrittenCall, never, write
from engines.grammar import CallGrammar, Copied
from engines.nemotron_h.chat import (
    XML_CALLS,
    ChatEvent,
    ChatFormat,
    MalformedCall,
    Message,
    Tool,
    ToolCallRequest,
)
from engines.prefix import PrefixCache
from engines.reconsider import others
from engines.runtimes.load import load_runtime

log = logging.getLogger(__name__)


class ChatModel(Protocol):
    """What every language model here can do, wherever it runs. Not for several threads at once."""

    first_token_s: float
    """From the call of `chat` to the first token, in the last turn."""

    def warm(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Read the opening messages once, so that every later turn starts behind them; returns the tokens read."""

    def chat(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool] = (),
        sampling: Sampling | None = None,
        *,
        reasoning: int | None = 0,
        copied: Copied | None = None,
        reconsider: float = 0.0,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[ChatEvent]:
        """The assistant's next turn as a stream of events; raises Cancelled between two steps.

        Args:
            messages: the conversation so far.
            tools: what may be called.
            sampling: how tokens are chosen, and the longest answer.
            reasoning: 0 is off, None on without a limit, N on with a budget of N tokens.
            copied: if given, what the parameters that repeat a name may say (where the engine constrains calls).
            reconsider: a call that has less probability comes with what might have been written in its place (where
                the engine tells).
            cancelled: asked between two steps.
        """

    def likelihoods(
        self, messages: Sequence[Message], texts: Sequence[str], tools: Sequence[Tool] = ()
    ) -> list[float] | None:
        """How likely a person is to say each of `texts` next: natural logarithms, up to a constant that all share. None
        where the engine does not tell, or not in the time that a turn has.
        """

    def close(self) -> None:
        """Give back memory, threads and connections."""


class LanguageModel:
    """A bundle folder run here, in this project's own engine: a ChatModel."""

    def __init__(
        self, folder: Path, threads: int = 1, *, prefix_folder: Path | None = None, runtime: Runtime | None = None
    ) -> None:
        """Load a bundle, into the runtime that it is for if none is given; `prefix_folder` keeps the state of the
        opening messages over restarts.
        """
        self.runtime: Runtime = runtime or load_runtime(folder, threads)
        self.chat_format = ChatFormat.from_folder(folder)
        self.tokenizer = load_tokenizer(folder)
        if self.tokenizer.get_vocab_size() > self.runtime.config.vocab_size:
            raise EngineError(
                f"{folder}: the tokenizer has {self.tokenizer.get_vocab_size()} tokens, the network only "
                f"{self.runtime.config.vocab_size}; they are not of one checkpoint."
            )
        model = f"{identity(folder)} {self.runtime.name}" if prefix_folder else ""
        self.prefixes = PrefixCache(folder=prefix_folder, model=model)
        self._context = Context(self.runtime, self.prefixes)
        self._grammars: dict[str, CallGrammar | None] = {}
        turn_end = self.tokenizer.token_to_id(self.chat_format.turn_end)
        self._stop = [] if turn_end is None else [turn_end]
        self.first_token_s = 0.0
        """From the call of `chat` to the logits of the first token, in the last turn."""

    def warm(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Read the opening messages once and keep the state for every later turn; returns their tokens."""
        tokens = self._tokens(self.chat_format.render(messages, tools, generate=False))
        kept = self.prefixes.longest([*tokens, 0])
        if kept is None or kept.length < len(tokens):
            self._context.read_to(tokens)
            self._context.keep(pin=True)
        self._grammar(tools)
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
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[ChatEvent]:
        """The assistant's next turn, as ChatModel says; calls are held to the tools' schemas while they are written."""
        began = time.monotonic()
        thinks = reasoning != 0
        prompt = self.chat_format.render(messages, tools, reasoning=thinks)
        tokens = self._tokens(prompt)
        if thinks:
            # The next prompt will hold this answer without its reasoning: it can only start from before the answer.
            before = self._tokens(self.chat_format.render(messages, tools, reasoning=thinks, generate=False))
            if tokens[: len(before)] == before and len(before) < len(tokens):
                self._context.read_to(before, cancelled)
                self._context.keep()
        logits = self._context.read_to(tokens, cancelled)
        if not thinks:
            self._context.keep()
        self.first_token_s = time.monotonic() - began
        read = len(tokens)
        opened = self.chat_format.opens_reasoning(prompt)
        grammar = self._grammar(tools)
        steering = Steering(self.tokenizer, open_reasoning=opened, budget=reasoning, grammar=grammar, copied=copied)
        parser, text = self.chat_format.parser(tools, reasoning=opened), Detokenizer(self.tokenizer)
        made = 0
        for token in write(self._context, logits, sampling or Sampling(), steering, self._stop, cancelled):
            tokens.append(token)
            for event in parser.feed(text.feed(token)):
                if isinstance(event, ToolCallRequest):
                    if made < len(steering.calls):
                        call = steering.calls[made]
                        event = replace(event, probability=call.probability)
                        if call.probability < reconsider:
                            before = tokens[: read + call.start]
                            event = replace(event, others=self._others(before, call, tools, copied, cancelled))
                    made += 1
                elif isinstance(event, MalformedCall):
                    made += 1
                yield event
        yield from parser.finish()

    def _others(
        self,
        before: Sequence[int],
        call: WrittenCall,
        tools: Sequence[Tool],
        copied: Copied | None,
        cancelled: Callable[[], bool],
    ) -> tuple[ToolCallRequest, ...]:
        """What might have been called instead of `call`, which was written after the tokens `before`."""
        grammar, context = self._grammar(tools), Context(self.runtime, self.prefixes)

        def steering() -> Steering:
            return Steering(self.tokenizer, grammar=grammar, copied=copied)

        found = []
        for tokens, likely in others(context, before, call, steering, self._stop, cancelled):
            parser, text = self.chat_format.parser(tools), Detokenizer(self.tokenizer)
            events = [event for token in tokens for event in parser.feed(text.feed(token))]
            found += [replace(each, probability=likely) for each in events if isinstance(each, ToolCallRequest)]
        return tuple(found)

    def likelihoods(
        self, messages: Sequence[Message], texts: Sequence[str], tools: Sequence[Tool] = ()
    ) -> list[float] | None:
        """How likely a person is to say each text next, as ChatModel says; the end of the turn counts."""
        if not self.runtime.weighs or not texts:
            return None
        said = [[*messages, {"role": "user", "content": text}] for text in texts]
        turns = [self._tokens(self.chat_format.render(each, tools, generate=False)) for each in said]
        columns = enumerate(zip(*turns, strict=False))
        shared = next((at for at, column in columns if len(set(column)) > 1), min(map(len, turns)) - 1)
        logits = self._context.read_to(turns[0][:shared])
        return [self._context.branch().weigh(turn[shared:], logits) for turn in turns]

    def close(self) -> None:
        """Forget everything that was read, and give back a GPU's memory."""
        self._context = Context(self.runtime)
        self.prefixes = PrefixCache()
        if hasattr(self.runtime, "close"):
            self.runtime.close()

    def _tokens(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def _grammar(self, tools: Sequence[Tool]) -> CallGrammar | None:
        """Made once for a list of tools; the last few are kept. None where calls are no tokens of their own
        (Nano 9B v2) or a schema cannot be expressed: then only whoever gets the call can refuse it.
        """
        if not tools or self.chat_format.style is not XML_CALLS:
            return None
        key = json.dumps(list(map(dict, tools)))
        if key not in self._grammars:
            if len(self._grammars) >= 8:
                self._grammars.pop(next(iter(self._grammars)))
            try:
                self._grammars[key] = CallGrammar(self.tokenizer, self.runtime.config.vocab_size, tools)
            except EngineError as error:
                log.warning("calls are written without a grammar: %s", error)
                self._grammars[key] = None
        return self._grammars[key]


def load_tokenizer(folder: Path) -> Tokenizer:
    """The `tokenizer.json` of a folder; raises EngineError."""
    try:
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise EngineError(f"{folder / 'tokenizer.json'} cannot be read: {error}.") from None
