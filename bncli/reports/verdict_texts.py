"""What the verdicts of a comparison mean, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bncli.analysis.verdicts import Verdict

if TYPE_CHECKING:
    from bncli.reports.document import Tone


@dataclass(frozen=True, slots=True)
class VerdictText:
    """A verdict for people."""

    tone: Tone
    story: str
    """What the layers did, after their names."""
    advice: str = ""
    """What it means for the model and what to do; empty where there is nothing to say."""
    code: str | None = None
    """Code of the rule that stands for it."""

    @property
    def shown_code(self) -> str | None:
        """The code where it helps a reader: of verdicts that ask for attention."""
        return None if self.tone == "plain" else self.code


VERDICT_TEXTS = {
    Verdict.LEAKY_FREEZE: VerdictText(
        "bad",
        "frozen, but the statistics drift: leaky freeze",
        "Updates moved the running statistics and neither weight nor bias: requires_grad=False freezes parameters, and "
        "only eval mode freezes statistics. Call .eval() on the frozen layers after every model.train().",
        "BN701",
    ),
    Verdict.MOMENTUM_ZERO_OR_DEAD: VerdictText(
        "bad",
        "counted updates that moved no statistic",
        "The counter grew and the running statistics did not: momentum 0, only dead channels, or buffers of too little "
        "precision for so small a momentum. In eval mode the layer still sees the statistics of the first file.",
        "BN702",
    ),
    Verdict.RANKS_DISAGREE: VerdictText(
        "bad",
        "equal parameters and counters with other statistics: the ranks disagree",
        "Each rank kept the statistics of its own share of the batches. Use SyncBatchNorm, or broadcast_buffers=True, "
        "or pool them: the mean of both means, and the mean of both variances plus the variance of both means.",
        "BN704",
    ),
    Verdict.AVERAGED_OR_EDITED: VerdictText(
        "notice",
        "averaged, merged or edited",
        "The statistics differ although no update was counted: a moving average, a merge of models, an edit, or a "
        "calibration that kept the counters.",
        "BN703",
    ),
    Verdict.REWOUND: VerdictText(
        "notice",
        "counters went back and everything differs",
        "The second file is the older one, or of another run, or has averaged weights with statistics estimated anew.",
    ),
    Verdict.RE_ESTIMATED: VerdictText(
        "plain",
        "statistics estimated anew, parameters kept",
        "The counters restarted and neither weight nor bias moved, as update_bn and other calibrations leave it.",
    ),
    Verdict.STATISTICS_CHANGED: VerdictText(
        "notice",
        "parameters kept, statistics changed",
        "Without counters a leaky freeze, an average and a calibration look alike.",
    ),
    Verdict.STATS_FROZEN: VerdictText("plain", "parameters trained, statistics frozen (norm_eval)"),
    Verdict.TRAINED: VerdictText("plain", "trained", code="BN705"),
    Verdict.FULLY_FROZEN: VerdictText("plain", "fully frozen"),
    Verdict.IDENTICAL: VerdictText("good", "identical"),
}
