"""Tests of cutting arrays into batches and measuring them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bncli.analysis.batch_measurement import measure_batches, one_after_another
from bncli.analysis.input_tensor import input_tensor
from bncli.errors import InvalidValue, ShapeMismatch
from tests.helpers.builders import ArraysInMemory

if TYPE_CHECKING:
    from bncli.core.batch_statistics import BatchStatistics

SHAPES = [(10, 3), (10, 3, 5), (10, 3, 2, 4), (10, 3, 2, 2, 2)]


def measured(x: np.ndarray[Any, Any], channel_axis: int = 1, batch_size: int | None = None) -> BatchStatistics:
    return measure_batches(input_tensor(ArraysInMemory({"x": x})), channel_axis, batch_size)


def random_values(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return np.random.default_rng(len(shape)).normal(3, 2, shape)


def expected(x: np.ndarray[Any, Any], batch_size: int) -> list[np.ndarray[Any, Any]]:
    """Return the values of each batch as (values, channels)."""
    parts = [x[start : start + batch_size] for start in range(0, len(x), batch_size)]
    return [np.moveaxis(part, 1, -1).reshape(-1, x.shape[1]) for part in parts]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("batch_size", [2, 5, 8, 10, 100])
def test_batches_are_cut_along_the_first_axis(shape: tuple[int, ...], batch_size: int) -> None:
    x = random_values(shape)
    batches = measured(x, batch_size=batch_size)
    parts = expected(x, batch_size)
    assert batches.num_values.tolist() == [len(part) for part in parts]
    np.testing.assert_allclose(batches.mean, [part.mean(axis=0) for part in parts], rtol=1e-13)
    np.testing.assert_allclose(batches.var, [part.var(axis=0, ddof=1) for part in parts], rtol=1e-13)


@pytest.mark.parametrize("shape", SHAPES)
def test_without_a_batch_size_the_array_is_one_batch(shape: tuple[int, ...]) -> None:
    x = random_values(shape)
    np.testing.assert_array_equal(measured(x).mean, measured(x, batch_size=10).mean)
    assert len(measured(x)) == 1


def test_channels_may_lie_last() -> None:
    x = random_values((10, 3, 2, 4))
    last = measured(np.ascontiguousarray(np.moveaxis(x, 1, -1)), channel_axis=-1, batch_size=4)
    np.testing.assert_allclose(last.mean, measured(x, batch_size=4).mean, rtol=1e-14)
    np.testing.assert_allclose(last.var, measured(x, batch_size=4).var, rtol=1e-13)


def test_a_last_batch_of_one_value_is_refused_as_torch_refuses_it() -> None:
    with pytest.raises(ShapeMismatch, match="batch 4 of 4 has one value per channel"):
        measured(random_values((10, 3)), batch_size=3)


def test_one_sample_of_many_positions_is_a_batch() -> None:
    assert measured(random_values((10, 3, 5)), batch_size=1).num_values.tolist() == [5] * 10


def test_an_array_without_values_is_refused() -> None:
    with pytest.raises(InvalidValue, match=r"model.pt: shape \[0, 3\] holds no values"):
        measured(np.empty((0, 3)))


def test_a_shape_that_no_layer_takes_is_refused() -> None:
    with pytest.raises(ShapeMismatch, match="2 to 5 axes"):
        measured(np.zeros(8))


def test_a_nan_spoils_only_its_own_batch_and_channel() -> None:
    x = random_values((10, 3))
    x[4, 1] = np.nan
    batches = measured(x, batch_size=5)
    assert np.isnan(batches.mean).tolist() == [[False, True, False], [False, False, False]]


def test_arrays_follow_one_another() -> None:
    first, second = measured(random_values((10, 3)), batch_size=5), measured(random_values((4, 3)))
    together = one_after_another([("a.npy", first), ("b.npy", second)])
    assert together.num_values.tolist() == [5, 5, 4]
    np.testing.assert_array_equal(together.var[2], second.var[0])


def test_arrays_of_different_layers_are_refused_by_name() -> None:
    parts = [("a.npy", measured(random_values((4, 3)))), ("b.npy", measured(random_values((4, 7))))]
    with pytest.raises(ShapeMismatch, match=r"b.npy has 7 channels, a.npy has 3"):
        one_after_another(parts)


def test_the_values_that_are_read_are_told_as_they_are() -> None:
    told: list[int] = []
    tensor = input_tensor(ArraysInMemory({"x": np.zeros((10, 3, 4))}))
    measure_batches(tensor, channel_axis=1, batch_size=4, advance=told.append)
    assert sum(told) == 120
    assert len(told) >= 3
