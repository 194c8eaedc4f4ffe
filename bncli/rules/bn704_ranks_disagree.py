"""BN704: two ranks of one run hold other running statistics."""

from __future__ import annotations

from bncli.rules.base import Explanation

VERDICT = Explanation(
    code="BN704",
    name="ranks-disagree",
    severity="warning",
    summary=(
        "Equal parameters and counters with other statistics: each rank kept the statistics of its own share of "
        "the batches."
    ),
    rationale=(
        "Gradients are averaged over the ranks, buffers are not: each rank's running statistics follow the "
        "batches of that rank. The file of whichever rank saves is used by all, and validation on several ranks "
        "gives as many results.\n\n"
        "The statistics of all ranks together have the mean of the means, and as their variance the mean of the "
        "variances plus the variance of the means. `diff` shows how large that second part is."
    ),
    thresholds=(),
    remedy=(
        "Use SyncBatchNorm, or broadcast_buffers=True, or pool them: the mean of both means, and the mean of both "
        "variances plus the variance of both means."
    ),
    snippet="""\
model = torch.nn.SyncBatchNorm.convert_sync_batchnorm(model)  # before DistributedDataParallel
""",
    references=(
        "pytorch/pytorch#1051",
        "pytorch/pytorch#30718",
        "pytorch/pytorch#13711",
        "open-mmlab/mmdetection#2539",
        "facebookresearch/maskrcnn-benchmark#692",
        "huggingface/pytorch-image-models#110",
    ),
)
