from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bncli.formats.keras_models.configuration import ModelConfig, read_configuration
from bncli.formats.keras_models.layers import KerasLayers, numbered_groups
from tests.helpers.keras_files import LEAVES, configuration, normalization

if TYPE_CHECKING:
    from bncli.core.named_arrays import LayerHint

ROLES = dict(zip(("weight", "bias", "running_mean", "running_var"), LEAVES, strict=True))


def config(*layers: dict[str, Any]) -> ModelConfig:
    return read_configuration(json.dumps(configuration(*layers)))


def named(group: str, leaves: tuple[str, ...] = LEAVES) -> dict[str, tuple[int, ...]]:
    return {f"{group}/{leaf}": (4,) for leaf in leaves}


def numbered(group: str, count: int, shape: tuple[int, ...] = (4,)) -> dict[str, tuple[int, ...]]:
    return {f"{group}/vars/{number}": shape for number in range(count)}


def layers(shapes: dict[str, tuple[int, ...]], *configs: dict[str, Any], **names: str) -> KerasLayers:
    by_path = {path.replace("__", "/"): name for path, name in names.items()}
    return KerasLayers(shapes, by_path, config(*configs))


def only(found: KerasLayers) -> LayerHint:
    (hint,) = found.hints
    return hint


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("model_weights/bn/bn", "bn"),
        ("bn/bn", "bn"),
        ("model_weights/backbone/backbone/bn", "backbone/bn"),
        ("model_weights/bn/bn_1", "bn_1"),
        ("bn", "bn"),
    ],
)
def test_a_layer_with_named_variables_is_called_as_keras_calls_its_variables(group: str, name: str) -> None:
    hint = only(layers(named(group)))
    assert hint.layer == name
    assert dict(hint.roles) == {role: f"{group}/{leaf}" for role, leaf in ROLES.items()}
    assert (hint.framework, hint.class_name, hint.settings) == ("keras", None, {})


def test_the_ending_that_tensorflow_gave_to_names_is_no_part_of_them() -> None:
    assert only(layers({"bn/bn/moving_mean:0": (4,)})).roles == {"running_mean": "bn/bn/moving_mean:0"}


@pytest.mark.parametrize("group", ["model_weights/bn/bn", "model_weights/bn/bn_1", "net/net/bn", "bn/net/bn"])
def test_the_configuration_of_a_named_layer_is_found_by_any_part_of_its_path(group: str) -> None:
    hint = only(layers(named(group), normalization("bn", epsilon=0.5)))
    assert (hint.class_name, hint.settings["eps"]) == ("BatchNormalization", 0.5)


def test_two_layers_of_one_name_are_told_apart_by_their_groups() -> None:
    found = layers(named("a/bn") | named("b/bn"))
    assert [hint.layer for hint in found.hints] == ["a/bn", "b/bn"]


def test_the_standard_deviation_of_keras_1_is_told_and_not_taken_for_a_variance() -> None:
    leaves = ("bn_1_gamma", "bn_1_beta", "bn_1_running_mean", "bn_1_running_std")
    found = layers(named("bn_1", leaves))
    assert found.hints == []
    assert [(entry.name, entry.fault) for entry in found.skipped] == [("bn_1", "foreign-statistic")]


@pytest.mark.parametrize(
    ("settings", "roles"),
    [
        ({}, ["weight", "bias", "running_mean", "running_var"]),
        ({"scale": False}, ["bias", "running_mean", "running_var"]),
        ({"center": False}, ["weight", "running_mean", "running_var"]),
        ({"scale": False, "center": False}, ["running_mean", "running_var"]),
    ],
)
def test_the_configuration_tells_what_numbered_variables_are(settings: dict[str, Any], roles: list[str]) -> None:
    found = layers(numbered("bn1", len(roles)), normalization("named", **settings), bn1="named")
    assert dict(only(found).roles) == {role: f"bn1/vars/{number}" for number, role in enumerate(roles)}
    assert found.skipped == []


def test_a_group_without_a_name_is_found_by_its_place_in_the_configuration() -> None:
    group = "layers/batch_normalization_1"
    found = layers(numbered(group, 3), normalization("a"), normalization("b", scale=False, epsilon=0.5))
    assert only(found).settings["eps"] == 0.5
    assert set(only(found).roles) == {"bias", "running_mean", "running_var"}


def test_variables_that_contradict_the_configuration_are_no_layer() -> None:
    found = layers(numbered("bn1", 3), normalization("named"), bn1="named")
    assert found.hints == []
    assert [entry.reason for entry in found.skipped] == ["has 3 variables, of which the configuration makes 4"]


def test_without_a_configuration_four_variables_are_all() -> None:
    assert list(only(layers(numbered("layers/batch_normalization_7", 4))).roles) == list(ROLES)


def test_without_a_configuration_the_first_of_three_is_left_out_and_told() -> None:
    found = layers(numbered("layers/batch_normalization", 3))
    assert dict(only(found).roles) == {
        "running_mean": "layers/batch_normalization/vars/1", "running_var": "layers/batch_normalization/vars/2"
    }  # fmt: skip
    assert [entry.name for entry in found.skipped] == ["layers/batch_normalization/vars/0"]


def test_two_variables_are_statistics_only_where_the_name_is_that_of_the_class() -> None:
    assert set(only(layers(numbered("layers/batch_normalization", 2))).roles) == {"running_mean", "running_var"}
    assert set(only(layers(numbered("norm", 2), norm="batch_normalization_3")).roles) == {"running_mean", "running_var"}
    assert layers(numbered("layers/layer_normalization", 2)).hints == []


def test_four_like_variables_of_an_unnamed_layer_are_taken_without_a_class() -> None:
    hint = only(layers(numbered("stem/norm", 4)))
    assert (hint.layer, hint.class_name) == ("stem/norm", None)


@pytest.mark.parametrize("shapes", [numbered("dense", 2), numbered("lstm", 3), numbered("square", 4, (4, 4)), {}])
def test_other_layers_are_not_taken(shapes: dict[str, tuple[int, ...]]) -> None:
    assert layers(shapes).hints == []


@pytest.mark.parametrize("numbers", [(0, 1, 2, 4), (1, 2, 3, 4), ("0", "1", "2", "x")])
def test_variables_that_are_not_numbered_from_zero_are_not_taken(numbers: tuple[Any, ...]) -> None:
    assert layers({f"batch_normalization/vars/{number}": (4,) for number in numbers}).hints == []


def test_a_layer_in_a_list_of_layers_is_called_by_its_name_and_an_attribute_by_its_path() -> None:
    shapes = numbered("layers/sequential/layers/batch_normalization", 4) | numbered("blocks/batch_normalization", 4)
    names = {
        "layers/sequential": "backbone",
        "layers/sequential/layers/batch_normalization": "bn_a",
        "blocks/batch_normalization": "batch_normalization_2",
    }
    found = KerasLayers(shapes, names, ModelConfig())
    assert [hint.layer for hint in found.hints] == ["backbone/bn_a", "blocks/batch_normalization"]


def test_groups_with_numbers_are_those_that_end_so() -> None:
    assert numbered_groups(["", "a", "a/vars", "vars", "b/vars/c"]) == ["a"]
