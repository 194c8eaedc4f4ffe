"""The file that `--save` names: its format by its suffix, and a writer for it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from bncli.atomic_file import atomic_file
from bncli.errors import InvalidUsage
from bncli.formats.numpy_writer import NumpyWriter
from bncli.formats.safetensors_writer import SafetensorsWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import IO

    from bncli.core.named_arrays import Array, ArraySpec

WRITERS: dict[str, Callable[[IO[bytes], ArraySpec], ArrayWriter]] = {
    ".npy": NumpyWriter,
    ".safetensors": SafetensorsWriter,
    "": NumpyWriter,
}
"""From suffix to writer; a device or a pipe has no suffix."""


class ArrayWriter(Protocol):
    """Takes an array piece by piece."""

    def write(self, values: Array) -> None:
        """Write the next elements, flat in C order."""


def check_suffix(path: Path) -> None:
    """Refuse a file whose format bncli does not write.

    Raises:
        InvalidUsage: the suffix is none of those in `WRITERS`.
    """
    if path.suffix.lower() not in WRITERS:
        raise InvalidUsage(f"--save {path}: arrays are written as .npy or .safetensors")


@contextmanager
def array_output(path: Path, spec: ArraySpec, *, force: bool) -> Iterator[ArrayWriter]:
    """Open a writer whose file takes the place of `path` when the block ends, and leaves nothing if it raises.

    Raises:
        OutputExists, OutputFailed: as `atomic_file`.
    """
    with atomic_file(path, force=force) as file:
        yield WRITERS[path.suffix.lower()](file, spec)
