from __future__ import annotations

import pytest

from bncli.formats.tensorflow_checkpoint.variable_names import layers_of_averages, layers_with_epsilons, names_by_key

ENDING = "/.ATTRIBUTES/VARIABLE_VALUE"


def test_a_variable_is_called_by_its_full_name() -> None:
    assert names_by_key([f"variables/0{ENDING}"], {f"variables/0{ENDING}": "bn/gamma"}) == {
        f"variables/0{ENDING}": "bn/gamma"
    }


def test_without_a_graph_of_objects_keys_are_names() -> None:
    assert names_by_key(["net/bn/gamma"], {}) == {"net/bn/gamma": "net/bn/gamma"}


def test_a_variable_stored_twice_has_its_full_name_once_and_its_key_the_second_time() -> None:
    keys = [f"variables/0{ENDING}", f"_all_variables/7{ENDING}", f"unnamed{ENDING}"]
    names = names_by_key(keys, dict.fromkeys(keys[:2], "bn/gamma"))
    assert list(names.values()) == ["bn/gamma", "_all_variables/7", "unnamed"]


def test_no_two_tensors_have_one_name() -> None:
    keys = [f"a{ENDING}", f"b{ENDING}", f"c{ENDING}"]
    names = names_by_key(keys, dict.fromkeys(keys, "b"))
    assert list(names.values()) == ["b", f"b{ENDING}", "c"]
    with pytest.raises(ValueError, match="two tensors are called 'b'"):
        names_by_key(["a", "b"], {"a": "b"})


def test_averages_are_a_layer_of_their_own_that_takes_what_was_not_averaged_from_the_trained_one() -> None:
    names = [
        "bn/gamma",
        "bn/moving_mean",
        "bn/moving_variance",
        "conv/weights",
        "conv/weights/ExponentialMovingAverage",
    ]
    averaged = [f"bn/{leaf}/ExponentialMovingAverage" for leaf in ("moving_mean", "moving_variance")]
    trained_layer, averaged_layer = layers_of_averages([*names, *averaged])
    assert trained_layer.layer == "bn"
    assert trained_layer.roles == {
        "weight": "bn/gamma", "running_mean": "bn/moving_mean", "running_var": "bn/moving_variance"
    }  # fmt: skip
    assert averaged_layer.layer == "bn/ExponentialMovingAverage"
    assert averaged_layer.roles == {"weight": "bn/gamma", "running_mean": averaged[0], "running_var": averaged[1]}


def test_a_checkpoint_without_averages_has_no_such_layers() -> None:
    assert layers_of_averages(["bn/gamma", "bn/moving_mean", "bn/moving_variance"]) == []


def test_an_average_whose_trained_variable_is_not_stored_is_a_layer_alone() -> None:
    averaged = [f"bn/{leaf}/ExponentialMovingAverage" for leaf in ("moving_mean", "moving_variance")]
    assert [hint.layer for hint in layers_of_averages(averaged)] == ["bn/ExponentialMovingAverage"]


def test_an_epsilon_is_that_of_the_layers_whose_name_ends_so() -> None:
    names = ["block/bn/moving_mean", "block/bn/moving_variance", "other/moving_variance"]
    (hint,) = layers_with_epsilons(names, {"bn": 0.002})
    assert (hint.layer, hint.settings) == ("block/bn", {"eps": 0.002})
