"""Tests of channel moments against exact rational arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from bncli.core import channel_layout
from bncli.core.channel_layout import ChannelLayout
from bncli.core.moments import Moments, MomentsAccumulator
from bncli.core.unit_moments import unit_moments
from bncli.core.unit_views import unit_views
from tests.helpers.batch_moments import merge, moments_of_batch
from tests.helpers.oracles import channel_values, exact_moments, relative_error

LIMIT = 2.0**-48
Batch = np.ndarray[Any, Any]


def m2_of(moments: Moments, channel: int = 0) -> Fraction:
    """Return the centred sum of squares of a channel as it is meant, whatever its exponent."""
    exponent = 0 if moments.exponent is None else int(moments.exponent[channel])
    return Fraction(float(moments.m2[channel])) * Fraction(4) ** exponent


def adversarial(dtype: str) -> list[tuple[str, Batch]]:
    rng = np.random.default_rng(7)
    n = 3000
    normal = rng.standard_normal(n)
    limit = float(np.finfo(dtype).max) / 16
    cases = {
        "unit normal": normal,
        "large offset": 1000 + normal,
        "large offset, small spread": 1e4 + 0.01 * normal,
        "rectified": np.maximum(normal, 0),
        "one outlier": np.where(np.arange(n) == 17, 1e4, normal),
        "alternating": np.where(np.arange(n) % 2, 0.3, 0.0),
        "sorted": np.sort(normal),
        "near the limit": limit * np.sin(normal),
        "two values an ulp apart": np.where(np.arange(n) == 5, np.nextafter(np.array(1, dtype), np.array(2, dtype)), 1),
    }
    cases["subnormal"] = normal * float(np.finfo(dtype).smallest_normal)
    cases["a huge and a tiny half"] = np.where(np.arange(n) < n // 2, limit, 1 / limit) * normal
    with np.errstate(under="ignore"):
        return [(name, values.astype(dtype).reshape(30, 1, 100)) for name, values in cases.items()]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_mean_and_variance_are_within_their_bounds_on_adversarial_data(dtype: str) -> None:
    for name, x in adversarial(dtype):
        moments = moments_of_batch(x)
        mean, m2 = exact_moments(x)
        magnitude = float((np.abs(x.astype(np.float64)) / x.size).sum())
        assert abs(float(moments.mean[0]) - float(mean)) <= LIMIT * magnitude, name
        assert relative_error(m2_of(moments), m2) <= LIMIT, name


@given(
    npst.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 20)),
        elements=st.floats(-(2.0**60), 2.0**60, width=32),
    )
)
def test_moments_agree_with_exact_arithmetic(x: Batch) -> None:
    moments = moments_of_batch(x)
    for channel in range(x.shape[1]):
        mean, m2 = exact_moments(channel_values(x, channel))
        magnitude = float(np.abs(channel_values(x, channel).astype(np.float64)).mean())
        assert abs(float(moments.mean[channel]) - float(mean)) <= LIMIT * magnitude
        assert relative_error(m2_of(moments, channel), m2) <= LIMIT


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("value", [0.1, 1.0, -3.3, 6e4])
def test_a_constant_channel_has_a_variance_of_exactly_zero(value: float, dtype: str) -> None:
    moments = moments_of_batch(np.full((7, 2, 3, 11), value, dtype))
    assert (moments.m2 == 0).all()
    assert (moments.mean == np.array(value, dtype)).all()


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 8), (5, 3, 4, 6), (3, 2, 3, 4, 5)])
def test_bits_do_not_depend_on_layout_block_size_or_order(shape: tuple[int, ...]) -> None:
    x = (100 + np.random.default_rng(3).standard_normal(shape)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(channel_layout, "UNIT_ELEMENTS", 8)
        expected = moments_of_batch(x)
        last = np.ascontiguousarray(np.moveaxis(x, 1, -1))
        candidates = [moments_of_batch(last, -1), moments_of_batch(np.asfortranarray(x)), moments_of_batch(x[::1])]
        for size in (1, 20, 64, 10**6):
            layout = ChannelLayout.of(shape)
            gathered = MomentsAccumulator(layout)
            for block in reversed(list(layout.blocks(size))):
                views = unit_views(layout, block, x.reshape(-1)[block.start : block.stop])
                gathered.add_units(block, [unit_moments(view) for view in views])
            candidates.append(gathered.result())
    for candidate in candidates:
        assert candidate.count == expected.count
        for role in ("mean", "mean_error", "m2"):
            np.testing.assert_array_equal(getattr(candidate, role), getattr(expected, role))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 99))
def test_any_split_of_the_samples_merges_to_the_same_statistics(sizes: list[int], seed: int) -> None:
    x = (1000 + np.random.default_rng(seed).standard_normal((sum(sizes), 2, 5))).astype(np.float32)
    whole = moments_of_batch(x)
    parts = [moments_of_batch(part) for part in np.split(x, np.cumsum(sizes)[:-1])]
    merged = merge(parts)
    assert merged.count == whole.count
    np.testing.assert_allclose(merged.mean, whole.mean, rtol=LIMIT)
    np.testing.assert_allclose(merged.m2, whole.m2, rtol=4 * LIMIT)
    backwards = merge(parts[::-1])
    np.testing.assert_array_equal(backwards.mean, merged.mean)
    np.testing.assert_array_equal(backwards.m2, merged.m2)


def test_a_naive_difference_of_squares_would_fail_where_this_does_not() -> None:
    x = (1e8 + np.random.default_rng(0).integers(0, 2, (1000, 1))).astype(np.float64)
    naive = (x**2).mean() - x.mean() ** 2
    _, m2 = exact_moments(x)
    assert abs(naive - float(m2) / x.size) > 0.1
    assert relative_error(moments_of_batch(x).m2[0], m2) <= LIMIT


def test_nan_and_infinity_stay_in_their_channel() -> None:
    x = np.random.default_rng(0).standard_normal((4, 4, 6)).astype(np.float32)
    clean = moments_of_batch(x)
    x[1, 1, 2], x[0, 2, 0], x[3, 3, 0], x[3, 3, 1] = np.nan, np.inf, np.inf, -np.inf
    moments = moments_of_batch(x)
    assert moments.mean[0] == clean.mean[0]
    assert moments.m2[0] == clean.m2[0]
    assert np.isnan(moments.mean[[1, 3]]).all()
    assert moments.mean[2] == np.inf
    assert np.isnan(moments.biased_var[1:]).all()


def test_the_divisors_are_n_and_n_minus_one() -> None:
    x = np.random.default_rng(1).standard_normal((6, 2, 3))
    moments = moments_of_batch(x)
    np.testing.assert_allclose(moments.biased_var, x.var(axis=(0, 2)), rtol=1e-14)
    np.testing.assert_allclose(moments.unbiased_var, x.var(axis=(0, 2), ddof=1), rtol=1e-14)


def test_one_value_has_a_biased_variance_of_zero_and_no_unbiased_one() -> None:
    moments = moments_of_batch(np.array([[3.0, 4.0]]))
    assert (moments.biased_var == 0).all()
    assert np.isnan(moments.unbiased_var).all()


def test_an_empty_batch_has_a_count_of_zero_and_no_mean() -> None:
    moments = moments_of_batch(np.empty((0, 3, 4), np.float32))
    assert moments.count == 0
    assert np.isnan(moments.mean).all()
    assert np.isnan(moments.biased_var).all()
    assert moments_of_batch(np.empty((2, 0))).num_features == 0


def test_many_values_of_close_exponents_lose_nothing() -> None:
    x = (1000 + np.random.default_rng(5).standard_normal((200_000, 2))).astype(np.float32)
    moments = moments_of_batch(x)
    for channel in range(2):
        values = x[:, channel].astype(object)
        scaled = [int(value * 2**30) for value in values]
        mean = sum(scaled) / len(scaled) / 2**30
        assert moments.mean[channel] == pytest.approx(mean, rel=1e-15)
        assert moments.biased_var[channel] == pytest.approx(x[:, channel].astype(np.float64).var(), rel=1e-12)
