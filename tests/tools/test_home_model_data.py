# SPDX-License-Identifier: Apache-2.0
"""The training data of the home model: split without leaks, valid, varied, and the same from the same seed."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
from tokenizers import Tokenizer

from appliance.home.tools import ToolCall, coerce, validate
from appliance.models import HOME_MODEL
from engines.nemotron_h.chat import ChatFormat
from tools.home_model import dataset, grammar, homes, noise, relative, spans, words
from tools.home_model.calls import Call, Draft, Result
from tools.home_model.grammar import GRAMMAR, GrammarError
from tools.home_model.homes import Home, random_home
from tools.home_model.turns import Turn, conversation, gerund, sample
from tools.home_model.wording import wrapped

Split = Literal["train", "test"]


def samples(seed: int, count: int, names: Split = "train", templates: Split = "train") -> Iterator[tuple[Home, Turn]]:
    rng = random.Random(seed)
    made = 0
    while made < count:
        home, turns = conversation(rng, names, templates, 7)
        for turn in turns:
            made += 1
            yield home, turn


def words_of(home: Home) -> set[str]:
    names = [name for device in home.devices for name in (device.name, *device.aliases)]
    return {word.lower() for name in (*names, *home.areas, *home.floors) for word in name.split()}


def test_homes_for_training_hold_no_reserved_word() -> None:
    rng = random.Random(11)
    for _ in range(300):
        leaked = [word for word in words_of(random_home(rng, "train")) if words.is_reserved(word)]
        assert leaked == []


def test_homes_for_testing_name_devices_by_reserved_words_only() -> None:
    rng = random.Random(12)
    reserved, plain = 0, Counter[str]()
    for _ in range(300):
        for device in random_home(rng, "test").devices:
            if words.fits(device.name.lower(), "test"):
                reserved += 1
            else:
                plain[device.name] += 1
    assert reserved / (reserved + plain.total()) > 0.97, plain.most_common(20)


def test_reserved_templates_are_never_used_for_training_and_always_for_testing() -> None:
    common = {template.text for lines in GRAMMAR.sections.values() for line in lines for template in line.train}
    for _, turn in samples(13, 5000):
        text = turn.template.removeprefix("package: ")
        assert not grammar.is_reserved(text) or text in common, turn.template
    for _, turn in samples(14, 1500, templates="test"):
        assert grammar.is_reserved(turn.template.removeprefix("package: ")), turn.template


@pytest.mark.parametrize(("names", "templates"), [("train", "train"), ("test", "test")])
def test_every_call_is_valid(names: Split, templates: Split) -> None:
    for _, turn in samples(15, 2500, names, templates):
        for call in turn.calls:
            assert all(isinstance(value, str) and value for value in call.arguments.values()), call
            validate(coerce(ToolCall(call.tool, call.arguments)))


def test_names_and_areas_in_calls_stand_in_the_device_list() -> None:
    for home, turn in samples(16, 2500):
        if turn.kind not in ("act", "ask", "several", "followup"):
            continue
        timers = ("Timer", "ListAddItem", "ListCompleteItem")
        for call in turn.calls:
            if any(word in call.tool for word in timers):
                continue
            name = call.arguments.get("name")
            assert name in (None, "all") or home.find(name) is not None, turn
            area = call.arguments.get("area")
            assert area in (None, "here", *(each.lower() for each in home.areas)), turn
            floor = call.arguments.get("floor")
            assert floor in (None, *(each.lower() for each in home.floors)), turn


def test_a_named_device_in_a_room_is_really_there() -> None:
    for home, turn in samples(17, 2000):
        for call in turn.calls:
            if turn.kind in ("act", "ask") and {"name", "area"} <= set(call.arguments) and "Media" not in call.tool:
                assert home.find(call.arguments["name"], call.arguments["area"]) is not None, turn


def test_an_unknown_device_is_not_in_the_list() -> None:
    for home, turn in samples(18, 2500):
        if turn.kind == "unknown":
            failed = [call for call, result in zip(turn.calls, turn.results, strict=True) if not result.success]
            names = [call.arguments.get("name") for call in failed]
            assert any(name is None or home.find(name) is None for name in names), turn


def test_nothing_is_called_where_nothing_may_be_done() -> None:
    for _, turn in samples(19, 2500):
        if turn.kind in ("decline", "chat", "clarify", "negation"):
            assert turn.calls == ()
            assert turn.results == ()
        else:
            assert turn.calls


def test_the_answer_is_what_the_results_say() -> None:
    for _, turn in samples(20, 2000):
        if turn.calls:
            texts = [result.text[:1].upper() + result.text[1:] for result in turn.results]
            assert turn.answer == " ".join(text if text[-1] in ".?!" else f"{text}." for text in texts)
            assert len(turn.results) == len(turn.calls)


def test_a_sentence_means_one_thing_in_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_said(_rng: random.Random, text: str, *_: object, **__: object) -> str:
        return text.lower()

    monkeypatch.setattr(noise, "written", as_said)
    rng = random.Random(29)
    seen, twice = 0, []
    for _ in range(4):
        home = random_home(rng, "train")
        meant: dict[str, Turn] = {}
        for _ in range(4_000):
            turn = sample(rng, home, "train", None)
            bare = re.sub(r"[.,?!]|\bthe ", "", turn.user)
            known = meant.setdefault(bare, turn)
            seen += known is not turn
            if known.calls != turn.calls:
                twice.append((turn.user, known.calls, turn.calls))
    assert seen > 40
    assert len(twice) <= 1, twice


def test_what_is_left_out_is_spoken_of_and_among_what_is_meant() -> None:
    left_out = 0
    for home, turn in samples(31, 3500):
        for call in turn.calls:
            for name in filter(None, call.arguments.get("except", "").split(", ")):
                left_out += 1
                assert home.find(name) is not None or name in [area.lower() for area in home.areas], turn
    assert left_out > 40


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("make it a bit brighter", "up"),
        ("turn it down a notch", "down"),
        ("less bright please", "down"),
        ("a little more open", "up"),
        ("a bit more closed", "down"),
        ("not so bright", "down"),
        ("turn the heat down", "down"),
        ("turn up the heat", "up"),
        ("give me more light", "up"),
        ("set the brightness", None),
        ("it is too dark", None),
    ],
)
def test_a_sentence_says_which_way(text: str, way: str | None) -> None:
    assert relative.direction(text) == way


def test_who_is_asked_back_answers() -> None:
    rng = random.Random(30)
    answered = Counter[str]()
    for _ in range(1_200):
        _, turns = conversation(rng, "train", "train", 6)
        for before, turn in pairwise(turns):
            if before.waiting is not None and turn.kind == "followup":
                (made,) = turn.calls
                assert made.tool == before.waiting.tool
                assert before.waiting.arguments.items() <= made.arguments.items()
                answered[made.tool] += 1
    assert {"HassTurnOn", "HassTurnOff", "HassLightSet"} <= set(answered)


def test_no_two_samples_look_alike() -> None:
    texts = [turn.user for _, turn in samples(21, 2000)][:2000]
    assert len(set(texts)) >= 1950


def test_every_kind_of_turn_occurs() -> None:
    kinds = Counter(turn.kind for _, turn in samples(22, 3000))
    with_calls = {"act", "ask", "timer", "media", "list", "several", "unknown", "followup", "time", "step", "except"}
    assert set(kinds) == with_calls | {"decline", "chat", "clarify", "negation"}
    assert kinds["act"] > 850
    assert min(kinds.values()) > 25


def test_the_same_seed_makes_the_same_samples() -> None:
    assert list(samples(23, 300)) == list(samples(23, 300))
    assert list(samples(23, 300)) != list(samples(24, 300))


def test_a_singular_light_is_the_device_of_that_name_where_there_is_one() -> None:
    seen = Counter[str]()
    for home, turn in samples(25, 7_000):
        if turn.kind != "act" or turn.calls[0].tool not in ("HassTurnOn", "HassTurnOff"):
            continue
        for area in home.areas:
            phrase = f"{area.lower()} light"
            if re.search(rf"\b{re.escape(phrase)}\b", turn.user.lower()):
                if home.find(phrase) is not None and turn.calls[0].arguments.get("name") == phrase:
                    seen["name"] += 1
                elif turn.calls[0].arguments == {"area": area.lower(), "domain": "light"}:
                    assert home.find(phrase) is None, turn
                    seen["area"] += 1
    assert min(seen["name"], seen["area"]) >= 5, seen


def test_there_are_many_templates() -> None:
    counts = GRAMMAR.counts()
    assert sum(train + test for train, test in counts.values()) > 1500
    assert [name for name, (train, _) in counts.items() if not train and not name.startswith("say.")] == []


def test_every_template_can_be_read_and_names_rules_that_there_are() -> None:
    templates = [each for lines in GRAMMAR.sections.values() for line in lines for each in (*line.train, *line.test)]
    assert all(each.node for each in templates)
    assert {rule for each in templates for rule in re.findall(r"<([\w.]+)>", each.text)} <= GRAMMAR.rules.keys()


def test_each_way_through_a_line_is_a_template(tmp_path: Path) -> None:
    lines = [
        "<n> = (up|down)",
        "[way]",
        "((go|go  go|go)) ((<<n>>|((left|right)) now)) [<n>]",
        "!((go)) [shopping]",
        "((go|run)) [shopping]",
    ]
    (tmp_path / "way.txt").write_text("\n".join(lines))
    first, common, last = grammar.Grammar(tmp_path).sections["way"]
    ends = ("up [<n>]", "down [<n>]", "left now [<n>]", "right now [<n>]")
    assert {each.text for each in first.train + first.test} == {f"{go} {end}" for go in ("go", "go go") for end in ends}
    assert [each.text for each in common.train] == ["go [shopping]"] and not common.test
    assert "go [shopping]" in {each.text for each in last.train}, "what everybody says is never kept for testing"


def test_a_bracket_left_open_is_told() -> None:
    with pytest.raises(GrammarError, match="never closed"):
        grammar.parse("turn on [the lamp")
    with pytest.raises(GrammarError, match="Unexpected"):
        grammar.parse("turn on the] lamp")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("turn on the lamp", "turning on the lamp"),
        ("close the blind", "closing the blind"),
        ("set it to 5", "setting it to 5"),
        ("dim the hall", "dimming the hall"),
    ],
)
def test_a_command_as_a_gerund(command: str, said: str) -> None:
    assert gerund(command) == said


def test_a_clause_leaves_the_command_whole() -> None:
    rng = random.Random(41)
    found = Draft("turn on the lamp", "do", (Call("HassTurnOn", {"name": "lamp"}),), (Result(True, ""),), "")
    said = [wrapped(rng, found, "train") for _ in range(3_000)]
    clauses = {text for text in said if len(text.split()) > 11}
    assert len(clauses) > 80
    assert all("the lamp" in text for text in said)


def test_durations_say_what_they_are() -> None:
    rng = random.Random(26)
    for _ in range(500):
        span = spans.span(rng)
        assert span.slots
        if "half" not in span.text and "quarter" not in span.text and not span.text.startswith("a"):
            assert all(value in span.text for value in span.slots.values())


def test_a_misheard_name_is_close_to_the_name() -> None:
    rng = random.Random(27)
    for _ in range(200):
        name = homes.stranger(rng, Home((), (), ()), ("lamp", "door"))
        assert abs(len(noise.misheard(rng, name)) - len(name)) <= 2


def test_amounts_are_written_in_digits() -> None:
    for _, turn in samples(28, 1500):
        for word in ("twenty", "thirty", "fifty", "%"):
            assert word not in turn.user.lower().split()


def test_some_calls_end_at_the_call_and_the_conversation_goes_on() -> None:
    rng = random.Random(3)
    made = [dataset.conversation(rng, random_home(rng, "train"), 8, "train", told=0.4) for _ in range(30)]
    called = [(a, b) for spoken in made for a, b in pairwise([*spoken, {"role": "nothing"}]) if a.get("tool_calls")]
    told = sum(after["role"] == "tool" for _, after in called) / len(called)
    assert 0.25 < told < 0.55 and all(after["role"] in ("tool", "user", "nothing") for _, after in called)
    whole = dataset.conversation(rng, random_home(rng, "train"), 8, "train")
    assert sum("tool_calls" in each for each in whole) <= sum(each["role"] == "tool" for each in whole)
    assert whole[-1]["role"] == "assistant" and whole[-1]["content"]


def test_words_of_names_are_cut_anew_the_same_all_through_a_conversation() -> None:
    tokenizer = Tokenizer.from_file(str(HOME_MODEL / "tokenizer.json"))
    chat, rng, differ = ChatFormat.from_folder(Path(dataset.__file__).parent), random.Random(8), 0
    encoder = dataset.Encoder(tokenizer, chat)
    for _ in range(40):
        spoken = dataset.conversation(rng, random_home(rng, "train"), 4, "train")
        (plain, _), (cut, weights) = encoder(spoken), encoder(spoken, rng)
        assert tokenizer.decode(cut, skip_special_tokens=False) == tokenizer.decode(plain, skip_special_tokens=False)
        assert len(weights) == len(cut)
        differ += cut != plain
    assert differ > 10


def test_a_word_that_is_cut_anew_is_cut_so_wherever_it_stands() -> None:
    tokenizer = Tokenizer.from_file(str(HOME_MODEL / "tokenizer.json"))
    anew = {tuple(tokenizer.encode("courtyard").ids): [5, 6]}
    encoding = tokenizer.encode("courtyard lamp, in the courtyard")
    lamp = tokenizer.encode("lamp, in the").ids
    assert dataset.Encoder._cut_anew(encoding.ids, encoding.word_ids, anew) == [5, 6, *lamp, 5, 6]


def test_what_is_typed_has_no_errors_of_a_recognizer() -> None:
    text = "turn off the kitchen lights"
    with noise.typed():
        typed = {noise.written(random.Random(seed), text).lower().rstrip(".!") for seed in range(200)}
    heard = {noise.written(random.Random(seed), text).lower().rstrip(".!") for seed in range(200)}
    assert typed == {text} and len(heard) > 5
