from __future__ import annotations

import numpy as np
import pytest
import torch

from bncli.analysis.frozen_statistics import frozen_since
from tests.helpers.builders import layer
from tests.helpers.layer_pairs import leaked, named, trained


def test_statistics_of_a_layer_that_is_trained_in_eval_mode_are_frozen_from_the_last_train_mode_on() -> None:
    bn = torch.nn.BatchNorm1d(4)
    optimizer = torch.optim.SGD(bn.parameters(), 0.1)
    files = []
    for is_training in (True, True, False, False):
        bn.train(is_training)
        for _ in range(3):
            optimizer.zero_grad()
            bn(torch.randn(8, 4)).square().sum().backward()
            optimizer.step()
        arrays = {name: values.numpy().copy() for name, values in bn.state_dict().items()}
        files.append(layer(**(arrays | {"num_batches_tracked": int(arrays["num_batches_tracked"])})))
    assert frozen_since(files) == 1
    assert frozen_since(files[2:]) == 0
    assert frozen_since(files[:2]) is None


def test_a_layer_in_which_nothing_moves_or_everything_does_is_not_told() -> None:
    assert frozen_since([named("a"), named("a")]) is None
    assert frozen_since([named("a"), trained("a")]) is None
    assert frozen_since([named("a"), leaked("a")]) is None
    assert frozen_since([named("a")]) is None


@pytest.mark.parametrize("counter", [None, 100])
def test_files_without_counters_tell_it_too_and_a_counter_that_moves_denies_it(counter: int | None) -> None:
    other = {"bias": np.ones(4, np.float32), "num_batches_tracked": counter}
    assert frozen_since([named("a", num_batches_tracked=counter), named("a", **other)]) == 0
    assert frozen_since([named("a"), named("a", **(other | {"num_batches_tracked": 150}))]) is None
