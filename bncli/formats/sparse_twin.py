"""Stand-ins for files, for libraries that check a header against the size of the file that it begins."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWN_DESCRIPTORS = Path("/proc/self/fd")


@contextmanager
def sparse_twin(beginning: bytes, size: int) -> Iterator[Path]:
    """Give the path of a file of some size of which only the beginning is there, and that vanishes afterwards.

    What follows is a hole, which reads as zeros and takes no room. So a library sees exactly the bytes that were read
    once, wherever they came from, and the system does not read ahead in the file itself.
    """
    if hasattr(os, "memfd_create") and _OWN_DESCRIPTORS.is_dir():
        descriptor = os.memfd_create("bncli")
        with os.fdopen(descriptor, "wb") as file:
            file.write(beginning)
            file.truncate(size)
            yield _OWN_DESCRIPTORS / str(descriptor)
        return
    from tempfile import NamedTemporaryFile  # noqa: PLC0415 - on systems without files in memory

    with NamedTemporaryFile(prefix="bncli-") as file:
        file.write(beginning)
        file.truncate(size)
        yield Path(file.name)
