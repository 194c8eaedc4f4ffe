"""Tests of which layers a command speaks of."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.channel_filter import ChannelFilter
from bncli.analysis.layer_selection import only_layer, select
from bncli.errors import InputNotFound, InvalidUsage
from tests.helpers.builders import checkpoint, layer

FILE = checkpoint(
    layer(name="state_dict.layer1.bn1", label="layer1.bn1"),
    layer(name="state_dict.layer1.bn2", label="layer1.bn2", running_var=np.array([1, 1e-9, 1, 1], np.float32)),
    layer(name="state_dict.head[0]", label="head[0]"),
)


def names(*globs: str) -> list[str]:
    return [each.layer.label for each in select(FILE, globs)]


def test_no_glob_selects_every_layer_with_every_channel() -> None:
    selected = select(FILE)
    assert len(selected) == 3
    assert all(each.channels.tolist() == [0, 1, 2, 3] for each in selected)


@pytest.mark.parametrize("glob", ["layer1.bn*", "state_dict.layer1.*", "*bn?"])
def test_globs_match_stored_names_and_labels(glob: str) -> None:
    assert names(glob) == ["layer1.bn1", "layer1.bn2"]


def test_several_globs_select_what_any_of_them_matches_in_the_files_order() -> None:
    assert names("head*", "*bn1") == ["layer1.bn1", "head[0]"]


def test_a_name_that_looks_like_a_pattern_matches_itself() -> None:
    assert names("head[0]") == ["head[0]"]


def test_a_glob_without_a_match_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(InputNotFound, match="no layer matches 'layer1.bm1'") as caught:
        names("layer1.bm1")
    assert str(caught.value.hint).startswith("did you mean layer1.bn1")


def test_a_glob_longer_than_any_name_is_refused_unread() -> None:
    with pytest.raises(InvalidUsage, match="--layer has 5000 characters"):
        names("[" * 5000)


def test_a_condition_keeps_matching_channels_and_drops_layers_without_any() -> None:
    (selected,) = select(FILE, where=ChannelFilter.parse("running_var < 1e-6"))
    assert selected.layer.label == "layer1.bn2"
    assert selected.channels.tolist() == [1]


def test_the_only_layer_is_the_one_named_or_the_only_one_there_is() -> None:
    assert only_layer(FILE, "layer1.bn2").label == "layer1.bn2"
    assert only_layer(checkpoint(layer()), None).label == "bn"


@pytest.mark.parametrize("glob", [None, "layer1.*"])
def test_several_candidates_for_the_only_layer_are_an_error(glob: str | None) -> None:
    with pytest.raises(InputNotFound, match="one is needed"):
        only_layer(FILE, glob)


def test_an_exact_name_wins_over_other_matches() -> None:
    file = checkpoint(layer(name="a*", label="a*"), layer(name="ab", label="ab"))
    assert only_layer(file, "a*").label == "a*"
