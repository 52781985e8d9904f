# SPDX-License-Identifier: Apache-2.0
"""Read a YAML file and remember on which line each key stands.

The scalars are those of YAML 1.2: `on`, `off`, `yes` and `no` are text, `010` is ten, `12:30` and dates are text.
Aliases and tags are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from appliance.errors import ApplianceError

Place: TypeAlias = tuple[str | int, ...]
"""The way to a value from the root of a document: keys of mappings and indexes of lists."""


class YamlError(ApplianceError):
    """A file that cannot be read as YAML; every line of the message begins with file:line."""


@dataclass(frozen=True)
class Document:
    """What a YAML file says, as plain Python values, and where it says it."""

    path: Path
    """The file as it was named by the caller."""

    data: Any
    """None (an empty file), bool, int, float, str, list or dict with str keys, nested."""

    lines: dict[Place, int]
    """Line of each key and list item, counted from 1."""

    def line(self, place: Place) -> int:
        """Line of the key at `place`; of the nearest key around it where the file does not have it; 1 for the root."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def where(self, place: Place) -> str:
        """`file:line` of the key at `place`, as editors and compilers write it."""
        return f"{self.path}:{self.line(place)}"


def read(path: Path) -> Document:
    """Read a UTF-8 file of one YAML document.

    Raises:
        YamlError: the file is missing or unreadable, is not UTF-8, is not YAML, or gives a key twice.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise YamlError(
            f"{path}: cannot read this file: {error.strerror or error}. Give the path of a YAML file."
        ) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{raw[error.start]:02x}"
        raise YamlError(f"{path}:{line}: this file is not UTF-8 (found {found}). Save it as UTF-8 text.") from error
    try:
        node = _Loader(text).get_single_node()
        reader = _Reader(path)
        data = reader.value(node, ()) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        # The cause is dropped: it quotes the line, which may hold a password, into every traceback.
        raise YamlError(f"{path}:{line}: this is not valid YAML: {_problem(error)}.") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(
            f"{path}:{line}: a control character is not allowed in YAML (found {error.character!r})."
        ) from error
    except RecursionError as error:
        raise YamlError(f"{path}: lists or mappings are nested too deeply to read.") from error
    if reader.faults:
        raise YamlError("\n".join(reader.faults))
    return Document(path, data, reader.lines)


class _Loader(yaml.SafeLoader):
    """PyYAML's parser with the implicit types of the YAML 1.2 core schema and without aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            # The name is left out: an unquoted password may begin with a star.
            raise yaml.composer.ComposerError(
                None, None, "aliases are not supported; quote a text that begins with *", mark
            )
        return super().compose_node(parent, index)


_CORE = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?[0-9]+$|0o[0-7]+$|0x[0-9a-fA-F]+$")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$")
_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver(_CORE + "null", re.compile(r"(~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(_CORE + "bool", re.compile(r"(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver(_CORE + "int", _INTEGER, list("-+0123456789"))
_Loader.add_implicit_resolver(_CORE + "float", _NUMBER, list("-+.0123456789"))


class _Reader:
    """Turns the node tree into plain values, and notes lines and faults on the way."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Place, int] = {}
        self.faults: list[str] = []

    def value(self, node: yaml.Node, place: Place) -> Any:
        if isinstance(node, yaml.MappingNode) and node.tag == _CORE + "map":
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode) and node.tag == _CORE + "seq":
            items = []
            for index, item in enumerate(node.value):
                inner: Place = (*place, index)
                self.lines[inner] = _line(item)
                items.append(self.value(item, inner))
            return items
        try:
            return _scalar(node)
        except ValueError as error:
            self._fault(node, str(error))
            return None

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, "a key must be text, found a list or a mapping")
                continue
            key = str(key_node.value)
            inner: Place = (*place, key)
            if key in result:
                dotted = ".".join(map(str, inner))
                self._fault(key_node, f"{dotted} is given twice (first on line {self.lines[inner]}). Keep one of them")
                continue
            self.lines[inner] = _line(key_node)
            result[key] = self.value(value_node, inner)
        return result

    def _fault(self, node: yaml.Node, text: str) -> None:
        self.faults.append(f"{self.path}:{_line(node)}: {text}.")


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    kind = node.tag.removeprefix(_CORE)
    if not isinstance(node, yaml.ScalarNode) or kind not in ("null", "bool", "int", "float", "str"):
        raise ValueError("tags (words that begin with !) are not supported. Quote a text that begins with !")
    if kind in ("int", "float"):
        try:
            if kind == "int":
                return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError as error:  # thousands of digits, or a tag that claims a number
            raise ValueError("this number cannot be read") from error
    return {"null": None, "bool": text.lower() == "true", "str": text}[kind]


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _problem(error: yaml.MarkedYAMLError) -> str:
    """PyYAML's words without the names that it quotes from the file: one may be a password. Single characters stay."""
    parts = [part for part in (error.context, error.problem) if part]
    return re.sub(r" '[^'<>\\]{2,}'", "", ", ".join(parts))
