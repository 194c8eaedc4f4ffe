"""How far a layer's statistics are from those of the recorded data, and the one cause that all channels may have."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.gap_pattern import common_factor, exchanged_channels
from bncli.analysis.gap_size import notable_ratios, notable_shifts
from bncli.light_dataclass import dataclass
from bncli.wording import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from bncli.analysis.batch_evidence import BatchEvidence
    from bncli.rules.checked_layer import CheckedLayer

    FloatArray = NDArray[np.float64]
    Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class GapCause:
    """Why calibrating with this recording is no remedy for the gaps of a layer."""

    words: str
    """What shows it, as the end of a sentence; empty where it does not lie in the layer's own numbers."""
    remedy: str


_IN_EVAL_MODE = GapCause(
    words="",
    remedy=(
        "Record again with batch normalization in train mode and calibrate with that, unless the checkpoint was "
        "trained with these statistics frozen; batches of eval mode are what the old statistics made of the data, and "
        "calibrating with them breaks the model."
    ),
)

_IN_TRAINING = GapCause(
    words="",
    remedy=(
        "Record once more with the weights as they are, without training, and calibrate with that: this recording is "
        "of the training that led to the checkpoint, and its weights have moved since."
    ),
)


@dataclass(frozen=True, eq=False)
class RecordedGap:
    """Running statistics beside those of the data; all arrays have shape (C,)."""

    layer: CheckedLayer
    evidence: BatchEvidence

    @cached_property
    def std(self) -> FloatArray:
        """What the layer would divide the data by."""
        with np.errstate(invalid="ignore"):
            std: FloatArray = np.sqrt(self.evidence.biased_var + self.layer.eps)
        return std

    @cached_property
    def shift(self) -> FloatArray:
        """Distance of the means, in sqrt(running_var + eps)."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return np.abs(self.evidence.mean - self.layer.mean) / self.layer.root

    @cached_property
    def log_ratio(self) -> FloatArray:
        """Logarithm of the data's standard deviation over the layer's."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return np.log(self.std / self.layer.root)

    @cached_property
    def is_known(self) -> Mask:
        """Channels of which the recording tells something."""
        return self.layer.is_sound & np.isfinite(self.evidence.effective_count)

    @cached_property
    def is_off(self) -> Mask:
        """Channels whose statistics are further from the data's than chance and the limits allow."""
        count = self.evidence.effective_count
        return self.is_known & (notable_shifts(self.shift, count) | notable_ratios(self.log_ratio, count))

    def cause(self) -> GapCause | None:
        """Return what explains the gaps of all channels at once; `None` where nothing is known to."""
        if not self.is_off.any() or not self.is_known.all():
            return None
        factor = common_factor(self.log_ratio)
        if factor is not None:
            return _other_scale(factor)
        stored = (self.layer.mean, self.layer.root)
        exchanged = exchanged_channels((self.evidence.mean, self.std), stored, self.is_off)
        return _other_order(exchanged) if exchanged else None


def gaps_with_causes(
    recorded: Sequence[tuple[CheckedLayer, BatchEvidence]],
) -> Iterator[tuple[RecordedGap, GapCause | None]]:
    """Yield the gap of each recorded layer, with its cause if one is known.

    What reaches a layer behind one with a cause is changed by that cause: there the remedy is to mend the other. And
    what reaches a layer in eval mode was made by the statistics that are to be replaced, in training by weights that
    moved since: to calibrate takes batches of train mode and of the weights as they are.

    Args:
        recorded: layers with what a recording says about them, in the order in which data passes through.
    """
    first: str | None = None
    for layer, evidence in recorded:
        gap = RecordedGap(layer, evidence)
        cause = gap.cause() if first is None else _behind(first)
        yield gap, cause or _unfit_batches(evidence, len(recorded))
        if first is None and cause is not None:
            first = layer.layer.label


def _unfit_batches(evidence: BatchEvidence, num_layers: int) -> GapCause | None:
    if evidence.is_of_training:
        return _IN_TRAINING
    return _IN_EVAL_MODE if evidence.num_training == 0 and num_layers > 1 else None


def _other_scale(factor: float) -> GapCause:
    return GapCause(
        words=(
            f"the standard deviations of all channels differ by one factor, {number(factor)}: the input comes in "
            "another scale, as pictures of 0 to 255 for a model of 0 to 1 do"
        ),
        remedy="Scale the input as in training; calibrating would fit the checkpoint to this scale instead.",
    )


def _other_order(exchanged: dict[int, int]) -> GapCause:
    channel, place = next(iter(exchanged.items()))
    return GapCause(
        words=(
            f"the data's channels are the layer's in another order, channel {channel} that of {place}: input channels "
            "were exchanged, as RGB and BGR, or the weights before the layer were permuted or pruned without it"
        ),
        remedy=(
            "Bring the input, or the weights before the layer, into the order of its channels; calibrating would leave "
            "weight and bias in the wrong one."
        ),
    )


def _behind(first: str) -> GapCause:
    return GapCause(words="", remedy=f"Mend {first} first, through which the data passes before.")
