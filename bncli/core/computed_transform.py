"""The forward transform of values of any type: computed in float64, rounded once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.core.rounding import round_into
from bncli.core.thread_memory import reused
from bncli.core.widening import widen
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bncli.core.coefficients import Coefficients
    from bncli.core.named_arrays import Array


@dataclass(frozen=True, slots=True, eq=False)
class ComputedTransform:
    """The operations of a transform, for the channels of its coefficients."""

    coefficients: Coefficients
    dtype: str
    """Of the result, one of `rounding.FLOAT_DTYPES`."""

    def map(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> ComputedTransform:
        """Return the transform for channels that are repeated or reshaped."""
        return ComputedTransform(self.coefficients.map(change), self.dtype)

    def __getitem__(self, part: slice) -> ComputedTransform:
        """Return the transform of a part of the channels."""
        return ComputedTransform(self.coefficients[part], self.dtype)

    def apply(self, x: Array, out: Array) -> None:
        """Write the normalized values of `x` into `out`, of the same shape; the channels broadcast against it."""
        y = reused("wide", x.shape)
        widen(y, x)
        self.coefficients.apply_to(y)
        round_into(out, y, self.dtype)
