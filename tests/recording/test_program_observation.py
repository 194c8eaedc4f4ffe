from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from bncli.errors import InvalidUsage, NoBatchNormLayers
from bncli.recording.model_source import load_model
from bncli.recording.program_observation import ProgramObservation, layers_by_memory
from tests.helpers.recordings import pictures, small_network

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.recording.spool import SpooledLayer

warnings.filterwarnings("ignore", category=DeprecationWarning)


def saved(kind: str, folder: Path) -> Path:
    model, example = small_network().eval(), pictures(1)[0]
    path = folder / f"model.{'pt2' if kind == 'exported' else 'pt'}"
    if kind == "exported":
        batch = torch.export.Dim("batch", min=2)
        torch.export.save(torch.export.export(model, (example,), dynamic_shapes=({0: batch},)), path)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.jit.script(model) if kind == "scripted" else torch.jit.trace(model, example)
            program.save(str(path))
    return path


def observed(program: nn.Module, normalizes_with_batch: bool | None) -> tuple[list[SpooledLayer], list[Any]]:
    layers: list[SpooledLayer] = []

    def introduce(layer: SpooledLayer) -> int:
        layers.append(layer)
        return len(layers) - 1

    observation = ProgramObservation(program, introduce, normalizes_with_batch=normalizes_with_batch)
    observation.begin()
    with torch.no_grad():
        for batch in pictures():
            observation.step += 1
            program(batch)
    observation.end()
    program(pictures(1)[0])
    return layers, list(observation.fetch())


@pytest.mark.parametrize("kind", ["scripted", "traced", "exported"])
@pytest.mark.parametrize("trains", [True, False])
def test_programs_show_what_the_model_shows(kind: str, trains: bool, tmp_path: Path) -> None:
    program = load_model(str(saved(kind, tmp_path)), None).model
    before = {name: value.clone() for name, value in program.named_buffers()}
    layers, rows = observed(program, normalizes_with_batch=trains)
    assert [(layer.name, layer.num_features, layer.eps) for layer in layers] == [("1", 4, 1e-5), ("5", 3, 1e-5)]
    model = small_network().train(trains)
    assert [(head.layer, head.step) for head, _ in rows] == [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)]
    with torch.no_grad():
        for batch, (head, statistics) in zip(pictures(), rows[1::2], strict=True):
            expected = model[:5](batch).double()
            np.testing.assert_allclose(statistics[0], expected.mean(0), rtol=1e-5, atol=1e-7)
            assert head.is_training == trains
    assert all(torch.equal(before[name], value) for name, value in program.named_buffers())


def test_a_program_without_running_statistics_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoBatchNormLayers, match="the program has no batch-normalization layer"):
        layers_by_memory(nn.Linear(2, 2))


@pytest.mark.parametrize("trains", [True, False])
@pytest.mark.parametrize(
    "name", ["native_batch_norm", "_native_batch_norm_legit", "cudnn_batch_norm", "miopen_batch_norm"]
)
def test_every_operator_is_answered_with_as_many_results_as_it_has(name: str, trains: bool) -> None:
    layer, operator = nn.BatchNorm1d(3), getattr(torch.ops.aten, name).default
    layer.running_mean.fill_(5)
    observation = ProgramObservation(layer, lambda _: 0, normalizes_with_batch=trains)
    x = torch.randn(8, 3)
    expected = layer.train(trains)(x)
    state = (layer.weight, layer.bias, layer.running_mean, layer.running_var)
    observation.begin()
    try:
        with torch.no_grad():
            results = operator(x, *state, False, 0.1, 1e-5)  # of every device: an operator that is seen is not run
    finally:
        observation.end()
    assert len(results) == len(operator._schema.returns)
    torch.testing.assert_close(results[0], expected)
    assert len(list(observation.fetch())) == 1


def test_names_that_no_reader_would_take_are_refused_at_the_start() -> None:
    program = nn.Sequential(OrderedDict({"n" * 1025: nn.BatchNorm1d(2)}))
    with pytest.raises(InvalidUsage, match="a layer has a name of 1025 characters"):
        layers_by_memory(program)
