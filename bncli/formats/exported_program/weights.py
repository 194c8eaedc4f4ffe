"""The weights of an exported program: which member of the archive holds each array, and how it lies in there."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from bncli.core.named_arrays import Skipped
from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.stored_array import StoredArray
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from bncli.formats.element_types import ByteOrder
    from bncli.formats.zip_archive import ZipArchive

_DTYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    10: "complex64",
    11: "complex128",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
    31: "float8_e4m3fnuz",
    32: "float8_e5m2fnuz",
    34: "uint32",
    35: "uint64",
}
"""torch.export's own numbers of the dtypes."""
_STRIDED = 7
"""Its number of the layout that is neither sparse nor opaque."""


@dataclass(slots=True)
class Weights:
    """The arrays of an exported program."""

    arrays: dict[str, StoredArray] = field(default_factory=dict)
    identities: dict[str, Hashable] = field(default_factory=dict)
    """The memory of each array, which several can share."""
    skipped: list[Skipped] = field(default_factory=list)


def read_weights(archive: ZipArchive, folder: str, config: Mapping[str, Any], byte_order: ByteOrder) -> Weights:
    """Return where the weights lie.

    Args:
        archive: the program.
        folder: where the weights are in it, with its slash.
        config: the weights' configuration, parsed.
        byte_order: of the elements.

    Raises:
        LookupError: the archive lacks a member, or the configuration an entry.
        ValueError: an array needs bytes that its member does not have.
    """
    weights = Weights()
    for name, entry in config["config"].items():
        reason = _why_unreadable(entry)
        if reason is not None:
            weights.skipped.append(Skipped(name, reason))
            continue
        member, meta = entry["path_name"], entry["tensor_meta"]
        shape, strides = _integers(meta["sizes"]), _integers(meta["strides"])
        (offset,) = _integers([meta["storage_offset"]])
        element = ELEMENT_TYPES[_DTYPES[meta["dtype"]]]
        try:
            region = archive.region(f"{folder}{member}")
            weights.arrays[name] = StoredArray(region, element, byte_order, shape, strides, offset)
        except (LookupError, ValueError) as fault:
            raise ValueError(f"array {name!r}: {fault}") from fault
        weights.identities[name] = (member, offset, shape, strides)
    return weights


def _why_unreadable(entry: Mapping[str, Any]) -> str | None:
    meta = entry["tensor_meta"]
    if entry["use_pickle"]:
        return "was saved as a pickle of its own, as tensors without plain bytes are"
    if meta["layout"] != _STRIDED:
        return "a sparse or opaque tensor"
    if meta["dtype"] not in _DTYPES:
        return f"its element type number {meta['dtype']} is not one that bncli reads"
    return None


def _integers(values: list[Mapping[str, Any]]) -> tuple[int, ...]:
    numbers = tuple(value["as_int"] for value in values)
    if not all(type(number) is int for number in numbers):
        raise ValueError("a size, stride or offset that is not an integer")
    return numbers
