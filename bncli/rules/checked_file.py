"""A file as rules see it: its layers, and what of it makes no whole layer."""

from __future__ import annotations

from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass
from bncli.rules.checked_layer import CheckedLayer
from bncli.rules.recorded_gap import gaps_with_causes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bncli.analysis.batch_evidence import BatchEvidence
    from bncli.core.batch_norm_layer import Checkpoint
    from bncli.core.named_arrays import Skipped
    from bncli.rules.recorded_gap import GapCause, RecordedGap


@dataclass(frozen=True, eq=False)
class CheckedFile:
    """Everything that rules may look at in one file."""

    path: Path
    layers: tuple[CheckedLayer, ...]
    """In the file's order."""
    recorded: tuple[tuple[CheckedLayer, BatchEvidence], ...]
    """Those that a recording holds and what its batches say about them, in the order in which data passes through."""
    skipped: tuple[Skipped, ...]
    """What could not be used as a layer, with the kind of its fault."""
    affine_layers: tuple[str, ...]
    """Normalizations with a learned scale and shift but without statistics, by their stored names."""
    is_averaged: bool
    """Whether torch's AveragedModel wrote it, so that its weights are averages."""

    @cached_property
    def gaps(self) -> tuple[tuple[RecordedGap, GapCause | None], ...]:
        """How far each of the `recorded` layers is from the data, and the cause if one is known."""
        return tuple(gaps_with_causes(self.recorded))


def checked_file(
    checkpoint: Checkpoint,
    affine_layers: tuple[str, ...] = (),
    is_averaged: bool = False,
    evidence: Mapping[str, BatchEvidence] = MappingProxyType({}),
) -> CheckedFile:
    """Return a checkpoint as rules see it.

    Args:
        checkpoint: its layers.
        affine_layers: normalizations without statistics, by their stored names.
        is_averaged: whether torch's AveragedModel wrote the file.
        evidence: what a recording says about layers, by their stored names, in the order in which data passes through.
    """
    layers = tuple(map(CheckedLayer, checkpoint.layers))
    by_name = {layer.name: layer for layer in layers}
    return CheckedFile(
        path=checkpoint.path,
        layers=layers,
        recorded=tuple((by_name[name], seen) for name, seen in evidence.items()),
        skipped=checkpoint.skipped,
        affine_layers=affine_layers,
        is_averaged=is_averaged,
    )
