from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from bncli.formats.pickled_objects.torch_modules import is_module, layer_hint, module_parts, unread_settings
from bncli.formats.pickles.inert import Record
from bncli.formats.pickles.machine import Machine


def record(class_name: str, state: Any) -> Record:
    made = Record(class_name, ())
    made.state = state
    return made


def module(buffers: dict[str, Any] | None = None, **attributes: Any) -> Record:
    state = {"training": True, "_parameters": {"weight": 1}, "_buffers": buffers or {}, "_modules": {"child": 3}}
    return record("models.Norm", state | attributes)


def pickled(value: Any, protocol: int = 4) -> Any:
    """Return a value as it comes out of a pickle; a record is one already."""
    return value if isinstance(value, Record) else Machine(pickle.dumps(value, protocol), "x").run()[0]


def test_the_parts_of_a_module_come_in_the_order_of_a_state_dict() -> None:
    parts = module_parts(module({"running_mean": 2}, extra=[1]).state)
    assert parts == ({"weight": 1}, {"running_mean": 2}, {"child": 3})


@pytest.mark.parametrize(
    "state",
    [
        None,
        (),
        {},
        {"_parameters": {}, "_buffers": {}},
        {"_parameters": 1, "_buffers": {}, "_modules": {}},
    ],
)
def test_an_object_without_all_three_parts_is_no_module(state: Any) -> None:
    assert not is_module(state)
    assert module_parts(state) is None


@pytest.mark.parametrize("running_mean", [None, "a tensor"])
def test_a_module_that_keeps_running_statistics_gives_a_hint_even_if_it_keeps_none(running_mean: Any) -> None:
    hint = layer_hint("features.1", module({"running_mean": running_mean}, eps=1e-3, momentum=0.03))
    assert hint is not None
    assert (hint.layer, hint.class_name) == ("features.1", "models.Norm")
    assert hint.settings == {"eps": 1e-3, "momentum": 0.03}


def test_a_module_without_running_statistics_gives_none() -> None:
    assert layer_hint("x", module({"mask": 1}, eps=1e-3)) is None
    assert layer_hint("x", record("models.Norm", {"running_mean": 1})) is None


def test_a_momentum_of_none_is_a_setting_and_a_missing_one_is_not() -> None:
    with_none = layer_hint("x", module({"running_mean": 1}, momentum=None))
    without = layer_hint("x", module({"running_mean": 1}))
    assert with_none is not None
    assert without is not None
    assert with_none.settings == {"momentum": None}
    assert without.settings == {}


@pytest.mark.parametrize(("stored", "is_tracking"), [({}, True), ({"track_running_stats": True}, True),
                                                     ({"track_running_stats": False}, False)])  # fmt: skip
def test_a_module_says_whether_updates_move_its_statistics(stored: dict[str, bool], is_tracking: bool) -> None:
    hint = layer_hint("x", module({"running_mean": 1}, **stored))
    assert hint is not None
    assert hint.is_tracking is is_tracking


@pytest.mark.parametrize(
    "value", ["0.1", [0.1], Record("torch.tensor", ()), np.ones(2), np.ones(0), np.complex64(1), np.array(["1"])]
)
def test_settings_that_are_no_numbers_are_left_out_and_told(value: Any) -> None:
    stored = module({"running_mean": 1}, eps=pickled(value), momentum=pickled(value))
    hint = layer_hint("x", stored)
    assert hint is not None
    assert hint.settings == {}
    assert unread_settings(hint, stored) == ["eps", "momentum"]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value", [True, False, np.True_, np.float64(1e-3), np.float32(0.3), np.float16(0.1), np.int64(1), np.array([0.2])]
)
def test_numbers_of_numpy_and_truths_are_settings(value: Any, protocol: int) -> None:
    stored = module({"running_mean": 1}, eps=pickled(value, protocol), momentum=pickled(value, protocol))
    hint = layer_hint("x", stored)
    assert hint is not None
    assert hint.settings == {"eps": np.asarray(value).item(), "momentum": np.asarray(value).item()}
    assert unread_settings(hint, stored) == []


@pytest.mark.parametrize("stored", [module({"running_mean": 1}), module({"running_mean": 1}, eps=1, momentum=None)])
def test_settings_that_a_layer_lacks_or_that_are_none_are_not_told(stored: Record) -> None:
    hint = layer_hint("x", stored)
    assert hint is not None
    assert unread_settings(hint, stored) == []


def test_whole_numbers_are_settings() -> None:
    hint = layer_hint("x", module({"running_mean": 1}, eps=0, momentum=1))
    assert hint is not None
    assert hint.settings == {"eps": 0.0, "momentum": 1.0}
    assert all(type(value) is float for value in hint.settings.values())


def test_a_scripted_module_is_a_layer_under_the_name_that_its_code_has() -> None:
    state = {"training": False, "running_mean": 1}
    scripted = record("__torch__.torch.nn.modules.batchnorm.___torch_mangle_12.BatchNorm2d", state)
    hint = layer_hint("1", scripted)
    assert hint is not None
    assert hint.class_name == scripted.class_name
