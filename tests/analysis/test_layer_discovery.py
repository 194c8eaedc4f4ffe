"""Tests of the batch-normalization layers that a file holds."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover, survey
from bncli.core.named_arrays import LayerHint
from bncli.errors import NoBatchNormLayers
from tests.helpers.builders import ArraysInMemory, torch_arrays


def test_a_model_of_instance_normalization_alone_is_sent_for_another_one() -> None:
    hints = {"bn": LayerHint("bn", "torch.nn.modules.instancenorm.InstanceNorm2d")}
    with pytest.raises(NoBatchNormLayers, match="is InstanceNorm2d, not batch normalization") as caught:
        discover(ArraysInMemory(torch_arrays(), hints))
    assert caught.value.hint == "give a model that has batch normalization"


def test_a_layer_is_a_running_mean_and_a_running_variance_side_by_side() -> None:
    arrays = ArraysInMemory({"conv.weight": np.ones((3, 2)), **torch_arrays("features.1.bn"), "ln.weight": np.ones(4)})
    (layer,) = discover(arrays).layers
    assert layer.name == "features.1.bn"
    assert layer.framework == "torch"
    assert layer.num_features == 4
    assert layer.num_batches_tracked == 100
    assert layer.tensors["running_var"] == "features.1.bn.running_var"


def test_only_the_arrays_of_layers_are_read() -> None:
    arrays = ArraysInMemory({"conv.weight": np.ones((300, 200)), **torch_arrays()})
    discover(arrays)
    assert sorted(arrays.names_read) == sorted(torch_arrays())


@pytest.mark.parametrize("missing", [{"weight": None, "bias": None}, {"num_batches_tracked": None}, {"bias": None}])
def test_parameters_and_counter_may_be_absent(missing: dict[str, None]) -> None:
    (layer,) = discover(ArraysInMemory(torch_arrays(**missing))).layers
    assert all(getattr(layer, role) is None for role in missing)


def test_a_counter_that_averaging_made_a_float_stays_a_float() -> None:
    (layer,) = discover(ArraysInMemory(torch_arrays(num_batches_tracked=np.array(99.5)))).layers
    assert layer.num_batches_tracked == 99.5
    (layer,) = discover(ArraysInMemory(torch_arrays(num_batches_tracked=np.array(99.0)))).layers
    assert isinstance(layer.num_batches_tracked, float)


def test_a_survey_of_a_file_with_only_broken_layers_tells_them() -> None:
    found = survey(ArraysInMemory(torch_arrays(running_var=None)))
    assert found.layers == ()
    assert [skipped.fault for skipped in found.skipped] == ["missing-statistic"]


def test_a_file_may_say_that_a_layer_is_in_training_mode() -> None:
    hints = {"bn": LayerHint("bn", training_mode=True)}
    found = discover(ArraysInMemory(torch_arrays() | torch_arrays("other"), hints))
    assert [layer.training_mode for layer in found.layers] == [True, False]


def test_a_file_may_name_the_bias_before_a_layer() -> None:
    hints = {"bn": LayerHint("bn", producer_bias="conv.bias")}
    found = discover(ArraysInMemory(torch_arrays() | torch_arrays("other"), hints))
    assert [layer.producer_bias for layer in found.layers] == ["conv.bias", None]


def test_a_file_that_says_why_it_has_no_layers_is_quoted() -> None:
    arrays = ArraysInMemory({"conv.weight": np.ones(3)})
    arrays.without_layers = "52 Conv, 0 BatchNormalization: folded at export"
    with pytest.raises(NoBatchNormLayers, match="52 Conv, 0 BatchNormalization: folded at export"):
        discover(arrays)


def test_a_file_without_layers_is_an_error_that_says_what_a_layer_is() -> None:
    with pytest.raises(NoBatchNormLayers, match="no batch-normalization layer among 1 array") as caught:
        discover(ArraysInMemory({"conv.weight": np.ones(3)}))
    assert "running_mean and a running_var" in str(caught.value.hint)


def test_a_file_of_normalizations_without_statistics_says_what_they_may_be() -> None:
    arrays = {"bn.weight": np.ones(3), "bn.bias": np.zeros(3)}
    with pytest.raises(NoBatchNormLayers) as caught:
        discover(ArraysInMemory(arrays))
    assert "bn has weight and bias only" in str(caught.value.hint)
    assert "a file of parameters without buffers" in str(caught.value.hint)
    assert "track_running_stats=False" in str(caught.value.hint)


def test_a_file_with_only_broken_layers_says_what_is_broken() -> None:
    with pytest.raises(NoBatchNormLayers, match="has running_mean but no running_var"):
        discover(ArraysInMemory(torch_arrays(running_var=None)))
