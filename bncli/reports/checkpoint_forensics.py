"""What one checkpoint remembers of its training, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.age_of_death import dead_channels
from bncli.analysis.ancestry import ancestry
from bncli.analysis.momentum_recovery import momentum_against_the_assumed, momentum_from_floor
from bncli.analysis.provenance import provenance
from bncli.analysis.repeated_updates import whole_multiple
from bncli.reports import averaged_files
from bncli.reports.inference import Inference
from bncli.reports.layer_fields import setting_text
from bncli.reports.layer_group import layer_group
from bncli.wording import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bncli.analysis.ancestry import Ancestry
    from bncli.analysis.momentum_recovery import FloorMomentum
    from bncli.analysis.provenance import Fingerprint, Provenance
    from bncli.core.batch_norm_layer import BatchNormLayer

_PROVENANCE_TEXTS: dict[Fingerprint, tuple[str, str, str]] = {
    "averaging-wrapper": (averaged_files.STATEMENT, averaged_files.EVIDENCE, averaged_files.CAVEAT),
    "float-counters": (
        "An average of checkpoints.",
        "The counters of {who} are floats, as tools leave them that average every array of a file.",
        "Averaged variances lack what lies between the averaged models: statistics should be estimated anew.",
    ),
    "initial-statistics": (
        "Parameters without their statistics.",
        "The running statistics of {who} are still those of a new layer, beside trained parameters.",
        "An average of parameters that leaves out the buffers does this, loading without the buffers too, and so does "
        "training that never writes its statistics back. In eval mode such layers normalize nothing.",
    ),
    "zero-counters": (
        "Converted or averaged, not untrained.",
        "The counters of {who} are 0 beside trained statistics.",
        "A conversion from Keras or TensorFlow leaves them so, and so does a moving average, such as timm's "
        "ModelEmaV2, whose share of a counter rounds down to 0. InstanceNorm, which never counts, looks the same in a "
        "state dict.",
    ),
    "counters-too-small": (
        "Statistics that seem older than their counters.",
        "Some variances of {who} lie below what so few updates would leave of the initial 1.",
        "Counters that were averaged and rounded down, statistics that were estimated anew, or a momentum that is "
        "greater than the one taken here.",
    ),
}


def checkpoint_inferences(layers: Sequence[BatchNormLayer], array_names: Collection[str] = ()) -> tuple[Inference, ...]:
    """Return what the layers of one file tell of its past.

    Args:
        layers: all layers of the file.
        array_names: names of all its arrays, those of other layers included.
    """
    return tuple(_inferences(layers, array_names))


def _inferences(layers: Sequence[BatchNormLayer], array_names: Collection[str]) -> Iterator[Inference]:
    labels = [layer.label for layer in layers]
    stages = ancestry(layers)
    if stages is not None:
        yield _lineage(stages, labels)
    for found in provenance(layers, array_names):
        yield provenance_inference(found, labels)
    floor = momentum_from_floor(layers)
    if floor is not None:
        yield floor_momentum_inference(floor)
    yield from _death(layers, floor)


def _lineage(stages: Ancestry, labels: Sequence[str]) -> Inference:
    oldest, newest = stages.stages[0], stages.stages[-1]
    parents = stages.parent_counters
    evidence = "; ".join(
        f"{stage.num_batches_tracked:,} in {layer_group(stage.labels, labels)}" for stage in stages.stages
    )
    times = whole_multiple(newest.num_batches_tracked, oldest.num_batches_tracked)
    repeated = f", or ran {times} times in each step" if times else ""
    return Inference(
        "lineage",
        f"Fits a training in {len(stages.stages)} stages: the checkpoint that the last one started from had counted "
        f"{' and '.join(f'{parent:,}' for parent in parents)} updates, and the last one added "
        f"{newest.num_batches_tracked:,}.",
        f"Counters: {evidence}.",
        f"Layers that started at 0 with the last stage are assumed; they may as well have stood in eval mode before"
        f"{repeated}.",
        {
            "parent_counters": list(parents),
            "stage_updates": list(stages.stage_updates),
            "stages": [
                {"num_batches_tracked": stage.num_batches_tracked, "num_layers": len(stage.labels)}
                for stage in stages.stages
            ],
        },
    )


def provenance_inference(found: Provenance, labels: Sequence[str]) -> Inference:
    """Return how a file came about.

    Args:
        found: one fingerprint.
        labels: labels of all layers of the file.
    """
    statement, evidence, caveat = _PROVENANCE_TEXTS[found.fingerprint]
    numbers = {"fingerprint": found.fingerprint, "num_layers": len(found.labels)}
    who = layer_group(found.labels, labels)
    return Inference("provenance", statement, evidence.format(who=who), caveat, numbers, "notice")


def floor_momentum_inference(found: FloorMomentum) -> Inference:
    """Return the momentum that the floor of a file's variances tells."""
    is_alone = found.num_channels == 1
    channels = "1 channel rests" if is_alone else f"{found.num_channels} channels rest"
    alone = "If that channel is still falling, only the lower end holds. " if is_alone else ""
    return Inference(
        "momentum",
        f"The weight of the new batch was from {found.low:.4g} to {found.high:.4g}.",
        f"{channels} at a variance of {found.floor:.4g}, {found.units} units of the smallest {found.dtype}, where "
        "(1 - momentum) * var rounds to var.",
        f"{alone}Of a scheduled momentum this is the greatest since the death.",
        {
            "momentum_low": found.low,
            "momentum_high": found.high,
            "num_channels": found.num_channels,
            "floor": found.floor,
            "floor_units": found.units,
        },
    )


def _death(layers: Sequence[BatchNormLayer], floor: FloorMomentum | None) -> Iterator[Inference]:
    momentum = momentum_against_the_assumed(layers, floor)
    dead = dead_channels(layers, momentum)
    ages = [channel.fewest_updates for channel in dead if channel.fewest_updates is not None]
    if not ages:
        return
    settings = {setting_text(layer.momentum) for layer in layers}
    own = f"momentum {settings.pop()}" if len(settings) == 1 else "each layer's momentum"
    youngest, oldest = min(ages), max(ages)
    since = f"{oldest:,}" if youngest == oldest else f"{youngest:,} to {oldest:,}"
    yield Inference(
        "death",
        f"{count(len(dead), 'channel')} dead for at least {since} updates.",
        f"With {own if momentum is None else f'momentum {momentum:.4g}'} no variance falls faster from the median of "
        "its layer to where it is.",
        "It may be far longer: variances rest at the floor, and fall slower where weight decay drives them.",
        {
            "dead_channels": [
                {
                    "layer": channel.label,
                    "channel": channel.channel,
                    "running_var": channel.running_var,
                    "fewest_updates": channel.fewest_updates,
                }
                for channel in dead
            ]
        },
    )
