from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bncli.rules.bn309_duplicate_stats import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only
from tests.rules.test_bn201_never_updated import INITIAL


def named(*names: str) -> list[object]:
    """Return layers of equal statistics."""
    return [replace(healthy("bn"), name=name, label=name) for name in names]


TWINS = Twins(faulty=file_of(*named("layer1.bn", "layer2.bn")), sound=file_of(healthy("a"), healthy("bb")))


def test_the_later_layer_is_told_with_the_first() -> None:
    seen = only(RULE, *named("layer1.0.bn1", "layer1.1.bn1"))
    assert (seen.layer, seen.severity) == ("layer1.1.bn1", "warning")
    assert "are those of layer1.0.bn1 bit for bit" in seen.message


def test_one_bit_makes_the_difference() -> None:
    first, second = named("a", "b")
    var = first.running_var.copy()
    var[5] = np.nextafter(var[5], np.float32(9))
    assert observed(RULE, first, replace(second, running_var=var)) == []


@pytest.mark.parametrize("copy", ["ema", "model_ema", "teacher", "module.target", "encoder_k", "swa_model"])
def test_a_network_that_is_a_copy_by_its_name_is_meant_to_be_equal(copy: str) -> None:
    assert observed(RULE, *named("model.layer1.bn", f"{copy}.layer1.bn")) == []


def test_layers_inside_of_a_copy_may_still_be_duplicates() -> None:
    assert only(RULE, *named("ema.layer1.bn", "ema.layer2.bn")).layer == "ema.layer2.bn"


def test_layers_that_died_as_a_whole_are_equal_by_that() -> None:
    dead = {"running_mean": np.zeros(16, np.float32), "running_var": np.zeros(16, np.float32)}
    assert observed(RULE, healthy("a", **dead), healthy("b", **dead)) == []


def test_new_layers_and_narrow_ones_are_equal_by_themselves() -> None:
    narrow = [replace(healthy(), name=name, num_features=4, running_mean=np.ones(4), running_var=np.ones(4))
              for name in "ab"]  # fmt: skip
    assert observed(RULE, healthy("a", **INITIAL), healthy("b", **INITIAL), *narrow) == []
