# SPDX-License-Identifier: Apache-2.0
"""The kernels compiled for a GPU that is not there: PTX, and what NVIDIA's assembler says of it.

    python -m engines.ssm.ahead [--sm 87 …]    a table: registers, spills and shared memory, the 4B's sizes

Needs Triton, whose package brings NVIDIA's assemblers: `ptxas` and, from SM 100 on, `ptxas-blackwell`.
"""
# mypy: disable-error-code="no-untyped-call,import-untyped,import-not-found"

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import triton
from triton.backends.compiler import GPUTarget
from triton.backends.nvidia.compiler import get_ptxas
from triton.compiler import ASTSource

from engines.nemotron_h.config import NemotronHConfig
from engines.plan import NANO_4B
from engines.ssm import kernels

PTX_VERSION = {87: 85, 89: 85, 110: 90, 120: 90, 121: 90}
"""For each SM what its software reads: CUDA 12.5 and later, CUDA 13.0 and later. Triton's default is the newest that
its own assembler knows, which those refuse; with 88 on SM 110 it aborts."""
FUNCTIONS = {
    "causal_conv": "causal_conv",
    "causal_conv_token": "causal_conv",
    "selective_scan": "selective_scan",
    "selective_scan_token": "selective_scan_token",
}
"""The function in `kernels.py` for each kernel: an operator for any T, and its form for T = 1."""
KERNELS = tuple(FUNCTIONS)
DTYPES = ("bf16", "fp16")


@dataclass(frozen=True)
class Assembled:
    """A kernel for one SM."""

    kernel: str
    """One of KERNELS."""
    dtype: str
    """Of the activations and weights: one of DTYPES."""
    sm: int
    ptx: str
    """Text. The entry takes what the function in `kernels.py` takes, without the constants; addresses must be multiples
    of 16."""
    entry: str
    """The entry's name in `ptx`."""
    warps: int
    shared: int
    """Bytes of shared memory, all of them dynamic."""
    registers: int
    """Of a thread."""
    spilled: int
    """Bytes of registers that a thread keeps in memory: 0 in a good kernel."""


def assemble(kernel: str, constants: Mapping[str, int], dtype: str, sm: int, single: Collection[str] = ()) -> Assembled:
    """Compile one of KERNELS for SM `sm`.

    Args:
        kernel: one of KERNELS.
        constants: as `constants` gives them.
        dtype: of activations and weights: one of DTYPES.
        sm: the streaming multiprocessor's version, as 87.
        single: arguments in fp32 whatever `dtype`. The scan's states always are.

    Raises KernelError for what cannot be done.
    """
    if sm not in PTX_VERSION:
        raise kernels.KernelError(f"SM {sm}: the kernels are compiled for {', '.join(map(str, PTX_VERSION))}.")
    function = getattr(kernels, FUNCTIONS[kernel])
    names: list[str] = function.arg_names
    types = {"length": "i32"} | dict.fromkeys(["ssm", "next_ssm", *single], "*fp32")
    types |= dict.fromkeys(constants, "constexpr")
    source = ASTSource(
        fn=function,
        signature={name: types.get(name, f"*{dtype}") for name in names},
        constexprs={(names.index(name),): value for name, value in constants.items()},
        # Without it every element is loaded by itself, and there are twice the registers.
        attrs={(i,): [["tt.divisibility", 16]] for i, name in enumerate(names) if types.get(name, "*")[0] == "*"},
    )
    options = kernels.OPTIONS | {"ptx_version": PTX_VERSION[sm]}
    with _mma_sync():
        made = triton.compile(source, target=GPUTarget("cuda", sm, 32), options=options)
    entry, warps, shared = made.metadata.name, made.metadata.num_warps, made.metadata.shared
    ptx = _without_scratch(made.asm["ptx"], entry, len(names) - len(constants))
    return Assembled(kernel, dtype, sm, ptx, entry, warps, shared, *_report(ptx, sm))


def constants(kernel: str, sizes: NemotronHConfig) -> dict[str, int]:
    """What one of KERNELS is compiled with for a network. Raises KernelError for sizes that it cannot do."""
    if kernel in ("causal_conv", "causal_conv_token"):
        length = kernels.CONV_TOKENS if kernel == "causal_conv" else 1
        return kernels.conv_sizes(sizes.conv_size, sizes.conv_kernel, length)
    found = kernels.scan_sizes(sizes.mamba_num_heads, sizes.mamba_head_dim, sizes.n_groups, sizes.ssm_state_size)
    return found | ({"chunk": kernels.CHUNK} if kernel == "selective_scan" else {})


@contextmanager
def _mma_sync() -> Iterator[None]:
    """Have `tl.dot` compiled to mma.sync on every SM. On SM 110 Triton else takes tcgen05, whose tiles are too large
    for the scan.
    """
    before = os.environ.get("DISABLE_MMA_V5")
    os.environ["DISABLE_MMA_V5"] = "1"
    try:
        yield
    finally:
        del os.environ["DISABLE_MMA_V5"]
        if before is not None:
            os.environ["DISABLE_MMA_V5"] = before


def _without_scratch(ptx: str, entry: str, arguments: int) -> str:
    """`ptx` without the entry's parameters past `arguments`: pointers for scratch memory that Triton adds to every
    kernel. Whoever launches it with the arguments alone would have the driver read past them.
    """
    head = re.search(rf"\.entry {entry}\((.*?)\n\)", ptx, re.S)
    parameters = head[1].split(",\n") if head else []
    for number in range(arguments, len(parameters)):
        if len(re.findall(rf"\b{entry}_param_{number}\b", ptx)) != 1:
            raise kernels.KernelError(f"{entry}: the compiled kernel wants scratch memory, which nobody gives it.")
    if not head or len(parameters) < arguments:
        raise kernels.KernelError(f"{entry}: the compiled kernel has {len(parameters)} of {arguments} parameters.")
    return ptx[: head.start(1)] + ",\n".join(parameters[:arguments]) + ptx[head.end(1) :]


def _report(ptx: str, sm: int) -> tuple[int, int]:
    """Registers of a thread, and bytes of it in memory, by NVIDIA's assembler."""
    target = re.findall(r"^\.target (\w+)", ptx, re.M)[0]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kernel.ptx"
        source.write_text(ptx, encoding="utf-8")
        command = [get_ptxas(sm).path, "--verbose", f"--gpu-name={target}", source, "--output-file", f"{source}.cubin"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    used = re.search(r"Used (\d+) registers", done.stderr)
    spilled = re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", done.stderr)
    if done.returncode or not used or not spilled:
        raise kernels.KernelError(f"ptxas for SM {sm} returned {done.returncode}:\n{done.stderr.strip()}")
    return int(used[1]), max(map(int, spilled.groups()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m engines.ssm.ahead", description="Compile the kernels of the 4B.")
    parser.add_argument("--sm", type=int, nargs="+", choices=tuple(PTX_VERSION), default=tuple(PTX_VERSION))
    wanted = parser.parse_args(arguments)
    print(f"{'kernel':<22}{'type':<6}{'SM':>4}{'PTX':>5}{'registers':>11}{'spilled, B':>12}{'shared, B':>11}")
    for kernel in KERNELS:
        for dtype in DTYPES:
            for sm in wanted.sm:
                a = assemble(kernel, constants(kernel, NANO_4B), dtype, sm)
                version = PTX_VERSION[sm] / 10
                print(f"{kernel:<22}{dtype:<6}{sm:>4}{version:>5}{a.registers:>11}{a.spilled:>12}{a.shared:>11}")


if __name__ == "__main__":
    main()
