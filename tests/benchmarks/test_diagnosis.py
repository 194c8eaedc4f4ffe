"""A small part of the benchmark, one run of each case, and how its scores are counted."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from benchmarks.diagnosis.case import OTHER_SETTINGS, Case, Specimen, faults
from benchmarks.diagnosis.catalogue import FAULTS
from benchmarks.diagnosis.digits import Feed
from benchmarks.diagnosis.healthy_runs import HEALTHY_RUNS
from benchmarks.diagnosis.judging import Answers, Judgement, ask
from benchmarks.diagnosis.recorded_answers import RecordedAnswers, recorded_answers
from benchmarks.diagnosis.report import report
from benchmarks.diagnosis.saving import save_state, trained_state
from benchmarks.diagnosis.scores import Share, scored, totals
from bncli.analysis.verdicts import Verdict
from bncli.rules.catalogue import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 3
DOCUMENT = Path(__file__).parents[2] / "docs" / "diagnosis.md"
QUICK_FAULTS = {
    "validated-in-train-mode", "overflowed-batch", "nan-in-the-input", "nan-in-the-loss", "memory-never-set",
    "saved-after-10-steps", "probed-when-new", "one-scale-runs-away", "loaded-into-the-wrong-layer",
    "reset-before-saving", "never-written-back", "one-layer-lost", "widened", "pruned-but-the-variance",
    "without-a-variance", "counter-reset", "counter-from-memory-never-set", "mean-and-variance-swapped",
    "standard-deviation-by-name", "standard-deviation", "eps-of-another-framework", "exported-in-train-mode",
    "onnx-momentum-reversed",
}  # fmt: skip
QUICK_RUNS = {"default", "re-estimated", "copied-in-float64", "halved-after-training", "student-and-teacher",
              "untrained", "without-counters"}  # fmt: skip


def chosen(cases: tuple[Case, ...], names: set[str]) -> list[Case]:
    found = [case for case in cases if case.name in names]
    assert {case.name for case in found} == names
    return found


def never_run(seed: int, folder: Path) -> Specimen:
    raise AssertionError


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("case", chosen(FAULTS, QUICK_FAULTS), ids=lambda case: case.name)
def test_a_fault_is_named_before_anything_else(case: Case) -> None:
    judgement = Judgement(case, ask(case, SEED))
    assert judgement.is_named_first == bool(case.codes)
    assert judgement.false_alarms == ()
    assert judgement.is_told_apart == (case.verdict is not None)


@pytest.mark.parametrize("case", chosen(HEALTHY_RUNS, QUICK_RUNS), ids=lambda case: case.name)
def test_an_ordinary_run_raises_no_alarm(case: Case) -> None:
    judgement = Judgement(case, ask(case, SEED))
    assert judgement.false_alarms == ()
    assert judgement.is_told_apart == (case.verdict is not None)
    assert not judgement.is_false_verdict


def test_there_are_as_many_ordinary_runs_as_faults_each_of_a_name_of_its_own() -> None:
    assert len(HEALTHY_RUNS) >= len(FAULTS) >= 30
    names = [case.name for case in (*FAULTS, *HEALTHY_RUNS)]
    assert len(set(names)) == len(names)


def test_every_fault_is_one_that_a_rule_names_or_says_which_command_shows_it() -> None:
    for case in FAULTS:
        assert bool(case.codes) != bool(case.unseen), case.name
        assert case.codes | case.consequences <= {rule.code for rule in RULES}
        assert case.verdict in {None, OTHER_SETTINGS, *Verdict}


def test_the_document_tells_of_every_case_as_it_is() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for case in FAULTS:
        rules = " or ".join(sorted(case.codes)) or "none can"
        assert f"| {case.name} | {case.story} | {rules} |" in text
        if case.unseen:
            assert f"| {case.name} | {case.story} | {case.unseen.replace('; ', ' | ')} |" in text
    assert f"{len(FAULTS)} faults and {len(HEALTHY_RUNS)} ordinary runs" in text


def test_recorded_data_tells_statistics_of_another_run_from_those_of_this_one(tmp_path: Path) -> None:
    states = trained_state(SEED), trained_state(SEED + 1000)
    mixed = {name: states[".running_" in name][name] for name in states[0]}
    answers = []
    for name, state in (("own", states[0]), ("other", mixed)):
        (tmp_path / name).mkdir()
        answers.append(recorded_answers(save_state(state, tmp_path / name), Feed(), SEED))
    own, other = answers
    assert own.shift < 0.2
    assert other.shift > 0.5
    assert "BN401" in other.codes - own.codes


def test_answers_can_travel_between_processes() -> None:
    answers = Answers((("BN301", "warning"),), Verdict.TRAINED, RecordedAnswers(frozenset({"BN401"}), 0.5))
    assert pickle.loads(pickle.dumps(answers)) == answers  # noqa: S301 - made a moment ago


def judgement(name: str, *found: str, verdict: str | None = None, severity: str = "warning") -> Judgement:
    """Return what was said of a fault that BN301 is about, with BN306 as its consequence."""
    case = Case(name, "", never_run, codes=faults("BN301"), consequences=faults("BN306"), verdict=Verdict.TRAINED)
    return Judgement(case, Answers(tuple((code, severity) for code in found), verdict, None))


@pytest.mark.parametrize(
    ("found", "is_named", "is_first", "false_alarms"),
    [
        ((), False, False, ()),
        (("BN301",), True, True, ()),
        (("BN306", "BN301"), True, False, ()),
        (("BN301", "BN307", "BN309"), True, True, ("BN307", "BN309")),
    ],
)
def test_a_fault_is_named_first_named_or_missed(
    found: tuple[str, ...], is_named: bool, is_first: bool, false_alarms: tuple[str, ...]
) -> None:
    said = judgement("a", *found)
    assert (said.is_named, said.is_named_first, said.false_alarms) == (is_named, is_first, false_alarms)


def test_what_is_only_good_to_know_is_no_false_alarm() -> None:
    assert judgement("a", "BN305", severity="info").false_alarms == ()


def test_totals_count_runs_and_false_alarms() -> None:
    said = [
        judgement("a", "BN301", verdict="trained"),
        judgement("a", "BN306", "BN301", "BN307", verdict="leaky-freeze"),
        judgement("b"),
    ]
    healthy_case = Case("c", "", never_run)
    healthy = [Judgement(healthy_case, Answers((("BN308", "info"),), None, None))]
    overall = totals(said, healthy)
    assert (overall.recall, overall.error_recall) == (Share(2, 3), Share(2, 3))
    assert overall.first == Share(1, 2)
    assert overall.precision == Share(2, 3)
    assert (overall.diff_recall, overall.diff_precision) == (Share(1, 3), Share(1, 2))
    assert overall.alarmed == Share(0, 1)


def test_the_report_has_a_row_for_each_fault_and_marks_what_was_missed() -> None:
    said = [judgement("a", "BN301", verdict="trained"), judgement("a", "BN307", verdict="trained")]
    text = report(scored(said), (), totals(said, ()), (3, 4))
    assert "1 faults and 0 ordinary runs, each with seeds 3, 4" in text
    assert "| a |  | BN301 | **1/2** | **1/2** | trained | 2/2 | BN307 in 1 |" in text
