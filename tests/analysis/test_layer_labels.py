"""Tests of the short names of layers."""

from __future__ import annotations

import pytest

from bncli.analysis.layer_labels import labels_of


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["bn1", "layer1.0.bn1"], ["bn1", "layer1.0.bn1"]),
        (["module.bn1", "module.layer1.bn"], ["bn1", "layer1.bn"]),
        (["state_dict.module.bn1", "state_dict.module.bn2"], ["bn1", "bn2"]),
        (["_orig_mod.a.bn", "_orig_mod.b.bn"], ["a.bn", "b.bn"]),
        (["a._checkpoint_wrapped_module.bn", "b.bn"], ["a.bn", "b.bn"]),
        (["model.bn", "ema.bn"], ["model.bn", "ema.bn"]),
        (["model.module.bn", "ema.module.bn"], ["model.bn", "ema.bn"]),
        (["block/bn/a", "block/bn/b"], ["block.bn.a", "block.bn.b"]),
        ([""], ["(the layer itself)"]),
        (["module"], ["module"]),
    ],
)
def test_containers_and_wrappers_that_tell_nothing_apart_are_dropped(names: list[str], labels: list[str]) -> None:
    assert list(labels_of(names).values()) == labels


def test_names_stay_whole_where_short_ones_would_collide() -> None:
    names = ["a.module.bn", "a.bn"]
    assert list(labels_of(names).values()) == names
