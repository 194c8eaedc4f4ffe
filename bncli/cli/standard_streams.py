"""Makes stdout and stderr safe to write to: closed ones, and ones whose encoding lacks a character."""

from __future__ import annotations

import io
import os
import sys


def prepare_standard_streams() -> None:
    """Give stdout and stderr a place if they are closed, and escapes for what their encoding lacks.

    A closed stdout gets a descriptor that refuses to be written to, so that a result lost is an error and no file
    that is opened later takes its number. A closed stderr is silent.
    """
    if sys.stdout is None:
        sys.stdout = _text_stream(1, os.O_RDONLY)
    if sys.stderr is None:
        sys.stderr = _text_stream(2, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def silence_stdout() -> None:
    """Let what is left in the buffer of stdout go nowhere, after its reader left or its disk filled up."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def _text_stream(descriptor: int, flags: int) -> io.TextIOWrapper:
    null = os.open(os.devnull, flags)
    if null != descriptor:
        os.dup2(null, descriptor)
        os.close(null)
    return io.TextIOWrapper(io.FileIO(descriptor, "w"), encoding="utf-8")
