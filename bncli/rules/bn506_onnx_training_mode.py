"""BN506: the file itself says that the layer normalizes with batch statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule, each_layer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    if layer.layer.training_mode:
        yield Observation(
            layer=layer.name,
            severity="error",
            message=(
                "the exported graph has the layer in training mode: at inference it normalizes with each batch, and a "
                "sample's output depends on what else is in the batch"
            ),
        )


RULE = Rule(
    code="BN506",
    name="onnx-training-mode",
    severity="error",
    summary="An exported graph holds the layer in training mode.",
    rationale=(
        "An ONNX BatchNormalization with training_mode=1, or with outputs for the running statistics, normalizes with "
        "the batch, and so does a layer that was traced or exported in train mode: model.eval() changes it no more. "
        "Its stored statistics are not used, a batch of one gives constants, and accuracy depends on the order of the "
        "data."
    ),
    thresholds=(),
    remedy="Export again with the model in eval mode.",
    snippet="""\
model.eval()
assert not any(module.training for module in model.modules())
# now torch.onnx.export(model, ...)
""",
    references=("pytorch/pytorch#49229", "pytorch/pytorch#52867", "pytorch/pytorch#75252", "microsoft/onnxscript#1791"),
    evaluate=each_layer(_evaluate),
)
