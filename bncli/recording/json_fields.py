"""Values out of the JSON of a recording, each of the kind that it has to be: a file may say anything."""

from __future__ import annotations

from typing import Any

from bncli.core.name_length import MAX_NAME_LENGTH
from bncli.recording.spool import SpooledLayer

MOST_LAYERS = 100_000
"""Layers of one recording: far more than any model has."""
_MOST_BITS = 63


def table(value: object, what: str) -> dict[str, Any]:
    """Return a value that has to be a JSON object.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no table")  # noqa: TRY004 - of a file, not of a caller
    return value


def text(record: dict[str, Any], key: str) -> str:
    """Return the text under a key.

    Raises:
        LookupError: there is no such key.
        ValueError: the value is no text, or one too long for a name.
    """
    value = _value(record, key)
    if not isinstance(value, str) or len(value) > MAX_NAME_LENGTH:
        raise ValueError(f"{key} is no text of up to {MAX_NAME_LENGTH} characters")
    return value


def whole_number(record: dict[str, Any], key: str) -> int:
    """Return the whole number under a key, 0 or more.

    Raises:
        LookupError: there is no such key.
        ValueError: the value is no such number, or takes more than 63 bits.
    """
    value = _value(record, key)
    if type(value) is not int or value < 0 or value.bit_length() > _MOST_BITS:
        raise ValueError(f"{key} is no whole number")
    return value


def number(record: dict[str, Any], key: str) -> int | float:
    """Return the number under a key, of any size: settings of a model may be wrong, and are recorded as they are.

    Raises:
        LookupError: there is no such key.
        ValueError: the value is no number, or takes more than 63 bits.
    """
    value = _value(record, key)
    if type(value) not in (int, float) or (type(value) is int and value.bit_length() > _MOST_BITS):
        raise ValueError(f"{key} is no number")
    number_read: int | float = value
    return number_read


def optional_number(record: dict[str, Any], key: str) -> int | float | None:
    """Return the number under a key, or `None` where it is null; raises as `number`."""
    return None if _value(record, key) is None else number(record, key)


def described_layer(record: object) -> SpooledLayer:
    """Return a layer as the JSON of a recording describes it.

    Raises:
        LookupError: something is missing.
        ValueError: something is not of the kind that it has to be.
    """
    layer = table(record, "the description of a layer")
    num_features = whole_number(layer, "num_features")
    if not num_features:
        raise ValueError("a layer has no channels")
    return SpooledLayer(
        name=text(layer, "name"),
        class_name=text(layer, "class_name"),
        num_features=num_features,
        eps=number(layer, "eps"),
        momentum=optional_number(layer, "momentum"),
    )


def _value(record: dict[str, Any], key: str) -> Any:
    try:
        return record[key]
    except KeyError:
        raise LookupError(f"it lacks {key}") from None
