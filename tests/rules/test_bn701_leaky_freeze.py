from __future__ import annotations

import torch

from bncli.analysis.verdicts import Verdict
from bncli.rules.bn701_leaky_freeze import VERDICT
from tests.helpers.remedies import Patient, patient
from tests.helpers.verdicts import state_of, verdict_between


def freeze_parameters(seen: Patient) -> None:
    seen.model.bn.requires_grad_(requires_grad=False)


def train(seen: Patient) -> None:
    optimizer = torch.optim.SGD([each for each in seen.model.parameters() if each.requires_grad], lr=0.01)
    for images in seen.loader:
        optimizer.zero_grad()
        seen.model(images).square().mean().backward()
        optimizer.step()


def test_a_layer_with_frozen_parameters_leaks_in_train_mode_and_the_remedy_stops_it() -> None:
    seen = patient(freeze_parameters)
    before = state_of(seen.model)
    seen.model.train()
    train(seen)
    leaked = state_of(seen.model)
    assert verdict_between(before, leaked) is Verdict(VERDICT.name)
    seen.run(VERDICT)
    train(seen)
    assert verdict_between(before, leaked) is not verdict_between(leaked, state_of(seen.model))
    assert all(torch.equal(leaked[name], state_of(seen.model)[name]) for name in leaked if name.startswith("bn."))
