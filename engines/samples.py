# SPDX-License-Identifier: Apache-2.0
"""Text to calibrate and to measure with: a file of conversations or of paragraphs, as tokens.

A file whose first line begins with `{` or `[` holds a conversation a line, in JSON: a list of messages in OpenAI's
form, or `{"messages": [...], "tools": [...]}`; the checkpoint's own chat template makes the text. Any other file is
plain text, its paragraphs set apart by empty lines.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from tokenizers import Tokenizer

from engines.errors import EngineError
from engines.language_model import load_tokenizer
from engines.nemotron_h.chat import ChatFormat


def read(path: Path, folder: Path, length: int, count: int | None = None) -> list[list[int]]:
    """The first `count` samples of `path` in the tokens of the checkpoint or bundle `folder`, each cut after `length`
    tokens; samples of a single token are left out. Raises EngineError with the line that cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(f"{path} cannot be read as text: {error}.") from None
    tokenizer = load_tokenizer(folder)
    if text.lstrip()[:1] in ("{", "["):
        texts = _conversations(text, path, ChatFormat.from_folder(folder))
    else:
        texts = [part.strip() for part in re.split(r"\n\s*\n", text)]
    samples = [tokens for tokens in (_tokens(tokenizer, part, length) for part in texts) if len(tokens) > 1]
    if not samples:
        raise EngineError(f"{path} holds no text: expected paragraphs, or a JSON list of messages a line.")
    return samples[:count]


def _conversations(text: str, path: Path, chat: ChatFormat) -> list[str]:
    rendered = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            messages, tools = (entry, []) if isinstance(entry, list) else (entry["messages"], entry.get("tools") or [])
            rendered.append(chat.render(messages, tools, generate=False))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, EngineError) as error:
            raise EngineError(
                f"{path}:{number} is no conversation: {error}. Expected: a JSON list of messages, or an object with "
                "`messages` and `tools`."
            ) from None
    return rendered


def _tokens(tokenizer: Tokenizer, text: str, length: int) -> list[int]:
    tokens: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return tokens[:length]
