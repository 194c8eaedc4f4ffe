from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import torch

from bncli.analysis.decay_momentum import momentum_from_decay
from bncli.analysis.input_loss import InputLoss, input_loss
from tests.helpers.builders import layer

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer


def run(*num_cut_off: int, num_features: int = 8, steps: int = 50) -> list[BatchNormLayer]:
    """Return a layer after each epoch of torch, of which the first so many channels get a constant."""
    torch.manual_seed(0)
    bn = torch.nn.BatchNorm1d(num_features)
    files = []
    for cut_off in num_cut_off:
        for _ in range(steps):
            batch = torch.randn(32, num_features)
            batch[:, :cut_off] = 3
            bn(batch)
        assert bn.running_mean is not None
        assert bn.running_var is not None
        files.append(
            layer(
                num_features=num_features,
                running_mean=bn.running_mean.numpy().copy(),
                running_var=bn.running_var.numpy().copy(),
                num_batches_tracked=int(bn.num_batches_tracked),  # type: ignore[arg-type]
            )
        )
    return files


def loss_of(files: list[BatchNormLayer]) -> InputLoss | None:
    return input_loss(files, [momentum_from_decay([pair]) for pair in pairwise(files)])


def test_channels_that_lost_their_input_are_counted_from_the_file_after_which_they_only_decayed() -> None:
    assert loss_of(run(0, 0, 3, 3)) == InputLoss(3, 1)
    assert loss_of(run(3, 3)) == InputLoss(3, 0)


def test_the_last_of_them_to_lose_it_tells_since_when() -> None:
    assert loss_of(run(0, 3, 3, 5, 5)) == InputLoss(5, 2)


def test_channels_that_have_input_again_are_none() -> None:
    assert loss_of(run(0, 3, 3, 0)) is None
    assert loss_of(run(0, 0, 0)) is None


@pytest.mark.parametrize("num_files", [9, 11])
def test_channels_that_are_dead_in_the_end_are_told_as_such(num_files: int) -> None:
    assert loss_of(run(*[3] * num_files)) is None


def test_one_file_tells_nothing() -> None:
    assert loss_of(run(3)) is None
