"""The forward transform as the operations that are applied to float64 values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.row_buffers import rows_apart
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """`y = (x * shrink - mean) * scale + shift`: the operations of a transform; all arrays of one shape."""

    shrink: FloatArray
    mean: FloatArray
    scale: FloatArray
    shift: FloatArray

    @property
    def is_finite(self) -> NDArray[np.bool_]:
        """Whether neither NaN nor infinity is among the coefficients of a channel."""
        return np.isfinite(self.mean) & np.isfinite(self.scale) & np.isfinite(self.shift)

    def map(self, change: Callable[[FloatArray], FloatArray]) -> Coefficients:
        """Return all coefficients repeated or reshaped in the same way."""
        return Coefficients(change(self.shrink), change(self.mean), change(self.scale), change(self.shift))

    def __getitem__(self, part: slice) -> Coefficients:
        """Return the coefficients of a part of the first axis."""
        return Coefficients(self.shrink[part], self.mean[part], self.scale[part], self.shift[part])

    def apply_to(self, y: FloatArray) -> None:
        """Transform values in place; the coefficients broadcast against them."""
        with np.errstate(invalid="ignore", over="ignore", under="ignore"), rows_apart(y.shape[-1]):
            if self.shrink.min(initial=1.0) < 1.0:
                y *= self.shrink
            # The mean goes off before the scale comes on: x * scale + shift would cancel where |mean| >> std.
            y -= self.mean
            y *= self.scale
            y += self.shift
