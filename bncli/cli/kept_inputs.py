"""Keeps an output from taking the place of an input or of another output, which `--force` alone would allow."""

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


def require_two_files(option: str, output: Path, other_option: str, other: Path | None) -> None:
    """Refuse one file for two outputs, of which the later would take the place of the earlier.

    Raises:
        InvalidUsage: both name it; a device or a pipe takes both.
    """
    if other is not None and _will_be_same(output, other):
        raise InvalidUsage(f"{option} {output}: is the file of {other_option} too", hint="name two files")


def _are_same(one: Path, other: Path) -> bool:
    with suppress(OSError, ValueError):
        # A device, such as /dev/stdin, is nothing that could be lost.
        return one.is_file() and other.is_file() and one.samefile(other)
    return False


def _will_be_same(one: Path, other: Path) -> bool:
    with suppress(OSError, RuntimeError, ValueError):
        return one.resolve() == other.resolve() and (one.is_file() or not one.exists())
    return False
