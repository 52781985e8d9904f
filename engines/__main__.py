# SPDX-License-Identifier: Apache-2.0
"""`python -m engines`: work on checkpoints by hand."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engines.errors import EngineError


def main() -> int:
    """Run one verb; faults that a person can mend are told in one line and exit with 2."""
    parser = argparse.ArgumentParser(
        prog="python -m engines", description="The language engine: nemotron_h checkpoints."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    export = verbs.add_parser("export", help="write FOLDER/model.onnx beside the weights, and FOLDER/manifest.json")
    export.add_argument("folder", type=Path, help="checkpoint folder: config.json, model.safetensors, tokenizer.json")
    args = parser.parse_args()
    try:
        from engines.bundle import write_manifest
        from engines.export import export as make

        print(f"wrote {make(args.folder)}")
        print(f"wrote {write_manifest(args.folder)}")
    except EngineError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
