"""What stands in for the classes, functions and objects that a pickle names: records without behaviour."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.formats.regions import Region


@dataclass(frozen=True, slots=True)
class GlobalName:
    """A class or function by its dotted name. It is a value to compare and to show, never looked up."""

    name: str


@dataclass(frozen=True, slots=True)
class LongString:
    """Text or bytes that were left where they are because they are long."""

    content: Region
    is_text: bool
    """Whether the bytes are text, in UTF-8."""


@dataclass(frozen=True, slots=True)
class TextKey:
    """A key of a dictionary that is found by its text: a tuple or long integer can be chosen so that hashes collide."""

    text: str
    value: tuple[Any, ...] | int = field(compare=False)


class Record:
    """An object of a class that the file names: what it was made from and what was put into it.

    Attributes:
        class_name: dotted name of the class, or of the function that was to make the object.
        args: arguments of the call.
        state: the state that was to be set; `None` if there was none.
        items: elements that were to be appended, or pairs of key and value that were to be set.
    """

    __slots__ = ("args", "class_name", "items", "state")

    def __init__(self, class_name: str, args: tuple[Any, ...]) -> None:
        self.class_name = class_name
        self.args = args
        self.state: Any = None
        self.items: list[Any] = []

    def __repr__(self) -> str:
        # Never the contents: they may be nested deeper than Python can recurse, or contain this very record.
        return f"Record({self.class_name!r})"


class AttributedDict(dict[Any, Any]):
    """An ordered dictionary, which a pickle may give attributes beside its entries; those are dropped."""

    __slots__ = ()
