"""The format `json`: a document's record as strict JSON, every number in full precision."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.core.shortest_decimal import shortest_decimal, shortest_decimals
from bncli.renderers.base import Renderer
from bncli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bncli.renderers.base import Surface
    from bncli.reports.document import Document

_INDENT = "  "
_SCALARS: dict[type, Callable[[Any], str]] = {
    str: encode_basestring_ascii,
    float: lambda number: repr(number) if math.isfinite(number) else "null",
    int: repr,
    bool: lambda flag: "true" if flag else "false",
    type(None): lambda _: "null",
}
"""Found by their exact type, for a checkpoint of 25,000 layers has a million of them."""
_NUMPY = (np.generic, np.ndarray)
_CONTAINERS = (Mapping, list, tuple, np.ndarray)


def render(document: Document, surface: Surface) -> str:  # noqa: ARG001 - the same text on every surface
    """Return the record under its schema's name. Mappings are indented; a list of numbers stays on one line."""
    record = {"schema": f"bncli/{document.kind}/1", "bncli_version": __version__, **document.record}
    # json leaves DEL as it is; like every control character it must not reach a terminal.
    return _written(record, "\n").replace("\x7f", "\\u007f") + "\n"


def _written(value: Any, newline: str) -> str:
    """Return a value of a record as JSON, its inner lines indented more than `newline` is."""
    write_scalar = _SCALARS.get(type(value))
    if write_scalar is not None:
        return write_scalar(value)
    if isinstance(value, _NUMPY):
        return _written(_plain_numpy(value), newline)
    if isinstance(value, Mapping):
        return _written_mapping(value, newline)
    if isinstance(value, list | tuple):
        return _written_list(value, newline)
    if isinstance(value, str | int):  # members of enumerations
        return json.dumps(value)
    if isinstance(value, PurePath):
        return encode_basestring_ascii(str(value))
    raise TypeError(f"a record cannot hold {type(value).__name__}")


def _written_mapping(value: Mapping[str, Any], newline: str) -> str:
    if not value:
        return "{}"
    inner = newline + _INDENT
    members = [f"{encode_basestring_ascii(str(key))}: {_written(item, inner)}" for key, item in value.items()]
    return f"{{{inner}{f',{inner}'.join(members)}{newline}}}"


def _written_list(value: Sequence[Any], newline: str) -> str:
    """Return a list: on one line if it holds scalars only."""
    if not any(isinstance(item, _CONTAINERS) for item in value):
        return f"[{', '.join([_written(item, newline) for item in value])}]"
    inner = newline + _INDENT
    return f"[{inner}{f',{inner}'.join([_written(item, inner) for item in value])}{newline}]"


def _plain_numpy(value: np.ndarray[Any, Any] | np.generic[Any]) -> Any:
    """Return an array as lists, a scalar as Python's; a float as the double of its shortest decimal."""
    if isinstance(value, np.floating):
        return shortest_decimal(value)
    array = np.asarray(value)
    return shortest_decimals(array).tolist() if array.dtype.kind == "f" else array.tolist()


RENDERER = Renderer(name="json", suffixes=(".json",), render=render, draws_plots=False)
