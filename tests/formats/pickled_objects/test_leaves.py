from __future__ import annotations

import pytest

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.pickled_objects.leaves import TensorView
from bncli.formats.pickled_objects.torch_storages import Storage

STORAGE = Storage("0", "float32", 10, 4)


def view(shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0, element: str = "float32") -> TensorView:
    return TensorView(STORAGE, ELEMENT_TYPES[element], offset, shape, strides)


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [((10,), (1,), 0), ((2,), (9,), 0), ((), (), 9), ((5, 1000), (2, 0), 1), ((0,), (1,), 10**9)],
)
def test_a_view_may_use_its_storage_up_to_the_last_element(
    shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> None:
    assert view(shape, strides, offset).shape == shape


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [((11,), (1,), 0), ((2,), (10,), 0), ((), (), 10), ((5, 2), (2, 2), 0), ((2,), (2**61,), 0)],
)
def test_a_view_of_one_element_more_is_refused(shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> None:
    with pytest.raises(ValueError, match="bytes of a storage of 40"):
        view(shape, strides, offset)


def test_elements_wider_than_the_storages_own_are_counted_in_bytes() -> None:
    assert view((5,), (1,), element="float64").shape == (5,)
    with pytest.raises(ValueError, match="needs 48 bytes"):
        view((6,), (1,), element="float64")
