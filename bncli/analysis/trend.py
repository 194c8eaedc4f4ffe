"""How the layers of a run moved over its checkpoints."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.checkpoint_order import in_order
from bncli.analysis.counted_updates import updates_between
from bncli.analysis.dead_variance import is_dead
from bncli.analysis.decay_momentum import momentum_from_decay
from bncli.analysis.divergence import divergence
from bncli.analysis.frozen_statistics import frozen_since
from bncli.analysis.input_loss import input_loss
from bncli.analysis.layer_matching import match
from bncli.analysis.layer_selection import select
from bncli.analysis.momentum_recovery import momentum_from_floor
from bncli.analysis.time_of_death import latest_update_of_life
from bncli.core.median import median
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bncli.analysis.channel_filter import ChannelFilter
    from bncli.analysis.checkpoint_order import OrderBasis
    from bncli.analysis.decay_momentum import DecayMomentum
    from bncli.analysis.divergence import Divergence
    from bncli.analysis.input_loss import InputLoss
    from bncli.analysis.momentum_recovery import FloorMomentum
    from bncli.core.batch_norm_layer import BatchNormLayer, Checkpoint


@dataclass(frozen=True, slots=True)
class Death:
    """A channel that was alive in one checkpoint and dead in the next."""

    channel: int
    first_dead: int
    """Index of the checkpoint from which on it is dead in all; it may have been dead for a while before."""
    latest_update: int | None
    """Update after which nothing can have reached it any more, at the latest; `None` where that cannot be told."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerTrend:
    """One layer over all checkpoints; series have one value for each."""

    layers: tuple[BatchNormLayer, ...]
    mean: tuple[float, ...]
    """Root mean square of the running mean over the channels."""
    var: tuple[float, ...]
    """Median running variance; NaN where a channel's is not finite."""
    scale: tuple[float, ...]
    """Median of |weight| / sqrt(running_var + eps)."""
    num_dead: tuple[int, ...]
    deaths: tuple[Death, ...]
    divergence: Divergence | None
    input_loss: InputLoss | None
    """Channels that nothing reached any more in the end; `None` where there are none but dead ones."""
    frozen_since: int | None
    """Index of the checkpoint from which on the statistics stand still while scale or shift move; `None` where they
    do not."""

    @property
    def label(self) -> str:
        """The layer's label in the last checkpoint."""
        return self.layers[-1].label

    @property
    def updates(self) -> tuple[int | float | None, ...]:
        """Updates between each checkpoint and the next; `None` where one has no counter."""
        return tuple(updates_between(*pair) for pair in pairwise(self.layers))


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """A run."""

    checkpoints: tuple[Checkpoint, ...]
    """In the order of the run."""
    order: OrderBasis
    layers: tuple[LayerTrend, ...]
    """Those that every checkpoint has, in the order of the last one."""
    partial: tuple[str, ...]
    """Labels of layers that some checkpoint lacks or has in another width: those of the last one first."""
    momenta: tuple[DecayMomentum | None, ...]
    """What the fall of dead channels tells of the momentum between each checkpoint and the next."""
    floor: FloorMomentum | None
    """What dead channels at rest in the last checkpoint tell of it."""


def trend(checkpoints: Sequence[Checkpoint]) -> Trend:
    """Return how the layers moved over two or more checkpoints, which are put in order."""
    ordered, basis = in_order(checkpoints)
    matchings = [match(checkpoint.layers, ordered[-1].layers) for checkpoint in ordered]
    by_label = [{pair.after.label: pair.before for pair in matching.pairs} for matching in matchings]
    labels = [layer.label for layer in ordered[-1].layers]
    labels += [layer.label for matching in matchings for layer in matching.removed]
    is_shared = {label: all(label in layers for layers in by_label) for label in labels}
    columns = [tuple(layers[label] for layers in by_label) for label, shared in is_shared.items() if shared]
    momenta = tuple(
        momentum_from_decay((layers[index], layers[index + 1]) for layers in columns)
        for index in range(len(ordered) - 1)
    )
    return Trend(
        checkpoints=ordered,
        order=basis,
        layers=tuple(_layer_trend(layers, momenta) for layers in columns),
        partial=tuple(label for label, shared in is_shared.items() if not shared),
        momenta=momenta,
        floor=momentum_from_floor(ordered[-1].layers),
    )


def select_layers(run: Trend, globs: Sequence[str], where: ChannelFilter | None = None) -> Trend:
    """Return the part of a trend whose layers match any of the globs; no glob selects every layer.

    With a condition, only the layers that have a channel for which it holds in the last checkpoint.

    Raises:
        InputNotFound: a glob matches none of the layers that all checkpoints have.
    """
    last = replace(run.checkpoints[-1], layers=tuple(layer.layers[-1] for layer in run.layers))
    chosen = {selected.layer.label for selected in select(last, globs, where)}
    return replace(run, layers=tuple(layer for layer in run.layers if layer.label in chosen))


def _momentum_of(layers: Sequence[BatchNormLayer], momenta: Sequence[DecayMomentum | None]) -> float | None:
    """Return the greatest momentum that was recovered; the layer's own where none was."""
    recovered = [found.high for found in momenta if found is not None and not found.is_cumulative]
    return max(recovered, default=layers[-1].momentum.value)


def _layer_trend(layers: tuple[BatchNormLayer, ...], momenta: Sequence[DecayMomentum | None]) -> LayerTrend:
    dead = np.stack([is_dead(layer) for layer in layers])
    mean, var, scale = (_over(layers, summary) for summary in (_mean_size, _median_var, _median_scale))
    return LayerTrend(
        layers=layers,
        mean=mean,
        var=var,
        scale=scale,
        num_dead=tuple(dead.sum(axis=1).tolist()),
        deaths=_deaths(layers, dead, _momentum_of(layers, momenta)),
        divergence=divergence(mean, var, scale) if layers[-1].num_features else None,
        input_loss=input_loss(layers, momenta),
        frozen_since=frozen_since(layers),
    )


def _over(layers: Sequence[BatchNormLayer], summary: Callable[[BatchNormLayer], float]) -> tuple[float, ...]:
    """Return one value for each checkpoint; NaN for a layer without channels."""
    with np.errstate(over="ignore", invalid="ignore"):
        return tuple(summary(layer) if layer.num_features else float("nan") for layer in layers)


def _mean_size(layer: BatchNormLayer) -> float:
    return float(np.sqrt(np.mean(np.square(layer.running_mean.astype(np.float64)))))


def _median_var(layer: BatchNormLayer) -> float:
    var = layer.running_var.astype(np.float64)
    return median(var) if np.isfinite(var).all() else float("nan")


def _median_scale(layer: BatchNormLayer) -> float:
    return median(np.abs(layer.scale_and_shift()[0]))


def _deaths(layers: Sequence[BatchNormLayer], dead: NDArray[np.bool_], momentum: float | None) -> tuple[Death, ...]:
    """Return the channels that are dead at the end and were not at the start, with where their last life ended."""
    counters = [layer.num_batches_tracked for layer in layers]
    deaths = []
    for channel in np.flatnonzero(dead[-1] & ~dead.all(axis=0)).tolist():
        first_dead = int(np.flatnonzero(~dead[:, channel])[-1]) + 1
        variances = [float(layer.running_var[channel]) for layer in layers]
        deaths.append(Death(channel, first_dead, latest_update_of_life(counters, variances, first_dead, momentum)))
    return tuple(deaths)
