"""Writes an array to a .npy file piece by piece, so that it never has to be in memory whole."""

from __future__ import annotations

import io
import math
from typing import IO, TYPE_CHECKING

import numpy as np

from bncli.formats.array_body import ArrayBody

if TYPE_CHECKING:
    from bncli.core.named_arrays import Array, ArraySpec


class NumpyWriter:
    """A .npy file in C order and little-endian: the header at once, then the elements as they come.

    Args:
        file: open for writing bytes, at its start.
        spec: shape and element type; bfloat16, which NumPy lacks, is stored as float32, which holds every value of it.
    """

    def __init__(self, file: IO[bytes], spec: ArraySpec) -> None:
        self._dtype = np.dtype("float32" if spec.dtype == "bfloat16" else spec.dtype).newbyteorder("<")
        header = io.BytesIO()
        described = {"descr": self._dtype.str, "fortran_order": False, "shape": spec.shape}
        np.lib.format.write_array_header_1_0(header, described)
        self._body = ArrayBody(file, header.getvalue(), math.prod(spec.shape) * self._dtype.itemsize)

    @property
    def is_order_free(self) -> bool:
        """Whether elements may come in any order, and from copies of this process."""
        return self._body.is_order_free

    def write(self, start: int, values: Array) -> None:
        """Write the elements from `start` on, flat in C order."""
        self._body.write(start * self._dtype.itemsize, np.ascontiguousarray(values, self._dtype).view(np.uint8).data)
