"""BN701: weight and bias were frozen, and the running statistics went on."""

from __future__ import annotations

from bncli.rules.base import Explanation

VERDICT = Explanation(
    code="BN701",
    name="leaky-freeze",
    severity="warning",
    summary=(
        "Updates moved the running statistics and neither weight nor bias: requires_grad=False freezes "
        "parameters, and only eval mode freezes statistics."
    ),
    rationale=(
        "A layer whose parameters are frozen still follows the batches as long as it is in train mode. After "
        "fine-tuning on other data the supposedly frozen backbone computes something else in eval mode than "
        "before, although its parameters compare equal, and a head trained against batch statistics meets running "
        "statistics when it is deployed.\n\n"
        "model.train() puts every layer back into train mode, also those that were set to eval mode before: an "
        "override of train() or a call after it has to last. Trainers call it at the start of every epoch, and "
        "after validation."
    ),
    thresholds=(),
    remedy="Call .eval() on the frozen layers after every model.train().",
    snippet="""\
model.train()
bn.eval()  # of every frozen layer, and again after each model.train()
""",
    references=(
        "Lightning-AI/pytorch-lightning#15062",
        "Lightning-AI/pytorch-lightning#13902",
        "pytorch/pytorch#86590",
        "pytorch/pytorch#66073",
        "open-mmlab/mmdetection#346",
    ),
)
