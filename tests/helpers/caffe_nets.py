"""Small Caffe nets, written by hand: there is no Caffe to install."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tests.helpers.protobuf_bytes import bytes_field, float_field, number_field, varint

if TYPE_CHECKING:
    from collections.abc import Sequence


def blob(values: Any, *, is_old: bool = False) -> bytes:
    """Return a blob of single or double precision; an old one has four axes and no more."""
    array = np.asarray(values)
    field = 8 if array.dtype == np.float64 else 5
    content = bytes_field(field, array.tobytes())
    if is_old:
        lengths = (1,) * (4 - array.ndim) + array.shape
        return b"".join(number_field(number, length) for number, length in enumerate(lengths, 1)) + content
    return content + bytes_field(7, bytes_field(1, b"".join(map(varint, array.shape))))


def layer(
    type_name: str,
    name: str,
    blobs: Sequence[bytes] = (),
    bottom: str = "data",
    top: str | None = None,
    settings: bytes = b"",
) -> bytes:
    """Return a layer; without `top` it gives what is called as the layer is."""
    content = bytes_field(1, name) + bytes_field(2, type_name)
    content += bytes_field(3, bottom) + bytes_field(4, name if top is None else top)
    content += b"".join(bytes_field(7, part) for part in blobs)
    return bytes_field(100, content + (bytes_field(139, settings) if settings else b""))


def old_layer(type_number: int, name: str, blobs: Sequence[bytes] = ()) -> bytes:
    """Return a layer of the old generation."""
    content = bytes_field(2, "data") + bytes_field(3, name) + bytes_field(4, name) + number_field(5, type_number)
    return bytes_field(2, content + b"".join(bytes_field(6, part) for part in blobs))


def settings(eps: float | None = None, fraction: float | None = None) -> bytes:
    """Return the settings of a BatchNorm layer."""
    content = b"" if fraction is None else float_field(2, fraction)
    return content if eps is None else content + float_field(3, eps)


def net(*layers: bytes, name: str = "net") -> bytes:
    """Return a whole net."""
    return bytes_field(1, name) + b"".join(layers)
