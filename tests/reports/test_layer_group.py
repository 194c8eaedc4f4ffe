from __future__ import annotations

import pytest

from bncli.reports.layer_group import layer_group

NETWORK = ["backbone.bn1", "backbone.bn2", "head.bn1", "stem"]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["stem"], "stem"),
        (NETWORK, "all 4 layers"),
        (["backbone.bn1", "backbone.bn2"], "backbone (2 layers)"),
        (["backbone.bn1", "head.bn1"], "2 layers"),
    ],
)
def test_layers_are_named_by_what_only_they_share(labels: list[str], words: str) -> None:
    assert layer_group(labels, NETWORK) == words


@pytest.mark.parametrize("label", ["1", "0.1"])
def test_a_name_of_digits_is_said_to_be_a_layers(label: str) -> None:
    assert layer_group([label], [label, "7"]) == f"layer {label}"
