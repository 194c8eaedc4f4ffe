"""The one array of a file that a command works on, read piece by piece in the element type asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.backends.block_pass import BlockReader
from bncli.core.rounding import FLOAT_DTYPES, round_to
from bncli.errors import InputNotFound, InvalidValue, near_miss, require_choice
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import Array, ArraySpec, NamedArrays


@dataclass(frozen=True, slots=True)
class InputTensor:
    """An array in an open file, with the element type in which it is to be taken."""

    arrays: NamedArrays
    spec: ArraySpec
    dtype: str
    """One of `rounding.FLOAT_DTYPES`: the stored type, or the one asked for."""

    @property
    def path(self) -> Path:
        """The file."""
        return self.arrays.path

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.spec.shape

    def __str__(self) -> str:
        """The array in words, for messages."""
        return f"{self.path}" if len(self.arrays.specs) == 1 else f"{self.path}: array {self.spec.name!r}"

    def read(self, start: int, stop: int) -> Array:
        """Return elements `start` to `stop`, flat in C order; values of bfloat16 are held in float32."""
        values = self.arrays.read_flat(self.spec.name, start, stop)
        return values if self.dtype == self.spec.dtype else round_to(values.astype(np.float64), self.dtype)

    def reader(self) -> BlockReader:
        """Return how a pass over the array reads it."""
        return BlockReader(self.read, self.arrays.take_back, self.arrays.is_shareable(self.spec.name))


def choose_array(arrays: NamedArrays, name: str | None) -> ArraySpec:
    """Return the array of that name, or the only one of the file.

    Raises:
        InputNotFound: no usable array has the name, or none was given and the file has several.
        InvalidValue: the array is complex.
    """
    if name is None:
        example = next(iter(arrays.specs), None)
        return only_array(arrays, None if example is None else f"give --array, such as --array {example}")
    return _real(arrays, name)


def only_array(arrays: NamedArrays, hint: str | None) -> ArraySpec:
    """Return the only array of a file.

    Args:
        arrays: the open file.
        hint: what to do where there are several.

    Raises:
        InputNotFound: the file has none that is usable, or several.
        InvalidValue: the array is complex.
    """
    if len(arrays.specs) != 1:
        raise InputNotFound(f"{arrays.path}: holds {len(arrays.specs)} arrays, and one is needed", hint=hint)
    return _real(arrays, next(iter(arrays.specs)))


def _real(arrays: NamedArrays, name: str) -> ArraySpec:
    spec = arrays.specs.get(name)
    if spec is None:
        reasons = (skipped.reason for skipped in arrays.skipped if skipped.name == name)
        fault = next((f"array {name!r}: {reason}" for reason in reasons), f"no array {name!r}")
        raise InputNotFound(f"{arrays.path}: {fault}", hint=near_miss(name, arrays.specs))
    if spec.dtype.startswith("complex"):
        raise InvalidValue(
            f"{arrays.path}: array {spec.name!r} is {spec.dtype}; batch normalization takes real numbers"
        )
    return spec


def input_tensor(arrays: NamedArrays, name: str | None = None, dtype: str | None = None) -> InputTensor:
    """Return an array of an open file as the input of a computation.

    Args:
        arrays: the open file.
        name: which array; `None` where it holds only one.
        dtype: element type to take it in; `None` is the stored one.

    Raises:
        InputNotFound: the array does not exist.
        InvalidUsage: the element type asked for is none of `FLOAT_DTYPES`.
        InvalidValue: the array is complex, or not floating-point and no element type was asked for.
    """
    spec = choose_array(arrays, name)
    if dtype is not None:
        require_choice(dtype, FLOAT_DTYPES, "dtype")
    elif spec.dtype not in FLOAT_DTYPES:
        raise InvalidValue(
            f"{arrays.path}: array {spec.name!r} is {spec.dtype}; batch normalization takes floating-point numbers",
            hint="--dtype float32 converts it",
        )
    return InputTensor(arrays, spec, dtype or spec.dtype)


def measured_tensor(arrays: NamedArrays, name: str | None = None) -> InputTensor:
    """Return an array of an open file to be measured and nothing more.

    Integers, such as the bytes of a picture, have statistics too, and are taken in float64.

    Raises:
        InputNotFound: the array does not exist.
        InvalidValue: the array is complex.
    """
    spec = choose_array(arrays, name)
    return input_tensor(arrays, spec.name, None if spec.dtype in FLOAT_DTYPES else "float64")
