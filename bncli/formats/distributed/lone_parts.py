"""Files that are one part of a distributed checkpoint each, named alone: refused with what to name in their place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bncli.errors import UnsupportedFormat
from bncli.formats.remote.remote_path import RemotePath

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bncli.formats.probe import FileProbe

_METADATA_NAME = ".metadata"
_SLICES_SUFFIX = ".distcp"
_ZIP_SIGNATURE = b"PK\3\4"
_SHARDING = "DCP_SHARDING_INFO"
"""Under this name torch's writer in the layout of Hugging Face notes where in its tensors a file's arrays begin."""
_OFFSETS = "saved_offsets"
_RANK_FILE = r"shard-\d+-model-\d+-of-\d+\.safetensors"
"""How that writer names the file of one rank; compiled on first use, for every file passes through here."""
_MERGE = (
    "load the folder with torch's HuggingFaceStorageReader and save it whole, "
    "or name the files that enable_consolidation=True writes"
)


def explain_lone_part(probe: FileProbe) -> UnsupportedFormat | None:
    """Return the error that explains a part of a distributed checkpoint, or a folder of parts; `None` for others."""
    path = probe.path
    if path.suffix == _SLICES_SUFFIX and probe.head.startswith(_ZIP_SIGNATURE):
        return UnsupportedFormat(f"{path}: holds slices of a distributed checkpoint", hint=_hint_for_slices(path))
    has_index = any(name.endswith(".index.json") for name in probe.entry_names)
    if not has_index and any(re.fullmatch(_RANK_FILE, name) for name in probe.entry_names):
        return UnsupportedFormat(f"{path}: holds the ranks' shares of a distributed checkpoint", hint=_MERGE)
    return None


def require_whole_tensors(path: Path, notes: Mapping[str, Any]) -> None:
    """Check that a safetensors file does not hold one rank's share of a distributed checkpoint.

    Args:
        path: the file.
        notes: texts that the file holds beside its arrays.

    Raises:
        UnsupportedFormat: it does: its arrays may be parts of tensors.
        ValueError: the note about it is broken.
    """
    if _SHARDING not in notes:
        return
    import json  # noqa: PLC0415 - of use for few files

    sharding = json.loads(notes[_SHARDING])
    starts = [start for entry in sharding.values() for start in entry[_OFFSETS]]
    if any(starts) or re.fullmatch(_RANK_FILE, path.name):
        raise UnsupportedFormat(f"{path}: holds one rank's share of a distributed checkpoint", hint=_MERGE)


def _hint_for_slices(path: Path) -> str:
    if isinstance(path, RemotePath):
        return "download the whole folder, and name it"
    if (path.parent / _METADATA_NAME).is_file():
        return f"name its folder: {path.parent}"
    return f"name the folder that holds it together with its {_METADATA_NAME}, which is not in {path.parent}"
