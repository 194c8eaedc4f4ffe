from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.analysis.channel_filter import ChannelFilter
from bncli.analysis.layer_settings import GivenSettings
from bncli.cli.file_check import check_file
from bncli.errors import InputNotFound, NoBatchNormLayers
from bncli.rules.catalogue import RULES
from tests.helpers.builders import torch_arrays

if TYPE_CHECKING:
    from pathlib import Path

NOTHING_GIVEN = GivenSettings()


def saved(path: Path, *groups: dict[str, object]) -> Path:
    np.savez(path, **{name: values for group in groups for name, values in group.items()})
    return path


def test_the_findings_of_all_layers_are_returned_with_what_was_checked(tmp_path: Path) -> None:
    var = np.array([-1, 1.5, 1.5, 1.5], np.float32)
    path = saved(tmp_path / "m.npz", torch_arrays("a", running_var=var), torch_arrays("b", seed=1))
    seen = check_file(path, RULES, NOTHING_GIVEN)
    assert (seen.path, seen.format, seen.layers, seen.num_channels) == (path, "npz", ("a", "b"), 8)
    assert (seen.findings[0].code, seen.findings[0].layer) == ("BN102", "a")


def test_a_file_of_broken_layers_alone_is_checked_nevertheless(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.npz", torch_arrays("a", running_var=None))
    seen = check_file(path, RULES, NOTHING_GIVEN)
    assert (seen.layers, [finding.code for finding in seen.findings]) == ((), ["BN103"])


def test_a_file_without_any_layer_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NoBatchNormLayers):
        check_file(saved(tmp_path / "m.npz", {"conv.weight": np.ones(3)}), RULES, NOTHING_GIVEN)


def test_normalizations_without_statistics_are_mentioned(tmp_path: Path) -> None:
    norm = {"ln.weight": np.ones(4), "ln.bias": np.zeros(4)}
    seen = check_file(saved(tmp_path / "m.npz", torch_arrays(), norm), RULES, NOTHING_GIVEN)
    assert [(finding.code, finding.severity) for finding in seen.findings] == [("BN103", "info")]


def test_a_file_of_torchs_averaging_wrapper_is_known_as_one(tmp_path: Path) -> None:
    young = torch_arrays(num_batches_tracked=np.array(10))
    for extra, severity in (({}, "error"), ({"n_averaged": np.array(3)}, "info")):
        seen = check_file(saved(tmp_path / "m.npz", young, extra), RULES, NOTHING_GIVEN)
        assert [(finding.code, finding.severity) for finding in seen.findings] == [("BN204", severity)]
        assert seen.is_averaged == bool(extra)


def test_a_pattern_keeps_the_findings_of_its_layers_and_rules_still_compare_all(tmp_path: Path) -> None:
    groups = [torch_arrays(name, seed=seed, num_features=8) for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    path = saved(tmp_path / "m.npz", *groups, {"ln.weight": np.ones(4), "ln.bias": np.zeros(4)})
    seen = check_file(path, RULES, NOTHING_GIVEN, ["b"])
    assert (seen.layers, [finding.code for finding in seen.findings]) == (("b",), ["BN309"])
    with pytest.raises(InputNotFound, match="no layer matches 'x'"):
        check_file(path, RULES, NOTHING_GIVEN, ["x"])


def test_a_condition_keeps_the_findings_of_layers_with_such_a_channel(tmp_path: Path) -> None:
    groups = [torch_arrays(name, seed=1, num_features=8) for name in ("a", "b")]
    groups[1]["b.running_mean"][3] = 100
    path = saved(tmp_path / "m.npz", *groups)
    seen = check_file(path, RULES, NOTHING_GIVEN, where=ChannelFilter.parse("running_mean == 100"))
    assert seen.layers == ("b",)
    assert {finding.layer for finding in seen.findings} <= {"b"}
