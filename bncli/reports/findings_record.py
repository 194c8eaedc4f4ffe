"""The report of `check` for programs: what the schema `check` describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.rules.base import Rule
    from bncli.rules.finding import Finding
    from bncli.rules.outcome import FileOutcome, Outcome


def findings_record(outcome: Outcome, findings: Sequence[Finding], listed: Sequence[Finding]) -> dict[str, Any]:
    """Return the record of schema `check`.

    Args:
        outcome: what was found.
        findings: its findings, the gravest first, for the summary.
        listed: those that are asked for, in the order asked for.
    """
    return {
        "files": [_file_record(file) for file in outcome.files],
        "unreadable": [{"path": str(file.path), "message": file.message} for file in outcome.unreadable],
        "findings": [_finding_record(finding) for finding in listed],
        "summary": {rule.code: _summary(rule, findings) for rule in outcome.rules if _has_found(rule, findings)},
        "rules": [_rule_record(rule) for rule in outcome.rules],
        "settings": [
            {"name": setting.name, "value": setting.value, "origin": setting.origin} for setting in outcome.settings
        ],
    }


def _file_record(file: FileOutcome) -> dict[str, Any]:
    return {
        "path": str(file.path),
        "format": file.format,
        "num_layers": len(file.layers),
        "num_channels": file.num_channels,
        "num_clean_layers": file.num_clean_layers,
        "num_findings": len(file.findings),
        "num_known": file.num_known,
        "num_left_out": file.num_left_out,
    }


def _finding_record(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "file": str(finding.file),
        "layer": finding.layer,
        "label": finding.label,
        "num_features": finding.num_features,
        "num_channels": finding.num_channels,
        "channels": list(finding.channels),
        "value": finding.value,
        "threshold": finding.threshold,
        "message": finding.message,
        "remedy": finding.remedy,
    }


def _has_found(rule: Rule, findings: Sequence[Finding]) -> bool:
    return any(finding.code == rule.code for finding in findings)


def _summary(rule: Rule, findings: Sequence[Finding]) -> dict[str, Any]:
    of_rule = [finding for finding in findings if finding.code == rule.code]
    return {
        "name": rule.name,
        "severity": of_rule[0].severity,
        "num_findings": len(of_rule),
        "num_layers": len({(finding.file, finding.layer) for finding in of_rule if finding.layer is not None}),
        "num_channels": sum(finding.num_channels for finding in of_rule),
    }


def _rule_record(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "summary": rule.summary,
        "rationale": rule.rationale,
        "remedy": rule.remedy,
    }
