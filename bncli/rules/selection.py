"""Which rules of the catalogue are in force: by code, by prefix of a code, or by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from bncli.errors import InvalidUsage, near_miss

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bncli.rules.base import Explanation, Rule

Explained = TypeVar("Explained", bound="Explanation")


def select_rules(
    rules: Sequence[Rule], select: Sequence[str] = (), ignore: Sequence[str] = (), targets: Collection[str] = ()
) -> tuple[Rule, ...]:
    """Return the rules in force, in the order of the catalogue.

    A rule for a deployment target is in force where its target is given, or where it is selected by its full code or
    name.

    Args:
        rules: the catalogue.
        select: codes (`BN301`), prefixes of codes (`BN3`) or names (`dead-input`); none selects every rule.
        ignore: the same; they win over `select`.
        targets: the deployment targets given.

    Raises:
        InvalidUsage: a word matches no rule, or no rule is left.
    """
    for word in (*select, *ignore):
        if not any(_matches(rule, word) for rule in rules):
            raise InvalidUsage(f"no rule matches {word!r}", hint=_nearest(rules, word))
    chosen = tuple(
        rule
        for rule in rules
        if _is_selected(rule, select, targets) and not any(_matches(rule, word) for word in ignore)
    )
    if not chosen:
        raise InvalidUsage("no rule is left to check", hint="--select and --ignore take back each other's rules")
    return chosen


def find_rule(rules: Sequence[Explained], word: str) -> Explained:
    """Return the rule of a code or a name, or the verdict.

    Raises:
        InvalidUsage: there is none.
    """
    for rule in rules:
        if _names(rule, word):
            return rule
    raise InvalidUsage(f"there is no rule {word!r}", hint=_nearest(rules, word))


def _nearest(rules: Sequence[Explanation], word: str) -> str:
    is_code = word.upper().startswith("BN")
    return near_miss(word, [rule.code if is_code else rule.name for rule in rules])


def _is_selected(rule: Rule, select: Sequence[str], targets: Collection[str]) -> bool:
    if any(_names(rule, word) for word in select):
        return True
    is_meant = rule.target is None or rule.target in targets
    return is_meant and (not select or any(_matches(rule, word) for word in select))


def _matches(rule: Explanation, word: str) -> bool:
    return rule.code.startswith(word.upper()) or rule.name == word.lower()


def _names(rule: Explanation, word: str) -> bool:
    return rule.code == word.upper() or rule.name == word.lower()
