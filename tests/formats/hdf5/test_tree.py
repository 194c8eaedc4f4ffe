from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from bncli.core.named_arrays import Skipped
from bncli.formats.hdf5.tree import read_tree, text_attribute

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Any]:
    with h5py.File(tmp_path / "x.h5", "w") as opened:
        yield opened


def never(path: str) -> bool:
    return False


def name_of(dataset: Any) -> str:
    return str(dataset.name)


def test_groups_and_datasets_are_found_by_path(file: Any) -> None:
    file["a/b/c"] = 1.0
    file["d"] = 2.0
    tree = read_tree(file, never, name_of)
    assert tree.datasets == {"a/b/c": "/a/b/c", "d": "/d"}
    assert tree.groups == ["", "a", "a/b"]
    assert tree.skipped == []


def test_datasets_come_in_the_order_in_which_they_were_written(file: Any) -> None:
    for number in (3, 1, 2, 10):
        file[f"layer_{number}"] = np.ones(4)
    assert list(read_tree(file, never, name_of).datasets) == ["layer_3", "layer_1", "layer_2", "layer_10"]


def test_what_is_to_be_left_out_is_not_entered(file: Any) -> None:
    file["optimizer/a"] = 1.0
    file["a/optimizer"] = 1.0
    assert set(read_tree(file, {"optimizer"}.__contains__, name_of).datasets) == {"a/optimizer"}


def test_links_are_told_and_not_followed(file: Any) -> None:
    file["kept"] = 1.0
    file["soft"] = h5py.SoftLink("/kept")
    file["outside"] = h5py.ExternalLink("/etc/passwd", "/")
    tree = read_tree(file, never, name_of)
    assert set(tree.datasets) == {"kept"}
    assert sorted(tree.skipped, key=lambda entry: entry.name) == [
        Skipped("outside", "is a link to another file, which is not followed"),
        Skipped("soft", "is a link to another name, which is not followed"),
    ]


def test_a_group_that_holds_itself_is_entered_once(file: Any) -> None:
    group = file.create_group("a")
    group["again"] = group
    group["root"] = file["/"]
    group["x"] = 1.0
    assert list(read_tree(file, never, name_of).datasets) == ["a/x"]


def test_groups_nested_without_end_are_refused(file: Any) -> None:
    file["/".join("a" * 100)] = 1.0
    with pytest.raises(ValueError, match="nested over 64 deep"):
        read_tree(file, never, name_of)


def test_a_name_that_is_no_text_is_told_with_escapes(file: Any) -> None:
    file[b"caf\xe9/x"] = 1.0
    file["d"] = 2.0
    tree = read_tree(file, never, lambda dataset: float(dataset[()]))
    assert tree.datasets == {"caf\\xe9/x": 1.0, "d": 2.0}
    assert tree.groups == ["", "caf\\xe9"]


def test_of_two_names_that_read_the_same_one_is_skipped(file: Any) -> None:
    file[b"a\xe9"] = 1.0
    file["a\\xe9"] = 2.0
    tree = read_tree(file, never, lambda dataset: float(dataset[()]))
    assert list(tree.datasets) == ["a\\xe9"]
    assert tree.skipped == [Skipped("a\\xe9", "a second object of this name, as far as it is text")]


@pytest.mark.parametrize("value", ["größe", b"bytes", np.bytes_("fixed")])
def test_a_text_beside_a_group_is_read_in_either_form(file: Any, value: str | bytes) -> None:
    file.attrs["name"] = value
    assert text_attribute(file, "name") == (value if isinstance(value, str) else value.decode())


@pytest.mark.parametrize("value", [7, 1.5, ["a", "b"], np.ones(3)])
def test_what_is_no_text_is_none(file: Any, value: Any) -> None:
    file.attrs["name"] = value
    assert text_attribute(file, "name") is None
    assert text_attribute(file, "other") is None
