from __future__ import annotations

from bncli.analysis.verdicts import Verdict
from bncli.reports.verdict_texts import VERDICT_TEXTS


def test_every_verdict_has_words_and_those_of_a_rule_have_its_code() -> None:
    assert list(VERDICT_TEXTS) == list(Verdict)
    codes = {verdict: text.code for verdict, text in VERDICT_TEXTS.items() if text.code}
    assert codes == {
        Verdict.LEAKY_FREEZE: "BN701",
        Verdict.MOMENTUM_ZERO_OR_DEAD: "BN702",
        Verdict.AVERAGED_OR_EDITED: "BN703",
        Verdict.RANKS_DISAGREE: "BN704",
        Verdict.TRAINED: "BN705",
    }


def test_a_code_is_shown_where_it_asks_for_attention() -> None:
    assert VERDICT_TEXTS[Verdict.LEAKY_FREEZE].shown_code == "BN701"
    assert VERDICT_TEXTS[Verdict.TRAINED].shown_code is None


def test_what_alarms_says_what_to_do_about_it() -> None:
    assert all(text.advice for text in VERDICT_TEXTS.values() if text.tone in {"bad", "notice"})
