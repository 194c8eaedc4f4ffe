"""How a run ends after an exception: its exit code, and what is told on stderr."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import typer
from typer.exceptions import TyperException

from bncli.errors import BncliError, MissingDependency, OutputFailed
from bncli.light_dataclass import dataclass
from bncli.renderers.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

EXIT_BUG = 70
EXIT_INTERRUPTED = 130
EXIT_READER_LEFT = 141
_MOST_SHOWN = 2000
"""Characters of a message."""
_ERRORS_OF_A_STREAM = frozenset({errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC})


@dataclass(frozen=True, slots=True)
class Ending:
    """One way for a run to end."""

    exit_code: int
    lines: tuple[str, ...] = ()
    """What stderr is told; empty for an end that needs no words."""


def ending_of(error: BaseException) -> Ending:
    """Return how a run ends that this exception leaves."""
    match error:
        case BncliError():
            return _told(error.exit_code, error.message, [error.hint] if error.hint else [])
        case TyperException():
            return _usage_ending(error)
        case SystemExit():
            return _left_ending(error)
        case KeyboardInterrupt():
            return Ending(EXIT_INTERRUPTED)
        case BrokenPipeError():
            return Ending(EXIT_READER_LEFT)
        case MemoryError() | ModuleNotFoundError(name="torch"):
            return _lack_ending(error)
        case OSError():
            return _system_ending(error)
        case _:
            return _bug_ending(error)


def _usage_ending(error: TyperException) -> Ending:
    """Return the ending for options that typer refused, told in the style of all errors."""
    if error.message.startswith("Usage:"):
        return Ending(error.exit_code, tuple(error.message.splitlines()))  # a bare `bncli` raises its help
    from bncli.cli.missing_command import command_for_file

    possibilities = getattr(error, "possibilities", None) or ()
    hints = [f"did you mean {' or '.join(possibilities)}?"] if possibilities else []
    context = getattr(error, "ctx", None)
    command_path = context.command_path if context else "bncli"
    meant = command_for_file(error.message, command_path)
    hints += [f"did you mean {meant}?"] if meant else []
    hints.append(f"{command_path} --help lists what it takes")
    text = error.message if possibilities else error.format_message()
    message = " ".join(text.split()).removesuffix(".")
    return _told(error.exit_code, message[:1].lower() + message[1:], hints)


def _lack_ending(error: MemoryError | ModuleNotFoundError) -> Ending:
    """Return the ending of a run to which the machine does not give what it takes."""
    if isinstance(error, MemoryError):
        return _told(BncliError.exit_code, "not enough memory for this input")
    hint = "pip install torch; commands that run no model do without it"
    return _told(MissingDependency.exit_code, "this needs torch, which is not installed", [hint])


def _left_ending(error: SystemExit) -> Ending:
    """Return the ending of a run that was told to exit: by a signal, or by typer when a reader left."""
    if isinstance(error.__context__, BrokenPipeError):
        return Ending(EXIT_READER_LEFT)
    return Ending(error.code if isinstance(error.code, int) else 0)


def _system_ending(error: OSError) -> Ending:
    """Return the ending of a run that the system refused something where no one asked what it says."""
    if error.filename is None and error.errno in _ERRORS_OF_A_STREAM:
        # Help and version are written by typer, which lets the errors of its stream through.
        return _told(OutputFailed.exit_code, f"standard output: {error.strerror}")
    if error.errno == errno.ENAMETOOLONG:
        return _told(BncliError.exit_code, f"{error.filename}: {error.strerror}")
    return _bug_ending(error)


def _bug_ending(error: BaseException) -> Ending:
    # Typer turns an EOFError into an Abort without words.
    origin = error.__cause__ if isinstance(error, typer.Abort) and error.__cause__ else error
    hint = "--debug shows where it happened; please report it with that"
    return _told(EXIT_BUG, f"internal error: {type(origin).__name__}: {origin}", [hint])


def _told(exit_code: int, message: str, hints: Iterable[str] = ()) -> Ending:
    hint_lines = (f"bncli: hint: {_shown(hint)}" for hint in hints)
    return Ending(exit_code, (f"bncli: error: {_shown(message)}", *hint_lines))


def _shown(text: str) -> str:
    """Return a text in one visible line, without its middle where a name from a file makes it endless."""
    line = visible(text)
    return line if len(line) <= _MOST_SHOWN else f"{line[: _MOST_SHOWN // 2]} ... {line[-_MOST_SHOWN // 2 :]}"
