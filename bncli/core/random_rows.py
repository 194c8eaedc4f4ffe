"""Standard normal and chi-squared random numbers, row by row, from any row on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bncli.core.batch_statistics import FloatArray

_CHUNK_ELEMENTS = 1 << 16
"""Numbers of each kind that one pair of generators draws: what is thrown away to begin in the middle of a chunk."""


class RandomRows:
    """Draws rows of independent random numbers; a row depends on the seed, the number of columns and its index alone.

    Args:
        seed: not negative.
        num_columns: numbers of each kind in a row.
        degrees: degrees of freedom of the chi-squared numbers, at least 1.
        first: index of the row to begin with; rows before it cost nothing beyond those of its chunk.
    """

    def __init__(self, seed: int, num_columns: int, degrees: int, first: int = 0) -> None:
        self._seed = seed
        self._num_columns = num_columns
        self._degrees = degrees
        self._chunk_rows = max(1, _CHUNK_ELEMENTS // num_columns)
        self._next = first - first % self._chunk_rows
        self._normal, self._chi2 = self._generators()
        self.take(first - self._next)

    def take(self, num_rows: int) -> tuple[FloatArray, FloatArray]:
        """Return the next rows: standard normal and chi-squared numbers, each of shape (num_rows, num_columns)."""
        normals, chi2s = np.empty((num_rows, self._num_columns)), np.empty((num_rows, self._num_columns))
        done = 0
        while done < num_rows:
            rows = min(num_rows - done, self._chunk_rows - self._next % self._chunk_rows)
            normals[done : done + rows] = self._normal.standard_normal((rows, self._num_columns))
            chi2s[done : done + rows] = self._chi2.chisquare(self._degrees, (rows, self._num_columns))
            done += rows
            self._next += rows
            if self._next % self._chunk_rows == 0:
                self._normal, self._chi2 = self._generators()
        return normals, chi2s

    def _generators(self) -> tuple[np.random.Generator, np.random.Generator]:
        """Return the generators of the chunk that begins at the next row."""
        # One for each kind of number, so that what a row draws does not depend on how many rows are taken at once.
        chunk = self._next // self._chunk_rows
        normal, chi2 = (np.random.SeedSequence(self._seed, spawn_key=(2 * chunk + kind,)) for kind in (0, 1))
        return np.random.default_rng(normal), np.random.default_rng(chi2)
