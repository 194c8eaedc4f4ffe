from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from bncli.analysis.momentum_recovery import floor_units, momentum_from_floor
from tests.helpers.builders import layer

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer

SMALLEST = {torch.float32: 2.0**-149, torch.float16: 2.0**-24, torch.bfloat16: 2.0**-133}


def at_rest(momentum: float, dtype: torch.dtype = torch.float32) -> torch.nn.BatchNorm1d:
    """Return torch's layer after constant batches took its three variances from a little above the floor down to it."""
    bn = torch.nn.BatchNorm1d(3, momentum=momentum).to(dtype)
    assert bn.running_var is not None
    bn.running_var.fill_(2 / momentum * SMALLEST[dtype])
    batch = torch.zeros(2, 3, dtype=dtype)
    with torch.no_grad():
        for _ in range(round(4 / momentum)):
            bn(batch)
    return bn


def stored(bn: torch.nn.BatchNorm1d, **changed: Any) -> BatchNormLayer:
    var = bn.running_var
    assert var is not None
    fields = {"running_var": var.float().numpy() if var.dtype == torch.bfloat16 else var.numpy()}
    return layer(num_features=3, dtype=str(var.dtype).removeprefix("torch."), **(fields | changed))


@pytest.mark.parametrize("momentum", [0.45, 0.3, 0.1, 0.03, 0.01, 0.003])
def test_the_floor_that_torch_falls_to_brackets_the_momentum(momentum: float) -> None:
    found = momentum_from_floor([stored(at_rest(momentum))])
    assert found is not None
    assert found.low <= momentum <= found.high
    assert found.num_channels == 3


@pytest.mark.parametrize("momentum", [0.45, 0.3, 0.125, 0.1, 0.03, 0.01, 0.003])
def test_arithmetic_in_float32_throughout_as_on_gpus_has_its_floor_in_the_same_bounds(momentum: float) -> None:
    decay = np.float32(1) - np.float32(momentum)
    var = np.full(4, 2 / momentum * 2.0**-149, np.float32)
    for _ in range(round(5 / momentum)):
        var *= decay
    found = momentum_from_floor([layer(running_var=var)])
    assert found is not None
    assert found.low <= momentum <= found.high


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("momentum", [0.3, 0.1, 0.03, 0.01])
def test_buffers_of_half_precision_have_a_floor_of_their_own(dtype: torch.dtype, momentum: float) -> None:
    found = momentum_from_floor([stored(at_rest(momentum, dtype))])
    assert found is not None
    assert found.low <= momentum <= found.high


def test_four_units_mean_a_momentum_from_a_tenth_to_an_eighth() -> None:
    found = momentum_from_floor([layer(running_var=np.array([1, 5.605e-45, 2, 5.605e-45], np.float32))])
    assert found is not None
    assert (found.low, found.high, found.num_channels) == (0.1, 0.125, 2)
    assert (found.units, found.floor) == (4, 4 * 2.0**-149)


def test_the_lowest_of_several_layers_is_the_floor_and_all_channels_at_it_count() -> None:
    unit = 2.0**-149
    values = ([9, 900, 1e30, 1e30], [4, 5, 4, 1e30], [4, 1e30, 1e30, 1e30])
    found = momentum_from_floor([layer(running_var=(np.array(units) * unit).astype(np.float32)) for units in values])
    assert found is not None
    assert (found.units, found.num_channels) == (4, 3)


@pytest.mark.parametrize("var", [0.0, 1e-36, 1.0, -1e-45, np.nan, np.inf, 1001 * 2.0**-149])
def test_zero_and_values_above_the_floor_tell_nothing(var: float) -> None:
    assert momentum_from_floor([layer(running_var=np.full(4, var, np.float32))]) is None


def test_types_without_a_known_grid_have_no_units() -> None:
    assert floor_units(np.array([5e-324]), "float64").tolist() == [0]
