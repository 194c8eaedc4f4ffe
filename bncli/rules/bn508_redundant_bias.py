"""BN508: a bias is added just before the layer, which subtracts it again with the mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule, each_layer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    bias = layer.layer.producer_bias
    if bias is not None:
        yield Observation(
            layer=layer.name,
            severity="info",
            message=f"{bias} is added to the layer's input, and the layer subtracts it again with the mean",
        )


RULE = Rule(
    code="BN508",
    name="redundant-bias",
    severity="info",
    summary="A bias is added just before the layer, which subtracts it again with the mean.",
    rationale=(
        "A constant added to a channel moves the channel's mean by as much, and normalization subtracts the mean: in "
        "training the bias changes no output and its gradient is zero but for rounding, and at inference running_mean "
        "undoes it. It costs memory, is decayed or drifts at random, and the layer's own bias does its work. Only an "
        "ONNX graph is asked what is added before a layer; state dicts hold no graph, and those of TorchScript and "
        "torch.export are not asked. Nothing is said where the sum or the bias has a second use, or two nodes share "
        "the layer."
    ),
    thresholds=(),
    remedy="Build the producer with bias=False; in a trained model, take the bias out of running_mean and drop it.",
    snippet="""\
# from now on: producer = torch.nn.Conv2d(..., bias=False)
if producer.bias is not None:
    bn.running_mean -= producer.bias.detach()
    producer.bias = None
""",
    references=("Ioffe & Szegedy 2015, Batch Normalization, section 3.2, arXiv:1502.03167",),
    evaluate=each_layer(_evaluate),
)
