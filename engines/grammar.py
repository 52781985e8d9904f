# SPDX-License-Identifier: Apache-2.0
r"""What a tool call may say, made from the tools' JSON schemas, and kept to while decoding.

From the token that opens a call to the one that closes it, `llguidance` allows only tokens that go on in Nemotron 3's
form (the JSON list of Nano 9B v2 is not covered); text outside calls is not its business:

    <tool_call>\n<function=NAME>\n<parameter=KEY>\nVALUE\n</parameter>\n…</function>\n</tool_call>

Parameters come in any order, each at most once, the required ones always. What the tokenizer holds as one added token
(all of `\n</parameter>\n` in the home model) is taken as that token only, as in the prompt. Left to the validation that
every call goes through anyway: `pattern`, `format`, conditions between parameters, and that texts inside arrays and
objects hold no `</parameter>`.
https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md and docs/parametric.md
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders

from engines.errors import EngineError
from engines.nemotron_h.chat_calls import XML_CALLS
from engines.nemotron_h.chat_parser import Tool, function

MAX_CHARS = 200
"""Longest text of a value, and longest name."""

_MAX_PARAMETERS = 64  # bits in the state of a rule
_LARGEST = 10**15  # in a number without bounds, so that it ends
_WORD = re.compile(r"[^<>\s]+")  # what a tool or a parameter may be called
_UNWRITABLE = re.compile(r"[<\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_INNER, _EDGE = r"[^<\x00-\x1f\x7f-\x9f\u2028\u2029]", r"[^<\s\x00-\x1f\x7f-\x9f]"
# Where a value may be text or something else, text is what cannot be read as something else.
_ONLY_TEXT = r" & /\p{L}(?s:.*)/ & ~/(?i:true|false|null|none)/"
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_JSON_FORM = {"whitespace_flexible": False, "item_separator": ", ?", "key_separator": ": ?"}
# GPT-2's alphabet: a byte that can be printed stands for itself, the others in order for the characters from 256 on.
_PRINTED = [*range(33, 127), *range(161, 173), *range(174, 256)]
_BYTES = {chr(byte): byte for byte in _PRINTED}
_BYTES |= {chr(256 + i): byte for i, byte in enumerate(byte for byte in range(256) if byte not in _PRINTED)}


@dataclass(frozen=True)
class Copied:
    """What parameters that repeat something may say: one of the names, or words of the text in a row.

    Both are data, and stand in a call as the tokenizer writes them in the prompt (that of the home model: lower case,
    no accents). Names that are empty, longer than MAX_CHARS, or hold `<`, a line break or another control character
    are dropped. Where nothing is left, everything may be said.
    """

    parameters: frozenset[tuple[str, str]]
    """Tool and parameter."""
    names: tuple[str, ...]
    text: str = ""


class CallConstraint:
    """One call on its way: fed every token after the one that opened it."""

    def __init__(self, matcher: LLMatcher, tokens: int) -> None:
        self._matcher, self._tokens = matcher, tokens
        self.finished = False
        """The call is closed; what comes next is free."""

    def mask(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """A copy of `logits` [vocab] with -inf for every token that may not come next, padding included."""
        allowed = np.unpackbits(np.frombuffer(self._matcher.compute_bitmask(), np.uint8), bitorder="little")
        if self.finished or self._matcher.is_error():
            raise EngineError(f"Nothing can follow in this call: {_first_line(self._matcher) or 'it is closed'}.")
        masked = np.full_like(logits, -np.inf)
        np.copyto(masked[: self._tokens], logits[: self._tokens], where=allowed[: self._tokens].view(np.bool_))
        return masked

    def accept(self, token: int) -> None:
        """Go on by `token`; raises EngineError, and stays where it is, if that token may not come next."""
        if self.finished or not 0 <= token < self._tokens or self._matcher.try_consume_tokens([token]) != 1:
            raise EngineError(f"Token {token} may not come next in this call.")
        self.finished = self._matcher.is_stopped()


class CallGrammar:
    """The grammar of one list of tools, shared by all calls.

    Raises EngineError for a tokenizer that has no tokens of its own to open and close a call, for a schema that cannot
    be kept to, and for an empty list.
    """

    def __init__(self, tokenizer: Tokenizer, vocab_size: int, tools: Sequence[Tool]) -> None:
        vocabulary = _vocabulary(tokenizer)
        self._tokens = vocabulary.size
        if vocab_size < self._tokens:
            raise EngineError(f"The tokenizer has {self._tokens} tokens, the network only {vocab_size}.")
        # Where one token opens a call of one tool, a tool that has none cannot be called.
        self._vocabulary, self._tools = vocabulary, vocabulary.openable([function(tool) for tool in tools])
        self._start = self._matcher(self._tools, None)
        allowed = np.unpackbits(np.frombuffer(self._start.compute_bitmask(), np.uint8), bitorder="little")
        self.begins = frozenset(np.flatnonzero(allowed[: self._tokens]).tolist())
        """The tokens that open a call: `<tool_call>`, or that and a tool's name in one, as the home model has them."""
        self.refused = vocabulary.openers - self.begins
        """Tokens that would open a call of no tool of these, not to be chosen outside calls."""

    def constrain(self, begin: int, copied: Copied | None = None) -> CallConstraint:
        """The constraint of the call that `begin` has just opened; raises EngineError if it is not of `begins`."""
        if copied is None or begin not in self.begins:
            matcher = self._start.deep_copy()
        else:
            # What is said is new in every turn; where the token names the tool, only that tool's rule is made anew.
            matcher = self._matcher(self._vocabulary.opened(begin, self._tools), copied)
        constraint = CallConstraint(matcher, self._tokens)
        constraint.accept(begin)
        return constraint

    def _matcher(self, tools: Sequence[Tool], copied: Copied | None) -> LLMatcher:
        lark = _lark(self._vocabulary, tools, copied)
        matcher = LLMatcher(self._vocabulary.trie, LLMatcher.grammar_from_lark(lark), log_level=0)
        if matcher.is_error():
            raise EngineError(f"The tools' schemas cannot be kept to: {_first_line(matcher)}.")
        return matcher


class _Vocabulary:
    """A byte-level tokenizer as llguidance sees it: each token's bytes; added tokens are wholes and no text."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.added = {str(added.content): token for token, added in tokenizer.get_added_tokens_decoder().items()}
        self.openers = frozenset(token for text, token in self.added.items() if text.startswith(XML_CALLS.opens))
        if not self.openers or not any(text.endswith(XML_CALLS.closes) for text in self.added):
            raise EngineError(
                f"The tokenizer has no tokens of their own for {XML_CALLS.opens} and {XML_CALLS.closes}, so calls "
                "cannot be held to a grammar; take a checkpoint that has them."
            )
        if not isinstance(tokenizer.decoder, decoders.ByteLevel):
            raise EngineError("Calls can be held to a grammar only for a byte-level tokenizer; this one is none.")
        vocabulary = tokenizer.get_vocab(with_added_tokens=True)
        self.size = max(vocabulary.values()) + 1
        # FF, which no text has, marks what is no text; one more token stands for the end that llguidance wants to have.
        self.tokens = [b"\xff<none>"] * (self.size + 1)
        for text, token in vocabulary.items():
            if text not in self.added and _BYTES.keys() >= set(text):
                self.tokens[token] = bytes(_BYTES[character] for character in text)
        self.eos_token_id, self.bos_token_id = self.size, None
        self.special_token_ids = [token for token, form in enumerate(self.tokens) if form == b"\xff<none>"]
        self.trie = LLTokenizer(TokenizerWrapper(self), slices=[])
        self._pieces = re.compile(f"({'|'.join(map(re.escape, sorted(self.added, key=len, reverse=True)))})")
        lead = self.written("a").removesuffix("a")  # some put a space before every text, as that of the home model
        self.lead = f"{json.dumps(lead)} " if lead else ""

    def __call__(self, text: bytes) -> list[int]:
        """Asked by llguidance only for text that it would force, which the grammar turns off."""
        return []

    def written(self, text: str) -> str:
        """`text` as it reads back from its tokens."""
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        return str(self._tokenizer.decode(ids, skip_special_tokens=False))

    def openable(self, tools: Sequence[Tool]) -> list[Tool]:
        """Of the tools those that a call can be of."""
        texts = tuple(text for text in self.added if text.startswith(XML_CALLS.opens))
        return [tool for tool in tools if any(_opening(str(tool["name"])).startswith(text) for text in texts)]

    def opened(self, begin: int, tools: Sequence[Tool]) -> list[Tool]:
        """Of the tools those that a call may be of which begins by the token."""
        (text,) = (text for text, token in self.added.items() if token == begin)
        return [tool for tool in tools if _opening(str(tool["name"])).startswith(text)]

    def literal(self, text: str) -> str:
        """`text` of the chat format in Lark: added tokens by their number, all else quoted."""
        pieces = filter(None, self._pieces.split(text))
        return " ".join(f"<[{self.added[piece]}]>" if piece in self.added else json.dumps(piece) for piece in pieces)


@functools.lru_cache(maxsize=2)
def _vocabulary(tokenizer: Tokenizer) -> _Vocabulary:
    return _Vocabulary(tokenizer)


def _opening(name: str) -> str:
    return f"{XML_CALLS.opens}\n<function={name}>\n"


def _lark(vocabulary: _Vocabulary, tools: Sequence[Tool], copied: Copied | None) -> str:
    """The grammar of one call in llguidance's Lark: a rule a tool, whose state is the set of parameters given."""
    closes = vocabulary.literal(f"</function>\n{XML_CALLS.closes}")
    end = vocabulary.literal("\n</parameter>\n")
    repeated = _repeated(vocabulary, copied) if copied else None
    values: dict[tuple[str, ...], str] = {}  # what a value may be -> its rule, shared by all parameters of that kind
    calls, rules = [], ['%llguidance {"no_forcing": true}']
    for index, (name, tool) in enumerate({str(tool["name"]): tool for tool in tools}.items()):
        schema = tool.get("parameters") or {}
        required = list(schema.get("required", ()))
        properties = {**{key: {} for key in required}, **schema.get("properties", {})}
        if bad := [word for word in (name, *properties) if not _WORD.fullmatch(word)]:
            raise EngineError(f"Tool {name!r}: {bad[0]!r} cannot stand in a call; no name holds a space, < or >.")
        if len(properties) > _MAX_PARAMETERS:
            raise EngineError(f"Tool {name!r} has {len(properties)} parameters; {_MAX_PARAMETERS} are the most.")
        forms = {
            key: (repeated,)
            if repeated and copied and (name, key) in copied.parameters
            else tuple(_forms(kind, f"{name}.{key}"))
            for key, kind in properties.items()
        }
        if not all(forms[key] for key in required):
            continue
        given = [f"bit_set({bit})" for bit, key in enumerate(properties) if key in required] or ["ge(_, 0)"]
        rules.append(f"p{index}::_: {closes} %if {functools.reduce(lambda some, one: f'and({some}, {one})', given)}")
        for bit, key in enumerate(properties):
            if forms[key]:
                value = values.setdefault(forms[key], f"v{len(values)}")
                key_opens = vocabulary.literal(f"<parameter={key}>\n")
                rules.append(f"  | {key_opens} {value} {end} p{index}::set_bit({bit}) %if bit_clear({bit})")
        calls.append(f"{vocabulary.literal(_opening(name))} p{index}::0x0")
    if not calls:
        raise EngineError("No tool could be called: there is none, or each one requires a value that nothing can be.")
    for alternatives, value in values.items():
        # One terminal for all plain text: the lexer then reads a hundred names at the price of one.
        plain = [form for form in alternatives if not form.startswith("%json")]
        rules += [f"{value.upper()}: {' | '.join(plain)}"] if plain else []
        nested = [form for form in alternatives if form.startswith("%json")]
        rules.append(f"{value}: {vocabulary.lead}({' | '.join([value.upper()] * bool(plain) + nested)})")
    return "\n".join([*rules, f"start: {' | '.join(calls)}"])


def _repeated(vocabulary: _Vocabulary, copied: Copied) -> str | None:
    """The terminal of a value that repeats, None if there is nothing to repeat."""
    names = (vocabulary.written(name).strip() for name in copied.names if _writable(name))
    forms = [json.dumps(name) for name in dict.fromkeys(names) if _writable(name)]
    text = " ".join(re.findall(r"[^<\s\x00-\x1f\x7f-\x9f]+", vocabulary.written(copied.text)))
    if text:
        forms.append(f"%regex {json.dumps({'substring_words': text})}")
    return f"({' | '.join(forms)}) & /{_EDGE}({_INNER}{{0,{MAX_CHARS - 2}}}{_EDGE})?/" if forms else None


def _forms(schema: Mapping[str, Any] | bool, where: str, mixed: bool = False) -> Iterator[str]:
    """What a value of that schema may be, as terminals and `%json` of Lark; `mixed`: it may be something else too."""
    schema = schema if isinstance(schema, Mapping) else {}
    if unknown := {"$ref", "allOf", "not"} & schema.keys():
        raise EngineError(f"Parameter {where}: {min(unknown)!r} cannot be kept to while decoding; write the type out.")
    several = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    kinds = schema.get("type", "string")
    if "enum" in schema or "const" in schema:
        for option in schema.get("enum", [schema.get("const")]):
            text = option if isinstance(option, str) else json.dumps(option)
            if _writable(text) and text == text.strip():
                yield json.dumps(text)
    elif several:
        outer = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
        for one in several:
            yield from _forms({**outer, **one}, where, mixed or len(several) > 1)
    elif isinstance(kinds, list):
        for kind in kinds:
            yield from _forms({**schema, "type": kind}, where, mixed or len(kinds) > 1)
    elif kinds == "string":
        least, most = max(1, schema.get("minLength", 1)), min(MAX_CHARS, schema.get("maxLength", MAX_CHARS))
        more = f"({_INNER}{{{max(0, least - 2)},{most - 2}}}{_EDGE}){'?' * (least == 1)}" if most > 1 else ""
        if least <= most:
            yield f"/{_EDGE}{more}/{_ONLY_TEXT * mixed}"
    elif kinds in ("integer", "number"):
        bounds = {key: schema[key] for key in _BOUNDS if key in schema}
        bounds |= {} if {"minimum", "exclusiveMinimum"} & bounds.keys() else {"minimum": -_LARGEST}
        bounds |= {} if {"maximum", "exclusiveMaximum"} & bounds.keys() else {"maximum": _LARGEST}
        yield f"%json {json.dumps({'type': kinds, **bounds, 'x-guidance': _JSON_FORM})}"
    elif kinds in ("array", "object"):
        yield f"%json {json.dumps({**schema, 'x-guidance': _JSON_FORM})}"
    elif kinds in ("boolean", "null"):
        yield from ('"true"', '"false"', '"True"', '"False"') if kinds == "boolean" else ('"null"',)
    else:
        raise EngineError(f"Parameter {where} has the type {kinds!r}, which JSON schema does not know.")


def _writable(text: str) -> bool:
    return 0 < len(text) <= MAX_CHARS and not _UNWRITABLE.search(text)


def _first_line(matcher: LLMatcher) -> str:
    """Its error without the grammar and the backtrace that follow."""
    return str(matcher.get_error().partition("\n")[0])
