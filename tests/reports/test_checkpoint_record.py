from __future__ import annotations

from typing import Any

import numpy as np

from bncli.analysis.inspection import inspect
from bncli.analysis.layer_selection import select
from bncli.core.batch_norm_layer import Checkpoint, Setting
from bncli.core.named_arrays import Skipped
from bncli.reports.checkpoint_record import checkpoint_record
from bncli.reports.inference import Inference
from tests.helpers.builders import checkpoint, layer


def record_of(file: Checkpoint, *inferences: Inference, with_channels: bool = False) -> dict[str, Any]:
    layers = inspect(select(file))
    return checkpoint_record(file, layers, inferences, with_channels=with_channels)


def test_the_record_speaks_of_the_whole_file() -> None:
    file = checkpoint(
        layer(name="a"),
        layer(name="b", num_batches_tracked=7),
        skipped=(Skipped("c", "is broken"),),
        aliases={"x": "a"},
    )
    record = record_of(file)
    assert (record["num_layers"], record["num_channels"]) == (2, 8)
    assert record["skipped"] == [{"name": "c", "reason": "is broken"}]
    assert record["aliases"] == {"x": "a"}
    assert record["lineage"] == [
        {"num_batches_tracked": 100, "num_layers": 1},
        {"num_batches_tracked": 7, "num_layers": 1},
    ]
    assert record["forensics"] == []


def test_inferences_are_recorded_in_order() -> None:
    inferences = [Inference("momentum", statement, "e", "c", {"low": 0.1}) for statement in ("first", "second")]
    record = record_of(checkpoint(layer()), *inferences)
    assert [each["statement"] for each in record["forensics"]] == ["first", "second"]


def test_a_layer_without_parameters_has_null_summaries() -> None:
    (found,) = record_of(checkpoint(layer(weight=None, bias=None, momentum=Setting(None, "stored"))))["layers"]
    assert found["weight"] is None
    assert found["bias"] is None
    assert found["momentum"] == {"value": None, "source": "stored"}
    assert "channels" not in found


def test_channels_hold_the_arrays_and_the_affine_map() -> None:
    file = checkpoint(layer())
    (found,) = record_of(file, with_channels=True)["layers"]
    scale, shift = file.layers[0].scale_and_shift()
    np.testing.assert_array_equal(found["channels"]["running_var"], file.layers[0].running_var)
    np.testing.assert_array_equal(found["channels"]["scale"], scale)
    np.testing.assert_array_equal(found["channels"]["shift"], shift)
    (plain,) = record_of(checkpoint(layer(weight=None, bias=None)), with_channels=True)["layers"]
    assert plain["channels"]["weight"] is None
