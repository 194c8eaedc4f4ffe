"""Specs of arrays, made when they are asked for: of a file of 100,000 arrays, those of a few hundred are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bncli.core.named_arrays import ArraySpec


class SpecsOnDemand(Mapping[str, "ArraySpec"]):
    """Specs by name: names are known at once, each spec when it is asked for.

    Args:
        names: every name, in the file's order.
        spec_of: returns the spec of one of them; it may open the file that holds the array.
    """

    def __init__(self, names: Mapping[str, object], spec_of: Callable[[str], ArraySpec]) -> None:
        self._names = names
        self._spec_of = spec_of

    def __getitem__(self, name: str) -> ArraySpec:
        if name not in self._names:
            raise KeyError(name)
        return self._spec_of(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
