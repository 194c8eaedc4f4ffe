"""Element types as files store them, and their widening where NumPy lacks them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from bncli.core.rounding import FLOAT_DTYPES, round_to
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array

ByteOrder: TypeAlias = Literal["<", ">"]


@dataclass(frozen=True, slots=True)
class ElementType:
    """How one element lies in a file."""

    name: str
    """NumPy's name, or `bfloat16` or `float8_*`."""
    stored: np.dtype[np.generic]
    """What NumPy reads the bytes as: the type itself, or unsigned integers of its width."""

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.stored.itemsize

    def decode(self, buffer: bytearray, byte_order: ByteOrder) -> Array:
        """Return the elements in a buffer as a flat array in native byte order, widened where NumPy lacks the type."""
        elements = np.frombuffer(buffer, self.stored.newbyteorder(byte_order))
        if self.name == "bfloat16":
            return (elements.astype(np.uint32) << np.uint32(16)).view(np.float32)
        if self.name in _FLOAT8_LAYOUTS:
            return _float8_values(self.name)[elements]
        return elements.astype(self.stored, copy=False)

    def encode(self, values: NDArray[np.float64], byte_order: ByteOrder) -> bytes:
        """Return the bytes of values rounded to nearest in this type, one of `FLOAT_DTYPES`.

        Raises:
            ValueError: the type is another one.
        """
        if self.name not in FLOAT_DTYPES:
            raise ValueError(f"{self.name} is not a type that statistics are written in")
        rounded = round_to(values, self.name)
        if self.name == "bfloat16":
            rounded = (rounded.view(np.uint32) >> np.uint32(16)).astype(np.uint16)
        return rounded.astype(self.stored.newbyteorder(byte_order)).tobytes()


def _plain(name: str) -> ElementType:
    return ElementType(name, np.dtype(name))


@dataclass(frozen=True, slots=True)
class _Float8Layout:
    """Where the bits of an 8-bit float are: one sign bit, the exponent, then the mantissa."""

    mantissa_bits: int
    bias: int
    nans: frozenset[int]
    infinity: int | None = None


_FLOAT8_LAYOUTS = {
    "float8_e4m3fn": _Float8Layout(3, 7, frozenset({0x7F, 0xFF})),
    "float8_e4m3fnuz": _Float8Layout(3, 8, frozenset({0x80})),
    "float8_e5m2": _Float8Layout(2, 15, frozenset({0x7D, 0x7E, 0x7F, 0xFD, 0xFE, 0xFF}), infinity=0x7C),
    "float8_e5m2fnuz": _Float8Layout(2, 16, frozenset({0x80})),
}


@cache
def _float8_values(name: str) -> NDArray[np.float32]:
    """Return the float32 value of each of the 256 bit patterns: shape (256,)."""
    layout = _FLOAT8_LAYOUTS[name]
    return np.array([_float8_value(pattern, layout) for pattern in range(256)], dtype=np.float32)


def _float8_value(pattern: int, layout: _Float8Layout) -> float:
    sign = -1.0 if pattern & 0x80 else 1.0
    magnitude = pattern & 0x7F
    if pattern in layout.nans:
        return float("nan")
    if magnitude == layout.infinity:
        return sign * float("inf")
    exponent, mantissa = divmod(magnitude, 1 << layout.mantissa_bits)
    if exponent:
        mantissa += 1 << layout.mantissa_bits
    power = max(exponent, 1) - layout.bias - layout.mantissa_bits
    return sign * mantissa * 2.0**power


_NUMPY_NAMES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
)

ELEMENT_TYPES = {
    **{name: _plain(name) for name in _NUMPY_NAMES},
    "bfloat16": ElementType("bfloat16", np.dtype(np.uint16)),
    **{name: ElementType(name, np.dtype(np.uint8)) for name in _FLOAT8_LAYOUTS},
}
"""Element types by name."""
