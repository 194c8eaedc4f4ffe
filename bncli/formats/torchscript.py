"""TorchScript: torch's zip format together with code, from whose text the settings of layers are read."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bncli.formats import torch_zip
from bncli.formats.byte_source import opening
from bncli.formats.pickled_objects.opened_tree import open_tree
from bncli.formats.pickled_objects.torch_modules import SCRIPT_PREFIX
from bncli.formats.regions import FileRegion
from bncli.formats.torch_archive import read_torch_archive
from bncli.formats.torchscript_code import LayerCode, codes_of_classes, count_calls
from bncli.formats.zip_archive import ZipArchive
from bncli.formats.zip_format import ZipFormat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bncli.core.named_arrays import LayerHint, NamedArrays
    from bncli.formats.probe import FileProbe
    from bncli.formats.torch_archive import TorchArchive
    from bncli.formats.zip_directory import ZipDirectory

_MAX_CODE_BYTES = 16 * 1024**2
"""Of all files of code together: more than the largest models have."""
_MANGLING = r"___torch_mangle_\d{1,9}\."
_MEAN = "running_mean"
_CONSTANTS = "constants.pkl"
_CONVOLUTIONS = ("torch.conv1d", "torch.conv2d", "torch.conv3d", "torch._convolution")


def recognizes(probe: FileProbe) -> bool:
    """Whether the file is a torch zip that has constants of a script."""
    candidates = (name for name in probe.zip_names if name.endswith(_CONSTANTS))
    has_constants = any(name.split("/")[-1] == _CONSTANTS for name in candidates)
    return has_constants and torch_zip.recognizes(probe)


def open_torchscript(path: Path, directory: ZipDirectory | None = None) -> NamedArrays:
    """Open a program that `torch.jit.save` wrote. Its code is read as text where a layer has some.

    Args:
        path: the file.
        directory: the directory of the zip, if it was read before.

    Raises:
        MalformedFile: the archive, the pickle or the code is broken, or a tensor needs bytes that are not there.
        UnsafeFile: the pickle names something whose only use is to run a program.
    """
    with opening(path, "a TorchScript program") as source:
        saved = read_torch_archive(ZipArchive(FileRegion(source, 0, source.size), directory), str(path))
        opened = open_tree(
            source, FORMAT.name, saved.objects, saved.named_globals, saved.storage_region, saved.byte_order
        )
        code = _Code(saved)
        opened.hints = {name: _with_settings(hint, code) for name, hint in opened.hints.items()}
        if not any(name.rpartition(".")[2] == _MEAN for name in opened.specs):
            opened.without_layers = code.reason_for_no_layers()
        return opened


class _Code:
    """The files of code in a program, read one by one as they are needed."""

    def __init__(self, saved: TorchArchive) -> None:
        self._archive = saved.archive
        self._folder = f"{saved.root}code/"
        self._classes: dict[str, Mapping[str, LayerCode]] = {}
        self._budget = _MAX_CODE_BYTES

    def of_class(self, name: str) -> LayerCode:
        """Return what the code of a class says, by the name that it has in the program."""
        module, _, class_name = name.rpartition(".")
        member = f"{self._folder}{module.replace('.', '/')}.py"
        if member not in self._archive.members:
            return LayerCode()
        if member not in self._classes:
            self._classes[member] = codes_of_classes(self._read(member))
        return self._classes[member].get(class_name, LayerCode())

    def reason_for_no_layers(self) -> str | None:
        """Return what the code says about where batch normalization went, or `None`."""
        members = [name for name in self._archive.members if name.startswith(self._folder) and name.endswith(".py")]
        texts = [self._read(name) for name in members]
        convolutions = sum(count_calls(texts, function) for function in _CONVOLUTIONS)
        on_constants = count_calls(texts, "torch.batch_norm")
        if not convolutions + on_constants:
            return None
        calls = "1 call" if convolutions == 1 else f"{convolutions} calls"
        return (
            f"no buffers of batch normalization, {calls} of a convolution "
            f"and {on_constants} of torch.batch_norm: torch.jit.freeze folds layers and makes their arrays constants"
        )

    def _read(self, member: str) -> str:
        content = self._archive.read_whole(member, self._budget)
        self._budget -= len(content)
        return content.decode("utf-8", "replace")


def _with_settings(hint: LayerHint, code: _Code) -> LayerHint:
    """Return a hint with the class as torch calls it, and the settings that its code has beside those of its state."""
    name = hint.class_name or ""
    found = code.of_class(name)
    return replace(
        hint,
        class_name=re.sub(_MANGLING, "", name.removeprefix(SCRIPT_PREFIX)),
        settings={**found.settings, **hint.settings},
        training_mode=found.training_mode,
    )


FORMAT = ZipFormat("torchscript", (".pt", ".ptl"), recognizes, open_torchscript)
