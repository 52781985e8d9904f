# SPDX-License-Identifier: Apache-2.0
"""Reading, returning and writing token by token, on a real small network in onnxruntime."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from engines.export import export
from engines.generate import (
    REASONING_GRACE,
    Cancelled,
    Context,
    Detokenizer,
    Sampling,
    Steering,
    choose,
    probability,
    write,
)
from engines.prefix import PrefixCache
from engines.runtimes.onnxruntime import OnnxRuntime
from tests.engines import small

NEWLINE, THINK, UNTHINK, OPEN, CLOSE = 198, 206, 207, 208, 209


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> OnnxRuntime:
    return OnnxRuntime(export(small.folder(tmp_path_factory.mktemp("checkpoint"), small.model(small.config()))))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """One token a byte up to 205, in byte-level letters, and four markers."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: i for i, letter in enumerate([letter for letter in letters if letter != "Ċ"][:205])}
    vocabulary = {k: v if v < NEWLINE else v + 1 for k, v in vocabulary.items()} | {"Ċ": NEWLINE}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(["<think>", "</think>", "<tool_call>", "</tool_call>"])
    assert made.token_to_id("<think>") == THINK and made.get_vocab_size() <= 211
    return made


def tokens(count: int, seed: int = 0) -> list[int]:
    return np.random.default_rng(seed).integers(0, 205, count).tolist()


def test_going_on_from_a_prompt_is_reading_it_anew_at_the_same_splits(runtime: OnnxRuntime) -> None:
    text = tokens(70)
    anew = Context(runtime)
    anew.extend(text[:40])
    want = anew.extend(text[40:])
    warm = Context(runtime)
    warm.read_to(text[:40])
    warm.keep()
    warm.read_to(tokens(50, seed=1))  # somebody else's conversation
    assert np.array_equal(warm.read_to(text), want) and warm.tokens == text


def test_other_splits_move_the_logits_by_rounding_only(runtime: OnnxRuntime) -> None:
    text = tokens(70)
    want = Context(runtime).extend(text)
    for split in (1, 16, 33, 69):
        context = Context(runtime)
        context.extend(text[:split])
        assert np.abs(context.extend(text[split:]) - want).max() <= 1e-4 * np.abs(want).max()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.lists(st.integers(0, 210), min_size=1, max_size=25)), max_size=6))
def test_after_any_returns_the_logits_are_those_of_the_tokens(
    runtime: OnnxRuntime, moves: list[tuple[int, list[int]]]
) -> None:
    context = Context(runtime, PrefixCache(max_bytes=400_000))
    for back, text in [(0, [1, 2, 3]), *moves]:
        context.roll_back(max(0, len(context.tokens) - back))
        wanted = context.tokens + text
        got = context.extend(text)
        context.keep()
        assert context.tokens == wanted
        want = Context(runtime).extend(wanted)
        assert np.abs(got - want).max() <= 1e-4 * np.abs(want).max()


def test_a_branch_goes_its_own_way(runtime: OnnxRuntime) -> None:
    trunk = Context(runtime)
    trunk.extend(tokens(20))
    branch = trunk.branch()
    branch.extend([9, 9, 9])
    want = trunk.extend([5])
    assert trunk.tokens == [*tokens(20), 5] and branch.tokens == [*tokens(20), 9, 9, 9]
    branch.roll_back(20)
    assert np.abs(branch.extend([5]) - want).max() <= 1e-4 * np.abs(want).max()


def test_cancelling_between_chunks_keeps_what_was_read(runtime: OnnxRuntime) -> None:
    context, asked = Context(runtime), []

    def third() -> bool:
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(Cancelled):
        context.extend(tokens(100), third)
    assert context.tokens == tokens(100)[:32]
    want = Context(runtime).extend(tokens(100))
    assert np.abs(context.read_to(tokens(100)) - want).max() <= 1e-4 * np.abs(want).max()


def test_a_step_that_fails_leaves_an_empty_context_that_works(runtime: OnnxRuntime) -> None:
    context = Context(runtime)
    context.extend([1, 2, 3])
    with pytest.raises(Exception, match="onnxruntime failed"):
        context.extend([10_000])  # no such token: the embedding refuses it
    assert context.tokens == []
    assert np.array_equal(context.extend([1, 2, 3]), Context(runtime).extend([1, 2, 3]))


def test_nothing_to_read_and_a_place_that_is_not_there_are_told(runtime: OnnxRuntime) -> None:
    context = Context(runtime)
    with pytest.raises(ValueError, match="nothing to read"):
        context.extend([])
    with pytest.raises(ValueError, match="roll back to token 4 of 0"):
        context.roll_back(4)


def written(runtime: OnnxRuntime, tokenizer: Tokenizer, sampling: Sampling, **steering: object) -> list[int]:
    context = Context(runtime)
    logits = context.extend([1, 2, 3])
    return list(write(context, logits, sampling, Steering(tokenizer, **steering)))  # type: ignore[arg-type]


def test_writing_stops_at_the_limit_and_a_seed_repeats(runtime: OnnxRuntime, tokenizer: Tokenizer) -> None:
    sampling = Sampling(temperature=1.5, top_p=0.9, seed=4, max_tokens=12)
    first, second = (written(runtime, tokenizer, sampling) for _ in range(2))
    assert first == second and 0 < len(first) <= 12
    other = written(runtime, tokenizer, Sampling(temperature=1.5, top_p=0.9, seed=5, max_tokens=12))
    assert other != first


def test_writing_is_cancelled_between_two_tokens(runtime: OnnxRuntime, tokenizer: Tokenizer) -> None:
    context = Context(runtime)
    logits = context.extend([1, 2, 3])
    out: list[int] = []
    with pytest.raises(Cancelled):
        for token in write(context, logits, Sampling(), Steering(tokenizer), cancelled=lambda: len(out) == 5):
            out.append(token)
    assert len(out) == 5 and context.tokens == [1, 2, 3, *out]


def test_top_p_takes_the_fewest_tokens_that_reach_it() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05], np.float32))
    rng = np.random.default_rng(0)
    drawn = {choose(logits, Sampling(temperature=1.0, top_p=0.7), rng) for _ in range(200)}
    assert drawn == {0, 1}


@given(st.integers(0, 2**32), st.floats(0.05, 0.999), st.floats(0.2, 3))
def test_a_large_vocabulary_is_sorted_only_in_part_and_chosen_from_alike(seed: int, top_p: float, heat: float) -> None:
    logits = np.random.default_rng(seed).normal(size=3000).astype(np.float32) * 4
    token = choose(logits, Sampling(temperature=heat, top_p=top_p), np.random.default_rng(1))
    p = np.exp((logits - logits.max()).astype(np.float64) / heat)
    p /= p.sum()
    likelier = p[p > p[token]].sum()
    assert likelier <= top_p + 1e-9


class Scripted:
    """Logits that always want the next token of a script, for what no random network would say."""

    def __init__(self, script: list[int]) -> None:
        self.script = script

    def run(self, steering: Steering, most: int = 5000) -> list[int]:
        out: list[int] = []
        rng = np.random.default_rng(0)
        for wanted in self.script[:most]:
            logits = np.zeros(211, np.float32)
            logits[wanted] = 1
            token = steering.choose(logits, Sampling(), rng)
            steering.accept(token)
            out.append(token)
            if token == UNTHINK:
                break
        return out


def test_reasoning_ends_at_the_first_line_after_its_budget(tokenizer: Tokenizer) -> None:
    line = [30, 31, 32, NEWLINE]
    out = Scripted(line * 100).run(Steering(tokenizer, open_reasoning=True, budget=10))
    assert out == [*line * 3, UNTHINK]


def test_reasoning_without_lines_ends_at_the_latest_after_the_grace(tokenizer: Tokenizer) -> None:
    out = Scripted([30] * 5000).run(Steering(tokenizer, open_reasoning=True, budget=10))
    assert out == [30] * (10 + REASONING_GRACE) + [UNTHINK]


def test_reasoning_without_a_budget_goes_on(tokenizer: Tokenizer) -> None:
    assert Scripted([30, NEWLINE] * 1000).run(Steering(tokenizer, open_reasoning=True)) == [30, NEWLINE] * 1000


def test_the_answer_has_its_own_length_beside_the_reasoning(runtime: OnnxRuntime, tokenizer: Tokenizer) -> None:
    out = written(runtime, tokenizer, Sampling(max_tokens=5), open_reasoning=True, budget=20)
    end = out.index(UNTHINK)
    assert 20 <= end <= 20 + REASONING_GRACE and len(out) - end <= 5


def test_a_call_in_the_reasoning_is_no_call(tokenizer: Tokenizer) -> None:
    class Grammar:
        begins, refused = frozenset({OPEN}), frozenset({CLOSE})

        def constrain(self, begin: int, copied: object) -> None:
            raise AssertionError("constrained")

    steering = Steering(tokenizer, open_reasoning=True, grammar=Grammar())  # type: ignore[arg-type]
    assert Scripted([30, OPEN, 31]).run(steering) == [30, OPEN, 31]
    steering = Steering(tokenizer, grammar=Grammar())  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="constrained"):
        Scripted([30, OPEN]).run(steering)
    assert Scripted([CLOSE]).run(Steering(tokenizer, grammar=Grammar())) == [0]  # type: ignore[arg-type]


@given(st.text(max_size=60))
def test_streamed_text_is_the_text_and_holds_only_whole_characters(text: str) -> None:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytewise = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bytewise.decoder = decoders.ByteLevel()
    stream = Detokenizer(bytewise)
    pieces = [stream.feed(token) for token in bytewise.encode(text).ids]
    assert "".join(pieces) == text and all("\ufffd" not in piece or "\ufffd" in text for piece in pieces)


def test_bytes_that_make_no_character_do_not_hold_the_stream_for_ever() -> None:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytewise = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    bytewise.decoder = decoders.ByteLevel()
    bad = letters.index(pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str("é")[0][0][0])
    stream = Detokenizer(bytewise)
    assert "".join(stream.feed(token) for token in [bad] * 9 + [letters.index("A")]).endswith("A")


def test_a_tokenizer_that_looks_back_keeps_its_spaces() -> None:
    words = json.loads(json.dumps({"▁turn": 0, "▁on": 1, "▁the": 2, "▁lamp": 3}))
    made = Tokenizer(models.WordLevel(vocab=words, unk_token="▁on"))
    made.decoder = decoders.Metaspace()
    stream = Detokenizer(made)
    assert "".join(stream.feed(i % 4) for i in range(400)) == made.decode([i % 4 for i in range(400)])


def test_kept_prefixes_survive_in_a_folder(runtime: OnnxRuntime, tmp_path: Path) -> None:
    text = tokens(40)
    first = Context(runtime, PrefixCache(folder=tmp_path, model="m"))
    first.read_to(text[:30])
    first.keep(pin=True)
    want = first.extend(text[30:])
    again = Context(runtime, PrefixCache(folder=tmp_path, model="m"))
    assert np.array_equal(again.read_to(text), want)


def test_how_likely_tokens_were_is_the_product_of_how_likely_each_was(runtime: OnnxRuntime) -> None:
    text = tokens(40 + 3 * runtime.config.chunk_size)  # of several chunks
    step_by_step, expected = Context(runtime), 0.0
    logits = step_by_step.extend(text[:40])
    for token in text[40:]:
        expected += np.log(probability(logits, token))
        logits = step_by_step.extend([token])
    context = Context(runtime)
    assert context.weigh(text[40:], context.extend(text[:40])) == pytest.approx(expected, abs=1e-2)
    assert context.tokens == text
    assert np.allclose(context.extend([7]), step_by_step.extend([7]), atol=1e-3)
