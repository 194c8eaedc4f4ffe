from __future__ import annotations

import torch

from bncli.analysis.verdicts import Verdict
from bncli.rules.bn704_ranks_disagree import VERDICT
from tests.helpers.remedies import Patient, patient
from tests.helpers.verdicts import state_of, verdict_between


def see_other_batches(seen: Patient) -> None:
    seen.model.bn.running_mean.add_(0.25)
    seen.model.bn.running_var.mul_(1.5)


def test_ranks_with_equal_parameters_and_other_statistics_disagree() -> None:
    one, other = patient(lambda _: None), patient(see_other_batches)
    assert verdict_between(state_of(one.model), state_of(other.model), are_ranks=True) is Verdict(VERDICT.name)
    assert verdict_between(state_of(one.model), state_of(one.model), are_ranks=True) is not Verdict(VERDICT.name)


def test_the_remedy_gives_the_layer_statistics_over_all_ranks() -> None:
    seen = patient(lambda _: None)
    seen.run(VERDICT)
    assert isinstance(seen.model.get_submodule("bn"), torch.nn.SyncBatchNorm)
