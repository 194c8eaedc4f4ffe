"""Every error that a user can see: one line that says what is wrong, and a hint that says what to do."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection

Choice = TypeVar("Choice", bound=str)

_MOST_LISTED = 12


class BncliError(Exception):
    """An error of the user's input, options or machine, to be told in one line and without a traceback.

    Args:
        message: what is wrong, with the path and the layer or array concerned.
        hint: what the user can do about it; `None` where nothing helps.
    """

    exit_code = 3

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidUsage(BncliError):
    """The options contradict each other, or a value is not one of those allowed."""

    exit_code = 2


class InputNotFound(BncliError):
    """A file, an array in it, or a layer in it does not exist."""


class UnsupportedFormat(BncliError):
    """The file is whole, but of a kind that bncli does not read."""


class MalformedFile(BncliError):
    """The file claims to be of a format and breaks its rules: truncated, contradictory or beyond a limit."""


class UnsafeFile(BncliError):
    """The file asks for something that no data file needs, such as a program to be run on loading."""


class NoBatchNormLayers(BncliError):
    """The file was read and holds no batch-normalization layer."""


class ShapeMismatch(BncliError):
    """Arrays that belong together differ in shape, or the input has a shape that batch normalization refuses."""


class InvalidValue(BncliError):
    """An array holds values or a dtype that the computation asked for cannot take."""


class MissingDependency(BncliError):
    """The input needs a package that is not installed."""


class UserCodeFailed(BncliError):
    """Code of the user's own, which the command was told to run, cannot be imported or raised an error."""


class OutputExists(BncliError):
    """The output file is there already and `--force` was not given."""

    exit_code = 4


class OutputFailed(BncliError):
    """The output could not be written: a full disk, a missing folder, no permission."""

    exit_code = 4


def near_miss(name: str, known: Collection[str]) -> str:
    """Return a hint for a name that is not among the known ones: the nearest of them, or else the first few."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = [by_lower[match] for match in difflib.get_close_matches(name.lower(), by_lower)]
    if near:
        return f"did you mean {' or '.join(near)}?"
    names = list(dict.fromkeys(known))
    return f"known: {', '.join(names[:_MOST_LISTED]) or 'none'}" + (", ..." if len(names) > _MOST_LISTED else "")


def require_choice(word: str, choices: Collection[Choice], what: str) -> Choice:
    """Return which one of a few a word is.

    Raises:
        InvalidUsage: it is none of them.
    """
    for choice in choices:
        if choice == word:
            return choice
    raise InvalidUsage(f"unknown {what} {word!r}", hint=near_miss(word, choices))
