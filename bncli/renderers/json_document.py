"""The format `json`: a document's record as strict JSON, every number in full precision."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.core.shortest_decimal import shortest_decimals
from bncli.renderers.base import Renderer
from bncli.version import __version__

if TYPE_CHECKING:
    from bncli.renderers.base import Surface
    from bncli.reports.document import Document

_INDENT = "  "


def render(document: Document, surface: Surface) -> str:  # noqa: ARG001 - the same text on every surface
    """Return the record under its schema's name. Mappings are indented; a list of numbers stays on one line."""
    record = {"schema": f"bncli/{document.kind}/1", "bncli_version": __version__, **document.record}
    # json leaves DEL as it is; like every control character it must not reach a terminal.
    return _write(_plain(record), "\n").replace("\x7f", "\\u007f") + "\n"


def _plain(value: Any) -> Any:
    """Return a value of a record as dicts, lists and scalars; NaN and infinity, which JSON lacks, become None."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, PurePath) else _plain_numpy(value)


def _plain_numpy(value: Any) -> Any:
    """Return a NumPy array as lists, a NumPy scalar as a Python one; a float as the double of its shortest decimal."""
    if not isinstance(value, np.ndarray | np.generic):
        raise TypeError(f"a record cannot hold {type(value).__name__}")
    array = np.asarray(value)
    if array.dtype.kind != "f":
        return array.tolist()
    numbers = shortest_decimals(array)
    return numbers.tolist() if np.isfinite(numbers).all() else _plain(numbers.tolist())


def _write(value: Any, newline: str) -> str:
    inner = newline + _INDENT
    match value:
        case dict() if value:
            members = (f"{json.dumps(key)}: {_write(item, inner)}" for key, item in value.items())
            return "{" + inner + f",{inner}".join(members) + newline + "}"
        case list() if any(isinstance(item, dict | list) for item in value):
            return "[" + inner + f",{inner}".join(_write(item, inner) for item in value) + newline + "]"
        case _:
            return json.dumps(value, allow_nan=False)


RENDERER = Renderer(name="json", suffixes=(".json",), render=render, draws_plots=False)
