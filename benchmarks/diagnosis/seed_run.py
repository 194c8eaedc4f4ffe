"""All cases with one seed, in a process of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from benchmarks.diagnosis.catalogue import FAULTS
from benchmarks.diagnosis.healthy_runs import HEALTHY_RUNS
from benchmarks.diagnosis.judging import Answers, Judgement, ask

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from benchmarks.diagnosis.case import Case


def use_one_thread() -> None:
    """Leave the other cores to the other seeds; results do not depend on how many there are then."""
    torch.set_num_threads(1)


def chosen(names: Collection[str]) -> tuple[list[Case], list[Case]]:
    """Return the faults and the ordinary runs of these names; no name stands for all."""
    faults, runs = ([case for case in cases if not names or case.name in names] for cases in (FAULTS, HEALTHY_RUNS))
    return faults, runs


def answers(names: Collection[str], seed: int) -> list[Answers]:
    """Return what is said of each case with one seed, faults first."""
    faults, runs = chosen(names)
    return [ask(case, seed) for case in (*faults, *runs)]


def judged(names: Collection[str], said: Sequence[Sequence[Answers]]) -> tuple[list[Judgement], list[Judgement]]:
    """Return the answers of all seeds beside the truth, those of faults and those of ordinary runs."""
    faults, runs = chosen(names)
    faulty = [Judgement(case, each) for of_seed in said for case, each in zip(faults, of_seed, strict=False)]
    healthy = [
        Judgement(case, each) for of_seed in said for case, each in zip(runs, of_seed[len(faults) :], strict=True)
    ]
    return faulty, healthy
