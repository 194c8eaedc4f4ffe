from __future__ import annotations

from typing import Any

import pytest

from bncli.core.name_length import MAX_NAME_LENGTH
from bncli.recording.json_fields import (
    described_layer,
    number,
    optional_number,
    table,
    text,
    whole_number,
)
from bncli.recording.spool import SpooledLayer

LAYER = {"name": "bn", "class_name": "BatchNorm1d", "num_features": 3, "eps": 1e-5, "momentum": None}


def test_a_layer_is_what_its_description_says() -> None:
    assert described_layer(LAYER) == SpooledLayer("bn", "BatchNorm1d", 3, 1e-5, None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", 1),
        ("name", None),
        ("name", "x" * (MAX_NAME_LENGTH + 1)),
        ("class_name", ["BatchNorm1d"]),
        ("num_features", 0),
        ("num_features", -1),
        ("num_features", 3.0),
        ("num_features", True),
        ("num_features", 2**63),
        ("eps", "1e-5"),
        ("eps", None),
        ("eps", 10**400),
        ("momentum", {}),
        ("momentum", False),
    ],
)
def test_a_description_of_another_kind_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{key}|no channels"):
        described_layer(LAYER | {key: value})


@pytest.mark.parametrize("key", LAYER)
def test_what_is_missing_is_named(key: str) -> None:
    with pytest.raises(LookupError, match=f"it lacks {key}"):
        described_layer({name: value for name, value in LAYER.items() if name != key})


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_what_is_no_table_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="the header is no table"):
        table(value, "the header")


def test_settings_of_a_model_may_be_wrong() -> None:
    record = {"eps": float("nan"), "momentum": -2, "counter": -5, "none": None, "many": 7, "name": ""}
    assert number(record, "eps") != number(record, "eps")
    assert (optional_number(record, "momentum"), optional_number(record, "none")) == (-2, None)
    assert (optional_number(record, "counter"), whole_number(record, "many"), text(record, "name")) == (-5, 7, "")
