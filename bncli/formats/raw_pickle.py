"""A plain pickle of arrays of NumPy, JAX or torch, as detectron2's zoo, Paddle and many scripts write it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bncli.errors import UnsupportedFormat
from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.pickled_objects.opened_tree import open_tree
from bncli.formats.pickles.errors import BrokenPickle
from bncli.formats.pickles.file_machine import FileMachine
from bncli.formats.regions import FileRegion

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.pickled_objects.torch_storages import Storage
    from bncli.formats.probe import FileProbe
    from bncli.formats.regions import Region

_PADDLE = "paddle"
_PADDLE_NAMES = "StructuredToParameterName@@"
"""The key under which Paddle stores its own names of the arrays, after all of them."""
_PADDLE_TYPES = {"uint16": "bfloat16"}
"""Paddle has no such integers, and NumPy, in whose arrays it stores tensors, no bfloat16."""
_JOBLIB_WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"
"""The class by which joblib announces an array that interrupts the pickle."""
_BEGINNING = re.compile(
    rb"\x80[\x02-\x05]"  # protocols from 2 on say so
    rb"|\([dl]p\d+\n|c[a-zA-Z_][\w.]*\n[a-zA-Z_][\w.]*\n"  # protocol 0: a dictionary, a list, a global
    rb"|[}\]]q\0"  # protocol 1: a dictionary, a list
)


def recognizes(probe: FileProbe) -> bool:
    """Whether the file begins as a pickle does."""
    return _BEGINNING.match(probe.head) is not None


def open_raw_pickle(path: Path) -> NamedArrays:
    """Open a pickle of arrays, alone or in containers. Long arrays are inside the pickle, and stay there until read.

    Raises:
        MalformedFile: the pickle is broken, or too much of it is no long array.
        UnsupportedFormat: it is joblib's, whose arrays interrupt the pickle.
        UnsafeFile: the pickle names something whose only use is to run a program.
    """
    with opening(path, "a pickle") as source:
        machine = FileMachine(FileRegion(source, 0, source.size), str(path))
        objects = _run(machine)
        is_paddles = isinstance(objects, dict) and _PADDLE_NAMES in objects
        return open_tree(
            source,
            _PADDLE if is_paddles else FORMAT.name,
            objects,
            machine.globals,
            _no_storage,
            stands_for=_PADDLE_TYPES if is_paddles else None,
        )


def _run(machine: FileMachine) -> Any:
    try:
        return machine.run()[0]
    except BrokenPickle as fault:
        if not any(name.endswith(_JOBLIB_WRAPPER) for name in machine.globals):
            raise
        from bncli.formats.recognized_only import JOBLIB_HINT  # noqa: PLC0415 - of use for a file of joblib only

        message = f"{machine.owner}: is a file of joblib, in which arrays interrupt the pickle"
        raise UnsupportedFormat(message, hint=JOBLIB_HINT) from fault


def _no_storage(storage: Storage) -> Region:
    raise LookupError(f"storage {storage.key} is not in a plain pickle")


FORMAT = Format("pickle", (".pkl", ".pickle", ".pdparams"), recognizes, open_raw_pickle)
