from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from bncli.core.batch_norm_layer import Setting
from bncli.core.named_arrays import Skipped
from bncli.errors import MalformedFile
from bncli.formats.mxnet_params import open_mxnet_params, recognizes
from bncli.formats.probe import FileProbe
from tests.helpers.invoke import invoke
from tests.helpers.mxnet_lists import array, array_list, params

GAMMA, BETA, MEAN, VAR = (np.random.default_rng(seed).uniform(0.5, 2, 4).astype(np.float32) for seed in range(4))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "net-0000.params"


def test_a_list_is_recognized_by_its_first_number() -> None:
    content = params({})
    assert recognizes(FileProbe(Path("net"), len(content), content))
    assert not recognizes(FileProbe(Path("net"), 16, struct.pack("<QQ", 0x112, 1)))


@pytest.mark.parametrize(
    ("names", "layer", "eps"),
    [
        (("arg:bn1_gamma", "arg:bn1_beta", "aux:bn1_moving_mean", "aux:bn1_moving_var"), "bn1", 1e-3),
        (("net0_bn0_gamma", "net0_bn0_beta", "net0_bn0_running_mean", "net0_bn0_running_var"), "net0_bn0", 1e-5),
        (("bns.1.gamma", "bns.1.beta", "bns.1.running_mean", "bns.1.running_var"), "bns.1", 1e-5),
        (("gamma", "beta", "running_mean", "running_var"), "", 1e-5),
    ],
)
def test_layers_are_found_by_the_names_of_symbols_and_of_both_kinds_of_gluon(
    path: Path, names: tuple[str, ...], layer: str, eps: float
) -> None:
    stored = dict(zip(names, (GAMMA, BETA, MEAN, VAR), strict=True))
    path.write_bytes(params({"arg:conv_weight": np.ones((4, 3), np.float32)} | stored))
    with open_mxnet_params(path) as arrays:
        (found,) = discover(arrays).layers
    assert (found.name, found.framework) == (layer, "mxnet")
    assert (found.eps, found.momentum) == (Setting(eps, "assumed"), Setting(0.1, "assumed"))
    for values, expected in zip(
        (found.weight, found.bias, found.running_mean, found.running_var), (GAMMA, BETA, MEAN, VAR), strict=True
    ):
        np.testing.assert_array_equal(values, expected, strict=True)
    assert found.tensors["running_mean"] == names[2]


def test_the_report_says_that_the_stored_scale_may_not_be_used(path: Path) -> None:
    path.write_bytes(params({"bn_gamma": GAMMA, "bn_running_mean": MEAN, "bn_running_var": VAR}))
    assert "fix_gamma" in invoke("inspect", "checkpoint", path).stdout


def test_scale_and_shift_of_other_normalizations_are_no_layer(path: Path) -> None:
    path.write_bytes(params({"ln_gamma": GAMMA, "ln_beta": BETA}))
    with open_mxnet_params(path) as arrays:
        assert not arrays.hints


def test_a_layer_without_one_of_its_statistics_is_told(path: Path) -> None:
    whole = {"a_running_mean": MEAN, "a_running_var": VAR}
    path.write_bytes(params(whole | {"b_moving_mean": MEAN}))
    with open_mxnet_params(path) as arrays:
        assert discover(arrays).skipped == (Skipped("b", "has running_mean but no running_var", "missing-statistic"),)


def test_arrays_without_names_are_named_by_their_place(path: Path) -> None:
    path.write_bytes(array_list([array(MEAN), array(VAR)], []))
    with open_mxnet_params(path) as arrays:
        assert list(arrays.specs) == ["0", "1"]
        np.testing.assert_array_equal(arrays.read("1"), VAR, strict=True)


def test_an_array_without_values_is_told(path: Path) -> None:
    path.write_bytes(array_list([struct.pack("<I", 0), array(VAR)], ["nothing", "something"]))
    with open_mxnet_params(path) as arrays:
        assert arrays.skipped == (Skipped("nothing", "has no values"),)
        assert list(arrays.specs) == ["something"]


@pytest.mark.parametrize(
    "content",
    [
        array_list([array(MEAN)] * 2, ["same", "same"]),
        array_list([array(MEAN)] * 2, ["one"]),
        array_list([], ["one"]),
        struct.pack("<QQQ", 0x112, 0, 2**60),
        struct.pack("<QQQ", 0x112, 0, 400_000),
        params({"a": MEAN})[:-1],
        struct.pack("<QQ", 0x112, 0),
    ],
)
def test_a_list_that_breaks_the_rules_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(MalformedFile, match="broken as a list of MXNet's arrays"):
        open_mxnet_params(path)
