"""torch's storages as a pickle refers to them: a persistent id with type, key and length."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bncli.formats.pickles.inert import GlobalName
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.formats.regions import Region

_TYPES = {
    "DoubleStorage": ("float64", 8),
    "FloatStorage": ("float32", 4),
    "HalfStorage": ("float16", 2),
    "BFloat16Storage": ("bfloat16", 2),
    "LongStorage": ("int64", 8),
    "IntStorage": ("int32", 4),
    "ShortStorage": ("int16", 2),
    "CharStorage": ("int8", 1),
    "ByteStorage": ("uint8", 1),
    "BoolStorage": ("bool", 1),
    "ComplexDoubleStorage": ("complex128", 16),
    "ComplexFloatStorage": ("complex64", 8),
    "QInt8Storage": ("qint8", 1),
    "QUInt8Storage": ("quint8", 1),
    "QInt32Storage": ("qint32", 4),
    "QUInt4x2Storage": ("quint4x2", 1),
    "QUInt2x4Storage": ("quint2x4", 1),
    "UntypedStorage": ("untyped", 1),
}
"""By name of the class: dtype and bytes of an element."""

_MAX_ELEMENTS = 2**62
_LEAST_PARTS = 5
_OTHER_CLASS = "a storage whose class is none of torch's"


@dataclass(frozen=True, slots=True)
class Storage:
    """A run of elements that tensors are views of."""

    key: str
    """Names it within the file."""
    dtype: str
    """NumPy's name or torch's; `untyped` where only the tensors know."""
    num_elements: int
    itemsize: int
    offset: int = 0
    """Index of its first element in the storage of this key; other than 0 for views of storages in old files."""
    content: Region | None = None
    """Its bytes, where they stand in the pickle itself; `None` where the key leads to them."""

    @property
    def size_bytes(self) -> int:
        """Bytes of all elements."""
        return self.num_elements * self.itemsize


def storage_of(persistent_id: Any) -> Storage:
    """Return the storage of `("storage", class, key, location, number of elements, [view])`.

    Old files write the last part, a view of another storage: `(key of the view, offset, number of elements)`.

    Raises:
        ValueError: the id is none that torch writes.
    """
    if type(persistent_id) is not tuple or len(persistent_id) < _LEAST_PARTS or persistent_id[0] != "storage":
        raise ValueError("a persistent id that is no storage")
    _, storage_class, key, _, num_elements, *view = persistent_id
    if type(storage_class) is not GlobalName:
        raise ValueError(_OTHER_CLASS)
    dtype, itemsize = _element_of(storage_class.name)
    if type(key) not in (str, int):
        raise ValueError("a storage without a key")
    offset = 0
    if view and view[0] is not None:
        _, offset, num_elements = view[0]
    for number in (offset, num_elements):
        if type(number) is not int or not 0 <= number < _MAX_ELEMENTS:
            raise ValueError("a storage whose length or offset is not a natural number")
    return Storage(str(key), dtype, num_elements, itemsize, offset)


@lru_cache(maxsize=128)
def _element_of(storage_class: str) -> tuple[str, int]:
    """Return dtype and bytes of an element. A file may name a few classes 100,000 times."""
    if not storage_class.startswith("torch."):
        raise ValueError(_OTHER_CLASS)
    known = _TYPES.get(storage_class.rpartition(".")[2])
    if known is None:
        raise ValueError(f"a storage of class {storage_class}")
    return known
