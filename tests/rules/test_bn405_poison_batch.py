from __future__ import annotations

from bncli.analysis.batch_evidence import PoisonedBatch
from bncli.rules.bn405_poison_batch import RULE
from bncli.rules.checked_file import checked_file
from bncli.rules.evaluation import evaluate
from tests.helpers.builders import checkpoint
from tests.helpers.evidence import evidence, file_with, observations
from tests.helpers.rule_cases import Twins, healthy

TWINS = Twins(faulty=file_with(evidence(poisoned=(PoisonedBatch(7, (2, 5)),))), sound=file_with(evidence()))


def test_steps_and_channels_are_told() -> None:
    (seen,) = observations(RULE, poisoned=(PoisonedBatch(7, (2, 5)), PoisonedBatch(9, (1, 2))))
    assert (seen.severity, seen.channels, seen.value) == ("error", (1, 2, 5), 2)
    assert seen.message.startswith("NaN or infinity entered in steps 7, 9, in 3 channels")


def test_a_single_step_is_told_as_one() -> None:
    (seen,) = observations(RULE, poisoned=(PoisonedBatch(0, (2,)),))
    assert "in step 0, in 1 channel:" in seen.message


def test_the_layer_that_a_bad_batch_reached_first_is_told_first() -> None:
    first_seen = {
        "stem": evidence(),
        "odd": evidence(poisoned=(PoisonedBatch(9, (2, 5)),)),
        "cause": evidence(poisoned=(PoisonedBatch(7, (5,)),)),
        "behind": evidence(poisoned=(PoisonedBatch(7, tuple(range(16))),)),
    }
    layers = [healthy(name) for name in sorted(first_seen)]
    found = evaluate(checked_file(checkpoint(*layers), evidence=first_seen), [RULE])
    assert [finding.layer for finding in found] == ["cause", "behind", "odd"]
    assert "in 1 channel, here first of 3 layers: one such batch" in found[0].message
    assert all("here first" not in finding.message for finding in found[1:])
