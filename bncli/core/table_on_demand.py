"""A table of what the modules of a folder declare, each imported when it is looked at for the first time."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class TableOnDemand(Sequence[T], Generic[T]):
    """Objects in a fixed order, of which a search from the front imports no more than it has to.

    Args:
        package: the folder, such as `bncli.formats`.
        names: module and object, such as `onnx.FORMAT`.
    """

    def __init__(self, package: str, names: tuple[str, ...]) -> None:
        self._package = package
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...

    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        if isinstance(index, slice):
            return tuple(map(self._declared, self._names[index]))
        return self._declared(self._names[index])

    def _declared(self, name: str) -> T:
        module, _, attribute = name.rpartition(".")
        declared: T = getattr(import_module(f"{self._package}.{module}"), attribute)
        return declared
