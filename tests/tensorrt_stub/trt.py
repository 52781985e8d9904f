# SPDX-License-Identifier: Apache-2.0
"""TensorRT's Python interface, as far as this project uses it: builder, parser, engine and execution context.

Names are those of the real bindings (a test compares them). An engine is the graph itself; its plugin nodes get bodies
again, of fp32 between casts, and onnxruntime computes.
"""

from __future__ import annotations

import enum
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from engines.nemotron_h.config import NemotronHConfig
from engines.ssm import functions
from tests.tensorrt_stub.gpu import Gpu, GpuFault

VERSION = "10.16.1.11"
_LINE = b"\n--- graph ---\n"
PLUGIN_INPUTS = {"CausalConv": (0, 1), "SelectiveScan": (0, 1, 4, 5)}
"""Which inputs of a plugin must have 16 bits; the others may be fp32."""


class DataType(enum.Enum):
    FLOAT, HALF, BF16, INT64 = range(4)


KINDS = {
    TensorProto.FLOAT: (DataType.FLOAT, np.float32),
    TensorProto.FLOAT16: (DataType.HALF, np.float16),
    TensorProto.BFLOAT16: (DataType.BF16, np.uint16),
    TensorProto.INT64: (DataType.INT64, np.int64),
}


class ILogger:
    INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)

    def log(self, severity: Any, text: str) -> None:
        raise NotImplementedError


class IProgressMonitor:
    pass


class NetworkDefinitionCreationFlag(enum.IntEnum):
    STRONGLY_TYPED = 1


class MemoryPoolType(enum.Enum):
    WORKSPACE, TACTIC_DRAM = range(2)


class ExecutionContextAllocationStrategy(enum.Enum):
    STATIC, ON_PROFILE_CHANGE, USER_MANAGED = range(3)


class Builder:
    endless = False
    """Whether a build goes on until it is stopped."""

    def __init__(self, logger: ILogger) -> None:
        self.logger, self.max_threads = logger, 8

    def create_network(self, flags: int) -> INetworkDefinition:
        assert flags == 1 << NetworkDefinitionCreationFlag.STRONGLY_TYPED
        return INetworkDefinition()

    def create_builder_config(self) -> IBuilderConfig:
        return IBuilderConfig()

    def create_optimization_profile(self) -> IOptimizationProfile:
        return IOptimizationProfile()

    def build_serialized_network(self, network: INetworkDefinition, config: IBuilderConfig) -> bytes | None:
        monitor = config.progress_monitor
        monitor.phase_start("Building engine", None, 2)
        if network.broken is not None:
            self.logger.log(
                ILogger.ERROR, f"Error Code 10: no implementation for node {network.broken}. In f at /a.cpp:1"
            )
            return None
        assert network.model is not None and network.path is not None
        while self.endless and monitor.step_complete("Building engine", 0):
            pass
        if not monitor.step_complete("Building engine", 1):
            return None
        monitor.phase_finish("Building engine")
        config.cache.data = b"measured"
        header = {"profiles": config.profiles, "path": str(network.path), "config": network.config.to_dict()}
        return json.dumps(header).encode() + _LINE + network.model.SerializeToString()


class Layer:
    def __init__(self, name: str) -> None:
        self.name = name


class INetworkDefinition:
    broken: str | None = None
    """The node that tests say cannot be built."""

    def __init__(self) -> None:
        self.model: onnx.ModelProto | None = None
        self.path: Path | None = None
        self.config: Any = None

    @property
    def num_layers(self) -> int:
        assert self.model is not None
        return len(self.model.graph.node)

    def get_layer(self, index: int) -> Layer:
        assert self.model is not None
        return Layer(self.model.graph.node[index].name)


class OnnxParser:
    """Checks what the real one would trip over."""

    def __init__(self, network: INetworkDefinition, logger: ILogger) -> None:
        self.network, self.num_errors = network, 0

    def parse(self, model: bytes, path: str) -> bool:
        found = onnx.load_from_string(model)
        names = [node.name for node in found.graph.node]
        assert len(set(names)) == len(names), "two layers have one name"
        assert not found.functions, "the parser would take these bodies and not the plugins"
        for tensor in found.graph.initializer:
            if tensor.data_location == TensorProto.EXTERNAL:
                place = {entry.key: entry.value for entry in tensor.external_data}
                assert (Path(path).parent / place["location"]).is_file()
        types = {t.name: t.data_type for t in found.graph.initializer}
        types |= {v.name: v.type.tensor_type.elem_type for v in found.graph.input}
        for node in found.graph.node:
            if node.op_type == "Cast":
                types[node.output[0]] = node.attribute[0].i
            if node.domain == functions.DOMAIN:
                self._plugin(node, types)
        self.network.model, self.network.path = found, Path(path)
        self.network.config = NemotronHConfig.from_folder(Path(path).parent)  # for the bodies
        return True

    @staticmethod
    def _plugin(node: onnx.NodeProto, types: dict[str, int]) -> None:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        assert attributes == {"plugin_namespace": b"nemotron_ssm", "plugin_version": b"1", "aot": 1}
        halves = {types[node.input[place]] for place in PLUGIN_INPUTS[node.op_type]}
        assert len(halves) == 1 and halves <= {TensorProto.BFLOAT16, TensorProto.FLOAT16}
        if node.op_type == "SelectiveScan":
            assert types[node.input[7]] == TensorProto.FLOAT


class IOptimizationProfile:
    def __init__(self) -> None:
        self.shapes: dict[str, Any] = {}

    def set_shape(self, input: str, min: Any, opt: Any, max: Any) -> None:
        assert min <= opt <= max
        self.shapes[input] = [min, opt, max]


class TimingCache:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def serialize(self) -> bytes:
        return self.data


class IBuilderConfig:
    def __init__(self) -> None:
        self.progress_monitor: Any = None
        self.max_aux_streams = 7
        self.pools: dict[Any, int] = {}
        self.profiles: list[Any] = []
        self.cache = TimingCache(b"")

    def set_memory_pool_limit(self, pool: MemoryPoolType, pool_size: int) -> None:
        self.pools[pool] = pool_size

    def add_optimization_profile(self, profile: IOptimizationProfile) -> int:
        assert set(profile.shapes) == {"tokens"}, "all else has a fixed shape"
        self.profiles.append(profile.shapes["tokens"])
        return len(self.profiles) - 1

    def create_timing_cache(self, serialized_timing_cache: bytes) -> TimingCache:
        return TimingCache(serialized_timing_cache)

    def set_timing_cache(self, cache: TimingCache, ignore_mismatch: bool) -> bool:
        if cache.data not in (b"", b"measured"):
            return False
        self.cache = cache
        return True

    def get_timing_cache(self) -> TimingCache:
        return self.cache


class Runtime:
    gpu: Gpu

    def __init__(self, logger: ILogger) -> None:
        self.logger = logger

    def deserialize_cuda_engine(self, serialized_engine: Any) -> ICudaEngine | None:
        content = bytes(serialized_engine)
        if _LINE not in content:
            self.logger.log(ILogger.ERROR, "Serialization assertion stdVersionRead == kSERIALIZATION_VERSION failed")
            return None
        header, model = content.split(_LINE, 1)
        return ICudaEngine(self, json.loads(header), onnx.load_from_string(model))


class ICudaEngine:
    scratch = (4096, 65536)
    """Bytes that each profile works in."""

    def __init__(self, runtime: Runtime, header: dict[str, Any], model: onnx.ModelProto) -> None:
        self.runtime, self.profiles = runtime, header["profiles"]
        self.tensors: dict[str, tuple[tuple[int, ...], DataType, Any]] = {}
        for value in (*model.graph.input, *model.graph.output):
            shape = tuple(d.dim_value or -1 for d in value.type.tensor_type.shape.dim)
            self.tensors[value.name] = (shape, *KINDS[value.type.tensor_type.elem_type])
        self.aliases = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "TensorScatter"}
        self.session = _session(model, Path(header["path"]), NemotronHConfig.from_dict(header["config"]))

    @property
    def num_io_tensors(self) -> int:
        return len(self.tensors)

    def get_tensor_name(self, index: int) -> str:
        return list(self.tensors)[index]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name][0]

    def get_tensor_dtype(self, name: str) -> DataType:
        return self.tensors[name][1]

    def get_tensor_profile_shape(self, name: str, profile_index: int) -> list[Any]:
        assert name == "tokens"
        return [tuple(shape) for shape in self.profiles[profile_index]]

    def get_device_memory_size_for_profile_v2(self, profile_index: int) -> int:
        return self.scratch[profile_index]

    def create_execution_context(self, strategy: ExecutionContextAllocationStrategy) -> IExecutionContext:
        assert strategy == ExecutionContextAllocationStrategy.USER_MANAGED
        return IExecutionContext(self)


class IExecutionContext:
    fail = False
    """Tests: the next step fails."""
    executed: list[tuple[int, int]] = []  # noqa: RUF012
    """Profile and tokens of every step of every context that TensorRT was asked for."""

    def __init__(self, engine: ICudaEngine) -> None:
        self.engine = engine
        self.profile = -1
        self.addresses: dict[str, int] = {}
        self.count = 0
        self.memory: tuple[int, int] | None = None

    def set_optimization_profile_async(self, profile_index: int, stream_handle: int) -> bool:
        self.profile = profile_index
        return True

    def set_device_memory(self, memory: int, size: int) -> None:
        assert size >= self.engine.scratch[self.profile]
        self.engine.runtime.gpu.view(memory, size)
        self.memory = memory, size

    def set_tensor_address(self, name: str, memory: int) -> bool:
        assert name in self.engine.tensors
        assert memory % 256 % 16 == 0, "the kernels read 16 bytes at once"
        self.addresses[name] = memory
        return True

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        assert name == "tokens"
        least, _, most = self.engine.profiles[self.profile]
        if not tuple(least) <= shape <= tuple(most):
            self.engine.runtime.logger.log(ILogger.ERROR, f"{shape} is not in profile {self.profile}")
            return False
        (self.count,) = shape
        return True

    def execute_async_v3(self, stream_handle: int) -> bool:
        if IExecutionContext.fail:
            self.engine.runtime.logger.log(ILogger.ERROR, "Error Code 1: Cask (Cask convolution execution)")
            return False
        assert self.memory is not None and set(self.addresses) == set(self.engine.tensors) and self.count
        for out, past in self.engine.aliases.items():
            assert self.addresses[out] == self.addresses[past], f"{out} must lie where {past} does"
        for name in self.addresses:
            if name.startswith("next."):
                assert self.addresses[name] == self.addresses[name.removeprefix("next.")]
        count, addresses = self.count, dict(self.addresses)
        IExecutionContext.executed.append((self.profile, count))
        self.engine.runtime.gpu.put(stream_handle, lambda: self._compute(count, addresses))
        return True

    def _compute(self, count: int, addresses: dict[str, int]) -> None:
        views = {}
        for name, (shape, _, dtype) in self.engine.tensors.items():
            shape = (count,) if name == "tokens" else shape
            size = int(np.prod(shape)) * np.dtype(dtype).itemsize
            views[name] = self.engine.runtime.gpu.view(addresses[name], size).view(dtype).reshape(shape)
        total = int(views["total"][0])
        if not count <= total <= views[next(n for n in views if n.startswith("key."))].shape[2]:
            raise GpuFault(f"{count} tokens up to {total} do not fit the cache")
        session = self.engine.session
        found = session.run(None, {i.name: views[i.name] for i in session.get_inputs()})
        for out, array in zip(session.get_outputs(), found, strict=True):
            np.copyto(views[out.name], array)


def _session(model: onnx.ModelProto, path: Path, config: NemotronHConfig) -> onnxruntime.InferenceSession:
    """The graph with bodies for the plugins, in onnxruntime."""
    half = next(v.type.tensor_type.elem_type for v in model.graph.input if v.name.startswith("conv."))
    for body in functions.standard(config):
        if body.name in PLUGIN_INPUTS:
            model.functions.append(_between_casts(body, half))
    for node in model.graph.node:
        if node.domain == functions.DOMAIN:
            del node.attribute[:]
    onnx.load_external_data_for_model(model, str(path.parent))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it tells of every cache that is not updated in place
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _between_casts(body: onnx.FunctionProto, half: int) -> onnx.FunctionProto:
    """The body in fp32, with everything that has 16 bits cast in front and behind."""
    nodes = [helper.make_node("Cast", [f"{name}_in"], [name], to=TensorProto.FLOAT) for name in body.input]
    nodes += body.node
    nexts = TensorProto.FLOAT if body.name == "SelectiveScan" else half
    casts = zip(body.output, (half, nexts), strict=True)
    nodes += [helper.make_node("Cast", [name], [f"{name}_out"], to=to) for name, to in casts]
    inputs, outputs = [f"{name}_in" for name in body.input], [f"{name}_out" for name in body.output]
    imports = [helper.make_opsetid("", 24)]
    return helper.make_function(functions.DOMAIN, body.name, inputs, outputs, nodes, imports)


KINDS_OF_THINGS = [
    *(DataType, ILogger, IProgressMonitor, NetworkDefinitionCreationFlag, MemoryPoolType),
    *(ExecutionContextAllocationStrategy, Builder, INetworkDefinition, OnnxParser, IOptimizationProfile),
    *(IBuilderConfig, Runtime, ICudaEngine, IExecutionContext),
]
"""What the real module has too."""


def module(gpu: Gpu, version: str = VERSION) -> ModuleType:
    """A module `tensorrt` on a GPU."""
    made = ModuleType("tensorrt")
    vars(made).update({kind.__name__: kind for kind in KINDS_OF_THINGS})
    made.__version__ = version  # type: ignore[attr-defined]
    made.Runtime = type("Runtime", (Runtime,), {"gpu": gpu})  # type: ignore[attr-defined]
    return made
