"""Hugging Face's index of shards: a JSON file that says in which file each array of a checkpoint lies."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from bncli.core.name_length import require_short
from bncli.errors import UnsupportedFormat
from bncli.formats import safetensors, torch_legacy, torch_zip
from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.located_shards import locate_shards
from bncli.formats.probe import probe_file, probe_path
from bncli.formats.sharded_arrays import ShardedArrays
from bncli.wording import listed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe

_MAX_INDEX_BYTES = 16 * 1024**2
_MAX_OPENED_BRACKETS = 1000
"""An index has an object in an object, and little more. Objects take far more memory than the bytes that make them."""
_TEXTS = rb'"(?:[^"\\]++|\\.)*+"?'
"""Texts of JSON, of which the last may lack its end: so the search for one never goes over the same bytes twice."""
_BEGINNING = re.compile(rb'\s*\{[^\0]*?"weight_map"\s*:\s*\{\s*"[^"\0]{0,1024}"\s*:\s*"[^"\0]{0,1024}\.(\w+)"')
_SAFETENSORS_SUFFIX = "safetensors"
_KINDS = (_SAFETENSORS_SUFFIX, "bin")
_SHARD_FORMATS = (safetensors.FORMAT, torch_zip.FORMAT, torch_legacy.FORMAT)
"""What a shard may be: never another index."""


def recognizes_torch(probe: FileProbe) -> bool:
    """Whether this is an index, or a folder with one, whose files are not named as safetensors."""
    kind = _kind_of_shards(probe)
    return kind is not None and kind != _SAFETENSORS_SUFFIX


def recognizes_safetensors(probe: FileProbe) -> bool:
    """Whether this is an index, or a folder with one, whose first file is named as safetensors."""
    return _kind_of_shards(probe) == _SAFETENSORS_SUFFIX


def _kind_of_shards(probe: FileProbe) -> str | None:
    """Return the ending of the first file that an index names, or `None` if this is no index."""
    if probe.is_directory:
        names = _indexes_among(probe.entry_names)
        return _kind_of_shards(probe_file(probe.path / names[0])) if names else None
    beginning = _BEGINNING.match(probe.head)
    return None if beginning is None else beginning[1].decode("ascii")


def _indexes_among(entry_names: tuple[str, ...]) -> list[str]:
    """Return the indexes in a folder: of a checkpoint that is there in both kinds, those whose files need no pickle."""
    of_kinds = ([name for name in entry_names if name.endswith(f".{kind}.index.json")] for kind in _KINDS)
    return next(filter(None, of_kinds), [])


def open_torch_index(path: Path) -> NamedArrays:
    """Open the index of a checkpoint in torch's files; see `open_safetensors_index`."""
    return _open_index(path, TORCH_INDEX.name)


def open_safetensors_index(path: Path) -> NamedArrays:
    """Open the index of a checkpoint in safetensors files, or the folder in which it lies.

    The files themselves are opened as their arrays are asked for; files that are not there are listed as skipped.

    Raises:
        MalformedFile: the index is broken or far too large.
        UnsafeFile: the index names a file that is not beside it.
        UnsupportedFormat: there are several indexes in the folder.
    """
    return _open_index(path, SAFETENSORS_INDEX.name)


def _open_index(path: Path, format_name: str) -> NamedArrays:
    index_path = _only_index(path) if path.is_dir() else path
    with opening(index_path, "an index of shards") as source:
        if source.size > _MAX_INDEX_BYTES:
            raise ValueError(f"{source.size} bytes, and at most {_MAX_INDEX_BYTES} are read")
        file_of = _weight_map(bytes(source.read(0, source.size)))
        shards = locate_shards(index_path, file_of.values())
    source.close()
    return ShardedArrays(path, format_name, source.size, file_of, shards, _open_shard)


def _only_index(folder: Path) -> Path:
    names = _indexes_among(probe_path(folder).entry_names)
    if len(names) != 1:
        raise UnsupportedFormat(
            f"{folder}: holds {len(names)} indexes of shards: {listed(names)}", hint="name the one that you mean"
        )
    return folder / names[0]


def _weight_map(content: bytes) -> Mapping[str, str]:
    structure = re.sub(_TEXTS, b"", content, flags=re.DOTALL)
    if structure.count(b"{") + structure.count(b"[") > _MAX_OPENED_BRACKETS:
        raise ValueError("it nests more than an index does")
    # Decoded here: of bytes, json would guess an encoding, and import whichever it guesses.
    index = json.loads(content.decode("utf-8"), object_pairs_hook=_distinct)
    file_of = index.get("weight_map") if type(index) is dict else None
    if type(file_of) is not dict or not all(type(file) is str for file in file_of.values()):
        raise ValueError("it has no weight_map of names to files")
    require_short(file_of)
    return file_of


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice")
    return made


def _open_shard(path: Path) -> NamedArrays:
    probe = probe_file(path)
    for file_format in _SHARD_FORMATS:
        if file_format.recognizes(probe):
            return file_format.open_probed(probe)
    raise UnsupportedFormat(
        f"{path}: an index names it as a file of arrays, and it is neither of safetensors nor of torch",
        hint="a download may have left a pointer or a web page in its place; fetch it again",
    )


TORCH_INDEX = Format("torch-index", (".bin.index.json",), recognizes_torch, open_torch_index)
SAFETENSORS_INDEX = Format(
    "safetensors-index", (".safetensors.index.json",), recognizes_safetensors, open_safetensors_index
)
