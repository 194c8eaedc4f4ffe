"""A baseline: the findings that a project has accepted, so that `check` speaks of new ones only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from bncli.errors import InvalidUsage
from bncli.light_dataclass import dataclass
from bncli.rules.base import SEVERITIES, order_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bncli.rules.base import Severity
    from bncli.rules.finding import Finding

SCHEMA = "bncli/baseline/1"

Key: TypeAlias = tuple[str, str, str | None]
"""Name of the file without its folder, code of the rule, stored name of the layer."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """How far a finding was accepted: what is graver, or concerns more channels, is new."""

    severity: Severity
    num_channels: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """Accepted findings by key."""

    accepted: Mapping[Key, Accepted]

    def knows(self, finding: Finding) -> bool:
        """Return whether a finding was accepted, and has not become worse since."""
        accepted = self.accepted.get(_key(finding))
        return (
            accepted is not None
            and order_of(finding.severity) >= order_of(accepted.severity)
            and finding.num_channels <= accepted.num_channels
        )

    def record(self) -> dict[str, Any]:
        """Return the baseline as a record for a JSON file."""
        rows = (
            {"file": file, "code": code, "layer": layer, "severity": each.severity, "num_channels": each.num_channels}
            for (file, code, layer), each in self.accepted.items()
        )
        return {"schema": SCHEMA, "findings": list(rows)}


NOTHING_ACCEPTED = Baseline({})


def baseline_of(findings: Iterable[Finding]) -> Baseline:
    """Return the baseline that accepts these findings. Of several of one key it accepts the worst."""
    accepted: dict[Key, Accepted] = {}
    for finding in findings:
        before = accepted.get(_key(finding), Accepted(finding.severity, finding.num_channels))
        gravest = min(before.severity, finding.severity, key=order_of)
        accepted[_key(finding)] = Accepted(gravest, max(before.num_channels, finding.num_channels))
    return Baseline(accepted)


def baseline_from(record: object, source: str) -> Baseline:
    """Return the baseline of a record that `Baseline.record` made.

    Args:
        record: what a JSON file holds.
        source: the file's name, for the message.

    Raises:
        InvalidUsage: the record is no baseline.
    """
    try:
        return _read(record)
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise InvalidUsage(f"{source}: is not a baseline", hint="--write-baseline makes one") from error


def _read(record: Any) -> Baseline:
    if record["schema"] != SCHEMA:
        raise ValueError(record["schema"])
    return Baseline({
        (str(row["file"]), str(row["code"]), None if row["layer"] is None else str(row["layer"])): Accepted(
            SEVERITIES[SEVERITIES.index(row["severity"])], int(row["num_channels"])
        )
        for row in record["findings"]
    })  # fmt: skip


def _key(finding: Finding) -> Key:
    return finding.file.name, finding.code, finding.layer
