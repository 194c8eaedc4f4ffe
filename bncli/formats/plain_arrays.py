"""Arrays that lie in their file as they are: in one run, with nothing compressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.regions import FileRegion, SubRegion
from bncli.formats.zip_archive import ZipMember

if TYPE_CHECKING:
    from bncli.formats.regions import Region
    from bncli.formats.stored_array import StoredArray


def is_plain(array: StoredArray) -> bool:
    """Return whether the elements lie in the file one after the other, in C order and uncompressed."""
    return array.is_contiguous and _lies_as_it_is(array.region)


def _lies_as_it_is(region: Region) -> bool:
    while isinstance(region, SubRegion):
        region = region.parent
    return isinstance(region, FileRegion) or (isinstance(region, ZipMember) and region.is_stored)
