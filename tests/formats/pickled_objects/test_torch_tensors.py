from __future__ import annotations

from typing import Any

import pytest

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.pickled_objects.inline_storages import InlineStorages
from bncli.formats.pickled_objects.leaves import TensorView, Unreadable
from bncli.formats.pickled_objects.torch_storages import Storage
from bncli.formats.pickled_objects.torch_tensors import torch_tensor
from bncli.formats.pickles.inert import GlobalName, Record

FLOATS = Storage("0", "float32", 10, 4)
BYTES = Storage("0", "untyped", 40, 1)
VIEW = TensorView(FLOATS, ELEMENT_TYPES["float32"], 1, (2, 3), (3, 1))


def rebuilt(storage: Any = FLOATS, offset: Any = 1, shape: Any = (2, 3), strides: Any = (3, 1), *more: Any) -> Record:
    return Record("torch._utils._rebuild_tensor_v2", (storage, offset, shape, strides, False, {}, *more))


def typed(dtype: Any, *more: Any) -> Record:
    return Record("torch._utils._rebuild_tensor_v3", (BYTES, 1, (2, 3), (3, 1), False, {}, dtype, *more))


@pytest.mark.parametrize(
    "record",
    [
        rebuilt(),
        rebuilt(FLOATS, 1, [2, 3], Record("torch.Size", ((3, 1),))),
        rebuilt(FLOATS, 1, (2, 3), (3, 1), {}),
        Record("torch._utils._rebuild_tensor", (FLOATS, 1, (2, 3), (3, 1))),
        Record("torch._utils._rebuild_parameter", (rebuilt(), True, {})),
        Record("torch._utils._rebuild_parameter_with_state", (rebuilt(), True, {}, {})),
        Record("torch.nn.parameter.Parameter", (rebuilt(), True)),
        Record(
            "torch._tensor._rebuild_from_type_v2",
            (GlobalName("torch._utils._rebuild_tensor_v2"), GlobalName("models.Tagged"), rebuilt().args, {}),
        ),
        Record("torch._utils._rebuild_parameter", (Record("torch.nn.parameter.Parameter", (rebuilt(),)), True, {})),
    ],
)
def test_a_tensor_is_found_under_every_wrapping(record: Record) -> None:
    assert torch_tensor(record, InlineStorages()) == VIEW


def test_the_third_version_takes_its_type_from_the_tensor() -> None:
    view = torch_tensor(typed(GlobalName("torch.uint16")), InlineStorages())
    assert isinstance(view, TensorView)
    assert (view.element.name, view.offset) == ("uint16", 1)


@pytest.mark.parametrize("class_name", ["models.Net", "torch.device", "torch.Size", "numpy.dtype"])
def test_other_objects_are_no_tensors(class_name: str) -> None:
    assert torch_tensor(Record(class_name, (1, 2)), InlineStorages()) is None


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (rebuilt(FLOATS, 1, (2, 3), (3, 1), {"conj": True}), "conjugated"),
        (typed(GlobalName("torch.uint16"), {"neg": True}), "negated"),
        (typed(GlobalName("torch.complex32")), "element type complex32"),
        (rebuilt(Storage("0", "qint8", 10, 1)), "element type qint8"),
        (Record("torch._utils._rebuild_qtensor", ()), "quantized"),
        (Record("torch._utils._rebuild_sparse_tensor", ()), "sparse"),
        (Record("torch._utils._rebuild_nested_tensor", ()), "nested"),
        (Record("torch._utils._rebuild_meta_tensor_no_storage", ()), "no values"),
        (Record("torch._utils._rebuild_wrapper_subclass", ()), "keeps its values elsewhere"),
        (
            Record(
                "torch._tensor._rebuild_from_type_v2",
                (GlobalName("torchao.rebuild"), GlobalName("torchao.Float8"), (), {}),
            ),
            "made by torchao.rebuild",
        ),
    ],
)
def test_a_tensor_that_cannot_be_read_says_why(record: Record, reason: str) -> None:
    tensor = torch_tensor(record, InlineStorages())
    assert isinstance(tensor, Unreadable)
    assert reason in tensor.reason


def nested_parameters(depth: int) -> Record:
    record = rebuilt()
    for _ in range(depth):
        record = Record("torch._utils._rebuild_parameter", (record, True, {}))
    return record


@pytest.mark.parametrize(
    "record",
    [
        rebuilt("0"),
        rebuilt(None),
        rebuilt(FLOATS, "1"),
        rebuilt(FLOATS, -1),
        rebuilt(FLOATS, True),
        rebuilt(FLOATS, 1, "23"),
        rebuilt(FLOATS, 1, (2.0, 3)),
        rebuilt(FLOATS, 1, (-2, 3)),
        rebuilt(FLOATS, 1, (2, 2**62)),
        rebuilt(FLOATS, 1, (2, 3), (1,)),
        rebuilt(FLOATS, 1, (1,) * 65, (1,) * 65),
        rebuilt(FLOATS, 1, Record("torch.Size", ())),
        typed("torch.uint16"),
        Record("torch._utils._rebuild_tensor_v3", (BYTES, 1, (2, 3), (3, 1))),
        nested_parameters(10_000),
        Record("torch._utils._rebuild_tensor_v2", ()),
        Record("torch._tensor._rebuild_from_type_v2", ("f", "t", (), {})),
        Record("torch._utils._rebuild_tensor_v2", (FLOATS, 1, (2, 3))),
        Record("torch._tensor._rebuild_from_type_v2", ()),
        Record("torch._tensor._rebuild_from_type_v2", (GlobalName("torch._utils._rebuild_tensor_v2"), "t", {}, {})),
    ],
)
def test_a_tensor_whose_parts_make_no_sense_is_refused_in_plain_words(record: Record) -> None:
    with pytest.raises(ValueError, match=r"tensor|size"):
        torch_tensor(record, InlineStorages())
