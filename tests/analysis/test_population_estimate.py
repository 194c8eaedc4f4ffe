from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from bncli.analysis.population_estimate import EstimateSettings, effective_count, estimate
from bncli.core.recorded_layer import pooled
from bncli.core.running_statistics import RunningStatistics, fresh
from tests.core.test_recorded_layer import rows_of

RNG = np.random.default_rng(1)
RAGGED = [RNG.normal(shift, 2, (count, 3, 6)) for shift, count in ((0, 8), (3, 3), (-1, 20))]
OLD = RunningStatistics(np.full(3, 0.5), np.full(3, 2.0), 40)


def torch_layer(batches: list[np.ndarray[Any, Any]], momentum: float | None) -> tuple[Any, Any]:
    module = nn.BatchNorm1d(3, momentum=momentum).double()
    module.running_mean.copy_(torch.from_numpy(OLD.mean))
    module.running_var.copy_(torch.from_numpy(OLD.var))
    for batch in batches:
        module(torch.from_numpy(batch))
    return module.running_mean.numpy(), module.running_var.numpy()


@pytest.mark.parametrize("ddof", [0, 1])
def test_the_pooled_estimate_is_that_of_all_values_together(ddof: Any) -> None:
    mean, var = estimate([rows_of(RAGGED)], fresh(3), EstimateSettings(), ddof)
    everything = np.concatenate(RAGGED)
    np.testing.assert_allclose(mean, everything.mean((0, 2)), rtol=1e-14)
    np.testing.assert_allclose(var, everything.var((0, 2), ddof=ddof), rtol=1e-14)


def test_class_sorted_batches_keep_the_variance_between_them() -> None:
    noise = RNG.normal(size=(10, 100, 1, 20))
    noise = (noise - noise.mean((1, 3), keepdims=True)) / noise.std((1, 3), keepdims=True)
    rows = rows_of([noise[k] + k for k in range(10)])
    pooled = estimate([rows], fresh(1), EstimateSettings(), 0)[1]
    averaged = estimate([rows], fresh(1), EstimateSettings("mean-of-batches"), 0)[1]
    assert (pooled[0], averaged[0]) == (pytest.approx(9.25), pytest.approx(1.0))


def test_the_mean_of_batches_is_what_a_cumulative_layer_of_torch_has() -> None:
    ours = estimate([rows_of(RAGGED)], OLD, EstimateSettings("mean-of-batches"), 1)
    np.testing.assert_allclose(ours, torch_layer(RAGGED, None), rtol=1e-13)


def test_the_mean_of_batches_forgets_broken_statistics_as_update_bn_of_torch_does() -> None:
    broken = RunningStatistics(np.full(3, np.nan), np.full(3, np.inf), 40)
    ours = estimate([rows_of(RAGGED)], broken, EstimateSettings("mean-of-batches"), 1)
    module = nn.BatchNorm1d(3).double()
    module.running_mean.fill_(torch.nan)
    module.running_var.fill_(torch.inf)
    torch.optim.swa_utils.update_bn([torch.from_numpy(batch) for batch in RAGGED], module)
    np.testing.assert_allclose(ours, (module.running_mean.numpy(), module.running_var.numpy()), rtol=1e-13)


def test_the_running_average_is_what_a_layer_of_torch_has() -> None:
    ours = estimate([rows_of(RAGGED)], OLD, EstimateSettings("ema", 0.25), 1)
    np.testing.assert_allclose(ours, torch_layer(RAGGED, 0.25), rtol=1e-13)


def test_a_prior_weight_mixes_by_numbers_of_samples() -> None:
    new = estimate([rows_of(RAGGED)], OLD, EstimateSettings(), 1)
    mixed = estimate([rows_of(RAGGED)], OLD, EstimateSettings(prior_weight=31), 1)
    np.testing.assert_allclose(mixed[0], (OLD.mean + new[0]) / 2)
    np.testing.assert_allclose(mixed[1], (OLD.var + new[1]) / 2)


def test_several_recordings_are_one_population() -> None:
    together = estimate([rows_of(RAGGED)], OLD, EstimateSettings(), 1)
    apart = estimate([rows_of(RAGGED[:1]), rows_of(RAGGED[1:])], OLD, EstimateSettings(), 1)
    np.testing.assert_array_equal(apart, together)


def test_independent_batches_are_worth_all_their_values() -> None:
    rows = rows_of([RNG.normal(size=(50, 1, 4)) for _ in range(200)])
    assert effective_count([rows], pooled([rows]).biased_var)[0] == pytest.approx(40_000, rel=0.3)


def test_batches_that_differ_among_each_other_are_worth_about_their_number() -> None:
    rows = rows_of([RNG.normal(RNG.normal(0, 10), 1, (50, 1, 4)) for _ in range(200)])
    assert effective_count([rows], pooled([rows]).biased_var)[0] == pytest.approx(200, rel=0.1)


def test_one_batch_of_one_sample_tells_nothing() -> None:
    rows = rows_of([RNG.normal(size=(1, 2, 9))])
    assert np.isnan(effective_count([rows], pooled([rows]).biased_var)).all()
