from __future__ import annotations

import pytest

from bncli.analysis.verdicts import Movement, Verdict, in_company, verdict_of

NOT_COUNTED = None


@pytest.mark.parametrize(
    ("delta", "statistics_moved", "affine_moved", "expected"),
    [
        (0, False, False, Verdict.FULLY_FROZEN),
        (0, False, True, Verdict.STATS_FROZEN),
        (7, True, False, Verdict.LEAKY_FREEZE),
        (7, False, False, Verdict.MOMENTUM_ZERO_OR_DEAD),
        (7, False, True, Verdict.MOMENTUM_ZERO_OR_DEAD),
        (0, True, False, Verdict.AVERAGED_OR_EDITED),
        (0, True, True, Verdict.AVERAGED_OR_EDITED),
        (-7, True, False, Verdict.RE_ESTIMATED),
        (-7, True, True, Verdict.REWOUND),
        (-7, False, False, Verdict.AVERAGED_OR_EDITED),
        (7, True, True, Verdict.TRAINED),
        (NOT_COUNTED, False, False, Verdict.FULLY_FROZEN),
        (NOT_COUNTED, False, True, Verdict.STATS_FROZEN),
        (NOT_COUNTED, True, False, Verdict.STATISTICS_CHANGED),
        (NOT_COUNTED, True, True, Verdict.TRAINED),
    ],
)
def test_counter_statistics_and_parameters_make_the_verdict(
    delta: int | None, statistics_moved: bool, affine_moved: bool, expected: Verdict
) -> None:
    assert verdict_of(Movement(delta, statistics_moved, affine_moved, has_affine=True)) is expected


def test_without_parameters_nothing_can_have_been_frozen() -> None:
    assert verdict_of(Movement(7, True, False, has_affine=False)) is Verdict.TRAINED
    assert verdict_of(Movement(None, True, False, has_affine=False)) is Verdict.TRAINED


def test_a_counter_that_became_a_float_is_an_average_whatever_moved() -> None:
    assert verdict_of(Movement(0.5, True, True, True, counter_became_float=True)) is Verdict.AVERAGED_OR_EDITED


STILL = Movement(0, False, False, has_affine=True)
TRAINED = Movement(9, True, True, has_affine=True)
OTHER_STATISTICS = Movement(0, True, False, has_affine=True)


def test_layers_that_stand_still_are_identical_only_if_all_do() -> None:
    assert in_company((STILL, STILL), are_ranks=False) == (Verdict.IDENTICAL, Verdict.IDENTICAL)
    assert in_company((STILL, TRAINED), are_ranks=False) == (Verdict.FULLY_FROZEN, Verdict.TRAINED)


def test_ranks_disagree_only_where_the_files_are_known_to_be_ranks() -> None:
    assert in_company((OTHER_STATISTICS, STILL), are_ranks=True) == (Verdict.RANKS_DISAGREE, Verdict.FULLY_FROZEN)
    assert in_company((OTHER_STATISTICS, STILL), are_ranks=False)[0] is Verdict.AVERAGED_OR_EDITED
    assert in_company((TRAINED,), are_ranks=True) == (Verdict.TRAINED,)
