"""The promises of docs/numerics.md, held against exact arithmetic on families of hard data."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.adversarial import FAMILIES, draw
from tests.helpers.measured_accuracy import Layer, measured_accuracy

CASES = 25
LIMIT = 2.0**-48
OUTPUT_LIMIT = {"float16": 0.501, "bfloat16": 0.501, "float32": 0.501, "float64": 4.0}
TYPES = list(OUTPUT_LIMIT)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_within_its_bounds_in_train_mode(family: str, dtype: str) -> None:
    rng = np.random.default_rng([TYPES.index(dtype), list(FAMILIES).index(family)])
    for case in range(CASES):
        values = draw(family, dtype, rng, most_values=3000)
        accuracy = measured_accuracy(values, dtype, Layer(), rng)
        assert accuracy.var <= LIMIT, case
        assert accuracy.mean <= LIMIT, case
        assert accuracy.output <= OUTPUT_LIMIT[dtype], case


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("family", ["normal", "large mean", "two clusters", "evenly spread"])
def test_weight_bias_and_running_statistics_keep_the_bounds(family: str, dtype: str) -> None:
    rng = np.random.default_rng([7, TYPES.index(dtype)])
    for case in range(CASES):
        values = draw(family, dtype, rng, most_values=500)
        spread = abs(float(values[1]) - float(values[0]))
        running = (float(values[0]), min(max(spread, 1e-30), 1e100) ** 2) if case % 2 else None
        layer = Layer(1e-5, float(rng.normal(1, 0.5)), float(rng.normal()), running)
        assert measured_accuracy(values, dtype, layer, rng).output <= OUTPUT_LIMIT[dtype], case
