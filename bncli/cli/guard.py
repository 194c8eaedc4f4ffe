"""Runs the app so that every ending is a few lines on stderr at most, and an exit code that means something."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

from bncli.cli.endings import Ending, ending_of
from bncli.cli.standard_streams import prepare_standard_streams, silence

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer


def run(app: typer.Typer, arguments: Sequence[str] | None = None) -> int:
    """Run the app and return its exit code; an error is told on stderr in one line, with at most two hints.

    Args:
        app: the commands.
        arguments: the words after `bncli`; `None` takes those of the running program. `--debug` may stand anywhere
            among them: it shows the traceback of an error, as the environment variable `BNCLI_DEBUG` does.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    is_debugging = "--debug" in words or bool(os.environ.get("BNCLI_DEBUG"))
    prepare_standard_streams()
    try:
        exit_code = app([word for word in words if word != "--debug"], prog_name="bncli", standalone_mode=False)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - the one place where every error ends
        ending = ending_of(error)
        if is_debugging and ending.lines:
            ending = Ending(ending.exit_code, (*traceback.format_exception(error), *ending.lines))
        return _leave(ending)
    return exit_code if isinstance(exit_code, int) else 0


def _leave(ending: Ending) -> int:
    """Tell an ending on stderr, and let nothing that is left in a buffer fail after it."""
    for stream, lines in ((sys.stdout, ()), (sys.stderr, ending.lines)):
        try:
            stream.write("".join(f"{line.rstrip()}\n" for line in lines))
            stream.flush()
        except OSError:
            silence(stream)
    return ending.exit_code
