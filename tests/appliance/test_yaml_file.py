# SPDX-License-Identifier: Apache-2.0
"""YAML as a person writes it: lines are remembered, words stay words, and every fault is told with its line."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from appliance.yaml_file import Document, YamlError, read


def read_text(tmp_path: Path, text: str) -> Document:
    path = tmp_path / "home.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path)


def fault(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "home.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(YamlError) as error:
        read(path)
    return str(error.value).replace(f"{path}:", "")


def test_scalars_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    texts = ["on", "off", "yes", "no", "12:30", "2026-11-20", "'5'"]
    others = {"010": 10, "0x1f": 31, "1e3": 1000.0, "-.5": -0.5, "true": True, "~": None, "NULL": None}
    document = read_text(tmp_path, f"[{', '.join([*texts, *others])}]")
    assert document.data == ["on", "off", "yes", "no", "12:30", "2026-11-20", "5", *others.values()]


def test_the_line_of_every_key_and_list_item_is_known(tmp_path: Path) -> None:
    document = read_text(tmp_path, "# a comment\nareas:\n  - name: Kitchen\n\n  - name: Hall\n    floor: Ground\n")
    assert document.line(("areas",)) == 2
    assert document.line(("areas", 1)) == 5
    assert document.line(("areas", 1, "floor")) == 6
    assert document.where(("areas", 0, "name")) == f"{tmp_path / 'home.yaml'}:3"


def test_a_key_that_is_not_there_has_the_line_of_the_nearest_key_around_it(tmp_path: Path) -> None:
    document = read_text(tmp_path, "a: 1\nb:\n  c: 2\n")
    assert document.line(("b", "missing", "deeper")) == 2
    assert document.line(("missing",)) == 1


def test_keys_are_always_text(tmp_path: Path) -> None:
    assert read_text(tmp_path, "1: a\non: b\n").data == {"1": "a", "on": "b"}


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert read_text(tmp_path, "# only a comment\n").data is None


def test_a_byte_order_mark_is_not_part_of_the_first_key(tmp_path: Path) -> None:
    assert read_text(tmp_path, "\ufeffa: 1\n").data == {"a": 1}


def test_all_keys_that_are_given_twice_are_told_at_once(tmp_path: Path) -> None:
    assert fault(tmp_path, "a: 1\nb:\n  c: 1\n  c: 2\na: 3\n").splitlines() == [
        "4: b.c is given twice (first on line 3). Keep one of them.",
        "5: a is given twice (first on line 1). Keep one of them.",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "3: this is not valid YAML: while parsing a flow sequence, expected ',' or ']'"),
        ("a: 'x\n", "2: this is not valid YAML: while scanning a quoted scalar"),
        ("a:\n\tb: 1\n", "2: this is not valid YAML: while scanning for the next token, found character '\\t'"),
        ("a: 1\n---\nb: 2\n", "2: this is not valid YAML: expected a single document"),
        ("a: 1\nb: *name\n", "2: this is not valid YAML: aliases are not supported; quote a text that begins with *"),
        ("a: !name x\n", "1: tags (words that begin with !) are not supported"),
        ("? [a]\n: 1\n", "1: a key must be text, found a list or a mapping"),
        ("a: 1\nb: \x01\n", "2: a control character is not allowed"),
        (b"a: 1\nb: \xff\n", "2: this file is not UTF-8 (found byte 0xff). Save it as UTF-8 text."),
        ("a: " + "9" * 5000, "1: this number cannot be read"),
        ("- " * 5000, " lists or mappings are nested too deeply"),
    ],
)
def test_what_is_not_yaml_is_told_with_its_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert fault(tmp_path, text).startswith(message)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(YamlError, match=r"nowhere\.yaml: cannot read this file: No such file or directory"):
        read(tmp_path / "nowhere.yaml")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(YamlError, match="Is a directory"):
        read(tmp_path)


@pytest.mark.parametrize(
    "text", ["password: *hunter2\n", "password: !hunter2 x\n", "password: &hunter2\n- [\n", "[a, hunter2: @\n"]
)
def test_a_password_that_breaks_the_syntax_is_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "home.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(YamlError) as error:
        read(path)
    assert "hunter2" not in "".join(traceback.format_exception(error.value))
