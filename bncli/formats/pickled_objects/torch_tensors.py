"""torch's tensors as a pickle describes them: a view of a storage, made by one of a few rebuilding functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.pickled_objects.leaves import TensorView, Unreadable
from bncli.formats.pickled_objects.torch_storages import Storage
from bncli.formats.pickles.inert import GlobalName, Record
from bncli.formats.stored_array import MAX_AXES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from bncli.formats.pickled_objects.inline_storages import InlineStorages

    _Rebuilder: TypeAlias = Callable[[tuple[Any, ...], InlineStorages], TensorView | Unreadable]

_MAX_INTEGER = 2**62
_MAX_WRAPPERS = 16
_FEWEST_PARTS = 4
"""Of a tensor: a storage, an offset, a size and strides."""
_NOT_NATURAL = "a size, stride or offset that is not a natural number"


def torch_tensor(record: Record, storages: InlineStorages) -> TensorView | Unreadable | None:
    """Return the tensor that a record describes, or `None` if it describes none.

    Args:
        record: what a pickle says about an object.
        storages: those that lie in the pickle itself.

    Raises:
        ValueError: the record claims to be a tensor, and its arguments are none that torch writes.
    """
    inner = record if record.class_name in _REBUILDERS else _unwrapped(record)
    rebuild = _REBUILDERS.get(inner.class_name)
    if rebuild is not None:
        return rebuild(inner.args, storages)
    return Unreadable(f"a tensor made by {inner.class_name}") if record.class_name in _SUBCLASSES else None


def _unwrapped(record: Record) -> Record:
    """Return what is inside parameters and tensor subclasses."""
    for _ in range(_MAX_WRAPPERS):
        if record.class_name in _PARAMETERS and record.args and type(record.args[0]) is Record:
            record = record.args[0]
        elif record.class_name in _SUBCLASSES:
            match record.args:
                case (GlobalName(name=function), _, tuple(args), *_):
                    record = Record(function, args)
                case _:
                    raise ValueError(f"arguments of {record.class_name}")
        else:
            return record
    raise ValueError(f"more than {_MAX_WRAPPERS} wrappers around a tensor")


def _view(args: tuple[Any, ...], storages: InlineStorages) -> TensorView | Unreadable:
    """Serve `_rebuild_tensor(storage, offset, size, stride)` and version 2, which adds hooks and metadata."""
    return _checked_view(args, storages, None, args[6:7])


def _typed_view(args: tuple[Any, ...], storages: InlineStorages) -> TensorView | Unreadable:
    """Serve version 3, which names the dtype because its storage has none."""
    (dtype,) = args[6:7] or (None,)
    if type(dtype) is not GlobalName:
        raise ValueError("a tensor whose dtype is not a name")
    return _checked_view(args, storages, dtype.name.rpartition(".")[2], args[7:8])


def _checked_view(
    args: tuple[Any, ...], storages: InlineStorages, dtype: str | None, metadata: tuple[Any, ...]
) -> TensorView | Unreadable:
    if len(args) < _FEWEST_PARTS:
        raise ValueError("a tensor without a storage, an offset, a size and strides")
    storage, offset, shape, strides = args[0], args[1], natural_numbers(args[2]), natural_numbers(args[3])
    if type(storage) is Record:
        storage = storages.storage(storage)
    if type(storage) is not Storage:
        raise ValueError("a tensor without a storage")
    if any(metadata):
        return Unreadable("a conjugated or negated view")
    element = ELEMENT_TYPES.get(dtype or storage.dtype)
    if element is None:
        return Unreadable(f"its element type {dtype or storage.dtype} is not one that bncli reads")
    if type(offset) is not int or not 0 <= offset < _MAX_INTEGER:
        raise ValueError(_NOT_NATURAL)
    return TensorView(storage, element, offset, shape, strides)


def natural_numbers(values: Any) -> tuple[int, ...]:
    """Return what a pickle gives as a size, strides or offsets: a tuple, a list or a `torch.Size`.

    Raises:
        ValueError: it is none of these, is far too long, or holds anything but natural numbers.
    """
    if type(values) is Record and values.class_name == "torch.Size" and len(values.args) == 1:
        (values,) = values.args
    if type(values) not in (tuple, list) or len(values) > MAX_AXES:
        raise ValueError("a size or stride that is not a short tuple")
    for value in values:  # any() would take twice as long, and a file may have 300,000 of these
        if type(value) is not int or not 0 <= value < _MAX_INTEGER:
            raise ValueError(_NOT_NATURAL)
    return tuple(values)


def _skipped(reason: str) -> _Rebuilder:
    return lambda _args, _storages: Unreadable(reason)


_PARAMETERS = frozenset(
    {
        "torch._utils._rebuild_parameter",
        "torch._utils._rebuild_parameter_with_state",
        "torch.nn.parameter.Parameter",
        "torch.nn.parameter.Buffer",
        "torch.autograd.variable.Variable",
    }
)
"""Calls whose first argument is the tensor."""

_SUBCLASSES = frozenset({"torch._tensor._rebuild_from_type_v2", "torch._tensor._rebuild_from_type"})
"""Calls that carry another one: (function, class, arguments, state)."""

_REBUILDERS: Mapping[str, _Rebuilder] = {
    "torch._utils._rebuild_tensor": _view,
    "torch._utils._rebuild_tensor_v2": _view,
    "torch._utils._rebuild_tensor_v3": _typed_view,
    "torch._utils._rebuild_qtensor": _skipped("a quantized tensor"),
    "torch._utils._rebuild_sparse_tensor": _skipped("a sparse tensor"),
    "torch._utils._rebuild_sparse_csr_tensor": _skipped("a sparse tensor"),
    "torch._utils._rebuild_nested_tensor": _skipped("a nested tensor"),
    "torch._utils._rebuild_meta_tensor_no_storage": _skipped("a meta tensor, which has no values"),
    "torch._utils._rebuild_wrapper_subclass": _skipped("a tensor of a class that keeps its values elsewhere"),
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": _skipped("a tensor of a device of its own kind"),
    "torch._utils._rebuild_device_tensor_from_numpy": _skipped("a tensor of a device of its own kind"),
    "torch._utils._rebuild_xla_tensor": _skipped("a tensor of a device of its own kind"),
}
