# SPDX-License-Identifier: Apache-2.0
"""`python -m engines`: look at checkpoints, make bundles of them, talk to them, measure them, plan for a device."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engines.bundle import FUSED_GRAPH, GRAPH, MANIFEST
from engines.errors import EngineError
from engines.plan import DEVICES, memory_by_context, parameters, render, state_bytes

_EXAMPLES = """examples:
  python -m engines plan --device orin-nano                 does the 4B fit, and how fast can it be
  python -m engines inspect FOLDER                          what a checkpoint holds
  python -m engines export FOLDER --quantize 4 --out BUNDLE make what the other verbs load
  python -m engines generate BUNDLE "Once upon a time"      go on with a text
  python -m engines chat BUNDLE                             talk to it (also: a .gguf file, or http://HOST:PORT/v1)
  python -m engines bench BUNDLE                            how fast it is here
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; faults that a person can mend are told in one line and exit with 2."""
    parser = argparse.ArgumentParser(
        prog="python -m engines",
        description="The language engine: nemotron_h checkpoints, from a folder to a stream of tokens.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    verb = _verb(verbs, "inspect", _inspect, "sizes, types and memory of a checkpoint or bundle")
    verb.add_argument("folder", type=Path)

    verb = _verb(verbs, "export", _export, "make a bundle of a checkpoint: ONNX graphs, weights, manifest")
    verb.add_argument("folder", type=Path, help="checkpoint: config.json, safetensors, tokenizer.json, chat template")
    verb.add_argument("--out", type=Path, help="where the bundle goes (default: into the checkpoint's own folder)")
    verb.add_argument(
        "--quantize",
        choices=("8", "4", "bf16", "fp8", "int4g"),
        help="how matrices are stored: 8 or 4 bits for onnxruntime, bf16, fp8 (needs calibrate), int4g for TensorRT on "
        "Orin (default: as the checkpoint is)",
    )
    verb.add_argument("--scales", type=Path, help="for fp8: what calibrate wrote (default: scales.json in FOLDER)")

    verb = _verb(verbs, "calibrate", _calibrate, "measure on text the scales that fp8 needs; goes on after a stop")
    verb.add_argument("folder", type=Path, help="checkpoint with tokenizer and chat template")
    verb.add_argument("--text", type=Path, required=True, help="JSON list of messages a line, or plain paragraphs")
    verb.add_argument("--out", type=Path, help="file to write (default: scales.json in FOLDER)")
    verb.add_argument("--samples", type=int, default=1000, help="read so many at most (default 1000)")
    verb.add_argument("--length", type=int, default=512, help="tokens of each at most (default 512)")
    verb.add_argument("--threads", type=int, default=1)

    verb = _verb(verbs, "quality", _quality, "how far quantized bundles move from another: KL, likeliest token, bytes")
    verb.add_argument("bundles", type=Path, nargs="+", metavar="BUNDLE")
    verb.add_argument("--against", type=Path, required=True, help="bundle to compare with, as --quantize bf16 makes it")
    verb.add_argument("--text", type=Path, required=True, help="JSON list of messages a line, or plain paragraphs")
    verb.add_argument("--samples", type=int, default=50, help="read so many at most (default 50)")
    verb.add_argument("--length", type=int, default=512, help="tokens of each at most (default 512)")
    verb.add_argument("--threads", type=int, default=1)
    verb.add_argument("--json", type=Path, help="write the figures there too")

    verb = _verb(verbs, "generate", _generate, "go on with a text, without a chat format")
    verb.add_argument("folder", type=Path, help="bundle")
    verb.add_argument("text", help="what to go on with; - reads it from standard input")
    _sampling(verb)

    verb = _verb(verbs, "chat", _chat, "talk, a line a turn; calls are shown and not carried out")
    verb.add_argument("model", help="bundle folder, .gguf file, or http(s)://… of an OpenAI-compatible server")
    verb.add_argument("--system", default="", help="text of the system turn")
    verb.add_argument("--tools", type=Path, help="JSON list of {name, description, parameters: JSON schema}")
    verb.add_argument("--reasoning", default="off", help="off, on, or a budget in tokens (default off)")
    verb.add_argument("--say", action="append", help="a turn to take instead of reading lines; may be repeated")
    verb.add_argument("--name", default="", help="the model's name on a server")
    verb.add_argument("--api-key-file", type=Path, help="file with the server's key")
    _sampling(verb)

    verb = _verb(verbs, "bench", _bench, "tokens a second, time to the first token, memory")
    verb.add_argument("folder", type=Path, help="bundle")
    verb.add_argument("--threads", type=int, default=1)
    verb.add_argument("--json", type=Path, help="write the figures there too")

    verb = _verb(verbs, "build", _build, "build a bundle's TensorRT engine for the GPU of this machine")
    verb.add_argument("folder", type=Path, help="bundle with a reference")
    verb.add_argument("--out", type=Path, required=True, help="where the engine's bundle goes")
    verb.add_argument("--context", type=int, default=8192, help="tokens of conversation (default 8192)")
    verb.add_argument("--device", choices=sorted(DEVICES), help="leave its other programs their memory")

    verb = _verb(verbs, "doctor", _doctor, "is a bundle well here: parity by kind of layer, speed, memory, power mode")
    verb.add_argument("--engine", type=Path, required=True, metavar="BUNDLE")
    verb.add_argument("--json", type=Path, default=Path("doctor.json"), help="file to write (default doctor.json)")
    verb.add_argument("--threads", type=int, default=1)

    verb = _verb(verbs, "reference", _reference, "keep in a bundle what it computes here, for verify elsewhere")
    verb.add_argument("folder", type=Path, help="bundle")

    verb = _verb(verbs, "verify", _verify, "is a bundle whole, and does it compute here what it did where it was made")
    verb.add_argument("folder", type=Path, help="bundle")

    verb = _verb(verbs, "install", _install, "verify a bundle and make it the current one of a store")
    verb.add_argument("folder", type=Path, help="bundle")
    verb.add_argument("--store", type=Path, required=True, help="folder of the bundles in use")

    verb = _verb(verbs, "rollback", _rollback, "go back to the bundle before")
    verb.add_argument("--store", type=Path, required=True, help="folder of the bundles in use")

    verb = _verb(verbs, "plan", _plan, "will a model fit on a device, and how fast can it be at most")
    verb.add_argument("--device", choices=sorted(DEVICES), required=True)
    verb.add_argument("--context", type=int, default=8192, help="tokens of conversation (default 8192)")
    verb.add_argument("--model", type=Path, help="folder with a config.json (default: Nemotron 3 Nano 4B)")

    args = parser.parse_args(arguments)
    try:
        args.run(args)
    except EngineError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever reads has enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    return 0


def _verb(verbs: Any, name: str, run: Callable[[argparse.Namespace], None], words: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    parser.set_defaults(run=run)
    return parser


def _sampling(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--temperature", type=float, default=0.0, help="0 takes the likeliest token (default)")
    verb.add_argument("--top-p", type=float, default=0.95)
    verb.add_argument("--seed", type=int)
    verb.add_argument("--max-tokens", type=int, default=256)
    verb.add_argument("--threads", type=int, default=1)


def _progress(words: str, unit: str = "MB", each: float = 1e6) -> Callable[[int, int], None]:
    """Says how far a long piece of work is: on a terminal in place, elsewhere every two seconds."""
    began = last = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done < total and now - last < (0.1 if sys.stderr.isatty() else 2):
            return
        last = now
        line = f"{words}: {done / each:,.0f} of {total / each:,.0f} {unit}, {now - began:.0f} s"
        if sys.stderr.isatty():
            print(f"\r{line}", end="\n" if done >= total else "", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    return show


def _inspect(args: argparse.Namespace) -> None:
    from engines.nemotron_h.checkpoint import Checkpoint
    from engines.nemotron_h.config import ATTENTION, MAMBA, MLP, NemotronHConfig

    config = NemotronHConfig.from_folder(args.folder)
    kinds = Counter(config.pattern)
    print(f"layers      {config.pattern}  ({kinds[MAMBA]} Mamba-2, {kinds[ATTENTION]} attention, {kinds[MLP]} MLP)")
    print(f"hidden      {config.hidden_size}, MLP {config.intermediate_size}, vocabulary {config.vocab_size}")
    print(
        f"Mamba-2     {config.mamba_num_heads} heads x {config.mamba_head_dim}, state {config.ssm_state_size}, "
        f"{config.n_groups} groups, conv {config.conv_kernel}"
    )
    print(
        f"attention   {config.num_attention_heads} query and {config.num_key_value_heads} key/value heads x "
        f"{config.head_dim}"
    )
    print(f"parameters  {sum(parameters(config).values()):,}")
    manifest = args.folder / MANIFEST
    graphs = [name for name in (GRAPH, FUSED_GRAPH) if (args.folder / name).is_file()]
    try:
        checkpoint = Checkpoint(args.folder)
        types = Counter[str]()
        for tensor in checkpoint.tensors.values():
            types[tensor.dtype] += tensor.nbytes
        held = ", ".join(f"{kind} {size / 1e6:,.1f} MB" for kind, size in types.most_common())
        print(f"checkpoint  {len(checkpoint.tensors)} tensors: {held}; {len(checkpoint.scales)} FP8 scales")
    except EngineError as error:
        if not graphs:
            raise
        print(f"checkpoint  not here ({error})")
    if graphs and manifest.is_file():
        size = sum(entry["size_bytes"] for entry in json.loads(manifest.read_text())["files"].values())
        print(f"bundle      {', '.join(graphs)}; {size / 1e6:,.1f} MB in all")
    else:
        print("bundle      no; `python -m engines export FOLDER` makes one")
    state = state_bytes(config)
    print(
        f"state       SSM {state['ssm'] / 1e6:,.2f} MB in fp32, conv {state['conv'] / 1e6:,.2f} MB, whatever was read"
    )
    print("memory of weights (16 bit), state and cache for a context of")
    for context, size in memory_by_context(config, "bf16").items():
        print(f"  {context:>9,} tokens  {size / 1e6:>10,.1f} MB")


def _export(args: argparse.Namespace) -> None:
    try:
        from engines.export import export
    except ModuleNotFoundError as error:
        raise EngineError(f"{error.name} is missing, which export needs: pip install 'onnx>=1.19,<2'.") from None

    out = export(args.folder, args.out, args.quantize, _progress("writing weights"), scales_file=args.scales)
    for path in sorted(out.iterdir()):
        print(f"{path.stat().st_size:>14,}  {path}")


def _calibrate(args: argparse.Namespace) -> None:
    try:
        from engines.calibrate import calibrate
    except ModuleNotFoundError as error:
        raise EngineError(
            f"{error.name} is missing, which calibrate needs: pip install nvidia-modelopt requests torch."
        ) from None

    show = _progress("reading", "samples", 1)
    out = calibrate(
        args.folder,
        args.text,
        args.out,
        count=args.samples,
        length=args.length,
        threads=args.threads,
        progress=show,
    )
    print(f"{out} is written; `python -m engines export {args.folder} --quantize fp8 --out BUNDLE` uses it")


def _quality(args: argparse.Namespace) -> None:
    try:
        from engines import quality, samples
    except ModuleNotFoundError as error:
        raise EngineError(f"{error.name} is missing, which quality needs: pip install 'onnx>=1.19,<2'.") from None

    read = samples.read(args.text, args.against, args.length, args.samples)
    rows = quality.measure(args.bundles, args.against, read, args.threads, _progress("measuring", "samples", 1))
    print(quality.show(rows))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _generate(args: argparse.Namespace) -> None:
    from engines.generate import Context, Detokenizer, Steering, write
    from engines.language_model import load_tokenizer
    from engines.runtimes.load import load_runtime

    runtime, tokenizer = load_runtime(args.folder, args.threads), load_tokenizer(args.folder)
    text = sys.stdin.read() if args.text == "-" else args.text
    tokens = tokenizer.encode(text, add_special_tokens=False).ids
    if not tokens:
        raise EngineError("There is no text to go on with.")
    context, out = Context(runtime), Detokenizer(tokenizer)
    print(text, end="", flush=True)
    for token in write(context, context.extend(tokens), _choice(args), Steering(tokenizer, budget=None)):
        print(out.feed(token), end="", flush=True)
    print()


def _choice(args: argparse.Namespace) -> Any:
    from engines.generate import Sampling

    return Sampling(args.temperature, args.top_p, args.seed, args.max_tokens)


def _chat(args: argparse.Namespace) -> None:
    from engines.nemotron_h.chat import MalformedCall, ReasoningDelta, TextDelta, ToolCallRequest
    from engines.open import open_model

    reasoning = {"off": 0, "on": None}.get(args.reasoning, args.reasoning)
    if isinstance(reasoning, str):
        if not reasoning.isdigit():
            raise EngineError(f"--reasoning is {reasoning!r}; allowed are off, on, or a number of tokens.")
        reasoning = int(reasoning)
    tools = _read_tools(args.tools) if args.tools else []
    model = open_model(args.model, threads=args.threads, model=args.name, api_key_file=args.api_key_file)
    messages: list[dict[str, Any]] = [{"role": "system", "content": args.system}]
    model.warm(messages, tools)
    lines = iter(args.say) if args.say else iter(lambda: _line(), None)
    for line in lines:
        messages.append({"role": "user", "content": line})
        answer, calls = "", []
        for event in model.chat(messages, tools, _choice(args), reasoning=reasoning):
            if isinstance(event, TextDelta):
                answer += event.text
                print(event.text, end="", flush=True)
            elif isinstance(event, ReasoningDelta):
                print(f"\x1b[2m{event.text}\x1b[0m" if sys.stdout.isatty() else event.text, end="", flush=True)
            elif isinstance(event, ToolCallRequest):
                calls.append({"function": {"name": event.name, "arguments": event.arguments}})
                print(f"\ncall {event.name}({json.dumps(event.arguments, ensure_ascii=False)})", flush=True)
            elif isinstance(event, MalformedCall):
                print(f"\na call that cannot be read: {event.text!r}", flush=True)
        print(f"\n[first token after {1e3 * model.first_token_s:.0f} ms]", file=sys.stderr)
        messages.append({"role": "assistant", "content": answer, **({"tool_calls": calls} if calls else {})})
        messages += [{"role": "tool", "content": '{"success": true}'} for _ in calls]
    model.close()


def _line() -> str | None:
    try:
        return input("> " if sys.stdin.isatty() else "")
    except EOFError:
        return None


def _read_tools(path: Path) -> list[dict[str, Any]]:
    try:
        tools = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(tool["name"], str) and isinstance(tool["parameters"], dict) for tool in tools):
            raise TypeError("an entry is not {name, description, parameters}")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise EngineError(
            f"{path} holds no tools: {error}. Expected: a JSON list of {{name, description, parameters}}."
        ) from None
    return list(tools)


def _bench(args: argparse.Namespace) -> None:
    from engines.bench import OnnxSubject, measure, memory_bandwidth, show

    subject = OnnxSubject(args.folder, args.threads)
    results = measure([subject], progress=lambda words: print(words, file=sys.stderr, flush=True))
    bandwidth = memory_bandwidth(args.threads)  # last: it takes memory, and the peak is told
    print(show(results, bandwidth))
    print(f"{args.threads} threads, {bandwidth / 1e9:.1f} GB/s read from memory")
    if args.json:
        report = {"bandwidth_bytes_s": bandwidth, "threads": args.threads, "results": results}
        args.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _reference(args: argparse.Namespace) -> None:
    from engines import store
    from engines.language_model import load_tokenizer
    from engines.runtimes.load import opened

    with opened(args.folder) as runtime:
        store.write_reference(args.folder, runtime, load_tokenizer(args.folder))
    print(f"{args.folder / store.REFERENCE} is written; `python -m engines verify` compares with it")


def _build(args: argparse.Namespace) -> None:
    try:
        from engines.build import ProgressLine, build
    except ModuleNotFoundError as error:
        raise EngineError(f"{error.name} is missing, which build needs: pip install 'onnx>=1.19,<2'.") from None

    parity = build(args.folder, args.out, context=args.context, device=args.device, progress=ProgressLine())
    print(f"{args.out} is built; {parity}")


def _doctor(args: argparse.Namespace) -> None:
    from engines.doctor import run

    run(args.engine, args.threads, args.json)


def _verify(args: argparse.Namespace) -> None:
    from engines import store
    from engines.runtimes.load import opened

    manifest = store.check_files(args.folder)
    with opened(args.folder) as runtime:
        print(f"{len(manifest['files'])} files are whole; {store.verify(args.folder, runtime)}")


def _install(args: argparse.Namespace) -> None:
    from engines import store

    _verify(args)
    print(f"in use: {store.install(args.folder, args.store)}")


def _rollback(args: argparse.Namespace) -> None:
    from engines import store

    print(f"in use again: {store.rollback(args.store)}")


def _plan(args: argparse.Namespace) -> None:
    from engines.nemotron_h.config import NemotronHConfig
    from engines.plan import NANO_4B

    config = NemotronHConfig.from_folder(args.model) if args.model else NANO_4B
    title = args.model.resolve().name if args.model else "Nano 4B"
    print(render(config, args.device, args.context, title))
