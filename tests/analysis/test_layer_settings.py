"""Tests of which eps and momentum hold for a layer."""

from __future__ import annotations

from bncli.analysis.layer_discovery import discover
from bncli.analysis.layer_settings import GivenSettings
from bncli.core.batch_norm_layer import Setting
from bncli.core.named_arrays import LayerHint
from tests.helpers.builders import ArraysInMemory, torch_arrays


def test_settings_come_from_the_command_line_before_the_file_and_from_the_file_before_the_default() -> None:
    stored = {"bn": LayerHint("bn", "torch.nn.modules.batchnorm.BatchNorm2d", {"eps": 1e-3, "momentum": None})}
    (layer,) = discover(ArraysInMemory(torch_arrays(), stored)).layers
    assert (layer.eps, layer.momentum) == (Setting(1e-3, "stored"), Setting(None, "stored"))
    (layer,) = discover(ArraysInMemory(torch_arrays(), stored), GivenSettings(0.5, Setting(0.2, "given"))).layers
    assert (layer.eps, layer.momentum) == (Setting(0.5, "given"), Setting(0.2, "given"))
    (layer,) = discover(ArraysInMemory(torch_arrays())).layers
    assert (layer.eps.source, layer.momentum.source) == ("assumed", "assumed")
