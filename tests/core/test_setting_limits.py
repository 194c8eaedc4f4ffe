from __future__ import annotations

import pytest

from bncli.core.setting_limits import check_eps, check_momentum
from bncli.errors import InvalidUsage


@pytest.mark.parametrize("eps", [0.0, 5e-324, 1e-5, 1e300])
def test_a_finite_eps_from_zero_on_is_accepted(eps: float) -> None:
    check_eps(eps)


@pytest.mark.parametrize("eps", [-1e-5, float("nan"), float("inf"), float("-inf")])
def test_any_other_eps_is_refused(eps: float) -> None:
    with pytest.raises(InvalidUsage, match=f"eps is {eps:g}"):
        check_eps(eps)


@pytest.mark.parametrize("momentum", [0.0, 0.1, 1.0, None])
def test_a_weight_is_a_momentum_and_none_is_the_cumulative_average(momentum: float | None) -> None:
    check_momentum(momentum)


@pytest.mark.parametrize("momentum", [-0.1, 1.0000001, float("nan"), float("inf")])
def test_what_is_no_weight_is_no_momentum(momentum: float) -> None:
    with pytest.raises(InvalidUsage, match=f"momentum is {momentum:g}") as refusal:
        check_momentum(momentum)
    assert "1 - momentum" in str(refusal.value.hint)
