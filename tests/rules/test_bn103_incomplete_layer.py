from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from bncli.analysis.layer_discovery import discover
from bncli.core.named_arrays import Skipped
from bncli.formats.detection import open_named_arrays
from bncli.rules.bn103_incomplete_layer import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only

if TYPE_CHECKING:
    from pathlib import Path

TWINS = Twins(
    faulty=file_of(healthy(), skipped=(Skipped("b", "has running_mean but no running_var", "missing-statistic"),)),
    sound=file_of(healthy(), skipped=(Skipped("b", "is InstanceNorm2d, not batch normalization"),)),
)


@pytest.mark.parametrize(
    ("fault", "severity"), [("missing-statistic", "warning"), ("shape-mismatch", "error"), ("element-type", "error")]
)
def test_a_layer_that_cannot_be_used_is_told_by_the_kind_of_its_fault(fault: str, severity: str) -> None:
    seen = only(RULE, skipped=(Skipped("b", "is odd", fault),))
    assert (seen.layer, seen.severity) == ("b", severity)
    assert seen.message.startswith("is odd: ")


def test_normalizations_without_statistics_are_mentioned_once_for_the_file() -> None:
    seen = only(RULE, healthy(), affine_layers=("a", "b", "c", "d", "e"))
    assert (seen.layer, seen.severity, seen.value) == (None, "info", 5)
    assert "5 normalizations (a, b, c and 2 more) have weight and bias but no running statistics" in seen.message


def test_a_single_one_is_told_in_the_singular() -> None:
    assert "1 normalization (a) has weight" in only(RULE, affine_layers=("a",)).message


def test_statistics_that_are_no_longer_tracked_are_those_that_torch_uses_in_eval_mode(tmp_path: Path) -> None:
    bn = torch.nn.BatchNorm1d(4)
    bn(torch.randn(8, 4))
    bn.track_running_stats = False
    stored = bn.running_mean.clone()
    bn(torch.randn(8, 4) + 5)
    assert torch.equal(bn.running_mean, stored)
    images = torch.randn(8, 4)
    expected = (images - stored) / (bn.running_var + bn.eps).sqrt()
    torch.testing.assert_close(bn.eval()(images), expected)
    torch.save(torch.nn.Sequential(bn), tmp_path / "module.pt")
    with open_named_arrays(tmp_path / "module.pt") as arrays:
        seen = only(RULE, *discover(arrays).layers)
    assert (seen.layer, seen.severity) == ("0", "warning")
    assert seen.message.startswith("track_running_stats is False beside stored statistics")


def test_what_was_skipped_for_another_reason_is_no_incomplete_layer() -> None:
    assert observed(RULE, skipped=(Skipped("x", "is compressed"),)) == []
