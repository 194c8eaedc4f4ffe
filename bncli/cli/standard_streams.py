"""Makes stdout and stderr safe to write to, whatever the program was started with."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDOUT, _STDERR = 1, 2
"""Descriptors, which libraries and programs below Python write to."""


def prepare_standard_streams() -> None:
    """Let stdout and stderr take every text, and let no text that is lost go unnoticed.

    A closed stdout gets a descriptor that refuses to be written to: the loss is an error, and no file that is opened
    later takes its number. A closed stderr is silent. What an encoding lacks is written as an escape.
    """
    if sys.stdout is None:
        sys.stdout = _text_stream(_STDOUT, os.O_RDONLY)
    if sys.stderr is None:
        sys.stderr = _text_stream(_STDERR, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdout, io.TextIOWrapper) and isinstance(sys.stdout.buffer, io.RawIOBase):
        sys.stdout = _buffered(sys.stdout)


def silence(stream: TextIO) -> None:
    """Let what is left in a stream's buffer go nowhere, after its reader left or its disk filled up."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


@contextmanager
def stdout_kept_for_results() -> Iterator[None]:
    """Send to stderr what other code writes to stdout: by Python, by a library, or by a program that it starts."""
    stdout = sys.stdout
    stdout.flush()
    kept = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        with suppress(OSError, ValueError):  # a stderr that takes nothing, a stream that was closed
            stdout.flush()
        _flush_c_streams()
        os.dup2(kept, _STDOUT)
        os.close(kept)


def _flush_c_streams() -> None:
    """Write out what libraries still hold back: at the end of the process it would come after the result."""
    import ctypes

    with suppress(AttributeError, OSError, TypeError):  # where the process has no C library under this name
        ctypes.CDLL(None).fflush(None)


def _text_stream(descriptor: int, flags: int) -> io.TextIOWrapper:
    null = os.open(os.devnull, flags)
    if null != descriptor:
        os.dup2(null, descriptor)
        os.close(null)
    return io.TextIOWrapper(io.FileIO(descriptor, "w", closefd=False), encoding="utf-8")


def _buffered(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """Return a stream with a buffer beside one without, to which a partial write (PYTHONUNBUFFERED) is a lost rest.

    The given stream stays as it is: `sys.__stdout__` is the same one.
    """
    raw = io.FileIO(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=stream.encoding, errors=stream.errors)
