from __future__ import annotations

from bncli.analysis.verdicts import Verdict
from bncli.rules.bn702_momentum_zero_or_dead import VERDICT
from tests.helpers.remedies import Patient, patient
from tests.helpers.verdicts import state_of, verdict_between


def set_momentum_to_zero(seen: Patient) -> None:
    seen.model.bn.momentum = 0.0
    seen.model.bn.running_mean.add_(1)  # what the weights have left behind
    seen.model.train()


def test_momentum_0_counts_updates_that_move_nothing_and_the_remedy_moves_them() -> None:
    seen = patient(set_momentum_to_zero)
    before = state_of(seen.model)
    for images in seen.loader:
        seen.model(images)
    assert verdict_between(before, state_of(seen.model)) is Verdict(VERDICT.name)
    seen.run(VERDICT)
    assert seen.model.bn.momentum > 0
    assert (before["bn.running_mean"] - seen.model.bn.running_mean).mean().item() > 0.5
