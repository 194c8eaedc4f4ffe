from __future__ import annotations

from bncli.analysis.verdicts import Verdict
from bncli.rules.bn705_trained import VERDICT
from tests.helpers.remedies import patient
from tests.helpers.verdicts import state_of, verdict_between


def test_updates_that_move_statistics_and_parameters_are_training() -> None:
    seen = patient(lambda _: None)
    before = state_of(seen.model)
    seen.model.train()
    seen.model(seen.loader[0]).square().mean().backward()
    seen.model.bn.weight.data -= 0.1 * seen.model.bn.weight.grad
    assert verdict_between(before, state_of(seen.model)) is Verdict(VERDICT.name)


def test_there_is_nothing_to_remedy() -> None:
    assert VERDICT.severity == "info"
    assert VERDICT.snippet == ""
