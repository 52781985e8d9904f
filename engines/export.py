# SPDX-License-Identifier: Apache-2.0
"""One ONNX graph for reading and writing: tokens [T] and the state before -> logits and the state after.

The graph is written node by node from the configuration and reads like `nemotron_h/model.py`. Weights stay outside it:
where the checkpoint's own tensors serve, the initializers point into the checkpoint's files and nothing is copied;
quantized ones are written, as a stream, to `weights.safetensors`, and the initializers point into that.

Inputs: `tokens` int64 [T]; `total` int64 [1], the tokens read with these; `keep` int64 [1], for how many of the last
tokens logits are wanted; and the state, for each layer i with memory `conv.i` [1, kernel-1, channels] and `ssm.i`
[1, heads, state, head_dim], or `key.i` and `value.i` [1, kv_heads, capacity, head_dim] of which the first
`total - T` tokens are filled. Outputs: `logits` [keep, vocab] and the state's names with `next.` in front.

Two files hold the same graph: in `model.onnx` the operators' bodies are standard ONNX, in `model.fused.onnx` they are
onnxruntime's own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from engines import quantize
from engines.bundle import FUSED_GRAPH, GRAPH, write_manifest
from engines.errors import EngineError
from engines.nemotron_h.checkpoint import Checkpoint
from engines.nemotron_h.config import ATTENTION, MAMBA, MLP
from engines.ssm import functions
from engines.tensor_file import Tensor, Writer, row_pieces

WEIGHTS = "weights.safetensors"
_ONNX_TYPE = {
    "F32": TensorProto.FLOAT,
    "F16": TensorProto.FLOAT16,
    "BF16": TensorProto.BFLOAT16,
    "F8_E4M3": TensorProto.FLOAT8E4M3FN,
    "U8": TensorProto.UINT8,
}
_BESIDE = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")

Progress = Callable[[int, int], None]
"""Called with the bytes of weights done and to do."""


def export(
    folder: Path, out: Path | None = None, bits: int | None = None, progress: Progress = lambda done, total: None
) -> Path:
    """Make of a checkpoint `folder` a bundle that runtimes load, in `out` (the same folder by default): the graphs, the
    manifest, and with `bits` 8 or 4 the quantized weights. Returns `out`.

    Memory: a piece of one tensor at a time. Raises EngineError for a checkpoint that does not fit; then nothing that
    was there before has changed.
    """
    if bits not in (None, 4, 8):
        raise EngineError(f"weights of {bits} bits are not made here; allowed are 8 and 4, or none to keep them.")
    checkpoint = Checkpoint(folder)
    out = out or folder
    out.mkdir(parents=True, exist_ok=True)
    graph = _Graph(checkpoint, bits)
    # Built before anything is written, so that a checkpoint that does not fit leaves nothing behind.
    graph.build()
    if out.resolve() != folder.resolve():
        for name in _BESIDE:
            if (folder / name).is_file():
                shutil.copyfile(folder / name, out / name)
        graph.copied |= {name for name in checkpoint.tensors if name not in graph.stored_as}
    if graph.copied or graph.stored_as:
        graph.places = _write_weights(checkpoint, graph, out / WEIGHTS, progress)
    for name, bodies in ((GRAPH, functions.standard), (FUSED_GRAPH, functions.fused)):
        new = out / (name + ".new")
        new.write_bytes(graph.model(bodies(checkpoint.config)).SerializeToString())
        if bodies is functions.standard:  # the checker knows no operators but ONNX's own
            onnx.checker.check_model(str(new))  # by path, so that the weights it points to are found
        new.replace(out / name)
    recipe = {"matrices": f"{bits} bit" if bits else "as in the checkpoint", "graph": "ONNX with function bodies"}
    write_manifest(out, {"source": folder.resolve().name, "recipe": recipe, "runs_on": {"runtime": "onnxruntime"}})
    return out


def _write_weights(checkpoint: Checkpoint, graph: _Graph, path: Path, progress: Progress) -> dict[str, Tensor]:
    """Quantize or copy what the graph points to, tensor by tensor; returns where each lies."""
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {}
    for name, tensor in checkpoint.tensors.items():
        if bits := graph.stored_as.get(name):
            packed, scales = quantize.shapes(tensor.shape, bits)
            shapes[f"{name}.q{bits}"], shapes[f"{name}.scales"] = ("U8", packed), ("F32", scales)
        elif name in graph.copied:
            shapes[name] = (tensor.dtype, tensor.shape)
    writer = Writer(path, shapes)
    done = 0
    try:
        for name, tensor in checkpoint.tensors.items():
            if bits := graph.stored_as.get(name):
                kept: list[NDArray[Any]] = []
                writer.write(f"{name}.q{bits}", _quantized(checkpoint, name, bits, kept))
                writer.write(f"{name}.scales", kept)
            elif name in graph.copied:
                writer.write(name, (tensor.raw()[rows] for rows in row_pieces(tensor.shape)))
            done += tensor.nbytes
            progress(done, checkpoint.nbytes)
        writer.close()
    except BaseException:
        writer.abandon()
        raise
    return writer.tensors


def _quantized(checkpoint: Checkpoint, name: str, bits: int, kept: list[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """The packed values, piece by piece; their scales, a small part, are kept for the tensor that follows."""
    for rows in row_pieces(checkpoint.tensors[name].shape):
        packed, scales = quantize.quantize(checkpoint.float32(name, rows), bits)
        kept.append(scales)
        yield packed


class _Graph:
    """Collects nodes; every method takes names of values and returns the name of its result."""

    def __init__(self, checkpoint: Checkpoint, bits: int | None) -> None:
        self.config, self.checkpoint, self.bits = checkpoint.config, checkpoint, bits
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, TensorProto] = {}
        self.used: dict[str, tuple[str, tuple[int, ...]]] = {}
        """Initializers that lie in a file: name -> (dtype, shape)."""
        self.stored_as: dict[str, int] = {}
        """Weights that are quantized: name -> bits."""
        self.copied: set[str] = set()
        """Weights that must be copied to stand beside the graph."""
        self.places: dict[str, Tensor] = {}
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.count = 0

    def node(self, op: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> Any:
        self.count += 1
        names = [f"{op}_{self.count}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=names[0], domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def call(self, function: str, *inputs: str, state: tuple[str, ...] = (), outputs: int = 1) -> Any:
        """A node of our own domain, whose last outputs are the next state."""
        self.count += 1
        names = [f"{function}_{self.count}_{i}" for i in range(outputs)]
        names += [f"next.{name}" for name in state]
        self.nodes.append(helper.make_node(function, list(inputs), names, name=names[0], domain=functions.DOMAIN))
        return names[0] if outputs == 1 else names[:outputs]

    def raw(self, name: str, dtype: str, shape: tuple[int, ...]) -> str:
        self.used[name] = (dtype, shape)
        return name

    def weight(self, name: str) -> str:
        """A weight as fp32, cast where the checkpoint keeps another type."""
        tensor = self.checkpoint.tensors[name]
        stored = self.raw(name, tensor.dtype, tensor.shape)
        if tensor.dtype == "F32":
            return stored
        if tensor.dtype == "F8_E4M3":
            scale = self.scalar(self.checkpoint.scales[f"{name}_scale"])
            return str(self.node("DequantizeLinear", stored, scale))
        return str(self.node("Cast", stored, to=TensorProto.FLOAT))

    def ints(self, *values: int) -> str:
        name = "ints_" + "_".join(map(str, values))
        self.constants[name] = helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        return name

    def scalar(self, value: float) -> str:
        name = f"float_{value}"
        self.constants[name] = helper.make_tensor(name, TensorProto.FLOAT, [], [value])
        return name

    def state(self, name: str, shape: list[int | str]) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        self.outputs.append(helper.make_tensor_value_info(f"next.{name}", TensorProto.FLOAT, shape))
        return name

    def linear(self, x: str, name: str) -> str:
        """X [T, columns] times the transposed weight [rows, columns] -> [1, T, rows]."""
        name = f"{name}.weight"
        if self.bits is None:
            return str(self.call("Linear", x, self.weight(name)))
        rows, columns = self.checkpoint.tensors[name].shape
        self.stored_as[name] = self.bits
        packed, scales = quantize.shapes((rows, columns), self.bits)
        return str(
            self.node(
                "MatMulNBits",
                x,
                self.raw(f"{name}.q{self.bits}", "U8", packed),
                self.raw(f"{name}.scales", "F32", scales),
                domain="com.microsoft",
                N=rows,
                K=columns,
                bits=self.bits,
                block_size=quantize.BLOCK,
                accuracy_level=4,  # activations of 8 bits, a scale a block: integer dot products
            )
        )

    def mamba(self, x: str, i: int) -> str:
        c, at = self.config, f"backbone.layers.{i}.mixer"
        bc = c.n_groups * c.ssm_state_size
        gate, xbc, dt = self.node(
            "Split",
            self.linear(x, f"{at}.in_proj"),
            self.ints(c.mamba_size, c.conv_size, c.mamba_num_heads),
            outputs=3,
            axis=2,
        )
        conv = self.state(f"conv.{i}", [1, c.conv_kernel - 1, c.conv_size])
        mixed = self.call(
            "CausalConv", xbc, conv, self.weight(f"{at}.conv1d.weight"), self.weight(f"{at}.conv1d.bias"), state=(conv,)
        )
        flat, b, c_ = self.node("Split", mixed, self.ints(c.mamba_size, bc, bc), outputs=3, axis=2)
        ssm = self.state(f"ssm.{i}", [1, c.mamba_num_heads, c.ssm_state_size, c.mamba_head_dim])
        per_head = {name: self.weight(f"{at}.{name}") for name in ("dt_bias", "A_log", "D")}
        y = self.call(
            "SelectiveScan",
            *(flat, dt, per_head["dt_bias"], per_head["A_log"], b, c_, per_head["D"], ssm),
            state=(ssm,),
        )
        return self.linear(self.call("GatedRMSNorm", y, gate, self.weight(f"{at}.norm.weight")), f"{at}.out_proj")

    def attention(self, x: str, i: int) -> str:
        c, at = self.config, f"backbone.layers.{i}.mixer"
        query, key, value = (self.linear(x, f"{at}.{name}_proj") for name in "qkv")
        shape: list[int | str] = [1, c.num_key_value_heads, "capacity", c.head_dim]
        cache = (self.state(f"key.{i}", shape), self.state(f"value.{i}", shape))
        return self.linear(
            self.call("CachedAttention", query, key, value, *cache, "total", state=cache), f"{at}.o_proj"
        )

    def mlp(self, x: str, i: int) -> str:
        at = f"backbone.layers.{i}.mixer"
        up = self.node("Relu", self.linear(x, f"{at}.up_proj"))
        return self.linear(self.node("Mul", up, up), f"{at}.down_proj")

    def build(self) -> None:
        """Write the nodes."""
        c, int64 = self.config, TensorProto.INT64
        self.inputs += [
            helper.make_tensor_value_info("tokens", int64, ["T"]),
            helper.make_tensor_value_info("total", int64, [1]),
            helper.make_tensor_value_info("keep", int64, [1]),
        ]
        self.outputs.append(helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["keep", c.vocab_size]))
        name = "backbone.embeddings.weight"
        table = self.checkpoint.tensors[name]
        x = self.node(
            "Gather", self.raw(name, table.dtype, table.shape), self.node("Unsqueeze", "tokens", self.ints(0))
        )
        if table.dtype != "F32":  # the rows are cast, not the table
            x = self.node("Cast", x, to=TensorProto.FLOAT)
        mixers = {MAMBA: self.mamba, ATTENTION: self.attention, MLP: self.mlp}
        normed = self.call("RMSNorm", x, self.weight("backbone.layers.0.norm.weight"))
        for i, kind in enumerate(c.pattern):
            y = mixers[kind](normed, i)
            if i + 1 < len(c.pattern):
                norm = self.weight(f"backbone.layers.{i + 1}.norm.weight")
                normed, x = self.call("SkipRMSNorm", y, x, norm, outputs=2)
        last = [self.node("Slice", v, self.node("Neg", "keep"), self.ints(2**62), self.ints(1)) for v in (y, x)]
        normed, _ = self.call("SkipRMSNorm", *last, self.weight("backbone.norm_f.weight"), outputs=2)
        logits = self.linear(normed, "lm_head")
        self.nodes.append(helper.make_node("Squeeze", [logits, self.ints(0)], ["logits"], name="logits"))

    def model(self, bodies: list[onnx.FunctionProto]) -> onnx.ModelProto:
        """The graph with these bodies, its initializers pointing to where the weights lie now."""
        places = self.checkpoint.tensors | self.places
        weights = []
        for name, (dtype, shape) in self.used.items():
            tensor = TensorProto(name=name, data_type=_ONNX_TYPE[dtype], dims=shape, data_location=TensorProto.EXTERNAL)
            place = places[name]
            for key, value in {"location": place.path.name, "offset": place.offset, "length": place.nbytes}.items():
                tensor.external_data.add(key=key, value=str(value))
            weights.append(tensor)
        graph = helper.make_graph(
            self.nodes, "nemotron_h", self.inputs, self.outputs, [*self.constants.values(), *weights]
        )
        return helper.make_model(
            graph, opset_imports=functions.opsets(), functions=bodies, ir_version=9, producer_name="nemotron_h"
        )
