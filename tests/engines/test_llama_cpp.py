# SPDX-License-Identifier: Apache-2.0
"""The llama.cpp runtime, with the real library: a small random network against the PyTorch reference, and the home
model, both as GGUF files of our own writing.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from appliance.models import HOME_MODEL
from engines.errors import EngineError
from engines.generate import Cancelled, Sampling
from engines.language_model import LanguageModel
from engines.nemotron_h.chat import ChatEvent, ReasoningDelta, TextDelta, ToolCallRequest
from engines.runtimes import llama_cpp as runtime
from engines.runtimes.llama_cpp import LlamaCpp
from engines.runtimes.onnxruntime import OnnxRuntime
from tests.engines import small

# llama.cpp has no normalizers: texts stand here as the home model's tokenizer makes them, small and behind a space,
# and its template is told to put the space before a call's values.
TEMPLATE = (HOME_MODEL / "chat_template.jinja").read_text().replace(r"'>\n' ~ value", r"'>\n ' ~ value")
SYSTEM = {
    "role": "system",
    "content": " you run a home by voice.\n area: kitchen; floor: ground floor; light: kitchen light;\n"
    " area: bedroom; fan: bedroom fan; cover/blind: left blind; lock: front door;",
}
ASKED = [" turn on the kitchen light", " what time is it", " open the left blind", " hello", " lock the front door"]
TOOL = {"name": "HassTurnOn", "parameters": {"type": "object", "properties": {"name": {"type": "string"}}}}
THINKING = (
    "{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}{% if add_generation_prompt %}"
    "<|im_start|>assistant\n{{ '<think>\n' if enable_thinking else '<think></think>' }}{% endif %}"
)


@pytest.fixture(scope="module")
def library() -> Any:
    return pytest.importorskip("llama_cpp", reason="pip install llama-cpp-python==0.3.36 (compiles for minutes)")


@pytest.fixture(scope="module")
def home_file(library: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    gguf = pytest.importorskip("tools.nemotron_gguf", reason="pip install gguf", exc_type=ImportError)
    return Path(gguf.write_folder(HOME_MODEL, tmp_path_factory.mktemp("home") / "home.gguf", "F32", TEMPLATE))


@pytest.fixture(scope="module")
def random_file(library: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that says anything, and so something else for the least fault of its state."""
    gguf = pytest.importorskip("tools.nemotron_gguf", reason="pip install gguf", exc_type=ImportError)
    made = small.model(small.config(vocab_size=3072))
    path = tmp_path_factory.mktemp("random") / "random.gguf"
    return Path(gguf.write(made.state_dict(), made.config, HOME_MODEL / "tokenizer.json", path, "F32", THINKING))


@pytest.fixture
def home(home_file: Path) -> Iterator[LlamaCpp]:
    model = LlamaCpp(home_file)
    yield model
    model.close()


@pytest.fixture
def chaos(random_file: Path) -> Iterator[LlamaCpp]:
    model = LlamaCpp(random_file, context=1024)
    yield model
    model.close()


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def said(events: list[ChatEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def logits_after(model: LlamaCpp, talk: list[dict[str, str]]) -> NDArray[np.float32]:
    """[vocab]: from these the first token of the answer was chosen."""
    list(model.chat(talk, sampling=Sampling(max_tokens=1)))
    return np.array(np.ctypeslib.as_array(model._library.llama_get_logits(model._llama.ctx), (3072,)), np.float32)


def count_reads(model: LlamaCpp, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Tokens of each batch that llama.cpp reads from now on."""
    sizes: list[int] = []
    evaluate = model._llama.eval

    def counted(tokens: list[int]) -> None:
        sizes.append(len(tokens))
        evaluate(tokens)

    monkeypatch.setattr(model._llama, "eval", counted)
    return sizes


@pytest.mark.parametrize("split", [1, 7, 50])
def test_our_gguf_gives_the_references_logits(library: Any, random_file: Path, split: int) -> None:
    tokens = torch.randint(0, 3072, (1, 50), generator=torch.Generator().manual_seed(1))
    reference = small.model(small.config(vocab_size=3072))
    with torch.no_grad():
        expected = reference.step(tokens, reference.empty_state())[0][0].numpy()
    llama = library.Llama(str(random_file), n_threads=1, logits_all=True, type_k=0, type_v=0, verbose=False)  # 0: F32
    for start in range(0, 50, split):
        llama.eval(tokens[0, start : start + split].tolist())
    assert np.abs(llama.scores[:50] - expected).max() <= 1e-5 * np.abs(expected).max()
    llama.close()


def test_text_becomes_the_tokens_of_our_tokenizer(home: LlamaCpp) -> None:
    tokenizer = Tokenizer.from_file(str(HOME_MODEL / "tokenizer.json"))
    text = home.chat_format.render([SYSTEM, user(ASKED[0]), {"role": "assistant", "content": " done."}])
    assert home._tokens(text) == tokenizer.encode(text, add_special_tokens=False).ids


def test_the_home_model_says_in_llama_cpp_what_it_says_in_our_engine(home: LlamaCpp) -> None:
    ours = LanguageModel(HOME_MODEL, runtime=OnnxRuntime(HOME_MODEL))  # the first network, as the file has it
    home.warm([SYSTEM])
    for text in ASKED:
        expected = list(ours.chat([SYSTEM, user(text)]))
        events = list(home.chat([SYSTEM, user(text)]))
        assert said(events) == said(expected)
        assert [e for e in events if not isinstance(e, TextDelta)] == [
            e for e in expected if not isinstance(e, TextDelta)
        ]


def test_a_spoken_command_becomes_a_call_and_its_result_an_answer(home: LlamaCpp) -> None:
    turn: list[dict[str, Any]] = [SYSTEM, user(ASKED[0])]
    (call,) = home.chat(turn, [TOOL])
    assert isinstance(call, ToolCallRequest)
    assert call.name == "HassTurnOn"
    assert 0 < home.first_token_s < 30
    turn.append({"role": "assistant", "content": "", "tool_calls": [{"function": vars(call)}]})
    turn.append({"role": "tool", "content": '{"success": true, "result": " kitchen light is on"}'})
    assert "kitchen light" in said(list(home.chat(turn, [TOOL])))


def test_a_turn_reads_only_what_is_new(home: LlamaCpp, monkeypatch: pytest.MonkeyPatch) -> None:
    opening = home.warm([SYSTEM])
    sizes = count_reads(home, monkeypatch)
    first = [SYSTEM, user(ASKED[3])]
    answer = said(list(home.chat(first)))
    assert sum(size for size in sizes if size > 1) < opening / 2
    sizes.clear()
    list(home.chat([*first, {"role": "assistant", "content": answer}, user(ASKED[0])]))
    assert sum(size for size in sizes if size > 1) < opening / 2
    sizes.clear()
    list(home.chat([SYSTEM, user(ASKED[1])]))  # another branch, from the opening
    assert sum(size for size in sizes if size > 1) < opening / 2


def test_whatever_was_read_before_a_prompt_leads_where_it_leads_from_a_fresh_start(
    chaos: LlamaCpp, random_file: Path
) -> None:
    more: list[list[dict[str, str]]] = [[], [user(" now")], [user(" now"), user(" and"), user(ASKED[4])]]
    talks = [[SYSTEM, user(text), *rest] for text in ASKED[:3] for rest in more]
    talks += [[user(" another opening"), user(text)] for text in ASKED[:2]]
    # Long ones, which go apart behind the ends of shorter ones: there a kept place of another branch would be found.
    talks += [[SYSTEM, user(word * times)] for word in (" light", " fan") for times in (10, 20, 40)]
    fresh = []
    for talk in talks:
        model = LlamaCpp(random_file, context=1024)
        fresh.append(logits_after(model, talk))
        model.close()
    opening: dict[str, str] = {}
    often = [*range(len(talks)), *range(len(talks) - 6, len(talks)), *range(len(talks) - 6, len(talks))]
    for index in random.Random(3).choices(often, k=250):
        if talks[index][0] is not opening:
            opening = talks[index][0]
            chaos.warm([opening])
        assert np.abs(logits_after(chaos, talks[index]) - fresh[index]).max() < 2e-3 * np.abs(fresh[index]).max()


@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_cancelled_turn_stops_and_leaves_nothing_behind(chaos: LlamaCpp, after: int) -> None:
    few = Sampling(max_tokens=8)
    expected = list(chaos.chat([SYSTEM, user(ASKED[0])], sampling=few))
    polls = iter(range(100))
    with pytest.raises(Cancelled):
        list(chaos.chat([user(" long " * 200)], sampling=few, cancelled=lambda: next(polls) >= after))
    stream = chaos.chat([SYSTEM, user(ASKED[2])], sampling=few)
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # given up without a word
    assert list(chaos.chat([SYSTEM, user(ASKED[0])], sampling=few)) == expected


def test_a_character_is_given_out_whole(chaos: LlamaCpp, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = chaos._tokens("21 °C, 🙂")
    assert len(tokens) > len("21 °C, 🙂")  # the network's vocabulary has only the bytes of these
    monkeypatch.setattr(chaos._memory, "generate", lambda feed, sampling: iter([*tokens, tokens[-1], 11]))
    pieces = [event.text for event in chaos.chat([user(" hi")]) if isinstance(event, TextDelta)]
    assert "".join(pieces).startswith("21 °C, 🙂")
    assert all("\ufffd" not in piece for piece in pieces[:-1])


@pytest.mark.parametrize(("budget", "grace"), [(3, 20), (12, 0)])
def test_reasoning_over_its_budget_is_closed(
    chaos: LlamaCpp, monkeypatch: pytest.MonkeyPatch, budget: int, grace: int
) -> None:
    monkeypatch.setattr(runtime, "REASONING_GRACE", grace)
    sizes = count_reads(chaos, monkeypatch)
    chaos.warm([user(" hi")])
    sizes.clear()
    events = list(chaos.chat([user(" hi")], sampling=Sampling(max_tokens=5), reasoning=budget))
    kinds = [type(event) for event in events]
    assert kinds[0] is ReasoningDelta
    assert kinds.index(TextDelta) > 0
    assert budget <= sizes.count(1) <= budget + grace + 10


def test_sampling_follows_its_seed(chaos: LlamaCpp) -> None:
    def answer(seed: int) -> list[ChatEvent]:
        return list(chaos.chat([user(" hi")], sampling=Sampling(temperature=1.5, top_p=1.0, seed=seed, max_tokens=8)))

    assert answer(1) == answer(1)
    assert answer(1) != answer(2)


def test_a_prompt_that_does_not_fit_is_told_and_the_next_turn_works(chaos: LlamaCpp) -> None:
    with pytest.raises(EngineError, match=r"context 1024: raise `context` or shorten"):
        list(chaos.chat([user(" long" * 2000)]))
    assert list(chaos.chat([user(" hi")], sampling=Sampling(max_tokens=4)))


def test_an_answer_ends_with_the_context(random_file: Path) -> None:
    model = LlamaCpp(random_file, context=256)
    assert list(model.chat([user(" hi")], sampling=Sampling(max_tokens=10_000)))
    model.close()


def test_a_failure_of_the_library_is_told_and_the_next_turn_works(
    chaos: LlamaCpp, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Sampling(max_tokens=4)
    expected = list(chaos.chat([user(" hi")], sampling=few))
    with monkeypatch.context() as broken:
        broken.setattr(chaos._llama._ctx, "decode", lambda batch: (_ for _ in ()).throw(RuntimeError("decode -3")))
        with pytest.raises(EngineError, match="decode -3"):
            list(chaos.chat([user(" hi there")], sampling=few))
    assert list(chaos.chat([user(" hi")], sampling=few)) == expected


def test_a_closed_model_is_told(chaos: LlamaCpp) -> None:
    chaos.close()
    with pytest.raises(EngineError, match="is closed"):
        chaos.warm([SYSTEM])


@pytest.mark.parametrize("keep", [0, 100, 100_000])
def test_a_damaged_file_is_told(random_file: Path, tmp_path: Path, keep: int) -> None:
    (tmp_path / "cut.gguf").write_bytes(random_file.read_bytes()[:keep])
    with pytest.raises(EngineError, match=r"cut\.gguf cannot be loaded"):
        LlamaCpp(tmp_path / "cut.gguf")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no\.gguf does not exist"):
        LlamaCpp(tmp_path / "no.gguf")


def test_a_missing_package_is_told_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    with pytest.raises(EngineError, match="pip install llama-cpp-python=="):
        LlamaCpp(tmp_path / "a.gguf")
