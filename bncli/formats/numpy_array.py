"""NumPy's `.npy`: one array, which goes by the name `array`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.errors import UnsafeFile, UnsupportedFormat
from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.numpy_header import SIGNATURE, NotNumericError, ObjectsError, read_npy
from bncli.formats.opened_file import OpenedFile
from bncli.formats.regions import FileRegion

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe

ARRAY_NAME = "array"


def recognizes(probe: FileProbe) -> bool:
    """Whether the file begins with the signature of `.npy`."""
    return probe.head.startswith(SIGNATURE)


def open_numpy_array(path: Path) -> NamedArrays:
    """Open a `.npy` file.

    Raises:
        UnsafeFile: the elements are Python objects.
        UnsupportedFormat: the elements are no numbers.
        MalformedFile: the header is broken, or the elements it speaks of are not all there, or more than those.
    """
    with opening(path, "a .npy file") as source:
        try:
            array = read_npy(FileRegion(source, 0, source.size))
        except ObjectsError as error:
            raise UnsafeFile(f"{path}: {error}", hint="save it as an array of numbers") from error
        except NotNumericError as error:
            raise UnsupportedFormat(f"{path}: {error}", hint="save it as an array of numbers") from error
        return OpenedFile(source, FORMAT.name, {ARRAY_NAME: array})


FORMAT = Format("npy", (".npy",), recognizes, open_numpy_array)
