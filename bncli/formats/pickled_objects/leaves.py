"""What the arrays in a pickle turn out to be: views of storages, arrays with their bytes, or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from bncli.formats.stored_array import StoredArray, span_of
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.formats.element_types import ElementType
    from bncli.formats.pickled_objects.torch_storages import Storage


@dataclass(frozen=True, slots=True)
class TensorView:
    """A strided view of a storage.

    Raises:
        ValueError: the view needs more elements than the storage has.
    """

    storage: Storage
    element: ElementType
    offset: int
    """Index of the first element in the storage, counted in elements."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """In elements."""

    def __post_init__(self) -> None:
        if len(self.shape) != len(self.strides):
            raise ValueError(f"a tensor of {len(self.shape)} axes and {len(self.strides)} strides")
        span = span_of(self.shape, self.strides)
        needed = (self.offset + span) * self.element.itemsize if span else 0
        if needed > self.storage.size_bytes:
            raise ValueError(f"a tensor that needs {needed} bytes of a storage of {self.storage.size_bytes}")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An array that is there and is skipped."""

    reason: str
    """Why, in a few words."""


Leaf: TypeAlias = TensorView | StoredArray
"""An array that can be read."""
