"""Outcomes of `check` for reports and renderers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bncli.rules.catalogue import RULES
from bncli.rules.outcome import FileOutcome, Outcome
from tests.helpers.rule_cases import file_of, findings_of, healthy

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer
    from bncli.core.named_arrays import Skipped


def file_outcome(
    path: str, *layers: BatchNormLayer, num_known: int = 0, skipped: tuple[Skipped, ...] = ()
) -> FileOutcome:
    """Return what all rules find in these layers, as that of a file."""
    file = file_of(*layers, skipped=skipped)
    findings = tuple(replace(finding, file=Path(path)) for finding in findings_of(file))
    names = tuple(layer.name for layer in file.layers)
    return FileOutcome(Path(path), "torch-zip", names, 16 * len(names), findings, num_known)


def outcome(*files: FileOutcome, **changed: Any) -> Outcome:
    """Return the outcome of files."""
    return Outcome(**({"files": files, "unreadable": (), "rules": RULES} | changed))


def broken(name: str = "bn1") -> BatchNormLayer:
    """Return a layer with an error (BN102), two warnings of a dead channel (BN301, BN306) and an info (BN203)."""
    return healthy(name, running_var={0: -1.0, 1: 1e-20}, running_mean={1: 0.0}, num_batches_tracked=0)
