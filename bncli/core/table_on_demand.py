"""Tables of what the modules of a folder declare, each imported when it is looked at for the first time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

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
            return tuple(_declared(self._package, name) for name in self._names[index])
        declared: T = _declared(self._package, self._names[index])
        return declared


class NamedOnDemand(Mapping[str, T], Generic[T]):
    """Objects by a name of their own, of which none is imported but those that are asked for.

    Args:
        package: the folder, such as `bncli.cli`.
        names: name to module and object, such as `rule.COMMAND`.
    """

    def __init__(self, package: str, names: Mapping[str, str]) -> None:
        self._package = package
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __getitem__(self, name: str) -> T:
        declared: T = _declared(self._package, self._names[name])
        return declared


def _declared(package: str, name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(f"{package}.{module}"), attribute)
