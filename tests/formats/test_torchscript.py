from __future__ import annotations

import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from bncli.analysis.layer_discovery import discover
from bncli.core.named_arrays import Skipped
from bncli.errors import MalformedFile, NoBatchNormLayers
from bncli.formats.probe import probe_file
from bncli.formats.torchscript import open_torchscript, recognizes
from tests.helpers.torch_checkpoints import as_numpy, assert_same_bits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def script(module: torch.nn.Module) -> Any:
    with pytest.warns(DeprecationWarning, match="jit"):
        return torch.jit.script(module)


def trace(module: torch.nn.Module) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.trace(module, torch.randn(2, 2, 4, 4), check_trace=False)


@pytest.fixture(params=["scripted", "traced"])
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, torch.nn.Module]:
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 1), torch.nn.BatchNorm2d(3), torch.nn.BatchNorm2d(3))
    module.eval()
    program = script(module) if request.param == "scripted" else trace(module)
    program.save(str(tmp_path / "model.pt"))
    return tmp_path / "model.pt", module


def test_a_saved_program_is_recognized_and_a_checkpoint_is_not(
    saved: tuple[Path, torch.nn.Module], tmp_path: Path
) -> None:
    path, module = saved
    assert recognizes(probe_file(path))
    torch.save(module.state_dict(), tmp_path / "plain.pt")
    assert not recognizes(probe_file(tmp_path / "plain.pt"))


def test_the_arrays_of_a_program_are_those_of_its_module(saved: tuple[Path, torch.nn.Module]) -> None:
    path, module = saved
    with open_torchscript(path) as arrays:
        assert arrays.format == "torchscript"
        state = module.state_dict()
        assert set(arrays.specs) == set(state)
        for name, values in state.items():
            assert_same_bits(arrays.read(name), as_numpy(values))


def test_the_class_of_a_layer_is_told_as_torch_calls_it(saved: tuple[Path, torch.nn.Module]) -> None:
    path, _ = saved
    with open_torchscript(path) as arrays:
        classes = {name: hint.class_name for name, hint in arrays.hints.items()}
    assert classes == dict.fromkeys("12", "torch.nn.modules.batchnorm.BatchNorm2d")


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """Write the archive again, each member changed, deflated as torch deflates code."""
    target_path = path.with_name("rewritten.pt")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target_path, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.namelist():
            target.writestr(member, change(member, source.read(member)))
    return target_path


def test_code_that_makes_no_sense_leaves_the_arrays_alone(saved: tuple[Path, torch.nn.Module]) -> None:
    path = rewritten(saved[0], lambda member, content: b"\xff not code" if "/code/" in member else content)
    with open_torchscript(path) as arrays:
        assert "1.running_mean" in arrays.specs
        assert arrays.hints["1"].settings == {}


def test_code_that_is_far_too_long_is_refused(saved: tuple[Path, torch.nn.Module]) -> None:
    path = rewritten(
        saved[0], lambda member, content: np.random.default_rng(0).bytes(17 << 20) if "/code/" in member else content
    )
    with pytest.raises(MalformedFile, match="claims 17825792 bytes"):
        open_torchscript(path)


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.plain = torch.nn.BatchNorm2d(2)
        self.odd = torch.nn.BatchNorm2d(2, eps=2.5e-3, momentum=0.03)
        self.average = torch.nn.BatchNorm2d(2, eps=1e-9, momentum=None)
        self.instance = torch.nn.InstanceNorm2d(2, track_running_stats=True)
        self.plain.training = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = self.instance(self.average(self.odd(self.plain(x))))
        return value


def saved_net(path: Path, *, by_trace: bool, in_training: bool) -> Path:
    net = Net().train(in_training)
    (trace(net) if by_trace else script(net)).save(str(path))
    return path


def settings_in(path: Path) -> dict[str, dict[str, float | None]]:
    with open_torchscript(path) as arrays:
        return {name: dict(hint.settings) for name, hint in arrays.hints.items() if name != "instance"}


@pytest.mark.parametrize("in_training", [False, True])
def test_a_scripted_layer_has_its_settings_in_its_code(tmp_path: Path, *, in_training: bool) -> None:
    assert settings_in(saved_net(tmp_path / "model.pt", by_trace=False, in_training=in_training)) == {
        "plain": {"eps": 1e-5, "momentum": 0.1},
        "odd": {"eps": 2.5e-3, "momentum": 0.03},
        "average": {"eps": 1e-9, "momentum": None},
    }


def test_a_trace_in_eval_mode_lost_the_momentum_of_a_cumulative_average(tmp_path: Path) -> None:
    path = saved_net(tmp_path / "model.pt", by_trace=True, in_training=False)
    assert settings_in(path) == {
        "plain": {"eps": 1e-5, "momentum": 0.1},
        "odd": {"eps": 2.5e-3, "momentum": 0.03},
        "average": {"eps": 1e-9},
    }
    with open_torchscript(path) as arrays:
        assert not any(hint.training_mode for hint in arrays.hints.values())


def test_a_trace_in_train_mode_normalizes_with_the_batch_for_ever_and_says_so(tmp_path: Path) -> None:
    path = saved_net(tmp_path / "model.pt", by_trace=True, in_training=True)
    # One tenth may be the tenth step of a cumulative average.
    assert settings_in(path) == {
        "plain": {"eps": 1e-5},
        "odd": {"eps": 2.5e-3, "momentum": 0.03},
        "average": {"eps": 1e-9},
    }
    with open_torchscript(path) as arrays:
        assert all(arrays.hints[name].training_mode for name in ("plain", "odd", "average"))


@pytest.mark.parametrize("by_trace", [False, True])
def test_instance_normalization_is_told_apart_by_its_class(tmp_path: Path, *, by_trace: bool) -> None:
    with open_torchscript(saved_net(tmp_path / "model.pt", by_trace=by_trace, in_training=False)) as arrays:
        checkpoint = discover(arrays)
    assert [layer.name for layer in checkpoint.layers] == ["plain", "odd", "average"]
    assert checkpoint.skipped == (Skipped("instance", "is InstanceNorm2d, not batch normalization"),)


@pytest.mark.parametrize("program_of", [script, trace])
def test_a_layer_that_keeps_no_statistics_is_skipped_and_told(
    tmp_path: Path, program_of: Callable[[torch.nn.Module], Any]
) -> None:
    free = torch.nn.BatchNorm2d(2, track_running_stats=False)
    program = program_of(torch.nn.Sequential(free, torch.nn.BatchNorm2d(2)).eval())
    program.save(str(tmp_path / "model.pt"))
    with open_torchscript(tmp_path / "model.pt") as arrays:
        checkpoint = discover(arrays)
    assert [layer.name for layer in checkpoint.layers] == ["1"]
    assert checkpoint.skipped == (Skipped("0", "is BatchNorm2d and keeps no running statistics"),)


def test_a_frozen_program_says_where_its_layers_went(tmp_path: Path) -> None:
    net = torch.nn.Sequential(
        torch.nn.Conv2d(2, 3, 1), torch.nn.BatchNorm2d(3), torch.nn.ReLU(), torch.nn.BatchNorm2d(3)
    ).eval()
    path = tmp_path / "frozen.pt"
    with pytest.warns(DeprecationWarning, match="jit"):
        torch.jit.freeze(script(net)).save(str(path))
    with open_torchscript(path) as arrays, pytest.raises(NoBatchNormLayers, match=r"torch\.jit\.freeze") as caught:
        discover(arrays)
    assert "1 call of a convolution" in caught.value.message
    assert "1 of torch.batch_norm" in caught.value.message


def test_a_program_without_convolutions_is_not_called_frozen(tmp_path: Path) -> None:
    path = tmp_path / "linear.pt"
    with pytest.warns(DeprecationWarning, match="jit"):
        torch.jit.script(torch.nn.Linear(2, 2)).save(str(path))
    with open_torchscript(path) as arrays:
        assert arrays.without_layers is None
