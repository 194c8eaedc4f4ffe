"""The one gate for paths that a file names: external data of ONNX, shards of an index or a distributed checkpoint."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from bncli.errors import InputNotFound, MalformedFile, UnsafeFile, UnsupportedFormat
from bncli.formats.remote.remote_path import RemotePath

_MAX_CHARACTERS = 1024
_SEPARATORS = re.compile(r"[/\\]")
_DRIVE = re.compile(r"[A-Za-z]:")
_HUB_FOLDER = "models--"
"""How the folder of one model begins in the cache of the Hugging Face hub."""


def require_plain_location(owner: Path, location: str) -> None:
    """Check that a path which a file names is a plain relative one; the disk is not looked at.

    Args:
        owner: the file that names the path.
        location: the path as the file holds it.

    Raises:
        UnsafeFile: the path is absolute, climbs with `..`, or is no path at all.
    """
    fault = _fault(location)
    if fault is not None:
        raise UnsafeFile(
            f"{owner}: names the file {location[:_MAX_CHARACTERS]!r}, {fault}",
            hint="a model may only name files beside it; do not use this file",
        )


def contained_path(owner: Path, location: str, *, allows_hard_links: bool = True) -> Path:
    """Return the resolved path of a regular file that another file names and that lies beside or below it.

    Symbolic links are followed, and must end in the same folder or below. In the cache of the Hugging Face hub, where
    every file is a link, they may also end among the blobs of the same model.

    Args:
        owner: the file that names the path, as the user named it.
        location: the path as the file holds it, relative to the owner's folder.
        allows_hard_links: whether the file may have other names, which can lie anywhere.

    Raises:
        UnsafeFile: the path leads out of the folder, or to something that is no regular file.
        InputNotFound: there is no such file.
        MalformedFile: the system cannot follow the path, because links go in a circle for instance.
        UnsupportedFormat: the owner lies on another machine; no file makes this program fetch another one.
    """
    require_plain_location(owner, location)
    if isinstance(owner, RemotePath):
        raise UnsupportedFormat(
            f"{owner}: names the file {location!r} beside it, and only the file that you name is fetched",
            hint="download all files of the checkpoint into one folder",
        )
    folder = Path(os.path.realpath(owner.parent))
    try:
        resolved = Path(os.path.realpath(folder / location, strict=True))
        status = os.lstat(resolved)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputNotFound(
            f"{owner}: names the file {location!r}, which is not there", hint=f"put it into {owner.parent}"
        ) from error
    except (OSError, ValueError) as error:
        raise MalformedFile(f"{owner}: names the file {location!r}, which cannot be reached: {error}") from error
    fault = None
    if not any(resolved.is_relative_to(root) for root in _roots(folder)):
        fault = "which leads out of its folder"
    elif not stat.S_ISREG(status.st_mode):
        fault = "which is no regular file"
    elif status.st_nlink > 1 and not allows_hard_links:
        fault = "which has a second name (a hard link) that may lie anywhere"
    if fault is not None:
        raise UnsafeFile(f"{owner}: names the file {location!r}, {fault}", hint="put a copy of that file beside it")
    return resolved


def _fault(location: str) -> str | None:
    if not location or len(location) > _MAX_CHARACTERS:
        return "which is empty or far too long"
    if "\0" in location:
        return "which holds a NUL character"
    # Both separators count everywhere: a file must not become harmful by being moved to another system.
    parts = _SEPARATORS.split(location)
    if parts[0] == "" or _DRIVE.match(location):
        return "an absolute path"
    return "which climbs out of its folder" if ".." in parts else None


def _roots(folder: Path) -> tuple[Path, ...]:
    """Return the folders in which a named file may lie: the owner's own, and the model's blobs in the hub's cache."""
    for snapshots in folder.parents:
        if snapshots.name == "snapshots" and snapshots.parent.name.startswith(_HUB_FOLDER):
            return folder, snapshots.parent / "blobs"
    return (folder,)
