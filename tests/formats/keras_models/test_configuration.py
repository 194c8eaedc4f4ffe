from __future__ import annotations

import json
from typing import Any

import pytest

from bncli.formats.keras_models.configuration import ModelConfig, read_configuration
from tests.helpers.keras_files import configuration, normalization


def read(model: Any) -> ModelConfig:
    return read_configuration(json.dumps(model))


def test_settings_are_read_in_this_projects_conventions() -> None:
    layer = read(configuration(normalization("bn", epsilon=1e-5, momentum=0.9))).by_name["bn"]
    assert layer.settings == {"eps": 1e-5, "momentum": 0.1}
    assert layer.class_name == "BatchNormalization"


@pytest.mark.parametrize(
    ("decay", "momentum"), [(0.99, 0.01), (0.9997, 0.0003), (0.99999999, 1e-8), (1, 0.0), (0, 1.0)]
)
def test_the_momentum_is_the_decimal_that_remains_of_the_decay(decay: float, momentum: float) -> None:
    assert read(normalization("bn", momentum=decay)).by_name["bn"].settings["momentum"] == momentum


@pytest.mark.parametrize(
    ("settings", "roles"),
    [
        ({}, ("weight", "bias", "running_mean", "running_var")),
        ({"scale": False}, ("bias", "running_mean", "running_var")),
        ({"center": 0}, ("weight", "running_mean", "running_var")),
        ({"scale": False, "center": False}, ("running_mean", "running_var")),
    ],
)
def test_scale_and_center_tell_which_variables_there_are(settings: dict[str, Any], roles: tuple[str, ...]) -> None:
    assert read(normalization("bn", **settings)).by_name["bn"].roles == roles


@pytest.mark.parametrize("value", ["0.1", None, True, float("nan"), float("inf"), -1, [0.1]])
def test_a_setting_that_is_no_number_in_its_range_is_not_taken(value: Any) -> None:
    assert read(normalization("bn", epsilon=value, momentum=value)).by_name["bn"].settings == {}


def test_layers_of_nested_and_wrapping_layers_are_found() -> None:
    wrapper = {"class_name": "TimeDistributed", "config": {"name": "td", "layer": normalization("wrapped")}}
    inner = configuration(normalization("inner"), class_name="Sequential")
    assert set(read(configuration(wrapper, inner, normalization("outer"))).by_name) == {"wrapped", "inner", "outer"}


def test_the_list_that_keras_1_wrote_for_a_sequential_model_is_read() -> None:
    assert set(read({"class_name": "Sequential", "config": [normalization("bn")]}).by_name) == {"bn"}


def test_a_name_that_two_different_layers_have_tells_nothing() -> None:
    nested = configuration(normalization("bn", epsilon=0.1), normalization("same"))
    assert set(read(configuration(normalization("bn"), normalization("same"), nested)).by_name) == {"same"}


@pytest.mark.parametrize(
    "class_name", ["SyncBatchNormalization", "BatchNormalizationV1", "Custom>MyBatchNormalization"]
)
def test_variants_are_layers_too_and_keep_their_class(class_name: str) -> None:
    assert read(normalization("bn", class_name)).by_name["bn"].class_name == class_name.rpartition(">")[2]


@pytest.mark.parametrize("class_name", ["LayerNormalization", "BatchNormalizationFree", 7, None])
def test_other_classes_are_not(class_name: Any) -> None:
    assert read(normalization("bn", class_name)).by_name == {}


def test_groups_are_numbered_by_class_in_every_model() -> None:
    inner = configuration(normalization("c"), normalization("d", epsilon=0.2))
    model = configuration(normalization("a"), {"class_name": "Conv2D", "config": {}}, normalization("b"), inner)
    assert {path: layer.name for path, layer in read(model).by_path.items()} == {
        "layers/batch_normalization": "a",
        "layers/batch_normalization_1": "b",
        "layers/functional/layers/batch_normalization": "c",
        "layers/functional/layers/batch_normalization_1": "d",
    }


def test_code_in_a_configuration_stays_text() -> None:
    evil = {"class_name": "Lambda", "config": {"function": ["4wEAAAAA", None, None]}, "module": "os"}
    assert set(read(configuration(evil, normalization("bn"))).by_name) == {"bn"}


@pytest.mark.parametrize("text", ["", "{", "\x00", '{"a": 1} x'])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        read_configuration(text)


@pytest.mark.parametrize("text", ["[]", "null", "7", '"BatchNormalization"', '{"config": [{"class_name": []}]}'])
def test_json_of_another_form_has_no_layers(text: str) -> None:
    assert read_configuration(text) == ModelConfig()


def test_json_nested_without_end_is_refused() -> None:
    with pytest.raises(RecursionError):
        read_configuration("[" * 200_000)
