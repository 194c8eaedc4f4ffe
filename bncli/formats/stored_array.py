"""One array of a file: where its bytes are, how they are laid out, and how they become NumPy's."""

from __future__ import annotations

import math
import operator
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.core.named_arrays import Array
    from bncli.formats.element_types import ByteOrder, ElementType
    from bncli.formats.regions import Region

MAX_AXES = 64
"""NumPy's limit, and more than any file needs."""
_MAX_EXPANDED_BYTES = 256 * 1024**2
"""How large an array may become that repeats the same few stored bytes (stride 0, overlapping windows)."""


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array as it lies in a region of bytes."""

    region: Region
    element: ElementType
    byte_order: ByteOrder
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """Steps along the axes, counted in elements."""
    offset: int = 0
    """Index of the first element, counted in elements from the start of the region."""

    def __post_init__(self) -> None:
        span = span_of(self.shape, self.strides)
        if self.offset < 0:
            raise ValueError("a negative offset")
        stop = (self.offset + span) * self.element.itemsize
        if span and stop > self.region.size:
            raise ValueError(f"{stop} bytes are needed of a storage of {self.region.size}")

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def span(self) -> int:
        """Number of stored elements from the first that is used to the last, both included."""
        return span_of(self.shape, self.strides)

    @property
    def position(self) -> int:
        """Where the first element starts in the file."""
        return self.region.position + self.offset * self.element.itemsize

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements lie one after the other in C order."""
        expected = 1
        for length, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if length != 1 and stride != expected:
                return self.size == 0
            expected *= length
        return True

    def whole(self) -> Array:
        """Return the array in its shape, C-contiguous, in native byte order.

        Raises:
            EOFError: the bytes are not there.
            ValueError: the array would be far larger than the bytes it is made of.
        """
        if self.is_contiguous:
            return self.run(0, self.size).reshape(self.shape)
        expanded = self.size * self.element.itemsize
        if self.size > self.span and expanded > _MAX_EXPANDED_BYTES:
            raise ValueError(f"{expanded} bytes made of {self.span * self.element.itemsize} stored ones")
        elements = self._elements(0, self.span)
        strides = [stride * elements.itemsize for stride in self.strides]
        # A copy, always: the view may overlap itself, and as_strided hands out read-only memory.
        return np.array(np.lib.stride_tricks.as_strided(elements, self.shape, strides, writeable=False), order="C")

    def run(self, start: int, stop: int) -> Array:
        """Return the elements `start` to `stop` of a contiguous array, flat."""
        return self._elements(start, stop - start)

    def _elements(self, start: int, count: int) -> Array:
        itemsize = self.element.itemsize
        # An empty array may claim to start anywhere.
        buffer = self.region.read((self.offset + start) * itemsize, count * itemsize) if count else bytearray()
        return self.element.decode(buffer, self.byte_order)


# The arrays of a large model have few shapes among them, and a file may have 100,000 arrays.
@lru_cache(maxsize=1024)
def span_of(shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    """Return the number of elements from the first that is used to the last, both included.

    Raises:
        ValueError: shape and strides do not fit together, or no array has them.
    """
    if len(shape) != len(strides) or len(shape) > MAX_AXES:
        raise ValueError(f"{len(shape)} axes and {len(strides)} strides")
    if min((0, *shape, *strides)) < 0:
        raise ValueError("a negative length or stride")
    if 0 in shape:
        return 0
    return 1 + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True))


@lru_cache(maxsize=1024)
def c_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides, in elements, of an array of this shape in C order."""
    return tuple(accumulate(shape[:0:-1], operator.mul, initial=1))[::-1][: len(shape)]


def fortran_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides, in elements, of an array of this shape in Fortran order."""
    return c_strides(shape[::-1])[::-1]
