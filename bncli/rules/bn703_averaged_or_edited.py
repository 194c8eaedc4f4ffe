"""BN703: the statistics differ, and no update was counted."""

from __future__ import annotations

from bncli.rules.base import Explanation

VERDICT = Explanation(
    code="BN703",
    name="averaged-or-edited",
    severity="info",
    summary=(
        "The statistics differ although no update was counted: a moving average, a merge of models, two runs of one "
        "length, an edit, or a calibration that kept the counters."
    ),
    rationale=(
        "Only forward passes in train mode move running statistics, and each of them is counted. What moved them "
        "without a count worked on the file or on the buffers themselves. Two runs of as many updates, such as clients "
        "of federated learning after one round, and two ranks of one run differ in the same way; `bncli diff --ranks` "
        "takes the files for ranks.\n\n"
        "An average of checkpoints is the case to look at: the average of the running variances of several models "
        "is not the variance of the activations of the averaged model, which also moves with the means. Averaging "
        "weights without estimating the statistics again is why averaged models evaluate badly."
    ),
    thresholds=(),
    remedy="After averaging or merging weights, estimate the statistics again; a calibration needs nothing.",
    snippet="""\
torch.optim.swa_utils.update_bn(loader, model)  # model holds the averaged weights
""",
    references=(
        "huggingface/pytorch-image-models#224",
        "mosaicml/composer#624",
        "CuriousAI/mean-teacher#9",
        "facebookresearch/moco#70",
        "lucidrains/ema-pytorch#8",
        "Izmailov et al. 2018, Averaging Weights Leads to Wider Optima and Better Generalization, arXiv:1803.05407",
    ),
)
