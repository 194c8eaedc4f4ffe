"""Keeps an output from taking the place of an input, which `--force` alone would allow."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from bncli.errors import InvalidUsage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def require_apart(option: str, output: Path, inputs: Iterable[Path | None]) -> None:
    """Refuse an output that is one of the inputs, under whatever name.

    Args:
        option: the option that names the output, for the message.
        output: the file to be written.
        inputs: the files to be read; `None` for those that are not given.

    Raises:
        InvalidUsage: it is.
    """
    for path in inputs:
        if path is not None and _are_same(output, path):
            raise InvalidUsage(f"{option} {output}: is an input, and inputs are never changed", hint="name a new file")


def _are_same(one: Path, other: Path) -> bool:
    with suppress(OSError, ValueError):
        # A device, such as /dev/stdin, is nothing that could be lost.
        return one.is_file() and other.is_file() and one.samefile(other)
    return False
