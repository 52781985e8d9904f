# SPDX-License-Identifier: Apache-2.0
"""Lines for the intent classifier as they come out of the recognizer: spoken by the voice, with what is asked for kept.

  python -m tools.home_model.heard_lines --count 3000 --out tools/home_model/intents/heard.txt

Short lines of intents/*.txt, with names of a home in their slots, and commands of the generator; both of the training
split. Kept is what was heard otherwise than it was said. Recordings are kept in --audio-cache, so it goes on after a stop.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.home_model import noise, spoken
from tools.home_model.homes import random_home
from tools.home_model.intent_training import examples_at
from tools.home_model.utterances import FOLDER, Names, utterances

FROM_LINES, FROM_GENERATOR = 30, 20
"""Sentences of each kind a home."""
MOST_WORDS = 8
HEARD = "heard"
"""The file that such lines are in, which are not spoken again."""


def sentences(count: int, seed: int) -> Iterator[tuple[list[str], list[tuple[str, tuple[str, ...]]]]]:
    """`count` sentences: a home's device names, and its sentences with what each asks for."""
    rng = random.Random(f"heard {seed}")
    lines = [
        line
        for line in utterances("train", but=HEARD)
        if line.intents and not line.before and len(line.text.split()) <= MOST_WORDS
    ]
    while count > 0:
        home = random_home(rng, "train")
        names = Names(rng, "train", [home])
        with noise.typed():
            chosen = [line for line in rng.sample(lines, 4 * FROM_LINES) if names.has(line)][:FROM_LINES]
            made = [(names.said(rng, line)[0], line.intents) for line in chosen]
            made += [
                (each.text, each.intents)
                for each in examples_at(rng, home, "train", FROM_GENERATOR)
                if each.intents and each.kind != "followup"
            ]
        yield [device.name for device in home.devices], made[:count]
        count -= len(made)


def heard_otherwise(
    said: Sequence[tuple[str, tuple[str, ...]]], heard: Sequence[spoken.Heard]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What was heard, with what was asked for, where words differ and some were heard."""
    for (_, intents), each in zip(said, heard, strict=True):
        if each.text and not each.word_for_word:
            yield each.text, intents


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=3000, help="sentences that are spoken (default 3000)")
    parser.add_argument("--seed", type=int, default=1, help="(default 1)")
    parser.add_argument("--out", type=Path, default=FOLDER / f"{HEARD}.txt", help="(default intents/heard.txt)")
    parser.add_argument("--audio-cache", type=Path, default=Path("build/spoken"), help="(default build/spoken)")
    args = parser.parse_args()
    how, done = spoken.settings(), 0
    kept: dict[str, tuple[str, ...]] = {}
    for names, made in sentences(args.count, args.seed):
        kept.update(heard_otherwise(made, spoken.hear([text for text, _ in made], names, args.audio_cache, how)))
        done += len(made)
        print(f"{done} of {args.count} spoken, {len(kept)} heard otherwise", flush=True)
    rows = [f"{', '.join(intents)} | {' '.join(text.split())}" for text, intents in kept.items()]
    head = [
        "# SPDX-License-Identifier: Apache-2.0",
        f"# python -m tools.home_model.heard_lines --count {args.count} --seed {args.seed}",
    ]
    args.out.write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
