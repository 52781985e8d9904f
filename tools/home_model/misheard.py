# SPDX-License-Identifier: Apache-2.0
"""Names of devices as the recognizer writes them: spoken by the voice in short commands, cut out of what was heard."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from appliance.settings import SpeechSettings
from tools.home_model import spoken
from tools.home_model.homes import Home, HomeDevice, random_home

NAMES_A_HOME = 10
_COMMANDS = {
    "cover": ("open the {}", "close the {}", "is the {} open"),
    "lock": ("lock the {}", "is the {} locked"),
    "valve": ("close the {}", "is the {} open"),
    "climate": ("set the {} to twenty degrees", "turn off the {}"),
    "media_player": ("pause the {}", "turn the {} off"),
    "todo": ("what is on my {}", "add milk to {}"),
    "scene": ("activate {}", "turn on {}"),
    "sensor": ("what is the {}", "how much is {}"),
}
_ANY = ("turn on the {}", "turn off the {}", "switch the {} on", "is the {} on")


@dataclass(frozen=True)
class Pair:
    """One name, and what was heard of it; "" where nothing was."""

    said: str
    heard: str
    domain: str
    told: bool
    """Whether the recognizer was told the names of the home, as far as they have room (of a large home not all have)."""


def sentences(count: int, seed: int = 1) -> list[tuple[Home, list[tuple[HomeDevice, str]]]]:
    """`count` commands, each with one device's name, ten for each of as many homes of the training split."""
    rng = random.Random(f"misheard {seed}")
    homes: list[tuple[Home, list[tuple[HomeDevice, str]]]] = []
    while (left := count - sum(len(made) for _, made in homes)) > 0:
        home = random_home(rng, "train")
        chosen = rng.sample(home.devices, min(left, NAMES_A_HOME, len(home.devices)))
        homes.append((home, [(one, rng.choice(_COMMANDS.get(one.domain, _ANY))) for one in chosen]))
    return homes


def listen(
    count: int, cache: Path, how: SpeechSettings, progress: spoken.Progress | None = None, seed: int = 1
) -> list[Pair]:
    """Speak `count` such commands and hear each twice: with the names of the home told, as in the appliance, and without."""
    homes = sentences(count, seed)
    spoken.speak([command.format(one.name) for _, made in homes for one, command in made], cache, how, progress)
    pairs: list[Pair] = []
    for home, made in homes:
        texts = [command.format(one.name) for one, command in made]
        for names in ([device.name for device in home.devices], []):
            heard = spoken.hear(texts, names, cache, how)
            for (one, command), each in zip(made, heard, strict=True):
                pairs.append(Pair(one.name, cut_out(command, one.name, each.text), one.domain, bool(names)))
        if progress:
            progress("heard", len(pairs), 2 * count)
    return pairs


def cut_out(command: str, name: str, heard: str) -> str:
    """What was heard in the name's place. The words around it are known, so what is left of the sentence is the name."""
    before, _, after = (spoken.words(part) for part in command.partition("{}"))
    said = [*before, *spoken.words(name), *after]
    begin, end = len(before), len(said) - len(after)
    written = spoken.words(heard)
    if not written:
        return ""
    first, last = _place(said, written, begin), _place(said, written, end)
    return " ".join(written[first:last])


def _place(said: Sequence[str], written: Sequence[str], at: int) -> int:
    """Where in `written` the border before the word `at` of `said` lies: right behind the last word that agrees."""
    for part in Levenshtein.opcodes(said, written):
        if part.src_start <= at < part.src_end or part.src_end == at == len(said):
            if part.tag == "equal":
                return part.dest_start + at - part.src_start
            # Within a stretch that was misheard as a whole, the border moves in proportion.
            share = (at - part.src_start) / max(1, part.src_end - part.src_start)
            return part.dest_start + round(share * (part.dest_end - part.dest_start))
    return len(written)


def write(path: Path, pairs: Sequence[Pair], made_by: str) -> None:
    """Keep pairs as JSON, a line each."""
    lines = ",\n".join(f"  {json.dumps([*asdict(pair).values()], ensure_ascii=False)}" for pair in pairs)
    head = {
        "made_by": made_by,
        "voice_and_recognizer": "the shipped Piper voice, Whisper tiny.en",
        "sentences": len(pairs) // 2,
    }
    told = json.dumps({**head, "columns": [*Pair.__dataclass_fields__]}, indent=1)
    path.write_text(f'{told[:-2]},\n "pairs": [\n{lines}\n ]\n}}\n', encoding="utf-8")


def read(path: Path) -> list[Pair]:
    """The pairs of such a file."""
    return [Pair(*row) for row in json.loads(path.read_text(encoding="utf-8"))["pairs"]]
