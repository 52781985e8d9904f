# SPDX-License-Identifier: Apache-2.0
"""A TensorRT engine of a bundle, built on the machine that will run it, as a bundle of its own.

One strongly typed network, two profiles that share the weights: one token (decode), and 1 to `chunk` tokens (prefill).
What tuning found is kept beside the bundle, so that the next build is short. A build must compute what the source
bundle's reference says before it may be used: TensorRT 10.13 is known to have built wrong engines on SM 110 without a
word.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import onnx

from engines.bundle import ENGINE, FUSED_GRAPH, GRAPH, members, write_manifest
from engines.errors import EngineError
from engines.nemotron_h.config import NemotronHConfig
from engines.plan import DEVICES, MIB, cache_bytes, plan, state_bytes
from engines.runtimes.load import opened
from engines.store import REFERENCE, Parity, check_files, verify
from engines.tensorrt_engine import EngineShape, logger, release
from engines.tensorrt_graph import tensorrt_model

log = logging.getLogger(__name__)

FIRST_FP8 = 89
"""SMs below it have neither FP8 nor, in TensorRT, a reason for BF16: they compute in FP16."""
MAX_WORKSPACE, MIN_WORKSPACE = 2048 * MIB, 64 * MIB
SMALL_MEMORY = 16_000 * MIB
"""Machines below get a builder that tunes with one thread and no streams beside the first."""
_WEIGHTS = ".safetensors"
_MISCOMPILE = ("__LUNOWUD", "-peep:fc_h_fusion=off")
"""NVIDIA's workaround for the wrong code of SM 110."""
_NO_DRIVER = "CUDA driver version is insufficient"

Progress = Callable[[str, int, int], None]
"""Called with what is done now, and the steps of it done and to do."""


class BuildError(EngineError):
    """TensorRT refused the graph or could not build it; names the layer where TensorRT does."""


def build(
    source: Path,
    out: Path,
    *,
    context: int,
    device: str | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Parity:
    """Build the engine of bundle `source` for the GPU of this machine into a new bundle folder `out`.

    Args:
        source: a bundle with `model.onnx`, its weights and a reference.
        out: must not exist; it appears when everything is built and checked, or not at all.
        context: tokens that the caches have room for.
        device: one of `plan.DEVICES`, whose other programs are then left their memory.
        progress: called while TensorRT works.

    Returns how near the engine comes to the source's reference. Raises EngineError; BuildError names the layer.
    """
    if out.exists():
        raise EngineError(f"{out} is there already; name a new folder, `install` then switches to it.")
    if len(found := members(source)) > 1:
        raise EngineError(
            f"{source} is an ensemble of {len(found)} networks, and an engine is built of one. Build it of a copy "
            f"without {', '.join(member.name for member in found[1:])}, or run the ensemble on the CPU as it is."
        )
    if not (source / REFERENCE).is_file():
        raise EngineError(
            f"{source} has no {REFERENCE}, so no engine of it can be checked: python -m engines reference {source}"
        )
    manifest = check_files(source)
    config = NemotronHConfig.from_folder(source)
    sm, free, memory = _gpu()
    recipe = manifest.get("recipe", {})
    if recipe.get("scheme") == "fp8" and sm < FIRST_FP8:
        raise EngineError(
            f"{source} is FP8, which SM {sm} does not have. Make one for it from the checkpoint: "
            "python -m engines export CHECKPOINT --quantize int4g --out FOLDER"
        )
    shape = EngineShape("fp16" if sm < FIRST_FP8 else "bf16", context, config.chunk_size)
    graph = tensorrt_model(source, shape.dtype, context)
    workspace = workspace_bytes(config, _stored_bytes(graph), context, free, device)
    guard_against_miscompile(sm)  # before TensorRT is loaded
    trt = _tensorrt(sm)
    new = out.with_name(f".{out.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        for name in manifest["files"]:
            if name == REFERENCE or (not name.endswith(_WEIGHTS) and name not in (GRAPH, FUSED_GRAPH)):
                shutil.copyfile(source / name, new / name)
        with Session(trt, progress) as session:
            session.parse(graph, source / GRAPH)
            settings = session.settings(shape, workspace, small=memory < SMALL_MEMORY)
            with timing_cache(settings, out.with_name(f"timing.sm{sm}.tensorrt{release(trt)}.cache")):
                session.build(settings, new / ENGINE)
        about = {
            "source": manifest.get("source", source.name),
            "recipe": {**recipe, **asdict(shape), "graph": "TensorRT engine"},
            "runs_on": {"runtime": "tensorrt", "sm": str(sm), "tensorrt": release(trt)},
        }
        write_manifest(new, about)
        parity = _check(new)
        new.replace(out)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return parity


def _stored_bytes(model: onnx.ModelProto) -> int:
    """Of the weights that a graph points to."""
    entries = [entry for tensor in model.graph.initializer for entry in tensor.external_data]
    return sum(int(entry.value) for entry in entries if entry.key == "length")


def _gpu() -> tuple[int, int, int]:
    """The GPU's SM, its free memory and all of it, in bytes; raises EngineError where there is none."""
    try:
        from engines.runtimes.cuda import Gpu
    except ImportError as error:
        raise EngineError(f"cuda-python is missing ({error}): pip install 'appliance[tensorrt]'.") from None
    gpu = Gpu()
    try:
        return gpu.sm, gpu.free_bytes, gpu.total_bytes
    finally:
        gpu.close()


def _tensorrt(sm: int) -> Any:
    """TensorRT with this project's plugins for SM `sm`; raises EngineError that says what is missing."""
    try:
        import tensorrt  # type: ignore[import-not-found,import-untyped,unused-ignore]

        from engines.ssm import plugins
    except ImportError as error:
        raise EngineError(
            f"TensorRT or Triton cannot be loaded: {error}. An engine is built on the Jetson, DGX Spark or RTX machine "
            "that runs it, with JetPack 7.2's TensorRT or `pip install 'appliance[tensorrt]'`."
        ) from None
    plugins.register(sm)
    return tensorrt


def _check(folder: Path) -> Parity:
    with opened(folder) as runtime:
        return verify(folder, runtime)


def guard_against_miscompile(sm: int) -> None:
    """Set NVIDIA's workaround before the builder starts; what stands in the variable already stays."""
    name, flag = _MISCOMPILE
    if sm == 110 and flag not in os.environ.get(name, ""):
        os.environ[name] = f"{os.environ[name]} {flag}" if os.environ.get(name) else flag


def workspace_bytes(config: NemotronHConfig, weights: int, context: int, free: int, device: str | None = None) -> int:
    """What a layer may take beside weights and state: half of what is free when the engine runs.

    Args:
        config: of the network.
        weights: bytes of the source's weights.
        context: tokens of the caches.
        free: bytes that the driver calls free now; building holds the weights twice, as they were and as TensorRT wants
            them.
        device: one of `plan.DEVICES`: what its other programs take is then not free.

    Raises EngineError when not even MIN_WORKSPACE is left.
    """
    held = sum(state_bytes(config).values()) + context * cache_bytes(config, "bf16")
    room = free - 2 * weights - held
    if device is not None:
        p = plan(config, device, "bf16", context)
        others = p.total - p.stored - p.state - p.cache
        room = min(room, DEVICES[device].visible_mib * MIB - others - weights - held)
    if room // 2 < MIN_WORKSPACE:
        raise EngineError(
            f"building needs the weights twice ({2 * weights / 1e9:.2f} GB), {held / 1e9:.2f} GB of state for "
            f"{context:,} tokens and {2 * MIN_WORKSPACE / 1e9:.2f} GB to work in; {free / 1e9:.2f} GB are free. "
            "Stop other programs, take fewer bits or a shorter --context, or add swap."
        )
    return min(MAX_WORKSPACE, room // 2)


class Session:
    """One build: the network, and what TensorRT says meanwhile. For one thread."""

    def __init__(self, trt: Any, progress: Progress = lambda what, done, total: None) -> None:
        """Start a builder of the module `trt`: tensorrt, or another that has its interface."""
        self.trt = trt
        self.said: list[str] = []
        """Errors that TensorRT reported."""
        self._logger = logger(trt, self.said)
        self._progress = progress
        self._stop: BaseException | None = None
        """Why the build is to end."""
        self._builder = trt.Builder(self._logger)
        self._network = self._builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        del self._network, self._builder

    def _tell(self, what: str, done: int, total: int) -> None:
        """Pass progress on; what that raises stops the build, for TensorRT would end the process."""
        try:
            self._progress(what, done, total)
        except Exception as fault:
            self._stop = fault

    def parse(self, model: onnx.ModelProto, path: Path) -> None:
        """Take a graph whose weights lie beside `path`; raises BuildError with the node that cannot be taken."""
        parser = self.trt.OnnxParser(self._network, self._logger)
        if parser.parse(model.SerializeToString(), str(path)):
            return
        faults = [parser.get_error(i) for i in range(parser.num_errors)]
        # The first that has a name of the graph's; what follows from it comes after.
        fault = next((fault for fault in faults if fault.node_name()), faults[0])
        where = f"{fault.node_name()} ({fault.node_operator()})" if fault.node_name() else fault.node_operator()
        raise BuildError(f"TensorRT cannot take layer {where}: {_reason(fault.desc())}")

    def settings(self, shape: EngineShape, workspace: int, *, small: bool = False) -> Any:
        """A builder configuration with the two profiles, for a machine with little memory if `small`."""
        trt = self.trt
        settings = self._builder.create_builder_config()
        settings.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, workspace)
        if small:
            # Each thread and each stream beside the first holds memory of its own while tactics are timed.
            self._builder.max_threads = 1
            settings.max_aux_streams = 0
            settings.set_memory_pool_limit(trt.MemoryPoolType.TACTIC_DRAM, 2 * workspace)
        for longest in (1, shape.chunk):  # DECODE and PREFILL
            profile = self._builder.create_optimization_profile()
            profile.set_shape("tokens", (1,), (longest,), (longest,))
            settings.add_optimization_profile(profile)
        settings.progress_monitor = _monitor(trt, self._tell, lambda: self._stop is None)
        return settings

    def build(self, settings: Any, path: Path) -> None:
        """Write the engine; raises BuildError that names the layer where TensorRT named one."""
        self.said.clear()
        self._stop = None
        # Aside, so that Ctrl-C is heard: inside TensorRT nothing of Python's runs but the progress monitor.
        with ThreadPoolExecutor(1) as pool:
            building = pool.submit(self._builder.build_serialized_network, self._network, settings)
            try:
                engine = building.result()
            except BaseException as fault:
                self._stop = fault  # heard by the monitor
                raise
        if self._stop is not None:
            raise self._stop
        if engine is None:
            layers = [self._network.get_layer(i).name for i in range(self._network.num_layers)]
            raise BuildError(failure(self.said, layers))
        with path.open("wb") as file:
            file.write(engine)


def failure(said: list[str], layers: list[str]) -> str:
    """One sentence of what TensorRT reported, with the layers of the network that it named."""
    told = [text for text in said if _NO_DRIVER not in text] or said
    text, everything = told[0] if told else "it gave no reason", " ".join(told)
    named = [name for name in layers if name and re.search(rf"(?<![\w.]){re.escape(name)}(?!\w|\.\w)", everything)]
    where = f" at layer {', '.join(named[:3])}" if named else ""
    return f"TensorRT could not build the engine{where}: {_reason(text)}"


def _reason(text: str) -> str:
    """The first line that says more than that a node is invalid, without the place in TensorRT's own source."""
    lines = re.sub(r"\s*In \w+ at \S+:\d+\)?", "", text.strip()).strip().splitlines()
    return next((line for line in lines if not line.startswith("Invalid Node")), lines[0])


@contextmanager
def timing_cache(settings: Any, path: Path) -> Iterator[None]:
    """Give the builder what earlier builds measured, and keep what this one does; a cache that does not fit (another
    driver) is only logged.
    """
    cache = settings.create_timing_cache(path.read_bytes() if path.is_file() else b"")
    if cache is None or not settings.set_timing_cache(cache, ignore_mismatch=False):
        log.warning("%s is of another TensorRT or GPU; tuning starts anew.", path)
        settings.set_timing_cache(settings.create_timing_cache(b""), ignore_mismatch=False)
    yield
    found = settings.get_timing_cache()
    if found is not None:
        new = path.with_name(path.name + ".new")
        new.write_bytes(bytes(found.serialize()))
        new.replace(path)


def _monitor(trt: Any, progress: Progress, goes_on: Callable[[], bool]) -> Any:
    """TensorRT's phases as calls of `progress`, until `goes_on` says no; they come from several threads at once."""
    lock = threading.Lock()
    totals: dict[str, int] = {}
    done: dict[str, int] = {}

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            with lock:
                totals[phase_name], done[phase_name] = num_steps, 0
            progress(phase_name, 0, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            with lock:
                # Steps may be reported out of order.
                done[phase_name] = max(done.get(phase_name, 0), step + 1)
                state = done[phase_name], totals.get(phase_name, 0)
            progress(phase_name, *state)
            return goes_on()

        def phase_finish(self, phase_name: str) -> None:
            with lock:
                total = totals.pop(phase_name, 0)
            progress(phase_name, total, total)

    return Monitor()


class ProgressLine:
    """Says on standard error how far the build is: on a terminal in one line that fits, elsewhere a line every 10 s."""

    def __init__(self) -> None:
        """Start the clock."""
        self._began = self._last = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show it, if the last time is long enough ago."""
        now, terminal = time.monotonic(), sys.stderr.isatty()
        if now - self._last < (0.1 if terminal else 10):
            return
        self._last = now
        line = progress_line(what, done, total, now - self._began, shutil.get_terminal_size().columns)
        print(f"\r{line}\x1b[K" if terminal else line, end="" if terminal else "\n", file=sys.stderr, flush=True)


def progress_line(what: str, done: int, total: int, seconds: float, width: int) -> str:
    """The line, at most `width` - 1 characters; the middle of a long layer name gives way."""
    end = f" {done}/{total}, {seconds:.0f} s"
    room = max(4, width - 1 - len("building: ") - len(end))
    if len(what) > room:
        what = what[: room // 2] + "…" + what[len(what) - (room - room // 2 - 1) :]
    return f"building: {what}{end}"[: width - 1]
