# SPDX-License-Identifier: Apache-2.0
"""One ONNX graph for reading and writing: tokens [T] and the state before -> logits and the state after.

The graph is written node by node from the configuration, reads like `nemotron_h/model.py`, and holds no weights:
every initializer points into
the checkpoint's own `model.safetensors`, so exporting copies nothing and the folder keeps one file of weights.

Inputs: `tokens` int64 [T]; `keep` int64 [1], for how many of the last tokens logits are wanted; and for each layer i
with memory `conv.i`
[channels, kernel-1] and `ssm.i` [heads, head_dim, state], or `key.i` and `value.i` [kv_heads, past, head_dim].
Outputs: `logits` [keep, vocab] and the
same names with `next.` in front.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from engines.errors import EngineError
from engines.nemotron_h.config import ATTENTION, MAMBA, MLP, NemotronHConfig
from engines.ssm import functions

WEIGHTS = "model.safetensors"


def export(folder: Path) -> Path:
    """Write `folder/model.onnx` beside the weights that it points to; raises EngineError for a checkpoint that does
    not fit.
    """
    config = NemotronHConfig.from_folder(folder)
    graph = _Graph(config, _tensors(folder / WEIGHTS))
    model = graph.build()
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    onnx.checker.check_model(str(path))  # by path, so that the weights it points to are found
    return path


def _tensors(path: Path) -> dict[str, tuple[list[int], int, int]]:
    """Name -> (shape, offset in the file, bytes) of an fp32 safetensors file."""
    try:
        with path.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            header: dict[str, Any] = json.loads(file.read(size))
    except (OSError, struct.error, ValueError) as error:
        raise EngineError(f"{path} is no safetensors file: {error}.") from None
    out = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            raise EngineError(f"{path}: {name} is {entry['dtype']}, this export reads F32.")
        begin, end = entry["data_offsets"]
        out[name] = (entry["shape"], 8 + size + begin, end - begin)
    return out


class _Graph:
    """Collects nodes; every method takes names of values and returns the name of its result."""

    def __init__(self, config: NemotronHConfig, tensors: dict[str, tuple[list[int], int, int]]) -> None:
        self.config, self.tensors = config, tensors
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, TensorProto] = {}
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.count = 0

    def node(self, op: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> Any:
        self.count += 1
        names = [f"{op}_{self.count}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=names[0], domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def weight(self, name: str, shape: list[int]) -> str:
        if name not in self.tensors:
            raise EngineError(f"the checkpoint has no tensor {name}, expected shape {shape}.")
        found, offset, size = self.tensors[name]
        if found != shape:
            raise EngineError(f"tensor {name} has shape {found}, expected {shape}.")
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
        for key, value in {"location": WEIGHTS, "offset": offset, "length": size}.items():
            tensor.external_data.add(key=key, value=str(value))
        self.initializers[name] = tensor
        return name

    def ints(self, *values: int) -> str:
        name = "ints_" + "_".join(map(str, values))
        self.initializers[name] = helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        return name

    def scalar(self, value: float) -> str:
        name = f"float_{value}"
        self.initializers[name] = helper.make_tensor(name, TensorProto.FLOAT, [], [value])
        return name

    def state(self, name: str, shape: list[int | str]) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def keep_state(self, name: str, value: str, shape: list[int | str]) -> None:
        self.nodes.append(helper.make_node("Identity", [value], [f"next.{name}"], name=f"next.{name}"))
        self.outputs.append(helper.make_tensor_value_info(f"next.{name}", TensorProto.FLOAT, shape))

    def linear(self, x: str, name: str, rows: int, columns: int) -> str:
        return str(self.node("Gemm", x, self.weight(f"{name}.weight", [rows, columns]), transB=1))

    def rms_norm(self, x: str, name: str, groups: int = 1, size: int | None = None) -> str:
        size = size or self.config.hidden_size
        grouped = self.node("Reshape", x, self.ints(0, groups, size // groups)) if groups > 1 else x
        mean = self.node("ReduceMean", self.node("Mul", grouped, grouped), self.ints(-1))
        root = self.node("Sqrt", self.node("Add", mean, self.scalar(self.config.layer_norm_epsilon)))
        normed = self.node("Div", grouped, root)
        flat = self.node("Reshape", normed, self.ints(0, size)) if groups > 1 else normed
        return str(self.node("Mul", flat, self.weight(f"{name}.weight", [size])))

    def mamba(self, x: str, i: int) -> str:
        c, at = self.config, f"backbone.layers.{i}.mixer"
        projected = self.linear(x, f"{at}.in_proj", c.in_proj_size, c.hidden_size)
        gate, xbc, dt = self.node(
            "Split", projected, self.ints(c.mamba_size, c.conv_size, c.mamba_num_heads), outputs=3, axis=1
        )
        conv_shape: list[int | str] = [c.conv_size, c.conv_kernel - 1]
        mixed, window = self.node(
            "CausalConv",
            xbc,
            self.state(f"conv.{i}", conv_shape),
            self.weight(f"{at}.conv1d.weight", [c.conv_size, 1, c.conv_kernel]),
            self.weight(f"{at}.conv1d.bias", [c.conv_size]),
            domain=functions.DOMAIN,
            outputs=2,
        )
        self.keep_state(f"conv.{i}", window, conv_shape)
        bc = c.n_groups * c.ssm_state_size
        flat, b, c_ = self.node("Split", mixed, self.ints(c.mamba_size, bc, bc), outputs=3, axis=1)
        dt = self.node("Softplus", self.node("Add", dt, self.weight(f"{at}.dt_bias", [c.mamba_num_heads])))
        a = self.node("Neg", self.node("Exp", self.weight(f"{at}.A_log", [c.mamba_num_heads])))
        ssm_shape: list[int | str] = [c.mamba_num_heads, c.mamba_head_dim, c.ssm_state_size]
        y, ssm = self.node(
            "SelectiveScan",
            self.node("Reshape", flat, self.ints(0, c.mamba_num_heads, c.mamba_head_dim)),
            dt,
            a,
            b,
            c_,
            self.weight(f"{at}.D", [c.mamba_num_heads]),
            self.state(f"ssm.{i}", ssm_shape),
            domain=functions.DOMAIN,
            outputs=2,
        )
        self.keep_state(f"ssm.{i}", ssm, ssm_shape)
        gated = self.node("Mul", self.node("Reshape", y, self.ints(0, c.mamba_size)), self.silu(gate))
        return self.linear(
            self.rms_norm(gated, f"{at}.norm", c.n_groups, c.mamba_size), f"{at}.out_proj", c.hidden_size, c.mamba_size
        )

    def silu(self, x: str) -> str:
        return str(self.node("Mul", x, self.node("Sigmoid", x)))

    def attention(self, x: str, i: int) -> str:
        c, at = self.config, f"backbone.layers.{i}.mixer"
        kv, per = c.num_key_value_heads, c.num_attention_heads // c.num_key_value_heads
        query = self.linear(x, f"{at}.q_proj", c.num_attention_heads * c.head_dim, c.hidden_size)
        # [T, kv, per, d] -> [kv, per, T, d]: the query heads of one key/value head stand together.
        query = self.node(
            "Transpose", self.node("Reshape", query, self.ints(0, kv, per, c.head_dim)), perm=[1, 2, 0, 3]
        )
        query = self.node("Mul", query, self.scalar(c.head_dim**-0.5))
        past = {}
        for kind, proj in (("key", "k_proj"), ("value", "v_proj")):
            new = self.linear(x, f"{at}.{proj}", kv * c.head_dim, c.hidden_size)
            new = self.node("Transpose", self.node("Reshape", new, self.ints(0, kv, c.head_dim)), perm=[1, 0, 2])
            past[kind] = self.node("Concat", self.state(f"{kind}.{i}", [kv, "past", c.head_dim]), new, axis=1)
            self.keep_state(f"{kind}.{i}", past[kind], [kv, "total", c.head_dim])
        keys = self.node("Unsqueeze", self.node("Transpose", past["key"], perm=[0, 2, 1]), self.ints(1))
        scores = self.node("Add", self.node("MatMul", query, keys), self.causal_mask(f"key.{i}"))
        weights = self.node("Softmax", scores, axis=-1)
        mixed = self.node("MatMul", weights, self.node("Unsqueeze", past["value"], self.ints(1)))
        rows = self.node(
            "Reshape",
            self.node("Transpose", mixed, perm=[2, 0, 1, 3]),
            self.ints(0, c.num_attention_heads * c.head_dim),
        )
        return self.linear(rows, f"{at}.o_proj", c.hidden_size, c.num_attention_heads * c.head_dim)

    def causal_mask(self, past: str) -> str:
        """[T, past + T]: 0 where a token may look, a very large negative number where it may not; made once for all
        layers.
        """
        if not hasattr(self, "mask"):
            new = self.node("Shape", "tokens")
            before = self.node("Shape", past, start=1, end=2)
            never = self.node(
                "Expand", self.scalar(-1e30), self.node("Concat", new, self.node("Add", before, new), axis=0)
            )
            beyond = self.node("Squeeze", self.node("Add", before, self.ints(1)), self.ints(0))
            self.mask = self.node("Trilu", never, beyond, upper=1)
        return str(self.mask)

    def mlp(self, x: str, i: int) -> str:
        c, at = self.config, f"backbone.layers.{i}.mixer"
        up = self.node("Relu", self.linear(x, f"{at}.up_proj", c.intermediate_size, c.hidden_size))
        return self.linear(self.node("Mul", up, up), f"{at}.down_proj", c.hidden_size, c.intermediate_size)

    def build(self) -> onnx.ModelProto:
        c = self.config
        self.inputs.append(helper.make_tensor_value_info("tokens", TensorProto.INT64, ["T"]))
        self.inputs.append(helper.make_tensor_value_info("keep", TensorProto.INT64, [1]))
        self.outputs.append(helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["keep", c.vocab_size]))
        x = self.node("Gather", self.weight("backbone.embeddings.weight", [c.vocab_size, c.hidden_size]), "tokens")
        mixers = {MAMBA: self.mamba, ATTENTION: self.attention, MLP: self.mlp}
        for i, kind in enumerate(c.pattern):
            x = self.node("Add", x, mixers[kind](self.rms_norm(x, f"backbone.layers.{i}.norm"), i))
        wanted = self.node("Slice", x, self.node("Neg", "keep"), self.ints(2**62), self.ints(0))
        logits = self.linear(self.rms_norm(wanted, "backbone.norm_f"), "lm_head", c.vocab_size, c.hidden_size)
        self.nodes.append(helper.make_node("Identity", [logits], ["logits"], name="logits"))
        graph = helper.make_graph(self.nodes, "nemotron_h", self.inputs, self.outputs, list(self.initializers.values()))
        bodies = [
            functions.causal_conv(c.conv_kernel, c.conv_size),
            functions.selective_scan(c.mamba_num_heads, c.n_groups, c.ssm_state_size),
        ]
        return helper.make_model(
            graph, opset_imports=functions.opsets(), functions=bodies, ir_version=9, producer_name="nemotron_h"
        )
