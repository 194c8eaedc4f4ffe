"""The command that was meant where a file stands in its place: `bncli model.pt`, `bncli inspect model.pt`."""

from __future__ import annotations

import re
import shlex
from contextlib import suppress
from pathlib import Path

_NO_SUCH_COMMAND = re.compile(r"No such command '(.*)'\.?", re.DOTALL)
_COMMANDS_FOR_A_FILE = {"bncli": "bncli check", "bncli inspect": "bncli inspect checkpoint"}


def command_for_file(message: str, command_path: str) -> str | None:
    """Return the command line that was probably meant, or `None` where no file or folder was taken for a command.

    Args:
        message: what typer says of a command that there is not.
        command_path: the words before it.
    """
    found = _NO_SUCH_COMMAND.fullmatch(message)
    command = _COMMANDS_FOR_A_FILE.get(command_path)
    if found is None or command is None:
        return None
    with suppress(OSError, ValueError):
        if Path(found[1]).exists():
            return f"{command} {shlex.quote(found[1])}"
    return None
