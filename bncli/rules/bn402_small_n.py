"""BN402: batches of train mode have too few values per channel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule, Threshold, each_recorded_layer
from bncli.wording import count, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.analysis.batch_evidence import BatchEvidence
    from bncli.rules.checked_layer import CheckedLayer

FEWEST_VALUES = 16
GRAVELY_FEW_VALUES = 2
FEWEST_INDEPENDENT_VALUES = 8


def mean_gain(num_values: int) -> float:
    """Return the mean of sigma over the standard deviation of `num_values` normal values; infinite up to 2.

    `sqrt(n / 2) Gamma((n - 2) / 2) / Gamma((n - 1) / 2)`: how much louder train mode is than eval mode.
    """
    if num_values <= 2:  # noqa: PLR2004 - the integral diverges
        return math.inf
    return math.sqrt(num_values / 2) * math.exp(math.lgamma((num_values - 2) / 2) - math.lgamma((num_values - 1) / 2))


def _evaluate(layer: CheckedLayer, evidence: BatchEvidence) -> Iterator[Observation]:
    fewest = evidence.fewest_values
    if fewest is not None and fewest < FEWEST_VALUES:
        yield _few_values(layer, evidence, fewest)
    elif evidence.independent_values < FEWEST_INDEPENDENT_VALUES:
        yield _few_samples(layer, evidence)


def _few_values(layer: CheckedLayer, evidence: BatchEvidence, fewest: int) -> Observation:
    is_grave = fewest <= GRAVELY_FEW_VALUES
    return Observation(
        layer=layer.name,
        severity="error" if is_grave else "warning",
        value=float(fewest),
        threshold=float(GRAVELY_FEW_VALUES if is_grave else FEWEST_VALUES),
        message=(
            f"{evidence.num_fewest:,} of {evidence.num_training:,} batches in train mode have "
            f"{count(fewest, 'value')} per channel: {_consequence(fewest)}"
        ),
    )


def _few_samples(layer: CheckedLayer, evidence: BatchEvidence) -> Observation:
    return Observation(
        layer=layer.name,
        severity="warning",
        value=evidence.independent_values,
        threshold=float(FEWEST_INDEPENDENT_VALUES),
        message=(
            f"batches in train mode have {evidence.num_samples:g} samples, and the values of one sample are so alike "
            f"that all are worth {number(evidence.independent_values)} independent ones per channel: the mean and the "
            "variance of a batch are mostly noise"
        ),
    )


def _consequence(num_values: int) -> str:
    if num_values == 1:
        return "PyTorch refuses to train on them, and without its check the variance is NaN"
    if num_values == GRAVELY_FEW_VALUES:
        return "the output is 1 or -1, whatever the input"
    return (
        f"train mode is {number(mean_gain(num_values))} times as loud as eval mode on the average, and no normalized "
        f"value exceeds {number(math.sqrt(num_values - 1))}"
    )


RULE = Rule(
    code="BN402",
    name="small-n",
    severity="error",
    summary="Batches in train mode have so few values per channel that their statistics are noise.",
    rationale=(
        "What counts is the number of values per channel, samples times positions, of the batch that a device sees: "
        "gradient accumulation does not enlarge it, and behind global pooling the positions are one. With n values the "
        "normalized output is at most sqrt(n - 1), and dividing by a noisy standard deviation makes train mode louder "
        "than eval mode: 1.6 times for 4 values, 1.2 for 8, 1.09 for 16. Two values give 1 and -1 whatever they are. A "
        "single one is an error in PyTorch, often met with the last batch of an epoch.\n\n"
        "Positions of one sample are alike, most of all in the late layers of a classifier, where a channel stands for "
        "what the picture shows: there two pictures are little more than two values, however large the maps are. The "
        "scatter of the samples' means within the recorded batches tells how many independent values a batch is worth."
    ),
    thresholds=(
        Threshold(
            FEWEST_VALUES,
            "fewer values per channel: warning",
            "At 16, train mode is 9 % louder; the formula agrees with simulated batches.",
        ),
        Threshold(
            FEWEST_INDEPENDENT_VALUES,
            "fewer independent values per channel in a batch of median size: warning",
            "A batch is worth its samples at least, so that only batches of fewer samples can be meant; with 8 values "
            "train mode is 20 % louder.",
        ),
        Threshold(GRAVELY_FEW_VALUES, "so many or fewer: error", "Two values leave nothing of the input but a sign."),
    ),
    remedy=(
        "Make batches larger, drop the last batch of an epoch, or put the layer in eval mode while training; GroupNorm "
        "does not depend on the batch."
    ),
    snippet="""\
loader = torch.utils.data.DataLoader(torch.cat(list(loader)), batch_size=32, drop_last=True)
bn.eval()  # or train with the running statistics
""",
    references=("open-mmlab/mmsegmentation#272", "facebookresearch/SparseConvNet#190", "ultralytics/yolov5#1630"),
    evaluate=each_recorded_layer(_evaluate),
    needs_recording=True,
)
