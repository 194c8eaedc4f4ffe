from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.analysis.prefix_renames import Rename, _num_shared_at_the_end, renamed
from tests.helpers.layer_pairs import named

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer


def layers(*names: str) -> list[BatchNormLayer]:
    return [named(name) for name in names]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["bn1", "bn2"], ["net.bn1", "net.bn2"], (Rename("", "net", 2),)),
        (["net.bn1", "net.bn2"], ["bn1", "bn2"], (Rename("net", "", 2),)),
        (["a.x.bn1", "a.x.bn2"], ["a.y.bn1", "a.y.bn2"], (Rename("a.x", "a.y", 2),)),
        (["a/bn1", "a/bn2"], ["b.bn1", "b.bn2"], (Rename("a", "b", 2),)),
        (["a.1", "a.2", "b.1", "b.2"], ["x.1", "x.2", "y.1", "y.2"], (Rename("a", "x", 2), Rename("b", "y", 2))),
        (["bn1", "bn2"], ["norm1", "norm2"], ()),
        ([], [], ()),
    ],
)
def test_the_prefixes_that_were_exchanged_are_found(
    before: list[str], after: list[str], expected: tuple[Rename, ...]
) -> None:
    pairs, renames = renamed(layers(*before), layers(*after))
    assert renames == expected
    assert len(pairs) == sum(rename.num_layers for rename in expected)
    assert all(pair.basis == "prefix" for pair in pairs)


def test_a_minority_of_layers_that_agree_is_no_rename() -> None:
    before = layers("a.1", "a.2", *(f"b.left{index}" for index in range(6)))
    after = layers("x.1", "x.2", *(f"y.right{index}" for index in range(6)))
    assert renamed(before, after) == ([], ())


def test_hundreds_of_layers_of_unrelated_networks_share_no_prefix() -> None:
    before = layers(*(f"a{index}.{index % 7}.bn" for index in range(400)))
    after = layers(*(f"b{index}.{index % 5}.bn" for index in range(400)))
    assert renamed(before, after)[1] == ()


def test_where_names_are_too_many_to_compare_all_their_order_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bncli.analysis.prefix_renames._MOST_COMPARED", 5)
    before, after = (layers(*(f"{prefix}.{index}.bn" for index in range(3))) for prefix in ("a", "b"))
    pairs, renames = renamed(before, after)
    assert renames == (Rename("a", "b", 3),)
    assert [(pair.before.name, pair.after.name) for pair in pairs] == [(f"a.{n}.bn", f"b.{n}.bn") for n in range(3)]


def test_thousands_of_layers_of_unrelated_names_are_not_compared_each_with_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[None] = []
    count = _num_shared_at_the_end
    monkeypatch.setattr(
        "bncli.analysis.prefix_renames._num_shared_at_the_end", lambda *names: compared.append(None) or count(*names)
    )
    before, after = (layers(*(f"{prefix}{index}.bn" for index in range(1000))) for prefix in ("a", "b"))
    assert renamed(before, after) == ([], ())
    assert len(compared) <= 1000
