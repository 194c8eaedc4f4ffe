"""Tests of the columns of the layer table."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.inspection import InspectedLayer, inspect
from bncli.analysis.layer_selection import select
from bncli.core.batch_norm_layer import Setting
from bncli.reports.document import Cell
from bncli.reports.layer_fields import LAYER_FIELDS, default_columns, remarks, setting_text, shared_fields
from tests.helpers.builders import checkpoint, layer


def inspected(**changed: object) -> InspectedLayer:
    return inspect(select(checkpoint(layer(**changed))))[0]


def value(key: str, row: InspectedLayer) -> object:
    (field,) = [field for field in LAYER_FIELDS if field.column.key == key]
    return field.value(row)


def test_every_column_has_a_key_of_its_own_and_a_meaning() -> None:
    keys = [field.column.key for field in LAYER_FIELDS]
    assert len(set(keys)) == len(keys)
    assert all(field.column.meaning for field in LAYER_FIELDS)


def test_statistics_are_those_of_the_arrays_in_their_shortest_decimals() -> None:
    row = inspected(running_var=np.array([0.1, 0.2, 0.3, 0.7], np.float32))
    assert (value("running_var_min", row), value("running_var_max", row)) == (0.1, 0.7)
    assert value("weight_min", inspected(weight=None)) is None
    assert value("bias_max", inspected(bias=np.full(4, np.nan))) is None


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        (Setting(1e-5, "assumed"), "1e-05 assumed"),
        (Setting(0.001, "given"), "0.001 given"),
        (Setting(0.1, "stored"), "0.1"),
        (Setting(None, "stored"), "cumulative"),
    ],
)
def test_a_setting_says_where_it_comes_from_unless_the_file_holds_it(setting: Setting[float | None], text: str) -> None:
    assert setting_text(setting) == text


def test_remarks_are_words_with_the_count_and_broken_values_hide_lesser_ones() -> None:
    assert remarks(inspected()).value == ""
    assert remarks(inspected(running_var=np.array([1e-30, 1, 1, 1]))) == Cell("1 dead", "notice")
    assert remarks(inspected(running_mean=np.zeros(4), running_var=np.ones(4))).value == "initial statistics"
    assert remarks(inspected(is_tracking=False)).value == "not updated"
    broken = remarks(inspected(running_var=np.array([-1, 1e-30, np.nan, 1])))
    assert broken == Cell("1 not finite, 1 negative var", "bad")


def test_what_all_layers_share_is_no_column() -> None:
    same = [inspected(), inspected()]
    assert {field.column.key for field in shared_fields(same)} == {"eps", "momentum", "dtype"}
    assert "eps" not in default_columns(same, is_filtered=False)
    different = [inspected(), inspected(eps=Setting(1e-3, "stored"))]
    assert {field.column.key for field in shared_fields(different)} == {"momentum", "dtype"}
    assert "eps" in default_columns(different, is_filtered=False)


def test_the_number_of_selected_channels_is_shown_where_a_condition_selects() -> None:
    assert "selected" in default_columns([inspected()], is_filtered=True)
    assert "selected" not in default_columns([inspected()], is_filtered=False)
