# SPDX-License-Identifier: Apache-2.0
"""The stubs in their places, and an engine bundle for them."""

from __future__ import annotations

import functools
import importlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import onnxruntime
import pytest
from onnx import TensorProto, helper

from appliance.models import HOME_MODEL
from engines import store
from engines.bundle import write_manifest
from engines.language_model import load_tokenizer
from engines.runtimes.onnxruntime import OnnxRuntime
from tests.tensorrt_stub import trt
from tests.tensorrt_stub.gpu import Gpu

CONTEXT = 256
_OURS = ("engines.runtimes.tensorrt", "engines.runtimes.cuda")


@contextmanager
def machine(gpu: Gpu | None = None, version: str = trt.VERSION) -> Iterator[Gpu]:
    """TensorRT of a version on a GPU: an Orin with 8 GB, if none is given."""
    if not _computes():
        pytest.skip("this onnxruntime lacks TensorScatter, and the stub computes with it")
    gpu = gpu or Gpu(sm=87)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "tensorrt", trt.module(gpu, version))
        plugins = ModuleType("engines.ssm.plugins")  # what is registered, test_plugins.py looks at
        plugins.register = lambda sm: None  # type: ignore[attr-defined]
        patch.setitem(sys.modules, "engines.ssm.plugins", plugins)
        patch.setattr(importlib.import_module("engines.ssm"), "plugins", plugins, raising=False)
        for name in _OURS:
            sys.modules.pop(name, None)
        patch.setattr(importlib.import_module("engines.runtimes.cuda"), "driver", gpu)
        trt.IExecutionContext.executed.clear()
        try:
            yield gpu
        finally:
            for name in _OURS:
                sys.modules.pop(name, None)
            trt.IExecutionContext.fail, trt.INetworkDefinition.broken = False, None


@functools.cache
def _computes() -> bool:
    """Whether onnxruntime has the operators of the graph for TensorRT."""
    cache, new = (helper.make_tensor_value_info(n, TensorProto.FLOAT16, [1, 1, s, 8]) for n, s in (("a", 4), ("b", 1)))
    at = helper.make_tensor_value_info("at", TensorProto.INT64, [1])
    after = helper.make_tensor_value_info("after", TensorProto.FLOAT16, [1, 1, 4, 8])
    node = helper.make_node("TensorScatter", ["a", "b", "at"], ["after"])
    graph = helper.make_graph([node], "probe", [cache, new, at], [after])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 24)], ir_version=11)
    try:
        onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    except Exception:  # onnxruntime raises its own unrelated types here
        return False
    return True


def home_bundle(folder: Path) -> Path:
    """The first network of the home model with a reference, as engines are built from."""
    shutil.copytree(HOME_MODEL, folder, ignore=shutil.ignore_patterns("member-*"))
    write_manifest(folder)
    store.write_reference(folder, OnnxRuntime(folder), load_tokenizer(folder))
    return folder


def load(folder: Path) -> Any:
    """The runtime of this project, on the machine that is set up."""
    return importlib.import_module("engines.runtimes.tensorrt").TensorRT(folder)
