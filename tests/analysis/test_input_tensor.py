"""Tests of the choice of an array and of the element type that it is taken in."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.input_tensor import choose_array, input_tensor
from bncli.core.rounding import round_to_bfloat16
from bncli.errors import InputNotFound, InvalidUsage, InvalidValue
from tests.helpers.builders import ArraysInMemory

X = np.random.default_rng(0).standard_normal((3, 4))


def test_the_only_array_needs_no_name_and_of_several_one_must_be_named() -> None:
    assert choose_array(ArraysInMemory({"x": X}), None).name == "x"
    several = ArraysInMemory({"x": X, "weights": X})
    assert choose_array(several, "weights").name == "weights"
    with pytest.raises(InputNotFound, match="holds 2 arrays") as caught:
        choose_array(several, None)
    assert caught.value.hint == "give --array, such as --array x"
    with pytest.raises(InputNotFound, match="no array 'weight'") as caught:
        choose_array(several, "weight")
    assert caught.value.hint is not None
    assert "weights" in caught.value.hint


def test_a_part_is_read_in_c_order_and_in_the_type_asked_for() -> None:
    arrays = ArraysInMemory({"x": X})
    np.testing.assert_array_equal(input_tensor(arrays).read(2, 7), X.reshape(-1)[2:7])
    halves = input_tensor(arrays, dtype="float16")
    assert halves.read(0, 12).dtype == np.float16
    np.testing.assert_array_equal(halves.read(0, 12), X.reshape(-1).astype(np.float16))
    brain = input_tensor(arrays, dtype="bfloat16")
    np.testing.assert_array_equal(brain.read(0, 12), round_to_bfloat16(X.reshape(-1)))


def test_integers_need_a_type_and_complex_numbers_are_refused() -> None:
    arrays = ArraysInMemory({"x": np.arange(6).reshape(2, 3)})
    with pytest.raises(InvalidValue, match="int64") as caught:
        input_tensor(arrays)
    assert caught.value.hint == "--dtype float32 converts it"
    assert input_tensor(arrays, dtype="float32").read(0, 6).tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(InvalidValue, match="real numbers"):
        input_tensor(ArraysInMemory({"x": X.astype(complex)}), dtype="float32")


def test_an_unknown_type_gets_the_nearest_known_one() -> None:
    with pytest.raises(InvalidUsage, match="unknown dtype 'float61'") as caught:
        input_tensor(ArraysInMemory({"x": X}), dtype="float61")
    assert caught.value.hint is not None
    assert "float16" in caught.value.hint or "float64" in caught.value.hint


def test_its_name_says_which_array_where_there_are_several() -> None:
    assert str(input_tensor(ArraysInMemory({"x": X}))) == "model.pt"
    assert str(input_tensor(ArraysInMemory({"x": X, "y": X}), "y")) == "model.pt: array 'y'"
