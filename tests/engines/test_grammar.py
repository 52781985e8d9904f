# SPDX-License-Identifier: Apache-2.0
"""Calls held to the tools' schemas while they are written."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

from appliance.dialogue.prompt import copied as copied_of
from appliance.dialogue.prompt import system_prompt
from appliance.home.tools import COPIED, TOOLS
from appliance.models import HOME_MODEL
from engines.errors import EngineError
from engines.export import export
from engines.grammar import MAX_CHARS, CallGrammar, Copied
from engines.nemotron_h.chat import ChatFormat, ChatParser, Message, ToolCallRequest
from engines.runtimes.onnxruntime import OnnxRuntime
from tools.home_model.homes import Home, HomeDevice, random_home
from tools.home_model.turns import sample

VOCAB = 400
OPEN, CLOSE = 0, 1
CLOSING = (b"\n", b"]", b"}", b'"')


def nemotron_kind() -> Tokenizer:
    """Bytes, some pairs that run over the edges of the format, and the markers of a call as single tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [(">", "Ċ"), ("Ċ", "<"), ("<", "/"), ("5", "Ċ"), ("Ċ", "</"), ("1", "0"), (">Ċ", "5"), ("a", "Ċ</")]
    pieces = ["<tool_call>", "</tool_call>", "<|im_end|>", *alphabet, *("".join(pair) for pair in merges)]
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    tokenizer = Tokenizer(BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(piece, special=True, normalized=False) for piece in pieces[:3]])
    return tokenizer


SMALL = nemotron_kind()
HOME = Tokenizer.from_file(str(HOME_MODEL / "tokenizer.json"))
HOME_VOCAB = HOME.get_vocab_size()


def tool(properties: dict[str, Any], required: tuple[str, ...] = (), name: str = "set") -> dict[str, Any]:
    return {"name": name, "parameters": {"type": "object", "properties": properties, "required": list(required)}}


def call(name: str, *arguments: tuple[str, object]) -> str:
    values = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in arguments)
    return f"<tool_call>\n<function={name}>\n{values}</function>\n</tool_call>"


def accepts(grammar: CallGrammar, text: str, tokenizer: Tokenizer = SMALL, copied: Copied | None = None) -> bool:
    """Whether the grammar takes the text in the tokenizer's own tokens, mask and matcher agreeing on each."""
    first, *tokens = tokenizer.encode(text, add_special_tokens=False).ids
    if first not in grammar.begins:
        return False
    constraint = grammar.constrain(first, copied)
    for token in tokens:
        allowed = np.isfinite(constraint.mask(np.zeros(tokenizer.get_vocab_size(), np.float32)))[token]
        try:
            constraint.accept(token)
        except EngineError:
            assert not allowed
            return False
        assert allowed
    return constraint.finished


def walk(
    grammar: CallGrammar,
    rng: random.Random,
    tokenizer: Tokenizer = SMALL,
    vocab: int = VOCAB,
    copied: Copied | None = None,
) -> str:
    """A call of tokens drawn at random from those allowed; a value that has gone on for long is brought to its end."""
    tokens = [rng.choice(sorted(grammar.begins))]
    constraint = grammar.constrain(tokens[0], copied)
    texts = [tokenizer.decode([token], skip_special_tokens=False).encode() for token in range(HOME_VOCAB)]
    while not constraint.finished:
        allowed = np.flatnonzero(np.isfinite(constraint.mask(np.zeros(vocab, np.float32)))).tolist()
        ending = [token for token in allowed if texts[token].startswith(CLOSING)]
        tokens.append(rng.choice(ending if ending and rng.random() < 0.2 + len(tokens) / 500 else allowed))
        constraint.accept(tokens[-1])
        assert len(tokens) < 5000
    return str(tokenizer.decode(tokens, skip_special_tokens=False))


def read(text: str, tools: list[dict[str, Any]]) -> ToolCallRequest:
    """The one call of the text, which must fit its schema."""
    parser = ChatParser(tools)
    (event,) = [*parser.feed(text), *parser.finish()]
    assert isinstance(event, ToolCallRequest), text
    schema = next(each["parameters"] for each in tools if each["name"] == event.name)
    Draft202012Validator(schema | {"additionalProperties": False}).validate(event.arguments)
    return event


LIGHT = tool(
    {
        "name": {"type": "string", "maxLength": 20},
        "level": {"type": "integer", "minimum": -5, "maximum": 100},
        "degrees": {"type": "number", "minimum": 5, "maximum": 30.5},
        "color": {"enum": ["red", "warm white"]},
        "fast": {"type": "boolean"},
        "step": {
            "anyOf": [{"type": "integer", "minimum": -9, "maximum": 9}, {"type": "string", "enum": ["up", "down"]}]
        },
    },
    ("level",),
)


@pytest.mark.parametrize(
    "arguments",
    [
        [("level", 50)],
        [("level", -5), ("name", 'a "lamp"&so\\n {é} 灯')],
        [("degrees", 30.5), ("color", "warm white"), ("fast", "false"), ("level", 100), ("step", -9)],
        [("step", "down"), ("level", 5)],
    ],
)
def test_a_right_call_is_accepted_in_any_order(arguments: list[tuple[str, object]]) -> None:
    assert accepts(CallGrammar(SMALL, VOCAB, [LIGHT]), call("set", *arguments))


@pytest.mark.parametrize(
    "text",
    [
        call("unset", ("level", 5)),
        call("set"),
        call("set", ("color", "red")),
        call("set", ("level", 5), ("level", 5)),
        call("set", ("level", 5), ("loud", "true")),
        call("set", ("level", 101)),
        call("set", ("level", -6)),
        call("set", ("level", "5.5")),
        call("set", ("level", "five")),
        call("set", ("level", "")),
        call("set", ("level", " 5")),
        call("set", ("degrees", 30.6), ("level", 5)),
        call("set", ("color", "blue"), ("level", 5)),
        call("set", ("fast", "yes"), ("level", 5)),
        call("set", ("step", 10), ("level", 5)),
        call("set", ("step", "sideways"), ("level", 5)),
        call("set", ("name", ""), ("level", 5)),
        call("set", ("name", "two\nlines"), ("level", 5)),
        call("set", ("name", "</parameter>"), ("level", 5)),
        call("set", ("name", "a name of 21 letters."), ("level", 5)),
        call("set", ("level", 5)).replace("\n</parameter>", "", 1),
        call("set", ("level", 5)).replace("</function>\n", ""),
        call("set", ("level", 5)).replace("\n", " "),
    ],
)
def test_a_wrong_call_is_refused(text: str) -> None:
    assert not accepts(CallGrammar(SMALL, VOCAB, [LIGHT]), text)


def test_white_space_is_no_value_and_no_part_of_one() -> None:
    numbers = {"type": "array", "items": {"type": "integer", "maximum": 9, "minimum": 0}, "minItems": 1}
    grammar = CallGrammar(SMALL, VOCAB, [tool({"level": {"anyOf": [{"type": "integer"}, numbers]}})])
    assert accepts(grammar, call("set", ("level", "[1, 2,3]")))
    for value in ("", " ", "\n", "\n5", " 5", "5 ", "[ 1]", "[1 ]"):
        assert not accepts(grammar, call("set", ("level", value))), repr(value)


WORDS = st.text("abcdefgxyz_", min_size=1, max_size=8)
WHOLE = st.integers(-300, 300)
PLAIN = st.one_of(
    st.builds(
        lambda least, more: {"type": "string", "minLength": least, "maxLength": least + more},
        st.integers(0, 5), st.integers(1, 12),
    ),
    st.lists(WORDS, min_size=1, max_size=5, unique=True).map(lambda words: {"type": "string", "enum": words}),
    st.builds(lambda low, size: {"type": "integer", "minimum": low, "maximum": low + size}, WHOLE, st.integers(0, 400)),
    st.builds(
        lambda low, size: {"type": "number", "minimum": low / 4, "maximum": low / 4 + size}, WHOLE, st.integers(1, 50)
    ),
    WHOLE.map(lambda low: {"type": "integer", "exclusiveMinimum": low}),
    st.just({"type": "boolean"}),
    st.just({"type": ["integer", "null"]}),
    st.just({"type": ["string", "number"], "maxLength": 9}),
    st.just({"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 9}, "maxItems": 3}),
    st.just({"type": "object", "properties": {"r": {"type": "boolean"}}, "additionalProperties": False}),
    WORDS.map(lambda word: {"const": word}),
)  # fmt: skip
# The parser takes the first alternative whose type fits, and text fits everything, so it stands last.
SCHEMA = st.one_of(
    PLAIN,
    st.lists(PLAIN, min_size=1, max_size=3).map(
        lambda several: {"anyOf": sorted(several, key=lambda one: "maxLength" in one)}
    ),
)


@st.composite
def tool_lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    made = []
    for name in draw(st.lists(WORDS, min_size=1, max_size=3, unique=True)):
        properties = draw(st.dictionaries(WORDS, SCHEMA, max_size=5))
        required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True)) if properties else []
        made.append(tool(properties, tuple(required), name))
    return made


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(tool_lists(), st.randoms(use_true_random=False))
def test_whatever_is_chosen_ends_in_a_call_that_fits_its_schema(
    tools: list[dict[str, Any]], rng: random.Random
) -> None:
    grammar = CallGrammar(SMALL, VOCAB, tools)
    for _ in range(3):
        read(walk(grammar, rng), tools)


NAME = frozenset({("set", "name")})
FREE_TEXT = st.text(max_size=30) | st.text('"\\/|<>{}%\n\r()[]:#.*', max_size=8)


@settings(deadline=None, max_examples=40)
@given(st.lists(FREE_TEXT, max_size=6), FREE_TEXT, st.randoms())
def test_names_and_what_was_said_are_data_whatever_they_hold(names: list[str], text: str, rng: random.Random) -> None:
    copied = Copied(NAME, (*names, "<tool_call>", "x" * (MAX_CHARS + 1), "a\nb", "", "a"), text)
    tools = [tool({"name": {"type": "string"}}, ("name",))]
    grammar = CallGrammar(SMALL, VOCAB, tools)
    said = {str(read(walk(grammar, rng, copied=copied), tools).arguments["name"]) for _ in range(4)}
    known = {name.strip() for name in names} | {"a"}
    assert all(each in known or all(word in text for word in each.split()) for each in said)
    for name in names:
        if name.isprintable() and name.strip() and "<" not in name:
            assert accepts(grammar, call("set", ("name", name.strip())), copied=copied)
    assert not accepts(grammar, call("set", ("name", "no name of theirs")), copied=copied)


def test_a_name_is_one_of_the_home_or_words_that_were_said() -> None:
    text = {"type": "string"}
    grammar = CallGrammar(SMALL, VOCAB, [tool({"name": text, "area": text}), tool({"name": text}, (), "time")])
    copied = Copied(NAME, ("Lamp", "Lamp 2", "Lamp"), "turn off the courtyard lamp, please")
    for name in ("Lamp 2", "Lamp", "courtyard", "courtyard lamp"):
        assert accepts(grammar, call("set", ("name", name), ("area", "anywhere")), copied=copied)
    for name in ("Lamp 22", "court", "courtyard please", "lamp courtyard", "Lamp turn"):
        assert not accepts(grammar, call("set", ("name", name)), copied=copied)
    assert accepts(grammar, call("time", ("name", "pizza")), copied=copied)


def test_where_nothing_can_be_repeated_everything_may_be_said() -> None:
    grammar = CallGrammar(SMALL, VOCAB, [tool({"name": {"type": "string"}}, ("name",))])
    assert accepts(grammar, call("set", ("name", "a")), copied=Copied(NAME, ("\n",)))


def test_every_call_the_home_model_learns_is_accepted_in_its_own_tokens() -> None:
    rng, chat, grammar = random.Random(3), ChatFormat.from_folder(HOME_MODEL), CallGrammar(HOME, HOME_VOCAB, TOOLS)
    calls = []
    while len(calls) < 250:
        home = random_home(rng, "train")
        for turn in (sample(rng, home, "train", None) for _ in range(8)):
            copied = copied_of(home.devices, [{"role": "user", "content": turn.user}])
            calls += [(made, copied) for made in turn.calls]
    for made, copied in calls:
        function = {"function": {"name": made.tool, "arguments": dict(made.arguments)}}
        turn = {"role": "assistant", "content": "", "tool_calls": [function]}
        text = chat.render([{"role": "user", "content": "x"}, turn], generate=False)
        text = text[text.index("<tool_call>") : text.index("</tool_call>") + len("</tool_call>")]
        assert accepts(grammar, text, HOME), text
        assert accepts(grammar, text, HOME, copied), text


def test_names_stand_in_a_call_as_the_tokenizer_writes_them() -> None:
    grammar = CallGrammar(HOME, HOME_VOCAB, TOOLS)
    copied = Copied(COPIED, ("Küche's  Light", "Lamp"))
    assert accepts(grammar, call("HassTurnOn", ("name", "Küche's Light"), ("area", "lamp")), HOME, copied)
    assert not accepts(grammar, call("HassTurnOn", ("name", "Light")), HOME, copied)
    walks = (walk(grammar, random.Random(seed), HOME, HOME_VOCAB, copied) for seed in range(60))
    said = {read(each, list(TOOLS)).arguments.get("name") for each in walks}
    assert said == {None, "kuche's light", "lamp"}


def has_a_token(tool: Any) -> bool:
    return HOME.token_to_id(f"<tool_call>\n<function={tool['name']}>\n") is not None


def test_a_tool_that_came_after_a_tokenizer_with_a_token_a_tool_cannot_be_called() -> None:
    later = {"name": "Wave", "parameters": {"type": "object", "properties": {}}}
    grammar = CallGrammar(HOME, HOME_VOCAB, [TOOLS[0], later])
    assert {HOME.id_to_token(token) for token in grammar.begins} == {"<tool_call>\n<function=HassTurnOn>\n"}
    with pytest.raises(EngineError, match="No tool could be called"):
        CallGrammar(HOME, HOME_VOCAB, [later])


def test_tools_that_are_not_given_cannot_be_opened_where_one_token_holds_the_name() -> None:
    grammar = CallGrammar(HOME, HOME_VOCAB, [each for each in TOOLS if each["name"] == "HassToggle"])
    assert {HOME.id_to_token(token) for token in grammar.begins} == {"<tool_call>\n<function=HassToggle>\n"}
    assert len(grammar.refused) == len([each for each in TOOLS if has_a_token(each)]) - 1
    with pytest.raises(EngineError, match="may not come next"):
        grammar.constrain(min(grammar.refused))


def test_padding_is_masked_and_the_logits_given_stay_as_they_are() -> None:
    grammar = CallGrammar(SMALL, VOCAB, [LIGHT])
    assert grammar.begins == {OPEN}
    logits = np.ones(VOCAB, np.float32)
    masked = grammar.constrain(OPEN).mask(logits)
    assert (logits == 1).all()
    assert {SMALL.id_to_token(token) for token in np.flatnonzero(np.isfinite(masked)).tolist()} == {"Ċ", "Ċ<"}


def test_a_refused_token_leaves_the_call_where_it_was() -> None:
    constraint = CallGrammar(SMALL, VOCAB, [LIGHT]).constrain(OPEN)
    for token in (OPEN, CLOSE, 2, VOCAB - 1, -1, SMALL.get_vocab_size()):
        with pytest.raises(EngineError, match="may not come next"):
            constraint.accept(token)
    for token in SMALL.encode(call("set", ("level", 5))).ids[1:]:
        constraint.accept(token)
    assert constraint.finished
    with pytest.raises(EngineError, match="closed"):
        constraint.mask(np.zeros(VOCAB, np.float32))


def test_one_grammar_serves_several_calls_at_once() -> None:
    grammar = CallGrammar(SMALL, VOCAB, [LIGHT])
    first, second = grammar.constrain(OPEN), grammar.constrain(OPEN)
    ids = SMALL.encode(call("set", ("level", 5))).ids[1:]
    for token in ids:
        first.accept(token)
    assert first.finished and not second.finished
    second.accept(ids[0])


@pytest.mark.parametrize(
    ("tools", "told"),
    [
        ([], "No tool could be called"),
        ([tool({}, name='a>\n"b')], "cannot stand in a call"),
        ([tool({"a<b": {}})], "cannot stand in a call"),
        ([tool({f"p{i}": {} for i in range(65)})], "64 are the most"),
        ([tool({"a": {"$ref": "#/x"}})], r"set\.a: '\$ref'"),
        ([tool({"a": {"type": "text"}})], "set.a has the type 'text'"),
        ([tool({"a": {"type": "integer", "minimum": 5, "maximum": 4}})], "cannot be kept to"),
    ],
)
def test_what_cannot_be_a_grammar_is_told(tools: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(EngineError, match=told):
        CallGrammar(SMALL, VOCAB, tools)


def test_a_tokenizer_without_markers_of_a_call_is_told() -> None:
    plain = Tokenizer(BPE())
    plain.decoder = decoders.ByteLevel()
    with pytest.raises(EngineError, match="no tokens of their own for <tool_call>"):
        CallGrammar(plain, VOCAB, [LIGHT])
    with pytest.raises(EngineError, match="the network only 10"):
        CallGrammar(SMALL, 10, [LIGHT])


def test_the_home_model_under_constraint_says_what_it_says_without(tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"):
        shutil.copy(HOME_MODEL / name, tmp_path)
    export(tmp_path)
    runtime, chat = OnnxRuntime(tmp_path), ChatFormat.from_folder(HOME_MODEL)
    home = Home(
        (HomeDevice("Ceiling Lamp", "light", "Kitchen"), HomeDevice("Desk Lamp", "light", "Office")), (), {}, "train"
    )  # type: ignore[arg-type]
    grammar = CallGrammar(HOME, HOME_VOCAB, TOOLS)
    messages: list[Message] = [
        {"role": "system", "content": system_prompt(home.devices)},
        {"role": "user", "content": "dim the desk lamp to 40 percent"},
    ]
    prompt = chat.render(messages)
    state, tokens = runtime.empty_state(), HOME.encode(prompt).ids
    for start in range(0, len(tokens), runtime.config.chunk_size):
        logits = runtime.step(tokens[start : start + runtime.config.chunk_size], state)[-1]
    constraint, said = None, []
    while constraint is None or not constraint.finished:
        wanted = int(logits.argmax())
        token = int((constraint.mask(logits) if constraint else logits).argmax())
        assert token == wanted
        if constraint:
            constraint.accept(token)
        else:
            constraint = grammar.constrain(token, copied_of(home.devices, messages))
        said.append(token)
        logits = runtime.step([token], state)[-1]
    made = read(HOME.decode(said, skip_special_tokens=False), list(TOOLS))
    assert (made.name, made.arguments) == ("HassLightSet", {"name": "desk lamp", "brightness": 40})
