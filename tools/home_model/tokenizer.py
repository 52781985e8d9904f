# SPDX-License-Identifier: Apache-2.0
"""The home model's own tokenizer: byte-level BPE over lower-cased words that carry their leading space.

A name has the same tokens in the device list, in the sentence and in the call, so that copying is one step of
attention a token; what
the chat format repeats (a tool's opening, a parameter's opening and end) is one token each. The text stays
Nemotron's, to the letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

# Nemotron 3's ids: unk 0, bos 1, eos 2, im_start 10, im_end 11, think 12 and 13.
_NEMOTRON = [
    "<unk>",
    "<s>",
    "</s>",
    *(f"<SPECIAL_{i}>" for i in range(3, 10)),
    "<|im_start|>",
    "<|im_end|>",
    "<think>",
    "</think>",
]

_PIECES = [
    "\n",
    "<|im_start|>system\n",
    "<|im_start|>user\n",
    "<|im_start|>assistant\n<think></think>",
    "\n</parameter>\n",
    "</function>\n</tool_call>",
    '<tool_response>\n{"success": true, "result": "',
    '<tool_response>\n{"success": false, "error": "',
    '"}\n</tool_response>\n',
]


def format_pieces(tools: Iterable[dict[str, object]]) -> list[str]:
    """Strings of the chat format that become one token each, the tools' and parameters' openings among them."""
    names, parameters = [], {}
    for tool in tools:
        names.append(str(tool["name"]))
        schema = tool["parameters"]
        assert isinstance(schema, dict)
        parameters.update(dict.fromkeys(schema.get("properties", {})))
    return [
        *_PIECES,
        *(f"<tool_call>\n<function={name}>\n" for name in names),
        *(f"<parameter={name}>\n" for name in parameters),
    ]


def train(corpus: Iterable[str], tools: Sequence[dict[str, object]], vocab_size: int) -> Tokenizer:
    """Learn the merges from `corpus` and return the tokenizer with all format pieces in place."""
    tokenizer = Tokenizer(BPE(unk_token="<unk>"))
    # Every stretch of text between format pieces is one line: lower case, single spaces, one space in front.
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFD(),
            normalizers.StripAccents(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
            normalizers.Prepend(" "),
        ]
    )
    # A kind is one piece with its colon ("cover/blind:"), a number stands alone, other signs are single.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r" ?[a-z_']+(?:/[a-z0-9_]+)?:?| ?[0-9]+| ?[^\sa-z0-9_']|\s"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [AddedToken(text, special=True, normalized=False) for text in [*_NEMOTRON, *format_pieces(tools)]]
    trainer = BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer
