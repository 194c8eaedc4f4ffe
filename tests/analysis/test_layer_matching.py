from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.layer_matching import match
from bncli.analysis.prefix_renames import Rename
from tests.helpers.builders import layer

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer


def network(*names: str, num_features: int = 4, labels: tuple[str, ...] = ()) -> list[BatchNormLayer]:
    return [
        layer(name=name, label=label, num_features=num_features)
        for name, label in zip(names, labels or names, strict=True)
    ]


def names(matching: object) -> list[tuple[str, str, str]]:
    return [(pair.before.name, pair.after.name, pair.basis) for pair in matching.pairs]  # type: ignore[attr-defined]


def test_equal_names_make_pairs_in_the_order_of_the_second_file() -> None:
    found = match(network("a", "b", "c"), network("c", "a", "d"))
    assert names(found) == [("c", "c", "name"), ("a", "a", "name")]
    assert [each.name for each in found.added] == ["d"]
    assert [each.name for each in found.removed] == ["b"]


def test_containers_and_wrappers_are_no_rename() -> None:
    before = network("state_dict.module.bn1", "state_dict.module.bn2", labels=("bn1", "bn2"))
    found = match(before, network("bn1", "bn2"))
    assert [basis for *_, basis in names(found)] == ["name", "name"]
    assert found.renames == ()


def test_a_prefix_that_was_put_before_all_names_is_found() -> None:
    found = match(network("first.1", "stage2.0.1"), network("backbone.first.1", "backbone.stage2.0.1", "head.1"))
    assert names(found) == [
        ("first.1", "backbone.first.1", "prefix"),
        ("stage2.0.1", "backbone.stage2.0.1", "prefix"),
    ]
    assert found.renames == (Rename("", "backbone", 2),)
    assert [each.name for each in found.added] == ["head.1"]


def test_a_prefix_that_was_exchanged_is_found() -> None:
    found = match(network("encoder_q.bn1", "encoder_q.bn2"), network("encoder_k.bn1", "encoder_k.bn2"))
    assert found.renames == (Rename("encoder_q", "encoder_k", 2),)


def test_names_that_have_nothing_in_common_are_paired_by_order_and_width() -> None:
    before = [layer(name="bn_in", label="bn_in", num_features=8), layer(name="bn_out", label="bn_out", num_features=16)]
    after = [layer(name="norm1", label="norm1", num_features=8), layer(name="norm2", label="norm2", num_features=16)]
    assert names(match(before, after)) == [("bn_in", "norm1", "structure"), ("bn_out", "norm2", "structure")]
    assert names(match(before, after[::-1])) == []


def test_a_single_leftover_on_each_side_is_no_pair_beside_layers_that_are() -> None:
    found = match(network("a", "old"), network("a", "new"))
    assert names(found) == [("a", "a", "name")]
    assert names(match(network("old"), network("new"))) == [("old", "new", "structure")]


def test_a_single_layer_left_over_is_renamed_only_as_a_whole() -> None:
    found = match(network("a", "head.1"), network("a", "neck.0.1", "neck.1.1"))
    assert names(found) == [("a", "a", "name")]
    found = match(network("bn"), network("net.bn", "net.other"))
    assert names(found) == [("bn", "net.bn", "prefix")]


def test_numbers_that_unrelated_networks_share_are_no_rename() -> None:
    before = [*network("base.0.1", "base.1.1", "base.1.4"), *network("base.2.1", "base.2.4", "cls.1", num_features=8)]
    after = [*network("body.s1.0.1", "body.s2.3.4", "fpn.1"), *network("body.s1.1.1", "ssh.4", num_features=8)]
    found = match(before, after)
    assert (found.pairs, found.renames) == ((), ())


def test_a_rename_that_would_reshape_layers_is_none() -> None:
    before = [*network("a.bn1", "a.bn2", "a.bn3"), *network("a.bn4", num_features=8)]
    found = match(before, network("b.bn1", "b.bn2", "b.bn3", "b.bn4"))
    assert (found.pairs, found.renames) == ((), ())


def test_a_layer_of_the_same_name_and_another_width_is_reshaped() -> None:
    found = match(network("a"), network("a", num_features=5))
    assert found.pairs == ()
    assert [(pair.before.num_features, pair.after.num_features) for pair in found.reshaped] == [(4, 5)]
    assert (found.added, found.removed) == ((), ())


def test_every_layer_is_in_a_pair_or_left_over_exactly_once() -> None:
    before = network("a.bn1", "a.bn2", "b.bn1", "c", "d")
    after = network("x.bn1", "x.bn2", "y.bn1", "c", "e", "f")
    found = match(before, after)
    pairs = [*found.pairs, *found.reshaped]
    assert sorted([pair.before.name for pair in pairs] + [each.name for each in found.removed]) == sorted(
        each.name for each in before
    )
    assert sorted([pair.after.name for pair in pairs] + [each.name for each in found.added]) == sorted(
        each.name for each in after
    )
