from __future__ import annotations

import pytest

from bncli.errors import InvalidUsage
from bncli.renderers.findings_of import findings_of, place_of
from bncli.reports.document import Document
from tests.helpers.documents import SMALL


def test_the_findings_are_those_of_the_record() -> None:
    assert findings_of(Document("check", (), {"findings": [1, 2]}), "sarif") == [1, 2]


def test_a_document_without_findings_is_refused() -> None:
    with pytest.raises(InvalidUsage, match="sarif shows findings, which only `bncli check` has"):
        findings_of(SMALL, "sarif")


@pytest.mark.parametrize(
    ("label", "num_channels", "num_features", "place"),
    [
        ("bn1", 3, 64, "bn1, 3 of 64 channels"),
        ("bn1", 0, 64, "bn1"),
        ("", 0, None, ""),
    ],
)
def test_a_place_is_a_layer_and_its_channels(
    label: str, num_channels: int, num_features: int | None, place: str
) -> None:
    finding = {"label": label, "num_channels": num_channels, "num_features": num_features}
    assert place_of(finding) == place
