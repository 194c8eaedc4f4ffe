from __future__ import annotations

import pytest

from bncli.errors import InvalidUsage
from bncli.rules.catalogue import RULES
from bncli.rules.selection import find_rule, select_rules


def codes(*arguments: object, **options: object) -> list[str]:
    return [rule.code for rule in select_rules(RULES, *arguments, **options)]


def test_without_options_every_rule_is_in_force_that_is_about_no_target() -> None:
    assert codes() == [rule.code for rule in RULES if rule.target is None]


def test_a_target_adds_its_rules_in_the_order_of_the_catalogue() -> None:
    assert set(codes(targets=["fp16"])) - set(codes()) == {"BN501"}
    assert set(codes(targets=["int8", "fp16"])) - set(codes()) == {"BN501", "BN503"}
    assert codes(targets=["fp16"]) == sorted(codes(targets=["fp16"]))


@pytest.mark.parametrize("word", ["BN301", "bn301", "dead-input", "Dead-Input"])
def test_a_rule_is_selected_by_its_code_or_its_name(word: str) -> None:
    assert codes([word]) == ["BN301"]


def test_a_prefix_selects_a_group() -> None:
    assert codes(["BN1", "BN206"]) == ["BN101", "BN102", "BN103", "BN104", "BN206"]


def test_a_rule_for_a_target_is_in_force_if_it_is_selected_itself_but_not_by_its_prefix() -> None:
    assert codes(["BN501"]) == ["BN501"]
    assert "BN501" not in codes(["BN5"])
    assert "BN501" in codes(["BN5"], targets=["fp16"])


def test_what_is_ignored_is_out_whatever_selects_it() -> None:
    assert codes(["BN10"], ["BN102"]) == ["BN101", "BN103", "BN104"]
    assert "BN301" not in codes(ignore=["dead-input"])


@pytest.mark.parametrize(("word", "hint"), [("BN399", "BN309"), ("ded-input", "dead-input")])
def test_a_word_that_matches_nothing_is_refused_with_the_nearest(word: str, hint: str) -> None:
    for arguments in ([word], []), ([], [word]):
        with pytest.raises(InvalidUsage, match=word) as caught:
            codes(*arguments)
        assert hint in str(caught.value.hint)


def test_a_selection_without_rules_is_refused() -> None:
    with pytest.raises(InvalidUsage, match="no rule is left"):
        codes(["BN301"], ["BN3"])


def test_one_rule_is_found_by_its_code_or_its_name_alone() -> None:
    assert find_rule(RULES, "bn301") is find_rule(RULES, "dead-input")
    with pytest.raises(InvalidUsage, match="there is no rule 'BN3'"):
        find_rule(RULES, "BN3")
