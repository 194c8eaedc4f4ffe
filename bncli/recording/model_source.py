"""Loads the model that is to be recorded: made by a function of the user's, or a program that needs no code."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bncli.core.wrapper_names import CONTAINERS, without_wrappers
from bncli.errors import InputNotFound, InvalidUsage, MalformedFile, ShapeMismatch, UserCodeFailed
from bncli.light_dataclass import dataclass
from bncli.recording.user_code import call_factory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch.nn import Module

_EXPORT_SUFFIX = ".pt2"


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model that was loaded."""

    model: Module
    is_program: bool
    """Whether it is TorchScript or an exported program, which has no modules that could be hooked."""
    text: str
    """What it is, for the recording's provenance."""


def load_model(spec: str, weights: Path | None) -> ModelSource:
    """Return the model that a text names.

    Args:
        spec: `package.module:factory`, or the path of a TorchScript file or of a `.pt2`.
        weights: a state dict to load into what the factory gives: a file of torch.save or of safetensors.

    Raises:
        InputNotFound, InvalidUsage, MalformedFile, ShapeMismatch, UserCodeFailed: it cannot be loaded.
    """
    path = Path(spec)
    if path.is_file():
        if weights is not None:
            raise InvalidUsage(f"--weights does not go with {path}: a program holds its own")
        return ModelSource(_load_program(path), is_program=True, text=path.name)
    if ":" not in spec:
        raise InputNotFound(
            f"--model {spec}: no such file",
            hint="give a TorchScript or .pt2 file, or package.module:factory for a function that makes the model",
        )
    model = call_factory(spec, "--model")
    if not _is_module(model):
        raise UserCodeFailed(f"--model {spec} gave a value of type {type(model).__name__}, not a torch.nn.Module")
    if weights is not None:
        _load_weights(model, weights)
    return ModelSource(model, is_program=False, text=spec)


def _is_module(value: Any) -> bool:
    from torch.nn import Module  # noqa: PLC0415

    return isinstance(value, Module)


def _load_program(path: Path) -> Module:
    import torch  # noqa: PLC0415

    try:
        if path.suffix == _EXPORT_SUFFIX:
            load: Any = torch.export.load
            exported: Module = load(path).module()
            return exported
        load = torch.jit.load
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of TorchScript as a whole
            program: Module = load(str(path), map_location="cpu")
        return program.eval()
    except Exception as error:
        raise MalformedFile(
            f"{path}: neither TorchScript nor an exported program that this torch can load",
            hint="a checkpoint holds no model: give --model package.module:factory, and the file as --weights",
        ) from error


def _load_weights(model: Module, path: Path) -> None:
    try:
        model.load_state_dict(_named_as_in(model, _state_dict(path)))
    except RuntimeError as error:
        reasons = [line.strip() for line in str(error).splitlines()[1:]]
        raise ShapeMismatch(
            f"{path}: does not fit the model: {reasons[0] if reasons else error}",
            hint="the factory has to make the model that the weights were saved from",
        ) from error


def _named_as_in(model: Module, state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a state dict under the names of a model, where the two were wrapped in different ways."""
    own = {without_wrappers(name.split(".")): name for name in model.state_dict()}
    renamed = {own.get(without_wrappers(name.split(".")), name): values for name, values in state.items()}
    # As it is where nothing changes: it may know the version of each module, by which old files are converted.
    return state if renamed.keys() == state.keys() or len(renamed) < len(state) else renamed


def _state_dict(path: Path) -> dict[str, Any]:
    """Return the state dict in a file, out of its containers."""
    import torch  # noqa: PLC0415
    from safetensors.torch import load_file  # noqa: PLC0415

    if not path.is_file():
        raise InputNotFound(f"--weights {path}: no such file")
    try:
        if path.suffix == ".safetensors":
            loaded: Any = load_file(path)
        else:
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise MalformedFile(
            f"{path}: holds no state dict that can be loaded safely: {type(error).__name__}",
            hint="save model.state_dict() with torch.save or safetensors",
        ) from error
    found = _innermost(loaded)
    if not isinstance(found, dict):
        raise MalformedFile(f"{path}: holds a {type(found).__name__}, not a state dict")
    if not all(isinstance(name, str) for name in found):
        raise MalformedFile(f"{path}: holds a dict whose keys are not names, so not a state dict")
    return found


def _innermost(loaded: Any) -> Any:
    for _ in CONTAINERS:  # a dict of an untrusted file may hold itself
        inner = (loaded[key] for key in CONTAINERS if isinstance(loaded, dict) and isinstance(loaded.get(key), dict))
        loaded = next(inner, loaded)
    return loaded
