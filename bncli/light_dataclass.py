"""The standard library's `dataclass`, for a program that makes eighty of them and is done in a fifth of a second.

Python 3.11 compiles up to six methods for each class, one after another: 0.8 ms for a frozen class with slots, and a
quarter of a run. Here it compiles `__init__` alone; `__repr__`, `__eq__` and `__hash__` are shared by all classes. What
is frozen is frozen to the type checker, which reads every line that could break it, and not again while running: values
are made in a third of the time, too. To `replace`, `fields` and `asdict` they are dataclasses like any other.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen=False, slots=False, eq=True):
        """Return the decorator of the standard library's `dataclass`, of those of its options that are used here."""

        def decorator(cls):
            made = dataclasses.dataclass(repr=False, eq=False, slots=slots)(cls)
            methods = {"__repr__": _repr}
            if eq:
                methods |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
            for name, method in methods.items():
                if name not in cls.__dict__:
                    setattr(made, name, method)
            return made

        return decorator


def _values(value: Any) -> tuple[object, ...]:
    return tuple(getattr(value, name) for name in value.__dataclass_fields__)


def _repr(value: Any) -> str:
    fields = ", ".join(f"{name}={getattr(value, name)!r}" for name in value.__dataclass_fields__)
    return f"{type(value).__qualname__}({fields})"


def _eq(value: Any, other: object) -> Any:
    return _values(value) == _values(other) if type(value) is type(other) else NotImplemented


def _hash(value: Any) -> int:
    return hash(_values(value))
