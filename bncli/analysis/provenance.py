"""How a file came about, where its counters do not fit its statistics: averaged, converted or estimated anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from bncli.analysis.initial_residue import initial_residue
from bncli.analysis.initial_statistics import has_initial_statistics
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from bncli.core.batch_norm_layer import BatchNormLayer

Fingerprint = Literal[
    "averaging-wrapper", "float-counters", "initial-statistics", "zero-counters", "counters-too-small"
]
"""`averaging-wrapper`: torch's AveragedModel saved its own counter `n_averaged`. `float-counters`: a tool averaged the
counters as numbers. `initial-statistics`: the parameters are trained, and the statistics are those of a new layer.
`zero-counters`: no update was counted, and the statistics are trained. `counters-too-small`: so few updates cannot
have made these variances."""

_COUNTER_OF_AVERAGED_MODEL = "n_averaged"
_MARGIN = 0.5
"""A variance this far below what the updates must leave of the initial 1 is no matter of rounding."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """One fingerprint and the layers that bear it."""

    fingerprint: Fingerprint
    labels: tuple[str, ...]


def provenance(layers: Sequence[BatchNormLayer], array_names: Collection[str]) -> tuple[Provenance, ...]:
    """Return the fingerprints in one file.

    Args:
        layers: all layers of the file.
        array_names: names of all its arrays, those of other layers included.
    """
    return tuple(_found(layers, array_names))


def holds_averaged_model(array_names: Iterable[str]) -> bool:
    """Return whether a file with arrays of these names was saved from torch's AveragedModel, by its own counter."""
    return any(name.rpartition(".")[2] == _COUNTER_OF_AVERAGED_MODEL for name in array_names)


def _found(layers: Sequence[BatchNormLayer], array_names: Collection[str]) -> Iterator[Provenance]:
    if holds_averaged_model(array_names):
        yield Provenance("averaging-wrapper", tuple(layer.label for layer in layers))
    tests: tuple[tuple[Fingerprint, Callable[[BatchNormLayer], bool]], ...] = (
        ("float-counters", _has_float_counter),
        ("initial-statistics", _has_parameters_alone),
        ("zero-counters", _is_trained_without_updates),
        ("counters-too-small", _has_too_few_updates),
    )
    for fingerprint, bears_it in tests:
        labels = tuple(layer.label for layer in layers if bears_it(layer))
        if labels:
            yield Provenance(fingerprint, labels)


def _has_float_counter(layer: BatchNormLayer) -> bool:
    return isinstance(layer.num_batches_tracked, float)


def _has_parameters_alone(layer: BatchNormLayer) -> bool:
    if not has_initial_statistics(layer).all():
        return False
    has_weight = layer.weight is not None and not (layer.weight == 1).all()
    has_bias = layer.bias is not None and not (layer.bias == 0).all()
    return has_weight or has_bias


def _is_trained_without_updates(layer: BatchNormLayer) -> bool:
    if layer.num_batches_tracked != 0:
        return False
    is_written = bool(layer.running_mean.any() or layer.running_var.any())
    return is_written and not has_initial_statistics(layer).all()


def _has_too_few_updates(layer: BatchNormLayer) -> bool:
    """Return whether a variance lies below what T updates leave of the initial 1, which is (1 - m)^T at least."""
    left = None if _has_float_counter(layer) else initial_residue(layer)
    if left is None:
        return False
    var = layer.running_var.astype(np.float64)
    positive = var[var > 0]
    return bool(positive.size and positive.min() < _MARGIN * left)
