from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bncli.analysis.rank_files import are_rank_files, pooled_statistics
from tests.helpers.builders import layer


@pytest.mark.parametrize(
    ("some", "other", "expected"),
    [
        ("run/model_rank0.pt", "run/model_rank1.pt", True),
        ("rank-0/model.pt", "rank-12/model.pt", True),
        ("RANK_0.pt", "RANK_3.pt", True),
        ("model_rank0.pt", "model_rank0.pt", False),
        ("model_0.pt", "model_1.pt", False),
        ("frank1.pt", "frank2.pt", False),
        ("a_rank0.pt", "b_rank1.pt", False),
    ],
)
def test_files_of_ranks_differ_in_nothing_but_the_number(some: str, other: str, expected: bool) -> None:
    assert are_rank_files(Path(some), Path(other)) is expected


def test_pooled_statistics_are_those_of_all_samples_together() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, (500, 4)), rng.normal(2, 3, (500, 4))
    layers = [layer(running_mean=x.mean(axis=0), running_var=x.var(axis=0)) for x in (first, second)]
    pooled = pooled_statistics(*layers)
    together = np.concatenate([first, second])
    np.testing.assert_allclose(pooled.mean, together.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(pooled.var, together.var(axis=0), rtol=1e-12)
    within = (first.var(axis=0) + second.var(axis=0)) / 2
    np.testing.assert_allclose(pooled.between_fraction, 1 - within / together.var(axis=0), rtol=1e-9)


def test_a_variance_of_zero_lies_nowhere() -> None:
    constant = layer(running_mean=np.ones(4), running_var=np.zeros(4))
    assert np.isnan(pooled_statistics(constant, constant).between_fraction).all()
