"""What a user may have meant by a path that leads to no checkpoint: one in the folder, or the index of a part."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bncli.errors import BncliError
from bncli.formats.probe import FileProbe, probe_path
from bncli.formats.remote.remote_path import RemotePath

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MOST_PROBED = 100
_PART = re.compile(r"(.+?)(?:\.meta|\.data-\d{5}-of-\d{5})?")
"""TensorFlow names a checkpoint by what its files begin with: `x.index`, `x.data-00000-of-00001`, `x.meta`."""


def checkpoint_inside(folder: FileProbe, is_read: Callable[[FileProbe], bool]) -> Path | None:
    """Return the first entry of a folder that is a checkpoint, be it a file or a folder; `None` if none is.

    Links are left aside, so that nothing outside of the folder is opened.

    Args:
        folder: whose entries are looked at, not more than a hundred of them.
        is_read: whether what was probed is a checkpoint.
    """
    for name in folder.entry_names[:_MOST_PROBED]:
        path = folder.path / name
        try:
            if not path.is_symlink() and is_read(probe_path(path)):
                return path
        except BncliError:
            continue
    return None


def index_beside(path: Path) -> Path | None:
    """Return the index of the TensorFlow checkpoint of which a path is a part or the beginning, if it is there."""
    matched = _PART.fullmatch(path.name)
    if matched is None or isinstance(path, RemotePath):
        return None
    index = path.with_name(f"{matched[1]}.index")
    return index if index.is_file() else None
