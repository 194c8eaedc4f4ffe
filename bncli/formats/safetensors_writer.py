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
        name, itemsize = _TYPES[spec.dtype]
        num_bytes = math.prod(spec.shape) * itemsize
        entry = {"dtype": name, "shape": list(spec.shape), "data_offsets": [0, num_bytes]}
        described = json.dumps({spec.name: entry}, separators=(",", ":")).encode()
        described += b" " * (-len(described) % _ALIGNMENT)
        self._body = ArrayBody(file, len(described).to_bytes(8, "little") + described, num_bytes)

    def write(self, values: Array) -> None:
        """Write the next elements, flat in C order; those of bfloat16 come in float32."""
        if self._dtype == "bfloat16":
            halves = np.ascontiguousarray(values, np.float32).view(np.uint32) >> np.uint32(16)
            self._body.write(halves.astype("<u2").view(np.uint8).data)
        else:
            self._body.write(np.ascontiguousarray(values, np.dtype(self._dtype).newbyteorder("<")).view(np.uint8).data)
