# SPDX-License-Identifier: Apache-2.0
"""TensorRT and a GPU for machines without either: what they would check is checked, and what they would compute is
computed by onnxruntime from the same graph, in memory of the CPU.
"""
