"""Tests of random numbers that are drawn row by row."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.core import random_rows
from bncli.core.random_rows import RandomRows


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of eight rows of three."""
    monkeypatch.setattr(random_rows, "_CHUNK_ELEMENTS", 26)


def taken(*lengths: int, first: int = 0, seed: int = 1) -> np.ndarray:
    rows = RandomRows(seed, num_columns=3, degrees=4, first=first)
    return np.concatenate([np.stack(rows.take(length), axis=1) for length in lengths])


@pytest.mark.parametrize("lengths", [(1,) * 30, (7, 23), (8, 8, 14), (0, 30), (29, 1)])
def test_rows_do_not_depend_on_how_many_are_taken_at_once(lengths: tuple[int, ...]) -> None:
    np.testing.assert_array_equal(taken(*lengths), taken(30))


@pytest.mark.parametrize("first", [1, 7, 8, 9, 16, 29])
def test_a_draw_that_begins_later_gives_the_rows_from_there_on(first: int) -> None:
    np.testing.assert_array_equal(taken(30 - first, first=first), taken(30)[first:])


def test_no_number_comes_twice() -> None:
    assert len(np.unique(taken(1000))) == 6000


def test_the_first_chunk_is_that_of_two_spawned_generators() -> None:
    normal, chi2 = np.random.default_rng(1).spawn(2)
    np.testing.assert_array_equal(taken(8)[:, 0], normal.standard_normal((8, 3)))
    np.testing.assert_array_equal(taken(8)[:, 1], chi2.chisquare(4, (8, 3)))


def test_another_seed_gives_other_numbers() -> None:
    assert (taken(30, seed=1) != taken(30, seed=2)).all()


def test_moments_are_those_of_the_two_laws() -> None:
    """Five standard errors, over many chunks."""
    normals, chi2s = np.moveaxis(taken(30_000), 1, 0)
    level = 5 / 90_000**0.5
    assert abs(normals.mean()) < level
    assert abs(normals.var() - 1) < level * 2**0.5
    assert abs(chi2s.mean() - 4) < level * 8**0.5
