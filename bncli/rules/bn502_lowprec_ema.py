"""BN502: the running statistics are stored in a precision that small updates do not move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.float_types import FLOAT_TYPES
from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

WARNING_STALL = 0.01
ERROR_STALL = 0.1

_LOW_PRECISION = frozenset({"bfloat16", "float16"})


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    dtype, weight = layer.layer.dtype, _weight_of_a_batch(layer)
    if dtype not in _LOW_PRECISION or not weight:
        return
    stall = 2.0 ** -FLOAT_TYPES[dtype].precision / (2 * weight)
    if stall > WARNING_STALL:
        threshold = ERROR_STALL if stall > ERROR_STALL else WARNING_STALL
        yield Observation(
            layer=layer.name,
            severity="error" if stall > ERROR_STALL else "warning",
            value=stall,
            threshold=threshold,
            message=(
                f"running statistics in {dtype}: if they were updated like that, at {layer.momentum_words} "
                f"an update rounds to nothing once it is within {percent(stall)} of the batch's value, and they stop "
                "there"
            ),
        )


def _weight_of_a_batch(layer: CheckedLayer) -> float | None:
    """Return the weight of the last batch: the momentum, or 1 / T of a cumulative average."""
    momentum, counter = layer.layer.momentum.value, layer.layer.num_batches_tracked
    if momentum is None:
        return 1 / counter if counter and counter > 0 else None
    return momentum


RULE = Rule(
    code="BN502",
    name="lowprec-ema",
    severity="error",
    summary="Running statistics in bfloat16 or float16 stop following the batches before they get there.",
    rationale=(
        "An update adds momentum * (batch - running). Once that is less than half the distance between two numbers of "
        "the type, it rounds to nothing: at a relative distance of about 2^-p / (2 * momentum) for p bits. Measured "
        "errors of the variance in bfloat16 are 4.3 % at momentum 0.1, 15 % at 0.01 and 49 % at 0.001; in float16 0.2 "
        "%, 2.4 % and 25 %. The sign is that of the side from which the average came.\n\n"
        "Buffers that were trained in float32 and only saved in half precision are fine; the file does not tell."
    ),
    thresholds=(
        Threshold(
            WARNING_STALL, "2^-p / (2 * momentum) above it: warning", "Rounding; agrees with the measured errors."
        ),
        Threshold(ERROR_STALL, "2^-p / (2 * momentum) above it: error", "Rounding; agrees with the measured errors."),
    ),
    remedy="Keep the buffers in float32 while training, and estimate them again.",
    snippet="""\
bn.float()  # parameters and buffers; inputs may stay in half precision
torch.optim.swa_utils.update_bn(loader, model)
""",
    references=("NVIDIA/apex#144", "apple/coreai-torch#54"),
    evaluate=each_layer(_evaluate),
)
