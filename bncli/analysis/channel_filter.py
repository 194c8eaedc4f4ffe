"""Conditions on channels, such as `running_var < 1e-6 and weight > 0.1`: parsed, checked, computed; never executed."""

from __future__ import annotations

import ast
import operator
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.errors import InvalidUsage, near_miss
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from bncli.core.batch_norm_layer import BatchNormLayer

    Values = NDArray[Any]

NAMES = (
    "running_mean", "running_var", "weight", "bias", "scale", "shift",
    "eps", "momentum", "num_features", "num_batches_tracked", "channel",
)  # fmt: skip
"""What a condition may speak of; per channel, or of the whole layer."""

_FUNCTIONS: Mapping[str, Callable[[Values], Values]] = {
    "abs": np.abs, "sqrt": np.sqrt, "log": np.log, "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite,
}  # fmt: skip
_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: np.true_divide, ast.Pow: np.power,
}  # fmt: skip
_UNARY: Mapping[type[ast.unaryop], Callable[[Values], Values]] = {
    ast.Not: np.logical_not, ast.USub: np.negative, ast.UAdd: np.positive,
}  # fmt: skip
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
_MAX_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class ChannelFilter:
    """A checked condition on the channels of a layer."""

    text: str
    tree: ast.expr

    @classmethod
    def parse(cls, text: str) -> ChannelFilter:
        """Return the condition that `text` states.

        Comparisons, `and`, `or`, `not`, arithmetic, numbers, the names in `NAMES` and a few functions (`abs`, `sqrt`,
        `log`, `isnan`, `isinf`, `isfinite`) are all that there is.

        Raises:
            InvalidUsage: the text is not such a condition.
        """
        try:
            if len(text) > _MAX_LENGTH:
                raise InvalidUsage(f"the condition has {len(text)} characters; at most {_MAX_LENGTH} are read")
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            raise InvalidUsage(
                f"cannot read the condition {text!r}", hint="for example: 'running_var < 1e-6 and weight > 0.1'"
            ) from error
        _check(tree)
        return cls(text, tree)

    @classmethod
    def parse_all(cls, texts: Sequence[str]) -> ChannelFilter | None:
        """Return the condition that all of these hold; `None` where there are none.

        Raises:
            InvalidUsage: a text is no condition, as `parse` tells it.
        """
        conditions = [cls.parse(text) for text in texts]
        if len(conditions) < 2:  # noqa: PLR2004 - to join
            return next(iter(conditions), None)
        joined = ast.BoolOp(ast.And(), [condition.tree for condition in conditions])
        return cls(" and ".join(f"({condition.text})" for condition in conditions), joined)

    def matches(self, layer: BatchNormLayer) -> NDArray[np.bool_]:
        """Return for each of the C channels whether the condition holds.

        What a layer does not have is neither true nor false, as NULL in SQL: what is said of it never matches, not even
        by `!=` or `not`, and only beside an `and` or an `or` the other side may decide alone.
        """
        with np.errstate(all="ignore"):
            found = _compute(self.tree, _values_of(layer))
            holds = (found.value != 0) & ~np.isnan(found.value) & ~found.is_missing
        result: NDArray[np.bool_] = np.broadcast_to(holds, (layer.num_features,))
        return result


@dataclass(frozen=True, slots=True, eq=False)
class _Partial:
    """What a part of a condition amounts to, for the whole layer or for each channel."""

    value: Values
    """Means nothing where it is missing."""
    is_missing: NDArray[np.bool_]


def _check(node: ast.AST) -> None:
    match node:
        case ast.BoolOp(values=parts):
            children: Collection[ast.AST] = parts
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            children = (operand,)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            children = (left, right)
        case ast.Compare(left=left, ops=ops, comparators=rights) if all(type(op) in _COMPARISONS for op in ops):
            children = (left, *rights)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            children = (argument,)
        case ast.Name(id=name):
            if name not in NAMES:
                raise InvalidUsage(f"the condition speaks of {name!r}, which is not known", hint=near_miss(name, NAMES))
            return
        case ast.Constant(value=bool() | int() | float() as number) if abs(number) <= sys.float_info.max:
            return
        case _:
            raise InvalidUsage(
                f"the condition contains {ast.unparse(node)!r}, which is not allowed",
                hint="comparisons, and, or, not, arithmetic, abs, sqrt, log, isnan, isinf and isfinite are",
            )
    for child in children:
        _check(child)


def _values_of(layer: BatchNormLayer) -> Mapping[str, _Partial]:
    scale, shift = layer.scale_and_shift()
    return {
        "running_mean": _known(layer.running_mean),
        "running_var": _known(layer.running_var),
        "weight": _known(layer.weight),
        "bias": _known(layer.bias),
        "scale": _known(scale),
        "shift": _known(shift),
        "eps": _known(layer.eps.value),
        "momentum": _known(layer.momentum.value),
        "num_features": _known(layer.num_features),
        "num_batches_tracked": _known(layer.num_batches_tracked),
        "channel": _known(np.arange(layer.num_features)),
    }


def _known(values: Values | float | None) -> _Partial:
    """Return a value of the layer; `None` is missing."""
    is_missing = values is None
    return _Partial(np.asarray(np.nan if is_missing else values, np.float64), np.array(is_missing))


def _compute(node: ast.AST, values: Mapping[str, _Partial]) -> _Partial:
    match node:
        case ast.BoolOp(op=op, values=nodes):
            return _joined([_compute(part, values) for part in nodes], decisive=isinstance(op, ast.Or))
        case ast.UnaryOp(op=op, operand=operand):
            return _applied(_UNARY[type(op)], _compute(operand, values))
        case ast.BinOp(left=left, op=operation, right=right):
            return _applied(_BINARY[type(operation)], _compute(left, values), _compute(right, values))
        case ast.Compare(left=left, ops=ops, comparators=rights):
            sides = [_compute(side, values) for side in (left, *rights)]
            pairs = zip(ops, sides, sides[1:], strict=False)
            return _joined([_applied(_COMPARISONS[type(op)], some, other) for op, some, other in pairs], decisive=False)
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return _applied(_FUNCTIONS[name], _compute(argument, values))
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=bool() | int() | float() as number):
            return _known(number)
    raise AssertionError(f"unchecked node {ast.dump(node)}")


def _applied(operation: Callable[..., Any], *parts: _Partial) -> _Partial:
    """Return the outcome as numbers, also that of a comparison: NumPy neither negates nor subtracts truth values."""
    value = np.asarray(operation(*(part.value for part in parts)), np.float64)
    return _Partial(value, np.logical_or.reduce(np.broadcast_arrays(*(part.is_missing for part in parts))))


def _joined(parts: Sequence[_Partial], *, decisive: bool) -> _Partial:
    """Return an `or`, which one true part decides, or an `and`, which one false part does, whatever is missing."""
    deciding = [~part.is_missing & ((part.value != 0) == decisive) for part in parts]
    is_decided = np.logical_or.reduce(np.broadcast_arrays(*deciding))
    is_any_missing = np.logical_or.reduce(np.broadcast_arrays(*(part.is_missing for part in parts)))
    return _Partial((is_decided == decisive).astype(np.float64), is_any_missing & ~is_decided)
