"""Writes an array to a .npy file piece by piece, so that it never has to be in memory whole."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bncli.core.named_arrays import Array


class NumpyWriter:
    """A .npy file in C order and little-endian: the header at once, then the elements as they come.

    Args:
        file: open for writing bytes, at its start.
        shape: lengths of the axes.
        dtype: NumPy's name of the element type. For bfloat16, which NumPy lacks, give `float32`: it holds every value.
    """

    def __init__(self, file: IO[bytes], shape: tuple[int, ...], dtype: str) -> None:
        self._file = file
        self._dtype = np.dtype(dtype).newbyteorder("<")
        header = {"descr": self._dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)

    def write(self, values: Array) -> None:
        """Write the next elements, flat in C order."""
        self._file.write(np.ascontiguousarray(values, self._dtype).data)
