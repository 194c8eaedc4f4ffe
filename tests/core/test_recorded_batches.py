from __future__ import annotations

import numpy as np
import pytest

from bncli.core.batch_statistics import BatchStatistics, Ddof
from bncli.core.recorded_batches import RecordedBatches


def recorded(*batches: np.ndarray) -> RecordedBatches:
    return RecordedBatches(
        BatchStatistics(
            np.array([len(batch) for batch in batches]),
            np.array([batch.mean(axis=0) for batch in batches]),
            np.array([batch.var(axis=0, ddof=1) for batch in batches]),
        )
    )


def unequal_batches(offset: float = 0.0) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    return [rng.normal(offset + k, 1 + k, (size, 3)) for k, size in enumerate((40, 7, 200, 2))]


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_the_population_is_that_of_all_values_together(ddof: Ddof, offset: float) -> None:
    batches = unequal_batches(offset)
    together = np.concatenate(batches)
    population = recorded(*batches).population(ddof)
    np.testing.assert_allclose(population.mean, together.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(population.var, together.var(axis=0, ddof=ddof), rtol=1e-9)


def test_the_spread_between_classes_belongs_to_the_population() -> None:
    sorted_classes = [np.array([[k - 1.0], [k + 1.0]]) for k in range(10)]
    population = recorded(*sorted_classes).population(0)
    assert population.var[0] == pytest.approx(1 + 8.25)


def test_batches_come_in_order_and_again_from_the_first() -> None:
    source = recorded(*unequal_batches())
    blocks = list(source.stream([3, 1, 5], 9))
    assert [len(block) for block in blocks] == [3, 1, 5]
    sizes = np.concatenate([block.num_values for block in blocks])
    np.testing.assert_array_equal(sizes, [40, 7, 200, 2, 40, 7, 200, 2, 40])
    np.testing.assert_array_equal(blocks[2].mean[0], blocks[0].mean[0])


def test_noise_is_the_scatter_of_the_batch_statistics() -> None:
    batches = unequal_batches()
    noise = recorded(*batches).noise(0)
    np.testing.assert_allclose(noise.mean_var, np.var([batch.mean(axis=0) for batch in batches], axis=0, ddof=1))
    np.testing.assert_allclose(noise.var_var, np.var([batch.var(axis=0) for batch in batches], axis=0, ddof=1))


def test_a_single_batch_has_no_noise() -> None:
    noise = recorded(unequal_batches()[0]).noise(1)
    assert not noise.mean_var.any()
    assert not noise.var_var.any()


def test_biased_variances_divide_by_the_number_of_values() -> None:
    batches = unequal_batches()
    var = recorded(*batches).batches.var_with(0)
    np.testing.assert_allclose(var, [batch.var(axis=0) for batch in batches])
