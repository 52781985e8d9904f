# SPDX-License-Identifier: Apache-2.0
"""The TensorRT plugins over TensorRT's own plugin layer (the Python part of its bindings wheel), driven as its builder
drives it. Below that layer lies a stub, since TensorRT itself does not load without a GPU's driver.
"""

from __future__ import annotations

import enum
import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from engines.plan import NANO_4B

pytest.importorskip("triton")
# Releases 10.16 and 11.4: the wheel for the lean runtime has the same layer and can be installed beside the other.
SPECS = [importlib.util.find_spec(name) for name in ("tensorrt_bindings", "tensorrt_lean_bindings")]
FOLDERS = [Path(spec.origin).parent for spec in SPECS if spec and spec.origin]
pytestmark = [
    pytest.mark.skipif(not FOLDERS, reason="needs a wheel of TensorRT's bindings"),
    pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning"),  # in NVIDIA's docstrings
    pytest.mark.filterwarnings("ignore:invalid escape sequence:SyntaxWarning"),  # the same on Python 3.12
]

c = NANO_4B
HEADS, SIZE, STATE = c.mamba_num_heads, c.mamba_head_dim, c.ssm_state_size
GROUPED = c.n_groups * STATE
CONV = {"x": (1, -1, c.conv_size), "window": (1, 3, c.conv_size), "weight": (c.conv_size, 1, 4), "bias": (c.conv_size,)}
SCAN = {
    "x": (1, -1, HEADS * SIZE),
    "dt": (1, -1, HEADS),
    "dt_bias": (HEADS,),
    "a_log": (HEADS,),
    "b": (1, -1, GROUPED),
    "c": (1, -1, GROUPED),
    "d": (HEADS,),
    "ssm": (1, HEADS, STATE, SIZE),
}


class DataType(enum.Enum):
    FLOAT, HALF, BF16, FP8, INT4 = range(5)


class Dimension:
    """A number, or an expression of the length T that is known only when the engine runs."""

    def __init__(self, value: int | Callable[[int], int]) -> None:
        self.value = value

    def is_constant(self) -> bool:
        return isinstance(self.value, int)

    def get_constant_value(self) -> int:
        assert isinstance(self.value, int)
        return self.value

    def at(self, length: int) -> int:
        return self.value if isinstance(self.value, int) else self.value(length)


class Expressions:
    """TensorRT's expression builder."""

    def constant(self, value: int) -> Dimension:
        return Dimension(value)

    def operation(self, operation: str, a: Dimension, b: Dimension) -> Dimension:
        compute = {"SUM": lambda m, n: m + n, "CEIL_DIV": lambda m, n: -(-m // n)}[operation]
        if a.is_constant() and b.is_constant():
            return Dimension(compute(a.get_constant_value(), b.get_constant_value()))
        return Dimension(lambda length: compute(a.at(length), b.at(length)))


@dataclass
class PluginTensorDesc:
    type: DataType | None = None
    format: str = "LINEAR"
    dims: tuple[int, ...] = ()
    scale: float = 1.0


@dataclass
class DynamicPluginTensorDesc:
    desc: PluginTensorDesc
    min: tuple[int, ...]
    opt: tuple[int, ...]
    max: tuple[int, ...]


class Names:
    """An enumeration of which only the names matter."""

    def __getattr__(self, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return name


@dataclass
class Registry:
    creators: dict[str, Any] = field(default_factory=dict)

    def register_creator(self, creator: Any, namespace: str) -> None:
        self.creators[f"{namespace}::{creator.name}"] = creator

    def get_creator(self, name: str, version: str, namespace: str) -> Any:
        assert version == "1"
        return self.creators[f"{namespace}::{name}"]


def stub(folder: Path) -> ModuleType:
    """A module `tensorrt` whose `tensorrt.plugin` is the real one."""
    module = ModuleType("tensorrt")
    module.__path__ = [str(folder)]
    interfaces = "IPluginV3 IPluginV3QuickCore IPluginV3QuickBuild IPluginV3QuickRuntime IPluginV3QuickAOTBuild"
    for name in f"{interfaces} IPluginCreatorV3Quick ISymExpr ITensor IExprBuilder".split():
        setattr(module, name, type(name, (), {}))
    registry = Registry()
    enumerations = "TensorFormat DimensionOperation PluginArgType PluginArgDataType PluginFieldType TensorRTPhase"
    vars(module).update(
        {name: Names() for name in [*enumerations.split(), "QuickPluginCreationRequest"]},
        DataType=DataType,
        IDimensionExpr=Dimension,
        PluginTensorDesc=PluginTensorDesc,
        DynamicPluginTensorDesc=DynamicPluginTensorDesc,
        Dims=type("Dims", (tuple,), {"MAX_DIMS": 8}),
        DimsExprs=lambda length: [None] * length,
        PluginField=SimpleNamespace,
        PluginFieldCollection=list,
        Logger=type("Logger", (), {"WARNING": 2, "log": lambda self, level, text: None}),
        get_plugin_registry=lambda: registry,
    )
    # Annotations of the layer only.
    module.TensorDesc = module.float32 = module.int32 = None  # type: ignore[attr-defined]
    return module


@dataclass(frozen=True)
class Launch:
    """What TensorRT would keep in the engine for one profile."""

    entry: str
    ptx: str
    shapes: list[list[int]]
    types: list[DataType]
    parameters: Callable[[int], dict[str, int]]
    extra: Callable[[int], list[int]]


class Builder:
    """Calls a plugin as TensorRT's builder does."""

    def __init__(self, trt: ModuleType) -> None:
        self.trt = trt

    def build(
        self, name: str, inputs: dict[str, tuple[int, ...]], types: dict[str, DataType], longest: int, length: int = 7
    ) -> Launch:
        """One node in one profile with T from 1 to `longest`; shapes are told for `length`."""
        request = self.trt.QuickPluginCreationRequest.STRICT_AOT
        creator = self.trt.get_plugin_registry().get_creator(name, "1", "nemotron_ssm")
        plugin = creator.create_plugin(name, "nemotron_ssm", [], self.trt.TensorRTPhase.BUILD, request)
        given = list(types.values())
        found = plugin.get_output_data_types(given, [len(shape) for shape in inputs.values()])
        fixed = longest == 1
        dims = [[Dimension(1 if fixed else lambda t: t) if n < 0 else Dimension(n) for n in s] for s in inputs.values()]
        shapes = plugin.get_output_shapes(dims, [], Expressions())
        tensors = []
        for dtype, shape in zip([*given, *found], [*dims, *shapes], strict=True):
            low, high = tuple(d.at(1) for d in shape), tuple(d.at(longest) for d in shape)
            desc = PluginTensorDesc(dtype, dims=tuple(d.value if d.is_constant() else -1 for d in shape))
            tensors.append(DynamicPluginTensorDesc(desc, low, high, high))
        combinations = plugin.get_supported_format_combinations(tensors, len(given))
        assert [(d.type, d.format) for d in combinations] == [(t.desc.type, "LINEAR") for t in tensors]
        plugin.configure_plugin(tensors[: len(given)], tensors[len(given) :])
        (tactic,) = plugin.get_valid_tactics()
        plugin.set_tactic(tactic)
        launch, extra = SimpleNamespace(), Extra()
        plugin.get_launch_params(dims, tensors, len(given), launch, extra, Expressions())
        descs = [t.desc for t in tensors]
        entry, ptx = plugin.get_kernel(descs[: len(given)], descs[len(given) :])
        return Launch(
            entry,
            ptx.decode(),
            [[d.at(length) for d in shape] for shape in shapes],
            found,
            lambda t: {key: value.expr.at(t) for key, value in vars(launch).items()},
            lambda t: [extra.numbers[i].expr.at(t) for i in range(extra.nbSymExprs)],
        )


class Extra:
    """Takes the numbers between inputs and outputs, as TensorRT's setter."""

    def __init__(self) -> None:
        self.numbers: dict[int, Any] = {}
        self.nbSymExprs = 0

    def __setitem__(self, index: int, number: Any) -> None:
        assert (number.type, number.dtype) == ("INT", "INT32")
        self.numbers[index] = number


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def builder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Builder]:
    ours = [name for name in sys.modules if name.split(".")[0] == "tensorrt" or name == "engines.ssm.plugins"]
    for name in ours:
        monkeypatch.delitem(sys.modules, name)
    trt = stub(request.param)
    monkeypatch.setitem(sys.modules, "tensorrt", trt)
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    importlib.import_module("engines.ssm.plugins").register(87)
    yield Builder(trt)
    for name in [name for name in sys.modules if name.startswith("tensorrt.") or name == "engines.ssm.plugins"]:
        del sys.modules[name]


def typed(inputs: dict[str, tuple[int, ...]], dtype: DataType, **others: DataType) -> dict[str, DataType]:
    return dict.fromkeys(inputs, dtype) | ({"ssm": DataType.FLOAT} if "ssm" in inputs else {}) | others


def parameters(ptx: str) -> list[str]:
    return re.findall(r"^\s*\.param \.(\w+)", ptx, re.M)


def test_the_scan_is_launched_for_any_length(builder: Builder) -> None:
    made = builder.build("SelectiveScan", SCAN, typed(SCAN, DataType.BF16), 2048)
    assert made.shapes == [[1, 7, HEADS * SIZE], [1, HEADS, STATE, SIZE]]
    assert made.types == [DataType.BF16, DataType.FLOAT]
    wanted = {"grid_x": 5, "grid_y": 96, "grid_z": 1, "block_x": 128, "block_y": 1, "block_z": 1, "shared_mem": 24576}
    assert made.parameters(2048) == wanted
    assert made.extra(2048) == [2048]
    assert f".entry {made.entry}(" in made.ptx
    assert parameters(made.ptx) == ["u64"] * 8 + ["u32"] + ["u64"] * 2  # inputs, extras, outputs, and nothing more


def test_the_conv_is_launched_for_any_length(builder: Builder) -> None:
    made = builder.build("CausalConv", CONV, typed(CONV, DataType.HALF), 2048)
    assert made.shapes == [[1, 7, c.conv_size], [1, 3, c.conv_size]]
    assert [made.parameters(t)["grid_x"] for t in (1, 16, 17, 2048)] == [1, 1, 2, 128]
    assert made.parameters(1)["grid_y"] == 76
    assert made.extra(17) == [17]
    assert parameters(made.ptx) == ["u64"] * 4 + ["u32"] + ["u64"] * 2


def test_a_profile_of_one_token_gets_the_form_for_it(builder: Builder) -> None:
    scan = builder.build("SelectiveScan", SCAN, typed(SCAN, DataType.BF16), 1)
    assert scan.entry == "selective_scan_token"
    assert scan.extra(1) == []
    assert parameters(scan.ptx) == ["u64"] * 10
    conv = builder.build("CausalConv", CONV, typed(CONV, DataType.BF16), 1)
    assert conv.parameters(1)["grid_x"] == 1


def test_parameters_of_a_layer_may_be_fp32(builder: Builder) -> None:
    types = typed(SCAN, DataType.BF16, dt_bias=DataType.FLOAT, a_log=DataType.FLOAT, d=DataType.FLOAT)
    made = builder.build("SelectiveScan", SCAN, types, 1)
    assert ".target sm_87" in made.ptx


@pytest.mark.parametrize(
    ("types", "words"),
    [
        (typed(SCAN, DataType.FLOAT), "x is FP32"),
        (typed(SCAN, DataType.BF16, b=DataType.HALF), "b is FP16; beside BF16 activations it is BF16"),
        (typed(SCAN, DataType.BF16, ssm=DataType.BF16), "ssm is BF16; beside BF16 activations it is FP32"),
        (typed(SCAN, DataType.FP8), "FP8"),
    ],
)
def test_other_types_are_refused_by_name(builder: Builder, types: dict[str, DataType], words: str) -> None:
    from engines.ssm.kernels import KernelError

    with pytest.raises(KernelError, match=words):
        builder.build("SelectiveScan", SCAN, types, 2048)


def test_the_domain_of_the_nodes_is_the_namespace_of_the_plugins(builder: Builder) -> None:
    from engines.ssm.functions import DOMAIN, standard

    names = {function.name for function in standard(NANO_4B)}
    for plugin in builder.trt.get_plugin_registry().creators:
        namespace, name = plugin.split("::")
        assert namespace == DOMAIN
        assert name in names


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
def test_the_nodes_of_the_graph_for_tensorrt_fit_the_plugins(builder: Builder, dtype: str) -> None:
    from onnx import TensorProto

    from appliance.models import HOME_MODEL
    from engines.tensorrt_graph import tensorrt_model

    graph = tensorrt_model(HOME_MODEL, dtype, 256).graph
    kinds = {TensorProto.FLOAT: DataType.FLOAT, TensorProto.FLOAT16: DataType.HALF, TensorProto.BFLOAT16: DataType.BF16}
    types = {value.name: value.type.tensor_type.elem_type for value in graph.input}
    types |= {tensor.name: tensor.data_type for tensor in graph.initializer}
    types |= {node.output[0]: node.attribute[0].i for node in graph.node if node.op_type == "Cast"}
    wanted = {"CausalConv": CONV, "SelectiveScan": SCAN}
    nodes = [node for node in graph.node if node.op_type in wanted]
    assert len(nodes) == 6
    for node in nodes:
        shapes = wanted[node.op_type]
        given = {name: kinds[types[value]] for name, value in zip(shapes, node.input, strict=True)}
        made = builder.build(node.op_type, shapes, given, 64)
        window = "window" if node.op_type == "CausalConv" else "ssm"
        assert made.types == [given["x"], given[window]]
        # What is bound to one address has one type.
        after = next(value for value in graph.output if value.name == node.output[1])
        assert kinds[after.type.tensor_type.elem_type] == given[window]
