"""Checks one file: opens it, finds its layers, evaluates the rules, and leaves out what is known or not asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.affine_layers import affine_layers
from bncli.analysis.layer_discovery import discover, survey
from bncli.analysis.layer_selection import select
from bncli.analysis.provenance import holds_averaged_model
from bncli.cli.recorded_evidence import recorded_evidence
from bncli.formats.detection import open_named_arrays
from bncli.rules.checked_file import checked_file
from bncli.rules.evaluation import evaluate
from bncli.rules.outcome import FileOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bncli.analysis.batch_evidence import BatchEvidence
    from bncli.analysis.channel_filter import ChannelFilter
    from bncli.analysis.layer_settings import GivenSettings
    from bncli.rules.base import Rule


def check_file(
    path: Path,
    rules: Sequence[Rule],
    given: GivenSettings,
    globs: Sequence[str] = (),
    where: ChannelFilter | None = None,
    recording: Path | None = None,
) -> FileOutcome:
    """Return what the rules find in a file.

    Args:
        path: a checkpoint.
        rules: those in force.
        given: settings that win over those in the file.
        globs: patterns for the layers that are asked for; none asks for all, and for findings of the file as a whole.
            Rules that compare layers compare all of them in either case.
        where: condition on channels: only layers that have one for which it holds; `None` asks for all.
        recording: batches that passed through the layers, for the rules about data.

    Raises:
        BncliError: the file cannot be read, or has no layer, or none that matches; or the recording holds none of them.
    """
    with open_named_arrays(path) as arrays:
        checkpoint = survey(arrays, given)
        if not checkpoint.layers and not any(skipped.fault for skipped in checkpoint.skipped):
            checkpoint = discover(arrays, given)  # raises, and says why there is no layer
        without_statistics = affine_layers(arrays)
        is_averaged = holds_averaged_model(arrays.specs)
    evidence = {} if recording is None else recorded_evidence(checkpoint, recording, globs)
    findings = evaluate(checked_file(checkpoint, without_statistics, is_averaged, evidence), rules)
    layers = checkpoint.layers
    if globs or where is not None:
        layers = tuple(selected.layer for selected in select(checkpoint, globs, where))
        names = {layer.name for layer in layers}
        findings = tuple(finding for finding in findings if finding.layer in names)
    return FileOutcome(
        path=checkpoint.path,
        format=checkpoint.format,
        layers=tuple(layer.name for layer in layers),
        num_channels=sum(layer.num_features for layer in layers),
        findings=findings,
        num_left_out=max((each.num_left_out for each in evidence.values()), default=0),
        is_averaged=is_averaged,
        is_of_training=any(each.is_of_training for each in evidence.values()),
        is_calibratable=bool(evidence) and _is_calibratable(checkpoint.format, evidence),
    )


def _is_calibratable(format_name: str, evidence: Mapping[str, BatchEvidence]) -> bool:
    from bncli.formats.rewriting import is_rewritable  # with the readers of torch's files, which most checks do without

    return is_rewritable(format_name) and not any(each.poisoned for each in evidence.values())
