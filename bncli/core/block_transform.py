"""The forward transform of blocks, piece by piece in the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.computed_transform import ComputedTransform
from bncli.core.float16_transform import Float16Transform, pays_to_look_up
from bncli.core.rounding import stored_dtype
from bncli.core.thread_memory import reused
from bncli.core.transform_pieces import TransformPieces

if TYPE_CHECKING:
    from bncli.core.channel_layout import Block, ChannelLayout
    from bncli.core.named_arrays import Array
    from bncli.core.normalization import Normalization
    from bncli.core.value_range import ValueRange


class BlockTransform:
    """Normalizes the blocks of one array; blocks may come in any order and from several threads.

    Args:
        layout: shape and channel axis of the array.
        normalization: the transform.
        dtype: element type of the result, one of `rounding.FLOAT_DTYPES`; bfloat16 is held in float32.
        extremes: of the array, each channel's; where they are known, many values of float16 are faster.
    """

    def __init__(
        self, layout: ChannelLayout, normalization: Normalization, dtype: str, extremes: ValueRange | None = None
    ) -> None:
        self.layout = layout
        self._stored_dtype = stored_dtype(dtype)
        coefficients = normalization.coefficients()
        self._pieces = self._pieces_of_float16 = TransformPieces(layout, ComputedTransform(coefficients, dtype))
        if dtype == "float16" and extremes is not None and pays_to_look_up(layout):
            self._pieces_of_float16 = TransformPieces(layout, Float16Transform.of(coefficients, extremes))

    def apply(self, block: Block, values: Array) -> Array:
        """Return the normalized values of a block, both flat in C order.

        They last until the same thread transforms the next block.
        """
        out = reused("rounded", values.shape, self._stored_dtype)
        pieces = self._pieces_of_float16 if values.dtype == np.float16 else self._pieces
        for place, shape, transform in pieces.of(block):
            transform.apply(values[place].reshape(shape), out[place].reshape(shape))
        return out
