"""Tests of tables whose entries are imported when they are looked at."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from bncli.core.table_on_demand import NamedOnDemand, TableOnDemand

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    package = tmp_path / "shelf_of_words"
    package.mkdir()
    for name in ("one", "two", "three"):
        (package / f"{name}.py").write_text(f"WORD = {name!r}\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield
    for name in [name for name in sys.modules if name.startswith("shelf_of_words")]:
        del sys.modules[name]


@pytest.fixture
def table() -> TableOnDemand[str]:
    return TableOnDemand("shelf_of_words", ("one.WORD", "two.WORD", "three.WORD"))


@pytest.fixture
def named() -> NamedOnDemand[str]:
    return NamedOnDemand("shelf_of_words", {"first": "one.WORD", "second": "two.WORD"})


def test_entries_come_in_the_order_given(table: TableOnDemand[str]) -> None:
    assert tuple(table) == table[:] == ("one", "two", "three")
    assert (len(table), table[1], table[-1]) == (3, "two", "three")


def test_a_search_imports_nothing_behind_what_it_finds(table: TableOnDemand[str]) -> None:
    assert next(word for word in table if word.startswith("t")) == "two"
    assert "shelf_of_words.two" in sys.modules
    assert "shelf_of_words.three" not in sys.modules


def test_there_is_nothing_behind_the_end(table: TableOnDemand[str]) -> None:
    with pytest.raises(IndexError):
        table[3]


def test_a_name_brings_in_its_own_module_alone(named: NamedOnDemand[str]) -> None:
    assert named["second"] == "two"
    assert {"shelf_of_words.one", "shelf_of_words.three"} & set(sys.modules) == set()


def test_names_come_in_the_order_given_and_import_nothing(named: NamedOnDemand[str]) -> None:
    assert (list(named), len(named)) == (["first", "second"], 2)
    assert not any(name.startswith("shelf_of_words") for name in sys.modules)
    assert dict(named) == {"first": "one", "second": "two"}


def test_a_name_that_is_not_there_is_a_key_error(named: NamedOnDemand[str]) -> None:
    with pytest.raises(KeyError):
        named["third"]
    assert named.get("third") is None
