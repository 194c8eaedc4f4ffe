"""torch's modules in a pickle: what goes into a state dict, and the settings of normalization layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.core.named_arrays import LayerHint
from bncli.formats.pickled_objects.numpy_records import numpy_array
from bncli.formats.pickles.inert import Record
from bncli.formats.stored_array import StoredArray

if TYPE_CHECKING:
    from bncli.core.named_arrays import SettingName

_PARTS = ("_parameters", "_buffers", "_modules")
_SETTINGS: tuple[SettingName, ...] = ("eps", "momentum")
_RUNNING_MEAN = "running_mean"
SCRIPT_PREFIX = "__torch__."
"""How the names of the classes in a TorchScript program begin."""
_SCRIPTS_OF_BATCH_NORM = f"{SCRIPT_PREFIX}torch.nn.modules.batchnorm."


def module_parts(state: Any) -> tuple[dict[Any, Any], ...] | None:
    """Return parameters, buffers and submodules by name, in the order of a state dict; `None` if this is no module.

    Args:
        state: the attributes of an object.
    """
    return tuple(state[part] for part in _PARTS) if is_module(state) else None


def is_module(state: Any) -> bool:
    """Whether the state of an object is that of a `torch.nn.Module`."""
    return isinstance(state, dict) and all(isinstance(state.get(part), dict) for part in _PARTS)


def layer_hint(name: str, record: Record) -> LayerHint | None:
    """Return class and settings of a layer that may keep running statistics, or `None` for any other object."""
    if is_module(record.state) and _RUNNING_MEAN in record.state["_buffers"]:
        is_tracking = record.state.get("track_running_stats") is not False
        return LayerHint(name, record.class_name, _settings(record.state), is_tracking=is_tracking)
    # A TorchScript module keeps its tensors in its state itself, and its settings mostly in its code.
    if isinstance(record.state, dict) and _is_script_of_layer(record.class_name, record.state):
        return LayerHint(name, record.class_name, _settings(record.state))
    return None


def _is_script_of_layer(class_name: str, state: dict[Any, Any]) -> bool:
    """Return whether a record is a layer of a program; a trace has nothing in place of statistics that are not kept."""
    if not class_name.startswith(SCRIPT_PREFIX):
        return False
    return _RUNNING_MEAN in state or class_name.startswith(_SCRIPTS_OF_BATCH_NORM)


def unread_settings(hint: LayerHint, record: Record) -> list[SettingName]:
    """Return the settings that a layer has and whose values are none that can be read."""
    return [name for name in _SETTINGS if name in record.state and name not in hint.settings]


def _settings(state: dict[Any, Any]) -> dict[SettingName, float | None]:
    settings: dict[SettingName, float | None] = {}
    for name in _SETTINGS:
        value = _number(state.get(name))
        if value is not None:
            settings[name] = value
    if "momentum" in state and state["momentum"] is None:
        settings["momentum"] = None
    return settings


def _number(value: Any) -> float | None:
    """Return a number of Python, or of NumPy in an array of one; `None` for anything else. True counts as 1."""
    if type(value) in (int, float, bool):
        return float(value)
    array = numpy_array(value) if type(value) is Record else None
    if not isinstance(array, StoredArray) or array.size != 1:
        return None
    values = array.whole()
    return float(values.item()) if values.dtype.kind in "biuf" else None
