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
    from collections.abc import Callable, Collection, Mapping

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

    def matches(self, layer: BatchNormLayer) -> NDArray[np.bool_]:
        """Return for each of the C channels whether the condition holds; a value that is missing never matches."""
        with np.errstate(all="ignore"):
            found = np.asarray(_compute(self.tree, _values_of(layer)))
        result: NDArray[np.bool_] = np.broadcast_to(found != 0, (layer.num_features,)) & ~np.isnan(found)
        return result


def _check(node: ast.AST) -> None:
    match node:
        case ast.BoolOp(values=parts):
            children: Collection[ast.AST] = parts
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd(), operand=operand):
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


def _values_of(layer: BatchNormLayer) -> Mapping[str, Values]:
    scale, shift = layer.scale_and_shift()
    missing = np.array(np.nan)

    def wide(values: Values | float | None) -> Values:
        return missing if values is None else np.asarray(values, np.float64)

    return {
        "running_mean": wide(layer.running_mean),
        "running_var": wide(layer.running_var),
        "weight": wide(layer.weight),
        "bias": wide(layer.bias),
        "scale": scale,
        "shift": shift,
        "eps": wide(layer.eps.value),
        "momentum": wide(layer.momentum.value),
        "num_features": wide(layer.num_features),
        "num_batches_tracked": wide(layer.num_batches_tracked),
        "channel": np.arange(layer.num_features),
    }


def _compute(node: ast.AST, values: Mapping[str, Values]) -> Any:
    match node:
        case ast.BoolOp(op=op, values=parts):
            join = np.logical_and if isinstance(op, ast.And) else np.logical_or
            return join.reduce(np.broadcast_arrays(*(_compute(part, values) for part in parts)))
        case ast.UnaryOp(op=op, operand=operand):
            value = _compute(operand, values)
            return np.logical_not(value) if isinstance(op, ast.Not) else -value if isinstance(op, ast.USub) else value
        case ast.BinOp(left=left, op=operation, right=right):
            return _BINARY[type(operation)](_compute(left, values), _compute(right, values))
        case ast.Compare(left=left, ops=ops, comparators=rights):
            sides = [_compute(side, values) for side in (left, *rights)]
            holds = [_COMPARISONS[type(op)](a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False)]
            return np.logical_and.reduce(np.broadcast_arrays(*holds))
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return _FUNCTIONS[name](_compute(argument, values))
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=bool() | int() | float() as number):
            return np.float64(number)
    raise AssertionError(f"unchecked node {ast.dump(node)}")
