"""Floating-point elements that a file stores multiplied by a number, divided again as they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.formats.regions import Region


@dataclass(frozen=True, slots=True)
class ScaledRegion:
    """Little-endian floats, each multiplied by one number when they are read."""

    stored: Region
    element: np.dtype[np.floating]
    multiplier: float
    """Rounded to the type of the elements before it is used."""

    @property
    def position(self) -> int:
        """Where the stored elements start in the file."""
        return self.stored.position

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self.stored.size

    def read(self, start: int, count: int) -> bytearray:
        """Return the bytes of whole elements from `start` on.

        Raises:
            EOFError: the elements end before.
            ValueError: an element would be cut in two.
        """
        elements = np.frombuffer(self.stored.read(start, count), self.element.newbyteorder("<"))
        if start % self.element.itemsize:
            raise ValueError(f"byte {start} is inside an element of {self.element.itemsize} bytes")
        with np.errstate(all="ignore"):
            return bytearray((elements * self.element.type(self.multiplier)).tobytes())
