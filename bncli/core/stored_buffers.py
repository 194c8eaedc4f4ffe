"""Running statistics in the precision of the buffers that a model stores, bit for bit as PyTorch's CPU kernels round.

An update that is smaller than half the spacing of the buffer's numbers is lost, and the buffer stands still: how soon,
depends on the dtype and on the order of roundings, which is why they are reproduced one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar

import numpy as np

from bncli.core.rounding import round_to, round_to_bfloat16
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bncli.core.batch_statistics import BatchStatistics

BufferDtype = Literal["float32", "bfloat16", "float16"]

# Of a float32, for rounding to bfloat16, which is its upper half. Made once: a step takes microseconds.
_DROPPED_BITS, _LAST_BIT, _UNDER_HALF, _KEPT_BITS = np.array([16, 1, 0x7FFF, 0xFFFF0000], np.uint32)

Buffer = TypeVar("Buffer", np.float16, np.float32)
FloatArray: TypeAlias = "NDArray[np.floating[Any]]"
Rounding: TypeAlias = Callable[[FloatArray], "NDArray[np.float32]"]


@dataclass(frozen=True, slots=True)
class _Arithmetic:
    """How PyTorch updates buffers of one dtype, when the input has that dtype too."""

    operand: Rounding
    """Rounding of the momentum, the batch statistics, and products of the momentum and its complement with them."""
    wide: type[np.floating[Any]]
    """Type of the product of momentum and batch variance, and of the sum of both products."""
    steps: Callable[[NDArray[np.float32], NDArray[np.float32], FloatArray], FloatArray]
    """The loop over steps, from initial values, old weights and increments to the values of the buffer."""


def stored_buffers(
    initial: NDArray[np.float32],
    batches: BatchStatistics,
    momenta: Sequence[float | None],
    dtype: BufferDtype,
    num_seen: float = 0,
) -> NDArray[np.float32]:
    """Return what a PyTorch model stores as running mean and variance after each batch.

    `r <- m x + (1 - m) r` with PyTorch's roundings; the variance has ddof 1.

    Args:
        initial: buffers before the first batch, shape (M, 2, C): for each momentum, mean and variance. Values of
            `dtype`, as `as_stored` gives them.
        batches: T batches.
        momenta: M weights of the new batch; `None` is the cumulative average, 1 / T for its T-th batch.
        dtype: element type of the buffers and of the model's input.
        num_seen: batches that went into `initial`; only the cumulative average asks.

    Returns:
        Shape (T, M, 2, C); float32 that holds values of `dtype`.

    References:
        `aten/src/ATen/native/Normalization.cpp`, `batch_norm_cpu_update_stats_template`. A momentum becomes a number
        of the parameters' type, so that bfloat16 has 0.1001 for 0.1 and rounds each product; float32 multiplies the
        variance in double, and adds so; float16 is computed in float32 and rounded once.
    """
    rules = _ARITHMETIC[dtype]
    counts = num_seen + np.arange(1.0, len(batches) + 1)
    weights = [1 / counts if momentum is None else np.full(len(batches), momentum) for momentum in momenta]
    new_weight = rules.operand(np.stack(weights, axis=1))
    old_weight = rules.operand(1 - new_weight.astype(rules.wide))[:, :, None, None]
    increments = _increments(batches, new_weight[:, :, None], rules)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return rules.steps(initial, old_weight, increments).astype(np.float32, copy=False)


def as_stored(values: FloatArray, dtype: BufferDtype) -> NDArray[np.float32]:
    """Return values rounded to a buffer's dtype, held in float32."""
    return round_to(values.astype(np.float64), dtype).astype(np.float32)


def _increments(batches: BatchStatistics, weight: NDArray[np.float32], rules: _Arithmetic) -> FloatArray:
    """Return the weighted batch statistics that enter each update, shape (T, M, 2, C)."""
    divisor = rules.operand(batches.num_values[:, None] - 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = rules.operand(batches.mean)
        var = rules.operand(rules.operand(batches.m2) / divisor)
        weighted_mean = rules.operand(weight * mean[:, None])
        weighted_var = weight.astype(rules.wide) * var[:, None]
    return np.stack([weighted_mean.astype(rules.wide), weighted_var], axis=2)


def _to_float32(values: FloatArray) -> NDArray[np.float32]:
    return values.astype(np.float32)


def _float32_steps(
    value: NDArray[np.float32], old_weight: NDArray[np.float32], increments: FloatArray
) -> NDArray[np.float32]:
    return _rounded_once(value, old_weight, increments, np.empty(increments.shape, np.float32))


def _float16_steps(
    value: NDArray[np.float32], old_weight: NDArray[np.float32], increments: FloatArray
) -> NDArray[np.float16]:
    return _rounded_once(value.astype(np.float16), old_weight, increments, np.empty(increments.shape, np.float16))


def _rounded_once(
    value: NDArray[Buffer], old_weight: NDArray[np.float32], increments: FloatArray, values: NDArray[Buffer]
) -> NDArray[Buffer]:
    """Fill in the values step by step; what is kept of the old value is a float32, the sum is rounded to the buffer."""
    kept = np.empty(value.shape, np.float32)
    for weight, increment, row in zip(old_weight, increments, values, strict=True):
        np.multiply(weight, value, out=kept)
        np.add(increment, kept, out=row, casting="same_kind")
        value = row
    return values


def _bfloat16_steps(
    value: NDArray[np.float32], old_weight: NDArray[np.float32], increments: FloatArray
) -> NDArray[np.float32]:
    """Return the values step by step; what is kept of the old value is rounded too, and then the sum."""
    values = np.empty(increments.shape, np.float32)
    kept = np.empty(value.shape, np.float32)
    kept_bits, scratch = kept.view(np.uint32), np.empty(value.shape, np.uint32)
    for weight, increment, row, bits in zip(old_weight, increments, values, values.view(np.uint32), strict=True):
        np.multiply(weight, value, kept)
        _round_bits(kept_bits, scratch)
        np.add(increment, kept, row)
        _round_bits(bits, scratch)
        value = row
    return values


def _round_bits(bits: NDArray[np.uint32], scratch: NDArray[np.uint32]) -> None:
    """Round float32 to bfloat16 in place: just under half a unit is added, and one more where that makes ties even."""
    # The last argument is the output; named, it would take a fifth longer on arrays as small as these.
    np.right_shift(bits, _DROPPED_BITS, scratch)
    np.bitwise_and(scratch, _LAST_BIT, scratch)
    np.add(scratch, _UNDER_HALF, scratch)
    np.add(bits, scratch, bits)
    np.bitwise_and(bits, _KEPT_BITS, bits)


_ARITHMETIC: Final[dict[BufferDtype, _Arithmetic]] = {
    "float32": _Arithmetic(operand=_to_float32, wide=np.float64, steps=_float32_steps),
    "bfloat16": _Arithmetic(operand=round_to_bfloat16, wide=np.float32, steps=_bfloat16_steps),
    "float16": _Arithmetic(operand=_to_float32, wide=np.float32, steps=_float16_steps),
}
