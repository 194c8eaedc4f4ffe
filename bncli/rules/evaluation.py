"""Evaluates rules over a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.layer_labels import shown_name
from bncli.rules.base import order_of
from bncli.rules.finding import MOST_CHANNELS_LISTED, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bncli.rules.base import Observation, Rule
    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.checked_layer import CheckedLayer

_FROM_CAUSE_TO_CONSEQUENCE = "124635"
"""First digits of codes: a broken value, a lost update or unfit data explain more than an odd channel does, and so does
a wrong setting or encoding: a variance with eps in it makes an amplifier of a dead channel."""


def evaluate(file: CheckedFile, rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """Return what the rules find in a file, the worst first: by severity, then from causes to consequences.

    Within a group of rules codes ascend, and with them channels concerned descend; but what spreads from layer to layer
    is told from its cause on.
    """
    by_name = {layer.name: layer for layer in file.layers}
    found = [(rule, _finding(file, rule, seen, by_name)) for rule in rules for seen in rule.evaluate(file)]
    return tuple(finding for _, finding in sorted(found, key=lambda each: _worst_first(*each)))


def _finding(file: CheckedFile, rule: Rule, seen: Observation, by_name: dict[str, CheckedLayer]) -> Finding:
    layer = None if seen.layer is None else by_name.get(seen.layer)
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=seen.severity,
        file=file.path,
        layer=seen.layer,
        label=_label(seen) if layer is None else layer.layer.label,
        num_features=None if layer is None else layer.num_features,
        num_channels=len(seen.channels),
        channels=seen.channels[:MOST_CHANNELS_LISTED],
        value=seen.value,
        threshold=seen.threshold,
        message=seen.message,
        remedy=seen.remedy or rule.remedy,
    )


def _label(seen: Observation) -> str:
    return "" if seen.layer is None else shown_name(seen.layer)


def _worst_first(rule: Rule, finding: Finding) -> tuple[int, int, str, int]:
    group = _FROM_CAUSE_TO_CONSEQUENCE.index(rule.code.removeprefix("BN")[0])
    return order_of(finding.severity), group, rule.code, 0 if rule.spreads else -finding.num_channels
