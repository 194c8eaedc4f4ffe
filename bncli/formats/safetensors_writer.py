"""Writes an array to a safetensors file piece by piece, so that it never has to be in memory whole."""

from __future__ import annotations

import json
import math
from typing import IO, TYPE_CHECKING

import numpy as np

from bncli.formats.array_body import ArrayBody

if TYPE_CHECKING:
    from bncli.core.named_arrays import Array, ArraySpec

_TYPES = {"float64": ("F64", 8), "float32": ("F32", 4), "float16": ("F16", 2), "bfloat16": ("BF16", 2)}
"""The format's name of each element type, and its bytes."""
_ALIGNMENT = 8


class SafetensorsWriter:
    """A safetensors file of one array: the header at once, then the elements as they come.

    Args:
        file: open for writing bytes, at its start.
        spec: name, shape and element type, one of `rounding.FLOAT_DTYPES`.
    """

    def __init__(self, file: IO[bytes], spec: ArraySpec) -> None:
        self._dtype = spec.dtype
        name, self._itemsize = _TYPES[spec.dtype]
        num_bytes = math.prod(spec.shape) * self._itemsize
        entry = {"dtype": name, "shape": list(spec.shape), "data_offsets": [0, num_bytes]}
        described = json.dumps({spec.name: entry}, separators=(",", ":")).encode()
        described += b" " * (-len(described) % _ALIGNMENT)
        self._body = ArrayBody(file, len(described).to_bytes(8, "little") + described, num_bytes)

    @property
    def is_order_free(self) -> bool:
        """Whether elements may come in any order, and from copies of this process."""
        return self._body.is_order_free

    def write(self, start: int, values: Array) -> None:
        """Write the elements from `start` on, flat in C order; those of bfloat16 come in float32."""
        if self._dtype == "bfloat16":
            halves = np.ascontiguousarray(values, np.float32).view(np.uint32) >> np.uint32(16)
            stored: Array = halves.astype("<u2")
        else:
            stored = np.ascontiguousarray(values, np.dtype(self._dtype).newbyteorder("<"))
        self._body.write(start * self._itemsize, stored.view(np.uint8).data)
