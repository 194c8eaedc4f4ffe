"""The file that `--save` names: its format by its suffix, and a writer for it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bncli.atomic_file import atomic_file
from bncli.errors import InvalidUsage
from bncli.formats.numpy_writer import NumpyWriter
from bncli.formats.safetensors_writer import SafetensorsWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import IO

    from bncli.analysis.normalization_run import OutputSink
    from bncli.core.named_arrays import ArraySpec

WRITERS: dict[str, Callable[[IO[bytes], ArraySpec], OutputSink]] = {
    ".npy": NumpyWriter,
    ".safetensors": SafetensorsWriter,
    "": NumpyWriter,
}
"""From suffix to writer; a device or a pipe has no suffix."""


def check_suffix(path: Path) -> None:
    """Refuse a file whose format bncli does not write.

    Raises:
        InvalidUsage: the suffix is none of those in `WRITERS`.
    """
    if path.suffix.lower() not in WRITERS:
        raise InvalidUsage(f"--save {path}: arrays are written as .npy or .safetensors")


@contextmanager
def array_output(path: Path, spec: ArraySpec, *, force: bool) -> Iterator[OutputSink]:
    """Open a writer whose file takes the place of `path` when the block ends, and leaves nothing if it raises.

    Raises:
        OutputExists, OutputFailed: as `atomic_file`.
    """
    with atomic_file(path, force=force) as file:
        yield WRITERS[path.suffix.lower()](file, spec)
