"""The safetensors format: a JSON header that names the arrays, then their bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from bncli.core.named_arrays import Skipped
from bncli.core.recording_key import RECORDING_KEY
from bncli.errors import MalformedFile
from bncli.formats.base import Format
from bncli.formats.byte_source import CUT_OFF_HINT, opening
from bncli.formats.distributed.lone_parts import require_whole_tensors
from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.opened_file import OpenedFile
from bncli.formats.regions import FileRegion
from bncli.formats.sparse_twin import sparse_twin
from bncli.formats.stored_array import StoredArray, c_strides

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.byte_source import ByteSource
    from bncli.formats.probe import FileProbe

_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 100_000_000
"""The format's own limit."""

_DTYPES = {
    "BOOL": "bool",
    "I8": "int8",
    "I16": "int16",
    "I32": "int32",
    "I64": "int64",
    "U8": "uint8",
    "U16": "uint16",
    "U32": "uint32",
    "U64": "uint64",
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
    "C64": "complex64",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2": "float8_e5m2",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
}

_ROLE_OF_A_RECORDING = (
    "a recording of batches: simulate-momentum replays it, and check and calibrate take it beside a checkpoint"
)


def recognizes(probe: FileProbe) -> bool:
    """Whether the file begins with a plausible header length and an opening brace."""
    length = int.from_bytes(probe.head[:_LENGTH_BYTES], "little")
    return length <= _MAX_HEADER_BYTES and probe.head[_LENGTH_BYTES : _LENGTH_BYTES + 1] == b"{"


def open_safetensors(path: Path) -> NamedArrays:
    """Open a safetensors file. Arrays of a type that bncli cannot widen are listed as skipped.

    Raises:
        UnsupportedFormat: the file holds one rank's share of a distributed checkpoint.
        MalformedFile: the header is broken, or does not fit the bytes that are there.
    """
    with opening(path, "a safetensors file") as source:
        length = int.from_bytes(source.read(0, _LENGTH_BYTES), "little")
        beginning = bytes(source.read(0, _LENGTH_BYTES + length))
        _validate(beginning, source.size, path)
        header: dict[str, Any] = json.loads(beginning[_LENGTH_BYTES:])
        metadata = header.pop("__metadata__", None) or {}
        require_whole_tensors(path, metadata)
        arrays = {}
        skipped = []
        for name, entry in header.items():
            if entry["dtype"] in _DTYPES:
                arrays[name] = _stored_array(source, _LENGTH_BYTES + length, entry)
            else:
                skipped.append(Skipped(name, f"its element type {entry['dtype']} is not one that bncli reads"))
        opened = OpenedFile(source, FORMAT.name, arrays, skipped=skipped)
        opened.without_layers = _ROLE_OF_A_RECORDING if RECORDING_KEY in metadata else None
        return opened


def _validate(beginning: bytes, size: int, path: Path) -> None:
    """Let the format's own library check the header: overlaps, holes, duplicates, sizes.

    Its `get_tensor` is of no use: it maps the file, and with NumPy it cannot read BF16.
    """
    try:
        with sparse_twin(beginning, size) as twin, _open_unmapped(twin):
            pass
    except SafetensorError as error:
        raise MalformedFile(
            f"{path}: broken as a safetensors file: {error}",
            hint=CUT_OFF_HINT,
        ) from error


def _open_unmapped(path: Path) -> safe_open:
    try:
        return safe_open(path, framework="np", backend="pread")
    except TypeError:
        # safetensors before 0.8 knows no backends; it maps the file, and touches no more of the map than the header.
        return safe_open(path, framework="np")


def _stored_array(source: ByteSource, base: int, entry: dict[str, Any]) -> StoredArray:
    shape = tuple(entry["shape"])
    start, stop = entry["data_offsets"]
    region = FileRegion(source, base + start, stop - start)
    return StoredArray(region, ELEMENT_TYPES[_DTYPES[entry["dtype"]]], "<", shape, c_strides(shape))


FORMAT = Format("safetensors", (".safetensors",), recognizes, open_safetensors)
