# SPDX-License-Identifier: Apache-2.0
"""Numbers of few bits: how a matrix is stored in each form, and what it then means.

| form | values | scale |
|---|---|---|
| 8 bit, 4 bit | blocks of 64 along the input axis, the layout of onnxruntime's `MatMulNBits` | fp32, one a block |
| E4M3 | FP8 (sign, 4 bits of exponent, 3 of mantissa) | one a matrix, calibrated |
| INT4/64, INT4/32 | groups along the input axis, as ONNX's `DequantizeLinear` with `block_size` | fp16, one a group |
| BF16 | the upper half of an fp32 | none |

`engines/recipe.py` says which matrix gets which.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.tensor_file import row_pieces

BLOCK = 64
"""Values that share a scale: with an fp32 scale, 4.5 bits a weight, as llama.cpp's Q4_0; 3136 divides by it."""
STORED, BF16, E4M3, BITS_8, BITS_4 = "as stored", "BF16", "E4M3", "8 bit", "4 bit"
INT4 = {64: "INT4/64", 32: "INT4/32"}
"""Group size -> form. TensorRT documents 64 and 128 for INT4, and 128 divides few of the family's sizes."""
GROUP = {form: size for size, form in INT4.items()}
BITS = {BITS_8: 8, BITS_4: 4}
E4M3_MAX = 448.0
"""The largest E4M3 number."""
_IN_CACHE = 1 << 16
"""Values that are worked on at once: so few stay in a core's cache, which is several times faster."""
_CLIPS = (1.0, 0.94, 0.875, 0.8)
"""Shares of a group's largest value that become code 7: cutting a lone outlier off makes the rest finer. With 7/8
nothing is cut where the largest is negative: it becomes -8.
"""


def parts(form: str, shape: Sequence[int]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """What a matrix [rows, columns] is stored as: ending of the name -> (safetensors dtype, shape), values first.

    INT4 values stand two to a byte in `U8`; the graph sees them as INT4 [rows, columns].
    """
    rows, columns = shape[0], shape[-1]
    if form in BITS:
        packed, scales = shapes((rows, columns), BITS[form])
        return {f"q{BITS[form]}": ("U8", packed), "scales": ("F32", scales)}
    if form in GROUP:
        return {"int4": ("U8", (rows, columns // 2)), "scales": ("F16", (rows, columns // GROUP[form]))}
    return {"e4m3": ("F8_E4M3", tuple(shape))} if form == E4M3 else {"bf16": ("BF16", tuple(shape))}


def convert(form: str, weight: NDArray[np.float32], scale: float | None) -> tuple[NDArray[Any], ...]:
    """Rows of a matrix in fp32 -> what `parts` announces, in that order; `scale` is the matrix's, for E4M3."""
    if form in BITS:
        return quantize(weight, BITS[form])
    if form in GROUP:
        return quantize_groups(weight, GROUP[form])
    return (to_e4m3(weight, scale or 1.0),) if form == E4M3 else (to_bf16(weight),)


def shapes(shape: Sequence[int], bits: int, block: int = BLOCK) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of a weight [rows, columns]: the shapes of the packed uint8 values [rows, blocks, bytes] and of the fp32 scales
    [rows, blocks].
    """
    rows, columns = shape
    blocks = -(-columns // block)
    return (rows, blocks, block * bits // 8), (rows, blocks)


def quantize(
    weight: NDArray[np.float32], bits: int, block: int = BLOCK
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """fp32 [rows, columns] -> uint8 [rows, blocks, block * bits / 8] and fp32 scales [rows, blocks]; a value is
    (stored - 2^(bits-1)) * scale. Of 4 bits the even column stands in the low half of a byte.
    """
    rows, columns = weight.shape
    padded = np.pad(weight, ((0, 0), (0, -columns % block))).reshape(rows, -1, block)
    middle = 1 << (bits - 1)
    # Of 4 bits the largest value of a block, with its sign, becomes -8: no code is wasted. Of 8 bits one code is
    # little, and a symmetric range cuts nothing off.
    at = np.abs(padded).argmax(axis=2, keepdims=True)
    largest = np.take_along_axis(padded, at, axis=2)
    scales = largest / np.float32(-8) if bits == 4 else np.abs(largest) / np.float32(127)
    inverse = np.divide(1, scales, out=np.zeros_like(scales), where=scales != 0)
    stored = np.clip(np.rint(padded * inverse) + middle, 0, 2 * middle - 1).astype(np.uint8)
    return _packed(stored) if bits == 4 else stored, scales[..., 0]


def dequantize(stored: NDArray[np.uint8], scales: NDArray[np.float32], columns: int, bits: int) -> NDArray[Any]:
    """The fp32 [rows, columns] that a runtime computes with."""
    if bits == 4:
        stored = _unpacked(stored)
    values = (stored.astype(np.float32) - (1 << (bits - 1))) * scales[..., None]
    return values.reshape(len(stored), -1)[:, :columns]


def quantize_groups(weight: NDArray[np.float32], group: int) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """fp32 [rows, columns], `group` dividing the columns -> INT4 two to a byte, uint8 [rows, columns / 2], the even
    column in the low half, and positive fp16 scales [rows, columns / group]; a value is code * scale in fp16, codes
    from -8 to 7.

    Of a few scales a group takes the one with the least squared error. The scales are rounded first, so that codes are
    chosen for what a runtime multiplies with.
    """
    codes, scales = np.empty(weight.shape, np.int8), np.empty((len(weight), weight.shape[1] // group), np.float16)
    for rows in row_pieces(weight.shape, _IN_CACHE):
        codes[rows], scales[rows] = _grouped(weight[rows].reshape(-1, group), weight[rows].shape, scales.shape[1])
    return _packed((codes & 15).astype(np.uint8)), scales


def _grouped(
    groups: NDArray[np.float32], shape: tuple[int, ...], count: int
) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Codes [rows, columns] and scales [rows, count] of [rows * count, group] values."""
    largest = np.abs(groups).max(axis=1)
    best = np.full(len(groups), np.inf, np.float32)
    scales = np.ones(len(groups), np.float16)
    for clip in _CLIPS:
        scale = np.minimum(largest * np.float32(clip / 7), np.float32(65504)).astype(np.float16)
        scale[scale == 0] = 1  # all zero, or too small for fp16; TensorRT wants no scale of 0
        off = _codes(groups, scale)
        off *= scale.astype(np.float32)[:, None]
        off -= groups
        error = np.einsum("gk,gk->g", off, off)
        better = error < best
        best[better], scales[better] = error[better], scale[better]
    return _codes(groups, scales).astype(np.int8).reshape(shape), scales.reshape(-1, count)


def _codes(groups: NDArray[np.float32], scales: NDArray[np.float16]) -> NDArray[np.float32]:
    codes: NDArray[np.float32] = groups * np.reciprocal(scales.astype(np.float32))[:, None]
    np.rint(codes, out=codes)
    np.clip(codes, -8, 7, out=codes)
    return codes


def dequantize_groups(packed: NDArray[np.uint8], scales: NDArray[np.float16]) -> NDArray[np.float32]:
    """The fp32 [rows, columns] that `quantize_groups` stands for."""
    codes = _unpacked(packed).astype(np.int8)
    codes -= (codes > 7).astype(np.int8) * 16
    values = codes.reshape(*scales.shape, -1) * scales[..., None]  # fp16, as DequantizeLinear gives it
    return values.reshape(len(packed), -1).astype(np.float32)


def to_e4m3(values: NDArray[np.float32], scale: float) -> NDArray[np.uint8]:
    """fp32 -> the bytes of the nearest E4M3 numbers times `scale`, ties to even, what is too large to 448: as ONNX's
    `QuantizeLinear` and TensorRT round.
    """
    import ml_dtypes  # comes with `export`; running a bundle needs none of it

    within = np.clip(values / np.float32(scale), -E4M3_MAX, E4M3_MAX)
    return np.asarray(within.astype(ml_dtypes.float8_e4m3fn).view(np.uint8))


def to_bf16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """fp32 -> the bit patterns of the nearest BF16 numbers, ties to even."""
    import ml_dtypes  # comes with `export`; running a bundle needs none of it

    return np.asarray(values.astype(ml_dtypes.bfloat16).view(np.uint16))


def _packed(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Two codes of 4 bits a byte, the even one in the low half."""
    return np.asarray(codes[..., 0::2] | codes[..., 1::2] << 4, np.uint8)


def _unpacked(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([packed & 15, packed >> 4], axis=-1).reshape(*packed.shape[:-1], -1)
