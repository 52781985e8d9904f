# SPDX-License-Identifier: Apache-2.0
"""A language model behind a server that speaks OpenAI's chat completions: vLLM, TensorRT-LLM, SGLang, llama-server.

The server knows template, tools and reasoning of its model; it streams deltas of text, reasoning and calls.
"""

from __future__ import annotations

import importlib
import ipaddress
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engines.errors import EngineError
from engines.generate import Cancelled, Sampling
from engines.grammar import Copied
from engines.nemotron_h.chat import (
    ChatEvent,
    MalformedCall,
    Message,
    ReasoningDelta,
    TextDelta,
    Tool,
    ToolCallRequest,
)
from engines.nemotron_h.chat_parser import function

_CONNECT_S = 5.0


class OpenAIServer:
    """Not for several threads at once. Nothing is ever sent twice: a turn that failed is the caller's to repeat."""

    def __init__(self, base_url: str, model: str, api_key_file: Path | None = None, timeout_s: float = 30.0) -> None:
        """Connects to nothing yet.

        Args:
            base_url: where `/chat/completions` lies, as http://127.0.0.1:8000/v1.
            model: the name by which the server knows it.
            api_key_file: a file with the key alone; the key goes in the clear to this machine only.
            timeout_s: silence that is borne, before the first piece (the prompt is being read) and between two.

        Raises EngineError for an address or key file that cannot be used, and where the package is missing.
        """
        self._where, self._model, self._timeout_s = f"the model server {base_url}", model, timeout_s
        self._key_file = api_key_file
        self.first_token_s = 0.0
        """From the call of `chat` to the first piece of text, reasoning or a call, in the last turn."""
        _check_url(base_url, with_key=api_key_file is not None)
        key = "none" if api_key_file is None else _read_key(api_key_file)
        try:
            self._library = importlib.import_module("openai")
        except ImportError:
            raise EngineError("The package openai is missing: pip install 'openai>=3,<4'.") from None
        self._client = self._library.OpenAI(
            base_url=base_url,
            api_key=key,
            max_retries=0,
            timeout=self._library.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s)),
            # No proxy of the environment and no redirect takes what was said in a home to another machine.
            http_client=self._library.DefaultHttpxClient(trust_env=False, follow_redirects=False),
        )

    def warm(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Have the opening messages read, so that the server's own prefix cache holds them; returns 0, the tokens are
        not known. Raises EngineError.
        """
        for _ in self.chat([*messages, {"role": "user", "content": ""}], tools, Sampling(max_tokens=1)):
            pass
        return 0

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
        """The assistant's next turn as a stream of events; calls come at its end, when all of them are whole.

        `reasoning` 0 is off and all else on: the interface has no budget, `sampling.max_tokens` bounds the turn.
        Raises Cancelled between two pieces and EngineError; both close the stream, which stops the server.
        """
        self.first_token_s, began = 0.0, time.monotonic()
        sampling = sampling or Sampling()
        request: dict[str, Any] = {
            "model": self._model,
            "messages": wire_messages(messages),
            "stream": True,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "extra_body": {"chat_template_kwargs": {"enable_thinking": reasoning != 0}},
        }
        if sampling.seed is not None:
            request["seed"] = sampling.seed
        if tools:
            request["tools"] = [{"type": "function", "function": tool} for tool in map(function, tools)]
        calls: dict[int, _Call] = {}
        reason = ""
        if cancelled():
            raise Cancelled
        with self._told(), self._client.chat.completions.create(**request) as stream:
            for chunk in stream:
                if cancelled():
                    raise Cancelled
                for choice in chunk.to_dict(warnings=False).get("choices", [])[:1]:
                    delta = choice.get("delta") or {}
                    if not self.first_token_s and any(value for key, value in delta.items() if key != "role"):
                        self.first_token_s = time.monotonic() - began
                    yield from _take(delta, calls)
                    reason = reason or str(choice.get("finish_reason") or "")
        if not reason:
            raise EngineError(f"{self._where} cut its answer off; nothing was called. See the server's log.")
        yield from (calls[index].event(cut=index == max(calls) and reason == "length") for index in sorted(calls))

    def likelihoods(
        self, messages: Sequence[Message], texts: Sequence[str], tools: Sequence[Tool] = ()
    ) -> list[float] | None:
        """None: the interface has no such question."""
        return None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What may fail at the server or on the way to it, as an EngineError that says what to do."""
        library, where = self._library, self._where
        try:
            yield
        except library.APITimeoutError:
            raise EngineError(
                f"{where} said nothing for {self._timeout_s:g} s. It may be loading, overloaded or hung: see its log."
            ) from None
        except library.APIConnectionError as error:
            raise EngineError(
                f"{where} cannot be reached, or broke off: {error.__cause__ or error}. Is it running, and the address "
                "right?"
            ) from None
        except (library.AuthenticationError, library.PermissionDeniedError) as error:
            hint = f"check {self._key_file}" if self._key_file else "it wants a key: name a file that holds it"
            raise EngineError(f"{where} refused the key ({error.status_code}); {hint}.") from None
        except library.NotFoundError as error:
            raise EngineError(
                f"{where} has no model {self._model!r}, or no /chat/completions there: {_brief(error)}. "
                "GET /models lists its models."
            ) from None
        except library.APIStatusError as error:
            raise EngineError(f"{where} answered {error.status_code}: {_brief(error)}.") from None
        except library.OpenAIError as error:
            raise EngineError(f"{where} failed amid its answer: {_brief(error)}.") from None
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise EngineError(f"{where} sent what is no stream of chat completions: {_brief(error)}.") from None


@dataclass
class _Call:
    """A call as far as its deltas have come."""

    name: str = ""
    arguments: str = ""

    def event(self, *, cut: bool) -> ToolCallRequest | MalformedCall:
        """The whole call; no arguments at all are none, but of one that was cut off they are missing."""
        try:
            arguments = json.loads(self.arguments or ("" if cut else "{}"))
        except (ValueError, RecursionError):
            arguments = None
        if not self.name or not isinstance(arguments, dict):
            return MalformedCall(f"{self.name} {self.arguments}".strip())
        return ToolCallRequest(self.name, arguments)


def _take(delta: Mapping[str, Any], calls: dict[int, _Call]) -> Iterator[ChatEvent]:
    # reasoning_content is llama-server's and SGLang's word for it, reasoning is vLLM's.
    if thought := delta.get("reasoning_content") or delta.get("reasoning"):
        yield ReasoningDelta(str(thought))
    if text := delta.get("content"):
        yield TextDelta(str(text))
    for part in delta.get("tool_calls") or []:
        call = calls.setdefault(int(part.get("index") or 0), _Call())
        made = part.get("function") or {}
        call.name = call.name or str(made.get("name") or "")
        call.arguments += str(made.get("arguments") or "")


def wire_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as the interface wants them: arguments of calls as JSON text, calls and their results paired by ids,
    which are numbered where there are none. Raises EngineError for a result without a call.
    """
    out: list[dict[str, Any]] = []
    asked: list[str] = []
    count = 0
    for message in messages:
        sent = dict(message)
        if message.get("tool_calls"):
            sent["tool_calls"], asked = [], []
            for call in message["tool_calls"]:
                made, count = function(call), count + 1
                asked.append(str(call.get("id") or f"call_{count}"))
                given = made["arguments"]
                text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
                part = {"name": made["name"], "arguments": text}
                sent["tool_calls"].append({"id": asked[-1], "type": "function", "function": part})
        elif message["role"] == "tool" and "tool_call_id" not in message:
            if not asked:
                raise EngineError("a tool's result stands in the messages without a call before it.")
            sent["tool_call_id"] = asked.pop(0)
        out.append(sent)
    return out


def _check_url(base_url: str, *, with_key: bool) -> None:
    try:
        parts = urlsplit(base_url)
        host = parts.hostname or ""
        usable = parts.scheme in ("http", "https") and bool(host) and (parts.port or 1) > 0
    except ValueError:
        usable, host = False, ""
    if not usable:
        raise EngineError(f"base_url is {base_url!r}, expected one like http://127.0.0.1:8000/v1.")
    if parts.username or parts.password:
        raise EngineError("base_url holds a user or password; a key comes from a file.")
    if with_key and parts.scheme == "http" and not _is_this_machine(host):
        raise EngineError(
            f"{base_url} would carry the API key unencrypted over the network: use https, a server on this machine "
            "(or a tunnel to it), or no key."
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read_key(path: Path) -> str:
    try:
        key = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise EngineError(f"{path} does not exist; it should hold the model server's API key.") from None
    except (OSError, UnicodeDecodeError) as error:
        # The text of a decoding error quotes the file.
        raise EngineError(f"{path} cannot be read as a key: {error.__class__.__name__}.") from None
    if not key or not key.isprintable() or " " in key:
        raise EngineError(f"{path} should hold the API key and nothing else: one line, no spaces.")
    return key


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
