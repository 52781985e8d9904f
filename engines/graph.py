# SPDX-License-Identifier: Apache-2.0
"""One ONNX graph for reading and writing: tokens [T] and the state before -> logits and the state after.

The graph is written node by node from the configuration and reads like `nemotron_h/model.py`. Weights stay outside it:
the initializers point into the checkpoint's files, or into the file of converted ones that `engines/export.py` writes.

Inputs: `tokens` int64 [T]; `total` int64 [1], the tokens read with these; `keep` int64 [1], for how many of the last
tokens logits are wanted; and the state, for each layer i with memory `conv.i` [1, kernel-1, channels] and `ssm.i`
[1, heads, state, head_dim], or `key.i` and `value.i` [1, kv_heads, capacity, head_dim] of which the first
`total - T` tokens are filled. Outputs: `logits` [keep, vocab] and the state's names with `next.` in front.

Quantized weights come through `DequantizeLinear`, inputs that are rounded through `QuantizeLinear` and back:
`Linear(DQ(Q(x)), DQ(weight))`. onnxruntime computes with what they mean, TensorRT with the codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnx
from onnx import TensorProto, helper

from engines import quantize
from engines.nemotron_h.checkpoint import Checkpoint
from engines.nemotron_h.config import ATTENTION, MAMBA, MLP
from engines.ssm import functions
from engines.tensor_file import Tensor

_INT4_OPSET = 21
"""The first with INT4 and with blocks. Only graphs that need it: from 21 on onnxruntime (1.31) takes E4M3 in a matrix
product for 8-bit integers, makes a node of it that it then refuses, and loads them with basic optimizations alone.
"""
_ONNX_TYPE = {
    "F32": TensorProto.FLOAT,
    "F16": TensorProto.FLOAT16,
    "BF16": TensorProto.BFLOAT16,
    "F8_E4M3": TensorProto.FLOAT8E4M3FN,
    "U8": TensorProto.UINT8,
    "INT4": TensorProto.INT4,
}


class Graph:
    """Collects nodes; every method takes names of values and returns the name of its result.

    `forms` says how each weight is stored (`engines/recipe.py`), `scales` holds what its E4M3 weights need. With
    `quantized_inputs` the linear layers whose `NAME.input_scale` is among them round their inputs too.
    """

    def __init__(
        self, checkpoint: Checkpoint, forms: Mapping[str, str], scales: Mapping[str, float], quantized_inputs: bool
    ) -> None:
        self.config, self.checkpoint = checkpoint.config, checkpoint
        self.forms, self.scales, self.quantized_inputs = forms, scales, quantized_inputs
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, TensorProto] = {}
        self.used: dict[str, tuple[str, tuple[int, ...]]] = {}
        """Initializers that lie in a file: name -> (dtype, shape)."""
        self.places: dict[str, Tensor] = {}
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.count = 0

    def node(self, op: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> Any:
        """A node of ONNX, or of `domain`."""
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
        """A weight as it lies in a file."""
        self.used[name] = (dtype, shape)
        return name

    def weight(self, name: str) -> str:
        """A weight as fp32, from whatever it is stored as."""
        tensor, form = self.checkpoint.tensors[name], self.forms[name]
        if form in quantize.GROUP:
            codes = self.raw(f"{name}.int4", "INT4", tensor.shape)
            scales = self.raw(f"{name}.scales", *quantize.parts(form, tensor.shape)["scales"])
            values = self.node("DequantizeLinear", codes, scales, axis=1, block_size=quantize.GROUP[form])
            return str(self.node("Cast", values, to=TensorProto.FLOAT))
        if form == quantize.E4M3 and tensor.dtype != "F8_E4M3":
            return self.dequantized(self.raw(f"{name}.e4m3", "F8_E4M3", tensor.shape), self.scales[f"{name}_scale"])
        if form == quantize.BF16:
            return str(self.node("Cast", self.raw(f"{name}.bf16", "BF16", tensor.shape), to=TensorProto.FLOAT))
        stored = self.raw(name, tensor.dtype, tensor.shape)
        if tensor.dtype == "F32":
            return stored
        if tensor.dtype == "F8_E4M3":
            return self.dequantized(stored, self.scales[f"{name}_scale"])
        return str(self.node("Cast", stored, to=TensorProto.FLOAT))

    def dequantized(self, x: str, scale: float) -> str:
        """E4M3 as fp32, times a scale. Without a zero point, for the reason of `_INT4_OPSET`."""
        return str(self.node("DequantizeLinear", x, self.scalar(scale)))

    def rounded(self, x: str, name: str, *, cached: bool = False) -> str:
        """X rounded to E4M3 times the scale of that name; as it is where there is no such scale.

        `cached` is for what a cache keeps: the scale is then multiplied apart. onnxruntime (1.31) moves a scale in
        DequantizeLinear past the reshapes that follow, where it writes nodes for unsigned integers and loses all that
        is negative, or nodes that do not take E4M3.
        """
        if not self.quantized_inputs or name not in self.scales:
            return x
        scale, zero = self.scales[name], "e4m3_zero"  # the zero point names the type
        self.constants[zero] = TensorProto(name=zero, data_type=TensorProto.FLOAT8E4M3FN, raw_data=b"\0")
        quantized = self.node("QuantizeLinear", x, self.scalar(scale), zero)
        if not cached:
            return self.dequantized(quantized, scale)
        return str(self.node("Mul", self.dequantized(quantized, 1.0), self.scalar(scale)))

    @property
    def rounds_cache(self) -> bool:
        """Whether keys and values are rounded to E4M3 before they are kept."""
        return self.quantized_inputs and any(name.endswith(".k_scale") for name in self.scales)

    def ints(self, *values: int) -> str:
        """A constant int64 vector."""
        name = "ints_" + "_".join(map(str, values))
        self.constants[name] = helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        return name

    def scalar(self, value: float) -> str:
        """A constant fp32 number."""
        name = f"float_{value}"
        self.constants[name] = helper.make_tensor(name, TensorProto.FLOAT, [], [value])
        return name

    def state(self, name: str, shape: list[int | str]) -> str:
        """An input that is part of the state, and the output that takes its place."""
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        self.outputs.append(helper.make_tensor_value_info(f"next.{name}", TensorProto.FLOAT, shape))
        return name

    def linear(self, x: str, module: str) -> str:
        """X [T, columns] times the transposed weight [rows, columns] -> [1, T, rows]."""
        name = f"{module}.weight"
        form, shape = self.forms[name], self.checkpoint.tensors[name].shape
        if form not in quantize.BITS:
            return str(self.call("Linear", self.rounded(x, f"{module}.input_scale"), self.weight(name)))
        weights = [self.raw(f"{name}.{part}", *stored) for part, stored in quantize.parts(form, shape).items()]
        rows, columns = shape
        return str(
            self.node(
                "MatMulNBits",
                x,
                *weights,
                domain="com.microsoft",
                N=rows,
                K=columns,
                bits=quantize.BITS[form],
                block_size=quantize.BLOCK,
                accuracy_level=4,  # activations of 8 bits, a scale a block: integer dot products
            )
        )

    def mamba(self, x: str, i: int) -> str:
        """Mixer of layer `i`, Mamba-2."""
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
        """Mixer of layer `i`, attention."""
        c, at = self.config, f"backbone.layers.{i}.mixer"
        query, key, value = (self.linear(x, f"{at}.{name}_proj") for name in "qkv")
        # What the cache holds are E4M3 numbers then, times one scale: a runtime that keeps 8 bits loses nothing.
        key = self.rounded(key, f"{at}.k_proj.k_scale", cached=True)
        value = self.rounded(value, f"{at}.v_proj.v_scale", cached=True)
        shape: list[int | str] = [1, c.num_key_value_heads, "capacity", c.head_dim]
        cache = (self.state(f"key.{i}", shape), self.state(f"value.{i}", shape))
        return self.linear(
            self.call("CachedAttention", query, key, value, *cache, "total", state=cache), f"{at}.o_proj"
        )

    def mlp(self, x: str, i: int) -> str:
        """Mixer of layer `i`, MLP."""
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
        rounded = self.forms[name] == quantize.BF16
        dtype = "BF16" if rounded else table.dtype
        stored = self.raw(f"{name}.bf16" if rounded else name, dtype, table.shape)
        x = self.node("Gather", stored, self.node("Unsqueeze", "tokens", self.ints(0)))
        if dtype != "F32":  # the rows are cast, not the table
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
        grouped = any(dtype == "INT4" for dtype, _ in self.used.values())
        opset = _INT4_OPSET if grouped else functions.OPSET
        for body in bodies:
            next(entry for entry in body.opset_import if not entry.domain).version = opset
        return helper.make_model(
            graph,
            opset_imports=functions.opsets(opset),
            functions=bodies,
            ir_version=10 if grouped else 9,
            producer_name="nemotron_h",
        )
