"""Which format a file or a directory is of: by its content, never by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.table_on_demand import TableOnDemand
from bncli.errors import UnsupportedFormat
from bncli.formats.probe import probe_path
from bncli.formats.remote.remote_path import as_typed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.base import Format

FORMATS: Sequence[Format] = TableOnDemand(
    "bncli.formats",
    (
        "safetensors.FORMAT",
        "torchscript.FORMAT",
        "torch_zip.FORMAT",
        "keras_zip.FORMAT",
        "numpy_archive.FORMAT",
        "numpy_array.FORMAT",
        "torch_legacy.FORMAT",
        "torch_export.FORMAT",
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
"""Every format that is read; the first that recognizes a file opens it, and the modules of later ones stay unread."""


def open_named_arrays(path: Path) -> NamedArrays:
    """Open a file or a directory of any format for reading. The caller closes it, best with `with`.

    Raises:
        InputNotFound: there is no such file or directory.
        UnsupportedFormat: it is of a kind that bncli does not read.
        MalformedFile: the file breaks the rules of its format.
        UnsafeFile: the file asks for a program to be run.
    """
    path = as_typed(path)
    probe = probe_path(path)
    for file_format in FORMATS:
        if file_format.recognizes(probe):
            return file_format.open(path)
    if probe.is_directory:
        raise UnsupportedFormat(
            f"{path}: is a directory, and no checkpoint that bncli knows",
            hint="name the checkpoint file inside it",
        )
    from bncli.formats.recognized_only import explain_unread  # noqa: PLC0415 - of use for a file of no format only

    raise explain_unread(probe) or UnsupportedFormat(f"{path}: of no format that bncli knows", hint=_readable_formats())


def _readable_formats() -> str:
    kinds = [f"{file_format.name} ({' '.join(file_format.suffixes)})" for file_format in FORMATS]
    return f"bncli reads {', '.join(kinds)}"
