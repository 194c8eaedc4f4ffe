from __future__ import annotations

import pytest

from bncli.core.complement import complement


@pytest.mark.parametrize(
    ("decay", "momentum"), [(0.99, 0.01), (0.9, 0.1), (0.999, 0.001), (0.9997, 0.0003), (1.0, 0.0)]
)
def test_a_decay_is_complemented_as_it_is_written(decay: float, momentum: float) -> None:
    assert complement(decay) == momentum
    assert complement(momentum) == decay
