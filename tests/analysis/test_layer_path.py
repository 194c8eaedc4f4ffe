from __future__ import annotations

import pytest

from bncli.analysis.layer_path import shared_path


@pytest.mark.parametrize(
    ("labels", "others", "path"),
    [
        (["backbone.a.1", "backbone.b.1"], ["head.1"], "backbone"),
        (["net.layer4.0.bn1", "net.layer4.1.bn1"], ["net.layer3.0.bn1"], "net.layer4"),
        (["backbone.a.1"], ["backbone.b.1"], "backbone.a"),
        (["backbone.a", "backbone.b"], ["backbone.c"], None),
        (["bn1", "bn2"], ["bn3"], None),
        (["a/bn1", "a/bn2"], ["ab/bn1"], "a"),
    ],
)
def test_a_path_is_shared_by_these_layers_and_by_no_others(
    labels: list[str], others: list[str], path: str | None
) -> None:
    assert shared_path(labels, others) == path
