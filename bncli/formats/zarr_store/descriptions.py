"""What Zarr stores beside the values of an array: its shape, its type, and how it is cut into chunks."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.stored_array import MAX_AXES
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.formats.element_types import ElementType

FILES = {".zarray": "zarr", "zarr.json": "zarr3"}
"""Name of the description in version 2 and 3 of Zarr, to tensorstore's name of the version."""
_NUMPY_TYPE = re.compile(r"[<>|=][biuf][0-9]{1,2}")
_MAX_SPARSE_BYTES = 256 * 1024**2
"""How large an array may be of which chunks are missing; these count as filled with one value."""
_MAX_BYTES = 4 * 1024**3


class UnreadZarrError(Exception):
    """An array is well formed and of a kind that bncli does not read; the text says of which."""


@dataclass(frozen=True, slots=True)
class ZarrDescription:
    """One array, before any value is read."""

    shape: tuple[int, ...]
    chunk_shape: tuple[int, ...]
    element: ElementType

    @property
    def num_bytes(self) -> int:
        """Bytes of all values."""
        return math.prod(self.shape) * self.element.itemsize

    @property
    def num_chunks(self) -> int:
        """How many chunks the array is cut into."""
        return math.prod(-(-length // step) for length, step in zip(self.shape, self.chunk_shape, strict=True))

    def require_plausible(self, num_stored_chunks: int) -> None:
        """Check that reading the array takes no more memory than what is stored of it makes likely.

        Raises:
            ValueError: it would.
        """
        chunk_bytes = math.prod(self.chunk_shape) * self.element.itemsize
        limit = _MAX_BYTES if num_stored_chunks >= self.num_chunks else _MAX_SPARSE_BYTES
        if max(self.num_bytes, chunk_bytes) > limit:
            raise ValueError(
                f"{max(self.num_bytes, chunk_bytes)} bytes are claimed, in {num_stored_chunks} chunks of "
                f"{self.num_chunks}"
            )


def read_description(text: bytes) -> ZarrDescription | None:
    """Return what a description says; `None` where it is that of a group of arrays.

    Raises:
        UnreadZarrError: the type is not one that bncli reads.
        ValueError: the description is broken.
    """
    # Of bytes, json would guess an encoding, and import whichever it guesses.
    entry = json.loads(text.decode("utf-8"))
    if not isinstance(entry, dict):
        raise ValueError("a description that is no map")  # noqa: TRY004 - the text is broken, not the program
    if entry.get("node_type", "array") != "array":
        return None
    is_version_2 = "zarr_format" in entry and entry["zarr_format"] == 2  # noqa: PLR2004 - the number of the version
    chunks = entry.get("chunks") if is_version_2 else _nested(entry, "chunk_grid", "configuration", "chunk_shape")
    shape, chunk_shape = _lengths(entry.get("shape"), 0), _lengths(chunks, 1)
    if len(shape) != len(chunk_shape):
        raise ValueError(f"shape {list(shape)} in chunks of {list(chunk_shape)}")
    return ZarrDescription(shape, chunk_shape, _element(entry.get("dtype" if is_version_2 else "data_type")))


def _nested(entry: Any, *keys: str) -> Any:
    for key in keys:
        entry = entry.get(key) if isinstance(entry, dict) else None
    return entry


def _lengths(value: Any, least: int) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > MAX_AXES:
        raise ValueError(f"lengths of axes are {str(value)[:80]}")
    if not all(type(length) is int and length >= least for length in value):
        raise ValueError(f"lengths of axes are {value[:8]}")
    return tuple(value)


def _element(name: Any) -> ElementType:
    known = name
    if isinstance(name, str) and _NUMPY_TYPE.fullmatch(name):
        known = np.dtype(name).name
    if not isinstance(known, str) or known not in ELEMENT_TYPES:
        raise UnreadZarrError(f"its element type {str(name)[:40]} is not one that bncli reads")
    return ELEMENT_TYPES[known]
