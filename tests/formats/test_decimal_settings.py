from __future__ import annotations

import numpy as np
import pytest

from bncli.formats.decimal_settings import shortest_float32, weight_of_new_batch


@pytest.mark.parametrize("decimal", [1e-5, 1e-3, 2e-5, 1e-9, 0.1, 0.0, 1.001e-5])
def test_a_decimal_survives_being_stored_as_float32(decimal: float) -> None:
    assert shortest_float32(float(np.float32(decimal))) == decimal


@pytest.mark.parametrize(("decay", "weight"), [(0.9, 0.1), (0.99, 0.01), (0.93, 0.07), (0.999, 0.001), (1, 0), (0, 1)])
def test_a_decay_becomes_the_weight_of_the_new_batch_without_the_noise_of_a_difference(
    decay: float, weight: float
) -> None:
    assert weight_of_new_batch(float(np.float32(decay))) == weight


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_stays_none(number: float) -> None:
    assert not np.isfinite(shortest_float32(number))
    assert not np.isfinite(weight_of_new_batch(number))
