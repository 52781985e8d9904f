# SPDX-License-Identifier: Apache-2.0
"""What goes over the pipes between the appliance and its voice process.

A frame, either way, is two big-endian uint32 with the lengths of what follows: a JSON header, and PCM (int16,
little-endian, mono; often none).

    to the worker      {"speak": 7, "text": "Okay."}    ids grow; utterances are made in order
                       {"stop": 7}                      ends every utterance up to that id, also the one being made
    from the worker    {"ready": 22050}                 once, after loading and warming: the rate in Hz
                       {"chunk": 7} + PCM ... {"end": 7}    a chunk is a sentence
                       {"end": 7, "error": "..."}       this text could not be spoken; the worker goes on
                       {"broken": "..."}                instead of "ready": the worker ends
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

LENGTHS = struct.Struct("!II")


def pack(header: dict[str, Any], pcm: bytes = b"") -> bytes:
    """One frame, ready to be written."""
    encoded = json.dumps(header).encode()
    return LENGTHS.pack(len(encoded), len(pcm)) + encoded + pcm


def read(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """The next frame from a blocking stream; None when the other side is gone."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    header_length, pcm_length = LENGTHS.unpack(lengths)
    header, pcm = stream.read(header_length), stream.read(pcm_length)
    if len(header) < header_length or len(pcm) < pcm_length:
        return None
    return json.loads(header), pcm
