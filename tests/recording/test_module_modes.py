from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from bncli.recording.batch_norm_modules import batch_norm_modules
from bncli.recording.module_modes import modes_for_recording
from tests.helpers.recordings import feed


def network() -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(), nn.Sequential(nn.BatchNorm1d(2)), nn.LazyBatchNorm1d())


def flags(model: nn.Module) -> list[bool]:
    return [module.training for module in model.modules()]


@pytest.mark.parametrize(
    ("mode", "trains_everything", "expected"),
    [
        ("train", False, [False, True, False, False, True, True]),
        ("eval", False, [False] * 6),
        ("train", True, [True] * 6),
        ("eval", True, [True, False, True, True, False, False]),
    ],
)
def test_batch_norms_have_a_mode_of_their_own(mode: Any, trains_everything: bool, expected: list[bool]) -> None:
    model = network()
    with modes_for_recording(model, batch_norm_modules(model), mode, trains_everything=trains_everything):
        assert flags(model) == expected


def test_modes_and_buffers_are_as_they_were_after_an_error() -> None:
    model = network()
    model[1].eval()
    before, state = flags(model), {name: value.clone() for name, value in model[:3].state_dict().items()}
    with (
        pytest.raises(ValueError, match="Expected more"),
        modes_for_recording(model, batch_norm_modules(model), "train", trains_everything=False),
    ):
        feed(model, [torch.full((4, 2), torch.nan), torch.randn(1, 2)])
    assert flags(model) == before
    assert all(torch.equal(state[name], value) for name, value in model[:3].state_dict().items())
