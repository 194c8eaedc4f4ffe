"""MXNet's parameters (.params): a list of arrays, then their names, which tell what the arrays are."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from bncli.core.named_arrays import LayerHint, Skipped
from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.mxnet_list.arrays import read_array
from bncli.formats.mxnet_list.cursor import Cursor
from bncli.formats.opened_file import OpenedFile
from bncli.formats.regions import FileRegion
from bncli.formats.stored_array import StoredArray

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe

_MAGIC = 0x112
_HEADER = struct.pack("<QQ", _MAGIC, 0)
_MAX_ARRAYS = 500_000

_NAME = re.compile(
    r"(?:arg:|aux:)?"  # the kind of parameter, where a symbol's parameters are saved
    r"(?:(?P<layer>.*)[._])?"
    r"(?P<leaf>gamma|beta|(?:moving|running)_(?:mean|var))",
    re.DOTALL,
)
_ROLES = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "running_mean": "running_mean",
    "moving_var": "running_var",
    "running_var": "running_var",
}


def recognizes(probe: FileProbe) -> bool:
    """Whether the file begins with the number that marks a list of arrays."""
    return probe.head.startswith(_HEADER)


def open_mxnet_params(path: Path) -> NamedArrays:
    """Open a list of MXNet's arrays. Those without names are named by their place in it.

    Raises:
        MalformedFile: the file is broken.
    """
    with opening(path, "a list of MXNet's arrays") as source:
        cursor = Cursor(FileRegion(source, 0, source.size))
        cursor.numbers("QQ")
        found = [read_array(cursor) for _ in range(_count(cursor))]
        names = [cursor.name() for _ in range(_count(cursor))] or [str(index) for index in range(len(found))]
        if len(names) != len(found) or len(set(names)) != len(names):
            raise ValueError(f"{len(found)} arrays have {len(set(names))} names")
        arrays: dict[str, StoredArray] = {}
        skipped: list[Skipped] = []
        for name, array in zip(names, found, strict=True):
            if isinstance(array, StoredArray):
                arrays[name] = array
            else:
                skipped.append(Skipped(name, array))
        return OpenedFile(source, FORMAT.name, arrays, hints=_hints(arrays), skipped=skipped)


def _count(cursor: Cursor) -> int:
    count = cursor.number("Q")
    if count > _MAX_ARRAYS:
        raise ValueError(f"a list of {count}, and at most {_MAX_ARRAYS} are read")
    return count


def _hints(names: Iterable[str]) -> list[LayerHint]:
    """Return the layers: their names are joined with `_` as often as with `.`, so that only MXNet's rules tell them."""
    layers: dict[str, dict[str, str]] = {}
    for name in names:
        match = _NAME.fullmatch(name)
        if match is not None:
            layers.setdefault(match["layer"] or "", {})[_ROLES[match["leaf"]]] = name
    return [
        LayerHint(layer, roles=roles, framework="mxnet")
        for layer, roles in layers.items()
        if "running_mean" in roles or "running_var" in roles
    ]


FORMAT = Format("mxnet", (".params",), recognizes, open_mxnet_params)
