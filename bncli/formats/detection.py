"""Which format a file or a directory is of: by its content, never by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.table_on_demand import TableOnDemand
from bncli.errors import InputNotFound, UnsupportedFormat
from bncli.formats.distributed.lone_parts import explain_lone_part
from bncli.formats.probe import FileProbe, probe_path
from bncli.formats.remote.remote_path import as_typed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.base import Format

ZIP_FORMATS: Sequence[Format] = TableOnDemand(
    "bncli.formats",
    (
        "torchscript.FORMAT",
        "torch_zip.FORMAT",
        "keras_zip.FORMAT",
        "numpy_archive.FORMAT",
        "torch_export.FORMAT",
    ),
)
"""Every format of which each file is a zip; the first of a table that recognizes a file opens it."""

OTHER_FORMATS: Sequence[Format] = TableOnDemand(
    "bncli.formats",
    (
        "numpy_array.FORMAT",
        "safetensors.FORMAT",
        "torch_legacy.FORMAT",
        "distributed_checkpoint.FORMAT",
        "shard_index.SAFETENSORS_INDEX",
        "shard_index.TORCH_INDEX",
        "raw_pickle.FORMAT",
        "keras_hdf5.FORMAT",
        "tensor_bundle.FORMAT",
        "flax_msgpack.FORMAT",
        "orbax.FORMAT",
        "onnx.FORMAT",
        "caffe.FORMAT",
        "mxnet_params.FORMAT",
    ),
)
"""Every other format that is read."""


def all_formats() -> tuple[Format, ...]:
    """Return every format that is read."""
    return (*ZIP_FORMATS, *OTHER_FORMATS)


def open_named_arrays(path: Path) -> NamedArrays:
    """Open a file or a directory of any format for reading. The caller closes it, best with `with`.

    Raises:
        InputNotFound: there is no such file or directory.
        UnsupportedFormat: it is of a kind that bncli does not read.
        MalformedFile: the file breaks the rules of its format.
        UnsafeFile: the file asks for a program to be run.
    """
    path = as_typed(path)
    try:
        probe = probe_path(path)
    except InputNotFound as error:
        raise InputNotFound(str(error), hint=_hint_of_index(path) or error.hint) from error
    lone_part = explain_lone_part(probe)
    if lone_part is not None:
        raise lone_part
    file_format = _format_of(probe)
    if file_format is not None:
        return file_format.open_probed(probe)
    if probe.is_directory:
        raise UnsupportedFormat(
            f"{path}: is a directory, and no checkpoint that bncli knows",
            hint=_hint_inside(probe),
        )
    from bncli.formats.recognized_only import explain_unread  # noqa: PLC0415 - of use for a file of no format only

    unknown = f"{path}: of no format that bncli knows"
    raise explain_unread(probe) or UnsupportedFormat(unknown, hint=_hint_of_index(path) or _readable_formats())


def _format_of(probe: FileProbe) -> Format | None:
    """Return the format of a file or a directory, if it has one, without importing those that come after it."""
    tables = (ZIP_FORMATS, OTHER_FORMATS) if probe.is_zip else (OTHER_FORMATS,)
    return next((each for table in tables for each in table if each.recognizes(probe)), None)


def _is_read(probe: FileProbe) -> bool:
    return _format_of(probe) is not None


def _hint_inside(folder: FileProbe) -> str:
    from bncli.formats.suggested_paths import checkpoint_inside  # noqa: PLC0415 - of use for a wrong path only

    example = checkpoint_inside(folder, _is_read)
    return (
        "name the checkpoint file inside it" if example is None else f"name the checkpoint inside it, such as {example}"
    )


def _hint_of_index(path: Path) -> str | None:
    from bncli.formats.suggested_paths import index_beside  # noqa: PLC0415 - of use for a wrong path only

    index = index_beside(path)
    return None if index is None else f"name the index: {index}"


def _readable_formats() -> str:
    kinds = [f"{file_format.name} ({' '.join(file_format.suffixes)})" for file_format in all_formats()]
    return f"bncli reads {', '.join(kinds)}"
