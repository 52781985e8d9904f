# SPDX-License-Identifier: Apache-2.0
"""The graph as TensorRT gets it, made of a bundle's `model.onnx`: the same nodes and names, with other types.

Matrices, convolution, scan and attention work in 16 bits, between casts that TensorRT melts into their neighbours; the
residual stream, the norms and the SSM state stay fp32. `CausalConv` and `SelectiveScan` become plugin nodes and lose
their bodies (TensorRT's parser would take the body); the bodies of the others are inlined. The key/value
cache is written where it lies (`TensorScatter`, TensorRT's KVCacheUpdate), so that past and next are one buffer.

Inputs: `tokens` int64 [T], `total` int64 [1], and the state in the shapes of `graph.py`: `conv.i`, `key.i` and
`value.i` in 16 bits, `ssm.i` fp32. Outputs: `logits` fp32 [1, vocab] after the last token, and `next.` for each state.
Weights stay in the bundle's files: the graph points there.
"""

from __future__ import annotations

import math
from pathlib import Path

import onnx
from onnx import NodeProto, TensorProto, helper, inliner, parser

from engines.bundle import GRAPH
from engines.errors import EngineError
from engines.nemotron_h.config import NemotronHConfig
from engines.ssm import functions

OPSET = 24
"""Of ONNX: the first with TensorScatter."""
TYPES = {"bf16": TensorProto.BFLOAT16, "fp16": TensorProto.FLOAT16}
PLUGINS = {"CausalConv": (0,), "SelectiveScan": (0, 1, 4, 5)}
"""Operators that have a plugin, and which of their inputs are activations."""


def tensorrt_model(folder: Path, dtype: str, context: int, *, plugins: bool = True) -> onnx.ModelProto:
    """The graph of a bundle `folder` for TensorRT; its weights lie beside `folder / "model.onnx"`.

    Args:
        folder: a bundle with `model.onnx`.
        dtype: of activations and caches: bf16 or fp16.
        context: tokens that the caches have room for; a fixed size, since TensorRT updates no other cache in place.
        plugins: without them every operator keeps a body in standard operators, for builders that take no plugins.

    Raises EngineError for a bundle without the graph, or with operators that only onnxruntime has.
    """
    path = folder / GRAPH
    if not path.is_file():
        raise EngineError(f"{folder} has no {GRAPH}. `python -m engines export {folder}` makes it from the checkpoint.")
    config = NemotronHConfig.from_folder(folder)
    model = onnx.load(str(path), load_external_data=False)
    foreign = sorted({node.op_type for node in model.graph.node if node.domain not in ("", functions.DOMAIN)})
    if foreign:
        raise EngineError(
            f"{path} has operators that only onnxruntime knows: {', '.join(foreign)}. Export the checkpoint for "
            "TensorRT: python -m engines export CHECKPOINT --out FOLDER, with --quantize bf16, fp8 or int4g"
        )
    rewriting = _Rewriting(model.graph, TYPES[dtype], plugins)
    for node in model.graph.node:
        rewriting.add(node)
    _retype(model.graph, TYPES[dtype], context)
    nodes = _alive(rewriting.nodes, {value.name for value in model.graph.output})
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    _keep_one(model.graph)
    bodies = {body.name: body for body in [*functions.standard(config), *_bodies(config, TYPES[dtype])]}
    used = {node.op_type for node in nodes if node.domain == functions.DOMAIN} - (set(PLUGINS) if plugins else set())
    del model.functions[:]
    model.functions.extend(bodies[name] for name in sorted(used))
    for imports in (model, *model.functions):
        del imports.opset_import[:]
        imports.opset_import.extend([helper.make_opsetid("", OPSET), helper.make_opsetid(functions.DOMAIN, 1)])
    model.ir_version = 11
    # Inlined here and not by TensorRT's parser, which gives every copy of a body the same names: a fault of one layer
    # could not be told from that of another.
    model = inliner.inline_local_functions(model)
    for node in model.graph.node:
        node.name = node.output[0]
    return model


class _Rewriting:
    """Takes the nodes one by one, in the graph's order."""

    def __init__(self, graph: onnx.GraphProto, dtype: int, plugins: bool) -> None:
        self.nodes: list[NodeProto] = []
        self._dtype, self._plugins = dtype, plugins
        self._made_by: dict[str, NodeProto] = {}
        self._stored = {tensor.name: tensor.data_type for tensor in graph.initializer}

    def add(self, node: NodeProto) -> None:
        self._made_by.update(dict.fromkeys(node.output, node))
        new = NodeProto()
        new.CopyFrom(node)
        if node.domain != functions.DOMAIN:
            self.nodes.append(new)
        elif node.op_type == "Linear":
            self._linear(new)
        elif node.op_type in PLUGINS and self._plugins:
            self._plugin(new)
        elif node.op_type == "CausalConv":
            new.input[1] = self._cast(node.input[1], TensorProto.FLOAT)
            new.output[1] = f"{node.output[1]}.fp32"
            self.nodes += [new, self._cast_node(new.output[1], node.output[1], self._dtype)]
        else:
            self.nodes.append(new)

    def _plugin(self, node: NodeProto) -> None:
        for place in PLUGINS[node.op_type]:
            node.input[place] = self._cast(node.input[place], self._dtype)
        after = node.output[0]
        node.output[0] = f"{after}.16"
        for name, value in {"plugin_namespace": functions.DOMAIN, "plugin_version": "1", "aot": 1}.items():
            node.attribute.append(helper.make_attribute(name, value))
        self.nodes += [node, self._cast_node(node.output[0], after, TensorProto.FLOAT)]

    def _linear(self, node: NodeProto) -> None:
        """16 bits times 16 bits; or, where activations and weight both come quantized, the product as it is, which
        TensorRT makes with the quantized values.
        """
        x, weight = node.input
        if self._quantized(x) and self._quantized(weight):
            node.op_type = "QuantizedLinear"
        else:
            source = self._made_by.get(weight)
            # From the stored weight straight to the type that is wanted: fp32 between would take twice the memory.
            stored = source.input[0] if source is not None and source.op_type == "Cast" else weight
            if self._type(stored) != self._dtype:
                stored = self._cast(stored, self._dtype)
            node.input[1] = stored
            source = self._made_by.get(x)
            if self._dtype == TensorProto.FLOAT16 and source is not None and source.op_type == "Mul":
                node.op_type = "BoundedLinear"
        self.nodes.append(node)

    def _type(self, name: str) -> int | None:
        """Of a stored tensor, or of what DequantizeLinear makes of one: there the type of the scales."""
        source = self._made_by.get(name)
        dequantized = source is not None and source.op_type == "DequantizeLinear"
        return self._stored.get(source.input[1] if dequantized and source is not None else name)

    def _quantized(self, name: str) -> bool:
        """Whether a value comes straight from DequantizeLinear."""
        source = self._made_by.get(name)
        return source is not None and source.op_type == "DequantizeLinear"

    def _cast(self, name: str, to: int) -> str:
        out = f"{name}.as_{TensorProto.DataType.Name(to).lower()}"
        if out not in self._made_by:
            node = self._cast_node(name, out, to)
            self._made_by[out] = node
            self.nodes.append(node)
        return out

    @staticmethod
    def _cast_node(name: str, out: str, to: int) -> NodeProto:
        return helper.make_node("Cast", [name], [out], name=out, to=to)


def _bodies(c: NemotronHConfig, dtype: int) -> list[onnx.FunctionProto]:
    """The operators that are written for TensorRT, with the names of `functions.py`."""
    scale = math.sqrt(1 / c.head_dim)
    texts = [
        f"""
        Linear (x, weight) => (y) {{
            x16 = Cast <to = {dtype}> (x)
            turned = Transpose <perm = [1, 0]> (weight)
            y16 = MatMul (x16, turned)
            y = Cast <to = {TensorProto.FLOAT}> (y16)
        }}""",
        # A squared ReLU beyond 256 is beyond fp16.
        f"""
        BoundedLinear (x, weight) => (y) {{
            most = Constant <value_float = 65504.0> ()
            least = Neg (most)
            bounded = Clip (x, least, most)
            x16 = Cast <to = {dtype}> (bounded)
            turned = Transpose <perm = [1, 0]> (weight)
            y16 = MatMul (x16, turned)
            y = Cast <to = {TensorProto.FLOAT}> (y16)
        }}""",
        """
        QuantizedLinear (x, weight) => (y) {
            turned = Transpose <perm = [1, 0]> (weight)
            y = MatMul (x, turned)
        }""",
        # The whole capacity is looked at, what is not filled through a mask: shapes then do not depend on what was
        # read, and one CUDA graph serves every token. The filled part alone would make `total` a shape. A mask of
        # numbers, because TensorRT-RTX 1.7 cannot build one of booleans for a length that is not fixed.
        f"""
        CachedAttention (query, key, value, keys, values, total) => (y, next_keys, next_values) {{
            zero = Constant <value_int = 0> ()
            one = Constant <value_int = 1> ()
            nothing = Constant <value_float = 0.0> ()
            never = Constant <value_float = -30000.0> ()
            first = Constant <value_ints = [0]> ()
            last = Constant <value_ints = [1]> ()
            four = Constant <value_ints = [0, -1, {c.num_attention_heads}, {c.head_dim}]> ()
            few = Constant <value_ints = [0, -1, {c.num_key_value_heads}, {c.head_dim}]> ()
            flat = Constant <value_ints = [1, -1, {c.num_attention_heads * c.head_dim}]> ()
            q16 = Cast <to = {dtype}> (query)
            k16 = Cast <to = {dtype}> (key)
            v16 = Cast <to = {dtype}> (value)
            q4 = Reshape (q16, four)
            k4 = Reshape (k16, few)
            v4 = Reshape (v16, few)
            q = Transpose <perm = [0, 2, 1, 3]> (q4)
            k = Transpose <perm = [0, 2, 1, 3]> (k4)
            v = Transpose <perm = [0, 2, 1, 3]> (v4)
            count = Shape <start = 1, end = 2> (query)
            before = Sub (total, count)
            next_keys = TensorScatter <axis = -2, mode = "linear"> (keys, k, before)
            next_values = TensorScatter <axis = -2, mode = "linear"> (values, v, before)
            capacity1 = Shape <start = 2, end = 3> (keys)
            capacity = Squeeze (capacity1, first)
            count0 = Squeeze (count, first)
            places = Range (zero, capacity, one)
            rows = Range (zero, count0, one)
            reach = Add (rows, before)
            reach2 = Unsqueeze (reach, last)
            seen = LessOrEqual (places, reach2)
            blocked = Where (seen, nothing, never)
            bias = Cast <to = {dtype}> (blocked)
            mixed = Attention <scale = {scale}> (q, next_keys, next_values, bias)
            turned = Transpose <perm = [0, 2, 1, 3]> (mixed)
            y16 = Reshape (turned, flat)
            y = Cast <to = {TensorProto.FLOAT}> (y16)
        }}""",
    ]
    imports = f'<opset_import: ["" : {OPSET}], domain: "{functions.DOMAIN}">'
    return [parser.parse_function(imports + text) for text in texts]


def _retype(graph: onnx.GraphProto, dtype: int, context: int) -> None:
    """Convolution windows and caches in 16 bits, caches of a fixed size."""
    for value in (*graph.input, *graph.output):
        if value.name.removeprefix("next.").startswith(("conv.", "key.", "value.")):
            value.type.tensor_type.elem_type = dtype
            for size in value.type.tensor_type.shape.dim:
                if size.dim_param == "capacity":
                    size.dim_value = context


def _keep_one(graph: onnx.GraphProto) -> None:
    """Logits of the last token alone: `keep` becomes a constant, so that it is no shape to be given each time."""
    for value in list(graph.input):
        if value.name == "keep":
            graph.input.remove(value)
    graph.initializer.append(helper.make_tensor("keep", TensorProto.INT64, [1], [1]))
    for value in graph.output:
        if value.name == "logits":
            value.type.tensor_type.shape.dim[0].dim_value = 1


def _alive(nodes: list[NodeProto], wanted: set[str]) -> list[NodeProto]:
    """The nodes that something asks for, in their order."""
    kept = []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]
