"""Local stand-ins for remote files, for libraries that check a header against the size of the file that it begins."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.formats.byte_source import ByteSource


@contextmanager
def sparse_twin(source: ByteSource, num_bytes: int) -> Iterator[Path]:
    """Give the path of a temporary file as large as a source, of which only the first bytes are there.

    What follows them is a hole, which reads as zeros and takes no room on the disk.

    Raises:
        EOFError: the source has fewer bytes.
    """
    from tempfile import NamedTemporaryFile  # noqa: PLC0415 - of use for remote files only

    with NamedTemporaryFile(prefix="bncli-") as file:
        file.write(source.read(0, num_bytes))
        file.flush()
        file.truncate(source.size)
        yield Path(file.name)
