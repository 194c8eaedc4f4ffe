from __future__ import annotations

import pytest

from bncli.core.named_arrays import ArraySpec
from bncli.formats.mapping_on_demand import MappingOnDemand


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def specs(asked: list[str]) -> MappingOnDemand[ArraySpec]:
    def spec_of(name: str) -> ArraySpec:
        asked.append(name)
        return ArraySpec(name, (3,), "float32")

    return MappingOnDemand({"b": 0, "a": 1}, spec_of)


def test_names_keep_their_order_and_make_no_spec(specs: MappingOnDemand[ArraySpec], asked: list[str]) -> None:
    assert (list(specs), len(specs), "a" in specs, "c" in specs) == (["b", "a"], 2, True, False)
    assert asked == []


def test_a_spec_is_made_when_it_is_asked_for(specs: MappingOnDemand[ArraySpec], asked: list[str]) -> None:
    assert specs["a"] == ArraySpec("a", (3,), "float32")
    assert asked == ["a"]


def test_a_name_that_is_not_there_is_no_key(specs: MappingOnDemand[ArraySpec], asked: list[str]) -> None:
    with pytest.raises(KeyError):
        specs["c"]
    assert specs.get("c") is None
    assert asked == []
