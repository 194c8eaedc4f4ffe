"""TorchScript: torch's zip format together with code, which is left alone; its arrays are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats import torch_zip
from bncli.formats.base import Format

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe


def recognizes(probe: FileProbe) -> bool:
    """Whether the file is a torch zip that has constants of a script."""
    has_constants = any(name.split("/")[-1] == "constants.pkl" for name in probe.zip_names)
    return has_constants and torch_zip.recognizes(probe)


def open_torchscript(path: Path) -> NamedArrays:
    """Open a program that `torch.jit.save` wrote; errors as in `torch_zip.open_torch_zip`."""
    return torch_zip.open_archive(path, FORMAT.name)


FORMAT = Format("torchscript", (".pt", ".ptl"), recognizes, open_torchscript)
