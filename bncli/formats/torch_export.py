"""torch.export's `.pt2`: a zip with the graph as JSON and the weights as raw bytes, or in older ones as a torch zip."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bncli.formats.byte_source import opening
from bncli.formats.exported_program.batch_norms import layer_hints, reason_for_no_layers
from bncli.formats.exported_program.weights import Weights, read_weights
from bncli.formats.opened_file import OpenedFile
from bncli.formats.pickled_objects.opened_tree import open_tree
from bncli.formats.regions import FileRegion
from bncli.formats.torch_archive import read_byte_order, read_torch_archive
from bncli.formats.zip_archive import ZipArchive
from bncli.formats.zip_directory import STORED
from bncli.formats.zip_format import ZipFormat

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.byte_source import ByteSource
    from bncli.formats.probe import FileProbe
    from bncli.formats.zip_directory import ZipDirectory

_FORMAT_NOTE = "archive_format"
_OLD_PROGRAM = "serialized_exported_program.json"
_OLD_WEIGHTS = ("serialized_state_dict.pt", "serialized_state_dict.json")
"""Both are torch zips; releases before 2.2 misnamed theirs."""
_MAX_JSON_BYTES = 16 * 1024**2


def recognizes(probe: FileProbe) -> bool:
    """Whether the file is a zip with an exported program in it, of the present layout or the one before torch 2.8."""
    return bool(_program_names(probe.zip_names)) or _OLD_PROGRAM in probe.zip_names


def open_torch_export(path: Path, directory: ZipDirectory | None = None) -> NamedArrays:
    """Open a program that `torch.export.save` wrote. Layers are found by the nodes of the graph and by names.

    Neither the sample inputs nor tensors that were saved as pickles of their own are read.

    Args:
        path: the file.
        directory: the directory of the zip, if it was read before.

    Raises:
        MalformedFile: the archive or the graph is broken, or an array needs bytes that are not there.
        UnsafeFile: the pickle of an older program names something whose only use is to run a program.
    """
    with opening(path, "an exported program") as source:
        archive = ZipArchive(FileRegion(source, 0, source.size), directory)
        if _OLD_PROGRAM in archive.members:
            program = _read_json(archive, _OLD_PROGRAM)
            weights = next((name for name in _OLD_WEIGHTS if name in archive.members), _OLD_WEIGHTS[0])
            opened = _open_nested(source, archive, weights)
        else:
            names = _program_names(archive.members)
            if len(names) != 1:
                raise ValueError(f"it holds {len(names)} programs, and bncli reads one")
            program = _read_json(archive, names[0])
            root, _, file = names[0].rpartition("models/")
            opened = _open_weights(source, archive, root, file.removesuffix(".json"))
        opened.hints = {hint.layer: hint for hint in layer_hints(program, opened.specs)}
        opened.without_layers = reason_for_no_layers(program)
        return opened


def _open_weights(source: ByteSource, archive: ZipArchive, root: str, model: str) -> OpenedFile:
    folder = f"{root}data/weights/"
    nested = f"{folder}{model}.pt"
    if nested in archive.members:
        return _open_nested(source, archive, nested)
    config = f"{folder}{model}_weights_config.json"
    weights = Weights()
    if config in archive.members:
        weights = read_weights(archive, folder, _read_json(archive, config), read_byte_order(archive, root))
    return OpenedFile(source, FORMAT.name, weights.arrays, identities=weights.identities, skipped=weights.skipped)


def _open_nested(source: ByteSource, archive: ZipArchive, name: str) -> OpenedFile:
    if name in archive.members and archive.members[name].method != STORED:
        raise ValueError(f"member {name!r}, a zip itself, is compressed")
    saved = read_torch_archive(ZipArchive(archive.region(name)), str(source.path))
    return open_tree(source, FORMAT.name, saved.objects, saved.named_globals, saved.storage_region, saved.byte_order)


def _program_names(members: Iterable[str]) -> list[str]:
    """Return the programs in an archive: `models/*.json` beside the note of the format."""
    names = tuple(members)
    folders = {f"{name.removesuffix(_FORMAT_NOTE)}models" for name in names if name.split("/")[-1] == _FORMAT_NOTE}
    return [name for name in names if name.endswith(".json") and name.rpartition("/")[0] in folders]


def _read_json(archive: ZipArchive, name: str) -> Mapping[str, Any]:
    parsed = json.loads(archive.read_whole(name, _MAX_JSON_BYTES).decode("utf-8"))
    if not isinstance(parsed, dict):
        raise TypeError(f"member {name!r} is no JSON object")
    return parsed


FORMAT = ZipFormat("torch-export", (".pt2",), recognizes, open_torch_export)
