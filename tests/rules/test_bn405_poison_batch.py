from __future__ import annotations

from bncli.analysis.batch_evidence import PoisonedBatch
from bncli.rules.bn405_poison_batch import RULE
from tests.helpers.evidence import evidence, file_with, observations
from tests.helpers.rule_cases import Twins

TWINS = Twins(faulty=file_with(evidence(poisoned=(PoisonedBatch(7, (2, 5)),))), sound=file_with(evidence()))


def test_steps_and_channels_are_told() -> None:
    (seen,) = observations(RULE, poisoned=(PoisonedBatch(7, (2, 5)), PoisonedBatch(9, (1, 2))))
    assert (seen.severity, seen.channels, seen.value) == ("error", (1, 2, 5), 2)
    assert seen.message.startswith("NaN or infinity entered in steps 7, 9, in 3 channels")


def test_a_single_step_is_told_as_one() -> None:
    (seen,) = observations(RULE, poisoned=(PoisonedBatch(0, (2,)),))
    assert "in step 0, in 1 channel:" in seen.message
