"""Tests of hints for misspelt names, and of the exit codes of errors."""

from __future__ import annotations

import pytest

from bncli.errors import BncliError, InvalidUsage, MalformedFile, OutputExists, OutputFailed, near_miss, require_choice

KNOWN = ("table", "json", "csv", "markdown", "html")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("jsn", "did you mean json?"),
        ("JSON", "did you mean json?"),
        ("htlm", "did you mean html?"),
        ("xyz", "known: table, json, csv, markdown, html"),
    ],
)
def test_a_near_miss_is_guessed_and_otherwise_the_known_names_are_listed(name: str, hint: str) -> None:
    assert near_miss(name, KNOWN) == hint


def test_several_near_names_are_named_and_no_more_than_three() -> None:
    hint = near_miss("layer3.bm", [f"layer{index}.bn" for index in range(10)])
    assert hint.startswith("did you mean layer3.bn or ")
    assert hint.count(" or ") == 2


def test_of_many_known_names_the_first_are_listed() -> None:
    hint = near_miss("zzz", [f"name{index}" for index in range(40)])
    assert hint.startswith("known: name0, name1, ")
    assert hint.endswith("name11, ...")


def test_a_name_that_several_bear_is_listed_once() -> None:
    assert near_miss("zz", ["bn1", "bn1", "head"]) == "known: bn1, head"


def test_the_case_of_the_known_names_is_kept() -> None:
    assert near_miss("batchnorm", ["BatchNorm"]) == "did you mean BatchNorm?"


def test_the_exit_code_tells_usage_input_and_output_apart() -> None:
    codes = [error("x").exit_code for error in (BncliError, MalformedFile, InvalidUsage, OutputExists, OutputFailed)]
    assert codes == [3, 3, 2, 4, 4]


def test_a_word_that_is_none_of_a_few_is_refused_with_the_nearest() -> None:
    assert require_choice("json", KNOWN, "format") == "json"
    with pytest.raises(InvalidUsage, match="unknown format 'jsn'") as caught:
        require_choice("jsn", KNOWN, "format")
    assert caught.value.hint == "did you mean json?"
