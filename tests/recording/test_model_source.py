from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from bncli.errors import InputNotFound, InvalidUsage, MalformedFile, ShapeMismatch, UserCodeFailed
from bncli.recording.model_source import load_model
from tests.helpers.recordings import small_network

if TYPE_CHECKING:
    from pathlib import Path

FACTORY = "tests.helpers.recordings:small_network"


def weights() -> dict[str, torch.Tensor]:
    return {name: torch.full_like(value, 2) for name, value in small_network().state_dict().items()}


def test_a_factory_makes_the_model() -> None:
    source = load_model(FACTORY, None)
    assert (type(source.model).__name__, source.is_program, source.text) == ("Sequential", False, FACTORY)


@pytest.mark.parametrize("kind", ["plain", "container", "containers", "parallel", "compiled", "safetensors"])
def test_weights_are_found_however_they_were_saved(kind: str, tmp_path: Path) -> None:
    path = tmp_path / ("w.safetensors" if kind == "safetensors" else "w.pt")
    match kind:
        case "safetensors":
            save_file(weights(), path)
        case "container":
            torch.save({"state_dict": weights(), "epoch": 3}, path)
        case "containers":
            torch.save({"net": {"params": weights()}, "model_ema": {}}, path)
        case "compiled":
            torch.save({f"_orig_mod.module.{name}": value for name, value in weights().items()}, path)
        case "parallel":
            torch.save({f"module.{name}": value for name, value in weights().items()}, path)
        case _:
            torch.save(weights(), path)
    assert (load_model(FACTORY, path).model[1].running_var == 2).all()


def wrapped_network() -> nn.Module:
    return nn.DataParallel(nn.Sequential(OrderedDict(module=small_network(), head=nn.Linear(3, 1))))


def test_a_wrapped_model_takes_weights_of_the_bare_one_and_its_own(tmp_path: Path) -> None:
    own = {name: torch.full_like(value, 2) for name, value in wrapped_network().state_dict().items()}
    for number, prefix in enumerate(("module.", "", "_orig_mod.module.")):
        path = tmp_path / f"{number}.pt"
        torch.save({prefix + name.removeprefix("module."): value for name, value in own.items()}, path)
        model = load_model(f"{__name__}:wrapped_network", path).model
        assert all((value == 2).all() for value in model.state_dict().values())


def test_weights_of_two_copies_are_not_mixed(tmp_path: Path) -> None:
    torch.save(
        {prefix + name: value for prefix in ("", "module.") for name, value in weights().items()}, tmp_path / "w"
    )
    with pytest.raises(ShapeMismatch, match=r"Unexpected key\(s\) in state_dict"):
        load_model(FACTORY, tmp_path / "w")


def test_weights_of_another_model_are_told_by_what_differs(tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(1)}, tmp_path / "w.pt")
    with pytest.raises(ShapeMismatch, match=r"w.pt: does not fit the model: Missing key\(s\) in state_dict"):
        load_model(FACTORY, tmp_path / "w.pt")


def test_files_that_hold_no_state_dict_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("no weights")
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save({0: torch.zeros(1)}, tmp_path / "numbers.pt")
    endless: dict[str, object] = {}
    endless["model"] = endless
    torch.save(endless, tmp_path / "endless.pt")
    with pytest.raises(ShapeMismatch, match="endless.pt"):
        load_model(FACTORY, tmp_path / "endless.pt")
    for name in ("text.pt", "list.pt", "numbers.pt"):
        with pytest.raises(MalformedFile, match=name):
            load_model(FACTORY, tmp_path / name)
    with pytest.raises(InputNotFound, match="no such file"):
        load_model(FACTORY, tmp_path / "missing.pt")


def test_a_pickle_that_would_run_code_is_not_loaded(tmp_path: Path) -> None:
    torch.save(small_network(), tmp_path / "whole.pt")
    with pytest.raises(MalformedFile, match="no state dict that can be loaded safely"):
        load_model(FACTORY, tmp_path / "whole.pt")


def test_a_checkpoint_is_no_model(tmp_path: Path) -> None:
    torch.save(weights(), tmp_path / "w.pt")
    with pytest.raises(MalformedFile, match="neither TorchScript nor an exported program"):
        load_model(str(tmp_path / "w.pt"), None)
    with pytest.raises(InvalidUsage, match="--weights does not go with"):
        load_model(str(tmp_path / "w.pt"), tmp_path / "w.pt")


def test_what_is_neither_a_file_nor_a_factory_is_told() -> None:
    with pytest.raises(InputNotFound, match="--model nothing.pt: no such file"):
        load_model("nothing.pt", None)
    with pytest.raises(UserCodeFailed, match="gave a value of type list, not a torch.nn.Module"):
        load_model("tests.helpers.recordings:pictures", None)
