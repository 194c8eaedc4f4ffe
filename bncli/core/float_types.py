"""The float types that batch normalization takes: how precise they are, and between which sizes their numbers lie."""

from __future__ import annotations

import math
from typing import Final

from bncli.light_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class FloatType:
    """A binary float type; up to 2^precision units of its smallest number its numbers lie that unit apart."""

    precision: int
    """Bits of the significand, the leading one included."""
    log2_smallest: int
    """Base-2 logarithm of the smallest positive number, a subnormal one."""

    @property
    def smallest(self) -> float:
        """The smallest positive number."""
        return math.ldexp(1.0, self.log2_smallest)

    @property
    def smallest_normal(self) -> float:
        """The smallest positive number with all bits of its significand."""
        return math.ldexp(1.0, self.log2_smallest + self.precision - 1)

    @property
    def largest(self) -> float:
        """The largest finite number; its exponent is as far above 0 as that of the smallest normal one below 1."""
        return math.ldexp(2.0 - math.ldexp(1.0, 1 - self.precision), 2 - self.precision - self.log2_smallest)


FLOAT_TYPES: Final = {
    "float64": FloatType(precision=53, log2_smallest=-1074),
    "float32": FloatType(precision=24, log2_smallest=-149),
    "float16": FloatType(precision=11, log2_smallest=-24),
    "bfloat16": FloatType(precision=8, log2_smallest=-133),
}
"""Float types by the name of their element type."""
