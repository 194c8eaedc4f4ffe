"""torch's storages inside a plain pickle, where each is a file of torch's old format, kept as a string of bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bncli.formats.pickled_objects.torch_storages import Storage
from bncli.formats.pickled_objects.written_bytes import bytes_region, written_bytes

if TYPE_CHECKING:
    from bncli.formats.pickles.inert import Record
    from bncli.formats.regions import Region

_LOAD = "torch.storage._load_from_bytes"
_MAX_PICKLE_BYTES = 1024
"""Of the pickles before the one storage, which take about 300."""


class InlineStorages:
    """The storages in one pickle. However many tensors name the same bytes, these are parsed once."""

    def __init__(self) -> None:
        # By the identity of the bytes. These are kept too, for an identity is unique only while its object lives.
        self._parsed: dict[int, tuple[Any, Storage]] = {}

    def storage(self, record: Record) -> Storage | None:
        """Return the storage that a record describes with its bytes, or `None` if it describes none.

        Raises:
            ValueError: the bytes are not those of a storage.
            EOFError: they end within it.
        """
        if record.class_name != _LOAD or len(record.args) != 1:
            return None
        content = written_bytes(record.args[0])
        if id(content) not in self._parsed:
            self._parsed[id(content)] = content, _parsed(bytes_region(content))
        return self._parsed[id(content)][1]


def _parsed(region: Region) -> Storage:
    from bncli.formats.pickled_objects.legacy_stream import read_legacy_stream  # noqa: PLC0415 - rarely needed

    stream = read_legacy_stream(region, "the storage", _MAX_PICKLE_BYTES)
    if type(stream.objects) is not Storage:
        raise ValueError("a storage whose bytes hold something else")
    return replace(stream.objects, content=stream.regions[stream.objects.key])
