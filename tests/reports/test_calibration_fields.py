from __future__ import annotations

import numpy as np

from bncli.reports.calibration_fields import CALIBRATION_FIELDS, over_channels, worst_first
from tests.reports.test_calibration import calibrated


def test_channels_without_a_number_do_not_count() -> None:
    assert over_channels(np.array([1.0, np.nan, 3.0, np.inf]), np.max) == 3.0
    assert over_channels(np.array([np.nan]), np.max) is None


def test_the_layer_whose_mean_moved_most_comes_first() -> None:
    near, far = calibrated("near", shift=0.1), calibrated("far", shift=9.0)
    assert sorted([near, far], key=worst_first) == [far, near]


def test_every_column_has_a_value_and_a_meaning() -> None:
    keys = [field.column.key for field in CALIBRATION_FIELDS]
    assert len(set(keys)) == len(keys)
    assert all(field.value(calibrated()) is not None and field.column.meaning for field in CALIBRATION_FIELDS)
