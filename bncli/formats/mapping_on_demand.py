"""Mappings whose values are made when they are asked for: of a file of 100,000 arrays, those of a few hundred are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class MappingOnDemand(Mapping[str, T]):
    """Values by name: names are known at once, each value when it is asked for.

    Args:
        names: every name, in the file's order.
        value_of: returns the value of one of them; it may open the file that holds it.
    """

    def __init__(self, names: Mapping[str, object], value_of: Callable[[str], T]) -> None:
        self._names = names
        self._value_of = value_of

    def __getitem__(self, name: str) -> T:
        if name not in self._names:
            raise KeyError(name)
        return self._value_of(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
