"""Takes the findings out of a document, for the formats that show nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.errors import InvalidUsage
from bncli.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bncli.reports.document import Document

FINDINGS_KIND = "check"


def findings_of(document: Document, format_name: str) -> Sequence[Mapping[str, Any]]:
    """Return the findings in the record of a document, as the schema `check` describes them.

    Raises:
        InvalidUsage: the document is not one of findings.
    """
    if document.kind != FINDINGS_KIND:
        raise InvalidUsage(f"{format_name} shows findings, which only `bncli check` has", hint="take --format json")
    findings: Sequence[Mapping[str, Any]] = document.record["findings"]
    return findings


def place_of(finding: Mapping[str, Any]) -> str:
    """Return where in its file a finding is: `layer1.bn1, 3 of 64 channels`; empty for the file as a whole."""
    num_channels, num_features = finding["num_channels"], finding["num_features"]
    channels = f"{num_channels} of {count(num_features, 'channel')}" if num_channels and num_features else ""
    return ", ".join(part for part in (finding["label"], channels) if part)
