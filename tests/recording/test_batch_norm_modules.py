from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from bncli.errors import InvalidUsage, NoBatchNormLayers
from bncli.recording.batch_norm_modules import bare_name, batch_norm_modules, described, running_statistics


class OwnBatchNorm(nn.BatchNorm2d):
    pass


def test_every_kind_of_batch_normalization_is_found_and_no_other_normalization() -> None:
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm, OwnBatchNorm)
    others = (nn.InstanceNorm2d(3, track_running_stats=True), nn.GroupNorm(1, 3), nn.LayerNorm(3))
    model = nn.Sequential(*(kind(3) for kind in kinds), nn.LazyBatchNorm2d(), *others)
    assert list(batch_norm_modules(model)) == ["0", "1", "2", "3", "4", "5"]


def test_a_module_under_two_paths_is_found_once() -> None:
    shared = nn.BatchNorm1d(3)
    assert list(batch_norm_modules(nn.Sequential(shared, nn.ReLU(), shared))) == ["0"]


def test_a_model_that_is_itself_a_layer_is_found() -> None:
    assert list(batch_norm_modules(nn.BatchNorm1d(3))) == [""]


def test_wrappers_are_no_part_of_names() -> None:
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Sequential(nn.BatchNorm1d(3)))
    wrapped = nn.DataParallel(torch.compile(model, backend="eager"))
    assert list(batch_norm_modules(wrapped)) == ["0", "1.0"]


def test_a_submodule_of_the_models_own_keeps_its_name_whatever_it_is_called() -> None:
    model = nn.Sequential()
    model.add_module("module", nn.Sequential(nn.BatchNorm1d(3)))
    assert bare_name(model, "module.0") == "module.0"


def test_a_model_without_layers_is_an_error_that_names_its_class() -> None:
    with pytest.raises(NoBatchNormLayers, match="the model Linear has no batch-normalization layer"):
        batch_norm_modules(nn.Linear(2, 2))


def test_copies_on_several_devices_are_refused_with_the_reason() -> None:
    wrapped = nn.DataParallel(nn.Sequential(nn.BatchNorm1d(3)))
    wrapped.device_ids = [0, 1]
    with pytest.raises(InvalidUsage, match="DataParallel on 2 devices.*thrown away"):
        batch_norm_modules(wrapped)


def test_running_statistics_are_copies() -> None:
    module = nn.BatchNorm1d(2)
    statistics = running_statistics(module)
    assert statistics is not None
    module.running_mean.fill_(5)
    assert (statistics.mean.tolist(), statistics.var.tolist(), statistics.num_batches_tracked) == ([0, 0], [1, 1], 0)


def test_layers_that_track_nothing_or_not_yet_have_no_running_statistics() -> None:
    assert running_statistics(nn.BatchNorm1d(2, track_running_stats=False)) is None
    assert running_statistics(nn.LazyBatchNorm1d()) is None


@pytest.mark.parametrize("counter", [2.5, -1.0, float("inf"), float("nan")])
def test_a_counter_is_copied_as_it_is(counter: float) -> None:
    module = nn.BatchNorm1d(2)
    module.num_batches_tracked = torch.tensor(counter)
    statistics = running_statistics(module)
    assert statistics is not None
    assert repr(statistics.num_batches_tracked) == repr(counter)


def test_settings_that_are_tensors_are_described_as_numbers() -> None:
    module = nn.BatchNorm1d(2, momentum=None)
    module.eps = torch.tensor(0.5)
    assert described("bn", module).momentum is None
    module.momentum = torch.tensor(0.25)
    assert repr((described("bn", module).eps, described("bn", module).momentum)) == "(0.5, 0.25)"


def test_names_that_no_reader_would_take_are_refused_at_the_start() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2))
    for _ in range(20):
        model = nn.Sequential(OrderedDict({"n" * 60: model}))
    with pytest.raises(InvalidUsage, match=r"a layer has a name of 1221 characters, and at most 1024"):
        batch_norm_modules(model)


def test_a_model_without_values_is_refused() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)).to("meta")
    with pytest.raises(InvalidUsage, match="layer 1 is on the device meta"):
        batch_norm_modules(model)
    model[1].to_empty(device="cpu")
    assert list(batch_norm_modules(model)) == ["1"]
