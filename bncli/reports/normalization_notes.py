"""What `normalize` says beneath its tables about values and shapes that call for attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.deviation_cause import Cause
from bncli.reports.document import Note
from bncli.wording import MOST_NAMED, count, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bncli.analysis.normalization_run import NormalizationResult
    from bncli.analysis.torch_deviation import TorchDeviation

_EXPLANATIONS = {
    Cause.OVERFLOW: "a sum of squares or a variance is beyond the type in which torch keeps statistics.",
    Cause.UNDERFLOW: "the variance is below the normal numbers of the type in which torch keeps statistics.",
    Cause.ACCUMULATION: "torch adds the values of (N, C), channels-last and half-precision inputs one after the other "
    "in float32; the error grows with their number and changes with the number of threads.",
    Cause.CANCELLATION: "torch computes x * scale + shift in float32, which cancels where the mean is far larger than "
    "the standard deviation.",
    Cause.ROUNDING: "torch's results are about as good as the type allows in which it computes.",
    Cause.DOUBLE_ROUNDING: "torch rounds to float32 first and then to the output's type.",
}


def normalization_notes(result: NormalizationResult, deviation: TorchDeviation | None = None) -> Iterator[Note]:
    """Yield the notes on one run, and on the causes of torch's distance where that was asked for."""
    if deviation is not None:
        found = set(deviation.causes)
        yield from (Note(f"{cause}: {text}", "muted") for cause, text in _EXPLANATIONS.items() if cause in found)
    yield from _notes_on_values(result)
    yield from _notes_on_shape(result)
    if result.before.running is None:
        yield Note("The layer tracks no running statistics: eval mode uses the batch's own.", "muted")


def _notes_on_values(result: NormalizationResult) -> Iterator[Note]:
    moments, extremes = result.inputs.moments, result.inputs.value_range
    broken = extremes.num_nan + extremes.num_inf
    if broken.any():
        num_broken = int(broken.sum())
        yield Note(
            f"{count(num_broken, 'input value')} {'is' if num_broken == 1 else 'are'} NaN or infinite, in "
            f"{_channels(broken > 0)}: one of them spoils its whole channel, and a training step keeps it in the "
            "running statistics for good.",
            "bad",
        )
    beyond = moments.is_var_beyond_float64
    if beyond.any():
        yield Note(
            f"The variance of {_channels(beyond)} is above the largest float64 and shown as infinite. The output is "
            "right all the same; a running variance that takes it in is infinite for good.",
            "bad",
        )
    finite = (broken == 0) & result.used.coefficients().is_finite
    overflowing = finite & (np.isinf(result.output.minimum) | np.isinf(result.output.maximum))
    if overflowing.any():
        dtype = result.inputs.tensor.dtype
        yield Note(f"Outputs of {_channels(overflowing)} are beyond the range of {dtype}, so infinite.", "bad")


def _notes_on_shape(result: NormalizationResult) -> Iterator[Note]:
    layout = result.inputs.layout
    if layout.values_per_channel == 0:
        yield Note("The batch is empty: nothing is normalized, and a training step moves only the counter.", "notice")
    lengths = layout.shape
    if len(lengths) > 2 and lengths[1] == lengths[-1] and layout.channel_axis == 1:  # noqa: PLR2004 - (N, C)
        yield Note(
            f"Axis 1 and the last axis both have length {lengths[1]}; axis 1 is taken, and --channel-axis -1 takes "
            "the last.",
            "muted",
        )


def _channels(chosen: NDArray[np.bool_]) -> str:
    """Return the first few of the chosen channels in words."""
    indices = np.flatnonzero(chosen)
    named = listed([str(index) for index in indices.tolist()], most=MOST_NAMED)
    return f"channel{'s' if len(indices) > 1 else ''} {named}"
