from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.gap_pattern import common_factor, exchanged_channels

NUM_CHANNELS = 16
ORDER = np.roll(np.arange(NUM_CHANNELS), 3)
EVERY = np.ones(NUM_CHANNELS, bool)


def statistics(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1, NUM_CHANNELS), rng.uniform(0.5, 2, NUM_CHANNELS)


def noisy(statistics: tuple[np.ndarray, np.ndarray], noise: float) -> tuple[np.ndarray, np.ndarray]:
    mean, std = statistics
    rng = np.random.default_rng(7)
    return mean + noise * std * rng.normal(size=mean.shape), std * np.exp(noise * rng.normal(size=mean.shape))


@pytest.mark.parametrize("factor", [255.0, 1 / 255, 4.4])
def test_one_large_factor_is_found_through_the_noise_of_a_running_average(factor: float) -> None:
    log_ratio = np.log(factor) + 0.02 * np.random.default_rng(0).normal(size=NUM_CHANNELS)
    assert common_factor(log_ratio) == pytest.approx(factor, rel=0.02)


def test_a_factor_within_the_limits_is_none() -> None:
    assert common_factor(np.full(NUM_CHANNELS, np.log(2.9))) is None


def test_factors_that_scatter_are_not_one() -> None:
    assert common_factor(np.log(255) + 0.1 * np.random.default_rng(0).normal(size=NUM_CHANNELS)) is None


def test_two_channels_or_an_unknown_one_show_no_common_factor() -> None:
    assert common_factor(np.full(2, np.log(255))) is None
    assert common_factor(np.array([*np.full(8, np.log(255)), np.nan])) is None


def test_permuted_channels_are_found_in_the_places_that_they_left() -> None:
    mean, std = statistics()
    seen = noisy((mean[ORDER], std[ORDER]), 0.01)
    exchanged = exchanged_channels(seen, (mean, std), EVERY)
    assert len(exchanged) >= NUM_CHANNELS / 2
    assert all(ORDER[channel] == place for channel, place in exchanged.items())


def test_two_exchanged_channels_among_others_that_stayed_are_found() -> None:
    order = np.arange(NUM_CHANNELS)
    order[[2, 9]] = 9, 2
    mean, std = statistics()
    is_off = order != np.arange(NUM_CHANNELS)
    assert exchanged_channels((mean[order], std[order]), (mean, std), is_off) == {2: 9, 9: 2}


def test_three_channels_of_an_input_suffice() -> None:
    mean, std = np.array([125.0, 110.0, 90.0]), np.array([70.0, 50.0, 30.0])
    is_off = np.array([True, False, True])
    assert exchanged_channels((mean[::-1], std[::-1]), (mean, std), is_off) == {0: 2, 2: 0}


@pytest.mark.parametrize("seed", range(50))
def test_other_data_is_no_other_order(seed: int) -> None:
    mean, std = statistics()
    assert exchanged_channels(statistics(seed + 1), (mean, std), EVERY) == {}
    assert exchanged_channels(noisy((mean, std), 0.5), (mean, std), EVERY) == {}


def test_channels_that_are_alike_are_in_no_order() -> None:
    mean, std = np.zeros(NUM_CHANNELS), np.ones(NUM_CHANNELS)
    assert exchanged_channels((mean, std), (mean, std), EVERY) == {}


def test_two_channels_in_one_place_are_not_exchanged() -> None:
    mean, std = statistics()
    order = ORDER.copy()
    order[0] = order[1]
    assert exchanged_channels((mean[order], std[order]), (mean, std), EVERY) == {}
