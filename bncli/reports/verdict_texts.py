"""What the verdicts of a comparison mean, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.verdicts import Verdict
from bncli.light_dataclass import dataclass
from bncli.rules import (
    bn701_leaky_freeze,
    bn702_momentum_zero_or_dead,
    bn703_averaged_or_edited,
    bn704_ranks_disagree,
    bn705_trained,
)

if TYPE_CHECKING:
    from bncli.reports.document import Tone
    from bncli.rules.base import Explanation


@dataclass(frozen=True, slots=True)
class VerdictText:
    """A verdict for people."""

    tone: Tone
    story: str
    """What the layers did, after their names."""
    advice: str = ""
    """What it means for the model and what to do; empty where there is nothing to say."""
    code: str | None = None
    """Code under which `bncli rule` explains it; `None` where it does not."""

    @property
    def shown_code(self) -> str | None:
        """The code where it helps a reader: of verdicts that ask for attention."""
        return None if self.tone == "plain" else self.code


def _explained(tone: Tone, story: str, verdict: Explanation) -> VerdictText:
    """Return the text of a verdict that asks for attention, in the words of its explanation."""
    return VerdictText(tone, story, f"{verdict.summary} {verdict.remedy}", verdict.code)


VERDICT_TEXTS = {
    Verdict.LEAKY_FREEZE: _explained(
        "bad", "frozen, but the statistics drift: leaky freeze", bn701_leaky_freeze.VERDICT
    ),
    Verdict.MOMENTUM_ZERO_OR_DEAD: _explained(
        "bad", "counted updates that moved no statistic", bn702_momentum_zero_or_dead.VERDICT
    ),
    Verdict.RANKS_DISAGREE: _explained(
        "bad", "equal parameters and counters with other statistics: the ranks disagree", bn704_ranks_disagree.VERDICT
    ),
    Verdict.AVERAGED_OR_EDITED: _explained("notice", "averaged, merged or edited", bn703_averaged_or_edited.VERDICT),
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
    Verdict.STATS_FROZEN: VerdictText(
        "plain",
        "parameters moved, statistics frozen (norm_eval, or an average of the parameters alone)",
        "The layers ran in eval mode, or an average (EMA, SWA) took the parameters and not the buffers: the statistics "
        "are those of older weights. Where eval mode was not on purpose, model.train() was not called again after a "
        "validation; after an average update_bn estimates them anew.",
    ),
    Verdict.TRAINED: VerdictText("plain", "trained", code=bn705_trained.VERDICT.code),
    Verdict.FULLY_FROZEN: VerdictText("plain", "fully frozen"),
    Verdict.IDENTICAL: VerdictText("good", "identical"),
}
