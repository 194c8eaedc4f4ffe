from __future__ import annotations

import pytest

from bncli.cli.did_you_mean import did_you_mean

KNOWN = ("table", "json", "csv", "markdown", "html")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("jsn", "did you mean json?"),
        ("JSON", "did you mean json?"),
        ("htlm", "did you mean html?"),
        ("xyz", None),
        ("", None),
    ],
)
def test_a_near_miss_is_guessed_and_a_far_one_is_not(name: str, hint: str | None) -> None:
    assert did_you_mean(name, KNOWN) == hint


def test_several_near_names_are_named_nearest_first_and_no_more_than_three() -> None:
    known = [f"layer{index}.bn" for index in range(10)]
    assert did_you_mean("layer3.bm", known).startswith("did you mean layer3.bn or ")
    assert did_you_mean("layer3.bm", known).count(" or ") == 2


def test_the_case_of_the_known_names_is_kept() -> None:
    assert did_you_mean("batchnorm", ["BatchNorm"]) == "did you mean BatchNorm?"
