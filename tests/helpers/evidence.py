"""What a recording says about a healthy layer, from which a test changes one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.analysis.batch_evidence import BatchEvidence
from bncli.rules.checked_file import checked_file
from tests.helpers.builders import checkpoint
from tests.helpers.rule_cases import NUM_CHANNELS, healthy

if TYPE_CHECKING:
    from bncli.rules.base import Observation, Rule
    from bncli.rules.checked_file import CheckedFile


def evidence(**changed: Any) -> BatchEvidence:
    """Return evidence that agrees with the running statistics of `healthy()`. A dict changes single channels."""
    layer = healthy()
    arrays: dict[str, Any] = {
        "mean": layer.running_mean.astype(np.float64),
        "biased_var": layer.running_var.astype(np.float64),
        "effective_count": np.full(NUM_CHANNELS, 10_000.0),
        "batch_effective_count": np.full(NUM_CHANNELS, 500.0),
        "between_fraction": np.full(NUM_CHANNELS, 1 / 500),
    }
    for name in arrays.keys() & changed.keys():
        if isinstance(changed[name], dict):
            for channel, value in changed.pop(name).items():
                arrays[name][channel] = value
    counts = {"num_batches": 20, "num_left_out": 0, "fewest_values": 512, "num_fewest": 20, "num_training": 20}
    sizes = {"num_samples": 32.0, "independent_values": 500.0}
    return BatchEvidence(**(arrays | counts | sizes | {"is_of_training": False, "poisoned": ()} | changed))


def file_with(seen: BatchEvidence) -> CheckedFile:
    """Return a file of one healthy layer, of which a recording holds batches."""
    return checked_file(checkpoint(healthy()), evidence={"bn": seen})


def observations(rule: Rule, **changed: Any) -> list[Observation]:
    """Return what a rule observes in a healthy layer with this evidence."""
    return list(rule.evaluate(file_with(evidence(**changed))))
