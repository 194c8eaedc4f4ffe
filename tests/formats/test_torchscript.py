from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import torch

from bncli.formats.probe import probe_file
from bncli.formats.torchscript import open_torchscript, recognizes
from tests.helpers.torch_checkpoints import as_numpy, assert_same_bits

if TYPE_CHECKING:
    from pathlib import Path


def script(module: torch.nn.Module) -> Any:
    with pytest.warns(DeprecationWarning, match="jit"):
        return torch.jit.script(module)


def trace(module: torch.nn.Module) -> Any:
    with pytest.warns(DeprecationWarning, match="jit"):
        return torch.jit.trace(module, torch.randn(2, 2, 4, 4))


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


def test_the_code_in_a_program_is_not_even_read(saved: tuple[Path, torch.nn.Module], tmp_path: Path) -> None:
    path, _ = saved
    spoilt = tmp_path / "spoilt.pt"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(spoilt, "w") as target:
        for member in source.namelist():
            target.writestr(member, b"\xff not code" if "/code/" in member else source.read(member))
    with open_torchscript(spoilt) as arrays:
        assert "1.running_mean" in arrays.specs
