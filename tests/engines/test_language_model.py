# SPDX-License-Identifier: Apache-2.0
"""The engine at the level of a conversation: the home model itself, and a network that reasons."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from appliance.dialogue.prompt import system_prompt
from appliance.home.registry import Device
from appliance.home.tools import COPIED
from appliance.home.tools import TOOLS as HOME_TOOLS
from appliance.models import HOME_MODEL
from engines.errors import EngineError
from engines.generate import REASONING_GRACE, Cancelled, Sampling
from engines.grammar import Copied
from engines.language_model import LanguageModel
from engines.nemotron_h.chat import MalformedCall, ReasoningDelta, TextDelta, ToolCallRequest
from engines.open import open_model

TOOLS = [
    {
        "name": "HassTurnOn",
        "parameters": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "area": {"type": "string"},
                "domain": {"type": "string", "enum": ["light", "fan"]},
            },
        },
    }
]
NAME = frozenset({("HassTurnOn", "name")})
HOME = [Device("1", "desk lamp", "light", "study"), Device("2", "hall fan", "fan", "hall")]
OPENING = [{"role": "system", "content": system_prompt(HOME)}]
REASONING_TEMPLATE = (
    "{%- for m in messages -%}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{%- endfor -%}"
    "{%- if add_generation_prompt -%}<|im_start|>assistant\n"
    "{{ '<think>\n' if enable_thinking else '<think></think>' }}{%- endif -%}"
)


def said(*texts: str) -> list[dict[str, object]]:
    return [*OPENING, *({"role": "user", "content": text} for text in texts)]


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return LanguageModel(HOME_MODEL)


class Counting(LanguageModel):
    """Counts the tokens that are really read."""

    def __init__(self, folder: Path, **options: object) -> None:
        super().__init__(folder, **options)  # type: ignore[arg-type]
        self.read: list[int] = []
        step = self.runtime.step

        def counted(tokens: Sequence[int], state: object, keep: int = 1) -> np.ndarray:
            self.read.append(len(tokens))
            return step(tokens, state, keep)  # type: ignore[arg-type]

        self.runtime.step = counted  # type: ignore[method-assign,assignment]


def test_a_call_is_written_and_typed(model: LanguageModel) -> None:
    events = list(model.chat(said("turn on the desk lamp"), TOOLS))
    assert events == [ToolCallRequest("HassTurnOn", {"name": "desk lamp"})]
    assert model.first_token_s > 0


def calls(model: LanguageModel, text: str, tools: Any = TOOLS, **options: Any) -> list[ToolCallRequest]:
    return [event for event in model.chat(said(text), tools, **options) if isinstance(event, ToolCallRequest)]


def as_the_network_sees_it(model: LanguageModel, text: str, told: ToolCallRequest, tools: Any = TOOLS) -> float:
    """The probability of a call, read in one step."""
    prompt = model._tokens(model.chat_format.render(said(text), tools))
    slots = "".join(f"<parameter={slot}>\n{value}\n</parameter>\n" for slot, value in told.arguments.items())
    written = model._tokens(f"<tool_call>\n<function={told.name}>\n{slots}</function>\n</tool_call>")
    logits = model.runtime.step([*prompt, *written], model.runtime.empty_state(), keep=len(written) + 1)
    expected = 1.0
    for row, token in zip(logits.astype(np.float64), written, strict=False):
        expected *= np.exp(row[token] - row.max()) / np.exp(row - row.max()).sum()
    return expected


def test_a_call_tells_how_probable_it_was_to_the_network(model: LanguageModel) -> None:
    (told,) = calls(model, "turn on the desk lamp")
    assert told.probability == pytest.approx(as_the_network_sees_it(model, "turn on the desk lamp", told), rel=1e-2)
    assert not told.others, "nobody asked for them"


UNCLEAR = (
    "a bit of light on the desk",
    "study, the lamp, less",
    "what about some air in the hall",
    "lamp or fan or so",
)


def test_an_improbable_call_comes_with_what_might_have_been_written(model: LanguageModel) -> None:
    found = [(text, *calls(model, text, tools=HOME_TOOLS, reconsider=1.1)) for text in UNCLEAR]
    told = [(text, call) for text, *made in found for call in made[:1] if call.others]
    assert len(told) >= 2, "sentences of which the network is less sure are needed"
    for text, call in told:
        each = (call, *call.others)
        assert len({str((one.name, one.arguments)) for one in each}) == len(each)
        assert sum(one.probability or 0 for one in each) <= 1.001
        for other in call.others:
            seen = as_the_network_sees_it(model, text, other, HOME_TOOLS)
            assert other.probability == pytest.approx(seen, rel=1e-2)
        sure = calls(model, text, tools=HOME_TOOLS, reconsider=call.probability)
        assert sure[0] == call and not sure[0].others, "it was not asked for"


def test_other_ways_keep_to_the_names_that_are_given(model: LanguageModel) -> None:
    copied = Copied(COPIED, ("desk lamp", "desk fan"))
    found = [calls(model, text, tools=HOME_TOOLS, copied=copied, reconsider=1.1) for text in UNCLEAR]
    names = [
        value
        for made in found
        for call in made
        for other in call.others
        for slot, value in other.arguments.items()
        if (other.name, slot) in COPIED
    ]
    assert names and set(names) <= {"desk lamp", "desk fan"}


def test_what_only_the_grammar_brought_about_was_not_probable(model: LanguageModel) -> None:
    events = model.chat(said("turn on the desk lamp"), TOOLS, copied=Copied(NAME, ("porch light",)))
    calls = [event for event in events if isinstance(event, ToolCallRequest)]
    assert calls and all(call.probability is not None and call.probability < 0.01 for call in calls)


def test_names_that_are_given_are_the_only_ones_said(model: LanguageModel) -> None:
    copied = Copied(NAME, ("hall fan", "porch light"))
    calls = list(model.chat(said("turn on the desk lamp"), TOOLS, copied=copied))
    assert all(
        call.arguments.get("name", "hall fan") in ("hall fan", "porch light")
        for call in calls
        if isinstance(call, ToolCallRequest)
    )
    assert not any(isinstance(call, MalformedCall) for call in calls)


def test_a_tool_that_is_not_offered_is_never_called(model: LanguageModel) -> None:
    other = [{"name": "HassGetState", "parameters": {"type": "object", "properties": {"name": {"type": "string"}}}}]
    for text in ("turn on the desk lamp", "turn on the hall fan", "is the hall fan on"):
        calls = [event for event in model.chat(said(text), other) if isinstance(event, ToolCallRequest)]
        assert all(call.name == "HassGetState" for call in calls)


def test_a_next_turn_reads_only_what_is_new(tmp_path: Path) -> None:
    model = Counting(HOME_MODEL)
    opening = model.warm(OPENING, TOOLS)
    model.read.clear()
    first = said("turn on the desk lamp")
    list(model.chat(first, TOOLS))
    assert sum(model.read) < 60 < opening + 60
    model.read.clear()
    call = {"function": {"name": "HassTurnOn", "arguments": {"name": "desk lamp"}}}
    second = [
        *first,
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": '{"success": true}'},
    ]
    list(model.chat(second, TOOLS))
    prompt = len(model._tokens(model.chat_format.render(second, TOOLS)))
    before = len(model._tokens(model.chat_format.render(first, TOOLS)))
    assert model.read[0] <= prompt - before, "the call that was written was read again"


def test_a_restart_starts_behind_the_opening_and_says_the_same(tmp_path: Path) -> None:
    first = Counting(HOME_MODEL, prefix_folder=tmp_path / "prefixes")
    first.warm(OPENING, TOOLS)
    want = list(first.chat(said("turn on the desk lamp"), TOOLS))
    second = Counting(HOME_MODEL, prefix_folder=tmp_path / "prefixes")
    assert second.warm(OPENING, TOOLS) > 10 and second.read == []
    assert list(second.chat(said("turn on the desk lamp"), TOOLS)) == want


def test_another_models_states_are_not_taken(tmp_path: Path) -> None:
    LanguageModel(HOME_MODEL, prefix_folder=tmp_path / "prefixes").warm(OPENING, TOOLS)
    other = tmp_path / "other"
    shutil.copytree(HOME_MODEL, other)
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["files"]["model.safetensors"]["sha256"] = "0" * 64
    (other / "manifest.json").write_text(json.dumps(manifest))
    model = Counting(other, prefix_folder=tmp_path / "prefixes")
    model.warm(OPENING, TOOLS)
    assert sum(model.read) > 10


def test_a_bundle_that_was_changed_since_is_not_trusted_with_states(tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(HOME_MODEL, other)
    with (other / "tokenizer.json").open("a") as file:
        file.write(" ")
    with pytest.raises(EngineError, match=r"tokenizer\.json changed since"):
        LanguageModel(other, prefix_folder=tmp_path / "prefixes")


def test_cancelling_stops_at_once_and_the_next_turn_works(model: LanguageModel) -> None:
    want = list(model.chat(said("turn on the desk lamp"), TOOLS))
    for stop_at in range(1, 6):
        asked = []

        def stop(asked: list[int] = asked, stop_at: int = stop_at) -> bool:
            asked.append(1)
            return len(asked) >= stop_at

        with pytest.raises(Cancelled):
            list(model.chat(said("turn on the hall fan"), TOOLS, cancelled=stop))
        assert len(asked) == stop_at
        assert list(model.chat(said("turn on the desk lamp"), TOOLS)) == want


def test_an_answer_that_is_left_amid_does_not_spoil_the_next(model: LanguageModel) -> None:
    want = list(model.chat(said("what can you do"), TOOLS))
    stream: Iterator[object] = iter(model.chat(said("what can you do"), TOOLS))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert list(model.chat(said("what can you do"), TOOLS)) == want


@pytest.fixture(scope="module")
def reasoner(tmp_path_factory: pytest.TempPathFactory) -> Counting:
    """The home model under a template that reasons: it never learned to, so what it writes is noise, but real."""
    folder = tmp_path_factory.mktemp("reasoner") / "bundle"
    shutil.copytree(HOME_MODEL, folder)
    (folder / "chat_template.jinja").write_text(REASONING_TEMPLATE)
    return Counting(folder)


def test_reasoning_is_kept_apart_and_closed_at_its_budget(reasoner: Counting) -> None:
    longest = 0
    for seed in range(8):  # the home model never learned to think: what it writes there is chance
        sampling = Sampling(temperature=1.0, seed=seed, max_tokens=20)
        events = list(reasoner.chat(said("hello"), sampling=sampling, reasoning=15))
        thought = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
        longest = max(longest, len(reasoner.tokenizer.encode(thought, add_special_tokens=False).ids))
        assert not any("think>" in event.text for event in events if isinstance(event, TextDelta))
    assert 0 < longest <= 15 + REASONING_GRACE + 5


def test_with_reasoning_only_what_changed_is_read_again(reasoner: Counting) -> None:
    sampling = Sampling(temperature=1.0, seed=3, max_tokens=10)
    first = said("hello " * 40)
    events = list(reasoner.chat(first, sampling=sampling, reasoning=10))
    answer = "".join(event.text for event in events if isinstance(event, TextDelta))
    second = [*first, {"role": "assistant", "content": f"<think></think>{answer}"}, {"role": "user", "content": "and"}]
    whole = len(reasoner._tokens(reasoner.chat_format.render(second, reasoning=True)))
    kept = len(reasoner._tokens(reasoner.chat_format.render(first, reasoning=True, generate=False)))
    reasoner.read.clear()
    list(reasoner.chat(second, sampling=Sampling(max_tokens=1), reasoning=1))
    assert kept > 40 and whole - kept <= sum(reasoner.read[:3]) < whole - kept + 40


def test_a_schema_that_makes_no_grammar_is_only_logged(model: LanguageModel, caplog: pytest.LogCaptureFixture) -> None:
    odd = [{"name": "Odd", "parameters": {"type": "object", "properties": {"a": {"$ref": "#/x"}}, "required": ["a"]}}]
    list(model.chat(said("turn on the desk lamp"), odd))
    assert "without a grammar" in caplog.text


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("/no/such/folder", "neither a bundle folder, nor a .gguf file"),
        ("/no/such.gguf", "does not exist"),
        ("http://", "base_url"),
    ],
)
def test_a_model_that_is_nowhere_is_told(where: str, words: str) -> None:
    with pytest.raises(EngineError, match=words):
        open_model(where)


def test_a_model_is_opened_by_where_it_is() -> None:
    opened = open_model(str(HOME_MODEL))
    assert list(opened.chat(said("turn on the desk lamp"), TOOLS))
    opened.close()


def test_what_people_say_is_likelier_than_what_nobody_says(model: LanguageModel) -> None:
    texts = ["turn on the desk lamp", "turn on the desk lamb", "turn on the disk lamp", "lamp desk the on turn"]
    found = model.likelihoods(OPENING, texts, TOOLS)
    assert found is not None and max(found) == found[0] and min(found) == found[3]
    again = model.likelihoods(OPENING, texts[::-1], TOOLS)
    assert again == pytest.approx(found[::-1], abs=1e-3)


def test_how_likely_a_text_is_follows_from_what_was_said_before(model: LanguageModel) -> None:
    texts = ["and the hall fan", "and the old man"]
    before = [*said("turn on the desk lamp"), {"role": "assistant", "content": "Desk lamp is on."}]
    new, later = (model.likelihoods(messages, texts, TOOLS) for messages in (OPENING, before))
    assert new is not None and later is not None and new[0] - new[1] != later[0] - later[1]
    assert model.likelihoods(OPENING, ["turn on the desk lamp"], TOOLS) is not None  # one alone is no error
    assert model.likelihoods(OPENING, [], TOOLS) is None


def test_a_text_may_be_long_and_begin_as_another_does(model: LanguageModel) -> None:
    long = " ".join(["turn on the desk lamp and then"] * 40)
    found = model.likelihoods(OPENING, ["turn on the", long, "turn on"], TOOLS)
    assert found is not None and found[1] == min(found)
    assert list(model.chat(said("turn on the desk lamp"), TOOLS)) == [
        ToolCallRequest("HassTurnOn", {"name": "desk lamp"})
    ]


def test_an_engine_that_gives_one_token_at_a_time_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    model = LanguageModel(HOME_MODEL)
    monkeypatch.setattr(type(model.runtime), "weighs", False)
    assert model.likelihoods(OPENING, ["turn on the desk lamp", "turn on the disk lamp"], TOOLS) is None
