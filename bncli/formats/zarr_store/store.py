"""The arrays in a folder, as tensorstore finds and reads them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from bncli.core.named_arrays import Skipped
from bncli.errors import MissingDependency
from bncli.formats.loaded_region import LoadedRegion
from bncli.formats.stored_array import StoredArray, c_strides
from bncli.formats.zarr_store.descriptions import FILES, UnreadZarrError, ZarrDescription, read_description

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.formats.element_types import ByteOrder

OCDBT_MANIFEST = "manifest.ocdbt"
"""The file at the top of a folder that is one OCDBT store."""
_MAX_KEYS = 2_000_000
_MAX_DESCRIPTION_BYTES = 1024**2


class ZarrStore:
    """The arrays of a folder. The library keeps no file open between reads.

    Args:
        path: what the user named.
        folder: the folder that holds the arrays.
        size: bytes of all files in it.

    Attributes:
        bytes_read: of descriptions and values, as they are without compression: the library tells no other number.
        arrays: by name, in its order: the library lists keys in any.
        skipped: arrays of types that bncli does not read.

    Raises:
        MissingDependency: tensorstore is not installed.
        ValueError: the store is broken.
    """

    def __init__(self, path: Path, folder: Path, size: int) -> None:
        self.path = path
        self.size = size
        self.bytes_read = 0
        self.arrays: dict[str, StoredArray] = {}
        self.skipped: list[Skipped] = []
        self._library = _tensorstore(path)
        base = {"driver": "file", "path": f"{folder.absolute()}/"}
        spec = {"driver": "ocdbt", "base": base} if (folder / OCDBT_MANIFEST).is_file() else base
        self._keys: Any = self._library.KvStore.open(spec).result()
        self._list_arrays()

    def close(self) -> None:
        """Do nothing: no file is open."""

    def _list_arrays(self) -> None:
        keys = [key.decode() for key in self._keys.list().result()]
        if len(keys) > _MAX_KEYS:
            raise ValueError(f"{len(keys)} keys")
        num_stored: dict[str, int] = {}
        described: dict[str, str] = {}
        for key in keys:
            name, _, last = key.rpartition("/")
            if last in FILES and name:
                described[name] = last
            else:
                # The chunks of Zarr 3 lie in folders of their own below the array.
                owner = key.partition("/")[0] if "/c/" in key or key.endswith("/c") else name
                num_stored[owner] = num_stored.get(owner, 0) + 1
        for name, last in sorted(described.items()):
            self._describe(name, last, num_stored.get(name, 0))

    def _describe(self, name: str, last: str, num_stored_chunks: int) -> None:
        text = self._keys.read(f"{name}/{last}").result().value
        self.bytes_read += len(text)
        if len(text) > _MAX_DESCRIPTION_BYTES:
            raise ValueError(f"the description of {name!r} is {len(text)} bytes long")
        try:
            description = read_description(text)
        except UnreadZarrError as reason:
            self.skipped.append(Skipped(name, str(reason)))
            return
        except ValueError as fault:
            raise ValueError(f"array {name!r}: {fault}") from fault
        if description is not None:
            region = LoadedRegion(
                len(self.arrays),
                description.num_bytes,
                lambda: self._load(name, FILES[last], description, num_stored_chunks),
            )
            byte_order: ByteOrder = ">" if sys.byteorder == "big" else "<"
            shape = description.shape
            self.arrays[name] = StoredArray(region, description.element, byte_order, shape, c_strides(shape))

    def _load(self, name: str, driver: str, description: ZarrDescription, num_stored_chunks: int) -> bytes:
        description.require_plausible(num_stored_chunks)
        spec = {"driver": driver, "kvstore": (self._keys / f"{name}/").spec().to_json()}
        values: Any = self._library.open(spec, read=True, open=True).result().read().result()
        if values.shape != description.shape:
            raise ValueError(f"shape {values.shape} is read, and {description.shape} is described")
        self.bytes_read += values.nbytes
        return bytes(values.tobytes())


def _tensorstore(path: Path) -> Any:
    try:
        import tensorstore  # noqa: PLC0415 - an extra, and only this format needs it
    except ImportError as error:
        raise MissingDependency(
            f"{path}: checkpoints of Orbax are read with tensorstore, which is not installed",
            hint="pip install 'bncli[orbax]'",
        ) from error
    return tensorstore
