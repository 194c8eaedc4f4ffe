"""BN702: updates were counted, and no statistic moved."""

from __future__ import annotations

from bncli.rules.base import Explanation

VERDICT = Explanation(
    code="BN702",
    name="momentum-zero-or-dead",
    severity="warning",
    summary=(
        "The counter grew and the running statistics did not: momentum 0, only dead channels, or buffers of too "
        "little precision for so small a momentum."
    ),
    rationale=(
        "In train mode the layer normalizes with each batch and nothing shows. In eval mode it still has the "
        "statistics of the first file, which the weights have left behind since.\n\n"
        "A momentum of 0 is the usual cause: PyTorch's momentum is the weight of the new batch, so that 0 keeps "
        "the old value for good. In bfloat16 and float16 an update smaller than half the spacing of the numbers "
        "is lost (BN502)."
    ),
    thresholds=(),
    remedy="Give the layer a momentum above 0, or float32 buffers, and estimate the statistics again.",
    snippet="""\
bn.momentum = 0.1  # weight of the new batch
torch.optim.swa_utils.update_bn(loader, model)
""",
    references=("Cadene/pretrained-models.pytorch#5",),
)
