from __future__ import annotations

import torch

from bncli.analysis.verdicts import Verdict
from bncli.rules.bn703_averaged_or_edited import VERDICT
from tests.helpers.remedies import Patient, patient
from tests.helpers.verdicts import state_of, verdict_between


def average_with_another_model(seen: Patient) -> None:
    for values in (*seen.model.parameters(), seen.model.bn.running_mean, seen.model.bn.running_var):
        values.mul_(0.5).add_(0.3)


def test_an_average_has_statistics_that_no_update_made_and_the_remedy_gives_it_its_own() -> None:
    before = state_of(patient(lambda _: None).model)
    seen = patient(average_with_another_model)
    assert verdict_between(before, state_of(seen.model)) is Verdict(VERDICT.name)
    seen.run(VERDICT)
    with torch.no_grad():
        means = [seen.model.producer(images).mean(dim=(0, 2, 3)) for images in seen.loader]
    torch.testing.assert_close(seen.model.bn.running_mean, torch.stack(means).mean(0), atol=1e-5, rtol=1e-4)
